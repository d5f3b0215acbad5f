//! KR-AVL-004 to 007: drains of nodes leave enough pods, and are not blocked.

use super::OF_AVAILABILITY;
use crate::harden::acting::{is_budget, selector};
use crate::harden::pod::Pod;
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::rules::shutdown::share;
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{below, present, text};
use crate::harden::violation::{Class, Edit, Severity, Violation, plain};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static PDB_MISSING: Rule = Rule {
    id: "KR-AVL-004",
    name: "pdb-missing",
    text: text!("KR-AVL-004"),
    severity: Severity::Note,
    needs: Needs::Render(RenderCheck::Pod(missing)),
    ..OF_AVAILABILITY
};

pub(super) static PDB_BLOCKS: Rule = Rule {
    id: "KR-AVL-005",
    name: "pdb-blocks",
    text: text!("KR-AVL-005"),
    severity: Severity::Error,
    needs: Needs::Render(RenderCheck::Object(blocks)),
    ..OF_AVAILABILITY
};

pub(super) static PDB_OVERLAP: Rule = Rule {
    id: "KR-AVL-006",
    name: "pdb-overlap",
    text: text!("KR-AVL-006"),
    severity: Severity::Error,
    needs: Needs::Render(RenderCheck::Object(overlap)),
    ..OF_AVAILABILITY
};

pub(super) static PDB_UNHEALTHY_POLICY: Rule = Rule {
    id: "KR-AVL-007",
    name: "pdb-unhealthy-policy",
    text: text!("KR-AVL-007"),
    severity: Severity::Note,
    scope: Scope::Paranoid,
    fix_order: 90,
    needs: Needs::Render(RenderCheck::Object(unhealthy)),
    ..OF_AVAILABILITY
};

fn missing(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let object = scene.object;
    if !matches!(object.kind(), "Deployment" | "Rollout" | "StatefulSet") {
        return Vec::new();
    }
    let (acting, namespace) = (&render.acting, scene.namespace());
    let Some((copies, _)) = acting.copies(object).filter(|(copies, _)| *copies >= 2) else {
        return Vec::new();
    };
    if !acting.services().serves(namespace, pod) || acting.has_budget(namespace, pod) {
        return Vec::new();
    }
    let message = format!(
        "drains may end all {copies} pods at once: no PodDisruptionBudget of the render selects them"
    );
    vec![Violation::at(Path::of(&["spec", "replicas"]), message)]
}

fn blocks(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let Some(spec) = present(object.node(), "spec").filter(|_| is_budget(object)) else {
        return Vec::new();
    };
    let violation =
        |key: &str, message: String| vec![Violation::at(Path::of(&["spec", key]), message)];
    if let Some(node) = present(spec, "maxUnavailable")
        && let Some(said @ ("0" | "0%")) = node.as_text()
    {
        let message =
            format!("`maxUnavailable: {said}` lets no pod be evicted: drains of nodes hang");
        return violation("maxUnavailable", message);
    }
    let least = present(spec, "minAvailable");
    let Some((least, said)) = least.and_then(|node| Some((node, node.as_text()?))) else {
        return Vec::new();
    };
    if said == "100%" {
        let message = "`minAvailable: 100%` lets no pod be evicted: drains of nodes hang";
        return violation("minAvailable", message.to_owned());
    }
    let Some((copies, is_scaled)) = selected_copies(object, scene, render) else {
        return Vec::new();
    };
    let Some(needed) = share(least, copies, true).filter(|needed| copies > 0 && *needed >= copies)
    else {
        return Vec::new();
    };
    let pods = if copies == 1 { "the only pod".to_owned() } else { format!("all {copies} pods") };
    let when = if is_scaled { " while its autoscaler is at its minimum" } else { "" };
    let message = format!(
        "`minAvailable: {said}` needs {pods}, and lets none be evicted{when}: drains of nodes hang"
    );
    let severity = if is_scaled || needed > copies && copies > 1 {
        Severity::Warning
    } else {
        Severity::Error
    };
    violation("minAvailable", message).into_iter().map(|one| one.severity(severity)).collect()
}

/// The number of pods that a budget selects, and true if an autoscaler sets it; `None` if it is not known.
fn selected_copies(
    budget: &Resource,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Option<(i64, bool)> {
    let place = render.acting.place(budget.kind(), scene.namespace(), budget.name())?;
    render.acting.selected_copies(&render.pods, place)
}

/// The later one of two budgets is reported, once.
fn overlap(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if !is_budget(object) || selector(object).is_none() {
        return Vec::new();
    }
    let acting = &render.acting;
    let place = acting.place(object.kind(), scene.namespace(), object.name());
    let before = place.and_then(|place| acting.budget_before(&render.pods, place));
    let Some((other, owner)) = before else { return Vec::new() };
    let message = format!(
        "it and the PodDisruptionBudget `{}` select the pods of {} `{}`: none of them can be evicted",
        other.object.name(),
        owner.kind(),
        owner.name()
    );
    vec![Violation::at(Path::of(&["spec", "selector"]), message)]
}

/// The first minor version of Kubernetes with `unhealthyPodEvictionPolicy` without a feature gate.
const POLICY_SINCE: u16 = 27;

fn unhealthy(object: &Resource, scene: Scene<'_>, _: &Render<'_>) -> Vec<Violation> {
    let keys = ["spec", "unhealthyPodEvictionPolicy"];
    let is_older = scene.facts.kubernetes().is_some_and(|minor| minor < POLICY_SINCE);
    if !is_budget(object) || is_older || below(object.node(), &keys).is_some() {
        return Vec::new();
    }
    let message = "pods that never become ready block the drain of their node";
    let violation = Violation::at(Path::of(&keys), message);
    // Only a specification that exists is added to.
    let has_spec = present(object.node(), "spec")
        .and_then(|spec| text(spec, "minAvailable").or_else(|| text(spec, "maxUnavailable")));
    if has_spec.is_none() {
        return vec![violation];
    }
    let value: Node = plain("AlwaysAllow");
    let edits = vec![Edit::Set(violation.path.clone(), value)];
    vec![violation.fix(Class::Unsafe, edits)]
}
