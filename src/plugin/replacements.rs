//! `ReplacementTransformer`: values copied from one resource into others.

use super::Run;
use crate::error::{Code, Error, Result};
use crate::transform::Context;
use crate::yaml::Node;

/// (kustomize, `api/internal/builtins/ReplacementTransformer.go`.)
pub(super) fn configure(_: &Context<'_>, _: &Node) -> Result<Run> {
    Err(Error::new(Code::NotSupportedYet, "`ReplacementTransformer` is not supported yet"))
}
