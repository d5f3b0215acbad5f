//! Label selectors of Kubernetes: `matchLabels` and `matchExpressions`.

use std::collections::BTreeMap;

use super::value::{items, present, text};
use crate::yaml::{Mapping, Node};

/// The entries of a mapping of labels.
pub(crate) fn labels(node: Option<&Node>) -> impl Iterator<Item = (&str, &str)> {
    let entries = node.and_then(Node::as_mapping).map(Mapping::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.text(), value.as_text()?)))
}

/// More labels than this are sorted before several are searched for.
const FEW: usize = 16;

/// Labels that can be searched for. Those of an object with many are sorted once.
pub(super) struct Labels<'a> {
    node: Option<&'a Node>,
    sorted: Option<Vec<(&'a str, &'a str)>>,
}

impl<'a> Labels<'a> {
    pub(super) fn of(node: Option<&'a Node>) -> Self {
        let count = node.map_or(0, |node| node.entries().len());
        let sorted = (count > FEW).then(|| {
            let mut sorted: Vec<(&str, &str)> = labels(node).collect();
            sorted.sort_unstable();
            sorted
        });
        Self { node, sorted }
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        match &self.sorted {
            None => text(self.node?, key),
            Some(sorted) => {
                let place = sorted.binary_search_by(|(known, _)| (*known).cmp(key)).ok()?;
                sorted.get(place).map(|(_, value)| *value)
            }
        }
    }

    /// The labels in order.
    fn each(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        labels(self.node)
    }
}

/// True if labels have all those of a mapping.
pub(super) fn has_all(wanted: &Node, found: Option<&Node>) -> bool {
    match wanted.entries().len() {
        0..=FEW => labels(Some(wanted))
            .all(|(key, value)| found.and_then(|one| text(one, key)) == Some(value)),
        // Labels that lack the last one need not be sorted.
        _ => {
            let last = labels(Some(wanted)).last();
            last.is_none_or(|(key, value)| found.and_then(|one| text(one, key)) == Some(value))
                && has_all_of(wanted, &Labels::of(found))
        }
    }
}

fn has_all_of(wanted: &Node, found: &Labels<'_>) -> bool {
    labels(Some(wanted)).all(|(key, value)| found.get(key) == Some(value))
}

/// True if a label selector selects all labels: it has no condition.
pub(crate) fn selects_all(selector: &Node) -> bool {
    let is_empty = |key| present(selector, key).is_none_or(Node::is_empty);
    is_empty("matchLabels") && is_empty("matchExpressions")
}

/// True if a label selector selects these labels.
pub(crate) fn selects(selector: &Node, found: Option<&Node>) -> bool {
    present(selector, "matchLabels").is_none_or(|wanted| has_all(wanted, found))
        && items(selector.get("matchExpressions")).iter().all(|one| holds(one, found))
}

/// True if labels satisfy a requirement; also if its operator is unknown.
fn holds(requirement: &Node, found: Option<&Node>) -> bool {
    let key = text(requirement, "key").unwrap_or_default();
    is_met(requirement, found.and_then(|one| text(one, key)))
}

/// True if the value of a label satisfies a requirement.
fn is_met(requirement: &Node, value: Option<&str>) -> bool {
    let is_listed = || {
        let values = items(requirement.get("values")).iter();
        value.is_some_and(|value| values.filter_map(Node::as_text).any(|one| one == value))
    };
    match text(requirement, "operator") {
        Some("In") => is_listed(),
        Some("NotIn") => !is_listed(),
        Some("Exists") => value.is_some(),
        Some("DoesNotExist") => value.is_none(),
        _ => true,
    }
}

/// The conditions of a selector.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    labels: Option<&'a Node>,
    expressions: &'a [Node],
}

impl Wanted<'_> {
    fn selects(&self, found: &Labels<'_>) -> bool {
        let is_held = |one: &Node| {
            let key = text(one, "key").unwrap_or_default();
            is_met(one, found.get(key))
        };
        self.labels.is_none_or(|wanted| has_all_of(wanted, found))
            && self.expressions.iter().all(is_held)
    }
}

/// Selectors of labels in namespaces, each with what it belongs to. The search for those that select an object costs no
/// more than the number of selectors which ask for one of its labels as their rarest condition, and of those without a
/// condition that a label can meet.
pub(super) struct Selectors<'a, T> {
    all: Vec<(Wanted<'a>, T)>,
    by_label: BTreeMap<(&'a str, (&'a str, &'a str)), Vec<usize>>,
    by_key: BTreeMap<(&'a str, &'a str), Vec<usize>>,
    others: BTreeMap<&'a str, Vec<usize>>,
}

/// A condition that labels must meet, by which a selector is found.
pub(super) enum Condition<'a> {
    /// They have a label.
    Label((&'a str, &'a str)),
    /// They have a key with one of some values.
    Listed(&'a str, Vec<&'a str>),
    /// They have a key.
    Key(&'a str),
}

/// The conditions of a label selector.
pub(super) fn conditions(selector: &Node) -> impl Iterator<Item = Condition<'_>> {
    let labels = present(selector, "matchLabels");
    Wanted { labels, expressions: items(selector.get("matchExpressions")) }.conditions()
}

impl<'a, T> Selectors<'a, T> {
    /// Selectors that are mappings of labels, as those of Services. An empty one selects nothing.
    pub(super) fn of_labels(given: impl IntoIterator<Item = (&'a str, &'a Node, T)>) -> Self {
        let given =
            given.into_iter().filter(|(_, wanted, _)| labels(Some(wanted)).next().is_some());
        Self::new(given.map(|(namespace, wanted, value)| {
            (namespace, Wanted { labels: Some(wanted), expressions: &[] }, value)
        }))
    }

    /// Label selectors. One that is missing selects everything.
    pub(super) fn of_selectors(
        given: impl IntoIterator<Item = (&'a str, Option<&'a Node>, T)>,
    ) -> Self {
        Self::new(given.into_iter().map(|(namespace, selector, value)| {
            let labels = selector.and_then(|one| present(one, "matchLabels"));
            let expressions = items(selector.and_then(|one| one.get("matchExpressions")));
            (namespace, Wanted { labels, expressions }, value)
        }))
    }

    fn new(given: impl Iterator<Item = (&'a str, Wanted<'a>, T)>) -> Self {
        let (mut all, mut namespaces) = (Vec::new(), Vec::new());
        let mut by_label = BTreeMap::<_, usize>::new();
        let mut by_key = BTreeMap::<_, usize>::new();
        for (namespace, wanted, value) in given {
            for one in wanted.conditions() {
                match one {
                    Condition::Label(label) => {
                        *by_label.entry((namespace, label)).or_default() += 1;
                    }
                    Condition::Listed(key, values) => {
                        for value in values {
                            *by_label.entry((namespace, (key, value))).or_default() += 1;
                        }
                    }
                    Condition::Key(key) => *by_key.entry((namespace, key)).or_default() += 1,
                }
            }
            namespaces.push(namespace);
            all.push((wanted, value));
        }
        let mut selectors = Self {
            all,
            by_label: BTreeMap::new(),
            by_key: BTreeMap::new(),
            others: BTreeMap::new(),
        };
        for (place, namespace) in namespaces.into_iter().enumerate() {
            let Some((wanted, _)) = selectors.all.get(place) else { continue };
            let count = |one: &Condition<'a>| match one {
                Condition::Label(label) => by_label.get(&(namespace, *label)).copied(),
                Condition::Listed(key, values) => {
                    let counts =
                        values.iter().map(|value| by_label.get(&(namespace, (*key, value))));
                    counts.max().flatten().copied()
                }
                Condition::Key(key) => by_key.get(&(namespace, *key)).copied(),
            };
            match wanted.conditions().min_by_key(count) {
                None => selectors.others.entry(namespace).or_default().push(place),
                Some(Condition::Label(label)) => {
                    selectors.by_label.entry((namespace, label)).or_default().push(place);
                }
                Some(Condition::Listed(key, values)) => {
                    for value in values {
                        let places = selectors.by_label.entry((namespace, (key, value)));
                        places.or_default().push(place);
                    }
                }
                Some(Condition::Key(key)) => {
                    selectors.by_key.entry((namespace, key)).or_default().push(place);
                }
            }
        }
        selectors
    }

    /// The values of the selectors that select labels, found in no particular order.
    pub(super) fn of<'s>(
        &'s self,
        namespace: &'s str,
        found: &'s Labels<'s>,
    ) -> impl Iterator<Item = &'s T> {
        let places = |list: Option<&'s Vec<usize>>| list.map_or(&[][..], Vec::as_slice);
        let by_label = found.each().flat_map(move |label| {
            let of_label = places(self.by_label.get(&(namespace, label)));
            of_label.iter().chain(places(self.by_key.get(&(namespace, label.0))))
        });
        let candidates = by_label.chain(places(self.others.get(namespace)));
        // An index without selectors needs no search.
        let candidates = candidates.take(if self.all.is_empty() { 0 } else { usize::MAX });
        let candidates = candidates.filter_map(|place| self.all.get(*place));
        candidates.filter(|(wanted, _)| wanted.selects(found)).map(|(_, value)| value)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl<'a> Wanted<'a> {
    fn conditions(self) -> impl Iterator<Item = Condition<'a>> {
        let of_expression = |one: &'a Node| {
            let key = text(one, "key")?;
            match text(one, "operator") {
                Some("In") => {
                    let values = items(one.get("values")).iter().filter_map(Node::as_text);
                    let mut values: Vec<&str> = values.collect();
                    values.sort_unstable();
                    values.dedup();
                    Some(Condition::Listed(key, values))
                }
                Some("Exists") => Some(Condition::Key(key)),
                _ => None,
            }
        };
        labels(self.labels)
            .map(Condition::Label)
            .chain(self.expressions.iter().filter_map(of_expression))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    #[test]
    fn selectors_are_read_as_kubernetes_does() {
        let object = resource(
            "{kind: A, metadata: {name: a, labels: {app: web, tier: front, number: '1'}}}",
        );
        let found = object.node().get("metadata").and_then(|one| one.get("labels"));
        let selects = |text: &str| {
            let other = resource(&format!("{{kind: A, metadata: {{name: a}}, selector: {text}}}"));
            selects(other.node().get("selector").unwrap(), found)
        };
        for (text, expected) in [
            ("{}", true),
            ("{matchLabels: {app: web}}", true),
            ("{matchLabels: {app: web, tier: back}}", false),
            ("{matchLabels: {number: '1'}}", true),
            ("{matchExpressions: [{key: app, operator: In, values: [web, api]}]}", true),
            ("{matchExpressions: [{key: app, operator: In, values: [api]}]}", false),
            ("{matchExpressions: [{key: app, operator: NotIn, values: [api]}]}", true),
            ("{matchExpressions: [{key: other, operator: NotIn, values: [api]}]}", true),
            ("{matchExpressions: [{key: tier, operator: Exists}]}", true),
            ("{matchExpressions: [{key: tier, operator: DoesNotExist}]}", false),
            (
                "{matchLabels: {app: web}, matchExpressions: [{key: other, operator: Exists}]}",
                false,
            ),
        ] {
            assert_eq!(selects(text), expected, "{text}");
        }
    }
}
