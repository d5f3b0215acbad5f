//! KR-REF-001, 003: referenced objects exist.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Missing, Render, Scene};
use crate::harden::uses::{Use, uses};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;

pub(super) static MISSING_CONFIG: Rule = Rule {
    id: "KR-REF-001",
    name: "missing-config",
    text: text!("KR-REF-001"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(missing_config)),
};

pub(super) static MISSING_SERVICE_ACCOUNT: Rule = Rule {
    id: "KR-REF-003",
    name: "missing-service-account",
    text: text!("KR-REF-003"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(missing_service_account)),
};

fn missing_config(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    missing(object, scene, render, |kind| {
        matches!(kind, "ConfigMap" | "Secret" | "SecretProviderClass")
    })
}

fn missing_service_account(
    object: &Resource,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    missing(object, scene, render, |kind| kind == "ServiceAccount")
}

/// A violation for each object of some kinds that is missing, if this object is the first that refers to it.
pub(super) fn missing(
    object: &Resource,
    scene: Scene<'_>,
    render: &Render<'_>,
    is_meant: impl Fn(&str) -> bool,
) -> Vec<Violation> {
    let mut found: Vec<(Use<'_>, Missing<'_>, usize)> = Vec::new();
    uses(object, scene.pods, &mut |one| {
        if one.optional || !is_meant(one.kind) {
            return;
        }
        if let Some((_, _, times)) =
            found.iter_mut().find(|(known, ..)| (known.kind, known.name) == (one.kind, one.name))
        {
            *times += 1;
            return;
        }
        let missing = render.missing(one.kind, scene.namespace(), one.name);
        if let Some(missing) = missing.filter(|missing| missing.first.id() == object.id()) {
            found.push((one, missing, 1));
        }
    });
    let told = |(one, missing, times): (Use<'_>, Missing<'_>, usize)| {
        let violation = told(one, missing, times, scene);
        // A render without a single object of the kind gets them by other means, and operators make some.
        let has_others = render.has_kind(one.kind, scene.namespace()) && !render.has_operator;
        let is_note = one.is_for_images() || missing.elsewhere.is_some() || !has_others;
        if is_note { violation.severity(Severity::Note) } else { violation }
    };
    found.into_iter().map(told).collect()
}

fn told(one: Use<'_>, missing: Missing<'_>, times: usize, scene: Scene<'_>) -> Violation {
    let others = match (times - 1, missing.users - 1) {
        (0, 0) => String::new(),
        (0, users) => format!(" (as {users} more {})", plural("object", users)),
        (times, 0) => format!(" (in {} places)", times + 1),
        (times, users) => {
            let objects = plural("object", users);
            format!(" (in {} places, and in {users} more {objects})", times + 1)
        }
    };
    let Use { kind, name, .. } = one;
    let what = match missing.elsewhere {
        Some(targets) => {
            format!("uses the {kind} `{name}`, as {targets} more targets do, and none renders it")
        }
        None => format!("uses the {kind} `{name}`, which is not rendered{others}"),
    };
    let assumed = "assumed: it is not made by other means";
    let container =
        one.of.and_then(|(pod, container)| scene.pods.get(pod)?.containers.get(container?));
    let path = one.path(scene.pods);
    match (container, one.of) {
        (Some(container), _) => {
            Violation::at(path, format!("{what}; {assumed}")).of_container(container)
        }
        (None, Some(_)) => Violation::at(path, format!("the pod {what}; {assumed}")),
        (None, None) => Violation::at(path, format!("TLS {what}; {assumed}")),
    }
}

fn plural(word: &str, count: usize) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
