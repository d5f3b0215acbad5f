//! Rendered YAML with comments that name the origin of objects or fields.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Shown, shown};
use crate::error::Result;
use crate::source::{Sources, Span};
use crate::text::escape::visible;
use crate::trace::{Asker, Chain, History, Step, Trace, mark_lines, settings};

/// The parts of the output that get a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Annotated {
    /// Each object: the file or generator that it comes from, and the entries that changed it.
    Objects,
    /// Each field: the place that set it.
    Fields,
}

/// The YAML of one object with comments. `text` may begin with a separator. Without the comments, the bytes are the same.
///
/// # Errors
/// Those of [`mark_lines`].
pub fn annotate(
    text: &str,
    history: &History,
    trace: &Trace,
    sources: &Sources,
    annotated: Annotated,
) -> Result<String> {
    let (separator, text) = match text.strip_prefix(SEPARATOR) {
        Some(text) => (SEPARATOR, text),
        None => ("", text),
    };
    match annotated {
        Annotated::Objects => {
            Ok(format!("{separator}{}{text}", object_comment(history, trace, sources)))
        }
        Annotated::Fields => {
            let comments = field_comments(text, history, trace, sources)?;
            let mut out = String::with_capacity(text.len() * 2);
            out.push_str(separator);
            for (number, line) in text.split_inclusive('\n').enumerate() {
                let content = line.trim_end_matches('\n');
                out.push_str(content);
                if let Some(comment) = comments.get(&number) {
                    let _ = write!(out, " # {}", visible(comment));
                }
                out.push_str(&line[content.len()..]);
            }
            Ok(out)
        }
    }
}

const SEPARATOR: &str = "---\n";

/// The comments of fields, by line.
fn field_comments(
    text: &str,
    history: &History,
    trace: &Trace,
    sources: &Sources,
) -> Result<BTreeMap<usize, String>> {
    let id = history.id();
    let marked = mark_lines(text, &Chain::of(history))?;
    let comment = |shown: &Shown| match &shown.place {
        Some(place) if shown.by == FILES => format!("{}:{}", place.file, place.line),
        Some(place) => format!("{}:{} {}", place.file, place.line, shown.by),
        None => format!("{} {}", shown.layer, shown.by),
    };
    let leaves = marked.iter().filter(|field| field.is_leaf);
    let comments = leaves.filter_map(|field| {
        let settings = settings(trace, &field.path, &field.chain, sources);
        let shown = shown(trace, &id, &field.path, settings.first()?, sources);
        Some((field.last, comment(&shown)))
    });
    Ok(comments.collect())
}

/// The field whose entries are files and bases.
const FILES: &str = "resources";

/// The comment of an object: `# base/web.yaml:1; changed by base: labels[0]; overlays/prod: namespace, patches[0]`.
fn object_comment(history: &History, trace: &Trace, sources: &Sources) -> String {
    let mut steps = history.versions.iter().filter_map(|version| trace.step(version.step));
    let Some(first) = steps.next() else { return String::new() };
    let mut comment = origin(first, history, sources);
    let mut layer = None;
    for step in steps.filter(|step| step.asked != Asker::End("bookkeeping")) {
        let entry = step.by(None);
        let words = match layer {
            Some(layer) if layer == step.layer => String::from(","),
            Some(_) => format!("; {}:", step.layer),
            None => format!("; changed by {}:", step.layer),
        };
        let _ = write!(comment, "{words} {entry}");
        layer = Some(step.layer.as_str());
    }
    format!("# {}\n", visible(&comment))
}

/// The file and line of an object, or the generator that made it.
fn origin(step: &Step, history: &History, sources: &Sources) -> String {
    let place = |span: Span| {
        let place = sources.locate(span)?;
        Some(format!("{}:{}", place.source.name(), place.line))
    };
    let node = history.versions.first().map_or(Span::NONE, |version| version.node.span());
    match place(node) {
        Some(place) if step.asked == Asker::Field(FILES) => place,
        _ => {
            let place = place(step.span).unwrap_or_else(|| step.layer.clone());
            format!("{place} {}", step.by(None))
        }
    }
}
