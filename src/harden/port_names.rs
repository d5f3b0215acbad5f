//! The names of the ports of pods, by the Services that select these.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::facts::Facts;
use super::objects::service;
use super::pod::Pod;
use super::selector::{Labels, Selection, Selectors, labels};
use super::value::{items, present, text};
use crate::resource::ResMap;
use crate::yaml::Node;

/// The names of the ports of the pods that Services select. Pods that the same of them select are summed up.
pub(super) struct PortNames<'a> {
    /// By the namespace and the labels of a selector, in lines: the sums of its pods.
    by_selector: BTreeMap<String, Vec<Rc<Names<'a>>>>,
    /// The number of steps of building it.
    #[cfg(test)]
    steps: usize,
}

/// The names of the ports of some pods; `None` if they are not known.
type Names<'a> = Option<BTreeSet<&'a str>>;

impl<'a> PortNames<'a> {
    /// The names of the ports of the pods of objects. `is_known` is true for a pod whose ports are all rendered.
    pub(super) fn new(
        (objects, pods): (&'a ResMap, &[Vec<Pod<'a>>]),
        facts: &'a Facts,
        is_known: impl Fn(&Pod<'a>) -> bool,
    ) -> Self {
        let mut selectors = BTreeMap::new();
        for object in objects {
            if let Some(selector) = service(object).and_then(|spec| present(spec, "selector")) {
                let namespace = facts.namespace(object);
                selectors.entry(key(namespace, selector)).or_insert((namespace, selector));
            }
        }
        let given = selectors.into_iter().map(|(key, (namespace, node))| (namespace, node, key));
        let selectors = Selectors::of_labels(given);
        let mut sums = BTreeMap::<usize, (Rc<Selection>, Names<'a>)>::new();
        for (object, pods) in objects.iter().zip(pods).filter(|_| !selectors.is_empty()) {
            let namespace = facts.namespace(object);
            for pod in pods {
                let ports = pod.containers.iter().flat_map(|one| items(one.node.get("ports")));
                let names: Vec<&str> = ports.filter_map(|port| text(port, "name")).collect();
                for one in selectors.selections(namespace, &Labels::of(pod.labels())) {
                    let number = one.number;
                    let new = || (one, Some(BTreeSet::new()));
                    let (_, sum) = sums.entry(number).or_insert_with(new);
                    match sum {
                        Some(sum) if is_known(pod) => sum.extend(&names),
                        _ => *sum = None,
                    }
                }
            }
        }
        let mut by_selector = BTreeMap::<String, Vec<Rc<Names<'a>>>>::new();
        for (selection, names) in sums.into_values() {
            let names = Rc::new(names);
            for key in selectors.values(&selection) {
                by_selector.entry(key.clone()).or_default().push(Rc::clone(&names));
            }
        }
        Self {
            #[cfg(test)]
            steps: selectors.compared() + by_selector.values().map(Vec::len).sum::<usize>(),
            by_selector,
        }
    }

    /// True if the ports of all pods that a selector of a Service selects are known, and none has a name; false if it
    /// selects none.
    pub(super) fn lacks(&self, namespace: &str, selector: &Node, name: &str) -> bool {
        let sums = self.by_selector.get(&key(namespace, selector));
        let lacks =
            |sum: &Rc<Names<'_>>| sum.as_ref().as_ref().is_some_and(|sum| !sum.contains(name));
        sums.is_some_and(|sums| sums.iter().all(lacks))
    }
}

/// The namespace and the labels of a selector, in lines.
fn key(namespace: &str, selector: &Node) -> String {
    let mut wanted: Vec<(&str, &str)> = labels(Some(selector)).collect();
    wanted.sort_unstable();
    let wanted = wanted.iter().flat_map(|(key, value)| [*key, *value]);
    [namespace].into_iter().chain(wanted).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;
    use crate::harden::selector::has_all;
    use crate::harden::workload::pods;
    use crate::resource::sample::read;

    const LABELS: [&str; 5] = ["a: v", "b: v", "c: v", "d: v", "e: v"];
    const NAMES: [&str; 3] = ["http", "web", "unknown"];

    fn pod(labels: &str, names: &[&str]) -> String {
        let ports: Vec<String> = names.iter().map(|name| format!("{{name: {name}}}")).collect();
        let ports = ports.join(", ");
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: x, labels: {{{labels}}}}}\nspec: {{containers: [{{name: c, image: x, ports: [{ports}]}}]}}\n"
        )
    }

    fn service_of(selector: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: x}}\nspec: {{selector: {{{selector}}}}}\n"
        )
    }

    fn names<'a>(pod: &Pod<'a>) -> Vec<&'a str> {
        let ports = pod.containers.iter().flat_map(|one| items(one.node.get("ports")));
        ports.filter_map(|port| text(port, "name")).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn names_are_lacked_as_by_each_selected_pod(
            selectors in vec(subsequence(LABELS.to_vec(), 0..3), 1..40),
            all in vec((subsequence(LABELS.to_vec(), 0..5), subsequence(NAMES.to_vec(), 0..2)), 0..8),
        ) {
            let all = all.iter().map(|(labels, names)| pod(&labels.join(", "), names));
            let services = selectors.iter().map(|one| service_of(&one.join(", ")));
            let objects: ResMap =
                read(&all.chain(services).collect::<Vec<_>>().join("---\n")).unwrap().into();
            let facts = Facts::default();
            let pods: Vec<Vec<Pod<'_>>> = objects.iter().map(|one| pods(one, &facts)).collect();
            let is_known = |pod: &Pod<'_>| !names(pod).contains(&"unknown");
            let found = PortNames::new((&objects, &pods), &facts, is_known);
            for selector in objects.iter().filter_map(|one| present(service(one)?, "selector")) {
                let has = |pod: &&Pod<'_>| {
                    labels(Some(selector)).next().is_some() && has_all(selector, pod.labels())
                };
                let selected: Vec<&Pod<'_>> = pods.iter().flatten().filter(has).collect();
                for name in NAMES {
                    let lacks = |pod: &&Pod<'_>| is_known(pod) && !names(pod).contains(&name);
                    let expected = !selected.is_empty() && selected.iter().all(lacks);
                    prop_assert_eq!(found.lacks("x", selector, name), expected);
                }
            }
        }
    }

    /// The steps for pods that each of many Services selects by another selector.
    fn steps(count: usize) -> usize {
        let labels: Vec<String> = (0..10).map(|one| format!("l{one}: v")).collect();
        let selector = |number: usize| {
            let chosen = (0..labels.len()).filter(|place| number & (1 << place) != 0);
            chosen.map(|place| &*labels[place]).collect::<Vec<_>>().join(", ")
        };
        let of = |one: usize| {
            let labels = format!("{}, n: a{one}", labels.join(", "));
            [pod(&labels, &["http"]), service_of(&selector(one * 37 % 1021 + 1))]
        };
        let all: Vec<String> = (0..count).flat_map(of).collect();
        let objects: ResMap = read(&all.join("---\n")).unwrap().into();
        let facts = Facts::default();
        let pods: Vec<Vec<Pod<'_>>> = objects.iter().map(|one| pods(one, &facts)).collect();
        PortNames::new((&objects, &pods), &facts, |_| true).steps
    }

    #[test]
    fn pods_are_summed_up_once_for_distinct_selectors() {
        let (few, many) = (steps(200), steps(400));
        assert!(few > 0 && many <= few * 5 / 2, "{few} {many}");
    }
}
