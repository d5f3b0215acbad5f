//! KR-CFG-010, 011, 012: own rules and admission policies.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

pub(in crate::harden) static RULE_NOT_EVALUATED: Rule = Rule {
    id: "KR-CFG-010",
    name: "rule-not-evaluated",
    text: text!("KR-CFG-010"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Expressions,
};

pub(in crate::harden) static POLICY_NOT_EVALUATED: Rule = Rule {
    id: "KR-CFG-011",
    name: "policy-not-evaluated",
    text: text!("KR-CFG-011"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Expressions,
};

pub(in crate::harden) static ADMISSION_POLICY: Rule = Rule {
    id: "KR-CFG-012",
    name: "admission-policy",
    text: text!("KR-CFG-012"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Expressions,
};
