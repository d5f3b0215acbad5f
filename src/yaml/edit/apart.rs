//! Changes of different collections, made at once.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::place::Text;
use super::write::Pass;
use super::{apply, model, verify};
use crate::source::Source;
use crate::yaml::parse;
use crate::yaml::path::PathStep;

/// Divides changes into rounds, by the collections that they change. Those of one round are of different collections, none of
/// which contains another: [`edit_apart`] makes them at once. The rounds in their order give what the changes give one after
/// another. Linear in the number of changes.
///
/// ```
/// use krender::yaml::edit::rounds;
/// use krender::yaml::path::PathStep;
///
/// let [one, other] = [0, 1].map(|at| [PathStep::Key("items".into()), PathStep::Index(at)]);
/// assert_eq!(rounds([&one[..], &other[..], &one[..], &one[..1]]), [vec![0, 1], vec![2], vec![3]]);
/// ```
#[must_use]
pub fn rounds<'p>(collections: impl IntoIterator<Item = &'p [PathStep]>) -> Vec<Vec<usize>> {
    // The number of rounds so far that change a collection, and that change one in it or itself.
    let (mut own, mut within) = (BTreeMap::new(), BTreeMap::new());
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for (number, path) in collections.into_iter().enumerate() {
        let around = || (0..=path.len()).filter_map(|length| path.get(..length));
        let outer = around().filter_map(|path| own.get(path)).max();
        let inner = within.get(path);
        let round: usize = outer.max(inner).copied().unwrap_or_default();
        own.insert(path, round + 1);
        for path in around() {
            let last = within.entry(path).or_default();
            *last = round.saturating_add(1).max(*last);
        }
        match rounds.get_mut(round) {
            Some(known) => known.push(number),
            None => rounds.push(vec![number]),
        }
    }
    rounds
}

/// Makes the changes of one of the [`rounds`] in a document, given by its index in [`parse::documents`]. `None` if one of them
/// cannot be made, or not together with the others: [`edit`](super::edit) tells the reason. Linear in the size of the text and
/// the number of changes, if lines are short.
#[must_use]
pub fn edit_apart(source: &Source, document: usize, changes: &[Change<'_>]) -> Option<String> {
    if source.is_utf16() {
        return None;
    }
    let tokens = parse::tokens(source).ok()?;
    let text = Text::new(source, &tokens, document).ok()?.with_layout();
    let mut expected = text.outline.tree(source);
    let mut elements: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let (mut edits, mut around) = (Vec::new(), BTreeSet::new());
    for change in changes {
        let place = text.locate_by(change.path(), |list, at| {
            let known = elements.entry(list);
            known.or_insert_with(|| text.outline.children(list).collect()).get(at).copied()
        });
        let place = place.ok()?;
        text.check_target(&place, change).ok()?;
        model::apply(&mut expected, &text, &place, change).ok()?;
        edits.extend(text.edits(&place, change, Pass::LikeSiblings).ok()?);
        around.extend(place.chain);
    }
    edits.sort_by_key(|edit| edit.span);
    text.check_anchors(around, &edits).ok()?;
    let new = apply(source, &edits).ok()?;
    verify(&text, &tokens, document, &expected, &new).ok()?;
    Some(new)
}
