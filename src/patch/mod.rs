//! Patches of a single document: strategic merge and JSON patches.

mod json6902;
mod merge;

pub use json6902::JsonPatch;
pub use merge::{Comments, Merged, merge, merge_commented, merge_values};
