//! KR-REF-004: claims for volumes exist.

use super::objects::missing;
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;

pub(super) static MISSING_PVC: Rule = Rule {
    id: "KR-REF-004",
    name: "missing-pvc",
    text: text!("KR-REF-004"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(missing_pvc)),
};

fn missing_pvc(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    missing(object, scene, render, |kind| kind == "PersistentVolumeClaim")
}
