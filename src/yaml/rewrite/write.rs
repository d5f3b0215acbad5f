//! Writes events as go-yaml v3 does: styles and comments are kept.
//!
//! The states are those of `emitterc.go`, with the settings of kyaml: an indentation of two, dashes in the column of
//! their key, and lines that never fold.

use std::borrow::Cow;
use std::fmt::Write;

use super::{Event, Remarks, What};
use crate::error::{Code, Error, Result};
use crate::yaml::analysis::{Analysis, analyze};
use crate::yaml::node::Style;

/// Appends a document.
pub(super) fn write(events: &[Event<'_>], out: &mut String) -> Result<()> {
    let mut writer = RewriteWriter {
        out,
        events,
        states: Vec::new(),
        indents: Vec::new(),
        indent: -1,
        column: 0,
        flow_level: 0,
        whitespace: true,
        indention: true,
        foot_indent: -1,
        in_mapping: false,
        remarks: Remarks::default(),
        key_line: String::new(),
    };
    writer.document()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Root,
    End,
    BlockItem { first: bool },
    BlockKey { first: bool },
    BlockValue { simple: bool },
    FlowItem { first: bool, trail: bool },
    FlowKey { first: bool, trail: bool },
    FlowValue { simple: bool },
}

struct RewriteWriter<'a, 'o> {
    out: &'o mut String,
    /// The remaining events, the next one first.
    events: &'a [Event<'a>],
    states: Vec<State>,
    indents: Vec<isize>,
    indent: isize,
    column: usize,
    flow_level: usize,
    /// True after white space.
    whitespace: bool,
    /// True while the line contains only indentation and indicators.
    indention: bool,
    /// The indentation at which an empty line separates a foot comment from the next node; -1 for none.
    foot_indent: isize,
    in_mapping: bool,
    /// The comments of the current event that are not written yet.
    remarks: Remarks,
    /// The comment at the end of a line with a key alone.
    key_line: String,
}

impl<'a> RewriteWriter<'a, '_> {
    fn document(&mut self) -> Result<()> {
        self.states.push(State::Root);
        while let Some((event, rest)) = self.events.split_first() {
            let state = self.states.pop().unwrap_or(State::End);
            let said = &event.remarks;
            for (left, new) in [
                (&mut self.remarks.head, &said.head),
                (&mut self.remarks.line, &said.line),
                (&mut self.remarks.foot, &said.foot),
                (&mut self.remarks.tail, &said.tail),
            ] {
                if !new.is_empty() {
                    left.clone_from(new);
                }
            }
            self.step(state, event)?;
            self.events = rest;
        }
        Ok(())
    }

    fn step(&mut self, state: State, event: &'a Event<'a>) -> Result<()> {
        match state {
            State::Root => match event.what {
                What::DocumentStart => {
                    self.states.push(State::Root);
                    if !self.remarks.head.is_empty() {
                        self.head_comment();
                        self.line_break();
                    }
                    Ok(())
                }
                _ => {
                    self.states.push(State::End);
                    self.head_comment();
                    self.node(event, false, false)?;
                    self.line_comment(false);
                    self.foot_comment();
                    Ok(())
                }
            },
            State::End => {
                self.foot_indent = 0;
                self.foot_comment();
                self.foot_indent = -1;
                self.write_indent();
                Ok(())
            }
            State::BlockItem { first } => self.block_item(event, first),
            State::BlockKey { first } => self.block_key(event, first),
            State::BlockValue { simple } => self.block_value(event, simple),
            State::FlowItem { first, trail } => self.flow_item(event, first, trail),
            State::FlowKey { first, trail } => self.flow_key(event, first, trail),
            State::FlowValue { simple } => self.flow_value(event, simple),
        }
    }

    fn node(&mut self, event: &'a Event<'a>, in_mapping: bool, is_key: bool) -> Result<()> {
        self.in_mapping = in_mapping;
        let ends = self.events.get(1).is_some_and(|next| matches!(next.what, What::End));
        if !event.remarks.anchor.is_empty() {
            self.indicator(&event.remarks.anchor, true, false, false);
        }
        if !event.remarks.tag.is_empty() {
            self.indicator(&written_tag(&event.remarks.tag), true, false, false);
        }
        match &event.what {
            What::Scalar { text, tag, style } => self.scalar(text, *tag, *style, is_key)?,
            What::Alias(name) => self.indicator(name, true, false, false),
            What::Sequence { flow } => self.states.push(if self.flow_level > 0 || *flow || ends {
                State::FlowItem { first: true, trail: false }
            } else {
                State::BlockItem { first: true }
            }),
            What::Mapping { flow } => self.states.push(if self.flow_level > 0 || *flow || ends {
                State::FlowKey { first: true, trail: false }
            } else {
                State::BlockKey { first: true }
            }),
            What::DocumentStart | What::End => {
                return Err(Error::new(Code::UnrepresentableValue, "a document without a root"));
            }
        }
        Ok(())
    }

    fn increase_indent(&mut self, flow: bool, compact: bool) {
        self.indents.push(self.indent);
        if self.indent < 0 {
            self.indent = if flow { 2 } else { 0 };
            return;
        }
        if matches!(self.states.last(), Some(State::BlockItem { .. })) {
            self.indent += 2;
            return;
        }
        self.indent = 2 * ((self.indent + 2) / 2);
        if compact {
            self.indent -= 2;
        }
    }

    fn decrease_indent(&mut self) {
        self.indent = self.indents.pop().unwrap_or(-1);
    }

    fn block_item(&mut self, event: &'a Event<'a>, first: bool) -> Result<()> {
        if first {
            let compact = self.in_mapping && (self.column == 0 || !self.indention);
            self.increase_indent(false, compact);
        }
        if matches!(event.what, What::End) {
            self.decrease_indent();
            return Ok(());
        }
        self.head_comment();
        self.write_indent();
        self.indicator("-", true, false, true);
        self.states.push(State::BlockItem { first: false });
        self.node(event, false, false)?;
        self.line_comment(false);
        self.foot_comment();
        Ok(())
    }

    fn block_key(&mut self, event: &'a Event<'a>, first: bool) -> Result<()> {
        if first {
            self.increase_indent(false, false);
        }
        self.head_comment();
        if matches!(event.what, What::End) {
            self.decrease_indent();
            return Ok(());
        }
        self.write_indent();
        if !self.remarks.line.is_empty() {
            self.key_line = std::mem::take(&mut self.remarks.line);
        }
        let simple = self.is_simple_key(event);
        if !simple {
            self.indicator("?", true, false, true);
        }
        self.states.push(State::BlockValue { simple });
        self.node(event, true, simple)
    }

    fn block_value(&mut self, event: &'a Event<'a>, simple: bool) -> Result<()> {
        if simple {
            self.indicator(":", false, false, false);
        } else {
            self.write_indent();
            self.indicator(":", true, false, true);
        }
        if !self.key_line.is_empty() {
            let is_flow =
                matches!(event.what, What::Sequence { flow: true } | What::Mapping { flow: true });
            if matches!(event.what, What::Scalar { .. }) {
                if self.remarks.line.is_empty() {
                    self.remarks.line = std::mem::take(&mut self.key_line);
                }
            } else if !is_flow && !matches!(event.what, What::Alias(_)) {
                // A block follows, so the comment goes to the end of the key's line.
                std::mem::swap(&mut self.remarks.line, &mut self.key_line);
                self.line_comment(false);
                std::mem::swap(&mut self.remarks.line, &mut self.key_line);
            }
        }
        self.states.push(State::BlockKey { first: false });
        self.node(event, true, false)?;
        self.line_comment(false);
        self.foot_comment();
        Ok(())
    }

    /// True if a key needs no `?` before it.
    fn is_simple_key(&self, event: &Event<'_>) -> bool {
        const LONGEST: usize = 128;
        let Remarks { tag, anchor, .. } = &event.remarks;
        let length = tag.len() + anchor.len().saturating_sub(1);
        match &event.what {
            What::Scalar { text, tag, .. } => {
                let length = length + text.len() + tag.map_or(0, str::len);
                !text.contains(is_break) && length <= LONGEST
            }
            What::Alias(name) => name.len() <= LONGEST + 1,
            What::Sequence { .. } | What::Mapping { .. } => {
                let is_empty =
                    self.events.get(1).is_some_and(|next| matches!(next.what, What::End));
                is_empty && length <= LONGEST
            }
            What::DocumentStart | What::End => false,
        }
    }

    fn trails(&self) -> bool {
        !(self.remarks.line.is_empty()
            && self.remarks.foot.is_empty()
            && self.remarks.tail.is_empty())
    }

    fn flow_item(&mut self, event: &'a Event<'a>, first: bool, trail: bool) -> Result<()> {
        if first {
            self.indicator("[", true, true, false);
            self.increase_indent(true, false);
            self.flow_level += 1;
        }
        if matches!(event.what, What::End) {
            self.flow_level -= 1;
            self.decrease_indent();
            if self.column == 0 {
                self.write_indent();
            }
            self.indicator("]", false, false, false);
            self.line_comment(false);
            self.foot_comment();
            return Ok(());
        }
        if !first && !trail {
            self.indicator(",", false, false, false);
        }
        self.head_comment();
        if self.column == 0 {
            self.write_indent();
        }
        let trail = self.trails();
        self.states.push(State::FlowItem { first: false, trail });
        self.node(event, false, false)?;
        self.end_flow_entry();
        Ok(())
    }

    fn end_flow_entry(&mut self) {
        if self.trails() {
            self.indicator(",", false, false, false);
        }
        self.line_comment(false);
        self.foot_comment();
    }

    fn flow_key(&mut self, event: &'a Event<'a>, first: bool, trail: bool) -> Result<()> {
        if first {
            self.indicator("{", true, true, false);
            self.increase_indent(true, false);
            self.flow_level += 1;
        }
        if matches!(event.what, What::End) {
            let Remarks { head, foot, tail, .. } = &self.remarks;
            let says_nothing = head.is_empty() && foot.is_empty() && tail.is_empty();
            if !(says_nothing || first || trail) {
                self.indicator(",", false, false, false);
            }
            self.head_comment();
            self.flow_level -= 1;
            self.decrease_indent();
            self.indicator("}", false, false, false);
            self.line_comment(false);
            self.foot_comment();
            return Ok(());
        }
        if !first && !trail {
            self.indicator(",", false, false, false);
        }
        self.head_comment();
        if self.column == 0 {
            self.write_indent();
        }
        let simple = self.is_simple_key(event);
        if !simple {
            self.indicator("?", true, false, false);
        }
        self.states.push(State::FlowValue { simple });
        self.node(event, true, simple)
    }

    fn flow_value(&mut self, event: &'a Event<'a>, simple: bool) -> Result<()> {
        self.indicator(":", !simple, false, false);
        let trail = self.trails();
        self.states.push(State::FlowKey { first: false, trail });
        self.node(event, true, false)?;
        self.end_flow_entry();
        Ok(())
    }

    fn scalar(&mut self, text: &str, tag: Option<&str>, style: Style, is_key: bool) -> Result<()> {
        let analysis = analyze(text);
        let style = self.style_of(text, analysis, style, is_key);
        if let Some(tag) = tag {
            self.indicator(tag, true, false, false);
        }
        self.increase_indent(true, false);
        match style {
            Style::Plain => self.plain(text),
            Style::SingleQuoted => self.single_quoted(text),
            Style::DoubleQuoted => self.double_quoted(text),
            Style::Literal => self.literal(text),
            Style::Folded => self.folded(text),
        }
        self.decrease_indent();
        Ok(())
    }

    /// The style of a text that is possible at this place.
    fn style_of(&self, text: &str, analysis: Analysis, style: Style, is_key: bool) -> Style {
        let in_flow = self.flow_level > 0;
        let mut style = style;
        if is_key && analysis.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain {
            let is_syntax =
                text.starts_with(['?', ':']) || text.contains([',', '?', '[', ']', '{', '}', ':']);
            let allowed = if in_flow {
                !text.is_empty() && analysis.plain && !is_syntax
            } else {
                analysis.plain && !(text.is_empty() && is_key)
            };
            if !allowed {
                style = Style::SingleQuoted;
            }
        }
        if style == Style::SingleQuoted && !analysis.single_quoted {
            style = Style::DoubleQuoted;
        }
        let is_block = matches!(style, Style::Literal | Style::Folded);
        if is_block && (text.is_empty() || !analysis.block || in_flow || is_key) {
            style = Style::DoubleQuoted;
        }
        style
    }

    fn plain(&mut self, text: &str) {
        if !text.is_empty() && !self.whitespace {
            self.put(' ');
        }
        self.lines(text, false);
        if !text.is_empty() {
            self.whitespace = false;
        }
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str) {
        self.indicator("'", true, false, false);
        self.lines(text, true);
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    /// Writes text with its line breaks; the first of several line breaks in a row is doubled.
    fn lines(&mut self, text: &str, doubles_quotes: bool) {
        let mut breaks = false;
        for character in text.chars() {
            if is_break(character) {
                if !breaks && character == '\n' {
                    self.line_break();
                }
                self.write_break(character);
                breaks = true;
                continue;
            }
            if character != ' ' {
                if breaks {
                    self.write_indent();
                }
                if doubles_quotes && character == '\'' {
                    self.put('\'');
                }
                self.indention = false;
                breaks = false;
            }
            self.put(character);
        }
    }

    fn double_quoted(&mut self, text: &str) {
        self.indicator("\"", true, false, false);
        for character in text.chars() {
            let code = u32::from(character);
            let escape = match character {
                '\0' => "\\0",
                '\u{7}' => "\\a",
                '\u{8}' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\u{B}' => "\\v",
                '\u{C}' => "\\f",
                '\r' => "\\r",
                '\u{1B}' => "\\e",
                '"' => "\\\"",
                '\\' => "\\\\",
                '\u{85}' => "\\N",
                '\u{2028}' => "\\L",
                '\u{2029}' => "\\P",
                ' '..='~' | '\u{A0}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}' => {
                    self.put(character);
                    continue;
                }
                _ => {
                    // Writing to a String cannot fail.
                    let _ = match code {
                        0..0x100 => write!(self.out, "\\x{code:02X}"),
                        0x100..0x1_0000 => write!(self.out, "\\u{code:04X}"),
                        _ => write!(self.out, "\\U{code:08X}"),
                    };
                    self.column += 4;
                    continue;
                }
            };
            self.out.push_str(escape);
            self.column += 2;
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn hints(&mut self, text: &str) {
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            self.indicator("2", false, false, false);
        }
        let mut last = text.chars().rev();
        match (last.next().is_some_and(is_break), last.next()) {
            (false, _) => self.indicator("-", false, false, false),
            (true, None) => self.indicator("+", false, false, false),
            (true, Some(before)) if is_break(before) => self.indicator("+", false, false, false),
            (true, Some(_)) => {}
        }
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        self.hints(text);
        self.line_comment(true);
        self.whitespace = true;
        let mut breaks = true;
        for character in text.chars() {
            if is_break(character) {
                self.write_break(character);
                breaks = true;
                continue;
            }
            if breaks {
                self.write_indent();
            }
            self.put(character);
            self.indention = false;
            breaks = false;
        }
    }

    fn folded(&mut self, text: &str) {
        self.indicator(">", true, false, false);
        self.hints(text);
        self.line_comment(true);
        self.whitespace = true;
        // go-yaml tests the first line of the whole text instead of the line below; see `typed/refold.rs`.
        let begins_blank = text.trim_start_matches(is_break).starts_with([' ', '\t', '\r', '\0'])
            || text.chars().all(is_break);
        let (mut breaks, mut leading_spaces) = (true, true);
        for character in text.chars() {
            if is_break(character) {
                if !breaks && !leading_spaces && character == '\n' && !begins_blank {
                    self.line_break();
                }
                self.write_break(character);
                breaks = true;
                continue;
            }
            if breaks {
                self.write_indent();
                leading_spaces = matches!(character, ' ' | '\t');
            }
            self.put(character);
            self.indention = false;
            breaks = false;
        }
    }

    fn head_comment(&mut self) {
        if !self.remarks.tail.is_empty() {
            self.write_indent();
            let tail = std::mem::take(&mut self.remarks.tail);
            self.comment(&tail);
            self.foot_indent = self.indent.max(0);
        }
        if !self.remarks.head.is_empty() {
            self.write_indent();
            let head = std::mem::take(&mut self.remarks.head);
            self.comment(&head);
        }
    }

    fn line_comment(&mut self, ends_line: bool) {
        if self.remarks.line.is_empty() {
            if ends_line {
                self.line_break();
            }
            return;
        }
        if !self.whitespace {
            self.put(' ');
        }
        let line = std::mem::take(&mut self.remarks.line);
        self.comment(&line);
    }

    fn foot_comment(&mut self) {
        if self.remarks.foot.is_empty() {
            return;
        }
        self.write_indent();
        let foot = std::mem::take(&mut self.remarks.foot);
        self.comment(&foot);
        self.foot_indent = self.indent.max(0);
    }

    fn comment(&mut self, text: &str) {
        let (mut breaks, mut pound) = (false, false);
        for character in text.chars() {
            if is_break(character) {
                self.write_break(character);
                (breaks, pound) = (true, false);
                continue;
            }
            if breaks {
                self.write_indent();
            }
            if !pound && character != '#' {
                self.put('#');
                self.put(' ');
            }
            pound = true;
            self.put(character);
            self.indention = false;
            breaks = false;
        }
        if !breaks {
            self.line_break();
        }
        self.whitespace = true;
    }

    fn write_indent(&mut self) {
        let indent = self.indent.max(0).unsigned_abs();
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break();
        }
        if self.foot_indent == self.indent.max(0) {
            self.line_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.foot_indent = -1;
    }

    fn indicator(
        &mut self,
        text: &str,
        needs_whitespace: bool,
        is_whitespace: bool,
        is_indention: bool,
    ) {
        if needs_whitespace && !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = is_whitespace;
        self.indention &= is_indention;
    }

    fn put(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.indention = true;
    }

    fn write_break(&mut self, character: char) {
        self.out.push(character);
        self.column = 0;
        self.indention = true;
    }
}

/// A tag in written form: a URI that is not one of YAML's own becomes `!<…>`.
fn written_tag(tag: &str) -> Cow<'_, str> {
    let is_kept =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-_;/?:@&=+$,.!~*'()[]".contains(&byte);
    if tag.starts_with('!') && tag.bytes().all(is_kept) {
        return Cow::Borrowed(tag);
    }
    let mut written = String::new();
    for byte in tag.bytes() {
        if is_kept(byte) {
            written.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(written, "%{byte:02X}");
        }
    }
    Cow::Owned(if tag.starts_with('!') { written } else { format!("!<{written}>") })
}

fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
