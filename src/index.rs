//! Indices: values that are found by an id, a name or a key.

pub use indexmap::map::Entry;

/// Values by key, in the order in which the keys came.
pub type Index<K, V> = indexmap::IndexMap<K, V, Hashes>;

/// How keys are hashed: in every process in another way, so that no input can be made to collide. Nothing follows from
/// the hashes but speed.
pub type Hashes = foldhash::fast::RandomState;
