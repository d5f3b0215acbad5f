//! A cache that many threads share: each value is made once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// So many that threads seldom wait for each other: a lock is held for a look-up, never while a value is made.
const SHARDS: usize = 32;

/// Values by path.
pub(super) struct Cache<V> {
    /// Ordered by the bytes of a path, which is cheaper than the order of its parts.
    shards: [Mutex<BTreeMap<OsString, Arc<OnceLock<V>>>>; SHARDS],
}

impl<V: Clone> Cache<V> {
    pub(super) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }

    /// The value of a path. Who asks first makes it, and others wait.
    ///
    /// `make` may not ask for the same path again, nor hand work to a pool whose threads might.
    pub(super) fn get_or_make(&self, path: &Path, make: impl FnOnce() -> V) -> V {
        let slot = {
            let mut shard = self.shards[shard(path)].lock().unwrap_or_else(PoisonError::into_inner);
            match shard.get(path.as_os_str()) {
                Some(slot) => Arc::clone(slot),
                None => Arc::clone(shard.entry(path.as_os_str().to_os_string()).or_default()),
            }
        };
        slot.get_or_init(make).clone()
    }

    /// Everything that was made, by path.
    pub(super) fn entries(&self) -> BTreeMap<PathBuf, V> {
        let mut entries = BTreeMap::new();
        for shard in &self.shards {
            for (path, slot) in shard.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                if let Some(value) = slot.get() {
                    entries.insert(PathBuf::from(path), value.clone());
                }
            }
        }
        entries
    }
}

/// FNV-1a over the path's bytes.
fn shard(path: &Path) -> usize {
    let hash = path
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    (hash >> 32) as usize % SHARDS
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
