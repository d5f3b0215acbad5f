//! A document inside of a text: read, changed, and written again as it was written, as go-yaml v3 does it.

mod attach;
mod scan;
mod write;

use std::borrow::Cow;
use std::collections::BTreeMap;

use self::attach::Comments;
use self::scan::Extent;

use super::node::{CollectionStyle, Node, Scalar, Style, Tag, View};
use super::parse;
use super::set::implied_tag;
use crate::error::Result;
use crate::source::{Source, Span};

/// What the writer is told.
struct Event<'a> {
    what: What<'a>,
    remarks: Remarks,
}

enum What<'a> {
    DocumentStart,
    /// A text, with the tag that must be written.
    Scalar {
        text: Cow<'a, str>,
        tag: Option<&'static str>,
        style: Style,
    },
    Sequence {
        flow: bool,
    },
    Mapping {
        flow: bool,
    },
    /// The end of a collection or of the document.
    End,
}

/// The comments of a node, and its tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// On the lines above.
    pub head: String,
    /// At the end of the line.
    pub line: String,
    /// On the lines below, with an empty line after them.
    pub foot: String,
    /// The foot of the entry before.
    tail: String,
    /// The tag of the node, which stays whatever becomes of it.
    pub tag: String,
}

/// The nodes of a document by the places where they are written, with their comments.
pub struct Layout(Comments);

impl Layout {
    /// Reads a document.
    ///
    /// # Errors
    /// As [`rewrite`].
    pub fn of(text: &str) -> Result<Self> {
        comments_of(&Source::detached(text)).map(Self)
    }

    /// The scalar that begins at an offset.
    #[must_use]
    pub fn scalar(&self, at: usize) -> Option<&Remarks> {
        self.0.of_scalar(at)
    }

    /// The collection that begins at an offset.
    #[must_use]
    pub fn collection(&self, at: usize) -> Option<&Remarks> {
        self.0.of_collection(at)
    }
}

/// Appends a document in the styles of its nodes, with the comments of the text that it was read from. What stands
/// elsewhere has none. (kyaml, `yaml.String`.)
///
/// # Errors
/// [`Code::NotSupportedYet`](crate::error::Code::NotSupportedYet) for anchors, aliases and keys behind `?`.
pub fn rewrite(root: &Node, original: &Source, out: &mut String) -> Result<()> {
    let comments = comments_of(original)?;
    let Remarks { head, foot, .. } = comments.document.clone();
    let mut events =
        vec![Event { what: What::DocumentStart, remarks: Remarks { head, ..Remarks::default() } }];
    let reading = Reading { original, comments: &comments };
    events.extend(EventsOf { reading, next: Some((root, String::new())), open: Vec::new() });
    events.push(Event { what: What::End, remarks: Remarks { foot, ..Remarks::default() } });
    write::write(&events, out)
}

/// The comments of a text.
fn comments_of(original: &Source) -> Result<Comments> {
    let Some(document) = parse::document(original)? else { return Ok(Comments::default()) };
    let text = original.text();
    let mut scalars = BTreeMap::new();
    let mut add = |scalar: &Scalar| {
        let (start, end) = (scalar.span().start(), scalar.span().end());
        if let (Some(start), Some(end)) =
            (start.checked_sub(original.base()), end.checked_sub(original.base()))
            && start < end
        {
            let style = scalar.style();
            let extent = Extent {
                end: end as usize,
                is_block: matches!(style, Style::Literal | Style::Folded),
                is_plain: style == Style::Plain,
            };
            scalars.insert(start as usize, extent);
        }
    };
    let mut pending = vec![&document.root];
    while let Some(node) = pending.pop() {
        match node.view() {
            View::Scalar(scalar) => add(scalar),
            View::Sequence(sequence) => pending.extend(&sequence.items),
            View::Mapping(mapping) => {
                for (key, value) in mapping.entries() {
                    add(key);
                    pending.push(value);
                }
            }
        }
    }
    Comments::of(text, &scalars)
}

/// The comments, and the text that they stand in.
#[derive(Clone, Copy)]
struct Reading<'a> {
    original: &'a Source,
    comments: &'a Comments,
}

impl Reading<'_> {
    /// Where a node stands in the text. An empty scalar has no place of its own, and no comments.
    fn place(&self, span: Span) -> Option<usize> {
        if span.length() == 0 {
            return None;
        }
        let place = span.start().checked_sub(self.original.base())? as usize;
        (place < self.original.text().len()).then_some(place)
    }

    fn of_scalar(&self, scalar: &Scalar) -> Remarks {
        let place = self.place(scalar.span());
        place.and_then(|at| self.comments.of_scalar(at)).cloned().unwrap_or_default()
    }

    fn of_collection(&self, span: Span) -> Remarks {
        let place = self.place(span);
        place.and_then(|at| self.comments.of_collection(at)).cloned().unwrap_or_default()
    }
}

/// The events of a tree, without a walk on the stack.
struct EventsOf<'a> {
    reading: Reading<'a>,
    /// The node that comes next, with the foot of the entry before it.
    next: Option<(&'a Node, String)>,
    open: Vec<Open<'a>>,
}

struct Open<'a> {
    rest: Rest<'a>,
    /// What is said at the end of it.
    end: Remarks,
}

enum Rest<'a> {
    Items(std::slice::Iter<'a, Node>),
    Entries(std::slice::Iter<'a, (Scalar, Node)>),
}

impl<'a> EventsOf<'a> {
    fn begin(&mut self, rest: Rest<'a>, span: Span, tail: String, flow: bool) -> Event<'a> {
        let Remarks { head, line, foot, tag, .. } = self.reading.of_collection(span);
        let what = match rest {
            Rest::Items(_) => What::Sequence { flow },
            Rest::Entries(_) => What::Mapping { flow },
        };
        self.open.push(Open { rest, end: Remarks { line, foot, ..Remarks::default() } });
        Event { what, remarks: Remarks { head, tail, tag, ..Remarks::default() } }
    }
}

impl<'a> Iterator for EventsOf<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if let Some((node, tail)) = self.next.take() {
            return Some(match node.view() {
                View::Scalar(scalar) => {
                    let remarks = Remarks { tail, ..self.reading.of_scalar(scalar) };
                    Event { what: scalar_event(scalar, &remarks.tag), remarks }
                }
                View::Sequence(list) => {
                    let flow = list.style == CollectionStyle::Flow;
                    self.begin(Rest::Items(list.items.iter()), list.span, tail, flow)
                }
                View::Mapping(mapping) => {
                    let flow = mapping.style == CollectionStyle::Flow;
                    self.begin(Rest::Entries(mapping.entries().iter()), mapping.span, tail, flow)
                }
            });
        }
        let open = self.open.last_mut()?;
        match &mut open.rest {
            Rest::Items(items) => {
                if let Some(item) = items.next() {
                    self.next = Some((item, String::new()));
                    return self.next();
                }
            }
            Rest::Entries(entries) => {
                if let Some((key, value)) = entries.next() {
                    // What stands below an entry is said once all of the entry is written.
                    let mut remarks = self.reading.of_scalar(key);
                    remarks.tail =
                        std::mem::replace(&mut open.end.tail, std::mem::take(&mut remarks.foot));
                    self.next = Some((value, String::new()));
                    return Some(Event { what: scalar_event(key, &remarks.tag), remarks });
                }
            }
        }
        let end = self.open.pop()?.end;
        Some(Event { what: What::End, remarks: end })
    }
}

/// How a scalar is written: with its tag if the text alone would mean something else. (go-yaml v3, `encode.go`.)
fn scalar_event<'a>(scalar: &'a Scalar, explicit: &str) -> What<'a> {
    let text = scalar.text();
    let is_quoted = scalar.style() != Style::Plain;
    let tag = match scalar.tag() {
        // The parser of go-yaml v3 takes it for a merge key, and its encoder for a string.
        Tag::None if text == "<<" && !is_quoted && !scalar.is_untagged() => Tag::Merge,
        tag => tag,
    };
    let mut style = scalar.style();
    let mut written = None;
    if explicit.is_empty()
        && tag != Tag::None
        && !(tag == Tag::Str && is_quoted)
        && implied_tag(text) != tag
    {
        if tag == Tag::Str {
            style = Style::DoubleQuoted;
        } else {
            written = name(tag);
        }
    }
    if scalar.style() == Style::Plain && text.contains('\n') {
        style = Style::Literal;
    }
    What::Scalar { text: Cow::Borrowed(text), tag: written, style }
}

const fn name(tag: Tag) -> Option<&'static str> {
    match tag {
        Tag::Null => Some("!!null"),
        Tag::Bool => Some("!!bool"),
        Tag::Int => Some("!!int"),
        Tag::Float => Some("!!float"),
        Tag::Str => Some("!!str"),
        Tag::Timestamp => Some("!!timestamp"),
        Tag::Binary => Some("!!binary"),
        Tag::Merge => Some("!!merge"),
        Tag::Seq => Some("!!seq"),
        Tag::Map => Some("!!map"),
        Tag::None | Tag::Other => None,
    }
}

#[cfg(test)]
mod tests;
