//! `ReplacementTransformer`: values copied from one resource into others.

use serde::Deserialize;

use super::Run;
use crate::config::Replacement;
use crate::error::Result;
use crate::transform::Context;
use crate::transform::replacements::{apply, read};
use crate::yaml::Node;
use crate::yaml::de::{self, Rules, Spanned};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Replacements {
    replacements: Vec<Spanned<Replacement>>,
}

/// What `replacements` is. (kustomize, `api/internal/builtins/ReplacementTransformer.go`.)
pub(super) fn configure(context: &Context<'_>, node: &Node) -> Result<Run> {
    let Replacements { replacements } = de::from_node_by(node, Rules::Embedded)?;
    let replacements = read(context, &replacements)?;
    Ok(Box::new(move |context, resources| apply(&replacements, context, resources)))
}
