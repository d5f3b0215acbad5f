//! KR-SEC-022: containers must not run as root.

use crate::harden::facts::Placement;
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{is_false, is_true};
use crate::harden::violation::{Class, Edit, Fix, Severity, Violation, plain};

pub(super) static RUN_AS_NON_ROOT: Rule = Rule {
    id: "KR-SEC-022",
    name: "run-as-non-root",
    text: text!("KR-SEC-022"),
    severity: Severity::Error,
    score: Some(7.0),
    scope: PodSecurity::restricted("runAsNonRoot", 0),
    fix_order: 20,
    needs: Needs::Object(Check::Pod(judge)),
};

const FIELD: &str = "runAsNonRoot";

fn judge(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.pod_security() >= 35 && pod.has_own_users() {
        return Vec::new();
    }
    let of_pod = pod.security(FIELD);
    let mut found = Vec::new();
    let mut set = |violation: Violation, is_root: bool| {
        let edits = vec![Edit::Set(violation.path.clone(), plain("true"))];
        // The kubelet refuses a container with `runAsNonRoot` and the user 0.
        found.push(match is_root {
            true => violation,
            false => violation.fix(Class::Override, edits),
        });
    };
    let is_root = |container: &Container<'_>| container.written_user(pod) == Some(0);
    if is_false(of_pod) {
        let message = "the pod allows root: `runAsNonRoot` is false";
        set(pod.violation_of_security(FIELD, message), pod.containers.iter().any(is_root));
    }
    for container in pod.containers.iter().filter(|one| is_false(one.security(FIELD))) {
        let message = "may run as root: `runAsNonRoot` is false";
        set(container.violation_of_security(FIELD, message), is_root(container));
    }
    if is_true(of_pod) || of_pod.is_some() && is_false(of_pod) {
        return found;
    }
    let lacks = |container: &&Container<'_>| container.security(FIELD).is_none();
    // Computed once: a pod may have thousands of containers.
    let whole = Whole {
        is_refused: pod.containers.iter().any(|one| is_false(one.security(FIELD)) || is_root(one)),
        is_safe: pod.containers.iter().filter(lacks).all(|one| is_known(one, pod, scene)),
    };
    found.extend(pod.containers.iter().filter(lacks).map(|container| {
        let message = match container.user(pod) {
            Some(user) if user > 0 => format!(
                "does not say that it never runs as root: its user is {user}, but `runAsNonRoot` is not set for it or its pod"
            ),
            _ => "may run as root: `runAsNonRoot` is not set for it or its pod".to_owned(),
        };
        let fix = fix(container, pod, scene, &whole);
        Violation { fix, ..container.violation_of_security(FIELD, message) }
    }));
    found
}

/// Facts about all containers of a pod.
struct Whole {
    /// True if one contradicts `runAsNonRoot` for the pod.
    is_refused: bool,
    /// True if each container without the field has a user other than root.
    is_safe: bool,
}

/// True if a container is known to have a user other than root.
fn is_known(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> bool {
    container.user(pod).is_some_and(|user| user > 0)
        || scene.facts.runs_as_non_root(container.image())
}

/// The fix for a container if neither it nor its pod has the field: the pod gets the field, unless another container
/// contradicts it.
fn fix(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>, whole: &Whole) -> Option<Fix> {
    let placement = scene.placement();
    let (is_refused, is_safe) = match placement {
        Placement::Container => {
            (container.written_user(pod) == Some(0), is_known(container, pod, scene))
        }
        Placement::Pod | Placement::Both => (whole.is_refused, whole.is_safe),
    };
    let class = if is_safe { Class::Safe } else { Class::Unsafe };
    let edits = || pod.set_security(FIELD, &plain("true"), container, placement);
    (!is_refused).then(|| Fix { class, is_overwriting: false, edits: edits() })
}
