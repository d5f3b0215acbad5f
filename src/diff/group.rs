//! Differences of many targets: equal ones are grouped, the most important first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use super::compare::What;
use super::{Effect, Image, Object, Rank, Status, TargetReview, Turned, text_of};

/// The differences of all targets.
#[derive(Debug)]
pub struct Review {
    /// Targets in the given order.
    pub targets: Vec<TargetReview>,
    /// Differences, the most important first.
    pub groups: Vec<Group>,
}

/// A difference, with the objects that have it.
#[derive(Debug)]
pub struct Group {
    /// Indices of a target and of an object in it: the first pair is the one to show.
    pub members: Vec<(usize, usize)>,
}

impl Group {
    /// Indices of the targets, each once.
    #[must_use]
    pub fn targets(&self) -> Vec<usize> {
        let mut targets: Vec<usize> = self.members.iter().map(|&(target, _)| target).collect();
        targets.dedup();
        targets
    }
}

/// Differences of the same targets.
#[derive(Debug)]
pub struct Section<'a> {
    /// Indices of the targets.
    pub targets: Vec<usize>,
    /// Differences, the most important first.
    pub groups: Vec<&'a Group>,
}

/// Counts of a review; equal differences count once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Number of targets that were compared or failed.
    pub targets: usize,
    /// Number of targets that differ.
    pub different: usize,
    /// Number of targets that could not be rendered.
    pub failed: usize,
    /// Number of new objects.
    pub added: usize,
    /// Number of removed objects.
    pub removed: usize,
    /// Number of objects with changed fields or names.
    pub changed: usize,
    /// Number of workloads that restart.
    pub restarted: usize,
    /// Number of objects that must be recreated.
    pub recreated: usize,
    /// Number of objects whose removal loses data.
    pub lost: usize,
    /// Number of objects with a looser Pod Security level.
    pub loosened: usize,
    /// Number of objects with a tighter Pod Security level.
    pub tightened: usize,
}

impl Review {
    /// Groups the differences of all targets. Takes linear time, and a sort.
    #[must_use]
    pub fn of(targets: Vec<TargetReview>) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (target, review) in targets.iter().enumerate() {
            for (place, object) in review.objects.iter().enumerate() {
                if object.folded.is_some() {
                    continue;
                }
                let key = key(object, &object.stem);
                let group = *places.entry(key).or_insert_with(|| {
                    groups.push(Group { members: Vec::new() });
                    groups.len() - 1
                });
                groups[group].members.push((target, place));
            }
        }
        let mut review = Self { targets, groups: Vec::new() };
        let mut groups = review.joined(groups);
        groups.sort_by_cached_key(|group| review.order(group));
        review.groups = groups;
        review
    }

    /// Joins groups of objects of one kind with equal changes.
    fn joined(&self, groups: Vec<Group>) -> Vec<Group> {
        let mut joined: Vec<Group> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for group in groups {
            let object = self.object(&group);
            if object.changes.is_empty() || object.renamed.is_some() {
                joined.push(group);
                continue;
            }
            let place = *places.entry(key(object, "")).or_insert(joined.len());
            match joined.get_mut(place) {
                Some(other) => other.members.extend(group.members),
                None => joined.push(group),
            }
        }
        for group in &mut joined {
            group.members.sort_unstable();
        }
        joined
    }

    /// Names of the objects of a group before prefixes, suffixes and hashes, each once.
    #[must_use]
    pub fn stems(&self, group: &Group) -> Vec<&str> {
        let members = group.members.iter();
        let stems: BTreeSet<&str> = members
            .map(|&(target, object)| self.targets[target].objects[object].stem.as_str())
            .collect();
        stems.into_iter().collect()
    }

    fn order(&self, group: &Group) -> (Rank, std::cmp::Reverse<usize>, String, String) {
        let object = self.object(group);
        let number = std::cmp::Reverse(group.members.len());
        (object.rank(), number, object.id().kind.clone(), object.id().name.clone())
    }

    /// The object to show for a group.
    #[must_use]
    pub fn object(&self, group: &Group) -> &Object {
        let (target, object) = group.members[0];
        &self.targets[target].objects[object]
    }

    /// Title of a group: kind and name, with the namespace if all objects are in the same one. Of many names the title
    /// has the first ones and their number, and tells if all objects are in all targets.
    #[must_use]
    pub fn title(&self, group: &Group) -> String {
        const MOST_NAMES: usize = 12;
        let stems = self.stems(group);
        if stems.len() > 1 {
            let (kind, number) = (&self.object(group).id().kind, stems.len());
            let is_everywhere = group.members.len() >= number * group.targets().len();
            let some = if is_everywhere { "" } else { ", not all in each target" };
            let shown = few(&stems, MOST_NAMES);
            let more = if shown.len() < number { ", …" } else { "" };
            return format!("{kind} ({number}{some}): {}{more}", shown.join(", "));
        }
        let ids: BTreeSet<_> = group
            .members
            .iter()
            .map(|&(target, object)| self.targets[target].objects[object].id())
            .map(|id| (&id.namespace, &id.name))
            .collect();
        let object = self.object(group);
        let names: BTreeSet<&String> = ids.iter().map(|(_, name)| *name).collect();
        let namespaces: BTreeSet<&String> = ids.iter().map(|(namespace, _)| *namespace).collect();
        let name = if names.len() == 1 { &object.id().name } else { &object.stem };
        match namespaces.first().filter(|_| namespaces.len() == 1) {
            Some(namespace) if !namespace.is_empty() => {
                format!("{} {namespace}/{name}", object.id().kind)
            }
            _ => format!("{} {name}", object.id().kind),
        }
    }

    /// True if there is a difference.
    #[must_use]
    pub fn is_different(&self) -> bool {
        self.targets.iter().any(|target| {
            matches!(target.status, Status::Added | Status::Removed) || !target.objects.is_empty()
        })
    }

    /// True if a target could not be rendered.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.targets.iter().any(|target| matches!(target.status, Status::Failed(_)))
    }

    /// The differences grouped by their targets, the most important sections first.
    #[must_use]
    pub fn sections(&self) -> Vec<Section<'_>> {
        let mut sections: Vec<Section<'_>> = Vec::new();
        let mut places: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for group in &self.groups {
            let targets = group.targets();
            let place = *places.entry(targets.clone()).or_insert(sections.len());
            if place == sections.len() {
                sections.push(Section { targets, groups: Vec::new() });
            }
            sections[place].groups.push(group);
        }
        sections
    }

    /// Changed images, each with its targets.
    #[must_use]
    pub fn images(&self) -> Vec<(Image, Vec<usize>)> {
        let mut images: BTreeMap<Image, BTreeSet<usize>> = BTreeMap::new();
        for group in &self.groups {
            for effect in &self.object(group).effects {
                if let Effect::Image(image) = effect {
                    let targets = group.members.iter().map(|&(target, _)| target);
                    images.entry(image.clone()).or_default().extend(targets);
                }
            }
        }
        images.into_iter().map(|(image, targets)| (image, targets.into_iter().collect())).collect()
    }

    /// The counts.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary { targets: self.targets.len(), ..Summary::default() };
        for target in &self.targets {
            summary.failed += usize::from(matches!(target.status, Status::Failed(_)));
            summary.different +=
                usize::from(!matches!(target.status, Status::Failed(_) | Status::Same));
        }
        let mut restarted = BTreeSet::new();
        for group in &self.groups {
            let object = self.object(group);
            let stems = self.stems(group);
            match &object.ids {
                [Some(_), Some(_)] => summary.changed += stems.len(),
                [Some(_), None] => summary.removed += stems.len(),
                [None, _] => summary.added += stems.len(),
            }
            let has = |wanted: fn(&Effect) -> bool| object.effects.iter().any(wanted);
            let number = |wanted| if has(wanted) { stems.len() } else { 0 };
            summary.recreated += number(|effect| matches!(effect, Effect::Recreated(_)));
            summary.lost += number(|effect| matches!(effect, Effect::Lost(_)));
            summary.loosened += number(|effect| effect.turns(Turned::Looser));
            let is_there = object.ids[1].is_some();
            summary.tightened +=
                if is_there { number(|effect| effect.turns(Turned::Tighter)) } else { 0 };
            if has(|effect| matches!(effect, Effect::Restarted(_))) {
                let kind = &object.id().kind;
                restarted.extend(stems.iter().map(|stem| format!("{kind} {stem}")));
            }
            restarted.extend(
                object
                    .carries
                    .iter()
                    .filter(|(_, restarts)| *restarts)
                    .map(|(label, _)| label.clone()),
            );
        }
        summary.restarted = restarted.len();
        summary
    }
}

/// The first of many names; all if they are few.
pub(crate) fn few<'a, 'b>(names: &'b [&'a str], most: usize) -> &'b [&'a str] {
    // A mark instead of one or two names would save no space.
    if names.len() > most + 2 { &names[..most] } else { names }
}

/// Key that is equal for objects whose differences are shown once: all but the namespace and the name, of which only
/// `stem` is used.
fn key(object: &Object, stem: &str) -> String {
    let version = |side: usize| object.ids[side].as_ref().map_or("", |id| &id.api_version);
    let mut key = format!(
        "{}\0{}\0{}\0{stem}\0{:?}",
        version(0),
        version(1),
        object.id().kind,
        object.renamed
    );
    // Writing to a `String` cannot fail.
    let _ = write!(key, "\0{:?}\0{:?}", object.effects, object.carries);
    for change in &object.changes {
        let _ = write!(key, "\0{}\0", change.path);
        let _ = match (&change.follows, &change.what) {
            (Some(follows), _) => write!(key, "={follows}"),
            (None, What::Added(node)) => write!(key, "+{}", text_of(node)),
            (None, What::Removed(node)) => write!(key, "-{}", text_of(node)),
            (None, What::Changed(before, after)) => {
                write!(key, "{}\0>{}", text_of(before), text_of(after))
            }
            (None, What::Reordered(before, after)) => write!(key, "{before:?}>{after:?}"),
        };
    }
    if let ([None, Some(node)] | [Some(node), None], true) =
        (&object.nodes, object.changes.is_empty())
    {
        let mut node = node.clone();
        if let Some(metadata) =
            node.get_mut("metadata").and_then(|metadata| metadata.as_mapping_mut())
        {
            metadata.entries_mut().retain(|(key, _)| !matches!(key.text(), "name" | "namespace"));
        }
        key += &text_of(&node);
    }
    key
}
