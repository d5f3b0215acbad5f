//! Judgement of differences by their meaning: the rules `KR-DIF`.
//!
//! A file per subject. Each compares what an object means before and after, not its text, and tells only what grew, was
//! lost or became weaker: the reverse of a difference that is judged is not. Only objects that differ are looked at.
//! Comparing sets of sets is bounded ([`work`]).

mod access;
mod admission;
mod definitions;
mod engines;
mod exposure;
mod expressions;
mod growth;
pub(super) mod judgement;
mod judges;
mod labelled;
mod marks;
mod mounts;
mod namespaces;
mod nature;
mod ports;
mod quotas;
mod reach;
mod relocated;
mod restaged;
mod scale;
mod scalers;
mod selectors;
mod settings;
mod storage;
mod successors;
mod unseen;
mod work;
mod workload;

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use access::Rights;
use exposure::{Attached, Migrations, Offers, Policies, Routing};
pub use growth::Growth;
pub use judgement::{Judgement, Part, Phrase};
use judges::{exposures, judges, restricts_others};
use labelled::{Asking, ByLabel};
pub use nature::Nature;
pub(super) use relocated::weigh_relocated;
pub(super) use restaged::weigh_restaged;
pub(super) use successors::weigh_moved;
use work::Work;

use super::judge;
use super::{Effect, Identity, Object, Pair, Renames, Step, What};
use crate::harden::selector::selects;
use crate::harden::value::{below, present, text};
use crate::harden::{Holds, Rule, template};
use crate::resource::{DEFAULT_NAMESPACE, ResMap, Resource};
use crate::schema::Schema;
use crate::yaml::{Kind, Node};

/// Indices by kind and namespace.
type ByKind = BTreeMap<(String, String), Vec<usize>>;

/// Two renders of a target, with the pairs of their objects.
pub(super) struct Whole<'a> {
    renders: [&'a ResMap; 2],
    pairs: &'a [Pair],
    renames: &'a Renames,
    /// The namespaces and names after the change of `ServiceAccounts` that have others than before, by those before.
    moved: OnceCell<BTreeMap<(String, String), (String, String)>>,
    /// Indices of the objects on each side, by kind and namespace.
    kinds: [OnceCell<ByKind>; 2],
    /// Objects of pods on each side, by namespace: their places.
    workloads: [OnceCell<BTreeMap<String, Vec<usize>>>; 2],
    /// Indices after the change of the objects that are on both sides, by those before.
    successors: OnceCell<BTreeMap<usize, usize>>,
    /// The number of comparisons of an object with others that are left.
    searches: Cell<usize>,
    /// The workloads and Services of each side by labels.
    by_label: [OnceCell<ByLabel<'a>>; 2],
    /// The objects whose selectors ask for labels.
    asking: OnceCell<Asking>,
    /// The roles and bindings of each side.
    rights: [OnceCell<Rights<'a>>; 2],
    /// The namespaces and names of the accounts as which removed workloads ran.
    left_accounts: OnceCell<BTreeSet<(String, String)>>,
    /// The roles before the change that are gone or differ, and what they are after it.
    left_roles: OnceCell<Vec<(usize, Option<usize>)>>,
    /// The namespaces and names of the Services to which entries from outside lead, on each side.
    led_to: [OnceCell<BTreeSet<(String, String)>>; 2],
    /// The network policies of each side.
    policies: [OnceCell<Policies<'a>>; 2],
    /// The middlewares and rules of Traefik of each side.
    routing: [OnceCell<Routing<'a>>; 2],
    /// The policies of each side that are attached to other objects.
    attached: [OnceCell<Attached<'a>>; 2],
    /// The namespaces that all their policies leave together.
    migrations: OnceCell<Migrations>,
    /// The hosts and paths that objects serve on each side.
    offers: [OnceCell<Offers>; 2],
    /// The steps that are left for comparing what several objects mean together.
    work: Work,
}

/// An object before and after the change, and what is around it.
struct Sides<'o, 'a> {
    object: &'o Object,
    whole: &'o Whole<'a>,
    /// The kind after the change, or before it.
    kind: &'o str,
    group: &'o str,
    before: Option<&'o Node>,
    after: Option<&'o Node>,
    /// The object as a resource, if it is on both sides.
    resources: OnceCell<Option<[Resource; 2]>>,
}

/// The maximum number of comparisons of an object with others in a target. What is not compared counts as different.
const MOST_SEARCHES: usize = 500_000;

/// The maximum number of steps for comparing what several objects of a target mean together. What is not compared is told.
const MOST_STEPS: usize = 4_000_000;

/// A judge of an object.
type Judge = fn(&Sides<'_, '_>, &mut Vec<Judgement>);

/// The kinds of autoscalers.
const SCALERS: [&str; 2] = ["HorizontalPodAutoscaler", "ScaledObject"];

impl<'a> Whole<'a> {
    pub(super) fn new(renders: [&'a ResMap; 2], pairs: &'a [Pair], renames: &'a Renames) -> Self {
        Self {
            renders,
            pairs,
            renames,
            moved: OnceCell::new(),
            kinds: Default::default(),
            workloads: Default::default(),
            successors: OnceCell::new(),
            searches: Cell::new(MOST_SEARCHES),
            by_label: Default::default(),
            asking: OnceCell::new(),
            rights: Default::default(),
            left_accounts: OnceCell::new(),
            left_roles: OnceCell::new(),
            led_to: Default::default(),
            policies: Default::default(),
            routing: Default::default(),
            attached: Default::default(),
            migrations: OnceCell::new(),
            offers: Default::default(),
            work: Work::new(MOST_STEPS),
        }
    }

    /// Adds judgements to the effects of objects.
    pub(super) fn weigh(&self, objects: &mut [Object], rules: &[(&'static Rule, Holds)]) {
        for object in &mut *objects {
            let mut found = Vec::new();
            let Identity { kind, .. } = object.id();
            let group = object.id().group();
            // Of a target that is gone, only what restricted others is missed.
            if !self.renders[1].is_empty() || restricts_others(group, kind) {
                let sides = Sides::of(object, self);
                judges(group, kind).iter().for_each(|judge| judge(&sides, &mut found));
                settings::weigh(&sides, &mut found);
                exposure::weigh(&sides, exposures(group, kind), &mut found);
            }
            let found = found.into_iter().filter_map(|judged| as_configured(judged, rules));
            object.effects.extend(found.map(Effect::Judged));
            judge::sort(&mut object.effects);
        }
        successors::weigh(self, objects, rules);
    }

    /// The requests that grow.
    pub(super) fn growth(&self, objects: &[Object]) -> Vec<Growth> {
        growth::growth(self, objects)
    }

    /// The place after the change of a `ServiceAccount` that has moved.
    fn moved(&self, namespace: &str, name: &str) -> Option<&(String, String)> {
        let moved = self.moved.get_or_init(|| {
            let place =
                |of: &Resource| (of.id().effective_namespace().to_owned(), of.name().to_owned());
            let moved = |pair: &Pair| {
                let before = self.renders[0].get(pair.before?)?;
                let after = self.renders[1].get(pair.after?)?;
                let is_meant = before.kind() == "ServiceAccount" && place(before) != place(after);
                is_meant.then(|| (place(before), place(after)))
            };
            self.pairs.iter().filter_map(moved).collect()
        });
        moved.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// The place before the change of a `ServiceAccount` that has moved. Linear in those.
    fn formerly(&self, namespace: &str, name: &str) -> Option<&(String, String)> {
        let is_meant = |now: &(String, String)| now.0 == namespace && now.1 == name;
        // The index is made by any search.
        self.moved("", "");
        let mut moved = self.moved.get()?.iter().take_while(|_| self.searches());
        moved.find(|(_, now)| is_meant(now)).map(|(old, _)| old)
    }

    /// The objects of a kind in a namespace of a side, as far as searches are left.
    fn of_kind(
        &self,
        side: usize,
        kind: &str,
        namespace: &str,
    ) -> impl Iterator<Item = &'a Resource> + use<'a, '_> {
        let render = self.renders[side];
        let places = self.kinds(side).get(&(kind.to_owned(), namespace.to_owned()));
        let places = places.into_iter().flatten().take_while(|_| self.searches());
        places.filter_map(|place| render.get(*place))
    }

    /// The objects of a kind in all namespaces of a side, as far as searches are left.
    fn all_of_kind(&self, side: usize, kind: &str) -> impl Iterator<Item = &'a Resource> {
        let first = (kind.to_owned(), String::new());
        let of_kind = self.kinds(side).range(first..).take_while(move |((of, _), _)| of == kind);
        let places = of_kind.flat_map(|(_, places)| places).take_while(|_| self.searches());
        places.filter_map(move |place| self.renders[side].get(*place))
    }

    /// The indices of the objects of a side, by kind and namespace.
    fn kinds(&self, side: usize) -> &ByKind {
        self.kinds[side].get_or_init(|| {
            let mut kinds = ByKind::new();
            for (place, object) in self.renders[side].iter().enumerate() {
                let key = (object.kind().to_owned(), namespace_of(object).to_owned());
                kinds.entry(key).or_default().push(place);
            }
            kinds
        })
    }

    /// True if an object of the kind and namespace has a specification with the same meaning on a side.
    fn has_like(
        &self,
        side: usize,
        kind: &str,
        namespace: &str,
        specification: Option<&Node>,
    ) -> bool {
        let Some(own) = specification else { return false };
        let (size, mut meaning) = (own.count_below(), None);
        let is_near =
            |other: &&Resource| other.id().cluster_scoped || namespace_of(other) == namespace;
        self.all_of_kind(side, kind).filter(is_near).any(|other| {
            let Some(other) = present(other.node(), "spec") else { return false };
            self.work.takes(other.count_below())
                && other.count_below() == size
                && canonical(other) == *meaning.get_or_insert_with(|| canonical(own))
        })
    }

    /// Takes a search. False if none is left.
    fn searches(&self) -> bool {
        let left = self.searches.get();
        self.searches.set(left.saturating_sub(1));
        if left == 0 {
            self.work.refuse();
        }
        left > 0
    }

    /// The places of the objects of pods on a side, by namespace.
    fn workloads(&self, side: usize) -> &BTreeMap<String, Vec<usize>> {
        self.workloads[side].get_or_init(|| {
            let mut workloads: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (place, object) in self.renders[side].iter().enumerate() {
                if template(&object.gvk().group, object.kind()).is_some() {
                    workloads.entry(namespace_of(object).to_owned()).or_default().push(place);
                }
            }
            workloads
        })
    }

    /// The objects of pods of a namespace on a side, as far as searches are left.
    fn workloads_in(&self, side: usize, namespace: &str) -> impl Iterator<Item = &'a Resource> {
        let places = self.workloads(side).get(namespace).into_iter().flatten();
        let places = places.take_while(|_| self.searches());
        places.filter_map(move |place| self.renders[side].get(*place))
    }

    /// The `ServiceAccount` of a namespace on a side, if it is in the render.
    fn account(&self, side: usize, namespace: &str, name: &str) -> Option<&'a Node> {
        let mut accounts = self.of_kind(side, "ServiceAccount", namespace);
        accounts.find(|account| account.name() == name).map(Resource::node)
    }

    /// The indices of the objects of a namespace on a side whose pods a selector selects; a missing one selects all.
    fn selected(&self, side: usize, namespace: &str, selector: Option<&Node>) -> BTreeSet<usize> {
        let render = self.renders[side];
        let workloads = self.workloads(side);
        let is_selected = |place: &usize| {
            let object = render.get(*place)?;
            let path = template(&object.gvk().group, object.kind())?;
            let labels = below(object.node(), path)
                .and_then(|template| below(template, &["metadata", "labels"]));
            selector.is_none_or(|selector| selects(selector, labels)).then_some(*place)
        };
        let places = workloads.get(namespace).into_iter().flatten();
        places.take_while(|_| self.searches()).filter_map(is_selected).collect()
    }

    /// The indices after the change of objects that are on both sides, by those before.
    fn all_successors(&self) -> &BTreeMap<usize, usize> {
        self.successors.get_or_init(|| {
            let both = self.pairs.iter().map(|pair| (pair.before, pair.after));
            both.filter_map(|(before, after)| Some((before?, after?))).collect()
        })
    }

    /// True if after the change there are budgets for all pods that a selector selected before it, of which there are some.
    fn has_budgets(&self, namespace: &str, selector: Option<&Node>) -> bool {
        let before = self.selected(0, namespace, selector);
        let mut now = self.successors(&before).peekable();
        let is_budgeted = |place: usize| {
            let Some(object) = self.renders[1].get(place) else { return true };
            let path = template(&object.gvk().group, object.kind());
            let labels = path.and_then(|path| below(object.node(), path));
            let labels = labels.and_then(|pod| below(pod, &["metadata", "labels"]));
            let mut budgets = self.of_kind(1, "PodDisruptionBudget", namespace_of(object));
            budgets.any(|budget| {
                let selector = below(budget.node(), &["spec", "selector"]);
                selector.is_some_and(|selector| selects(selector, labels))
            })
        };
        now.peek().is_some() && now.all(is_budgeted)
    }

    /// The indices after the change of objects that are still there.
    fn successors(&self, before: &BTreeSet<usize>) -> impl Iterator<Item = usize> {
        let successors = self.all_successors();
        before.iter().filter_map(|place| successors.get(place)).copied()
    }

    /// The pairs of objects of which these are on a side.
    fn pairs_of(&self, side: usize, places: &BTreeSet<usize>) -> Vec<(usize, usize)> {
        let successors = self.all_successors();
        let both = |pair: (&usize, &usize)| (*pair.0, *pair.1);
        match side {
            0 => places
                .iter()
                .filter_map(|place| successors.get_key_value(place))
                .map(both)
                .collect(),
            _ => successors.iter().filter(|(_, after)| places.contains(after)).map(both).collect(),
        }
    }

    /// The namespaces and names of the accounts as which removed workloads ran.
    fn left_accounts(&self) -> &BTreeSet<(String, String)> {
        self.left_accounts.get_or_init(|| {
            let gone = self.pairs.iter().filter(|pair| pair.after.is_none());
            access::left(gone.filter_map(|pair| self.renders[0].get(pair.before?)))
        })
    }

    /// The places before the change of the roles that are gone or differ, with those after it. Linear, once.
    fn left_roles(&self) -> &[(usize, Option<usize>)] {
        self.left_roles.get_or_init(|| {
            let left = |pair: &Pair| {
                let before = pair.before?;
                let role = self.renders[0].get(before)?;
                let after = pair.after.and_then(|after| self.renders[1].get(after));
                let is_role = matches!(role.kind(), "Role" | "ClusterRole");
                let differs = || after.is_none_or(|after| after.node() != role.node());
                (is_role && differs()).then_some((before, pair.after))
            };
            self.pairs.iter().filter_map(left).collect()
        })
    }

    /// The namespaces and names of the Services to which entries from outside lead on a side.
    fn led_to(&self, side: usize) -> &BTreeSet<(String, String)> {
        self.led_to[side].get_or_init(|| exposure::led_to(self.renders[side]))
    }

    /// The network policies of a side.
    fn policies(&self, side: usize) -> &Policies<'a> {
        self.policies[side].get_or_init(|| exposure::policies(self.renders[side]))
    }

    /// The middlewares and rules of Traefik of a side.
    fn routing(&self, side: usize) -> &Routing<'a> {
        self.routing[side].get_or_init(|| Routing::of(self.renders[side]))
    }

    /// The policies of a side that are attached to routes, Gateways and Services.
    fn attached(&self, side: usize) -> &Attached<'a> {
        self.attached[side].get_or_init(|| Attached::of(self.renders[side]))
    }

    /// The namespaces that all their policies leave together.
    fn migrations(&self) -> &Migrations {
        self.migrations.get_or_init(|| exposure::migrations(self))
    }

    /// The hosts and paths that objects serve on a side.
    fn offers(&self, side: usize) -> &Offers {
        let offers = || exposure::offers(self.renders[side], self.attached(side), &self.work);
        // Once no step is left, they may lack something.
        self.work.takes(1);
        self.offers[side].get_or_init(offers)
    }

    /// The roles and bindings of a side.
    fn rights(&self, side: usize) -> &Rights<'a> {
        self.rights[side].get_or_init(|| Rights::of(self.renders[side]))
    }
}

impl<'o, 'a> Sides<'o, 'a> {
    fn of(object: &'o Object, whole: &'o Whole<'a>) -> Self {
        let id = object.id();
        let [before, after] = &object.nodes;
        let (before, after) = (before.as_ref(), after.as_ref());
        let resources = OnceCell::new();
        Self { object, whole, kind: &id.kind, group: id.group(), before, after, resources }
    }

    /// The object as a resource before and after, if it is on both sides.
    fn resources(&self) -> Option<&[Resource; 2]> {
        let read = |node: &Node| Resource::new(node.clone(), &Schema::built_in()).ok();
        let both = || Some([read(self.before?)?, read(self.after?)?]);
        self.resources.get_or_init(both).as_ref()
    }

    /// True if a change is in one of these fields, or may be: a part that has them can be new or gone as a whole. An object
    /// that is compared with another one has no changes of its own.
    fn touches(&self, keys: &[&str]) -> bool {
        let is_scalar = |node: &Node| matches!(node.kind(), Kind::Scalar);
        let is_meant = |step: &Step| matches!(step, Step::Key(key) if keys.contains(&&**key));
        let changes = &self.object.changes;
        changes.is_empty()
            || changes.iter().any(|change| {
                let is_plain = match &change.what {
                    What::Added(node) | What::Removed(node) => is_scalar(node),
                    What::Changed(before, after) => is_scalar(before) && is_scalar(after),
                    What::Reordered(..) => true,
                };
                !is_plain || change.path.steps().iter().any(is_meant)
            })
    }

    const fn renames(&self) -> &'a Renames {
        self.whole.renames
    }

    /// The work that the object allows.
    fn work(&self) -> Work {
        Work::of([self.before, self.after])
    }

    /// The namespace of the object on a side, which may be the default one.
    fn namespace(&self, side: usize) -> &'o str {
        let id = self.object.ids.get(side).and_then(Option::as_ref);
        let namespace = id.map_or("", |id| &*id.namespace);
        if namespace.is_empty() { DEFAULT_NAMESPACE } else { namespace }
    }

    /// True if pods that a selector selected are still there: those of the render, or pods of other renders.
    fn leaves_pods(&self, selector: Option<&Node>) -> bool {
        let [old, new] = [0, 1].map(|side| self.whole.selected(side, self.namespace(0), selector));
        old.is_empty() || !new.is_empty()
    }

    /// The disruption budgets of a side for pods with these labels.
    fn budgets(&self, side: usize, labels: Option<&Node>) -> Vec<&'a Node> {
        let budgets = self.whole.of_kind(side, "PodDisruptionBudget", self.namespace(side));
        let is_meant = |budget: &&'a Node| {
            let selector = below(budget, &["spec", "selector"]);
            selector.is_some_and(|selector| selects(selector, labels))
        };
        budgets.map(Resource::node).filter(is_meant).collect()
    }

    /// The autoscaler of the object on a side.
    fn scaler(&self, side: usize) -> Option<&'a Node> {
        let id = self.object.ids[side].as_ref()?;
        let is_own = |scaler: &&'a Node| {
            let target = below(scaler, &["spec", "scaleTargetRef"]);
            target.is_some_and(|target| {
                text(target, "name") == Some(&id.name)
                    && text(target, "kind").unwrap_or("Deployment") == id.kind
            })
        };
        SCALERS.iter().find_map(|kind| {
            self.whole.of_kind(side, kind, self.namespace(side)).map(Resource::node).find(is_own)
        })
    }

    /// The workload that an autoscaler was for, if it is still there.
    fn scaled(&self) -> Option<String> {
        let target = below(self.before?, &["spec", "scaleTargetRef"])?;
        let (kind, name) = (text(target, "kind").unwrap_or("Deployment"), text(target, "name")?);
        let now = self.renames().new_name(name);
        let mut found = self.whole.of_kind(1, kind, self.namespace(0));
        let object = found.find(|one| one.name() == name || Some(one.name()) == now.as_deref())?;
        Some(format!("{kind} {}", object.name()))
    }
}

/// A judgement with the severity that is configured for its rule. `None` if the rule is off.
fn as_configured(judged: Judgement, rules: &[(&'static Rule, Holds)]) -> Option<Judgement> {
    let said = rules.iter().rev().find(|(rule, _)| *rule == judged.rule);
    match said.map(|(_, holds)| *holds) {
        Some(Holds::Off) => None,
        Some(Holds::As(severity)) => Some(judged.with_severity(severity)),
        Some(Holds::On) | None => Some(judged),
    }
}

/// The namespace of an object, which may be the default one.
fn namespace_of(object: &Resource) -> &str {
    object.id().effective_namespace()
}

/// The meaning of a value as text: without styles, and with the keys of mappings and the elements of lists in order.
pub(super) fn canonical(node: &Node) -> String {
    let mut text = String::new();
    push_canonical(node, 0, &mut text);
    text
}

/// The meaning of a mapping as text, without some fields.
fn without(node: &Node, fields: &[&str]) -> String {
    let entries = node.entries().iter();
    let entries = entries.filter(|(key, value)| !fields.contains(&key.text()) && !value.is_null());
    let mut parts: Vec<String> =
        entries.map(|(key, value)| format!("{:?}:{}", key.text(), canonical(value))).collect();
    parts.sort_unstable();
    parts.join(",")
}

fn push_canonical(node: &Node, depth: usize, text: &mut String) {
    const DEEPEST: usize = 64;
    let mut parts: Vec<String> = Vec::new();
    let below = |node: &Node| {
        let mut text = String::new();
        if depth < DEEPEST {
            push_canonical(node, depth + 1, &mut text);
        }
        text
    };
    let marks = match node.kind() {
        Kind::Scalar => {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{:?}", node.as_text().unwrap_or_default());
            return;
        }
        Kind::Sequence => {
            parts.extend(node.items().iter().map(below));
            ['[', ']']
        }
        Kind::Mapping => {
            let entries = node.entries().iter().filter(|(_, value)| !value.is_null());
            parts.extend(entries.map(|(key, value)| format!("{:?}:{}", key.text(), below(value))));
            ['{', '}']
        }
    };
    parts.sort_unstable();
    text.push(marks[0]);
    *text += &parts.join(",");
    text.push(marks[1]);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::diff::tests::review;

    /// The judgements on a difference: rule, severity, phrase.
    pub(super) fn judged(before: &str, after: &str) -> Vec<String> {
        let review = review(before, after);
        let effects = review
            .objects
            .iter()
            .flat_map(|object| object.effects.iter().map(move |effect| (object.label(), effect)));
        let told = |(label, effect): (String, &Effect)| match effect {
            Effect::Judged(Judgement { rule, severity, phrase, .. }) => {
                let severity = severity.as_str();
                Some(format!("{} {severity} {label}: {phrase}", &rule.id[7..]))
            }
            _ => None,
        };
        effects.filter_map(told).collect()
    }

    /// Asserts what is told of a difference, and that its reverse is told in other words: nothing, unless given.
    #[track_caller]
    pub(super) fn told(before: &str, after: &str, expected: &[&str]) {
        assert_eq!(judged(before, after), expected);
        assert_eq!(judged(after, before), [""; 0], "the reverse");
    }
}
