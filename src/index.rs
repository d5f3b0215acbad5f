//! Indices: values by id, name or key.

pub use indexmap::map::Entry;

/// Values by key, in order of insertion.
pub type Index<K, V> = indexmap::IndexMap<K, V, Hashes>;

/// The hash function for keys. It is seeded randomly in every process, so that no input can provoke collisions. Results
/// never depend on the hashes.
pub type Hashes = foldhash::fast::RandomState;
