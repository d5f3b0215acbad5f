//! KR-CFG-001, 002, 003: suppressions have a reason, are not expired, and match a finding.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

pub(in crate::harden) static EXPIRED_EXCLUSION: Rule = Rule {
    id: "KR-CFG-001",
    name: "expired-exclusion",
    text: text!("KR-CFG-001"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Suppressions,
};

pub(in crate::harden) static SUPPRESSION_WITHOUT_REASON: Rule = Rule {
    id: "KR-CFG-002",
    name: "suppression-without-reason",
    text: text!("KR-CFG-002"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Suppressions,
};

pub(in crate::harden) static UNUSED_SUPPRESSION: Rule = Rule {
    id: "KR-CFG-003",
    name: "unused-suppression",
    text: text!("KR-CFG-003"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Suppressions,
};
