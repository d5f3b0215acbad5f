//! KR-CFG-004, 005, 006: targets are still checked, completely, and with the same hardening steps.

use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::violation::{Severity, Violation};
use crate::harden::workload::judged_in_part;
use crate::resource::Resource;

/// KR-CFG-004: a target that was checked before is still checked.
pub static TARGET_NOT_JUDGED: Rule = Rule {
    id: "KR-CFG-004",
    name: "target-not-judged",
    text: text!("KR-CFG-004"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Targets,
};

pub(in crate::harden) static JUDGED_IN_PART: Rule = Rule {
    id: "KR-CFG-005",
    name: "judged-in-part",
    text: text!("KR-CFG-005"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Object(Check::Object(in_part)),
};

/// KR-CFG-006: the hardening steps of a target have not changed.
pub static HARDENING_STEP_CHANGED: Rule = Rule {
    id: "KR-CFG-006",
    name: "hardening-step-changed",
    text: text!("KR-CFG-006"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Targets,
};

fn in_part(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let found = judged_in_part(object, scene.pods).into_iter();
    found.map(|(path, message)| Violation::at(path, message)).collect()
}
