//! `NamespaceTransformer`: the namespace of all resources, with more options than `namespace:` has.

use serde::Deserialize;

use super::Run;
use crate::config::FieldSpecs;
use crate::error::{Code, Error, Result};
use crate::transform::namespace::{NamespaceTransformer, Subjects};
use crate::transform::{Configured, Context, Work};
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Text};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document {
    metadata: Metadata,
    field_specs: FieldSpecs,
    unset_only: bool,
    set_role_binding_subjects: Spanned<Text>,
}

/// The namespace of the configuration is the one to set.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    namespace: Spanned<Text>,
}

const SUBJECTS: &[(&str, Subjects)] = &[
    ("defaultOnly", Subjects::NamedDefault),
    ("none", Subjects::Untouched),
    ("allServiceAccounts", Subjects::ServiceAccounts),
];

/// (kustomize, `api/internal/builtins/NamespaceTransformer.go`.)
pub(super) fn configure(_: &Context<'_>, node: &Node) -> Result<Run> {
    let document: Document = de::from_node_by(node, Rules::Lenient)?;
    let subjects = subjects(&document.set_role_binding_subjects)?;
    Ok(Box::new(Move { document, subjects }))
}

struct Move {
    document: Document,
    subjects: Subjects,
}

impl Configured for Move {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let Document { metadata: Metadata { namespace }, field_specs, unset_only, .. } =
            &self.document;
        if namespace.is_empty() {
            return Vec::new();
        }
        let transformer = NamespaceTransformer {
            namespace: &namespace.value,
            span: namespace.span,
            unset_only: *unset_only,
            subjects: self.subjects,
            budget: context.root.budget(),
        };
        vec![transformer.work(field_specs, context.schema)]
    }
}

fn subjects(word: &Spanned<Text>) -> Result<Subjects> {
    if word.is_empty() {
        return Ok(Subjects::NamedDefault);
    }
    let known = SUBJECTS.iter().find(|(name, _)| *name == word.as_str());
    known.map(|&(_, subjects)| subjects).ok_or_else(|| {
        let message = format!(
            "found `{word}` as `setRoleBindingSubjects`, expected `defaultOnly`, `none` or `allServiceAccounts`"
        );
        Error::new(Code::InvalidValue, message)
            .at(word.span)
            .did_you_mean(word, SUBJECTS.iter().map(|(name, _)| *name))
    })
}
