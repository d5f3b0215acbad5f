//! The texts in which a variable may occur: resources and patches of a kustomization and of its bases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::{Kustomization, Patch};
use crate::error::Result;
use crate::load::{
    self, Disk, Files as _, KUSTOMIZATION_FILES, Kind, LARGEST_FILE, Restrictor, join, relative,
};

/// A text, and its state while variables in it are replaced.
#[derive(Debug)]
pub(super) struct Touched {
    /// Its file.
    pub(super) place: Place,
    /// Its path relative to the kustomization.
    pub(super) name: String,
    /// The text on disk.
    pub(super) before: String,
    /// The text so far.
    pub(super) text: String,
    /// The entry of `patches` that it belongs to. The resources that the patch changes may have other names.
    pub(super) patch: Option<Patch>,
}

/// The place of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file, by its path with links resolved.
    File(PathBuf),
    /// An inline patch of the kustomization itself, by its index in `patches`.
    Inline(usize),
}

/// The texts of a kustomization in a directory: of each entry of `resources`, and then those of its patches. Files that a build
/// may not load are left out.
///
/// # Errors
/// Those of reading the kustomization files of bases.
pub(super) fn touched(
    directory: &Path,
    fields: &Kustomization,
    options: &load::Options,
) -> Result<Vec<Touched>> {
    let top = Disk.canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    let directories = BTreeSet::from([top.clone()]);
    let mut search = Search { top: &top, options, files: Vec::new(), directories };
    search.add(&top, fields)?;
    let inline = fields.patches.iter().enumerate().filter(|(_, patch)| !patch.patch.is_empty());
    search.files.extend(inline.map(|(index, patch)| Touched {
        place: Place::Inline(index),
        name: format!("patch {} of the kustomization", index + 1),
        before: patch.patch.to_string(),
        text: patch.patch.to_string(),
        patch: Some(patch.value.clone()),
    }));
    Ok(search.files)
}

struct Search<'a> {
    top: &'a Path,
    options: &'a load::Options,
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
                Ok(Kind::File) => self.file(directory, path, None),
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
                self.file(directory, path, Some(patch));
            }
        }
        Ok(())
    }

    fn base(&mut self, directory: &Path) -> Result<()> {
        let paths = KUSTOMIZATION_FILES.iter().map(|name| directory.join(name));
        for path in paths.filter(|path| matches!(Disk.kind(path), Ok(Kind::File | Kind::Link))) {
            let read = Disk.canonicalize(&path).and_then(|path| Disk.read(&path, LARGEST_FILE));
            let Ok(bytes) = read else { continue };
            let source = self.options.sources.add_file(&self.shown(&path), &bytes)?;
            let mut fields = Kustomization::fields(&source)?;
            fields.move_deprecated();
            self.add(directory, &fields)?;
        }
        Ok(())
    }

    /// Adds a file, unless it is there already: a patch of several kustomizations, or a file that is listed twice.
    fn file(&mut self, directory: &Path, path: PathBuf, patch: Option<Patch>) {
        if self.options.restrictor == Restrictor::RootOnly && !path.starts_with(directory) {
            return;
        }
        let name = self.shown(&path);
        let place = Place::File(path);
        if let Some(known) = self.files.iter_mut().find(|known| known.place == place) {
            known.patch = patch.or_else(|| known.patch.take());
            return;
        }
        let Place::File(path) = &place else { return };
        let text = Disk.read(path, LARGEST_FILE).ok().and_then(|it| String::from_utf8(it).ok());
        let Some(text) = text else { return };
        self.files.push(Touched { place, name, before: text.clone(), text, patch });
    }

    fn shown(&self, path: &Path) -> String {
        relative(self.top, path).display().to_string()
    }
}
