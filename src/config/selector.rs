//! Which resources a patch or a replacement is for.

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::{Spanned, embedded};

/// Takes the resources that fit every part which is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// The group of the type: a pattern that fits all of it, like the four that follow.
    #[serde(deserialize_with = "embedded")]
    pub group: Spanned<Text>,
    /// The version of the type.
    #[serde(deserialize_with = "embedded")]
    pub version: Spanned<Text>,
    /// The kind.
    #[serde(deserialize_with = "embedded")]
    pub kind: Spanned<Text>,
    /// The name.
    #[serde(deserialize_with = "embedded")]
    pub name: Spanned<Text>,
    /// The namespace.
    #[serde(deserialize_with = "embedded")]
    pub namespace: Spanned<Text>,
    /// What must hold for the annotations, in the language of Kubernetes' label selectors.
    pub annotation_selector: Spanned<Text>,
    /// What must hold for the labels, in the same language.
    pub label_selector: Spanned<Text>,
}
