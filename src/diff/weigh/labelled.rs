//! Indices of the renders by labels: workloads to which Services lead, Services that select pods, and objects whose
//! selectors ask for a label. Each costs as much as the render, once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Whole, namespace_of};
use crate::harden::selector::{has_all, labels};
use crate::harden::template;
use crate::harden::value::{below, items, present, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// A namespace, with the key and the value of a label.
type Label<'a> = (&'a str, &'a str, &'a str);

/// The objects of a side by labels.
#[derive(Default)]
pub(super) struct ByLabel<'a> {
    /// The workloads with pods that have a label.
    workloads: BTreeMap<Label<'a>, Vec<usize>>,
    /// The Services whose selector begins with a label.
    services: BTreeMap<Label<'a>, Vec<usize>>,
}

impl<'a> ByLabel<'a> {
    fn of(render: &'a ResMap) -> Self {
        let mut all = Self::default();
        for (place, object) in render.iter().enumerate() {
            let namespace = namespace_of(object);
            if let Some(first) = selector_of(object).and_then(first_of) {
                all.services.entry((namespace, first.0, first.1)).or_default().push(place);
            }
            for (key, value) in labels(labels_of(object)) {
                all.workloads.entry((namespace, key, value)).or_default().push(place);
            }
        }
        all
    }
}

/// The first label that a selector asks for.
fn first_of(selector: &Node) -> Option<(&str, &str)> {
    labels(Some(selector)).next()
}

/// The labels of the pods of a workload.
fn labels_of(object: &Resource) -> Option<&Node> {
    let path = template(&object.gvk().group, object.kind())?;
    below(below(object.node(), path)?, &["metadata", "labels"])
}

/// The labels by which a Service selects pods, if it selects any.
pub(super) fn selector_of(object: &Resource) -> Option<&Node> {
    let is_service = object.kind() == "Service" && object.gvk().group.is_empty();
    let selector = below(object.node(), &["spec", "selector"]).filter(|_| is_service)?;
    (!selector.is_empty()).then_some(selector)
}

/// The objects on both sides whose selectors ask for labels.
pub(super) struct Asking {
    /// The indices before and after the change.
    pairs: Vec<(usize, usize)>,
    by_key: BTreeMap<String, Vec<usize>>,
    /// Those whose selectors are not read.
    others: Vec<usize>,
}

impl Asking {
    fn of(whole: &Whole<'_>, may_select: impl Fn(&Resource) -> Option<bool>) -> Self {
        let mut all = Self { pairs: Vec::new(), by_key: BTreeMap::new(), others: Vec::new() };
        for pair in whole.pairs {
            let (Some(before), Some(after)) = (pair.before, pair.after) else { continue };
            let Some(object) = whole.renders[1].get(after) else { continue };
            let Some(is_read) = may_select(object) else { continue };
            let place = all.pairs.len();
            all.pairs.push((before, after));
            if !is_read {
                all.others.push(place);
                continue;
            }
            let mut keys = BTreeSet::new();
            add_keys(object.node(), &mut keys);
            for key in keys {
                all.by_key.entry(key.to_owned()).or_default().push(place);
            }
        }
        all
    }
}

/// Adds the keys of labels for which selectors in a value ask.
fn add_keys<'a>(node: &'a Node, keys: &mut BTreeSet<&'a str>) {
    if let Some(wanted) = present(node, "matchLabels") {
        keys.extend(wanted.entries().iter().map(|(key, _)| key.text()));
    }
    for one in items(present(node, "matchExpressions")) {
        keys.extend(text(one, "key"));
    }
    node.items().iter().for_each(|one| add_keys(one, keys));
    node.entries().iter().for_each(|(_, value)| add_keys(value, keys));
}

impl<'a> Whole<'a> {
    fn by_label(&self, side: usize) -> &ByLabel<'a> {
        self.by_label[side].get_or_init(|| ByLabel::of(self.renders[side]))
    }

    /// The indices of the objects of a namespace on a side whose pods a Service with this selector leads to.
    pub(super) fn served(&self, side: usize, namespace: &str, selector: &Node) -> BTreeSet<usize> {
        let Some((key, value)) = first_of(selector) else { return BTreeSet::new() };
        let places = self.by_label(side).workloads.get(&(namespace, key, value));
        let has = |place: &&usize| {
            let object = self.renders[side].get(**place);
            object.is_some_and(|object| has_all(selector, labels_of(object)))
        };
        places.into_iter().flatten().take_while(|_| self.searches()).filter(has).copied().collect()
    }

    /// The Services of a namespace on a side that select pods with these labels.
    pub(super) fn services_of(
        &self,
        side: usize,
        namespace: &str,
        found: Option<&Node>,
    ) -> Vec<&'a Resource> {
        let of_label = |(key, value): (&str, &str)| {
            let places = self.by_label(side).services.get(&(namespace, key, value));
            places.into_iter().flatten().copied().collect::<Vec<usize>>()
        };
        let places: BTreeSet<usize> = labels(found).flat_map(of_label).collect();
        let objects = places.into_iter().take_while(|_| self.searches());
        let objects = objects.filter_map(|place| self.renders[side].get(place));
        let selects = |service: &&Resource| {
            let selector = selector_of(service);
            selector.is_some_and(|selector| {
                self.work.takes(selector.entries().len()) && has_all(selector, found)
            })
        };
        objects.filter(selects).collect()
    }

    /// The objects of both sides whose selectors ask for one of these labels, or are not read. Of each kind of objects,
    /// `may_select` says whether its selectors are read; `None` if it has none.
    pub(super) fn asking(
        &self,
        keys: &BTreeSet<&str>,
        may_select: impl Fn(&Resource) -> Option<bool>,
    ) -> impl Iterator<Item = [&'a Resource; 2]> {
        let all = self.asking.get_or_init(|| Asking::of(self, may_select));
        let of_keys = keys.iter().filter_map(|key| all.by_key.get(*key)).flatten();
        let places: BTreeSet<usize> = of_keys.chain(&all.others).copied().collect();
        places.into_iter().filter_map(|place| {
            let (before, after) = all.pairs.get(place)?;
            Some([self.renders[0].get(*before)?, self.renders[1].get(*after)?])
        })
    }

    /// True if no search is left: more was not compared.
    pub(super) const fn has_no_searches(&self) -> bool {
        self.searches.get() == 0
    }
}
