//! Strategies for the property tests of YAML.

pub(crate) mod mutation;
pub(crate) mod value;
