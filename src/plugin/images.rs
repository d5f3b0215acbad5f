//! `ImageTagTransformer`: name, tag and digest of one image.

use serde::Deserialize;

use super::Run;
use crate::config::{FieldSpecs, Image};
use crate::error::Result;
use crate::transform::{Configured, Context, Work, images};
use crate::yaml::Node;
use crate::yaml::de::{self, Rules};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document {
    image_tag: Image,
    /// Where images stand, besides the lists of containers.
    field_specs: FieldSpecs,
}

/// (kustomize, `api/internal/builtins/ImageTagTransformer.go`.)
pub(super) fn configure(_: &Context<'_>, node: &Node) -> Result<Run> {
    let document: Document = de::from_node_by(node, Rules::Lenient)?;
    Ok(Box::new(document))
}

impl Configured for Document {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        images::change_all(context, [&self.image_tag], &self.field_specs).into_iter().collect()
    }
}
