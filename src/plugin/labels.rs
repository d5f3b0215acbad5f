//! `LabelTransformer` and `AnnotationsTransformer`: pairs in all mappings that the field specs name.

use serde::Deserialize;

use super::Run;
use crate::config::{FieldSpecs, Pairs};
use crate::error::Result;
use crate::transform::{Configured, Context, Work, labels::add};
use crate::yaml::Node;
use crate::yaml::de::{self, Rules};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document {
    labels: Pairs,
    annotations: Pairs,
    field_specs: FieldSpecs,
}

/// The pairs that a document adds, and where.
struct Added {
    pairs: Pairs,
    specs: FieldSpecs,
}

/// (kustomize, `api/internal/builtins/LabelTransformer.go`.)
pub(super) fn labels(_: &Context<'_>, node: &Node) -> Result<Run> {
    let Document { labels, field_specs, .. } = de::from_node_by(node, Rules::Lenient)?;
    Ok(Box::new(Added { pairs: labels, specs: field_specs }))
}

/// (kustomize, `api/internal/builtins/AnnotationsTransformer.go`.)
pub(super) fn annotations(_: &Context<'_>, node: &Node) -> Result<Run> {
    let Document { annotations, field_specs, .. } = de::from_node_by(node, Rules::Lenient)?;
    Ok(Box::new(Added { pairs: annotations, specs: field_specs }))
}

impl Configured for Added {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let work = add(&self.pairs, &self.specs, context.schema, context.root.budget());
        work.into_iter().collect()
    }
}
