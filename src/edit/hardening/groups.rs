//! Groups of objects that are fixed together, because they share edits.

use std::collections::BTreeMap;

use super::files::Drafts;
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

/// Finds the edits of objects, and groups the objects that share one. Returns the objects that cannot be edited, too. Linear in
/// the number of edits, each of which reads a document; that is charged to a budget.
pub(super) fn groups(
    renders: &[Render],
    wanted: Vec<Wanted>,
    places: &mut Places<'_>,
    budget: &Budget,
) -> (Vec<Group>, Vec<(Wanted, Error)>) {
    let mut drafts = Drafts::new(budget);
    let found: Vec<Result<Vec<FileEdit>>> = wanted
        .iter()
        .map(|one| {
            let object = renders.get(one.target).and_then(|render| render.before.get(one.place));
            let node = object.map(|object| object.node());
            let edit = |delta| node.map(|node| places.edit(node, delta));
            let edits: Vec<FileEdit> = one.deltas.iter().filter_map(edit).collect::<Result<_>>()?;
            // An edit that cannot be made keeps only this object from being fixed, and not those that share edits.
            drafts.try_edits(&edits).map_err(|error| error.help(INSTEAD))?;
            Ok(edits)
        })
        .collect();
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
    for ((one, edits), leader) in wanted.into_iter().zip(found).zip(leader) {
        match edits {
            Ok(edits) => {
                let group = groups.entry(leader).or_default();
                group.wanted.push(one);
                group.add(edits);
            }
            Err(error) => refused.push((one, error)),
        }
    }
    (groups.into_values().collect(), refused)
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

    /// The edits in an order in which they can be made one after the other: elements of lists are removed last first.
    pub(super) fn ordered(groups: &[&Self]) -> Vec<FileEdit> {
        let mut edits: Vec<FileEdit> =
            groups.iter().flat_map(|group| group.edits.iter().cloned()).collect();
        let (mut removed, mut others): (Vec<_>, Vec<_>) =
            edits.drain(..).partition(FileEdit::is_removed_element);
        removed.sort_by(|one, other| other.place.cmp(&one.place));
        others.append(&mut removed);
        others
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
