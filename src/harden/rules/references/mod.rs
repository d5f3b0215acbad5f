//! KR-REF: references to other objects.

mod objects;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &objects::MISSING_CONFIG,
    &objects::MISSING_SERVICE_ACCOUNT,
    &objects::SERVICE_SELECTS_NOTHING,
];
