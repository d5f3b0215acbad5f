//! The text of scalars: plain, quoted and block, with their folding (libyaml's scanner, `scannerc.go`).

use super::reader::Reader;
use crate::error::{Code, Error, Result};
use crate::yaml::node::{Scalar, Style, Tag};
use crate::yaml::tokens::TokenKind;

/// Flags of bytes at which a plain scalar may end; all other bytes are skipped in the inner loop.
const PLAIN_BLOCK: u8 = 1;
const PLAIN_FLOW: u8 = 2;

static STOPS: [u8; 256] = {
    let mut stops = [0; 256];
    // 0 marks the end of the text; 0xc2 and 0xe2 begin the line ends beyond ASCII.
    let both = [0, b'\n', b'\r', b':', b'#', 0xc2, 0xe2];
    let mut index = 0;
    while index < both.len() {
        stops[both[index] as usize] = PLAIN_BLOCK | PLAIN_FLOW;
        index += 1;
    }
    let flow = [b',', b'?', b'[', b']', b'{', b'}'];
    let mut index = 0;
    while index < flow.len() {
        stops[flow[index] as usize] = PLAIN_FLOW;
        index += 1;
    }
    stops
};

impl<const WIDE: bool, const RECORD: bool> Reader<'_, WIDE, RECORD> {
    /// True if a plain scalar may begin at the position.
    #[inline(always)]
    pub(super) fn plain_may_begin(&self) -> bool {
        let next = self.position + 1;
        match self.here() {
            b'-' => !matches!(self.byte(next), b' ' | b'\t'),
            b'?' | b':' => self.flow_level == 0 && !self.is_separated(next),
            0 | b'\t' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|'
            | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' => false,
            _ => true,
        }
    }

    /// The offset at which the plain text of one line stops, and the offset after its last character that is not blank.
    #[inline(always)]
    pub(super) fn plain_line(&self, start: usize) -> (usize, usize) {
        let mask = if self.flow_level > 0 { PLAIN_FLOW } else { PLAIN_BLOCK };
        let mut at = start;
        loop {
            let byte = self.byte(at);
            if STOPS[byte as usize] & mask == 0 {
                at += 1;
                continue;
            }
            let stops = match byte {
                0 | b'\n' => true,
                b':' => self.is_separated(at + 1),
                b'#' => at == start || matches!(self.byte(at - 1), b' ' | b'\t'),
                b'\r' | 0xc2 | 0xe2 => self.line_end(at) > 0,
                _ => true,
            };
            if stops {
                break;
            }
            at += 1;
        }
        let mut end = at;
        while end > start && matches!(self.byte(end - 1), b' ' | b'\t') {
            end -= 1;
        }
        (at, end)
    }

    /// Parses a plain scalar, which may span several lines.
    #[inline(always)]
    pub(super) fn plain(&mut self, tag: Tag) -> Result<Scalar> {
        let start = self.position;
        let (stop, end) = self.plain_line(start);
        self.position = stop;
        self.key_allowed = false;
        if self.line_end(stop) == 0 {
            self.note(TokenKind::Plain, start, end);
            return Ok(Scalar::parsed(
                &self.text[start..end],
                tag,
                Style::Plain,
                self.span(start, end),
            ));
        }
        // Fast path: the next line is usually indented no more than the key, so the scalar ends here.
        if !WIDE && self.flow_level == 0 {
            let line = stop + 1;
            let mut next = line;
            while self.byte(next) == b' ' {
                next += 1;
            }
            if ((next - line).cast_signed()) <= self.indent
                && !matches!(self.byte(next), b'\n' | b'\t')
            {
                self.note(TokenKind::Plain, start, end);
                self.position = next;
                self.line = line;
                self.key_allowed = true;
                return Ok(Scalar::parsed(
                    &self.text[start..end],
                    tag,
                    Style::Plain,
                    self.span(start, end),
                ));
            }
        }
        self.plain_lines(start, end, tag)
    }

    #[cold]
    fn plain_lines(&mut self, start: usize, first_end: usize, tag: Tag) -> Result<Scalar> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        text.push_str(&self.text[start..first_end]);
        let mut end = first_end;
        let mut breaks = Breaks::default();
        while self.line_end(self.position) > 0 {
            self.plain_blanks(start, &mut breaks)?;
            let dedented = self.flow_level == 0 && self.column() <= self.indent;
            if dedented || self.here() == b'#' || self.at_document_marker() {
                break;
            }
            let begin = self.position;
            let (stop, line_end) = self.plain_line(begin);
            self.position = stop;
            if line_end == begin {
                break;
            }
            breaks.fold_into(&mut text);
            text.push_str(&self.text[begin..line_end]);
            end = line_end;
        }
        self.key_allowed = !breaks.is_empty();
        self.note(TokenKind::Plain, start, end);
        let scalar = Scalar::parsed(&text, tag, Style::Plain, self.span(start, end));
        self.scratch = text;
        Ok(scalar)
    }

    /// Consumes line ends and the spaces after them, and refuses a tab used as indentation.
    fn plain_blanks(&mut self, start: usize, breaks: &mut Breaks) -> Result<()> {
        loop {
            match self.line_end(self.position) {
                0 if self.here() == b'\t' && self.column() <= self.indent => {
                    return Err(self
                        .tab_as_indentation()
                        .note(self.span(start, start + 1), "in the text that begins here"));
                }
                0 if matches!(self.here(), b' ' | b'\t') => self.position += 1,
                0 => return Ok(()),
                length => {
                    breaks.push(self.line_end_text(self.position));
                    self.position += length;
                    self.line = self.position;
                }
            }
        }
    }

    /// Parses a quoted scalar.
    #[inline(always)]
    pub(super) fn quoted(&mut self, tag: Tag) -> Result<Scalar> {
        let start = self.position;
        let single = self.here() == b'\'';
        let style = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        let mut at = start + 1;
        loop {
            match self.byte(at) {
                b'\'' if single && self.byte(at + 1) != b'\'' => break,
                b'"' if !single => break,
                b'\'' if single => return self.quoted_slowly(start, single, tag),
                b'\\' if !single => return self.quoted_slowly(start, single, tag),
                0 | b'\n' => return self.quoted_slowly(start, single, tag),
                0x80.. if WIDE => return self.quoted_slowly(start, single, tag),
                b'\r' => return self.quoted_slowly(start, single, tag),
                _ => at += 1,
            }
        }
        self.note(quoted_token(single), start, at + 1);
        self.position = at + 1;
        self.key_allowed = false;
        Ok(Scalar::parsed(&self.text[start + 1..at], tag, style, self.span(start, at + 1)))
    }

    fn quoted_slowly(&mut self, start: usize, single: bool, tag: Tag) -> Result<Scalar> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        self.position = start + 1;
        let quote = if single { b'\'' } else { b'"' };
        loop {
            if self.at_document_marker() {
                return Err(self
                    .malformed("found a document marker inside quotes")
                    .note(self.span(start, start + 1), "the quotes open here")
                    .help("close the quotes before it"));
            }
            if self.here() == 0 {
                return Err(Error::new(
                    Code::MalformedYaml,
                    "expected a closing quote before the end of the document",
                )
                .at(self.span(start, start + 1))
                .label("the quotes open here")
                .help("close them where the value ends"));
            }
            let escaped_break = self.quoted_word(single, start, &mut text)?;
            if self.here() == quote && !escaped_break {
                break;
            }
            self.quoted_blanks(escaped_break, &mut text);
        }
        self.position += 1;
        self.note(quoted_token(single), start, self.position);
        self.key_allowed = false;
        let style = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        let scalar = Scalar::parsed(&text, tag, style, self.span(start, self.position));
        self.scratch = text;
        Ok(scalar)
    }

    /// Consumes characters up to a space, a line end or the closing quote. Returns true after an escaped line end.
    fn quoted_word(&mut self, single: bool, start: usize, text: &mut String) -> Result<bool> {
        while !self.is_separated(self.position) {
            match self.here() {
                b'\'' if single && self.byte(self.position + 1) == b'\'' => {
                    text.push('\'');
                    self.position += 2;
                }
                b'\'' if single => return Ok(false),
                b'"' if !single => return Ok(false),
                b'\\' if !single => {
                    let length = self.line_end(self.position + 1);
                    if length > 0 {
                        self.position += 1 + length;
                        self.line = self.position;
                        return Ok(true);
                    }
                    text.push(self.escape(start)?);
                }
                _ => {
                    let begin = self.position;
                    self.position += 1;
                    while !self.text.is_char_boundary(self.position) {
                        self.position += 1;
                    }
                    text.push_str(&self.text[begin..self.position]);
                }
            }
        }
        Ok(false)
    }

    /// Consumes white space between words: spaces stay, line ends fold.
    fn quoted_blanks(&mut self, escaped_break: bool, text: &mut String) {
        let begin = self.position;
        let mut breaks = Breaks::default();
        let mut folded = escaped_break;
        let mut first = !escaped_break;
        loop {
            match self.line_end(self.position) {
                0 if matches!(self.here(), b' ' | b'\t') => self.position += 1,
                0 => break,
                length => {
                    if first {
                        breaks.push(self.line_end_text(self.position));
                        first = false;
                    } else {
                        breaks.push_trailing(self.line_end_text(self.position));
                    }
                    folded = true;
                    self.position += length;
                    self.line = self.position;
                }
            }
        }
        if !folded {
            text.push_str(&self.text[begin..self.position]);
        } else {
            breaks.fold_into(text);
        }
    }

    fn escape(&mut self, start: usize) -> Result<char> {
        let at = self.position;
        let kind = self.byte(at + 1);
        let plain = match kind {
            b'0' => '\0',
            b'a' => '\u{7}',
            b'b' => '\u{8}',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\u{b}',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'e' => '\u{1b}',
            b' ' => ' ',
            b'"' => '"',
            b'\'' => '\'',
            b'\\' => '\\',
            b'N' => '\u{85}',
            b'_' => '\u{a0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            b'x' | b'u' | b'U' => return self.escaped_code(start, kind),
            _ => {
                let end = self.text[at + 1..]
                    .chars()
                    .next()
                    .map_or(at + 1, |next| at + 1 + next.len_utf8());
                return Err(Error::new(
                    Code::MalformedYaml,
                    format!("found the unknown escape `{}`", &self.text[at..end]),
                )
                .at(self.span(at, end))
                .help(match &self.text[at..end] {
                    "\\/" => "write `/` alone: it needs no escape",
                    _ => "write `\\\\` for a backslash, or use single quotes, where it needs no escape",
                }));
            }
        };
        self.position = at + 2;
        Ok(plain)
    }

    fn escaped_code(&mut self, start: usize, kind: u8) -> Result<char> {
        let at = self.position;
        let digits = match kind {
            b'x' => 2,
            b'u' => 4,
            _ => 8,
        };
        let code = self
            .text
            .get(at + 2..at + 2 + digits)
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character =
            code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        self.position = at + 2 + digits;
        character.ok_or_else(|| {
            let Some(code) = code else {
                let kind = char::from(kind);
                let message = format!("expected {digits} hexadecimal digits after `\\{kind}`");
                return Error::new(Code::MalformedYaml, message)
                    .at(self.span(at, at + 2))
                    .note(self.span(start, start + 1), "the quotes open here");
            };
            let what = match code.trim_start_matches('0').as_bytes() {
                [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', _, _] => "half a character",
                _ => "no character",
            };
            let kind = char::from(kind);
            let message = format!("found the escape `\\{kind}{code}`, which is {what}");
            Error::new(Code::MalformedYaml, message)
                .at(self.span(at, at + 2 + digits))
                .help("write the character itself, or the eight digits of its number behind `\\U`")
        })
    }

    /// Parses a block scalar, `|` or `>`.
    pub(super) fn block_scalar(&mut self, tag: Tag) -> Result<Scalar> {
        let start = self.position;
        let style = if self.here() == b'|' { Style::Literal } else { Style::Folded };
        self.position += 1;
        let header = self.block_header()?;
        let mut indent = match header.increment {
            0 => 0,
            increment => self.indent.max(0) + increment,
        };
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let mut breaks = Breaks::default();
        let first = self.position;
        let mut end = self.position;
        self.block_breaks(&mut indent, start, &mut breaks)?;
        let mut leading_blank = false;
        while self.column() == indent && self.here() != 0 {
            let blank = matches!(self.here(), b' ' | b'\t');
            if style == Style::Folded && !leading_blank && !blank {
                breaks.fold_into(&mut text);
            } else {
                breaks.keep_into(&mut text);
            }
            leading_blank = blank;
            let begin = self.position;
            end = self.end_of_line(begin);
            text.push_str(&self.text[begin..end]);
            self.position = end;
            let length = self.line_end(end);
            if length > 0 {
                breaks.push(self.line_end_text(end));
                self.position += length;
                self.line = self.position;
            }
            self.block_breaks(&mut indent, start, &mut breaks)?;
        }
        // After `+`, the empty lines up to the current one are part of the text.
        let last = match header.chomping {
            Chomping::Keep => self.line.max(end),
            Chomping::Clip | Chomping::Strip => end,
        };
        if last > first {
            self.note(TokenKind::BlockText, first, last);
        }
        breaks.chomp_into(&mut text, header.chomping);
        self.key_allowed = true;
        let scalar = Scalar::parsed(&text, tag, style, self.span(start, end));
        self.scratch = text;
        Ok(scalar)
    }

    fn block_header(&mut self) -> Result<BlockHeader> {
        let mut header = BlockHeader { increment: 0, chomping: Chomping::Clip };
        let sign = self.position - 1;
        let (mut chomped, mut indented) = (false, false);
        loop {
            match self.here() {
                sign @ (b'+' | b'-') if !chomped => {
                    header.chomping = if sign == b'+' { Chomping::Keep } else { Chomping::Strip };
                    chomped = true;
                }
                digit @ b'1'..=b'9' if !indented => {
                    header.increment = isize::from(digit - b'0');
                    indented = true;
                }
                _ => break,
            }
            self.position += 1;
        }
        self.note(TokenKind::BlockHeader, sign, self.position);
        while matches!(self.here(), b' ' | b'\t') {
            self.position += 1;
        }
        if self.here() == b'#' {
            let start = self.position;
            self.position = self.end_of_line(start);
            self.note(TokenKind::Comment, start, self.position);
        }
        match self.line_end(self.position) {
            0 if self.here() != 0 => Err(self
                .malformed("expected the end of the line after `|` or `>`")
                .help("put the text on the next line, or in quotes if it is meant as it stands")),
            length => {
                self.position += length;
                if length > 0 {
                    self.line = self.position;
                }
                Ok(header)
            }
        }
    }

    /// Consumes indentation and empty lines, and determines the indentation if it is not known yet.
    fn block_breaks(
        &mut self,
        indent: &mut isize,
        start: usize,
        breaks: &mut Breaks,
    ) -> Result<()> {
        let mut deepest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.here() == b' ' {
                self.position += 1;
            }
            deepest = deepest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.here() == b'\t' {
                return Err(self
                    .tab_as_indentation()
                    .note(self.span(start, start + 1), "in the text that begins here"));
            }
            let length = self.line_end(self.position);
            if length == 0 {
                break;
            }
            breaks.push_trailing(self.line_end_text(self.position));
            self.position += length;
            self.line = self.position;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }

    #[cold]
    pub(super) fn tab_as_indentation(&self) -> Error {
        self.malformed("found a tab where a space of indentation is expected")
            .help("indent with spaces")
    }
}

const fn quoted_token(is_single: bool) -> TokenKind {
    if is_single { TokenKind::SingleQuoted } else { TokenKind::DoubleQuoted }
}

struct BlockHeader {
    increment: isize,
    chomping: Chomping,
}

#[derive(Clone, Copy)]
enum Chomping {
    Clip,
    Keep,
    Strip,
}

/// Line ends between two lines of text: the one that ends the first line, and those of empty lines after it.
#[derive(Default)]
struct Breaks {
    leading: &'static str,
    trailing: Vec<&'static str>,
}

impl Breaks {
    fn is_empty(&self) -> bool {
        self.leading.is_empty() && self.trailing.is_empty()
    }

    fn push(&mut self, text: &'static str) {
        if self.leading.is_empty() {
            self.leading = text;
        } else {
            self.trailing.push(text);
        }
    }

    fn push_trailing(&mut self, text: &'static str) {
        self.trailing.push(text);
    }

    /// Appends the line ends folded: one line feed becomes a space, or is dropped before empty lines; U+2028 and U+2029
    /// stay.
    fn fold_into(&mut self, text: &mut String) {
        if self.leading != "\n" {
            return self.keep_into(text);
        }
        if self.trailing.is_empty() {
            text.push(' ');
        }
        self.leading = "";
        self.keep_into(text);
    }

    fn keep_into(&mut self, text: &mut String) {
        text.push_str(self.leading);
        self.leading = "";
        for trailing in self.trailing.drain(..) {
            text.push_str(trailing);
        }
    }

    fn chomp_into(self, text: &mut String, chomping: Chomping) {
        match chomping {
            Chomping::Strip => {}
            Chomping::Clip => text.push_str(self.leading),
            Chomping::Keep => {
                text.push_str(self.leading);
                text.extend(self.trailing);
            }
        }
    }
}
