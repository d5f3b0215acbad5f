//! `replacements:` copies a value from one resource into others.

use serde::Deserialize;

use super::{Selector, advice};
use crate::error::{Code, Error, Result};
use crate::source::Source;
use crate::yaml::de::{self, Rules, Spanned, embedded};
use crate::yaml::{Kind, Mapping, Node, Text, parse};

/// A replacement, or a reference to a file of replacements. Entries of such a file have the same type, without `path`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Replacement {
    /// File with a replacement or a list of them.
    pub path: Spanned<Text>,
    /// Source of the value.
    pub source: Option<Spanned<SourceSelector>>,
    /// The value itself, in place of a source. May be empty.
    pub source_value: Option<Spanned<Text>>,
    /// Targets of the value. The list is required, and may be empty.
    pub targets: Option<Vec<Spanned<TargetSelector>>>,
}

impl Replacement {
    /// Reads a file with a replacement or a list of them. (`api/internal/builtins/ReplacementTransformer.go`.)
    ///
    /// # Errors
    /// Those of its fields ([`de::from_node_by`] with [`Rules::Lenient`]), of reading YAML, and [`Code::InvalidType`]
    /// for another document.
    pub fn read(source: &Source) -> Result<Vec<Spanned<Self>>> {
        let document = parse::document(source)?;
        let root = document.as_ref().map(|document| &document.root);
        Self::of_root(root, source).map_err(|error| match root {
            Some(root) if root.kind() == Kind::Sequence => {
                advice::explain_part("replacements", root, error)
            }
            Some(root) => advice::explain_part("replacements[]", root, error),
            None => error,
        })
    }

    fn of_root(root: Option<&Node>, source: &Source) -> Result<Vec<Spanned<Self>>> {
        let is_none = |root: &&Mapping| {
            ["source", "sourceValue", "targets"].iter().all(|field| root.get(field).is_none())
        };
        let mapping = root.and_then(Node::as_mapping).filter(is_none);
        if let Some((key, _)) = mapping.and_then(|root| root.get_entry("replacements")) {
            let message =
                "found the field `replacements`, expected a replacement or a list of them";
            return Err(Error::new(Code::InvalidValue, message)
                .at(key.span())
                .help("a file of replacements is the list itself: remove this line"));
        }
        match root.map(|root| (root.kind(), root)) {
            Some((Kind::Sequence, list)) => de::from_node_by(list, Rules::Lenient),
            Some((Kind::Mapping, one)) => Ok(vec![de::from_node_by(one, Rules::Lenient)?]),
            other => {
                let place = other.map_or_else(|| source.span(0, 0), |(_, root)| root.span());
                let message = "found no replacement, expected one or a list of them";
                Err(Error::new(Code::InvalidType, message).at(place))
            }
        }
    }
}

/// The resource and field that a value is copied from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SourceSelector {
    /// Group of its type; empty parts match anything.
    #[serde(deserialize_with = "embedded")]
    pub group: Spanned<Text>,
    /// Version of its type.
    #[serde(deserialize_with = "embedded")]
    pub version: Spanned<Text>,
    /// Its kind.
    #[serde(deserialize_with = "embedded")]
    pub kind: Spanned<Text>,
    /// Its name.
    #[serde(deserialize_with = "embedded")]
    pub name: Spanned<Text>,
    /// Its namespace.
    #[serde(deserialize_with = "embedded")]
    pub namespace: Spanned<Text>,
    /// Path of the field; `metadata.name` if it is empty.
    pub field_path: Spanned<Text>,
    /// Part of the field to copy.
    pub options: Option<FieldOptions>,
}

/// The resources and fields that a value is copied to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TargetSelector {
    /// Resources to change.
    pub select: Option<Spanned<Selector>>,
    /// Exceptions from `select`.
    pub reject: Vec<Spanned<Selector>>,
    /// Paths of the fields; `metadata.name` if the list is empty.
    pub field_paths: Vec<Spanned<Text>>,
    /// Part of the fields to replace.
    pub options: Option<FieldOptions>,
}

/// A part of a field, and its treatment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FieldOptions {
    /// Separator of the parts of the value.
    pub delimiter: Spanned<Text>,
    /// Index of the part, from 0. Other indices add a part at an end of a target.
    pub index: Spanned<i64>,
    /// Not used, as in kustomize.
    pub encoding: Text,
    /// Creates a missing field.
    pub create: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn read(text: &str) -> Result<Vec<Spanned<Replacement>>> {
        let source = Sources::new().add("replacements.yaml", text)?;
        Replacement::read(&source)
    }

    #[test]
    fn a_file_holds_one_replacement_or_a_list() {
        let one = "source: {kind: Pod, other: thing}\nsourceValue: 1\n";
        let replacements = read(one).unwrap();
        assert_eq!(replacements[0].source.as_ref().unwrap().kind.as_str(), "Pod");
        assert_eq!(replacements[0].source_value.as_ref().unwrap().as_str(), "1");
        assert_eq!(read("- path: a\n- {}").unwrap().len(), 2);
        assert_eq!(read("[]").unwrap().len(), 0);
        for text in ["", "words", "- 1"] {
            assert_eq!(read(text).unwrap_err().code(), Code::InvalidType, "{text}");
        }
    }
}
