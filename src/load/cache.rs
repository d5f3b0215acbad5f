//! A cache shared by many threads: each value is computed once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::resource::{Hashes, Index};
use crate::sync::lock;

/// Number of shards. High enough that threads seldom wait: a lock is held for a look-up, never while a value is
/// computed.
const SHARDS: usize = 32;

/// Values by path.
pub(super) struct Cache<V> {
    shards: [Mutex<Index<OsString, Arc<OnceLock<V>>>>; SHARDS],
    hashes: Hashes,
}

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hashes: Hashes::default() }
    }
}

impl<V: Clone> Cache<V> {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Returns the value of a path. The first caller computes it; other callers wait for it.
    ///
    /// `make` must not ask for the same path again, nor hand work to a thread pool whose threads might.
    pub(super) fn get_or_make(&self, path: &Path, make: impl FnOnce() -> V) -> V {
        // Hashes the bytes, which is cheaper than hashing the path's components.
        let path = path.as_os_str();
        let slot = {
            let shard = self.hashes.hash_one(path) as usize % SHARDS;
            let mut shard = lock(&self.shards[shard]);
            match shard.get(path) {
                Some(slot) => Arc::clone(slot),
                None => Arc::clone(shard.entry(path.to_os_string()).or_default()),
            }
        };
        slot.get_or_init(make).clone()
    }

    /// The value of a path, if it was computed.
    pub(super) fn get(&self, path: &Path) -> Option<V> {
        let path = path.as_os_str();
        let shard = self.hashes.hash_one(path) as usize % SHARDS;
        lock(&self.shards[shard]).get(path).and_then(|slot| slot.get().cloned())
    }

    /// Forgets all values. Those that are being computed are not kept.
    pub(super) fn clear(&self) {
        self.shards.iter().for_each(|shard| lock(shard).clear());
    }

    /// True if a path and its value, computed so far, fulfil a condition.
    pub(super) fn any(&self, is: impl Fn(&Path, &V) -> bool) -> bool {
        let mut shards = self.shards.iter();
        shards.any(|shard| {
            let shard = lock(shard);
            let mut slots = shard.iter();
            slots.any(|(path, slot)| slot.get().is_some_and(|value| is(path.as_ref(), value)))
        })
    }

    /// All values computed so far, by path.
    pub(super) fn entries(&self) -> BTreeMap<PathBuf, V> {
        let mut entries = BTreeMap::new();
        for shard in &self.shards {
            for (path, slot) in lock(shard).iter() {
                if let Some(value) = slot.get() {
                    entries.insert(PathBuf::from(path), value.clone());
                }
            }
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_value_is_made_once_whoever_asks() {
        let cache = Cache::new();
        let made = AtomicUsize::new(0);
        let paths: Vec<PathBuf> =
            (0..100).map(|number| PathBuf::from(format!("/a/{number}"))).collect();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for path in &paths {
                        let value = cache.get_or_make(path, || {
                            made.fetch_add(1, Ordering::Relaxed);
                            path.clone()
                        });
                        assert_eq!(&value, path);
                    }
                });
            }
        });
        assert_eq!(made.into_inner(), 100);
        assert_eq!(cache.entries().len(), 100);
    }
}
