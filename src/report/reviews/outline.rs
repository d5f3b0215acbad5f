//! Differences of one object as lines.

use super::words::visible;
use crate::diff::lines::{Hunk, Mark, hunks};
use crate::diff::{Change, Object, Path, What, text_of};
use crate::yaml::Node;

/// A line of an outline.
pub(super) enum Line {
    /// The common path of the lines below it.
    Parent(String),
    /// A short value before and after.
    Changed { path: String, before: String, after: String, depth: usize },
    /// Title of a field of several lines, or of a new one.
    Field { mark: Mark, path: String, depth: usize },
    /// A line of a value: removed, added or unchanged.
    Value { mark: Mark, text: String, depth: usize },
    /// A remark about the lines above.
    Note { text: String, depth: usize },
}

/// The extent of an outline.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Maximum number of lines of a value.
    pub(super) most: usize,
    /// True if it has the fields of removed objects.
    pub(super) has_removed: bool,
}

impl Extent {
    /// An outline that is read from top to bottom.
    pub(super) const BRIEF: Self = Self { most: 24, has_removed: false };
}

/// The lines that show the difference of an object.
pub(super) fn lines(object: &Object, extent: Extent) -> Vec<Line> {
    let mut outline = Outline { lines: Vec::new(), most: extent.most };
    match &object.nodes {
        [None, Some(node)] => outline.body(Mark::Added, node),
        [Some(node), None] if extent.has_removed => outline.body(Mark::Removed, node),
        [Some(_), None] => {}
        _ => outline.changes(&object.changes),
    }
    outline.lines
}

/// Remarks about fields that only follow a new name.
pub(super) fn follows(changes: &[Change]) -> Vec<String> {
    let mut follows: Vec<&String> =
        changes.iter().filter_map(|change| change.follows.as_ref()).collect();
    follows.sort();
    follows.dedup();
    let remark = |object: &String| format!("refers to {} by its new name", visible(object));
    follows.into_iter().map(remark).collect()
}

/// The lines so far.
struct Outline {
    lines: Vec<Line>,
    /// Maximum number of lines of a value.
    most: usize,
}

impl Outline {
    /// A new or removed object, without its id.
    fn body(&mut self, mark: Mark, node: &Node) {
        // The id is shown above.
        let mut node = node.clone();
        if let Some(mapping) = node.as_mapping_mut() {
            if let Some(metadata) = mapping.get_mut("metadata").and_then(Node::as_mapping_mut) {
                metadata
                    .entries_mut()
                    .retain(|(key, _)| !matches!(key.text(), "name" | "namespace"));
            }
            let is_shown = |key: &str, value: &Node| match key {
                "apiVersion" | "kind" => false,
                "metadata" => !value.is_empty(),
                _ => true,
            };
            mapping.entries_mut().retain(|(key, value)| is_shown(key.text(), value));
            if mapping.is_empty() {
                return;
            }
        }
        let text = text_of(&node);
        let all: Vec<&str> = text.lines().collect();
        self.value(mark, &all, 1);
    }

    fn value(&mut self, mark: Mark, all: &[&str], depth: usize) {
        // A note instead of one or two lines would save no space.
        let most = if all.len() <= self.most + 2 { all.len() } else { self.most };
        self.lines.extend(all[..most].iter().map(|line| Line::Value {
            mark,
            text: visible(line),
            depth,
        }));
        if most < all.len() {
            let text = format!("… {} more lines", all.len() - most);
            self.lines.push(Line::Note { text, depth });
        }
    }

    fn changes(&mut self, changes: &[Change]) {
        let shown: Vec<&Change> =
            changes.iter().filter(|change| change.follows.is_none()).collect();
        let parents: Vec<Option<(Path, Path)>> =
            shown.iter().map(|change| change.path.cut()).collect();
        let parent =
            |place: usize| parents.get(place).and_then(Option::as_ref).map(|(parent, _)| parent);
        let mut last: Option<&Path> = None;
        for (place, change) in shown.iter().enumerate() {
            // Neighbours with the same parent path share a line with it.
            let here = parent(place).filter(|path| !path.steps().is_empty());
            let is_first = here.is_some() && last != here;
            let has_neighbour = here.is_some() && (last == here || parent(place + 1) == here);
            if has_neighbour && is_first {
                self.lines.extend(here.map(|path| Line::Parent(visible(&path.to_string()))));
            }
            let (path, depth) = match &parents[place] {
                Some((_, own)) if has_neighbour => (own.short(), 2),
                _ => (change.path.to_string(), 1),
            };
            last = if has_neighbour { here } else { None };
            self.one(change, &visible(&path), depth);
        }
        self.lines.extend(follows(changes).into_iter().map(|text| Line::Note { text, depth: 1 }));
    }

    fn one(&mut self, change: &Change, path: &str, depth: usize) {
        match &change.what {
            What::Added(node) => self.whole(Mark::Added, node, path, depth),
            What::Removed(node) => self.whole(Mark::Removed, node, path, depth),
            What::Changed(before, after) => self.changed(before, after, path, depth),
            What::Reordered(before, after) => self.lines.push(Line::Changed {
                path: format!("{path} (order)"),
                before: visible(&before.join(", ")),
                after: visible(&after.join(", ")),
                depth,
            }),
        }
    }

    /// A field that is new or gone.
    fn whole(&mut self, mark: Mark, node: &Node, path: &str, depth: usize) {
        let text = value_of(node);
        if node.as_text().is_some() && !text.contains('\n') {
            let text = format!("{path}: {}", visible(&text));
            self.lines.push(Line::Value { mark, text, depth });
            return;
        }
        self.lines.push(Line::Field { mark, path: path.to_owned(), depth });
        let text = node.as_text().map_or(text.as_str(), |text| text.trim_end_matches('\n'));
        self.value(mark, &text.lines().collect::<Vec<_>>(), depth + 1);
    }

    fn changed(&mut self, before: &Node, after: &Node, path: &str, depth: usize) {
        let is_plain = |node: &Node, text: &str| node.as_text().is_some() && !text.contains('\n');
        let (old, new) = (value_of(before), value_of(after));
        if is_plain(before, &old) && is_plain(after, &new) {
            let (path, before, after) = (path.to_owned(), visible(&old), visible(&new));
            self.lines.push(Line::Changed { path, before, after, depth });
            return;
        }
        let text = |node: &Node, text: String| {
            node.as_text().map_or(text, |text| text.trim_end_matches('\n').to_owned() + "\n")
        };
        let (old, new) = (text(before, old), text(after, new));
        self.lines.push(Line::Field { mark: Mark::Changed, path: path.to_owned(), depth });
        let mut shown = Vec::new();
        for (place, Hunk { lines, .. }) in hunks(&old, &new, 2).into_iter().enumerate() {
            if place > 0 {
                shown.push(Line::Note { text: "…".to_owned(), depth: depth + 1 });
            }
            shown.extend(lines.into_iter().map(|(mark, line)| Line::Value {
                mark,
                text: visible(&line),
                depth: depth + 1,
            }));
        }
        let more = shown.len().saturating_sub(self.most * 2);
        if more > 2 {
            shown.truncate(self.most * 2);
            shown.push(Line::Note { text: format!("… {more} more lines"), depth: depth + 1 });
        }
        self.lines.append(&mut shown);
    }
}

/// A value as printed, except that strings of one line are not folded.
fn value_of(node: &Node) -> String {
    let text = text_of(node);
    match node.as_text() {
        Some(value) if text.contains('\n') && !value.contains('\n') => value.to_owned(),
        _ => text,
    }
}
