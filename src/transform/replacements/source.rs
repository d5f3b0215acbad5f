//! The source of a replacement: it selects a resource and reads the value.

use super::index::Index;
use super::names::{blocked, reach_annotations, with_points};
use super::no_source::{ambiguous, not_found};
use crate::config::{FieldOptions, Replacement, SourceSelector};
use crate::error::{Code, Error, Result};
use crate::resource::{ResId, ResMap, Resource};
use crate::schema::Gvk;
use crate::source::{Sources, Span};
use crate::yaml::de::Spanned;
use crate::yaml::path::{self, ValuePath};
use crate::yaml::{Node, Scalar, Text};

/// The field path if none is given.
pub(super) const DEFAULT_FIELD: &str = "metadata.name";

/// The value of a replacement. If it is the whole value of a field, a target that changes this field changes the value
/// for the targets after it.
pub(super) struct Origin {
    value: Node,
    field: Option<SourceField>,
}

struct SourceField {
    resource: usize,
    way: Vec<usize>,
    in_annotations: bool,
}

impl Origin {
    /// Finds the value of a replacement.
    pub(super) fn find(
        replacement: &Replacement,
        resources: &ResMap,
        index: &Index,
        sources: &Sources,
    ) -> Result<Self> {
        let Some(source) = &replacement.source else {
            let (text, span) = replacement
                .source_value
                .as_ref()
                .map_or(("", Span::NONE), |value| (value.as_str(), value.span));
            return Ok(Self { value: Scalar::untagged(text, span).into(), field: None });
        };
        let place = place_of(source, resources, index).map_err(|error| error.at(source.span))?;
        let Some(resource) = resources.get(place) else {
            return Err(not_found(source, resources, index));
        };
        let (text, span) = match source.field_path.as_str() {
            "" => (DEFAULT_FIELD, source.span),
            text => (text, source.field_path.span),
        };
        let names = path::split_bracketed(text);
        let in_annotations = reach_annotations(&names);
        let annotated = if in_annotations { Some(resource.annotated()?) } else { None };
        let root = annotated.as_ref().unwrap_or(resource.node());
        let found = ValuePath::of_names(&names)
            .and_then(|path| path.find(root))
            .map_err(|error| blocked(&error, text, span).note(resource.span(), "the source"))?;
        let Some((node, way)) = found.filter(|(node, _)| !node.is_empty()) else {
            return Err(no_field(text, span, &names, resource));
        };
        let part = source.options.as_ref().filter(|options| !options.delimiter.is_empty());
        match part {
            Some(options) => {
                let part = part_of(node, options, span)?;
                if let (Some(value), Some(part)) = (node.as_text(), part.as_text()) {
                    sources.keep_part(value, part);
                }
                Ok(Self { value: part, field: None })
            }
            None => Ok(Self {
                value: node.clone(),
                field: Some(SourceField { resource: place, way, in_annotations }),
            }),
        }
    }

    /// The current value.
    pub(super) const fn value(&self) -> &Node {
        &self.value
    }

    /// True if the value is a field of the resource at this position.
    pub(super) fn is_in(&self, place: usize) -> bool {
        self.field.as_ref().is_some_and(|field| field.resource == place)
    }

    /// True if the value is in annotations that exist only during a build.
    pub(super) fn is_in_annotations(&self, place: usize) -> bool {
        self.field.as_ref().is_some_and(|field| field.resource == place && field.in_annotations)
    }

    /// Reads the value again after a change of its resource at a path. If a collection around the field was replaced,
    /// the old value is kept.
    pub(super) fn refresh(&mut self, root: &Node, changed: &[usize]) {
        let Some(field) = &self.field else { return };
        let is_around = changed.len() < field.way.len() && field.way.starts_with(changed);
        let now = root.at(&field.way);
        match now {
            Some(node) if !is_around || changed.is_empty() => self.value = node.clone(),
            _ => self.field = None,
        }
    }
}

/// The position of the one resource that has, or had, an id that a source selects.
fn place_of(source: &SourceSelector, resources: &ResMap, index: &Index) -> Result<usize> {
    let given = |part: &'_ Spanned<Text>| (!part.is_empty()).then(|| part.as_str().to_owned());
    let (name, kind) = (given(&source.name), given(&source.kind));
    let selector = selector_of(source);
    let places = index.places(name.as_deref(), kind.as_deref());
    let mut matches = places.iter().filter(|&&place| {
        resources.get(place).is_some_and(|resource| is_selected(resource, &selector))
    });
    let Some(&first) = matches.next() else { return Err(not_found(source, resources, index)) };
    let Some(&second) = matches.next() else { return Ok(first) };
    match (resources.get(first), resources.get(second)) {
        (Some(one), Some(other)) => Err(ambiguous(source, [one, other])),
        _ => Ok(first),
    }
}

fn selector_of(source: &SourceSelector) -> ResId {
    let text = |part: &Spanned<Text>| part.value.clone();
    ResId {
        gvk: Gvk {
            group: text(&source.group),
            version: text(&source.version),
            kind: text(&source.kind),
        },
        name: text(&source.name),
        namespace: text(&source.namespace),
        cluster_scoped: false,
    }
}

/// True if a source selects the current id or a previous id of a resource. Here all kinds count as namespaced.
fn is_selected(resource: &Resource, selector: &ResId) -> bool {
    let current = ResId { cluster_scoped: false, ..resource.id().clone() };
    current.is_selected_by(selector)
        || resource.names().previous_ids().any(|id| id.is_selected_by(selector))
}

#[cold]
fn no_field(text: &str, span: Span, names: &[String], resource: &Resource) -> Error {
    let mut node = resource.node();
    let mut error = Error::new(
        Code::ReplacementFieldNotFound,
        format!("the source `{}` has no value at `{text}`", resource.id()),
    )
    .at(span)
    .note(resource.span(), "the source");
    if let Some(path) = with_points(text) {
        return error.help(format!("names are separated by points: `{path}`"));
    }
    for name in names {
        let found = path::position(name.trim(), node);
        match found.ok().flatten().and_then(|position| node.child(position)) {
            Some(next) => node = next,
            None => {
                let keys = || {
                    let mapping = node.as_mapping().into_iter();
                    mapping.flat_map(|mapping| mapping.iter()).map(|(key, _)| key.text())
                };
                error = error.did_you_mean(name, keys());
                if error.helps().is_empty() {
                    error = error.help(what_is_there(node, keys()));
                }
                break;
            }
        }
    }
    error
}

/// Help text with the names or indices that can follow at a node.
fn what_is_there<'a>(node: &Node, keys: impl Iterator<Item = &'a str>) -> String {
    match node.as_sequence().map(|list| list.items().len()) {
        Some(0) => return "the list there is empty".to_owned(),
        Some(1) => return "the list there has one element: `0`".to_owned(),
        Some(length) => return format!("the list there has the elements `0` to `{}`", length - 1),
        None => {}
    }
    let mut keys: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
    let rest = keys.len().saturating_sub(8);
    keys.truncate(8);
    if rest > 0 {
        keys.push(format!("{rest} more"));
    }
    match keys.is_empty() {
        true => "the path ends before this: nothing is below".to_owned(),
        false => format!("the keys there are {}", keys.join(", ")),
    }
}

/// One part of a text, split by the delimiter.
fn part_of(node: &Node, options: &FieldOptions, span: Span) -> Result<Node> {
    let Some(scalar) = node.as_scalar() else { return Err(no_text(node, options.delimiter.span)) };
    let mut parts = scalar.text().split(options.delimiter.as_str());
    let index = options.index.value;
    let part = usize::try_from(index).ok().and_then(|index| parts.nth(index));
    let Some(part) = part else {
        let count = scalar.text().split(options.delimiter.as_str()).count();
        let delimiter = &*options.delimiter;
        let error = match count {
            1 => Error::new(
                Code::InvalidValue,
                format!("found the index {index}, and a value without `{delimiter}`"),
            )
            .help("the only index is 0, for the whole value"),
            _ => Error::new(
                Code::InvalidValue,
                format!("found the index {index}, and {count} parts between `{delimiter}`"),
            )
            .help(format!("the index is one of 0 to {}", count - 1)),
        };
        return Err(error
            .at(options.index.span)
            .at(options.delimiter.span)
            .note(scalar.span(), "the value of the source"));
    };
    Ok(scalar.with_text(part, span).into())
}

/// The error for a `delimiter` on a node that is not text.
#[cold]
pub(super) fn no_text(node: &Node, span: Span) -> Error {
    Error::new(
        Code::InvalidType,
        format!("found {} where `delimiter` asks for parts of a text", node.kind()),
    )
    .at(span)
    .note(node.span(), "what is found")
    .help("remove `delimiter`, or give the path of a scalar")
}
