//! KR-DIF-012: images of another major version, of a lower one, or without a fixed one.

use std::collections::BTreeSet;

use crate::diff::containers::{Paired, paired};
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::diff::{Change, What};
use crate::harden::Severity;
use crate::harden::differences::IMAGE_VERSION;
use crate::harden::value::text;
use crate::resource::ImageReference;

/// Tags that are moved to newer images.
const MOVING: [&str; 13] = [
    "",
    "latest",
    "stable",
    "edge",
    "main",
    "master",
    "nightly",
    "dev",
    "develop",
    "development",
    "canary",
    "rolling",
    "release",
];

/// Judges the images of containers that are there on both sides.
pub(in crate::diff::weigh) fn images(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let mut told: BTreeSet<[&str; 2]> = BTreeSet::new();
    let pods = super::pods(sides);
    let pairs = pods.iter().flat_map(|[old, new]| paired(&old.containers, &new.containers));
    for Paired { before, after } in pairs {
        let images = [before, after].map(|one| one.and_then(|(.., node)| text(node, "image")));
        let [Some(old), Some(new)] = images else { continue };
        // Containers with the same image are told once.
        if old != new && told.insert([old, new]) {
            judge_image([old, new], "spec.containers", found);
        }
    }
}

/// Judges the images in objects that make pods in ways of their own, as far as they are texts.
pub(in crate::diff::weigh) fn named(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let mut told: BTreeSet<[&str; 2]> = BTreeSet::new();
    if !super::pods(sides).is_empty() {
        return images(sides, found);
    }
    for change in &sides.object.changes {
        let Some(images) = changed(change) else { continue };
        if told.insert(images) {
            let mut judged = Vec::new();
            judge_image(images, "spec", &mut judged);
            found.extend(judged.into_iter().map(|judged| judged.at(change.path.to_string())));
        }
    }
}

/// The images before and after, if a field is one.
fn changed(change: &Change) -> Option<[&str; 2]> {
    match (change.path.last_key()?, &change.what) {
        ("image", What::Changed(before, after)) => Some([before.as_text()?, after.as_text()?]),
        _ => None,
    }
}

/// True if a change is one of versions of an image, and takes the new one by a name as fixed as before.
pub(in crate::diff::weigh) fn is_of_version(change: &Change) -> bool {
    changed(change).is_some_and(|images| {
        let [old, new] = images.map(ImageReference::new);
        old.is_of_repository(&new) && loosened(&old, &new).is_none()
    })
}

/// The way in which a name is less fixed than one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loosened {
    /// A tag that is moved to newer images, or no tag.
    Moves,
    /// A tag without a version.
    Unnumbered,
    /// A tag without the digest.
    ByTag,
}

/// The way in which an image is named less exactly.
fn loosened(old: &ImageReference<'_>, new: &ImageReference<'_>) -> Option<Loosened> {
    if !new.digest.is_empty() {
        return None;
    }
    let was_pinned = !old.digest.is_empty();
    let has_number = |tag: &str| tag.contains(|letter: char| letter.is_ascii_digit());
    let moves = |tag: &str| {
        MOVING.contains(&tag)
            || !has_number(tag) && tag.split(['-', '_', '.']).any(|word| MOVING.contains(&word))
    };
    match () {
        () if moves(new.tag) => (was_pinned || !moves(old.tag)).then_some(Loosened::Moves),
        () if was_pinned => Some(Loosened::ByTag),
        () => (has_number(old.tag) && !has_number(new.tag)).then_some(Loosened::Unnumbered),
    }
}

fn judge_image(images: [&str; 2], path: &'static str, found: &mut Vec<Judgement>) {
    let [old, new] = images.map(ImageReference::new);
    let judged = |severity, phrase: Phrase| {
        Judgement::new(&IMAGE_VERSION, path, phrase).with_severity(severity)
    };
    let is_same = old.is_of_repository(&new);
    if !is_same {
        let phrase = Phrase::new("takes the image ").name(new.name);
        let phrase = phrase.say(" in place of ").name(old.name);
        found.push(judged(Severity::Note, phrase));
    }
    let loosened = loosened(&old, &new);
    if let Some(loosened) = loosened {
        let tag = if new.tag.is_empty() { "latest" } else { new.tag };
        let phrase = Phrase::new("takes ").name(new.name).say(" by the tag ").name(tag);
        let phrase = phrase.say(match loosened {
            Loosened::Moves => ", which moves",
            Loosened::Unnumbered => ", which names no version",
            Loosened::ByTag => ", and no longer by a digest",
        });
        found.push(judged(Severity::Warning, phrase));
    }
    if !is_same || loosened == Some(Loosened::Moves) {
        return;
    }
    let (Some(was), Some(is)) = (Version::of(old.tag), Version::of(new.tag)) else { return };
    let phrase = |words: &'static str| {
        let phrase = Phrase::new(words).name(new.name);
        phrase.say(": ").name(old.tag).say(" → ").name(new.tag)
    };
    if is.is_below(&was) {
        found.push(judged(Severity::Warning, phrase("goes back to an older version of ")));
    } else if is.is_another_major(&was) {
        found.push(judged(Severity::Warning, phrase("takes another major version of ")));
    }
}

/// The numbers at the beginning of a tag, and the stage before a release that follows them.
struct Version {
    numbers: Vec<u64>,
    stage: Stage,
}

/// A stage before a release, with its number; the release is the last one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Before(u8, u64),
    Release,
}

/// Words for the stages before a release, the earliest first.
const STAGES: [&[&str]; 5] = [
    &["snapshot", "nightly", "canary", "dev"],
    &["alpha", "a"],
    &["beta", "b"],
    &["preview", "pre", "milestone", "m"],
    &["rc", "cr"],
];

impl Stage {
    /// The stage in what follows the numbers of a tag: `-rc.1`, `-alpine-beta2`, `rc1`.
    fn of(rest: &str) -> Self {
        let rest = rest.to_ascii_lowercase();
        let mut words =
            rest.split(['-', '.', '_', '+']).skip_while(|word| word.is_empty()).peekable();
        while let Some(word) = words.next() {
            let end = word.find(|one: char| one.is_ascii_digit()).unwrap_or(word.len());
            let (name, number) = word.split_at(end);
            if let Some(stage) = STAGES.iter().position(|names| names.contains(&name)) {
                let next = words.peek().filter(|_| number.is_empty());
                let number = next.copied().unwrap_or(number).parse().unwrap_or(0);
                return Self::Before(u8::try_from(stage).unwrap_or(0), number);
            }
        }
        Self::Release
    }
}

impl Version {
    /// `None` for a tag that begins with no number.
    fn of(tag: &str) -> Option<Self> {
        let tag = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
        let end = tag.find(|one: char| !one.is_ascii_digit() && one != '.').unwrap_or(tag.len());
        // Letters behind a number make it a part of a commit.
        let rest = tag[end..].chars().next();
        if rest.is_some_and(|one| one.is_ascii_alphabetic()) && !tag[..end].contains('.') {
            return None;
        }
        let numbers = tag[..end].split('.').map(str::parse).take(4);
        let numbers: Vec<u64> = numbers.collect::<Result<_, _>>().ok()?;
        Some(Self { numbers, stage: Stage::of(&tag[end..]) })
    }

    /// True if the numbers that both have are lower, or if they are the same and its stage is earlier.
    fn is_below(&self, other: &Self) -> bool {
        let common = self.numbers.len().min(other.numbers.len());
        let (own, others) = (&self.numbers[..common], &other.numbers[..common]);
        own < others || own == others && self.stage < other.stage
    }

    /// True for a higher first number, unless that is a year or a date.
    fn is_another_major(&self, other: &Self) -> bool {
        const YEAR: u64 = 1000;
        match (self.numbers.first(), other.numbers.first()) {
            (Some(own), Some(other)) => own > other && *other < YEAR,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> Vec<String> {
        let mut found = Vec::new();
        judge_image([before, after], "spec.containers", &mut found);
        let told = |judged: &Judgement| format!("{} {}", judged.severity.as_str(), judged.phrase);
        found.iter().map(told).collect()
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let major = "warning takes another major version of a: ";
        let lower = "warning goes back to an older version of a: ";
        for (before, after, expected) in [
            ("a:1.2", "a:2.0", Some(format!("{major}1.2 → 2.0"))),
            ("a:v1.9.3-alpine", "a:v2", Some(format!("{major}v1.9.3-alpine → v2"))),
            ("a:1.9", "a:1.10", None),
            ("a:1.10", "a:1.9", Some(format!("{lower}1.10 → 1.9"))),
            ("a:2", "a:1.9", Some(format!("{lower}2 → 1.9"))),
            ("a:1", "a:1.2", None),
            ("a:1.2.0", "a:1.2.0-rc1", Some(format!("{lower}1.2.0 → 1.2.0-rc1"))),
            ("a:1.2.0-rc1", "a:1.2.0", None),
            ("a:1.2.0-rc.2", "a:1.2.0-rc.1", Some(format!("{lower}1.2.0-rc.2 → 1.2.0-rc.1"))),
            ("a:1.2.0-rc1", "a:1.2.0-beta2", Some(format!("{lower}1.2.0-rc1 → 1.2.0-beta2"))),
            ("a:1.2.0-alpine", "a:1.2.0-debian", None),
            ("a:1.2.0", "a:1.2.0-alpine", None),
            ("a:1.2.0", "a:1.2.1-rc1", None),
            ("a:1.2.0", "a:1.2.0rc1", Some(format!("{lower}1.2.0 → 1.2.0rc1"))),
            ("a:2025.1", "a:2026.1", None),
            ("a:20250101", "a:20240101", Some(format!("{lower}20250101 → 20240101"))),
            ("a:latest", "a:1.2", None),
            ("a:3f2c", "a:1d0e", None),
            ("a:1", "b:2", Some("note takes the image b in place of a".to_owned())),
            ("docker.io/library/a:1.2", "a:2.0", Some(format!("{major}1.2 → 2.0"))),
            ("index.docker.io/x/a:1.2", "x/a:1.3", None),
        ] {
            assert_eq!(told(before, after), Vec::from_iter(expected), "{before} {after}");
        }
    }

    #[test]
    fn pins_that_are_loosened_are_told() {
        let tag =
            |tag: &str, words: &str| Some(format!("warning takes a by the tag {tag}, {words}"));
        let moving = |name: &str| tag(name, "which moves");
        let open = |name: &str| tag(name, "and no longer by a digest");
        let unnumbered = |name: &str| tag(name, "which names no version");
        for (before, after, expected) in [
            ("a:1.2", "a:latest", moving("latest")),
            ("a:1.2", "a", moving("latest")),
            ("a@sha256:1", "a", moving("latest")),
            ("a:latest@sha256:1", "a:latest", moving("latest")),
            ("a:1.2", "a:latest-alpine", moving("latest-alpine")),
            ("a:1.2", "a:debian-stable", moving("debian-stable")),
            ("a:1.2@sha256:1", "a:1.2", open("1.2")),
            ("a@sha256:1", "a:1.27", open("1.27")),
            ("a@sha256:1", "a:3f2c", open("3f2c")),
            ("docker.io/library/a@sha256:1", "a:1.27", open("1.27")),
            ("a:1.2", "a:alpine", unnumbered("alpine")),
            ("a:3f2c", "a:prod", unnumbered("prod")),
            ("a:prod", "a:test", None),
            ("a:latest", "a", None),
            ("a", "a:latest", None),
            ("a:stable", "a:latest-alpine", None),
            ("a:main-1", "a:main-2", None),
            ("a:1.2", "a@sha256:1", None),
            ("a:1.2", "a:latest@sha256:1", None),
            ("a:1.2@sha256:1", "a:1.3@sha256:2", None),
        ] {
            assert_eq!(told(before, after), Vec::from_iter(expected), "{before} {after}");
        }
        let two = told("a:2.0@sha256:1", "a:1.9");
        assert_eq!(two.len(), 2, "{two:?}");
        let other = told("a@sha256:1", "b:1.9");
        assert_eq!(other[0], "note takes the image b in place of a");
        assert_eq!(other[1], "warning takes b by the tag 1.9, and no longer by a digest");
    }
}
