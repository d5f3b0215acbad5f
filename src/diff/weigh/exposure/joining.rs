//! Pods that peers of a `NetworkPolicy` select by new labels of their own, or in another namespace: the policy stays as it is,
//! and lets them in, or lets others reach them.

use std::collections::{BTreeMap, BTreeSet};

use super::policies::labels_of;
use crate::diff::Identity;
use crate::diff::weigh::namespaces::{Effect, Labels, may_select};
use crate::diff::weigh::selectors::Conditions;
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::selector::{labels, selects_by};
use crate::harden::value::{below, items, present};
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

    /// True if a rule of a policy with all ports, or with the same ones as another rule, is about the pods.
    fn have(&self, policy: &Resource, (rules, peers): (&str, &str), ports: &str) -> bool {
        let own = policy.id().effective_namespace();
        items(below(policy.node(), &["spec", rules])).iter().any(|rule| {
            let of_rule = items(present(rule, "ports"));
            let listed = items(present(rule, peers));
            (of_rule.is_empty() || ports_of(rule) == ports)
                && (listed.is_empty() || listed.iter().any(|peer| self.are_selected(peer, own)))
        })
    }
}

/// The ports of a rule by their meaning.
fn ports_of(rule: &Node) -> String {
    present(rule, "ports").map(canonical).unwrap_or_default()
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
        if old.have(was, of, &ports) || !new.have(is, of, &ports) {
            return false;
        }
        let others = known.entry(own.to_owned()).or_insert_with(|| allowing(sides, old, own));
        let conditions = selector(was);
        !others.iter().any(|other| {
            sides.whole.work.takes(other.node().count_below())
                && conditions.is_within(&selector(other))
                && old.have(other, of, &ports)
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
