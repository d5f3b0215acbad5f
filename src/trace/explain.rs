//! Errors in merged results: the layers that met there.

use std::collections::BTreeSet;

use super::{Chain, FieldPath, FieldQuery, History, Segment, Setting, Trace, settings};
use crate::error::{Code, Error};
use crate::source::{Sources, Span};
use crate::yaml::{Kind, Node, Scalar};

/// Adds to each error of a build the layers that met where it occurred: the values that the wrong one replaced, or the
/// entry that removed a field which a JSON patch expects. `trace` is that of the build until it failed.
///
/// The cost is a walk over the states of all objects for each of the first few errors.
#[must_use]
pub fn explain(error: Error, trace: &Trace, sources: &Sources) -> Error {
    let each = error.clone().into_each().into_iter().enumerate();
    let each = each.map(|(number, error)| match number < MOST {
        true => explain_one(error, trace, sources),
        false => error,
    });
    Error::all(each).unwrap_or(error)
}

/// True if an error may concern a merged result: it has a place, and the files could be read.
#[must_use]
pub fn may_explain(error: &Error) -> bool {
    let is_about_result = |error: &Error| {
        matches!(
            error.code(),
            Code::PatchPathNotFound
                | Code::PatchTestFailed
                | Code::PatchConflict
                | Code::InvalidType
                | Code::InvalidValue
                | Code::DuplicateKey
                | Code::InvalidKey
                | Code::UnrepresentableValue
                | Code::MissingName
                | Code::NoEffect
        )
    };
    !error.is_spent() && error.iter().any(is_about_result)
}

/// The maximum number of errors that are explained: people mend the first ones.
const MOST: usize = 10;

/// The maximum number of earlier values that a message shows.
const MOST_VALUES: usize = 3;

fn explain_one(error: Error, trace: &Trace, sources: &Sources) -> Error {
    if error.span().is_none() {
        return error;
    }
    if error.code() == Code::PatchPathNotFound {
        return match removed(trace, error.span(), sources) {
            Some((span, words)) => error.note(span, words),
            None => error,
        };
    }
    let Some((history, path, chain)) = find(trace, error.span()) else { return error };
    let settings = settings(trace, &path, &chain, sources);
    let layer = |setting: &Setting<'_>| trace.step(setting.step).map(|step| step.layer.as_str());
    let layers: BTreeSet<_> = settings.iter().filter_map(layer).collect();
    if layers.len() < 2 {
        return error;
    }
    let known: BTreeSet<Span> = error.notes().iter().map(|note| note.span).collect();
    let place = error.span();
    let is_other = |setting: &&Setting<'_>| setting.span != place && !known.contains(&setting.span);
    let earlier = settings.iter().filter(is_other);
    let id = history.id();
    let object = format!("{}/{}", id.gvk.kind, id.name.as_str());
    earlier.take(MOST_VALUES).fold(error, |error, setting| {
        let Some(step) = trace.step(setting.step) else { return error };
        let (layer, by) = (&step.layer, step.by(setting.follows.as_ref()));
        error.note(setting.span, format!("before, `{layer}` ({by}) set it in {object}"))
    })
}

/// The object with a node of this span, and its path there with the states.
fn find(trace: &Trace, span: Span) -> Option<(&History, FieldPath, Chain<'_>)> {
    trace.histories.iter().find_map(|history| {
        let last = history.versions.last()?;
        let path = path_of(&last.node, span)?;
        let mut chain = Chain::of(history);
        for segment in path.segments() {
            chain = match segment {
                Segment::Key(key) => chain.key(key),
                Segment::Element(index, _) => chain.element(*index),
            };
        }
        Some((history, path, chain))
    })
}

/// The path of the first node with this span. A key has that of its value.
fn path_of(root: &Node, span: Span) -> Option<FieldPath> {
    let mut pending = vec![(root, FieldPath::default())];
    while let Some((node, path)) = pending.pop() {
        if node.span() == span {
            return Some(path);
        }
        match node.kind() {
            Kind::Scalar => {}
            Kind::Mapping => {
                let entries = node.entries().iter().rev();
                let below = |key: &Scalar| path.with(Segment::Key(key.shared_text().clone()));
                pending.extend(entries.map(|(key, value)| (value, below(key))));
            }
            Kind::Sequence => {
                let items = node.items().iter().zip(Segment::of_elements(node)).rev();
                pending.extend(items.map(|(item, segment)| (item, path.with(segment))));
            }
        }
    }
    None
}

/// The step that removed the field at the JSON pointer of a span, if there is only one such object.
fn removed(trace: &Trace, span: Span, sources: &Sources) -> Option<(Span, String)> {
    let (source, range) = sources.written(span)?;
    let pointer = source.text().get(range)?.trim_matches(['"', '\'']);
    if !pointer.starts_with('/') {
        return None;
    }
    let query = FieldQuery::new(pointer);
    let mut found = trace.histories.iter().flat_map(|history| {
        let fields = query.find(Chain::of(history)).into_iter();
        let gone = fields.filter(|(_, chain)| chain.value().is_none());
        gone.map(move |(path, chain)| (history, path, chain))
    });
    let (history, path, chain) = found.next().filter(|_| found.next().is_none())?;
    let setting = settings(trace, &path, &chain, sources).into_iter().next()?;
    let step = trace.step(setting.step)?;
    let (id, layer, by) = (history.id(), &step.layer, step.by(None));
    let object = format!("{}/{}", id.gvk.kind, id.name.as_str());
    Some((setting.span, format!("`{layer}` ({by}) removed it from {object} before")))
}
