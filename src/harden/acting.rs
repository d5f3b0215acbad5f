//! The objects that act on workloads: Services that send requests, autoscalers, disruption budgets, quotas and ranges.
//!
//! Each index is built when it is first asked for, in one pass over the objects.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::demand::entries;
use super::facts::Facts;
use super::pod::{Container, Pod};
use super::postings::{Posting, Token, candidates};
use super::scaled::Scaled;
use super::selector::{Condition, Labels, Selectors, conditions, labels, refused, selects};
use super::serving::Services;
use super::value::{below, integer, items, present, text};
use crate::resource::{Quantity, ResMap, Resource};
use crate::yaml::{self, Node};

/// The objects of a render that act on workloads.
pub(super) struct Acting<'a> {
    objects: &'a ResMap,
    facts: &'a Facts,
    services: OnceCell<Services<'a>>,
    names: OnceCell<BTreeMap<Name<'a>, usize>>,
    custom: OnceCell<BTreeSet<&'a str>>,
    scalers: OnceCell<Scalers<'a>>,
    scaled: OnceCell<Scaled<'a>>,
    budgets: OnceCell<Budgets<'a>>,
    bounds: OnceCell<BTreeMap<&'a str, Bounds<'a>>>,
    pods: OnceCell<PodIndex<'a>>,
    /// The numbers of pods that equal selectors of budgets select.
    selected_copies: RefCell<BTreeMap<usize, Option<(i64, bool)>>>,
    totals: RefCell<BTreeMap<String, Rc<Totals>>>,
}

type Label<'a> = (&'a str, &'a str);

/// A namespace, and a label of a pod or of a selector in it.
type Key<'a> = (&'a str, Label<'a>);

/// The budgets of disruptions. Those of a namespace with equal selectors are a group.
struct Budgets<'a> {
    /// The numbers of groups.
    groups: Selectors<'a, usize>,
    /// The budgets of each group, in order.
    members: Vec<Vec<Budget<'a>>>,
    /// The group of the budget at a place.
    by_place: BTreeMap<usize, usize>,
    /// For each group, the first budget that selects one of its pods, and the place of the owner of that pod.
    firsts: OnceCell<Vec<Option<(Budget<'a>, usize)>>>,
}

/// The sums of a resource over the pods of a namespace, for the lowest and the highest number of copies.
type Sums = (Quantity, Quantity);

/// The demand of the pods of a namespace, by the field and the resource that a quota counts; `pods` for their number.
pub(super) type Totals = BTreeMap<(&'static str, &'static str), Sums>;

/// The kind, the namespace and the name of an object.
type Name<'a> = (&'a str, &'a str, &'a str);

/// The autoscalers, by their target.
#[derive(Default)]
struct Scalers<'a> {
    horizontal: BTreeMap<Name<'a>, Vec<Scaler<'a>>>,
    vertical: BTreeMap<Name<'a>, Vec<&'a Resource>>,
}

/// An autoscaler that sets the number of pods: a `HorizontalPodAutoscaler`, or a `ScaledObject` of KEDA.
#[derive(Clone, Copy)]
pub(super) struct Scaler<'a> {
    pub(super) object: &'a Resource,
    /// The lowest number of pods; `None` if it is not a number.
    pub(super) min: Option<i64>,
    /// The highest number of pods; `None` if it is not a number.
    pub(super) max: Option<i64>,
}

/// A `PodDisruptionBudget`, with the index of its object.
#[derive(Clone, Copy)]
pub(super) struct Budget<'a> {
    pub(super) place: usize,
    pub(super) object: &'a Resource,
}

/// The quotas and ranges of a namespace, combined.
#[derive(Default)]
pub(super) struct Bounds<'a> {
    /// The fields and resources that quotas for all pods count, each with the first quota that does.
    pub(super) counted: Vec<(&'static str, &'static str, &'a Resource)>,
    /// True if there is a range.
    pub(super) has_ranges: bool,
    /// The tightest bounds of containers, in the order in which the ranges set them first.
    limits: Vec<Limit<'a>>,
    /// Their indices, by resource and by the kind of the bound.
    by_name: BTreeMap<(&'a str, bool), usize>,
}

/// A bound of a resource of containers.
#[derive(Clone, Copy)]
pub(super) struct Limit<'a> {
    pub(super) resource: &'a str,
    /// True for the most that a limit may be, false for the least that a request may be.
    pub(super) is_most: bool,
    pub(super) amount: Quantity,
    pub(super) range: &'a Resource,
}

/// Bounds that are compared with those of a container one by one.
const FEW: usize = 32;

impl<'a> Bounds<'a> {
    fn add_quota(&mut self, quota: &'a Resource) {
        if !holds_for_all(quota) {
            return;
        }
        for (entry, _) in entries(below(quota.node(), &["spec", "hard"])) {
            if let Some((field, name)) = counted(entry)
                && !self.counted.iter().any(|(known, of, _)| (*known, *of) == (field, name))
            {
                self.counted.push((field, name, quota));
            }
        }
    }

    fn add_range(&mut self, range: &'a Resource) {
        self.has_ranges = true;
        let limits = items(below(range.node(), &["spec", "limits"])).iter();
        for one in limits.filter(|one| text(one, "type") == Some("Container")) {
            for (key, is_most) in [("min", false), ("max", true)] {
                for (resource, amount) in entries(present(one, key)) {
                    let next = self.limits.len();
                    let place = *self.by_name.entry((resource, is_most)).or_insert(next);
                    match self.limits.get_mut(place) {
                        None => self.limits.push(Limit { resource, is_most, amount, range }),
                        Some(known)
                            if is_most && amount < known.amount
                                || !is_most && amount > known.amount =>
                        {
                            (known.amount, known.range) = (amount, range);
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }

    /// The bounds that may concern a container.
    pub(super) fn limits_of(&self, container: &Container<'_>) -> Vec<Limit<'a>> {
        if self.limits.len() <= FEW {
            return self.limits.clone();
        }
        let fields = ["requests", "limits"].into_iter();
        let named = fields.flat_map(|field| {
            let list = below(container.node, &["resources", field]);
            list.map(Node::entries).unwrap_or_default().iter().map(|(key, _)| key.text())
        });
        let places = named.flat_map(|name| [(name, false), (name, true)]);
        let mut places: Vec<usize> =
            places.filter_map(|key| self.by_name.get(&key).copied()).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.limits.get(place).copied()).collect()
    }
}

/// True if a quota holds for all pods.
pub(super) fn holds_for_all(quota: &Resource) -> bool {
    let spec = quota.node().get("spec");
    let has = |key: &str| spec.and_then(|spec| present(spec, key)).is_some();
    !has("scopes") && !has("scopeSelector")
}

/// The field of containers and the resource that an entry of a quota counts.
pub(super) fn counted(entry: &str) -> Option<(&'static str, &'static str)> {
    let (field, name) = entry.split_once('.').unwrap_or(("requests", entry));
    let field = match field {
        "requests" => "requests",
        "limits" => "limits",
        _ => return None,
    };
    match name {
        "cpu" => Some((field, "cpu")),
        "memory" => Some((field, "memory")),
        _ => None,
    }
}

/// The pods of a namespace by each label, as the index of their object and their own in it.
#[derive(Default)]
struct PodIndex<'a> {
    by_namespace: BTreeMap<&'a str, Vec<(usize, usize)>>,
    /// All pods, to whose numbers the lists below lead.
    all: Vec<(usize, usize)>,
    with_label: BTreeMap<Key<'a>, Posting>,
    with_key: BTreeMap<(&'a str, &'a str), Posting>,
    within: BTreeMap<&'a str, Posting>,
}

impl<'a> Acting<'a> {
    /// The objects of a render, without an index.
    pub(super) const fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        Self {
            objects,
            facts,
            services: OnceCell::new(),
            names: OnceCell::new(),
            custom: OnceCell::new(),
            scalers: OnceCell::new(),
            scaled: OnceCell::new(),
            budgets: OnceCell::new(),
            bounds: OnceCell::new(),
            pods: OnceCell::new(),
            selected_copies: RefCell::new(BTreeMap::new()),
            totals: RefCell::new(BTreeMap::new()),
        }
    }

    /// The Services.
    pub(super) fn services(&self) -> &Services<'a> {
        self.services.get_or_init(|| Services::new(self.objects, self.facts))
    }

    /// The index of an object of a kind with a name.
    pub(super) fn place(&self, kind: &str, namespace: &str, name: &str) -> Option<usize> {
        let names = self.names.get_or_init(|| {
            let named = self.objects.iter().enumerate();
            let name = |(place, object): (usize, &'a Resource)| {
                ((object.kind(), self.facts.namespace(object), object.name()), place)
            };
            named.map(name).collect()
        });
        names.get(&(kind, namespace, name)).copied()
    }

    /// The object with an index.
    pub(super) fn object(&self, place: usize) -> Option<&'a Resource> {
        self.objects.get(place)
    }

    /// True if a custom resource, other than an autoscaler, has this name.
    pub(super) fn is_custom(&self, name: &str) -> bool {
        let names = self.custom.get_or_init(|| {
            let is_custom = |one: &&Resource| {
                one.gvk().group.contains('.') && target(one).is_none() && !is_of_kubernetes(one)
            };
            self.objects.iter().filter(is_custom).map(Resource::name).collect()
        });
        names.contains(name)
    }

    /// The autoscalers that set the number of pods of an object.
    pub(super) fn scalers<'s>(&'s self, object: &'s Resource) -> &'s [Scaler<'s>] {
        let name = (object.kind(), self.facts.namespace(object), object.name());
        self.all_scalers().horizontal.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The autoscalers that set the number of pods of the same target as this one.
    pub(super) fn scalers_beside<'s>(&'s self, scaler: &'s Resource) -> &'s [Scaler<'s>] {
        let target = target(scaler).map(|(kind, name)| (kind, self.facts.namespace(scaler), name));
        let found = target.and_then(|target| self.all_scalers().horizontal.get(&target));
        found.map_or(&[], Vec::as_slice)
    }

    /// The `VerticalPodAutoscalers` of the target of an autoscaler.
    pub(super) fn vertical_beside<'s>(&'s self, scaler: &'s Resource) -> &'s [&'s Resource] {
        let target = target(scaler).map(|(kind, name)| (kind, self.facts.namespace(scaler), name));
        let found = target.and_then(|target| self.all_scalers().vertical.get(&target));
        found.map_or(&[], Vec::as_slice)
    }

    fn all_scalers(&self) -> &Scalers<'a> {
        self.scalers.get_or_init(|| {
            let mut scalers = Scalers::default();
            for object in self.objects {
                let Some((kind, name)) = target(object) else { continue };
                let target = (kind, self.facts.namespace(object), name);
                if object.kind() == "VerticalPodAutoscaler" {
                    scalers.vertical.entry(target).or_default().push(object);
                } else {
                    let scaler = Scaler::of(object);
                    scalers.horizontal.entry(target).or_default().push(scaler);
                }
            }
            scalers
        })
    }

    /// The lowest and the highest number of pods of an object; `None` if they are not known.
    pub(super) fn copies(&self, object: &Resource) -> Option<(i64, i64)> {
        if let [scaler, ..] = self.scalers(object) {
            let (min, max) = (scaler.min?, scaler.max?);
            return Some((min, max.max(min)));
        }
        let spec = object.node().get("spec");
        let said = |key: &str| match spec.and_then(|spec| present(spec, key)) {
            None => Some(1),
            Some(node) => integer(node),
        };
        let number = match object.kind() {
            "Deployment"
            | "StatefulSet"
            | "ReplicaSet"
            | "ReplicationController"
            | "Rollout"
            | "CloneSet" => said("replicas")?,
            "Pod" => 1,
            // Jobs end: none of their pods may run.
            "Job" => return Some((0, said("parallelism")?)),
            _ => return None,
        };
        // What another object does with a workload that is switched off is not known.
        (number != 0 || !self.is_scaled(object)).then_some((number, number))
    }

    /// True if another object of the render names a workload as one that it scales, or whose pods it runs.
    pub(super) fn is_scaled(&self, object: &Resource) -> bool {
        self.scaled.get_or_init(|| Scaled::of(self.objects, self.facts)).has(object, self.facts)
    }

    /// True if a `PodDisruptionBudget` selects a pod.
    pub(super) fn has_budget(&self, namespace: &str, pod: &Pod<'_>) -> bool {
        let budgets = self.all_budgets();
        !budgets.groups.is_empty() && budgets.groups.any(namespace, &Labels::of(pod.labels()))
    }

    /// The first `PodDisruptionBudget` that selects a pod of the budget at a place, and the owner of that pod. `None` if it
    /// is the first one itself.
    pub(super) fn budget_before(
        &self,
        pods: &[Vec<Pod<'a>>],
        place: usize,
    ) -> Option<(Budget<'a>, &'a Resource)> {
        let budgets = self.all_budgets();
        let firsts = budgets.firsts.get_or_init(|| self.first_budgets(budgets, pods));
        let (first, owner) = (*firsts.get(*budgets.by_place.get(&place)?)?)?;
        Some((first, self.object(owner)?)).filter(|_| first.place < place)
    }

    fn first_budgets(
        &self,
        budgets: &Budgets<'a>,
        pods: &[Vec<Pod<'a>>],
    ) -> Vec<Option<(Budget<'a>, usize)>> {
        let mut firsts: Vec<Option<(Budget<'a>, usize)>> = vec![None; budgets.members.len()];
        for (owner, (object, pods)) in self.objects.iter().zip(pods).enumerate() {
            let namespace = self.facts.namespace(object);
            for pod in pods {
                let labels = Labels::of(pod.labels());
                let groups: Vec<usize> =
                    budgets.groups.of(namespace, &labels).into_iter().copied().collect();
                let of_group = |group: &usize| budgets.members.get(*group)?.first();
                let first = groups.iter().filter_map(of_group).min_by_key(|one| one.place);
                let Some(first) = first.copied() else { continue };
                for group in groups {
                    if let Some(known) = firsts.get_mut(group)
                        && known.is_none_or(|(known, _)| first.place < known.place)
                    {
                        *known = Some((first, owner));
                    }
                }
            }
        }
        firsts
    }

    /// The number of pods that the budget at a place selects, and true if an autoscaler sets it; `None` if it is not known.
    /// Computed once for equal selectors.
    pub(super) fn selected_copies(
        &self,
        pods: &[Vec<Pod<'a>>],
        place: usize,
    ) -> Option<(i64, bool)> {
        let budgets = self.all_budgets();
        let group = *budgets.by_place.get(&place)?;
        if let Some(known) = self.selected_copies.borrow().get(&group) {
            return *known;
        }
        let budget = self.object(place)?;
        let found = self.copies_selected_by(pods, budget);
        self.selected_copies.borrow_mut().insert(group, found);
        found
    }

    fn copies_selected_by(&self, pods: &[Vec<Pod<'a>>], budget: &Resource) -> Option<(i64, bool)> {
        let places = self.selected(pods, self.facts.namespace(budget), selector(budget)?);
        let objects: BTreeSet<usize> = places.into_iter().map(|(place, _)| place).collect();
        let (mut sum, mut is_scaled) = (0_i64, false);
        for object in objects.iter().filter_map(|place| self.object(*place)) {
            sum = sum.checked_add(self.copies(object)?.0)?;
            is_scaled |= !self.scalers(object).is_empty();
        }
        (!objects.is_empty()).then_some((sum, is_scaled))
    }

    fn all_budgets(&self) -> &Budgets<'a> {
        self.budgets.get_or_init(|| {
            let mut numbers = BTreeMap::new();
            let (mut groups, mut members) = (Vec::new(), Vec::<Vec<Budget<'_>>>::new());
            let mut by_place = BTreeMap::new();
            for (place, object) in self.objects.iter().enumerate() {
                let Some(wanted) = selector(object).filter(|_| is_budget(object)) else { continue };
                let namespace = self.facts.namespace(object);
                let mut text = String::new();
                let is_text = yaml::write_json(wanted, yaml::Form::Compact, &mut text).is_ok();
                // One without a text is equal to no other.
                let key = if is_text { (namespace, text, 0) } else { (namespace, text, place) };
                let next = members.len();
                let number = *numbers.entry(key).or_insert(next);
                if number == next {
                    groups.push((namespace, Some(wanted), number));
                    members.push(Vec::new());
                }
                by_place.insert(place, number);
                if let Some(members) = members.get_mut(number) {
                    members.push(Budget { place, object });
                }
            }
            let groups = Selectors::of_selectors(groups);
            Budgets { groups, members, by_place, firsts: OnceCell::new() }
        })
    }

    /// The quotas and ranges of a namespace.
    pub(super) fn bounds(&self, namespace: &str) -> Option<&Bounds<'a>> {
        let bounds = self.bounds.get_or_init(|| {
            let mut bounds = BTreeMap::<&str, Bounds<'_>>::new();
            for object in self.objects {
                if !object.gvk().group.is_empty() {
                    continue;
                }
                let namespace = self.facts.namespace(object);
                match object.kind() {
                    "ResourceQuota" => bounds.entry(namespace).or_default().add_quota(object),
                    "LimitRange" => bounds.entry(namespace).or_default().add_range(object),
                    _ => {}
                }
            }
            bounds
        });
        bounds.get(namespace)
    }

    /// The demand of the pods of a namespace, computed once.
    pub(super) fn totals(&self, namespace: &str, sum: impl FnOnce() -> Totals) -> Rc<Totals> {
        if let Some(known) = self.totals.borrow().get(namespace) {
            return Rc::clone(known);
        }
        let totals = Rc::new(sum());
        self.totals.borrow_mut().insert(namespace.to_owned(), Rc::clone(&totals));
        totals
    }

    /// The places of the pods that a label selector selects, as [`candidates`] finds them.
    pub(super) fn selected(
        &self,
        pods: &[Vec<Pod<'a>>],
        namespace: &str,
        selector: &Node,
    ) -> Vec<(usize, usize)> {
        let candidates = self.candidates(pods, namespace, selector);
        let is_selected = |&(place, number): &(usize, usize)| {
            let pod = pods.get(place).and_then(|pods| pods.get(number));
            pod.is_some_and(|pod| selects(selector, pod.labels()))
        };
        candidates.filter(is_selected).collect()
    }

    /// A pod of a namespace that a label selector selects.
    pub(super) fn first_selected<'p>(
        &self,
        pods: &'p [Vec<Pod<'a>>],
        namespace: &str,
        selector: &Node,
    ) -> Option<&'p Pod<'a>> {
        let candidates = self.candidates(pods, namespace, selector);
        let mut pods = candidates.filter_map(|(place, number)| pods.get(place)?.get(number));
        pods.find(|pod| selects(selector, pod.labels()))
    }

    /// The pods that may meet the conditions of a label selector.
    fn candidates<'b>(
        &'b self,
        pods: &[Vec<Pod<'a>>],
        namespace: &'b str,
        selector: &'b Node,
    ) -> impl Iterator<Item = (usize, usize)> + use<'a, 'b> {
        let index = self.pods.get_or_init(|| self.index_pods(pods));
        let with = |(key, value): Token<'b>| match value {
            Some(value) => index.with_label.get(&(namespace, (key, value))),
            None => index.with_key.get(&(namespace, key)),
        };
        let of_condition = |one: Condition<'b>| match one {
            Condition::Label((key, value)) => with((key, Some(value))).into_iter().collect(),
            Condition::Listed(key, values) => {
                values.into_iter().filter_map(|value| with((key, Some(value)))).collect()
            }
            Condition::Key(key) => with((key, None)).into_iter().collect(),
        };
        let within = index.within.get(namespace).into_iter().collect();
        let met = conditions(selector).map(of_condition).chain([within]).collect();
        let refused = refused(selector).filter_map(with).collect();
        let found = candidates(met, refused, index.all.len());
        found.filter_map(|number| index.all.get(number).copied())
    }

    /// The places of the pods of a namespace.
    pub(super) fn pods_in(&self, pods: &[Vec<Pod<'a>>], namespace: &str) -> &[(usize, usize)] {
        let index = self.pods.get_or_init(|| self.index_pods(pods));
        index.by_namespace.get(namespace).map_or(&[], Vec::as_slice)
    }

    fn index_pods(&self, pods: &[Vec<Pod<'a>>]) -> PodIndex<'a> {
        let mut index = PodIndex::default();
        for (place, (object, pods)) in self.objects.iter().zip(pods).enumerate() {
            let namespace = self.facts.namespace(object);
            for (number, pod) in pods.iter().enumerate() {
                index.by_namespace.entry(namespace).or_default().push((place, number));
                let next = index.all.len();
                index.all.push((place, number));
                index.within.entry(namespace).or_default().push(next);
                for label in labels(pod.labels()) {
                    index.with_label.entry((namespace, label)).or_default().push(next);
                    index.with_key.entry((namespace, label.0)).or_default().push(next);
                }
            }
        }
        index
    }
}

impl<'a> Scaler<'a> {
    /// The numbers of an autoscaler, with the defaults of its kind.
    pub(super) fn of(object: &'a Resource) -> Self {
        let spec = object.node().get("spec");
        let number = |key: &str, usual| match spec.and_then(|spec| present(spec, key)) {
            None => usual,
            Some(node) => integer(node),
        };
        let (min, max) = match object.kind() {
            "ScaledObject" => {
                (number("minReplicaCount", Some(0)), number("maxReplicaCount", Some(100)))
            }
            _ => (number("minReplicas", Some(1)), number("maxReplicas", None)),
        };
        Self { object, min, max }
    }
}

/// The kind and the name of the target of an autoscaler.
pub(super) fn target(object: &Resource) -> Option<(&str, &str)> {
    let (field, usual) = match (&*object.gvk().group, object.kind()) {
        ("autoscaling", "HorizontalPodAutoscaler") => ("scaleTargetRef", None),
        ("keda.sh", "ScaledObject") => ("scaleTargetRef", Some("Deployment")),
        ("autoscaling.k8s.io", "VerticalPodAutoscaler") => ("targetRef", None),
        _ => return None,
    };
    let target = below(object.node(), &["spec", field])?;
    Some((text(target, "kind").or(usual)?, text(target, "name")?))
}

/// True for an object of a group of Kubernetes itself.
fn is_of_kubernetes(object: &Resource) -> bool {
    let group = &*object.gvk().group;
    group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io")
}

/// True for a `PodDisruptionBudget`.
pub(super) fn is_budget(object: &Resource) -> bool {
    object.kind() == "PodDisruptionBudget" && object.gvk().group == "policy"
}

/// The label selector of an object.
pub(super) fn selector(object: &Resource) -> Option<&Node> {
    below(object.node(), &["spec", "selector"])
}
