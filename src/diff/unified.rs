//! Reviews as a unified diff of the renders of each target.

use std::fmt::Write as _;

use similar::{Algorithm, ChangeTag, DiffTag, TextDiff};

use super::group::Review;
use super::headline::told;
use super::outline::visible;
use super::{Status, TargetReview};
use crate::yaml::Node;

/// Writes a review as a unified diff with three lines of context. A target is a file, and the heading of a hunk names
/// its object. Requires [`Options::renders`](super::Options::renders).
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
    out
}

fn one(target: &TargetReview, out: &mut String) {
    let [(before, old_starts), (after, new_starts)] =
        [0, 1].map(|side| render(&target.renders[side]));
    let difference =
        TextDiff::configure().algorithm(Algorithm::Myers).diff_lines(&*before, &*after);
    let name = visible(&target.name);
    let file = |side: &str, is_there: bool| match is_there {
        true if name.ends_with(".yaml") || name.ends_with(".yml") => format!("{side}/{name}"),
        true => format!("{side}/{name}.yaml"),
        false => "/dev/null".to_owned(),
    };
    let _ = writeln!(out, "--- {}", file("a", target.status != Status::Added));
    let _ = writeln!(out, "+++ {}", file("b", target.status != Status::Removed));
    for hunk in difference.unified_diff().context_radius(3).iter_hunks() {
        let header = hunk.header().to_string();
        let first = hunk.ops().iter().find(|operation| operation.tag() != DiffTag::Equal);
        // A hunk with only removed lines has no line after the change.
        let (starts, line) = match first {
            Some(gone) if gone.tag() == DiffTag::Delete => (&old_starts, gone.old_range().start),
            first => (&new_starts, first.map_or(0, |operation| operation.new_range().start)),
        };
        let title =
            starts.iter().rev().find(|(start, _)| *start <= line).map_or("", |(_, title)| title);
        let _ = writeln!(out, "{}", format!("{header} {title}").trim_end());
        for change in hunk.iter_changes() {
            let mark = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let _ = writeln!(out, "{mark}{}", visible(change.value().trim_end_matches('\n')));
        }
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
        let document = format!("{separator}{}\n", super::text_of(node));
        lines += document.lines().count();
        text += &document;
    }
    (text, starts)
}
