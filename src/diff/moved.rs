//! Targets that moved to another directory, and objects that moved to another target.

use std::collections::BTreeSet;

use super::{Identity, Rendered, TargetReview, pair, text_of};
use crate::index::Index;

/// A target that only one side has.
#[derive(Debug)]
pub struct Single<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its objects.
    pub rendered: &'a Rendered,
}

/// Minimum similarity of targets whose directories have the same name, in hundredths.
const ALIKE: usize = 50;
/// Minimum similarity of targets whose directories have other names.
const NEARLY_EQUAL: usize = 80;
/// Maximum number of old targets with the same objects, or the same name, that a new one is compared with.
const MOST_ALIKE: usize = 32;

/// Pairs old targets with new ones that hold the same objects: equal renders first, then the most similar ones. Returns
/// indices of both lists. Takes linear time for a limited number of targets with the same objects.
#[must_use]
pub fn moved_targets(old: &[Single<'_>], new: &[Single<'_>]) -> Vec<(usize, usize)> {
    let contents = |singles: &[Single<'_>]| singles.iter().map(Contents::of).collect::<Vec<_>>();
    let (before, after) = (contents(old), contents(new));
    let mut with_id: Index<&str, Vec<usize>> = Index::default();
    let mut with_name: Index<&str, Vec<usize>> = Index::default();
    for (place, contents) in before.iter().enumerate() {
        with_name.entry(last_name(old[place].name)).or_default().push(place);
        for id in contents.ids.keys() {
            with_id.entry(id).or_default().push(place);
        }
    }
    let some = |places: Option<&Vec<usize>>| -> Vec<usize> {
        places.into_iter().flatten().take(MOST_ALIKE).copied().collect()
    };
    let mut candidates = Vec::new();
    for (new_place, contents) in after.iter().enumerate() {
        let name = last_name(new[new_place].name);
        let of_ids = contents.ids.keys().flat_map(|id| some(with_id.get(id.as_str())));
        let of_name = some(with_name.get(name));
        for old_place in of_ids.take(MOST_ALIKE).chain(of_name).collect::<BTreeSet<usize>>() {
            let similarity = contents.similarity(&before[old_place]);
            let [one, other] = [old[old_place].name, new[new_place].name];
            let has_same_name = last_name(one) == name;
            if similarity >= if has_same_name { ALIKE } else { NEARLY_EQUAL } {
                let order = (100 - similarity, !has_same_name, one.min(other), one.max(other));
                candidates.push((order, old_place, new_place));
            }
        }
    }
    candidates.sort_unstable();
    let (mut is_taken, mut has_partner) = (vec![false; old.len()], vec![false; new.len()]);
    let mut pairs = Vec::new();
    for (_, before, after) in candidates {
        if !is_taken[before] && !has_partner[after] {
            (is_taken[before], has_partner[after]) = (true, true);
            pairs.push((before, after));
        }
    }
    pairs
}

/// The last name of a path, without an extension.
fn last_name(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The objects of a target by id, with their names before prefixes.
struct Contents {
    ids: Index<String, String>,
}

impl Contents {
    fn of(single: &Single<'_>) -> Self {
        let resources = single.rendered.resources.iter();
        let ids = resources.map(|resource| {
            let id = Identity::of(resource);
            let name = pair::stem(resource);
            let id = format!("{}\0{}\0{}\0{name}", id.group(), id.kind, id.namespace);
            (id, text_of(resource.node()))
        });
        Self { ids: ids.collect() }
    }

    /// The part of objects that both have, in hundredths. Changed objects count half.
    fn similarity(&self, other: &Self) -> usize {
        let points = |(id, text): (&String, &String)| match other.ids.get(id) {
            Some(other) if other == text => 2,
            Some(_) => 1,
            None => 0,
        };
        let points: usize = self.ids.iter().map(points).sum();
        points * 100 / (self.ids.len() + other.ids.len()).max(1)
    }
}

/// Targets, and objects in them.
type Places = Vec<(usize, usize)>;

/// Notes for objects that are removed from one target and added to another one, without a change, the name of the other
/// target. Takes linear time.
pub(super) fn note_moved_objects(targets: &mut [TargetReview]) {
    let mut places: Index<(Identity, String), [Places; 2]> = Index::default();
    for (target, review) in targets.iter().enumerate() {
        for (place, object) in review.objects.iter().enumerate() {
            let (side, node) = match &object.nodes {
                [Some(node), None] => (0, node),
                [None, Some(node)] => (1, node),
                _ => continue,
            };
            let key = (object.id().clone(), text_of(node));
            places.entry(key).or_default()[side].push((target, place));
        }
    }
    for [removed, added] in places.into_values() {
        // With several places it is not clear which one leads where.
        let ([(old, gone)], [(new, found)]) = (&removed[..], &added[..]) else { continue };
        let names = [*old, *new].map(|target| targets[target].name.clone());
        let [from, to] = names;
        targets[*old].objects[*gone].elsewhere = Some(to);
        targets[*new].objects[*found].elsewhere = Some(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tests::{rendered, review};
    use crate::diff::{Object, Review};

    fn config(name: &str, value: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, data: {{a: {value}}}}}\n---\n"
        )
    }

    fn moved(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<(usize, usize)> {
        let all = |targets: &[(&str, &str)]| -> Vec<(String, Rendered)> {
            targets.iter().map(|(name, text)| ((*name).to_owned(), rendered(text))).collect()
        };
        let (old, new) = (all(old), all(new));
        // The order of the sides makes no difference.
        let mut back: Vec<_> = moved_targets(&singles(&new), &singles(&old))
            .into_iter()
            .map(|(new, old)| (old, new))
            .collect();
        let mut pairs = moved_targets(&singles(&old), &singles(&new));
        pairs.sort_unstable();
        back.sort_unstable();
        assert_eq!(pairs, back);
        pairs
    }

    fn singles(targets: &[(String, Rendered)]) -> Vec<Single<'_>> {
        targets.iter().map(|(name, rendered)| Single { name, rendered }).collect()
    }

    #[test]
    fn targets_are_found_in_other_directories() {
        let [one, other] = [config("a", "x"), config("b", "y")];
        assert_eq!(moved(&[("prod", &one)], &[("eu/prod", &one)]), [(0, 0)]);
        assert_eq!(moved(&[("prod", &one)], &[("live", &one)]), [(0, 0)], "equal");
        assert_eq!(moved(&[("prod", &one)], &[("eu/prod", &config("a", "z"))]), [(0, 0)], "alike");
        assert_eq!(moved(&[("prod", &one)], &[("live", &config("a", "z"))]), []);
        assert_eq!(moved(&[("prod", &one)], &[("eu/prod", &other)]), []);
        assert_eq!(moved(&[("prod", "")], &[("eu/prod", "")]), [], "without objects");
        let both = [("dev", &*one), ("prod", &*one)];
        assert_eq!(moved(&both, &[("eu/prod", &one), ("eu/dev", &one)]), [(0, 1), (1, 0)]);
        assert_eq!(moved(&both, &[("eu/dev", &other), ("eu/prod", &one)]), [(1, 1)]);
    }

    #[test]
    fn objects_are_found_in_other_targets() {
        let [one, other] = [config("a", "x"), config("b", "y")];
        let both = one.clone() + &other;
        let targets = |sides: &[(&str, &str)]| {
            let target = |(place, (before, after)): (usize, &(&str, &str))| {
                let mut review = review(before, after);
                review.name = format!("t{place}");
                review
            };
            let review = Review::of(sides.iter().enumerate().map(target).collect());
            let objects = review.targets.iter().flat_map(|target| &target.objects);
            objects.map(|object: &Object| object.elsewhere.clone()).collect::<Vec<_>>()
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(targets(&[(&both, &one), (&one, &both)]), [some("t1"), some("t0")]);
        assert_eq!(targets(&[(&both, &one), (&one, &one)]), [None]);
        assert_eq!(targets(&[(&both, &one), ("", &other), ("", &other)]), [None, None, None]);
    }
}
