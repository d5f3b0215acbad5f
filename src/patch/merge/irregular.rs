//! Merging of lists whose elements have missing, empty or duplicate keys.
//!
//! Kustomize merges such lists too, and the result follows from its procedure: it walks from one set of key values to
//! the next, and removes elements from the list in which it searches for them. So this module repeats its steps one by
//! one (kyaml, `walk/associative_sequence.go` and the setter and matcher of elements in `fns.go`). They take quadratic
//! time, so the length of the lists is limited.

use crate::error::{Code, Error, Result};
use crate::schema::{Keys, Type};
use crate::yaml::de::form;
use crate::yaml::{Kind, Node, Scalar, Tag, Text};

use super::{Frame, Grow, ListPlace, MergeStep, Merger, Walk, Walked, directive, with_items};

/// Maximum work for all such lists of a merge: the sum of their squared lengths, including those of the patch.
const MAX_WORK: usize = 4_000 * 4_000;

/// A list being merged. Elements are numbered: kustomize passes the same nodes from list to list, and a change of a
/// node shows in all of them.
pub(super) struct Irregular<'a> {
    node: Node,
    place: ListPlace,
    again: bool,
    elements: Option<Type<'a>>,
    grow: Grow,
    all: Elements,
    here: Vec<usize>,
    patch: Vec<usize>,
    /// The merged elements.
    merged: Vec<usize>,
    /// The merge keys that occur; a single empty key if elements are identified by their text.
    keys: Vec<&'a str>,
    /// The key values still to be walked.
    values: std::vec::IntoIter<Vec<Text>>,
    /// The current key values, and the elements found for them.
    current: (Vec<Text>, Option<usize>, Option<usize>),
}

impl<'a> Irregular<'a> {
    /// Opens a list of the resource together with that of the patch, or a new list.
    pub(super) fn open(
        merger: Merger<'a>,
        node: Node,
        patch: Option<&Node>,
        again: bool,
        place: ListPlace,
        keys: Keys<'a>,
        elements: Option<Type<'a>>,
    ) -> Result<MergeStep<'a>> {
        let grow = merger.grow;
        let items = |node: &Node| node.items().to_vec();
        let mut all = Elements(items(&node));
        let here: Vec<usize> = (0..all.0.len()).collect();
        all.0.extend(patch.map(items).unwrap_or_default());
        let patch: Vec<usize> = (here.len()..all.0.len()).collect();
        spend(merger, all.0.len()).map_err(|error| error.at(node.span()))?;
        let keys: Vec<&str> = if keys.is_empty() { vec![""] } else { keys.iter().collect() };
        let (first, second) = if grow == Grow::Front { (&patch, &here) } else { (&here, &patch) };
        let mut values: Vec<Vec<Text>> = Vec::new();
        for &element in first.iter().chain(second) {
            let found = all.values(element, &keys);
            if !values.contains(&found) {
                values.push(found);
            }
        }
        unite_partial(&mut values);
        let occurs: Vec<bool> = (0..keys.len())
            .map(|key| values.iter().any(|values| !values[key].is_empty()))
            .collect();
        let (keys, values) = if occurs.contains(&true) {
            let pick = |values: Vec<Text>| filter(values, &occurs);
            (filter(keys, &occurs), values.into_iter().map(pick).collect())
        } else {
            (keys, values)
        };
        let (merged, values, current) = (Vec::new(), values.into_iter(), (Vec::new(), None, None));
        let list = Self {
            node,
            place,
            again,
            elements,
            grow,
            all,
            here,
            patch,
            merged,
            keys,
            values,
            current,
        };
        Ok(MergeStep::Open(Frame::Irregular(Box::new(list))))
    }

    /// The next element to walk.
    pub(super) fn next(&mut self) -> Result<Option<(Walk, Option<Type<'a>>, bool)>> {
        while let Some(values) = self.values.next() {
            let here = self.all.find(&self.here, &self.keys, &values);
            let patch = self.all.find(&self.patch, &self.keys, &values);
            let node = |place: usize| self.all.0[place].clone();
            let walk = match (here, patch) {
                (Some(here), Some(patch)) => Some(Walk::Both(node(here), node(patch))),
                (Some(here), None) if self.again => Some(Walk::Again(node(here))),
                (Some(here), None) => Some(Walk::Keep(node(here))),
                (None, Some(patch)) => Some(Walk::Add(node(patch))),
                (None, None) => None,
            };
            self.current = (values, here, patch);
            match walk {
                Some(walk) => return Ok(Some((walk, self.elements, false))),
                None => self.accept(None)?,
            }
        }
        Ok(None)
    }

    /// Takes the result of a walked element, and updates the lists as kustomize does at this point.
    pub(super) fn accept(&mut self, walked: Walked) -> Result<()> {
        let (values, here, patch) = std::mem::take(&mut self.current);
        if let Some(number) = patch.or(here.filter(|_| self.again)) {
            // The walk removed the directive, and the element may be found again. An unknown directive stays.
            directive::take_from_mapping(&mut self.all.0[number]).ok();
        }
        let place = walked.map(|(node, place)| {
            let number = match place {
                ListPlace::Here | ListPlace::New => here.or(patch),
                ListPlace::Patch => patch,
            };
            (number.unwrap_or_default(), node)
        });
        match place.filter(|(_, node)| !node.is_null() && !is_empty_mapping(node)) {
            None => self.all.set(&mut self.here, None, &self.keys, &values),
            Some((number, node)) => {
                self.all.0[number] = if self.keys[0].is_empty() { without_tag(node) } else { node };
                self.all.set(&mut self.merged, Some(number), &self.keys, &values)
            }
        }
    }

    /// Returns the merged list.
    pub(super) fn finish(self) -> Result<Walked> {
        let (mut list, other) = match self.grow {
            Grow::Front => (self.merged, self.here),
            Grow::End => (self.here, self.merged),
        };
        for element in other {
            self.all.append(&mut list, element, &self.keys)?;
        }
        let items = list.into_iter().map(|place| self.all.0[place].clone()).collect();
        Ok(Some((with_items(self.node, items), self.place)))
    }
}

fn filter<T>(values: Vec<T>, keep: &[bool]) -> Vec<T> {
    values.into_iter().zip(keep).filter(|(_, keep)| **keep).map(|(value, _)| value).collect()
}

fn is_empty_mapping(node: &Node) -> bool {
    node.as_mapping().is_some_and(|mapping| mapping.is_empty())
}

/// An element that is identified by its text is recreated as plain text, in its style.
fn without_tag(node: Node) -> Node {
    match node.as_scalar() {
        Some(scalar) if !scalar.text().is_empty() => {
            Scalar::set(scalar.text(), Tag::None, scalar.style(), scalar.span()).into()
        }
        _ => node,
    }
}

/// Charges the work of a list: its elements, and lists within them, may be walked several times.
fn spend(merger: Merger<'_>, elements: usize) -> Result<()> {
    let work = merger.irregular.get().saturating_add((elements + 8).saturating_pow(2));
    merger.irregular.set(work);
    if work > MAX_WORK {
        return Err(Error::new(Code::TooLarge, "too many list elements without distinct keys")
            .label(format!("{elements} elements"))
            .help("give each element its own merge key"));
    }
    Ok(())
}

/// Unites two sets of values that share a value and differ only in missing values: a port without protocol, and the
/// same port with one.
fn unite_partial(all: &mut [Vec<Text>]) {
    if all.iter().flatten().all(|value| !value.is_empty()) {
        return;
    }
    for left in 0..all.len() {
        // Kustomize continues with the original values.
        let values = all[left].clone();
        for right in 0..all.len() {
            if let Some(united) = unite(&values, &all[right]) {
                all[left].clone_from(&united);
                all[right] = united;
            }
        }
    }
}

fn unite(left: &[Text], right: &[Text]) -> Option<Vec<Text>> {
    let compatible =
        |(left, right): (&Text, &Text)| left == right || left.is_empty() || right.is_empty();
    let pairs = || left.iter().zip(right);
    if left.len() < 2 || !pairs().all(compatible) || !pairs().any(|(left, right)| left == right) {
        return None;
    }
    Some(
        pairs()
            .map(|(left, right)| if left.is_empty() { right.clone() } else { left.clone() })
            .collect(),
    )
}

/// All elements of the resource and the patch, by number.
struct Elements(Vec<Node>);

impl Elements {
    /// The values of an element for the keys: empty text if absent, null or not a scalar.
    fn values(&self, element: usize, keys: &[&str]) -> Vec<Text> {
        let node = &self.0[element];
        let value = |key: &&str| match *key {
            "" => text(node),
            key => node.get(key).filter(|value| !value.is_null()).map_or("", text),
        };
        keys.iter().map(|key| value(key).into()).collect()
    }

    /// The first element with these values for the keys; keys without a value are ignored.
    fn find(&self, list: &[usize], keys: &[&str], values: &[Text]) -> Option<usize> {
        let pairs = || keys.iter().zip(values);
        let any = pairs().any(|(_, value)| !value.is_empty());
        let fits = |node: &Node| match keys.first() {
            Some(&"") => values.first().is_some_and(|value| text(node) == value.as_str()),
            _ => pairs().filter(|(_, value)| !any || !value.is_empty()).all(|(key, value)| {
                node.get(key).is_some_and(|found| text(found) == value.as_str())
            }),
        };
        list.iter().copied().find(|&element| fits(&self.0[element]))
    }

    /// Puts an element in place of those with the same values, or at the end. Without an element, those are removed. An
    /// empty value matches any, and with too few values the last one decides. Elements that are null or empty mappings
    /// are dropped as well.
    fn set(
        &self,
        list: &mut Vec<usize>,
        element: Option<usize>,
        keys: &[&str],
        values: &[Text],
    ) -> Result<()> {
        let of_mappings =
            !keys[0].is_empty() && values.first().is_some_and(|value| !value.is_empty());
        let (mut set, mut found_any) = (Vec::with_capacity(list.len() + 1), false);
        for &other in list.iter() {
            let node = &self.0[other];
            if node.is_null() || is_empty_mapping(node) {
                continue;
            }
            if of_mappings && node.kind() != Kind::Mapping {
                set.push(other);
                continue;
            }
            let mut found = false;
            for (number, key) in keys.iter().enumerate() {
                if let Some(value) = values.get(number) {
                    found = has(node, key, value)?;
                }
                if !found {
                    break;
                }
            }
            found_any |= found;
            match element {
                Some(element) if found => set.push(element),
                None if found => {}
                _ if values.is_empty() => {}
                _ => set.push(other),
            }
        }
        *list = set;
        if let Some(element) = element.filter(|&element| !found_any && !self.0[element].is_null()) {
            list.push(element);
        }
        Ok(())
    }

    /// Appends an element, or replaces the one with the same keys. Missing keys have surprising effects, as in
    /// kustomize.
    fn append(&self, list: &mut Vec<usize>, element: usize, keys: &[&str]) -> Result<()> {
        let node = &self.0[element];
        let mut values: Vec<Text> = Vec::with_capacity(keys.len());
        for key in keys {
            if key.is_empty() {
                values.push(text(node).into());
                break;
            }
            if !node.is_null() && node.kind() != Kind::Mapping {
                return Err(no_mapping(node));
            }
            match node.get(key) {
                Some(value) => values.push(text(value).into()),
                None => list.push(element),
            }
        }
        if keys.len() > 1 {
            self.set(list, None, keys, &values)?;
        }
        self.set(list, Some(element), keys, &values)
    }
}

/// True if an element has a value for a key; an empty value matches any. For the empty key the element itself is
/// compared.
fn has(node: &Node, key: &str, value: &str) -> Result<bool> {
    if key.is_empty() {
        return match node.as_scalar() {
            Some(scalar) => Ok(scalar.text() == value),
            None => Err(Error::new(
                Code::PatchConflict,
                format!("found {} in a list of single values", form(node)),
            )
            .at(node.span())
            .help("this list is merged by value: each element must be a string or a number")),
        };
    }
    match node.as_mapping() {
        Some(mapping) => {
            Ok(mapping.get(key).is_some_and(|found| value.is_empty() || text(found) == value))
        }
        None => Err(no_mapping(node)),
    }
}

fn no_mapping(node: &Node) -> Error {
    Error::new(Code::PatchConflict, format!("found {} in a list of mappings", form(node)))
        .at(node.span())
        .help("this list is merged by a key of its elements, which must be mappings")
}

fn text(node: &Node) -> &str {
    node.as_text().unwrap_or("")
}
