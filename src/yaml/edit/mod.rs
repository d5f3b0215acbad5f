//! In-place changes of YAML text, by text edits that leave every other byte as it is.
//!
//! A change becomes a list of edits `(span, text)` against the source. They are applied, the result is parsed again,
//! and it must equal the document that the change asks for: otherwise the change is refused with a reason. New text
//! takes the indentation, quotes and line ends of the text around it; comments stay, except for those of removed
//! entries.
//!
//! ```
//! use krender::source::{Sources, Span};
//! use krender::yaml::Scalar;
//! use krender::yaml::edit::{Change, edit};
//! use krender::yaml::path::PathStep;
//!
//! # fn main() -> krender::error::Result<()> {
//! let text = "# the parts\nresources:\n  - a.yaml # first\n  - c.yaml\n";
//! let source = Sources::new().add("kustomization.yaml", text)?;
//! let value = Scalar::string("b.yaml", Span::NONE).into();
//! let path = [PathStep::Key("resources".into())];
//! let edited = edit(&source, 0, &Change::InsertItems { path: &path, at: Some(1), values: &[value] })?;
//! assert_eq!(edited.text(), "# the parts\nresources:\n  - a.yaml # first\n  - b.yaml\n  - c.yaml\n");
//! assert_eq!(edited.edits().len(), 1);
//! # Ok(())
//! # }
//! ```

mod apart;
mod block;
mod change;
mod comments;
mod flow;
mod layout;
mod model;
mod moves;
mod new;
mod place;
mod value;
mod wrap;
mod write;

pub use self::apart::{edit_apart, rounds};
use self::change::refused;
pub use self::change::{Change, TextEdit};
pub use self::comments::{comment_above, comments};
pub use self::moves::move_items;
use self::place::Text;
pub use self::wrap::{Wrapper, wrap};
use super::node::{Node, Scalar};
use super::parse;
use super::path::PathStep;
use super::tokens::Tokens;
use crate::error::Result;
use crate::source::{Source, Span};

/// The outcome of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    edits: Vec<TextEdit>,
    text: String,
}

impl Edited {
    /// The edits, in the order of the source. None overlaps another.
    #[must_use]
    pub fn edits(&self) -> &[TextEdit] {
        &self.edits
    }

    /// The text of the source with the edits applied.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The content of a document as changes see it: aliases and merge keys are as they are written. `None` if there is no such
/// document.
///
/// # Errors
/// Those of [`parse::documents`].
pub fn content(source: &Source, document: usize) -> Result<Option<Node>> {
    let tokens = parse::tokens(source)?;
    Ok(tokens.documents().get(document).map(|outline| outline.tree(source)))
}

/// The content of each document, as [`content`] gives it: in one pass over the source.
///
/// # Errors
/// Those of [`parse::documents`].
pub fn contents(source: &Source) -> Result<Vec<Node>> {
    let tokens = parse::tokens(source)?;
    Ok(tokens.documents().iter().map(|outline| outline.tree(source)).collect())
}

/// Changes one document of a source, given by its index in [`parse::documents`].
///
/// # Errors
/// Those of [`parse::documents`], and [`Code::EditRefused`](crate::error::Code::EditRefused) if the change cannot be made by edits: the path does not
/// exist, leads through an alias or a merge key, the node is used by an alias elsewhere, or the new text would be read
/// as another document.
pub fn edit(source: &Source, document: usize, change: &Change<'_>) -> Result<Edited> {
    if source.is_utf16() {
        return Err(refused("found a file in UTF-16, expected UTF-8")
            .at(source.whole())
            .help("convert the file to UTF-8"));
    }
    let tokens = parse::tokens(source)?;
    if tokens.documents().is_empty()
        && let Change::InsertEntry { path: [], key, value, .. } = change
    {
        return begin(source, key, value);
    }
    let text = Text::new(source, &tokens, document)?.with_layout();
    let place = text.locate(change.path())?;
    text.check_target(&place, change)?;
    let expected = model::changed(&text, &place, change)?;
    let mut refusal = None;
    for pass in [write::Pass::LikeSiblings, write::Pass::DoubleQuoted] {
        let mut edits = text.edits(&place, change, pass)?;
        edits.sort_by_key(|edit| edit.span);
        text.check_anchors(place.chain.iter().copied(), &edits)?;
        let new = apply(source, &edits)?;
        match verify(&text, &tokens, document, &expected, &new) {
            Ok(()) => return Ok(Edited { edits, text: new }),
            Err(error) => refusal = Some(error),
        }
    }
    let place = text.span_of(&place);
    let refusal = refusal.unwrap_or_else(|| refused("the change has no form in this text"));
    Err(refusal.at(place))
}

/// Writes the first entry of a text without documents: an empty one, or one of comments.
fn begin(source: &Source, key: &str, value: &Node) -> Result<Edited> {
    let text = source.text();
    let layout = write::Layout { line_end: layout::line_end(text), ..write::Layout::default() };
    let entry = Node::mapping(vec![(Scalar::string(key, Span::NONE), value.clone())], Span::NONE);
    let writer =
        write::Writer { layout, pass: write::Pass::LikeSiblings, keys: None, values: None };
    let lead = if text.is_empty() || text.ends_with(place::is_line_end) { "" } else { "\n" };
    let lines = format!("{lead}{}\n", writer.block(&entry, 0, 0)?);
    let lines = lines.replace('\n', layout.line_end);
    let span = source.span(text.len(), text.len());
    let new = format!("{text}{lines}");
    let is_same = parse::tokens(&Source::detached(&new)).is_ok_and(|tokens| {
        let root = tokens.documents().first().map(|root| root.tree(&Source::detached(&new)));
        root.is_some_and(|root| model::means_same(&entry, &root))
    });
    match is_same {
        true => Ok(Edited { edits: vec![TextEdit { span, text: lines }], text: new }),
        false => Err(refused("an entry at the end would not be read as one").at(source.whole())),
    }
}

/// Makes changes one after another, each in the result of the one before it.
///
/// # Errors
/// As [`edit`].
pub fn edit_all(source: &Source, document: usize, changes: &[Change<'_>]) -> Result<String> {
    let mut text = source.text().to_owned();
    for (number, change) in changes.iter().enumerate() {
        text = match number {
            0 => edit(source, document, change)?.text,
            _ => {
                edit(&Source::detached(&text), document, change)
                    .map_err(|error| error.at(source.whole()))?
                    .text
            }
        };
    }
    Ok(text)
}

/// Removes elements of a list, given by their indices in ascending order: all at once if possible, which takes a time
/// linear in the size of the text.
///
/// # Errors
/// As [`edit`].
pub fn remove_items(
    source: &Source,
    document: usize,
    list: &[PathStep],
    items: &[usize],
) -> Result<String> {
    if let Some(text) = remove_together(source, document, list, items)? {
        return Ok(text);
    }
    let path = |item: &usize| list.iter().cloned().chain([PathStep::Index(*item)]).collect();
    let paths: Vec<Vec<PathStep>> = items.iter().rev().map(path).collect();
    let changes: Vec<Change<'_>> = paths.iter().map(|path| Change::Remove { path }).collect();
    edit_all(source, document, &changes)
}

/// The text without these elements. `None` if the edits of one element touch those of another.
fn remove_together(
    source: &Source,
    document: usize,
    list: &[PathStep],
    items: &[usize],
) -> Result<Option<String>> {
    let tokens = parse::tokens(source)?;
    let text = Text::new(source, &tokens, document)?.with_layout();
    let place = text.locate(list)?;
    let mut edits = text.remove_elements(&place, items);
    edits.sort_by_key(|edit| edit.span);
    text.check_anchors(place.chain.iter().copied(), &edits)?;
    let mut expected = text.outline.tree(source);
    if let Some(list) = expected.at_mut(&place.way).and_then(Node::as_sequence_mut) {
        let mut at = 0..;
        list.items_mut().retain(|_| at.next().is_none_or(|at| items.binary_search(&at).is_err()));
    }
    let new = apply(source, &edits).ok();
    Ok(new.filter(|new| verify(&text, &tokens, document, &expected, new).is_ok()))
}

/// The text of a source with edits applied.
///
/// # Errors
/// [`Code::EditRefused`](crate::error::Code::EditRefused) for edits that are out of order, overlap, or are outside of the source.
pub fn apply(source: &Source, edits: &[TextEdit]) -> Result<String> {
    let text = source.text();
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let start = edit.span.start().checked_sub(source.base()).map(|start| start as usize);
        let kept = start.and_then(|start| text.get(at..start));
        let end = start.map_or(0, |start| start + edit.span.length() as usize);
        let (Some(kept), true) = (kept, text.is_char_boundary(end)) else {
            return Err(refused("found edits that overlap or are out of order").at(edit.span));
        };
        new.push_str(kept);
        new.push_str(&edit.text);
        at = end;
    }
    new.push_str(text.get(at..).unwrap_or_default());
    Ok(new)
}

/// Checks that the new text is parsed as expected, and that its other documents have not changed.
fn verify(
    old: &Text<'_>,
    tokens: &Tokens,
    document: usize,
    expected: &Node,
    text: &str,
) -> Result<()> {
    let source = Source::detached(text);
    let new = parse::tokens(&source).map_err(|error| {
        refused("the text would be no YAML any more")
            .help(format!("the reader would say: {}", error.message()))
    })?;
    let (before, after) = (tokens.documents(), new.documents());
    let is_same = before.len() == after.len()
        && before.iter().zip(after).enumerate().all(|(number, (before, after))| {
            let after = after.tree(&source);
            match number == document {
                true => model::means_same(expected, &after),
                false => model::means_same(&before.tree(old.source), &after),
            }
        });
    if is_same {
        return Ok(());
    }
    Err(refused("the changed text would be read as another document than the one asked for")
        .help("change the text by hand"))
}

#[cfg(test)]
mod tests;
