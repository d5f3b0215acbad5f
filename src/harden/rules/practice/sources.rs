//! KR-CLN-001, 002, 006: overlays compared. These are the texts; the conditions are in `crate::lint`.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

/// KR-CLN-001
pub static CONFIG_IN_IMAGE_ARGS: Rule = Rule {
    id: "KR-CLN-001",
    name: "config-in-image-args",
    text: text!("KR-CLN-001"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Sources,
};

/// KR-CLN-002
pub static ENV_SPECIFIC_IN_BASE: Rule = Rule {
    id: "KR-CLN-002",
    name: "env-specific-in-base",
    text: text!("KR-CLN-002"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Sources,
};

/// KR-CLN-006
pub static DEV_PROD_PARITY: Rule = Rule {
    id: "KR-CLN-006",
    name: "dev-prod-parity",
    text: text!("KR-CLN-006"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Sources,
};
