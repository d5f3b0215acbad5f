//! Containers of a pod before and after the change: by their names, and those with other names by what they are alike in.

use std::collections::{BTreeMap, BTreeSet};

use crate::harden::value::text;
use crate::harden::{List, PodTemplate, pod_templates};
use crate::resource::{ImageReference, Resource};
use crate::yaml::Node;

use super::text_of;

/// A container: its list, its name, and its fields.
pub(super) type Listed<'a> = (List, &'a str, &'a Node);

/// A container on both sides, or on the one that has it.
#[derive(Clone, Copy)]
pub(super) struct Paired<'a> {
    pub(super) before: Option<Listed<'a>>,
    pub(super) after: Option<Listed<'a>>,
}

/// Pairs the containers of a pod: those of one name; then those of one image or with as many equal fields as possible;
/// then, if a list has as many left on both sides, those at the same place among them. Linear, except for a few that have
/// other names.
pub(super) fn paired<'a>(before: &[Listed<'a>], after: &[Listed<'a>]) -> Vec<Paired<'a>> {
    let mut partners: Vec<Option<usize>> = vec![None; after.len()];
    let mut is_taken = vec![false; before.len()];
    let names: BTreeMap<&str, usize> = before
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, (_, name, _))| !name.is_empty())
        .map(|(place, (_, name, _))| (*name, place))
        .collect();
    for (place, (_, name, _)) in after.iter().enumerate() {
        if let Some(&old) = names.get(name).filter(|old| !is_taken[**old]) {
            (partners[place], is_taken[old]) = (Some(old), true);
        }
    }
    for (old, new) in alike(before, after, &is_taken, &partners) {
        if !is_taken[old] && partners[new].is_none() {
            (partners[new], is_taken[old]) = (Some(old), true);
        }
    }
    for list in List::ALL {
        let left = |side: &[Listed<'_>], is_free: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..side.len()).filter(|&place| side[place].0 == list && is_free(place)).collect()
        };
        let old = left(before, &|place| !is_taken[place]);
        let new = left(after, &|place| partners[place].is_none());
        if old.len() == new.len() {
            for (old, new) in old.into_iter().zip(new) {
                (partners[new], is_taken[old]) = (Some(old), true);
            }
        }
    }
    let stay = partners.iter().zip(after).map(|(partner, after)| Paired {
        before: partner.and_then(|old| before.get(old)).copied(),
        after: Some(*after),
    });
    let gone = before.iter().zip(&is_taken).filter(|(_, is_taken)| !**is_taken);
    stay.chain(gone.map(|(before, _)| Paired { before: Some(*before), after: None })).collect()
}

/// Pairs the pods of an object: those at the same path; then a single one on each side that has another path.
pub(super) fn paired_pods<'a>(
    before: &'a Resource,
    after: &'a Resource,
) -> Vec<[PodTemplate<'a>; 2]> {
    let (old, new) = (pod_templates(before), pod_templates(after));
    if let ([_], [_]) = (&*old, &*new) {
        return old.into_iter().zip(new).map(|(old, new)| [old, new]).collect();
    }
    let mut places: BTreeMap<String, PodTemplate<'a>> =
        old.into_iter().map(|pod| (pod.path.clone(), pod)).collect();
    let both = new.into_iter().filter_map(|new| Some([places.remove(&new.path)?, new]));
    both.collect()
}

/// The maximum number of containers with other names that are compared with each other.
const MOST: usize = 32;
/// The minimum similarity, in hundredths, of containers with other images.
const ALIKE: usize = 50;

/// The containers without a partner that may be the same, the most similar first.
fn alike(
    before: &[Listed<'_>],
    after: &[Listed<'_>],
    is_taken: &[bool],
    partners: &[Option<usize>],
) -> Vec<(usize, usize)> {
    let old: Vec<usize> = (0..before.len()).filter(|&place| !is_taken[place]).collect();
    let new: Vec<usize> = (0..after.len()).filter(|&place| partners[place].is_none()).collect();
    if old.is_empty() || new.is_empty() || old.len().max(new.len()) > MOST {
        return Vec::new();
    }
    let facts = |places: &[usize], side: &[Listed<'_>]| -> Vec<(usize, Facts)> {
        places.iter().map(|&place| (place, Facts::of(side[place].2))).collect()
    };
    let (old, new) = (facts(&old, before), facts(&new, after));
    let mut found = Vec::new();
    for (old, one) in &old {
        for (new, other) in &new {
            let score = one.alike(other);
            if score >= ALIKE {
                // An order that does not depend on which side is the first.
                let names = [before[*old].1, after[*new].1];
                let names = (names[0].min(names[1]), names[0].max(names[1]));
                let is_other_list = before[*old].0 != after[*new].0;
                found.push((is_other_list, usize::MAX - score, names, *old, *new));
            }
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(.., old, new)| (old, new)).collect()
}

/// The fields of a container by which it is found again.
struct Facts {
    image: String,
    fields: BTreeSet<String>,
}

impl Facts {
    fn of(container: &Node) -> Self {
        let image = text(container, "image").map(|image| ImageReference::new(image).name);
        let fields = container.entries().iter();
        let fields = fields.filter(|(key, _)| !matches!(key.text(), "name" | "image"));
        Self {
            image: image.unwrap_or_default().to_owned(),
            fields: fields
                .map(|(key, value)| format!("{} {}", key.text(), text_of(value)))
                .collect(),
        }
    }

    /// The similarity in hundredths; those with the same image are alike.
    fn alike(&self, other: &Self) -> usize {
        let same = self.fields.intersection(&other.fields).count();
        let fields = 100 * same / self.fields.len().max(other.fields.len()).max(1);
        let images = [&self.image, &other.image].map(|name| ImageReference::new(name));
        match !self.image.is_empty() && images[0].is_of_repository(&images[1]) {
            true => 100 + fields,
            false => fields,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    #[track_caller]
    fn pairs(before: &str, after: &str) -> Vec<String> {
        let objects = [before, after].map(|containers| {
            let spec = format!("spec: {{containers: [{containers}]}}");
            resource(&format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, {spec}}}"))
        });
        let [before, after] = &objects;
        let listed = |object| pod_templates(object).remove(0).containers;
        let name = |side: Option<Listed<'_>>| side.map_or("-", |(_, name, _)| name).to_owned();
        let told = |pair: &Paired<'_>| format!("{} {}", name(pair.before), name(pair.after));
        paired(&listed(before), &listed(after)).iter().map(told).collect()
    }

    #[test]
    fn containers_are_found_under_other_names() {
        let (web, log) = ("{name: web, image: 'web:1'}", "{name: log, image: 'log:1', args: [a]}");
        for (before, after, expected) in [
            (format!("{web}, {log}"), format!("{log}, {web}"), &["log log", "web web"][..]),
            (web.to_owned(), web.replace("name: web", "name: x").replace(":1", ":2"), &["web x"]),
            (web.to_owned(), "{name: x, image: other}".to_owned(), &["web x"]),
            (
                format!("{web}, {log}"),
                "{name: x, image: z, args: [b]}, {name: y, image: 'docker.io/library/web:2'}"
                    .to_owned(),
                &["log x", "web y"],
            ),
            (
                format!("{web}, {log}"),
                "{name: y, image: 'log:2'}, {name: x, image: 'web:2'}".to_owned(),
                &["log y", "web x"],
            ),
            (web.to_owned(), format!("{web}, {log}"), &["web web", "- log"]),
            (format!("{web}, {log}"), web.to_owned(), &["web web", "log -"]),
            (format!("{web}, {log}"), "{name: x, image: z}".to_owned(), &["- x", "web -", "log -"]),
            (
                format!("{web}, {log}"),
                format!(
                    "{}, {}",
                    web.replace("name: web", "name: log"),
                    log.replace("name: log", "name: web")
                ),
                &["log log", "web web"],
            ),
        ] {
            assert_eq!(pairs(&before, &after), expected, "{before} {after}");
        }
    }
}
