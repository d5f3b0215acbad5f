//! Network policies: directions that are no longer restricted, and traffic that is allowed.
//!
//! Policies add up: pods that one of them selects for a direction are restricted there to what all of them allow. So it
//! is compared, for the pods that a policy selects, what all policies of their namespace allow before and after. Pods of
//! other renders are judged by the selector: those with the labels that it asks for, and no others.

use std::collections::{BTreeMap, BTreeSet};

use super::covers::gained;
use super::judgement;
use super::migrations::together;
use super::peers::{Allowed, Peer, Port, allowed, told};
use crate::diff::weigh::selectors::Conditions;
use crate::diff::weigh::work::Work;
use crate::diff::weigh::workload::pods;
use crate::diff::weigh::{Judgement, Phrase, Sides, Whole, canonical};
use crate::harden::selector::selects;
use crate::harden::value::{below, is_true, items, present};
use crate::harden::{PodTemplate, Severity};
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// A direction of traffic.
struct Direction {
    kind: &'static str,
    rules: &'static str,
    peers: &'static str,
    words: &'static str,
    from: &'static str,
    /// The joint before the pods.
    of: &'static str,
}

static DIRECTIONS: [Direction; 2] = [
    Direction {
        kind: "Ingress",
        rules: "ingress",
        peers: "from",
        words: "incoming traffic",
        from: "from ",
        of: " to ",
    },
    Direction {
        kind: "Egress",
        rules: "egress",
        peers: "to",
        words: "outgoing traffic",
        from: "to ",
        of: " of ",
    },
];

impl Direction {
    /// The rules of a policy that restricts this direction.
    fn of<'a>(&self, policy: &'a Node) -> Option<&'a [Node]> {
        let spec = present(policy, "spec")?;
        let rules = present(spec, self.rules);
        let is_restricted = match items(present(spec, "policyTypes")) {
            [] => self.kind == "Ingress" || rules.is_some_and(|rules| !rules.is_empty()),
            types => types.iter().any(|one| one.as_text() == Some(self.kind)),
        };
        is_restricted.then(|| items(rules))
    }
}

/// A policy, as far as it is compared.
#[derive(Debug)]
pub(in crate::diff::weigh) struct Policy<'a> {
    name: &'a str,
    node: &'a Node,
    conditions: Conditions,
    /// For each direction that it restricts, what it allows; `None` if its rules are too many.
    allowed: [Option<Option<Allowed>>; 2],
}

/// The policies of a render, by namespace.
pub(in crate::diff::weigh) type Policies<'a> = BTreeMap<&'a str, Vec<Policy<'a>>>;

/// Reads the policies of a render.
pub(in crate::diff::weigh) fn policies(render: &ResMap) -> Policies<'_> {
    let (mut policies, work) = (Policies::new(), Work::new(4 * MOST_PAIRS));
    let is_meant = |of: &&Resource| {
        of.kind() == "NetworkPolicy"
            && matches!(&*of.gvk().group, "networking.k8s.io" | "extensions")
    };
    for object in render.iter().filter(is_meant) {
        let of_namespace = policies.entry(object.id().effective_namespace()).or_default();
        of_namespace.push(Policy::of(object.name(), object.node(), &work));
    }
    policies
}

/// The maximum number of steps for the pairs of peers and ports of a policy. A step is about 100 bytes.
const MOST_PAIRS: usize = 500_000;

impl<'a> Policy<'a> {
    /// Reads a policy. Its pairs are charged to those of all.
    fn of(name: &'a str, node: &'a Node, all: &Work) -> Self {
        let work = Work::at_most(MOST_PAIRS, [Some(node), None]);
        let namespace = below(node, &["metadata", "namespace"]).and_then(Node::as_text);
        let allowed = |one: &Direction| {
            let pairs = allowed(one.of(node)?, one.peers, namespace.unwrap_or_default(), &work);
            Some(pairs.filter(|pairs| all.takes(pairs.len())))
        };
        let allowed = DIRECTIONS.each_ref().map(allowed);
        Self { name, node, conditions: Conditions::of_optional(selector(node)), allowed }
    }

    fn selects(&self, pods: &Pods<'_>) -> bool {
        match pods {
            Pods::With(conditions) => conditions.is_within(&self.conditions),
            Pods::Labelled(labels) => {
                selector(self.node).is_none_or(|selector| selects(selector, *labels))
            }
        }
    }
}

fn selector(policy: &Node) -> Option<&Node> {
    below(policy, &["spec", "podSelector"])
}

/// Pods on one side.
#[derive(Clone, Copy)]
enum Pods<'a> {
    /// Those of a workload, by the labels of its template.
    Labelled(Option<&'a Node>),
    /// Pods of other renders, of which only what a selector asks for is known.
    With(&'a Conditions),
}

/// Pods on both sides, each with the policies of its namespace that select them.
struct Subject<'a, 'p> {
    /// The workload; `None` for pods of other renders.
    name: Option<String>,
    policies: [Vec<&'p Policy<'a>>; 2],
}

/// All comparisons of policies are used up.
struct Exhausted;

impl<'a> Whole<'a> {
    /// The policies of a namespace that select pods.
    fn selecting(
        &self,
        side: usize,
        namespace: &str,
        pods: &Pods<'_>,
    ) -> Result<Vec<&Policy<'a>>, Exhausted> {
        let all = self.policies(side).get(namespace).map(Vec::as_slice).unwrap_or_default();
        let steps = |policy: &Policy<'_>| 1 + policy.conditions.len();
        if !self.work.takes(all.iter().map(steps).sum()) {
            return Err(Exhausted);
        }
        Ok(all.iter().filter(|policy| policy.selects(pods)).collect())
    }
}

impl Subject<'_, '_> {
    /// True if a policy restricts the pods in a direction on a side.
    fn is_restricted(&self, side: usize, direction: usize) -> bool {
        self.policies[side].iter().any(|policy| policy.allowed[direction].is_some())
    }

    /// The traffic that is allowed before. `None` if it is too much.
    fn allowed_before(&self, direction: usize) -> Option<Vec<&Allowed>> {
        let of = self.policies[0].iter().filter_map(|policy| policy.allowed[direction].as_ref());
        of.map(Option::as_ref).collect()
    }

    /// True if all traffic was allowed before.
    fn was_open(&self, direction: usize) -> bool {
        let open = (Peer::All, Port::All);
        let mut all = self.policies[0].iter();
        all.any(
            |policy| matches!(&policy.allowed[direction], Some(Some(all)) if all.contains(&open)),
        )
    }
}

/// The traffic that a policy lets pods have and that they could not have before, by direction.
#[derive(Default)]
struct Gain<'s> {
    /// The names of the workloads that nothing restricts any more.
    opened: BTreeMap<usize, Vec<&'s str>>,
    grown: BTreeMap<usize, Growth<'s>>,
    /// True if there is too much traffic to compare.
    is_unknown: bool,
}

/// More traffic, and the names of the workloads that it is allowed for.
#[derive(Default)]
struct Growth<'s> {
    traffic: BTreeSet<&'s (Peer, Port)>,
    names: Vec<&'s str>,
}

impl<'s> Gain<'s> {
    /// Adds what a policy, on both sides, lets pods do in a direction. Subjects with the same policies are allowed the same:
    /// then the traffic `is_known`.
    fn add(
        &mut self,
        subject: &'s Subject<'_, '_>,
        (sides, own): (&Sides<'_, '_>, &'s [Option<Policy<'_>>; 2]),
        direction: usize,
        is_known: bool,
    ) {
        let allowed =
            |side: usize| own[side].as_ref().and_then(|own| own.allowed[direction].as_ref());
        let restricts = |side: usize| {
            let id = sides.object.ids[side].as_ref().map(|id| &*id.name);
            let mut all = subject.policies[side].iter();
            allowed(side).is_some() && all.any(|policy| Some(policy.name) == id)
        };
        let name = subject.name.as_deref().unwrap_or_default();
        if !subject.is_restricted(1, direction) {
            if restricts(0) && !subject.was_open(direction) {
                self.opened.entry(direction).or_default().push(name);
            }
            return;
        }
        if is_known || !restricts(1) {
            return;
        }
        let new = allowed(1).and_then(Option::as_ref);
        let before = subject.allowed_before(direction);
        match new.zip(before).and_then(|(new, before)| gained(&before, new, &sides.whole.work)) {
            Some(gained) if gained.is_empty() => {}
            Some(gained) => {
                let growth = self.grown.entry(direction).or_default();
                growth.traffic.extend(gained);
                growth.names.push(name);
            }
            None => self.is_unknown = true,
        }
    }
}

/// Judges a `NetworkPolicy` of Kubernetes.
pub(in crate::diff::weigh) fn network_policy(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Ok(subjects) = subjects(sides) else {
        let words = "is not judged: the policies of its namespace are too many to be compared";
        return found.push(judgement("", Phrase::new(words)));
    };
    let work = Work::new(2 * MOST_PAIRS);
    let own = [sides.before, sides.after].map(|node| node.map(|node| Policy::of("", node, &work)));
    let mut seen = BTreeSet::new();
    let mut gain = Gain::default();
    for subject in &subjects {
        let places = |side: usize| -> Vec<*const Policy<'_>> {
            subject.policies[side].iter().map(|policy| std::ptr::from_ref(*policy)).collect()
        };
        let is_known = !seen.insert((places(0), places(1)));
        for direction in 0..DIRECTIONS.len() {
            if subject.is_restricted(0, direction) {
                gain.add(subject, (sides, &own), direction, is_known);
            }
        }
    }
    let opened: Vec<(usize, Vec<&str>)> = gain.opened.into_iter().collect();
    let has_named = subjects.iter().any(|subject| subject.name.is_some());
    found.extend(unrestricted(sides, &opened, has_named));
    for (direction, Growth { traffic, names }) in gain.grown {
        found.push(widened(&DIRECTIONS[direction], &traffic, &names));
    }
    if gain.is_unknown {
        let words = "may allow more: its rules are too many to be compared";
        found.push(judgement("spec", Phrase::new(words)));
    }
}

/// The judgement on directions that no policy restricts any more.
fn unrestricted(
    sides: &Sides<'_, '_>,
    opened: &[(usize, Vec<&str>)],
    has_named: bool,
) -> Option<Judgement> {
    let (_, names) = opened.first()?;
    let directions: Vec<&str> =
        opened.iter().map(|(direction, _)| DIRECTIONS[*direction].words).collect();
    let phrase = Phrase::new(format!("no longer restricts {} of ", directions.join(" and ")));
    let is_moved = sides.namespace(0) != sides.namespace(1) && sides.after.is_some();
    let named: Vec<&str> = names.iter().copied().filter(|name| !name.is_empty()).collect();
    let phrase = match named.is_empty() {
        false => phrase.few(named),
        true if is_moved => match together(sides) {
            Some(judged) => return judged,
            None => phrase.say("the pods in namespace ").name(sides.namespace(0)),
        },
        true if has_named => phrase.say("the other pods of its namespace"),
        true => phrase.say("its pods"),
    };
    let (path, phrase) = match (sides.before, sides.after) {
        (Some(before), Some(after)) => {
            let [old, new] = [before, after].map(|node| Conditions::of_optional(selector(node)));
            match new.beyond(&old) {
                gone if gone.is_empty() => ("spec.policyTypes", phrase),
                gone => {
                    let phrase = phrase.say(": it selects only those with ");
                    ("spec.podSelector", phrase.few(gone.iter().map(String::as_str)))
                }
            }
        }
        _ => ("", phrase),
    };
    Some(judgement(path, phrase).with_severity(Severity::Error))
}

/// The judgement on traffic that is allowed, and was not before.
fn widened(direction: &Direction, gained: &BTreeSet<&(Peer, Port)>, names: &[&str]) -> Judgement {
    let is_all = gained.iter().any(|one| matches!(one, (Peer::All, Port::All)));
    let phrase = match is_all {
        true => Phrase::new("allows all ").say(direction.words),
        false => {
            let words = format!("allows more {} {}", direction.words, direction.from);
            told(Phrase::new(words), &gained.iter().copied().collect::<Vec<_>>())
        }
    };
    let named = names.iter().copied().filter(|name| !name.is_empty());
    let phrase = match named.clone().next() {
        Some(_) => phrase.say(direction.of).few(named),
        None => phrase,
    };
    let severity = if is_all { Severity::Error } else { Severity::Warning };
    judgement("spec", phrase).with_severity(severity)
}

/// The pods that a policy selects before or after, and that are there on both sides.
fn subjects<'a, 's>(sides: &Sides<'s, 'a>) -> Result<Vec<Subject<'a, 's>>, Exhausted> {
    let whole = sides.whole;
    let nodes = [sides.before, sides.after];
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut selected = [false, false];
    let mut subjects = Vec::new();
    for (side, node) in nodes.iter().enumerate() {
        let Some(node) = node else { continue };
        let places = whole.selected(side, sides.namespace(side), selector(node));
        selected[side] = !places.is_empty();
        let paired = whole.pairs_of(side, &places);
        if side == 0 && paired.len() < places.len() {
            subjects.extend(replacing(sides, selector(node))?);
        }
        pairs.extend(paired);
    }
    if whole.searches.get() == 0 {
        return Err(Exhausted);
    }
    for (before, after) in pairs {
        let objects = [(0, before), (1, after)].map(|(side, place)| whole.renders[side].get(place));
        let [Some(before), Some(after)] = objects else { continue };
        let of = |side: usize, object: &'a Resource| {
            let pods = Pods::Labelled(labels(object));
            whole.selecting(side, object.id().effective_namespace(), &pods)
        };
        subjects.push(Subject {
            name: Some(format!("{} {}", after.kind(), after.name())),
            policies: [of(0, before)?, of(1, after)?],
        });
    }
    for (side, node) in nodes.iter().enumerate() {
        let Some(node) = node else { continue };
        let conditions = Conditions::of_optional(selector(node));
        // Pods of other renders, unless those of this one are all that it selects.
        let has_others = !selected[side] || conditions.is_empty();
        let stays = side == 1 || sides.leaves_pods(selector(node)) && stays(sides);
        if has_others && stays {
            for part in parts(sides, side, &conditions)? {
                let pods = Pods::With(&part);
                let of = |of_side| whole.selecting(of_side, sides.namespace(side), &pods);
                subjects.push(Subject { name: None, policies: [of(0)?, of(1)?] });
            }
        }
    }
    Ok(subjects)
}

/// The maximum number of parts of the pods that a policy selects, and of policies by which they are split.
const MOST_PARTS: usize = 32;

/// The pods that a policy selects, in parts if policies that are new or differ may share them.
fn parts(
    sides: &Sides<'_, '_>,
    side: usize,
    conditions: &Conditions,
) -> Result<Vec<Conditions>, Exhausted> {
    let whole = sides.whole;
    let of = |of: usize| {
        whole.policies(of).get(sides.namespace(side)).map(Vec::as_slice).unwrap_or_default()
    };
    let (old, new) = (of(0), of(1));
    if !whole.work.takes(old.len() + new.len()) {
        return Err(Exhausted);
    }
    let known: BTreeSet<&Conditions> = old.iter().map(|one| &one.conditions).collect();
    let sharing =
        new.iter().map(|one| &one.conditions).filter(|one| !known.contains(one) && !one.is_empty());
    let sharing: Vec<&Conditions> = sharing.take(MOST_PARTS).collect();
    Ok(conditions.split_by(sharing, MOST_PARTS))
}

/// The new pods that a selector of before selects, in the place of others that are gone.
fn replacing<'a, 's>(
    sides: &Sides<'s, 'a>,
    selector: Option<&Node>,
) -> Result<Vec<Subject<'a, 's>>, Exhausted> {
    let (whole, namespace) = (sides.whole, sides.namespace(0));
    let mut places = whole.selected(1, namespace, selector);
    for (_, after) in whole.pairs_of(1, &places) {
        places.remove(&after);
    }
    let objects = places.into_iter().filter_map(|place| whole.renders[1].get(place));
    let subject = |object: &'a Resource| {
        let pods = Pods::Labelled(labels(object));
        let policies = [0, 1].map(|side| whole.selecting(side, namespace, &pods));
        let [before, after] = policies;
        let name = Some(format!("{} {}", object.kind(), object.name()));
        Ok(Subject { name, policies: [before?, after?] })
    };
    objects.map(subject).collect()
}

/// False if the namespace of a policy is removed with it.
pub(in crate::diff::weigh) fn stays(sides: &Sides<'_, '_>) -> bool {
    let namespace = sides.namespace(0);
    let has = |side: usize| {
        let mut all = sides.whole.all_of_kind(side, "Namespace");
        all.any(|one| one.name() == namespace)
    };
    !has(0) || has(1)
}

/// The labels of the pods of a workload.
fn labels(object: &Resource) -> Option<&Node> {
    let path = crate::harden::template(&object.gvk().group, object.kind())?;
    below(below(object.node(), path)?, &["metadata", "labels"])
}

/// Judges a workload whose pods policies select by other labels, or in another namespace, than before.
pub(in crate::diff::weigh) fn policed(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let (old, new) = (labels_of(sides, 0, before), labels_of(sides, 1, after));
    let namespaces = [0, 1].map(|side| sides.namespace(side));
    let is_same = old.map(canonical) == new.map(canonical) && namespaces[0] == namespaces[1];
    let whole = sides.whole;
    if is_same || whole.policies(0).is_empty() {
        return;
    }
    let of = |side: usize, labels| whole.selecting(side, namespaces[side], &Pods::Labelled(labels));
    let (Ok(selected), Ok(selecting)) = (of(0, old), of(1, new)) else {
        let words = "is not judged: the policies of its namespace are too many to be compared";
        return found.push(judgement("", Phrase::new(words)));
    };
    let subject = Subject { name: None, policies: [selected, selecting] };
    for (number, direction) in DIRECTIONS.iter().enumerate() {
        if !subject.is_restricted(0, number) {
            continue;
        }
        let judged = match subject.is_restricted(1, number) {
            false if subject.was_open(number) => None,
            false => left(sides, &subject, number, old),
            true => joined(sides, &subject, number),
        };
        found.extend(judged.map(|phrase| {
            judgement(direction.kind, phrase)
                .with_severity(Severity::Error)
                .at("spec.template.metadata.labels".to_owned())
        }));
    }
}

/// The labels of the pods of the object on a side, of which the kind may be another one.
pub(super) fn labels_of<'n>(
    sides: &Sides<'_, '_>,
    side: usize,
    node: &'n Node,
) -> Option<&'n Node> {
    let id = sides.object.ids[side].as_ref()?;
    let path = crate::harden::template(id.group(), &id.kind)?;
    below(below(node, path)?, &["metadata", "labels"])
}

/// Judges a workload whose pods policies selected, and that now use the network of their node: no policy holds there.
pub(in crate::diff::weigh) fn host_network(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(before) = sides.before else { return };
    let is_on_node = |pod: &PodTemplate<'_>| is_true(present(pod.spec, "hostNetwork"));
    let is_new = |[before, after]: &[PodTemplate<'_>; 2]| !is_on_node(before) && is_on_node(after);
    let whole = sides.whole;
    if whole.policies(0).is_empty() || !pods(sides).iter().any(is_new) {
        return;
    }
    let labels = Pods::Labelled(labels_of(sides, 0, before));
    let Ok(selecting) = whole.selecting(0, sides.namespace(0), &labels) else { return };
    if selecting.is_empty() {
        return;
    }
    let phrase = Phrase::new("uses the network of its node, where NetworkPolicy ")
        .few(selecting.iter().map(|policy| policy.name))
        .say(" does not restrict it");
    let path = "spec.template.spec.hostNetwork";
    found.push(judgement(path, phrase).with_severity(Severity::Error));
}

/// The words for pods that policies selected, which are still there, and no longer do.
fn left(
    sides: &Sides<'_, '_>,
    subject: &Subject<'_, '_>,
    direction: usize,
    labels: Option<&Node>,
) -> Option<Phrase> {
    let now = sides.whole.policies(1).get(sides.namespace(0))?;
    // A policy that has changed itself is told.
    let is_there = |name: &str| {
        let pods = Pods::Labelled(labels);
        now.iter().any(|policy| {
            policy.name == name && policy.allowed[direction].is_some() && policy.selects(&pods)
        })
    };
    let of = subject.policies[0].iter().filter(|policy| policy.allowed[direction].is_some());
    let names: Vec<&str> = of.map(|policy| policy.name).filter(|name| is_there(name)).collect();
    if names.is_empty() {
        return None;
    }
    let phrase = Phrase::new("is no longer selected by NetworkPolicy ").few(names);
    let words = DIRECTIONS[direction].words;
    let phrase = phrase.say(format!(": its {words} is not restricted"));
    Some(match sides.namespace(0) == sides.namespace(1) {
        true => phrase,
        false => phrase.say(" in namespace ").name(sides.namespace(1)),
    })
}

/// The words for pods that a policy selects now and did not before, and that allows more.
fn joined(sides: &Sides<'_, '_>, subject: &Subject<'_, '_>, direction: usize) -> Option<Phrase> {
    let known: BTreeSet<&str> = subject.policies[0].iter().map(|policy| policy.name).collect();
    let before = subject.allowed_before(direction);
    let is_moved = sides.namespace(0) != sides.namespace(1);
    let was_there = |policy: &Policy<'_>| {
        let all = sides.whole.policies(0).get(sides.namespace(1));
        all.is_some_and(|all| {
            all.iter().any(|one| one.name == policy.name && one.node == policy.node)
        })
    };
    for policy in &subject.policies[1] {
        let Some(allowed) = &policy.allowed[direction] else { continue };
        // A policy that is new or has changed is told itself. One of the same name in another namespace is another one.
        if !is_moved && known.contains(policy.name) || !was_there(policy) {
            continue;
        }
        let compared = allowed.as_ref().zip(before.as_ref());
        let compared = compared.and_then(|(new, old)| gained(old, new, &sides.whole.work));
        let phrase = Phrase::new("is now selected by NetworkPolicy ").name(policy.name);
        let Some(gained) = compared else {
            return Some(phrase.say(", which may allow more"));
        };
        if gained.is_empty() {
            continue;
        }
        let Direction { words, from, .. } = &DIRECTIONS[direction];
        return Some(match gained.iter().any(|one| matches!(one, (Peer::All, Port::All))) {
            true => phrase.say(format!(", which allows all {words}")),
            false => told(phrase.say(format!(", which allows more {words} {from}")), &gained),
        });
    }
    None
}
