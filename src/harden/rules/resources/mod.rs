//! KR-RES: requests and limits.

mod amounts;
mod bounds;
mod requests;
mod scaling;
mod volumes;

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

/// The parts that most rules about resources have in common.
const OF_RESOURCES: Rule = Rule {
    id: "",
    name: "",
    text: "",
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 60,
    needs: Needs::Suppressions,
};

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &requests::CPU_REQUEST,
    &requests::MEMORY_REQUEST,
    &requests::MEMORY_LIMIT,
    &requests::CPU_LIMIT,
    &amounts::REQUEST_ABOVE_LIMIT,
    &requests::EXPLICIT_DEFAULTED_REQUEST,
    &requests::BEST_EFFORT,
    &amounts::MEMORY_RATIO,
    &volumes::EMPTY_DIR_SIZE,
    &volumes::EPHEMERAL_STORAGE,
    &amounts::SUSPICIOUS_UNIT,
    &requests::QOS_TARGET,
    &scaling::HPA_WITHOUT_REQUEST,
    &scaling::VPA_HPA_CONFLICT,
    &bounds::QUOTA_MISFIT,
    &bounds::LIMIT_RANGE_MISFIT,
];
