//! Paths of fields on the command line: `spec.containers[name=web].image`.

use std::sync::Arc;

use super::Item;
use super::meta::{field, unexpected};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::Pattern;
use crate::source::Source;
use crate::text::escape;
use crate::yaml::{Node, Scalar, Shown, Style, Tag, Written, is_alias, print, written};

/// A path of fields.
#[derive(Debug)]
pub struct FieldPath(Vec<Step>);

#[derive(Debug)]
enum Step {
    /// The value of a key.
    Field(String),
    /// An element of a list.
    Index(usize),
    /// All elements of a list.
    Every,
    /// The elements whose field matches a pattern; of a list of scalars, those that match it themselves.
    Element(Option<String>, Pattern),
}

/// A node at a path.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) node: Node,
    pub(super) document: Arc<Written>,
    /// The texts of the fields that decided which elements were taken, innermost first.
    pub(super) names: Vec<String>,
}

impl FieldPath {
    /// Reads a path: names with dots between them (`\.` is a dot in a name), `*` for all elements of a list, an index, or
    /// `[field=pattern]` after the name of a list.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::InvalidPattern`].
    pub fn parse(text: &str, budget: &Budget) -> Result<Self> {
        let parts = parts(text)?;
        Self::of(&parts, budget)
    }

    /// A path of parts that were split.
    ///
    /// # Errors
    /// As [`FieldPath::parse`].
    pub(super) fn of(parts: &[impl AsRef<str>], budget: &Budget) -> Result<Self> {
        let steps = parts.iter().map(|part| Step::parse(part.as_ref(), budget));
        steps.collect::<Result<_>>().map(Self)
    }

    /// The nodes at the path. An empty list also stands for a missing field.
    ///
    /// # Errors
    /// [`Code::InvalidType`] for a node of another kind than the path expects, and those of reading YAML in a string.
    pub(super) fn find(&self, item: &Item) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        let document = Arc::clone(&item.document);
        find(&self.0, Found { node: item.root.clone(), document, names: Vec::new() }, &mut found)?;
        Ok(found)
    }
}

/// The parts of a path; the condition of a list is a part of its own.
///
/// # Errors
/// [`Code::InvalidArgument`] for more than one `[` in a part.
pub(super) fn parts(text: &str) -> Result<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '.' => parts.push(String::new()),
            _ => {
                let is_escape = character == '\\' && rest.next_if_eq(&'.').is_some();
                if let Some(last) = parts.last_mut() {
                    last.push(if is_escape { '.' } else { character });
                }
            }
        }
    }
    let mut split = Vec::new();
    for part in parts {
        let Some((name, condition)) = part.split_once('[') else {
            split.push(part);
            continue;
        };
        if condition.contains('[') {
            let message = format!("`{}` has more than one `[`", escape::visible(&part));
            return Err(Error::new(Code::InvalidArgument, message)
                .help("write `list[field=pattern]`; a dot in a pattern is written `\\.`"));
        }
        split.extend((!name.is_empty()).then(|| name.to_owned()));
        split.push(format!("[{condition}"));
    }
    Ok(split)
}

impl Step {
    fn parse(part: &str, budget: &Budget) -> Result<Self> {
        if let Ok(index) = part.parse() {
            return Ok(Self::Index(index));
        }
        if part == "*" {
            return Ok(Self::Every);
        }
        let Some(condition) = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
            let invalid = |message: &str, help: &str| {
                Err(Error::new(Code::InvalidArgument, message).help(help))
            };
            return match part.chars().next() {
                None => invalid(
                    "the path has an empty name",
                    "write names with dots between them, such as `metadata.name`",
                ),
                Some('[') => invalid(
                    "the path ends within brackets",
                    "after them, write a name or an operator: `containers[name=web].image=nginx`, `args[=-v]=.*`",
                ),
                Some(_) => Ok(Self::Field(part.to_owned())),
            };
        };
        let Some((name, pattern)) = condition.split_once('=') else {
            let message = format!("`{}` has no `=`", escape::visible(part));
            return Err(Error::new(Code::InvalidArgument, message)
                .help("write `[field=pattern]` after the name of a list, such as `[name=.*]`"));
        };
        let pattern = Pattern::unanchored(pattern, budget)?;
        Ok(Self::Element((!name.is_empty()).then(|| name.to_owned()), pattern))
    }
}

fn find(steps: &[Step], at: Found, found: &mut Vec<Found>) -> Result<()> {
    let Some((step, rest)) = steps.split_first() else {
        found.push(at);
        return Ok(());
    };
    if at.node.is_null() || is_alias(&at.node) {
        return Ok(());
    }
    match step {
        Step::Field(name) => {
            if at.node.as_mapping().is_none() {
                return Err(wrong(&at.node, &format!("above `{name}`"), "a mapping"));
            }
            let Some(node) = field(&at.node, name).cloned() else { return Ok(()) };
            match node.as_scalar() {
                Some(scalar) if !rest.is_empty() && !node.is_null() && !is_alias(&node) => {
                    in_text(rest, scalar, found)
                }
                _ => find(rest, Found { node, ..at }, found),
            }
        }
        Step::Index(index) => {
            let list = elements(&at.node, &format!("at index {index}"))?;
            let Some(node) = list.get(*index).cloned() else {
                let message =
                    format!("there is no element {index}: the list has {} elements", list.len());
                return Err(Error::new(Code::InvalidArgument, message).at(at.node.span()));
            };
            find(rest, Found { node, ..at }, found)
        }
        Step::Every => {
            for node in elements(&at.node, "at `*`")? {
                let start = found.len();
                find(rest, Found { node: node.clone(), ..at.clone() }, found)?;
                found[start..].iter_mut().for_each(|it| it.names.push("*".to_owned()));
            }
            Ok(())
        }
        Step::Element(name, pattern) => {
            for node in elements(&at.node, "at a condition in brackets")? {
                let own = Found { node: node.clone(), ..at.clone() };
                let Some(name) = name else {
                    if pattern.matches(text_of(node, &at.document, true)?.trim()) {
                        found.push(own);
                    }
                    continue;
                };
                let Some(value) = field(node, name) else { continue };
                let text = text_of(value, &at.document, true)?.trim().to_owned();
                if pattern.matches(&text) {
                    let start = found.len();
                    find(rest, own, found)?;
                    let named = found[start..].iter_mut().filter(|_| !text.is_empty());
                    named.for_each(|it| it.names.push(text.clone()));
                }
            }
            Ok(())
        }
    }
}

/// Goes on in YAML or JSON in a string.
fn in_text(steps: &[Step], scalar: &Scalar, found: &mut Vec<Found>) -> Result<()> {
    // Its place is not that of a file.
    let inside = |error: Error| {
        let told = Error::new(error.code(), format!("in the text here: {}", error.message()));
        error.helps().iter().fold(told.at(scalar.span()), |told, help| told.help(help.clone()))
    };
    let source = Source::detached(scalar.text());
    let stream = written(&source, &Budget::default()).map_err(inside)?;
    let Some(document) = stream.documents.into_iter().next() else { return Ok(()) };
    let Some(node) = document.root().cloned() else { return Ok(()) };
    let at = Found { node, document: Arc::new(document), names: Vec::new() };
    find(steps, at, found).map_err(inside)
}

fn elements<'a>(node: &'a Node, what: &str) -> Result<&'a [Node]> {
    match node.as_sequence() {
        Some(list) => Ok(list.items()),
        None => Err(wrong(node, what, "a list")),
    }
}

#[cold]
fn wrong(node: &Node, what: &str, expected: &str) -> Error {
    unexpected(node, what, expected)
        .help("a list is followed by a condition, such as `containers[name=.*]`, an index, or `*`")
}

/// A node as it is printed, with or without its comments.
///
/// # Errors
/// Those of [`print`](fn@print).
pub(super) fn text_of(node: &Node, document: &Written, comments: bool) -> Result<String> {
    let mut text = String::new();
    let shown = Shown { document_comments: false, comments, ..Shown::default() };
    print(node, &[document], shown, &mut text)?;
    Ok(text)
}

/// A node without quotes, or on one line if it is a collection.
pub(super) fn in_flow(node: &Node) -> Node {
    let mut node = node.clone();
    if let Some(scalar) = node.as_scalar() {
        let tag = match (scalar.tag(), scalar.style()) {
            (Tag::None, Style::Plain) => Tag::None,
            (Tag::None, _) => Tag::Str,
            (tag, _) => tag,
        };
        return Scalar::parsed(scalar.text(), tag, Style::Plain, scalar.span()).into();
    }
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.set_style(crate::yaml::CollectionStyle::Flow);
    } else if let Some(list) = node.as_sequence_mut() {
        list.set_style(crate::yaml::CollectionStyle::Flow);
    }
    node
}
