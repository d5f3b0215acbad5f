//! Traffic that several rules allow together, and none of them alone: halves of a range of addresses, ports one by one,
//! the values of a label.

use std::collections::BTreeSet;

use super::addresses::Range;
use super::peers::{Allowed, Peer, Port, Ports};
use crate::diff::weigh::work::Work;

/// The maximum number of comparisons of the parts of a pair with other pairs.
const MOST_STEPS: usize = 1 << 16;
/// The maximum number of parts of a peer by the values of labels.
const MOST_PARTS: usize = 64;
/// The protocols that rules can be for.
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
/// The first and the last port.
const PORTS: (i64, i64) = (1, 65_535);

/// The traffic that is allowed by some rules and by none of those before, also not by several of them together. `None` if
/// comparing is too much work.
pub(super) fn gained<'a>(
    before: &[&Allowed],
    after: &'a Allowed,
    work: &Work,
) -> Option<Vec<&'a (Peer, Port)>> {
    let number: usize = before.iter().map(|of| of.len()).sum();
    let mut gained = Vec::new();
    for pair in after {
        if !work.takes(before.len()) {
            return None;
        }
        if before.iter().any(|of| of.contains(pair)) {
            continue;
        }
        // Exceptions and conditions of a pair are compared with those of each other one.
        if !work.takes(number.saturating_mul(1 + pair.0.size())) {
            return None;
        }
        let (peer, port) = pair;
        let mut known = before.iter().copied().flatten();
        let is_known = known.any(|(of, ports)| port.is_in(ports) && peer.is_in(of));
        if !is_known && !is_covered(pair, before, work) {
            gained.push(pair);
        }
    }
    Some(gained)
}

/// True if all traffic of a pair is allowed by others together, as far as that is compared.
fn is_covered((peer, port): &(Peer, Port), others: &[&Allowed], work: &Work) -> bool {
    let all = || others.iter().copied().flatten();
    let parts = parts(port, &all().map(|(_, port)| port).collect());
    let steps = parts.len().saturating_mul(all().count());
    if steps > MOST_STEPS || !work.takes(steps) {
        return false;
    }
    parts.iter().all(|part| {
        let of_part = all().filter(|(_, port)| part.is_in(port)).map(|(peer, _)| peer);
        have_peer(&of_part.collect::<Vec<_>>(), peer, work)
    })
}

/// The parts of ports, between which others begin or end.
fn parts(port: &Port, others: &BTreeSet<&Port>) -> Vec<Port> {
    let (protocols, (first, last)) = match port {
        Port::All => (PROTOCOLS.to_vec(), PORTS),
        Port::Of { protocol, ports: Ports::All } => (vec![protocol.as_str()], PORTS),
        Port::Of { protocol, ports: Ports::From(first, last) } => {
            (vec![protocol.as_str()], (*first, *last))
        }
        Port::Of { ports: Ports::Named(_), .. } => return vec![port.clone()],
    };
    let mut parts = Vec::new();
    for own in protocols {
        let mut starts = BTreeSet::from([first]);
        for other in others {
            if let Port::Of { protocol, ports: Ports::From(from, to) } = other
                && protocol == own
            {
                let within = [*from, to.saturating_add(1)].into_iter();
                starts.extend(within.filter(|start| first < *start && *start <= last));
            }
        }
        let ends = starts.iter().skip(1).map(|next| next - 1).chain([last]);
        parts.extend(starts.iter().zip(ends).map(|(start, end)| Port::Of {
            protocol: own.to_owned(),
            ports: Ports::From(*start, end),
        }));
    }
    parts
}

/// True if all of a peer is in some others together.
fn have_peer(others: &[&Peer], peer: &Peer, work: &Work) -> bool {
    if others.iter().any(|other| peer.is_in(other)) {
        return true;
    }
    match peer {
        Peer::Addresses { range: Ok(range), except } => {
            let of = |other: &Peer| match other {
                Peer::Addresses { range: Ok(of), except } if of.is_like(*range) => {
                    spans(*of, except)
                }
                _ => Vec::new(),
            };
            let size = |peer: &Peer| 1 + peer.size();
            work.takes(others.iter().map(|other| size(other)).sum::<usize>() + size(peer)) && {
                let mut known: Vec<Span> = others.iter().flat_map(|other| of(other)).collect();
                known.sort_unstable();
                have_spans(&joined(known), &spans(*range, except))
            }
        }
        Peer::Pods { namespaces, pods, own } => {
            let of_pods = pods.single(MOST_PARTS);
            let of_namespaces = match namespaces {
                None => vec![None],
                Some(some) => some.single(MOST_PARTS).into_iter().map(Some).collect(),
            };
            let number = of_pods.len() * of_namespaces.len();
            let is_split = number > 1 && number <= MOST_PARTS;
            is_split
                && work.takes(number.saturating_mul(others.len()).saturating_mul(1 + peer.size()))
                && of_pods.iter().all(|pods| {
                    of_namespaces.iter().all(|namespaces| {
                        let (pods, namespaces) = (pods.clone(), namespaces.clone());
                        let part = Peer::Pods { namespaces, pods, own: own.clone() };
                        others.iter().any(|other| part.is_in(other))
                    })
                })
        }
        Peer::Addresses { range: Err(_), .. } | Peer::All => false,
    }
}

/// The first and the last address of some that follow each other.
type Span = (u128, u128);

/// The addresses of a range without its exceptions, in order.
fn spans(range: Range, except: &BTreeSet<Range>) -> Vec<Span> {
    let (mut next, last) = range.ends();
    let holes = except.iter().filter(|hole| hole.is_like(range)).map(|hole| hole.ends());
    let mut holes: Vec<Span> =
        holes.filter(|(first, end)| *end >= next && *first <= last).collect();
    holes.sort_unstable();
    let mut spans = Vec::new();
    for (first, end) in holes {
        if first > next {
            spans.push((next, first - 1));
        }
        match end.checked_add(1).filter(|after| *after <= last) {
            Some(after) => next = next.max(after),
            None => return spans,
        }
    }
    spans.push((next, last));
    spans
}

/// Spans in order, of which none touches another.
fn joined(sorted: Vec<Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::new();
    for (first, last) in sorted {
        match joined.last_mut() {
            Some(open) if first <= open.1.saturating_add(1) => open.1 = open.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    joined
}

/// True if each span is in one of some others, which are in order and do not touch.
fn have_spans(others: &[Span], spans: &[Span]) -> bool {
    spans.iter().all(|(first, last)| {
        let place = others.partition_point(|(from, _)| from <= first);
        place > 0 && others[place - 1].1 >= *last
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::weigh::tests::judged;
    use proptest::prelude::*;

    fn policy(rules: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: a}}, spec: {{podSelector: {{}}, ingress: [{rules}]}}}}\n---\n"
        )
    }

    fn from(blocks: &[&str], ports: &str) -> String {
        let block = |text: &&str| match text.split_once(" but ") {
            Some((range, except)) => {
                format!("{{ipBlock: {{cidr: {range}, except: [{except}]}}}}")
            }
            None if text.starts_with('{') => (*text).to_owned(),
            None => format!("{{ipBlock: {{cidr: {text}}}}}"),
        };
        let blocks: Vec<String> = blocks.iter().map(block).collect();
        policy(&format!("{{from: [{}], ports: [{ports}]}}", blocks.join(", ")))
    }

    #[test]
    fn joined_ranges_allow_no_more() {
        for (before, after) in [
            (&["10.0.0.0/25", "10.0.0.128/25"][..], &["10.0.0.0/24"][..]),
            (&["0.0.0.0/1", "128.0.0.0/1"], &["0.0.0.0/0"]),
            (&["'::/1'", "'8000::/1'"], &["'::/0'"]),
            (&["10.0.0.0/24"], &["10.0.0.0/25", "10.0.0.128/25"]),
            (&["10.0.0.0/25 but 10.0.0.5/32", "10.0.0.128/25"], &["10.0.0.0/24 but 10.0.0.5/32"]),
            (&["10.0.0.0/24 but 10.0.0.5/32", "10.0.0.5/32"], &["10.0.0.0/24"]),
            (&["10.0.0.0/24 but 10.0.0.0/26"], &["10.0.0.0/24 but 10.0.0.0/27, 10.0.0.32/27"]),
            (&["10.0.0.0/25"], &["10.0.0.0/24 but 10.0.0.128/25"]),
            (&["10.0.0.0/24 but 10.0.0.128/25"], &["10.0.0.0/25"]),
        ] {
            assert_eq!(
                judged(&from(before, ""), &from(after, "")),
                [""; 0],
                "{before:?} {after:?}"
            );
        }
        for (before, after) in [
            (&["10.0.0.0/25", "10.0.0.128/26"][..], &["10.0.0.0/24"][..]),
            (&["10.0.0.0/25 but 10.0.0.5/32", "10.0.0.128/25"], &["10.0.0.0/24"]),
            (&["10.0.0.0/24 but 10.0.0.0/26"], &["10.0.0.0/24 but 10.0.0.0/27"]),
            (&["'::/1'", "128.0.0.0/1"], &["0.0.0.0/0"]),
            (&["0.0.0.0/1"], &["0.0.0.0/1 but 0.0.0.0/2", "255.255.255.255/32"]),
        ] {
            assert_eq!(
                judged(&from(before, ""), &from(after, "")).len(),
                1,
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn joined_ports_allow_no_more() {
        let range = &["10.0.0.0/8"][..];
        let all = "{protocol: TCP}, {protocol: UDP}, {protocol: SCTP}";
        for (before, after, is_more) in [
            ("{port: 80}, {port: 81}, {port: 82}", "{port: 80, endPort: 82}", false),
            ("{port: 80}, {port: 82}", "{port: 80, endPort: 82}", true),
            ("{port: 1, endPort: 90}, {port: 50, endPort: 65535}", "{protocol: TCP}", false),
            ("{port: 2, endPort: 90}, {port: 50, endPort: 65535}", "{protocol: TCP}", true),
            ("{port: 80}, {port: 81, protocol: UDP}", "{port: 80, endPort: 81}", true),
            (all, "", false),
            ("{protocol: TCP}, {protocol: UDP}", "", true),
            ("{port: http}, {port: 80}", "{port: https}", true),
        ] {
            let told = judged(&from(range, before), &from(range, after));
            assert_eq!(told.len(), usize::from(is_more), "{before} {after} {told:?}");
        }
        // Of each port all addresses must be allowed.
        let halves = |ports: [&str; 2]| {
            policy(&format!(
                "{{from: [{{ipBlock: {{cidr: 10.0.0.0/25}}}}], ports: [{}]}}, {{from: [{{ipBlock: {{cidr: 10.0.0.128/25}}}}], ports: [{}]}}",
                ports[0], ports[1]
            ))
        };
        let both = from(&["10.0.0.0/24"], "{port: 80, endPort: 81}");
        let ports = "{port: 80}, {port: 81}";
        assert_eq!(judged(&halves([ports, ports]), &both), [""; 0]);
        assert_eq!(judged(&halves([ports, "{port: 80}"]), &both).len(), 1);
    }

    #[test]
    fn joined_labels_allow_no_more() {
        let pods = |label: &str| format!("{{podSelector: {{matchLabels: {{app: {label}}}}}}}");
        let some = |values: &str| {
            format!(
                "{{podSelector: {{matchExpressions: [{{key: app, operator: In, values: [{values}]}}]}}}}"
            )
        };
        let spaces = |selector: &str| selector.replace("podSelector", "namespaceSelector");
        let [a, b] = ["a", "b"].map(pods);
        let peers =
            |list: &[String]| from(&list.iter().map(String::as_str).collect::<Vec<_>>(), "");
        assert_eq!(judged(&peers(&[a.clone(), b.clone()]), &peers(&[some("a, b")])), [""; 0]);
        assert_eq!(judged(&peers(&[a.clone(), b.clone()]), &peers(&[some("a, b, c")])).len(), 1);
        let (of_spaces, all) = ([spaces(&a), spaces(&b)], [spaces(&some("a, b"))]);
        assert_eq!(judged(&peers(&of_spaces), &peers(&all)), [""; 0]);
        assert_eq!(judged(&peers(&[a, spaces(&b)]), &peers(&all)).len(), 1);
    }

    proptest! {
        /// Spans without exceptions hold the addresses that one by one are in the range and in no exception.
        #[test]
        fn spans_are_exact(range in 0_u8..=4, holes in prop::collection::vec((0_u8..16, 0_u8..=4), 0..4)) {
            let parse = |first: u8, length: u8| Range::parse(&format!("10.0.0.{first}/{}", 28 + length)).unwrap();
            let range = parse(0, range);
            let except: BTreeSet<Range> = holes.iter().map(|(first, length)| parse(*first, *length)).collect();
            let spans = spans(range, &except);
            for last in 0..16 {
                let one = parse(last, 4);
                let is_in = range.contains(one) && !except.iter().any(|hole| hole.contains(one));
                let (first, end) = one.ends();
                let found = spans.iter().any(|span| span.0 <= first && end <= span.1);
                prop_assert_eq!(is_in, found, "{} {:?}", last, spans);
            }
        }
    }
}
