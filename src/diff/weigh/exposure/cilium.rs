//! Policies of Cilium, each of one or several specifications: directions that are no longer restricted, and rules that
//! allow other traffic.

use std::collections::{BTreeMap, BTreeSet};

use super::alternatives::{Alternative, are_within, of_cilium};
use super::judgement;
use super::others::{NOT_COMPARED, beside, had_others, narrowed, otherwise};
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::Severity;
use crate::harden::value::{items, present};
use crate::resource::Resource;
use crate::yaml::Node;

/// A direction: the fields of rules that allow and refuse traffic, and the words for it.
const DIRECTIONS: [(&str, &str, &str); 2] =
    [("ingress", "ingressDeny", "incoming traffic"), ("egress", "egressDeny", "outgoing traffic")];

/// The fields by which a specification applies to pods or nodes.
const SELECTORS: [&str; 2] = ["endpointSelector", "nodeSelector"];

/// Judges a policy of Cilium.
pub(in crate::diff::weigh) fn cilium_policy(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let [old, new] = [sides.before, sides.after].map(specifications);
    // What another policy had before, or has now, is no news.
    let [mut old, mut new] = [others_than(sides, 1, &old), others_than(sides, 0, &new)];
    let pairs = paired(&mut old, &mut new);
    if sides.after.is_none() {
        let phrase = Phrase::new("no longer restricts traffic");
        if !old.is_empty() && sides.leaves_pods(None) {
            found.push(judgement("", phrase).with_severity(Severity::Error));
        }
        return;
    }
    for (before, after) in pairs {
        compare(sides, before, after, found);
    }
    let allows = |one: &&Node| {
        DIRECTIONS.iter().any(|(key, ..)| {
            !of_cilium(items(present(one, key))).is_empty()
                && had_others(sides, |of| specifications(Some(of)).iter().any(|of| has(of, key)))
        })
    };
    if new.iter().any(allows) {
        found.push(beside());
    }
    let lost: BTreeSet<&str> = old.iter().flat_map(|one| restricted(one)).collect();
    let kept = |words: &str| {
        let all = specifications(sides.after);
        all.iter().any(|one| restricted(one).any(|own| own == words))
    };
    for words in lost {
        let phrase = Phrase::new("no longer restricts ").say(words.to_owned());
        let phrase = if kept(words) { phrase.say(" of some pods") } else { phrase };
        found.push(judgement("spec", phrase).with_severity(Severity::Error));
    }
}

/// The specifications of a policy.
fn specifications(policy: Option<&Node>) -> Vec<&Node> {
    let Some(policy) = policy else { return Vec::new() };
    let several = items(present(policy, "specs")).iter();
    present(policy, "spec").into_iter().chain(several).collect()
}

/// True if a specification has rules for a direction.
fn has(specification: &Node, key: &str) -> bool {
    present(specification, key).is_some_and(|rules| !rules.is_empty())
}

/// The words for the directions that a specification restricts.
fn restricted(specification: &Node) -> impl Iterator<Item = &'static str> {
    let has = DIRECTIONS.iter().filter(|(key, ..)| has(specification, key));
    has.map(|(.., words)| *words)
}

/// The meaning of a specification, without what only people read.
fn meaning(specification: &Node) -> String {
    crate::diff::weigh::without(specification, &["description", "labels"])
}

/// The specifications that no policy of a side has in the same namespace.
fn others_than<'n>(sides: &Sides<'_, '_>, side: usize, own: &[&'n Node]) -> Vec<&'n Node> {
    if own.is_empty() {
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    for other in all(sides, side) {
        if !sides.whole.work.takes(other.node().count_below()) {
            break;
        }
        known.extend(specifications(Some(other.node())).into_iter().map(meaning));
    }
    own.iter().copied().filter(|one| !known.contains(&meaning(one))).collect()
}

/// The policies of the same kind and namespace on a side.
fn all<'a>(sides: &Sides<'_, 'a>, side: usize) -> Vec<&'a Resource> {
    // An object that only one side has was, or would be, in the same namespace on the other.
    let own = if sides.object.ids[side].is_some() { side } else { 1 - side };
    sides.whole.of_kind(side, sides.kind, sides.namespace(own)).collect()
}

/// Takes the pairs out of specifications before and after: those for the same pods, and then single ones.
fn paired<'n>(old: &mut Vec<&'n Node>, new: &mut Vec<&'n Node>) -> Vec<(&'n Node, &'n Node)> {
    let mut pairs = Vec::new();
    let mut of: BTreeMap<String, &Node> = BTreeMap::new();
    for one in old.iter() {
        of.entry(applies(one)).or_insert(one);
    }
    new.retain(|after| match of.remove(&applies(after)) {
        Some(before) => {
            old.retain(|one| !std::ptr::eq(*one, before));
            pairs.push((before, *after));
            false
        }
        None => true,
    });
    if let ([before], [after]) = (&old[..], &new[..]) {
        pairs.push((*before, *after));
        old.clear();
        new.clear();
    }
    pairs
}

/// The selectors of a specification, as text.
fn applies(specification: &Node) -> String {
    let selectors = SELECTORS.map(|key| present(specification, key).map(canonical));
    format!("{selectors:?}")
}

/// Judges a specification that is there on both sides.
fn compare(sides: &Sides<'_, '_>, before: &Node, after: &Node, found: &mut Vec<Judgement>) {
    let work = &sides.whole.work;
    for (allow, deny, words) in DIRECTIONS {
        let list = |node, key: &str| of_cilium(items(present(node, key)));
        if has(before, allow) && !has(after, allow) {
            let phrase = Phrase::new("no longer restricts ").say(words);
            found.push(judgement("spec", phrase).with_severity(Severity::Error));
        } else if has(before, allow)
            && !are_within(&list(after, allow), &allowed_before(sides, before, allow), work)
        {
            let phrase = Phrase::new("allows other ").say(words);
            found.push(judgement("spec", phrase.say(NOT_COMPARED)));
        }
        if !are_within(&list(before, deny), &list(after, deny), work) {
            let phrase = Phrase::new("no longer refuses some ").say(words);
            found.push(judgement("spec", phrase.say(NOT_COMPARED)));
        }
    }
    found.extend(narrowed(Some(before), Some(after), &SELECTORS));
    let rest = |node: &Node| {
        let known = ["ingress", "ingressDeny", "egress", "egressDeny", "description", "labels"];
        crate::diff::weigh::without(node, &[&known[..], &SELECTORS].concat())
    };
    if rest(before) != rest(after) {
        found.push(otherwise());
    }
}

/// The traffic that all specifications for the pods of one allowed before.
fn allowed_before(sides: &Sides<'_, '_>, before: &Node, key: &str) -> Vec<Alternative> {
    let mut known = of_cilium(items(present(before, key)));
    let own = applies(before);
    for other in all(sides, 0) {
        if !sides.whole.work.takes(other.node().count_below()) {
            break;
        }
        let alike =
            specifications(Some(other.node())).into_iter().filter(|one| applies(one) == own);
        known.extend(alike.flat_map(|one| of_cilium(items(present(one, key)))));
    }
    known
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    fn policy(name: &str, specifications: &str) -> String {
        format!(
            "{{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {{name: {name}}}, {specifications}}}\n---\n"
        )
    }

    fn spec(app: &str, rules: &str) -> String {
        format!("{{endpointSelector: {{matchLabels: {{app: {app}}}}}, {rules}}}")
    }

    fn one(spec: &str) -> String {
        policy("p", &format!("spec: {spec}"))
    }

    fn several(specs: &[&str]) -> String {
        policy("p", &format!("specs: [{}]", specs.join(", ")))
    }

    const FROM_A: &str = "ingress: [{fromEndpoints: [{matchLabels: {app: a}}]}]";
    const FROM_B: &str = "ingress: [{fromEndpoints: [{matchLabels: {app: b}}]}]";

    #[test]
    fn specifications_may_be_one_or_several() {
        let (web, db) = (spec("web", FROM_A), spec("db", FROM_B));
        let two = one(&web) + &policy("q", &format!("spec: {db}"));
        for (before, after) in [
            (one(&web), several(&[&web])),
            (several(&[&web]), one(&web)),
            (two.clone(), several(&[&db, &web])),
            (several(&[&web, &db]), two.clone()),
            (one(&web), several(&[&web, &web])),
        ] {
            assert_eq!(judged(&before, &after), [""; 0], "{before}{after}");
        }
        let label = "CiliumNetworkPolicy p: ";
        for (before, after, words) in [
            (
                one(&web),
                several(&[&spec("web", FROM_B)]),
                "007 warning CiliumNetworkPolicy p: allows other incoming traffic: what its rules allow is not compared",
            ),
            (
                one(&web),
                several(&[]),
                "007 error CiliumNetworkPolicy p: no longer restricts incoming traffic",
            ),
            (
                several(&[&web, &db]),
                one(&web),
                "007 error CiliumNetworkPolicy p: no longer restricts incoming traffic of some pods",
            ),
            (
                one(&web),
                several(&[&web, &db]),
                "007 warning CiliumNetworkPolicy p: allows traffic beside the policies that were there: what its rules allow is not compared",
            ),
        ] {
            let told = judged(&before, &after);
            assert!(told == [words] && told[0].contains(label), "{told:?}");
        }
        let told = judged(&two, &one(&db));
        assert!(told.iter().any(|one| one.contains("no longer restricts")), "{told:?}");
    }

    #[test]
    fn rules_that_are_split_or_joined_allow_the_same() {
        let with = |rules: &str| one(&spec("web", &format!("ingress: [{rules}]")));
        let (a, b) = ("{matchLabels: {app: a}}", "{matchLabels: {app: b}}");
        let both = with(&format!("{{fromEndpoints: [{a}, {b}]}}"));
        let each = with(&format!("{{fromEndpoints: [{b}]}}, {{fromEndpoints: [{a}]}}"));
        let port =
            |ports: &str| format!("{{fromEndpoints: [{a}], toPorts: [{{ports: [{ports}]}}]}}");
        let (http, https) = ("{port: '80'}", "{port: '443'}");
        let ports = with(&port(&format!("{http}, {https}")));
        let apart = with(&format!("{}, {}", port(http), port(https)));
        for (before, after) in [
            (&both, &each),
            (&each, &both),
            (&ports, &apart),
            (&apart, &ports),
            (&both, &with(&port(http))),
            (&ports, &with(&port(http))),
        ] {
            assert_eq!(judged(before, after), [""; 0], "{before}{after}");
        }
        let asked = port("{port: '80'}").replace("]}]", "], rules: {http: [{method: GET}]}}]");
        for (before, after) in [
            (&with(&port(http)), &both),
            (&with(&port(http)), &ports),
            (&with(&asked), &with(&port(http))),
            (&each, &with("{fromEntities: [all]}")),
            (&with("{}"), &both),
            (&with("{fromEndpoints: []}"), &both),
            (
                &with(&port(http)),
                &with(&port(http).replace("toPorts", "authentication: {mode: disabled}, toPorts")),
            ),
        ] {
            assert_eq!(judged(before, after).len(), 1, "{before}{after}");
        }
    }
}
