//! Content from elsewhere: git repositories, fetched into a cache and read from there.
//!
//! A [`Fetcher`] is the source of remote content of [loaders](crate::load::Loader). Nothing is opened, read or started
//! before the first request. Each repository and reference is fetched once by a fetcher, whatever the number of loaders
//! and threads.

mod cache;
mod contents;
mod door;
mod git;
mod http;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

use crate::error::Result;
use crate::external::Environment;
use crate::limits::Cancel;
use crate::load::{Fetch, Fetched, RepoSpec};
use crate::sync::lock;
pub use contents::{Contents, Repository};
use door::Door;

/// Fetches remote content, each once.
pub struct Fetcher {
    options: Options,
    setup: Box<dyn Fn() -> Setup + Send + Sync>,
    session: OnceLock<Result<git::Session>>,
    client: OnceLock<http::Client>,
}

/// Options of a [`Fetcher`].
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// True if only content that was fetched before is used.
    pub offline: bool,
    /// True if content is fetched into a temporary folder, and that of earlier runs is not used.
    pub no_cache: bool,
    /// The size in bytes beyond which repositories are removed from the cache, those first that were not used for the
    /// longest time; by default 4 GiB.
    pub cache_size: Option<u64>,
    /// True if what is built is not trusted: nothing is fetched from this machine and from private addresses.
    pub untrusted: bool,
    /// The hosts that content may be fetched from, by name or as `*.domain`; any if it is empty. A host that is named is
    /// allowed even if its address is private.
    pub hosts: Vec<String>,
}

/// The surroundings of a [`Fetcher`]: asked for once, when something is fetched.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The environment of git.
    pub environment: Environment,
    /// The folder of what was fetched; a temporary one if it is `None`, or not for this user only.
    pub cache: Option<PathBuf>,
    /// The time at which the run started: branches and tags that were resolved since are not resolved again.
    pub started: SystemTime,
}

impl Fetcher {
    /// A fetcher that has fetched nothing.
    #[must_use]
    pub fn new(options: Options, setup: impl Fn() -> Setup + Send + Sync + 'static) -> Self {
        let (session, client) = (OnceLock::new(), OnceLock::new());
        Self { options, setup: Box::new(setup), session, client }
    }

    fn session(&self) -> Result<&git::Session> {
        let start = || git::Session::start((self.setup)(), &self.options, self.door());
        self.session.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    fn client(&self) -> &http::Client {
        self.client.get_or_init(|| {
            let Setup { environment, cache, started } = (self.setup)();
            let cache = cache.filter(|_| !self.options.no_cache);
            let is_offline = self.options.offline;
            http::Client::new(self.door(), environment, cache.as_deref(), started, is_offline)
        })
    }

    fn door(&self) -> Door {
        Door { untrusted: self.options.untrusted, hosts: self.options.hosts.clone() }
    }
}

impl Fetch for Fetcher {
    fn repository(&self, spec: &RepoSpec, cancel: &Cancel) -> Result<Arc<Fetched>> {
        self.session()?.repository(spec, cancel)
    }

    fn has_repository(&self, spec: &RepoSpec) -> bool {
        self.session().is_ok_and(|session| session.has_repository(spec))
    }

    fn file(&self, url: &str, most: u64, cancel: &Cancel) -> Result<Arc<[u8]>> {
        self.client().get(url, most, cancel)
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fetcher").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Values that are made once for each key. Other threads that need a value wait until it is made.
struct Memo<K, V>(Mutex<BTreeMap<K, Arc<OnceLock<V>>>>);

impl<K: Ord, V: Clone> Memo<K, V> {
    /// The value of a key. `make` must not ask for the same key.
    fn get_or_make(&self, key: K, make: impl FnOnce() -> V) -> V {
        let slot = Arc::clone(lock(&self.0).entry(key).or_default());
        slot.get_or_init(make).clone()
    }
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
