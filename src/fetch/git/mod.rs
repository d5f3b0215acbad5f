//! Git repositories: resolves references to commits, and fetches commits that are not in the cache.

mod failure;
mod kept;
mod modules;
mod store;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::cache::Cache;
use super::door::Door;
use super::failing::Failing;
use super::{Memo, Options, Setup};
use crate::error::Result;
use crate::external::Environment;
use crate::external::git::Request;
use crate::limits::{Budget, Cancel};
use crate::load::{Fetched, RepoSpec};
use store::Store;
pub(super) use store::{is_store, recorded, used};

/// The state of a fetcher: its cache, and the stores and revisions that it has opened.
pub(super) struct Session {
    environment: Environment,
    cache: Cache,
    started: SystemTime,
    begin: fn(),
    progress: fn(Option<&str>),
    is_offline: bool,
    /// The size that the cache may have, in bytes.
    most: u64,
    door: Door,
    failing: Arc<Failing>,
    stores: Memo<String, Result<Arc<Store>>>,
    fetched: Memo<Key, Result<Arc<Fetched>>>,
}

/// A revision of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    url: String,
    /// The branch, tag or commit; `HEAD` for the default branch.
    reference: String,
    submodules: bool,
    /// True if the user wrote the URL, or what he builds; false for the URL of a submodule.
    from_user: bool,
}

/// The way in which a revision is fetched.
#[derive(Clone, Copy)]
struct Way<'a> {
    /// The maximum time of the commands for a repository.
    timeout: Duration,
    budget: &'a Budget,
    cancel: &'a Cancel,
    /// The number of repositories around this one, of which it is a submodule.
    depth: usize,
}

/// The maximum time of the commands for a repository, unless the URL has another one: that of kustomize (`api/internal/git/repospec.go`).
const TIMEOUT: Duration = Duration::from_secs(27);

/// The size of the cache in bytes, unless another one is set.
const MOST: u64 = 4 << 30;

impl Session {
    /// Opens the cache.
    ///
    /// # Errors
    /// [`Code::WriteFailed`](crate::error::Code::WriteFailed).
    pub(super) fn start(
        setup: Setup,
        options: &Options,
        door: Door,
        failing: Arc<Failing>,
    ) -> Result<Self> {
        let Setup { environment, cache, started, begin, progress, warn } = setup;
        let folder = cache.as_deref().filter(|_| !options.no_cache);
        let cache = Cache::open(folder, &environment, begin, warn)?;
        let (stores, fetched) = (Memo::default(), Memo::default());
        let is_offline = options.offline;
        let most = options.cache_size.unwrap_or(MOST);
        Ok(Self {
            environment,
            cache,
            started,
            begin,
            progress,
            is_offline,
            most,
            door,
            failing,
            stores,
            fetched,
        })
    }

    /// Fetches the revision that an entry names, unless it was fetched.
    ///
    /// # Errors
    /// As [`Fetch::repository`](crate::load::Fetch::repository).
    pub(super) fn repository(
        &self,
        spec: &RepoSpec,
        budget: &Budget,
        cancel: &Cancel,
    ) -> Result<Arc<Fetched>> {
        let reference = spec.reference.clone().unwrap_or_else(|| "HEAD".to_owned());
        let (url, submodules) = (spec.url(), spec.submodules);
        let key = Key { url, reference, submodules, from_user: true };
        let timeout = spec.timeout.unwrap_or(TIMEOUT);
        // The URL of a stranger cannot make git wait for longer than usual.
        let timeout = if self.door.untrusted { timeout.min(TIMEOUT) } else { timeout };
        let way = Way { timeout, budget, cancel, depth: 0 };
        self.revision(&key, way)
    }

    /// True if the revision that an entry names was fetched before.
    pub(super) fn has_repository(&self, spec: &RepoSpec) -> bool {
        let (url, reference) = (spec.url(), spec.reference.as_deref().unwrap_or("HEAD"));
        Store::is_known(&self.cache, &url)
            && self.store(&url).is_ok_and(|store| store.has_resolved(reference))
    }

    /// True if the revision that an entry names is not in the cache, or has a name that may mean another one by now.
    pub(super) fn needs_request(&self, spec: &RepoSpec) -> bool {
        let reference = spec.reference.as_deref().unwrap_or("HEAD");
        let has_id = || self.store(&spec.url()).is_ok_and(|store| store.has_id(reference));
        !self.has_repository(spec) || !(self.is_offline || has_id())
    }

    fn revision(&self, key: &Key, way: Way<'_>) -> Result<Arc<Fetched>> {
        self.fetched.get_or_make(key.clone(), || {
            failure::refuse(key)?;
            self.door.admit(&key.url)?;
            if self.is_offline && !Store::is_known(&self.cache, &key.url) {
                return Err(failure::offline(&key.url, &key.reference));
            }
            let store = self.store(&key.url)?;
            let addresses = self.door.addresses(&key.url)?;
            let request = Request {
                url: &key.url,
                from_user: key.from_user && !self.door.untrusted,
                follows: !self.door.is_guarded(),
                timeout: way.timeout,
                since: now(),
                budget: way.budget,
                cancel: way.cancel,
                addresses: &addresses,
            };
            let named = store.resolve(self, &key.reference, &request)?;
            let objects = store.objects();
            let modules = match key.submodules {
                true => self.modules(&store, named.tree, key, way)?,
                false => Vec::new(),
            };
            Ok(Arc::new(Fetched { commit: named.commit, tree: named.tree, objects, modules }))
        })
    }

    /// The store of a repository.
    fn store(&self, url: &str) -> Result<Arc<Store>> {
        let open = || Store::open(&self.cache, url, &self.environment).map(Arc::new);
        self.stores.get_or_make(url.to_owned(), open)
    }
}

#[expect(clippy::disallowed_methods, reason = "the time of requests is limited")]
fn now() -> Instant {
    Instant::now()
}
