//! Rules of policies of other kinds as alternatives: what a rule allows must meet all constraints of one of them. So lists
//! that are split or joined mean the same, and more constraints allow less.

use std::collections::BTreeSet;

use super::serving::brief;
use crate::diff::weigh::canonical;
use crate::diff::weigh::work::Work;
use crate::harden::value::{items, present};
use crate::yaml::Node;

/// Constraints: a field with a value that it must have.
pub(super) type Alternative = BTreeSet<(String, String)>;

/// The maximum number of alternatives of a rule. One with more of them is compared as a whole.
const MOST: usize = 256;

/// The maximum number of constraints of all alternatives of a rule.
const MOST_CONSTRAINTS: usize = 65_536;

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
                extend(&mut parts, &all.collect())?;
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
                extend(&mut parts, &each.collect())?;
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

/// Adds constraints to each of some parts. `None` if they are too many.
fn extend(parts: &mut [Alternative], all: &Alternative) -> Option<()> {
    (parts.len().saturating_mul(all.len()) <= MOST_CONSTRAINTS).then(|| {
        parts.iter_mut().for_each(|part| part.extend(all.iter().cloned()));
    })
}

/// Each of some parts with each of some others. `None` if there are too many.
fn product(parts: &[Alternative], others: &[Alternative]) -> Option<Vec<Alternative>> {
    let with = |part: &Alternative, other: &Alternative| part.union(other).cloned().collect();
    let number = |of: &[Alternative]| of.iter().map(BTreeSet::len).sum::<usize>();
    let constraints = number(parts)
        .saturating_mul(others.len())
        .saturating_add(number(others).saturating_mul(parts.len()));
    let are_few = parts.len().saturating_mul(others.len()) <= MOST;
    (are_few && constraints <= MOST_CONSTRAINTS).then(|| {
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
    let asked = (!rest.is_empty()).then(|| brief(&format!("{rest:?}")));
    let with = |port: Option<&Node>| {
        let port = port.map(|port| ("port".to_owned(), canonical(port)));
        let asked = asked.as_ref().map(|asked| ("asked".to_owned(), asked.to_string()));
        port.into_iter().chain(asked).collect()
    };
    match ports {
        [] => vec![with(None)],
        ports => ports.iter().map(|port| with(Some(port))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::parse;

    fn read(text: &str) -> Node {
        parse::document(&Source::detached(text)).unwrap().unwrap().root
    }

    fn listed(prefix: &str, number: usize) -> String {
        (0..number).map(|one| format!("{prefix}{one}")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn products_of_constraints_are_bounded() {
        let rule = |methods: usize, conditions: usize, refused: usize| {
            let when: Vec<String> = (0..conditions).map(|one| format!("{{key: k{one}}}")).collect();
            let text = format!(
                "{{to: [{{operation: {{notPaths: [{}], methods: [{}]}}}}], when: [{}]}}",
                listed("/", refused),
                listed("m", methods),
                when.join(", ")
            );
            let parts = of_istio(&[read(&text)]);
            (parts.len(), parts.iter().map(BTreeSet::len).sum::<usize>())
        };
        assert_eq!(rule(200, 20, 20), (200, 200 * 41));
        for whole in [rule(300, 1, 1), rule(200, 1000, 1), rule(200, 1, 1000)] {
            assert_eq!(whole, (1, 1));
        }
        let ports = |number: usize| {
            let ports: Vec<String> = (0..number).map(|one| format!("{{port: {one}}}")).collect();
            let rules = listed("r", 3000);
            let text =
                format!("{{toPorts: [{{ports: [{}], rules: [{rules}]}}]}}", ports.join(", "));
            let parts = of_cilium(&[read(&text)]);
            let size = parts.iter().flatten().map(|(key, value)| key.len() + value.len());
            (parts.len(), size.sum::<usize>())
        };
        let (number, size) = ports(200);
        assert!(number == 200 && size < 40_000, "{number} {size}");
        assert_eq!(ports(300).0, 1);
    }
}
