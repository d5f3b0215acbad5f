//! New members of collections.

use super::write::Writer;
use crate::error::Result;
use crate::source::Span;
use crate::yaml::node::{Node, Scalar};

/// A value to add to a collection.
pub(super) enum New<'a> {
    Entry(&'a str, &'a Node),
    Items(&'a [Node]),
}

impl New<'_> {
    /// A collection of the new members only.
    pub(super) fn alone(&self) -> Node {
        match self {
            Self::Entry(key, value) => {
                Node::mapping(vec![(Scalar::string(key, Span::NONE), (*value).clone())], Span::NONE)
            }
            Self::Items(values) => Node::sequence(values.to_vec(), Span::NONE),
        }
    }

    /// The texts in brackets or braces.
    pub(super) fn in_flow(&self, writer: &Writer) -> Result<Vec<String>> {
        match self {
            Self::Entry(key, value) => Ok(vec![writer.pair(key, value, 0)?]),
            Self::Items(values) => {
                values.iter().map(|value| writer.inline(value, true, 0)).collect()
            }
        }
    }

    /// The lines at a column. The first one has no indentation yet.
    pub(super) fn lines(&self, writer: &Writer, column: usize) -> Result<String> {
        match self {
            Self::Entry(key, value) => writer.entry(key, value, column),
            Self::Items(values) => {
                let texts: Result<Vec<String>> =
                    values.iter().map(|value| writer.element(value, column)).collect();
                Ok(texts?.join(&format!("\n{}", " ".repeat(column))))
            }
        }
    }
}
