//! Rewrites YAML documents after a change, in their own styles and with their comments, as go-yaml v3 does: those that are
//! embedded in a string ([`rewrite`]), and those of a stream ([`written`](fn@written)).

mod write;
mod written;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use self::written::{Shown, Written, WrittenStream, print, written};
use super::node::{CollectionStyle, Node, Scalar, Style, Tag, View};
use super::parse;
use super::set::implied_tag;
pub use super::tokens::Remarks;
use super::tokens::{Comments, Form, Outline, Piece, TokenKind};
use crate::error::{Code, Error, Result};
use crate::source::{Source, Span};

/// An event for the writer.
struct Event<'a> {
    what: What<'a>,
    remarks: Remarks,
}

enum What<'a> {
    DocumentStart,
    /// A scalar, with the tag if it must be written.
    Scalar {
        text: Cow<'a, str>,
        tag: Option<&'static str>,
        style: Style,
    },
    /// `*name`
    Alias(&'a str),
    Sequence {
        flow: bool,
    },
    Mapping {
        flow: bool,
    },
    /// The end of a collection or of the document.
    End,
}

/// The comments of a document by the offsets of its nodes.
pub struct Layout(Comments);

impl Layout {
    /// Parses a document without anchors, aliases, `?` before keys, and directives.
    ///
    /// # Errors
    /// Those of [`parse::document`], and [`Code::NotSupportedYet`] for a document with any of these.
    pub fn of(text: &str) -> Result<Self> {
        let source = Source::detached(text);
        let tokens = parse::document_tokens(&source)?;
        if tokens.list().iter().any(|token| is_special(token.kind())) {
            let message =
                "found an anchor, an alias, a directive or `?` in a document that is hashed";
            return Err(Error::new(Code::NotSupportedYet, message).help("write it out"));
        }
        let outline = tokens.documents().first();
        Ok(Self(
            outline.map_or_else(Comments::default, |outline| Comments::of(text, &tokens, outline)),
        ))
    }

    /// The comments of the scalar that begins at an offset.
    #[must_use]
    pub fn scalar(&self, at: usize) -> Option<&Remarks> {
        self.0.of_scalar(at)
    }

    /// The comments of the collection that begins at an offset.
    #[must_use]
    pub fn collection(&self, at: usize) -> Option<&Remarks> {
        self.0.of_collection(at)
    }
}

const fn is_special(kind: TokenKind) -> bool {
    use TokenKind::{Alias, Anchor, Directive, Question};
    matches!(kind, Anchor | Alias | Directive | Question)
}

/// The root of a document with aliases and merge keys unresolved; `None` for a document that is empty or null. The root
/// can be changed and then passed to [`rewrite`].
///
/// # Errors
/// As [`parse::document`], except those for merge keys and for keys that are collections.
pub fn as_written(source: &Source) -> Result<Option<Node>> {
    let tokens = parse::document_tokens(source)?;
    Ok(tokens.documents().first().map(|outline| outline.tree(source)))
}

/// True if a node of [`as_written`] is an alias: `*name`.
#[must_use]
pub fn is_alias(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| {
        scalar.tag() == Tag::Other
            && scalar.style() == Style::Plain
            && scalar.text().starts_with('*')
    })
}

/// Appends a document in the styles of its nodes, with the comments, anchors and tags of the text that it was read from
/// ([`as_written`]). Nodes from elsewhere have none. (kyaml, `yaml.String`.)
///
/// # Errors
/// [`Code::UnrepresentableValue`] for a document without a root.
pub fn rewrite(root: &Node, original: &Source, out: &mut String) -> Result<()> {
    let tokens = parse::document_tokens(original)?;
    let document = match tokens.documents().first() {
        Some(outline) => Written::of(original, &tokens, outline),
        None => Written::default(),
    };
    print(root, &[&document], Shown::default(), out)
}

/// The keys that are collections, by their offsets.
fn complex_keys(outline: &Outline, source: &Source) -> BTreeMap<usize, Node> {
    let mappings = (0..outline.pieces().len()).filter(|&number| {
        let form = outline.get(number).map(Piece::form);
        matches!(form, Some(Form::Mapping(_) | Form::Pair))
    });
    let keys = mappings.flat_map(|mapping| outline.entries(mapping).map(|(key, _)| key));
    let complex = keys.filter_map(|key| {
        let piece = outline.get(key)?;
        let is_collection = !matches!(piece.form(), Form::Scalar(_) | Form::Alias);
        let tree = is_collection.then(|| outline.tree_at(key, source))??;
        Some((piece.range().start, tree))
    });
    complex.collect()
}

/// The comments of documents.
#[derive(Clone, Copy)]
struct Reading<'a> {
    /// Sorted by address.
    documents: &'a [&'a Written],
    comments: bool,
}

impl<'a> Reading<'a> {
    /// The document that a node was read from, and its offset in the text.
    fn place(&self, span: Span) -> Option<(&'a Written, usize)> {
        let after = self.documents.partition_point(|it| it.within.start <= span.start());
        let document = *self.documents.get(after.checked_sub(1)?)?;
        let is_within = span.start() <= document.within.end;
        is_within.then_some((document, (span.start() - document.base) as usize))
    }

    fn of_scalar(&self, scalar: &Scalar) -> Remarks {
        let place = self.place(scalar.span());
        let remarks = place.and_then(|(document, at)| match scalar.span().length() {
            // A scalar that is not written has no comments.
            0 => document.comments.of_absent(at),
            _ => document.comments.of_scalar(at),
        });
        self.shown(remarks)
    }

    /// The collection that a placeholder key stands for.
    fn complex(&self, key: &Scalar) -> Option<&'a Node> {
        let (document, at) = key.is_complex_key().then(|| self.place(key.span()))??;
        document.keys.get(&at)
    }

    fn of_collection(&self, span: Span) -> Remarks {
        let place = self.place(span).filter(|_| span.length() > 0);
        self.shown(place.and_then(|(document, at)| document.comments.of_collection(at)))
    }

    fn shown(&self, remarks: Option<&Remarks>) -> Remarks {
        match remarks {
            None => Remarks::default(),
            Some(remarks) if self.comments => remarks.clone(),
            Some(remarks) => remarks.without_comments(),
        }
    }
}

/// An iterator over the events of a tree, without recursion.
struct EventsOf<'a> {
    reading: Reading<'a>,
    /// The next node, with the foot comment of the entry before it.
    next: Option<(&'a Node, String)>,
    open: Vec<OpenNode<'a>>,
}

struct OpenNode<'a> {
    rest: Rest<'a>,
    /// The comments at the end of the collection.
    end: Remarks,
}

enum Rest<'a> {
    Items(std::slice::Iter<'a, Node>),
    Entries(std::slice::Iter<'a, (Scalar, Node)>),
    /// The value of a key that is a collection.
    Value(Option<&'a Node>),
}

impl<'a> EventsOf<'a> {
    fn begin(&mut self, rest: Rest<'a>, span: Span, tail: String, flow: bool) -> Event<'a> {
        let Remarks { head, line, foot, tag, anchor, .. } = self.reading.of_collection(span);
        let what = match rest {
            Rest::Items(_) => What::Sequence { flow },
            Rest::Entries(_) | Rest::Value(_) => What::Mapping { flow },
        };
        self.open.push(OpenNode { rest, end: Remarks { line, foot, ..Remarks::default() } });
        Event { what, remarks: Remarks { head, tail, tag, anchor, ..Remarks::default() } }
    }
}

impl<'a> Iterator for EventsOf<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if let Some((node, tail)) = self.next.take() {
            return Some(match node.view() {
                View::Scalar(scalar) => {
                    let remarks = Remarks { tail, ..self.reading.of_scalar(scalar) };
                    Event { what: scalar_event(scalar, &remarks), remarks }
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
            Rest::Value(_) => {}
            Rest::Entries(entries) => {
                if let Some((key, value)) = entries.next() {
                    // A foot comment is emitted after the whole entry, so it is kept for the next one.
                    let mut remarks = self.reading.of_scalar(key);
                    remarks.tail =
                        std::mem::replace(&mut open.end.tail, std::mem::take(&mut remarks.foot));
                    if let Some(complex) = self.reading.complex(key) {
                        self.next = Some((complex, std::mem::take(&mut remarks.tail)));
                        self.open.push(OpenNode {
                            rest: Rest::Value(Some(value)),
                            end: Remarks::default(),
                        });
                        return self.next();
                    }
                    self.next = Some((value, String::new()));
                    return Some(Event { what: scalar_event(key, &remarks), remarks });
                }
            }
        }
        let OpenNode { rest, end } = self.open.pop()?;
        if let Rest::Value(value) = rest {
            self.next = value.map(|value| (value, String::new()));
            return self.next();
        }
        Some(Event { what: What::End, remarks: end })
    }
}

/// The event for a scalar: with its tag if the text alone would have another type. (go-yaml v3, `encode.go`.)
fn scalar_event<'a>(scalar: &'a Scalar, remarks: &Remarks) -> What<'a> {
    let text = scalar.text();
    if remarks.is_alias {
        return What::Alias(text);
    }
    let is_quoted = scalar.style() != Style::Plain;
    let tag = match scalar.tag() {
        // The parser of go-yaml v3 reads it as a merge key, its encoder as a string.
        Tag::None if text == "<<" && !is_quoted && !scalar.is_untagged() => Tag::Merge,
        tag => tag,
    };
    let mut style = scalar.style();
    let mut written = None;
    if remarks.tag.is_empty()
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
