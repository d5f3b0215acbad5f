//! `HashTransformer`: appends a hash of the content to the names of generated resources.

use super::builtin::no_changes;
use super::{Builtin, Configured, Context, Work};
use crate::generate::hash;

/// `HashTransformer`, which has no options. The hash of the build itself is appended after this one. (kustomize,
/// `api/internal/builtins/HashTransformer.go`.)
pub(super) const HASH: Builtin = Builtin {
    kind: "HashTransformer",
    field: "",
    changes: no_changes,
    document: &[],
    configure: |_, _| Ok(Box::new(Hashes)),
};

struct Hashes;

impl Configured for Hashes {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let root = context.root;
        vec![Work::whole(|resources| hash(resources, root.loader().sources(), root.budget()))]
    }
}
