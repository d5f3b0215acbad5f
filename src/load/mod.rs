//! The only door to the outside: what a build reads comes through here.
//!
//! A [`Loader`] reads from a source of [`Files`] (the disk, memory), each file once, and remembers what was asked
//! for. A [`Root`] is a directory that a kustomization is built in: it decides what may be read from there, and its
//! errors say where the path was written. [`write()`] replaces files, and is the only writer.

mod cache;
mod digest;
mod disk;
mod file;
mod files;
pub mod git;
mod links;
mod memory;
mod missing;
mod notes;
mod remote;
mod root;
mod store;
mod tree;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Limit, Limits};
use crate::source::{Sources, Span};
use cache::Cache;
use notes::Noted;

pub use digest::Digest;
pub use disk::{
    Disk, OutputFolder, abandon_temporary_files, clean_up_on_signals, is_directory, is_file,
    remove_temporary_files, resolved, stamp, write,
};
pub use file::File;
pub use files::{Files, Kind, LARGEST_FILE, join};

pub use memory::Memory;
pub use notes::Notes;
pub use root::{Entry, KUSTOMIZATION_FILES, Root};
pub use store::Store;
pub use tree::Tree;
pub use watch::Watch;

/// The longest path that is looked up, as on Linux: a bound for sources that have none of their own.
pub(crate) const LONGEST_PATH: usize = 4096;

/// So many directories within each other are found one from the other: real paths have fewer, and the stack is small.
const NESTED: usize = 64;

/// Reads files for any number of builds and threads. Cloning makes another handle to the same loader.
///
/// Every file is read once; what was found at a path stays the answer for as long as the loader lives.
#[derive(Clone)]
pub struct Loader(Arc<Inner>);

struct Inner {
    files: Box<dyn Files>,
    restrictor: Restrictor,
    /// Where relative targets are taken from, as the user knows it.
    working_directory: PathBuf,
    /// The same with links resolved: where paths are shown from.
    canonical_working_directory: PathBuf,
    sources: Arc<Sources>,
    limits: Limits,
    /// The account of the run.
    budget: Budget,
    directories: Cache<Result<Option<Arc<Path>>>>,
    places: Cache<Result<Arc<Place>>>,
    contents: Cache<Result<File>>,
    /// Which directory looked at what, if somebody wants to know.
    noted: OnceLock<Noted>,
}

/// How a [`Loader`] reads.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which files a kustomization may name.
    pub restrictor: Restrictor,
    /// The directory that relative targets are taken from.
    pub working_directory: PathBuf,
    /// What targets and the run may use.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            restrictor: Restrictor::RootOnly,
            working_directory: PathBuf::from("/"),
            limits: Limits::default(),
        }
    }
}

/// Which files a kustomization may name (`--load-restrictor`). Bases may be anywhere in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Restrictor {
    /// Files in or below its own directory, once links are resolved (`LoadRestrictionsRootOnly`).
    #[default]
    RootOnly,
    /// Any file (`LoadRestrictionsNone`).
    None,
}

/// A path that was read or looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The path, absolute.
    pub path: PathBuf,
    /// What was there, links followed; [`Kind::Missing`] also where that could not be found out.
    pub kind: Kind,
}

/// What a path leads to, once links are followed.
pub(super) struct Place {
    path: PathBuf,
    kind: Kind,
}

impl Loader {
    /// A loader that has read nothing yet.
    #[must_use]
    pub fn new(files: impl Files + 'static, options: Options) -> Self {
        let Options { restrictor, working_directory, limits } = options;
        let working_directory = join(Path::new("/"), &working_directory);
        let canonical =
            files.canonicalize(&working_directory).unwrap_or_else(|_| working_directory.clone());
        Self(Arc::new(Inner {
            files: Box::new(files),
            restrictor,
            working_directory,
            canonical_working_directory: canonical,
            sources: Arc::new(Sources::new()),
            limits,
            budget: Budget::new(limits),
            directories: Cache::new(),
            places: Cache::new(),
            contents: Cache::new(),
            noted: OnceLock::new(),
        }))
    }

    /// The texts that were read: they find the places of spans.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.0.sources
    }

    /// What each target may use.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// The account of the run: the files and the objects of git that were read.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// The directory that a build starts in: `target`, taken from the working directory.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] for an empty path, [`Code::FileNotFound`] and [`Code::NotADirectory`] where there is no
    /// directory, [`Code::NotSupportedYet`] for a git repository.
    pub fn root(&self, target: &str) -> Result<Root> {
        Root::top(self, target)
    }

    /// A file that the user names: `path`, taken from the working directory. It may be a link, but none that leads out of
    /// the directory that it is in, unless the [`Restrictor`] allows it: the directory may be a stranger's, and what is in
    /// the file may be shown.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] and [`Code::NotAFile`] where there is no file, [`Code::OutsideRoot`] for a link,
    /// [`Code::ReadFailed`] where it cannot be read.
    pub fn file(&self, path: &str) -> Result<File> {
        let from = &self.0.working_directory;
        let whole = join(from, Path::new(path));
        self.file_in(whole.parent().unwrap_or(&whole), from, path)
    }

    /// A file that was found in or below a directory that the user names. It may be a link, but none that leads out of the
    /// directory, unless the [`Restrictor`] allows it.
    ///
    /// # Errors
    /// As [`Loader::file`].
    pub fn file_below(&self, directory: &str, path: &str) -> Result<File> {
        let directory = join(&self.0.working_directory, Path::new(directory));
        self.file_in(&directory, &directory, path)
    }

    /// The file in or below `top` that a path names, taken from a directory.
    fn file_in(&self, top: &Path, from: &Path, path: &str) -> Result<File> {
        let place = self.place(&join(from, Path::new(path)))?;
        match place.kind {
            Kind::File => {}
            Kind::Missing => {
                let open = missing::Open::around(self, &self.0.canonical_working_directory);
                return Err(missing::error(self, from, path, "file", &open));
            }
            Kind::Directory | Kind::Link | Kind::Special => {
                return Err(Error::new(Code::NotAFile, format!("`{path}` is no file")));
            }
        }
        let top = self.directory(top, NESTED)?.unwrap_or_else(|| top.into());
        if self.0.restrictor == Restrictor::RootOnly && !place.path.starts_with(&top) {
            let [target, top] = [&place.path, &*top].map(|path| self.display(path));
            let message = format!("`{path}` leads to `{target}`, which is not in or below `{top}`");
            return Err(Error::new(Code::OutsideRoot, message)
                .help("put the file itself in the place of the link")
                .help(
                    "`--load-restrictor LoadRestrictionsNone` allows it; then links, also those that others made, \
                     can show any file that you can read",
                ));
        }
        self.content(&place.path)
    }

    /// What is at a path, taken from the working directory, links followed.
    #[must_use]
    pub fn kind(&self, path: &str) -> Kind {
        let path = join(&self.0.working_directory, Path::new(path));
        self.place(&path).map_or(Kind::Missing, |place| place.kind)
    }

    /// Text that comes from elsewhere, such as standard input, under the name to show for it.
    ///
    /// # Errors
    /// [`Code::TooLarge`] when there is no more room for texts.
    pub fn text(&self, name: &str, bytes: Vec<u8>) -> Result<File> {
        File::new(name.to_owned(), bytes, &self.0.sources)
    }

    /// Everything that was read or looked for until now, by path: a build reads the same as long as these do not
    /// change. Files that a link led to stand here beside the link.
    #[must_use]
    pub fn inputs(&self) -> Vec<Input> {
        inputs(self.0.places.entries())
    }

    /// A path for programs: from the working directory where that is not longer.
    #[must_use]
    pub fn named(&self, path: &Path) -> PathBuf {
        files::named(&self.0.canonical_working_directory, path)
    }

    /// A path for people: from the working directory where that is not longer.
    #[must_use]
    pub fn display(&self, path: &Path) -> String {
        files::display(&self.0.canonical_working_directory, path)
    }

    /// What an absolute, clean path leads to.
    fn place(&self, path: &Path) -> Result<Arc<Place>> {
        self.0.places.get_or_make(path, || self.find(path).map(Arc::new))
    }

    fn find(&self, path: &Path) -> Result<Place> {
        if path.as_os_str().len() > LONGEST_PATH {
            return Err(Error::new(
                Code::InvalidPath,
                format!("a path of more than {LONGEST_PATH} bytes"),
            ));
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Place { path: path.to_path_buf(), kind: Kind::Directory });
        };
        // Directories have many files: their links are resolved once, and a file that is no link costs one look.
        let Some(parent) = self.directory(parent, NESTED)? else {
            return Ok(Place { path: path.to_path_buf(), kind: Kind::Missing });
        };
        let path = parent.join(name);
        let kind = self.0.files.kind(&path).map_err(|error| self.unreadable(&path, &error))?;
        if kind != Kind::Link {
            return Ok(Place { path, kind });
        }
        match self.canonicalize(&path)? {
            Some(target) => {
                let kind =
                    self.0.files.kind(&target).map_err(|error| self.unreadable(&target, &error))?;
                Ok(Place { path: target.to_path_buf(), kind })
            }
            None => Ok(Place { path, kind: Kind::Missing }),
        }
    }

    /// The path of a directory with links resolved, if something is there. It is found from the directory that it is in,
    /// which many others are in, too; beyond so many `levels` by the source of files.
    fn directory(&self, path: &Path, levels: usize) -> Result<Option<Arc<Path>>> {
        self.0.directories.get_or_make(path, || {
            let (Some(parent), Some(name), Some(levels)) =
                (path.parent(), path.file_name(), levels.checked_sub(1))
            else {
                return self.canonicalize(path);
            };
            let Some(parent) = self.directory(parent, levels)? else { return Ok(None) };
            let whole = parent.join(name);
            match self.0.files.kind(&whole).map_err(|error| self.unreadable(path, &error))? {
                Kind::Directory => Ok(Some(whole.into())),
                Kind::Missing => Ok(None),
                Kind::File | Kind::Link | Kind::Special => self.canonicalize(path),
            }
        })
    }

    /// The path with links resolved, if something is there.
    fn canonicalize(&self, path: &Path) -> Result<Option<Arc<Path>>> {
        use std::io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};

        match self.0.files.canonicalize(path) {
            Ok(canonical) => Ok(Some(canonical.into())),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory | InvalidFilename) => {
                Ok(None)
            }
            Err(error) => Err(self.unreadable(path, &error)),
        }
    }

    /// The content of a file, by its canonical path.
    fn content(&self, path: &Path) -> Result<File> {
        self.0.contents.get_or_make(path, || {
            let most = self.0.budget.left(Limit::Files).min(LARGEST_FILE);
            let read = self.0.files.read(path, most);
            let bytes = read.map_err(|error| self.unreadable(path, &error))?;
            self.0.budget.spend(Limit::Files, bytes.len() as u64, Span::NONE)?;
            File::new(self.display(path), bytes, &self.0.sources)
        })
    }

    #[cold]
    fn unreadable(&self, path: &Path, error: &std::io::Error) -> Error {
        let name = self.display(path);
        if let Some(cause) = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>()) {
            return cause.clone().step(format!("while reading `{name}`"));
        }
        if error.kind() == std::io::ErrorKind::FileTooLarge {
            if self.0.budget.left(Limit::Files) < LARGEST_FILE {
                let step = format!("while reading `{name}`");
                return self.0.budget.exceeded(Limit::Files, Span::NONE).step(step);
            }
            let limit = LARGEST_FILE >> 30;
            return Error::new(Code::TooLarge, format!("`{name}` is larger than {limit} GiB"));
        }
        Error::new(Code::ReadFailed, format!("cannot read `{name}`: {}", disk::reason(error)))
    }
}

/// What was found at paths, and beside it what links led to, by path.
fn inputs(places: impl IntoIterator<Item = (PathBuf, Result<Arc<Place>>)>) -> Vec<Input> {
    let mut inputs = Vec::new();
    for (path, place) in places {
        let kind = place.as_ref().map_or(Kind::Missing, |place| place.kind);
        if let Ok(place) = place
            && place.path != path
        {
            inputs.push(Input { path: place.path.clone(), kind });
        }
        inputs.push(Input { path, kind });
    }
    inputs.sort_by(|left, right| left.path.cmp(&right.path));
    inputs.dedup_by(|left, right| left.path == right.path);
    inputs
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Loader")
            .field("working_directory", &self.0.working_directory)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "makes a tree on disk to read")]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    /// What a stranger's folder may hold: nothing of it may block, loop or panic.
    #[test]
    fn hostile_folders_end_in_errors() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join(OsStr::from_bytes(b"not \xff text"));
        std::fs::create_dir(&top).unwrap();
        symlink("loop", top.join("loop")).unwrap();
        symlink("/dev/zero", top.join("endless")).unwrap();
        symlink(".", top.join("here")).unwrap();
        std::fs::write(top.join("kustomization.yaml"), "resources: []\n").unwrap();
        let options = Options {
            restrictor: Restrictor::None,
            working_directory: top.clone(),
            ..Options::default()
        };
        let root = Loader::new(Disk, options).root(".").unwrap();
        assert_eq!(root.kustomization_file().unwrap().name(), "kustomization.yaml");
        let code = |path: &str| root.entry(path, Span::NONE).err().map(|error| error.code());
        assert_eq!(code("loop"), Some(Code::ReadFailed));
        assert_eq!(code("loop/a.yaml"), Some(Code::ReadFailed));
        assert_eq!(code("endless"), Some(Code::NotAFile));
        assert_eq!(code("here"), Some(Code::Cycle));
        assert_eq!(code("kustomization.yaml/below"), Some(Code::FileNotFound));
        assert_eq!(code(&"x".repeat(1000)), Some(Code::FileNotFound));
        assert_eq!(code("nul\0byte"), Some(Code::ReadFailed));
        assert_eq!(code("here/".repeat(700).as_str()), Some(Code::ReadFailed));
        assert_eq!(code("../".repeat(700).as_str()), Some(Code::Cycle));
    }
}
