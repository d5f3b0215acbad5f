//! The files of a loader: those of one source, in which others are mounted, such as content that was fetched.
//!
//! A mount hides what is at and below its path. Its content has the paths of the tree that it is mounted in, so none is
//! translated. It is not trusted: links in it do not lead out of it, and a kustomization in it looks at no path outside
//! of it, which [`Root`](super::Root) sees to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, RwLock};

use super::files::{Files, Kind};
use super::links::{self, Look};
use super::listings::{Listing, Listings};
use crate::sync::{read, write};
use crate::text::escape;

/// A tree of files. Without mounts it costs no more than the source itself.
pub(super) struct Mounts {
    files: Box<dyn Files>,
    listings: Listings,
    /// By the bytes of the paths, which are compared faster than their components.
    mounts: OnceLock<RwLock<BTreeMap<OsString, Arc<Mount>>>>,
}

/// A source of files at a path of the tree.
pub(super) struct Mount {
    id: FilesId,
    at: PathBuf,
    files: Box<dyn Files>,
    /// The name to show for its path, if it was fetched.
    shown: Option<String>,
}

/// The identity of a source of files within a loader: the one that it was created with, or a mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FilesId(usize);

/// The reason why content cannot be mounted at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Other content is mounted there.
    ByMount,
    /// The path leads through a file or a link.
    ByEntry,
}

/// The cause of an error: a link in a mount leads out of it.
#[derive(Debug)]
pub(super) struct LeadsOut {
    pub(super) link: PathBuf,
    pub(super) mount: PathBuf,
}

impl Mounts {
    /// A tree without mounts.
    pub(super) fn new(files: impl Files + 'static) -> Self {
        Self { files: Box::new(files), listings: Listings::default(), mounts: OnceLock::new() }
    }

    /// Mounts content at an absolute, clean path. Its parents need not exist; they must not be files or links.
    pub(super) fn mount(&self, at: &Path, files: impl Files + 'static) -> Result<(), Taken> {
        self.mount_as(at, files, None)
    }

    /// Mounts content as [`Mounts::mount`] does. If it was fetched, `shown` is the name to show for its path, and no path
    /// of the tree leads into it.
    pub(super) fn mount_as(
        &self,
        at: &Path,
        files: impl Files + 'static,
        shown: Option<String>,
    ) -> Result<(), Taken> {
        let is_free =
            |parent: &Path| matches!(self.kind(parent), Ok(Kind::Directory | Kind::Missing));
        if !at.ancestors().skip(1).all(is_free) {
            return Err(Taken::ByEntry);
        }
        let mut mounts = write(self.mounts.get_or_init(RwLock::default));
        if mounts.contains_key(at.as_os_str()) {
            return Err(Taken::ByMount);
        }
        let id = FilesId(mounts.len() + 1);
        let mount = Mount { id, at: at.to_path_buf(), files: Box::new(files), shown };
        mounts.insert(at.into(), Arc::new(mount));
        Ok(())
    }

    /// The innermost mount that a path is in; `None` for the tree itself.
    pub(super) fn of(&self, path: &Path) -> Option<Arc<Mount>> {
        let mounts = read(self.mounts.get()?);
        path.ancestors().find_map(|path| mounts.get(path.as_os_str())).cloned()
    }

    /// The names in a directory, as [`Files::list`] returns them. They are read once.
    pub(super) fn listing(&self, path: &Path) -> io::Result<Listing> {
        match self.of(path) {
            Some(mount) => Ok(Listing::new(mount.files.list(path)?)),
            None => self.listings.get_or_read(path, || self.files.list(path)),
        }
    }

    /// The names in a directory that was listed, if there is no mount, which could hide them.
    pub(super) fn known_listing(&self, directory: &Path) -> Option<Listing> {
        if self.mounts.get().is_some() { None } else { self.listings.get(directory) }
    }

    /// The names in a directory that was listed.
    pub(super) fn listed(&self, directory: &Path) -> Option<Listing> {
        self.listings.get(directory)
    }

    /// Forgets the lists of directories, so that files that were made since then are found.
    pub(super) fn list_anew(&self) {
        self.listings.forget();
    }

    /// True if there is a mount below a path.
    fn is_above_mount(&self, path: &Path) -> bool {
        let Some(mounts) = self.mounts.get() else { return false };
        let mounts = read(mounts);
        // `a-b` is between `a` and `a/b`.
        let mut start = path.as_os_str().to_owned();
        if path.parent().is_some() {
            start.push("/");
        }
        let next = mounts.range::<OsStr, _>((Bound::Included(&*start), Bound::Unbounded)).next();
        next.is_some_and(|(at, _)| Path::new(at).starts_with(path))
    }

    /// Calls a function with the source of the files at a path.
    fn with<T>(&self, path: &Path, work: impl FnOnce(&dyn Files) -> T) -> T {
        match self.of(path) {
            Some(mount) => work(&*mount.files),
            None => work(&*self.files),
        }
    }

    fn look_at(&self, path: &Path) -> io::Result<Look> {
        Ok(match self.kind(path)? {
            Kind::Directory => Look::Directory,
            Kind::File | Kind::Special => Look::File,
            Kind::Missing => Look::Missing,
            Kind::Link => Look::Link(self.target(path)?),
        })
    }

    /// The paths that decide where a path leads, as [`links::ways`] finds them.
    pub(super) fn ways(&self, path: &Path) -> Vec<PathBuf> {
        links::ways(path, &|path| self.look_at(path))
    }

    /// Resolves links step by step: those of the tree may lead into a mount, those of a mount must not lead out of it.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let followed: RefCell<Vec<(PathBuf, Arc<Mount>)>> = RefCell::default();
        let resolved = links::resolve(path, &|path| {
            let look = self.look_at(path)?;
            if let Look::Link(_) = look {
                let mount = self.of(path);
                followed.borrow_mut().extend(mount.map(|mount| (path.to_path_buf(), mount)));
            }
            Ok(look)
        })?;
        let out = followed.into_inner().into_iter().find(|(_, mount)| !mount.holds(&resolved));
        match out {
            Some((link, mount)) => {
                Err(io::Error::other(LeadsOut { link, mount: mount.at.clone() }))
            }
            None => Ok(resolved),
        }
    }
}

impl Mount {
    pub(super) const fn id(&self) -> FilesId {
        self.id
    }

    /// The path that it is mounted at.
    pub(super) fn path(&self) -> &Path {
        &self.at
    }

    /// True for content that was fetched.
    pub(super) const fn is_fetched(&self) -> bool {
        self.shown.is_some()
    }

    /// The name to show for a path at or below its own, if it was fetched: `https://host/owner/name@v1//base`.
    pub(super) fn display(&self, path: &Path) -> Option<String> {
        let (shown, below) = (self.shown.as_ref()?, path.strip_prefix(&self.at).ok()?);
        Some(match below.as_os_str().is_empty() {
            true => shown.clone(),
            false => format!("{shown}//{}", escape::file_name(below.as_os_str())),
        })
    }

    /// True for the paths at and below its own.
    pub(super) fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.at)
    }
}

impl Files for Mounts {
    /// The parents of a mount are directories, even if the tree has none of that name.
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        let found = match self.of(path) {
            Some(mount) => mount.files.kind(path)?,
            None => match self.listings.kind(path) {
                Some(kind) => kind,
                None => self.files.kind(path)?,
            },
        };
        match found {
            Kind::Missing if self.is_above_mount(path) => Ok(Kind::Directory),
            kind => Ok(kind),
        }
    }

    fn is_executable(&self, path: &Path) -> bool {
        self.with(path, |files| files.is_executable(path))
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        self.with(path, |files| files.target(path))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        match self.mounts.get() {
            Some(_) => self.resolve(path),
            None => self.files.canonicalize(path),
        }
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        self.with(path, |files| files.read(path, most))
    }

    /// Mounts are not listed: what was fetched is found by its path only.
    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        self.with(path, |files| files.list(path))
    }

    fn is_on_disk(&self, path: &Path) -> bool {
        !self.is_above_mount(path) && self.with(path, |files| files.is_on_disk(path))
    }

    fn may_hold(&self, directory: &Path, names: &[&'static str]) -> io::Result<bool> {
        self.with(directory, |files| files.may_hold(directory, names))
    }

    fn working_tree(&self, directory: &Path) -> Option<PathBuf> {
        match self.of(directory) {
            Some(mount) => Some(mount.at.clone()),
            None => self.files.working_tree(directory),
        }
    }
}

impl fmt::Display for LeadsOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a link leads out of what was fetched with it")
    }
}

impl std::error::Error for LeadsOut {}

#[cfg(test)]
mod tests {
    use super::super::{Loader, Memory, Options, Restrictor, Root};
    use super::*;
    use crate::error::Code;
    use crate::source::Span;

    /// A tree with content that was fetched, mounted at `/fetched/app`, and a chart in that.
    fn loader(restrictor: Restrictor) -> Loader {
        let tree = Memory::new()
            .file("site/kustomization.yaml", "resources: [../fetched/app/base]\n")
            .file("site/secret.yaml", "own")
            .file("secret.yaml", "own")
            .link("site/app", "../fetched/app")
            .link("site/out", "../fetched/app/base/out.yaml")
            .link("vendor", "site");
        let content = Memory::new()
            .file("fetched/app/base/kustomization.yaml", "resources: [pod.yaml]\n")
            .file("fetched/app/base/pod.yaml", "a pod")
            .file("fetched/app/shared.yaml", "shared")
            .file("fetched/other/pod.yaml", "not at or below the path")
            .file("site/secret.yaml", "not the tree's")
            .link("fetched/app/base/here.yaml", "pod.yaml")
            .link("fetched/app/base/absolute.yaml", "/fetched/app/base/pod.yaml")
            .link("fetched/app/base/up.yaml", "../shared.yaml")
            .link("fetched/app/base/out.yaml", "../../../site/secret.yaml")
            .link("fetched/app/base/out", "/site")
            .link("fetched/app/base/back", "../../../site/app/base")
            .link("fetched/app/base/chart.yaml", "../chart/values.yaml")
            .link("fetched/app/base/loop.yaml", "loop.yaml");
        let chart = Memory::new()
            .file("fetched/app/chart/values.yaml", "values")
            .link("fetched/app/chart/up.yaml", "../shared.yaml");
        let options =
            Options { restrictor, working_directory: "/site".into(), ..Options::default() };
        let loader = Loader::new(tree, options);
        loader.mount("/fetched/app".as_ref(), content).unwrap();
        loader.mount("/fetched/app/chart".as_ref(), chart).unwrap();
        loader
    }

    fn base(loader: &Loader) -> Root {
        loader.root(".").unwrap().child("../fetched/app/base", Span::NONE).unwrap()
    }

    fn text(root: &Root, path: &str) -> Result<String, Code> {
        match root.read(path, Span::NONE) {
            Ok(source) => Ok(source.text().to_owned()),
            Err(error) => Err(error.code()),
        }
    }

    #[test]
    fn content_is_found_at_and_below_its_path_only() {
        let loader = loader(Restrictor::RootOnly);
        for (path, kind) in [
            ("/fetched", Kind::Directory),
            ("/fetched/app", Kind::Directory),
            ("/fetched/app/base/pod.yaml", Kind::File),
            ("/fetched/app/chart/values.yaml", Kind::File),
            ("app/base/pod.yaml", Kind::File),
            ("/vendor/app/base/pod.yaml", Kind::File),
            ("/fetched/other", Kind::Missing),
            ("/fetched/app2", Kind::Missing),
        ] {
            assert_eq!(loader.kind(path), kind, "{path}");
        }
        assert_eq!(text(&loader.root(".").unwrap(), "secret.yaml").as_deref(), Ok("own"));
        let base = base(&loader);
        assert_eq!(
            (base.name(), base.path()),
            ("/fetched/app/base", Path::new("/fetched/app/base"))
        );
        let roots = [loader.root(".").unwrap(), base, loader.root("/fetched/app/chart").unwrap()];
        assert_eq!(roots.map(|root| root.files()), [FilesId(0), FilesId(1), FilesId(2)]);
        let listed = loader.kustomizations("/").unwrap().found;
        assert_eq!(listed.len(), 1, "mounts are not searched");
    }

    /// A mount may be below a path while others have longer names that begin alike.
    #[test]
    fn directories_above_mounts_exist() {
        let loader = Loader::new(Memory::new().file("x", ""), Options::default());
        for at in ["/a-b", "/a/b/c", "/a.d"] {
            loader.mount(at.as_ref(), Memory::new().directory(&at[1..])).unwrap();
        }
        for (path, kind) in [
            ("/", Kind::Directory),
            ("/a", Kind::Directory),
            ("/a/b", Kind::Directory),
            ("/a/b/c", Kind::Directory),
            ("/a-b", Kind::Directory),
            ("/a-", Kind::Missing),
            ("/a/", Kind::Directory),
            ("/a/bc", Kind::Missing),
            ("/b", Kind::Missing),
        ] {
            assert_eq!(loader.kind(path), kind, "{path}");
        }
    }

    #[test]
    fn content_hides_what_is_at_its_path() {
        let tree = Memory::new().file("a/b/old.yaml", "").file("a/c.yaml", "");
        let loader = Loader::new(tree, Options::default());
        loader.mount("/a/b".as_ref(), Memory::new().file("a/b/new.yaml", "")).unwrap();
        let kinds = ["/a/b/old.yaml", "/a/b/new.yaml", "/a/c.yaml"].map(|path| loader.kind(path));
        assert_eq!(kinds, [Kind::Missing, Kind::File, Kind::File]);
    }

    #[test]
    fn links_of_content_do_not_lead_out_of_it() {
        let loader = loader(Restrictor::None);
        let base = base(&loader);
        assert_eq!(text(&base, "here.yaml").as_deref(), Ok("a pod"));
        assert_eq!(text(&base, "absolute.yaml").as_deref(), Ok("a pod"));
        for link in ["up.yaml", "out.yaml", "out/secret.yaml", "chart.yaml"] {
            assert_eq!(text(&base, link), Err(Code::OutsideRoot), "{link}");
        }
        assert_eq!(text(&base, "back/pod.yaml").as_deref(), Ok("a pod"), "it stays in the mount");
        assert_eq!(text(&base, "loop.yaml"), Err(Code::ReadFailed));
        assert_eq!(base.child("out", Span::NONE).unwrap_err().code(), Code::OutsideRoot);
        let error = base.read("out.yaml", Span::NONE).unwrap_err();
        let message =
            "the link `/fetched/app/base/out.yaml` leads out of `/fetched/app`, which was fetched";
        assert_eq!(error.message(), message);
        // A link of the tree that goes on by such a link is refused too.
        assert_eq!(text(&loader.root(".").unwrap(), "out"), Err(Code::OutsideRoot));
        let chart = loader.root("/fetched/app/chart").unwrap();
        assert_eq!(
            text(&chart, "up.yaml"),
            Err(Code::OutsideRoot),
            "it leads out of the inner mount"
        );
    }

    #[test]
    fn kustomizations_of_content_look_at_nothing_else() {
        for restrictor in [Restrictor::RootOnly, Restrictor::None] {
            let loader = loader(restrictor);
            let base = base(&loader);
            let before = loader.inputs().len();
            for path in ["../../../site/secret.yaml", "/site/secret.yaml", "../../app2/x.yaml"] {
                assert_eq!(base.kind_of(path), Kind::Missing, "{path}");
                assert_eq!(base.canonical(path), None, "{path}");
                assert_eq!(text(&base, path), Err(Code::OutsideRoot), "{path}");
                let code = base.entry(path, Span::NONE).err().map(|error| error.code());
                assert_eq!(code, Some(Code::OutsideRoot), "{path}");
            }
            for path in ["../../../site", "../../..", "../.."] {
                let error = base.child(path, Span::NONE).unwrap_err();
                assert_eq!(error.code(), Code::OutsideRoot, "{path}");
            }
            assert_eq!(loader.inputs().len(), before, "no path outside was looked up");
            assert_eq!(text(&base, "../shared.yaml"), Err(Code::OutsideRoot), "as in any root");
            assert_eq!(base.child("../chart", Span::NONE).unwrap().files(), FilesId(2));
        }
    }

    #[test]
    fn inputs_have_the_paths_of_the_tree() {
        let loader = loader(Restrictor::RootOnly);
        text(&base(&loader), "here.yaml").unwrap();
        let inputs = loader.inputs();
        let paths: Vec<&str> = inputs.iter().filter_map(|input| input.path.to_str()).collect();
        let base = "/fetched/app/base";
        let files = ["here.yaml", "pod.yaml"].map(|file| format!("{base}/{file}"));
        assert_eq!(paths, [base, &*files[0], &*files[1], "/site"]);
    }

    #[test]
    fn some_paths_cannot_be_mounted_at() {
        let loader = loader(Restrictor::RootOnly);
        let refused = |at: &str| {
            let error = loader.mount(at.as_ref(), Memory::new()).unwrap_err();
            assert_eq!(error.code(), Code::InvalidPath);
            error.message().rsplit(": ").next().unwrap().to_owned()
        };
        for at in ["", "/", "a", "/a/../b"] {
            assert_eq!(refused(at), "the path is not absolute and clean", "{at}");
        }
        assert_eq!(refused("/fetched/app"), "other files are mounted there");
        for at in ["/vendor/x", "/secret.yaml/x", "/fetched/app/base/out/x"] {
            assert_eq!(refused(at), "the path leads through a file or a link", "{at}");
        }
        for path in ["/later/a", "/site/secret.yaml", "/fetched/app/none"] {
            assert_eq!(loader.kind(path) == Kind::File, path == "/site/secret.yaml");
        }
        for at in ["/later", "/later/a", "/later/a/b", "/site", "/site/secret.yaml"] {
            assert_eq!(refused(at), "the path was looked up before", "{at}");
        }
        loader.mount("/later2/a".as_ref(), Memory::new().directory("later2/a")).unwrap();
        loader.mount("/site/b".as_ref(), Memory::new().directory("site/b")).unwrap();
        assert_eq!(["/later2/a", "b"].map(|path| loader.kind(path)), [Kind::Directory; 2]);
    }

    /// The same on disk, where the content of a mount may be a folder with real links.
    #[cfg(unix)]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "makes a tree on disk to read")]
    fn folders_on_disk_can_be_mounted() {
        use super::super::Disk;
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for path in ["site", "cache/app/base"] {
            std::fs::create_dir_all(top.join(path)).unwrap();
        }
        std::fs::write(top.join("secret.yaml"), "own").unwrap();
        std::fs::write(top.join("cache/app/base/pod.yaml"), "a pod").unwrap();
        symlink("../../../secret.yaml", top.join("cache/app/base/out.yaml")).unwrap();
        symlink(&top, top.join("cache/app/base/top")).unwrap();
        symlink("pod.yaml", top.join("cache/app/base/here.yaml")).unwrap();
        symlink("../cache/app/base", top.join("site/base")).unwrap();
        let options = Options {
            working_directory: top.join("site"),
            restrictor: Restrictor::None,
            ..Options::default()
        };
        let loader = Loader::new(Disk, options);
        loader.mount(&top.join("cache/app"), Disk).unwrap();
        let base = loader.root(".").unwrap().child("base", Span::NONE).unwrap();
        assert_eq!(base.path(), top.join("cache/app/base"));
        assert_eq!(text(&base, "here.yaml").as_deref(), Ok("a pod"));
        for path in ["out.yaml", "top/secret.yaml", "../../../secret.yaml"] {
            assert_eq!(text(&base, path), Err(Code::OutsideRoot), "{path}");
        }
    }
}
