//! A review as a page for people: the order of its parts, their words, and which of them are named or only counted.
//! Text and Markdown write the same pages; [`super::layout`] applies the limit of their length.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::found;
use super::headline::{self, Headline, Kind};
use super::outline::{self, Extent, Line};
use super::words::{self, Tone, Words};
use crate::diff::lines::Mark;
use crate::diff::{self, Change, Effect, Failure, Object, Review, Status, Summary, TurnedFinding};
use crate::harden::differences;

/// Maximum numbers of a format.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Length of a page.
    pub(super) size: Size,
    /// Targets named with a failure.
    pub(super) failing: usize,
    /// Targets named in the title of a section.
    pub(super) named: usize,
    /// Targets listed below the title of a section that has more than it may name; if it is 0, the title names the
    /// first ones.
    pub(super) listed: usize,
    /// Images.
    pub(super) images: usize,
    /// Targets that moved.
    pub(super) moved: usize,
    /// Differences to unfold; the section that reaches the number is complete.
    pub(super) unfolded: usize,
}

/// The limit of the length of a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Characters, or bytes.
    pub(super) most: usize,
    /// True if bytes count instead of characters.
    pub(super) is_in_bytes: bool,
}

impl Size {
    /// The length of a text.
    pub(super) fn of(self, text: &str) -> usize {
        if self.is_in_bytes { text.len() } else { text.chars().count() }
    }
}

/// A page.
pub(super) struct Page<'a> {
    pub(super) summary: Summary,
    pub(super) outcome: Outcome,
    /// Failures on one side, or others than before.
    pub(super) failures: Vec<Failing<'a>>,
    /// Failures that are the same on both sides.
    pub(super) alike: Option<Alike<'a>>,
    /// Targets that were added or removed without any object.
    pub(super) empty: Vec<(Fate, &'a str)>,
    /// Targets that moved: their names, and their former ones.
    pub(super) moved: Vec<(&'a str, &'a str)>,
    /// Number of further targets that moved.
    pub(super) more_moved: usize,
    pub(super) headlines: Vec<Important>,
    /// Findings of `check` that are new, accepted or resolved.
    pub(super) findings: Vec<(TurnedFinding, Words)>,
    pub(super) images: Vec<ImageChange>,
    /// Number of further images.
    pub(super) more_images: usize,
    /// Differences by their targets, the most important first.
    pub(super) sections: Vec<Section<'a>>,
}

/// The result of a review.
pub(super) enum Outcome {
    /// No target differs.
    Same,
    /// Some targets could not be rendered; the others do not differ.
    Partly { failed: usize, targets: usize },
    /// No target could be rendered.
    Unknown,
    /// Some targets differ: the counts.
    Different(Words),
}

/// A failure, and the targets that could not be rendered because of it.
pub(super) struct Failing<'a> {
    /// Before the change, or after it.
    pub(super) when: &'static str,
    pub(super) failure: &'a Failure,
    pub(super) targets: Words,
}

/// Targets that cannot be rendered, before and after the change in the same way.
pub(super) struct Alike<'a> {
    pub(super) targets: Words,
    /// The failure, if all have the same.
    pub(super) failure: Option<&'a Failure>,
}

/// Existence of a target on one side only.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    New,
    Gone,
    /// Gone, and before it could not be rendered.
    GoneUnseen,
}

/// An important difference.
pub(super) struct Important {
    pub(super) kind: Kind,
    /// Title of the objects.
    pub(super) title: String,
    /// Description of the difference, to follow the title; may be empty.
    pub(super) words: Words,
    /// The targets; `None` if there is only one.
    pub(super) targets: Option<Words>,
    /// Index of the difference; `None` if it is about several.
    pub(super) group: Option<usize>,
}

/// A changed image.
pub(super) struct ImageChange {
    /// Its name; empty if it changes.
    pub(super) name: String,
    /// Its tag and digest, or the whole reference.
    pub(super) before: String,
    pub(super) after: String,
    /// The objects that use it, and the number of those that restart.
    pub(super) users: Words,
    /// The targets; `None` if there is only one.
    pub(super) targets: Option<Words>,
}

/// Differences of the same targets.
pub(super) struct Section<'a> {
    /// The targets; `None` if there is only one, which needs no title.
    pub(super) title: Option<Words>,
    /// Names of targets that the title only counts.
    pub(super) listed: Option<Words>,
    /// Set if its only target is new or gone.
    pub(super) fate: Option<Fate>,
    pub(super) is_unfolded: bool,
    pub(super) groups: Vec<Group<'a>>,
}

/// A difference.
pub(super) struct Group<'a> {
    pub(super) mark: Mark,
    /// Title of its objects.
    pub(super) title: String,
    /// The change of their id.
    pub(super) renamed: Option<Words>,
    pub(super) effects: Vec<(Tone, Words)>,
    /// True if an empty line separates it from the group above.
    pub(super) is_apart: bool,
    object: Cow<'a, Object>,
}

impl Group<'_> {
    /// The changed fields.
    pub(super) fn lines(&self) -> Vec<Line> {
        outline::lines(&self.object, Extent::BRIEF)
    }
}

/// The part of a review that is told before its sections, which do not repeat it.
#[derive(Default)]
struct Told {
    /// Indices of differences.
    groups: BTreeSet<usize>,
    images: BTreeSet<diff::Image>,
}

impl Told {
    /// True if a difference is told completely.
    fn has(&self, place: usize, group: &diff::Group) -> bool {
        let Object { changes, effects, renamed, carries, .. } = &group.object;
        let is_of_image = |effect: &Effect| match effect {
            Effect::Restarted(_) | Effect::Image(_) => true,
            // The line of the image has both versions.
            Effect::Judged(judgement) => judgement.rule.id == differences::IMAGE_VERSION.id,
            _ => false,
        };
        self.groups.contains(&place)
            || !changes.is_empty()
                && changes.iter().all(|change| self.has_image(change))
                && effects.iter().all(is_of_image)
                && renamed.is_none()
                && carries.is_empty()
    }

    fn has_image(&self, change: &Change) -> bool {
        change.image().is_some_and(|image| self.images.contains(&image))
    }

    /// The object without the changes that are told.
    fn rest<'a>(&self, object: &'a Object) -> Cow<'a, Object> {
        if !object.changes.iter().any(|change| self.has_image(change)) {
            return Cow::Borrowed(object);
        }
        let mut object = object.clone();
        object.changes.retain(|change| !self.has_image(change));
        Cow::Owned(object)
    }
}

impl<'a> Page<'a> {
    /// The page of a review.
    pub(super) fn of(review: &'a Review, limits: &Limits) -> Self {
        let found_in =
            |targets: &[usize]| (review.targets.len() > 1).then(|| words::briefly(review, targets));
        let failing = |headline::Failing { when, failure, targets }| Failing {
            when,
            failure,
            targets: words::targets(review, &targets, limits.failing),
        };
        let empty = review.targets.iter().filter(|target| target.objects.is_empty());
        let mut told = Told::default();
        let important = |Headline { kind, title, words, targets, tells, group }| {
            told.groups.extend(tells);
            let are_gone =
                targets.iter().all(|&target| review.targets[target].status == Status::Removed);
            let is_gone = kind == Kind::Removed && are_gone;
            let found = found_in(&targets);
            let found = found.map(|words| if is_gone { words.say(" (gone)") } else { words });
            Important { kind, title, words, targets: found, group }
        };
        let headlines = headline::headlines(review).into_iter().map(important).collect();
        let images = review.images();
        let more_images = images.len().saturating_sub(limits.images);
        let image = |changed: diff::ChangedImage<'_>| {
            let diff::Image { name, before, after } = changed.image;
            let [shown_before, shown_after] = words::shortened(before, after);
            told.images.insert(changed.image.clone());
            ImageChange {
                name: name.clone(),
                before: shown_before,
                after: shown_after,
                users: words::users(review, &changed),
                targets: found_in(&changed.targets()),
            }
        };
        let images = images.into_iter().take(limits.images).map(image).collect();
        let moved: Vec<(&str, &str)> = review
            .targets
            .iter()
            .filter_map(|target| Some((&*target.name, target.moved_from.as_deref()?)))
            .collect();
        Self {
            more_moved: moved.len().saturating_sub(limits.moved),
            moved: moved.into_iter().take(limits.moved).collect(),
            summary: review.summary(),
            outcome: outcome(review),
            failures: headline::failing(review).into_iter().map(failing).collect(),
            alike: alike(review, limits),
            empty: empty
                .filter_map(|target| {
                    let fate = match &target.failed_before {
                        Some(_) => Fate::GoneUnseen,
                        None => Fate::of(&target.status)?,
                    };
                    Some((fate, &*target.name))
                })
                .collect(),
            headlines,
            findings: found::lines(review),
            images,
            more_images,
            sections: sections(review, limits, &told),
        }
    }

    /// True if there is anything between the counts and the sections.
    pub(super) const fn has_overview(&self) -> bool {
        let Self { failures, empty, headlines, findings, images, .. } = self;
        let has_news = !(headlines.is_empty() && findings.is_empty() && images.is_empty());
        has_news || !(failures.is_empty() && empty.is_empty())
    }
}

/// The targets that fail as before.
fn alike<'a>(review: &'a Review, limits: &Limits) -> Option<Alike<'a>> {
    let (mut places, mut failures) = (Vec::new(), Vec::new());
    for (place, target) in review.targets.iter().enumerate() {
        if let (true, Status::Failed([_, Some(failure)])) =
            (target.status.is_failed_alike(), &target.status)
        {
            places.push(place);
            failures.push(failure);
        }
    }
    let first = *failures.first()?;
    let is_same = failures.iter().all(|failure| *failure == first);
    let targets = words::targets(review, &places, limits.failing);
    Some(Alike { targets, failure: is_same.then_some(first) })
}

fn outcome(review: &Review) -> Outcome {
    let Summary { targets, failed, failed_alike, .. } = review.summary();
    match failed {
        _ if failed == failed_alike && failed < targets && !review.is_different() => Outcome::Same,
        _ if review.is_different() => Outcome::Different(words::summary(review)),
        0 => Outcome::Same,
        _ if failed == targets => Outcome::Unknown,
        _ => Outcome::Partly { failed, targets },
    }
}

impl Fate {
    const fn of(status: &Status) -> Option<Self> {
        match status {
            Status::Added => Some(Self::New),
            Status::Removed => Some(Self::Gone),
            Status::Changed | Status::Same | Status::Failed(_) => None,
        }
    }

    /// The fate in a word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone | Self::GoneUnseen => "gone",
        }
    }
}

fn sections<'a>(review: &'a Review, limits: &Limits, told: &Told) -> Vec<Section<'a>> {
    let mut shown = 0;
    let section = |section: diff::group::Section<'a>| {
        let (title, listed) = match review.targets.len() {
            1 => (None, None),
            _ => {
                let (title, listed) = titles(review, &section.targets, limits);
                (Some(title), listed)
            }
        };
        let fate = match section.targets[..] {
            [only] => Fate::of(&review.targets[only].status),
            _ => None,
        };
        let is_unfolded = shown < limits.unfolded;
        shown += section.groups.len();
        let mut groups: Vec<Group<'a>> =
            section.groups.iter().map(|of| group(review, of, told)).collect();
        for place in 1..groups.len() {
            let is_bare =
                |group: &Group<'_>| group.mark == Mark::Removed && group.effects.is_empty();
            groups[place].is_apart = !(is_bare(&groups[place - 1]) && is_bare(&groups[place]));
        }
        Section { title, listed, fate, is_unfolded, groups }
    };
    let groups = review.groups.iter().enumerate();
    let groups = groups.filter(|(place, group)| !told.has(*place, group)).map(|(_, group)| group);
    diff::group::sections(groups).into_iter().map(section).collect()
}

/// The targets of a section, and their names if the title only counts them.
fn titles(review: &Review, targets: &[usize], limits: &Limits) -> (Words, Option<Words>) {
    if limits.listed == 0 || targets.len() <= limits.named {
        return (words::targets(review, targets, limits.named), None);
    }
    let (title, top) = words::place(review, targets);
    (title, Some(words::names_below(review, targets, top, limits.listed)))
}

fn group<'a>(review: &Review, group: &'a diff::Group, told: &Told) -> Group<'a> {
    let object = &group.object;
    Group {
        mark: match &object.ids {
            [Some(_), Some(_)] => Mark::Changed,
            [Some(_), None] => Mark::Removed,
            [None, _] => Mark::Added,
        },
        title: review.title(group),
        renamed: words::renaming(object),
        effects: words::effects(object),
        is_apart: false,
        object: told.rest(object),
    }
}
