//! KR-CFG-004, 005, 006: what was judged is judged, all of it, and by the same steps.

use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::violation::{Severity, Violation};
use crate::harden::workload::judged_in_part;
use crate::resource::Resource;

/// KR-CFG-004: a target that was judged is judged.
pub static TARGET_NOT_JUDGED: Rule = Rule {
    id: "KR-CFG-004",
    name: "target-not-judged",
    topic: Topic::Judging,
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    summary: "A target that was checked is still checked.",
    why: "A directory that another one includes, that is hidden, or that became a component is passed over by `--all`: what is deployed from it is not judged any more.",
    condition: "With `check --all --git REV`: a kustomization that was a target at the revision is none now. A warning if it is gone and none is passed over in its place.",
    fixes: &[],
    fix_order: 0,
    advice: "judge it by its name or with `--every`, or remove what includes or hides it",
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
    summary: "Objects that make pods are of kinds that krender knows.",
    why: "In other kinds, containers and fields of pods are recognised by their form: what is written there is judged, and what is missing may be added by a controller or not.",
    condition: "An object of a kind that is not known has containers, or fields that only pods have, outside of the template of a pod; or the values of a chart have them, or a workflow has `podSpecPatch`, which are not judged at all.",
    fixes: &[],
    fix_order: 0,
    advice: "say in `podSpecs` of the configuration where the kind has its pods, or look at the object yourself",
    example: example!("judged-in-part"),
    elsewhere: &[],
    needs: Needs::Object(Check::Object(in_part)),
};

/// KR-CFG-006: a target is hardened and judged by the steps that it had.
pub static HARDENING_STEP_CHANGED: Rule = Rule {
    id: "KR-CFG-006",
    name: "hardening-step-changed",
    topic: Topic::Judging,
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    summary: "A target keeps its steps of hardening.",
    why: "The author of a change controls the transformers and validators of the kustomization: a step that is removed, moved or configured otherwise may let pass what it stopped.",
    condition: "With `check --git REV` or `--config-from REV`: a `HardeningTransformer` or `HardeningValidator` of a target at the revision is not listed any more, is listed by another kustomization, or has another configuration.",
    fixes: &[],
    fix_order: 0,
    advice: "look at what changed in the step; a baseline accepts it",
    example: None,
    elsewhere: &[],
    needs: Needs::Targets,
};

fn in_part(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let found = judged_in_part(object, scene.pods).into_iter();
    found.map(|(path, message)| Violation::at(path, message)).collect()
}
