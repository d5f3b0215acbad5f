//! Checks on all keys and scalars of a document, used or not, before it is deserialized.

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::yaml::{Kind, Mapping, Node, Scalar, Value, resolve_1_1};

use super::Rules;
use super::entries::{JsonEntry, entries, key_text};
use super::wording::shown;

/// The maximum nesting depth of values. Go's limit is 10,000; real configuration needs a dozen levels, and the
/// deserializer recurses.
const MOST_LEVELS: usize = 100;

/// Checks that the document can be converted to JSON: the reference converts all of it before it reads any field.
pub(super) fn check(root: &Node, rules: Rules) -> Result<()> {
    let mut pending = vec![(root, 1)];
    while let Some((node, level)) = pending.pop() {
        if level > MOST_LEVELS && node.kind() != Kind::Scalar {
            return Err(Error::new(
                Code::NestingTooDeep,
                format!("values are nested more than {MOST_LEVELS} levels deep"),
            )
            .at(node.span()));
        }
        if let Some(scalar) = node.as_scalar() {
            check_scalar(scalar)?;
        } else if let Some(sequence) = node.as_sequence() {
            pending.extend(sequence.items().iter().rev().map(|item| (item, level + 1)));
        } else if let Some(mapping) = node.as_mapping() {
            if rules == Rules::Strict {
                check_repeats(mapping)?;
            }
            let entries = entries(mapping)?;
            if entries.len() < mapping.len() {
                check_discarded(mapping, &entries)?;
            }
            pending.extend(entries.into_iter().rev().map(|entry| (entry.value, level + 1)));
        }
    }
    Ok(())
}

/// Checks entries that a later entry with the same key replaces: go-yaml reads them too, and fails if a text does not
/// match its tag.
#[cold]
fn check_discarded(mapping: &Mapping, counts: &[JsonEntry<'_>]) -> Result<()> {
    let is_discarded = |value: &Node| !counts.iter().any(|entry| std::ptr::eq(entry.value, value));
    let discarded = mapping.iter().map(|(_, value)| value).filter(|value| is_discarded(value));
    let mut pending: Vec<&Node> = discarded.collect();
    while let Some(node) = pending.pop() {
        node.as_scalar().map(resolve_1_1).transpose()?;
        pending.extend(node.as_sequence().into_iter().flat_map(|list| list.items()));
        for (key, value) in node.as_mapping().into_iter().flat_map(Mapping::iter) {
            resolve_1_1(key)?;
            pending.push(value);
        }
    }
    Ok(())
}

fn check_scalar(scalar: &Scalar) -> Result<()> {
    match resolve_1_1(scalar)? {
        Value::Float(number) if !number.is_finite() => Err(Error::new(
            Code::UnrepresentableValue,
            format!("`{}` has no form in JSON", shown(scalar.text())),
        )
        .at(scalar.span())
        .help(format!("if text is meant, put it in quotes: `\"{}\"`", shown(scalar.text())))),
        _ => Ok(()),
    }
}

fn check_repeats(mapping: &Mapping) -> Result<()> {
    let mut seen = BTreeMap::new();
    for (key, _) in mapping.iter() {
        if let Some(first) = seen.insert(key_text(key)?, key.span()) {
            return Err(Error::new(
                Code::DuplicateKey,
                format!("the key `{}` is there twice", shown(key.text())),
            )
            .at(key.span())
            .note(first, "here for the first time"));
        }
    }
    Ok(())
}
