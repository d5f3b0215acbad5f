//! `replacements:` copies a value from one resource into others.

use serde::Deserialize;

use super::Selector;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

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
    /// Where the value goes.
    pub targets: Vec<Spanned<TargetSelector>>,
}

/// The one resource and field that a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SourceSelector {
    /// The group of its type; parts that are empty fit anything.
    pub group: Spanned<Text>,
    /// The version of its type.
    pub version: Spanned<Text>,
    /// Its kind.
    pub kind: Spanned<Text>,
    /// Its name.
    pub name: Spanned<Text>,
    /// Its namespace.
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
