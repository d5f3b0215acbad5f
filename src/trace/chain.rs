//! Chains: the states of one field during a build.

use super::{History, Segment};
use crate::yaml::{Kind, Node, Scalar, Text, resolve};

/// The states of one field during a build, oldest first. Neighbours differ; the first state has a value.
#[derive(Clone, Debug, Default)]
pub struct Chain<'t> {
    states: Vec<State<'t>>,
}

/// The state of a field after a step.
#[derive(Clone, Copy, Debug)]
pub struct State<'t> {
    /// The index of the step.
    pub step: usize,
    /// The value; `None` if the field was removed.
    pub node: Option<&'t Node>,
}

impl<'t> Chain<'t> {
    /// The states of a whole object.
    #[must_use]
    pub fn of(history: &'t History) -> Self {
        let states = history.versions.iter().map(|version| (version.step, Some(&version.node)));
        states.chain(history.gone.map(|step| (step, None))).collect()
    }

    /// The states, oldest first.
    #[must_use]
    pub fn states(&self) -> &[State<'t>] {
        &self.states
    }

    /// The last value; `None` if the field was removed, or never set.
    #[must_use]
    pub fn value(&self) -> Option<&'t Node> {
        self.states.last().and_then(|state| state.node)
    }

    /// The last state in which the field had a value.
    #[must_use]
    pub fn last_value(&self) -> Option<&'t Node> {
        self.states.iter().rev().find_map(|state| state.node)
    }

    /// The states of the value of a key below. Linear in the number of states, with a look-up of the key in each.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.map(|node| node.get(key))
    }

    fn map(&self, below: impl Fn(&'t Node) -> Option<&'t Node>) -> Self {
        self.states.iter().map(|state| (state.step, state.node.and_then(&below))).collect()
    }

    /// The states of the element at an index of the last list. Its predecessors are those in the same place, with the
    /// same name, or with the same text.
    #[must_use]
    pub fn element(&self, index: usize) -> Self {
        let mut newer: Option<(&'t Node, usize)> = None;
        let mut states = Vec::with_capacity(self.states.len());
        for state in self.states.iter().rev() {
            let list = state.node.filter(|node| node.kind() == Kind::Sequence);
            let place = match (list, newer) {
                (Some(_), None) => Some(index),
                (Some(list), Some((newer, index))) => predecessor(newer, index, list),
                (None, _) => None,
            };
            if let (Some(list), Some(place)) = (list, place) {
                newer = Some((list, place));
            }
            states.push((state.step, list.zip(place).and_then(|(list, at)| list.items().get(at))));
        }
        states.into_iter().rev().collect()
    }

    /// The children of the last value, in its order.
    #[must_use]
    pub fn children(&self) -> Vec<(Segment, Self)> {
        let Some(node) = self.value() else { return Vec::new() };
        match node.kind() {
            Kind::Scalar => Vec::new(),
            Kind::Mapping => {
                let entries = node.entries().iter().enumerate();
                let child = |(place, (key, _)): (usize, &'t (Scalar, Node))| {
                    let chain = self.map(|node| get_near(node, key.text(), place));
                    (Segment::Key(key.shared_text().clone()), chain)
                };
                entries.map(child).collect()
            }
            Kind::Sequence => {
                let child = |index| (Segment::of_element(node, index), self.element(index));
                (0..node.items().len()).map(child).collect()
            }
        }
    }

    /// The keys below that were removed, with their states.
    #[must_use]
    pub fn removed_keys(&self) -> Vec<(Segment, Self)> {
        let mut removed: Vec<Text> = Vec::new();
        let last = self.value();
        for node in self.states.iter().filter_map(|state| state.node) {
            for (key, _) in node.entries() {
                let stays = last.is_some_and(|last| last.get(key.text()).is_some());
                if !stays && !removed.contains(key.shared_text()) {
                    removed.push(key.shared_text().clone());
                }
            }
        }
        removed.into_iter().map(|key| (Segment::Key(key.clone()), self.key(&key))).collect()
    }
}

/// The value of a key that is probably at a position.
fn get_near<'n>(node: &'n Node, key: &str, place: usize) -> Option<&'n Node> {
    match node.entries().get(place) {
        Some((known, value)) if known.text() == key => Some(value),
        _ => node.get(key),
    }
}

/// Collects the states of a field: those that differ from the one before.
impl<'t> FromIterator<(usize, Option<&'t Node>)> for Chain<'t> {
    fn from_iter<I: IntoIterator<Item = (usize, Option<&'t Node>)>>(states: I) -> Self {
        let mut chain = Self::default();
        for (step, node) in states {
            let is_known = match (chain.states.last().map(|state| state.node), node) {
                (None | Some(None), None) => true,
                (Some(Some(before)), Some(node)) => {
                    node.is_same(before)
                        || is_rewritten(before, node)
                        || node.weight_of_change(before) == 0
                }
                _ => false,
            };
            if !is_known {
                chain.states.push(State { step, node });
            }
        }
        chain
    }
}

/// True if a step wrote a scalar again as it was: the JSON form that a JSON patch works on has other styles.
fn is_rewritten(before: &Node, now: &Node) -> bool {
    let (Some(before), Some(now)) = (before.as_scalar(), now.as_scalar()) else { return false };
    before.span() == now.span() && has_value_of(before, now)
}

/// True if two scalars have the same value.
pub(super) fn has_value_of(one: &Scalar, other: &Scalar) -> bool {
    one.text() == other.text()
        && matches!((resolve(one), resolve(other)), (Ok(one), Ok(other)) if one == other)
}

/// The fields that tell elements of lists apart, the more specific first.
pub(super) const NAMES: &[&str] =
    &["mountPath", "devicePath", "containerPort", "name", "port", "ip", "topologyKey", "key"];

/// The maximum length of a list that is searched for an element.
const MOST_SEARCHED: usize = 1000;

/// The index in an older list of the element at an index of a newer one.
fn predecessor(newer: &Node, index: usize, older: &Node) -> Option<usize> {
    let (new, old) = (newer.items(), older.items());
    let item = new.get(index)?;
    let is_same = |place: usize| old.get(place).is_some_and(|old| old.is_same(item));
    if is_same(index) {
        return Some(index);
    }
    // In long lists only the neighbourhood is searched: the cost stays linear.
    let places = match old.len() <= MOST_SEARCHED {
        true => 0..old.len(),
        false => index.saturating_sub(1)..old.len().min(index.saturating_add(2)),
    };
    if item.as_scalar().is_none()
        && let Some(place) = places.clone().find(|place| is_same(*place))
    {
        return Some(place);
    }
    let name = |node: &Node, field: &str| {
        let value = node.get(field)?;
        value.as_text().map(str::to_owned)
    };
    let is_equal: Box<dyn Fn(&Node) -> bool> = match item.kind() {
        Kind::Scalar => Box::new(|old| old.as_text() == item.as_text()),
        Kind::Sequence => Box::new(|_| false),
        Kind::Mapping => match NAMES.iter().find_map(|field| Some((*field, name(item, field)?))) {
            Some((field, text)) => Box::new(move |old| name(old, field).as_ref() == Some(&text)),
            None => Box::new(|_| false),
        },
    };
    let is_equal_at = |place: usize| old.get(place).is_some_and(&is_equal);
    if is_equal_at(index) {
        return Some(index);
    }
    if let Some(place) = places.clone().find(|place| is_equal_at(*place)) {
        return Some(place);
    }
    // Another value in the same place, unless that one has moved.
    let before = old.get(index)?;
    let has_moved =
        || places.clone().any(|place| new.get(place).is_some_and(|new| new.is_same(before)));
    (new.len() == old.len() && before.kind() == item.kind() && !has_moved()).then_some(index)
}
