//! KR-PRB: probes.

mod handlers;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] =
    &[&handlers::READINESS_MISSING, &handlers::PORT_UNKNOWN, &handlers::ILLEGAL_FIELD];
