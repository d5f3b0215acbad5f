//! KR-DIF: differences of two renders. `krender diff` judges them, in `crate::diff`, a layer below.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

/// A rule that reviews judge.
const fn rule(
    id: &'static str,
    name: &'static str,
    text: &'static str,
    severity: Severity,
    score: Option<f32>,
) -> Rule {
    Rule {
        id,
        name,
        text,
        severity,
        score,
        scope: Scope::Named,
        fix_order: 0,
        needs: Needs::Reviews,
    }
}

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &POSTURE_LOOSENED,
    &SELECTOR_CHANGED,
    &OBJECT_REMOVED,
    &ROLLOUT,
    &QOS_CHANGED,
    &PRIVILEGE_GRANTED,
    &EXPOSURE_GREW,
    &ADMISSION_LOOSENED,
    &DATA_AT_RISK,
    &DEFINITION_NARROWED,
    &AVAILABILITY_REDUCED,
    &IMAGE_VERSION,
];

/// KR-DIF-001: a change leaves the hardening of objects as strict as it was.
pub static POSTURE_LOOSENED: Rule =
    rule("KR-DIF-001", "posture-loosened", text!("KR-DIF-001"), Severity::Error, Some(6.0));

/// KR-DIF-002: a change leaves immutable fields and names as they are.
pub static SELECTOR_CHANGED: Rule =
    rule("KR-DIF-002", "selector-changed", text!("KR-DIF-002"), Severity::Error, None);

/// KR-DIF-003: a change removes no objects that hold data or serve requests.
pub static OBJECT_REMOVED: Rule =
    rule("KR-DIF-003", "object-removed", text!("KR-DIF-003"), Severity::Warning, None);

/// KR-DIF-004: a restart of pods has a reason.
pub static ROLLOUT: Rule = rule("KR-DIF-004", "rollout", text!("KR-DIF-004"), Severity::Note, None);

/// KR-DIF-005: a change keeps the class of quality of service, and the requests within what the cluster has.
pub static QOS_CHANGED: Rule =
    rule("KR-DIF-005", "qos-changed", text!("KR-DIF-005"), Severity::Warning, None);

/// KR-DIF-006: a change gives no one more rights in the cluster.
pub static PRIVILEGE_GRANTED: Rule =
    rule("KR-DIF-006", "privilege-granted", text!("KR-DIF-006"), Severity::Error, Some(8.0));

/// KR-DIF-007: a change makes nothing reachable from more places.
pub static EXPOSURE_GREW: Rule =
    rule("KR-DIF-007", "exposure-grew", text!("KR-DIF-007"), Severity::Warning, Some(6.0));

/// KR-DIF-008: a change lets no namespace or webhook admit more than before.
pub static ADMISSION_LOOSENED: Rule =
    rule("KR-DIF-008", "admission-loosened", text!("KR-DIF-008"), Severity::Error, Some(7.0));

/// KR-DIF-009: a change leaves volumes, and what they hold, where they are.
pub static DATA_AT_RISK: Rule =
    rule("KR-DIF-009", "data-at-risk", text!("KR-DIF-009"), Severity::Error, None);

/// KR-DIF-010: a change keeps the versions that a definition serves.
pub static DEFINITION_NARROWED: Rule =
    rule("KR-DIF-010", "definition-narrowed", text!("KR-DIF-010"), Severity::Error, None);

/// KR-DIF-011: a change leaves as many copies as before, and the budgets that protect them.
pub static AVAILABILITY_REDUCED: Rule =
    rule("KR-DIF-011", "availability-reduced", text!("KR-DIF-011"), Severity::Warning, None);

/// KR-DIF-012: a change of an image is an upgrade within a major version, to a fixed version.
pub static IMAGE_VERSION: Rule =
    rule("KR-DIF-012", "image-version", text!("KR-DIF-012"), Severity::Warning, None);
