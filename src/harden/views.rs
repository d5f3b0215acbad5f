//! Indices of a render that only some rules use, each built when it is first asked for.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::pod::Pod;
use super::rights::Rights;
use super::selector::{has_all, labels, selects};
use super::value::{below, items, present, text};
use crate::resource::{ImageReference, ResMap, Resource};
use crate::yaml::Node;

/// Indices of a render that only some rules use.
pub(super) struct Views<'a> {
    objects: &'a ResMap,
    facts: &'a Facts,
    rights: OnceCell<Rights<'a>>,
    policies: OnceCell<Policies<'a>>,
    pods: OnceCell<PodIndex<'a>>,
    services: OnceCell<Services<'a>>,
    versions: OnceCell<BTreeMap<&'a str, Version<'a>>>,
    routes: OnceCell<Routes<'a>>,
}

/// A namespace, and a label of an object or of a selector in it.
type Key<'a> = (&'a str, (&'a str, &'a str));

/// A namespace, and the first label that a selector asks for, if it does.
type PolicyKey<'a> = (&'a str, Option<(&'a str, &'a str)>);

/// The first version of an image in a render.
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    pub(super) image: ImageReference<'a>,
    pub(super) object: &'a Resource,
}

/// The Services with selectors, by the first label of the selector.
type Services<'a> = BTreeMap<Key<'a>, Vec<&'a Node>>;

/// The places of the Ingresses with a route: class, host, path and type of the path.
type Routes<'a> = BTreeMap<Route<'a>, &'a Resource>;

/// The class, the host, the path and the type of the path of a route.
pub(super) type Route<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The pods of a render, as the places of their objects and their numbers in them.
#[derive(Default)]
struct PodIndex<'a> {
    by_label: BTreeMap<Key<'a>, Vec<(usize, usize)>>,
    by_namespace: BTreeMap<&'a str, Vec<(usize, usize)>>,
}

/// The `NetworkPolicies` of a render.
#[derive(Default)]
struct Policies<'a> {
    /// By the first label that their pods must have, if it has one.
    by_label: BTreeMap<PolicyKey<'a>, Vec<&'a Resource>>,
    /// Namespaces with policies of network plugins; empty for the whole cluster.
    others: BTreeSet<&'a str>,
    /// Namespaces with custom resources.
    custom: BTreeSet<&'a str>,
}

/// True for an object of a kind that Kubernetes does not have: its group is a domain outside of `k8s.io`.
fn is_custom(object: &Resource) -> bool {
    let group = &*object.gvk().group;
    group.contains('.') && !group.ends_with("k8s.io")
}

impl<'a> Views<'a> {
    /// Views without an index.
    pub(super) const fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        Self {
            objects,
            facts,
            rights: OnceCell::new(),
            policies: OnceCell::new(),
            pods: OnceCell::new(),
            services: OnceCell::new(),
            versions: OnceCell::new(),
            routes: OnceCell::new(),
        }
    }

    /// The bindings.
    pub(super) fn rights(&self) -> &Rights<'a> {
        self.rights.get_or_init(|| Rights::new(self.objects, self.facts))
    }

    /// The `NetworkPolicies` that select a pod of a namespace.
    pub(super) fn policies_of(&self, namespace: &str, pod: &Pod<'_>) -> Vec<&'a Resource> {
        let policies = self.policies();
        let found = pod.labels();
        let keys = labels(found).map(Some).chain([None]);
        let candidates = keys.filter_map(|key| policies.by_label.get(&(namespace, key))).flatten();
        let is_of_pod =
            |policy: &&&Resource| pod_selector(policy).is_none_or(|one| selects(one, found));
        candidates.filter(is_of_pod).copied().collect()
    }

    /// True if a network plugin's own policies may select pods of a namespace.
    pub(super) fn has_other_policies(&self, namespace: &str) -> bool {
        let others = &self.policies().others;
        others.contains("") || others.contains(namespace)
    }

    fn policies(&self) -> &Policies<'a> {
        self.policies.get_or_init(|| {
            let mut policies = Policies::default();
            for object in self.objects {
                let namespace = self.facts.namespace(object);
                if is_policy(object) {
                    let wanted = pod_selector(object).and_then(|one| one.get("matchLabels"));
                    let key = (namespace, labels(wanted).next());
                    policies.by_label.entry(key).or_default().push(object);
                } else if object.kind().ends_with("NetworkPolicy") {
                    let is_of_cluster = object.id().cluster_scoped
                        || object.kind().starts_with("Clusterwide")
                        || object.kind().starts_with("Global");
                    policies.others.insert(if is_of_cluster { "" } else { namespace });
                } else if is_custom(object) {
                    policies.custom.insert(namespace);
                }
            }
            policies
        })
    }

    /// True if a custom resource of a namespace may make pods that are not rendered.
    pub(super) fn may_make_pods(&self, namespace: &str) -> bool {
        self.policies().custom.contains(namespace)
    }

    /// A pod of a namespace that a label selector selects. Its cost is that of the pods with the rarest label.
    pub(super) fn selected<'p>(
        &self,
        pods: &'p [Vec<Pod<'a>>],
        namespace: &str,
        selector: &Node,
    ) -> Option<&'p Pod<'a>> {
        let index = self.pods.get_or_init(|| PodIndex::new(self.objects, self.facts, pods));
        let of = |label| index.by_label.get(&(namespace, label)).map_or(&[][..], Vec::as_slice);
        let fewest = labels(selector.get("matchLabels")).map(of).min_by_key(|found| found.len());
        let all = || index.by_namespace.get(namespace).map_or(&[][..], Vec::as_slice);
        let candidates = fewest.unwrap_or_else(all).iter();
        let mut pods = candidates.filter_map(|&(place, number)| pods.get(place)?.get(number));
        pods.find(|pod| selects(selector, pod.labels()))
    }

    /// True if the render has pods in a namespace.
    pub(super) fn has_pods(&self, pods: &[Vec<Pod<'a>>], namespace: &str) -> bool {
        let index = self.pods.get_or_init(|| PodIndex::new(self.objects, self.facts, pods));
        index.by_namespace.contains_key(namespace)
    }

    /// The specifications of the Services that select a pod of a namespace.
    pub(super) fn services_of(&self, namespace: &str, pod: &Pod<'_>) -> Vec<&'a Node> {
        let services = self.services.get_or_init(|| {
            let mut services = Services::new();
            for object in self.objects {
                if object.kind() != "Service" || !object.gvk().group.is_empty() {
                    continue;
                }
                let Some(spec) = present(object.node(), "spec") else { continue };
                if let Some(first) = labels(present(spec, "selector")).next() {
                    services.entry((self.facts.namespace(object), first)).or_default().push(spec);
                }
            }
            services
        });
        let found = pod.labels();
        let candidates = labels(found).filter_map(|label| services.get(&(namespace, label)));
        let is_of_pod =
            |spec: &&&Node| present(spec, "selector").is_some_and(|wanted| has_all(wanted, found));
        candidates.flatten().filter(is_of_pod).copied().collect()
    }

    /// The first version of an image in the render.
    pub(super) fn first_version(&self, pods: &[Vec<Pod<'a>>], image: &str) -> Option<Version<'a>> {
        let versions = self.versions.get_or_init(|| {
            let mut versions = BTreeMap::new();
            for (object, pods) in self.objects.iter().zip(pods) {
                for container in pods.iter().flat_map(|pod| &pod.containers) {
                    let image = ImageReference::new(container.image());
                    versions.entry(image.name).or_insert(Version { image, object });
                }
            }
            versions
        });
        versions.get(ImageReference::new(image).name).copied()
    }

    /// The first Ingress of the render with a route.
    pub(super) fn first_with(&self, route: Route<'_>) -> Option<&'a Resource> {
        let all = self.routes.get_or_init(|| {
            let mut all = Routes::new();
            for object in self.objects {
                for (_, route) in routes(object) {
                    all.entry(route).or_insert(object);
                }
            }
            all
        });
        all.get(&route).copied()
    }
}

impl<'a> PodIndex<'a> {
    fn new(objects: &'a ResMap, facts: &'a Facts, pods: &[Vec<Pod<'a>>]) -> Self {
        let mut index = Self::default();
        for (place, (object, pods)) in objects.iter().zip(pods).enumerate() {
            let namespace = facts.namespace(object);
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

/// True for a `NetworkPolicy` of Kubernetes.
pub(super) fn is_policy(object: &Resource) -> bool {
    object.kind() == "NetworkPolicy"
        && matches!(&*object.gvk().group, "networking.k8s.io" | "extensions")
}

/// The selector of the pods of a `NetworkPolicy`.
pub(super) fn pod_selector(policy: &Resource) -> Option<&Node> {
    below(policy.node(), &["spec", "podSelector"])
}

/// True for an Ingress of Kubernetes.
pub(super) fn is_ingress(object: &Resource) -> bool {
    object.kind() == "Ingress" && matches!(&*object.gvk().group, "networking.k8s.io" | "extensions")
}

/// The routes of an Ingress, with the numbers of their rules and paths. None if it is a variant of another one for some
/// of the requests.
pub(super) fn routes(object: &Resource) -> impl Iterator<Item = ((usize, usize), Route<'_>)> {
    let annotation =
        |name: &str| object.annotations().find(|(key, _)| *key == name).map(|one| one.1);
    let is_whole =
        is_ingress(object) && annotation("nginx.ingress.kubernetes.io/canary") != Some("true");
    let spec = present(object.node(), "spec").filter(|_| is_whole);
    let class = spec.and_then(|spec| text(spec, "ingressClassName"));
    let class = class.or_else(|| annotation("kubernetes.io/ingress.class")).unwrap_or_default();
    let rules = items(spec.and_then(|spec| spec.get("rules"))).iter().enumerate();
    rules.flat_map(move |(number, rule)| {
        let host = text(rule, "host").unwrap_or_default();
        let paths = items(below(rule, &["http", "paths"])).iter().enumerate();
        paths.map(move |(place, path)| {
            let at = text(path, "path").unwrap_or("/");
            let kind = text(path, "pathType").unwrap_or_default();
            ((number, place), (class, host, at, kind))
        })
    })
}
