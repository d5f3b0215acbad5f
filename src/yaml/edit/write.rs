//! Writes new nodes in the form that their place requires.

use super::change::refused;
use crate::error::Result;
use crate::source::Span;
use crate::yaml::analysis::analyze;
use crate::yaml::emit::{push_double_quoted, push_single_quoted, push_text};
use crate::yaml::node::{CollectionStyle, Node, Scalar, Style, Tag, View};
use crate::yaml::scalar::{Value, resolve};

/// The maximum depth of new values. No change needs more, and it bounds the recursion.
const DEEPEST: usize = 64;

/// The choice of quotes. If the text from the first pass is not parsed as expected, the second is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    LikeSiblings,
    DoubleQuoted,
}

/// Indentation and line ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) line_end: &'static str,
    /// The columns by which a mapping is indented below its key.
    pub(super) step: usize,
    /// The columns by which dashes are indented below their key.
    pub(super) dashes: usize,
}

impl Default for Layout {
    fn default() -> Self {
        Self { line_end: "\n", step: 2, dashes: 0 }
    }
}

/// A writer of new nodes. Its line ends are line feeds.
pub(super) struct Writer {
    pub(super) layout: Layout,
    pub(super) pass: Pass,
    /// The quotes of keys and of other strings around the new text.
    pub(super) keys: Option<Style>,
    pub(super) values: Option<Style>,
}

/// A value in block form: text on the line of its key or dash, and the lines below it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BlockText {
    pub(super) head: String,
    /// Without the last line end.
    pub(super) body: String,
}

/// True if a node is written by indentation.
pub(super) fn is_block(node: &Node) -> bool {
    match node.view() {
        View::Scalar(_) => false,
        View::Sequence(list) => list.style == CollectionStyle::Block && !list.items.is_empty(),
        View::Mapping(map) => map.style == CollectionStyle::Block && !map.is_empty(),
    }
}

impl Writer {
    /// `key: value`, on several lines if the value needs them; the first one begins at a column.
    pub(super) fn entry(&self, key: &str, value: &Node, column: usize) -> Result<String> {
        Ok(format!("{}:{}", self.key(key, false), self.behind(value, column, false, 0)?))
    }

    /// `- value`, as [`Writer::entry`].
    pub(super) fn element(&self, value: &Node, column: usize) -> Result<String> {
        Ok(format!("-{}", self.behind(value, column, true, 0)?))
    }

    fn behind(&self, value: &Node, column: usize, is_dash: bool, depth: usize) -> Result<String> {
        let BlockText { head, body } = self.value(value, column, is_dash, depth)?;
        let blank = if head.is_empty() { "" } else { " " };
        let line_end = if body.is_empty() { "" } else { "\n" };
        Ok(format!("{blank}{head}{line_end}{body}"))
    }

    /// A value after a key, or after a dash, that begins at a column.
    pub(super) fn value(
        &self,
        value: &Node,
        column: usize,
        is_dash: bool,
        depth: usize,
    ) -> Result<BlockText> {
        if is_block(value) {
            if is_dash {
                let head = self.block(value, column + 2, depth + 1)?;
                return Ok(BlockText { head, body: String::new() });
            }
            let column = column + self.deeper(value);
            let body = " ".repeat(column) + &self.block(value, column, depth + 1)?;
            return Ok(BlockText { head: String::new(), body });
        }
        match value.as_scalar().and_then(|scalar| self.literal(scalar, column + self.layout.step)) {
            Some(written) => Ok(written),
            None => Ok(BlockText { head: self.inline(value, false, depth)?, body: String::new() }),
        }
    }

    /// The columns by which a block collection is indented below its key.
    pub(super) fn deeper(&self, value: &Node) -> usize {
        if value.as_sequence().is_some() { self.layout.dashes } else { self.layout.step }
    }

    /// A collection by indentation. Its first line begins at a column, and has no indentation yet.
    pub(super) fn block(&self, node: &Node, column: usize, depth: usize) -> Result<String> {
        check_depth(depth)?;
        let lines: Result<Vec<String>> = match node.view() {
            View::Scalar(_) => return self.inline(node, false, depth),
            View::Sequence(list) => list
                .items
                .iter()
                .map(|item| Ok(format!("-{}", self.behind(item, column, true, depth)?)))
                .collect(),
            View::Mapping(map) => map
                .iter()
                .map(|(key, value)| {
                    let key = self.key(key.text(), false);
                    Ok(format!("{key}:{}", self.behind(value, column, false, depth)?))
                })
                .collect(),
        };
        Ok(lines?.join(&format!("\n{}", " ".repeat(column))))
    }

    /// A node on one line.
    pub(super) fn inline(&self, node: &Node, in_flow: bool, depth: usize) -> Result<String> {
        check_depth(depth)?;
        let text = match node.view() {
            View::Scalar(scalar) => return self.scalar(scalar, in_flow),
            View::Sequence(list) => {
                let items: Result<Vec<String>> =
                    list.items.iter().map(|item| self.inline(item, true, depth + 1)).collect();
                format!("[{}]", items?.join(", "))
            }
            View::Mapping(map) => {
                let entries: Result<Vec<String>> = map
                    .iter()
                    .map(|(key, value)| self.pair(key.text(), value, depth + 1))
                    .collect();
                format!("{{{}}}", entries?.join(", "))
            }
        };
        Ok(text)
    }

    /// `key: value` in a flow collection.
    pub(super) fn pair(&self, key: &str, value: &Node, depth: usize) -> Result<String> {
        Ok(format!("{}: {}", self.key(key, true), self.inline(value, true, depth)?))
    }

    /// A key.
    pub(super) fn key(&self, key: &str, in_flow: bool) -> String {
        self.string(key, self.keys, in_flow)
    }

    fn scalar(&self, scalar: &Scalar, in_flow: bool) -> Result<String> {
        let value = resolve(scalar)?;
        if let Value::Str(text) = &value {
            return Ok(self.string(text, self.values, in_flow));
        }
        let text = if scalar.text().is_empty() { "null" } else { scalar.text() };
        let plain = Scalar::parsed(text, Tag::None, Style::Plain, Span::NONE);
        match resolve(&plain) {
            Ok(read) if read == value => Ok(text.to_owned()),
            _ => Err(refused(format!("the value `{text}` has no form without a tag"))
                .help("write the value as its type is written in YAML")),
        }
    }

    fn string(&self, text: &str, quotes: Option<Style>, in_flow: bool) -> String {
        let analysis = analyze(text);
        let mut out = String::new();
        let is_syntax = in_flow && text.contains([',', '?', '[', ']', '{', '}']);
        let quotes = quotes.unwrap_or_default();
        if self.pass == Pass::DoubleQuoted || quotes == Style::DoubleQuoted || analysis.multiline {
            push_double_quoted(text, &mut out);
        } else if quotes == Style::SingleQuoted && analysis.single_quoted {
            push_single_quoted(text, &mut out);
        } else {
            push_text(text, 0, &mut out);
            if is_syntax && !out.starts_with(['\'', '"']) {
                out.clear();
                push_double_quoted(text, &mut out);
            }
        }
        out
    }

    /// A text of several lines as a literal block at a column; `None` if it needs quotes.
    fn literal(&self, scalar: &Scalar, column: usize) -> Option<BlockText> {
        let Ok(Value::Str(text)) = resolve(scalar) else { return None };
        let analysis = analyze(&text);
        let is_simple = |text: &str| {
            !text.starts_with([' ', '\t', '\n'])
                && !text.ends_with("\n\n")
                && !text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'])
        };
        if self.pass == Pass::DoubleQuoted || !text.contains('\n') {
            return None;
        }
        if !analysis.block || !is_simple(&text) {
            return None;
        }
        let head = if text.ends_with('\n') { "|" } else { "|-" };
        let indent = " ".repeat(column);
        let line = |line: &str| {
            if line.is_empty() { String::new() } else { format!("{indent}{line}") }
        };
        let lines: Vec<String> = text.trim_end_matches('\n').split('\n').map(line).collect();
        Some(BlockText { head: head.to_owned(), body: lines.join("\n") })
    }
}

fn check_depth(depth: usize) -> Result<()> {
    match depth <= DEEPEST {
        true => Ok(()),
        false => Err(refused(format!("the new value is nested deeper than {DEEPEST} levels"))),
    }
}
