//! KR-SHD: the end of pods.

mod budget;
mod grace;
mod process;
mod strategy;

pub(super) use strategy::share;

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

/// The parts that most rules about the end of pods have in common.
const OF_SHUTDOWN: Rule = Rule {
    id: "",
    name: "",
    text: "",
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 70,
    needs: Needs::Suppressions,
};

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &budget::NO_PRESTOP,
    &budget::BUDGET,
    &budget::PRESTOP_EXCEEDS_GRACE,
    &grace::ZERO_GRACE,
    &grace::HUGE_GRACE,
    &budget::PRESTOP_SHORTER_THAN_PROPAGATION,
    &process::SHELL_PID1,
    &grace::LIVENESS_GRACE,
    &strategy::ZERO_DOWNTIME_STRATEGY,
    &strategy::MIN_READY,
    &process::STOP_SIGNAL,
    &process::SIDECAR_ORDER,
];
