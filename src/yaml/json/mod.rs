//! Documents as JSON: the text that the reference hashes, and the result of passing a document through JSON.

mod passage;
mod strict;

use std::fmt::{Display, Write};

use super::node::{CollectionStyle, Mapping, Node, Scalar, View};
use super::scalar::{Value, number};
use super::typed::{self, Order, TypedEntry, TypedPlace};
use crate::error::{Code, Error, Result};

pub use passage::{json_beginning, json_passage};
pub use strict::not_json;

/// Appends a node as `encoding/json` writes it after the reference has read it: compact, keys sorted by bytes, `<`, `>`
/// and `&` escaped, every number a float64. On an error `out` stays as it was.
///
/// Keys directly in the node are text, as at the top of a document.
///
/// # Errors
/// As [`super::emit()`], except for characters that JSON can escape.
pub fn to_json(root: &Node, out: &mut String) -> Result<()> {
    write_json(root, Form::Resource, out)
}

/// A callback that receives the text in parts; an error from it ends the writing.
pub type TakeText<'t> = dyn FnMut(&str) -> Result<()> + 't;

/// Writes a node as [`to_json`] does, in parts: the text is never held in memory as a whole.
///
/// # Errors
/// As [`to_json`], and those of `take`.
pub fn to_json_by(root: &Node, take: &mut TakeText<'_>) -> Result<()> {
    let mut text = String::new();
    let mut writer = JsonWriter {
        out: &mut text,
        form: Form::Resource,
        open: Vec::new(),
        entries: Vec::new(),
        take: Some(take),
    };
    writer.document(root)?;
    writer.give(0)
}

/// The number of bytes after which a part is passed on.
const PART: usize = 1 << 16;

/// The maximum depth of collections in indented output: deeper output would be mostly indentation.
const MAX_INDENTED: usize = 1000;

/// The forms of JSON output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A resource, as [`to_json`] writes it.
    Resource,
    /// Any document, on one line: integers stay integers, and every key must be a string.
    Compact,
    /// As [`Form::Compact`], but on many lines, indented by two spaces.
    Indented,
}

/// Appends a node as JSON of a form. On an error `out` stays as it was.
///
/// # Errors
/// As [`to_json`].
pub fn write_json(root: &Node, form: Form, out: &mut String) -> Result<()> {
    let start = out.len();
    let mut writer = JsonWriter { out, form, open: Vec::new(), entries: Vec::new(), take: None };
    let result = writer.document(root);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

struct JsonWriter<'a, 'o, 't> {
    out: &'o mut String,
    /// The receiver of finished parts, if the text is written in parts.
    take: Option<&'o mut TakeText<'t>>,
    form: Form,
    open: Vec<OpenJson<'a>>,
    /// The entries of all open mappings, innermost last.
    entries: Vec<TypedEntry<'a>>,
}

/// A collection that is being written.
struct OpenJson<'a> {
    rest: Rest<'a>,
    in_flow: bool,
    first: bool,
}

enum Rest<'a> {
    Items(std::slice::Iter<'a, Node>),
    /// A range of [`JsonWriter::entries`]: its start, and the position of the next entry.
    Entries(usize, usize),
}

impl<'a> JsonWriter<'a, '_, '_> {
    fn document(&mut self, root: &'a Node) -> Result<()> {
        self.value(root, self.form == Form::Resource, false)?;
        while let Some(open) = self.open.last_mut() {
            let (first, in_flow) = (std::mem::take(&mut open.first), open.in_flow);
            let value = match &mut open.rest {
                Rest::Items(items) => items.next().map(|item| (None, item)).ok_or(']'),
                Rest::Entries(start, next) => match self.entries.get_mut(*next) {
                    Some(entry) => {
                        *next += 1;
                        Ok((Some(std::mem::take(&mut entry.key)), entry.value))
                    }
                    None => {
                        self.entries.truncate(*start);
                        Err('}')
                    }
                },
            };
            match value {
                Ok((key, value)) => {
                    if !first {
                        self.out.push(',');
                    }
                    self.break_line();
                    if let Some(key) = key {
                        self.string(&key)?;
                        self.out.push_str(if self.form == Form::Indented { ": " } else { ":" });
                    }
                    self.value(value, false, in_flow)?;
                    self.give(PART)?;
                }
                Err(end) => {
                    self.open.pop();
                    if !first {
                        self.break_line();
                    }
                    self.out.push(end);
                }
            }
        }
        Ok(())
    }

    /// Passes the text on if it is longer than `more_than` bytes.
    fn give(&mut self, more_than: usize) -> Result<()> {
        if let Some(take) = &mut self.take
            && self.out.len() > more_than
        {
            take(self.out)?;
            self.out.clear();
        }
        Ok(())
    }

    fn string(&mut self, text: &str) -> Result<()> {
        self.out.push('"');
        let mut rest = text;
        while rest.len() > PART {
            let (part, after) = rest.split_at(rest.floor_char_boundary(PART));
            push_escaped(part, self.out);
            self.give(PART)?;
            rest = after;
        }
        push_escaped(rest, self.out);
        self.out.push('"');
        Ok(())
    }

    fn integer(&mut self, integer: impl Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{integer}");
    }

    fn break_line(&mut self) {
        if self.form == Form::Indented {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.open.len()));
        }
    }

    fn value(&mut self, node: &'a Node, root: bool, in_flow: bool) -> Result<()> {
        let (rest, style) = match node.view() {
            View::Scalar(scalar) => return self.scalar(scalar, in_flow),
            View::Sequence(sequence) => {
                self.out.push('[');
                (Rest::Items(sequence.items.iter()), sequence.style)
            }
            View::Mapping(mapping) => {
                self.out.push('{');
                (self.open_mapping(mapping, root, in_flow)?, mapping.style)
            }
        };
        let in_flow = in_flow || style == CollectionStyle::Flow;
        self.open.push(OpenJson { rest, in_flow, first: true });
        if self.form == Form::Indented && self.open.len() > MAX_INDENTED {
            let message = format!("collections are nested more than {MAX_INDENTED} deep");
            return Err(Error::new(Code::NestingTooDeep, message).at(node.span()));
        }
        Ok(())
    }

    fn open_mapping(
        &mut self,
        mapping: &'a Mapping,
        root: bool,
        in_flow: bool,
    ) -> Result<Rest<'a>> {
        let start = self.entries.len();
        let place = TypedPlace { root, in_flow: in_flow || mapping.style == CollectionStyle::Flow };
        typed::collect(mapping, place, Order::Bytes, &mut self.entries)?;
        Ok(Rest::Entries(start, start))
    }

    fn scalar(&mut self, scalar: &Scalar, in_flow: bool) -> Result<()> {
        match typed::value(scalar, in_flow)? {
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Int(integer) if self.form == Form::Resource => {
                number::push_json(integer as f64, self.out);
            }
            Value::Uint(integer) if self.form == Form::Resource => {
                number::push_json(integer as f64, self.out);
            }
            Value::Int(integer) => self.integer(integer),
            Value::Uint(integer) => self.integer(integer),
            Value::Float(float) if float.is_finite() => number::push_json(float, self.out),
            Value::Float(_) => return Err(typed::no_number(scalar)),
            Value::Timestamp(text) => self.string(&text)?,
            Value::Str(text) => self.string(&text)?,
        }
        Ok(())
    }
}

/// Writes a string as `encoding/json` does, HTML escapes included.
pub fn push_json_string(text: &str, out: &mut String) {
    out.push('"');
    push_escaped(text, out);
    out.push('"');
}

const HEXADECIMAL: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];

/// Writes the content of a string as `encoding/json` does, HTML escapes included.
fn push_escaped(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(position) = rest.find(is_escaped) {
        let (plain, special) = rest.split_at(position);
        out.push_str(plain);
        let mut characters = special.chars();
        match characters.next().unwrap_or_default() {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => {
                // All others are escaped with four digits. A file may consist of zero bytes, so `format!` would be too
                // slow.
                let code = u32::from(other);
                out.push_str("\\u");
                out.extend([12, 8, 4, 0].map(|shift| HEXADECIMAL[(code >> shift & 0xF) as usize]));
            }
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

fn is_escaped(character: char) -> bool {
    matches!(character, '\0'..='\u{1F}' | '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Sources, Span};
    use crate::yaml::sample::{document, drawn, nested};

    fn json(text: &str) -> String {
        let sources = Sources::new();
        let mut out = String::from("before");
        match to_json(&document(&sources, text).unwrap(), &mut out) {
            Ok(()) => out["before".len()..].to_owned(),
            Err(error) => {
                assert_eq!(out, "before");
                drawn(&error, &sources)
            }
        }
    }

    #[test]
    fn text_is_compact_and_sorted_by_bytes() {
        let table = [
            ("{}", "{}"),
            ("[]", "[]"),
            ("text", "\"text\""),
            (
                "b: [1, {}, [x], ~]\na10: true\na9: {c: d}\nB: ''",
                r#"{"B":"","a10":true,"a9":{"c":"d"},"b":[1,{},["x"],null]}"#,
            ),
            (
                r#""<a> & \"\\\b\f\n\r\t\0\e\x7F\Lé😀""#,
                "\"\\u003ca\\u003e \\u0026 \\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001b\u{7F}\\u2028é😀\"",
            ),
            (
                "[0x1F, 1.50, 1e21, 1e-7, 1e20, -0.0, 0.000001]",
                "[31,1.5,1e+21,1e-7,100000000000000000000,-0,0.000001]",
            ),
            (
                "[12345678901234567, 18446744073709551615]",
                "[12345678901234568,18446744073709552000]",
            ),
            ("2001-01-01", "\"2001-01-01T00:00:00Z\""),
            ("1.0: a\n!!null '': b", r#"{"1.0":"a"}"#),
            ("{a: }", r#"{"a":""}"#),
            (
                "a: .nan",
                "1:4 unrepresentable-value: `.nan` is a number that JSON has no form for (put it in quotes if it is a string: `\".nan\"`)",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(json(text), expected, "{text}");
        }
    }

    #[test]
    fn other_documents_keep_their_integers() {
        let text = "b: [12345678901234567, {}, []]\na: {c: 1.50}";
        let node = document(&Sources::new(), text).unwrap();
        let mut out = String::new();
        write_json(&node, Form::Compact, &mut out).unwrap();
        assert_eq!(out, r#"{"a":{"c":1.5},"b":[12345678901234567,{},[]]}"#);
        out.clear();
        write_json(&node, Form::Indented, &mut out).unwrap();
        let lines = [
            "{",
            "  \"a\": {",
            "    \"c\": 1.5",
            "  },",
            "  \"b\": [",
            "    12345678901234567,",
            "    {},",
            "    []",
            "  ]",
            "}",
        ];
        assert_eq!(out.lines().collect::<Vec<_>>(), lines);
        let number = document(&Sources::new(), "{1: a}").unwrap();
        assert!(write_json(&number, Form::Compact, &mut out).is_err());
    }

    #[test]
    fn depth_costs_no_stack() {
        let body = || {
            let mut node = nested(10_000);
            let mut out = String::new();
            to_json(&node, &mut out).unwrap();
            assert!(out.starts_with("{\"k\":[{\"k\":["));
            json_passage(&mut node).unwrap();
            let error = to_json(
                &Node::mapping(
                    vec![(Scalar::untagged("a", Span::NONE), node.clone()); 2],
                    Span::NONE,
                ),
                &mut out,
            );
            assert_eq!(error.unwrap_err().code(), Code::DuplicateKey);
        };
        std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
    }
}
