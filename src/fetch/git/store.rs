//! The store of a repository in the cache: a bare repository, and the references that were resolved.

#![expect(clippy::disallowed_methods, reason = "the references are files of the cache")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use super::kept::Kept;
use super::{Session, failure, now};
use crate::error::{Code, Error, Result};
use crate::external::git::{Bare, Request, is_damage};
use crate::external::{Environment, Outcome};
use crate::fetch::cache::Cache;
use crate::limits::Limit;
use crate::load::git::{Id, Objects};
use crate::load::{self, Digest};
use crate::source::Span;
use crate::sync::lock;

/// The store of a repository.
pub(super) struct Store {
    /// The name of its folder in the cache.
    name: String,
    folder: PathBuf,
    /// The folder of the references.
    references: PathBuf,
    bare: Bare,
    objects: Arc<dyn Objects>,
    /// True once the other repository was asked, and the request was charged.
    asked: OnceLock<Result<()>>,
    listing: Mutex<Listing>,
}

/// The answers of the other repository about its references in this run.
#[derive(Default)]
struct Listing {
    /// The references that it was asked for.
    asked: BTreeSet<String>,
    /// The full names of those that it has, with their ids.
    ids: BTreeMap<String, Id>,
}

/// A reference that was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The object that the reference names: a commit, or an annotated tag.
    id: Id,
    pub(super) commit: Id,
    pub(super) tree: Id,
}

impl Named {
    /// True if a reference is the id of the commit or the tag. A branch may have a name that looks like another id.
    fn has_id(&self, reference: &str) -> bool {
        Id::parse(reference.as_bytes()).is_some_and(|id| id == self.id || id == self.commit)
    }
}

/// The number of commits that another repository is told of, so that it does not send them again.
const MOST_KNOWN: usize = 64;

/// The number of references that another repository is asked for at once, in addition to the one that is needed.
const MOST_LISTED: usize = 64;

impl Store {
    /// Opens the store of a URL.
    ///
    /// # Errors
    /// Those of [`Bare::open`].
    pub(super) fn open(cache: &Cache, url: &str, environment: &Environment) -> Result<Self> {
        let name = Digest::of(url).to_string();
        let folder = cache.part(&name);
        let bare = Bare::open(&folder, environment)?;
        if folder.is_dir() {
            bare.create(bare.algorithm())?;
        }
        let references = folder.join("references");
        let objects = Arc::new(Kept::new(&folder, bare.objects()));
        Ok(Self {
            name,
            folder,
            references,
            bare,
            objects,
            asked: OnceLock::new(),
            listing: Mutex::default(),
        })
    }

    /// True if a repository was fetched before.
    #[must_use]
    pub(super) fn is_known(cache: &Cache, url: &str) -> bool {
        cache.part(&Digest::of(url).to_string()).is_dir()
    }

    /// True if a reference was resolved before.
    pub(super) fn has_resolved(&self, reference: &str) -> bool {
        self.named(reference).is_some()
    }

    /// True if a reference that was resolved before is an id, and so means the same forever.
    pub(super) fn has_id(&self, reference: &str) -> bool {
        self.named(reference).is_some_and(|(named, _)| named.has_id(reference))
    }

    /// The repository.
    pub(super) const fn bare(&self) -> &Bare {
        &self.bare
    }

    /// The objects of the repository.
    pub(super) fn objects(&self) -> Arc<dyn Objects> {
        Arc::clone(&self.objects)
    }

    /// The commit of a branch, a tag, a commit or `HEAD`, fetched if it is not in the store. A commit in the store needs
    /// no other repository.
    ///
    /// # Errors
    /// [`Code::FetchFailed`] and
    /// [`Code::FetchRefused`].
    pub(super) fn resolve(
        &self,
        session: &Session,
        reference: &str,
        request: &Request<'_>,
    ) -> Result<Named> {
        let settled = || {
            let (named, at) = self.named(reference)?;
            // A record of the future is that of a clock that was wrong.
            let is_of_run = at >= session.started && at <= SystemTime::now();
            (named.has_id(reference) || session.is_offline || is_of_run).then_some(named)
        };
        if let Some(named) = settled() {
            self.touch(session.started);
            return Ok(named);
        }
        if session.is_offline {
            return Err(failure::offline(request.url, reference));
        }
        session.failing.refuse(request.url)?;
        let charge = || request.budget.spend(Limit::Requests, 1, Span::NONE);
        self.asked.get_or_init(charge).as_ref().map_err(Clone::clone)?;
        (session.begin)();
        let held = session.cache.lock(&self.name, request.timeout, request.cancel);
        let held = held.map_err(|error| failure::locked(error, request))?;
        // Another process may have fetched it while this one waited.
        let is_new = !self.folder.is_dir();
        let settled = settled().map_or_else(|| self.ask(session, reference, request), Ok);
        if settled.is_err() && is_new {
            drop(fs::remove_dir_all(&self.folder));
            held.remove();
        }
        settled
    }

    /// Resolves a reference by asking the other repository, and fetches it if it is not in the store.
    fn ask(&self, session: &Session, reference: &str, request: &Request<'_>) -> Result<Named> {
        // A thread that had the lock before may have failed.
        session.failing.refuse(request.url)?;
        let request = &Request { since: now(), ..*request };
        let named = match self.named(reference) {
            Some((named, _)) if self.listed(session, reference, request)? == Some(named.id) => {
                named
            }
            _ => {
                (session.progress)(Some(&load::without_credentials(request.url)));
                let fetched = self.fetch(session, reference, request);
                (session.progress)(None);
                fetched?
            }
        };
        self.touch(session.started);
        self.set(reference, named)?;
        self.set(&named.commit.to_string(), named)?;
        Ok(named)
    }

    /// The id of a reference in the other repository. The first request also asks for other references that were
    /// resolved before: a run mostly needs several.
    fn listed(
        &self,
        session: &Session,
        reference: &str,
        request: &Request<'_>,
    ) -> Result<Option<Id>> {
        let mut listing = lock(&self.listing);
        if !listing.asked.contains(reference) {
            let mut names = self.movable();
            names.insert(reference.to_owned());
            let list = self.bare.list(request, names.iter().map(String::as_str));
            let outcome = session.asked(request, list)?;
            if !outcome.is_success {
                return Err(session.failed(&outcome.said, reference, request));
            }
            let text = String::from_utf8_lossy(&outcome.output);
            let lines = text.lines().filter_map(|line| line.split_once('\t'));
            let ids = lines.filter_map(|(id, name)| Some((name.into(), Id::parse(id.as_bytes())?)));
            listing.ids.extend(ids);
            listing.asked.append(&mut names);
        }
        // The order in which git looks for a reference (gitrevisions(7)).
        let places = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
        let mut names = places.iter().map(|place| format!("{place}{reference}"));
        Ok(names.find_map(|name| listing.ids.get(&name).copied()))
    }

    /// The references that were resolved last, except those that are ids.
    fn movable(&self) -> BTreeSet<String> {
        let mut records = self.records();
        records.retain(|(reference, named, _)| !named.has_id(reference));
        records.sort_unstable_by_key(|&(_, _, at)| Reverse(at));
        records.into_iter().map(|(reference, ..)| reference).take(MOST_LISTED).collect()
    }

    /// Fetches a reference into a temporary repository, and moves what came into the store.
    fn fetch(&self, session: &Session, reference: &str, request: &Request<'_>) -> Result<Named> {
        let (mut known, own) = (self.known(), self.bare.algorithm());
        let start = match Id::parse(reference.as_bytes()) {
            Some(id) if !own.makes(&id) && !self.folder.is_dir() => own.other(),
            _ => own,
        };
        let mut algorithm = start;
        let (_temporary, beside, id) = loop {
            let temporary = session.cache.temporary(session.started)?;
            known.retain(|id| algorithm.makes(id));
            let beside = self.bare.beside(temporary.path(), algorithm, &known)?;
            let (outcome, id) = Self::fetch_into(&beside, session, reference, request)?;
            match id {
                Some(id) => break (temporary, beside, id),
                None if algorithm == start && failure::has_other_ids(&outcome.said) => {
                    algorithm = algorithm.other();
                }
                // Without the objects that are known, it works if those are damaged.
                None if !known.is_empty() && is_damage(&outcome.said) => known.clear(),
                None => return Err(session.failed(&outcome.said, reference, request)),
            }
        };
        if algorithm != own {
            // All that is known has other ids than the repository has now.
            drop(fs::remove_dir_all(&self.folder));
        }
        self.bare.create(algorithm)?;
        self.bare.take(&beside)?;
        load::write(&self.folder.join("url"), &[load::without_credentials(request.url)])?;
        session.cache.shrink(session.most, &self.name);
        let found = self.bare.commit(id)?;
        let (commit, tree) = found.ok_or_else(|| failure::no_commit(reference, request))?;
        Ok(Named { id, commit, tree })
    }

    /// Fetches a reference into a repository. Returns its id, if that has succeeded.
    fn fetch_into(
        beside: &Bare,
        session: &Session,
        reference: &str,
        request: &Request<'_>,
    ) -> Result<(Outcome, Option<Id>)> {
        let fetch =
            |is_shallow| session.asked(request, beside.fetch(request, reference, is_shallow));
        let mut outcome = fetch(true)?;
        if failure::knows_no_shallow(&outcome.said) {
            outcome = fetch(false)?;
        }
        let id = match outcome.is_success {
            true => beside.fetched(),
            // Some servers give their branches and tags only, with their history.
            false if failure::knows_no_commits(&outcome.said) => {
                outcome = session.asked(request, beside.fetch_everything(request))?;
                Id::parse(reference.as_bytes())
                    .filter(|id| outcome.is_success && beside.algorithm().makes(id))
            }
            false => None,
        };
        Ok((outcome, id))
    }

    /// Records the use, once a day. If that fails, the store is removed earlier.
    fn touch(&self, now: SystemTime) {
        let is_recent = |at: SystemTime| now.duration_since(at).is_ok_and(|age| age < TOUCHED_EACH);
        if !used(&self.folder).is_some_and(is_recent) {
            drop(load::write(&self.folder.join(USED), &[""]));
        }
    }

    /// All records, in no order.
    fn records(&self) -> Vec<(String, Named, Duration)> {
        let entries = fs::read_dir(&self.references).into_iter().flatten().flatten();
        entries.filter_map(|entry| read(&entry.path())).collect()
    }

    /// The objects of the last references.
    fn known(&self) -> Vec<Id> {
        let mut known: Vec<(Duration, Id)> =
            self.records().into_iter().map(|(_, named, at)| (at, named.id)).collect();
        known.sort_unstable_by(|left, right| right.cmp(left));
        let mut known: Vec<Id> = known.into_iter().map(|(_, id)| id).take(MOST_KNOWN).collect();
        known.sort_unstable();
        known.dedup();
        known
    }

    /// The record of a reference, and the time at which it was resolved.
    fn named(&self, reference: &str) -> Option<(Named, SystemTime)> {
        let (written, named, at) = read(&self.record(reference))?;
        (written == reference).then_some((named, SystemTime::UNIX_EPOCH + at))
    }

    fn set(&self, reference: &str, named: Named) -> Result<()> {
        let Named { id, commit, tree } = named;
        let text = format!("{id} {commit} {tree}\n{reference}\n");
        let digest = format!("{}\n", Digest::of(&text));
        fs::create_dir_all(&self.references).map_err(|error| {
            let message = format!("cannot write the cache `{}`: {error}", self.folder.display());
            Error::new(Code::WriteFailed, message)
        })?;
        load::write(&self.record(reference), &[&digest, &text])
    }

    fn record(&self, reference: &str) -> PathBuf {
        self.references.join(Digest::of(reference).to_string())
    }
}

impl Session {
    /// The outcome of a command that asks another repository. If its time runs out, it is not asked again.
    fn asked(&self, request: &Request<'_>, outcome: Result<Outcome>) -> Result<Outcome> {
        outcome.map_err(|error| {
            let error = failure::ended(error, request);
            if error.code() == Code::TimedOut {
                self.failing.add(request.url, &error);
            }
            error
        })
    }

    /// The error for a command that has failed. The repository is not asked again, unless it only lacks the reference.
    fn failed(&self, said: &str, reference: &str, request: &Request<'_>) -> Error {
        let error = failure::of(said, reference, request);
        if !failure::lacks_reference(said) {
            self.failing.add(request.url, &error);
        }
        error
    }
}

/// The file whose time is that of the last use.
const USED: &str = "used";
/// The interval at which the use of a store is recorded.
const TOUCHED_EACH: Duration = Duration::from_hours(24);

/// True for the name of a store.
pub(in crate::fetch) fn is_store(name: &str) -> bool {
    Digest::parse(name).is_some()
}

/// The time of the last use of the store in a folder, to a day.
pub(in crate::fetch) fn used(store: &Path) -> Option<SystemTime> {
    let (_, at) = load::stamp(&store.join(USED))?;
    Some(SystemTime::UNIX_EPOCH + at)
}

/// The references that were resolved in the store in a folder, with their commits, sorted.
pub(in crate::fetch) fn recorded(store: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(store.join("references")).into_iter().flatten().flatten();
    let mut records: Vec<(String, String)> = entries
        .filter_map(|entry| read(&entry.path()))
        .map(|(reference, named, _)| (reference, named.commit.to_string()))
        .collect();
    records.sort_unstable();
    records
}

/// Reads a record; `None` if it is missing or damaged. Returns the reference, its objects, and the time of the record.
fn read(path: &Path) -> Option<(String, Named, Duration)> {
    let text = fs::read_to_string(path).ok()?;
    let (digest, text) = text.split_once('\n')?;
    if Digest::parse(digest)? != Digest::of(text) {
        return None;
    }
    let (ids, reference) = text.split_once('\n')?;
    let mut ids = ids.split(' ').map(|id| Id::parse(id.as_bytes()));
    let named = Named { id: ids.next()??, commit: ids.next()??, tree: ids.next()?? };
    let (_, at) = load::stamp(path)?;
    Some((reference.strip_suffix('\n')?.to_owned(), named, at))
}
