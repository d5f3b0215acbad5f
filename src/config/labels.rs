//! `labels:`, the successor of `commonLabels:`.

use serde::Deserialize;

use super::{FieldSpecs, Pairs};

/// Labels to add, and fields to add them to besides `metadata.labels`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Label {
    /// The labels.
    pub pairs: Pairs,
    /// Adds them to selectors; implies the two others.
    pub include_selectors: bool,
    /// Adds them to the metadata of pod templates.
    pub include_templates: bool,
    /// Adds them to the metadata of volume claim templates.
    pub include_volume_claim_templates: bool,
    /// Further fields to add them to.
    pub fields: FieldSpecs,
}
