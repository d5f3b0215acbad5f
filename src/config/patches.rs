//! `patches:` and the deprecated `patchesJson6902:`.

use serde::Deserialize;

use super::Selector;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A strategic merge patch or an RFC 6902 patch, from a file or inline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Patch {
    /// File with the patch.
    pub path: Spanned<Text>,
    /// Inline patch.
    pub patch: Spanned<Text>,
    /// Resources to patch. Optional for a strategic merge patch, which then applies to the resource that it names.
    pub target: Option<Spanned<Selector>>,
    /// Permissions of the patch.
    pub options: Option<PatchArgs>,
}

/// Permissions of a patch beyond changing fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PatchArgs {
    /// Allows the patch to change names.
    pub allow_name_change: bool,
    /// Allows the patch to change kinds.
    pub allow_kind_change: bool,
}
