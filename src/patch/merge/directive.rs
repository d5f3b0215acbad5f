//! `$patch: delete`, `replace` or `merge`: what a patch says about itself.

use crate::error::{Code, Error, Result};
use crate::yaml::{Mapping, Node, Sequence};

pub(super) const KEY: &str = "$patch";

/// What is to be done with the mapping or list that a patch names.
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

/// Reads the directive of a mapping and takes it out. The reference leaves one that it does not know where it is.
pub(super) fn take_from_mapping(node: &mut Node) -> Result<Directive> {
    let Some(value) = node.get(KEY) else { return Ok(Directive::Merge) };
    let directive = Directive::read(value)?;
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.remove(KEY);
    }
    Ok(directive)
}

/// Reads the directive of a list and takes it out: it stands alone in the first element that has one. An element that
/// says more beside it speaks of itself, and hides the directives behind it.
pub(super) fn take_from_list(node: &mut Node) -> Result<Directive> {
    let elements = node.as_sequence().map(Sequence::items).unwrap_or_default();
    let first =
        elements.iter().filter_map(Node::as_mapping).find(|element| element.get(KEY).is_some());
    let Some(value) =
        first.filter(|element| element.len() == 1).and_then(|element| element.get(KEY))
    else {
        return Ok(Directive::Merge);
    };
    let directive = Directive::read(value)?;
    if let Some(list) = node.as_sequence_mut() {
        // The reference takes out every element with the same directive, and with them those that say nothing.
        let says =
            |element: &Mapping| element.get(KEY).and_then(Node::as_text) == Some(directive.word());
        list.items_mut().retain(|element| match element.as_mapping() {
            Some(mapping) => !mapping.is_empty() && !says(mapping),
            None => !element.is_null(),
        });
    }
    Ok(directive)
}
