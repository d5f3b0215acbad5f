//! `namePrefix:` and `nameSuffix:` add text to all names.

use serde::Deserialize;

use super::builtin::no_changes;
use super::fields::{Fields, charge_specs};
use super::{Builtin, Change, Configured, Context, Create, Fate, Step, Work};
use crate::config::{FieldSpec, FieldSpecs, Section};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Tag, Text, tight};

/// `namePrefix` and `PrefixTransformer`.
pub(super) const PREFIX: Builtin = Builtin {
    kind: "PrefixTransformer",
    field: "namePrefix",
    changes: prefix,
    document: &["prefix", "fieldSpecs"],
    configure: |_, node| configure(node, |document| vec![(Affix::Prefix, document.prefix)]),
};

/// `nameSuffix` and `SuffixTransformer`.
pub(super) const SUFFIX: Builtin = Builtin {
    kind: "SuffixTransformer",
    field: "nameSuffix",
    changes: suffix,
    document: &["suffix", "fieldSpecs"],
    configure: |_, node| configure(node, |document| vec![(Affix::Suffix, document.suffix)]),
};

/// `PrefixSuffixTransformer`: prefix, then suffix. (kustomize, `api/internal/plugins/builtinhelpers/builtins.go`:
/// `NewMultiTransformer`.)
pub(super) const PREFIX_AND_SUFFIX: Builtin = Builtin {
    kind: "PrefixSuffixTransformer",
    field: "",
    changes: no_changes,
    document: &["prefix", "suffix", "fieldSpecs"],
    configure: |_, node| {
        configure(node, |document| {
            vec![(Affix::Prefix, document.prefix), (Affix::Suffix, document.suffix)]
        })
    },
};

/// Builds the change for `namePrefix`, which adds the prefix to every name. Linear in the number of resources.
///
/// (kustomize, `api/internal/builtins/PrefixTransformer.go`.)
///
/// # Errors
/// In the work: [`Code::InvalidType`] for a field that is not text.
fn prefix<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let text = &context.kustomization.name_prefix;
    let cause = builtin.cause(context, text.span);
    let work =
        || work(Affix::Prefix, text, context.configuration.specs(Section::NamePrefix), context);
    Ok(unless_empty(text, || Change::new(cause, [work()])))
}

/// Builds the change for `nameSuffix`, which adds the suffix to every name. Linear in the number of resources.
///
/// (kustomize, `api/internal/builtins/SuffixTransformer.go`.)
///
/// # Errors
/// As [`prefix`].
fn suffix<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let text = &context.kustomization.name_suffix;
    let cause = builtin.cause(context, text.span);
    let work =
        || work(Affix::Suffix, text, context.configuration.specs(Section::NameSuffix), context);
    Ok(unless_empty(text, || Change::new(cause, [work()])))
}

fn unless_empty<'c>(text: &str, change: impl FnOnce() -> Change<'c>) -> Vec<Change<'c>> {
    if text.is_empty() { Vec::new() } else { vec![change()] }
}

/// The end of a name that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Affix {
    /// The beginning.
    Prefix,
    /// The end.
    Suffix,
}

/// Builds the work that adds text to names. Empty text is stored with the resources too, as the reference does for
/// plugins.
fn work<'c>(
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

/// The step that adds text to the names of resources.
struct Extend<'c> {
    affix: Affix,
    text: &'c Spanned<Text>,
    fields: Vec<(FieldSpec, Fields)>,
    schema: &'c Schema,
    budget: &'c Budget,
}

impl Step for Extend<'_> {
    type Tally = ();

    fn change(&self, (): &mut (), _: usize, resource: &mut Resource) -> Result<Fate> {
        let original = resource.original_id().gvk;
        if keeps_its_name(&original.group, &original.kind) {
            return Ok(Fate::Stays);
        }
        charge_specs((self.fields.len(), 0), self.budget, || self.text.span)?;
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

    /// Stores the affix and the previous id of a resource.
    fn remember(&self, resource: &mut Resource) {
        let names = resource.names_mut();
        let affixes = match self.affix {
            Affix::Prefix => &mut names.prefixes,
            Affix::Suffix => &mut names.suffixes,
        };
        tight::push(affixes, self.text.value.clone());
        if !self.text.is_empty() {
            names.push_previous_id();
        }
    }
}

/// True for kinds whose names have a meaning outside of the build, so that they are not changed.
fn keeps_its_name(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        (_, "CustomResourceDefinition" | "Namespace") | ("apiregistration.k8s.io", "APIService")
    )
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AffixDocument {
    prefix: Spanned<Text>,
    suffix: Spanned<Text>,
    field_specs: Option<FieldSpecs>,
}

/// The affixes that a document adds, in order.
struct Affixes {
    affixes: Vec<(Affix, Spanned<Text>)>,
    specs: FieldSpecs,
}

fn configure(
    node: &Node,
    affixes: fn(AffixDocument) -> Vec<(Affix, Spanned<Text>)>,
) -> Result<Box<dyn Configured>> {
    let mut document: AffixDocument = de::from_node_by(node, Rules::Lenient)?;
    let Some(specs) = document.field_specs.take() else {
        return Err(Error::new(Code::InvalidValue, "found no `fieldSpecs`")
            .help("add `fieldSpecs: [{path: metadata/name}]`"));
    };
    Ok(Box::new(Affixes { affixes: affixes(document), specs }))
}

/// Unlike the fields of a kustomization, a document also applies empty text: resources store that.
impl Configured for Affixes {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let work =
            |(affix, text): &'c (Affix, Spanned<Text>)| work(*affix, text, &self.specs, context);
        self.affixes.iter().map(work).collect()
    }
}
