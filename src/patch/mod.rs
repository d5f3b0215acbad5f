//! Changes to one document: strategic merge, and JSON patches.

mod json6902;

pub use json6902::JsonPatch;
