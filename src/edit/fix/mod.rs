//! `fix`: replaces deprecated fields of a kustomization by their successors, as kustomize's `edit fix` does.
//!
//! A [`Fix`] is planned without writing: the new text of the kustomization file and, if variables become replacements, of
//! the files that use them. The target is built before and after, from the planned files, and then all files are
//! replaced together.

mod fields;
mod files;
mod outcome;
mod targets;
mod uses;
mod vars;

use std::path::{Path, PathBuf};

pub use outcome::Outcome;

use self::files::{Place, Touched};
use super::kustomization::{Draft, KustomizationFile};
use crate::error::{Code, Error, Result};
use crate::load::{self, Disk, Overlay, replace_together};
use crate::source::Span;

/// The number of times that a fix is made again because another program has written a file meanwhile.
const ATTEMPTS: u32 = 100;

/// A planned fix.
#[derive(Debug, Default)]
pub struct Fix {
    files: Vec<FixedFile>,
    /// The error for a value with several variables, if the output differs.
    several: Option<Error>,
    /// Messages for people.
    pub notes: Vec<String>,
    /// Warnings, each with its place.
    pub warnings: Vec<(String, Span)>,
}

/// A file that a fix changes.
#[derive(Clone, Debug)]
pub struct FixedFile {
    /// Its path, with links resolved.
    path: PathBuf,
    /// Its path relative to the kustomization.
    pub name: String,
    /// The text before.
    pub before: String,
    /// The text after it.
    pub after: String,
}

impl FixedFile {
    /// Its path, with links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Fix {
    /// Plans a fix, and compares the builds before and after. With `variables`, `vars` become `replacements`.
    ///
    /// # Errors
    /// Those of reading the kustomization file, and [`Code::EditRefused`], also for a label in both fields of labels and for
    /// a variable that cannot be a replacement. With `variables`, those of reading all files that may use them.
    pub fn plan(
        file: &KustomizationFile,
        options: &load::Options,
        variables: bool,
    ) -> Result<Self> {
        let sources = &options.sources;
        let directory = file.directory();
        let (mut touched, mut several): (Vec<Touched>, _) = (Vec::new(), None);
        let mut warnings = Vec::new();
        let mut changed = file.preview(sources, |draft| {
            warnings = fields::several_deletions(draft, options);
            move_fields(draft, directory)?;
            if variables {
                (touched, several) = vars::convert(draft, options)?;
            }
            Ok(true)
        })?;
        let notes = std::mem::take(&mut changed.notes);
        let mut fix = Self { files: Vec::new(), several, notes, warnings };
        if changed.before != changed.after {
            fix.files.push(FixedFile {
                path: file.canonical_path()?,
                name: file.name().to_owned(),
                before: changed.before,
                after: changed.after,
            });
        }
        let touched = touched.into_iter().filter(|file| file.before != file.text);
        fix.files.extend(touched.filter_map(|file| match file.place {
            Place::File(path) => {
                Some(FixedFile { path, name: file.name, before: file.before, after: file.text })
            }
            Place::Inline(_) => None,
        }));
        Ok(fix)
    }

    /// The files that it changes: the kustomization file first.
    #[must_use]
    pub fn files(&self) -> &[FixedFile] {
        &self.files
    }

    /// The files on disk as they would be.
    #[must_use]
    pub fn overlay(&self) -> Overlay<Disk> {
        let add = |files: Overlay<_>, file: &FixedFile| files.file(&file.path, &file.after);
        self.files.iter().fold(Overlay::new(Disk), add)
    }

    /// Replaces the files, all or none. False if one of them has changed since the fix was planned.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] and [`Code::TimedOut`], as [`load::change`].
    fn write(&self) -> Result<bool> {
        let files = self.files.iter();
        let files: Vec<(&Path, &[u8], &[u8])> = files
            .map(|file| (&*file.path, file.before.as_bytes(), file.after.as_bytes()))
            .collect();
        replace_together(&files)
    }
}

/// Moves deprecated fields to their successors, and spells the names of fields as they are documented. Paths of patches are
/// relative to a directory.
///
/// # Errors
/// [`Code::EditRefused`], also for a label in both fields of labels.
pub fn move_fields(draft: &mut Draft<'_>, directory: &Path) -> Result<()> {
    draft.spell_names()?;
    fields::move_patches(draft, directory)?;
    fields::move_labels(draft)
}

/// Plans a fix, hands it to `prove`, and writes it unless `is_dry`. It is planned again if another program changes a file
/// meanwhile.
///
/// # Errors
/// Those of [`Fix::plan`], of `prove`, and of writing. Then no file is changed.
pub fn fix<T>(
    plan: impl Fn() -> Result<Fix>,
    prove: impl Fn(&Fix) -> Result<T>,
    is_dry: bool,
) -> Result<(Fix, T)> {
    for _ in 0..ATTEMPTS {
        let fix = plan()?;
        let proof = prove(&fix)?;
        if is_dry || fix.files.is_empty() || fix.write()? {
            return Ok((fix, proof));
        }
    }
    let message = "the files of the kustomization change all the time";
    Err(Error::new(Code::WriteFailed, message).help("end the program that writes them"))
}
