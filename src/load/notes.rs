//! The paths that the kustomization of a directory looked up, with the results. As long as the results stay the same,
//! so does the output.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use super::{Digest, Input, Kind, LeadsTo, Loader, RepoSpec, without_credentials};
use crate::sync::lock;

/// The paths that the kustomization of each directory looked up.
#[derive(Default)]
pub(super) struct Noted(Mutex<BTreeMap<OsString, BTreeSet<OsString>>>);

impl Noted {
    pub(super) fn add(&self, directory: &Path, path: &Path) {
        let mut noted = self.lock();
        let paths = match noted.get_mut(directory.as_os_str()) {
            Some(paths) => paths,
            None => noted.entry(directory.into()).or_default(),
        };
        if !paths.contains(path.as_os_str()) {
            paths.insert(path.into());
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<OsString, BTreeSet<OsString>>> {
        lock(&self.0)
    }
}

/// The results of a kustomization's look-ups, in a form that can be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// The paths of the tree.
    paths: Vec<(PathBuf, Found)>,
    /// The entries that led to content from elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    remotes: Vec<FoundElsewhere>,
}

/// An entry that led to content from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FoundElsewhere {
    entry: String,
    /// True for a file over HTTP, false for a repository.
    is_file: bool,
    /// The digest of the file, or the commit.
    state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    kind: Kind,
    /// The path after resolving links, if there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leads_to: Option<PathBuf>,
    /// The digest of the content, for a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Digest>,
}

impl Notes {
    /// True if some content is from elsewhere.
    #[must_use]
    pub const fn has_remotes(&self) -> bool {
        !self.remotes.is_empty()
    }
}

impl Loader {
    /// Starts recording look-ups, for [`Loader::notes`].
    pub fn take_notes(&self) {
        self.0.noted.get_or_init(Noted::default);
    }

    /// Number of paths and remote entries that the kustomization of a directory has looked up. It may grow, since a
    /// directory may be built in several ways; the results for recorded paths stay the same.
    #[must_use]
    pub fn noted(&self, directory: &Path) -> usize {
        let noted = self.0.noted.get().map(Noted::lock);
        let paths = noted.and_then(|noted| noted.get(directory.as_os_str()).map(BTreeSet::len));
        paths.unwrap_or(0) + self.references_of(directory).len()
    }

    /// The look-ups of the kustomization of a directory, given by its canonical path. `None` if they are not fully
    /// known: a directory could not be searched, or [look-ups were not recorded](Loader::take_notes).
    #[must_use]
    pub fn notes(&self, directory: &Path) -> Option<Notes> {
        let mut paths = self.0.noted.get()?.lock().get(directory.as_os_str())?.clone();
        if self.is_fetched(directory) {
            // The commit of the entry that leads there stands for all of them.
            paths.clear();
        }
        let found = |path: OsString| {
            let path = PathBuf::from(path);
            let found = self.find_again(&path)?;
            Some((path, found))
        };
        let paths = paths.into_iter().map(found).collect::<Option<_>>()?;
        let remotes = self.references_of(directory).into_iter();
        let remotes = remotes.map(|reference| {
            let (entry, is_file) = (reference.entry, reference.leads_to == LeadsTo::File);
            let state = self.state(&entry, is_file)?;
            // Credentials are not written down.
            let is_open = without_credentials(&entry) == entry;
            is_open.then_some(FoundElsewhere { entry, is_file, state })
        });
        Some(Notes { paths, remotes: remotes.collect::<Option<_>>()? })
    }

    /// The commit of a repository, or the digest of a file over HTTP, as it is now; fetched if that was not done before.
    fn state(&self, entry: &str, is_file: bool) -> Option<String> {
        if is_file {
            return Some(self.fetch_file(entry).ok()?.digest().to_string());
        }
        let top = self.fetch(&RepoSpec::parse(entry).ok()?).ok()?;
        Some(self.repository_of(&top)?.0.commit)
    }

    /// The look-ups of the kustomizations of these directories, in the form of [`Loader::inputs`].
    #[must_use]
    pub fn inputs_of<'d>(&self, directories: impl IntoIterator<Item = &'d Path>) -> Vec<Input> {
        let mut paths = BTreeSet::new();
        if let Some(noted) = self.0.noted.get().map(Noted::lock) {
            let of = |directory: &Path| noted.get(directory.as_os_str());
            let paths_of = directories.into_iter().filter(|directory| !self.is_fetched(directory));
            paths.extend(paths_of.filter_map(of).flatten().cloned());
        }
        self.with_links(paths.into_iter().map(|path| {
            let place = self.place(Path::new(&path));
            (PathBuf::from(path), place)
        }))
    }

    /// True if all look-ups on disk give the recorded results.
    #[must_use]
    pub fn agrees(&self, notes: &Notes) -> bool {
        notes.paths.iter().all(|(path, found)| self.find_again(path).as_ref() == Some(found))
    }

    /// True if all entries lead to the recorded content from elsewhere: branches, tags and files over HTTP are asked for.
    #[must_use]
    pub fn agrees_elsewhere(&self, notes: &Notes) -> bool {
        notes.remotes.iter().all(|FoundElsewhere { entry, is_file, state }| {
            self.state(entry, *is_file).as_ref() == Some(state)
        })
    }

    /// A digest of the results at these paths: it changes if one of them changes.
    #[must_use]
    pub fn fingerprint<'p>(&self, paths: impl IntoIterator<Item = &'p Path>) -> Digest {
        let mut text = Vec::new();
        for path in paths {
            text.push(path.as_os_str().as_encoded_bytes().to_vec());
            text.push(format!("{:?}", self.find_again(path)).into_bytes());
        }
        Digest::of_all(text.iter().map(Vec::as_slice))
    }

    fn find_again(&self, path: &Path) -> Option<Found> {
        let place = self.place(path).ok()?;
        let content = match place.kind {
            Kind::File => Some(self.content(&place.path).ok()?.digest()),
            Kind::Directory | Kind::Link | Kind::Special | Kind::Missing => None,
        };
        let leads_to = (place.path != path).then(|| place.path.clone());
        Some(Found { kind: place.kind, leads_to, content })
    }

    pub(super) fn note(&self, directory: &Path, path: &Path) {
        if let Some(noted) = self.0.noted.get() {
            noted.add(directory, path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Memory, Options};
    use super::*;
    use crate::source::Span;

    fn site() -> Memory {
        Memory::new()
            .file("site/kustomization.yaml", "resources: [pod.yaml]\n")
            .file("site/pod.yaml", "kind: Pod\n")
            .file("else/where.yaml", "kind: Pod\n")
            .link("site/link.yaml", "pod.yaml")
            .directory("site/folder")
    }

    fn loader(files: Memory) -> Loader {
        Loader::new(files, Options::default())
    }

    /// Records look-ups of all kinds of entries.
    fn notes(files: Memory) -> Notes {
        let loader = loader(files);
        loader.take_notes();
        let root = loader.root("site").unwrap();
        root.kustomization_file().unwrap();
        for path in ["pod.yaml", "link.yaml", "missing.yaml", "folder", "/else/where.yaml"] {
            let _ = root.kind_of(path);
        }
        drop(root.child("folder", Span::NONE));
        assert_eq!(loader.noted(root.path()), 8);
        loader.notes(root.path()).unwrap()
    }

    #[test]
    fn any_change_is_seen_and_nothing_else() {
        let notes = notes(site());
        let text = serde_json::to_string(&notes).unwrap();
        assert_eq!(serde_json::from_str::<Notes>(&text).unwrap(), notes);
        let agrees = |files: Memory| loader(files).agrees(&notes);
        assert!(agrees(site()));
        assert!(agrees(site().file("site/other.yaml", "").file("site/folder/new.yaml", "")));
        for (changed, files) in [
            ("a file", site().file("site/pod.yaml", "kind: Job\n")),
            ("one that was not there", site().file("site/missing.yaml", "")),
            ("another kustomization file", site().file("site/Kustomization", "")),
            ("a folder that becomes a file", site().file("site/folder", "")),
            ("a link, to the same content", site().link("site/link.yaml", "../else/where.yaml")),
            ("a link in place of a file", site().file("site/link.yaml", "kind: Pod\n")),
            ("a file elsewhere", site().file("else/where.yaml", "")),
        ] {
            assert!(!agrees(files), "{changed}");
        }
    }

    #[test]
    fn who_takes_no_notes_knows_nothing() {
        let loader = loader(site());
        let root = loader.root("site").unwrap();
        assert_eq!(root.kind_of("pod.yaml"), Kind::File);
        assert_eq!((loader.noted(root.path()), loader.notes(root.path())), (0, None));
    }
}
