//! KR-SHD: the end of pods.

mod budget;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] =
    &[&budget::NO_PRESTOP, &budget::BUDGET, &budget::PRESTOP_EXCEEDS_GRACE];
