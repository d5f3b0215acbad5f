//! `ReplicaCountTransformer`: the number of copies of one workload.

use serde::Deserialize;

use super::Run;
use crate::config::{FieldSpecs, Replica};
use crate::error::Result;
use crate::transform::{Configured, Context, Work, replicas::set};
use crate::yaml::Node;
use crate::yaml::de::{self, Rules};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document {
    replica: Replica,
    field_specs: FieldSpecs,
}

/// (kustomize, `api/internal/builtins/ReplicaCountTransformer.go`.)
pub(super) fn configure(_: &Context<'_>, node: &Node) -> Result<Run> {
    let document: Document = de::from_node_by(node, Rules::Lenient)?;
    Ok(Box::new(document))
}

impl Configured for Document {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        vec![set([&self.replica], &self.field_specs, (context.schema, context.root.budget()))]
    }
}
