//! The objects that act on workloads: Services that send requests, autoscalers, disruption budgets, quotas and ranges.
//!
//! Each index is built when it is first asked for, in one pass over the objects.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::images::PublicImage;
use super::pod::{Container, Pod};
use super::selector::{has_all, labels, selects, selects_all};
use super::value::{below, integer, is_true, items, present, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// The objects of a render that act on workloads.
pub(super) struct Acting<'a> {
    objects: &'a ResMap,
    facts: &'a Facts,
    services: OnceCell<BTreeMap<Key<'a>, Vec<Service<'a>>>>,
    names: OnceCell<BTreeMap<Name<'a>, usize>>,
    custom: OnceCell<BTreeSet<&'a str>>,
    scalers: OnceCell<Scalers<'a>>,
    budgets: OnceCell<Budgets<'a>>,
    bounds: OnceCell<BTreeMap<&'a str, Bounds<'a>>>,
    pods: OnceCell<PodIndex<'a>>,
}

type Label<'a> = (&'a str, &'a str);

/// A namespace, and a label of a pod or of a selector in it.
type Key<'a> = (&'a str, Label<'a>);

/// The budgets of disruptions in a namespace, by the first label that they select.
type Budgets<'a> = BTreeMap<(&'a str, Option<Label<'a>>), Vec<Budget<'a>>>;

/// The kind, the namespace and the name of an object.
type Name<'a> = (&'a str, &'a str, &'a str);

/// A Service with a selector.
pub(super) struct Service<'a> {
    /// Its name.
    name: &'a str,
    /// Its specification.
    pub(super) spec: &'a Node,
    selector: &'a Node,
}

/// The autoscalers, by their target.
#[derive(Default)]
struct Scalers<'a> {
    horizontal: BTreeMap<Name<'a>, Vec<Scaler<'a>>>,
    vertical: BTreeMap<Name<'a>, Vec<&'a Resource>>,
}

/// An autoscaler that sets the number of pods: a `HorizontalPodAutoscaler`, or a `ScaledObject` of KEDA.
#[derive(Clone, Copy)]
pub(super) struct Scaler<'a> {
    pub(super) object: &'a Resource,
    /// The lowest number of pods; `None` if it is not a number.
    pub(super) min: Option<i64>,
    /// The highest number of pods; `None` if it is not a number.
    pub(super) max: Option<i64>,
}

/// A `PodDisruptionBudget`, with the index of its object.
#[derive(Clone, Copy)]
pub(super) struct Budget<'a> {
    pub(super) place: usize,
    pub(super) object: &'a Resource,
}

/// The quotas and ranges of a namespace.
#[derive(Default)]
pub(super) struct Bounds<'a> {
    pub(super) quotas: Vec<&'a Resource>,
    pub(super) ranges: Vec<&'a Resource>,
}

/// The pods of a namespace by each label, as the index of their object and their own in it.
#[derive(Default)]
struct PodIndex<'a> {
    by_label: BTreeMap<Key<'a>, Vec<(usize, usize)>>,
    by_namespace: BTreeMap<&'a str, Vec<(usize, usize)>>,
}

impl<'a> Acting<'a> {
    /// The objects of a render, without an index.
    pub(super) const fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        Self {
            objects,
            facts,
            services: OnceCell::new(),
            names: OnceCell::new(),
            custom: OnceCell::new(),
            scalers: OnceCell::new(),
            budgets: OnceCell::new(),
            bounds: OnceCell::new(),
            pods: OnceCell::new(),
        }
    }

    /// True if a Service of the render sends requests of programs to a container. Ports that only monitoring reads do not
    /// count.
    pub(super) fn has_traffic(
        &self,
        namespace: &str,
        pod: &Pod<'_>,
        container: &Container<'_>,
    ) -> bool {
        !is_exporter(container)
            && self.any_service(namespace, pod, |service| {
                let mut ports = service.ports();
                ports.any(|port| leads_to(port, container, pod))
            })
    }

    /// True if a Service of the render sends requests of programs to a pod.
    pub(super) fn serves(&self, namespace: &str, pod: &Pod<'_>) -> bool {
        !pod.containers.iter().all(is_exporter)
            && self.any_service(namespace, pod, |service| {
                let is_for_exporter = |port: &Node| {
                    let mut exporters = pod.containers.iter().filter(|one| is_exporter(one));
                    exporters.any(|one| declares(one, target_of(port)))
                };
                service.ports().any(|port| !is_for_exporter(port))
            })
    }

    /// True if one of the Services that select a pod satisfies a condition.
    pub(super) fn any_service(
        &self,
        namespace: &str,
        pod: &Pod<'_>,
        holds: impl Fn(&Service<'a>) -> bool,
    ) -> bool {
        let found = pod.labels();
        let services = self.services.get_or_init(|| self.find_services());
        labels(found).any(|label| {
            let candidates = services.get(&(namespace, label)).into_iter().flatten();
            candidates.into_iter().any(|service| has_all(service.selector, found) && holds(service))
        })
    }

    fn find_services(&self) -> BTreeMap<Key<'a>, Vec<Service<'a>>> {
        let mut services = BTreeMap::<_, Vec<_>>::new();
        for object in self.objects {
            if object.kind() == "Service"
                && object.gvk().group.is_empty()
                && let Some(spec) = present(object.node(), "spec")
                && let Some(selector) = present(spec, "selector")
                && let Some(first) = labels(Some(selector)).next()
            {
                let key = (self.facts.namespace(object), first);
                services.entry(key).or_default().push(Service {
                    name: object.name(),
                    spec,
                    selector,
                });
            }
        }
        services
    }

    /// The index of an object of a kind with a name.
    pub(super) fn place(&self, kind: &str, namespace: &str, name: &str) -> Option<usize> {
        let names = self.names.get_or_init(|| {
            let named = self.objects.iter().enumerate();
            let name = |(place, object): (usize, &'a Resource)| {
                ((object.kind(), self.facts.namespace(object), object.name()), place)
            };
            named.map(name).collect()
        });
        names.get(&(kind, namespace, name)).copied()
    }

    /// The object with an index.
    pub(super) fn object(&self, place: usize) -> Option<&'a Resource> {
        self.objects.get(place)
    }

    /// True if a custom resource, other than an autoscaler, has this name.
    pub(super) fn is_custom(&self, name: &str) -> bool {
        let names = self.custom.get_or_init(|| {
            let is_custom = |one: &&Resource| {
                one.gvk().group.contains('.') && target(one).is_none() && !is_of_kubernetes(one)
            };
            self.objects.iter().filter(is_custom).map(Resource::name).collect()
        });
        names.contains(name)
    }

    /// The autoscalers that set the number of pods of an object.
    pub(super) fn scalers<'s>(&'s self, object: &'s Resource) -> &'s [Scaler<'s>] {
        let name = (object.kind(), self.facts.namespace(object), object.name());
        self.all_scalers().horizontal.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The autoscalers that set the number of pods of the same target as this one.
    pub(super) fn scalers_beside<'s>(&'s self, scaler: &'s Resource) -> &'s [Scaler<'s>] {
        let target = target(scaler).map(|(kind, name)| (kind, self.facts.namespace(scaler), name));
        let found = target.and_then(|target| self.all_scalers().horizontal.get(&target));
        found.map_or(&[], Vec::as_slice)
    }

    /// The `VerticalPodAutoscalers` of the target of an autoscaler.
    pub(super) fn vertical_beside<'s>(&'s self, scaler: &'s Resource) -> &'s [&'s Resource] {
        let target = target(scaler).map(|(kind, name)| (kind, self.facts.namespace(scaler), name));
        let found = target.and_then(|target| self.all_scalers().vertical.get(&target));
        found.map_or(&[], Vec::as_slice)
    }

    fn all_scalers(&self) -> &Scalers<'a> {
        self.scalers.get_or_init(|| {
            let mut scalers = Scalers::default();
            for object in self.objects {
                let Some((kind, name)) = target(object) else { continue };
                let target = (kind, self.facts.namespace(object), name);
                if object.kind() == "VerticalPodAutoscaler" {
                    scalers.vertical.entry(target).or_default().push(object);
                } else {
                    let scaler = Scaler::of(object);
                    scalers.horizontal.entry(target).or_default().push(scaler);
                }
            }
            scalers
        })
    }

    /// The lowest and the highest number of pods of an object; `None` if they are not known.
    pub(super) fn copies(&self, object: &Resource) -> Option<(i64, i64)> {
        if let [scaler, ..] = self.scalers(object) {
            let (min, max) = (scaler.min?, scaler.max?);
            return Some((min, max.max(min)));
        }
        let spec = object.node().get("spec");
        let said = |key: &str| match spec.and_then(|spec| present(spec, key)) {
            None => Some(1),
            Some(node) => integer(node),
        };
        let number = match object.kind() {
            "Deployment"
            | "StatefulSet"
            | "ReplicaSet"
            | "ReplicationController"
            | "Rollout"
            | "CloneSet" => said("replicas")?,
            "Pod" => 1,
            // Jobs end: none of their pods may run.
            "Job" => return Some((0, said("parallelism")?)),
            _ => return None,
        };
        Some((number, number))
    }

    /// The `PodDisruptionBudgets` that select a pod.
    pub(super) fn budgets(&self, namespace: &str, pod: &Pod<'_>) -> Vec<Budget<'a>> {
        let budgets = self.budgets.get_or_init(|| self.find_budgets());
        if budgets.is_empty() {
            return Vec::new();
        }
        let found = pod.labels();
        let keys = labels(found).map(Some).chain([None]);
        let candidates = keys.filter_map(|key| budgets.get(&(namespace, key))).flatten();
        let mut of_pod: Vec<Budget<'a>> = candidates
            .filter(|budget| {
                selector(budget.object).is_some_and(|one| selects_all(one) || selects(one, found))
            })
            .copied()
            .collect();
        of_pod.sort_by_key(|budget| budget.place);
        of_pod
    }

    fn find_budgets(&self) -> BTreeMap<(&'a str, Option<Label<'a>>), Vec<Budget<'a>>> {
        let mut budgets = BTreeMap::<_, Vec<_>>::new();
        for (place, object) in self.objects.iter().enumerate() {
            if is_budget(object) {
                let wanted = selector(object).and_then(|one| one.get("matchLabels"));
                let key = (self.facts.namespace(object), labels(wanted).next());
                budgets.entry(key).or_default().push(Budget { place, object });
            }
        }
        budgets
    }

    /// The quotas and ranges of a namespace.
    pub(super) fn bounds(&self, namespace: &str) -> Option<&Bounds<'a>> {
        let bounds = self.bounds.get_or_init(|| {
            let mut bounds = BTreeMap::<&str, Bounds<'_>>::new();
            for object in self.objects {
                if !object.gvk().group.is_empty() {
                    continue;
                }
                let namespace = self.facts.namespace(object);
                match object.kind() {
                    "ResourceQuota" => bounds.entry(namespace).or_default().quotas.push(object),
                    "LimitRange" => bounds.entry(namespace).or_default().ranges.push(object),
                    _ => {}
                }
            }
            bounds
        });
        bounds.get(namespace)
    }

    /// The places of the pods that a label selector selects. Its cost is that of the pods with the rarest label.
    pub(super) fn selected(
        &self,
        pods: &[Vec<Pod<'a>>],
        namespace: &str,
        selector: &Node,
    ) -> Vec<(usize, usize)> {
        let index = self.pods.get_or_init(|| self.index_pods(pods));
        let wanted = labels(selector.get("matchLabels"));
        let of_label =
            |label| index.by_label.get(&(namespace, label)).map_or(&[][..], Vec::as_slice);
        let rarest = wanted.map(of_label).min_by_key(|found| found.len());
        let all = || index.by_namespace.get(namespace).map_or(&[][..], Vec::as_slice);
        let candidates = rarest.unwrap_or_else(all).iter().copied();
        let is_selected = |&(place, number): &(usize, usize)| {
            let pod = pods.get(place).and_then(|pods| pods.get(number));
            pod.is_some_and(|pod| selects(selector, pod.labels()))
        };
        candidates.filter(is_selected).collect()
    }

    /// The places of the pods of a namespace.
    pub(super) fn pods_in(&self, pods: &[Vec<Pod<'a>>], namespace: &str) -> &[(usize, usize)] {
        let index = self.pods.get_or_init(|| self.index_pods(pods));
        index.by_namespace.get(namespace).map_or(&[], Vec::as_slice)
    }

    fn index_pods(&self, pods: &[Vec<Pod<'a>>]) -> PodIndex<'a> {
        let mut index = PodIndex::default();
        for (place, (object, pods)) in self.objects.iter().zip(pods).enumerate() {
            let namespace = self.facts.namespace(object);
            for (number, pod) in pods.iter().enumerate() {
                index.by_namespace.entry(namespace).or_default().push((place, number));
                for label in labels(pod.labels()) {
                    index.by_label.entry((namespace, label)).or_default().push((place, number));
                }
            }
        }
        index
    }
}

impl<'a> Service<'a> {
    /// Its ports, without those that only monitoring reads.
    fn ports(&self) -> impl Iterator<Item = &'a Node> + use<'a> {
        // Not `metrics-server`, whose metrics programs read.
        let ends = ["exporter", "metrics", "metrics-service"];
        let is_of_metrics = ends.iter().any(|end| self.name.ends_with(end));
        let ports = items(self.spec.get("ports").filter(|_| !is_of_metrics)).iter();
        ports.filter(|port| !is_of_monitoring(port))
    }
}

impl<'a> Scaler<'a> {
    /// The numbers of an autoscaler, with the defaults of its kind.
    pub(super) fn of(object: &'a Resource) -> Self {
        let spec = object.node().get("spec");
        let number = |key: &str, usual| match spec.and_then(|spec| present(spec, key)) {
            None => usual,
            Some(node) => integer(node),
        };
        let (min, max) = match object.kind() {
            "ScaledObject" => {
                (number("minReplicaCount", Some(0)), number("maxReplicaCount", Some(100)))
            }
            _ => (number("minReplicas", Some(1)), number("maxReplicas", None)),
        };
        Self { object, min, max }
    }
}

/// The kind and the name of the target of an autoscaler.
pub(super) fn target(object: &Resource) -> Option<(&str, &str)> {
    let (field, usual) = match (&*object.gvk().group, object.kind()) {
        ("autoscaling", "HorizontalPodAutoscaler") => ("scaleTargetRef", None),
        ("keda.sh", "ScaledObject") => ("scaleTargetRef", Some("Deployment")),
        ("autoscaling.k8s.io", "VerticalPodAutoscaler") => ("targetRef", None),
        _ => return None,
    };
    let target = below(object.node(), &["spec", field])?;
    Some((text(target, "kind").or(usual)?, text(target, "name")?))
}

/// True for an object of a group of Kubernetes itself.
fn is_of_kubernetes(object: &Resource) -> bool {
    let group = &*object.gvk().group;
    group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io")
}

/// True for a `PodDisruptionBudget`.
pub(super) fn is_budget(object: &Resource) -> bool {
    object.kind() == "PodDisruptionBudget" && object.gvk().group == "policy"
}

/// The label selector of an object.
pub(super) fn selector(object: &Resource) -> Option<&Node> {
    below(object.node(), &["spec", "selector"])
}

/// True if a port of a Service is read by monitoring only, by its name.
fn is_of_monitoring(port: &Node) -> bool {
    let is_named = |key| {
        let name = text(port, key).unwrap_or_default();
        ["exporter", "metric", "prom", "monitoring", "telemetry"]
            .iter()
            .any(|word| name.contains(word))
    };
    is_named("name") || is_named("targetPort")
}

/// True for a container that exports metrics of another program, by its name, or that guards them.
fn is_exporter(container: &Container<'_>) -> bool {
    container.name.contains("exporter") || container.name == "kube-rbac-proxy"
}

/// The number or the name of the port of containers that a port of a Service leads to.
fn target_of(port: &Node) -> Option<&str> {
    text(port, "targetPort").or_else(|| text(port, "port"))
}

/// True if a container declares a port by this number or name.
fn declares(container: &Container<'_>, target: Option<&str>) -> bool {
    items(container.node.get("ports")).iter().any(|one| {
        target.is_some() && (text(one, "name") == target || text(one, "containerPort") == target)
    })
}

/// True if a port of a Service leads to a container: to a port that it declares, to one that its image is known to listen
/// on, or to the only running container of a pod.
pub(super) fn leads_to(port: &Node, container: &Container<'_>, pod: &Pod<'_>) -> bool {
    let target = target_of(port);
    let declared = items(container.node.get("ports"));
    let is_number =
        || target.is_some_and(|target| target.bytes().all(|byte| byte.is_ascii_digit()));
    let listens = || {
        let number = target.and_then(|target| target.parse().ok());
        let image = number.and_then(|number| Some((PublicImage::of(container.image())?, number)));
        image.is_some_and(|(image, number)| image.listens_on(number))
    };
    declares(container, target)
        || container.is_running()
            && is_number()
            && (pod.containers.iter().filter(|one| one.is_running()).count() == 1
                || declared.is_empty() && listens())
}

/// True if a Service sends requests to pods that are not ready, too.
pub(super) fn takes_all(service: &Service<'_>) -> bool {
    is_true(service.spec.get("publishNotReadyAddresses"))
}
