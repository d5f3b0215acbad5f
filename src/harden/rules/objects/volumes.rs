//! KR-K8S-014: Deployments that share a volume of one node.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{below, integer, items};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;

pub(super) static DEPLOYMENT_WITH_RWO: Rule = Rule {
    id: "KR-K8S-014",
    name: "deployment-with-rwo",
    text: text!("KR-K8S-014"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(deployment_with_rwo)),
};

fn deployment_with_rwo(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if object.kind() != "Deployment" {
        return Vec::new();
    }
    let spec = |keys: &[&str]| below(object.node(), keys);
    let replicas = spec(&["spec", "replicas"]).and_then(integer).unwrap_or(1);
    let is_rolling =
        spec(&["spec", "strategy", "type"]).and_then(Node::as_text) != Some("Recreate");
    // A rolling update that stops the old pod first does not wait.
    let surge = spec(&["spec", "strategy", "rollingUpdate", "maxSurge"]).and_then(Node::as_text);
    let most = spec(&["spec", "strategy", "rollingUpdate", "maxUnavailable"]);
    let ends_first = matches!(surge, Some("0" | "0%"))
        || most.and_then(Node::as_text) == Some("100%")
        || most.and_then(integer).is_some_and(|most| most >= replicas);
    let is_rolling = is_rolling && !ends_first;
    let why = match (replicas, is_rolling) {
        (0, _) | (1, false) => return Vec::new(),
        (1, true) => "a rolling update",
        _ => "several replicas",
    };
    let mut found = Vec::new();
    for pod in scene.pods {
        for (index, volume) in pod.volumes() {
            let claim =
                below(volume, &["persistentVolumeClaim", "claimName"]).and_then(Node::as_text);
            let Some(name) = claim else { continue };
            let claim = render.named("PersistentVolumeClaim", scene.namespace(), name);
            let modes = claim.map(|claim| items(below(claim.node(), &["spec", "accessModes"])));
            let is_single =
                |mode: &Node| mode.as_text().is_some_and(|mode| mode.starts_with("ReadWriteOnce"));
            if modes.is_none_or(|modes| modes.is_empty() || !modes.iter().all(is_single)) {
                continue;
            }
            let message = format!(
                "it has {why}, and mounts the claim `{name}`, which one node can mount; assumed: its pods run on several nodes"
            );
            let path = pod.path(&["volumes"]).index(index);
            found.push(Violation::at(path, message));
        }
    }
    found
}
