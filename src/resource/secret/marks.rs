//! Marks on what is secret in a document: the bytes of its values.

use std::ops::Range;

use super::lines;
use crate::source::{Source, Span};
use crate::yaml::Node;

/// The secret bytes of a text, as far as they are found.
pub(super) struct Marks<'a> {
    pub(super) source: &'a Source,
    pub(super) ranges: &'a mut Vec<Range<usize>>,
}

impl Marks<'_> {
    /// Marks every scalar below a node.
    pub(super) fn values(&mut self, node: &Node) {
        if let Some(list) = node.as_sequence() {
            list.items().iter().for_each(|item| self.values(item));
        } else if let Some(mapping) = node.as_mapping() {
            mapping.iter().for_each(|(_, value)| self.values(value));
        } else {
            self.ranges.extend(self.place(node.span()).map(|range| self.with_properties(range)));
        }
    }

    /// Marks the values in a list of `key=value`.
    pub(super) fn literals(&mut self, node: &Node) {
        for literal in node.as_sequence().map_or(std::slice::from_ref(node), |list| list.items()) {
            self.literal(literal);
        }
    }

    /// Marks the value in `key=value`, and all of anything else.
    pub(super) fn literal(&mut self, literal: &Node) {
        match (literal.as_text(), self.place(literal.span())) {
            (Some(_), Some(range)) => lines::variables(self.source.text(), range, self.ranges),
            _ => self.values(literal),
        }
    }

    /// Marks the values in a text that is a manifest or a patch itself.
    pub(super) fn embedded(&mut self, node: &Node) {
        if let Some(range) = self.place(node.span()) {
            lines::values(self.source.text(), range, self.ranges);
        }
    }

    /// The bytes of a scalar, with the words around it in its line that YAML takes for an anchor or a tag: a password that
    /// begins with `&` or `!` is no text.
    fn with_properties(&self, range: Range<usize>) -> Range<usize> {
        let (text, Range { mut start, mut end }) = (self.source.text(), range);
        let is_property = |word: &str| word.starts_with(['&', '!']);
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        loop {
            let before = text[line..start].trim_end();
            let word = before.rfind([' ', '\t', '[', '{', ',']).map_or(0, |at| at + 1);
            if !is_property(&before[word..]) {
                break;
            }
            start = line + word;
        }
        let rest = text[end..].lines().next().unwrap_or_default();
        let word = rest.trim_start();
        if start == end && is_property(word) {
            let length = word.find([' ', '\t', ']', '}', ',']).unwrap_or(word.len());
            end += rest.len() - word.len() + length;
        }
        start..end
    }

    /// The bytes of a span, if it lies in this text: what a merge key or an alias gives stands there too.
    pub(super) fn place(&self, span: Span) -> Option<Range<usize>> {
        let start = span.start().checked_sub(self.source.base())? as usize;
        let end = start + span.length() as usize;
        (!span.is_none() && end <= self.source.text().len()).then_some(start..end)
    }
}
