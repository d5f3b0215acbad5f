//! KR-DKR: Dockerfiles. These are the texts; the conditions are in `crate::dockerfile`, a layer below, which reads them.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

/// The parts that all rules about Dockerfiles have in common.
const OF_DOCKERFILES: Rule = Rule {
    id: "",
    name: "",
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    text: "",
    fix_order: 0,
    needs: Needs::Dockerfiles,
};

/// The rules of the topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &BASE_UNPINNED,
    &RUNS_AS_ROOT,
    &USER_NOT_NUMERIC,
    &DOCKERFILE_LOW_UID,
    &NOT_MULTI_STAGE,
    &FAT_RUNTIME,
    &SECRET_IN_IMAGE,
    &SHELL_FORM,
    &ADD_INSTEAD_OF_COPY,
    &LAYER_ORDER,
    &PACKAGE_HYGIENE,
    &HEALTHCHECK,
    &DOCKERFILE_BASICS,
    &COPY_WHOLE_ROOT,
    &NO_DOCKERIGNORE,
];

/// KR-DKR-001
pub static BASE_UNPINNED: Rule = Rule {
    id: "KR-DKR-001",
    name: "base-unpinned",
    text: text!("KR-DKR-001"),
    score: Some(5.0),
    ..OF_DOCKERFILES
};

/// KR-DKR-002
pub static RUNS_AS_ROOT: Rule = Rule {
    id: "KR-DKR-002",
    name: "runs-as-root",
    text: text!("KR-DKR-002"),
    severity: Severity::Error,
    score: Some(7.0),
    ..OF_DOCKERFILES
};

/// KR-DKR-003
pub static USER_NOT_NUMERIC: Rule = Rule {
    id: "KR-DKR-003",
    name: "user-not-numeric",
    text: text!("KR-DKR-003"),
    ..OF_DOCKERFILES
};

/// KR-DKR-004
pub static DOCKERFILE_LOW_UID: Rule = Rule {
    id: "KR-DKR-004",
    name: "dockerfile-low-uid",
    text: text!("KR-DKR-004"),
    severity: Severity::Note,
    ..OF_DOCKERFILES
};

/// KR-DKR-005
pub static NOT_MULTI_STAGE: Rule =
    Rule { id: "KR-DKR-005", name: "not-multi-stage", text: text!("KR-DKR-005"), ..OF_DOCKERFILES };

/// KR-DKR-006
pub static FAT_RUNTIME: Rule = Rule {
    id: "KR-DKR-006",
    name: "fat-runtime",
    text: text!("KR-DKR-006"),
    severity: Severity::Note,
    ..OF_DOCKERFILES
};

/// KR-DKR-007
pub static SECRET_IN_IMAGE: Rule = Rule {
    id: "KR-DKR-007",
    name: "secret-in-image",
    text: text!("KR-DKR-007"),
    severity: Severity::Error,
    score: Some(8.5),
    ..OF_DOCKERFILES
};

/// KR-DKR-008
pub static SHELL_FORM: Rule =
    Rule { id: "KR-DKR-008", name: "shell-form", text: text!("KR-DKR-008"), ..OF_DOCKERFILES };

/// KR-DKR-009
pub static ADD_INSTEAD_OF_COPY: Rule = Rule {
    id: "KR-DKR-009",
    name: "add-instead-of-copy",
    text: text!("KR-DKR-009"),
    score: Some(4.0),
    ..OF_DOCKERFILES
};

/// KR-DKR-010
pub static LAYER_ORDER: Rule = Rule {
    id: "KR-DKR-010",
    name: "layer-order",
    text: text!("KR-DKR-010"),
    severity: Severity::Note,
    ..OF_DOCKERFILES
};

/// KR-DKR-011
pub static PACKAGE_HYGIENE: Rule = Rule {
    id: "KR-DKR-011",
    name: "package-hygiene",
    text: text!("KR-DKR-011"),
    severity: Severity::Note,
    ..OF_DOCKERFILES
};

/// KR-DKR-012
pub static HEALTHCHECK: Rule = Rule {
    id: "KR-DKR-012",
    name: "healthcheck",
    text: text!("KR-DKR-012"),
    severity: Severity::Note,
    scope: Scope::Paranoid,
    ..OF_DOCKERFILES
};

/// KR-DKR-013
pub static DOCKERFILE_BASICS: Rule = Rule {
    id: "KR-DKR-013",
    name: "dockerfile-basics",
    text: text!("KR-DKR-013"),
    ..OF_DOCKERFILES
};

/// KR-DKR-014
pub static COPY_WHOLE_ROOT: Rule =
    Rule { id: "KR-DKR-014", name: "copy-whole-root", text: text!("KR-DKR-014"), ..OF_DOCKERFILES };

/// KR-DKR-015
pub static NO_DOCKERIGNORE: Rule = Rule {
    id: "KR-DKR-015",
    name: "no-dockerignore",
    text: text!("KR-DKR-015"),
    severity: Severity::Note,
    ..OF_DOCKERFILES
};
