//! KR-PRB: probes.

mod handlers;
mod runtimes;
mod startup;
mod timing;

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

/// The parts that most rules about probes have in common.
const OF_PROBES: Rule = Rule {
    id: "",
    name: "",
    text: "",
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 80,
    needs: Needs::Suppressions,
};

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &handlers::READINESS_MISSING,
    &handlers::LIVENESS_MISSING,
    &startup::STARTUP_MISSING,
    &timing::IDENTICAL_PROBES,
    &timing::TIMEOUT_EXCEEDS_PERIOD,
    &timing::LIVENESS_FASTER_THAN_READINESS,
    &handlers::PORT_UNKNOWN,
    &handlers::ILLEGAL_FIELD,
    &timing::EXEC_PROBE_COST,
    &startup::STARTUP_BUDGET,
    &startup::LIVENESS_KILLS_SLOW_START,
    &handlers::LIVENESS_DEPENDS_ON_OTHERS,
    &handlers::READINESS_IS_TCP_ONLY,
];
