//! KR-DIF-012: images of another major version, of a lower one, or without a fixed one.

use crate::diff::containers::{Paired, paired};
use crate::diff::weigh::{Judgement, Phrase, Sides};
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
    let mut told: Vec<(String, String)> = Vec::new();
    let pods = super::pods(sides);
    let pairs = pods.iter().flat_map(|[old, new]| paired(&old.containers, &new.containers));
    for Paired { before, after } in pairs {
        let images = [before, after].map(|one| one.and_then(|(.., node)| text(node, "image")));
        let [Some(old), Some(new)] = images else { continue };
        // Containers with the same image are told once; real pods have a few.
        let both = (old.to_owned(), new.to_owned());
        if old == new || told.contains(&both) || told.len() > 64 {
            continue;
        }
        found.extend(of_image(old, new));
        told.push(both);
    }
}

fn of_image(before: &str, after: &str) -> Option<Judgement> {
    let [old, new] = [before, after].map(ImageReference::new);
    let judged = |severity, phrase: Phrase| {
        Judgement::new(&IMAGE_VERSION, "spec.containers", phrase).with_severity(severity)
    };
    if old.name != new.name {
        let phrase = Phrase::new("takes the image ").name(new.name);
        let phrase = phrase.say(" in place of ").name(old.name);
        return Some(judged(Severity::Note, phrase));
    }
    let is_fixed =
        |image: &ImageReference<'_>| !image.digest.is_empty() || !MOVING.contains(&image.tag);
    if is_fixed(&old) && !is_fixed(&new) {
        let tag = if new.tag.is_empty() { "latest" } else { new.tag };
        let phrase = Phrase::new("takes ").name(old.name).say(" by the tag ").name(tag);
        return Some(judged(Severity::Warning, phrase.say(", which moves")));
    }
    let (Some(was), Some(is)) = (Version::of(old.tag), Version::of(new.tag)) else { return None };
    let phrase = |words: &'static str| {
        let phrase = Phrase::new(words).name(old.name);
        phrase.say(": ").name(old.tag).say(" → ").name(new.tag)
    };
    if is.is_below(&was) {
        return Some(judged(Severity::Warning, phrase("goes back to an older version of ")));
    }
    is.is_another_major(&was)
        .then(|| judged(Severity::Warning, phrase("takes another major version of ")))
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

    fn told(before: &str, after: &str) -> Option<String> {
        let judged = of_image(before, after)?;
        Some(format!("{} {}", judged.severity.as_str(), judged.phrase))
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
            (
                "a:1.2",
                "a:latest",
                Some("warning takes a by the tag latest, which moves".to_owned()),
            ),
            ("a@sha256:1", "a", Some("warning takes a by the tag latest, which moves".to_owned())),
            ("a:latest", "a:1.2", None),
            ("a:3f2c", "a:1d0e", None),
            ("a:1.2@sha256:1", "a:1.2", None),
            ("a:1", "b:2", Some("note takes the image b in place of a".to_owned())),
        ] {
            assert_eq!(told(before, after), expected, "{before} {after}");
        }
    }
}
