//! Changes to the resources of a build, in kustomize's order.

pub(crate) mod affix;
mod effects;
mod field;
mod fields;
pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod namespace;
mod pass;
mod patch_target;
pub(crate) mod patches;
pub(crate) mod replacements;
pub(crate) mod replicas;
pub(crate) mod select;
mod targeted;
pub(crate) mod value_path;

pub use effects::Effects;
pub use field::{Create, FieldPath};
pub use fields::is_shared;
pub use pass::{Fate, Passes, Step, Whole, Work, run};

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

impl Context<'_> {
    /// How many steps may share a pass over the resources: what is told of them is of the moment, so none if somebody
    /// listens.
    #[must_use]
    pub const fn passes(&self) -> Passes {
        if self.effects.are_told() { Passes::Apart } else { Passes::Shared }
    }
}

/// A transformer: what it does, in order; nothing where its fields say nothing.
///
/// # Errors
/// What is wrong with its fields, or with the files that they name.
pub type Transformer = for<'c> fn(&Context<'c>) -> Result<Vec<Work<'c>>>;

/// The builtin transformers with their names, in the order in which they run (kustomize,
/// `api/internal/target/kusttarget_configplugin.go`).
pub const TRANSFORMERS: &[(&str, Transformer)] = &[
    ("PatchStrategicMergeTransformer", patches::strategic_merge),
    ("PatchTransformer", patches::patches),
    ("NamespaceTransformer", namespace::work),
    ("PrefixTransformer", affix::prefix),
    ("SuffixTransformer", affix::suffix),
    ("LabelTransformer", labels::labels),
    ("AnnotationsTransformer", labels::annotations),
    ("PatchJson6902Transformer", patches::json6902),
    ("ReplicaCountTransformer", replicas::work),
    ("ImageTagTransformer", images::work),
    ("ReplacementTransformer", replacements::work),
];

/// Runs the builtin transformers. What is wrong with the fields of one is told when those before it have done their
/// work.
///
/// # Errors
/// Those of the first one that fails.
pub fn transform(context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
    let mut works = Vec::new();
    for (_, transformer) in TRANSFORMERS {
        match transformer(context) {
            Ok(more) => works.extend(more),
            Err(error) => {
                works.push(Work::failed(error));
                break;
            }
        }
    }
    if works.len() > MANY {
        let pairs = works.len().saturating_mul(resources.len());
        context.root.budget().bytes(pairs.saturating_mul(PAIR), context.root.span())?;
    }
    run(works, resources, context.passes())
}

/// So many entries of one kustomization are charged for looking at each of its resources.
const MANY: usize = 64;

/// What it is charged to ask an entry whether it changes a resource, in bytes.
const PAIR: usize = 8;
