//! What the property tests of YAML draw from.

pub(crate) mod mutation;
pub(crate) mod value;
