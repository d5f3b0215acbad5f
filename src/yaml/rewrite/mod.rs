//! A document inside of a text: read, changed, and written again as it was written, as go-yaml v3 does it.

mod write;

use std::borrow::Cow;

use super::node::{CollectionStyle, Mapping, Node, Repr, Scalar, Sequence, Style, Tag};
use super::set::implied_tag;
use crate::error::Result;
use crate::source::Source;

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

/// The comments of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Remarks {
    /// On the lines above.
    head: String,
    /// At the end of the line.
    line: String,
    /// On the lines below, with an empty line after them.
    foot: String,
    /// The foot of the entry before.
    tail: String,
}

/// Appends a document in the styles of its nodes. (kyaml, `yaml.String`.)
///
/// # Errors
/// None but those of a broken tree.
pub fn rewrite(root: &Node, original: &Source, out: &mut String) -> Result<()> {
    let _ = original;
    let mut events = vec![Event { what: What::DocumentStart, remarks: Remarks::default() }];
    events.extend(EventsOf::new(root));
    events.push(Event { what: What::End, remarks: Remarks::default() });
    write::write(&events, out)
}

/// The events of a tree, without a walk on the stack.
struct EventsOf<'a> {
    next: Option<&'a Node>,
    open: Vec<Rest<'a>>,
}

enum Rest<'a> {
    Items(std::slice::Iter<'a, Node>),
    Entries(std::slice::Iter<'a, (Scalar, Node)>),
}

impl<'a> EventsOf<'a> {
    fn new(root: &'a Node) -> Self {
        Self { next: Some(root), open: Vec::new() }
    }
}

impl<'a> Iterator for EventsOf<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        let event = |what| Some(Event { what, remarks: Remarks::default() });
        if let Some(node) = self.next.take() {
            return match &node.0 {
                Repr::Scalar(scalar) => event(scalar_event(scalar)),
                Repr::Sequence(sequence) => {
                    let Sequence { items, style, .. } = &**sequence;
                    self.open.push(Rest::Items(items.iter()));
                    event(What::Sequence { flow: *style == CollectionStyle::Flow })
                }
                Repr::Mapping(mapping) => {
                    let Mapping { entries, style, .. } = &**mapping;
                    self.open.push(Rest::Entries(entries.iter()));
                    event(What::Mapping { flow: *style == CollectionStyle::Flow })
                }
            };
        }
        match self.open.last_mut()? {
            Rest::Items(items) => {
                if let Some(item) = items.next() {
                    self.next = Some(item);
                    return self.next();
                }
            }
            Rest::Entries(entries) => {
                if let Some((key, value)) = entries.next() {
                    self.next = Some(value);
                    return event(scalar_event(key));
                }
            }
        }
        self.open.pop();
        event(What::End)
    }
}

/// How a scalar is written: with its tag if the text alone would mean something else. (go-yaml v3, `encode.go`.)
fn scalar_event(scalar: &Scalar) -> What<'_> {
    let (text, tag) = (scalar.text(), scalar.tag());
    let is_quoted = scalar.style() != Style::Plain;
    let mut style = scalar.style();
    let mut written = None;
    if tag != Tag::None && !(tag == Tag::Str && is_quoted) && implied_tag(text) != tag {
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
