//! Targets that moved to another directory, and objects that moved to another target.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::likely::{likely, words};
use super::{Effect, Identity, Rendered, TargetReview, pair, text_of};
use crate::index::Index;
use crate::resource::{ResMap, Resource};

/// A target that only one side has.
#[derive(Debug)]
pub struct Single<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its objects; `None` if it could not be rendered.
    pub rendered: Option<&'a Rendered>,
    /// The files of its directory; empty if it has none.
    pub files: &'a [SourceFile],
}

impl Single<'_> {
    /// The lines of its files, sorted.
    fn lines(&self) -> Vec<u64> {
        let mut lines: Vec<u64> = self.files.iter().flat_map(|file| &file.lines).copied().collect();
        lines.sort_unstable();
        lines
    }
}

/// A file in the directory of a target.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path below the directory.
    path: String,
    /// Hashes of its lines, sorted.
    lines: Vec<u64>,
}

impl SourceFile {
    /// A file by its path below the directory of the target, and its text. Blank lines do not count.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut lines: Vec<u64> = lines.map(hash).collect();
        lines.sort_unstable();
        Self { path: path.to_owned(), lines }
    }
}

/// Minimum similarity of targets whose directories have the same name, in hundredths.
const ALIKE: usize = 50;
/// Minimum similarity of targets whose directories have other names.
const NEARLY_EQUAL: usize = 80;
/// Minimum similarity of targets whose files say that the directory was renamed.
const LITTLE: usize = 30;
/// Minimum similarity of the files of a renamed directory. Git takes 50 for a file (`-M`); with it, overlays of one base would be
/// pairs by the lines that every kustomization has.
const SAME_FILES: usize = 60;
/// Maximum number of old targets with the same objects, or the same name, that a new one is compared with.
const MOST_ALIKE: usize = 32;

/// Pairs old targets with new ones that are the same: by their objects, whose namespaces and prefixes may differ, or by
/// the files of their directories, as git finds renames; the most similar ones first. Returns indices of both lists.
/// Takes linear time for a limited number of targets with the same objects.
#[must_use]
pub fn moved_targets(old: &[Single<'_>], new: &[Single<'_>]) -> Vec<(usize, usize)> {
    let contents = |singles: &[Single<'_>]| singles.iter().map(Contents::of).collect::<Vec<_>>();
    let (before, after) = (contents(old), contents(new));
    let mut with_id: Index<&str, Vec<usize>> = Index::default();
    let mut with_name: Index<&str, Vec<usize>> = Index::default();
    let mut with_values: Index<u64, Vec<usize>> = Index::default();
    for (place, contents) in before.iter().enumerate() {
        with_name.entry(last_name(old[place].name)).or_default().push(place);
        for id in contents.ids.keys() {
            with_id.entry(id).or_default().push(place);
        }
        for content in contents.ids.values() {
            with_values.entry(content.values).or_default().push(place);
        }
    }
    let lines = |singles: &[Single<'_>]| singles.iter().map(Single::lines).collect::<Vec<_>>();
    let mut with_lines: Index<usize, Vec<usize>> = Index::default();
    for (old, new) in likely(&lines(old), &lines(new)) {
        with_lines.entry(new).or_default().push(old);
    }
    let some = |places: Option<&Vec<usize>>| -> Vec<usize> {
        places.into_iter().flatten().take(MOST_ALIKE).copied().collect()
    };
    let mut candidates = Vec::new();
    for (new_place, contents) in after.iter().enumerate() {
        let name = last_name(new[new_place].name);
        let of_ids = contents.ids.keys().flat_map(|id| some(with_id.get(id.as_str())));
        let of_name = some(with_name.get(name));
        let of_files = some(with_lines.get(&new_place));
        let of_values = contents.ids.values().flat_map(|one| some(with_values.get(&one.values)));
        let of_objects = of_ids.take(MOST_ALIKE).chain(of_values.take(MOST_ALIKE));
        let all = of_objects.chain(of_name).chain(of_files);
        for old_place in all.collect::<BTreeSet<usize>>() {
            let [one, other] = [&old[old_place], &new[new_place]];
            let has_same_name = last_name(one.name) == name;
            let similarity = contents.similarity(&before[old_place]);
            let files = files_similarity(one.files, other.files);
            let is_rendered = one.rendered.is_some() && other.rendered.is_some();
            let enough = match files >= SAME_FILES {
                true if !is_rendered => 0,
                true => LITTLE,
                false if has_same_name => ALIKE,
                false => NEARLY_EQUAL,
            };
            if similarity >= enough {
                let names = (one.name.min(other.name), one.name.max(other.name));
                let order = (100 - similarity, 100 - files, !has_same_name, names);
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

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The part of lines that files of the same path have in common, of the side with more of them, in hundredths.
fn files_similarity(old: &[SourceFile], new: &[SourceFile]) -> usize {
    let lines = |files: &[SourceFile]| files.iter().map(|file| file.lines.len()).sum::<usize>();
    let by_path: Index<&str, &SourceFile> =
        old.iter().map(|file| (file.path.as_str(), file)).collect();
    let common = new.iter().filter_map(|file| Some((by_path.get(&*file.path)?, file)));
    let common: usize = common.map(|(one, other)| pair::common(&one.lines, &other.lines)).sum();
    common * 100 / lines(old).max(lines(new)).max(1)
}

/// The objects of a target by group, kind and their names before prefixes.
struct Contents {
    ids: Index<String, Content>,
}

/// An object for comparisons with others.
struct Content {
    text: String,
    kind: String,
    /// True if it is in a namespace that is set: a target that gets one or loses it is another one.
    has_namespace: bool,
    /// Hash of its values without its name and namespace.
    values: u64,
    /// True if it has so many values that it is not equal to another one by chance.
    is_telling: bool,
    first_word: String,
    last_word: String,
}

impl Content {
    fn of(resource: &Resource) -> Self {
        let values = pair::content_without_affixes(resource);
        let words: Vec<&str> = words(pair::bare_name(resource)).collect();
        let word = |word: Option<&&str>| word.copied().unwrap_or_default().to_owned();
        Self {
            text: text_of(resource.node()),
            kind: resource.kind().to_owned(),
            has_namespace: !resource.namespace().is_empty(),
            is_telling: values.len() >= pair::TELLING,
            values: hash(values),
            first_word: word(words.first()),
            last_word: word(words.last()),
        }
    }
}

impl Content {
    /// True if both are equal, but for the namespace that they are in.
    fn is_equal_elsewhere(&self, other: &Self) -> bool {
        (self.values, self.has_namespace) == (other.values, other.has_namespace)
    }
}

/// Points of an object that both targets have, of twenty.
const EQUAL: usize = 20;
const EQUAL_BUT_FOR_NAMESPACE: usize = 19;
const EQUAL_BUT_FOR_NAME: usize = 18;
const CHANGED: usize = 10;

impl Contents {
    fn of(single: &Single<'_>) -> Self {
        let resources = single.rendered.into_iter().flat_map(|rendered| &rendered.resources);
        let ids = resources.map(|resource| {
            let id = Identity::of(resource);
            let id = format!("{}\0{}\0{}", id.group(), id.kind, pair::stem(resource));
            (id, Content::of(resource))
        });
        Self { ids: ids.collect() }
    }

    /// The part of objects that both have, in hundredths. Changed objects count half, those with another namespace or
    /// prefix nearly as much as equal ones.
    fn similarity(&self, other: &Self) -> usize {
        let mut points = 0;
        let (mut left, mut is_taken) = (Vec::new(), vec![false; other.ids.len()]);
        for (id, one) in &self.ids {
            let Some((place, _, found)) = other.ids.get_full(id) else {
                left.push(one);
                continue;
            };
            is_taken[place] = true;
            points += match found {
                found if found.text == one.text => EQUAL,
                found if found.is_equal_elsewhere(one) => EQUAL_BUT_FOR_NAMESPACE,
                _ => CHANGED,
            };
        }
        // Manifests do not tell their prefixes: one end of the name is equal then, or else the values must be telling.
        let ways: [fn(&Content) -> Option<&str>; 3] = [
            |content| Some(&content.last_word),
            |content| Some(&content.first_word),
            |content| content.is_telling.then_some(""),
        ];
        for way in ways {
            let key = |content: &Content| {
                let word = way(content)?.to_owned();
                Some((content.kind.clone(), content.has_namespace, content.values, word))
            };
            let mut free: Index<_, Vec<usize>> = Index::default();
            for (place, content) in other.ids.values().enumerate() {
                if let Some(key) = key(content).filter(|_| !is_taken[place]) {
                    free.entry(key).or_default().push(place);
                }
            }
            left.retain(|content| {
                let found = key(content).and_then(|key| free.get_mut(&key)?.pop());
                if let Some(place) = found {
                    is_taken[place] = true;
                    points += EQUAL_BUT_FOR_NAME;
                }
                found.is_none()
            });
        }
        points * 200 / (EQUAL * (self.ids.len() + other.ids.len())).max(1)
    }
}

/// Hashes of the ids of objects.
pub(super) type Ids = BTreeSet<u64>;

/// The ids of the objects of a render that are in one target of a cluster: not those of namespaces and definitions.
pub(super) fn ids(render: &ResMap) -> Ids {
    let is_own = |one: &&Resource| !matches!(one.kind(), "Namespace" | "CustomResourceDefinition");
    let id = |one: &Resource| {
        hash((&*one.gvk().group, one.kind(), one.id().effective_namespace(), one.name()))
    };
    render.iter().filter(is_own).map(id).collect()
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
        let are_together = !targets[*old].is_beside(&targets[*new]);
        let objects = [(*old, *gone, to), (*new, *found, from)];
        for (target, place, other) in objects {
            let object = &mut targets[target].objects[place];
            object.elsewhere = Some(other);
            // Both targets together give, expose and check what they did.
            if are_together {
                object.effects.retain(|effect| !matches!(effect, Effect::Judged(_)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tests::{rendered, review};
    use crate::diff::{Object, Options, Review};

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
        let all = targets.iter();
        all.map(|(name, rendered)| Single { name, rendered: Some(rendered), files: &[] }).collect()
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

    /// A Deployment, its Service and its configuration, with a prefix and a namespace.
    fn shop(prefix: &str, namespace: &str, image: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {prefix}web, namespace: {namespace}}}, spec: {{replicas: 2, \
             template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: web, image: {image}, envFrom: [{{configMapRef: {{name: \
             {prefix}settings}}}}], ports: [{{containerPort: 80}}]}}]}}}}}}}}\n---\n\
             {{apiVersion: v1, kind: Service, metadata: {{name: {prefix}web, namespace: {namespace}}}, spec: {{selector: {{app: web}}}}}}\n---\n\
             {{apiVersion: v1, kind: ConfigMap, metadata: {{name: {prefix}settings, namespace: {namespace}}}, data: {{mode: fast}}}}\n---\n"
        )
    }

    #[test]
    fn targets_are_found_with_another_namespace_and_prefix() {
        let before = shop("", "a", "web:1");
        assert_eq!(moved(&[("a", &before)], &[("b", &shop("", "b", "web:1"))]), [(0, 0)]);
        assert_eq!(moved(&[("a", &before)], &[("b", &shop("b-", "b", "web:1"))]), [(0, 0)]);
        let prefixed = shop("a-", "a", "web:1");
        assert_eq!(moved(&[("a", &prefixed)], &[("b", &shop("b-", "b", "web:1"))]), [(0, 0)]);
        assert_eq!(moved(&[("a", &before)], &[("b", &config("a", "x"))]), []);
        // Of several, those with the same name or namespace.
        let [dev, prod] = ["dev", "prod"].map(|name| shop("", name, "web:1"));
        let [eu_dev, eu_prod] = ["eu-dev", "eu-prod"].map(|name| shop("", name, "web:1"));
        let old = [("dev", &*dev), ("prod", &*prod)];
        assert_eq!(moved(&old, &[("eu/prod", &eu_prod), ("eu/dev", &eu_dev)]), [(0, 1), (1, 0)]);
        assert_eq!(moved(&old, &[("one", &prod), ("two", &eu_dev)]), [(0, 1), (1, 0)]);
        let account = |name: &str| {
            format!("{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}}}}}\n")
        };
        assert_eq!(
            moved(&[("a", &account("x"))], &[("b", &account("y"))]),
            [],
            "too few values to tell"
        );
    }

    #[test]
    fn targets_are_found_by_the_files_of_their_directories() {
        let [one, other] = [rendered(&shop("", "a", "web:1")), rendered(&config("settings", "x"))];
        let file = |path: &str, text: &str| SourceFile::new(path, text);
        let old = [
            file("kustomization.yaml", "namespace: a\nresources: [one.yaml]\n"),
            file("one.yaml", "a: 1\nb: 2\nc: 3\n"),
        ];
        let new = [
            file("kustomization.yaml", "namespace: b\nresources: [one.yaml]\n"),
            file("one.yaml", "a: 1\nb: 2\nc: 3\n\n"),
        ];
        let pairs = |rendered: Option<&Rendered>, files: &[SourceFile]| {
            let before = [Single { name: "a", rendered: Some(&one), files: &old }];
            let after = [Single { name: "b", rendered, files }];
            let pairs = moved_targets(&before, &after);
            assert_eq!(pairs, moved_targets(&after, &before));
            pairs.len()
        };
        // A target that cannot be rendered any more.
        assert_eq!((pairs(None, &new), pairs(None, &[]), pairs(None, &new[..1])), (1, 0, 0));
        // One object of three is alike.
        let changed =
            rendered(&(config("settings", "x") + &config("more", "y") + &shop("", "b", "web:2")));
        assert_eq!(pairs(Some(&changed), &new), 1);
        assert_eq!(pairs(Some(&changed), &[]), 0);
        assert_eq!(pairs(Some(&other), &new), 0, "nearly all objects are others");
    }

    #[test]
    fn many_targets_are_paired_in_linear_time() {
        let targets = |prefix: &str, namespace: &str| -> Vec<(String, Rendered)> {
            let target = |number: usize| {
                let text = shop("", &format!("{namespace}{number}"), "web:1");
                (format!("{prefix}/site-{number}"), rendered(&text))
            };
            (0..300).map(target).collect()
        };
        let (old, new) = (targets("sites", "a"), targets("eu/sites", "b"));
        let mut pairs = moved_targets(&singles(&old), &singles(&new));
        pairs.sort_unstable();
        assert_eq!(pairs, (0..300).map(|number| (number, number)).collect::<Vec<_>>());
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
            let targets = sides.iter().enumerate().map(target).collect();
            let review = Review::of(targets, &Options::default());
            let objects = review.targets.iter().flat_map(|target| &target.objects);
            objects.map(|object: &Object| object.elsewhere.clone()).collect::<Vec<_>>()
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(targets(&[(&both, &one), (&one, &both)]), [some("t1"), some("t0")]);
        assert_eq!(targets(&[(&both, &one), (&one, &one)]), [None]);
        assert_eq!(targets(&[(&both, &one), ("", &other), ("", &other)]), [None, None, None]);
    }
}
