//! Content from elsewhere: git repositories, fetched into a cache and read from there.
//!
//! A [`Fetcher`] is the source of remote content of [loaders](crate::load::Loader). Nothing is opened, read or started
//! before the first request. Each repository and reference is fetched once by a fetcher, whatever the number of loaders
//! and threads.

mod cache;
mod charts;
mod contents;
mod door;
mod failing;
mod git;
mod http;
mod lock;

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

use crate::error::{Code, Error, Result};
use crate::external::Environment;
use crate::limits::{Budget, Cancel};
pub use crate::load::LOCK_FILE;
use crate::load::{Disk, Fetch, Fetched, Files as _, RepoSpec};
use crate::sync::lock;
pub use charts::{ChartOptions, Charts, Pull, Rendering, Template, is_pulled, is_repeatable};
pub use contents::{Contents, Repository};
use door::Door;
use failing::Failing;
pub use lock::Lock;
use lock::unlocked;

/// Maximum size of a lock, in bytes.
const LARGEST_LOCK: u64 = 16 << 20;

/// Fetches remote content, each once.
pub struct Fetcher {
    options: Options,
    setup: Box<dyn Fn() -> Setup + Send + Sync>,
    session: OnceLock<Result<git::Session>>,
    client: OnceLock<http::Client>,
    required: OnceLock<Result<Lock>>,
    failing: Arc<Failing>,
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
    /// The lock that decides which commits are used.
    pub lock: LockUse,
}

/// The use of a lock.
#[derive(Clone, Debug, Default)]
pub enum LockUse {
    /// There is none.
    #[default]
    Unused,
    /// Commits of this lock are used; entries that are not in it are resolved.
    Preferred(Arc<Lock>),
    /// Content that is not in this lock, or differs, is refused.
    Given(Arc<Lock>),
    /// The lock in this file is read at the first request. Content that is not in it, or differs, is refused.
    Required(PathBuf),
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
    /// Is called before anything is started or written that must be ended or removed when a signal ends the process.
    pub begin: fn(),
    /// Is told the URL of each repository when it begins to be fetched, and `None` when that has ended.
    pub progress: fn(Option<&str>),
    /// Is told the reason why the folder of the cache is not used, and a temporary one takes its place.
    pub warn: fn(&Error),
}

impl Fetcher {
    /// A fetcher that has fetched nothing.
    #[must_use]
    pub fn new(options: Options, setup: impl Fn() -> Setup + Send + Sync + 'static) -> Self {
        let (session, client, required) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let failing = Arc::default();
        Self { options, setup: Box::new(setup), session, client, required, failing }
    }

    fn session(&self) -> Result<&git::Session> {
        let start = || {
            let failing = Arc::clone(&self.failing);
            git::Session::start((self.setup)(), &self.options, self.door(), failing)
        };
        self.session.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    fn client(&self) -> &http::Client {
        self.client.get_or_init(|| {
            let Setup { environment, cache, started, .. } = (self.setup)();
            let cache = cache.filter(|_| !self.options.no_cache);
            let is_offline = self.options.offline;
            let (door, failing) = (self.door(), Arc::clone(&self.failing));
            http::Client::new(door, failing, environment, cache.as_deref(), started, is_offline)
        })
    }

    /// The lock that content must be in.
    fn required(&self) -> Result<Option<&Lock>> {
        let path = match &self.options.lock {
            LockUse::Required(path) => path,
            LockUse::Given(lock) => return Ok(Some(lock)),
            LockUse::Unused | LockUse::Preferred(_) => return Ok(None),
        };
        self.required.get_or_init(|| read_lock(path)).as_ref().map(Some).map_err(Clone::clone)
    }

    /// The entry for a repository at the commit of the lock, if there is one.
    fn pinned(&self, spec: &RepoSpec) -> Result<RepoSpec> {
        let name = || match &spec.reference {
            Some(reference) => format!("{}@{reference}", spec.url()),
            None => spec.url(),
        };
        match (&self.options.lock, self.required()?) {
            (LockUse::Preferred(lock), _) => Ok(lock.pinned(spec).unwrap_or_else(|| spec.clone())),
            (_, Some(lock)) => lock.pinned(spec).ok_or_else(|| unlocked(&name())),
            (_, None) => Ok(spec.clone()),
        }
    }

    fn door(&self) -> Door {
        let Options { untrusted, offline, hosts, .. } = &self.options;
        Door { untrusted: *untrusted, offline: *offline, hosts: hosts.clone() }
    }
}

/// Reads the lock in a file.
fn read_lock(path: &Path) -> Result<Lock> {
    let whole = Disk.canonicalize(path);
    let bytes = whole.and_then(|path| Disk.read(&path, LARGEST_LOCK)).map_err(|error| {
        let shown = path.display();
        let message = match error.kind() {
            ErrorKind::NotFound => format!("there is no lock `{shown}`"),
            _ => format!("cannot read `{shown}`: {error}"),
        };
        Error::new(Code::ReadFailed, message).help("`krender lock` writes it")
    })?;
    Lock::parse(&String::from_utf8_lossy(&bytes))
}

impl Fetch for Fetcher {
    fn repository(
        &self,
        spec: &RepoSpec,
        budget: &Budget,
        cancel: &Cancel,
    ) -> Result<Arc<Fetched>> {
        let pinned = self.pinned(spec)?;
        let fetched = self.session()?.repository(&pinned, budget, cancel)?;
        if let Some(lock) = self.required()? {
            lock.admit_commit(spec, &fetched.commit.to_string())?;
        }
        Ok(fetched)
    }

    fn has_repository(&self, spec: &RepoSpec) -> bool {
        let Ok(pinned) = self.pinned(spec) else { return false };
        pinned != *spec || self.session().is_ok_and(|session| session.has_repository(spec))
    }

    fn needs_request(&self, spec: &RepoSpec) -> bool {
        // Otherwise there is an error, and it is reported when a build needs the repository.
        let Ok(pinned) = self.pinned(spec) else { return false };
        self.session().is_ok_and(|session| session.needs_request(&pinned))
    }

    fn file(&self, url: &str, budget: &Budget, cancel: &Cancel) -> Result<Arc<[u8]>> {
        let required = self.required()?;
        // What is not in the lock is not asked for.
        required.map_or(Ok(()), |lock| lock.expect(url))?;
        let content = self.client().get(url, budget, cancel)?;
        required.map_or(Ok(()), |lock| lock.admit(url, &content)).map(|()| content)
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
