//! KR-SEC-031, 032, 034: containers have users that are no users of the node, and that the kubelet can verify.

use crate::harden::facts::Placement;
use crate::harden::images::ImageUser;
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{integer, is_false, is_true, items, present, text};
use crate::harden::violation::{Class, Easing, Edit, Severity, Violation, plain};

pub(super) static LOW_UID: Rule = Rule {
    id: "KR-SEC-031",
    name: "low-uid",
    text: text!("KR-SEC-031"),
    severity: Severity::Warning,
    score: Some(3.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(low)),
};

pub(super) static NO_RUN_AS_USER: Rule = Rule {
    id: "KR-SEC-032",
    name: "no-run-as-user",
    text: text!("KR-SEC-032"),
    severity: Severity::Note,
    score: Some(3.0),
    scope: Scope::Paranoid,
    fix_order: 45,
    needs: Needs::Object(Check::Container(unset)),
};

pub(super) static UNVERIFIABLE_NON_ROOT: Rule = Rule {
    id: "KR-SEC-034",
    name: "unverifiable-non-root",
    text: text!("KR-SEC-034"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Container(unverifiable)),
};

const USER: &str = "runAsUser";
const GROUP: &str = "runAsGroup";

fn low(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if pod.is_bound_to_windows() {
        return Vec::new();
    }
    let least = scene.facts.min_uid();
    let values = &scene.facts.values;
    let is_own =
        |container: &Container<'_>, user| scene.facts.is_user_of_image(container.image(), user);
    let is_low = |user: &i64| *user > 0 && *user < least;
    // A low user is mostly the one that the image is made for.
    let is_unknown = |one: &Container<'_>| scene.facts.user_of_image(one.image()).is_none();
    let told = |violation: Violation, is_assumed: bool| match is_assumed {
        true => {
            let told = "assumed: no image is made for this user";
            violation.assuming(Severity::Note, Easing::UnknownImage, told, Vec::new())
        }
        false => violation,
    };
    let mut found = Vec::new();
    if let Some(user) = pod.security(USER).and_then(integer).filter(is_low) {
        let heirs = pod.containers.iter().filter(|one| one.security(USER).is_none());
        let mut others = heirs.filter(|one| !is_own(one, user)).peekable();
        if others.peek().is_some() {
            let message = format!("the pod runs as user {user}, which is below {least}");
            let violation = pod.violation_of_security(USER, message);
            let violation = violation.replace(plain(&values.run_as_user.to_string()));
            found.push(told(violation, others.all(is_unknown)));
        }
    }
    for container in &pod.containers {
        let user = container.security(USER).and_then(integer).filter(is_low);
        if let Some(user) = user.filter(|user| !is_own(container, *user)) {
            let message = format!("runs as user {user}, which is below {least}");
            let other = values.user_of(container.image());
            let violation = container.violation_of_security(USER, message);
            let violation = violation.replace(plain(&other.to_string()));
            found.push(told(violation, is_unknown(container)));
        }
    }
    found
}

fn unset(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let is_set = container.effective(pod, USER).is_some();
    if is_set || !container.is_running() || pod.is_bound_to_windows() {
        return Vec::new();
    }
    let message = "has the user of its image: `runAsUser` is not set for it or its pod";
    let violation = container.violation_of_security(USER, message);
    let needs_root =
        is_false(container.effective(pod, "runAsNonRoot")) || container.is_privileged();
    if needs_root {
        return vec![violation];
    }
    let values = &scene.facts.values;
    let user = values.user_of(container.image());
    // A user that belongs to an image is set only for its containers, and has a group there.
    let is_of_image = user != values.run_as_user;
    let placement = if is_of_image { Placement::Container } else { scene.placement() };
    let mut edits = pod.set_security(USER, &plain(&user.to_string()), container, placement);
    if !is_of_image && container.effective(pod, GROUP).is_none() {
        let group = plain(&values.run_as_group.to_string());
        edits.extend(pod.set_security(GROUP, &group, container, placement));
    }
    let is_owned = pod.security("fsGroup").is_some() || scene.is_knative();
    if !is_owned && mounts_claim(pod, scene) {
        let of_pod = |key, value| Edit::Set(pod.path(&["securityContext", key]), value);
        edits.push(of_pod("fsGroup", plain(&values.fs_group.to_string())));
        if pod.security("fsGroupChangePolicy").is_none() {
            edits.push(of_pod("fsGroupChangePolicy", plain("OnRootMismatch")));
        }
    }
    vec![violation.fix(Class::Unsafe, edits)]
}

/// True if the pod has a volume that outlives its containers, whose files may belong to another group.
fn mounts_claim(pod: &Pod<'_>, scene: Scene<'_>) -> bool {
    let is_claim = |volume: &crate::yaml::Node| {
        ["persistentVolumeClaim", "ephemeral"].iter().any(|kind| present(volume, kind).is_some())
    };
    let templates =
        present(scene.object.node(), "spec").and_then(|spec| spec.get("volumeClaimTemplates"));
    pod.volumes().any(|(_, volume)| is_claim(volume))
        || items(templates)
            .iter()
            .any(|one| present(one, "metadata").is_some_and(|one| text(one, "name").is_some()))
}

fn unverifiable(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let image = container.image();
    let is_asked = is_true(container.effective(pod, "runAsNonRoot"));
    let is_set = container.effective(pod, USER).is_some();
    if !is_asked || is_set || image.is_empty() || pod.is_bound_to_windows() {
        return Vec::new();
    }
    let (message, severity) = match scene.facts.user_of_image(image) {
        Some(ImageUser::Root) => (
            format!("will not start: it must not run as root, and `{image}` does"),
            Severity::Warning,
        ),
        Some(ImageUser::Named(name)) => {
            let message = format!(
                "will not start: the kubelet cannot verify the user `{name}` of `{image}`, which is no number"
            );
            (message, Severity::Warning)
        }
        None if scene.facts.is_paranoid() => {
            let message = format!("starts only if the user of `{image}` is a number other than 0");
            (message, Severity::Note)
        }
        Some(ImageUser::Number(_) | ImageUser::NonRoot) | None => return Vec::new(),
    };
    vec![container.violation_of_security(USER, message).severity(severity)]
}
