//! `ReplicaCountTransformer`: the number of copies of one workload.

use serde::Deserialize;

use super::Run;
use crate::config::{FieldSpecs, Replica};
use crate::error::Result;
use crate::transform::{self, Context, replicas::set};
use crate::yaml::Node;
use crate::yaml::de::{self, Rules};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Configuration {
    replica: Replica,
    field_specs: FieldSpecs,
}

/// (kustomize, `api/internal/builtins/ReplicaCountTransformer.go`.)
pub(super) fn configure(_: &Context<'_>, node: &Node) -> Result<Run> {
    let Configuration { replica, field_specs } = de::from_node_by(node, Rules::Lenient)?;
    Ok(Box::new(move |context, resources| {
        let work = set([&replica], &field_specs, context.schema);
        transform::run([work], resources, context.passes())
    }))
}
