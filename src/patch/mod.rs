//! Changes to one document: strategic merge, and JSON patches.

mod json6902;
mod merge;

pub use json6902::JsonPatch;
pub use merge::{Merged, merge, merge_values};
