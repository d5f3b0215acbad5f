//! Pods that policies of Cilium, Calico and administrators treat otherwise by new labels of the pods, or in another namespace:
//! they join the peers that a rule lets in, leave those that one refuses, or come under a policy that allows more. The
//! policies stay as they are.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::alternatives::{are_within, of_cilium};
use super::attributes::{Attributes, names_namespaces};
use super::judgement;
use super::others::NOT_COMPARED;
use super::policies::labels_of;
use super::subjects::{Restriction, both, is_of_cluster, may_hold, restrictions, rulings};
use crate::diff::weigh::namespaces::{Effect, Labels, may_select, names};
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical, without};
use crate::diff::{Identity, Pair};
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The directions: the fields of rules that allow and, in Cilium, refuse traffic, and that of the peers in Calico and of
/// administrators.
const DIRECTIONS: [(&str, &str, [&str; 2]); 2] = [
    ("ingress", "ingressDeny", ["source", "from"]),
    ("egress", "egressDeny", ["destination", "to"]),
];

/// A rule of a policy, as far as it is about pods.
struct Clause<'a> {
    direction: usize,
    /// True for a rule that allows traffic, false for one that refuses it.
    allows: bool,
    peers: Vec<Peer<'a>>,
    /// The demands on the traffic beside its peers, as text. Empty if it is for all traffic.
    rest: String,
    /// The meaning of the whole rule.
    meaning: String,
}

/// Peers of a rule.
enum Peer<'a> {
    All,
    /// Endpoints of Cilium: those of the namespace, if there is one.
    Endpoints(&'a Node, Option<&'a str>),
    /// The end of a connection in a rule of Calico: of the namespace, if there is one.
    Entity(&'a Node, Option<&'a str>),
    /// A peer in a rule of administrators.
    Spaces(&'a Node),
}

impl Peer<'_> {
    /// True if pods are among them; `None` if that is not known.
    fn are(&self, pods: &Attributes<'_>) -> Option<bool> {
        let is_near = |own: &Option<&str>| Some(own.is_none_or(|own| own == pods.namespace));
        match self {
            Self::All => Some(true),
            Self::Endpoints(selector, own) => both(is_near(own), pods.are_endpoints(selector)),
            Self::Entity(entity, own) => {
                let satisfy = |key| text(entity, key).map_or(Some(true), |one| pods.satisfy(one));
                let refused = text(entity, "notSelector").map(|one| pods.satisfy(one));
                let refused = refused.map_or(Some(true), |one| one.map(|holds| !holds));
                let spaces = text(entity, "namespaceSelector");
                let spaces = spaces.map_or(Some(true), |one| pods.are_in_those_of(one));
                both(both(is_near(own), spaces), both(satisfy("selector"), refused))
            }
            Self::Spaces(peer) => {
                let of = |key: &str| below(peer, &["pods", key]);
                let spaces = present(peer, "namespaces").or_else(|| of("namespaceSelector"));
                let is_meant = spaces.is_some() || of("podSelector").is_some();
                both(
                    spaces.map_or(Some(is_meant), |spaces| pods.are_in(spaces)),
                    Some(of("podSelector").is_none_or(|own| pods.have(own))),
                )
            }
        }
    }
}

impl Clause<'_> {
    /// True if pods are among the peers; `None` if that is not known.
    fn is_about(&self, pods: &Attributes<'_>) -> Option<bool> {
        let mut all = Some(false);
        for peer in &self.peers {
            match peer.are(pods) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => all = None,
            }
        }
        all
    }

    /// True if it is about all traffic of another one, but for the peers.
    fn is_for(&self, other: &Self) -> bool {
        (self.direction, self.allows) == (other.direction, other.allows)
            && (self.rest.is_empty() || self.rest == other.rest)
    }
}

/// The specifications of a policy, each with the meaning of its subject and its rules.
fn clauses(policy: &Resource) -> Vec<(String, Vec<Clause<'_>>)> {
    let node = policy.node();
    let several = items(present(node, "specs")).iter();
    let specs = present(node, "spec").into_iter().chain(several);
    let own = policy.id().effective_namespace();
    let own = (!is_of_cluster(policy.kind())).then_some(own);
    let of_spec = |spec| {
        let keys = ["endpointSelector", "nodeSelector", "selector", "namespaceSelector", "subject"];
        let subject = keys.map(|key| present(spec, key).map(canonical).unwrap_or_default());
        let group = &*policy.gvk().group;
        let subject = format!("{group} {own:?} {}", subject.join(" "));
        let rules = match group {
            "cilium.io" => of_cilium_policy(spec, own),
            group => of_ordered(spec, own, group == "policy.networking.k8s.io"),
        };
        (subject, rules)
    };
    specs.map(of_spec).collect()
}

/// The lists of peers in rules of Cilium that may select pods.
const ENDPOINTS: [&str; 2] = ["fromEndpoints", "toEndpoints"];

fn of_cilium_policy<'a>(spec: &'a Node, own: Option<&'a str>) -> Vec<Clause<'a>> {
    let mut all = Vec::new();
    for (direction, (allow, deny, _)) in DIRECTIONS.into_iter().enumerate() {
        for (key, allows) in [(allow, true), (deny, false)] {
            for rule in items(present(spec, key)).iter().filter(|rule| !rule.is_empty()) {
                let is_of_peers = |key: &str| {
                    (key.starts_with("from") || key.starts_with("to")) && key != "toPorts"
                };
                let mut peers = Vec::new();
                let mut others: Vec<&str> = Vec::new();
                for (key, value) in rule.entries().iter().filter(|(key, _)| is_of_peers(key.text()))
                {
                    others.push(key.text());
                    if ENDPOINTS.contains(&key.text()) {
                        peers.extend(value.items().iter().map(|selector| {
                            let own = own.filter(|_| !names_namespaces(selector));
                            Peer::Endpoints(selector, own)
                        }));
                    } else if key.text().ends_with("Entities") {
                        let names = value.items().iter().filter_map(Node::as_text);
                        let all = names.filter(|name| matches!(*name, "all" | "cluster"));
                        peers.extend(all.map(|_| Peer::All));
                    }
                }
                if others.is_empty() {
                    peers.push(Peer::All);
                }
                let (rest, meaning) = (without(rule, &others), canonical(rule));
                all.push(Clause { direction, allows, peers, rest, meaning });
            }
        }
    }
    all
}

/// The fields of an end of a connection in a rule of Calico by which it selects pods.
const ENTITY: [&str; 3] = ["namespaceSelector", "notSelector", "selector"];

/// The rules of Calico or of administrators, in order.
fn of_ordered<'a>(spec: &'a Node, own: Option<&'a str>, is_of_admin: bool) -> Vec<Clause<'a>> {
    let mut all = Vec::new();
    for (direction, (key, _, [entity, peers])) in DIRECTIONS.into_iter().enumerate() {
        for rule in items(present(spec, key)) {
            let allows = match text(rule, "action") {
                Some("Allow" | "Accept") => true,
                Some("Pass") if is_of_admin => true,
                Some("Deny") => false,
                _ => continue,
            };
            let (of, rest) = match is_of_admin {
                true => {
                    let listed = items(present(rule, peers)).iter().map(Peer::Spaces);
                    (listed.collect(), without(rule, &["action", "name", peers]))
                }
                false => {
                    let rest = without(rule, &["action", "metadata", entity]);
                    of_entity(present(rule, entity), own, rest)
                }
            };
            let meaning = canonical(rule);
            all.push(Clause { direction, allows, peers: of, rest, meaning });
        }
    }
    all
}

/// The peers of an end of a connection in a rule of Calico, and what else it demands.
fn of_entity<'a>(
    entity: Option<&'a Node>,
    own: Option<&'a str>,
    mut rest: String,
) -> (Vec<Peer<'a>>, String) {
    let Some(entity) = entity else { return (vec![Peer::All], rest) };
    let has = |key: &&str| present(entity, key).is_some();
    rest += &without(entity, &ENTITY);
    if !ENTITY.iter().any(has) {
        // Addresses and accounts are no labels.
        let is_limited = ["nets", "serviceAccounts", "services", "domains"].iter().any(has);
        return (if is_limited { Vec::new() } else { vec![Peer::All] }, rest);
    }
    let own = own.filter(|_| !has(&"namespaceSelector"));
    (vec![Peer::Entity(entity, own)], rest)
}

/// True for the policies that are compared here.
fn is_meant(policy: &Resource) -> bool {
    match &*policy.gvk().group {
        "cilium.io" | "crd.projectcalico.org" | "projectcalico.org" | ADMINISTRATORS => {
            policy.kind().ends_with("Policy")
        }
        _ => false,
    }
}

const ADMINISTRATORS: &str = "policy.networking.k8s.io";

/// The policies on both sides that may be about pods: those that ask for some labels, or all.
fn policies<'a>(sides: &Sides<'_, 'a>, keys: Option<&BTreeSet<&str>>) -> Vec<[&'a Resource; 2]> {
    let whole = sides.whole;
    if let Some(keys) = keys {
        return whole.asking(keys, may_select).filter(|[_, is]| is_meant(is)).collect();
    }
    let both = |pair: &Pair| {
        let [was, is] = [whole.renders[0].get(pair.before?)?, whole.renders[1].get(pair.after?)?];
        is_meant(is).then_some([was, is])
    };
    let pairs = whole.pairs.iter().take_while(|_| whole.work.takes(1));
    pairs.filter_map(both).collect()
}

/// Judges a workload of which the pods get other labels, or another namespace, by which policies treat them otherwise.
pub(in crate::diff::weigh) fn admitting(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let is_moved = sides.namespace(0) != sides.namespace(1);
    if !is_moved && !sides.touches(&["labels"]) {
        return;
    }
    let nodes = [labels_of(sides, 0, before), labels_of(sides, 1, after)];
    let own = Labels::of(nodes);
    let keys = own.keys();
    let policies = match (is_moved, keys.is_empty()) {
        (false, true) => return,
        (is_moved, _) => policies(sides, (!is_moved).then_some(&keys)),
    };
    if policies.is_empty() {
        return;
    }
    let pods = [0, 1].map(|side| Attributes::of(sides, side, nodes[side]));
    let known = Known { sides, pods: &pods, clauses: Default::default() };
    let (mut effects, mut more) = (BTreeMap::<Effect, BTreeSet<String>>::new(), BTreeSet::new());
    let mut is_over = false;
    for [was, is] in policies {
        let size = was.node().count_below().saturating_add(is.node().count_below());
        if !sides.whole.work.takes(size.saturating_mul(2)) {
            is_over = true;
            break;
        }
        let is_named = is_moved || names(is.node(), &keys);
        for effect in known.effects([was, is]).into_iter().filter(|_| is_named) {
            effects.entry(effect).or_default().insert(Identity::of(is).to_string());
        }
        if known.allows_more([was, is]) {
            more.insert(Identity::of(is).to_string());
        }
    }
    let path = if is_moved { "metadata.namespace" } else { "spec.template.metadata.labels" };
    for (effect, names) in effects {
        let judged = match (effect, is_moved) {
            (Effect::Named, true) => {
                let phrase = Phrase::new("moves to namespace ").name(sides.namespace(1));
                let phrase = phrase.say(", where it is not known how its pods are treated by ");
                judgement(path, phrase.few(names.iter().map(String::as_str)))
            }
            _ => effect.judged(&names).at(path.to_owned()),
        };
        if !found.contains(&judged) {
            found.push(judged);
        }
    }
    if !more.is_empty() {
        let phrase = Phrase::new("its pods now come under ");
        let phrase =
            phrase.few(more.iter().map(String::as_str)).say(", which allows other traffic");
        found.push(judgement(path, phrase.say(NOT_COMPARED)));
    }
    if is_over {
        let words = "is not judged: the policies that may be about its pods are too many";
        found.push(judgement(path, Phrase::new(words)));
    }
}

/// Rules by the subjects of their policies.
type BySubject<'a> = BTreeMap<String, Vec<Clause<'a>>>;

/// The rules of all policies of a side about pods, read when they are asked for.
struct Known<'k, 'o, 'a> {
    sides: &'k Sides<'o, 'a>,
    pods: &'k [Attributes<'o>; 2],
    clauses: [OnceCell<BySubject<'a>>; 2],
}

impl<'a> Known<'_, '_, 'a> {
    /// The rules of a side that are about the pods.
    fn clauses(&self, side: usize) -> &BySubject<'a> {
        self.clauses[side].get_or_init(|| {
            let (whole, mut all) = (self.sides.whole, BySubject::new());
            let policies = whole.renders[side].iter().filter(|policy| is_meant(policy));
            for policy in policies.take_while(|one| whole.work.takes(one.node().count_below())) {
                for (subject, mut clauses) in clauses(policy) {
                    clauses.retain(|clause| clause.is_about(&self.pods[side]) == Some(true));
                    all.entry(subject).or_default().extend(clauses);
                }
            }
            all
        })
    }

    /// True if a rule for the same subject, and for all traffic of another one, was or is about the pods.
    fn have(&self, side: usize, subject: &str, clause: &Clause<'_>) -> bool {
        let all = self.clauses(side).get(subject).map(Vec::as_slice).unwrap_or_default();
        self.sides.whole.work.takes(all.len()) && all.iter().any(|one| one.is_for(clause))
    }

    /// The effects of the rules that a policy has on both sides.
    fn effects(&self, [was, is]: [&Resource; 2]) -> BTreeSet<Effect> {
        let mut effects = BTreeSet::new();
        let former: BTreeSet<(String, usize, String)> = clauses(was)
            .into_iter()
            .flat_map(|(subject, clauses)| {
                let key = move |one: Clause<'_>| (subject.clone(), one.direction, one.meaning);
                clauses.into_iter().map(key)
            })
            .collect();
        for (subject, clauses) in clauses(is) {
            for (place, one) in clauses.iter().enumerate() {
                let key = (subject.clone(), one.direction, one.meaning.clone());
                if !former.contains(&key) {
                    continue;
                }
                let [old, new] = self.pods.each_ref().map(|pods| one.is_about(pods));
                // A rule that refuses is missed by pods that leave it.
                let [from, to] = if one.allows { [old, new] } else { [new, old] };
                match (from, to) {
                    (Some(false), Some(true)) => {}
                    (None, None | Some(true)) | (Some(false), None) => {
                        effects.insert(Effect::Named);
                        continue;
                    }
                    _ => continue,
                }
                let side = usize::from(!one.allows);
                let is_refused = || {
                    // Those of Cilium refuse anyway, and others before rules that come later.
                    let all = if &*is.gvk().group == "cilium.io" { clauses.len() } else { place };
                    let refusing = |other: &&Clause<'_>| {
                        !other.allows
                            && other.direction == one.direction
                            && (other.rest.is_empty() || other.rest == one.rest)
                            && other.is_about(&self.pods[1]) == Some(true)
                    };
                    let takes = self.sides.whole.work.takes(all);
                    one.allows && takes && clauses[..all].iter().any(|other| refusing(&other))
                };
                if !self.have(side, &subject, one) && !is_refused() {
                    effects.insert(match (one.allows, one.direction) {
                        (false, _) => Effect::Spared,
                        (true, 0) => Effect::LetIn,
                        (true, _) => Effect::Reached,
                    });
                }
            }
        }
        effects
    }

    /// True if a policy, which stays as it is, selects the pods now and did not before, and allows more than the policies that
    /// restricted them.
    fn allows_more(&self, [was, is]: [&Resource; 2]) -> bool {
        let [before, after] = self.pods;
        if was.node() != is.node() || !may_hold(is, after.namespace) {
            return false;
        }
        let group = &*is.gvk().group;
        let is_new = |one: &Restriction<'_>| {
            one.selector.selects(after) == Some(true)
                && (was.id() != is.id()
                    || one.selector.selects(before) == Some(false)
                    || !may_hold(was, before.namespace))
        };
        let new: Vec<&Node> =
            restrictions(is).into_iter().filter(is_new).map(|one| one.spec).collect();
        if new.is_empty() {
            return false;
        }
        let kinds = KINDS.iter().filter(|(of, _)| group.contains(of)).flat_map(|(_, kinds)| *kinds);
        let old = kinds.flat_map(|kind| rulings(self.sides, 0, kind, before));
        let old: Vec<&Node> = old.map(|(_, ruling)| ruling.spec).collect();
        DIRECTIONS.iter().any(|(key, ..)| {
            let of = |spec: &Node| items(present(spec, key)).to_vec();
            let [own, known] =
                [&new, &old].map(|all| all.iter().flat_map(|one| of(one)).collect::<Vec<_>>());
            if group == "cilium.io" {
                let is_restricted = old.iter().any(|spec| present(spec, key).is_some());
                return is_restricted
                    && !are_within(&of_cilium(&own), &of_cilium(&known), &self.sides.whole.work);
            }
            let allows =
                |rule: &&Node| matches!(text(rule, "action"), Some("Allow" | "Accept" | "Pass"));
            let known: BTreeSet<String> = known.iter().map(canonical).collect();
            (group == ADMINISTRATORS || !old.is_empty())
                && own.iter().filter(allows).any(|rule| !known.contains(&canonical(rule)))
        })
    }
}

/// The kinds of policies by a part of their group.
const KINDS: [(&str, &[&str]); 3] = [
    ("cilium.io", &["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"]),
    ("projectcalico.org", &["NetworkPolicy", "GlobalNetworkPolicy"]),
    (ADMINISTRATORS, &["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"]),
];

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    const CILIUM: &str = "cilium.io/v2";
    const CALICO: &str = "projectcalico.org/v3";
    const ADMIN: &str = "policy.networking.k8s.io/v1alpha1";

    fn pods(namespace: &str, labels: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: {namespace}}}, spec: {{template: {{metadata: {{labels: {{app: web, {labels}}}}}, spec: {{containers: [{{name: c, image: c}}]}}}}}}}}\n---\n"
        )
    }

    fn space(name: &str, labels: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{{labels}}}}}}}\n---\n"
        )
    }

    fn is_of_cluster(kind: &str) -> bool {
        ["Admin", "Global", "Clusterwide", "ClusterNetwork"].iter().any(|part| kind.contains(part))
    }

    fn policy((version, kind): (&str, &str), name: &str, spec: &str) -> String {
        let namespace = if is_of_cluster(kind) { "" } else { ", namespace: db" };
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}{namespace}}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    /// A kind of policies, with the specification of one with rules for peers.
    struct Kind {
        id: (&'static str, &'static str),
        spec: fn(is_in: bool, allows: bool, peer: &str, ports: &str) -> String,
        /// The peer of pods with the role of a client, in any namespace, and in those with a label.
        client: &'static str,
        trusted: &'static str,
    }

    fn cilium(is_in: bool, allows: bool, peer: &str, ports: &str) -> String {
        let (key, of) = if is_in { ("ingress", "from") } else { ("egress", "to") };
        let deny = if allows { "" } else { "Deny" };
        let ports = match ports {
            "" => String::new(),
            port => format!(", toPorts: [{{ports: [{{port: '{port}'}}]}}]"),
        };
        format!(
            "endpointSelector: {{matchLabels: {{app: db}}}}, {key}{deny}: [{{{of}Endpoints: [{peer}]{ports}}}]"
        )
    }

    fn calico(is_in: bool, allows: bool, peer: &str, ports: &str) -> String {
        let action = if allows { "Allow" } else { "Deny" };
        let rule = match (is_in, ports) {
            (true, "") => format!("source: {peer}"),
            (true, port) => {
                format!("protocol: TCP, source: {peer}, destination: {{ports: [{port}]}}")
            }
            (false, "") => format!("destination: {peer}"),
            (false, port) => {
                format!(
                    "protocol: TCP, destination: {}, ports: [{port}]}}",
                    peer.trim_end_matches('}')
                )
            }
        };
        let key = if is_in { "ingress" } else { "egress" };
        format!("selector: app == 'db', {key}: [{{action: {action}, {rule}}}]")
    }

    fn admin(is_in: bool, allows: bool, peer: &str, ports: &str) -> String {
        let (key, of) = if is_in { ("ingress", "from") } else { ("egress", "to") };
        let action = if allows { "Allow" } else { "Deny" };
        let ports = match ports {
            "" => String::new(),
            port => format!(", ports: [{{portNumber: {{port: {port}, protocol: TCP}}}}]"),
        };
        format!(
            "priority: 5, subject: {{namespaces: {{matchLabels: {{kubernetes.io/metadata.name: db}}}}}}, {key}: [{{action: {action}, {of}: [{peer}]{ports}}}]"
        )
    }

    fn kinds() -> Vec<Kind> {
        let of = |id, spec, client, trusted| Kind { id, spec, client, trusted };
        let all_spaces = "{matchLabels: {'k8s:role': client}, matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace', operator: Exists}]}";
        let some_spaces = "{matchLabels: {'k8s:io.cilium.k8s.namespace.labels.trust': high}}";
        let entity = "{namespaceSelector: all(), selector: role == 'client'}";
        let trusted = "{namespaceSelector: trust == 'high'}";
        let of_pods = "{pods: {namespaceSelector: {}, podSelector: {matchLabels: {role: client}}}}";
        let of_spaces = "{namespaces: {matchLabels: {trust: high}}}";
        vec![
            of((CILIUM, "CiliumNetworkPolicy"), cilium, all_spaces, some_spaces),
            of(
                (CILIUM, "CiliumClusterwideNetworkPolicy"),
                cilium,
                "{matchLabels: {role: client}}",
                some_spaces,
            ),
            of((CALICO, "NetworkPolicy"), calico, entity, trusted),
            of(("crd.projectcalico.org/v1", "GlobalNetworkPolicy"), calico, entity, trusted),
            of((ADMIN, "AdminNetworkPolicy"), admin, of_pods, of_spaces),
            of((ADMIN, "BaselineAdminNetworkPolicy"), admin, of_pods, of_spaces),
            of(
                ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"),
                |is_in, allows, peer, ports| {
                    admin(is_in, allows, peer, ports).replace("Allow", "Accept")
                },
                of_pods,
                of_spaces,
            ),
        ]
    }

    fn named(kind: &str) -> String {
        let place = if is_of_cluster(kind) { "p" } else { "db/p" };
        format!("{kind} {place}")
    }

    #[test]
    fn pods_join_or_leave_the_peers_of_rules() {
        for Kind { id, spec, client, .. } in kinds() {
            for (is_in, allows, words) in [
                (true, true, "are now let in by"),
                (false, true, "are now reached by those of"),
                (true, false, "are no longer refused by"),
                (false, false, "are no longer refused by"),
            ] {
                for ports in ["", "80"] {
                    let one = policy(id, "p", &spec(is_in, allows, client, ports));
                    let with = |labels: &str| one.clone() + &pods("shop", labels);
                    let words =
                        format!("007 warning Deployment web: its pods {words} {}", named(id.1));
                    let (old, new) = ("role: other", "role: client");
                    let [before, after] = if allows { [old, new] } else { [new, old] };
                    assert_eq!(judged(&with(before), &with(after)), [words], "{one}");
                    assert_eq!(judged(&with(after), &with(before)), [""; 0], "{one}");
                    let more = "role: client, a: b";
                    assert_eq!(judged(&with(new), &with(more)), [""; 0], "{one}");
                    // The policy is renamed with the labels: it is told with its own object, if at all.
                    let renamed = one.replace("client", "user") + &pods("shop", "role: user");
                    let told = judged(&with(new), &renamed);
                    assert!(!told.iter().any(|one| one.contains("Deployment")), "{told:?}");
                }
            }
        }
    }

    #[test]
    fn other_rules_said_the_same() {
        for Kind { id, spec, client, .. } in kinds() {
            let other = client.replace("client", "other");
            let with = |rules: &[String], labels: &str| {
                let all = rules
                    .iter()
                    .enumerate()
                    .map(|(number, spec)| policy(id, &format!("p{number}"), spec));
                all.collect::<String>() + &pods("shop", labels)
            };
            for (allows, [before, after]) in
                [(true, ["role: other", "role: client"]), (false, ["role: client", "role: other"])]
            {
                let rule = |peer: &str, ports: &str| spec(true, allows, peer, ports);
                for (ports, other_ports, is_told) in
                    [("80", "80", false), ("80", "", false), ("", "80", true), ("80", "81", true)]
                {
                    let rules = [rule(client, ports), rule(&other, other_ports)];
                    let told = judged(&with(&rules, before), &with(&rules, after));
                    let number = told.iter().filter(|one| one.contains("p0")).count();
                    assert_eq!(
                        number,
                        usize::from(is_told),
                        "{} {ports} {other_ports} {told:?}",
                        id.1
                    );
                }
            }
        }
    }

    #[test]
    fn pods_move_among_the_peers_of_rules() {
        let spaces = space("shop", "") + &space("safe", "trust: high");
        for Kind { id, spec, client, trusted } in kinds() {
            let one = policy(id, "p", &spec(true, true, trusted, ""));
            let with = |namespace: &str| format!("{spaces}{one}{}", pods(namespace, ""));
            let words =
                format!("007 warning Deployment web: its pods are now let in by {}", named(id.1));
            assert_eq!(judged(&with("shop"), &with("safe")), [words], "{one}");
            assert_eq!(judged(&with("safe"), &with("shop")), [""; 0], "{one}");
            // Of all namespaces.
            let one = policy(id, "p", &spec(true, true, client, ""));
            let with =
                |namespace: &str| format!("{spaces}{one}{}", pods(namespace, "role: client"));
            assert_eq!(judged(&with("shop"), &with("safe")), [""; 0], "{one}");
            // The labels of the namespace are not known.
            let one = policy(id, "p", &spec(true, true, trusted, ""));
            let shop = space("shop", "");
            let with = |namespace: &str| format!("{shop}{one}{}", pods(namespace, ""));
            let words = format!(
                "007 warning Deployment web: moves to namespace safe, where it is not known how its pods are treated by {}",
                named(id.1)
            );
            assert_eq!(judged(&with("shop"), &with("safe")), [words], "{one}");
        }
    }

    /// A selector without a namespace is for that of the policy.
    #[test]
    fn peers_are_in_the_namespace_of_their_policy() {
        for (id, spec, peer) in [
            (
                (CILIUM, "CiliumNetworkPolicy"),
                cilium as fn(_, _, &str, &str) -> String,
                "{matchLabels: {role: client}}",
            ),
            ((CALICO, "NetworkPolicy"), calico, "{selector: role == 'client'}"),
        ] {
            let one = policy(id, "p", &spec(true, true, peer, ""));
            let with = |namespace: &str, labels: &str| one.clone() + &pods(namespace, labels);
            let told = judged(&with("db", "a: b"), &with("db", "role: client"));
            assert_eq!(told.len(), 1, "{told:?}");
            assert_eq!(judged(&with("shop", "a: b"), &with("shop", "role: client")), [""; 0]);
        }
        // Entities, and what is not known.
        let one = policy(
            (CILIUM, "CiliumNetworkPolicy"),
            "p",
            "endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {role: client}}], fromEntities: [cluster]}]",
        );
        let with = |labels: &str| one.clone() + &pods("db", labels);
        assert_eq!(judged(&with("a: b"), &with("role: client")), [""; 0]);
        let one = policy(
            (CALICO, "NetworkPolicy"),
            "p",
            "selector: app == 'db', ingress: [{action: Deny, source: {selector: role == 'client'}}, {action: Allow, source: {selector: has(role)}}]",
        );
        let with = |labels: &str| one.clone() + &pods("db", labels);
        assert_eq!(judged(&with("a: b"), &with("role: client")), [""; 0], "refused before");
        assert_eq!(judged(&with("a: b"), &with("role: other")).len(), 1);
        let unknown = policy(
            (CALICO, "NetworkPolicy"),
            "p",
            "selector: app == 'db', ingress: [{action: Allow, source: {selector: \"role == 'client' && projectcalico.org/serviceaccount == 'a'\"}}]",
        );
        let with = |labels: &str| unknown.clone() + &pods("db", labels);
        let words = "007 warning Deployment web: has another label that a policy names, which is not compared: NetworkPolicy db/p";
        assert_eq!(judged(&with("a: b"), &with("role: client")), [words]);
    }

    #[test]
    fn pods_come_under_policies_that_allow_more() {
        for Kind { id, spec, client, .. } in kinds() {
            let of = |zone: &str, peer: &str| {
                spec(true, true, peer, "")
                    .replace("app: db", &format!("zone: {zone}"))
                    .replace("app == 'db'", &format!("zone == '{zone}'"))
                    .replace(
                        "subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: db}}}",
                        &format!("subject: {{pods: {{namespaceSelector: {{}}, podSelector: {{matchLabels: {{zone: {zone}}}}}}}}}"),
                    )
            };
            let own = policy(id, "own", &of("a", client))
                .replace("zone: a", "app: web")
                .replace("zone == 'a'", "app == 'web'");
            let with = |more: &str, labels: &str| format!("{own}{more}{}", pods("db", labels));
            let words = format!(
                "007 warning Deployment web: its pods now come under {}, which allows other traffic: what its rules allow is not compared",
                named(id.1)
            );
            let lax = policy(id, "p", &of("b", &client.replace("client", "x")));
            assert_eq!(judged(&with(&lax, "c: d"), &with(&lax, "zone: b")), [words], "{lax}");
            let equal = policy(id, "p", &of("b", client));
            assert_eq!(judged(&with(&equal, "c: d"), &with(&equal, "zone: b")), [""; 0], "{equal}");
            // Nothing restricted them before.
            if !id.0.starts_with("policy.") {
                let alone = |labels: &str| lax.clone() + &pods("db", labels);
                assert_eq!(judged(&alone("c: d"), &alone("zone: b")), [""; 0], "{lax}");
            }
        }
    }

    #[test]
    fn many_policies_take_linear_time() {
        let Some(Kind { id, spec, client, .. }) = kinds().into_iter().nth(1) else { return };
        let one = |number: usize| {
            policy(id, &format!("p{number}"), &spec(true, true, client, &number.to_string()))
        };
        let policies: String = (1..100).map(one).collect();
        let workloads = |labels: &str| -> String {
            let one = |number: usize| {
                pods("shop", labels).replace("name: web,", &format!("name: web-{number},"))
            };
            (0..100).map(one).collect()
        };
        let all = |labels: &str| format!("{policies}{}", workloads(labels));
        let found = judged(&all("a: b"), &all("role: client"));
        assert!(found.iter().filter(|one| one.contains("let in by")).count() >= 20, "{found:?}");
    }
}
