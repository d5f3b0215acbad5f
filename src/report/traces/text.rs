//! Traces as text: under the value that counts, the values that it replaced.

use std::fmt::Write as _;

use super::{Field, Shown, counts_by_layer};
use crate::source::Sources;
use crate::text::escape::{for_log, visible};
use crate::text::phrase::counted;
use crate::trace::Trace;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// Fields with all their values, grouped by object, in colour. The caller removes the colours if they are not supported.
#[must_use]
pub fn text(fields: &[Field]) -> String {
    let mut out = String::new();
    let mut last = None;
    let widths = Widths::of(fields.iter().flat_map(|field| &field.values));
    for field in fields {
        if last != Some(&field.object) {
            if last.is_some() {
                out.push('\n');
            }
            title(field, &mut out);
            last = Some(&field.object);
        }
        write_field(field, &widths, &mut out);
    }
    for_log(&out).into_owned()
}

fn title(field: &Field, out: &mut String) {
    let object = &field.object;
    let gone = if object.is_rendered { "" } else { ", not rendered" };
    let title = format!("{} ({}{gone})", object.title(), object.api_version);
    let _ = writeln!(out, "{BOLD}{}{RESET}", visible(&title));
}

fn write_field(field: &Field, widths: &Widths, out: &mut String) {
    let path = if field.path.is_empty() { "the object" } else { &field.path };
    let value = match field.values.first() {
        Some(Shown { json: Some(_), text, .. }) => text.as_str(),
        _ => "removed",
    };
    let _ = writeln!(out, "  {}: {BOLD}{}{RESET}", visible(path), visible(value));
    for (place, shown) in field.values.iter().enumerate() {
        let is_first = place + 1 == field.values.len();
        let word = match (place, &shown.json) {
            (_, None) => "removed by".to_owned(),
            _ if field.path.is_empty() && is_first => "from".to_owned(),
            _ if field.path.is_empty() => "changed by".to_owned(),
            (0, Some(_)) => "set by".to_owned(),
            _ => format!("was {}", shown.text),
        };
        let line = widths.line(&word, shown);
        let (on, off) = if place == 0 { ("", "") } else { (DIM, RESET) };
        let _ = writeln!(out, "    {on}{}{off}", visible(&line));
    }
}

/// The widths of columns.
#[derive(Default)]
struct Widths {
    word: usize,
    layer: usize,
    by: usize,
}

/// Above this width in characters, a cell does not widen its column.
const WIDEST: usize = 40;

impl Widths {
    fn of<'s>(all: impl Iterator<Item = &'s Shown>) -> Self {
        let mut widths = Self { word: "removed by".len(), ..Self::default() };
        let widen = |width: &mut usize, text: usize| {
            if text <= WIDEST {
                *width = (*width).max(text);
            }
        };
        for shown in all {
            widen(&mut widths.word, "was ".len() + shown.text.chars().count());
            widen(&mut widths.layer, shown.layer.chars().count());
            widen(&mut widths.by, shown.by.chars().count());
        }
        widths
    }

    fn line(&self, word: &str, shown: &Shown) -> String {
        let Self { word: first, layer, by } = self;
        let place = shown.place.as_ref().map(ToString::to_string).unwrap_or_default();
        let line = format!("{word:<first$}  {:<layer$}  {:<by$}  {place}", shown.layer, shown.by);
        line.trim_end().to_owned()
    }
}

/// The fields of one object, grouped by the layer that set them: the outermost layer first.
#[must_use]
pub fn object(fields: &[Field], order: &[String]) -> String {
    let mut out = String::new();
    if let Some(field) = fields.first() {
        title(field, &mut out);
    }
    let mut layers: Vec<&str> = Vec::new();
    for field in fields {
        let layer = field.last().map(|shown| shown.layer.as_str()).unwrap_or_default();
        if !layers.contains(&layer) {
            layers.push(layer);
        }
    }
    // Layers that come later in the build are further out.
    layers.sort_by_key(|layer| std::cmp::Reverse(order.iter().position(|known| known == layer)));
    for layer in layers {
        let of_layer: Vec<&Field> = fields
            .iter()
            .filter(|field| field.last().is_some_and(|shown| shown.layer == layer))
            .collect();
        let count = counted(of_layer.len(), "field");
        let _ = writeln!(out, "  {BOLD}{}{RESET} sets {count}", visible(layer));
        let width = |of: fn(&Field) -> usize| {
            of_layer.iter().map(|field| of(field)).filter(|width| *width <= 2 * WIDEST).max()
        };
        let path = width(|field| field.path.chars().count()).unwrap_or_default();
        let value = width(|field| value_of(field).chars().count()).unwrap_or_default();
        let by = width(|field| field.last().map_or(0, |shown| shown.by.chars().count()));
        let by = by.unwrap_or_default();
        for field in of_layer {
            let Some(last) = field.last() else { continue };
            let place = last.place.as_ref().map(ToString::to_string).unwrap_or_default();
            let was = field.values.get(1).map(|was| format!("  was {}", was.text));
            let line = format!(
                "    {:<path$}  {:<value$}  {:<by$}  {place}",
                field.path,
                value_of(field),
                last.by,
            );
            let (line, was) = (line.trim_end(), was.unwrap_or_default());
            let _ = writeln!(out, "{}{DIM}{}{RESET}", visible(line), visible(&was));
        }
    }
    for_log(&out).into_owned()
}

/// The value that is rendered.
fn value_of(field: &Field) -> &str {
    match field.last() {
        Some(Shown { json: Some(_), text, .. }) => text,
        _ => "removed",
    }
}

/// All objects of a build: how many of their fields each layer sets, and those that were removed.
#[must_use]
pub fn overview(trace: &Trace, sources: &Sources) -> String {
    let mut out = String::new();
    let names: Vec<(String, String)> = trace
        .resources
        .iter()
        .map(|resource| {
            let name = super::ObjectName::of(resource.id(), true).title();
            let counts = counts_by_layer(trace, resource, sources);
            let counts = counts.iter().map(|(layer, count)| format!("{layer} {count}"));
            (name, counts.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let width = names.iter().map(|(name, _)| name.chars().count()).filter(|width| *width <= 60);
    let width = width.max().unwrap_or_default();
    for (name, counts) in names {
        let _ = writeln!(out, "{}", visible(&format!("{name:<width$}  {counts}")));
    }
    for history in trace.removed() {
        let name = super::ObjectName::of(&history.id(), false).title();
        let step = history.gone.and_then(|step| trace.step(step));
        let by = step.map(|step| format!("removed by {} {}", step.layer, step.by(None)));
        let line = format!("{name:<width$}  {}", by.unwrap_or_default());
        let _ = writeln!(out, "{DIM}{}{RESET}", visible(&line));
    }
    for_log(&out).into_owned()
}
