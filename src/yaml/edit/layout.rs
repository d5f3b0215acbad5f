//! The formatting of a document: indentation, line ends, quotes.

use super::place::Text;
use super::write::Layout;
use crate::yaml::emit::push_text;
use crate::yaml::node::{CollectionStyle, Style, Tag};
use crate::yaml::scalar::{Value, resolve};
use crate::yaml::tokens::Form;

impl Text<'_> {
    /// The text with its layout, which new text takes over.
    pub(super) fn with_layout(mut self) -> Self {
        self.layout = layout_of(&self);
        self
    }
}

/// The layout of a document: taken from its first nested mapping, its first list below a key, and its first line.
fn layout_of(text: &Text<'_>) -> Layout {
    let mut layout = Layout { line_end: line_end(text.text), ..Layout::default() };
    let (mut step, mut dashes) = (None, None);
    for (number, piece) in text.outline.pieces().iter().enumerate() {
        if *piece.form() != Form::Mapping(CollectionStyle::Block) {
            continue;
        }
        let column = text.column(piece.range().start);
        for (_, value) in text.outline.entries(number) {
            let place = text.piece(value).range();
            let is_below = text.is_block(value) && text.is_first_on_line(place.start);
            let Some(deeper) = text.column(place.start).checked_sub(column) else { continue };
            match text.piece(value).form() {
                Form::Mapping(_) if is_below && deeper > 0 => _ = step.get_or_insert(deeper),
                Form::Sequence(_) if is_below => _ = dashes.get_or_insert(deeper),
                _ => {}
            }
        }
    }
    layout.step = step.or(dashes.filter(|&deeper| deeper > 0)).unwrap_or(layout.step);
    layout.dashes = dashes.unwrap_or(layout.dashes);
    layout
}

/// The line end of the first line.
pub(super) fn line_end(text: &str) -> &'static str {
    let first = text.find('\n').and_then(|end| text.get(..end));
    if first.is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
}

impl Text<'_> {
    /// The quotes of the values of a collection, if all its strings that are written on one line have the same.
    pub(super) fn quotes_of_values(&self, node: usize) -> Option<Style> {
        let members = self.members(node);
        let styles: Vec<Style> = members
            .iter()
            .filter_map(|member| self.quotes(member.value, self.is_flow(node)))
            .collect();
        let first = styles.first().copied();
        if let Some(first) = first.filter(|first| styles.iter().all(|style| style == first)) {
            return Some(first);
        }
        // In collections that look like JSON, all keys are quoted: then strings are quoted too.
        let keys = self.quotes_of_keys(node);
        keys.filter(|keys| self.is_flow(node) && *keys != Style::Plain)
    }

    /// The quotes of the keys of a mapping, if all have the same.
    pub(super) fn quotes_of_keys(&self, node: usize) -> Option<Style> {
        let members = self.members(node);
        let mut styles =
            members.iter().filter_map(|member| self.quotes(member.key?, self.is_flow(node)));
        let first = styles.next()?;
        styles.all(|style| style == first).then_some(first)
    }

    /// The quotes of a string on one line. `None` for a string in a block that needs quotes: it says nothing of others.
    fn quotes(&self, node: usize, in_flow: bool) -> Option<Style> {
        let scalar = self.piece(node).scalar()?;
        let is_string = scalar.tag() == Tag::None && matches!(resolve(scalar), Ok(Value::Str(_)));
        let is_block = matches!(scalar.style(), Style::Literal | Style::Folded);
        let is_needed = || {
            let mut plain = String::new();
            push_text(scalar.text(), 0, &mut plain);
            plain.starts_with(['\'', '"'])
        };
        let says_something = scalar.style() == Style::Plain || in_flow || !is_needed();
        (is_string && !is_block && says_something).then(|| scalar.style())
    }

    /// True if all keys of the root are quoted and in braces, as in JSON.
    pub(super) fn is_json(&self) -> bool {
        self.is_flow(0) && self.is_mapping(0) && self.quotes_of_keys(0) == Some(Style::DoubleQuoted)
    }
}
