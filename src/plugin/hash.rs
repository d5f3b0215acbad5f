//! `HashTransformer`: the hash of its content behind the name of a resource that a generator made.

use super::Run;
use crate::error::Result;
use crate::generate::hash;
use crate::transform::{Configured, Context, Work};
use crate::yaml::Node;

/// There is nothing to configure. The hash of the build itself comes behind this one. (kustomize,
/// `api/internal/builtins/HashTransformer.go`.)
pub(super) fn configure(_: &Context<'_>, _: &Node) -> Result<Run> {
    Ok(Box::new(Hashes))
}

struct Hashes;

impl Configured for Hashes {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let root = context.root;
        vec![Work::whole(|resources| hash(resources, root.loader().sources(), root.budget()))]
    }
}
