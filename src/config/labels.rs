//! `labels:`, which `commonLabels:` once was.

use serde::Deserialize;

use super::{FieldSpecs, Pairs};

/// Labels to add, and where besides `metadata.labels`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Label {
    /// The labels.
    pub pairs: Pairs,
    /// Also in selectors; implies the two others.
    pub include_selectors: bool,
    /// Also in the metadata of pod templates.
    pub include_templates: bool,
    /// Also in the metadata of volume claim templates.
    pub include_volume_claim_templates: bool,
    /// Also in these fields.
    pub fields: FieldSpecs,
}
