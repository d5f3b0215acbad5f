//! Headlines of a review: the most important differences, with a line each. Pages start with them.

use std::collections::BTreeMap;

use super::words::Words;
use crate::diff::{Effect, Failure, Group, Rank, Review, Security, Status, Turned};
use crate::harden::Set;

/// An important difference.
pub(super) struct Headline {
    pub kind: Kind,
    /// Title of the objects.
    pub title: String,
    /// Description of the difference.
    pub words: Words,
    /// Indices of the targets.
    pub targets: Vec<usize>,
}

/// Kind of a headline, the most important first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Removed, with a loss of data.
    Lost,
    /// Replaced by another object, with a loss of data.
    Replaced,
    /// Deleted and recreated.
    Recreated,
    /// Removed.
    Removed,
    /// Pods with a looser Pod Security level.
    Looser,
    /// Pods with a tighter Pod Security level.
    Tighter,
}

impl Kind {
    /// The words between the objects and the description.
    pub(super) const fn joint(self) -> &'static str {
        match self {
            Self::Lost | Self::Replaced => ", and with it ",
            Self::Recreated | Self::Removed | Self::Looser | Self::Tighter => ": ",
        }
    }
}

/// The headlines, the most important first. Of many of one kind only some are listed, with the number of the others.
pub(super) fn headlines(review: &Review) -> Vec<Headline> {
    let mut kinds: BTreeMap<Kind, Vec<Headline>> = BTreeMap::new();
    let all = review.groups.iter().flat_map(|group| of(review, group)).chain(removals(review));
    for headline in all {
        kinds.entry(headline.kind).or_default().push(headline);
    }
    kinds.into_values().flat_map(bounded).collect()
}

fn bounded(mut headlines: Vec<Headline>) -> Vec<Headline> {
    const MOST: usize = 20;
    if headlines.len() <= MOST + 1 {
        return headlines;
    }
    let rest = headlines.split_off(MOST);
    let mut targets: Vec<usize> =
        rest.iter().flat_map(|headline| headline.targets.iter().copied()).collect();
    targets.sort_unstable();
    targets.dedup();
    headlines.extend(rest.first().map(|first| Headline {
        kind: first.kind,
        title: format!("{} more, see below", rest.len()),
        words: Words::default(),
        targets,
    }));
    headlines
}

/// A failure, and the targets that could not be rendered because of it.
pub(super) struct Failing<'a> {
    /// Before the change, after it, or both.
    pub when: &'static str,
    pub failure: &'a Failure,
    /// Indices of the targets.
    pub targets: Vec<usize>,
}

/// The failures, each once.
pub(super) fn failing(review: &Review) -> Vec<Failing<'_>> {
    let mut failing: Vec<Failing<'_>> = Vec::new();
    let mut places: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (target, of) in review.targets.iter().enumerate() {
        let Status::Failed(failures) = &of.status else { continue };
        for (when, failure) in told(failures) {
            let place = *places.entry((when, failure.to_string())).or_insert(failing.len());
            match failing.get_mut(place) {
                Some(known) => known.targets.push(target),
                None => failing.push(Failing { when, failure, targets: vec![target] }),
            }
        }
    }
    failing
}

/// The failures of a target: one if they are the same before and after.
pub(super) fn told(failures: &[Option<Failure>; 2]) -> Vec<(&'static str, &Failure)> {
    match failures {
        [Some(before), Some(after)] if before == after => {
            vec![("before and after the change", after)]
        }
        [before, after] => [("before the change", before), ("after the change", after)]
            .into_iter()
            .filter_map(|(when, failure)| Some((when, failure.as_ref()?)))
            .collect(),
    }
}

/// Removals without further consequences, joined to one line if there are many in the same targets.
fn removals(review: &Review) -> Vec<Headline> {
    /// Maximum number of removals with a line each.
    const FEW: usize = 5;
    let mut removed: BTreeMap<Vec<usize>, Vec<&Group>> = BTreeMap::new();
    for group in review.groups.iter().filter(|of| review.object(of).rank() == Rank::Removed) {
        removed.entry(group.targets()).or_default().push(group);
    }
    let headline = |title: String, targets: &[usize]| Headline {
        kind: Kind::Removed,
        title,
        words: Words::default(),
        targets: targets.to_vec(),
    };
    let mut headlines = Vec::new();
    for (targets, groups) in removed {
        if groups.len() <= FEW {
            headlines.extend(groups.iter().map(|group| headline(review.title(group), &targets)));
            continue;
        }
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for group in &groups {
            *kinds.entry(&review.object(group).id().kind).or_default() += 1;
        }
        let kinds: Vec<String> =
            kinds.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
        let title = format!("{} objects: {}", groups.len(), kinds.join(", "));
        headlines.push(headline(title, &targets));
    }
    headlines
}

fn of(review: &Review, group: &Group) -> Vec<Headline> {
    let object = review.object(group);
    let is_gone = object.ids[1].is_none();
    let mut found = Vec::new();
    for effect in &object.effects {
        match effect {
            Effect::Lost(what) => {
                let kind = if is_gone { Kind::Lost } else { Kind::Replaced };
                found.push((kind, Words::new(*what)));
            }
            // A loss is more important.
            Effect::Recreated(why) if object.rank() == Rank::Recreated => {
                found.push((Kind::Recreated, Words::default().names(why)));
            }
            Effect::Security(security) if !is_gone => {
                let kind = match security.turned() {
                    Turned::Looser => Some(Kind::Looser),
                    Turned::Tighter => Some(Kind::Tighter),
                    Turned::Aside => None,
                };
                found.extend(kind.map(|kind| (kind, levels(security))));
            }
            Effect::Recreated(_)
            | Effect::Restarted(_)
            | Effect::Image(_)
            | Effect::Security(_) => {}
        }
    }
    let headline = |(kind, words)| Headline {
        kind,
        title: review.title(group),
        words,
        targets: group.targets(),
    };
    found.into_iter().map(headline).collect()
}

/// The levels before and after, with the rules that cause the difference.
fn levels(security: &Security) -> Words {
    let word = |level: Option<Set>| level.map_or("none", Set::as_str);
    let (before, after) = (word(security.before), word(security.after));
    let level = match security.before {
        None => format!("new and {after}"),
        Some(_) if before == after => format!("still {after}"),
        Some(_) => format!("{before} → {after}"),
    };
    let is_tighter = security.turned() == Turned::Tighter;
    let causes = if is_tighter { &security.satisfied } else { &security.violated };
    let names: Vec<&str> = causes.iter().map(|cause| cause.rule.name).collect();
    let no_more = if is_tighter { "no more " } else { "" };
    Words::new(format!("{level} ({no_more}{})", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Options, TargetReview};

    #[test]
    fn of_very_many_there_are_some_and_their_number() {
        let objects = |last: usize| -> String {
            let object = |place| {
                format!(
                    "{{apiVersion: v1, kind: Service, metadata: {{name: s{place}}}, spec: {{clusterIP: 10.0.{place}.{last}}}}}\n---\n"
                )
            };
            (0..30).map(object).collect()
        };
        let target = crate::diff::tests::target(&objects(1), &objects(2));
        let review = Review::of(vec![TargetReview::of(&target, &Options::default())]);
        let titles: Vec<String> = headlines(&review).into_iter().map(|of| of.title).collect();
        assert_eq!(titles.len(), 21);
        assert_eq!((&*titles[0], &*titles[20]), ("Service s0", "10 more, see below"));
    }
}
