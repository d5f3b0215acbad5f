//! Services, and the ports of pods to which they send requests.
//!
//! The ports of the Services that select a pod are summed up once for all pods with the same labels of selectors, and of
//! these sums each pod looks up only its own ports: the cost is that of all Services and of all pods, and not of both
//! multiplied.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::facts::Facts;
use super::images::{PublicImage, last_part};
use super::pod::{Container, Pod};
use super::selector::{Labels, Selectors};
use super::traffic::{AssumedPort, Minor, Reached, Requests};
use super::value::{below, is_true, items, present, text};
use super::webhooks::Webhooks;
use crate::resource::ResMap;
use crate::yaml::{self, Node};

#[cfg(test)]
mod tests;

/// The Services of a render that have selectors.
pub(super) struct Services<'a> {
    selectors: Selectors<'a, Service<'a>>,
    /// The ports of the Services of each selection, by its number.
    offers: RefCell<BTreeMap<usize, Rc<Offer<'a>>>>,
    /// The number of ports that were looked at so far.
    looked: Cell<usize>,
}

/// A Service with a selector.
struct Service<'a> {
    /// Its name.
    name: &'a str,
    /// Its specification.
    spec: &'a Node,
    /// The reason for which requests matter little, if only the API server asks it, and only about kinds that the render
    /// defines.
    own: Option<Minor>,
}

/// The ports of some Services.
#[derive(Default)]
struct Offer<'a> {
    /// The ports by their `targetPort`.
    targets: BTreeMap<&'a str, Target>,
    /// The number of those `targetPorts` to which requests of programs are sent.
    count: usize,
    /// The requests by the number that a `targetPort` is read as; `None` if it has other characters than digits.
    numbers: BTreeMap<i64, Option<Requests>>,
    /// The requests to all ports by their numbers.
    at_numbers: Option<Requests>,
    /// The first `targetPort` to which requests of programs are sent.
    first: Option<&'a str>,
    /// True if requests of programs are sent to a port that is not told.
    lacks_target: bool,
    /// True if a port of a pod without ports is not merely assumed: a `targetPort` has it, or it needs no rights of root.
    is_told: bool,
    /// True if a Service sends requests to pods that are not ready, too.
    takes_all: bool,
    /// The number of ports.
    ports: usize,
}

/// The ports of Services with the same `targetPort`.
#[derive(Default)]
struct Target {
    /// The requests of programs; `None` if only monitoring reads them.
    requests: Option<Requests>,
    /// True if a Service expects answers of HTTP or gRPC.
    is_spoken: bool,
}

impl<'a> Services<'a> {
    /// The Services with selectors; of those that differ in nothing that rules ask for, one.
    pub(super) fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        let mut known = BTreeSet::new();
        let mut services = Vec::new();
        let webhooks = Webhooks::new(objects);
        for object in objects {
            if object.kind() == "Service"
                && object.gvk().group.is_empty()
                && let Some(spec) = present(object.node(), "spec")
                && let Some(selector) = present(spec, "selector")
            {
                let namespace = facts.namespace(object);
                let ports = items(present(spec, "ports")).iter();
                let ports = ports.filter(|port| !is_of_monitoring(port));
                let own = webhooks.about_own(namespace, object.name(), ports);
                let service = Service { name: object.name(), spec, own };
                let mut identity = format!("{}\n{own:?}", service.end());
                let fields = ["selector", "ports", "publishNotReadyAddresses"];
                let is_known = fields.into_iter().filter_map(|key| spec.get(key)).all(|field| {
                    identity.push('\n');
                    yaml::write_json(field, yaml::Form::Compact, &mut identity).is_ok()
                }) && !known.insert((namespace, identity));
                if !is_known {
                    services.push((namespace, selector, service));
                }
            }
        }
        let selectors = Selectors::of_labels(services);
        Self { selectors, offers: RefCell::default(), looked: Cell::new(0) }
    }

    /// True if a Service of the render sends requests of programs to a container. Ports that only monitoring reads do not
    /// count.
    pub(super) fn has_traffic(
        &self,
        namespace: &str,
        pod: &Pod<'_>,
        container: &Container<'_>,
    ) -> bool {
        !is_exporter(container) && self.requests_to(namespace, pod, container).is_some()
    }

    /// True if a Service of the render sends requests of programs to a pod.
    pub(super) fn serves(&self, namespace: &str, pod: &Pod<'_>) -> bool {
        self.reached(namespace, pod).is_served
    }

    /// True if a Service sends requests to a pod that is not ready, too.
    pub(super) fn take_all(&self, namespace: &str, pod: &Pod<'_>) -> bool {
        self.reached(namespace, pod).takes_all
    }

    /// The reason for which the requests to a container matter little, if those at each port that leads to it do.
    pub(super) fn minor_of_container(
        &self,
        namespace: &str,
        pod: &Pod<'_>,
        container: &Container<'_>,
    ) -> Option<Minor> {
        self.requests_to(namespace, pod, container)?.minor()
    }

    /// The reason for which the requests to a pod matter little.
    pub(super) fn minor_of_pod(&self, namespace: &str, pod: &Pod<'_>) -> Option<Minor> {
        let containers = pod.containers.iter();
        let requests = containers.filter_map(|one| self.requests_to(namespace, pod, one));
        requests.reduce(Requests::and)?.minor()
    }

    /// True if a Service expects answers of HTTP or gRPC at a port of a container, which a probe has by its number or name.
    pub(super) fn is_spoken(
        &self,
        namespace: &str,
        pod: &Pod<'_>,
        container: &Container<'_>,
        port: &str,
    ) -> bool {
        let spoken = &self.reached(namespace, pod).spoken;
        if spoken.is_empty() {
            return false;
        }
        let mut numbers = BTreeMap::new();
        for one in items(container.node.get("ports")) {
            if let Some(name) = text(one, "name") {
                numbers.entry(name).or_insert_with(|| text(one, "containerPort").unwrap_or(name));
            }
        }
        let wanted = numbers.get(port).copied().unwrap_or(port);
        let is_same = |(name, number): (&&str, &&str)| *number == wanted && spoken.contains(*name);
        numbers.iter().any(is_same)
            || !numbers.contains_key(wanted)
                && spoken.contains(wanted)
                && leads_to(wanted, container, pod)
    }

    /// The port at which a pod is assumed to listen: Services send requests of programs to it by its number, and nothing
    /// in a container has it. `None` if a container has one of the ports of these Services.
    pub(super) fn assumed_port<'p>(
        &self,
        namespace: &str,
        pod: &'p Pod<'_>,
    ) -> Option<&'p AssumedPort> {
        let assumed = &pod.traffic.assumed;
        assumed.get_or_init(|| self.find_assumed_port(namespace, pod)).as_ref()
    }

    /// The port at which the program of a container that gets requests is assumed to listen: only the single program of a
    /// pod gets them at a port that it is not known to have.
    pub(super) fn assumed_port_of_single<'p>(
        &self,
        namespace: &str,
        pod: &'p Pod<'_>,
    ) -> Option<&'p AssumedPort> {
        (pod.running() == 1).then(|| self.assumed_port(namespace, pod)).flatten()
    }

    fn find_assumed_port(&self, namespace: &str, pod: &Pod<'_>) -> Option<AssumedPort> {
        let offers = self.offers(namespace, pod);
        let first = offers.iter().find_map(|offer| offer.first)?;
        if offers.iter().any(|offer| offer.lacks_target) {
            return None;
        }
        let (targets, numbers) = known_ports(pod);
        let is_known = |offer: &Rc<Offer<'_>>| {
            let mut same = self.common(&offer.targets, &targets);
            same.any(|(_, target)| target.requests.is_some())
                || self.common(&offer.numbers, &numbers).next().is_some()
        };
        if offers.iter().any(is_known) {
            return None;
        }
        let has_ports = pod.containers.iter().any(|one| !items(one.node.get("ports")).is_empty());
        let is_told = !has_ports && offers.iter().any(|offer| offer.is_told);
        Some(AssumedPort { number: first.into(), is_told })
    }

    /// The requests of programs to a container.
    fn requests_to(
        &self,
        namespace: &str,
        pod: &Pod<'_>,
        container: &Container<'_>,
    ) -> Option<Requests> {
        let reached = self.reached(namespace, pod);
        let of_target = |target: &str| reached.by_target.get(target).copied();
        let declared = declared(container).filter_map(of_target).reduce(Requests::and);
        let assumed = if pod.running() == 1 && container.is_running() {
            reached.at_numbers
        } else {
            let numbers = assumed_numbers(container, pod);
            let of_number = |number| reached.by_number.get(&number).copied();
            numbers.filter_map(of_number).reduce(Requests::and)
        };
        declared.into_iter().chain(assumed).reduce(Requests::and)
    }

    /// The requests to a pod, found once.
    fn reached<'p>(&self, namespace: &str, pod: &'p Pod<'_>) -> &'p Reached {
        pod.traffic.reached.get_or_init(|| self.find_reached(namespace, pod))
    }

    fn find_reached(&self, namespace: &str, pod: &Pod<'_>) -> Reached {
        let mut reached = Reached::default();
        let offers = self.offers(namespace, pod);
        if offers.is_empty() {
            return reached;
        }
        let mut targets: BTreeSet<&str> = pod.containers.iter().flat_map(declared).collect();
        let probed = ["readinessProbe", "tcpSocket"];
        let probes = pod.containers.iter().filter_map(|one| below(one.node, &probed));
        targets.extend(probes.filter_map(|probe| text(probe, "port")));
        let numbers = pod.containers.iter().flat_map(|one| assumed_numbers(one, pod)).collect();
        let exporters = pod.containers.iter().filter(|one| is_exporter(one));
        let exported: BTreeSet<&str> = exporters.flat_map(declared).collect();
        let only_exports = pod.containers.iter().all(is_exporter);
        for (number, offer) in offers.iter().enumerate() {
            let here = |one: Requests| Requests { place: (number, one.place.1), ..one };
            reached.takes_all |= offer.takes_all;
            reached.is_served |= !only_exports && self.leads_beside(offer, &exported);
            if let Some(requests) = offer.at_numbers.map(here) {
                join(&mut reached.at_numbers, requests);
            }
            for (target, found) in self.common(&offer.targets, &targets) {
                if let Some(requests) = found.requests.map(here) {
                    join_at(&mut reached.by_target, Box::from(*target), requests);
                }
                if found.is_spoken {
                    reached.spoken.insert(Box::from(*target));
                }
            }
            for (number, requests) in self.common(&offer.numbers, &numbers) {
                if let Some(requests) = requests.map(here) {
                    join_at(&mut reached.by_number, *number, requests);
                }
            }
        }
        reached
    }

    /// True if requests of programs are sent to other ports than some.
    fn leads_beside(&self, offer: &Offer<'a>, exported: &BTreeSet<&str>) -> bool {
        let exported = self.common(&offer.targets, exported);
        let number = exported.filter(|(_, target)| target.requests.is_some()).count();
        offer.lacks_target || number < offer.count
    }

    /// The entries of a map with keys of a set. Costs as much as looking up each one of the smaller in the larger.
    fn common<'m, K: Ord, V>(
        &self,
        map: &'m BTreeMap<K, V>,
        keys: &'m BTreeSet<K>,
    ) -> impl Iterator<Item = (&'m K, &'m V)> {
        let is_smaller = map.len() < keys.len();
        self.looked.set(self.looked.get() + map.len().min(keys.len()));
        let of_map = map.iter().filter(|(key, _)| keys.contains(key));
        let of_keys = keys.iter().filter_map(|key| map.get_key_value(key));
        let (of_map, of_keys) =
            if is_smaller { (Some(of_map), None) } else { (None, Some(of_keys)) };
        of_map.into_iter().flatten().chain(of_keys.into_iter().flatten())
    }

    /// The ports of the Services that select a pod, in their order.
    fn offers(&self, namespace: &str, pod: &Pod<'_>) -> Vec<Rc<Offer<'a>>> {
        if self.selectors.is_empty() {
            return Vec::new();
        }
        let selections = self.selectors.selections(namespace, &Labels::of(pod.labels()));
        let mut known = self.offers.borrow_mut();
        let offers = selections.iter().map(|selection| {
            let offer = known.entry(selection.number).or_insert_with(|| {
                let offer = Offer::of(self.selectors.values(selection));
                self.looked.set(self.looked.get() + offer.ports);
                Rc::new(offer)
            });
            Rc::clone(offer)
        });
        offers.collect()
    }
}

impl Service<'_> {
    /// The ending of its name that says that only monitoring reads it, or nothing.
    fn end(&self) -> &'static str {
        // Not `metrics-server`, whose metrics programs read.
        let ends = ["exporter", "metrics", "metrics-service"];
        ends.into_iter().find(|end| self.name.ends_with(end)).unwrap_or_default()
    }
}

impl<'a> Offer<'a> {
    /// The ports of Services, in order.
    fn of<'s>(services: impl Iterator<Item = &'s Service<'a>>) -> Self
    where
        'a: 's,
    {
        let mut offer = Self::default();
        for service in services {
            offer.takes_all |= is_true(service.spec.get("publishNotReadyAddresses"));
            let is_of_metrics = !service.end().is_empty();
            for port in items(service.spec.get("ports")) {
                let target = target_of(port);
                if let Some(target) = target.filter(|_| speaks(port)) {
                    offer.targets.entry(target).or_default().is_spoken = true;
                }
                if !is_of_metrics && !is_of_monitoring(port) {
                    let minor = Minor::of_port(service.own, port);
                    offer.add(target, Requests::new((0, offer.ports), minor));
                    offer.is_told |= text(port, "targetPort").is_some()
                        || target.is_some_and(|target| !needs_root(target));
                }
                offer.ports += 1;
            }
        }
        offer
    }

    /// Adds requests of programs to a `targetPort`.
    fn add(&mut self, target: Option<&'a str>, requests: Requests) {
        let Some(target) = target else {
            self.lacks_target = true;
            return;
        };
        self.first.get_or_insert(target);
        let known = &mut self.targets.entry(target).or_default().requests;
        self.count += usize::from(known.is_none());
        join(known, requests);
        let is_number = is_number(target);
        if is_number {
            join(&mut self.at_numbers, requests);
        }
        if let Ok(number) = target.parse() {
            let known = self.numbers.entry(number).or_default();
            if is_number {
                join(known, requests);
            }
        }
    }
}

/// Adds requests to those that are known.
fn join(known: &mut Option<Requests>, requests: Requests) {
    *known = Some(known.map_or(requests, |known| known.and(requests)));
}

/// Adds requests to those that are known for a port.
fn join_at<K: Ord>(known: &mut BTreeMap<K, Requests>, port: K, requests: Requests) {
    known.entry(port).and_modify(|known| *known = known.and(requests)).or_insert(requests);
}

/// True if a port of a Service is read by monitoring only, by its name.
fn is_of_monitoring(port: &Node) -> bool {
    let is_named = |key| {
        let name = text(port, key).unwrap_or_default();
        ["exporter", "metric", "prom", "monitoring", "telemetry", "pprof", "profil"]
            .iter()
            .any(|word| name.contains(word))
    };
    is_named("name") || is_named("targetPort")
}

/// True if a Service expects answers of HTTP or gRPC at a port.
fn speaks(port: &Node) -> bool {
    let said = text(port, "appProtocol").or_else(|| text(port, "name")).unwrap_or_default();
    said.starts_with("http") || said.starts_with("grpc")
}

/// True for a container that exports metrics of other programs, by its name or that of its image, or that guards them.
fn is_exporter(container: &Container<'_>) -> bool {
    let image = last_part(container.image());
    let is_named = |name: &str| name.contains("exporter");
    is_named(container.name)
        || is_named(image)
        || container.name == "kube-rbac-proxy"
        || matches!(image, "cadvisor" | "kube-state-metrics")
}

/// The number or the name of the port of containers that a port of a Service leads to.
fn target_of(port: &Node) -> Option<&str> {
    text(port, "targetPort").or_else(|| text(port, "port"))
}

/// True for the number of a port.
fn is_number(target: &str) -> bool {
    target.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for the number of a port on which only root may listen.
fn needs_root(port: &str) -> bool {
    port.parse().is_ok_and(|port: u16| port < 1024)
}

/// The names and the numbers of the ports that a container declares.
fn declared<'a>(container: &Container<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let ports = items(container.node.get("ports")).iter();
    ports.flat_map(|one| ["name", "containerPort"].into_iter().filter_map(|key| text(one, key)))
}

/// The ports on which the image of a container is known to listen.
fn of_image(container: &Container<'_>) -> impl Iterator<Item = i64> + use<> {
    PublicImage::of(container.image()).into_iter().flat_map(PublicImage::ports)
}

/// The ports on which a container that declares none, beside others of its pod, is known to listen.
fn assumed_numbers(container: &Container<'_>, pod: &Pod<'_>) -> impl Iterator<Item = i64> + use<> {
    let is_bare = container.is_running()
        && pod.running() != 1
        && items(container.node.get("ports")).is_empty();
    is_bare.then(|| of_image(container)).into_iter().flatten()
}

/// True if the target of a port of a Service leads to a container: to a port that it declares, to one that its image is known
/// to listen on, or to the only running container of a pod.
fn leads_to(target: &str, container: &Container<'_>, pod: &Pod<'_>) -> bool {
    let number = target.parse::<i64>();
    let is_of_image =
        || number.is_ok_and(|number| assumed_numbers(container, pod).any(|one| one == number));
    declared(container).any(|one| one == target)
        || container.is_running() && is_number(target) && (pod.running() == 1 || is_of_image())
}

/// The ports that containers of a pod are known to have: those that they declare, at which they are probed, which are a
/// number in an argument or a variable, or on which their images are known to listen.
fn known_ports<'a>(pod: &Pod<'a>) -> (BTreeSet<&'a str>, BTreeSet<i64>) {
    let (mut targets, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for container in &pod.containers {
        let node = container.node;
        targets.extend(declared(container));
        numbers.extend(of_image(container));
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let handlers = ["httpGet", "tcpSocket", "grpc"].into_iter();
            let handlers = handlers.filter_map(|handler| below(node, &[probe, handler]));
            targets.extend(handlers.filter_map(|handler| text(handler, "port")));
        }
        let lists = ["command", "args"].into_iter().flat_map(|key| items(node.get(key)));
        let values = items(node.get("env")).iter().filter_map(|one| one.get("value"));
        for text in lists.chain(values).filter_map(Node::as_text) {
            targets.extend(text.split(|c: char| !c.is_ascii_digit()));
        }
    }
    (targets, numbers)
}
