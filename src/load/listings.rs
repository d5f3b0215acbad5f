//! The directories that a loader has listed. They are listed once, and answer for the kinds of what is in them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use super::cache::Cache;
use super::files::Kind;

/// The names in a directory, sorted, each with its kind.
#[derive(Clone, Default)]
pub(super) struct Listing(Arc<Names>);

#[derive(Default)]
struct Names {
    entries: Vec<(OsString, Kind)>,
    /// The names in lower case, sorted; `None` if one is not ASCII.
    folded: Option<Vec<Box<[u8]>>>,
}

/// The directories that were listed, by path.
#[derive(Default)]
pub(super) struct Listings(Cache<Option<Listing>>);

impl Listing {
    pub(super) fn new(entries: Vec<(OsString, Kind)>) -> Self {
        let folded = entries.iter().map(|(name, _)| folded(name)).collect::<Option<Vec<_>>>();
        let folded = folded.map(|mut names| {
            names.sort_unstable();
            names
        });
        Self(Arc::new(Names { entries, folded }))
    }

    /// The kind of the entry with this name. `None` if the list does not tell: many file systems find a name that is
    /// written with other letters, such as `Base` for `base`.
    fn kind(&self, name: &OsStr) -> Option<Kind> {
        let Names { entries, folded: names } = &*self.0;
        if let Ok(place) = entries.binary_search_by(|(entry, _)| entry.as_os_str().cmp(name)) {
            return entries.get(place).map(|(_, kind)| *kind);
        }
        let is_there = names.as_ref()?.binary_search(&folded(name)?).is_ok();
        if is_there { None } else { Some(Kind::Missing) }
    }
}

/// A name in lower case; `None` if it is not ASCII.
fn folded(name: &OsStr) -> Option<Box<[u8]>> {
    let name = name.as_encoded_bytes();
    name.is_ascii().then(|| name.to_ascii_lowercase().into())
}

impl Deref for Listing {
    type Target = [(OsString, Kind)];

    fn deref(&self) -> &Self::Target {
        &self.0.entries
    }
}

impl Listings {
    /// The list of a directory; `read` lists it, if it was not listed before.
    ///
    /// # Errors
    /// Those of `read`, which is called again the next time.
    pub(super) fn get_or_read(
        &self,
        path: &Path,
        read: impl Fn() -> io::Result<Vec<(OsString, Kind)>>,
    ) -> io::Result<Listing> {
        let mut failure = None;
        let listed = self.0.get_or_make(path, || match read() {
            Ok(entries) => Some(Listing::new(entries)),
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        match (listed, failure) {
            (Some(listing), _) => Ok(listing),
            (None, Some(error)) => Err(error),
            (None, None) => read().map(Listing::new),
        }
    }

    /// Forgets all lists, because this program has made files.
    pub(super) fn forget(&self) {
        self.0.clear();
    }

    /// The kind of an entry of a directory that was listed.
    pub(super) fn kind(&self, path: &Path) -> Option<Kind> {
        self.0.get(path.parent()?)??.kind(path.file_name()?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::{Disk, Files, Loader, Memory, Options};
    use super::*;

    #[test]
    fn a_list_tells_what_is_there_and_what_is_not() {
        let listing = |names: &[&str]| {
            Listing::new(names.iter().map(|name| (name.into(), Kind::File)).collect())
        };
        let plain = listing(&["Base", "a.yaml"]);
        for (name, kind) in [
            ("a.yaml", Some(Kind::File)),
            ("Base", Some(Kind::File)),
            ("b.yaml", Some(Kind::Missing)),
            ("base", None),
            ("A.YAML", None),
            ("\u{212a}", None),
        ] {
            assert_eq!(plain.kind(name.as_ref()), kind, "{name}");
        }
        // Another spelling of this letter may be the same name.
        let other = listing(&["a.yaml", "\u{e9}.yaml"]);
        assert_eq!(other.kind("a.yaml".as_ref()), Some(Kind::File));
        assert_eq!(other.kind("b.yaml".as_ref()), None);
    }

    /// Files that count how often they are listed.
    struct Counted(Memory, Arc<AtomicUsize>);

    impl Files for Counted {
        fn kind(&self, path: &Path) -> io::Result<Kind> {
            self.0.kind(path)
        }

        fn target(&self, path: &Path) -> io::Result<std::path::PathBuf> {
            self.0.target(path)
        }

        fn canonicalize(&self, path: &Path) -> io::Result<std::path::PathBuf> {
            self.0.canonicalize(path)
        }

        fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
            self.0.read(path, most)
        }

        fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.list(path)
        }
    }

    #[test]
    fn a_directory_is_listed_once() {
        let tree = Memory::new()
            .file("a/kustomization.yaml", "")
            .file("a/b/kustomization.yaml", "")
            .link("a/c", "b");
        let listed = Arc::new(AtomicUsize::new(0));
        let loader = Loader::new(Counted(tree, Arc::clone(&listed)), Options::default());
        for _ in 0..3 {
            assert_eq!(loader.kustomizations("/").unwrap().found.len(), 2);
            assert_eq!(loader.kustomizations("/a/b").unwrap().found.len(), 1);
        }
        assert_eq!(listed.load(Ordering::Relaxed), 3);
        for (path, kind) in
            [("/a/b", Kind::Directory), ("/a/c", Kind::Directory), ("/a/d", Kind::Missing)]
        {
            assert_eq!(loader.kind(path), kind, "{path}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "makes a tree on disk to read")]
    fn a_chart_that_is_made_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let options = Options { working_directory: top.clone(), ..Options::default() };
        let loader = Loader::new(Disk, options);
        let found = || loader.kustomizations(".").unwrap().found.len();
        assert_eq!(found(), 0);
        std::fs::create_dir(top.join("charts")).unwrap();
        std::fs::write(top.join("charts/kustomization.yaml"), "").unwrap();
        assert_eq!(found(), 0);
        loader.note_new_chart();
        assert_eq!(found(), 1);
        assert_eq!(loader.kind("charts"), Kind::Directory);
    }

    /// Content that is mounted later hides what was listed.
    #[test]
    fn mounts_go_before_lists() {
        let loader = Loader::new(Memory::new().file("a/x", ""), Options::default());
        assert_eq!(loader.manifests("/a").unwrap().found.len(), 0);
        loader.mount("/a/b".as_ref(), Memory::new().file("a/b/c.yaml", "")).unwrap();
        assert_eq!(loader.kind("/a/b/c.yaml"), Kind::File);
        assert_eq!(loader.kind("/a/b"), Kind::Directory);
    }
}
