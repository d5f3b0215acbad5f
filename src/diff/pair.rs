//! Pairing of the objects of two renders.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::likely::{likely, words};
use crate::resource::{ResMap, Resource};
use crate::yaml::{Kind, Node};

/// An object before and after, by its indices in the renders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Index before; `None` if the object is new.
    pub before: Option<usize>,
    /// Index after; `None` if the object is gone.
    pub after: Option<usize>,
    /// Reason for another id, if it differs.
    pub renamed: Option<Renaming>,
}

/// Reason for another id of the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Renaming {
    /// The hash of its content changed, or was added or removed.
    Hash,
    /// Another version of the same group.
    Version,
    /// Another group.
    Group,
    /// Another namespace.
    Namespace,
    /// Another name, such as one with a prefix.
    Name,
}

/// Pairs the objects of two renders: first by id; then ignoring the version or group, the hash in the name, the
/// namespace; then by similar content. Linear.
///
/// Pairs are in the order of the second render, with removed objects at their old place.
pub(super) fn pairs(before: &ResMap, after: &ResMap) -> Vec<Pair> {
    let mut pairing = Pairing {
        before: before.iter().collect(),
        after: after.iter().collect(),
        partners: vec![None; after.len()],
        is_taken: vec![false; before.len()],
    };
    let namespace = |resource: &Resource| resource.id().effective_namespace().to_owned();
    let (name, kind) = (
        |resource: &Resource| resource.name().to_owned(),
        |resource: &Resource| resource.kind().to_owned(),
    );
    let group = |resource: &Resource| resource.gvk().group.to_string();
    let version = |resource: &Resource| resource.gvk().version.to_string();
    pairing.by(None, |of| [group(of), version(of), kind(of), namespace(of), name(of)]);
    pairing.by(Some(Renaming::Version), |of| [group(of), kind(of), namespace(of), name(of)]);
    pairing.by(Some(Renaming::Hash), |of| {
        [group(of), kind(of), namespace(of), bare_name(of).to_owned()]
    });
    pairing.by(Some(Renaming::Name), |of| [group(of), kind(of), namespace(of), stem(of)]);
    pairing.by_content(Renaming::Group, |of| [kind(of), namespace(of), name(of)], |_| true);
    pairing.by(Some(Renaming::Namespace), |of| [group(of), kind(of), stem(of)]);
    pairing.by_content(
        Renaming::Name,
        |of| [group(of), kind(of)],
        |found| {
            let [before, after] = found.objects.map(bare_name);
            shares_words(before, after) || found.score >= NEARLY_EQUAL && found.values >= TELLING
        },
    );
    // Objects that belong to a renamed one are often renamed with it.
    let renamed = pairing.renamed();
    let new_name = |of: &Resource| renamed.get(&name(of)).cloned().unwrap_or_else(|| name(of));
    if !renamed.is_empty() {
        let own = |of: &Resource| [group(of), kind(of), namespace(of), name(of)];
        pairing.by_keys(
            Some(Renaming::Name),
            |of| [group(of), kind(of), namespace(of), new_name(of)],
            own,
        );
    }
    pairing.finish()
}

/// The name of an object before prefixes, suffixes and hashes, if it was built in this run; or else without a suffix
/// that looks like a hash.
pub(super) fn stem(resource: &Resource) -> String {
    match resource.names().previous.first() {
        Some(previous) => previous.name.to_string(),
        None => bare_name(resource).to_owned(),
    }
}

/// The name of an object without the hash of its content. Only generated objects have one: those that this run has made, and
/// ConfigMaps and Secrets, which may have been rendered before. For others, such a suffix is a part of the name.
pub(super) fn bare_name(resource: &Resource) -> &str {
    let may_be_generated = resource.needs_hash
        || resource.gvk().group.is_empty() && matches!(resource.kind(), "ConfigMap" | "Secret");
    if may_be_generated { without_hash(resource.name()) } else { resource.name() }
}

/// A name without a suffix of ten characters from the alphabet of kustomize's hashes.
pub(super) fn without_hash(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((stem, hash))
            if hash.len() == 10 && hash.bytes().all(|byte| b"gh2k456789mbcdtf".contains(&byte)) =>
        {
            stem
        }
        _ => name,
    }
}

struct Pairing<'a> {
    before: Vec<&'a Resource>,
    after: Vec<&'a Resource>,
    /// For each object after: its index before, and the reason for another id.
    partners: Vec<Option<(usize, Option<Renaming>)>>,
    is_taken: Vec<bool>,
}

/// Maximum number of objects of one kind on a side of which all are compared with all by their content. Of more, only
/// those are that share rare values.
const FEW: usize = 64;
/// Minimum similarity of an object with its successor, in hundredths.
const ALIKE: usize = 60;
/// Minimum similarity of objects whose names have no word in common.
const NEARLY_EQUAL: usize = 80;
/// Minimum number of values of such objects: those with few values are similar by chance.
pub(super) const TELLING: usize = 8;

/// Two objects that may be the same.
struct Candidate<'a> {
    objects: [&'a Resource; 2],
    /// Their similarity, in hundredths.
    score: usize,
    /// The number of values of the one with fewer of them.
    values: usize,
}

impl Pairing<'_> {
    /// Pairs objects with equal keys, in order.
    fn by<const N: usize>(
        &mut self,
        renamed: Option<Renaming>,
        key: impl Fn(&Resource) -> [String; N],
    ) {
        self.by_keys(renamed, &key, &key);
    }

    /// Pairs objects whose key before equals the key after, in order.
    fn by_keys<const N: usize>(
        &mut self,
        renamed: Option<Renaming>,
        key_before: impl Fn(&Resource) -> [String; N],
        key: impl Fn(&Resource) -> [String; N],
    ) {
        let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for place in self.free_before().rev() {
            places.entry(key_before(self.before[place])).or_default().push(place);
        }
        if places.is_empty() {
            return;
        }
        for place in 0..self.after.len() {
            if self.partners[place].is_some() {
                continue;
            }
            let found = places.get_mut(&key(self.after[place])).and_then(Vec::pop);
            if let Some(found) = found {
                self.pair(found, place, renamed);
            }
        }
    }

    /// Pairs objects with equal keys and similar content, the most similar first.
    fn by_content<const N: usize>(
        &mut self,
        renamed: Renaming,
        key: impl Fn(&Resource) -> [String; N],
        may_be: impl Fn(&Candidate<'_>) -> bool,
    ) {
        let mut buckets: BTreeMap<_, [Vec<usize>; 2]> = BTreeMap::new();
        for place in self.free_before() {
            buckets.entry(key(self.before[place])).or_default()[0].push(place);
        }
        for place in (0..self.after.len()).filter(|&place| self.partners[place].is_none()) {
            buckets.entry(key(self.after[place])).or_default()[1].push(place);
        }
        let has_both = |bucket: &[Vec<usize>; 2]| bucket.iter().all(|places| !places.is_empty());
        for [old, new] in buckets.into_values().filter(has_both) {
            type Read = fn(&Resource) -> Vec<u64>;
            let contents = |read: Read| {
                let of = |places: &[usize], of: &[&Resource]| -> Vec<Vec<u64>> {
                    places.iter().map(|&place| read(of[place])).collect()
                };
                [of(&old, &self.before), of(&new, &self.after)]
            };
            // A label often keeps the name that gets a prefix.
            let (contents, plain) = (contents(content), contents(content_without_affixes));
            let pairs: Vec<(usize, usize)> = if old.len().max(new.len()) <= FEW {
                (0..old.len())
                    .flat_map(|left| (0..new.len()).map(move |right| (left, right)))
                    .collect()
            } else {
                let named = |places: &[usize], of: &[&Resource], contents: &[Vec<u64>]| {
                    let places = places.iter().zip(contents);
                    places.map(|(&place, content)| with_words(content, of[place])).collect()
                };
                let old: Vec<Vec<u64>> = named(&old, &self.before, &contents[0]);
                let new: Vec<Vec<u64>> = named(&new, &self.after, &contents[1]);
                likely(&old, &new).into_iter().collect()
            };
            let mut candidates = Vec::new();
            for (left, right) in pairs {
                let objects = [self.before[old[left]], self.after[new[right]]];
                let values = [&contents[0][left], &contents[1][right]];
                let score =
                    alike(values[0], values[1]).max(alike(&plain[0][left], &plain[1][right]));
                let values = values[0].len().min(values[1].len());
                let candidate = Candidate { objects, score, values };
                if score >= ALIKE && may_be(&candidate) {
                    // An order that does not depend on which side is the first.
                    let [left_name, right_name] = objects.map(Resource::name);
                    let names = (left_name.min(right_name), left_name.max(right_name));
                    let words = 100 - words_in_common(names.0, names.1);
                    candidates.push((100 - score, words, names, old[left], new[right]));
                }
            }
            candidates.sort();
            let chosen: Vec<_> =
                candidates.iter().map(|&(.., before, after)| (before, after)).collect();
            for (before, after) in chosen {
                if !self.is_taken[before] && self.partners[after].is_none() {
                    self.pair(before, after, Some(renamed));
                }
            }
        }
    }

    /// New names of renamed objects by their old names; without those that are not unique on both sides.
    fn renamed(&self) -> BTreeMap<String, String> {
        let mut names: [BTreeMap<&str, Option<&str>>; 2] = Default::default();
        for (after, partner) in self.partners.iter().enumerate() {
            if let &Some((before, Some(Renaming::Name))) = partner {
                let pair = [self.before[before].name(), self.after[after].name()];
                for (side, names) in names.iter_mut().enumerate() {
                    let other = names.entry(pair[side]).or_insert(Some(pair[1 - side]));
                    *other = other.filter(|other| *other == pair[1 - side]);
                }
            }
        }
        let [by_old, by_new] = names;
        let is_unique = |old: &str, new: &str| by_new.get(new) == Some(&Some(old));
        by_old
            .into_iter()
            .filter_map(|(old, new)| Some((old, new?)))
            .filter(|(old, new)| is_unique(old, new))
            .map(|(old, new)| (old.to_owned(), new.to_owned()))
            .collect()
    }

    fn free_before(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.before.len()).filter(|&place| !self.is_taken[place])
    }

    fn pair(&mut self, before: usize, after: usize, renamed: Option<Renaming>) {
        // Each content of a generated object has another name, so similar content under another name is not a renaming.
        let has_hash = |resource: &Resource| bare_name(resource) != resource.name();
        let are_hashed = has_hash(self.before[before]) && has_hash(self.after[after]);
        let renamed = match renamed {
            Some(Renaming::Name) if are_hashed => Some(Renaming::Hash),
            renamed => renamed,
        };
        self.is_taken[before] = true;
        self.partners[after] = Some((before, renamed));
    }

    fn finish(self) -> Vec<Pair> {
        let mut pairs = Vec::with_capacity(self.after.len());
        let mut next = 0;
        let gone = |range: std::ops::Range<usize>| {
            let is_taken = &self.is_taken;
            range.filter(|&place| !is_taken[place]).map(|place| Pair {
                before: Some(place),
                after: None,
                renamed: None,
            })
        };
        for (after, partner) in self.partners.iter().enumerate() {
            if let &Some((before, _)) = partner {
                pairs.extend(gone(next..before));
                next = next.max(before);
            }
            let (before, renamed) =
                partner.map_or((None, None), |(before, renamed)| (Some(before), renamed));
            pairs.push(Pair { before, after: Some(after), renamed });
        }
        pairs.extend(gone(next..self.is_taken.len()));
        pairs
    }
}

/// The values of an object with the keys above them, as sorted hashes; without its name and namespace. Values that are
/// its name count as equal, such as a label.
fn content(resource: &Resource) -> Vec<u64> {
    let own = bare_name(resource);
    content_without(resource, &|text| text == own)
}

/// As [`content`], for an object that may have a prefix or suffix: values that are its name without one count as equal.
pub(super) fn content_without_affixes(resource: &Resource) -> Vec<u64> {
    let own = bare_name(resource);
    let is_word_end = |rest: &str| rest.is_empty() || rest.ends_with('-') || rest.starts_with('-');
    content_without(resource, &|text| {
        let rest = own.strip_suffix(text).or_else(|| own.strip_prefix(text));
        !text.is_empty() && rest.is_some_and(is_word_end)
    })
}

fn content_without(resource: &Resource, is_own: &dyn Fn(&str) -> bool) -> Vec<u64> {
    let mut values = Vec::new();
    let mut pending: Vec<(&Node, u64)> = vec![(resource.node(), 0)];
    let is_name = |key: &str| matches!(key, "name" | "namespace" | "apiVersion");
    while let Some((node, above)) = pending.pop() {
        match node.kind() {
            Kind::Scalar => {
                let text = node.as_text().unwrap_or_default();
                values.push(hash(above, if is_own(text) { "\0" } else { text }));
            }
            Kind::Sequence => {
                let items = node.as_sequence().into_iter().flat_map(|list| list.items());
                pending.extend(items.map(|item| (item, hash(above, "-"))));
            }
            Kind::Mapping => {
                let fields = node.as_mapping().into_iter().flat_map(|mapping| mapping.iter());
                let fields = fields.filter(|(key, _)| !is_name(key.text()));
                pending.extend(fields.map(|(key, value)| (value, hash(above, key.text()))));
            }
        }
    }
    values.sort_unstable();
    values
}

fn hash(above: u64, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (above, text).hash(&mut hasher);
    hasher.finish()
}

/// The values of an object, and the words of its name.
fn with_words(content: &[u64], resource: &Resource) -> Vec<u64> {
    // Not the hash of a value.
    const NAME: u64 = 1;
    let mut values = content.to_vec();
    values.extend(words(without_hash(resource.name())).map(|word| hash(NAME, word)));
    values.sort_unstable();
    values
}

/// Similarity of two sorted lists, in hundredths.
fn alike(left: &[u64], right: &[u64]) -> usize {
    (200 * common(left, right)) / (left.len() + right.len()).max(1)
}

/// The number of values that two sorted lists have in common.
pub(super) fn common(left: &[u64], right: &[u64]) -> usize {
    let (mut at_left, mut at_right, mut same) = (0, 0, 0);
    while let (Some(one), Some(other)) = (left.get(at_left), right.get(at_right)) {
        same += usize::from(one == other);
        at_left += usize::from(one <= other);
        at_right += usize::from(other <= one);
    }
    same
}

/// The part of the words that two names have in common, in hundredths.
fn words_in_common(left: &str, right: &str) -> usize {
    let [one, other]: [BTreeSet<&str>; 2] = [left, right].map(|name| words(name).collect());
    100 * one.intersection(&other).count() / one.len().max(other.len()).max(1)
}

/// True if two names have a word in common at their beginning or their end.
fn shares_words(left: &str, right: &str) -> bool {
    words(left).next() == words(right).next() || words(left).last() == words(right).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::read;

    #[track_caller]
    fn paired(before: &str, after: &str) -> Vec<(Option<usize>, Option<usize>, Option<Renaming>)> {
        let [before, after] = [before, after].map(|text| ResMap::from(read(text).unwrap()));
        let pairs = pairs(&before, &after);
        pairs.into_iter().map(|pair| (pair.before, pair.after, pair.renamed)).collect()
    }

    fn object(kind: &str, name: &str, rest: &str) -> String {
        format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: {name}}}{rest}}}\n---\n")
    }

    #[test]
    fn many_objects_are_found_under_other_names() {
        let objects = |name: &dyn Fn(usize) -> String, count: usize, value: &str| -> String {
            let data = |number: usize| {
                format!(
                    ", data: {{a: '1', b: '{value}', c: 'c', d: 'd', e: e-{number}, f: f-{number}}}"
                )
            };
            (0..count).map(|number| object("ConfigMap", &name(number), &data(number))).collect()
        };
        for count in [FEW, FEW + 1, 500] {
            let before = objects(&|number| format!("old-{number}"), count, "1");
            let after = objects(&|number| format!("{number}-new"), count, "2");
            let pairs = paired(&before, &after);
            let expected = (0..count).map(|it| (Some(it), Some(it), Some(Renaming::Name)));
            // Of so few values, names without a common word are another object.
            assert_eq!(pairs.len(), 2 * count, "{count}");
            let after = objects(&|number| format!("new-{number}"), count, "2");
            assert_eq!(paired(&before, &after), expected.collect::<Vec<_>>(), "{count}");
        }
        // Equal objects, which differ in the words of their names only.
        let equal = |start: &str, count: usize| -> String {
            (0..count)
                .map(|it| object("Service", &format!("{start}-{it}"), ", spec: {a: 1, b: 2}"))
                .collect()
        };
        let pairs = paired(&equal("dev", 300), &equal("prod", 300));
        assert!(pairs.iter().all(|(before, after, _)| before == after), "{pairs:?}");
    }

    #[test]
    fn objects_are_found_under_other_names() {
        let data = ", data: {a: '1', b: '2', c: '3'}";
        let before = object("ConfigMap", "conf-gh2k456789", "") + &object("Pod", "web", "");
        let after = object("Pod", "web", "") + &object("ConfigMap", "conf-gh2k4567bb", data);
        assert_eq!(
            paired(&before, &after),
            [(Some(1), Some(0), None), (Some(0), Some(1), Some(Renaming::Hash))]
        );
        let renamed =
            |other: &str| paired(&object("A", "dev-web", data), &object("A", other, data));
        assert_eq!(renamed("prod-web"), [(Some(0), Some(0), Some(Renaming::Name))]);
        assert_eq!(renamed("another").len(), 2);
        let service = |name: &str| object("Service", name, &format!(", spec: {{a: {name}}}"));
        let web = |name: &str, more: &str| {
            let body =
                format!(", data: {{app: {name}, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: {more}}}");
            object("A", name, &body) + &service(name)
        };
        let both =
            [(Some(0), Some(0), Some(Renaming::Name)), (Some(1), Some(1), Some(Renaming::Name))];
        assert_eq!(paired(&web("web", "8"), &web("front", "9")), both, "with what belongs to it");
        assert_eq!(paired(&service("web"), &service("front")).len(), 2, "too few values");
        let hashed = |name: &str| object("ConfigMap", name, data);
        assert_eq!(
            paired(&hashed("dev-conf-gh2k456789"), &hashed("prod-conf-gh2k4567bb")),
            [(Some(0), Some(0), Some(Renaming::Hash))],
            "another object with every content"
        );
        let versioned = object("A", "a", "").replace("v1", "g/v1beta1");
        let moved = |to: &str| paired(&versioned, &versioned.replace("g/v1beta1", to))[0].2;
        assert_eq!(moved("g/v1"), Some(Renaming::Version));
        assert_eq!(moved("h/v1"), Some(Renaming::Group));
    }
}
