//! Pods that peers of a `NetworkPolicy` select by new labels of their own, or in another namespace: the policy stays as it is,
//! and lets them in, or lets others reach them.

use std::collections::{BTreeMap, BTreeSet};

use super::policies::labels_of;
use crate::diff::Identity;
use crate::diff::weigh::namespaces::{Effect, Labels, may_select};
use crate::diff::weigh::selectors::Conditions;
use crate::diff::weigh::work::Work;
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::selector::{labels, selects_by};
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The label of a namespace that the API server sets to its name.
const NAME: &str = "kubernetes.io/metadata.name";

/// The directions of rules: their field, that of their peers, and the effect of a peer that selects more.
const DIRECTIONS: [(&str, &str, Effect); 2] =
    [("ingress", "from", Effect::LetIn), ("egress", "to", Effect::Reached)];

/// The pods of a workload on a side: their namespace, its labels and their own.
struct Pods<'a> {
    namespace: &'a str,
    of_namespace: BTreeMap<&'a str, &'a str>,
    labels: BTreeMap<&'a str, &'a str>,
}

impl Pods<'_> {
    /// True if a peer of a policy selects the pods.
    fn are_selected(&self, peer: &Node, own: &str) -> bool {
        let (spaces, pods) = (present(peer, "namespaceSelector"), present(peer, "podSelector"));
        let is_near = match spaces {
            Some(selector) => selects_by(selector, |key| self.of_namespace.get(key).copied()),
            None => own == self.namespace,
        };
        let is_meant = |selector| selects_by(selector, |key| self.labels.get(key).copied());
        (spaces.is_some() || pods.is_some()) && is_near && pods.is_none_or(is_meant)
    }

    /// True if the rules of a policy that are about the pods allow all ports of another rule, or some of them. Ports are
    /// compared as far as there are steps left.
    fn have(
        &self,
        policy: &Resource,
        (rules, peers): (&str, &str),
        ports: &[Port<'_>],
        (work, is_all): (&Work, bool),
    ) -> bool {
        let own = policy.id().effective_namespace();
        if !restricts(policy.node(), rules) {
            return false;
        }
        let all = items(below(policy.node(), &["spec", rules])).iter();
        let own = all.filter(|rule| {
            let listed = items(present(rule, peers));
            listed.is_empty() || listed.iter().any(|peer| self.are_selected(peer, own))
        });
        let own: Vec<Port<'_>> = own.flat_map(ports_of).collect();
        let is_allowed = |port: &Port<'_>| own.iter().any(|one| one.covers(port));
        work.takes(own.len().saturating_mul(ports.len()))
            && match is_all {
                true => ports.iter().all(is_allowed),
                false => ports.iter().any(is_allowed),
            }
    }
}

/// True if a policy is about a direction. (Kubernetes documentation: "Network Policies".)
fn restricts(policy: &Node, rules: &str) -> bool {
    let types = items(below(policy, &["spec", "policyTypes"]));
    match types {
        [] => rules == "ingress" || below(policy, &["spec", rules]).is_some(),
        types => types.iter().filter_map(Node::as_text).any(|one| one.eq_ignore_ascii_case(rules)),
    }
}

/// Ports that a rule allows.
enum Port<'a> {
    /// All of all protocols.
    Any,
    Of(&'a str, Numbers<'a>),
}

/// The ports of a protocol.
#[derive(PartialEq, Eq)]
enum Numbers<'a> {
    All,
    From(u32, u32),
    Named(&'a str),
}

impl<'a> Port<'a> {
    fn of(node: &'a Node) -> Self {
        let number = |key: &str| text(node, key)?.parse().ok();
        let numbers = match (text(node, "port"), number("port")) {
            (None, _) => Numbers::All,
            (_, Some(first)) => Numbers::From(first, number("endPort").unwrap_or(first)),
            (Some(name), None) => Numbers::Named(name),
        };
        Self::Of(text(node, "protocol").unwrap_or("TCP"), numbers)
    }

    fn covers(&self, other: &Self) -> bool {
        let (Self::Of(protocol, numbers), Self::Of(others, of)) = (self, other) else {
            return matches!(self, Self::Any);
        };
        protocol == others
            && match (numbers, of) {
                (Numbers::All, _) => true,
                (Numbers::From(first, last), Numbers::From(from, to)) => {
                    first <= from && to <= last
                }
                _ => numbers == of,
            }
    }
}

/// The ports of a rule.
fn ports_of(rule: &Node) -> Vec<Port<'_>> {
    match items(present(rule, "ports")) {
        [] => vec![Port::Any],
        ports => ports.iter().map(Port::of).collect(),
    }
}

/// Judges a workload of which the pods get other labels, or another namespace, by which peers of policies select them.
pub(in crate::diff::weigh) fn admitted(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let is_moved = sides.namespace(0) != sides.namespace(1);
    if !is_moved && !sides.touches(&["labels"]) {
        return;
    }
    let nodes = [labels_of(sides, 0, before), labels_of(sides, 1, after)];
    let own = Labels::of(nodes);
    if !is_moved && own.keys().is_empty() {
        return;
    }
    let pods = [0, 1].map(|side| Pods {
        namespace: sides.namespace(side),
        of_namespace: of_namespace(sides, side),
        labels: labels(nodes[side]).collect(),
    });
    let policies = match is_moved {
        true => all_policies(sides),
        false => {
            sides.whole.asking(&own.keys(), may_select).filter(|[_, is]| is_meant(is)).collect()
        }
    };
    let (mut effects, mut is_over) = (BTreeMap::<Effect, BTreeSet<String>>::new(), false);
    let mut known = Allowing::new();
    for [was, is] in policies {
        let size = was.node().count_below().saturating_add(is.node().count_below());
        if !sides.whole.work.takes(size.saturating_mul(2)) {
            is_over = true;
            break;
        }
        for (rules, peers, effect) in DIRECTIONS {
            if joins((sides, &mut known), &pods, [was, is], (rules, peers)) {
                effects.entry(effect).or_default().insert(Identity::of(is).to_string());
            }
        }
    }
    let path = if is_moved { "metadata.namespace" } else { "spec.template.metadata.labels" };
    let judged = effects.iter().map(|(effect, names)| effect.judged(names).at(path.to_owned()));
    found.extend(judged);
    if is_over {
        let words =
            "is not judged: the policies of which the peers may select its pods are too many";
        found.push(super::judgement(path, Phrase::new(words)));
    }
}

fn is_meant(object: &Resource) -> bool {
    object.kind() == "NetworkPolicy"
        && matches!(&*object.gvk().group, "networking.k8s.io" | "extensions")
}

/// The labels of the namespace of the object on a side, as far as the render has them.
fn of_namespace<'o>(sides: &Sides<'o, '_>, side: usize) -> BTreeMap<&'o str, &'o str> {
    let own = sides.namespace(side);
    let mut all = sides.whole.all_of_kind(side, "Namespace");
    let object = all.find(|one| one.name() == own).map(Resource::node);
    let labels = labels(object.and_then(|object| below(object, &["metadata", "labels"])));
    labels.chain([(NAME, own)]).collect()
}

/// The policies that are on both sides.
fn all_policies<'a>(sides: &Sides<'_, 'a>) -> Vec<[&'a Resource; 2]> {
    let whole = sides.whole;
    let both = |pair: &crate::diff::Pair| {
        let [was, is] = [whole.renders[0].get(pair.before?)?, whole.renders[1].get(pair.after?)?];
        is_meant(is).then_some([was, is])
    };
    let pairs = whole.pairs.iter().take_while(|_| whole.work.takes(1));
    pairs.filter_map(both).collect()
}

/// The policies of before that allowed traffic of pods, by namespace.
type Allowing<'a> = BTreeMap<String, Vec<&'a Resource>>;

/// The policies of a namespace of before that allowed some traffic of the pods.
fn allowing<'a>(sides: &Sides<'_, 'a>, pods: &Pods<'_>, namespace: &str) -> Vec<&'a Resource> {
    let all = sides.whole.of_kind(0, "NetworkPolicy", namespace).filter(|one| is_meant(one));
    let all = all.take_while(|one| sides.whole.work.takes(one.node().count_below()));
    let allows = |one: &&Resource| {
        DIRECTIONS.iter().any(|(rules, peers, _)| {
            items(below(one.node(), &["spec", rules])).iter().any(|rule| {
                let listed = items(present(rule, peers));
                listed.is_empty() || listed.iter().any(|peer| pods.are_selected(peer, namespace))
            })
        })
    };
    all.filter(allows).collect()
}

/// True if a policy allows traffic of the pods by what they are now, also as it was itself, and neither it nor another one
/// for the same pods did before.
fn joins<'a>(
    (sides, known): (&Sides<'_, 'a>, &mut Allowing<'a>),
    [old, new]: &[Pods<'_>; 2],
    [was, is]: [&Resource; 2],
    of: (&str, &str),
) -> bool {
    let (rules, peers) = of;
    let own = was.id().effective_namespace();
    let selector =
        |policy: &Resource| Conditions::of_optional(below(policy.node(), &["spec", "podSelector"]));
    items(below(was.node(), &["spec", rules])).iter().any(|rule| {
        let selects = |peer| new.are_selected(peer, own) && !old.are_selected(peer, own);
        if !items(present(rule, peers)).iter().any(selects) {
            return false;
        }
        let ports = ports_of(rule);
        let work = &sides.whole.work;
        if old.have(was, of, &ports, (work, true)) || !new.have(is, of, &ports, (work, false)) {
            return false;
        }
        let others = known.entry(own.to_owned()).or_insert_with(|| allowing(sides, old, own));
        let conditions = selector(was);
        !others.iter().any(|other| {
            sides.whole.work.takes(other.node().count_below())
                && conditions.is_within(&selector(other))
                && old.have(other, of, &ports, (work, true))
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn pods(namespace: &str, labels: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: {namespace}}}, spec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: c, image: c}}]}}}}}}}}\n---\n"
        )
    }

    fn policy(name: &str, rules: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}, namespace: db}}, spec: {{podSelector: {{matchLabels: {{app: db}}}}, policyTypes: [Ingress, Egress], {rules}}}}}\n---\n"
        )
    }

    const PEER: &str = "{namespaceSelector: {}, podSelector: {matchLabels: {role: client}}}";

    /// The pods had the same traffic by another rule, or the rule has no effect.
    #[test]
    fn pods_join_peers_without_more_traffic() {
        let peer = |role: &str| {
            format!(
                "from: [{{namespaceSelector: {{}}, podSelector: {{matchLabels: {{role: {role}}}}}}}]"
            )
        };
        let rules = |old: &str, new: &str| {
            let [old, new] = [("old", old), ("client", new)]
                .map(|(role, ports)| format!("{{{}, ports: [{ports}]}}", peer(role)));
            policy("p", &format!("ingress: [{old}, {new}]"))
        };
        let range = "{port: 80, endPort: 90}";
        for (old, new, is_more) in [
            ("{port: 80}, {port: 81}", "{port: 80}", false),
            ("{port: 80}, {port: 81}", "{port: 81, protocol: TCP}, {port: 80}", false),
            (range, "{port: 85}, {port: 90}", false),
            (range, "{port: 85, endPort: 91}", true),
            ("", "{port: 80}", false),
            ("{protocol: TCP}", "{port: http}", false),
            ("{port: 80}", "{port: 80}, {port: 81}", true),
            ("{port: 80}", "{port: 80, protocol: UDP}", true),
            ("{port: http}", "{port: 80}", true),
            ("{port: 80}", "", true),
        ] {
            let policy = rules(old, new);
            let told = judged(
                &(policy.clone() + &pods("shop", "role: old")),
                &(policy.clone() + &pods("shop", "role: client")),
            );
            assert_eq!(told.len(), usize::from(is_more), "{policy} {told:?}");
        }
        let policy = policy("p", &format!("ingress: [{{{}}}]", peer("client")));
        for (types, is_told) in [("[Egress]", 0), ("[Ingress]", 1), ("[]", 1)] {
            let policy = policy.replace("[Ingress, Egress]", types);
            let with = |labels: &str| policy.clone() + &pods("shop", labels);
            assert_eq!(judged(&with("role: old"), &with("role: client")).len(), is_told, "{types}");
        }
    }

    #[test]
    fn pods_join_the_peers_of_a_policy() {
        for (rules, words) in [
            (format!("ingress: [{{from: [{PEER}]}}]"), "let in by NetworkPolicy db/p"),
            (format!("egress: [{{to: [{PEER}]}}]"), "reached by those of NetworkPolicy db/p"),
            (
                format!("ingress: [{{from: [{PEER}], ports: [{{port: 5432}}]}}]"),
                "let in by NetworkPolicy db/p",
            ),
            (
                "ingress: [{from: [{namespaceSelector: {}, podSelector: {matchExpressions: [{key: role, operator: Exists}]}}]}]".to_owned(),
                "let in by NetworkPolicy db/p",
            ),
        ] {
            let all = |labels: &str| policy("p", &rules) + &pods("shop", labels);
            let words = format!("007 warning Deployment web: its pods are now {words}");
            told(&all("app: web"), &all("app: web, role: client"), &[&*words]);
        }
    }

    #[test]
    fn peers_that_allowed_the_pods_before_allow_no_more() {
        let rules = |peer: &str| format!("ingress: [{{from: [{peer}]}}]");
        let one = policy("p", &rules(PEER));
        let with = |policies: &str, labels: &str| format!("{policies}{}", pods("shop", labels));
        let (old, new) = ("app: web", "app: web, role: client");
        let everybody = policy("q", "ingress: [{}]");
        let web =
            policy("q", &rules("{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}"));
        let addresses = policy("p", &rules("{ipBlock: {cidr: 10.0.0.0/8}}"));
        let near = policy("p", &rules("{podSelector: {matchLabels: {role: client}}}"));
        for policies in [
            format!("{one}{everybody}"),
            format!("{one}{web}"),
            addresses,
            // Only pods of its own namespace.
            near,
        ] {
            assert_eq!(judged(&with(&policies, old), &with(&policies, new)), [""; 0], "{policies}");
        }
        assert_eq!(judged(&with(&one, new), &with(&one, "app: web, role: client, x: y")), [""; 0]);
        // Of other ports, or for other pods.
        let port = web.replace("from: [", "ports: [{port: 80}], from: [");
        let other = web.replace("app: db", "app: other");
        for policies in [format!("{one}{port}"), format!("{one}{other}")] {
            assert_eq!(judged(&with(&policies, old), &with(&policies, new)).len(), 1, "{policies}");
        }
        // Both sides of the rule are renamed.
        let renamed = one.replace("role: client", "role: user");
        let told = judged(&with(&one, new), &with(&renamed, &new.replace("client", "user")));
        assert!(!told.iter().any(|one| one.contains("let in")), "{told:?}");
    }

    #[test]
    fn pods_join_by_their_namespace() {
        let space = |name: &str, labels: &str| {
            format!(
                "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{{labels}}}}}}}\n---\n"
            )
        };
        let spaces = space("shop", "") + &space("trusted", "trust: high");
        for peer in [
            "{namespaceSelector: {matchLabels: {trust: high}}}",
            "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: trusted}}}",
        ] {
            let all = |namespace: &str| {
                let rules = format!("ingress: [{{from: [{peer}]}}]");
                format!("{spaces}{}{}", policy("p", &rules), pods(namespace, "app: web"))
            };
            told(
                &all("shop"),
                &all("trusted"),
                &["007 warning Deployment web: its pods are now let in by NetworkPolicy db/p"],
            );
        }
        // All move together.
        let all = |namespace: &str| {
            let rules = "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]";
            let one =
                policy("p", rules).replace("namespace: db", &format!("namespace: {namespace}"));
            one + &pods(namespace, "app: web")
        };
        let told = judged(&all("a"), &all("b"));
        assert!(!told.iter().any(|one| one.contains("let in")), "{told:?}");
    }

    #[test]
    fn many_policies_take_linear_time() {
        let one = |number: usize| {
            policy(&format!("p-{number}"), &format!("ingress: [{{from: [{PEER}]}}]"))
                .replace("app: db", &format!("app: db-{number}"))
        };
        let policies: String = (0..100).map(one).collect();
        let workloads = |labels: &str| -> String {
            let one = |number: usize| {
                pods("shop", labels).replace("name: web", &format!("name: web-{number}"))
            };
            (0..100).map(one).collect()
        };
        let all = |labels: &str| format!("{policies}{}", workloads(labels));
        let found = judged(&all("app: web"), &all("app: web, role: client"));
        let told = found.iter().filter(|one| one.contains("are now let in by"));
        assert_eq!(told.count(), 100);
    }
}
