//! KR-SEC-053: namespaces enforce a level of the Pod Security Standards.

use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::path::Path;

pub(super) static PSA_LABEL: Rule = Rule {
    id: "KR-SEC-053",
    name: "psa-label",
    text: text!("KR-SEC-053"),
    severity: Severity::Warning,
    score: Some(6.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(judge)),
};

const LABEL: &str = "pod-security.kubernetes.io/enforce";

/// Namespaces that Kubernetes makes.
const SYSTEM: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

fn judge(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    let is_namespace = object.kind() == "Namespace" && object.gvk().group.is_empty();
    if !is_namespace || SYSTEM.contains(&object.name()) {
        return Vec::new();
    }
    let path = Path::of(&["metadata", "labels", LABEL]);
    match object.labels().find(|(key, _)| *key == LABEL).map(|(_, level)| level) {
        Some("privileged" | "baseline" | "restricted") => Vec::new(),
        Some(other) => {
            let message = format!(
                "its label `enforce` of Pod Security is `{other}`, expected `privileged`, `baseline` or `restricted`"
            );
            vec![Violation::at(path, message)]
        }
        None => {
            let message = "no label says which level of the Pod Security Standards it enforces";
            vec![Violation::at(path, message)]
        }
    }
}
