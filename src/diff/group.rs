//! Differences of many targets: equal ones are grouped, the most important first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::weigh::{weigh_moved, weigh_relocated};
use super::{Effect, Image, Object, Options, Rank, Status, TargetReview, moved, parts};

/// The differences of all targets.
#[derive(Debug)]
pub struct Review {
    /// Targets in the given order.
    pub targets: Vec<TargetReview>,
    /// Differences, the most important first.
    pub groups: Vec<Group>,
}

/// A part of the difference of objects, with all objects that have it: changes that always come together.
#[derive(Debug)]
pub struct Group {
    /// Indices of a target and of an object in it, in order.
    pub members: Vec<(usize, usize)>,
    /// The first of the objects, with the changes and effects of the group only.
    pub object: Object,
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

impl Review {
    /// Masks copies of secret values, and groups the differences of all targets. Takes linear time, and a sort.
    #[must_use]
    pub fn of(mut targets: Vec<TargetReview>, options: &Options) -> Self {
        weigh_moved(&mut targets, options);
        weigh_relocated(&mut targets, options);
        if let Some(mask) = &options.mask {
            mask.cover(&mut targets, options.around);
        }
        moved::note_moved_objects(&mut targets);
        let mut groups = parts::groups(&targets);
        groups.sort_by_cached_key(order);
        if let Some(mask) = options.mask.as_ref().filter(|_| options.around) {
            mask.cover_groups(&mut targets, &mut groups);
        }
        Self { targets, groups }
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

    /// The object to show for a group, with the changes and effects of the group.
    #[must_use]
    pub const fn object<'a>(&self, group: &'a Group) -> &'a Object {
        &group.object
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
            matches!(
                target.status,
                Status::Added | Status::Removed | Status::Failed([Some(_), None])
            ) || !target.objects.is_empty()
                || target.stage_before().is_some()
        })
    }

    /// True if the review is not complete: a target cannot be rendered after the change, and could be before or failed
    /// in another way; or none could be compared.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.targets.iter().any(|target| target.status.is_newly_failed())
            || !self.targets.is_empty()
                && self.targets.iter().all(|target| matches!(target.status, Status::Failed(_)))
    }

    /// The differences grouped by their targets, the most important sections first.
    #[must_use]
    pub fn sections(&self) -> Vec<Section<'_>> {
        sections(&self.groups)
    }

    /// Changed images, each with the differences that it is a part of.
    #[must_use]
    pub fn images(&self) -> Vec<ChangedImage<'_>> {
        let mut images: BTreeMap<&Image, Vec<&Group>> = BTreeMap::new();
        for group in &self.groups {
            for effect in &group.object.effects {
                if let Effect::Image(image) = effect {
                    images.entry(image).or_default().push(group);
                }
            }
        }
        images.into_iter().map(|(image, groups)| ChangedImage { image, groups }).collect()
    }
}

/// A changed image.
#[derive(Debug)]
pub struct ChangedImage<'a> {
    /// The image before and after.
    pub image: &'a Image,
    /// Differences with this image, the most important first.
    pub groups: Vec<&'a Group>,
}

impl ChangedImage<'_> {
    /// Indices of the targets, in order and each once.
    #[must_use]
    pub fn targets(&self) -> Vec<usize> {
        let targets: BTreeSet<usize> =
            self.groups.iter().flat_map(|group| group.targets()).collect();
        targets.into_iter().collect()
    }
}

/// Some differences grouped by their targets, the most important sections first.
pub(crate) fn sections<'a>(groups: impl IntoIterator<Item = &'a Group>) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut places: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for group in groups {
        let targets = group.targets();
        let place = *places.entry(targets.clone()).or_insert(sections.len());
        if place == sections.len() {
            sections.push(Section { targets, groups: Vec::new() });
        }
        sections[place].groups.push(group);
    }
    sections
}

fn order(group: &Group) -> (Rank, Reverse<usize>, String, String) {
    let object = &group.object;
    let number = Reverse(group.members.len());
    (object.rank(), number, object.id().kind.clone(), object.id().name.clone())
}

/// The first of many names; all if they are few.
pub(crate) fn few<'a, 'b>(names: &'b [&'a str], most: usize) -> &'b [&'a str] {
    // A mark instead of one or two names would save no space.
    if names.len() > most + 2 { &names[..most] } else { names }
}
