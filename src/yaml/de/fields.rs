//! Maps the entries of a mapping to the fields of a struct.

use std::borrow::Cow;

use crate::error::{Code, Error, Result};
use crate::yaml::{Mapping, Node};

use super::entries::{JsonEntry, entries};
use super::wording::shown;
use super::{Reader, Rules};

/// The fields that the mapping sets, with their names in the struct, each at most once.
///
/// Names match in any case, and the last of several equal keys counts. If a field occurs in several spellings, Go reads
/// them in byte order, because the JSON in between is sorted: mappings are joined, any other value replaces the one
/// before, and a null removes an earlier list or mapping, but not a scalar.
pub(super) fn fields<'a>(
    mapping: &'a Mapping,
    names: &'static [&'static str],
    reader: &Reader,
) -> Result<Vec<(&'static str, Cow<'a, Node>)>> {
    let mut found = Vec::with_capacity(mapping.len());
    for entry in entries(mapping)? {
        let exact = names.iter().position(|name| *name == entry.text);
        let place = exact.or_else(|| names.iter().position(|name| same_name(&entry.text, name)));
        match place {
            Some(place) => {
                reader.note(entry.key, &entry.text, names[place]);
                found.push((place, entry));
            }
            None if matches!(reader.rules, Rules::Lenient | Rules::Embedded) => {}
            None => reader.report(|| unknown_field(&entry, names)),
        }
    }
    found.sort_by(|(place, entry), (other_place, other)| {
        (place, &entry.text).cmp(&(other_place, &other.text))
    });

    let mut fields: Vec<(&'static str, Cow<'a, Node>)> = Vec::with_capacity(found.len());
    for (place, JsonEntry { value, .. }) in found {
        match fields.last_mut() {
            Some((name, before)) if *name == names[place] => respell(before, value),
            _ => fields.push((names[place], Cow::Borrowed(value))),
        }
    }
    Ok(fields)
}

/// Applies a second spelling of a field to the value read from the first.
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

fn unknown_field(entry: &JsonEntry<'_>, names: &[&str]) -> Error {
    /// The maximum number of fields that the help lists.
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

/// True if a key names a field: in any case, with Go's folding, by which two letters beyond ASCII match `s` and `k`.
#[must_use]
pub fn same_name(key: &str, field: &str) -> bool {
    let fold = |letter: char| match letter {
        'ſ' => 'S',
        '\u{212A}' => 'K',
        _ => letter.to_ascii_uppercase(),
    };
    key.chars().map(fold).eq(field.chars().map(fold))
}
