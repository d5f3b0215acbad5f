//! KR-KUS: the sources of kustomizations. These are the texts; the conditions are in `crate::lint`, a layer below, which
//! reads kustomizations and observes builds.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

/// The parts that all rules about sources have in common.
const OF_SOURCES: Rule = Rule {
    id: "",
    name: "",
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    text: "",
    fix_order: 0,
    needs: Needs::Sources,
};

/// KR-KUS-001
pub static DEPRECATED_FIELD: Rule =
    Rule { id: "KR-KUS-001", name: "deprecated-field", text: text!("KR-KUS-001"), ..OF_SOURCES };

/// KR-KUS-002
pub static UNPINNED_REMOTE: Rule = Rule {
    id: "KR-KUS-002",
    name: "unpinned-remote",
    text: text!("KR-KUS-002"),
    severity: Severity::Error,
    score: Some(6.0),
    ..OF_SOURCES
};

/// KR-KUS-003
pub static ORPHAN_FILE: Rule = Rule {
    id: "KR-KUS-003",
    name: "orphan-file",
    text: text!("KR-KUS-003"),
    severity: Severity::Note,
    ..OF_SOURCES
};

/// KR-KUS-004
pub static UNMATCHED_PATCH: Rule = Rule {
    id: "KR-KUS-004",
    name: "unmatched-patch",
    text: text!("KR-KUS-004"),
    severity: Severity::Error,
    ..OF_SOURCES
};

/// KR-KUS-005
pub static NO_OP_PATCH: Rule = Rule {
    id: "KR-KUS-005",
    name: "no-op-patch",
    text: text!("KR-KUS-005"),
    severity: Severity::Note,
    ..OF_SOURCES
};

/// KR-KUS-006
pub static PLAINTEXT_SECRET: Rule = Rule {
    id: "KR-KUS-006",
    name: "plaintext-secret",
    text: text!("KR-KUS-006"),
    severity: Severity::Error,
    score: Some(7.5),
    ..OF_SOURCES
};

/// KR-KUS-007
pub static HASH_DISABLED: Rule =
    Rule { id: "KR-KUS-007", name: "hash-disabled", text: text!("KR-KUS-007"), ..OF_SOURCES };

/// KR-KUS-008
pub static HAND_WRITTEN_CONFIG: Rule = Rule {
    id: "KR-KUS-008",
    name: "hand-written-config",
    text: text!("KR-KUS-008"),
    severity: Severity::Note,
    scope: Scope::Paranoid,
    ..OF_SOURCES
};

/// KR-KUS-009
pub static SELECTOR_LABELS: Rule =
    Rule { id: "KR-KUS-009", name: "selector-labels", text: text!("KR-KUS-009"), ..OF_SOURCES };

/// KR-KUS-010
pub static DUPLICATED_PATCH: Rule = Rule {
    id: "KR-KUS-010",
    name: "duplicated-patch",
    text: text!("KR-KUS-010"),
    severity: Severity::Note,
    ..OF_SOURCES
};

/// KR-KUS-011
pub static BASE_NAMESPACE: Rule = Rule {
    id: "KR-KUS-011",
    name: "base-namespace",
    text: text!("KR-KUS-011"),
    severity: Severity::Note,
    ..OF_SOURCES
};

/// KR-KUS-012
pub static OVERLAY_IMPORTS_OVERLAY: Rule = Rule {
    id: "KR-KUS-012",
    name: "overlay-imports-overlay",
    text: text!("KR-KUS-012"),
    severity: Severity::Note,
    ..OF_SOURCES
};

/// KR-KUS-013
pub static POSTURE_INVERSION: Rule = Rule {
    id: "KR-KUS-013",
    name: "posture-inversion",
    text: text!("KR-KUS-013"),
    score: Some(5.0),
    ..OF_SOURCES
};

/// KR-KUS-014
pub static FAIL_OPEN_TRANSFORMER: Rule = Rule {
    id: "KR-KUS-014",
    name: "fail-open-transformer",
    text: text!("KR-KUS-014"),
    severity: Severity::Error,
    score: Some(5.0),
    ..OF_SOURCES
};

/// KR-KUS-015
pub static HARDENING_NOT_LAST: Rule =
    Rule { id: "KR-KUS-015", name: "hardening-not-last", text: text!("KR-KUS-015"), ..OF_SOURCES };

/// KR-KUS-016
pub static PATH_ESCAPE: Rule = Rule {
    id: "KR-KUS-016",
    name: "path-escape",
    text: text!("KR-KUS-016"),
    severity: Severity::Error,
    ..OF_SOURCES
};

/// KR-KUS-017
pub static MISSING_GVK: Rule = Rule {
    id: "KR-KUS-017",
    name: "missing-gvk",
    text: text!("KR-KUS-017"),
    severity: Severity::Note,
    ..OF_SOURCES
};

/// KR-KUS-018
pub static LOOSENED_BY_OVERLAY: Rule = Rule {
    id: "KR-KUS-018",
    name: "loosened-by-overlay",
    text: text!("KR-KUS-018"),
    score: Some(6.0),
    ..OF_SOURCES
};

/// KR-KUS-019
pub static KEPT_BY_ONE_OVERLAY: Rule = Rule {
    id: "KR-KUS-019",
    name: "kept-by-one-overlay",
    text: text!("KR-KUS-019"),
    severity: Severity::Note,
    ..OF_SOURCES
};

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &DEPRECATED_FIELD,
    &UNPINNED_REMOTE,
    &ORPHAN_FILE,
    &UNMATCHED_PATCH,
    &NO_OP_PATCH,
    &PLAINTEXT_SECRET,
    &HASH_DISABLED,
    &HAND_WRITTEN_CONFIG,
    &SELECTOR_LABELS,
    &DUPLICATED_PATCH,
    &BASE_NAMESPACE,
    &OVERLAY_IMPORTS_OVERLAY,
    &POSTURE_INVERSION,
    &FAIL_OPEN_TRANSFORMER,
    &HARDENING_NOT_LAST,
    &PATH_ESCAPE,
    &MISSING_GVK,
    &LOOSENED_BY_OVERLAY,
    &KEPT_BY_ONE_OVERLAY,
];
