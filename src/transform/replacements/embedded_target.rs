//! Targets in embedded documents: the document in a string is changed, and the string is written again.

use super::embedded::read;
use super::target_path::{FoundField, TargetPath, find};
use crate::error::{Code, Result};
use crate::limits::{Budget, Limit};
use crate::source::{Source, Span};
use crate::yaml::path::position;
use crate::yaml::{Form, Kind, Node, Scalar, is_alias, parse, rewrite, write_json};

/// The charge for a byte of an embedded document, which is parsed and written again: as many bytes as a build copies in
/// the same time.
const READ_AND_WRITTEN: usize = 32;

/// Sets the fields that a path selects in an embedded document, and writes its string again: JSON as JSON, on one line
/// or on many, and YAML with its comments. Returns the position of the string; `None` if the path leads to no such
/// string, or if its document cannot be changed, which is not an error.
///
/// (kustomize, `api/filters/replacement/replacement.go`: `setValueInStructuredData`.)
///
/// # Errors
/// [`Code::LimitExceeded`] if the budget is spent, and [`Code::NestingTooDeep`].
pub(super) fn set(
    path: &TargetPath,
    root: &mut Node,
    create: Option<Kind>,
    set: &mut dyn FnMut(&mut Node) -> Result<()>,
    budget: &Budget,
) -> Result<Option<Vec<usize>>> {
    let Some(Embedded { way, names, old, document }) = text_on(path.names(), root) else {
        return Ok(None);
    };
    // Each path parses and writes the whole string.
    budget.bytes(old.text().len() * READ_AND_WRITTEN, path.span())?;
    let Some(mut document) = document else { return Ok(None) };
    let found = match find(names, &mut document, create, path.span(), path.patterns()) {
        Ok((found, _)) => found,
        Err(error) if error.is_spent() => return Err(error),
        Err(_) => return Ok(None),
    };
    if found.is_empty() {
        return Ok(None);
    }
    for place in found {
        let is_set = match place {
            FoundField::At(way) => {
                let Some(field) = document.at_mut(&way) else { continue };
                let written = field.as_scalar().map(Scalar::span).filter(|_| !is_alias(field));
                if is_alias(field) {
                    // An alias is replaced as a whole; of a scalar, only the text is set.
                    *field = Node::sequence(Vec::new(), Span::NONE);
                }
                set(field).map(|()| keep_place(field, written))
            }
            FoundField::Lost(mut node) => set(&mut node),
        };
        if is_set.is_err() {
            return Ok(None);
        }
    }
    let text = match text_of(&document, old.text(), budget) {
        Ok(text) => text,
        Err(error) if error.is_spent() => {
            return Err(budget.exceeded(Limit::Bytes, path.span()).note(old.span(), "the text"));
        }
        Err(error) if error.code() == Code::NestingTooDeep => return Err(error.at(old.span())),
        Err(_) => return Ok(None),
    };
    if let Some(field) = root.at_mut(&way)
        && let Some(new) = field.with_text(&text, old.span())
    {
        *field = new;
    }
    Ok(Some(way))
}

/// A string on a path that can be parsed as YAML.
struct Embedded<'p> {
    /// Its position in the outer document.
    way: Vec<usize>,
    /// The rest of the path.
    names: &'p [String],
    /// The text.
    old: Scalar,
    /// The root of its document, if it has content.
    document: Option<Node>,
}

/// The first string on a path that can be parsed as YAML, if the path continues after it.
fn text_on<'p>(names: &'p [String], root: &Node) -> Option<Embedded<'p>> {
    let (mut node, mut way) = (root, Vec::new());
    for (number, name) in names.iter().enumerate() {
        let name = name.trim();
        if !name.is_empty() {
            let position = position(name, node).ok()??;
            node = node.child(position)?;
            way.push(position);
        }
        let rest = &names[number + 1..];
        if let Some(old) = node.as_scalar()
            && !rest.is_empty()
            && let Ok(document) = read(old.text())
        {
            return Some(Embedded { way, names: rest, old: old.clone(), document });
        }
    }
    None
}

/// Gives a scalar its old span, since comments are found by the position of their node.
fn keep_place(field: &mut Node, place: Option<Span>) {
    if let (Some(scalar), Some(place)) = (field.as_scalar(), place) {
        *field = scalar.at(place).into();
    }
}

/// Writes a document in the form of the original string, without the line break at its end, which the reference drops.
///
/// JSON has no aliases: expanded nodes are charged to the budget before they are written.
fn text_of(root: &Node, original: &str, budget: &Budget) -> Result<String> {
    let mut text = String::new();
    if root.is_null() {
        // A null that was created here is written as empty text; a null that was read keeps its text.
        let is_made = root.as_scalar().is_some_and(Scalar::is_untagged);
        return Ok(if is_made { String::new() } else { original.trim().to_owned() });
    }
    if original.trim_start().starts_with(['{', '[']) {
        let is_indented = original.contains('\n') && original.contains("  ");
        let resolved = resolved(root, original, budget)?;
        let root = resolved.as_ref().unwrap_or(root);
        root.charge(budget, root.span())?;
        write_json(root, if is_indented { Form::Indented } else { Form::Compact }, &mut text)?;
        return Ok(text);
    }
    rewrite(root, &Source::detached(original), &mut text)?;
    Ok(text.trim().to_owned())
}

/// The root of a document with aliases and merge keys resolved; `None` if the original text cannot contain any.
fn resolved(root: &Node, original: &str, budget: &Budget) -> Result<Option<Node>> {
    if !original.contains('*') && !original.contains("<<") {
        return Ok(None);
    }
    let mut text = String::new();
    rewrite(root, &Source::detached(original), &mut text)?;
    let documents = parse::documents_within(&Source::detached(&text), budget)?;
    Ok(documents.into_iter().next().map(|document| document.root))
}
