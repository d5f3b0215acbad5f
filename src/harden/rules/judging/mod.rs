//! KR-CFG: the check itself.

pub(in crate::harden) mod expressions;
pub(in crate::harden) mod judged;
pub(in crate::harden) mod suppressions;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &suppressions::EXPIRED_EXCLUSION,
    &suppressions::SUPPRESSION_WITHOUT_REASON,
    &suppressions::UNUSED_SUPPRESSION,
    &judged::TARGET_NOT_JUDGED,
    &judged::JUDGED_IN_PART,
    &judged::HARDENING_STEP_CHANGED,
    &expressions::RULE_NOT_EVALUATED,
    &expressions::POLICY_NOT_EVALUATED,
    &expressions::ADMISSION_POLICY,
];
