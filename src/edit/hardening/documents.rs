//! Edits of the documents of a text: all at once where that gives the same, and otherwise one after another.

use std::collections::BTreeMap;

use super::delta::What;
use super::places::FileEdit;
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::source::{Source, Span};
use crate::yaml::edit::{Change, content, contents, edit as change_text, edit_apart, rounds};
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Node, Scalar, Style, Tag};

/// The text with edits, each with the number of its document, made one after another: each reads the text.
///
/// # Errors
/// [`Code::EditRefused`] for an edit that would change something else, and [`Code::LimitExceeded`].
pub(super) fn one_by_one(
    text: &str,
    edits: &[(usize, &FileEdit)],
    budget: &Budget,
) -> Result<String> {
    let mut text = text.to_owned();
    for (document, edit) in edits {
        budget.bytes(text.len(), edit.span)?;
        let new = match &edit.place.within {
            None => edited(&text, *document, edit),
            Some((_, field)) => in_field(&text, (*document, field), edit),
        };
        // The texts of edits are not shown.
        text = new.map_err(|error| error.moved_to(edit.span))?;
    }
    Ok(text)
}

/// The text with a change of one of its documents.
fn edited(text: &str, document: usize, edit: &FileEdit) -> Result<String> {
    let source = Source::detached(text);
    let root = content(&source, document)?;
    let root = root.ok_or_else(|| refused("the document is not there any more"))?;
    match change_of(edit, &root)? {
        None => Ok(text.to_owned()),
        Some(change) => {
            change_text(&source, document, &change).map(|edited| edited.text().to_owned())
        }
    }
}

/// The change of a document that makes an edit; `None` if another object has asked for the same.
fn change_of<'e>(edit: &'e FileEdit, root: &Node) -> Result<Option<Change<'e>>> {
    let path = &edit.place.path;
    let there = path.find(root);
    let steps = path.steps();
    Ok(Some(match &edit.what {
        What::Set(value)
            if edit.is_new && there.is_some_and(|one| !one.is_null() && one != value) =>
        {
            return Err(refused("the field is set here, and a later step removes it"));
        }
        What::Set(value) if there.is_none_or(|node| node != value) => {
            match (there, steps.split_last()) {
                (Some(_), _) => Change::Set { path: steps, value },
                (None, Some((PathStep::Key(key), around))) => {
                    Change::InsertEntry { path: around, at: None, key, value }
                }
                _ => return Err(refused("the list has no such element")),
            }
        }
        What::Append(values) => Change::InsertItems { path: steps, at: None, values },
        What::Remove if there.is_some() => Change::Remove { path: steps },
        What::Set(_) | What::Remove => return Ok(None),
    }))
}

/// The text with a change of a document that is embedded in one of its fields.
fn in_field(text: &str, (document, field): (usize, &Path), edit: &FileEdit) -> Result<String> {
    let source = Source::detached(text);
    let root = content(&source, document)?;
    let scalar = root.as_ref().and_then(|root| field.find(root)?.as_scalar());
    let scalar = scalar.ok_or_else(|| refused("the field is not there any more"))?;
    let inner = edited(scalar.text(), edit.place.document, edit)?;
    let value = embedded(inner, scalar.text());
    let change = Change::Set { path: field.steps(), value: &value };
    change_text(&source, document, &change).map(|edited| edited.text().to_owned())
}

/// The value of a field with an embedded text. It ends with a break only if the old one does, unless that is a part of its
/// documents.
fn embedded(new: String, old: &str) -> Node {
    let end = if old.ends_with('\n') { "\n" } else { "" };
    let same = new.trim_end_matches('\n').to_owned() + end;
    let read = |text: &str| contents(&Source::detached(text)).ok();
    let is_same = same == new || read(&same).is_some_and(|same| read(&new) == Some(same));
    let text = if is_same { same } else { new };
    Scalar::parsed(&text, Tag::None, Style::Literal, Span::NONE).into()
}

/// A change of a document that is made together with others.
enum Step<'e> {
    /// An edit of the document itself.
    Direct(&'e FileEdit),
    /// Edits of the documents of a text that is embedded in a field.
    Embedded(&'e Path, Documents<'e>),
}

/// The changes of documents, by their numbers.
type Documents<'e> = BTreeMap<usize, Vec<Step<'e>>>;

impl Step<'_> {
    /// The collection that changes.
    fn collection(&self) -> &[PathStep] {
        let (path, is_field) = match self {
            Self::Direct(edit) => (&edit.place.path, !matches!(edit.what, What::Append(_))),
            Self::Embedded(field, _) => (*field, true),
        };
        let steps = path.steps();
        steps.split_last().filter(|_| is_field).map_or(steps, |(_, around)| around)
    }
}

/// The text with edits, each with the number of its document, made together: in [`rounds`]. `None` if one of them cannot be made,
/// or not so.
///
/// # Errors
/// [`Code::LimitExceeded`].
pub(super) fn in_rounds(
    text: &str,
    edits: &[(usize, &FileEdit)],
    budget: &Budget,
) -> Result<Option<String>> {
    let mut documents = Documents::new();
    let mut fields: BTreeMap<(usize, &Path), usize> = BTreeMap::new();
    for &(document, edit) in edits {
        let steps = documents.entry(document).or_default();
        let Some((_, field)) = &edit.place.within else {
            steps.push(Step::Direct(edit));
            continue;
        };
        let known = *fields.entry((document, field)).or_insert(steps.len());
        if known == steps.len() {
            steps.push(Step::Embedded(field, Documents::new()));
        }
        if let Some(Step::Embedded(_, inner)) = steps.get_mut(known) {
            inner.entry(edit.place.document).or_default().push(Step::Direct(edit));
        }
    }
    carried_out(text, &documents, budget)
}

fn carried_out(text: &str, documents: &Documents<'_>, budget: &Budget) -> Result<Option<String>> {
    let mut text = text.to_owned();
    for (&document, steps) in documents {
        for round in rounds(steps.iter().map(Step::collection)) {
            let steps: Vec<&Step<'_>> = round.iter().filter_map(|&at| steps.get(at)).collect();
            match in_round(&text, document, &steps, budget)? {
                Some(new) => text = new,
                None => return Ok(None),
            }
        }
    }
    Ok(Some(text))
}

/// The text with changes of different collections of a document. The document is read once, and each change looks at its line.
fn in_round(
    text: &str,
    document: usize,
    steps: &[&Step<'_>],
    budget: &Budget,
) -> Result<Option<String>> {
    let longest = text.lines().map(str::len).max().unwrap_or_default();
    budget.bytes(text.len().saturating_add(longest.saturating_mul(steps.len())), Span::NONE)?;
    let source = Source::detached(text);
    let Some(root) = content(&source, document).ok().flatten() else { return Ok(None) };
    let mut values = Vec::with_capacity(steps.len());
    for step in steps {
        values.push(match step {
            Step::Direct(_) => None,
            Step::Embedded(field, documents) => {
                let scalar = field.find(&root).and_then(Node::as_scalar);
                let Some(scalar) = scalar else { return Ok(None) };
                let Some(new) = carried_out(scalar.text(), documents, budget)? else {
                    return Ok(None);
                };
                Some(embedded(new, scalar.text()))
            }
        });
    }
    let mut changes = Vec::with_capacity(steps.len());
    for (step, value) in steps.iter().zip(&values) {
        match (step, value) {
            (Step::Direct(edit), _) => match change_of(edit, &root) {
                Ok(change) => changes.extend(change),
                Err(_) => return Ok(None),
            },
            (Step::Embedded(field, _), Some(value)) => {
                changes.push(Change::Set { path: field.steps(), value });
            }
            (Step::Embedded(..), None) => return Ok(None),
        }
    }
    Ok(match changes.is_empty() {
        true => Some(text.to_owned()),
        false => edit_apart(&source, document, &changes),
    })
}

#[cold]
pub(super) fn refused(message: &str) -> Error {
    Error::new(Code::EditRefused, message)
}
