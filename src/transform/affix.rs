//! `namePrefix:` and `nameSuffix:` put text before and after all names.

use super::fields::Fields;
use super::{Builtin, Change, Context, Create, Fate, Step, Work};
use crate::config::{FieldSpec, FieldSpecs};
use crate::error::Result;
use crate::limits::Budget;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::yaml::de::Spanned;
use crate::yaml::{Tag, Text};

/// Puts the prefix before every name. Linear.
///
/// (kustomize, `api/internal/builtins/PrefixTransformer.go`.)
///
/// # Errors
/// In the work: [`Code::InvalidType`](crate::error::Code::InvalidType) where a field is no text.
pub(super) fn prefix<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let text = &context.kustomization.name_prefix;
    let cause = builtin.cause(context, "namePrefix", text.span);
    let work = || work(Affix::Prefix, text, &context.configuration.name_prefix, context);
    Ok(unless_empty(text, || Change::new(cause, [work()])))
}

/// Puts the suffix after every name. Linear.
///
/// (kustomize, `api/internal/builtins/SuffixTransformer.go`.)
///
/// # Errors
/// As [`prefix`].
pub(super) fn suffix<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let text = &context.kustomization.name_suffix;
    let cause = builtin.cause(context, "nameSuffix", text.span);
    let work = || work(Affix::Suffix, text, &context.configuration.name_suffix, context);
    Ok(unless_empty(text, || Change::new(cause, [work()])))
}

fn unless_empty<'c>(text: &str, change: impl FnOnce() -> Change<'c>) -> Vec<Change<'c>> {
    if text.is_empty() { Vec::new() } else { vec![change()] }
}

/// Which end of a name changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affix {
    /// The beginning.
    Prefix,
    /// The end.
    Suffix,
}

/// Adds text to names. Even an empty one is remembered, as the reference does it for plugins.
pub(crate) fn work<'c>(
    affix: Affix,
    text: &'c Spanned<Text>,
    specs: &FieldSpecs,
    context: &Context<'c>,
) -> Work<'c> {
    let create = Create::Scalar(Tag::Str);
    let field =
        |spec: &Spanned<FieldSpec>| (spec.value.clone(), Fields::new([&spec.value], create));
    let fields = specs.iter().map(field).collect();
    let (schema, budget) = (context.schema, context.root.budget());
    Work::step(Extend { affix, text, fields, schema, budget })
}

/// Adds text to the names of resources, one by one.
struct Extend<'c> {
    affix: Affix,
    text: &'c Spanned<Text>,
    fields: Vec<(FieldSpec, Fields)>,
    schema: &'c Schema,
    budget: &'c Budget,
}

impl Step for Extend<'_> {
    fn change(&mut self, _: usize, resource: &mut Resource) -> Result<Fate> {
        let original = resource.original_id().gvk;
        if keeps_its_name(&original.group, &original.kind) {
            return Ok(Fate::Stays);
        }
        for (spec, fields) in &self.fields {
            if !original.is_selected_by(&spec.gvk) {
                continue;
            }
            if *spec.path == *"metadata/name" {
                self.remember(resource);
            }
            fields.visit(resource, (self.schema, self.budget), self.text.span, &mut |field| {
                let old = field.as_text().unwrap_or_default();
                self.budget.text(self.text.len() + old.len(), self.text.span)?;
                let new = self.extended(old);
                field.set_text(&new, Tag::None, self.text.span)
            })?;
        }
        Ok(Fate::Stays)
    }
}

impl Extend<'_> {
    fn extended(&self, name: &str) -> String {
        match self.affix {
            Affix::Prefix => format!("{}{name}", self.text.as_str()),
            Affix::Suffix => format!("{name}{}", self.text.as_str()),
        }
    }

    /// Remembers what the name gets, and what it was.
    fn remember(&self, resource: &mut Resource) {
        let names = resource.names_mut();
        let affixes = match self.affix {
            Affix::Prefix => &mut names.prefixes,
            Affix::Suffix => &mut names.suffixes,
        };
        affixes.push(self.text.value.clone());
        if !self.text.is_empty() {
            names.push_previous_id();
        }
    }
}

/// The kinds whose names mean something beyond the build.
fn keeps_its_name(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        (_, "CustomResourceDefinition" | "Namespace") | ("apiregistration.k8s.io", "APIService")
    )
}
