//! The ConfigMaps and Secrets that workloads use.

use std::collections::BTreeSet;

use crate::resource::ResMap;
use crate::yaml::Node;

/// The kinds and names of the ConfigMaps and Secrets that the objects of a render use in pods.
pub(super) fn uses(resources: &ResMap) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    for resource in resources.iter().filter(|one| one.kind() != "CustomResourceDefinition") {
        // Without containers there is no pod.
        let is_pod = |node: &Node| node.get("containers").is_some();
        for pod in resource.node().walk().filter(|node| is_pod(node)) {
            for node in pod.walk() {
                found.extend(node.entries().iter().filter_map(|(key, value)| {
                    let (kind, field) = match key.text() {
                        "configMapRef" | "configMapKeyRef" | "configMap" => ("ConfigMap", "name"),
                        "secretRef" | "secretKeyRef" => ("Secret", "name"),
                        "secret" if value.get("secretName").is_some() => ("Secret", "secretName"),
                        "secret" => ("Secret", "name"),
                        _ => return None,
                    };
                    Some((kind, value.get(field)?.as_text()?.to_owned()))
                }));
            }
        }
    }
    found
}
