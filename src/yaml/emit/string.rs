//! Strings as go-yaml v2 writes them: plain, quoted or as a block.

use super::{After, Emitter, json};
use crate::error::Result;
use crate::source::Span;
use crate::yaml::analysis::analyze;
use crate::yaml::analysis::{Analysis, is_plain_in_one_look};
use crate::yaml::scalar::{is_string_1_1, resolve};
use crate::yaml::typed::LONGEST_SIMPLE_KEY;
use crate::yaml::{Scalar, Style, Value};

/// The column after which a line is folded, at the next space.
const WIDTH: usize = 80;

/// The width for text that is never folded.
const UNBOUNDED: usize = usize::MAX;

/// The forms of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScalarForm {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// The form that go-yaml v2 chooses.
fn form(text: &str, analysis: Analysis) -> ScalarForm {
    if analysis.multiline && text.contains('\n') {
        // Unlike v3, it takes a tab for a character that must be escaped.
        if analysis.block && !analysis.tabs {
            ScalarForm::Literal
        } else {
            ScalarForm::DoubleQuoted
        }
    } else if !is_string_1_1(text) {
        ScalarForm::DoubleQuoted
    } else if analysis.plain {
        ScalarForm::Plain
    } else if analysis.single_quoted {
        ScalarForm::SingleQuoted
    } else {
        ScalarForm::DoubleQuoted
    }
}

/// The style in which a string is written. `None` if its text may change on the way, or if only writing shows the style.
pub(in crate::yaml) fn written_style(text: &str) -> Option<Style> {
    if is_plain_in_one_look(text) && is_string_1_1(text) {
        return Some(Style::Plain);
    }
    let analysis = analyze(text);
    let is_changed = analysis.forbidden || analysis.next_line || analysis.separators;
    if is_changed || analysis.multiline && (text.contains('\r') || text.starts_with([' ', '\n'])) {
        return None;
    }
    Some(match form(text, analysis) {
        ScalarForm::Plain => Style::Plain,
        ScalarForm::SingleQuoted => Style::SingleQuoted,
        ScalarForm::DoubleQuoted => Style::DoubleQuoted,
        ScalarForm::Literal => Style::Literal,
    })
}

/// Appends text as go-yaml v3 writes it after a key: never folded, and quoted if either version would read it as
/// another type than a string. Text of several lines becomes a block whose lines begin at the column `indent`.
pub fn push_text(text: &str, indent: usize, out: &mut String) {
    let analysis = analyze(text);
    let is_text = || matches!(resolve(&Scalar::untagged(text, Span::NONE)), Ok(Value::Str(_)));
    let form = match form(text, analysis) {
        _ if analysis.block && text.contains('\n') => ScalarForm::Literal,
        ScalarForm::Plain | ScalarForm::SingleQuoted if !is_text() => ScalarForm::DoubleQuoted,
        form => form,
    };
    let mut emitter = unbounded(out);
    match form {
        ScalarForm::Plain => emitter.out.push_str(text),
        ScalarForm::SingleQuoted => emitter.single_quoted(text, UNBOUNDED, indent),
        ScalarForm::DoubleQuoted => emitter.double_quoted(text, UNBOUNDED, indent),
        ScalarForm::Literal => emitter.literal(text, analysis, indent),
    }
}

/// Appends text in single quotes, on one line. The caller ensures that the text needs no escapes.
pub(in crate::yaml) fn push_single_quoted(text: &str, out: &mut String) {
    unbounded(out).single_quoted(text, UNBOUNDED, 0);
}

/// Appends text in double quotes, on one line.
pub(in crate::yaml) fn push_double_quoted(text: &str, out: &mut String) {
    unbounded(out).double_quoted(text, UNBOUNDED, 0);
}

fn unbounded(out: &mut String) -> Emitter<'_, '_> {
    let line_start = out.len();
    Emitter { line_start, most: usize::MAX, out, open: Vec::new(), reordered: Vec::new() }
}

impl Emitter<'_, '_> {
    /// Writes a key and its colon. A key that is long or has several lines is written on lines of its own, after `?`.
    #[inline]
    pub(super) fn key(&mut self, key: &str, span: Span, indent: usize) -> Result<After> {
        if key.len() <= LONGEST_SIMPLE_KEY && is_plain_in_one_look(key) && is_string_1_1(key) {
            self.out.push_str(key);
            self.out.push(':');
            return Ok(After::Key);
        }
        let analysis = analyze(key);
        json::check_key(key, analysis, span)?;
        let form = form(key, analysis);
        if !analysis.multiline && key.len() <= LONGEST_SIMPLE_KEY {
            match form {
                ScalarForm::Plain => self.out.push_str(key),
                ScalarForm::SingleQuoted => self.single_quoted(key, UNBOUNDED, indent),
                ScalarForm::DoubleQuoted | ScalarForm::Literal => {
                    self.double_quoted(key, UNBOUNDED, indent);
                }
            }
            self.out.push(':');
            return Ok(After::Key);
        }
        self.out.push_str("? ");
        self.write(key, analysis, form, indent + 2);
        self.end_line();
        self.pad(indent);
        self.out.push(':');
        Ok(After::Indicator)
    }

    /// Writes a string that is a value. Its further lines begin at the column `indent`.
    #[inline]
    pub(super) fn string(&mut self, text: &str, span: Span, indent: usize) -> Result<()> {
        if is_plain_in_one_look(text) && is_string_1_1(text) {
            self.plain(text, indent);
            return Ok(());
        }
        let analysis = analyze(text);
        if analysis.forbidden || analysis.next_line {
            let text = json::reread(text, analysis, span)?;
            let analysis = analyze(&text);
            self.write(&text, analysis, form(&text, analysis), indent);
        } else {
            self.write(text, analysis, form(text, analysis), indent);
        }
        Ok(())
    }

    fn write(&mut self, text: &str, analysis: Analysis, form: ScalarForm, indent: usize) {
        match form {
            ScalarForm::Plain => self.plain(text, indent),
            ScalarForm::SingleQuoted => self.single_quoted(text, WIDTH, indent),
            ScalarForm::DoubleQuoted => self.double_quoted(text, WIDTH, indent),
            ScalarForm::Literal => self.literal(text, analysis, indent),
        }
    }

    /// Writes a string without quotes, folded if it is long.
    #[inline]
    fn plain(&mut self, text: &str, indent: usize) {
        // There are at least as many bytes as columns.
        if self.out.len() - self.line_start + text.len() <= WIDTH {
            self.out.push_str(text);
        } else {
            self.folded(text, indent);
        }
    }

    /// Breaks lines at single spaces after the 80th column.
    fn folded(&mut self, text: &str, indent: usize) {
        let ascii = text.is_ascii();
        let mut column = self.column();
        let mut rest = text;
        loop {
            // A line can be broken at a space with at least this many characters before it.
            let before = (WIDTH + 1).saturating_sub(column).max(1);
            let from = if ascii {
                before
            } else {
                rest.char_indices().nth(before).map_or(rest.len(), |(start, _)| start)
            };
            let Some(space) = next_single_space(rest.as_bytes(), from) else {
                self.out.push_str(rest);
                return;
            };
            self.out.push_str(&rest[..space]);
            self.break_line(indent);
            column = indent;
            rest = &rest[space + 1..];
        }
    }

    fn single_quoted(&mut self, text: &str, width: usize, indent: usize) {
        self.out.push('\'');
        if text.contains(['\'', '\u{2028}', '\u{2029}']) {
            self.single_quoted_by_character(text, width, indent);
        } else if width == WIDTH {
            self.plain(text, indent);
        } else {
            self.out.push_str(text);
        }
        self.out.push('\'');
    }

    /// Writes each character: quotes are doubled, and text after a line separator is indented.
    fn single_quoted_by_character(&mut self, text: &str, width: usize, indent: usize) {
        let mut column = self.column();
        for (position, character) in text.char_indices() {
            let is_first_on_line = column == 0;
            match character {
                '\u{2028}' | '\u{2029}' => {
                    self.out.push(character);
                    self.line_start = self.out.len();
                    column = 0;
                    continue;
                }
                ' ' if column > width && is_single_space(text.as_bytes(), position) => {
                    self.break_line(indent);
                    column = indent;
                    continue;
                }
                _ if is_first_on_line => {
                    self.pad(indent);
                    column = indent;
                }
                _ => {}
            }
            if character == '\'' {
                self.out.push('\'');
                column += 1;
            }
            self.out.push(character);
            column += 1;
        }
    }

    fn double_quoted(&mut self, text: &str, width: usize, indent: usize) {
        self.out.push('"');
        // go-yaml tests for a byte order mark at the start of the text instead of at the current character.
        let escape_all = text.starts_with('\u{FEFF}');
        let bytes = text.as_bytes();
        let mut column = self.column();
        let mut position = 0;
        while let Some(&byte) = bytes.get(position) {
            if byte == b' ' && !escape_all {
                if column > width
                    && !bytes[..position].ends_with(b" ")
                    && (1..bytes.len() - 1).contains(&position)
                {
                    self.break_line(indent);
                    column = indent;
                    if bytes[position + 1] == b' ' {
                        self.out.push('\\');
                        column += 1;
                    }
                } else {
                    self.out.push(' ');
                    column += 1;
                }
                position += 1;
            } else if is_kept_in_double_quotes(byte) && !escape_all {
                let run = bytes[position..]
                    .iter()
                    .take_while(|&&byte| is_kept_in_double_quotes(byte))
                    .count();
                self.out.push_str(&text[position..position + run]);
                column += run;
                position += run;
            } else if let Some(character) = text[position..].chars().next() {
                column += if escape_all || must_be_escaped(character) {
                    self.escape(character)
                } else {
                    self.out.push(character);
                    1
                };
                position += character.len_utf8();
            }
        }
        self.out.push('"');
    }

    /// Writes an escape and returns its length.
    fn escape(&mut self, character: char) -> usize {
        let start = self.out.len();
        let short = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{B}' => 'v',
            '\u{C}' => 'f',
            '\r' => 'r',
            '\u{1B}' => 'e',
            '"' | '\\' => character,
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            '\0'..='\u{FF}' => 'x',
            '\0'..='\u{FFFF}' => 'u',
            _ => 'U',
        };
        self.out.extend(['\\', short]);
        let digits = match short {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let digit = |place: u32| char::from_digit(u32::from(character) >> (4 * place) & 0xF, 16);
        self.out
            .extend((0..digits).rev().filter_map(digit).map(|digit| digit.to_ascii_uppercase()));
        self.out.len() - start
    }

    fn literal(&mut self, text: &str, analysis: Analysis, indent: usize) {
        let is_break = |character: char| matches!(character, '\n' | '\u{2028}' | '\u{2029}');
        self.out.push('|');
        if text.starts_with(' ') || text.starts_with(is_break) {
            self.out.push('2');
        }
        let mut from_end = text.chars().rev();
        match (from_end.next().is_some_and(is_break), from_end.next().is_none_or(is_break)) {
            (false, _) => self.out.push('-'),
            (true, true) => self.out.push('+'),
            (true, false) => {}
        }
        self.end_line();
        if analysis.separators {
            text.split_inclusive(is_break)
                .for_each(|line| self.line(line, line.starts_with(is_break), indent));
        } else {
            text.split_inclusive('\n').for_each(|line| self.line(line, line == "\n", indent));
        }
        if text.ends_with(is_break) {
            self.line_start = self.out.len();
        }
    }

    #[inline]
    fn line(&mut self, line: &str, is_empty: bool, indent: usize) {
        if !is_empty {
            self.pad(indent);
        }
        self.out.push_str(line);
    }

    fn break_line(&mut self, indent: usize) {
        self.end_line();
        self.pad(indent);
    }

    /// The column of the next character, from 0.
    fn column(&self) -> usize {
        self.out[self.line_start..].chars().count()
    }
}

fn next_single_space(text: &[u8], from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let space = from + text.get(from..)?.iter().position(|&byte| byte == b' ')?;
        if is_single_space(text, space) {
            return Some(space);
        }
        from = space + 1;
    }
}

/// True if the space at this position has a non-space on both sides.
fn is_single_space(text: &[u8], position: usize) -> bool {
    let other = |position: Option<usize>| {
        position.and_then(|position| text.get(position)).is_some_and(|&byte| byte != b' ')
    };
    other(position.checked_sub(1)) && other(position.checked_add(1))
}

fn is_kept_in_double_quotes(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~')
}

fn must_be_escaped(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1F}' | '"' | '\\' | '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}'..
    )
}
