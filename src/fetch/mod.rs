//! Content from elsewhere: git repositories, fetched into a cache and read from there.
//!
//! A [`Fetcher`] is the source of remote content of [loaders](crate::load::Loader). Nothing is opened, read or started
//! before the first request. Each repository and reference is fetched once by a fetcher, whatever the number of loaders
//! and threads.

mod cache;
mod git;

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

/// Fetches remote content, each once.
pub struct Fetcher {
    options: Options,
    setup: Box<dyn Fn() -> Setup + Send + Sync>,
    session: OnceLock<Result<git::Session>>,
}

/// Options of a [`Fetcher`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// True if only content that was fetched before is used.
    pub offline: bool,
    /// True if content is fetched into a temporary folder, and that of earlier runs is not used.
    pub no_cache: bool,
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
        Self { options, setup: Box::new(setup), session: OnceLock::new() }
    }

    fn session(&self) -> Result<&git::Session> {
        let start = || git::Session::start((self.setup)(), self.options);
        self.session.get_or_init(start).as_ref().map_err(Clone::clone)
    }
}

impl Fetch for Fetcher {
    fn repository(&self, spec: &RepoSpec, cancel: &Cancel) -> Result<Arc<Fetched>> {
        self.session()?.repository(spec, cancel)
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
