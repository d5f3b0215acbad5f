//! `$patch: delete`, `replace` or `merge`: directives in a patch.

use crate::error::{Code, Error, Result};
use crate::yaml::{Mapping, Node};

pub(super) const KEY: &str = "$patch";

/// The action for a mapping or list in a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

impl Directive {
    fn read(value: &Node) -> Result<Self> {
        match value.as_text() {
            Some("merge") => Ok(Self::Merge),
            Some("replace") => Ok(Self::Replace),
            Some("delete") => Ok(Self::Delete),
            found => Err(Error::new(
                Code::InvalidPatch,
                format!("unknown patch directive `{}`", found.unwrap_or("")),
            )
            .at(value.span())
            .did_you_mean(found.unwrap_or(""), ["merge", "replace", "delete"])
            .help("`$patch` is `merge`, `replace` or `delete`")),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }
}

/// Removes and returns the directive of a mapping. As in kustomize, an unknown directive stays.
pub(super) fn take_from_mapping(node: &mut Node) -> Result<Directive> {
    let Some(value) = node.get(KEY) else { return Ok(Directive::Merge) };
    let directive = Directive::read(value)?;
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.remove(KEY);
    }
    Ok(directive)
}

/// Removes and returns the directive of a list: the first element with one must contain only the directive. An element
/// with other fields applies the directive to itself, and hides the directives after it.
pub(super) fn take_from_list(node: &mut Node) -> Result<Directive> {
    let elements = node.items();
    let first =
        elements.iter().filter_map(Node::as_mapping).find(|element| element.get(KEY).is_some());
    let Some(value) =
        first.filter(|element| element.len() == 1).and_then(|element| element.get(KEY))
    else {
        return Ok(Directive::Merge);
    };
    let directive = Directive::read(value)?;
    if let Some(list) = node.as_sequence_mut() {
        // Kustomize removes every element with the same directive, and with them those without any.
        let says =
            |element: &Mapping| element.get(KEY).and_then(Node::as_text) == Some(directive.word());
        list.items_mut().retain(|element| match element.as_mapping() {
            Some(mapping) => !mapping.is_empty() && !says(mapping),
            None => !element.is_null(),
        });
    }
    Ok(directive)
}
