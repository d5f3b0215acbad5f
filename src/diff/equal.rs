//! Values that are written in another way and mean the same to a cluster: quantities, and values of Secrets as text or in
//! base64. The API server stores both in one form, so that they are no difference.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::compare::{Change, What};
use super::path::{Path, Step};
use super::weigh::canonical;
use crate::resource::{Quantity, Resource};
use crate::schema::Schema;
use crate::yaml::Node;

/// Removes changes of an object to values that mean the same.
pub(super) fn remove_equal(changes: &mut Vec<Change>, before: &Resource, after: &Resource) {
    let is_secret = |of: &Resource| of.kind() == "Secret" && of.gvk().group.is_empty();
    if is_secret(before) && is_secret(after) {
        let [old, new] = [before, after].map(|of| secret_values(of.node()));
        *changes = changes.drain(..).flat_map(by_value).collect();
        changes.retain(|change| {
            let Some(key) = value_of_secret(&change.path) else { return true };
            old.get(key).is_none_or(|value| new.get(key) != Some(value))
        });
        return;
    }
    let gvk = after.gvk();
    // The server does not convert quantities of custom resources.
    let is_built_in = Schema::newest().of(&gvk.api_version(), &gvk.kind).is_some();
    changes.retain(|change| match &change.what {
        What::Changed(before, after) if is_built_in && is_quantity(&change.path) => {
            let [before, after] = [before, after].map(|node| Quantity::of(Some(node)));
            before.is_none() || before != after
        }
        _ => true,
    });
}

/// An object after the change in which the rules of a role and the subjects of a binding are written as before where they
/// are the same sets: the API server takes them as sets. `None` for other kinds. Linear, except for a sort.
pub(super) fn in_order_of(before: &Node, after: &Node, group: &str, kind: &str) -> Option<Node> {
    let lists: &[&str] = match (group, kind) {
        ("rbac.authorization.k8s.io" | "authorization.openshift.io", "Role" | "ClusterRole") => {
            &["rules"]
        }
        (
            "rbac.authorization.k8s.io" | "authorization.openshift.io",
            "RoleBinding" | "ClusterRoleBinding",
        ) => &["subjects"],
        _ => return None,
    };
    let mut after = after.clone();
    for list in lists {
        let Some(old) = before.get(list).map(Node::items) else { continue };
        let meanings = |items: &[Node]| items.iter().map(canonical).collect::<Vec<_>>();
        let meaning = meanings(old);
        let Some(node) = after.get_mut(list) else { continue };
        let Some(new) = node.as_sequence_mut() else { continue };
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, one) in meaning.iter().enumerate().rev() {
            places.entry(one).or_default().push(place);
        }
        let own = meanings(new.items());
        let mut is_all = own.len() == old.len();
        for (item, one) in new.items_mut().iter_mut().zip(&own) {
            match places.get_mut(&**one).and_then(Vec::pop).and_then(|place| old.get(place)) {
                Some(same) => *item = same.clone(),
                None => is_all = false,
            }
        }
        if is_all {
            new.items_mut().clone_from_slice(old);
        }
    }
    Some(after)
}

/// Fields of quantities: the keys before the last step, such as the name of a resource; `*` is any step.
const QUANTITIES: &[&[&str]] = &[
    &["resources", "limits"],
    &["resources", "requests"],
    &["overhead", "podFixed"],
    &["spec", "capacity"],
    &["spec", "hard"],
    &["scopeSelector", "hard"],
    &["spec", "limits", "*", "max"],
    &["spec", "limits", "*", "min"],
    &["spec", "limits", "*", "default"],
    &["spec", "limits", "*", "defaultRequest"],
    &["spec", "limits", "*", "maxLimitRequestRatio"],
];

/// True for a field whose values are quantities in the kinds of Kubernetes.
fn is_quantity(path: &Path) -> bool {
    let Some((last, above)) = path.steps().split_last() else { return false };
    let key = |step: &Step, key: &str| matches!(step, Step::Key(own) if own == key);
    if ["sizeLimit", "divisor", "averageValue"].iter().any(|name| key(last, name)) {
        return true;
    }
    QUANTITIES.iter().any(|keys| {
        above.len() >= keys.len()
            && keys
                .iter()
                .zip(&above[above.len() - keys.len()..])
                .all(|(name, step)| *name == "*" || key(step, name))
    })
}

/// The values of a Secret by key: `stringData` replaces `data`. Values that are no base64 are left out.
fn secret_values(node: &Node) -> BTreeMap<String, Vec<u8>> {
    let mut values = BTreeMap::new();
    for field in ["data", "stringData"] {
        let entries = node.get(field).and_then(Node::as_mapping);
        for (key, value) in entries.into_iter().flat_map(|entries| entries.iter()) {
            let Some(text) = value.as_text() else { continue };
            let bytes = match field {
                "data" => {
                    let packed: String = text.split_whitespace().collect();
                    BASE64_STANDARD.decode(packed).ok()
                }
                _ => Some(text.as_bytes().to_vec()),
            };
            match bytes {
                Some(bytes) => values.insert(key.text().to_owned(), bytes),
                None => values.remove(key.text()),
            };
        }
    }
    values
}

/// The key of the value of a Secret that a path leads to.
fn value_of_secret(path: &Path) -> Option<&str> {
    match path.steps() {
        [Step::Key(field), Step::Key(key)] if field == "data" || field == "stringData" => Some(key),
        _ => None,
    }
}

/// A change of `data` or `stringData` as changes of its values.
fn by_value(change: Change) -> Vec<Change> {
    let is_data = matches!(change.path.steps(), [Step::Key(field)] if field == "data" || field == "stringData");
    let (what, node): (fn(Node) -> What, &Node) = match &change.what {
        What::Added(node) if is_data => (What::Added, node),
        What::Removed(node) if is_data => (What::Removed, node),
        _ => return vec![change],
    };
    let Some(values) = node.as_mapping().filter(|values| !values.is_empty()) else {
        return vec![change];
    };
    let value = |key: &str, value: &Node| {
        let mut path = change.path.clone();
        path.0.push(Step::Key(key.into()));
        Change { path, what: what(value.clone()), follows: None, then: None }
    };
    values.iter().map(|(key, node)| value(key.text(), node)).collect()
}

#[cfg(test)]
mod tests {
    use crate::diff::Status;
    use crate::diff::tests::review;

    #[test]
    fn rules_and_subjects_are_sets() {
        let role = |rules: &str| {
            format!(
                "{{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {{name: r}}, rules: [{rules}]}}"
            )
        };
        let (one, two) = (
            "{apiGroups: [''], resources: [pods, services], verbs: [get, list]}",
            "{apiGroups: [apps], resources: [deployments], verbs: [get]}",
        );
        let turned = "{verbs: [list, get], resources: [services, pods], apiGroups: ['']}";
        let all = role(&format!("{one}, {two}"));
        assert_eq!(changed(&all, &role(&format!("{two}, {turned}"))), [""; 0]);
        assert_eq!(changed(&all, &role(turned)), ["rules[1]"]);
        assert_eq!(changed(&role(one), &all), ["rules[1]"]);
        let binding = |subjects: &str| {
            format!(
                "{{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: b}}, subjects: [{subjects}]}}"
            )
        };
        let [a, b] = ["{kind: User, name: a}", "{kind: User, name: b}"];
        let [first, second] = [format!("{a}, {b}"), format!("{b}, {a}")];
        assert_eq!(changed(&binding(&first), &binding(&second)), [""; 0]);
        assert_ne!(changed(&binding(&first), &binding(b)), [""; 0]);
        // Elsewhere the order counts.
        let other = role(one).replace("rbac.authorization.k8s.io", "example.org");
        assert_ne!(changed(&other, &other.replace("get, list", "list, get")), [""; 0]);
    }

    /// The paths that differ.
    fn changed(before: &str, after: &str) -> Vec<String> {
        let review = review(before, after);
        let paths: Vec<String> = review
            .objects
            .iter()
            .flat_map(|object| object.changes.iter().map(|change| change.path.to_string()))
            .collect();
        assert_eq!(review.status == Status::Same, paths.is_empty());
        paths
    }

    #[test]
    fn quantities_are_numbers() {
        let pod = |kind: &str, limits: &str| {
            format!(
                "{{apiVersion: v1, kind: {kind}, metadata: {{name: a}}, spec: {{containers: [{{name: c, resources: {{limits: {limits}}}}}], volumes: [{{name: v, emptyDir: {{sizeLimit: 1Gi}}}}]}}}}"
            )
        };
        let (one, other) = ("{cpu: 500m, memory: 1024Mi}", "{cpu: 0.5, memory: 1Gi}");
        assert_eq!(changed(&pod("Pod", one), &pod("Pod", other)), [""; 0]);
        assert_eq!(
            changed(&pod("Pod", one), &pod("Pod", "{cpu: 500m, memory: 1G}")),
            ["spec.containers[c].resources.limits.memory"]
        );
        assert_eq!(changed(&pod("Pod", "{cpu: x}"), &pod("Pod", "{cpu: y}")).len(), 1);
        // Objects of other kinds are stored as they are written.
        assert_eq!(changed(&pod("Other", one), &pod("Other", other)).len(), 2);
        let config = |value: &str| {
            format!(
                "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a}}, data: {{a: {value}}}}}"
            )
        };
        assert_eq!(changed(&config("1Gi"), &config("1024Mi")), ["data.a"]);
        let sized = pod("Pod", one).replace("1Gi", "1024Mi");
        assert_eq!(changed(&pod("Pod", one), &sized), [""; 0]);
        let quota = |hard: &str| {
            format!(
                "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: a}}, spec: {{hard: {{pods: '{hard}'}}}}}}"
            )
        };
        assert_eq!(changed(&quota("1k"), &quota("1000")), [""; 0]);
    }

    #[test]
    fn values_of_secrets_are_bytes() {
        let secret =
            |rest: &str| format!("{{apiVersion: v1, kind: Secret, metadata: {{name: a}}, {rest}}}");
        let text = secret("stringData: {a: x, b: 'y z'}");
        assert_eq!(changed(&text, &secret("data: {a: eA==, b: eSB6}")), [""; 0]);
        assert_eq!(changed(&text, &secret("data: {a: eA==}, stringData: {b: y z}")), [""; 0]);
        assert_eq!(
            changed(&text, &secret("data: {a: bm8=, b: eSB6}, stringData: {a: x}")),
            [""; 0]
        );
        assert_eq!(
            changed(&text, &secret("data: {a: eA==, b: eSB7}")),
            ["data.b", "stringData.b"],
            "another value"
        );
        assert_eq!(changed(&text, &secret("data: {a: eA==}")), ["stringData.b"], "gone");
        let other = text.replace("v1", "g/v1");
        assert_eq!(changed(&other, &other.replace("stringData", "data")).len(), 2);
    }
}
