//! What must hold for every key and scalar of a document before any of it is read, used or not.

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::yaml::{Kind, Mapping, Node, Scalar, Value, resolve_1_1};

use super::Rules;
use super::entries::{entries, key_text};
use super::wording::shown;

/// How deep a value may nest. Go's limit is 10,000; no configuration needs more than a dozen, and what follows recurses.
const MOST_LEVELS: usize = 100;

/// Checks that the document can be read at all: the reference turns the whole of it into JSON first.
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
            let entries = entries(mapping)?.into_iter().rev();
            pending.extend(entries.map(|entry| (entry.value, level + 1)));
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
