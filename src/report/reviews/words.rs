//! Phrases about differences: fixed words, and names from input, which formats may mark.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diff::group::few;
use crate::diff::{
    Cause, ChangedImage, Effect, Group, Object, Part, Phrase, Renaming, Review, Security, Summary,
    Turned, moved,
};
use crate::harden::{Set, Severity};
use crate::text::escape;

/// A phrase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(Vec<Word>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Plain(String),
    Name(String),
}

/// Severity of a phrase, which selects its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Alarm,
    Warning,
    Looser,
    Tighter,
    Plain,
}

impl Words {
    /// A phrase of fixed words.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self::default().say(text)
    }

    /// The phrase after a mark; unchanged if it is empty.
    pub(super) fn behind(self, mark: &str) -> Self {
        if self.0.is_empty() { self } else { Self::new(mark).and(self) }
    }

    /// Appends fixed words.
    pub(super) fn say(mut self, text: impl Into<String>) -> Self {
        self.0.push(Word::Plain(text.into()));
        self
    }

    /// Appends a name from input.
    pub(super) fn name(mut self, name: impl Into<String>) -> Self {
        self.0.push(Word::Name(name.into()));
        self
    }

    /// Appends names, separated by commas.
    pub(super) fn names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        for (place, name) in names.into_iter().enumerate() {
            self = if place > 0 { self.say(", ") } else { self };
            self = self.name(name);
        }
        self
    }

    /// Appends another phrase.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The text, with names formatted by a function.
    pub(super) fn written(&self, name: impl Fn(&str) -> String) -> String {
        let text = |word: &Word| match word {
            Word::Plain(text) => text.clone(),
            Word::Name(text) => name(text),
        };
        self.0.iter().map(text).collect()
    }
}

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written(visible))
    }
}

/// Text from input with invisible characters escaped.
pub(super) fn visible(text: &str) -> String {
    escape::visible(text).into_owned()
}

/// A line with the counts of a review, the most important first.
pub(super) fn summary(review: &Review) -> Words {
    let Summary { targets, different, failed, failed_alike, added, removed, changed, .. } =
        review.summary();
    let Summary { restarted, recreated, lost, looser, weakened, tightened, .. } = review.summary();
    let Summary { granted, exposed, at_risk, broken, less_available, .. } = review.summary();
    let numbers = [
        (lost, "LOST"),
        (granted, if granted == 1 { "GRANTS RIGHTS" } else { "GRANT RIGHTS" }),
        (at_risk, "DATA AT RISK"),
        (exposed, "EXPOSED"),
        (recreated, "must be recreated"),
        (removed, "removed"),
        (looser, "LOOSER"),
        (weakened, "WEAKER"),
        (broken, if broken == 1 { "BREAKS" } else { "BREAK" }),
        (less_available, "LESS AVAILABLE"),
        (restarted, if restarted == 1 { "restarts" } else { "restart" }),
        (changed, "changed"),
        (added, "new"),
        (tightened, "tighter"),
        (failed - failed_alike, "not rendered"),
    ];
    let numbers = numbers.into_iter().filter(|(number, _)| *number > 0);
    let numbers: Vec<String> = numbers.map(|(number, word)| format!("{number} {word}")).collect();
    let numbers = match numbers.is_empty() {
        true => Words::default(),
        false => Words::new(numbers.join(" · ")),
    };
    let numbers = match review.nature() {
        Some(nature) if !review.groups.is_empty() => {
            let mark = if numbers.0.is_empty() { "" } else { " · " };
            numbers.say(format!("{mark}{}", nature.words()))
        }
        _ => numbers,
    };
    match &review.targets[..] {
        [only] => Words::default().name(&only.name).and(numbers.behind(": ")),
        _ => {
            let differ = Words::new(format!("{different} of {targets} targets differ"));
            differ.and(numbers.behind(" · "))
        }
    }
}

/// The effects of a difference, except for images.
pub(super) fn effects(object: &Object) -> Vec<(Tone, Words)> {
    let mut words: Vec<(Tone, Words)> = object
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Lost(what) => Some((Tone::Alarm, Words::new(format!("LOSES {what}")))),
            Effect::Recreated(why) => {
                let why = reasons(object, why).behind(": ");
                Some((Tone::Warning, Words::new("must be recreated").and(why)))
            }
            Effect::Restarted(why) => Some((Tone::Plain, Words::new("restarts: ").names(why))),
            Effect::Security(security) => Some(pod_security(security)),
            Effect::Judged(judgement) => {
                let tone = match judgement.severity {
                    Severity::Error => Tone::Alarm,
                    Severity::Warning => Tone::Warning,
                    Severity::Note => Tone::Plain,
                };
                let rule = format!(" ({})", judgement.rule.id);
                Some((tone, phrase(&judgement.phrase).say(rule)))
            }
            Effect::Image(_) => None,
        })
        .collect();
    let carried = |restarts: bool| -> Vec<&String> {
        let labels = object.carries.iter().filter(|(_, other)| *other == restarts);
        labels.map(|(label, _)| label).collect()
    };
    let (restarted, referring) = (carried(true), carried(false));
    if !restarted.is_empty() {
        words.push((Tone::Plain, Words::new("restarts ").names(restarted)));
    }
    if !referring.is_empty() {
        let names = Words::default().names(referring);
        words.push((Tone::Plain, names.say(" refers to it by its new name")));
    }
    words
}

/// Reasons for recreating an object, except for its new id, which is shown with its title.
pub(super) fn reasons(object: &Object, why: &[String]) -> Words {
    let moved = moved(object);
    Words::default().names(why.iter().filter(|why| Some(*why) != moved.as_ref()))
}

/// A phrase of a judgement.
pub(super) fn phrase(phrase: &Phrase) -> Words {
    phrase.parts().iter().fold(Words::default(), |words, part| match part {
        Part::Words(text) => words.say(text.as_ref()),
        Part::Name(_) => words.name(part.shown()),
    })
}

/// The levels before and after, and the rules that cause the difference.
fn pod_security(security: &Security) -> (Tone, Words) {
    let level = |level: Option<Set>| level.map_or("none", Set::as_str);
    let (before, after) = (level(security.before), level(security.after));
    let levels = match before == after {
        true => format!("still {after}"),
        false => format!("{before} → {after}"),
    };
    let (tone, verdict) = match (security.before, security.after, security.turned()) {
        (None, ..) => (Tone::Looser, format!(": {after}")),
        (_, None, _) => (Tone::Plain, format!(": was {before}")),
        (_, _, Turned::Aside) => (Tone::Plain, String::new()),
        (_, _, Turned::Looser) => (Tone::Looser, format!(" LOOSER, {levels}")),
        (_, _, Turned::Tighter) => (Tone::Tighter, format!(" tighter, {levels}")),
    };
    let now = if security.before.is_some() { ": now violates " } else { ", violates " };
    let mut words = Words::new(format!("pod security{verdict}"));
    if !security.violated.is_empty() {
        words = words.say(now).and(rules(&security.violated));
    }
    if !security.satisfied.is_empty() {
        let mark = if security.violated.is_empty() { ":" } else { ";" };
        words = words.say(format!("{mark} no longer violates ")).and(rules(&security.satisfied));
    }
    (tone, words)
}

fn rules(causes: &[Cause]) -> Words {
    let mut words = Words::default();
    for (place, Cause { rule, containers, .. }) in causes.iter().enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        words = words.say(format!("{comma}{} {}", rule.id, rule.name));
        if !containers.is_empty() {
            let names = containers.iter().map(|name| match &**name {
                "" => "a container without a name",
                name => name,
            });
            words = words.say(" (").names(names).say(")");
        }
    }
    words
}

/// The reason for another id, if it differs, or the other target of an object that moved.
pub(super) fn renaming(object: &Object) -> Option<Words> {
    if let Some(other) = &object.elsewhere {
        let word = if object.ids[1].is_none() { "moved to " } else { "moved from " };
        return Some(Words::new(word).name(other));
    }
    let [Some(before), Some(after)] = &object.ids else { return None };
    let (old, new) = match object.renamed? {
        Renaming::Hash if object.has_only_another_hash() => {
            return Some(Words::new("new hash in its name"));
        }
        Renaming::Version | Renaming::Group => (&before.api_version, &after.api_version),
        Renaming::Namespace => (&before.namespace, &after.namespace),
        Renaming::Name | Renaming::Hash => (&before.name, &after.name),
    };
    let or_default =
        |text: &str| if text.is_empty() { "default".to_owned() } else { text.to_owned() };
    Some(Words::default().name(or_default(old)).say(" → ").name(or_default(new)))
}

/// An image and its change.
pub(super) fn image(name: &str, before: &str, after: &str) -> Words {
    let words = match name.is_empty() {
        true => Words::default(),
        false => Words::default().name(name).say(": "),
    };
    words.name(before).say(" → ").name(after)
}

/// The objects with a changed image, and the number of those that restart.
pub(super) fn users(review: &Review, image: &ChangedImage<'_>) -> Words {
    /// Maximum number of objects that are named.
    const FEW: usize = 3;
    let mut objects: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for group in &image.groups {
        objects.entry(&group.object.id().kind).or_default().extend(review.stems(group));
    }
    let number: usize = objects.values().map(BTreeSet::len).sum();
    let words = match &image.groups[..] {
        [only] if number == 1 => Words::default().name(review.title(only)),
        _ if number <= FEW => {
            let names = objects
                .iter()
                .flat_map(|(kind, stems)| stems.iter().map(move |stem| format!("{kind} {stem}")));
            Words::default().names(names)
        }
        _ => {
            let counts = objects.iter().map(|(kind, stems)| format!("{} {kind}", stems.len()));
            Words::default().names(counts)
        }
    };
    let restarts =
        |group: &Group| group.object.effects.iter().any(|of| matches!(of, Effect::Restarted(_)));
    let count = |groups: &mut dyn Iterator<Item = &&Group>| -> usize {
        groups.map(|group| group.members.len()).sum()
    };
    let all = count(&mut image.groups.iter());
    match count(&mut image.groups.iter().filter(|group| restarts(group))) {
        0 => words,
        restarted if restarted == all && all == 1 => words.say(", restarts"),
        restarted if restarted == all => words.say(format!(", {all} restart")),
        restarted => words.say(format!(", {restarted} of {all} restart")),
    }
}

/// Tags and digests before and after, with shortened digests if these still differ.
pub(super) fn shortened(before: &str, after: &str) -> [String; 2] {
    let shown = [before, after].map(short);
    if shown[0] == shown[1] { [before, after].map(str::to_owned) } else { shown }
}

/// A reference with a shortened digest.
fn short(reference: &str) -> String {
    const DIGITS: usize = 12;
    const ALGORITHM: &str = "sha256:";
    let Some(start) = reference.find(ALGORITHM) else { return reference.to_owned() };
    let (head, digits) = reference.split_at(start + ALGORITHM.len());
    let is_digest = digits.len() > DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest { format!("{head}{}…", &digits[..DIGITS]) } else { reference.to_owned() }
}

/// Some targets: their number, and the names of a few. Their common directory is given once.
pub(super) fn targets(review: &Review, places: &[usize], most: usize) -> Words {
    if places.len() < 3 {
        return names_below(review, places, 0, most);
    }
    let (words, top) = place(review, places);
    words.say(": ").and(names_below(review, places, top, most))
}

/// The names of up to three targets; of more, their number and common directory.
pub(super) fn briefly(review: &Review, places: &[usize]) -> Words {
    match places.len() {
        0..=3 => names_below(review, places, 0, 3),
        _ => place(review, places).0,
    }
}

/// The number and the common directory of some targets, with the length of that directory.
pub(super) fn place(review: &Review, places: &[usize]) -> (Words, usize) {
    let names = names_of(review, places);
    let all = if places.len() == review.targets.len() { "all " } else { "" };
    let words = Words::new(format!("{all}{} targets", places.len()));
    match common_directory(&names) {
        "" => (words, 0),
        top => (words.say(" in ").name(top), top.len()),
    }
}

/// The names of a few targets without their common directory.
pub(super) fn names_below(review: &Review, places: &[usize], top: usize, most: usize) -> Words {
    let names: Vec<&str> = names_of(review, places).iter().map(|name| &name[top..]).collect();
    let shown = few(&names, most);
    let words = Words::default().names(shown.iter().copied());
    if shown.len() < names.len() { words.say(", …") } else { words }
}

fn names_of<'a>(review: &'a Review, places: &[usize]) -> Vec<&'a str> {
    places.iter().map(|&place| review.targets[place].name.as_str()).collect()
}

/// The common directory of all paths, up to a slash; each path is longer than that.
fn common_directory<'a>(paths: &[&'a str]) -> &'a str {
    let Some((first, others)) = paths.split_first() else { return "" };
    let is_common = |end: &usize| others.iter().all(|path| path.starts_with(&first[..*end]));
    let ends = first.char_indices().filter(|(_, character)| *character == '/');
    ends.map(|(at, _)| at + 1).take_while(is_common).last().map_or("", |end| &first[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_set_apart() {
        let words = Words::new("restarts: ").names(["a", "b\u{1b}"]).say("!");
        assert_eq!(words.written(|name| format!("<{name}>")), "restarts: <a>, <b\u{1b}>!");
        assert_eq!(words.to_string(), "restarts: a, b\\u{1b}!");
    }

    #[test]
    fn what_paths_have_in_common_ends_with_a_slash() {
        assert_eq!(common_directory(&["a/b/c", "a/b/d", "a/bc"]), "a/");
        assert_eq!(common_directory(&["a/b", "a/b/c"]), "a/");
        assert_eq!(common_directory(&["a", "b"]), "");
        assert_eq!(common_directory(&["/a/b", "/a/c"]), "/a/");
        assert_eq!(common_directory(&[]), "");
    }

    #[test]
    fn digests_are_shortened() {
        let digest = "1.2@sha256:0123456789abcdef0123456789abcdef";
        assert_eq!(short(digest), "1.2@sha256:0123456789ab…");
        assert_eq!(short("1.2"), "1.2");
        assert_eq!(short("sha256:0123"), "sha256:0123");
        let other = format!("{digest}0");
        assert_eq!(shortened(digest, &other), [digest, &other], "shortened ones are equal");
    }
}
