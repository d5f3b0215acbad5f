//! `labels:` and `commonLabels:` add labels, `commonAnnotations:` adds annotations.

use serde::Deserialize;

use super::fields::{Fields, is_shared};
use super::{Asked, Builtin, Cause, Change, Configured, Context, Create, Fate, Step, Work};
use crate::config::{FieldSpec, FieldSpecs, Kustomization, Label, Pairs, Section};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Share, Tag, Text};

/// `labels`, `commonLabels` and `LabelTransformer`.
pub(super) const LABELS: Builtin = Builtin {
    kind: "LabelTransformer",
    field: "labels",
    changes: labels,
    document: &["labels", "fieldSpecs"],
    configure: |_, node| {
        let LabelDocument { labels, field_specs, .. } = de::from_node_by(node, Rules::Lenient)?;
        Ok(Box::new(Added { pairs: labels, specs: field_specs }))
    },
};

/// `commonAnnotations` and `AnnotationsTransformer`.
pub(super) const ANNOTATIONS: Builtin = Builtin {
    kind: "AnnotationsTransformer",
    field: "commonAnnotations",
    changes: annotations,
    document: &["annotations", "fieldSpecs"],
    configure: |_, node| {
        let LabelDocument { annotations, field_specs, .. } =
            de::from_node_by(node, Rules::Lenient)?;
        Ok(Box::new(Added { pairs: annotations, specs: field_specs }))
    },
};

/// Builds the changes for labels: each entry of `labels`, then `commonLabels`. Linear in resources times labels.
///
/// (kustomize, `api/internal/target/kusttarget_configplugin.go`, `api/filters/labels`.)
///
/// # Errors
/// In the work: [`Code::InvalidType`] if labels would be added to a node that is not a mapping, and
/// [`Code::InvalidValue`] for field specs that contradict each other.
fn labels<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let Kustomization { labels, common_labels, .. } = context.kustomization;
    let (schema, budget) = (context.schema, context.root.budget());
    let mut changes = Vec::new();
    for (number, label) in labels.iter().enumerate() {
        let work = match specs(context, label) {
            Ok(_) if label.pairs.is_empty() => Some(without_pairs(label)),
            Ok(specs) => add(&label.pairs, &specs, schema, budget),
            Err(error) => Some(Work::failed(error.at(label.span))),
        };
        let cause = builtin.cause(context, label.span);
        changes.push(Change::new(cause.at_entry(number, label.span), work));
    }
    if !(labels.is_empty() && common_labels.is_empty()) {
        // If `labels` is used, the reference runs this instance too, even if it adds no label.
        let asked = Asked::Field("commonLabels");
        let cause = Cause { asked, ..builtin.cause(context, place(common_labels)) };
        let specs = context.configuration.specs(Section::CommonLabels);
        changes.push(Change::new(cause, add(common_labels, specs, schema, budget)));
    }
    Ok(changes)
}

/// Builds the change for annotations. Linear in resources times annotations.
///
/// (kustomize, `api/filters/annotations`.)
///
/// # Errors
/// As [`labels`].
fn annotations<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let specs = context.configuration.specs(Section::CommonAnnotations);
    let pairs = &context.kustomization.common_annotations;
    let cause = builtin.cause(context, place(pairs));
    let work = add(pairs, specs, context.schema, context.root.budget());
    Ok(work.map(|work| Change::new(cause, [work])).into_iter().collect())
}

/// The span of the first pair.
fn place(pairs: &Pairs) -> Span {
    pairs.values().next().map_or(Span::NONE, |value| value.span)
}

/// Reports an entry without labels.
fn without_pairs(label: &Spanned<Label>) -> Work<'_> {
    Work::reporting(|_, report| {
        report.idle(|| {
            Error::new(Code::NoEffect, "found an entry of `labels` without `pairs`")
                .at(label.span)
                .help("say which labels to add: `pairs: {team: shop}`")
        });
        Ok(())
    })
}

/// Builds the work that sets every pair in every mapping that the specs select; `None` without pairs.
pub(crate) fn add<'c>(
    pairs: &Pairs,
    specs: &FieldSpecs,
    schema: &'c Schema,
    budget: &'c Budget,
) -> Option<Work<'c>> {
    let new =
        |value: &Spanned<Text>| Node::new_field(value, Tag::Str, value.span, Share::of(value.span));
    let pair = |(key, value): (&Text, &Spanned<Text>)| (key.clone(), value.span, new(value));
    let fields = || Fields::new(specs.iter().map(|spec| &spec.value), Create::Mapping);
    (!pairs.is_empty()).then(|| {
        let bytes = |(key, value): (&Text, &Spanned<Text>)| key.len() + value.len() + PAIR_BYTES;
        Work::step(Add {
            pairs: pairs.iter().map(pair).collect(),
            bytes: pairs.iter().map(bytes).sum(),
            fields: fields(),
            schema,
            budget,
        })
    })
}

/// The charge for a pair in addition to its text: about its size in two fields of a resource, such as a Deployment's.
const PAIR_BYTES: usize = 256;

/// The step that adds labels or annotations to resources. All new fields of one label share one value.
struct Add<'c> {
    pairs: Vec<(Text, Span, Node)>,
    /// The charge for each resource.
    bytes: usize,
    budget: &'c Budget,
    fields: Fields,
    schema: &'c Schema,
}

impl Step for Add<'_> {
    type Tally = ();

    fn change(&self, (): &mut (), _: usize, resource: &mut Resource) -> Result<Fate> {
        let first = self.pairs.first().map_or(Span::NONE, |(_, span, _)| *span);
        self.budget.bytes(self.bytes, first)?;
        for (key, span, new) in &self.pairs {
            let (mut added, mut shared) = (0, false);
            self.fields.visit(resource, (self.schema, self.budget), *span, &mut |mapping| {
                match mapping.get(key) {
                    Some(old) => shared |= is_shared(old),
                    None => added += 1,
                }
                mapping.set_shared_field(key, new)
            })?;
            resource.shares |= added > 1;
            if shared {
                resource.settle_shares();
            }
        }
        Ok(Fate::Stays)
    }

    fn ignores_annotations(&self) -> bool {
        self.fields.leave_annotations()
    }
}

/// The field specs of one entry of `labels`: its own, then those of the tables that it selects.
fn specs(context: &Context<'_>, label: &Label) -> Result<FieldSpecs> {
    let tables = context.configuration;
    let mut specs = label.fields.clone();
    specs.merge(tables.specs(Section::Labels))?;
    if label.include_selectors {
        specs.merge(tables.specs(Section::CommonLabels))?;
        return Ok(specs);
    }
    if label.include_templates {
        specs.merge(tables.specs(Section::TemplateLabels))?;
    }
    if label.include_volume_claim_templates {
        specs.merge(tables.specs(Section::VolumeClaimTemplateLabels))?;
    }
    let own = FieldSpec { path: "metadata/labels".into(), create: true, ..FieldSpec::default() };
    specs.merge_one(&Spanned::new(own, Span::NONE))?;
    Ok(specs)
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LabelDocument {
    labels: Pairs,
    annotations: Pairs,
    field_specs: FieldSpecs,
}

/// The pairs that a document adds, with their fields.
struct Added {
    pairs: Pairs,
    specs: FieldSpecs,
}

impl Configured for Added {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let work = add(&self.pairs, &self.specs, context.schema, context.root.budget());
        work.into_iter().collect()
    }
}
