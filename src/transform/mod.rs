//! Changes to the resources of a build.

mod field;

pub use field::{Create, FieldPath};
