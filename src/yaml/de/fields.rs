//! Which entry of a mapping is which field of a struct.

use std::borrow::Cow;

use crate::error::{Code, Error, Result};
use crate::yaml::{Mapping, Node};

use super::entries::{Entry, entries};
use super::wording::shown;
use super::{Reader, Rules};

/// The fields that the mapping sets, by the names that the struct gives them, each at most once.
///
/// Names match in any case, and the last of several equal keys counts. Where a field stands in several spellings, Go
/// reads them in the order of their bytes, because the JSON in between is sorted: mappings add up, any other value
/// replaces the one before, a null takes away what is no scalar.
pub(super) fn fields<'a>(
    mapping: &'a Mapping,
    names: &'static [&'static str],
    reader: &Reader,
) -> Result<Vec<(&'static str, Cow<'a, Node>)>> {
    let mut found = Vec::with_capacity(mapping.len());
    for entry in entries(mapping)? {
        match names.iter().position(|name| same_name(&entry.text, name)) {
            Some(place) => found.push((place, entry)),
            None if matches!(reader.rules, Rules::Lenient | Rules::Embedded) => {}
            None => reader.report(|| unknown_field(&entry, names)),
        }
    }
    found.sort_by(|(place, entry), (other_place, other)| {
        (place, &entry.text).cmp(&(other_place, &other.text))
    });

    let mut fields: Vec<(&'static str, Cow<'a, Node>)> = Vec::with_capacity(found.len());
    for (place, Entry { value, .. }) in found {
        match fields.last_mut() {
            Some((name, before)) if *name == names[place] => respell(before, value),
            _ => fields.push((names[place], Cow::Borrowed(value))),
        }
    }
    Ok(fields)
}

/// A field that was read already is read again, from its other spelling.
fn respell<'a>(before: &mut Cow<'a, Node>, value: &'a Node) {
    let Some(later) = value.as_mapping().filter(|_| before.as_mapping().is_some()) else {
        if before.as_scalar().is_none() || !value.is_null() {
            *before = Cow::Borrowed(value);
        }
        return;
    };
    if let Some(mapping) = before.to_mut().as_mapping_mut() {
        let entries = later.iter().map(|(key, value)| (key.clone(), value.clone()));
        mapping.entries_mut().extend(entries);
    }
}

fn unknown_field(entry: &Entry<'_>, names: &[&str]) -> Error {
    /// So many fields are named: a longer list is looked up elsewhere.
    const MOST: usize = 10;
    let error = Error::new(Code::UnknownField, format!("unknown field `{}`", shown(&entry.text)))
        .at(entry.key.span())
        .did_you_mean(&entry.text, names.iter().copied());
    if !error.helps().is_empty() {
        return error;
    }
    if names.len() > MOST {
        return error.help("remove it, or correct its name");
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    error.help(format!("the fields here are {}", names.join(", ")))
}

/// Whether a key names a field: in any case, as Go folds it. Beyond ASCII two letters fold to one of a field's name.
#[must_use]
pub fn same_name(key: &str, field: &str) -> bool {
    let fold = |letter: char| match letter {
        'ſ' => 'S',
        '\u{212A}' => 'K',
        _ => letter.to_ascii_uppercase(),
    };
    key.chars().map(fold).eq(field.chars().map(fold))
}
