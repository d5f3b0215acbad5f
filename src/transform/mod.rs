//! Changes to the resources of a build, in kustomize's order.

pub(crate) mod affix;
mod effects;
mod field;
mod fields;
pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod namespace;
mod patch_target;
pub(crate) mod patches;
pub(crate) mod replacements;
pub(crate) mod replicas;
pub(crate) mod select;
pub(crate) mod value_path;

pub use effects::Effects;
pub use field::{Create, FieldPath};

use crate::config::{Kustomization, TransformerConfig};
use crate::error::Result;
use crate::load::Root;
use crate::resource::ResMap;
use crate::schema::Schema;

/// What the transformers of one kustomization work with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the user asks for.
    pub kustomization: &'a Kustomization,
    /// The fields that transformers change.
    pub configuration: &'a TransformerConfig,
    /// Where files are read from.
    pub root: &'a Root,
    /// What is known of kinds.
    pub schema: &'a Schema,
    /// What they tell.
    pub effects: &'a Effects,
}

/// A transformer: it does nothing where its fields say nothing.
pub type Transformer = fn(&Context<'_>, &mut ResMap) -> Result<()>;

/// The builtin transformers with their names, in the order in which they run (kustomize,
/// `api/internal/target/kusttarget_configplugin.go`).
pub const TRANSFORMERS: &[(&str, Transformer)] = &[
    ("PatchStrategicMergeTransformer", patches::strategic_merge),
    ("PatchTransformer", patches::patches),
    ("NamespaceTransformer", namespace::transform),
    ("PrefixTransformer", affix::prefix),
    ("SuffixTransformer", affix::suffix),
    ("LabelTransformer", labels::labels),
    ("AnnotationsTransformer", labels::annotations),
    ("PatchJson6902Transformer", patches::json6902),
    ("ReplicaCountTransformer", replicas::transform),
    ("ImageTagTransformer", images::transform),
    ("ReplacementTransformer", replacements::transform),
];
