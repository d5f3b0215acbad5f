//! `patches:` and the deprecated `patchesJson6902:`.

use serde::Deserialize;

use super::Selector;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A strategic merge patch or an RFC 6902 patch, from a file or written in place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Patch {
    /// The file that holds the patch.
    pub path: Spanned<Text>,
    /// The patch itself.
    pub patch: Spanned<Text>,
    /// The resources to patch. A strategic merge patch may leave it out: it is then for the one that it names.
    pub target: Option<Spanned<Selector>>,
    /// What the patch may do.
    pub options: Option<PatchArgs>,
}

/// What a patch may do beyond changing fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PatchArgs {
    /// It may change names.
    pub allow_name_change: bool,
    /// It may change kinds.
    pub allow_kind_change: bool,
}
