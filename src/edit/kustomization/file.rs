//! The kustomization file of a directory on disk.

use std::io;
use std::path::{Path, PathBuf};

use super::Draft;
use crate::error::{Code, Error, Result};
use crate::load::{self, Disk, Files as _, KUSTOMIZATION_FILES, LARGEST_FILE};
use crate::source::Sources;
use crate::text::phrase::quoted;

/// The kustomization file of a directory.
#[derive(Clone, Debug)]
pub struct KustomizationFile {
    path: PathBuf,
    name: &'static str,
}

/// The outcome of a change.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// The text before.
    pub before: String,
    /// The text after it.
    pub after: String,
    /// Messages for people, and for scripts that look for them.
    pub notes: Vec<String>,
}

impl KustomizationFile {
    /// Finds the kustomization file of a directory.
    ///
    /// # Errors
    /// [`Code::KustomizationNotFound`] if it has none, [`Code::KustomizationAmbiguous`] if it has several, and
    /// [`Code::NotAFile`] if it is a directory, and [`Code::OutsideRoot`] if it is a link that leads out of the directory.
    pub fn find(directory: &Path) -> Result<Self> {
        let exists = |name: &&&str| load::resolved(&directory.join(name)).is_some();
        let found: Vec<&'static str> = KUSTOMIZATION_FILES.iter().filter(exists).copied().collect();
        let name = match &*found {
            [] => {
                let message = format!("missing kustomization file `{}`", KUSTOMIZATION_FILES[0]);
                return Err(Error::new(Code::KustomizationNotFound, message).help(
                    "go to the directory of the kustomization, or make one with `krender create`",
                ));
            }
            [name] => name,
            [first, others @ ..] => {
                let others = quoted(others).collect::<Vec<_>>().join(" and ");
                let message =
                    format!("found `{first}` and {others}, expected one kustomization file");
                return Err(Error::new(Code::KustomizationAmbiguous, message)
                    .help("remove all but one of them"));
            }
        };
        let path = directory.join(name);
        if load::is_directory(&path) {
            let message = format!("`{name}` is a directory, expected a file");
            return Err(Error::new(Code::NotAFile, message));
        }
        stay_within(directory, &path, name)?;
        Ok(Self { path, name })
    }

    /// The directory of the file.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The path of the file, with links resolved.
    ///
    /// # Errors
    /// [`Code::ReadFailed`].
    pub fn canonical_path(&self) -> Result<PathBuf> {
        Disk.canonicalize(&self.path).map_err(|error| self.cannot_read(&error))
    }

    /// The name of the file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Changes the file. If `edit` returns false, the file stays as it is. Concurrent changes wait for each other, and
    /// `edit` is called again if a program without a lock has written the file meanwhile.
    ///
    /// # Errors
    /// Those of `edit`, of [`Draft::read`] and of [`load::change`]. Then the file stays as it is.
    pub fn change(
        &self,
        sources: &Sources,
        mut edit: impl FnMut(&mut Draft<'_>) -> Result<bool>,
    ) -> Result<Changed> {
        let mut changed = Changed::default();
        load::change(&self.path, |bytes| {
            changed = self.changed(sources, bytes, &mut edit)?;
            let is_new = changed.after != changed.before;
            Ok(is_new.then(|| changed.after.clone().into_bytes()))
        })?;
        Ok(changed)
    }

    /// Computes a change without writing it.
    ///
    /// # Errors
    /// Those of `edit` and of [`Draft::read`], and [`Code::ReadFailed`].
    pub fn preview(
        &self,
        sources: &Sources,
        mut edit: impl FnMut(&mut Draft<'_>) -> Result<bool>,
    ) -> Result<Changed> {
        let read = Disk.canonicalize(&self.path).and_then(|path| Disk.read(&path, LARGEST_FILE));
        let bytes = read.map_err(|error| self.cannot_read(&error))?;
        self.changed(sources, &bytes, &mut edit)
    }

    #[cold]
    fn cannot_read(&self, error: &io::Error) -> Error {
        Error::new(Code::ReadFailed, format!("cannot read `{}`: {error}", self.name))
    }

    fn changed(
        &self,
        sources: &Sources,
        bytes: &[u8],
        edit: &mut dyn FnMut(&mut Draft<'_>) -> Result<bool>,
    ) -> Result<Changed> {
        let before = String::from_utf8_lossy(bytes).into_owned();
        let mut draft = Draft::read(sources, self.name, bytes)?;
        let is_changed = edit(&mut draft)?;
        draft.check()?;
        let after = if is_changed { draft.text().to_owned() } else { before.clone() };
        Ok(Changed { before, after, notes: draft.notes().to_vec() })
    }
}

/// Refuses a link out of the directory, as a build does: an edit in a tree of strangers must not change files elsewhere.
fn stay_within(directory: &Path, path: &Path, name: &str) -> Result<()> {
    let resolved = Disk.canonicalize(directory).and_then(|top| Ok((top, Disk.canonicalize(path)?)));
    match resolved {
        Ok((top, file)) if !file.starts_with(&top) => {
            let message = format!("`{name}` is a link that leads out of its directory");
            Err(Error::new(Code::OutsideRoot, message)
                .help("edit the file that it leads to, in its own directory"))
        }
        // A file that cannot be resolved fails when it is read.
        _ => Ok(()),
    }
}
