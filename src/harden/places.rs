//! The namespaces and the hosts of a render: where its programs are reached.

use std::collections::BTreeSet;

use super::facts::Facts;
use super::purpose::is_trial_host;
use super::value::present;
use crate::resource::{CLUSTER, ResMap, Resource};
use crate::yaml::Node;

/// The namespaces of a render, and the hosts in each.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    namespaces: BTreeSet<String>,
    /// Hosts, each with the namespace of its object.
    hosts: BTreeSet<(String, String)>,
}

impl Places {
    /// The places of the objects of a render. Linear in their size.
    pub(super) fn of(objects: &ResMap, facts: &Facts) -> Self {
        let mut places = Self::default();
        for object in objects {
            let namespace = facts.namespace(object);
            if namespace == CLUSTER {
                let is_namespace = object.kind() == "Namespace" && object.gvk().group.is_empty();
                places.namespaces.extend(is_namespace.then(|| object.name().to_owned()));
                continue;
            }
            if !places.namespaces.contains(namespace) {
                places.namespaces.insert(namespace.to_owned());
            }
            for host in hosts(object) {
                places.hosts.insert((host.to_ascii_lowercase(), namespace.to_owned()));
            }
        }
        places
    }

    /// The namespaces that earlier places do not have, or where they do not have a host that is not for trials.
    pub(super) fn gained_since(self, earlier: &Self) -> BTreeSet<String> {
        let is_of_production = |(host, _): &&(String, String)| !is_trial_host(host);
        let hosts = self.hosts.difference(&earlier.hosts).filter(is_of_production);
        let of_hosts: BTreeSet<String> = hosts.map(|(_, namespace)| namespace.clone()).collect();
        let is_new = |namespace: &String| !earlier.namespaces.contains(namespace);
        self.namespaces.into_iter().filter(is_new).chain(of_hosts).collect()
    }
}

/// Kinds that lead requests from outside to programs.
const ROUTES: &str =
    "GRPCRoute Gateway HTTPProxy HTTPRoute Ingress IngressRoute Route TLSRoute VirtualService";

/// The fields of such kinds with a host, or with several.
const HOSTS: &str = "fqdn host hostname hostnames hosts";

/// The annotation by which a Service or a route gets a host.
const OF_DNS: &str = "external-dns.alpha.kubernetes.io/hostname";

/// The hosts at which an object is reached.
fn hosts(object: &Resource) -> Vec<&str> {
    let annotations = object.annotations().filter(|(key, _)| *key == OF_DNS);
    let named = annotations.flat_map(|(_, hosts)| hosts.split(','));
    let mut found: Vec<&str> = named.map(str::trim).filter(|host| !host.is_empty()).collect();
    if !ROUTES.split(' ').any(|kind| kind == object.kind()) {
        return found;
    }
    let spec = present(object.node(), "spec");
    for node in spec.into_iter().flat_map(Node::walk) {
        for (key, value) in node.entries() {
            if HOSTS.split(' ').any(|one| one == key.text()) {
                let texts = value
                    .as_text()
                    .into_iter()
                    .chain(value.items().iter().filter_map(Node::as_text));
                found.extend(texts.filter(|host| !host.is_empty()));
            } else if key.text() == "match" {
                // The rule of a router of Traefik, such as ``Host(`shop.example.com`)``.
                let rule = value.as_text().filter(|rule| rule.contains("Host")).unwrap_or_default();
                let quoted = rule.split('`').skip(1).step_by(2);
                found.extend(quoted.filter(|one| one.contains('.') && !one.contains('/')));
            }
        }
    }
    found
}
