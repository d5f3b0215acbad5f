//! The directory of a kustomization, and the rules for files that may be read from there.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::files::{KUSTOMIZATION_FILES, Kind, is_within, join};
use super::missing::{self, NoKustomization, Open};
use super::mounts::Mount;
use super::{File, FilesId, LeadsTo, Loader, RepoSpec, Resolved, Restrictor, remote};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::source::{Source, Span};
use crate::sync::lock;

/// The directory of a kustomization. Cloning is cheap.
///
/// Its methods take paths as written in the kustomization file, and the spans of these paths. Files must be in or below
/// the directory unless the [`Restrictor`] allows others; links are resolved first. Bases may be anywhere, except at or
/// above a directory that is being built. For a directory in a [mount](Loader::mount), files and bases must be in that
/// mount, and files in or below the directory, whatever the restrictor allows.
#[derive(Clone)]
pub struct Root(Arc<RootInner>);

struct RootInner {
    loader: Loader,
    /// The mount that the directory is in; `None` for the tree itself.
    mount: Option<Arc<Mount>>,
    path: PathBuf,
    name: String,
    span: Span,
    parent: Option<Root>,
    /// The text of the entry, if it names a remote repository, whose content this directory is in.
    remote: Option<Arc<str>>,
    /// The budget of the target that this directory is visited for.
    budget: Budget,
    /// The files that were read, if it is visited ahead of the build.
    ahead: Option<Arc<Mutex<Vec<PathBuf>>>>,
    /// Number of directories in the chain from the target to this one.
    depth: usize,
    /// Number of missing paths reported so far.
    missing: AtomicUsize,
}

/// The file or base that an entry of `resources` refers to.
pub enum Entry {
    /// A file with manifests.
    File(File),
    /// A base.
    Directory(Root),
}

impl Root {
    pub(super) fn top(loader: &Loader, target: &str) -> Result<Self> {
        if target.is_empty() {
            return Err(Error::new(Code::InvalidPath, "the directory to build has an empty path")
                .help("give a directory with a kustomization file, such as `.` for this one"));
        }
        if let Ok(spec) = RepoSpec::parse(target) {
            let root = Self::in_repository(loader, target, &spec, Span::NONE, None)?;
            let leads_to = LeadsTo::Directory(root.path().to_path_buf());
            loader.refer(root.path(), Span::NONE, target, leads_to);
            return Ok(root);
        }
        let start = &loader.0.options.working_directory;
        let path = join(start, Path::new(target));
        let place = loader.place(&path)?;
        match place.kind {
            Kind::Directory => Ok(Self::new(loader, &place, Span::NONE, None, None)),
            Kind::Missing => {
                let open = Open::around(loader, &loader.0.canonical_working_directory);
                Err(missing::error(loader, start, target, "directory", &open))
            }
            Kind::File | Kind::Link | Kind::Special => {
                let error =
                    Error::new(Code::NotADirectory, format!("`{target}` is not a directory"));
                Err(match path.parent() {
                    Some(folder) if is_kustomization_file(&path) => error.help(format!(
                        "give the directory of the file: `{}`",
                        super::files::display(start, folder)
                    )),
                    _ => error.help("give a directory with a kustomization file"),
                })
            }
        }
    }

    pub(super) fn new(
        loader: &Loader,
        place: &Resolved,
        span: Span,
        parent: Option<Self>,
        remote: Option<&str>,
    ) -> Self {
        let (path, name) = (place.path.clone(), loader.display(&place.path));
        let mount = loader.0.files.of(&path);
        let depth = parent.as_ref().map_or(1, |parent| parent.0.depth + 1);
        let (budget, ahead) = match &parent {
            Some(parent) => (parent.0.budget.clone(), parent.0.ahead.clone()),
            None => (loader.budget_of_target(), None),
        };
        Self(Arc::new(RootInner {
            loader: loader.clone(),
            mount,
            path,
            name,
            span,
            parent,
            remote: remote.map(Arc::from),
            budget,
            ahead,
            depth,
            missing: AtomicUsize::new(0),
        }))
    }

    /// The absolute path with links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The path to show: relative to the working directory if that is not longer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The span of the entry that refers to the directory; [`Span::NONE`] for the target of a build.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// The directory whose kustomization refers to this one.
    #[must_use]
    pub fn parent(&self) -> Option<&Self> {
        self.0.parent.as_ref()
    }

    /// The entry that names the remote repository that this directory was fetched from; `None` for a directory that is
    /// named by its path, in or out of such a repository.
    #[must_use]
    pub fn remote(&self) -> Option<&str> {
        self.0.remote.as_deref()
    }

    /// The budget of the target that this directory is visited for.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// The same directory, to be visited ahead of the build: with a budget of its own, for a part of the limits of a target.
    /// The run is charged for nothing, and nothing comes from elsewhere.
    #[must_use]
    pub(crate) fn apart(&self, parts: u64) -> Self {
        let RootInner { loader, mount, path, name, span, parent, remote, depth, .. } = &*self.0;
        Self(Arc::new(RootInner {
            loader: loader.clone(),
            mount: mount.clone(),
            path: path.clone(),
            name: name.clone(),
            span: *span,
            parent: parent.clone(),
            remote: remote.clone(),
            budget: loader.budget_of_part(parts),
            ahead: Some(Arc::default()),
            depth: *depth,
            missing: AtomicUsize::new(0),
        }))
    }

    /// The files that were read for this directory and those that it lists, if they are visited ahead of the build.
    pub(crate) fn read_ahead(&self) -> Vec<PathBuf> {
        self.0.ahead.as_ref().map(|read| lock(read).clone()).unwrap_or_default()
    }

    /// The files that the directory belongs to.
    #[must_use]
    pub fn files(&self) -> FilesId {
        self.0.mount.as_ref().map_or_else(FilesId::default, |mount| mount.id())
    }

    /// The mount that the directory is in.
    pub(super) fn mount(&self) -> Option<&Mount> {
        self.0.mount.as_deref()
    }

    /// The loader that reads for this directory.
    #[must_use]
    pub fn loader(&self) -> &Loader {
        &self.0.loader
    }

    /// The kustomization file of this directory.
    ///
    /// # Errors
    /// [`Code::KustomizationNotFound`] if there is none and [`Code::KustomizationAmbiguous`] if there are several. As
    /// in kustomize, an unreadable file counts only if it is the only one.
    pub fn kustomization_file(&self) -> Result<Arc<Source>> {
        let mut found = Vec::new();
        let mut failure = None;
        let listing = self.0.loader.0.files.known_listing(&self.0.path);
        for name in KUSTOMIZATION_FILES {
            let path = self.0.path.join(name);
            if listing.as_ref().is_some_and(|listing| listing.lacks(name)) {
                self.0.loader.note(&self.0.path, &path);
                continue;
            }
            let result = match self.look(&path) {
                Ok(place) if place.kind == Kind::File => self.read(name, self.0.span),
                Ok(_) => continue,
                Err(error) => Err(error.at(self.0.span)),
            };
            match result {
                // Kustomize counts files before it parses them.
                Err(error) if error.code() != Code::InvalidUtf8 => {
                    failure = failure.or(Some(error));
                }
                result => found.push((name, result)),
            }
        }
        if found.len() > 1 {
            let names: Vec<String> = found.iter().map(|(name, _)| format!("`{name}`")).collect();
            return Err(Error::new(
                Code::KustomizationAmbiguous,
                format!("`{}` has several kustomization files: {}", self.0.name, names.join(", ")),
            )
            .at(self.0.span)
            .help("keep one of them"));
        }
        match (found.pop(), failure) {
            (Some((_, result)), _) => result,
            (None, Some(error)) => Err(error),
            (None, None) => Err(self.no_kustomization().at(self.0.span)),
        }
    }

    /// The target of an entry of `resources`: a file if there is one, otherwise a base.
    ///
    /// # Errors
    /// As [`Root::file`] and [`Root::child`].
    pub fn entry(&self, path: &str, span: Span) -> Result<Entry> {
        if path.is_empty() {
            return Err(empty(span));
        }
        if remote::is_url(path) {
            return self.remote_entry(path, span);
        }
        match self.kind_of(path) {
            Kind::File | Kind::Link | Kind::Special => self.file(path, span).map(Entry::File),
            Kind::Missing if Path::new(path).is_absolute() => {
                let inside = self.stay(&join(&self.0.path, Path::new(path)));
                Err(inside.err().unwrap_or_else(|| self.missing(path, "file")).at(span))
            }
            Kind::Directory | Kind::Missing => {
                self.directory(path, span, "file or directory").map(Entry::Directory)
            }
        }
    }

    /// The kind of entry at a path, links followed. [`Kind::Missing`] for text that is not a path.
    #[must_use]
    pub fn kind_of(&self, path: &str) -> Kind {
        if path.is_empty() || remote::is_url(path) {
            return Kind::Missing;
        }
        self.look(&join(&self.0.path, Path::new(path))).map_or(Kind::Missing, |place| place.kind)
    }

    /// The path with links resolved, even if it may not be read.
    #[must_use]
    pub fn canonical(&self, path: &str) -> Option<PathBuf> {
        let place = self.look(&join(&self.0.path, Path::new(path))).ok()?;
        (place.kind != Kind::Missing).then(|| place.path.clone())
    }

    /// The directory of a base or component.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] for a path that is empty, absolute or ambiguous, [`Code::FileNotFound`] and
    /// [`Code::NotADirectory`] if there is no directory, [`Code::Cycle`] for a directory that is, or contains, a
    /// directory being built, [`Code::NestingTooDeep`] beyond a thousand levels, and those of
    /// [`Fetch::repository`](super::Fetch::repository) for a git repository.
    pub fn child(&self, path: &str, span: Span) -> Result<Self> {
        self.directory(path, span, "directory")
    }

    #[cold]
    fn no_kustomization(&self) -> Error {
        missing::kustomization(&NoKustomization {
            loader: &self.0.loader,
            name: &self.0.name,
            path: &self.0.path,
            parent: self.0.parent.as_ref().map(Self::path),
            top: self.ancestors().last().unwrap_or(self).path(),
        })
    }

    /// The error for a missing path. Similar names are searched only while the errors are shown: a directory may have
    /// many names, and a kustomization many misspelt paths.
    #[cold]
    fn missing(&self, path: &str, expected: &str) -> Error {
        let number = self.0.missing.fetch_add(1, Ordering::Relaxed);
        let open = if number < missing::SUGGESTIONS { self.open() } else { Open::NONE };
        missing::error(&self.0.loader, &self.0.path, path, expected, &open)
    }

    /// The tree around the target, and this directory: its files are part of the build.
    fn open(&self) -> Open {
        let top = self.ancestors().last().unwrap_or(self);
        Open::around(&self.0.loader, top.path()).with(self.path())
    }

    fn directory(&self, path: &str, span: Span, expected: &str) -> Result<Self> {
        if path.is_empty() {
            return Err(empty(span));
        }
        if let Ok(spec) = RepoSpec::parse(path) {
            return self.remote_child(path, &spec, span).map_err(|error| error.at(span));
        }
        if remote::is_url(path) {
            let message = format!("`{}` names no git repository", missing::shown(path));
            return Err(Error::new(Code::NotADirectory, message)
                .at(span)
                .help("a repository is written `https://host/owner/name//folder?ref=version`"));
        }
        let (loader, shown) = (&self.0.loader, missing::shown(path));
        let whole = join(&self.0.path, Path::new(path));
        if Path::new(path).is_absolute() {
            let relative = super::files::relative(&self.0.path, &whole);
            return Err(Error::new(
                Code::InvalidPath,
                format!("`{shown}` is absolute, but the path of a base must be relative"),
            )
            .at(span)
            .help(format!("write `{}`", relative.display())));
        }
        if let Some(segment) = ambiguous_segment(path) {
            return Err(self.ambiguous(path, segment).at(span));
        }
        let place = self.look(&whole).map_err(|error| error.at(span))?;
        match place.kind {
            Kind::Directory => {}
            Kind::Missing => {
                return Err(self.missing(path, expected).at(span));
            }
            Kind::File | Kind::Link | Kind::Special => {
                let error =
                    Error::new(Code::NotADirectory, format!("`{shown}` is not a directory"));
                return Err(error
                    .at(span)
                    .label("a directory with a kustomization file is expected here")
                    .help("list a file under `resources`"));
            }
        }
        self.refuse_cycle(&place, span)?;
        self.refuse_depth(span)?;
        if self.0.mount.is_some() && place.path != whole {
            loader.refer(&self.0.path, span, path, LeadsTo::Directory(place.path.clone()));
        }
        Ok(Self::new(loader, &place, span, Some(self.clone()), None))
    }

    #[cold]
    fn ambiguous(&self, path: &str, segment: &str) -> Error {
        let message = format!(
            "`{}` has the ambiguous segment `{}`",
            missing::shown(path),
            missing::shown(segment)
        );
        let help = missing::not_a_path(&self.0.loader, &self.0.path, path);
        Error::new(Code::InvalidPath, message)
            .help(help.unwrap_or_else(|| "`..` must be a whole path segment: `../base`".to_owned()))
    }

    /// The number of directories in the chain from the target to this one.
    pub(super) fn depth(&self) -> usize {
        self.0.depth
    }

    /// This directory, its parent, and so on up to the target.
    pub fn ancestors(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |root| root.parent())
    }

    /// The text of a file.
    ///
    /// # Errors
    /// As [`Root::file`], and [`Code::InvalidUtf8`] for bytes that are not text.
    pub fn read(&self, path: &str, span: Span) -> Result<Arc<Source>> {
        let file = self.file(path, span)?;
        file.source().map(Arc::clone).map_err(|error| error.at(span))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] for an empty path, [`Code::FileNotFound`], [`Code::NotAFile`], [`Code::OutsideRoot`],
    /// [`Code::ReadFailed`], [`Code::TooLarge`]; those of [`Fetch::file`](super::Fetch::file) for a URL.
    pub fn file(&self, path: &str, span: Span) -> Result<File> {
        let loader = &self.0.loader;
        let file = match remote::is_url(path) {
            true => self.stay_here().and_then(|()| loader.fetch_file(path)).inspect(|_| {
                loader.refer(&self.0.path, span, path, LeadsTo::File);
            }),
            false => self.allowed(path).and_then(|place| match &self.0.ahead {
                Some(read) => {
                    lock(read).push(place.path.clone());
                    loader.content_ahead(&place.path)
                }
                None => loader.content(&place.path),
            }),
        };
        file.map_err(|error| error.at(span))
    }

    /// Refuses content from elsewhere, and programs, for a directory that is visited ahead.
    pub(crate) fn stay_here(&self) -> Result<()> {
        match self.0.ahead {
            Some(_) => Err(Error::new(Code::FetchRefused, "nothing is fetched ahead of the build")),
            None => Ok(()),
        }
    }

    /// Refuses a path outside of the mount that this directory is in, and one into content that was fetched.
    fn stay(&self, path: &Path) -> Result<()> {
        let Some(mount) = &self.0.mount else {
            return match self.0.loader.is_fetched(path) {
                true => Err(Error::new(Code::InvalidPath, "the path has a zero byte")),
                false => Ok(()),
            };
        };
        if mount.holds(path) {
            return Ok(());
        }
        let [path, mount] = [path, mount.path()].map(|path| self.0.loader.display(path));
        let message = format!("`{path}` is outside of `{mount}`, which was fetched");
        Err(Error::new(Code::OutsideRoot, message)
            .help("a kustomization that was fetched uses what was fetched with it"))
    }

    /// Looks up an absolute, clean path for the kustomization of this directory.
    pub(super) fn look(&self, path: &Path) -> Result<Arc<Resolved>> {
        self.stay(path)?;
        self.0.loader.note(&self.0.path, path);
        self.0.loader.place(path)
    }

    /// Looks up a file and checks that it may be read.
    pub(super) fn allowed(&self, path: &str) -> Result<Arc<Resolved>> {
        if path.is_empty() {
            return Err(empty(Span::NONE));
        }
        let RootInner { loader, path: directory, .. } = &*self.0;
        let whole = join(directory, Path::new(path));
        let place = self.look(&whole)?;
        let shown = missing::shown(path);
        match place.kind {
            Kind::File => {}
            Kind::Missing => return Err(self.missing(path, "file")),
            Kind::Directory => {
                return Err(Error::new(
                    Code::NotAFile,
                    format!("`{shown}` is a directory; a file is expected here"),
                ));
            }
            Kind::Link | Kind::Special => {
                return Err(Error::new(
                    Code::NotAFile,
                    format!("`{shown}` is a device or a pipe, and not read"),
                ));
            }
        }
        let is_restricted =
            loader.0.options.restrictor == Restrictor::RootOnly || self.0.mount.is_some();
        if is_restricted && !is_within(&place.path, directory) {
            return Err(self.outside(&shown, &whole, &place.path));
        }
        Ok(place)
    }

    #[cold]
    fn outside(&self, shown: &str, whole: &Path, target: &Path) -> Error {
        let name = &self.0.name;
        let message = if whole.starts_with(&self.0.path) {
            format!(
                "`{shown}` resolves to `{}`, which is not in or below `{name}`",
                self.0.loader.display(target)
            )
        } else {
            format!("`{shown}` is not in or below `{name}`")
        };
        let error = Error::new(Code::OutsideRoot, message)
            .help(format!("move the file to `{name}`, or list its directory as a base"));
        match self.0.mount {
            Some(_) => error,
            None => error.help(
                "`--load-restrictor LoadRestrictionsNone` allows it; then whatever is built, also what others wrote, \
                 can read any file that you can read",
            ),
        }
    }
}

impl std::fmt::Debug for Root {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Root").field(&self.0.path).finish()
    }
}

impl Drop for RootInner {
    /// Frees a chain in a loop instead of recursively.
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(Root(inner)) = parent {
            parent = Arc::into_inner(inner).and_then(|mut inner| inner.parent.take());
        }
    }
}

/// A segment that contains `..` and more. YAML joins two entries with different indentation: `- ../base` above ` -
/// ../other` is the single text `../base - ../other`.
fn ambiguous_segment(path: &str) -> Option<&str> {
    path.split('/').find(|&segment| segment != ".." && segment.contains(".."))
}

fn is_kustomization_file(path: &Path) -> bool {
    KUSTOMIZATION_FILES.iter().any(|name| path.file_name().is_some_and(|file| file == *name))
}

#[cold]
fn empty(span: Span) -> Error {
    Error::new(Code::InvalidPath, "found an empty path")
        .at(span)
        .help("name a file or a directory, or remove the entry")
}

#[cfg(test)]
mod tests {
    use super::super::{Input, Memory, Options};
    use super::*;

    fn site() -> Memory {
        Memory::new()
            .file("site/base/kustomization.yaml", "resources: [deployment.yaml]\n")
            .file("site/base/deployment.yaml", "kind: Deployment\n")
            .file("site/base/logo.png", b"\x89PNG\xff")
            .link("site/base/shared.yaml", "../shared/all.yaml")
            .link("site/base/own.yaml", "/site/base/deployment.yaml")
            .link("site/base/gone.yaml", "nowhere")
            .file("site/shared/all.yaml", "kind: List\n")
            .file("site/overlays/prod/Kustomization", "resources: [../../base]\n")
            .file("site/overlays/two/kustomization.yml", "")
            .file("site/overlays/two/Kustomization", "")
            .file("site/overlays/typo/kustomisation.yaml", "")
            .link("site/latest", "overlays/prod")
    }

    fn loader(restrictor: Restrictor) -> Loader {
        Loader::new(
            site(),
            Options { restrictor, working_directory: PathBuf::from("/site"), ..Options::default() },
        )
    }

    fn root(target: &str) -> Root {
        loader(Restrictor::RootOnly).root(target).unwrap()
    }

    fn span() -> Span {
        Span::new(7, 3)
    }

    #[test]
    fn a_target_is_a_directory() {
        assert_eq!(root("overlays/prod").name(), "overlays/prod");
        assert_eq!(root("latest/").path(), Path::new("/site/overlays/prod"));
        assert_eq!(root("/site").name(), ".");
        let failure = |target: &str| {
            let error = loader(Restrictor::RootOnly).root(target).unwrap_err();
            (error.code(), error.helps().join("; "))
        };
        assert_eq!(failure("").0, Code::InvalidPath);
        assert_eq!(
            failure("overlay/prod"),
            (Code::FileNotFound, "did you mean `overlays/prod`?".to_owned())
        );
        assert_eq!(
            failure("base/kustomization.yaml"),
            (Code::NotADirectory, "give the directory of the file: `base`".to_owned())
        );
        assert_eq!(failure("base/logo.png").0, Code::NotADirectory);
        assert_eq!(failure("https://github.com/owner/name").0, Code::FetchRefused);
    }

    #[test]
    fn a_base_is_below_or_beside_what_is_built() {
        let prod = root("overlays/prod");
        let base = prod.child("../../base", span()).unwrap();
        assert_eq!(
            (base.name(), base.span(), base.parent().map(Root::name)),
            ("base", span(), Some("overlays/prod"))
        );
        assert_eq!(prod.child("../missing/../two/", span()).unwrap().name(), "overlays/two");
        let code = |path: &str| {
            let error = prod.child(path, span()).unwrap_err();
            assert_eq!(error.span(), span());
            error.code()
        };
        assert_eq!(code(""), Code::InvalidPath);
        assert_eq!(code("/site/base"), Code::InvalidPath);
        assert_eq!(code("../../base - ../two"), Code::InvalidPath);
        assert_eq!(code("a..b"), Code::InvalidPath);
        assert_eq!(code("../../bases"), Code::FileNotFound);
        assert_eq!(code("Kustomization"), Code::NotADirectory);
        assert_eq!(code("git@github.com:owner/name"), Code::FetchRefused);
        assert_eq!(code("."), Code::Cycle);
        assert_eq!(code("../.."), Code::Cycle);
        assert_eq!(code("../../latest"), Code::Cycle);
        let error = base.child("../overlays/prod", span()).unwrap_err();
        assert_eq!(error.message(), "`overlays/prod` includes itself");
        assert_eq!(error.label_text(), "overlays/prod → base → overlays/prod");
    }

    #[test]
    fn a_file_is_read_from_its_own_directory_only() {
        let base = root("base");
        assert_eq!(base.read("./deployment.yaml", span()).unwrap().name(), "base/deployment.yaml");
        assert_eq!(
            base.read("/site/base/x/../deployment.yaml/", span()).unwrap().text(),
            "kind: Deployment\n"
        );
        assert_eq!(base.read("own.yaml", span()).unwrap().name(), "base/deployment.yaml");
        let failure = |path: &str| {
            let error = base.read(path, span()).unwrap_err();
            (error.code(), error.message().to_owned())
        };
        assert_eq!(
            failure("shared.yaml"),
            (
                Code::OutsideRoot,
                "`shared.yaml` resolves to `shared/all.yaml`, which is not in or below `base`"
                    .to_owned()
            )
        );
        assert_eq!(failure("../shared/all.yaml").0, Code::OutsideRoot);
        assert_eq!(failure("").0, Code::InvalidPath);
        assert_eq!(failure(".").0, Code::NotAFile);
        assert_eq!(
            failure("gone.yaml"),
            (Code::FileNotFound, "the target of the link `gone.yaml` does not exist".to_owned())
        );
        assert_eq!(failure("https://host/a.yaml").0, Code::FetchRefused);
        assert_eq!(failure("a/".repeat(3000).as_str()).0, Code::InvalidPath);
        assert_eq!(failure("logo.png").0, Code::InvalidUtf8);
        assert_eq!(base.file("logo.png", span()).unwrap().bytes(), b"\x89PNG\xff");

        let free = loader(Restrictor::None).root("base").unwrap();
        assert_eq!(free.read("../shared/all.yaml", span()).unwrap().text(), "kind: List\n");
        assert_eq!(free.read("shared.yaml", span()).unwrap().text(), "kind: List\n");
    }

    #[test]
    fn a_misspelt_file_is_found_again() {
        let help = |path: &str| {
            root("overlays/prod").entry(path, span()).err().unwrap().helps().join("; ")
        };
        assert_eq!(
            help("../../base/deploymnet.yaml"),
            "did you mean `../../base/deployment.yaml`?"
        );
        assert_eq!(help("../../base/deployment.yml"), "did you mean `../../base/deployment.yaml`?");
        assert_eq!(help("../../base/logo"), "did you mean `../../base/logo.png`?");
        assert_eq!(help("../../bse/logo.png"), "did you mean `../../base/logo.png`?");
        assert_eq!(help("/site/base/logo.pnm"), "did you mean `/site/base/logo.png`?");
        assert_eq!(help("*.yaml"), "patterns are not expanded here: list every file");
        assert_eq!(help("nothing-like-it"), "paths are relative to `overlays/prod`");
    }

    #[test]
    fn an_entry_is_a_file_or_a_base() {
        let base = root("base");
        assert!(matches!(base.entry("deployment.yaml", span()), Ok(Entry::File(_))));
        assert!(matches!(base.entry("../overlays/prod", span()), Ok(Entry::Directory(_))));
        let code = |url: &str| base.entry(url, span()).err().unwrap().code();
        assert_eq!(code("https://host/a.yaml"), Code::FetchRefused);
        assert_eq!(code("github.com/owner/name?ref=v1"), Code::FetchRefused);
        assert_eq!(base.kind_of("kind: A\nmetadata: {}\n"), Kind::Missing);
    }

    #[test]
    fn a_directory_has_one_kustomization_file() {
        let file = |target: &str| root(target).kustomization_file();
        assert_eq!(file("overlays/prod").unwrap().name(), "overlays/prod/Kustomization");
        assert_eq!(file("overlays/two").unwrap_err().code(), Code::KustomizationAmbiguous);
        let error = file("overlays/typo").unwrap_err();
        assert_eq!(error.code(), Code::KustomizationNotFound);
        assert_eq!(error.helps(), ["rename `kustomisation.yaml` to `kustomization.yaml`"]);
        let error = file("overlays").unwrap_err();
        assert_eq!(error.helps()[1], "there is one in `overlays/prod` and `overlays/two`");
    }

    #[test]
    fn a_file_is_read_once_and_what_was_looked_for_is_known() {
        let loader = loader(Restrictor::RootOnly);
        let base = loader.root("base").unwrap();
        let first = base.read("deployment.yaml", span()).unwrap();
        let again = loader.root("/site/base").unwrap().read("own.yaml", span()).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(base.kind_of("optional.yaml"), Kind::Missing);
        let inputs = loader.inputs();
        let input = |path: &str, kind: Kind| Input { path: PathBuf::from(path), kind };
        assert_eq!(
            inputs,
            [
                input("/site/base", Kind::Directory),
                input("/site/base/deployment.yaml", Kind::File),
                input("/site/base/optional.yaml", Kind::Missing),
                input("/site/base/own.yaml", Kind::File),
            ]
        );
    }

    #[test]
    fn a_long_chain_of_bases_ends_in_an_error() {
        let files =
            (0..1010).fold(Memory::new(), |files, number| files.directory(format!("d{number}")));
        let work = move || {
            let mut root = Loader::new(files, Options::default()).root("d0")?;
            for number in 1..1010 {
                root = root.child(&format!("../d{number}"), span())?;
            }
            Ok(())
        };
        // Freed without recursion: a small stack suffices.
        let thread = std::thread::Builder::new().stack_size(64 * 1024).spawn(work).unwrap();
        let result: Result<()> = thread.join().unwrap();
        assert_eq!(result.unwrap_err().code(), Code::NestingTooDeep);
    }
}
