//! Validators: transformers that read all resources and must not change any.

use super::Plugin;
use crate::error::{Code, Error, Result};
use crate::resource::{Kept, ResMap, Resource};
use crate::source::Span;
use crate::transform::{self, Context, Observer};
use crate::yaml::{self, Mapping, Node, Scalar, Tag};

/// The only label that a validator may add; it stays in the output.
const VALIDATED_BY: &str = "validated-by";

/// Runs a validator, and compares the resources before and after. Their order is ignored. Linear.
///
/// (kustomize, `api/internal/target/kusttarget.go`: `runValidators`.)
///
/// # Errors
/// Those of the validator, and [`Code::ValidatorChange`] for each resource that it changed, added or removed, except
/// for the label `validated-by`.
pub fn validate(
    plugin: &Plugin,
    context: &Context<'_>,
    resources: &mut ResMap,
    observer: Option<&mut (dyn Observer + '_)>,
) -> Result<()> {
    if plugin.program.is_some() {
        return by_program(plugin, context, resources, observer);
    }
    let before = resources.clone();
    transform::run([plugin.change(context)], resources, observer, context.threads)?;
    let mut errors = Vec::new();
    for resource in &before {
        let mut places = resources.places(resource.id());
        match (places.next().and_then(|place| resources.get(place)), places.next()) {
            (Some(after), None) if is_unchanged(resource, after, context)? => {}
            (Some(_), None) => errors.push(changed(plugin, "changed", resource)),
            // Two resources may have had this id before: the reference cannot tell them apart.
            (Some(_), Some(_)) => errors.push(changed(plugin, "may have changed", resource)),
            (None, _) => errors.push(changed(plugin, "dropped or renamed", resource)),
        }
    }
    if errors.is_empty() && before.len() != resources.len() {
        errors.extend(resources.iter().last().map(|resource| changed(plugin, "made", resource)));
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// Runs a validator that is a program. It need not print the resources: those that it leaves out count as unchanged, and if
/// it prints none of them, those that it adds are ignored.
///
/// The reference compares more than the meaning: the annotations that it sets itself, and the lines of the text. There a
/// validator that prints resources always fails.
fn by_program(
    plugin: &Plugin,
    context: &Context<'_>,
    resources: &mut ResMap,
    observer: Option<&mut (dyn Observer + '_)>,
) -> Result<()> {
    let mut after = resources.clone();
    transform::run([plugin.change(context)], &mut after, observer, context.threads)?;
    let (mut errors, mut labels, mut printed) = (Vec::new(), Vec::new(), 0);
    for (number, resource) in resources.iter().enumerate() {
        let place = after.places(resource.id()).next();
        let Some(found) = place.and_then(|place| after.get(place)) else { continue };
        printed += 1;
        let label = found.labels().find(|(key, _)| *key == VALIDATED_BY);
        let is_allowed = label.is_none() || has_labels_as_written_anew(resource, context);
        if !is_allowed || text_of(found, true)? != text_of(resource, false)? {
            errors.push(changed(plugin, "changed", resource));
        }
        labels.extend(label.map(|(_, value)| (number, value.to_owned())));
    }
    if printed > 0 && after.len() > printed {
        let made = after.iter().filter(|found| resources.places(found.id()).next().is_none());
        errors.extend(made.map(|resource| changed(plugin, "made", resource)));
    }
    for (number, label) in labels {
        let set = resources.change(number, |resource| {
            resource.edit(context.schema, |root| {
                set_label(root, &label);
                Ok(())
            })
        });
        set.unwrap_or(Ok(()))?;
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// A resource as it would be printed.
fn text_of(resource: &Resource, without_label: bool) -> Result<String> {
    let mut resource = resource.clone();
    resource.finish(Kept { origin: true, transformations: true })?;
    let mut root = resource.node().clone();
    if without_label {
        take_label(&mut root);
    }
    let mut text = String::new();
    yaml::emit(&root, &mut text)?;
    Ok(text)
}

fn set_label(root: &mut Node, value: &str) {
    let Some(metadata) = root.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    if metadata.get("labels").is_none() {
        metadata
            .push(Scalar::untagged("labels", Span::NONE), Node::mapping(Vec::new(), Span::NONE));
    }
    if let Some(labels) = metadata.get_mut("labels").and_then(Node::as_mapping_mut) {
        labels.set_string(VALIDATED_BY, value, Span::NONE, Span::NONE);
    }
}

/// True if a resource is unchanged, apart from an added label. False if it had the label before. kustomize writes all
/// labels again when it removes the label, so false too if they were written in another form: by a file, a patch or a
/// generator, before another field of `metadata`, or one by one and not sorted.
fn is_unchanged(before: &Resource, after: &Resource, context: &Context<'_>) -> Result<bool> {
    let mut node = after.annotated()?;
    if after.labels().any(|(key, _)| key == VALIDATED_BY) {
        if !has_labels_as_written_anew(before, context) {
            return Ok(false);
        }
        take_label(&mut node);
    }
    Ok(node == before.annotated()?)
}

fn has_labels_as_written_anew(resource: &Resource, context: &Context<'_>) -> bool {
    let source = |span| {
        let source = context.root.loader().sources().source_of(span);
        source.map(|source| source.id())
    };
    let metadata = resource.node().get("metadata").and_then(Node::as_mapping);
    let Some(labels) = metadata.and_then(|metadata| metadata.get("labels")) else { return true };
    let last = metadata.and_then(|metadata| metadata.entries().last());
    if last.is_none_or(|(key, _)| key.text() != "labels") {
        return false;
    }
    let entries = labels.as_mapping().map(Mapping::entries).unwrap_or_default();
    let is_new = |(key, value): &(Scalar, Node)| {
        let value = value.as_scalar();
        let style = |value: &Scalar| Scalar::new_string(value.text(), value.span()).style();
        let is_new = |value: &Scalar| value.tag() == Tag::Str && value.style() == style(value);
        key.is_untagged() && value.is_some_and(is_new)
    };
    source(labels.span()) != source(resource.node().span())
        && entries.iter().all(is_new)
        && entries.is_sorted_by(|(left, _), (right, _)| left.text() < right.text())
}

fn take_label(root: &mut Node) {
    let Some(metadata) = root.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    let Some(labels) = metadata.get_mut("labels").and_then(Node::as_mapping_mut) else { return };
    labels.remove(VALIDATED_BY);
    if labels.is_empty() {
        metadata.remove("labels");
    }
}

#[cold]
fn changed(plugin: &Plugin, what: &str, resource: &Resource) -> Error {
    let message = format!("the validator `{}` {what} `{}`", plugin.name, resource.id());
    Error::new(Code::ValidatorChange, message)
        .at(resource.span())
        .note(plugin.span, "the validator")
        .help("list under `transformers` what changes resources; a validator may only add the label `validated-by` to a resource without labels")
}
