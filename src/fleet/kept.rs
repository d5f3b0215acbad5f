//! The result cache: rendered targets of earlier runs whose inputs have not changed.
//!
//! For each directory of a target, an entry stores what its kustomization has [looked at](Notes): the content of every
//! file, the target of every link, every path without a file, and the commits and digests of content from elsewhere. It is
//! used if all of this is the same, so that the cached result is what would be rendered. A directory of many targets is checked once per run.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use crate::config::Warning;
use crate::error::{Code, Error, Result};
use crate::load::{Digest, KUSTOMIZATION_FILES, Kind, Loader, Notes, Store};
use crate::source::Span;
use crate::sync::lock;

/// A cache of rendered targets.
///
/// Entries with other `settings` are not found: these represent everything except files that the result depends on.
pub struct Keeper<'a> {
    loader: &'a Loader,
    store: &'a Store,
    settings: Digest,
    /// Notes that were checked.
    held: Mutex<BTreeMap<Digest, Held>>,
    /// The stored notes of directories, with the number of their paths.
    kept: Mutex<BTreeMap<OsString, (usize, Option<Digest>)>>,
}

/// The outcome of a check of notes.
#[derive(Clone)]
enum Held {
    /// Something on disk is different.
    No,
    /// All is the same, on disk. The notes, if some content is from elsewhere.
    OnDisk(Option<Arc<Notes>>),
}

/// The result of a target.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The texts with their names, or the pieces of one text without a name.
    pub texts: Vec<(String, String)>,
    /// The number of resources.
    pub resources: usize,
    /// The warnings.
    pub warnings: Vec<Warning>,
}

/// A cached result whose texts are not read yet, since those of many targets are large.
pub struct Found(StoredResult);

/// The number of results kept for a target, the most recent ones: those of two branches, for example.
const RESULTS: usize = 4;

/// The stored form of a result.
#[derive(Serialize, Deserialize)]
struct StoredResult {
    /// The notes of the directories.
    notes: Vec<Digest>,
    texts: Vec<(String, Digest)>,
    resources: usize,
    warnings: Vec<Said>,
}

/// The stored form of a warning.
#[derive(Serialize, Deserialize)]
struct Said {
    text: Option<String>,
    code: String,
    message: String,
    /// The file, with the start and the end of the span.
    place: Option<(PathBuf, usize, usize)>,
}

impl<'a> Keeper<'a> {
    /// A cache for the targets of `loader`, which [records inputs](Loader::take_notes) from now on.
    #[must_use]
    pub fn new(loader: &'a Loader, store: &'a Store, settings: Digest) -> Self {
        loader.take_notes();
        let (held, kept) = (Mutex::default(), Mutex::default());
        Self { loader, store, settings, held, kept }
    }

    /// Finds the cached result of a target, if its inputs have not changed. [`Keeper::read`] reads it.
    #[must_use]
    pub fn find(&self, target: &str) -> Option<Found> {
        let entries = self.entries(&self.key(target)?);
        entries.into_iter().find(|entry| self.holds(entry)).map(Found)
    }

    /// True if all recorded inputs are unchanged. Content from elsewhere is asked for only if all is the same on disk.
    fn holds(&self, entry: &StoredResult) -> bool {
        let mut elsewhere = Vec::new();
        for digest in &entry.notes {
            match self.held(digest) {
                Held::No => return false,
                Held::OnDisk(notes) => elsewhere.extend(notes),
            }
        }
        elsewhere.iter().all(|notes| self.loader.agrees_elsewhere(notes))
    }

    /// Reads a cached result; `None` if it was lost or damaged.
    #[must_use]
    pub fn read(&self, Found(entry): &Found) -> Option<Kept> {
        let StoredResult { notes: _, texts, resources, warnings } = entry;
        let text =
            |(name, digest): &(String, Digest)| Some((name.clone(), self.store.text(digest)?));
        Some(Kept {
            texts: texts.iter().map(text).collect::<Option<_>>()?,
            resources: *resources,
            warnings: warnings.iter().map(|said| self.warning(said)).collect::<Option<_>>()?,
        })
    }

    /// Stores the result of a target that was made of these directories. A result that depends on more than can be
    /// recorded is not stored.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn keep(
        &self,
        target: &str,
        directories: &BTreeSet<OsString>,
        result: &Kept,
    ) -> Result<()> {
        let Kept { texts, resources, warnings } = result;
        let said = |warning| self.said(warning, directories);
        let (Some(key), Some(warnings)) =
            (self.key(target), warnings.iter().map(said).collect::<Option<_>>())
        else {
            return Ok(());
        };
        let mut notes = Vec::with_capacity(directories.len());
        for directory in directories {
            let Some(digest) = self.notes(directory)? else { return Ok(()) };
            notes.push(digest);
        }
        let text = |(name, text): &(String, String)| Ok((name.clone(), self.store.add_text(text)?));
        let texts = texts.iter().map(text).collect::<Result<_>>()?;
        let mut entries = self.entries(&key);
        entries.retain(|entry| entry.notes != notes);
        entries.insert(0, StoredResult { notes, texts, resources: *resources, warnings });
        entries.truncate(RESULTS);
        match serde_json::to_vec(&entries) {
            Ok(value) => self.store.set_value(&key, &value),
            // A path that is not Unicode.
            Err(_) => Ok(()),
        }
    }

    fn key(&self, target: &str) -> Option<Digest> {
        let root = self.loader.root(target).ok()?;
        Some(Digest::of_all([self.settings.as_bytes(), root.path().as_os_str().as_encoded_bytes()]))
    }

    fn entries(&self, key: &Digest) -> Vec<StoredResult> {
        let value = self.store.value(key);
        value.and_then(|value| serde_json::from_slice(&value).ok()).unwrap_or_default()
    }

    /// Checks notes on disk. Two threads may both do that.
    fn held(&self, digest: &Digest) -> Held {
        if let Some(held) = lock(&self.held).get(digest) {
            return held.clone();
        }
        let notes =
            self.store.text(digest).and_then(|text| serde_json::from_str::<Notes>(&text).ok());
        let notes = notes.filter(|notes| self.loader.agrees(notes));
        let held = notes
            .map_or(Held::No, |notes| Held::OnDisk(notes.has_remotes().then(|| Arc::new(notes))));
        lock(&self.held).insert(*digest, held.clone());
        held
    }

    /// Stores the notes of a directory. Notes stored before are incomplete if further inputs were read since.
    fn notes(&self, directory: &OsStr) -> Result<Option<Digest>> {
        let count = self.loader.noted(Path::new(directory));
        if let Some(&(_, digest)) =
            lock(&self.kept).get(directory).filter(|(known, _)| *known == count)
        {
            return Ok(digest);
        }
        let notes = self
            .loader
            .notes(Path::new(directory))
            .and_then(|notes| serde_json::to_string(&notes).ok());
        let digest = notes.map(|text| self.store.add_text(&text)).transpose()?;
        lock(&self.kept).insert(directory.to_owned(), (count, digest));
        Ok(digest)
    }

    /// The stored form of a warning; `None` if it is about another file than a kustomization file.
    fn said(&self, warning: &Warning, directories: &BTreeSet<OsString>) -> Option<Said> {
        let Warning { text, failure } = warning;
        let place = match self.loader.sources().source_of(failure.span()) {
            None => None,
            Some(source) => {
                let files = directories.iter().flat_map(|directory| {
                    KUSTOMIZATION_FILES.map(|name| Path::new(directory).join(name))
                });
                let mut files = files.filter(|path| {
                    path.to_str().is_some_and(|path| self.loader.kind(path) == Kind::File)
                });
                let is_source = |path: &PathBuf| {
                    let file = path.to_str().and_then(|path| self.loader.file(path).ok());
                    file.is_some_and(|file| {
                        file.source().is_ok_and(|known| known.id() == source.id())
                    })
                };
                let offset = |address: u32| address.saturating_sub(source.base()) as usize;
                let span = failure.span();
                Some((files.find(is_source)?, offset(span.start()), offset(span.end())))
            }
        };
        let (code, message) = (failure.code().as_str().to_owned(), failure.message().to_owned());
        Some(Said { text: text.clone(), code, message, place })
    }

    fn warning(&self, said: &Said) -> Option<Warning> {
        let Said { text, code, message, place } = said;
        let code = Code::ALL.iter().find(|known| known.as_str() == *code)?;
        let span = match place {
            None => Span::NONE,
            Some((path, start, end)) => {
                self.loader.file(path.to_str()?).ok()?.source().ok()?.span(*start, *end)
            }
        };
        Some(Warning { text: text.clone(), failure: Error::new(*code, message.clone()).at(span) })
    }
}
