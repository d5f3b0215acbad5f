//! Merging of lists: elements are paired by their keys.
//!
//! This module handles regular lists: mappings that all have the same keys, with distinct values. `irregular.rs`
//! handles the others.

use crate::error::Result;
use crate::schema::{Keys, Type};
use crate::yaml::{Node, Scalar, Tag};

use super::irregular::Irregular;
use super::{Frame, Grow, ListPlace, MergeStep, Merger, Walk, Walked, directive, with_items};

impl<'a> Merger<'a> {
    /// Opens a list of the resource together with that of the patch.
    pub(super) fn open_list(
        self,
        node: Node,
        patch: Option<Node>,
        keys: Keys<'a>,
        kind: Option<Type<'a>>,
    ) -> Result<MergeStep<'a>> {
        let elements = kind.and_then(Type::elements);
        let empty = |node: &Node| node.items().is_empty();
        if empty(&node) && patch.as_ref().is_none_or(empty) {
            return Ok(MergeStep::Done(Some((node, ListPlace::Here))));
        }
        let irregular = |node: Node, patch: Option<&Node>| {
            Irregular::open(self, node, patch, false, ListPlace::Here, keys, elements)
        };
        if self.grow == Grow::End {
            return irregular(node, patch.as_ref());
        }
        if keys.is_empty() {
            return match unite(&node, patch.as_ref()) {
                Some(items) => {
                    Ok(MergeStep::Done(Some((with_items(node, items), ListPlace::Here))))
                }
                None => irregular(node, patch.as_ref()),
            };
        }
        let Some((pairs, several)) =
            pair(node.items(), patch.as_ref().map_or(&[], Node::items), keys)
        else {
            return irregular(node, patch.as_ref());
        };
        Ok(open(Regular::new(node, patch, false, ListPlace::Here, pairs, several, elements)))
    }

    /// Opens a list that is new to the resource: kustomize merges it with itself.
    pub(super) fn open_list_again(
        self,
        node: Node,
        place: ListPlace,
        keys: Keys<'a>,
        kind: Option<Type<'a>>,
    ) -> Result<MergeStep<'a>> {
        let elements = kind.and_then(Type::elements);
        if node.items().is_empty() {
            return Ok(MergeStep::Done(Some((node, place))));
        }
        let place = if place == ListPlace::Here { place } else { ListPlace::New };
        if self.is_settled(&node, kind, true) {
            return Ok(MergeStep::Done(Some((node, place))));
        }
        match pair(node.items(), &[], keys).filter(|_| !keys.is_empty() && self.grow == Grow::Front)
        {
            Some((pairs, several)) => {
                Ok(open(Regular::new(node, None, true, place, pairs, several, elements)))
            }
            None => Irregular::open(self, node, None, true, place, keys, elements),
        }
    }
}

fn open(list: Regular<'_>) -> MergeStep<'_> {
    MergeStep::Open(Frame::List(Box::new(list)))
}

/// A list whose elements have all keys, with distinct values.
pub(super) struct Regular<'a> {
    node: Node,
    patch: Option<Node>,
    again: bool,
    place: ListPlace,
    elements: Option<Type<'a>>,
    pairs: std::vec::IntoIter<Pair>,
    /// The current pair, and the element of the resource if the patch has `$patch: replace` for it.
    current: (Pair, Option<Node>),
    /// The merged elements, with their indices in the resource.
    merged: Vec<(Option<usize>, Node)>,
    /// True if there are several keys.
    several: bool,
}

/// The indices of an element in the resource and in the patch.
type Pair = (Option<usize>, Option<usize>);

impl<'a> Regular<'a> {
    fn new(
        node: Node,
        patch: Option<Node>,
        again: bool,
        place: ListPlace,
        pairs: Vec<Pair>,
        several: bool,
        elements: Option<Type<'a>>,
    ) -> Self {
        let merged = Vec::with_capacity(pairs.len());
        let pairs = pairs.into_iter();
        Self {
            node,
            patch,
            again,
            place,
            elements,
            pairs,
            current: ((None, None), None),
            merged,
            several,
        }
    }

    /// The next element to walk.
    pub(super) fn next(&mut self) -> Option<(Walk, Option<Type<'a>>, bool)> {
        let pair = self.pairs.next()?;
        let here = pair.0.and_then(|place| self.node.as_sequence_mut()?.items_mut().get_mut(place));
        let here = here.map(|here| std::mem::replace(here, super::nothing()));
        let patch = pair.1.and_then(|place| self.patch.as_ref()?.items().get(place)).cloned();
        self.current = (pair, None);
        let walk = match (here, patch) {
            (Some(here), Some(patch)) => {
                // `$patch: replace` beside other fields of an element: kustomize merges it, and then restores the
                // element of the resource.
                if patch.get(directive::KEY).and_then(Node::as_text) == Some("replace") {
                    self.current.1 = Some(here.clone());
                }
                Walk::Both(here, patch)
            }
            (Some(here), None) if self.again => Walk::Again(here),
            (Some(here), None) => Walk::Keep(here),
            (None, Some(patch)) => Walk::Add(patch),
            (None, None) => return None,
        };
        Some((walk, self.elements, self.patch.is_none()))
    }

    /// Takes the result of a walked element.
    pub(super) fn accept(&mut self, walked: Walked) {
        let (pair, replaced) = std::mem::take(&mut self.current);
        // An element that became empty is removed too.
        if let Some((node, _)) = walked.filter(|(node, _)| !node.is_empty()) {
            self.merged.push((pair.0, replaced.unwrap_or(node)));
        }
    }

    /// Returns the merged list. With one key the patch's elements come first, in their order. With several, the new
    /// ones come first, followed by those of the resource in their order.
    pub(super) fn finish(mut self) -> Walked {
        if self.several {
            self.merged.sort_by_key(|(place, _)| *place);
        }
        let items = self.merged.into_iter().map(|(_, node)| node).collect();
        Some((with_items(self.node, items), self.place))
    }
}

/// Pairs the elements of a resource and a patch: first those of the patch in their order, then the others. The flag is
/// true if there are several keys. `None` if a list is not regular.
fn pair(here: &[Node], patch: &[Node], keys: Keys<'_>) -> Option<(Vec<Pair>, bool)> {
    let (here, patch) = (Tuples::of(here, keys)?, Tuples::of(patch, keys)?);
    if here.count() > 0 && patch.count() > 0 && here.present != patch.present {
        return None;
    }
    let mut pairs: Vec<Pair> = (0..patch.count()).map(|place| (None, Some(place))).collect();
    let mut alone = vec![true; here.count()];
    let mut others = here.sorted.iter().peekable();
    for &place in &patch.sorted {
        while others.next_if(|&&other| here.get(other) < patch.get(place)).is_some() {}
        if let Some(&other) = others.next_if(|&&other| here.get(other) == patch.get(place)) {
            pairs[place].0 = Some(other);
            alone[other] = false;
        }
    }
    pairs.extend((0..here.count()).filter(|&place| alone[place]).map(|place| (Some(place), None)));
    Some((pairs, here.width.max(patch.width) > 1))
}

/// True if a list with merge keys is regular.
pub(super) fn is_regular(list: &[Node], keys: Keys<'_>) -> bool {
    if keys.is_empty() { texts(list).is_some() } else { Tuples::of(list, keys).is_some() }
}

/// The key values of the elements of a list.
struct Tuples<'n> {
    /// Bit set of the keys that all elements have.
    present: u64,
    width: usize,
    texts: Vec<&'n str>,
    /// The indices of the elements, sorted by key values.
    sorted: Vec<usize>,
}

impl<'n> Tuples<'n> {
    fn of(list: &'n [Node], keys: Keys<'_>) -> Option<Self> {
        let mut tuples =
            Self { present: 0, width: 0, texts: Vec::new(), sorted: (0..list.len()).collect() };
        for element in list {
            let element = element.as_mapping()?;
            let mut present = 0;
            for (number, key) in keys.iter().enumerate() {
                if let Some(value) = element.get(key) {
                    tuples.texts.push(key_text(value)?);
                    present |= 1_u64.checked_shl(u32::try_from(number).ok()?)?;
                }
            }
            if present == 0 || (tuples.present != 0 && tuples.present != present) {
                return None;
            }
            tuples.present = present;
        }
        tuples.width = tuples.present.count_ones() as usize;
        let Self { texts, width, sorted, .. } = &mut tuples;
        let tuple = |place: usize| &texts[place * *width..][..*width];
        sorted.sort_unstable_by(|&left, &right| tuple(left).cmp(tuple(right)));
        let distinct = sorted.windows(2).all(|pair| tuple(pair[0]) != tuple(pair[1]));
        distinct.then_some(tuples)
    }

    fn count(&self) -> usize {
        self.sorted.len()
    }

    fn get(&self, place: usize) -> &[&'n str] {
        &self.texts[place * self.width..][..self.width]
    }
}

/// The text of a key value.
fn key_text(value: &Node) -> Option<&str> {
    value
        .as_scalar()
        .filter(|scalar| !scalar.is_null() && !scalar.text().is_empty())
        .map(Scalar::text)
}

/// The elements of a list that merges by value, sorted by text.
fn texts(list: &[Node]) -> Option<Vec<(&str, usize)>> {
    let tagged = |node: &Node| node.tag() != Tag::None;
    let mut texts = Vec::with_capacity(list.len());
    for (place, node) in list.iter().enumerate() {
        texts.push((key_text(node).filter(|_| !tagged(node))?, place));
    }
    texts.sort_unstable();
    texts.windows(2).all(|pair| pair[0].0 != pair[1].0).then_some(texts)
}

/// Unites two lists of scalars, those of the patch first. Elements in both are written as in the resource.
fn unite(here: &Node, patch: Option<&Node>) -> Option<Vec<Node>> {
    let (list, patch) = (here.items(), patch.map_or(&[][..], Node::items));
    let (mut here, new) = (texts(list)?, texts(patch)?);
    let mut united: Vec<Node> = patch.to_vec();
    here.retain(|&(text, place)| match new.binary_search_by_key(&text, |(text, _)| *text) {
        Ok(found) => {
            united[new[found].1] = list[place].clone();
            false
        }
        Err(_) => true,
    });
    here.sort_unstable_by_key(|(_, place)| *place);
    united.extend(here.into_iter().map(|(_, place)| list[place].clone()));
    Some(united)
}
