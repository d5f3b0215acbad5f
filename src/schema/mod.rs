//! What Kubernetes says of a kind, and how kinds are named.

mod gvk;

pub use gvk::{Gvk, LEGACY_FIRST, LEGACY_LAST};
