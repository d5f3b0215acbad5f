//! The entries of a mapping for output: keys checked, merge keys resolved, sorted.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::order::Order;
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::text::phrase::shortened;
use crate::yaml::analysis::analyze;
use crate::yaml::node::{CollectionStyle, Kind, Mapping, Node, Scalar, Style, Tag};
use crate::yaml::scalar::{Value, is_string, resolve};

/// An entry of a mapping.
#[derive(Clone, Debug)]
pub(in crate::yaml) struct TypedEntry<'a> {
    /// The key in the output.
    pub(in crate::yaml) key: Cow<'a, str>,
    /// The key in the source.
    pub(in crate::yaml) name: &'a Scalar,
    /// The value.
    pub(in crate::yaml) value: &'a Node,
}

/// The position of a mapping in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::yaml) struct TypedPlace {
    /// True at the top of the document: the reference reads it into a Go map with string keys, so any scalar except a
    /// null is a key. Below, every key must be a string.
    pub(in crate::yaml) root: bool,
    /// True in a flow collection, or for a flow mapping.
    pub(in crate::yaml) in_flow: bool,
}

/// True if all keys are ordinary strings and sorted already, so that the mapping can be emitted as it is.
#[inline]
pub(in crate::yaml) fn is_in_order(mapping: &Mapping, order: Order) -> bool {
    let mut previous: Option<&str> = None;
    mapping.iter().all(|(key, _)| {
        let text = key.text();
        let next = is_ordinary(key)
            && previous.is_none_or(|previous| order.compare(previous, text).is_lt());
        previous = Some(text);
        next
    })
}

/// Appends the entries of a mapping in order.
///
/// # Errors
/// [`Code::DuplicateKey`], [`Code::InvalidKey`], [`Code::InvalidMerge`]; [`Code::InvalidValue`] for a key that does not
/// match its tag.
pub(in crate::yaml) fn collect<'a>(
    mapping: &'a Mapping,
    place: TypedPlace,
    order: Order,
    entries: &mut Vec<TypedEntry<'a>>,
) -> Result<()> {
    let start = entries.len();
    let entry = |(name, value): (&'a Scalar, &'a Node)| TypedEntry {
        key: Cow::Borrowed(name.text()),
        name,
        value,
    };
    entries.extend(mapping.iter().map(entry));
    if is_in_order(mapping, order) {
        return Ok(());
    }
    order.sort(&mut entries[start..], |entry| &*entry.key);
    refuse_duplicates(&entries[start..])?;
    if entries[start..].iter().all(|entry| is_ordinary(entry.name)) {
        return Ok(());
    }
    let mut settled = settle(entries.drain(start..), place)?;
    order.sort(&mut settled, |entry| &*entry.key);
    // Keys that became equal only now replace each other, as in a Go map.
    settled.reverse();
    settled.dedup_by(|earlier, later| earlier.key == later.key);
    entries.extend(settled.into_iter().rev());
    Ok(())
}

/// True if a key is a string that is written unchanged. False if [`settle`] must decide.
#[inline]
pub(in crate::yaml) fn is_ordinary(key: &Scalar) -> bool {
    let text = key.text();
    match (key.tag(), key.style()) {
        (_, Style::Folded) => false,
        (Tag::None, Style::Plain) => is_string(text) && text != "<<" && !text.starts_with('\t'),
        (Tag::Str, Style::Plain) => text != "<<" && !text.starts_with('\t'),
        (Tag::None | Tag::Str, _) => !text.starts_with('\t'),
        _ => false,
    }
}

fn refuse_duplicates(entries: &[TypedEntry<'_>]) -> Result<()> {
    let mut errors = Vec::new();
    for pair in entries.windows(2) {
        if let [first, second] = pair
            && first.key == second.key
        {
            if first.key == "apiVersion"
                && entries.iter().filter(|entry| entry.key == "kind").count() > 1
            {
                return Err(missing_separator(entries));
            }
            errors.push(twice(first.name, second.name));
        }
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// The error for a mapping with two entries of one key.
#[cold]
#[must_use]
pub fn twice(first: &Scalar, second: &Scalar) -> Error {
    let message = format!("the mapping has the key `{}` twice", shortened(first.text(), 60));
    Error::new(Code::DuplicateKey, message)
        .at(second.span())
        .label("the second one")
        .note(first.span(), "the first one")
        .help("remove one of them, or give it another name")
}

/// The errors for a mapping with several `apiVersion` and `kind`: one for each place where a document may begin.
#[cold]
fn missing_separator(entries: &[TypedEntry<'_>]) -> Error {
    let versions: Vec<Span> = entries
        .iter()
        .filter(|entry| entry.key == "apiVersion")
        .map(|entry| entry.name.span())
        .collect();
    let errors = versions.windows(2).filter_map(|pair| match pair {
        [first, second] => Some(
            Error::new(
                Code::DuplicateKey,
                "the mapping has the keys `apiVersion` and `kind` twice",
            )
            .at(*second)
            .label("is `---` missing before this line?")
            .note(*first, "the first one")
            .help("put a line `---` between two resources"),
        ),
        _ => None,
    });
    Error::all(errors)
        .unwrap_or_else(|| Error::new(Code::DuplicateKey, "the mapping has a key twice"))
}

/// The role of a key in go-yaml v3.
enum Role<'a> {
    Key(Cow<'a, str>),
    Null,
    Merge,
    /// Another type than a string, with its name for messages. At the top of a document its text is a key.
    Other(Cow<'a, str>, &'static str),
}

fn role(key: &Scalar, in_flow: bool) -> Result<Role<'_>> {
    let text = key.text();
    match (key.tag(), key.style()) {
        // A string tag that the text implies is not written, so `<<` is read as a merge key even if it is a string.
        (Tag::Merge, _) | (Tag::None | Tag::Str, Style::Plain) if text == "<<" => {
            return Ok(Role::Merge);
        }
        // go-yaml v3 writes an empty key as `''`, which is read as a string.
        (Tag::None, Style::Plain) if text.is_empty() => return Ok(Role::Key(Cow::Borrowed(""))),
        _ if in_flow && super::is_quoted_in_flow(key) => return Ok(Role::Key(Cow::Borrowed(text))),
        _ => {}
    }
    if key.is_complex_key() {
        return Err(Error::new(
            Code::InvalidKey,
            "found a list or a mapping as a mapping key, expected text",
        )
        .at(key.span())
        .help("quote it if it is meant as text"));
    }
    let borrowed = Cow::Borrowed(text);
    let value = match resolve(key) {
        // A timestamp that cannot be written as JSON can still be a key: only its text matters.
        Err(error) if error.code() == Code::UnrepresentableValue => Value::Timestamp(String::new()),
        value => value?,
    };
    Ok(match value {
        Value::Null => Role::Null,
        Value::Bool(_) => Role::Other(borrowed, "a boolean"),
        Value::Int(_) | Value::Uint(_) => Role::Other(borrowed, "an integer"),
        Value::Float(_) => Role::Other(borrowed, "a number"),
        Value::Timestamp(_) => Role::Other(borrowed, "a timestamp"),
        Value::Str(text) => match key.tag() {
            Tag::None | Tag::Str | Tag::Merge => Role::Key(reread(key, in_flow)?),
            Tag::Binary => Role::Other(text, "binary data"),
            Tag::Null
            | Tag::Bool
            | Tag::Int
            | Tag::Float
            | Tag::Timestamp
            | Tag::Seq
            | Tag::Map
            | Tag::Other => Role::Other(text, "a value with a tag of its own"),
        },
    })
}

/// The text of a key after go-yaml v3 has written it and read it again. Only keys that do not fit on one line are
/// written as blocks.
fn reread(key: &Scalar, in_flow: bool) -> Result<Cow<'_, str>> {
    let text = key.text();
    let analysis = analyze(text);
    if analysis.multiline || text.len() > LONGEST_SIMPLE_KEY {
        super::reread(key, in_flow)
    } else {
        Ok(Cow::Borrowed(text))
    }
}

/// The longest key, in bytes, that go-yaml writes without `? ` before it.
pub(in crate::yaml) const LONGEST_SIMPLE_KEY: usize = 128;

/// Converts keys to text, drops a null key without text at the top of the document, and resolves merge keys.
fn settle<'a>(
    entries: impl Iterator<Item = TypedEntry<'a>>,
    place: TypedPlace,
) -> Result<Vec<TypedEntry<'a>>> {
    let mut settled = Vec::new();
    let mut merge = None;
    for entry in entries {
        match role(entry.name, place.in_flow)? {
            Role::Key(key) => settled.push(TypedEntry { key, ..entry }),
            Role::Merge => merge = Some(entry),
            // kyaml doubles an entry with a null key when it reads a document, and go-yaml then refuses it as a
            // duplicate. Only a key without text (`!!null ''`) is not doubled; it is dropped.
            Role::Null if place.root && entry.name.text().is_empty() => {}
            Role::Other(key, _) if place.root => settled.push(TypedEntry { key, ..entry }),
            Role::Null => return Err(no_string(entry.name, "null")),
            Role::Other(_, what) => return Err(no_string(entry.name, what)),
        }
    }
    if let Some(merge) = merge {
        add_merged(&merge, place.in_flow, &mut settled)?;
    }
    Ok(settled)
}

/// Adds the entries of merged mappings whose keys do not exist yet, earlier mappings first.
///
/// A parsed document has no merge keys, but a generator may write one: its keys are plain text.
fn add_merged<'a>(
    merge: &TypedEntry<'a>,
    in_flow: bool,
    settled: &mut Vec<TypedEntry<'a>>,
) -> Result<()> {
    let mut known: BTreeSet<Cow<'a, str>> = settled.iter().map(|entry| entry.key.clone()).collect();
    known.insert(Cow::Borrowed("<<"));
    let mut pending = merged_mappings(merge, in_flow)?;
    while let Some((mapping, in_flow)) = pending.pop() {
        let mut entries = Vec::new();
        let entry = |(name, value): (&'a Scalar, &'a Node)| TypedEntry {
            key: Cow::Borrowed(name.text()),
            name,
            value,
        };
        entries.extend(mapping.iter().map(entry));
        let in_source_order = entries.clone();
        Order::Bytes.sort(&mut entries, |entry| &*entry.key);
        refuse_duplicates(&entries)?;
        for entry in in_source_order {
            match role(entry.name, in_flow)? {
                Role::Key(key) | Role::Other(key, _) if known.insert(key.clone()) => {
                    settled.push(TypedEntry { key, ..entry });
                }
                Role::Merge => pending.extend(merged_mappings(&entry, in_flow)?),
                Role::Key(_) | Role::Other(..) | Role::Null => {}
            }
        }
    }
    Ok(())
}

/// The mappings under a merge key, the last one first, and whether each is in a flow collection.
fn merged_mappings<'a>(merge: &TypedEntry<'a>, in_flow: bool) -> Result<Vec<(&'a Mapping, bool)>> {
    let refuse = |found: Kind| {
        Error::new(
            Code::InvalidMerge,
            format!("found {found} under a merge key, expected a mapping or a list of them"),
        )
        .at(merge.name.span())
        .label("merges what is below into this mapping")
        .help("give the key another name: `<<` has a meaning of its own in YAML")
    };
    let flow = |style: CollectionStyle| in_flow || style == CollectionStyle::Flow;
    if let Some(mapping) = merge.value.as_mapping() {
        return Ok(vec![(mapping, flow(mapping.style()))]);
    }
    let Some(sequence) = merge.value.as_sequence() else {
        return Err(refuse(merge.value.kind()));
    };
    let mapping = |item: &'a Node| match item.as_mapping() {
        Some(mapping) => Ok((mapping, flow(sequence.style()) || flow(mapping.style()))),
        None => Err(refuse(item.kind())),
    };
    sequence.items().iter().rev().map(mapping).collect()
}

fn no_string(key: &Scalar, what: &str) -> Error {
    let text = shortened(key.text(), 60);
    let error = Error::new(
        Code::InvalidKey,
        format!("the mapping key `{text}` is {what}, and only strings can be keys"),
    )
    .at(key.span())
    .label("expected a string");
    // Keys that transformers set are written without the quotes of their source.
    match key.is_untagged() {
        true => error.help("choose another key: what is set from here is written without quotes"),
        false => error.help(format!("put it in quotes: `\"{text}\"`")),
    }
}
