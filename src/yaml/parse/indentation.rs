//! Errors about lines whose indentation matches no block around them. They list the indentation of the lines above.

use super::document::malformed_at;
use super::reader::Reader;
use crate::error::Error;
use crate::source::Span;
use crate::text::phrase::listed;

/// A position at which a block may continue: the first character of a line, or the text after a `- ` there.
#[derive(Clone, Copy)]
struct Sibling {
    /// Its offset in the text.
    start: usize,
    /// The columns before it on its line, in characters.
    indent: usize,
}

impl<const WIDE: bool, const RECORD: bool> Reader<'_, WIDE, RECORD> {
    /// The error for a line whose indentation matches no line above it.
    #[cold]
    pub(super) fn misindented(&self) -> Error {
        let outer = self.outer_indent();
        let here = self.sibling(self.line, self.position);
        let above = self.siblings_above();
        let less = above.iter().find(|sibling| sibling.indent < here.indent);
        let more = above.iter().rev().find(|sibling| sibling.indent > here.indent);
        let expected: Vec<String> = [less, more]
            .iter()
            .flatten()
            .map(|sibling| (outer + sibling.indent).to_string())
            .collect();
        let message = format!(
            "found a line indented by {}, expected {} as above it",
            outer + here.indent,
            listed(expected, "or")
        );
        let line = self.span(self.position, self.end_of_line(self.position));
        let error =
            malformed_at(line, message).label(format!("indented by {}", outer + here.indent));
        let error = [less, more].into_iter().flatten().fold(error, |error, sibling| {
            error.note(
                self.name_at(sibling.start),
                format!("indented by {}", outer + sibling.indent),
            )
        });
        let like = |sibling: &Sibling| {
            format!("by {} like line {}", outer + sibling.indent, self.line_of(*sibling))
        };
        let help: Vec<String> = [more, less].into_iter().flatten().map(like).collect();
        error.help(format!("indent line {} {}", self.line_of(here), help.join(", or ")))
    }

    /// The error for a key, on a line of its own from `start` on, that is parsed as a part of the value above it.
    #[cold]
    pub(super) fn key_in_value(&self, start: usize, key: &str) -> Error {
        let outer = self.outer_indent();
        let here = self.sibling(self.line, start);
        let message = format!("found the key `{key}` where the value above it goes on");
        let error = malformed_at(self.span(start, start + key.len()), message);
        let above = self.siblings_above();
        let Some(value) = above.first().filter(|value| value.indent < here.indent) else {
            return error.help("line the key up with those it belongs to");
        };
        let (line, indent) = (self.line_of(*value), outer + value.indent);
        let error = error
            .label(format!("indented by {}", outer + here.indent))
            .note(self.name_at(value.start), format!("indented by {indent}"))
            .help(format!("indent line {} by {indent} like line {line}", self.line_of(here)));
        match here.indent - value.indent {
            1 => error,
            _ => error.help(format!("or, if line {line} is to hold `{key}`, remove its value")),
        }
    }

    /// The positions at which the blocks around the current line may continue, the innermost first: those of the line
    /// above it, and of each line further up that is indented less. Each is indented less than the one before.
    fn siblings_above(&self) -> Vec<Sibling> {
        let mut siblings: Vec<Sibling> = Vec::new();
        let mut end = self.line;
        while end > 0 && siblings.last().is_none_or(|last| last.indent > 0) {
            let start = start_of_line_before(self.text, end);
            let text = &self.text[start..end];
            end = start;
            let content = text.trim_start();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let mut first = start + text.len() - content.len();
            let mut of_line = vec![self.sibling(start, first)];
            while let Some(rest) = self.text[first..].strip_prefix("- ") {
                first = self.text.len() - rest.trim_start_matches(' ').len();
                of_line.push(self.sibling(start, first));
            }
            for sibling in of_line.into_iter().rev() {
                if siblings.last().is_none_or(|last| sibling.indent < last.indent) {
                    siblings.push(sibling);
                }
            }
        }
        siblings
    }

    fn sibling(&self, line: usize, start: usize) -> Sibling {
        Sibling { start, indent: self.text[line..start].chars().count() }
    }

    /// The columns by which the file indents the text: not 0 for YAML embedded in another file.
    fn outer_indent(&self) -> usize {
        let (_, column) = self.place_in_file(self.line);
        column - 1
    }

    fn line_of(&self, sibling: Sibling) -> usize {
        self.place_in_file(sibling.start).0
    }

    /// The name that a line begins with, or its first word.
    fn name_at(&self, start: usize) -> Span {
        let text = &self.text[start..self.end_of_line(start)];
        let end = text.find([':', ' ']).unwrap_or(text.len()).max(1);
        self.span(start, start + text.ceil_char_boundary(end.min(text.len())))
    }
}

/// The start of the line that ends before offset `end`, with its line end.
fn start_of_line_before(text: &str, end: usize) -> usize {
    let ends_line =
        |character| matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let above = &text[..end];
    let line =
        above.strip_suffix("\r\n").or_else(|| above.strip_suffix(ends_line)).unwrap_or(above);
    line.rfind(ends_line).map_or(0, |at| text.ceil_char_boundary(at + 1))
}

#[cfg(test)]
mod tests {
    use super::start_of_line_before;

    #[test]
    fn lines_start_behind_each_kind_of_line_end() {
        for line_end in ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("ab{line_end}ü{line_end}");
            let second = "ab".len() + line_end.len();
            assert_eq!(start_of_line_before(&text, text.len()), second, "{line_end:?}");
            assert_eq!(start_of_line_before(&text, second), 0, "{line_end:?}");
        }
    }
}
