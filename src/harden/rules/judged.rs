//! KR-CFG-004, 005, 006: targets are still checked, completely, and with the same hardening steps.

use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::violation::{Severity, Violation};
use crate::harden::workload::judged_in_part;
use crate::resource::Resource;

/// KR-CFG-004: a target that was checked before is still checked.
pub static TARGET_NOT_JUDGED: Rule = Rule {
    id: "KR-CFG-004",
    name: "target-not-judged",
    topic: Topic::Judging,
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    summary: "A target that was checked is still checked.",
    why: "`--all` skips a directory that another one includes, that is hidden, or that became a component: objects deployed from it are not checked any more.",
    condition: "With `check --all --git REV`: a kustomization that was a target at the revision is not one any more. A warning if it was removed and none is skipped in its place.",
    fixes: &[],
    fix_order: 0,
    advice: "check it by its name or with `--every`, or remove the kustomization that includes it",
    example: None,
    elsewhere: &[],
    needs: Needs::Targets,
};

pub(in crate::harden) static JUDGED_IN_PART: Rule = Rule {
    id: "KR-CFG-005",
    name: "judged-in-part",
    topic: Topic::Judging,
    severity: Severity::Warning,
    score: None,
    scope: Scope::Always,
    summary: "Objects that create pods have a kind that krender knows.",
    why: "In other kinds, containers and fields of pods are recognised by their structure: fields that are set are checked, but missing ones may be added by a controller.",
    condition: "An object of an unknown kind has containers, or fields that only pods have, outside of a pod template; or the values of a chart have them, or a workflow has `podSpecPatch`, which are not checked at all.",
    fixes: &[],
    fix_order: 0,
    advice: "add the path of its pod template to `podSpecs` of the configuration, or review the object yourself",
    example: example!("judged-in-part"),
    elsewhere: &[],
    needs: Needs::Object(Check::Object(in_part)),
};

/// KR-CFG-006: the hardening steps of a target have not changed.
pub static HARDENING_STEP_CHANGED: Rule = Rule {
    id: "KR-CFG-006",
    name: "hardening-step-changed",
    topic: Topic::Judging,
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    summary: "A target keeps its hardening steps.",
    why: "The author of a change controls the transformers and validators of the kustomization: a step that is removed, moved or configured differently may accept violations that it rejected before.",
    condition: "With `check --git REV` or `--config-from REV`: a `HardeningTransformer` or `HardeningValidator` of a target at the revision is not listed any more, is listed by another kustomization, or has another configuration.",
    fixes: &[],
    fix_order: 0,
    advice: "review the change of the step; a baseline can accept it",
    example: None,
    elsewhere: &[],
    needs: Needs::Targets,
};

fn in_part(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let found = judged_in_part(object, scene.pods).into_iter();
    found.map(|(path, message)| Violation::at(path, message)).collect()
}
