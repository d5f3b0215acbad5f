//! What a rule can look at beside the thing it judges: the object, and everything that is rendered with it.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Placement};
use super::pod::{Container, Pod};
use super::value::{below, items, present, text};
use super::workload::pods;
use crate::resource::{ResMap, Resource};
use crate::yaml::{Mapping, Node};

/// The object that a thing which is judged belongs to.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// What is known of the cluster and of images, and the values that rules go by.
    pub(super) facts: &'a Facts,
    /// The object at hand.
    pub(super) object: &'a Resource,
    /// The pods that it makes.
    pub(super) pods: &'a [Pod<'a>],
}

impl Scene<'_> {
    /// The minor version of the Pod Security Standards that are asked for.
    pub(super) fn pod_security(self) -> u16 {
        self.facts.profile.version().minor()
    }

    /// The namespace of the object.
    pub(super) fn namespace(&self) -> &str {
        self.facts.namespace(self.object)
    }

    /// Whether the object runs the cluster itself: it is in the namespace `kube-system`, or its pods are of a
    /// `system-…-critical` priority.
    pub(super) fn is_system(&self) -> bool {
        let is_critical = |name: &str| name.starts_with("system-") && name.ends_with("-critical");
        self.namespace() == "kube-system"
            || self.pods.iter().any(|pod| {
                let class = pod.get(&["priorityClassName"]).and_then(Node::as_text);
                class.is_some_and(is_critical)
            })
    }

    /// Whether what the object makes ends by itself.
    pub(super) fn is_job(self) -> bool {
        matches!(self.object.kind(), "Job" | "CronJob" | "BroadcastJob" | "JobSet")
    }

    /// Whether what the object makes is of Knative, which has only a part of what pods have.
    pub(super) fn is_knative(self) -> bool {
        self.object.gvk().group == "serving.knative.dev"
    }

    /// Where fields are written that a pod may have for all of its containers. Knative takes them in containers only.
    pub(super) fn placement(self) -> Placement {
        if self.is_knative() { Placement::Container } else { self.facts.values.placement }
    }
}

/// The objects of a render, with what can be looked up among them. Building it is linear; a look-up goes by one label.
pub(super) struct Render<'a> {
    /// The pods of each object, in the order of the objects.
    pub(super) pods: Vec<Vec<Pod<'a>>>,
    /// Kind, namespace and name of what is there, and of what controllers make of it.
    names: BTreeSet<(&'a str, &'a str, &'a str)>,
    /// The selectors of Services, by their namespace and the first label that each asks for.
    services: BTreeMap<(&'a str, Label<'a>), Vec<Service<'a>>>,
    /// The labels of pods, by namespace and each of their labels.
    labels: BTreeMap<(&'a str, Label<'a>), Vec<&'a Node>>,
}

type Label<'a> = (&'a str, &'a str);

struct Service<'a> {
    selector: &'a Node,
    ports: &'a [Node],
}

impl<'a> Render<'a> {
    /// Looks through the objects.
    pub(super) fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        let mut render = Self {
            pods: Vec::with_capacity(objects.len()),
            names: BTreeSet::new(),
            services: BTreeMap::new(),
            labels: BTreeMap::new(),
        };
        for object in objects {
            render.add(object, facts);
        }
        render
    }

    fn add(&mut self, object: &'a Resource, facts: &'a Facts) {
        let namespace = facts.namespace(object);
        let (kind, name) = (object.kind(), object.name());
        self.names.insert((kind, namespace, name));
        let made = match kind {
            "SealedSecret" => Some(name),
            "ExternalSecret" => below(object.node(), &["spec", "target"])
                .and_then(|target| text(target, "name"))
                .or(Some(name)),
            "Certificate" => {
                present(object.node(), "spec").and_then(|spec| text(spec, "secretName"))
            }
            _ => None,
        };
        self.names.extend(made.map(|name| ("Secret", namespace, name)));
        if let Some(spec) = service(object)
            && let Some(selector) = present(spec, "selector")
            && let Some(first) = labels(Some(selector)).next()
        {
            let service = Service { selector, ports: items(spec.get("ports")) };
            self.services.entry((namespace, first)).or_default().push(service);
        }
        let pods = pods(object, facts);
        for node in pods.iter().filter_map(Pod::labels) {
            for label in labels(Some(node)) {
                self.labels.entry((namespace, label)).or_default().push(node);
            }
        }
        self.pods.push(pods);
    }

    /// Whether an object of this kind and name is there, or is said to be elsewhere.
    pub(super) fn has(&self, kind: &str, namespace: &str, name: &str, facts: &Facts) -> bool {
        self.names.contains(&(kind, namespace, name)) || facts.is_external(kind, namespace, name)
    }

    /// Whether a pod has all labels of a selector.
    pub(super) fn selects_pod(&self, namespace: &str, selector: &Node) -> bool {
        let candidates =
            |label| self.labels.get(&(namespace, label)).map_or(&[][..], Vec::as_slice);
        let fewest = labels(Some(selector)).map(candidates).min_by_key(|found| found.len());
        fewest.unwrap_or_default().iter().any(|labels| selects(selector, labels))
    }

    /// Whether a Service leads to a port of a container.
    pub(super) fn is_served(
        &self,
        namespace: &str,
        pod: &Pod<'_>,
        container: &Container<'_>,
    ) -> bool {
        let Some(node) = pod.labels() else { return false };
        labels(Some(node)).any(|label| {
            let services = self.services.get(&(namespace, label)).into_iter().flatten();
            services
                .into_iter()
                .any(|service| selects(service.selector, node) && service.leads_to(container))
        })
    }
}

impl Service<'_> {
    fn leads_to(&self, container: &Container<'_>) -> bool {
        let ports = items(container.node.get("ports"));
        self.ports.iter().any(|port| {
            let target = text(port, "targetPort").or_else(|| text(port, "port"));
            ports.iter().any(|port| {
                target.is_some()
                    && (text(port, "name") == target || text(port, "containerPort") == target)
            })
        })
    }
}

/// The specification of a Service of the core group.
pub(super) fn service(object: &Resource) -> Option<&Node> {
    let is_service = object.kind() == "Service" && object.gvk().group.is_empty();
    is_service.then(|| present(object.node(), "spec")).flatten()
}

fn labels(node: Option<&Node>) -> impl Iterator<Item = Label<'_>> {
    let entries = node.and_then(Node::as_mapping).map(Mapping::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.text(), value.as_text()?)))
}

fn selects(selector: &Node, labels_of_pod: &Node) -> bool {
    labels(Some(selector)).all(|(key, value)| text(labels_of_pod, key) == Some(value))
}
