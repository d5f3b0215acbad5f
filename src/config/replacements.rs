//! `replacements:` copies a value from one resource into others.

use serde::Deserialize;

use super::{Selector, advice};
use crate::error::{Code, Error, Result};
use crate::source::Source;
use crate::yaml::de::{self, Rules, Spanned, embedded};
use crate::yaml::{Kind, Mapping, Node, Text, parse};

/// One replacement, or the file that holds some. An entry of such a file is read by the same type, and its `path`
/// means nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Replacement {
    /// The file that holds one replacement or a list of them.
    pub path: Spanned<Text>,
    /// Where the value comes from.
    pub source: Option<Spanned<SourceSelector>>,
    /// The value itself, in place of a source. May be empty text.
    pub source_value: Option<Spanned<Text>>,
    /// Where the value goes. A list must be there, and may be empty.
    pub targets: Option<Vec<Spanned<TargetSelector>>>,
}

impl Replacement {
    /// Reads a file of replacements: one of them, or a list. (`api/internal/builtins/ReplacementTransformer.go`.)
    ///
    /// # Errors
    /// What is wrong with its fields ([`de::from_node_by`] with [`Rules::Lenient`]) or with the file as YAML, and
    /// [`Code::InvalidType`] for a file that holds neither.
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

/// The one resource and field that a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SourceSelector {
    /// The group of its type; parts that are empty fit anything.
    #[serde(deserialize_with = "embedded")]
    pub group: Spanned<Text>,
    /// The version of its type.
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
    /// The field; `metadata.name` if it is empty.
    pub field_path: Spanned<Text>,
    /// Which part of the field.
    pub options: Option<FieldOptions>,
}

/// The resources and fields that a value goes to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TargetSelector {
    /// The resources to change.
    pub select: Option<Spanned<Selector>>,
    /// Those among them to leave alone.
    pub reject: Vec<Spanned<Selector>>,
    /// The fields; `metadata.name` if there are none.
    pub field_paths: Vec<Spanned<Text>>,
    /// Which part of the fields.
    pub options: Option<FieldOptions>,
}

/// Which part of a field is read or written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FieldOptions {
    /// Where the text is cut into parts.
    pub delimiter: Spanned<Text>,
    /// The number of the part, from 0. Beyond the ends a target gets a part of its own.
    pub index: Spanned<i64>,
    /// Read, and never used by the reference.
    pub encoding: Text,
    /// The field is added where it is absent.
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
