//! `HashTransformer`: the hash of its content behind the name of a resource that a generator made.

use super::Run;
use crate::error::{Code, Error, Result};
use crate::transform::Context;
use crate::yaml::Node;

/// There is nothing to configure. (kustomize, `api/internal/builtins/HashTransformer.go`.)
pub(super) fn configure(_: &Context<'_>, _: &Node) -> Result<Run> {
    Ok(Box::new(|_, resources| match resources.iter().find(|resource| resource.needs_hash) {
        Some(resource) => {
            Err(Error::new(Code::NotSupportedYet, "hashes of content are not supported yet")
                .at(resource.span()))
        }
        None => Ok(()),
    }))
}
