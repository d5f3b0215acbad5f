//! `ReplacementTransformer`: values copied from one resource into others.

use serde::Deserialize;

use super::Run;
use crate::config::Replacement;
use crate::error::Result;
use crate::transform::replacements::{apply, read};
use crate::transform::{Configured, Context, Work};
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
    Ok(Box::new(Replacements { replacements: read(context, &replacements)? }))
}

impl Configured for Replacements {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let context = *context;
        vec![Work::reporting(move |resources, report| {
            apply(&self.replacements, &context, resources, report)
        })]
    }
}
