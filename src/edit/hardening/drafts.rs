//! Files with edits, in parts that are edited alone: so the cost of an edit is that of a document.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::documents::{in_rounds, one_by_one, refused};
use super::files::{NewTexts, set_text, text_of};
use super::places::{FileEdit, Place};
use crate::error::Result;
use crate::limits::Budget;
use crate::source::Source;
use crate::yaml::edit::contents;

/// Makes edits of files, in the order in which they are given; removed elements of a list must be given last first.
///
/// # Errors
/// [`Code::EditRefused`](crate::error::Code::EditRefused) for an edit that would change something else.
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

/// The edits of parts of files, each with the number of its document in the part.
type OfParts<'e> = BTreeMap<(PathBuf, usize), Vec<(usize, &'e FileEdit)>>;

/// The texts of changed parts of files.
type Changed = BTreeMap<(PathBuf, usize), String>;

impl<'b> Drafts<'b> {
    pub(super) const fn new(budget: &'b Budget) -> Self {
        Self { files: BTreeMap::new(), budget }
    }

    /// Makes edits of files on the disk, and forgets the result.
    ///
    /// # Errors
    /// [`Code::EditRefused`](crate::error::Code::EditRefused) for an edit that would change something else.
    pub(super) fn try_edits(&mut self, edits: &[FileEdit]) -> Result<()> {
        self.edited(&NewTexts::new(), edits).map(|_| ())
    }

    /// Makes edits of files on the disk in rounds, and forgets the result. False if one of them cannot be made, or not together
    /// with the others.
    ///
    /// # Errors
    /// Those of reading files, and [`Code::LimitExceeded`](crate::error::Code::LimitExceeded).
    pub(super) fn try_together(&mut self, edits: &[FileEdit]) -> Result<bool> {
        for (key, edits) in self.of_parts(&NewTexts::new(), edits)? {
            let text = self.text(&key)?;
            if in_rounds(text, &edits, self.budget)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn edited(&mut self, files: &NewTexts, edits: &[FileEdit]) -> Result<Changed> {
        let mut changed = Changed::new();
        for (key, edits) in self.of_parts(files, edits)? {
            let text = self.text(&key)?;
            let new = match in_rounds(text, &edits, self.budget)? {
                Some(new) => new,
                None => one_by_one(text, &edits, self.budget)?,
            };
            changed.insert(key, new);
        }
        Ok(changed)
    }

    /// The edits of each part, with the number of the document in it, in their order.
    fn of_parts<'e>(&mut self, files: &NewTexts, edits: &'e [FileEdit]) -> Result<OfParts<'e>> {
        let mut found = OfParts::new();
        for edit in edits {
            let Place { file, within, document, .. } = &edit.place;
            if !self.files.contains_key(file) {
                self.files.insert(file.clone(), Parts::of(text_of(files, file)?));
            }
            let is_split = self.files.get(file).is_some_and(|parts| parts.is_split);
            let outer = within.as_ref().map_or(*document, |(outer, _)| *outer);
            let (part, inner) = if is_split { (outer, 0) } else { (0, outer) };
            found.entry((file.clone(), part)).or_default().push((inner, edit));
        }
        Ok(found)
    }

    fn text(&self, (file, part): &(PathBuf, usize)) -> Result<&str> {
        let text = self.files.get(file).and_then(|parts| parts.texts.get(*part));
        text.map(String::as_str).ok_or_else(|| refused("the document is not there any more"))
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
