//! Indices: what is found by an id or a name.

pub(super) use indexmap::map::Entry;

/// Values by key, in the order in which the keys came. Every process hashes in another way, so that no input can be made
/// to collide; nothing follows from the hashes but speed.
pub type Index<K, V> = indexmap::IndexMap<K, V, foldhash::fast::RandomState>;
