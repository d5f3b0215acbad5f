//! Puts nodes into new collections in their places.

use super::change::{TextEdit, refused};
use super::place::{Member, Place, Text};
use super::write::{Pass, Writer};
use super::{Edited, Source, apply, verify};
use crate::error::Result;
use crate::source::Span;
use crate::yaml::node::{Node, Scalar};
use crate::yaml::parse;
use crate::yaml::path::Path;

/// A new mapping around a node.
#[derive(Clone, Debug)]
pub struct Wrapper<'a> {
    /// The entries before that of the node.
    pub before: &'a [(&'a str, Node)],
    /// The key of the node.
    pub key: &'a str,
    /// True if the mapping is the only element of a new list.
    pub is_listed: bool,
}

/// Puts nodes into new mappings. Their text and comments stay, and are indented as their new places require. Nodes may not
/// be within each other.
///
/// # Errors
/// As [`edit`](super::edit).
pub fn wrap(source: &Source, document: usize, nodes: &[(Path, Wrapper<'_>)]) -> Result<Edited> {
    let tokens = parse::tokens(source)?;
    let text = Text::new(source, &tokens, document)?.with_layout();
    let mut expected = text.outline.tree(source);
    let mut places = Vec::new();
    for (path, wrapper) in nodes {
        let place = text.locate(path.steps())?;
        if text.is_absent(place.node()) {
            return Err(refused("no value here").at(text.span_of(&place)));
        }
        if let Some(node) = expected.at_mut(&place.way) {
            *node = wrapper.around(node.clone());
        }
        places.push((place, wrapper));
    }
    let mut refusal = None;
    for pass in [Pass::LikeSiblings, Pass::DoubleQuoted] {
        let mut edits = Vec::new();
        for (place, wrapper) in &places {
            edits.extend(text.wrapped(place, wrapper, pass)?);
        }
        edits.sort_by_key(|edit| edit.span.start());
        let new = apply(source, &edits)?;
        match verify(&text, &tokens, document, &expected, &new) {
            Ok(()) => return Ok(Edited { edits, text: new }),
            Err(error) => refusal = Some(error),
        }
    }
    let place = places.first().map_or(Span::NONE, |(place, _)| text.span_of(place));
    Err(refusal.unwrap_or_else(|| refused("no node to put into a mapping")).at(place))
}

impl Wrapper<'_> {
    /// The mapping with a node, in its list if it is in one.
    fn around(&self, node: Node) -> Node {
        let key = |key: &str| Scalar::string(key, Span::NONE);
        let before = self.before.iter().map(|(name, value)| (key(name), value.clone()));
        let mapping = Node::mapping(before.chain([(key(self.key), node)]).collect(), Span::NONE);
        match self.is_listed {
            true => Node::sequence(vec![mapping], Span::NONE),
            false => mapping,
        }
    }
}

impl Text<'_> {
    fn wrapped(&self, place: &Place, wrapper: &Wrapper<'_>, pass: Pass) -> Result<Vec<TextEdit>> {
        let Some((parent, at)) = place.parent() else {
            return Err(refused("the root of a document has no place in a collection")
                .at(self.span_of(place)));
        };
        let Some(member) = self.members(parent).get(at).copied() else {
            return Err(refused("no value at this path").at(self.span_of(place)));
        };
        let writer = self.writer(parent, pass);
        let start = self.piece(member.value).range().start;
        // An anchor or tag stays with its node.
        let start = self.properties(start).last().map_or(start, |token| token.start());
        if self.is_flow(parent) {
            return self.wrapped_in_flow(member, start, wrapper, &writer);
        }
        match (member.key.is_some(), wrapper.is_listed) {
            (true, true) => self.listed_below_key(member, start, wrapper, &writer),
            (false, false) => {
                let column = self.column(start);
                let head = lines(wrapper, &writer, column)? + " ";
                let deeper = column.saturating_sub(self.column(member.start));
                let mut edits = vec![self.put(start, head)];
                edits.extend(self.indented(start, self.end_of(member.value), deeper));
                Ok(edits)
            }
            _ => Err(refused("no form for this collection here").at(self.span_of(place))),
        }
    }

    fn wrapped_in_flow(
        &self,
        member: Member,
        start: usize,
        wrapper: &Wrapper<'_>,
        writer: &Writer,
    ) -> Result<Vec<TextEdit>> {
        let (open, close) = if wrapper.is_listed { ("[{", "}]") } else { ("{", "}") };
        let mut head = open.to_owned();
        for (key, value) in wrapper.before {
            head.push_str(&writer.pair(key, value, 0)?);
            head.push_str(", ");
        }
        head.push_str(&writer.key(wrapper.key, true));
        head.push_str(": ");
        Ok(vec![self.put(start, head), self.put(self.end_of(member.value), close)])
    }

    /// The edits that put the value of a key into a mapping in a list, on lines below the key.
    fn listed_below_key(
        &self,
        member: Member,
        start: usize,
        wrapper: &Wrapper<'_>,
        writer: &Writer,
    ) -> Result<Vec<TextEdit>> {
        let column = self.column(member.start);
        let dash = column + self.layout.dashes;
        let head = format!("{}- {}", " ".repeat(dash), lines(wrapper, writer, dash + 2)?);
        let end = self.end_of(member.value);
        let is_on_line = self.line_start(start) == self.line_start(member.after);
        let below = self.next_line(member.after).filter(|_| !is_on_line);
        let mut edits = match below {
            None => vec![self.replace(member.after..start, format!("\n{head} "))],
            Some(below) => vec![self.put(below, format!("{head}\n"))],
        };
        let behind = self.comments_of(end, column).map_or(end, |comment| comment.end());
        edits.extend(self.indented(member.after, behind, dash + 2 - column));
        Ok(edits)
    }

    /// The edits that indent the lines that begin in a range, without its start.
    fn indented(&self, start: usize, end: usize, deeper: usize) -> Vec<TextEdit> {
        let indent = " ".repeat(deeper);
        let mut edits = Vec::new();
        let mut line = self.next_line(start);
        while let Some(at) = line.filter(|&at| at < end) {
            let is_empty = self.next_line(at).is_some_and(|next| {
                self.text
                    .get(at..next)
                    .is_some_and(|line| line.trim_end_matches(['\r', '\n']).is_empty())
            });
            if !is_empty {
                edits.push(self.put(at, &*indent));
            }
            line = self.next_line(at);
        }
        edits
    }
}

/// The entries before that of the node, and its key. The first line has no indentation yet.
fn lines(wrapper: &Wrapper<'_>, writer: &Writer, column: usize) -> Result<String> {
    let mut text = String::new();
    for (key, value) in wrapper.before {
        text.push_str(&writer.entry(key, value, column)?);
        text.push('\n');
        text.push_str(&" ".repeat(column));
    }
    text.push_str(&writer.key(wrapper.key, false));
    text.push(':');
    Ok(text)
}
