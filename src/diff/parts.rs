//! Differences of objects split into parts, so that a change of a base is told once with all objects that it reaches,
//! also if these differ otherwise.
//!
//! An object has items: each of its changes, each effect that belongs to no single change, and its new name. Items of
//! several objects are equal if they say the same of objects with the same kind and name before prefixes. Items with
//! exactly the same objects make a part: those that always come together stay together. Parts of objects with other
//! names are joined if they say the same.

use std::fmt::Write as _;

use super::compare::{Change, What};
use super::{Effect, Group, Object, Renaming, TargetReview, judge, text_of};
use crate::index::Index;
use crate::source::Span;
use crate::yaml::{Node, Scalar};

/// The parts of the differences of all targets, in the order of their first objects. Takes linear time.
pub(super) fn groups(targets: &[TargetReview]) -> Vec<Group> {
    let mut items = Items::default();
    for (target, review) in targets.iter().enumerate() {
        for (place, object) in review.objects.iter().enumerate() {
            if object.folded.is_none() {
                items.add_all((target, place), object);
            }
        }
    }
    let parts = joined(items.parts());
    let of = |(target, place): Member| &targets[target].objects[place];
    let group = |part: Part| {
        let mut object = part.object(of(part.members[0]));
        if object.ids.iter().any(Option::is_none) {
            part.members[1..].iter().for_each(|member| mark_differences(&mut object, of(*member)));
        }
        Group { members: part.members, object }
    };
    parts.into_iter().map(group).collect()
}

/// Something that is said of an object, by its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    /// Its existence, or its name.
    Whole,
    Change(usize),
    Effect(usize),
}

/// Index of a text.
type TextId = usize;

/// A target, and an object in it.
type Member = (usize, usize);

/// All items, each with the objects that have it.
#[derive(Default)]
struct Items {
    /// Texts of items, without the names of their objects.
    texts: Index<String, ()>,
    /// Names of objects before prefixes.
    stems: Index<String, ()>,
    /// The items by text and name.
    all: Index<(TextId, usize), Known>,
}

/// An item and its objects.
struct Known {
    /// The item in the first object.
    first: Item,
    /// True if equal items of objects with other names may be shown with this one.
    may_join: bool,
    members: Vec<Member>,
}

impl Items {
    fn add_all(&mut self, member: Member, object: &Object) {
        let stem = self.stems.insert_full(object.stem.clone(), ()).0;
        let version = |side: usize| object.ids[side].as_ref().map_or("", |id| &id.api_version);
        let head = format!("{}\0{}\0{}\0", version(0), version(1), object.id().kind);
        let is_paired = object.ids.iter().all(Option::is_some);
        if !is_paired || object.renamed.is_some() || object.changes.is_empty() {
            let may_join = object.renamed == Some(Renaming::Namespace);
            self.add(head.clone() + &whole(object), stem, Item::Whole, may_join, member);
        }
        if !is_paired {
            return;
        }
        for (place, change) in object.changes.iter().enumerate() {
            self.add(head.clone() + &said(change), stem, Item::Change(place), true, member);
        }
        for (place, effect) in object.effects.iter().enumerate() {
            if !effect.is_of_changes() {
                let text = format!("{head}{effect:?}");
                let may_join = matches!(effect, Effect::Judged(_));
                self.add(text, stem, Item::Effect(place), may_join, member);
            }
        }
    }

    fn add(&mut self, text: String, stem: usize, first: Item, may_join: bool, member: Member) {
        let text = self.texts.insert_full(text, ()).0;
        let new = || Known { first, may_join, members: Vec::new() };
        let members = &mut self.all.entry((text, stem)).or_insert_with(new).members;
        if members.last() != Some(&member) {
            members.push(member);
        }
    }

    /// The items with exactly the same objects, together.
    fn parts(self) -> Vec<Part> {
        let mut parts: Index<Vec<Member>, Vec<(Item, TextId, bool)>> = Index::default();
        for ((text, _), Known { first, may_join, members }) in self.all {
            parts.entry(members).or_default().push((first, text, may_join));
        }
        parts.into_iter().map(|(members, items)| Part { members, items }).collect()
    }
}

/// Items with the same objects.
struct Part {
    members: Vec<Member>,
    /// Items of the first object, their texts, and if they may be joined with equal ones of other names.
    items: Vec<(Item, TextId, bool)>,
}

impl Part {
    /// The object with the changes and effects of this part.
    fn object(&self, object: &Object) -> Object {
        if object.ids.iter().any(Option::is_none) {
            return object.clone();
        }
        let (mut is_whole, mut changes, mut own) = (false, Vec::new(), Vec::new());
        for (item, ..) in &self.items {
            match item {
                Item::Whole => is_whole = true,
                Item::Change(place) => changes.push(object.changes[*place].clone()),
                Item::Effect(place) => own.push(object.effects[*place].clone()),
            }
        }
        let moved = if is_whole { judge::moved(object) } else { None };
        let mut effects = judge::of_changes(moved, &changes);
        effects.append(&mut own);
        judge::sort(&mut effects);
        Object {
            renamed: object.renamed.filter(|_| is_whole),
            carries: if is_whole { object.carries.clone() } else { Vec::new() },
            changes,
            effects,
            ..object.clone()
        }
    }
}

/// Joins parts of objects of one kind that say the same.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    let mut places: Index<Vec<TextId>, usize> = Index::default();
    for part in parts {
        if !part.items.iter().all(|(.., may_join)| *may_join) {
            joined.push(part);
            continue;
        }
        let mut texts: Vec<TextId> = part.items.iter().map(|(_, text, _)| *text).collect();
        texts.sort_unstable();
        let place = *places.entry(texts).or_insert(joined.len());
        match joined.get_mut(place) {
            Some(other) => other.members.extend(part.members),
            None => joined.push(part),
        }
    }
    for part in &mut joined {
        part.members.sort_unstable();
    }
    joined
}

/// Labels and annotations, which overlays add to each object.
const MARKS: [&str; 2] = ["labels", "annotations"];

/// Replaces the values of labels and annotations of a new or removed object that differ from those of another one, which is
/// shown by it.
fn mark_differences(object: &mut Object, other: &Object) {
    for (node, other) in object.nodes.iter_mut().zip(&other.nodes) {
        let (Some(node), Some(other)) = (node, other) else { continue };
        for field in MARKS {
            let path = ["metadata", field];
            let theirs = path.iter().try_fold(other, |node, key| node.get(key));
            let metadata = node.get_mut("metadata").and_then(|metadata| metadata.get_mut(field));
            let Some(own) = metadata.and_then(Node::as_mapping_mut) else { continue };
            for (key, value) in own.entries_mut() {
                if theirs.and_then(|marks| marks.get(key.text())) != Some(value) {
                    *value = Scalar::untagged("(not the same in all)", Span::NONE).into();
                }
            }
        }
    }
}

/// The keys of the labels or annotations of an object.
fn keys<'a>(node: &'a Node, field: &'static str) -> impl Iterator<Item = (&'static str, &'a str)> {
    let marks = node.get("metadata").and_then(|metadata| metadata.get(field));
    let entries = marks.and_then(Node::as_mapping).into_iter().flat_map(|marks| marks.iter());
    entries.map(move |(key, _)| (field, key.text()))
}

/// The text of an object that is new, gone or renamed, without its name and the values of its labels and annotations. It is
/// equal for objects that are shown once.
fn whole(object: &Object) -> String {
    let mut text = match judge::moved(object) {
        Some(moved) => format!("={:?}\0{moved}\0{:?}", object.renamed, object.carries),
        None => format!("={:?}\0{:?}", object.renamed, object.carries),
    };
    if let [None, Some(node)] | [Some(node), None] = &object.nodes {
        for (field, key) in MARKS.into_iter().flat_map(|field| keys(node, field)) {
            let _ = write!(text, "\0{field}.{key}");
        }
        let mut node = node.clone();
        if let Some(metadata) =
            node.get_mut("metadata").and_then(|metadata| metadata.as_mapping_mut())
        {
            metadata.entries_mut().retain(|(key, _)| {
                !matches!(key.text(), "name" | "namespace") && !MARKS.contains(&key.text())
            });
        }
        // Writing to a `String` cannot fail.
        let _ = write!(text, "\0{:?}\0{:?}", object.effects, object.elsewhere);
        text += "\0";
        text += &text_of(&node);
    }
    text
}

/// The text of a change. It is equal for changes that are shown once.
fn said(change: &Change) -> String {
    let mut text = format!("{}\0", change.path);
    // Writing to a `String` cannot fail.
    let _ = match (&change.follows, &change.what) {
        (Some(follows), _) => write!(text, "={follows}"),
        (None, What::Added(node)) => write!(text, "+{}", text_of(node)),
        (None, What::Removed(node)) => write!(text, "-{}", text_of(node)),
        (None, What::Changed(before, after)) => {
            write!(text, "{}\0>{}", text_of(before), text_of(after))
        }
        (None, What::Reordered(before, after)) => write!(text, "{before:?}>{after:?}"),
    };
    if let Some(then) = &change.then {
        let _ = write!(text, "\0{then:?}");
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::diff::tests::review;
    use crate::diff::{Effect, Options, Review, Security};

    fn deployment(name: &str, port: u16, replicas: u16) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{replicas: {replicas}, template: {{spec: {{containers: [{{name: app, ports: [{{containerPort: {port}}}]}}]}}}}}}}}\n---\n"
        )
    }

    type Told = (Vec<(usize, usize)>, Vec<String>, usize);

    /// The differences: members, paths, and numbers of effects.
    fn told(sides: &[(String, String)]) -> Vec<Told> {
        let targets = sides.iter().map(|(before, after)| review(before, after)).collect();
        let review = Review::of(targets, &Options::default());
        let group = |group: &crate::diff::Group| {
            let paths = group.object.changes.iter().map(|change| change.path.to_string());
            (group.members.clone(), paths.collect(), group.object.effects.len())
        };
        review.groups.iter().map(group).collect()
    }

    const PORT: [&str; 2] = [
        "spec.template.spec.containers[app].ports[81]",
        "spec.template.spec.containers[app].ports[80]",
    ];

    #[test]
    fn a_change_of_a_base_is_told_once_if_overlays_differ_otherwise() {
        let side = |name: &str, replicas| (deployment(name, 80, 1), deployment(name, 81, replicas));
        let replicas = vec!["spec.replicas".to_owned()];
        let ports: Vec<String> = PORT.map(str::to_owned).into();
        assert_eq!(
            told(&[side("web", 1), side("web", 2), side("web", 2)]),
            [
                (vec![(0, 0), (1, 0), (2, 0)], ports.clone(), 1),
                (vec![(1, 0), (2, 0)], replicas.clone(), 0)
            ]
        );
        // Changes that always come together stay together.
        let both: Vec<String> = replicas.iter().chain(&ports).cloned().collect();
        assert_eq!(told(&[side("web", 2), side("web", 2)]), [(vec![(0, 0), (1, 0)], both, 1)]);
        // Objects with other names are joined if all of their differences are equal.
        assert_eq!(
            told(&[side("web", 1), side("api", 1)]),
            [(vec![(0, 0), (1, 0)], ports.clone(), 1)]
        );
        assert_eq!(told(&[side("web", 1), side("api", 2)]).len(), 2);
    }

    #[test]
    fn new_objects_with_other_values_of_labels_are_told_once() {
        let new = |labels: &str| {
            (
                String::new(),
                format!(
                    "{{apiVersion: v1, kind: Service, metadata: {{name: a, labels: {{{labels}}}}}}}"
                ),
            )
        };
        let sides = [new("x: 1, y: 2"), new("x: 1, y: 3"), new("x: 1")];
        let targets = sides.iter().map(|(before, after)| review(before, after)).collect();
        let review = Review::of(targets, &Options::default());
        let members: Vec<usize> = review.groups.iter().map(|group| group.members.len()).collect();
        assert_eq!(members, [2, 1]);
        let shown = review.groups[0].object.nodes[1].as_ref().map(crate::diff::text_of);
        let shown = shown.unwrap_or_default();
        assert!(shown.contains("x: 1\n") && shown.contains("(not the same in all)"), "{shown}");
    }

    #[test]
    fn effects_on_an_object_as_a_whole_are_told_with_the_objects_that_have_them() {
        let side = |before: &str| {
            let text = |security: &str| {
                format!(
                    "{{apiVersion: v1, kind: ReplicationController, metadata: {{name: a}}, spec: {{template: {{spec: {{hostPID: {before}, containers: [{{name: app, {security}}}]}}}}}}}}"
                )
            };
            (text("image: a"), text("image: a, securityContext: {privileged: true}"))
        };
        let sides = [side("false"), side("false"), side("true")];
        let targets = sides.iter().map(|(before, after)| review(before, after)).collect();
        let review = Review::of(targets, &Options::default());
        let security = |group: &crate::diff::Group| {
            let effects = group.object.effects.iter();
            let of = effects.filter(|effect| matches!(effect, Effect::Security(Security { .. })));
            (group.members.len(), group.object.changes.len(), of.count())
        };
        let mut found: Vec<_> = review.groups.iter().map(security).collect();
        found.sort_unstable();
        assert_eq!(found, [(1, 0, 1), (2, 0, 1), (3, 1, 0)]);
        assert_eq!(review.summary().loosened, 3);
    }
}
