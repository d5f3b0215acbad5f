//! Label selectors of Kubernetes: `matchLabels` and `matchExpressions`.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::postings::{Asked, Conditions, Token};
use super::value::{items, present, text};
use crate::yaml::{Mapping, Node};

/// The entries of a mapping of labels.
pub(crate) fn labels(node: Option<&Node>) -> impl Iterator<Item = (&str, &str)> {
    let entries = node.and_then(Node::as_mapping).map(Mapping::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.text(), value.as_text()?)))
}

/// The same, without those that are null: [`text`] finds no value of theirs.
fn with_values(node: Option<&Node>) -> impl Iterator<Item = (&str, &str)> {
    let entries = node.map_or(&[][..], Node::entries).iter();
    let entries = entries.filter(|(_, value)| !value.is_null());
    entries.filter_map(|(key, value)| Some((key.text(), value.as_text()?)))
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
            let mut sorted: Vec<(&str, &str)> = with_values(node).collect();
            sorted.sort_unstable();
            sorted
        });
        Self { node, sorted }
    }

    /// Their number.
    fn count(&self) -> usize {
        self.node.map_or(0, |node| node.entries().len())
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

    /// The labels in order, each with true if it has a value.
    fn each_with_value(&self) -> impl Iterator<Item = (&'a str, &'a str, bool)> + use<'a> {
        let entries = self.node.map_or(&[][..], Node::entries).iter();
        entries.filter_map(|(key, value)| Some((key.text(), value.as_text()?, !value.is_null())))
    }

    /// The labels in order.
    fn each(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        labels(self.node)
    }
}

/// True if labels have all those of a mapping.
pub(crate) fn has_all(wanted: &Node, found: Option<&Node>) -> bool {
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

/// True if a label selector selects the labels whose values are found by their keys.
pub(crate) fn selects_by<'a>(selector: &Node, value: impl Fn(&str) -> Option<&'a str>) -> bool {
    let has = |(key, wanted): (&str, &str)| value(key) == Some(wanted);
    let is_held = |one: &Node| is_met(one, value(text(one, "key").unwrap_or_default()));
    labels(present(selector, "matchLabels")).all(has)
        && items(selector.get("matchExpressions")).iter().all(is_held)
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
/// condition that a label can meet; in a long list of them, that is a word for 64 of them and each label for which many ask.
/// Labels between which long lists of such selectors do not distinguish are searched for once.
pub(super) struct Selectors<'a, T> {
    all: Vec<(Wanted<'a>, T)>,
    by_label: BTreeMap<(&'a str, (&'a str, &'a str)), List<'a>>,
    by_key: BTreeMap<(&'a str, &'a str), List<'a>>,
    others: BTreeMap<&'a str, List<'a>>,
    /// The number of selections that are known.
    known: Cell<usize>,
    /// The number of comparisons of a selector, or of a key of a list, with labels so far.
    compared: Cell<usize>,
}

/// The number of a key, and those of its values.
type KeyOfList<'a> = (u32, BTreeMap<&'a str, u32>);

/// Distinguished values of labels, by the numbers of their keys.
type Distinguished = Vec<(u32, u32)>;

/// Selectors that are found by the same condition.
#[derive(Default)]
struct List<'a> {
    places: Vec<usize>,
    /// The keys for which they ask, each with its number and those of the values that they name.
    keys: OnceCell<BTreeMap<&'a str, KeyOfList<'a>>>,
    /// The conditions of the selectors of a long list.
    conditions: OnceCell<Conditions<'a>>,
    /// The selections by the distinguished values of labels, or by the selectors of a short list.
    known: RefCell<BTreeMap<Distinguished, Rc<Selection>>>,
    /// True for distinguished values that one of the selectors selects.
    selecting: RefCell<BTreeMap<Distinguished, bool>>,
}

/// The selectors of a list that select some labels; at least one.
pub(super) struct Selection {
    /// A number of its own.
    pub(super) number: usize,
    places: Vec<usize>,
}

/// The selectors of a list that are compared one by one with all labels.
const SHORT: usize = 8;

/// The number of all values that no selector of a list names.
const OTHER: u32 = 0;

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
            known: Cell::new(0),
            compared: Cell::new(0),
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
                None => {
                    selectors.others.entry(namespace).or_default().places.push(place);
                }
                Some(Condition::Label(label)) => {
                    let list = selectors.by_label.entry((namespace, label)).or_default();
                    list.places.push(place);
                }
                Some(Condition::Listed(key, values)) => {
                    for value in values {
                        let list = selectors.by_label.entry((namespace, (key, value)));
                        list.or_default().places.push(place);
                    }
                }
                Some(Condition::Key(key)) => {
                    let list = selectors.by_key.entry((namespace, key)).or_default();
                    list.places.push(place);
                }
            }
        }
        selectors
    }

    /// The values of the selectors that select labels, found in no particular order.
    pub(super) fn of(&self, namespace: &str, found: &Labels<'_>) -> Vec<&T> {
        let mut all = Vec::new();
        for selection in self.selections(namespace, found) {
            let values = selection.places.iter().filter_map(|place| self.all.get(*place));
            all.extend(values.map(|(_, value)| value));
        }
        all
    }

    /// True if a selector selects labels.
    pub(super) fn any(&self, namespace: &str, found: &Labels<'_>) -> bool {
        self.lists(namespace, found).any(|list| {
            let selects = |place: &usize| self.is_selecting(*place, found);
            if list.places.len() <= SHORT {
                return list.places.iter().any(selects);
            }
            let key = self.distinguished(list, found);
            if let Some(known) = list.selecting.borrow().get(&key) {
                return *known;
            }
            let is_selected = self.met(list, found).iter().any(selects);
            list.selecting.borrow_mut().insert(key, is_selected);
            is_selected
        })
    }

    /// The selectors that select labels, one selection for each list of candidates; in the order of [`of`](Self::of).
    pub(super) fn selections(&self, namespace: &str, found: &Labels<'_>) -> Vec<Rc<Selection>> {
        self.lists(namespace, found).filter_map(|list| self.selection(list, found)).collect()
    }

    /// The values of the selectors of a selection, in order.
    pub(super) fn values<'s>(&'s self, selection: &'s Selection) -> impl Iterator<Item = &'s T> {
        selection.places.iter().filter_map(|place| Some(&self.all.get(*place)?.1))
    }

    /// The values of the selectors that select labels, each of which is compared with them.
    #[cfg(test)]
    pub(super) fn scan(&self, namespace: &str, found: &Labels<'_>) -> Vec<&T> {
        let places = self.lists(namespace, found).flat_map(|list| &list.places);
        let found =
            places.filter_map(|place| self.all.get(*place)).filter(|one| one.0.selects(found));
        found.map(|(_, value)| value).collect()
    }

    /// The number of comparisons so far.
    #[cfg(test)]
    pub(super) fn compared(&self) -> usize {
        self.compared.get()
    }

    /// The lists of the selectors that may select labels.
    fn lists<'s>(
        &'s self,
        namespace: &'s str,
        found: &'s Labels<'s>,
    ) -> impl Iterator<Item = &'s List<'a>> {
        let by_label = found.each().flat_map(move |label| {
            let of_label = self.by_label.get(&(namespace, label));
            of_label.into_iter().chain(self.by_key.get(&(namespace, label.0)))
        });
        // An index without selectors needs no search.
        let most = if self.all.is_empty() { 0 } else { usize::MAX };
        by_label.chain(self.others.get(namespace)).take(most)
    }

    /// The selectors of a long list that may select labels: among them are all that do.
    fn met(&self, list: &List<'a>, found: &Labels<'_>) -> Vec<usize> {
        let conditions = list.conditions.get_or_init(|| {
            let mut conditions = Conditions::default();
            for place in &list.places {
                conditions.push(self.all.get(*place).into_iter().flat_map(|one| one.0.asked()));
            }
            conditions
        });
        let (met, steps) = conditions.met(found.each_with_value());
        self.compared.set(self.compared.get() + steps);
        met.into_iter().filter_map(|number| list.places.get(number).copied()).collect()
    }

    fn is_selecting(&self, place: usize, found: &Labels<'_>) -> bool {
        self.compared.set(self.compared.get() + 1);
        self.all.get(place).is_some_and(|(wanted, _)| wanted.selects(found))
    }

    /// The selectors of a list that select labels; `None` if none does.
    fn selection(&self, list: &List<'a>, found: &Labels<'_>) -> Option<Rc<Selection>> {
        let select = |places: Vec<usize>| -> Vec<usize> {
            places.into_iter().filter(|place| self.is_selecting(*place, found)).collect()
        };
        let (key, places) = if list.places.len() <= SHORT {
            let places = select(list.places.clone());
            let number = |place: &usize| u32::try_from(*place).unwrap_or(u32::MAX);
            (places.iter().map(|place| (number(place), OTHER)).collect(), Some(places))
        } else {
            (self.distinguished(list, found), None)
        };
        let mut known = list.known.borrow_mut();
        let selection = known.entry(key).or_insert_with(|| {
            let number = self.known.replace(self.known.get() + 1);
            let places = places.unwrap_or_else(|| select(self.met(list, found)));
            Rc::new(Selection { number, places })
        });
        (!selection.places.is_empty()).then(|| Rc::clone(selection))
    }

    /// The values of labels between which the selectors of a list distinguish: the number of each key for which they ask,
    /// with the number of its value. A key that labels lack is left out.
    fn distinguished(&self, list: &List<'a>, found: &Labels<'_>) -> Vec<(u32, u32)> {
        let keys = list.keys.get_or_init(|| self.keys_of(list));
        let number =
            |value: &str, values: &BTreeMap<&str, u32>| *values.get(value).unwrap_or(&OTHER);
        let mut values: Vec<(u32, u32)> = if keys.len() <= found.count() {
            let has = |(key, (place, values)): (&&str, &(u32, BTreeMap<&str, u32>))| {
                Some((*place, number(found.get(key)?, values)))
            };
            keys.iter().filter_map(has).collect()
        } else {
            let asked = |(key, _): (&str, &str)| {
                let (place, values) = keys.get(key)?;
                Some((*place, number(found.get(key)?, values)))
            };
            found.each().filter_map(asked).collect()
        };
        self.compared.set(self.compared.get() + keys.len().min(found.count()));
        values.sort_unstable();
        values
    }

    /// The keys for which the selectors of a list ask.
    fn keys_of(&self, list: &List<'a>) -> BTreeMap<&'a str, (u32, BTreeMap<&'a str, u32>)> {
        let mut keys = BTreeMap::<&str, (u32, BTreeMap<&str, u32>)>::new();
        let mut add = |key, value: Option<&'a str>| {
            let next = u32::try_from(keys.len()).unwrap_or(u32::MAX);
            let (_, values) = keys.entry(key).or_insert_with(|| (next, BTreeMap::new()));
            let next = u32::try_from(values.len()).unwrap_or(u32::MAX).saturating_add(OTHER + 1);
            if let Some(value) = value {
                values.entry(value).or_insert(next);
            }
        };
        for (wanted, _) in list.places.iter().filter_map(|place| self.all.get(*place)) {
            labels(wanted.labels).for_each(|(key, value)| add(key, Some(value)));
            for one in wanted.expressions {
                let key = text(one, "key").unwrap_or_default();
                add(key, None);
                let values = items(one.get("values")).iter().filter_map(Node::as_text);
                values.for_each(|value| add(key, Some(value)));
            }
        }
        keys
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// The labels that a label selector refuses.
pub(super) fn refused(selector: &Node) -> impl Iterator<Item = Token<'_>> {
    items(selector.get("matchExpressions")).iter().flat_map(refused_by)
}

/// The labels that an expression refuses.
fn refused_by(expression: &Node) -> Vec<Token<'_>> {
    let Some(key) = text(expression, "key") else { return Vec::new() };
    let values = || items(expression.get("values")).iter().filter_map(Node::as_text);
    match text(expression, "operator") {
        Some("NotIn") => values().map(|value| (key, Some(value))).collect(),
        Some("DoesNotExist") => vec![(key, None)],
        _ => Vec::new(),
    }
}

impl<'a> Wanted<'a> {
    /// The conditions for labels, one for each key, and the labels that are refused.
    fn asked(self) -> Vec<Asked<'a>> {
        let mut keys = BTreeSet::new();
        let mut asked = Vec::new();
        for one in self.conditions() {
            let (key, tokens) = match one {
                Condition::Label((key, value)) => (key, vec![(key, Some(value))]),
                Condition::Listed(key, values) => {
                    (key, values.into_iter().map(|value| (key, Some(value))).collect())
                }
                Condition::Key(key) => (key, vec![(key, None)]),
            };
            if keys.insert(key) {
                asked.push(Asked::One(tokens));
            }
        }
        let refused = self.expressions.iter().map(refused_by);
        asked.extend(refused.filter(|tokens| !tokens.is_empty()).map(Asked::None));
        asked
    }

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
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;
    use crate::resource::sample::resource;

    #[test]
    fn labels_that_are_null_have_no_value_among_many_either() {
        let more = |count: usize| -> String {
            (0..count).map(|number| format!(", more{number}: '{number}'")).collect()
        };
        for count in [0, FEW] {
            let text = format!(
                "{{kind: A, metadata: {{name: a}}, of: {{app: null, tier: ~, web: a{}}}}}",
                more(count)
            );
            let object = resource(&text);
            let labels = Labels::of(object.node().get("of"));
            assert_eq!(labels.sorted.is_some(), count > 0);
            assert_eq!(["app", "tier", "web"].map(|key| labels.get(key)), [None, None, Some("a")]);
        }
    }

    #[test]
    fn selectors_are_read_as_kubernetes_does() {
        let object = resource(
            "{kind: A, metadata: {name: a, labels: {app: web, tier: front, number: '1'}}}",
        );
        let found = object.node().get("metadata").and_then(|one| one.get("labels"));
        let selects = |of: &str| {
            let other = resource(&format!("{{kind: A, metadata: {{name: a}}, selector: {of}}}"));
            let selector = other.node().get("selector").unwrap();
            let selected = selects(selector, found);
            assert_eq!(selects_by(selector, |key| text(found?, key)), selected, "{of}");
            selected
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

    #[test]
    fn other_labels_for_each_selector_are_found_by_many_at_once() {
        const COUNT: usize = 2048;
        let labels = |number: usize| -> String {
            let one = |key: usize| format!("k{key}: v{}", number >> key & 1);
            (0..11).map(one).collect::<Vec<_>>().join(", ")
        };
        let texts: Vec<String> =
            (0..COUNT).map(|number| format!("{{{}}}", labels(number))).collect();
        let all =
            resource(&format!("{{kind: A, metadata: {{name: a}}, all: [{}]}}", texts.join(", ")));
        let nodes = || items(all.node().get("all")).iter().enumerate();
        let found = Selectors::of_labels(nodes().map(|(place, node)| ("x", node, place)));
        for (place, node) in nodes() {
            assert_eq!(found.of("x", &Labels::of(Some(node))), [&place]);
        }
        // A comparison with each selector of the rarest condition takes 1024 steps.
        assert!(found.compared() / COUNT < 300, "{}", found.compared() / COUNT);
    }

    const LABELS: [&str; 7] = ["a: v", "a: w", "b: v", "c: v", "d: v", "e: v", "f: ~"];

    fn selector() -> impl Strategy<Value = String> {
        let values = subsequence(vec!["v", "w", "x"], 0..3);
        let operator = select(vec!["In", "NotIn", "Exists", "DoesNotExist", "Other"]);
        let one = (select(vec!["a", "b", "c", "z"]), operator, values);
        let expression = one.prop_map(|(key, operator, values)| {
            format!("{{key: {key}, operator: {operator}, values: [{}]}}", values.join(", "))
        });
        (subsequence(LABELS[1..].to_vec(), 0..3), vec(expression, 0..2)).prop_map(
            |(labels, all)| {
                let (labels, all) = (labels.join(", "), all.join(", "));
                format!("{{matchLabels: {{{labels}}}, matchExpressions: [{all}]}}")
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn selections_are_those_of_a_comparison_with_each_selector(
            selectors in vec(selector(), 0..60),
            pods in vec(subsequence(LABELS[1..].to_vec(), 0..6), 1..12),
            has_many in any::<bool>(),
        ) {
            let text = format!("{{kind: A, metadata: {{name: a}}, all: [{}]}}", selectors.join(", "));
            let all = resource(&text);
            let nodes = items(all.node().get("all")).iter().enumerate();
            let found = Selectors::of_selectors(nodes.map(|(place, node)| ("x", Some(node), place)));
            let more: String = (0..20).map(|number| format!("more{number}: v, ")).collect();
            for labels in pods {
                let labels = if has_many { &*more } else { "" }.to_owned() + &labels.join(", ");
                let text = format!("{{kind: A, metadata: {{name: a}}, of: {{{labels}}}}}");
                let object = resource(&text);
                let labels = Labels::of(object.node().get("of"));
                let expected = found.scan("x", &labels);
                prop_assert_eq!(found.any("x", &labels), !expected.is_empty());
                prop_assert_eq!(found.of("x", &labels), expected);
                prop_assert!(found.of("y", &labels).is_empty() && !found.any("y", &labels));
            }
        }
    }
}
