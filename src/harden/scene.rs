//! The context of a rule: the object, and the whole render.

use std::collections::{BTreeMap, BTreeSet};

use super::acting::Acting;
use super::facts::{Facts, Placement};
use super::images::PublicImage;
use super::pod::{Container, Pod};
use super::selector::{has_all, labels};
use super::value::{below, items, present, text};
use super::views::Views;
use super::workload::pods;
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// The context of a check: facts, object and pods.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// Facts about the cluster and about images, and values for conditions and fixes.
    pub(super) facts: &'a Facts,
    /// The object.
    pub(super) object: &'a Resource,
    /// The pods that it creates.
    pub(super) pods: &'a [Pod<'a>],
}

impl Scene<'_> {
    /// The minor version of the Pod Security Standards in use.
    pub(super) fn pod_security(self) -> u16 {
        self.facts.profile.version().minor()
    }

    /// The namespace of the object.
    pub(super) fn namespace(&self) -> &str {
        self.facts.namespace(self.object)
    }

    /// True for a system object: it is in the namespace `kube-system`, or its pods have a `system-…-critical` priority.
    pub(super) fn is_system(&self) -> bool {
        let is_critical = |name: &str| name.starts_with("system-") && name.ends_with("-critical");
        self.namespace() == "kube-system"
            || self.pods.iter().any(|pod| {
                let class = pod.get(&["priorityClassName"]).and_then(Node::as_text);
                class.is_some_and(is_critical)
            })
    }

    /// True if the pods of the object end by themselves.
    pub(super) fn is_job(self) -> bool {
        matches!(self.object.kind(), "Job" | "CronJob" | "BroadcastJob" | "JobSet")
    }

    /// True for an object of Knative, which supports only some fields of pods.
    pub(super) fn is_knative(self) -> bool {
        self.object.gvk().group == "serving.knative.dev"
    }

    /// The place of fields that a pod can set for all of its containers. Knative accepts them only in containers.
    pub(super) fn placement(self) -> Placement {
        if self.is_knative() { Placement::Container } else { self.facts.values.placement }
    }
}

/// The objects of a render with indices. Building them is linear; a lookup starts from one label.
pub(super) struct Render<'a> {
    /// The pods of each object, in the order of the objects.
    pub(super) pods: Vec<Vec<Pod<'a>>>,
    /// The kinds, namespaces and names of objects, including those that controllers create from them.
    names: BTreeSet<(&'a str, &'a str, &'a str)>,
    /// The selectors of Services, by namespace and the first label of the selector.
    services: BTreeMap<(&'a str, Label<'a>), Vec<Service<'a>>>,
    /// The labels of pods, by namespace and by each label.
    labels: BTreeMap<(&'a str, Label<'a>), Vec<&'a Node>>,
    /// The objects that act on workloads.
    pub(super) acting: Acting<'a>,
    /// Indices that only some rules use.
    pub(super) views: Views<'a>,
}

type Label<'a> = (&'a str, &'a str);

struct Service<'a> {
    selector: &'a Node,
    ports: &'a [Node],
}

impl<'a> Render<'a> {
    /// Builds the indices.
    pub(super) fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        let mut render = Self {
            pods: Vec::with_capacity(objects.len()),
            names: BTreeSet::new(),
            services: BTreeMap::new(),
            labels: BTreeMap::new(),
            acting: Acting::new(objects, facts),
            views: Views::new(objects, facts),
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

    /// True if an object exists in the render, or is configured as existing elsewhere.
    pub(super) fn has(&self, kind: &str, namespace: &str, name: &str, facts: &Facts) -> bool {
        self.names.contains(&(kind, namespace, name)) || facts.is_external(kind, namespace, name)
    }

    /// True if a pod has all labels of a selector.
    pub(super) fn selects_pod(&self, namespace: &str, selector: &Node) -> bool {
        let candidates =
            |label| self.labels.get(&(namespace, label)).map_or(&[][..], Vec::as_slice);
        let fewest = labels(Some(selector)).map(candidates).min_by_key(|found| found.len());
        fewest.unwrap_or_default().iter().any(|labels| has_all(selector, Some(*labels)))
    }

    /// True if a Service forwards to a port of a container.
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
                .any(|service| has_all(service.selector, Some(node)) && service.leads_to(container))
        })
    }
}

impl Service<'_> {
    fn leads_to(&self, container: &Container<'_>) -> bool {
        let ports = items(container.node.get("ports"));
        self.ports.iter().any(|port| {
            let target = text(port, "targetPort").or_else(|| text(port, "port"));
            let is_declared = ports.iter().any(|port| {
                target.is_some()
                    && (text(port, "name") == target || text(port, "containerPort") == target)
            });
            // A container need not declare its ports.
            is_declared || ports.is_empty() && target.is_some_and(|one| listens(container, one))
        })
    }
}

/// True if the image of a container is known to listen on a port.
fn listens(container: &Container<'_>, port: &str) -> bool {
    let Ok(number) = port.parse() else { return false };
    PublicImage::of(container.image()).is_some_and(|image| image.listens_on(number))
}

/// The specification of a Service of the core group.
pub(super) fn service(object: &Resource) -> Option<&Node> {
    let is_service = object.kind() == "Service" && object.gvk().group.is_empty();
    is_service.then(|| present(object.node(), "spec")).flatten()
}
