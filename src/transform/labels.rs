//! `labels:` and `commonLabels:` add labels, and `commonAnnotations:` annotations.

use super::fields::{Fields, is_shared};
use super::{Context, Create};
use crate::config::{FieldSpec, FieldSpecs, Label, Pairs};
use crate::error::{Code, Error, Result};
use crate::resource::ResMap;
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::de::Spanned;
use crate::yaml::{Node, Share, Tag, Text};

/// Adds labels: each entry of `labels`, then `commonLabels`. Linear in resources times labels.
///
/// (kustomize, `api/internal/target/kusttarget_configplugin.go`, `api/filters/labels`.)
///
/// # Errors
/// [`Code::InvalidType`] where labels would go into what is no mapping, and
/// [`Code::InvalidValue`] for field specs that contradict each other.
pub(super) fn labels(context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
    for label in &context.kustomization.labels {
        let specs = specs(context, label).map_err(|error| error.at(label.span))?;
        if label.pairs.is_empty() {
            context.effects.idle(|| {
                Error::new(Code::NoEffect, "found an entry of `labels` without `pairs`")
                    .at(label.span)
                    .help("say which labels to add: `pairs: {team: shop}`")
            });
        }
        add(&label.pairs, &specs, resources, context.schema)?;
    }
    add(
        &context.kustomization.common_labels,
        &context.configuration.common_labels,
        resources,
        context.schema,
    )
}

/// Adds annotations. Linear in resources times annotations.
///
/// (kustomize, `api/filters/annotations`.)
///
/// # Errors
/// As [`labels`].
pub(super) fn annotations(context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
    let specs = &context.configuration.common_annotations;
    add(&context.kustomization.common_annotations, specs, resources, context.schema)
}

/// Sets every pair in every mapping that the specs name. All that are new are one value.
pub(crate) fn add(
    pairs: &Pairs,
    specs: &FieldSpecs,
    resources: &mut ResMap,
    schema: &Schema,
) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let fields = Fields::new(specs.iter().map(|spec| &spec.value), Create::Mapping);
    let new =
        |value: &Spanned<Text>| Node::new_field(value, Tag::Str, value.span, Share::of(value.span));
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key, value.span, new(value))).collect();
    for resource in resources.iter_mut() {
        for (key, span, new) in &pairs {
            let (mut added, mut shared) = (0, false);
            fields.visit(resource, schema, *span, &mut |mapping| {
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
    }
    Ok(())
}

/// The fields of one entry of `labels`: its own ones, then those of the tables that it asks for.
fn specs(context: &Context<'_>, label: &Label) -> Result<FieldSpecs> {
    let tables = context.configuration;
    let mut specs = label.fields.clone();
    specs.merge(&tables.labels)?;
    if label.include_selectors {
        specs.merge(&tables.common_labels)?;
        return Ok(specs);
    }
    if label.include_templates {
        specs.merge(&tables.template_labels)?;
    }
    if label.include_volume_claim_templates {
        specs.merge(&tables.volume_claim_template_labels)?;
    }
    let own = FieldSpec { path: "metadata/labels".into(), create: true, ..FieldSpec::default() };
    specs.merge_one(&Spanned::new(own, Span::NONE))?;
    Ok(specs)
}
