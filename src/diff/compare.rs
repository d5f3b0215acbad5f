//! Comparison of two objects, field by field.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::Type;
use crate::yaml::{Kind, Node};

use super::list::{self, Alignment};
use super::path::{DEEPEST, Path, Step};
use super::{Renames, is_same_text, text_of};

/// A difference in one field.
#[derive(Clone, Debug)]
pub struct Change {
    /// Path of the field.
    pub path: Path,
    /// Kind of the difference, with the values.
    pub what: What,
    /// The renamed object that this field refers to, if the change only follows its new name.
    pub follows: Option<String>,
    /// Consequence of this change for its object.
    pub then: Option<Consequence>,
}

/// Consequence of a change, with the words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The pods of the object restart: the part of them that changes.
    Restart(String),
    /// The object must be recreated: the reason.
    Recreation(String),
}

/// Difference of a field.
#[derive(Clone, Debug)]
pub enum What {
    /// The field is new.
    Added(Node),
    /// The field is gone.
    Removed(Node),
    /// The value differs.
    Changed(Node, Node),
    /// The elements that both lists have are in another order: their names before and after.
    Reordered(Vec<String>, Vec<String>),
}

impl Change {
    /// The change in the reverse difference, without its consequence.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let what = match self.what.clone() {
            What::Added(node) => What::Removed(node),
            What::Removed(node) => What::Added(node),
            What::Changed(before, after) => What::Changed(after, before),
            What::Reordered(before, after) => What::Reordered(after, before),
        };
        Self { path: self.path.mirrored(), what, follows: self.follows.clone(), then: None }
    }
}

/// Compares two objects as printed. Linear in their size, except for lists whose elements have no names.
pub(super) fn compare(
    before: &Node,
    after: &Node,
    kind: Option<Type<'_>>,
    renames: &Renames,
) -> Vec<Change> {
    let mut walk = Comparison { renames, path: Path::default(), changes: Vec::new() };
    walk.node(before, after, kind);
    walk.changes
}

/// True if two scalars that are printed alike are equal.
pub(super) fn is_same_scalar(before: &Node, after: &Node) -> bool {
    let (Some(before), Some(after)) = (before.as_scalar(), after.as_scalar()) else { return false };
    before.text() == after.text() && (before.style(), before.tag()) == (after.style(), after.tag())
        || before.text() == after.text()
            && text_of(&before.clone().into()) == text_of(&after.clone().into())
}

/// Number of levels of an object where most nodes are equal, which is seen faster than by a comparison of their fields.
const OFTEN_EQUAL: usize = 6;

struct Comparison<'a> {
    renames: &'a Renames,
    path: Path,
    changes: Vec<Change>,
}

impl Comparison<'_> {
    fn node(&mut self, before: &Node, after: &Node, kind: Option<Type<'_>>) {
        match (before.kind(), after.kind()) {
            (Kind::Mapping, Kind::Mapping) | (Kind::Sequence, Kind::Sequence)
                if self.path.0.len() < OFTEN_EQUAL && before == after => {}
            (Kind::Mapping, Kind::Mapping) if self.path.0.len() < DEEPEST => {
                self.mapping(before, after, kind);
            }
            (Kind::Sequence, Kind::Sequence) if self.path.0.len() < DEEPEST => {
                self.sequence(before, after, kind);
            }
            (Kind::Scalar, Kind::Scalar) if is_same_scalar(before, after) => {}
            (Kind::Scalar, Kind::Scalar) => {
                let follows = match (before.as_text(), after.as_text()) {
                    (Some(before), Some(after)) => self.renames.follows(before, after),
                    _ => None,
                };
                self.add(What::Changed(before.clone(), after.clone()), follows);
            }
            (left, right) if left == right && is_same_text(before, after) => {}
            _ => self.add(What::Changed(before.clone(), after.clone()), None),
        }
    }

    fn add(&mut self, what: What, follows: Option<String>) {
        self.changes.push(Change { path: self.path.clone(), what, follows, then: None });
    }

    fn mapping(&mut self, before: &Node, after: &Node, kind: Option<Type<'_>>) {
        let mut fields: BTreeMap<&str, (Option<&Node>, Option<&Node>)> = BTreeMap::new();
        for (key, value) in before.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
            fields.entry(key.text()).or_default().0 = Some(value);
        }
        for (key, value) in after.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
            fields.entry(key.text()).or_default().1 = Some(value);
        }
        for (key, (before, after)) in fields {
            self.path.0.push(Step::Key(key.into()));
            self.pair(before, after, kind.and_then(|kind| kind.field(key)));
            self.path.0.pop();
        }
    }

    fn pair(&mut self, before: Option<&Node>, after: Option<&Node>, kind: Option<Type<'_>>) {
        match (before, after) {
            (Some(before), Some(after)) => self.node(before, after, kind),
            (Some(before), None) => self.add(What::Removed(before.clone()), None),
            (None, Some(after)) => self.add(What::Added(after.clone()), None),
            (None, None) => {}
        }
    }

    fn sequence(&mut self, before: &Node, after: &Node, kind: Option<Type<'_>>) {
        let [old, new] =
            [before, after].map(|node| node.as_sequence().map_or(&[][..], |list| list.items()));
        let renamed = |name: &str| self.renames.new_name(name);
        let (field, keys) = (self.path.last_key(), kind.and_then(Type::merge_keys));
        let alignment = list::align(old, new, field, keys, &renamed);
        self.order(&alignment);
        for &(before, after) in &alignment.pairs {
            let step = match (&alignment.names, before, after) {
                (Some([names, _]), Some(before), _) => Step::Item(names[before].as_str().into()),
                (Some([_, names]), _, Some(after)) => Step::Item(names[after].as_str().into()),
                _ => Step::Index(before, after),
            };
            self.path.0.push(step);
            let (before, after) = (before.map(|place| &old[place]), after.map(|place| &new[place]));
            self.pair(before, after, kind.and_then(Type::elements));
            self.path.0.pop();
        }
    }

    /// Adds a change if the elements that both lists have are in another order.
    fn order(&mut self, alignment: &Alignment) {
        let Some([old, _]) = &alignment.names else { return };
        let both: Vec<usize> = alignment
            .pairs
            .iter()
            .filter_map(|&(before, after)| before.filter(|_| after.is_some()))
            .collect();
        let ordered: BTreeSet<usize> = both.iter().copied().collect();
        if !both.iter().copied().eq(ordered.iter().copied()) {
            let names = |places: &mut dyn Iterator<Item = usize>| {
                places.map(|place| old[place].clone()).collect()
            };
            let before = names(&mut ordered.into_iter());
            self.add(What::Reordered(before, names(&mut both.into_iter())), None);
        }
    }
}
