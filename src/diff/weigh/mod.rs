//! Judgement of differences by their meaning: the rules `KR-DIF`.
//!
//! A file per subject. Each compares what an object means before and after, not its text, and tells only what grew, was
//! lost or became weaker: the reverse of a difference that is judged is not. Only objects that differ are looked at.
//! Comparing sets of sets is bounded ([`work`]).

mod access;
mod admission;
mod definitions;
mod exposure;
mod growth;
pub(super) mod judgement;
mod nature;
mod scale;
mod storage;
mod work;
mod workload;

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

pub use growth::Growth;
pub use judgement::{Judgement, Part, Phrase};
pub use nature::Nature;
use work::Work;

use super::judge;
use super::{Effect, Identity, Object, Pair, Renames};
use crate::harden::selector::selects;
use crate::harden::value::{below, text};
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
    /// Indices of roles on each side, by kind, namespace and name.
    roles: [OnceCell<BTreeMap<[String; 3], usize>>; 2],
}

/// An object before and after the change, and what is around it.
struct Sides<'a> {
    object: &'a Object,
    whole: &'a Whole<'a>,
    /// The kind after the change, or before it.
    kind: &'a str,
    group: &'a str,
    before: Option<&'a Node>,
    after: Option<&'a Node>,
    /// The object as a resource, if it is on both sides.
    resources: OnceCell<Option<[Resource; 2]>>,
}

/// The maximum number of comparisons of an object with others in a target. What is not compared counts as different.
const MOST_SEARCHES: usize = 500_000;

/// The kinds of autoscalers.
const SCALERS: [&str; 2] = ["HorizontalPodAutoscaler", "ScaledObject"];

type Judge = fn(&Sides<'_>, &mut Vec<Judgement>);

/// The judges of an object, by group and kind.
fn judges(group: &str, kind: &str) -> &'static [Judge] {
    match (group, kind) {
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => &[access::role],
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => &[access::binding],
        ("", "Service") => &[exposure::service],
        ("networking.k8s.io" | "extensions", "Ingress") => &[exposure::ingress],
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => &[exposure::network_policy],
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute" | "TLSRoute") => &[exposure::route],
        ("route.openshift.io", "Route") => &[exposure::route],
        ("gateway.networking.k8s.io" | "networking.istio.io", "Gateway") => &[exposure::gateway],
        (
            "cilium.io"
            | "crd.projectcalico.org"
            | "projectcalico.org"
            | "security.istio.io"
            | "policy.networking.k8s.io",
            _,
        ) if kind.ends_with("Policy") || kind == "PeerAuthentication" => &[exposure::other_policy],
        ("", "ServiceAccount") => &[workload::account],
        ("", "Namespace") => &[admission::namespace],
        ("", "ResourceQuota") => &[admission::quota],
        ("", "LimitRange") => &[admission::limit_range],
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => &[admission::webhooks],
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding",
        )
        | ("kyverno.io", "ClusterPolicy" | "Policy")
        | ("constraints.gatekeeper.sh", _) => &[admission::policy],
        ("apiextensions.k8s.io", "CustomResourceDefinition") => &[definitions::definition],
        ("", "PersistentVolume") => &[storage::volume],
        ("", "PersistentVolumeClaim") => &[storage::claim],
        ("storage.k8s.io", "StorageClass") | ("snapshot.storage.k8s.io", "VolumeSnapshotClass") => {
            &[storage::class]
        }
        ("policy", "PodDisruptionBudget") => &[scale::budget],
        ("autoscaling", "HorizontalPodAutoscaler") | ("keda.sh", "ScaledObject") => {
            &[scale::autoscaler]
        }
        _ if template(group, kind).is_some() => of_workload(kind),
        // Other kinds may make pods too.
        _ => &[workload::protection],
    }
}

/// The judges of an object that makes pods.
fn of_workload(kind: &str) -> &'static [Judge] {
    match kind {
        "StatefulSet" => &[
            storage::stateful_set,
            storage::mounted,
            scale::workload,
            workload::quality,
            workload::protection,
            workload::images,
        ],
        "DaemonSet" => &[scale::agent, workload::quality, workload::protection, workload::images],
        _ => &[
            storage::mounted,
            scale::workload,
            workload::quality,
            workload::protection,
            workload::images,
        ],
    }
}

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
            roles: Default::default(),
        }
    }

    /// Adds judgements to the effects of objects.
    pub(super) fn weigh(&self, objects: &mut [Object], rules: &[(&'static Rule, Holds)]) {
        for object in objects {
            let mut found = Vec::new();
            let Identity { kind, .. } = object.id();
            let judges = judges(object.id().group(), kind);
            if !judges.is_empty() {
                let sides = Sides::of(object, self);
                judges.iter().for_each(|judge| judge(&sides, &mut found));
            }
            let found = found.into_iter().filter_map(|judged| as_configured(judged, rules));
            object.effects.extend(found.map(Effect::Judged));
            judge::sort(&mut object.effects);
        }
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

    /// The objects of a kind in a namespace of a side, as far as searches are left.
    fn of_kind(
        &self,
        side: usize,
        kind: &str,
        namespace: &str,
    ) -> impl Iterator<Item = &'a Resource> + use<'a, '_> {
        let render = self.renders[side];
        let kinds = self.kinds[side].get_or_init(|| {
            let mut kinds: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
            for (place, object) in render.iter().enumerate() {
                let key = (object.kind().to_owned(), namespace_of(object).to_owned());
                kinds.entry(key).or_default().push(place);
            }
            kinds
        });
        let places = kinds.get(&(kind.to_owned(), namespace.to_owned())).into_iter().flatten();
        places.take_while(|_| self.searches()).filter_map(|place| render.get(*place))
    }

    /// Takes a search. False if none is left.
    fn searches(&self) -> bool {
        let left = self.searches.get();
        self.searches.set(left.saturating_sub(1));
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

    /// The indices after the change of objects that are still there.
    fn successors(&self, before: &BTreeSet<usize>) -> impl Iterator<Item = usize> {
        let successors = self.successors.get_or_init(|| {
            let both = self.pairs.iter().map(|pair| (pair.before, pair.after));
            both.filter_map(|(before, after)| Some((before?, after?))).collect()
        });
        before.iter().filter_map(|place| successors.get(place)).copied()
    }

    fn role(&self, side: usize, (kind, namespace, name): (&str, &str, &str)) -> Option<&'a Node> {
        let (render, roles) = (self.renders.get(side)?, self.roles.get(side)?);
        let roles = roles.get_or_init(|| {
            let is_role = |of: &Resource| {
                of.gvk().group == "rbac.authorization.k8s.io"
                    && matches!(of.kind(), "Role" | "ClusterRole")
            };
            let key = |of: &Resource| {
                let namespace =
                    if of.kind() == "Role" { of.id().effective_namespace() } else { "" };
                [of.kind(), namespace, of.name()].map(str::to_owned)
            };
            let roles = render.iter().enumerate().filter(|(_, of)| is_role(of));
            roles.map(|(place, of)| (key(of), place)).collect()
        });
        let key = [kind, namespace, name].map(str::to_owned);
        roles.get(&key).and_then(|place| render.get(*place)).map(Resource::node)
    }
}

impl<'a> Sides<'a> {
    fn of(object: &'a Object, whole: &'a Whole<'a>) -> Self {
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

    const fn renames(&self) -> &'a Renames {
        self.whole.renames
    }

    /// The work that the object allows.
    fn work(&self) -> Work {
        Work::of([self.before, self.after])
    }

    /// The namespace of the object on a side, which may be the default one.
    fn namespace(&self, side: usize) -> &'a str {
        let id = self.object.ids.get(side).and_then(Option::as_ref);
        let namespace = id.map_or("", |id| &*id.namespace);
        if namespace.is_empty() { DEFAULT_NAMESPACE } else { namespace }
    }

    /// The other objects of the same kind and namespace on a side.
    fn others_of_kind(&self, side: usize) -> impl Iterator<Item = &'a Node> {
        let own = self.object.ids.get(side).and_then(Option::as_ref);
        let others = self.whole.of_kind(side, self.kind, self.namespace(side));
        others
            .filter(move |other| own.is_none_or(|own| other.name() != own.name))
            .map(Resource::node)
    }

    /// True if pods that a selector selected are still there: those of the render, or pods of other renders.
    fn leaves_pods(&self, selector: Option<&Node>) -> bool {
        let [old, new] = [0, 1].map(|side| self.whole.selected(side, self.namespace(0), selector));
        old.is_empty() || !new.is_empty()
    }

    /// True if a selector after the change selects all objects that one selected before it, of which there are some.
    fn keeps_pods(&self, before: Option<&Node>, after: Option<&Node>) -> bool {
        let old = self.whole.selected(0, self.namespace(0), before);
        let new = self.whole.selected(1, self.namespace(1), after);
        !old.is_empty() && self.whole.successors(&old).all(|place| new.contains(&place))
    }

    /// The disruption budgets after the change for pods with these labels.
    fn budgets(&self, labels: Option<&Node>) -> Vec<&'a Node> {
        let budgets = self.whole.of_kind(1, "PodDisruptionBudget", self.namespace(1));
        let is_meant = |budget: &&'a Node| {
            let selector = below(budget, &["spec", "selector"]);
            selector.is_some_and(|selector| selects(selector, labels))
        };
        budgets.map(Resource::node).filter(is_meant).collect()
    }

    /// The autoscaler of the object after the change.
    fn scaler(&self) -> Option<&'a Node> {
        let id = self.object.ids[1].as_ref()?;
        let is_own = |scaler: &&'a Node| {
            let target = below(scaler, &["spec", "scaleTargetRef"]);
            target.is_some_and(|target| {
                text(target, "name") == Some(&id.name)
                    && text(target, "kind").unwrap_or("Deployment") == id.kind
            })
        };
        SCALERS.iter().find_map(|kind| {
            self.whole.of_kind(1, kind, self.namespace(1)).map(Resource::node).find(is_own)
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

    /// The role of a binding on a side, if it is in the render.
    fn role(&self, side: usize, kind: &str, name: &str) -> Option<&'a Node> {
        let namespace = if kind == "Role" { self.namespace(side) } else { "" };
        self.whole.role(side, (kind, namespace, name))
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
fn canonical(node: &Node) -> String {
    let mut text = String::new();
    push_canonical(node, 0, &mut text);
    text
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
