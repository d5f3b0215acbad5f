//! The files in which a variable may occur: resources and patches of a kustomization and of its bases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::{Kustomization, Patch};
use crate::error::Result;
use crate::load::{Disk, Files as _, KUSTOMIZATION_FILES, Kind, LARGEST_FILE, join, relative};
use crate::source::Sources;

/// A file, and its text while variables in it are replaced.
#[derive(Debug)]
pub(super) struct Touched {
    /// Its path, with links resolved.
    pub(super) path: PathBuf,
    /// Its path relative to the kustomization.
    pub(super) name: String,
    /// The text on disk.
    pub(super) before: String,
    /// The text so far.
    pub(super) text: String,
    /// The entry of `patches` that it is the file of. The resources that the patch changes may have other names.
    pub(super) patch: Option<Patch>,
}

/// The files of a kustomization in a directory: of each entry of `resources`, and then those of its patches.
///
/// # Errors
/// Those of reading the kustomization files of bases.
pub(super) fn touched(
    directory: &Path,
    fields: &Kustomization,
    sources: &Sources,
) -> Result<Vec<Touched>> {
    let top = Disk.canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    let mut search = Search {
        top: &top,
        sources,
        files: Vec::new(),
        directories: BTreeSet::from([top.clone()]),
    };
    search.add(&top, fields)?;
    Ok(search.files)
}

struct Search<'a> {
    top: &'a Path,
    sources: &'a Sources,
    files: Vec<Touched>,
    /// The directories that have been entered: a base of several bases is searched once.
    directories: BTreeSet<PathBuf>,
}

impl Search<'_> {
    fn add(&mut self, directory: &Path, fields: &Kustomization) -> Result<()> {
        for entry in &fields.resources {
            // Content from elsewhere is no file here, and neither is a missing one: the build reports it.
            let Ok(path) = Disk.canonicalize(&join(directory, entry.as_str().as_ref())) else {
                continue;
            };
            match Disk.kind(&path) {
                Ok(Kind::Directory) if self.directories.insert(path.clone()) => self.base(&path)?,
                Ok(Kind::File) => self.file(path, None),
                _ => {}
            }
        }
        let named = |patch: &Patch| (!patch.path.is_empty()).then(|| patch.clone());
        let merges = fields.patches_strategic_merge.iter();
        let merges = merges.map(|path| Patch { path: path.clone(), ..Patch::default() });
        let patches = fields.patches.iter().chain(&fields.patches_json6902);
        for patch in patches.filter_map(|patch| named(patch)).chain(merges) {
            let path = Disk.canonicalize(&join(directory, patch.path.as_str().as_ref()));
            if let Ok(path) = path
                && matches!(Disk.kind(&path), Ok(Kind::File))
            {
                self.file(path, Some(patch));
            }
        }
        Ok(())
    }

    fn base(&mut self, directory: &Path) -> Result<()> {
        let paths = KUSTOMIZATION_FILES.iter().map(|name| directory.join(name));
        for path in paths.filter(|path| matches!(Disk.kind(path), Ok(Kind::File | Kind::Link))) {
            let read = Disk.canonicalize(&path).and_then(|path| Disk.read(&path, LARGEST_FILE));
            let Ok(bytes) = read else { continue };
            let source = self.sources.add_file(&self.shown(&path), &bytes)?;
            let mut fields = Kustomization::fields(&source)?;
            fields.move_deprecated();
            self.add(directory, &fields)?;
        }
        Ok(())
    }

    /// Adds a file, unless it is there already: a patch of several kustomizations, or a file that is listed twice.
    fn file(&mut self, path: PathBuf, patch: Option<Patch>) {
        if let Some(known) = self.files.iter_mut().find(|known| known.path == path) {
            known.patch = patch.or_else(|| known.patch.take());
            return;
        }
        let text = Disk.read(&path, LARGEST_FILE).ok().and_then(|it| String::from_utf8(it).ok());
        let Some(text) = text else { return };
        let name = self.shown(&path);
        self.files.push(Touched { path, name, before: text.clone(), text, patch });
    }

    fn shown(&self, path: &Path) -> String {
        relative(self.top, path).display().to_string()
    }
}
