//! KR-IMG-007: entries of `images` match a container. The condition is in `crate::lint`, a layer below.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

/// KR-IMG-007
pub static UNUSED_IMAGES_ENTRY: Rule = Rule {
    id: "KR-IMG-007",
    name: "unused-images-entry",
    text: text!("KR-IMG-007"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Sources,
};
