//! Workloads that other objects scale, or run: a reference names them.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::value::{items, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::{Mapping, Node};

/// The fields of such references, in any kind of object: of autoscalers, of a `Canary` of Flagger, and of a `Rollout` of Argo or
/// `OpenKruise`.
const FIELDS: [&str; 3] = ["scaleTargetRef", "targetRef", "workloadRef"];

/// The depth of specifications in which references are looked for.
const DEPTH: usize = 8;

/// The workloads that other objects of a render name: by namespace and name, the kinds; `None` for any kind.
pub(super) struct Scaled<'a>(BTreeMap<(&'a str, &'a str), Vec<Option<&'a str>>>);

impl<'a> Scaled<'a> {
    /// Those of a render.
    pub(super) fn of(objects: &'a ResMap, facts: &'a Facts) -> Self {
        let mut found = Self(BTreeMap::new());
        // A `VerticalPodAutoscaler` sets no number of pods.
        for object in objects.iter().filter(|one| one.kind() != "VerticalPodAutoscaler") {
            if let Some(spec) = object.node().get("spec") {
                found.add(spec, facts.namespace(object), DEPTH);
            }
        }
        found
    }

    fn add(&mut self, node: &'a Node, namespace: &'a str, depth: usize) {
        if depth == 0 {
            return;
        }
        for one in items(Some(node)) {
            self.add(one, namespace, depth - 1);
        }
        for (key, value) in node.as_mapping().map(Mapping::entries).unwrap_or_default() {
            if !FIELDS.contains(&key.text()) {
                self.add(value, namespace, depth - 1);
            } else if let Some(name) = text(value, "name") {
                let namespace = text(value, "namespace").unwrap_or(namespace);
                let kinds = self.0.entry((namespace, name)).or_default();
                let kind = text(value, "kind");
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
    }

    /// True if an object names a workload.
    pub(super) fn has(&self, object: &Resource, facts: &Facts) -> bool {
        let kinds = self.0.get(&(facts.namespace(object), object.name()));
        kinds.is_some_and(|kinds| {
            kinds.iter().any(|kind| kind.is_none_or(|kind| kind == object.kind()))
        })
    }
}
