//! Which node a comment belongs to, by the rules of go-yaml v3 as far as merges depend on them.

use super::super::node::Node;
use super::Comment;
use crate::source::{Source, Span};

/// Gives each comment the key or value that it belongs to, and drops those that belong to none.
///
/// A comment at the end of a line belongs to what ends there: a value, or a key whose value begins below. Comments on
/// lines of their own belong to the key or list element on the next line, and count only if the first of them does.
/// The document begins at an offset of its source.
pub(super) fn attach(comments: &mut Vec<Comment>, root: &Node, source: &Source, document: usize) {
    if comments.is_empty() {
        return;
    }
    let places = Places::of(root);
    comments.retain_mut(|comment| {
        let start = (comment.span.start() - source.base()) as usize;
        let line = &source.text()[line_start(source.text(), start)..start];
        let node = match line.trim_end() {
            "" => below(source, document, start, &places),
            before => places
                .ending(source.base() as usize + start - (line.len() - before.len()))
                .or_else(|| {
                    let key = before.strip_suffix(':')?.trim_end();
                    places.key_ending(source.base() as usize + start - (line.len() - key.len()))
                }),
        };
        comment.node = node.unwrap_or_default();
        node.is_some()
    });
}

/// The key or element on the line below a comment that stands alone.
fn below(source: &Source, document: usize, start: usize, places: &Places) -> Option<Span> {
    let text = source.text();
    let line = line_start(text, start);
    let indent = start - line;
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    if text[document.min(line)..line].lines().next_back().is_some_and(is_comment) {
        return None;
    }
    let mut line = start + text[start..].find('\n')? + 1;
    while is_comment(text[line..].lines().next()?) {
        line += text[line..].find('\n')? + 1;
    }
    let below = text[line..].lines().next()?;
    let column = below.len() - below.trim_start().len();
    if below.trim().is_empty() {
        return None;
    }
    // Where the block above ends, a comment that is not in line with what follows belongs to that block.
    let above = &text[document.min(line_start(text, start))..start];
    if column != indent && column < block_indent(above) {
        return None;
    }
    let base = source.base() as usize;
    if let Some(element) = below.trim_start().strip_prefix("- ") {
        return places.starting(base + line + below.len() - element.trim_start().len());
    }
    let key = places.key_starting(base + line + column)?;
    // The comment behind a key hides the one above it.
    let rest = text.get(key.end() as usize - base..)?.lines().next()?.trim_start();
    let hidden = rest
        .strip_prefix(':')
        .is_some_and(|rest| rest.starts_with([' ', '\t']) && is_comment(rest));
    (!hidden).then_some(key)
}

/// How far the block at the end of a text is indented: behind a dash if a mapping or another list begins there.
fn block_indent(above: &str) -> usize {
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let Some(last) = above.lines().rev().find(is_content) else { return 0 };
    let mut rest = last.trim_start_matches(' ');
    while let Some(element) = rest.strip_prefix("- ").map(str::trim_start) {
        let is_key = element.contains(": ") || element.trim_end().ends_with(':');
        let is_flow = element.starts_with(['{', '[', '"', '\'']);
        if !element.starts_with("- ") && (is_flow || !is_key) {
            break;
        }
        rest = element;
    }
    last.len() - rest.len()
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where keys and values stand: by their first byte, and by the byte behind them.
struct Places {
    key_starts: Vec<(usize, Span)>,
    key_ends: Vec<(usize, Span)>,
    /// Of values that start or end at one place, the one that counts comes first.
    value_starts: Vec<(usize, Span)>,
    value_ends: Vec<(usize, Span)>,
}

impl Places {
    fn of(root: &Node) -> Self {
        let (mut keys, mut values, mut pending) = (Vec::new(), Vec::new(), vec![root]);
        while let Some(node) = pending.pop() {
            values.push(node.span());
            pending.extend(node.as_sequence().into_iter().flat_map(|list| list.items()));
            for (key, value) in node.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
                keys.push(key.span());
                pending.push(value);
            }
        }
        let length = |span: &Span| span.end() - span.start();
        values.sort_by_key(length);
        let by_end = |spans: &[Span]| sorted(spans.iter().map(|span| (span.end(), *span)));
        let value_ends = by_end(&values);
        values.reverse();
        let by_start = |spans: &[Span]| sorted(spans.iter().map(|span| (span.start(), *span)));
        Self {
            key_starts: by_start(&keys),
            key_ends: by_end(&keys),
            value_starts: by_start(&values),
            value_ends,
        }
    }

    fn ending(&self, at: usize) -> Option<Span> {
        find(&self.value_ends, at).or_else(|| self.key_ending(at))
    }

    fn key_ending(&self, at: usize) -> Option<Span> {
        find(&self.key_ends, at)
    }

    fn key_starting(&self, at: usize) -> Option<Span> {
        find(&self.key_starts, at)
    }

    fn starting(&self, at: usize) -> Option<Span> {
        find(&self.value_starts, at)
    }
}

fn sorted(spans: impl Iterator<Item = (u32, Span)>) -> Vec<(usize, Span)> {
    let known = spans.filter(|(_, span)| !span.is_none());
    let mut places: Vec<(usize, Span)> =
        known.map(|(place, span)| (place as usize, span)).collect();
    places.sort_by_key(|(place, _)| *place);
    places
}

fn find(places: &[(usize, Span)], at: usize) -> Option<Span> {
    let found = places.get(places.partition_point(|(place, _)| *place < at))?;
    (found.0 == at).then_some(found.1)
}
