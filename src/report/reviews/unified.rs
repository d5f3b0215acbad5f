//! Reviews as a unified diff of the renders of each target.

use std::fmt::Write as _;
use std::ops::Range;

use super::headline::told;
use super::words::visible;
use crate::diff::lines::{Hunk, Mark, hunks};
use crate::diff::{Review, Status, TargetReview, text_of};
use crate::text::escape::for_log;
use crate::yaml::Node;

/// Writes a review as a unified diff with three lines of context. A target is a file, and the heading of a hunk names
/// its object. Requires [`Options::renders`](crate::diff::Options::renders).
#[must_use]
pub fn write(review: &Review) -> String {
    let mut out = String::new();
    for target in &review.targets {
        if let Status::Failed(failures) = &target.status {
            for (when, failure) in told(failures) {
                // Readers of diffs ignore text outside of files. Writing to a `String` cannot fail.
                let (name, failure) = (visible(&target.name), visible(&failure.to_string()));
                let _ = writeln!(out, "{name} cannot be rendered {when}: {failure}");
            }
        } else if !target.objects.is_empty() {
            one(target, &mut out);
        }
    }
    for_log(&out).into_owned()
}

fn one(target: &TargetReview, out: &mut String) {
    let [(before, old_starts), (after, new_starts)] =
        [0, 1].map(|side| render(&target.renders[side]));
    let name = visible(&target.name);
    let file = |side: &str, is_there: bool| match is_there {
        true if name.ends_with(".yaml") || name.ends_with(".yml") => format!("{side}/{name}"),
        true => format!("{side}/{name}.yaml"),
        false => "/dev/null".to_owned(),
    };
    let _ = writeln!(out, "--- {}", file("a", target.status != Status::Added));
    let _ = writeln!(out, "+++ {}", file("b", target.status != Status::Removed));
    for Hunk { before, after, lines } in hunks(&before, &after, 3) {
        let above = lines.iter().take_while(|(mark, _)| *mark == Mark::Same).count();
        let mut changed = lines[above..].iter().take_while(|(mark, _)| *mark != Mark::Same);
        // A hunk with only removed lines has no line after the change.
        let (starts, line) = match changed.all(|(mark, _)| *mark == Mark::Removed) {
            true => (&old_starts, before.start + above),
            false => (&new_starts, after.start + above),
        };
        let title =
            starts.iter().rev().find(|(start, _)| *start <= line).map_or("", |(_, title)| title);
        let header = format!("@@ -{} +{} @@ {title}", range(&before), range(&after));
        let _ = writeln!(out, "{}", header.trim_end());
        for (mark, line) in &lines {
            let _ = writeln!(out, "{}{}", mark.symbol(), visible(line));
        }
    }
}

/// Lines in the header of a hunk: the first one, counted from 1, and their number unless it is 1. An empty range has
/// the number of the line before it.
fn range(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        number => format!("{},{number}", lines.start + 1),
    }
}

/// The text of a render, and the first line of each object.
fn render(nodes: &[Node]) -> (String, Vec<(usize, String)>) {
    let (mut text, mut starts) = (String::new(), Vec::new());
    let mut lines = 0;
    for node in nodes {
        let field = |node: &Node, key: &str| {
            node.get(key).and_then(Node::as_text).unwrap_or_default().to_owned()
        };
        let name = node.get("metadata").map(|metadata| field(metadata, "name")).unwrap_or_default();
        let separator = if text.is_empty() { "" } else { "---\n" };
        starts.push((lines, visible(&format!("{} {name}", field(node, "kind")))));
        let document = format!("{separator}{}\n", text_of(node));
        lines += document.lines().count();
        text += &document;
    }
    (text, starts)
}
