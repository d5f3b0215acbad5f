//! The graph as text: trees for a terminal of 80 columns.

use super::words::{effect, label, name, objects};
use crate::graph::{Entry, Graph, LeadsTo, Target};
use crate::text::escape::{for_log, visible};

/// The width that lines are kept to where names allow.
const WIDTH: usize = 80;
/// The number of unused files that are listed.
const UNUSED: usize = 20;

/// Draws the targets as trees, and lists the unused files. Linear in the number of entries.
#[must_use]
pub fn text(graph: &Graph) -> String {
    let mut drawn = vec![false; graph.layers.len()];
    let mut out = String::new();
    for target in &graph.targets {
        if !out.is_empty() {
            out.push('\n');
        }
        lines(graph, target, &mut drawn).write(&mut out);
    }
    match &*graph.unused {
        [] => {}
        [file] => out.extend(["\nunused file: ", &*visible(file), "\n"]),
        files => {
            out.push_str("\nunused files:\n");
            for file in files.iter().take(UNUSED) {
                out.extend(["  ", &*visible(file), "\n"]);
            }
            if let Some(more) = files.len().checked_sub(UNUSED).filter(|more| *more > 0) {
                out.extend(["  and ", &*more.to_string(), " more\n"]);
            }
        }
    }
    for_log(&out).into_owned()
}

/// The lines of a tree.
#[derive(Default)]
struct Lines(Vec<Line>);

struct Line {
    /// The branches before the name.
    branches: String,
    name: String,
    counts: String,
    /// The branches of a further line below this one.
    below: String,
}

/// The lines of a target.
fn lines(graph: &Graph, target: &Target, drawn: &mut [bool]) -> Lines {
    let mut lines = Lines::default();
    let Some(layer) = graph.layers.get(target.layer) else { return lines };
    let mut pending: Vec<Pending<'_>> = Vec::new();
    let entries = layer.entries.iter().map(|entry| (entry, "")).collect();
    let all = with_ending(entries, target);
    let below = if all.is_empty() { "" } else { "│   " }.to_owned();
    let (branches, counts) = (String::new(), objects(target.objects));
    lines.0.push(Line { branches, name: name(layer), counts, below });
    if let Some(drawn) = drawn.get_mut(target.layer) {
        *drawn = true;
    }
    push(all, "", &mut pending);
    while let Some(Pending { entry, at_end, before, is_last }) = pending.pop() {
        let branches = format!("{before}{}", if is_last { "└── " } else { "├── " });
        let mut below = format!("{before}{}", if is_last { "    " } else { "│   " });
        let mut counts = effect(entry);
        let mut name = format!("{at_end}{}", label(entry));
        if let LeadsTo::Layer(number) = entry.leads_to
            && let Some(layer) = graph.layers.get(number)
        {
            if layer.is_component && entry.field != "components" {
                name.push_str(" (component)");
            }
            let is_again =
                drawn.get_mut(number).is_some_and(|drawn| std::mem::replace(drawn, true));
            if is_again {
                counts.push_str(if counts.is_empty() { "see above" } else { " (see above)" });
            } else {
                push(layer.entries.iter().map(|entry| (entry, "")).collect(), &below, &mut pending);
                if !layer.entries.is_empty() {
                    below.push_str("│   ");
                }
            }
        }
        lines.0.push(Line { branches, name, counts, below });
    }
    lines
}

/// Adds the steps at the end of a build.
fn with_ending<'g>(
    mut entries: Vec<(&'g Entry, &'static str)>,
    target: &'g Target,
) -> Vec<(&'g Entry, &'static str)> {
    entries.extend(target.ending.iter().map(|entry| (entry, "at the end: ")));
    entries
}

/// An entry to draw.
struct Pending<'g> {
    entry: &'g Entry,
    /// The words before its name.
    at_end: &'static str,
    before: String,
    is_last: bool,
}

/// Puts entries in front of those that are to be drawn.
fn push<'g>(entries: Vec<(&'g Entry, &'static str)>, before: &str, pending: &mut Vec<Pending<'g>>) {
    let mut is_last = true;
    for (entry, at_end) in entries.into_iter().rev() {
        pending.push(Pending { entry, at_end, before: before.to_owned(), is_last });
        is_last = false;
    }
}

impl Lines {
    /// Writes the lines, their counts below each other. Those behind a long name follow it, or stand on a line of their own.
    fn write(&self, out: &mut String) {
        let widths: Vec<(usize, usize)> = self.0.iter().map(Line::widths).collect();
        let column = column(&widths);
        for (line, (name, counts)) in self.0.iter().zip(widths) {
            out.extend([&*line.branches, &line.name]);
            if counts > 0 {
                let gap = if name + 2 <= column {
                    column - name
                } else if name + 2 + counts <= WIDTH {
                    2
                } else {
                    out.extend(["\n", &line.below]);
                    column.saturating_sub(length(&line.below)).max(2)
                };
                out.extend(std::iter::repeat_n(' ', gap));
                out.push_str(&line.counts);
            }
            out.push('\n');
        }
    }
}

impl Line {
    /// The widths of the part up to the name, and of the counts.
    fn widths(&self) -> (usize, usize) {
        (length(&self.branches) + length(&self.name), length(&self.counts))
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// The column at which the counts of most lines can begin.
fn column(widths: &[(usize, usize)]) -> usize {
    let fits = |column: usize| {
        widths
            .iter()
            .filter(|(name, counts)| name + 2 <= column && column + counts <= WIDTH)
            .count()
    };
    let columns = widths.iter().map(|(name, _)| name + 2).filter(|column| *column <= WIDTH);
    columns.max_by_key(|&column| (fits(column), std::cmp::Reverse(column))).unwrap_or(2)
}
