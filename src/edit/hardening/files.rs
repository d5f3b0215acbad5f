//! New texts of files.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use crate::error::{Code, Error, Result};
use crate::load::{Disk, Files as _, LARGEST_FILE, OutputFolder, Overlay, replace_together};
use crate::source::{Source, Span};
use crate::yaml::edit::{Change, content, edit as change_text};
use crate::yaml::path::PathStep;
use crate::yaml::{Node, de};

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
