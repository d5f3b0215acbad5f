//! Marks the bytes of secret values in a document.

use std::ops::Range;

use super::lines;
use crate::source::{Source, Span};
use crate::yaml::Node;

/// Tags that are not part of a value.
const TAGS: [&str; 10] = [
    "!!str",
    "!!int",
    "!!float",
    "!!bool",
    "!!null",
    "!!binary",
    "!!timestamp",
    "!!map",
    "!!seq",
    "!!merge",
];

/// The secret bytes of a text found so far.
pub(super) struct Marks<'a> {
    pub(super) source: &'a Source,
    pub(super) ranges: &'a mut Vec<Range<usize>>,
}

impl Marks<'_> {
    /// Marks every scalar below a node, and the keys of what should be a single value.
    pub(super) fn values(&mut self, node: &Node) {
        self.values_within(node, false);
    }

    /// `is_value` is true below the value of a key.
    fn values_within(&mut self, node: &Node, is_value: bool) {
        if let Some(list) = node.as_sequence() {
            list.items().iter().for_each(|item| self.values_within(item, is_value));
        } else if let Some(mapping) = node.as_mapping() {
            for (key, value) in mapping.iter() {
                let key = if is_value { self.place(key.span()) } else { None };
                self.ranges.extend(key);
                self.values_within(value, true);
            }
        } else if let Some(range) = self.place(node.span()) {
            self.properties(&range);
            self.ranges.push(range);
        }
    }

    /// Marks the values in a list of `key=value`.
    pub(super) fn literals(&mut self, node: &Node) {
        for literal in node.as_sequence().map_or(std::slice::from_ref(node), |list| list.items()) {
            self.literal(literal);
        }
    }

    /// Marks the value in `key=value`, and any other text as a whole.
    pub(super) fn literal(&mut self, literal: &Node) {
        match (literal.as_text(), self.place(literal.span())) {
            (Some(_), Some(range)) => lines::variables(self.source.text(), range, self.ranges),
            _ => self.values(literal),
        }
    }

    /// Marks the values in a text that is itself a manifest or patch.
    pub(super) fn embedded(&mut self, node: &Node) {
        if let Some(range) = self.place(node.span()) {
            lines::values(self.source.text(), range, self.ranges);
        }
    }

    /// Marks the words around a value that YAML takes for its anchor or tag: a password that begins with `&` or `!` is
    /// not read as text. The position of an empty value may be before or after them, or on a later line.
    fn properties(&mut self, value: &Range<usize>) {
        /// Separators of values and properties.
        const APART: [char; 8] = [' ', '\t', '\n', '[', ']', '{', '}', ','];
        let is_property = |word: &str| word.starts_with(['&', '!']) && !TAGS.contains(&word);
        let text = self.source.text();
        let mut end = text[..value.start].trim_end().len();
        loop {
            let start = text[..end].rfind(APART).map_or(0, |at| at + 1);
            if !text[start..end].starts_with(['&', '!']) {
                break;
            }
            if is_property(&text[start..end]) {
                self.ranges.push(start..end);
            }
            end = text[..start].trim_end().len();
        }
        let rest = text[value.end..].trim_start_matches([' ', '\t']);
        let word = rest.split(APART).next().unwrap_or_default();
        if value.is_empty() && is_property(word) {
            let start = text.len() - rest.len();
            self.ranges.push(start..start + word.len());
        }
    }

    /// The bytes of a span, if it is in this text: nodes from a merge key or an alias may be elsewhere.
    pub(super) fn place(&self, span: Span) -> Option<Range<usize>> {
        let start = span.start().checked_sub(self.source.base())? as usize;
        let end = start + span.length() as usize;
        (!span.is_none() && end <= self.source.text().len()).then_some(start..end)
    }
}
