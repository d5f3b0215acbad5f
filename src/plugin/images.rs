//! `ImageTagTransformer`: name, tag and digest of one image.

use serde::Deserialize;

use super::Run;
use crate::config::{FieldSpecs, Image};
use crate::error::Result;
use crate::transform::{self, Context, images};
use crate::yaml::Node;
use crate::yaml::de::{self, Rules};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Configuration {
    image_tag: Image,
    /// Where images stand, besides the lists of containers.
    field_specs: FieldSpecs,
}

/// (kustomize, `api/internal/builtins/ImageTagTransformer.go`.)
pub(super) fn configure(_: &Context<'_>, node: &Node) -> Result<Run> {
    let Configuration { image_tag, field_specs } = de::from_node_by(node, Rules::Lenient)?;
    Ok(Box::new(move |context, resources| {
        let work = images::change_all(context, [&image_tag], &field_specs);
        transform::run(work, resources, context.passes())
    }))
}
