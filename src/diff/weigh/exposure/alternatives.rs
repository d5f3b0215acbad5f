//! Rules of policies of other kinds as alternatives: what a rule allows must meet all constraints of one of them. So lists
//! that are split or joined mean the same, and more constraints allow less.

use std::collections::BTreeSet;

use crate::diff::weigh::canonical;
use crate::diff::weigh::work::Work;
use crate::harden::value::{items, present};
use crate::yaml::Node;

/// Constraints: a field with a value that it must have.
pub(super) type Alternative = BTreeSet<(String, String)>;

/// The maximum number of alternatives of a rule. One with more of them is compared as a whole.
const MOST: usize = 256;

/// True if all that the first ones allow is allowed by the others.
pub(super) fn are_within(own: &[Alternative], others: &[Alternative], work: &Work) -> bool {
    let size: usize = own.iter().map(|one| 1 + one.len()).sum();
    work.takes(size.saturating_mul(others.len()))
        && own.iter().all(|one| others.iter().any(|other| other.is_subset(one)))
}

/// The alternatives of rules of an `AuthorizationPolicy` of Istio.
pub(super) fn of_istio(rules: &[Node]) -> Vec<Alternative> {
    rules.iter().flat_map(|rule| parts_of_istio(rule).unwrap_or_else(|| whole(rule))).collect()
}

/// A rule that is compared as a whole.
fn whole(rule: &Node) -> Vec<Alternative> {
    vec![BTreeSet::from([("rule".to_owned(), canonical(rule))])]
}

/// Fields of a source and of an operation, of which one of the values must hold.
const POSITIVE: [&str; 10] = [
    "principals",
    "requestPrincipals",
    "namespaces",
    "serviceAccounts",
    "ipBlocks",
    "remoteIpBlocks",
    "hosts",
    "ports",
    "methods",
    "paths",
];

/// The parts of a rule; `None` if it has a field that is not known.
fn parts_of_istio(rule: &Node) -> Option<Vec<Alternative>> {
    let mut parts = vec![Alternative::new()];
    for (key, value) in rule.entries() {
        let below = match key.text() {
            "from" => "source",
            "to" => "operation",
            "when" => {
                let all = value.items().iter().map(|one| ("when".to_owned(), canonical(one)));
                let all: Alternative = all.collect();
                parts.iter_mut().for_each(|part| part.extend(all.iter().cloned()));
                continue;
            }
            _ => return None,
        };
        let mut each = Vec::new();
        for item in value.items() {
            each.extend(match present(item, below) {
                Some(fields) => parts_of_fields(key.text(), fields)?,
                None => vec![Alternative::new()],
            });
        }
        if !each.is_empty() {
            parts = product(&parts, &each)?;
        }
    }
    Some(parts)
}

/// The parts of a source or an operation.
fn parts_of_fields(of: &str, fields: &Node) -> Option<Vec<Alternative>> {
    let mut parts = vec![Alternative::new()];
    for (key, values) in fields.entries() {
        let key = key.text();
        let constraint = |value: &Node| (format!("{of} {key}"), canonical(value));
        let each = values.items().iter().map(constraint);
        match key.strip_prefix("not").filter(|_| !POSITIVE.contains(&key)) {
            // None of these values may hold.
            Some(_) => {
                let all: Alternative = each.collect();
                parts.iter_mut().for_each(|part| part.extend(all.iter().cloned()));
            }
            None if !POSITIVE.contains(&key) => return None,
            None if values.items().is_empty() => {}
            None => {
                parts =
                    product(&parts, &each.map(|one| BTreeSet::from([one])).collect::<Vec<_>>())?;
            }
        }
    }
    Some(parts)
}

/// Each of some parts with each of some others. `None` if there are too many.
fn product(parts: &[Alternative], others: &[Alternative]) -> Option<Vec<Alternative>> {
    let with = |part: &Alternative, other: &Alternative| part.union(other).cloned().collect();
    (parts.len().saturating_mul(others.len()) <= MOST).then(|| {
        parts.iter().flat_map(|part| others.iter().map(|other| with(part, other))).collect()
    })
}

/// The alternatives of rules of Cilium. An empty rule allows no traffic.
pub(super) fn of_cilium(rules: &[Node]) -> Vec<Alternative> {
    let some = rules.iter().filter(|rule| !rule.is_empty());
    some.flat_map(|rule| parts_of_cilium(rule).unwrap_or_else(|| whole(rule))).collect()
}

/// Lists of peers in rules of Cilium, of which one must be the other end.
const PEERS: [&str; 12] = [
    "fromEndpoints",
    "fromCIDR",
    "fromCIDRSet",
    "fromEntities",
    "fromNodes",
    "toEndpoints",
    "toCIDR",
    "toCIDRSet",
    "toEntities",
    "toFQDNs",
    "toNodes",
    "toServices",
];

/// The parts of a rule by its peers and ports; `None` if it has other fields, or several lists of peers.
fn parts_of_cilium(rule: &Node) -> Option<Vec<Alternative>> {
    let mut parts = vec![Alternative::new()];
    let mut has_peers = false;
    for (key, value) in rule.entries() {
        let key = key.text();
        let each = match key {
            "toPorts" => value.items().iter().flat_map(parts_of_ports).collect::<Vec<_>>(),
            key if PEERS.contains(&key) && !has_peers => {
                has_peers = true;
                let one = |peer: &Node| BTreeSet::from([(key.to_owned(), canonical(peer))]);
                value.items().iter().map(one).collect()
            }
            _ => return None,
        };
        // An empty list allows no traffic, unlike a missing one.
        parts = product(&parts, &each)?;
    }
    Some(parts)
}

/// The parts of an item of `toPorts`: its ports, each with what is asked of the traffic there.
fn parts_of_ports(item: &Node) -> Vec<Alternative> {
    let rest = item.entries().iter().filter(|(key, _)| key.text() != "ports");
    let rest: Alternative =
        rest.map(|(key, value)| (format!("ports {}", key.text()), canonical(value))).collect();
    let ports = items(present(item, "ports"));
    let with = |port: Option<&Node>| {
        let port = port.map(|port| ("port".to_owned(), canonical(port)));
        let asked = (!rest.is_empty()).then(|| ("asked".to_owned(), format!("{rest:?}")));
        port.into_iter().chain(asked).collect()
    };
    match ports {
        [] => vec![with(None)],
        ports => ports.iter().map(|port| with(Some(port))).collect(),
    }
}
