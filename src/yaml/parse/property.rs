//! Properties of nodes (anchors and tags) and of documents (directives and markers).

use super::document::malformed_at;
use super::merge_key::Merge;
use super::reader::{Properties, Reader};
use crate::error::{Error, Result};
use crate::source::Span;
use crate::yaml::node::Tag;
use crate::yaml::tokens::TokenKind;

const YAML_TAGS: &str = "tag:yaml.org,2002:";

/// More than the length of any tag that [`meaning`] knows, in bytes.
const LONGEST_TAG: usize = 64;

impl<'s, const WIDE: bool, const RECORD: bool> Reader<'s, WIDE, RECORD> {
    /// Parses one anchor or tag into `properties`.
    pub(super) fn property(&mut self, properties: &mut Properties<'s>) -> Result<()> {
        let start = self.position;
        let mut found = Properties::default();
        let kind = if self.here() == b'&' { TokenKind::Anchor } else { TokenKind::Tag };
        if self.here() == b'&' {
            found.anchor = Some(self.anchor_name()?);
        } else {
            found.tag = self.tag()?;
            found.tagged = true;
        }
        self.note(kind, start, self.position);
        self.key_allowed = false;
        let span = self.span(start, self.position);
        *properties = properties.with(found).ok_or_else(|| self.second_property(span))?;
        Ok(())
    }

    #[cold]
    pub(super) fn second_property(&self, span: Span) -> Error {
        malformed_at(span, "found a second anchor or tag before one node").help("keep one of each")
    }

    /// The name after `&` or `*`.
    pub(super) fn anchor_name(&mut self) -> Result<&'s str> {
        let start = self.position + 1;
        let mut end = start;
        while is_word(self.byte(end)) {
            end += 1;
        }
        let follows =
            matches!(self.byte(end), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if end == start || !(follows || self.is_separated(end)) {
            let what = if self.here() == b'&' { "an anchor" } else { "an alias" };
            self.position = end;
            return Err(self
                .malformed(format!(
                    "found this in the name of {what}, expected letters, digits, `-` or `_`"
                ))
                .help("put the value in quotes if it is meant as text"));
        }
        self.position = end;
        Ok(&self.text[start..end])
    }

    fn tag(&mut self) -> Result<Tag> {
        let start = self.position;
        let (handle, suffix) = if self.byte(start + 1) == b'<' {
            self.position += 2;
            let uri = self.tag_uri()?;
            if self.here() != b'>' {
                return Err(self.malformed("expected `>` at the end of this tag"));
            }
            self.position += 1;
            (None, uri)
        } else {
            self.tag_with_handle()?
        };
        if !self.is_separated(self.position) {
            return Err(self
                .malformed("expected a blank after this tag")
                .help("put the value in quotes if it is text"));
        }
        let name = match handle {
            None => suffix,
            Some(handle) => match self.directives.get(handle) {
                // No known tag is this long; a long prefix is not copied for each tag.
                Some(prefix) if prefix.len() > LONGEST_TAG && !RECORD => return Ok(Tag::Other),
                Some(prefix) => format!("{prefix}{suffix}"),
                None if handle == "!" => format!("!{suffix}"),
                None if handle == "!!" => format!("{YAML_TAGS}{suffix}"),
                None => {
                    let message = format!("no `%TAG` directive for the tag handle `{handle}`");
                    return Err(malformed_at(self.span(start, self.position), message));
                }
            },
        };
        if RECORD {
            let start = self.source_offset(start);
            self.recorder.tag(start, shortened(&name));
        }
        // go-yaml v2, which reads configuration, makes a string of a scalar with the tag `!`.
        Ok(if name == "!" && self.merge == Merge::Later { Tag::Other } else { meaning(&name) })
    }

    /// `!suffix`, `!!suffix`, `!handle!suffix` or `!`.
    fn tag_with_handle(&mut self) -> Result<(Option<&'s str>, String)> {
        let start = self.position;
        let mut end = start + 1;
        while is_word(self.byte(end)) {
            end += 1;
        }
        if self.byte(end) == b'!' {
            self.position = end + 1;
            let handle = &self.text[start..=end];
            return Ok((Some(handle), self.tag_uri()?));
        }
        self.position = start + 1;
        if !is_uri(self.here()) {
            return Ok((None, "!".to_owned()));
        }
        Ok((Some("!"), self.tag_uri()?))
    }

    fn tag_uri(&mut self) -> Result<String> {
        let mut uri = Vec::new();
        while is_uri(self.here()) {
            if self.here() != b'%' {
                uri.push(self.here());
                self.position += 1;
                continue;
            }
            let digits = self.text.get(self.position + 1..self.position + 3);
            let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
                return Err(self.malformed("expected two hexadecimal digits after `%` in this tag"));
            };
            uri.push(byte);
            self.position += 3;
        }
        match String::from_utf8(uri) {
            Ok(uri) if !uri.is_empty() => Ok(uri),
            Ok(_) => Err(self.malformed("expected the name of a tag here")),
            Err(_) => Err(self.malformed("found escapes in this tag that are not UTF-8")),
        }
    }

    /// Parses directives and `---`. Returns false if there is no document.
    pub(super) fn document_start(&mut self) -> Result<bool> {
        self.skip();
        let mut directives = false;
        while self.here() == b'%' && self.position == self.line {
            self.directive()?;
            directives = true;
            self.skip();
        }
        if self.at_document_marker() && self.here() == b'-' {
            self.note(TokenKind::DocumentStart, self.position, self.position + 3);
            self.position += 3;
            self.key_allowed = false;
            return Ok(true);
        }
        if self.at_document_marker() {
            return Err(self.malformed("found `...` before any document").help("remove it"));
        }
        if directives {
            return Err(self
                .malformed("expected `---` after the directives")
                .help("remove the directives"));
        }
        Ok(self.here() != 0)
    }

    /// Checks the text after the first document, as far as the reference reads it.
    pub(super) fn document_end(&mut self) -> Result<()> {
        self.skip();
        match self.here() {
            b'%' if self.position == self.line => self.directive(),
            // On a line of its own it begins a mapping, which the reference does not read any more.
            b':' if !self.key_allowed && self.is_separated(self.position + 1) => {
                Err(self.misplaced_colon())
            }
            b'-' | b'?' if !self.key_allowed && self.is_separated(self.position + 1) => {
                Err(self.cannot_begin())
            }
            b'@' | b'`' | b'%' | b'\t' => Err(self.cannot_begin()),
            _ => Ok(()),
        }
    }

    fn directive(&mut self) -> Result<()> {
        let start = self.position;
        let end = self.end_of_line(start);
        let line = &self.text[start + 1..end];
        let line = line.split_once(" #").map_or(line, |(before, _)| before);
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        self.key_allowed = false;
        self.position = end;
        let content = self.text[start..end].find(" #").map_or(end, |comment| start + comment);
        self.note(TokenKind::Directive, start, content);
        let span = self.span(start, end);
        match words.as_slice() {
            ["YAML", "1.1"] => Ok(()),
            ["YAML", ..] => {
                Err(malformed_at(span, "expected `%YAML 1.1`").help("remove the directive"))
            }
            ["TAG", handle, prefix] if handle.starts_with('!') && handle.ends_with('!') => {
                match self.directives.insert(handle, (*prefix).to_owned()) {
                    None => Ok(()),
                    Some(_) => {
                        let message = format!("found a second `%TAG` directive for `{handle}`");
                        Err(malformed_at(span, message))
                    }
                }
            }
            _ => Err(malformed_at(
                span,
                "found a directive that is neither `%YAML 1.1` nor `%TAG !handle! prefix`",
            )
            .help("put the value in quotes if the line is meant as text")),
        }
    }
}

/// A tag with `!!` in place of YAML's own prefix; empty for `!`.
fn shortened(name: &str) -> String {
    match name.strip_prefix(YAML_TAGS) {
        Some(name) => format!("!!{name}"),
        None if name == "!" => String::new(),
        None => name.to_owned(),
    }
}

/// The type named by a full tag.
fn meaning(name: &str) -> Tag {
    match name.strip_prefix(YAML_TAGS).or_else(|| name.strip_prefix("!!")) {
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("str") => Tag::Str,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        Some("seq") => Tag::Seq,
        Some("map") => Tag::Map,
        None if name == "!" => Tag::None,
        _ => Tag::Other,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_uri(byte: u8) -> bool {
    is_word(byte)
        || matches!(
            byte,
            b';' | b'/'
                | b'?'
                | b':'
                | b'@'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b','
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')'
                | b'['
                | b']'
                | b'%'
        )
}
