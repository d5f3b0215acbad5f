//! Which resources a patch or a replacement is for.

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// Takes the resources that fit every part which is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// The group of the type: a pattern that fits all of it, like the four that follow.
    pub group: Spanned<Text>,
    /// The version of the type.
    pub version: Spanned<Text>,
    /// The kind.
    pub kind: Spanned<Text>,
    /// The name.
    pub name: Spanned<Text>,
    /// The namespace.
    pub namespace: Spanned<Text>,
    /// What must hold for the annotations, in the language of Kubernetes' label selectors.
    pub annotation_selector: Spanned<Text>,
    /// What must hold for the labels, in the same language.
    pub label_selector: Spanned<Text>,
}
