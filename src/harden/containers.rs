//! The containers of a render, as far as what builds their images is concerned.

use super::facts::Facts;
use super::value::{boolean, integer, items};
use super::workload::pods;
use crate::resource::{ResMap, Resource};

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The object that makes the pod, for people: its kind, and its name in backticks.
    pub object: String,
    /// The name of the container.
    pub name: String,
    /// The image.
    pub image: String,
    /// True if `runAsNonRoot` is true, for the container or its pod.
    pub is_non_root: bool,
    /// The `runAsUser` of the container or its pod.
    pub user: Option<i64>,
    /// The ports that it declares.
    pub ports: Vec<i64>,
}

/// The containers of all pods of a render, in order. Linear.
#[must_use]
pub fn containers(resources: &ResMap, facts: &Facts) -> Vec<Container> {
    resources.iter().flat_map(|object| of_object(object, facts)).collect()
}

fn of_object(object: &Resource, facts: &Facts) -> Vec<Container> {
    let mut found = Vec::new();
    for pod in &pods(object, facts) {
        for one in &pod.containers {
            let ports = items(one.node.get("ports")).iter();
            let ports = ports.filter_map(|port| port.get("containerPort").and_then(integer));
            let non_root = one.effective(pod, "runAsNonRoot").and_then(boolean);
            found.push(Container {
                object: format!("{} `{}`", object.kind(), object.name()),
                name: one.name.to_owned(),
                image: one.image().to_owned(),
                is_non_root: non_root == Some(true),
                user: one.user(pod),
                ports: ports.collect(),
            });
        }
    }
    found
}
