//! Texts beside the files of kustomizations: scripts, pages, build files and comments that mention a file by its name.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::error::Result;
use crate::load::{Kind, Loader};

/// Searches texts in directories and those above them, up to the top of the repository or the working directory.
pub(super) struct Mentions<'a> {
    loader: &'a Loader,
    working_directory: Option<PathBuf>,
    known: RefCell<BTreeMap<PathBuf, Rc<Folder>>>,
}

/// A directory.
#[derive(Default)]
pub(super) struct Folder {
    /// The entries, with their kinds.
    pub(super) entries: Vec<(PathBuf, Kind)>,
    /// The texts that may mention a file, each with its path.
    texts: Vec<(PathBuf, String)>,
}

/// The maximum number of directories above that are searched.
const HEIGHT: usize = 12;

/// The endings of texts that may name files, in addition to YAML.
const ENDINGS: [&str; 16] = [
    "sh", "bash", "md", "mk", "py", "txt", "toml", "json", "tf", "adoc", "rst", "go", "js", "ts",
    "yaml", "yml",
];

/// Names of build files.
const NAMES: [&str; 12] = [
    "Makefile",
    "makefile",
    "GNUmakefile",
    "Taskfile",
    "Tiltfile",
    "justfile",
    "Justfile",
    "Jenkinsfile",
    "Dockerfile",
    "Kustomization",
    "PROJECT",
    "Earthfile",
];

impl<'a> Mentions<'a> {
    pub(super) fn new(loader: &'a Loader) -> Self {
        let working_directory = loader.root(".").ok().map(|root| root.path().to_path_buf());
        Self { loader, working_directory, known: RefCell::default() }
    }

    /// The entries of a directory.
    ///
    /// # Errors
    /// [`Code::ReadFailed`](crate::error::Code::ReadFailed) if it cannot be listed.
    pub(super) fn folder(&self, directory: &Path) -> Result<Rc<Folder>> {
        if let Some(known) = self.known.borrow().get(directory) {
            return Ok(Rc::clone(known));
        }
        let mut folder = Folder::default();
        self.loader.visit(directory, |below, kind| {
            folder.entries.push((directory.join(below), kind));
            Ok(false)
        })?;
        let folder = Rc::new(folder);
        self.known.borrow_mut().insert(directory.to_path_buf(), Rc::clone(&folder));
        Ok(folder)
    }

    /// True if a text in the directory of a file, or in one above, mentions its name.
    pub(super) fn mentions(&self, file: &Path) -> bool {
        let Some(name) = file.file_name().and_then(OsStr::to_str) else { return true };
        for directory in file.ancestors().skip(1).take(HEIGHT) {
            let Ok(folder) = self.with_texts(directory) else { return false };
            if folder.texts.iter().any(|(path, text)| path != file && has_name(text, name)) {
                return true;
            }
            let is_top = folder.entries.iter().any(|(path, _)| path.ends_with(".git"));
            if is_top || self.working_directory.as_deref() == Some(directory) {
                return false;
            }
        }
        false
    }

    fn with_texts(&self, directory: &Path) -> Result<Rc<Folder>> {
        let folder = self.folder(directory)?;
        if !folder.texts.is_empty() {
            return Ok(folder);
        }
        let is_text = |path: &Path| {
            let ending = path.extension().and_then(OsStr::to_str);
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            ending.is_some_and(|ending| ENDINGS.contains(&ending)) || NAMES.contains(&name)
        };
        let files =
            folder.entries.iter().filter(|(path, kind)| *kind == Kind::File && is_text(path));
        let text = |(path, _): &(PathBuf, Kind)| {
            let file = self.loader.file_at(path).ok()?;
            let text = String::from_utf8_lossy(file.bytes()).into_owned();
            Some((path.clone(), text))
        };
        let texts = files.filter_map(text).collect();
        let folder = Rc::new(Folder { entries: folder.entries.clone(), texts });
        self.known.borrow_mut().insert(directory.to_path_buf(), Rc::clone(&folder));
        Ok(folder)
    }
}

/// True if a text has a name that is not part of a longer one.
fn has_name(text: &str, name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || "-_".contains(character);
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
