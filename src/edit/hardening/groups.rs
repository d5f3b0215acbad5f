//! Groups of objects that are fixed together, because they share edits.

use std::collections::{BTreeMap, BTreeSet};

use super::drafts::Drafts;
use super::places::{FileEdit, INSTEAD, Place, Places};
use super::renders::{Render, Wanted};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;

/// Objects that share edits: those of one base in several targets.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The objects.
    pub(super) wanted: Vec<Wanted>,
    /// The edits, each once.
    pub(super) edits: Vec<FileEdit>,
    /// The reason why they cannot be fixed.
    pub(super) refusal: Option<Error>,
}

/// An object that cannot be edited.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) wanted: Wanted,
    pub(super) error: Error,
    /// True if the field is in a file that can be edited, and the edit cannot be made.
    pub(super) is_of_edit: bool,
}

/// Finds the edits of objects, and groups the objects that share one. Returns the objects that cannot be edited, too. Linear in
/// the number of edits and the size of the files, but for objects that cannot be edited: to find each takes some readings of its
/// file, which are charged to a budget.
pub(super) fn groups(
    renders: &[Render],
    wanted: Vec<Wanted>,
    places: &mut Places<'_>,
    budget: &Budget,
) -> (Vec<Group>, Vec<Refused>) {
    let mut found: Vec<Result<Vec<FileEdit>>> = wanted
        .iter()
        .map(|one| {
            let object = renders.get(one.target).and_then(|render| render.before.get(one.place));
            let node = object.map(|object| object.node());
            let edit = |delta| node.map(|node| places.edit(node, delta));
            one.deltas.iter().filter_map(edit).collect()
        })
        .collect();
    let mut of_edits = BTreeSet::new();
    for (number, error) in refusals(&found, budget) {
        if let Some(edits) = found.get_mut(number) {
            *edits = Err(error.help(INSTEAD));
            of_edits.insert(number);
        }
    }
    let mut leaders = Leaders((0..wanted.len()).collect());
    let mut known: BTreeMap<&Place, usize> = BTreeMap::new();
    for (number, edits) in found.iter().enumerate() {
        for edit in edits.iter().flatten() {
            let first = *known.entry(&edit.place).or_insert(number);
            leaders.join(first, number);
        }
    }
    let leader: Vec<usize> = (0..wanted.len()).map(|number| leaders.of(number)).collect();
    let (mut groups, mut refused) = (BTreeMap::<usize, Group>::new(), Vec::new());
    for (number, (one, edits)) in wanted.into_iter().zip(found).enumerate() {
        let Some(&leader) = leader.get(number) else { continue };
        match edits {
            Ok(edits) => {
                let group = groups.entry(leader).or_default();
                group.wanted.push(one);
                group.add(edits);
            }
            Err(error) => {
                let is_of_edit = of_edits.contains(&number);
                refused.push(Refused { wanted: one, error, is_of_edit });
            }
        }
    }
    (groups.into_values().collect(), refused)
}

/// The objects whose edits cannot be made, with the reasons. An edit that cannot be made keeps only this object from being
/// fixed, and not those that share edits. The edits of many objects are tried together, and those of half of them if that fails.
fn refusals(found: &[Result<Vec<FileEdit>>], budget: &Budget) -> Vec<(usize, Error)> {
    let mut drafts = Drafts::new(budget);
    let objects = found.iter().enumerate();
    let objects: Vec<(usize, &[FileEdit])> =
        objects.filter_map(|(number, edits)| Some((number, &edits.as_ref().ok()?[..]))).collect();
    let mut refusals = Vec::new();
    let mut pending = vec![&objects[..]];
    while let Some(objects) = pending.pop() {
        match objects {
            [] => {}
            [(number, edits)] => {
                refusals.extend(drafts.try_edits(edits).err().map(|error| (*number, error)));
            }
            _ => {
                let edits = objects.iter().flat_map(|(_, edits)| *edits);
                let tried = distinct(edits).map(in_order).map(|edits| drafts.try_together(&edits));
                match tried {
                    Some(Ok(true)) => {}
                    Some(Err(error)) if error.code() == Code::LimitExceeded => {
                        refusals.extend(objects.iter().map(|(number, _)| (*number, error.clone())));
                    }
                    _ => {
                        let (first, second) = objects.split_at(objects.len() / 2);
                        pending.extend([second, first]);
                    }
                }
            }
        }
    }
    refusals
}

/// The edits, each once. `None` if two of them are different changes of a place.
fn distinct<'e>(edits: impl Iterator<Item = &'e FileEdit>) -> Option<Vec<FileEdit>> {
    let mut known: BTreeMap<&Place, &FileEdit> = BTreeMap::new();
    let mut found = Vec::new();
    for edit in edits {
        match known.insert(&edit.place, edit) {
            None => found.push(edit.clone()),
            Some(known) if known.what == edit.what => {}
            Some(_) => return None,
        }
    }
    Some(found)
}

/// The edits in an order in which they can be made one after the other: elements of lists are removed last first.
fn in_order(edits: Vec<FileEdit>) -> Vec<FileEdit> {
    let (mut removed, mut others): (Vec<_>, Vec<_>) =
        edits.into_iter().partition(FileEdit::is_removed_element);
    removed.sort_by(|one, other| other.place.cmp(&one.place));
    others.append(&mut removed);
    others
}

impl Group {
    /// Adds the edits of an object.
    fn add(&mut self, edits: Vec<FileEdit>) {
        for edit in edits {
            match self.edits.iter().find(|known| known.place == edit.place) {
                None => self.edits.push(edit),
                Some(known) if known.what == edit.what => {}
                Some(_) => {
                    let message = "the targets that share the file need different values";
                    let error = Error::new(Code::EditRefused, message).at(edit.span);
                    self.refusal.get_or_insert(error.help(INSTEAD));
                }
            }
        }
    }

    /// The objects, by target and index.
    pub(super) fn objects(&self) -> impl Iterator<Item = (usize, usize)> {
        self.wanted.iter().map(|one| (one.target, one.place))
    }

    /// The edits in an order in which they can be made one after the other.
    pub(super) fn ordered(groups: &[&Self]) -> Vec<FileEdit> {
        in_order(groups.iter().flat_map(|group| group.edits.iter().cloned()).collect())
    }
}

/// A forest of joined numbers: the leader of each, or a number nearer to it.
struct Leaders(Vec<usize>);

impl Leaders {
    fn of(&mut self, mut number: usize) -> usize {
        while let Some(&next) = self.0.get(number)
            && next != number
        {
            let above = self.0.get(next).copied().unwrap_or(next);
            if let Some(place) = self.0.get_mut(number) {
                *place = above;
            }
            number = next;
        }
        number
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        if let Some(place) = self.0.get_mut(one.max(other)) {
            *place = one.min(other);
        }
    }
}
