//! Writes a tree as the bytes that kustomize prints: keys sorted, block style, quotes where go-yaml v2 puts them.
//!
//! The reference prints a resource with go-yaml v3, reads that into Go values, prints those as JSON, reads the JSON
//! with go-yaml v2 and prints it again. Most of these steps change nothing. Those that do are in `typed` (v3, and the
//! types) and in `string` (JSON, and v2's styles).

mod json;
mod look;
mod number;
mod string;

pub use json::through_json;
pub use look::written_length;
pub(super) use number::{push_float, push_integer};
pub use string::push_text;
pub(super) use string::{push_double_quoted, push_single_quoted, written_style};

use super::node::{CollectionStyle, Mapping, Node, Scalar, Style, Tag, View};
use super::parse::MAX_DEPTH;
use super::scalar::{Value, begins_like_string};
use super::typed::{self, Order, TypedEntry, TypedPlace};
use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Limit};
use crate::source::Span;

/// Appends a document as kustomize prints it, with a newline at the end. On an error `out` stays as it was.
///
/// Keys are sorted, comments and styles are gone, strings are quoted only where go-yaml v2 does, lines fold at 80
/// columns. It needs little stack however deep the tree is, and time and space linear in the output.
///
/// # Errors
/// [`Code::DuplicateKey`], [`Code::InvalidKey`], [`Code::InvalidMerge`], [`Code::InvalidValue`] (a tag that the text
/// contradicts), [`Code::UnrepresentableValue`] (infinity, NaN, characters that YAML does not allow, very long keys),
/// [`Code::NestingTooDeep`]; each with its place.
///
/// # Example
/// ```
/// use krender::source::Sources;
/// use krender::yaml::{emit, parse};
///
/// # fn main() -> krender::error::Result<()> {
/// let source = Sources::new().add("a.yaml", "spec: {replicas: 0x2, version: '1.10'} # comment\nkind: Web\n")?;
/// let mut out = String::new();
/// for document in parse::documents(&source)? {
///     emit(&document.root, &mut out)?;
/// }
/// assert_eq!(out, "kind: Web\nspec:\n  replicas: 2\n  version: \"1.10\"\n");
/// # Ok(())
/// # }
/// ```
pub fn emit(root: &Node, out: &mut String) -> Result<()> {
    emit_within(root, out, &Budget::default())
}

/// Appends a document as [`emit`] does, and charges the output to a budget. Writing stops when the budget is spent:
/// aliases and deep nesting can make a large output from a small input.
///
/// # Errors
/// As [`emit`], and [`Code::LimitExceeded`] at the first node that did not fit.
pub fn emit_within(root: &Node, out: &mut String, budget: &Budget) -> Result<()> {
    let start = out.len();
    let result =
        emit_up_to(root, out, budget.left(Limit::Bytes)).map_err(|error| match error.code() {
            Code::LimitExceeded => budget.exceeded(Limit::Bytes, error.span()),
            _ => error,
        });
    let result = result.and_then(|_| budget.bytes(out.len() - start, root.span()));
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Appends a document as [`emit`] does, and returns its charge in bytes: its length, and the part of deep indentation that
/// counts twice. Writing stops at a charge above `most`; after an error, a part of the document may be in `out`.
///
/// # Errors
/// As [`emit_within`]; the error for a charge above `most` has no message.
pub fn emit_up_to(root: &Node, out: &mut String, most: u64) -> Result<u64> {
    let start = out.len();
    let most = start.saturating_add(usize::try_from(most).unwrap_or(usize::MAX));
    let (open, reordered) = (Vec::new(), Vec::new());
    let mut emitter = Emitter { line_start: start, most, out, open, reordered };
    emitter.document(root)?;
    let twice = most - emitter.most;
    Ok((out.len() - start + twice) as u64)
}

struct Emitter<'a, 'o> {
    out: &'o mut String,
    /// The offset at which the last line of `out` begins.
    line_start: usize,
    /// The maximum length of `out`; 0 once indentation was omitted because of it.
    most: usize,
    /// The collections around the current place, outermost first.
    open: Vec<OpenCollection<'a>>,
    /// The entries of open mappings that needed sorting or checking, innermost last.
    reordered: Vec<TypedEntry<'a>>,
}

/// A collection that is being written.
struct OpenCollection<'a> {
    rest: Rest<'a>,
    /// The column of its entries.
    indent: usize,
    in_flow: bool,
    /// True if the first entry continues the current line, as after a dash.
    inline: bool,
}

/// The entries of a collection that are not written yet.
enum Rest<'a> {
    Items(std::slice::Iter<'a, Node>),
    Entries(std::slice::Iter<'a, (Scalar, Node)>),
    /// A range of [`Emitter::reordered`]: its start, and the position of the next entry.
    Reordered(usize, usize),
}

/// The text before a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// No text: the value is the document.
    Nothing,
    /// A key and its colon.
    Key,
    /// A dash, or the colon on the line after a long key.
    Indicator,
}

impl<'a> Emitter<'a, '_> {
    fn document(&mut self, root: &'a Node) -> Result<()> {
        if let Some(open) = self.value(root, After::Nothing, 0, false)? {
            self.open.push(open);
        }
        while let Some(open) = self.open.pop() {
            self.collection(open)?;
        }
        match self.out.len() > self.most {
            true => Err(too_long(root.span())),
            false => Ok(()),
        }
    }

    /// Writes entries up to the first one that is a collection itself, and keeps the rest in `open`.
    fn collection(&mut self, mut open: OpenCollection<'a>) -> Result<()> {
        loop {
            let (value, after) = match &mut open.rest {
                Rest::Items(items) => {
                    let Some(item) = items.next() else { return Ok(()) };
                    self.begin_entry(&mut open);
                    self.out.push('-');
                    (item, After::Indicator)
                }
                Rest::Entries(entries) => {
                    let Some((key, value)) = entries.next() else { return Ok(()) };
                    self.begin_entry(&mut open);
                    (value, self.key(key.text(), key.span(), open.indent)?)
                }
                Rest::Reordered(start, next) => {
                    let Some(entry) = self.reordered.get_mut(*next) else {
                        self.reordered.truncate(*start);
                        return Ok(());
                    };
                    let (key, name, value) =
                        (std::mem::take(&mut entry.key), entry.name, entry.value);
                    *next += 1;
                    self.begin_entry(&mut open);
                    (value, self.key(&key, name.span(), open.indent)?)
                }
            };
            let inner = self.value(value, after, open.indent, open.in_flow)?;
            if self.out.len() > self.most {
                return Err(too_long(value.span()));
            }
            if let Some(inner) = inner {
                self.open.push(open);
                self.open.push(inner);
                if self.open.len() > MAX_DEPTH {
                    return Err(too_deep(value.span()));
                }
                return Ok(());
            }
        }
    }

    #[inline]
    fn begin_entry(&mut self, open: &mut OpenCollection<'a>) {
        if open.inline {
            open.inline = false;
        } else {
            self.pad(open.indent);
        }
    }

    /// Writes a scalar or an empty collection with the end of its line; a collection with entries is returned, to be
    /// written next.
    #[inline]
    fn value(
        &mut self,
        node: &'a Node,
        after: After,
        indent: usize,
        in_flow: bool,
    ) -> Result<Option<OpenCollection<'a>>> {
        let (rest, style) = match node.view() {
            View::Scalar(scalar) => {
                if after != After::Nothing {
                    self.out.push(' ');
                }
                self.scalar(scalar, indent + 2, in_flow)?;
                self.end_line();
                return Ok(None);
            }
            View::Sequence(sequence) => (Rest::Items(sequence.items.iter()), sequence.style),
            View::Mapping(mapping) => {
                let in_flow = in_flow || mapping.style == CollectionStyle::Flow;
                (
                    self.entries(mapping, TypedPlace { root: after == After::Nothing, in_flow })?,
                    mapping.style,
                )
            }
        };
        let (empty, of_items) = match &rest {
            Rest::Items(items) => (items.len() == 0, true),
            Rest::Entries(entries) => (entries.len() == 0, false),
            Rest::Reordered(_, next) => (*next == self.reordered.len(), false),
        };
        if empty {
            if after != After::Nothing {
                self.out.push(' ');
            }
            self.out.push_str(if of_items { "[]" } else { "{}" });
            self.end_line();
            return Ok(None);
        }
        let in_flow = in_flow || style == CollectionStyle::Flow;
        let (indent, inline) = match after {
            After::Nothing => (0, true),
            // The dashes of a list are in the column of its key; everything else is indented by two.
            After::Key => (if of_items { indent } else { indent + 2 }, false),
            After::Indicator => (indent + 2, true),
        };
        match after {
            After::Nothing => {}
            After::Key => self.end_line(),
            After::Indicator => self.out.push(' '),
        }
        Ok(Some(OpenCollection { rest, indent, in_flow, inline }))
    }

    #[inline]
    fn entries(&mut self, mapping: &'a Mapping, place: TypedPlace) -> Result<Rest<'a>> {
        if typed::is_in_order(mapping, Order::Natural) {
            return Ok(Rest::Entries(mapping.entries().iter()));
        }
        let start = self.reordered.len();
        typed::collect(mapping, place, Order::Natural, &mut self.reordered)?;
        Ok(Rest::Reordered(start, start))
    }

    #[inline]
    fn scalar(&mut self, scalar: &Scalar, indent: usize, in_flow: bool) -> Result<()> {
        let text = scalar.text();
        if scalar.tag() == Tag::None && scalar.style() == Style::Plain && begins_like_string(text) {
            return self.string(text, scalar.span(), indent);
        }
        match typed::value(scalar, in_flow)? {
            Value::Str(text) => return self.string(&text, scalar.span(), indent),
            Value::Timestamp(text) => return self.string(&text, scalar.span(), indent),
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Int(integer) => push_integer(integer, self.out),
            Value::Uint(integer) => push_integer(integer, self.out),
            Value::Float(float) if float.is_finite() => push_float(float, self.out),
            Value::Float(_) => return Err(typed::no_number(scalar)),
        }
        Ok(())
    }

    /// Ends the line, unless a block scalar has ended it already.
    #[inline]
    fn end_line(&mut self) {
        if self.out.len() != self.line_start {
            self.out.push('\n');
            self.line_start = self.out.len();
        }
    }

    #[inline]
    fn pad(&mut self, columns: usize) {
        const SPACES: &str = "                                                                ";
        let mut columns = columns;
        while columns > SPACES.len() {
            // Checked here because each line of a long text is indented, even each word of a text that folds.
            if self.out.len() > self.most {
                self.most = 0;
                return;
            }
            // Deep indentation is charged twice: a `String` that grows by it is copied.
            self.most = self.most.saturating_sub(SPACES.len());
            self.out.push_str(SPACES);
            columns -= SPACES.len();
        }
        self.out.push_str(&SPACES[..columns]);
    }
}

/// The error for output that exceeds the budget; [`emit_within`] adds the limit.
#[cold]
fn too_long(span: Span) -> Error {
    Error::new(Code::LimitExceeded, "").at(span)
}

#[cold]
fn too_deep(span: Span) -> Error {
    Error::new(Code::NestingTooDeep, format!("collections are nested more than {MAX_DEPTH} deep"))
        .at(span)
        .help("split the document")
}

#[cfg(test)]
mod tests;
