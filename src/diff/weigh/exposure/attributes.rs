//! The pods of a workload as the selectors of Cilium, Calico and administrators see them: by their own labels, and by those of
//! their namespace.

use std::collections::BTreeMap;

use crate::diff::weigh::Sides;
use crate::diff::weigh::expressions::satisfies;
use crate::harden::selector::{labels, selects_by};
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The label of a namespace that the API server sets to its name.
const NAME: &str = "kubernetes.io/metadata.name";

/// Pods on a side.
pub(super) struct Attributes<'a> {
    pub(super) namespace: &'a str,
    pub(super) labels: BTreeMap<&'a str, &'a str>,
    /// The labels of the namespace; `None` if the render does not have it.
    of_namespace: Option<BTreeMap<&'a str, &'a str>>,
}

/// The value of a label: `None` if it is not known, and an inner `None` if there is none.
type Value<'a> = Option<Option<&'a str>>;

impl<'a> Attributes<'a> {
    /// The pods of a workload on a side, with these labels.
    pub(super) fn of<'r: 'a>(sides: &Sides<'a, 'r>, side: usize, own: Option<&'a Node>) -> Self {
        let namespace = sides.namespace(side);
        let mut all = sides.whole.all_of_kind(side, "Namespace");
        let object = all.find(|one| one.name() == namespace).map(Resource::node);
        let of_namespace =
            object.map(|object| labels(below(object, &["metadata", "labels"])).collect());
        Self { namespace, labels: labels(own).collect(), of_namespace }
    }

    /// True if a selector of pods selects them.
    pub(super) fn have(&self, selector: &Node) -> bool {
        selects_by(selector, |key| self.labels.get(key).copied())
    }

    /// True if a selector of namespaces selects theirs; `None` if that is not known.
    pub(super) fn are_in(&self, selector: &Node) -> Option<bool> {
        decided(selector, |key| self.of_namespace(key))
    }

    /// True if a selector of endpoints of Cilium selects them; `None` if that is not known.
    pub(super) fn are_endpoints(&self, selector: &Node) -> Option<bool> {
        decided(selector, |key| self.of_cilium(key))
    }

    /// True if they satisfy an expression of Calico; `None` if that is not known.
    pub(super) fn satisfy(&self, expression: &str) -> Option<bool> {
        satisfies(expression, &|key| self.of_calico(key))
    }

    /// True if their namespace satisfies an expression of Calico; `None` if that is not known.
    pub(super) fn are_in_those_of(&self, expression: &str) -> Option<bool> {
        satisfies(expression, &|key| match key {
            "projectcalico.org/name" => Some(Some(self.namespace)),
            _ => self.of_namespace(key),
        })
    }

    fn of_namespace(&self, key: &str) -> Value<'a> {
        match (key, &self.of_namespace) {
            (NAME, _) => Some(Some(self.namespace)),
            (_, Some(all)) => Some(all.get(key).copied()),
            (_, None) => None,
        }
    }

    /// The value of a label of Cilium, of which the key may begin with its source.
    fn of_cilium(&self, key: &str) -> Value<'a> {
        let key = without_source(key);
        match key {
            NAMESPACE => Some(Some(self.namespace)),
            // Hosts and the world have these, and no pods.
            _ if key.starts_with("reserved:") => Some(None),
            _ => match key.strip_prefix(OF_NAMESPACE) {
                Some(key) => self.of_namespace(key),
                None if key.starts_with("io.cilium.") || key.starts_with("io.kubernetes.") => None,
                None => Some(self.labels.get(key).copied()),
            },
        }
    }

    fn of_calico(&self, key: &str) -> Value<'a> {
        match key {
            "projectcalico.org/namespace" => Some(Some(self.namespace)),
            "projectcalico.org/orchestrator" => Some(Some("k8s")),
            _ => match key.strip_prefix("pcns.") {
                Some(key) => self.of_namespace(key),
                None if key.starts_with("projectcalico.org/") || key.starts_with("pcsa.") => None,
                None => Some(self.labels.get(key).copied()),
            },
        }
    }
}

/// The label that Cilium gives to pods for their namespace, and the beginning of those for its labels.
const NAMESPACE: &str = "io.kubernetes.pod.namespace";
const OF_NAMESPACE: &str = "io.cilium.k8s.namespace.labels.";

/// A key of a label of Cilium without its source.
fn without_source(key: &str) -> &str {
    ["k8s:", "k8s.", "any:", "any."]
        .iter()
        .find_map(|source| key.strip_prefix(*source))
        .unwrap_or(key)
}

/// The keys that a label selector asks for.
fn keys(selector: &Node) -> impl Iterator<Item = &str> {
    let of_labels = labels(present(selector, "matchLabels")).map(|(key, _)| key);
    let expressions = items(present(selector, "matchExpressions")).iter();
    of_labels.chain(expressions.filter_map(|one| text(one, "key")))
}

/// True if a selector of endpoints says of which namespaces they are: else it means those of its policy.
pub(super) fn names_namespaces(selector: &Node) -> bool {
    keys(selector).map(without_source).any(|key| key == NAMESPACE || key.starts_with(OF_NAMESPACE))
}

/// True if a label selector is satisfied; `None` if a value is not known.
fn decided<'a>(selector: &Node, value: impl Fn(&str) -> Value<'a>) -> Option<bool> {
    let is_known = keys(selector).all(|key| value(key).is_some());
    is_known.then(|| selects_by(selector, |key| value(key).flatten()))
}
