//! Network policies: directions that are no longer restricted, and traffic that is allowed.
//!
//! Policies add up: pods that one of them selects for a direction are restricted there to what all of them allow. So a
//! policy that is removed opens pods only if no other one selects them, and a new one allows more only if another one
//! restricts its pods.

use super::judgement;
use super::peers::{Conditions, Peer, Port, allowed, conditions, gained, told};
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::value::{below, items, present};
use crate::yaml::Node;

/// A direction of traffic.
struct Direction {
    kind: &'static str,
    rules: &'static str,
    peers: &'static str,
    words: &'static str,
    from: &'static str,
}

const DIRECTIONS: [Direction; 2] = [
    Direction {
        kind: "Ingress",
        rules: "ingress",
        peers: "from",
        words: "incoming traffic",
        from: "from ",
    },
    Direction {
        kind: "Egress",
        rules: "egress",
        peers: "to",
        words: "outgoing traffic",
        from: "to ",
    },
];

impl Direction {
    /// The rules of a policy that restricts this direction.
    fn of<'a>(&self, policy: Option<&'a Node>) -> Option<&'a [Node]> {
        let spec = policy.and_then(|policy| present(policy, "spec"))?;
        let rules = present(spec, self.rules);
        let is_restricted = match items(present(spec, "policyTypes")) {
            [] => self.kind == "Ingress" || rules.is_some_and(|rules| !rules.is_empty()),
            types => types.iter().any(|one| one.as_text() == Some(self.kind)),
        };
        is_restricted.then(|| items(rules))
    }
}

/// Judges a `NetworkPolicy` of Kubernetes.
pub(in crate::diff::weigh) fn network_policy(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    let is_gone = sides.after.is_none();
    if is_gone && !sides.leaves_pods(sides.before.and_then(selector)) {
        return;
    }
    let mut opened = Vec::new();
    for direction in &DIRECTIONS {
        match [sides.before, sides.after].map(|policy| direction.of(policy)) {
            [Some(old), Some(new)] => found.extend(widened(sides, direction, old, new)),
            [Some(old), None] => {
                let is_open = old.iter().any(|rule| {
                    [direction.peers, "ports"]
                        .iter()
                        .all(|key| items(present(rule, key)).is_empty())
                });
                if !is_open && !is_isolated(sides, 1, sides.before, direction) {
                    opened.push(direction.words);
                }
            }
            [None, Some(new)] => {
                if is_isolated(sides, 0, sides.after, direction) {
                    found.extend(widened(sides, direction, &[], new));
                }
            }
            [None, None] => {}
        }
    }
    if !opened.is_empty() {
        let opened = opened.join(" and ");
        let phrase = Phrase::new(format!("no longer restricts {opened} of its pods"));
        let path = if is_gone { "" } else { "spec.policyTypes" };
        found.push(judgement(path, phrase).with_severity(Severity::Error));
    }
    found.extend(deselected(sides));
}

/// The judgement on traffic that the rules of a direction allow, and did not before.
fn widened(
    sides: &Sides<'_>,
    direction: &Direction,
    old: &[Node],
    new: &[Node],
) -> Option<Judgement> {
    let (path, work) = ("spec", sides.work());
    let compare = || {
        let [old, new] = [old, new].map(|rules| allowed(rules, direction.peers, &work));
        let (old, new) = (old?, new?);
        let gained = gained(&old, &new, &work)?;
        Some((!gained.is_empty()).then(|| {
            let is_all = gained.iter().any(|one| matches!(one, (Peer::All, Port::All)));
            let phrase = match is_all {
                true => Phrase::new("allows all ").say(direction.words),
                false => {
                    let words = format!("allows more {} {}", direction.words, direction.from);
                    told(Phrase::new(words), &gained)
                }
            };
            let severity = if is_all { Severity::Error } else { Severity::Warning };
            judgement(path, phrase).with_severity(severity)
        }))
    };
    compare().unwrap_or_else(|| {
        let words = "may allow more: its rules are too many to be compared";
        Some(judgement(path, Phrase::new(words)))
    })
}

fn selector(policy: &Node) -> Option<&Node> {
    below(policy, &["spec", "podSelector"])
}

fn conditions_of(policy: Option<&Node>) -> Conditions {
    policy.and_then(selector).map(conditions).unwrap_or_default()
}

/// True if another policy of a render restricts the pods of a policy in a direction.
fn is_isolated(
    sides: &Sides<'_>,
    side: usize,
    policy: Option<&Node>,
    direction: &Direction,
) -> bool {
    let own = conditions_of(policy);
    sides.others_of_kind(side).any(|other| {
        direction.of(Some(other)).is_some() && conditions_of(Some(other)).is_subset(&own)
    })
}

/// The judgement on a selector that leaves out pods which it selected.
fn deselected(sides: &Sides<'_>) -> Option<Judgement> {
    let (before, after) = (sides.before?, sides.after?);
    let (old, new) = (conditions_of(Some(before)), conditions_of(Some(after)));
    // Pods whose labels changed together with the selector are still selected.
    if new.is_subset(&old) || sides.keeps_pods(selector(before), selector(after)) {
        return None;
    }
    let is_restricted = |direction: &&Direction| {
        direction.of(Some(before)).is_some() && !is_isolated(sides, 1, Some(before), direction)
    };
    DIRECTIONS.iter().find(is_restricted)?;
    let gone: Vec<&str> = new.difference(&old).map(String::as_str).collect();
    let phrase = Phrase::new("selects only pods with ").few(gone);
    Some(judgement("spec.podSelector", phrase))
}

/// Judges policies of other kinds, of which only the removal is understood.
pub(in crate::diff::weigh) fn other_policy(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    if sides.after.is_none() {
        let phrase = Phrase::new("no longer restricts traffic");
        found.push(judgement("", phrase).with_severity(Severity::Error));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::diff::weigh::tests::{judged, told};

    fn policy(name: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    fn pod(name: &str, labels: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, labels: {{{labels}}}}}}}\n---\n"
        )
    }

    const LABEL: &str = "007 warning NetworkPolicy p: ";

    #[test]
    fn rules_allow_more() {
        let from = |rules: &str| policy("p", &format!("podSelector: {{}}, ingress: [{rules}]"));
        for (before, after, words) in [
            (
                "{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}",
                "{from: [{ipBlock: {cidr: 10.0.0.0/7}}]}",
                "allows more incoming traffic from 10.0.0.0/7",
            ),
            (
                "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}",
                "{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}",
                "allows more incoming traffic from 10.0.0.0/8",
            ),
            (
                "{from: [{podSelector: {matchLabels: {a: b, c: d}}}]}",
                "{from: [{podSelector: {matchLabels: {a: b}}}]}",
                "allows more incoming traffic from pods a=b of the namespace",
            ),
            (
                "{from: [{podSelector: {}}]}",
                "{from: [{podSelector: {}, namespaceSelector: {}}]}",
                "allows more incoming traffic from all pods of all namespaces",
            ),
            (
                "{ports: [{port: 80}]}",
                "{ports: [{port: 80}, {port: 443}]}",
                "allows more incoming traffic from everywhere on TCP 443",
            ),
            (
                "{ports: [{port: 80, endPort: 90}]}",
                "{ports: [{port: 80, endPort: 99}]}",
                "allows more incoming traffic from everywhere on TCP 80-99",
            ),
        ] {
            told(&from(before), &from(after), &[&*format!("{LABEL}{words}")]);
        }
        let all = "007 error NetworkPolicy p: allows all incoming traffic";
        told(&from("{from: [{podSelector: {}}]}"), &from("{}"), &[all]);
        told(&from(""), &from("{}"), &[all]);
        let one =
            "{from: [{podSelector: {matchLabels: {a: b}}}, {podSelector: {matchLabels: {c: d}}}]}";
        let same = "{from: [{podSelector: {matchExpressions: [{key: c, operator: In, values: [d]}]}}]}, {from: [{podSelector: {matchLabels: {a: b}}}]}";
        told(&from(one), &from(same), &[]);
    }

    #[test]
    fn policies_that_are_gone_open_pods_that_stay() {
        let (web, policed) =
            (pod("web", "app: web"), policy("p", "podSelector: {matchLabels: {app: web}}"));
        let open = "007 error NetworkPolicy p: no longer restricts incoming traffic of its pods";
        let other = pod("other", "app: other");
        told(&format!("{web}{policed}"), &web, &[open]);
        assert_eq!(judged(&format!("{web}{policed}{other}"), &other), [""; 0], "its pods are gone");
        let denied = policy("deny", "podSelector: {}");
        let allows =
            policy("p", "podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]");
        assert_eq!(judged(&format!("{web}{denied}{allows}"), &format!("{web}{denied}")), [""; 0]);
        let words =
            "007 warning NetworkPolicy p: allows more incoming traffic from everywhere on TCP 80";
        assert_eq!(judged(&format!("{web}{denied}"), &format!("{web}{denied}{allows}")), [words]);
        let both = policy("p", "podSelector: {}, policyTypes: [Ingress, Egress]");
        let one = policy("p", "podSelector: {}, policyTypes: [Ingress]");
        told(
            &both,
            &one,
            &["007 error NetworkPolicy p: no longer restricts outgoing traffic of its pods"],
        );
    }

    #[test]
    fn selectors_leave_out_pods() {
        let all = policy("p", "podSelector: {}");
        let some = policy("p", "podSelector: {matchLabels: {app: web}}");
        told(&all, &some, &[&*format!("{LABEL}selects only pods with app=web")]);
        let with = |label: &str| {
            pod("web", &format!("app: {label}"))
                + &policy("p", &format!("podSelector: {{matchLabels: {{app: {label}}}}}"))
        };
        told(&with("a"), &with("b"), &[]);
    }

    fn any_rule() -> impl Strategy<Value = String> {
        let peer = prop::sample::select(vec![
            "{ipBlock: {cidr: 10.0.0.0/8}}",
            "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}",
            "{ipBlock: {cidr: 10.1.2.0/24}}",
            "{podSelector: {}}",
            "{podSelector: {matchLabels: {a: b}}}",
            "{podSelector: {matchLabels: {a: b}}, namespaceSelector: {}}",
            "{namespaceSelector: {matchLabels: {a: b}}}",
        ]);
        let port = prop::sample::select(vec![
            "{port: 80}",
            "{port: 80, endPort: 90}",
            "{port: http}",
            "{protocol: UDP}",
        ]);
        let lists = (prop::collection::vec(peer, 0..3), prop::collection::vec(port, 0..3));
        lists.prop_map(|(peers, ports)| {
            format!("{{from: [{}], ports: [{}]}}", peers.join(", "), ports.join(", "))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Fewer rules, in any order, never allow more.
        #[test]
        fn fewer_rules_never_allow_more(
            rules in prop::collection::vec(any_rule(), 1..5),
            kept in prop::collection::vec(prop::bool::ANY, 5),
        ) {
            let with = |rules: Vec<&str>| {
                policy("p", &format!("podSelector: {{}}, ingress: [{}]", rules.join(", ")))
            };
            let kept = rules.iter().zip(&kept).filter(|(_, kept)| **kept);
            let mut kept: Vec<&str> = kept.map(|(rule, _)| &**rule).collect();
            kept.reverse();
            let some = with(kept);
            let all = with(rules.iter().map(String::as_str).collect());
            prop_assert_eq!(judged(&all, &all), [""; 0]);
            prop_assert_eq!(judged(&all, &some), [""; 0]);
        }
    }
}
