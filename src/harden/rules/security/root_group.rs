//! KR-SEC-033: processes and files do not belong to the group of root.

use crate::harden::pod::Pod;
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{integer, items};
use crate::harden::violation::{Edit, Severity, Violation, plain};
use crate::yaml::Node;

pub(super) static ROOT_GROUP: Rule = Rule {
    id: "KR-SEC-033",
    name: "root-group",
    text: text!("KR-SEC-033"),
    severity: Severity::Warning,
    score: Some(3.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(judge)),
};

const GROUP: &str = "runAsGroup";

fn judge(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let values = &scene.facts.values;
    let is_root = |node: Option<&Node>| node.and_then(integer) == Some(0);
    if values.allow_root_group || pod.is_bound_to_windows() {
        return Vec::new();
    }
    let mut found = Vec::new();
    // Of a process of root, the user is reported.
    let has_user = |user: Option<&Node>| !is_root(user);
    if is_root(pod.security(GROUP)) && has_user(pod.security("runAsUser")) {
        let message = "the pod runs with the group of root: `runAsGroup` is 0";
        let group = plain(&values.run_as_group.to_string());
        found.push(pod.violation_of_security(GROUP, message).replace(group));
    }
    for container in &pod.containers {
        let user = container.effective(pod, "runAsUser");
        if is_root(container.security(GROUP)) && has_user(user) {
            let message = "runs with the group of root: `runAsGroup` is 0";
            let group = plain(&values.run_as_group.to_string());
            found.push(container.violation_of_security(GROUP, message).replace(group));
        }
    }
    if is_root(pod.security("fsGroup")) {
        let message = "files in volumes belong to the group of root: `fsGroup` is 0";
        let group = plain(&values.fs_group.to_string());
        found.push(pod.violation_of_security("fsGroup", message).replace(group));
    }
    let groups = items(pod.security("supplementalGroups"));
    if let Some(index) = groups.iter().position(|group| integer(group) == Some(0)) {
        let path = pod.path(&["securityContext", "supplementalGroups"]);
        let message = "the pod has the group of root: `supplementalGroups` has 0";
        let violation = Violation::at(path.clone().index(index), message);
        let edit = match groups.len() {
            1 => Edit::Remove(path),
            _ => Edit::Remove(path.index(index)),
        };
        found.push(violation.overwrite(vec![edit]));
    }
    found
}
