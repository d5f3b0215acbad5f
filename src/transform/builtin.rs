//! The builtin transformers that fields of a kustomization ask for.

use super::{
    Asked, Cause, Change, Context, Work, affix, images, labels, namespace, patches, replacements,
    replicas,
};
use crate::error::Result;
use crate::source::Span;

/// A builtin transformer.
pub struct Builtin {
    /// Its kind.
    pub kind: &'static str,
    /// Builds the list of changes that its fields ask for. Empty if they are absent.
    pub(super) changes: Changes,
}

/// A builtin that a document configures.
pub trait Configured {
    /// Builds the work of one run.
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>>;
}

/// Builds the list of changes that the fields of a builtin ask for: one for each instance of it, as the reference counts
/// them. Fails for what is wrong with the fields, or with the files that they name.
pub(super) type Changes = for<'c> fn(&Builtin, &Context<'c>) -> Result<Vec<Change<'c>>>;

impl Builtin {
    /// A cause of changes: a field with its place.
    pub(super) const fn cause<'c>(
        &self,
        context: &Context<'c>,
        field: &'static str,
        span: Span,
    ) -> Cause<'c> {
        Cause { builtin: self.kind, asked: Asked::Field(field), span, layer: context.root }
    }
}

/// The builtin transformers in the order in which they run (kustomize,
/// `api/internal/target/kusttarget_configplugin.go`).
pub const TRANSFORMERS: &[Builtin] = &[
    Builtin { kind: "PatchStrategicMergeTransformer", changes: patches::strategic_merge },
    Builtin { kind: "PatchTransformer", changes: patches::patches },
    Builtin { kind: "NamespaceTransformer", changes: namespace::changes },
    Builtin { kind: "PrefixTransformer", changes: affix::prefix },
    Builtin { kind: "SuffixTransformer", changes: affix::suffix },
    Builtin { kind: "LabelTransformer", changes: labels::labels },
    Builtin { kind: "AnnotationsTransformer", changes: labels::annotations },
    Builtin { kind: "PatchJson6902Transformer", changes: patches::json6902 },
    Builtin { kind: "ReplicaCountTransformer", changes: replicas::changes },
    Builtin { kind: "ImageTagTransformer", changes: images::changes },
    Builtin { kind: "ReplacementTransformer", changes: replacements::changes },
];
