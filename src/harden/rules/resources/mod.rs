//! KR-RES: requests and limits.

mod requests;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &requests::CPU_REQUEST,
    &requests::MEMORY_REQUEST,
    &requests::MEMORY_LIMIT,
    &requests::BEST_EFFORT,
];
