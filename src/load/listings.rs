//! The directories that a loader has listed. They are listed once, and answer for the kinds of what is in them.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::cache::Cache;
use super::clean::split;
use super::files::Kind;

/// The names in a directory, sorted, each with its kind.
#[derive(Clone, Default)]
pub(super) struct Listing(Arc<Names>);

#[derive(Default)]
struct Names {
    entries: Vec<(OsString, Kind)>,
    /// The places of the entries of a long list, sorted by name without regard to capitals, once they are needed.
    folded: OnceLock<Vec<u32>>,
    /// True if all names are ASCII.
    are_ascii: bool,
}

/// The length up to which a list is searched from its first entry to its last.
const SHORT: usize = 16;

/// The directories that were listed, by path.
#[derive(Default)]
pub(super) struct Listings(Cache<Option<Listing>>);

impl Listing {
    pub(super) fn new(entries: Vec<(OsString, Kind)>) -> Self {
        let are_ascii = entries.iter().all(|(name, _)| name.is_ascii());
        Self(Arc::new(Names { entries, folded: OnceLock::new(), are_ascii }))
    }

    /// The kind of the entry with this name. `None` if the list does not tell: many file systems find a name that is
    /// written with other letters, such as `Base` for `base`.
    pub(super) fn kind(&self, name: &OsStr) -> Option<Kind> {
        let bytes = name.as_encoded_bytes();
        let by_name = |(entry, _): &(OsString, Kind)| entry.as_encoded_bytes().cmp(bytes);
        if let Ok(place) = self.binary_search_by(by_name) {
            return self.get(place).map(|(_, kind)| *kind);
        }
        let may_be_there = !self.0.are_ascii || !name.is_ascii() || self.has_in_other_letters(name);
        if may_be_there { None } else { Some(Kind::Missing) }
    }

    /// True if there is certainly no entry with this name.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.kind(name.as_ref()) == Some(Kind::Missing)
    }

    /// True if there is an entry with this name, without regard to capitals of ASCII.
    fn has_in_other_letters(&self, name: &OsStr) -> bool {
        if self.len() <= SHORT {
            return self.iter().any(|(entry, _)| entry.eq_ignore_ascii_case(name));
        }
        let compare = |place: u32, name: &OsStr| match self.get(place as usize) {
            Some((entry, _)) => fold(entry).cmp(fold(name)),
            None => Ordering::Greater,
        };
        let folded = self.0.folded.get_or_init(|| {
            let mut places: Vec<u32> = (0..).take(self.len()).collect();
            places.sort_unstable_by(|one, two| match self.get(*two as usize) {
                Some((entry, _)) => compare(*one, entry),
                None => Ordering::Less,
            });
            places
        });
        folded.binary_search_by(|place| compare(*place, name)).is_ok()
    }
}

/// The bytes of a name, those of ASCII in lower case.
fn fold(name: &OsStr) -> impl Iterator<Item = u8> {
    name.as_encoded_bytes().iter().map(u8::to_ascii_lowercase)
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

    /// The list of a directory, if it was listed.
    pub(super) fn get(&self, directory: &Path) -> Option<Listing> {
        self.0.get(directory)?
    }

    /// The kind of an entry of a directory that was listed.
    pub(super) fn kind(&self, path: &Path) -> Option<Kind> {
        let (directory, name) = split(path)?;
        self.get(directory)?.kind(name)
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
        let numbered: Vec<String> = (10..60).map(|number| format!("aB{number}")).collect();
        let mut long = vec!["Base", "a.yaml"];
        long.extend(numbered.iter().map(String::as_str));
        long.sort_unstable();
        for plain in [listing(&["Base", "a.yaml"]), listing(&long)] {
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
        }
        assert_eq!(listing(&long).kind("Ab59".as_ref()), None);
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
