//! `LabelTransformer` and `AnnotationsTransformer`: pairs in all mappings that the field specs name.

use serde::Deserialize;

use super::Run;
use crate::config::{FieldSpecs, Pairs};
use crate::error::Result;
use crate::transform::{self, Context, labels::add};
use crate::yaml::Node;
use crate::yaml::de::{self, Rules};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Configuration {
    labels: Pairs,
    annotations: Pairs,
    field_specs: FieldSpecs,
}

/// (kustomize, `api/internal/builtins/LabelTransformer.go`.)
pub(super) fn labels(_: &Context<'_>, node: &Node) -> Result<Run> {
    let Configuration { labels, field_specs, .. } = de::from_node_by(node, Rules::Lenient)?;
    Ok(run(labels, field_specs))
}

/// (kustomize, `api/internal/builtins/AnnotationsTransformer.go`.)
pub(super) fn annotations(_: &Context<'_>, node: &Node) -> Result<Run> {
    let Configuration { annotations, field_specs, .. } = de::from_node_by(node, Rules::Lenient)?;
    Ok(run(annotations, field_specs))
}

fn run(pairs: Pairs, specs: FieldSpecs) -> Run {
    Box::new(move |context, resources| {
        let work = add(&pairs, &specs, context.schema, context.root.budget());
        transform::run(work, resources, context.passes())
    })
}
