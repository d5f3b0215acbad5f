//! New texts of files.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use super::delta::What;
use super::places::{FileEdit, Place};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::load::{Disk, Files as _, LARGEST_FILE, OutputFolder, Overlay, replace_together};
use crate::source::{Source, Span};
use crate::yaml::edit::{Change, content, contents, edit as change_text};
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Node, Scalar, Style, Tag, de};

/// The new text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewText {
    /// The text before; `None` for a new file.
    pub before: Option<String>,
    /// The text after the change.
    pub after: String,
}

/// The new texts of files, by their paths with links resolved.
pub type NewTexts = BTreeMap<PathBuf, NewText>;

/// The text of a file: the new one, or that on the disk.
///
/// # Errors
/// [`Code::ReadFailed`].
pub(super) fn text_of(files: &NewTexts, path: &FilePath) -> Result<String> {
    if let Some(new) = files.get(path) {
        return Ok(new.after.clone());
    }
    read(path)
}

fn read(path: &FilePath) -> Result<String> {
    let cannot_read = |reason: String| {
        Error::new(Code::ReadFailed, format!("cannot read `{}`: {reason}", path.display()))
    };
    let bytes = Disk.read(path, LARGEST_FILE).map_err(|error| cannot_read(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| cannot_read("it is not UTF-8".to_owned()))
}

/// Sets the new text of a file that is there.
///
/// # Errors
/// [`Code::ReadFailed`].
pub(super) fn set_text(files: &mut NewTexts, path: &FilePath, after: String) -> Result<()> {
    match files.get_mut(path) {
        Some(new) => new.after = after,
        None => {
            let before = Some(read(path)?);
            files.insert(path.to_path_buf(), NewText { before, after });
        }
    }
    Ok(())
}

/// Makes edits of files, in the order in which they are given; removed elements of a list must be given last first.
///
/// # Errors
/// [`Code::EditRefused`] for an edit that would change something else.
pub(super) fn apply(files: &mut NewTexts, edits: &[FileEdit], budget: &Budget) -> Result<()> {
    let mut drafts = Drafts::new(budget);
    let changed = drafts.edited(files, edits)?;
    for ((file, part), text) in changed {
        if let Some(text_of_part) =
            drafts.files.get_mut(&file).and_then(|parts| parts.texts.get_mut(part))
        {
            *text_of_part = text;
        }
    }
    for (file, parts) in drafts.files {
        let text = parts.joined()?;
        set_text(files, &file, text)?;
    }
    Ok(())
}

/// Files in parts that are edited alone, so that the cost of an edit is that of a document. It is charged to a budget: a
/// document may be a list of thousands of objects, each with edits.
#[derive(Debug)]
pub(super) struct Drafts<'b> {
    files: BTreeMap<PathBuf, Parts>,
    budget: &'b Budget,
}

/// The texts of changed parts of files.
type Changed = BTreeMap<(PathBuf, usize), String>;

impl<'b> Drafts<'b> {
    pub(super) const fn new(budget: &'b Budget) -> Self {
        Self { files: BTreeMap::new(), budget }
    }

    /// Makes edits of files on the disk, and forgets the result.
    ///
    /// # Errors
    /// [`Code::EditRefused`] for an edit that would change something else.
    pub(super) fn try_edits(&mut self, edits: &[FileEdit]) -> Result<()> {
        self.edited(&NewTexts::new(), edits).map(|_| ())
    }

    fn edited(&mut self, files: &NewTexts, edits: &[FileEdit]) -> Result<Changed> {
        let mut changed = Changed::new();
        for edit in edits {
            let Place { file, within, document, path } = &edit.place;
            if !self.files.contains_key(file) {
                self.files.insert(file.clone(), Parts::of(text_of(files, file)?));
            }
            let Some(parts) = self.files.get(file) else { continue };
            let outer = within.as_ref().map_or(*document, |(outer, _)| *outer);
            let (part, inner) = if parts.is_split { (outer, 0) } else { (0, outer) };
            let key = (file.clone(), part);
            let text = changed.get(&key).or_else(|| parts.texts.get(part));
            let text = text.ok_or_else(|| refused("the document is not there any more"))?;
            self.budget.bytes(text.len(), edit.span)?;
            let new = match within {
                None => edited(text, inner, path, edit),
                Some((_, field)) => in_field(text, (inner, field), (*document, path), edit),
            };
            changed.insert(key, new.map_err(|error| error.at(edit.span))?);
        }
        Ok(changed)
    }
}

/// The text of a file in parts.
#[derive(Debug)]
struct Parts {
    texts: Vec<String>,
    /// True if each part has one document; otherwise the only part has all.
    is_split: bool,
}

impl Parts {
    fn of(text: String) -> Self {
        match split(&text) {
            Some(texts) => Self { texts, is_split: true },
            None => Self { texts: vec![text], is_split: false },
        }
    }

    /// The whole text, in which each document is read as in its part.
    fn joined(mut self) -> Result<String> {
        if !self.is_split {
            return Ok(self.texts.pop().unwrap_or_default());
        }
        let text = self.texts.concat();
        let documents = contents(&Source::detached(&text))?;
        let mut rest = &documents[..];
        for part in &self.texts {
            let own = contents(&Source::detached(part))?;
            rest = rest.strip_prefix(&*own).ok_or_else(|| {
                refused("the changed text would be read as another document than the one asked for")
            })?;
        }
        match rest {
            [] => Ok(text),
            _ => Err(refused("the changed text would be read as other documents")),
        }
    }
}

/// The parts of a text before lines with `---`, if each of them has one document, and there are several.
fn split(text: &str) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    let mut is_empty = true;
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("---");
        let is_marker =
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        // Comments before the first document are its own.
        if parts.is_empty() || is_marker && !is_empty {
            parts.push(String::new());
            is_empty = true;
        }
        let body = rest.filter(|_| is_marker).unwrap_or(line).trim_start_matches('\u{feff}').trim();
        is_empty &= body.is_empty() || body.starts_with('#');
        parts.last_mut()?.push_str(line);
    }
    if parts.len() > 1 && is_empty {
        let last = parts.pop()?;
        parts.last_mut()?.push_str(&last);
    }
    let count = contents(&Source::detached(text)).ok()?.len();
    let is_alone =
        |part: &String| contents(&Source::detached(part)).is_ok_and(|own| own.len() == 1);
    (parts.len() > 1 && parts.len() == count && parts.iter().all(is_alone)).then_some(parts)
}

/// The text with a change of one of its documents.
fn edited(text: &str, document: usize, path: &Path, edit: &FileEdit) -> Result<String> {
    let source = Source::detached(text);
    let root = content(&source, document)?;
    let root = root.ok_or_else(|| refused("the document is not there any more"))?;
    let there = path.find(&root);
    let steps = path.steps();
    let change = match &edit.what {
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
        // Another object has asked for the same change.
        What::Set(_) | What::Remove => return Ok(text.to_owned()),
    };
    change_text(&source, document, &change).map(|edited| edited.text().to_owned())
}

/// The text with a change of a document that is embedded in one of its fields.
fn in_field(
    text: &str,
    (document, field): (usize, &Path),
    (inner_document, path): (usize, &Path),
    edit: &FileEdit,
) -> Result<String> {
    let source = Source::detached(text);
    let root = content(&source, document)?;
    let scalar = root.as_ref().and_then(|root| field.find(root)?.as_scalar());
    let scalar = scalar.ok_or_else(|| refused("the field is not there any more"))?;
    let inner = edited(scalar.text(), inner_document, path, edit)?;
    let value = Scalar::parsed(&inner, Tag::None, Style::Literal, Span::NONE).into();
    let change = Change::Set { path: field.steps(), value: &value };
    change_text(&source, document, &change).map(|edited| edited.text().to_owned())
}

#[cold]
fn refused(message: &str) -> Error {
    Error::new(Code::EditRefused, message)
}

/// The text of a kustomization with another element at the end of one of its lists.
///
/// # Errors
/// [`Code::EditRefused`].
pub(super) fn with_element(text: &str, field: &str, element: Node) -> Result<String> {
    let source = Source::detached(text);
    let root = content(&source, 0)?;
    let entries = root.as_ref().map_or(&[][..], Node::entries);
    let known = entries.iter().find(|(key, _)| de::same_name(key.text(), field));
    let values = [element];
    let change = match known {
        Some((key, list)) if !list.is_null() => {
            let path = [PathStep::Key(key.shared_text().clone())];
            change_text(&source, 0, &Change::InsertItems { path: &path, at: None, values: &values })
        }
        Some((key, _)) => {
            let path = [PathStep::Key(key.shared_text().clone())];
            let value = Node::sequence(values.to_vec(), Span::NONE);
            change_text(&source, 0, &Change::Set { path: &path, value: &value })
        }
        None => {
            let value = Node::sequence(values.to_vec(), Span::NONE);
            let change = Change::InsertEntry { path: &[], at: None, key: field, value: &value };
            change_text(&source, 0, &change)
        }
    };
    change.map(|edited| edited.text().to_owned())
}

/// The disk with new texts of files.
pub(super) fn overlay(files: &NewTexts) -> Overlay<Disk> {
    files.iter().fold(Overlay::new(Disk), |all, (path, new)| all.file(path, &new.after))
}

/// Writes files, all or none. False if one of them was changed or made since its new text was planned.
///
/// # Errors
/// [`Code::WriteFailed`] and [`Code::TimedOut`].
pub fn write(files: &NewTexts) -> Result<bool> {
    let mut created: Vec<(OutputFolder, &FilePath)> = Vec::new();
    let undo = |created: &[(OutputFolder, &FilePath)]| {
        for (folder, path) in created.iter().rev() {
            // The first failure is the one to report.
            drop(folder.remove_file(path.file_name().unwrap_or_default().as_ref()));
        }
    };
    for (path, new) in files.iter().filter(|(_, new)| new.before.is_none()) {
        let (parent, name) = (path.parent().unwrap_or(path), path.file_name().unwrap_or_default());
        let made = OutputFolder::make(parent)
            .and_then(|folder| folder.create(name, &[&new.after]).map(|()| folder));
        match made {
            Ok(folder) => created.push((folder, path)),
            Err(error) => {
                undo(&created);
                return Err(error);
            }
        }
    }
    let replaced: Vec<(&FilePath, &[u8], &[u8])> = files
        .iter()
        .filter_map(|(path, new)| {
            Some((path.as_path(), new.before.as_deref()?.as_bytes(), new.after.as_bytes()))
        })
        .collect();
    let outcome = replace_together(&replaced);
    if !matches!(outcome, Ok(true)) {
        undo(&created);
    }
    outcome
}
