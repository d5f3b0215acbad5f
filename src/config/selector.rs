//! Selectors of resources, for patches and replacements.

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::{Spanned, embedded};

/// A selector of the resources that match all its non-empty parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// Group of the type: an anchored regular expression, like the four fields that follow.
    #[serde(deserialize_with = "embedded")]
    pub group: Spanned<Text>,
    /// Version of the type.
    #[serde(deserialize_with = "embedded")]
    pub version: Spanned<Text>,
    /// Kind.
    #[serde(deserialize_with = "embedded")]
    pub kind: Spanned<Text>,
    /// Name.
    #[serde(deserialize_with = "embedded")]
    pub name: Spanned<Text>,
    /// Namespace.
    #[serde(deserialize_with = "embedded")]
    pub namespace: Spanned<Text>,
    /// Label selector that is applied to annotations.
    pub annotation_selector: Spanned<Text>,
    /// Label selector of Kubernetes.
    pub label_selector: Spanned<Text>,
}
