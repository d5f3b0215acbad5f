//! All access to files: every input of a build is read here.
//!
//! A [`Loader`] reads from a source of [`Files`] (the disk, memory), each file once, and records which paths were
//! looked up. A [`Root`] is the directory of a kustomization: it decides which files may be read from there, and its
//! errors show where the path is written. [`write()`] replaces files, and is the only function that writes.

mod ahead;
mod cache;
mod chart;
mod clean;
mod digest;
mod disk;
mod elsewhere;
mod export;
mod fetched;
mod file;
mod files;
pub mod git;
mod links;
mod listings;
mod memory;
mod missing;
mod mounts;
mod nesting;
mod notes;
mod overlay;
mod references;
mod remote;
mod root;
mod store;
mod tree;
#[cfg(feature = "watch")]
mod watch;
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Cancel, Limit, Limits};
use crate::source::{Sources, Span};
use cache::Cache;
use clean::split;
use mounts::{LeadsOut, Mounts, Taken};
use notes::Noted;

pub use chart::{Chart, UsedChart};
pub use digest::Digest;
#[cfg(unix)]
pub use disk::are_same;
#[cfg(feature = "cli")]
pub use disk::clean_up_on_signals;
pub use disk::{
    Disk, NewFolder, OutputFolder, TemporaryFolder, abandon_temporary_files, change, folder_size,
    is_directory, is_file, is_left_over, is_symlink, remove_temporary_files,
    remove_temporary_folders, replace_together, resolved, stamp, write, write_by,
};
pub use elsewhere::{is_http, is_remote};
pub use export::Exported;
pub use fetched::{Fetch, Fetched, Remote, Remotes};
pub use file::File;
pub use files::{Files, KUSTOMIZATION_FILES, Kind, LARGEST_FILE, LOCK_FILE, join, relative};

pub use memory::Memory;
pub use mounts::FilesId;
pub use notes::Notes;
pub use overlay::Overlay;
pub use references::{FetchedFile, LeadsTo, Reference};
pub use remote::{NoRepository, RepoSpec, without_credentials};
pub use root::{Entry, Root};
pub use store::{Store, private_folder};
pub use tree::{Pattern, Tree};
#[cfg(feature = "watch")]
pub use watch::Watch;
pub use ways::Leads;

/// The longest path that is looked up, as on Linux: a limit for sources that have none.
pub(crate) const LONGEST_PATH: usize = 4096;

/// Maximum depth up to which directories are resolved from their parents: real paths are shorter, and the stack is
/// small.
const NESTED: usize = 64;

/// Reads files for any number of builds and threads. Cloning makes another handle to the same loader.
///
/// Every file is read once; the result for a path is kept as long as the loader lives.
#[derive(Clone)]
pub struct Loader(Arc<LoaderInner>);

struct LoaderInner {
    files: Mounts,
    options: Options,
    /// The working directory with links resolved: shown paths are relative to it.
    canonical_working_directory: PathBuf,
    /// The budget of the run.
    budget: Budget,
    directories: Cache<Result<Option<Arc<Path>>>>,
    places: Cache<Result<Arc<Resolved>>>,
    contents: Cache<Result<File>>,
    /// The files that were read ahead, and not asked for yet.
    ahead: Mutex<ahead::Ahead>,
    /// The paths that each directory looked up, once [`Loader::take_notes`] was called.
    noted: OnceLock<Noted>,
    /// The content that was fetched, once there is any.
    fetched: OnceLock<Mounted>,
}

/// Content that was fetched and mounted.
struct Mounted {
    /// The path of each repository's top, by its URL and reference.
    tops: Cache<Result<Arc<Path>>>,
    /// The repositories, each with the path of its top.
    remotes: Mutex<Vec<(Arc<Path>, Remote)>>,
    /// The entries that led there.
    references: Mutex<BTreeSet<Reference>>,
    /// The files over HTTP, by URL.
    files: Cache<Result<File>>,
    /// The charts of repositories that were used, by their places.
    charts: Mutex<BTreeMap<PathBuf, UsedChart>>,
    /// The outputs of programs, by the digest of what they depend on.
    outputs: Cache<Result<File>>,
}

impl Default for Mounted {
    fn default() -> Self {
        let (remotes, references) = (Mutex::default(), Mutex::default());
        let (tops, files, outputs) = (Cache::new(), Cache::new(), Cache::new());
        Self { tops, remotes, references, files, charts: Mutex::default(), outputs }
    }
}

/// Options of a [`Loader`].
#[derive(Clone, Debug)]
pub struct Options {
    /// The files that a kustomization may refer to.
    pub restrictor: Restrictor,
    /// The directory that relative targets are resolved from, as the user wrote it.
    pub working_directory: PathBuf,
    /// The limits of a target and of the run.
    pub limits: Limits,
    /// A condition that ends the build of a target.
    pub cancel: Cancel,
    /// The texts of the run. Loaders with the same sources may take part in one run: a span is that of one text.
    pub sources: Arc<Sources>,
    /// The source of content from elsewhere.
    pub remotes: Remotes,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            restrictor: Restrictor::RootOnly,
            working_directory: PathBuf::from("/"),
            limits: Limits::default(),
            cancel: Cancel::default(),
            sources: Arc::default(),
            remotes: Remotes::default(),
        }
    }
}

/// The files that a kustomization may refer to (`--load-restrictor`). Bases may be anywhere in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Restrictor {
    /// Files in or below its own directory after resolving links (`LoadRestrictionsRootOnly`).
    #[default]
    RootOnly,
    /// Any file (`LoadRestrictionsNone`).
    None,
}

/// A path that was read or looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The absolute path.
    pub path: PathBuf,
    /// The kind of entry, links followed; [`Kind::Missing`] also if it could not be determined.
    pub kind: Kind,
}

/// The target of a path after following links.
pub(super) struct Resolved {
    path: PathBuf,
    kind: Kind,
}

impl Loader {
    /// Creates a loader.
    #[must_use]
    pub fn new(files: impl Files + 'static, options: Options) -> Self {
        let working_directory = join(Path::new("/"), &options.working_directory);
        let canonical =
            files.canonicalize(&working_directory).unwrap_or_else(|_| working_directory.clone());
        Self(Arc::new(LoaderInner {
            files: Mounts::new(files),
            canonical_working_directory: canonical,
            budget: Budget::new(options.limits),
            options: Options { working_directory, ..options },
            directories: Cache::new(),
            places: Cache::new(),
            contents: Cache::new(),
            ahead: Mutex::default(),
            noted: OnceLock::new(),
            fetched: OnceLock::new(),
        }))
    }

    /// Creates a loader of other files, such as those of a revision, with the same options and sources. Its cache, its
    /// inputs and its budget are its own.
    #[must_use]
    pub fn beside(&self, files: impl Files + 'static) -> Self {
        Self::new(files, self.0.options.clone())
    }

    /// Mounts other files, such as content that was fetched, at a path: they hide what is at and below it. Their paths
    /// are those of the whole tree, so only those at and below `at` are ever looked up. Bases may be in a mount; a
    /// kustomization there reads files of the mount only, whatever the [`Restrictor`] allows.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] for a path that is not absolute and clean, leads through a link or a file, has other files
    /// mounted at it, or was looked up before: the result of a look-up does not change.
    ///
    /// ```
    /// use krender::load::{Loader, Memory, Options};
    /// use krender::build;
    ///
    /// let files = Memory::new().file("app/kustomization.yaml", "resources: [../fetched/base]\n");
    /// let loader = Loader::new(files, Options::default());
    /// let fetched = Memory::new()
    ///     .file("fetched/base/kustomization.yaml", "configMapGenerator: [{name: a}]\n");
    /// loader.mount("/fetched".as_ref(), fetched)?;
    /// let output = build::build(&loader, "app", &build::Options::default())?;
    /// assert_eq!(output.resources.len(), 1);
    /// # Ok::<(), krender::error::Error>(())
    /// ```
    pub fn mount(&self, at: &Path, files: impl Files + 'static) -> Result<()> {
        let refused = |reason| {
            let message = format!("cannot mount files at `{}`: {reason}", self.display(at));
            Err(Error::new(Code::InvalidPath, message))
        };
        if join(Path::new("/"), at) != at || at.parent().is_none() {
            return refused("the path is not absolute and clean");
        }
        let is_known = |path: &Path, is_missing: bool| {
            path.starts_with(at) || is_missing && at.starts_with(path)
        };
        let places = &self.0.places;
        if self.0.directories.any(|path, found| is_known(path, matches!(found, Ok(None))))
            || places.any(|path, place| {
                is_known(path, place.as_ref().is_ok_and(|place| place.kind == Kind::Missing))
            })
        {
            return refused("the path was looked up before");
        }
        match self.0.files.mount(at, files) {
            Ok(()) => Ok(()),
            Err(Taken::ByMount) => refused("other files are mounted there"),
            Err(Taken::ByEntry) => refused("the path leads through a file or a link"),
        }
    }

    /// The texts that were read, to look up the positions of spans.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.0.options.sources
    }

    /// The options, for further loaders that add their texts to the same sources.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// The limits of each target.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.options.limits
    }

    /// A new budget for a target.
    pub(super) fn budget_of_target(&self) -> Budget {
        self.budget_of_part(1)
    }

    /// A new budget for a part of a target: its limits divided by a number.
    fn budget_of_part(&self, parts: u64) -> Budget {
        Budget::cancelled_by(self.limits().divided(parts), self.0.options.cancel.clone())
    }

    /// The budget of the run, charged for files and git objects that are read.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// The directory that a build starts in: `target`, relative to the working directory.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] for an empty path, [`Code::FileNotFound`] and [`Code::NotADirectory`] if there is no
    /// directory, and those of [`Fetch::repository`] for a git repository.
    pub fn root(&self, target: &str) -> Result<Root> {
        Root::top(self, target)
    }

    /// Reads a file that the user named: `path`, relative to the working directory. It may be a link, but unless the
    /// [`Restrictor`] allows it not one that points out of its directory: the directory may come from others, and the
    /// content may be shown.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] and [`Code::NotAFile`] if there is no file, [`Code::OutsideRoot`] for a link,
    /// [`Code::ReadFailed`] if it cannot be read.
    pub fn file(&self, path: &str) -> Result<File> {
        let from = &self.0.options.working_directory;
        let whole = join(from, Path::new(path));
        self.file_in(whole.parent().unwrap_or(&whole), from, path)
    }

    /// Reads a file that was found in or below a directory that the user named. It may be a link, but unless the
    /// [`Restrictor`] allows it not one that points out of the directory.
    ///
    /// # Errors
    /// As [`Loader::file`].
    pub fn file_below(&self, directory: &str, path: &str) -> Result<File> {
        let directory = join(&self.0.options.working_directory, Path::new(directory));
        self.file_in(&directory, &directory, path)
    }

    /// Reads the file at `path`, relative to `from`. It must be in or below `top`.
    fn file_in(&self, top: &Path, from: &Path, path: &str) -> Result<File> {
        let place = self.place(&join(from, Path::new(path)))?;
        match place.kind {
            Kind::File => {}
            Kind::Missing => {
                let open = missing::Open::around(self, &self.0.canonical_working_directory);
                return Err(missing::error(self, from, path, "file", &open));
            }
            Kind::Directory | Kind::Link | Kind::Special => {
                return Err(Error::new(Code::NotAFile, format!("`{path}` is not a file")));
            }
        }
        let top = self.directory(top, NESTED)?.unwrap_or_else(|| top.into());
        if self.0.options.restrictor == Restrictor::RootOnly && !place.path.starts_with(&top) {
            let [target, top] = [&place.path, &*top].map(|path| self.display(path));
            let message =
                format!("`{path}` resolves to `{target}`, which is not in or below `{top}`");
            return Err(Error::new(Code::OutsideRoot, message)
                .help("replace the link by the file itself")
                .help(
                    "`--load-restrictor LoadRestrictionsNone` allows it; then links, also those that others made, \
                     can show any file that you can read",
                ));
        }
        self.content(&place.path)
    }

    /// The kind of entry at a path relative to the working directory, links followed.
    #[must_use]
    pub fn kind(&self, path: &str) -> Kind {
        let path = join(&self.0.options.working_directory, Path::new(path));
        self.place(&path).map_or(Kind::Missing, |place| place.kind)
    }

    /// True for a link at a path relative to the working directory, also if its target does not exist.
    #[must_use]
    pub fn is_link(&self, path: &str) -> bool {
        let path = join(&self.0.options.working_directory, Path::new(path));
        matches!(self.0.files.kind(&path), Ok(Kind::Link))
    }

    /// Creates a file from text of another origin, such as standard input, with the name to show for it.
    ///
    /// # Errors
    /// [`Code::TooLarge`] if the sources are full.
    pub fn text(&self, name: &str, bytes: Vec<u8>) -> Result<File> {
        File::new(name.to_owned(), String::from_utf8(bytes), &self.0.options.sources)
    }

    /// All paths that were read or looked up so far, sorted: the result of a build is the same as long as they do not
    /// change. Contains links as well as their targets.
    #[must_use]
    pub fn inputs(&self) -> Vec<Input> {
        self.with_links(
            self.0.places.entries().into_iter().filter(|(path, _)| !self.is_fetched(path)),
        )
    }

    /// A path for programs: relative to the working directory if that is not longer.
    #[must_use]
    pub fn named(&self, path: &Path) -> PathBuf {
        files::named(&self.0.canonical_working_directory, path)
    }

    /// A path to show: relative to the working directory if that is not longer, or the URL of content that was fetched.
    #[must_use]
    pub fn display(&self, path: &Path) -> String {
        let fetched = self.0.files.of(path).and_then(|mount| mount.display(path));
        fetched.unwrap_or_else(|| files::display(&self.0.canonical_working_directory, path))
    }

    /// Looks up an absolute, clean path and follows links.
    fn place(&self, path: &Path) -> Result<Arc<Resolved>> {
        self.0.places.get_or_make(path, || self.find(path).map(Arc::new))
    }

    fn find(&self, path: &Path) -> Result<Resolved> {
        if path.as_os_str().len() > LONGEST_PATH {
            return Err(Error::new(
                Code::InvalidPath,
                format!("a path of more than {LONGEST_PATH} bytes"),
            ));
        }
        let Some((parent, name)) = split(path) else {
            return Ok(Resolved { path: path.to_path_buf(), kind: Kind::Directory });
        };
        // A directory has many files: its links are resolved once, and a file that is not a link costs one look-up.
        let Some(parent) = self.directory(parent, NESTED)? else {
            return Ok(Resolved { path: path.to_path_buf(), kind: Kind::Missing });
        };
        let path = parent.join(name);
        let kind = self.0.files.kind(&path).map_err(|error| self.unreadable(&path, &error))?;
        if kind != Kind::Link {
            return Ok(Resolved { path, kind });
        }
        match self.canonicalize(&path)? {
            Some(target) => {
                let kind =
                    self.0.files.kind(&target).map_err(|error| self.unreadable(&target, &error))?;
                Ok(Resolved { path: target.to_path_buf(), kind })
            }
            None => Ok(Resolved { path, kind: Kind::Missing }),
        }
    }

    /// The path of a directory with links resolved; `None` if it does not exist. It is resolved from its parent, which
    /// many others share; beyond `levels` parents, by the source of files.
    fn directory(&self, path: &Path, levels: usize) -> Result<Option<Arc<Path>>> {
        self.0.directories.get_or_make(path, || {
            let (Some((parent, name)), Some(levels)) = (split(path), levels.checked_sub(1)) else {
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

    /// The path with links resolved; `None` if it does not exist.
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

    /// The content of the file with this canonical path.
    fn content(&self, path: &Path) -> Result<File> {
        self.0.contents.get_or_make(path, || {
            let most = self.0.budget.left(Limit::Files).min(LARGEST_FILE);
            if let Some(file) = self.take_ahead(path, most) {
                self.0.budget.spend(Limit::Files, file.bytes().len() as u64, Span::NONE)?;
                return Ok(file);
            }
            let read = self.0.files.read(path, most);
            let bytes = read.map_err(|error| self.unreadable(path, &error))?;
            self.0.budget.spend(Limit::Files, bytes.len() as u64, Span::NONE)?;
            File::new(self.display(path), String::from_utf8(bytes), &self.0.options.sources)
        })
    }

    #[cold]
    fn unreadable(&self, path: &Path, error: &std::io::Error) -> Error {
        let name = self.display(path);
        if let Some(cause) = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>()) {
            return cause.clone().step(format!("while reading `{name}`"));
        }
        if let Some(LeadsOut { link, mount }) =
            error.get_ref().and_then(|cause| cause.downcast_ref())
        {
            let [link, mount] = [link, mount].map(|path| self.display(path));
            let message = format!("the link `{link}` leads out of `{mount}`, which was fetched");
            return Error::new(Code::OutsideRoot, message);
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

impl std::fmt::Debug for Loader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Loader")
            .field("working_directory", &self.0.options.working_directory)
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

    #[test]
    fn spans_of_loaders_side_by_side_are_apart() {
        let memory = |text: &str| Memory::new().file("a.yaml", text);
        let one = Loader::new(memory("a: 1\n"), Options::default());
        let other = one.beside(memory("b: 22\n"));
        let text = |loader: &Loader| {
            let span = loader.file("a.yaml").unwrap().source().unwrap().whole();
            one.sources().source_of(span).unwrap().text().to_owned()
        };
        assert_eq!([&one, &other, &one].map(text), ["a: 1\n", "b: 22\n", "a: 1\n"]);
        assert_eq!([&one, &other].map(|loader| loader.inputs().len()), [1, 1]);
    }

    /// Hostile folders must not make the loader block, loop or panic.
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
