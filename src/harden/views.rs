//! Indices of a render that only some rules use, each built when it is first asked for.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::claims::Claims;
use super::constraints::Constraints;
use super::facts::Facts;
use super::pod::Pod;
use super::port_names::PortNames;
use super::rights::Rights;
use super::selector::{Labels, Selectors};
use super::shapes::Shapes;
use super::value::{below, items, present, text};
use super::violation::Violation;
use super::webhooks::Webhooks;
use crate::resource::{ImageReference, ResMap, Resource};
use crate::yaml::Node;

/// Indices of a render that only some rules use.
pub(super) struct Views<'a> {
    objects: &'a ResMap,
    facts: &'a Facts,
    rights: OnceCell<Rights<'a>>,
    constraints: OnceCell<Constraints>,
    claims: OnceCell<Claims<'a>>,
    policies: OnceCell<Policies<'a>>,
    services: OnceCell<Services<'a>>,
    webhooks: OnceCell<Webhooks<'a>>,
    versions: OnceCell<BTreeMap<&'a str, Version<'a>>>,
    routes: OnceCell<Routes<'a>>,
    joint: RefCell<BTreeMap<*const Node, Joint>>,
    scripts: RefCell<BTreeMap<*const Resource, bool>>,
    port_names: OnceCell<PortNames<'a>>,
    /// Shapes of objects without an unknown field.
    pub(super) known: Shapes,
}

/// The first version of an image in a render.
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    pub(super) image: ImageReference<'a>,
    pub(super) object: &'a Resource,
}

/// The Services, by their selectors.
type Services<'a> = Selectors<'a, &'a Resource>;

/// The judgement of all policies that select a pod.
#[derive(Clone)]
pub(super) struct Joint {
    /// True if a rule of `egress` admits queries to the DNS.
    pub(super) admits_dns: bool,
    /// The violation by its ports that no rule of `ingress` admits.
    pub(super) closed: Option<Violation>,
}

/// The places of the Ingresses with a route: class, host, path and type of the path.
type Routes<'a> = BTreeMap<Route<'a>, &'a Resource>;

/// The class, the host, the path and the type of the path of a route.
pub(super) type Route<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The `NetworkPolicies` of a render.
struct Policies<'a> {
    /// By their selectors.
    selectors: Selectors<'a, &'a Resource>,
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
    pub(super) fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        Self {
            objects,
            facts,
            rights: OnceCell::new(),
            constraints: OnceCell::new(),
            claims: OnceCell::new(),
            policies: OnceCell::new(),
            services: OnceCell::new(),
            webhooks: OnceCell::new(),
            versions: OnceCell::new(),
            routes: OnceCell::new(),
            joint: RefCell::new(BTreeMap::new()),
            scripts: RefCell::new(BTreeMap::new()),
            port_names: OnceCell::new(),
            known: Shapes::default(),
        }
    }

    /// The bindings.
    pub(super) fn rights(&self) -> &Rights<'a> {
        self.rights.get_or_init(|| Rights::new(self.objects, self.facts))
    }

    /// The Security Context Constraints.
    pub(super) fn constraints(&self) -> &Constraints {
        let all = || self.objects.iter().map(|object| (0, object));
        self.constraints.get_or_init(|| Constraints::new(all(), self.facts))
    }

    /// The volumes and claims.
    pub(super) fn claims(&self) -> &Claims<'a> {
        self.claims.get_or_init(|| Claims::of(self.objects, self.facts))
    }

    /// The `NetworkPolicies` that select a pod of a namespace.
    pub(super) fn policies_of(&self, namespace: &str, pod: &Pod<'_>) -> Vec<&'a Resource> {
        self.policies()
            .selectors
            .of(namespace, &Labels::of(pod.labels()))
            .into_iter()
            .copied()
            .collect()
    }

    /// True if a `NetworkPolicy` selects a pod of a namespace.
    pub(super) fn has_policy(&self, namespace: &str, pod: &Pod<'_>) -> bool {
        let selectors = &self.policies().selectors;
        !selectors.is_empty() && selectors.any(namespace, &Labels::of(pod.labels()))
    }

    /// The judgement of all policies that select a pod, made once.
    pub(super) fn joint(&self, pod: &Pod<'_>, judge: impl FnOnce() -> Joint) -> Joint {
        let key = std::ptr::from_ref(pod.spec);
        if let Some(known) = self.joint.borrow().get(&key) {
            return known.clone();
        }
        let joint = judge();
        self.joint.borrow_mut().insert(key, joint.clone());
        joint
    }

    /// True if an object has scripts in it, which is judged once.
    pub(super) fn has_scripts(&self, object: &Resource, judge: fn(&Resource) -> bool) -> bool {
        let mut known = self.scripts.borrow_mut();
        *known.entry(std::ptr::from_ref(object)).or_insert_with(|| judge(object))
    }

    /// True if a network plugin's own policies may select pods of a namespace.
    pub(super) fn has_other_policies(&self, namespace: &str) -> bool {
        let others = &self.policies().others;
        others.contains("") || others.contains(namespace)
    }

    fn policies(&self) -> &Policies<'a> {
        self.policies.get_or_init(|| {
            let (mut others, mut custom) = (BTreeSet::new(), BTreeSet::new());
            let mut selectors = Vec::new();
            for object in self.objects {
                let namespace = self.facts.namespace(object);
                if is_policy(object) {
                    selectors.push((namespace, pod_selector(object), object));
                } else if object.kind().ends_with("NetworkPolicy") {
                    let is_of_cluster = object.id().cluster_scoped
                        || object.kind().starts_with("Clusterwide")
                        || object.kind().starts_with("Global");
                    others.insert(if is_of_cluster { "" } else { namespace });
                } else if is_custom(object) {
                    custom.insert(namespace);
                }
            }
            Policies { selectors: Selectors::of_selectors(selectors), others, custom }
        })
    }

    /// True if a custom resource of a namespace may make pods that are not rendered.
    pub(super) fn may_make_pods(&self, namespace: &str) -> bool {
        self.policies().custom.contains(namespace)
    }

    /// The webhooks.
    pub(super) fn webhooks(&self) -> &Webhooks<'a> {
        self.webhooks.get_or_init(|| Webhooks::new(self.objects))
    }

    /// The specifications of the Services that select a pod of a namespace.
    pub(super) fn services_of(&self, namespace: &str, pod: &Pod<'_>) -> Vec<&'a Node> {
        let services = self.services_that_select(namespace, pod).into_iter();
        services.filter_map(|one| present(one.node(), "spec")).collect()
    }

    /// The Services that select a pod of a namespace.
    pub(super) fn services_that_select(&self, namespace: &str, pod: &Pod<'_>) -> Vec<&'a Resource> {
        let services = self.services.get_or_init(|| {
            let of = |object: &'a Resource| {
                let is_service = object.kind() == "Service" && object.gvk().group.is_empty();
                let spec = present(object.node(), "spec").filter(|_| is_service)?;
                Some((self.facts.namespace(object), present(spec, "selector")?, object))
            };
            Selectors::of_labels(self.objects.iter().filter_map(of))
        });
        services.of(namespace, &Labels::of(pod.labels())).into_iter().copied().collect()
    }

    /// The names of the ports of the pods that Services select. `is_known` is true for a pod whose ports are all rendered.
    pub(super) fn port_names(
        &self,
        pods: &[Vec<Pod<'a>>],
        is_known: impl Fn(&Pod<'a>) -> bool,
    ) -> &PortNames<'a> {
        let new = || PortNames::new((self.objects, pods), self.facts, is_known);
        self.port_names.get_or_init(new)
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
