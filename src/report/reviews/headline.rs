//! Headlines of a review: the most important differences, with a line each. Pages start with them.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{self, Words};
use crate::diff::group::few;
use crate::diff::{
    Effect, Failure, Group, Growth, Judgement, Object, Rank, Review, Security, Status, Turned,
};
use crate::harden::{Set, Severity, differences};

/// An important difference.
pub(super) struct Headline {
    pub kind: Kind,
    /// Title of the objects.
    pub title: String,
    /// Description of the difference, to follow the title; may be empty.
    pub words: Words,
    /// Indices of the targets.
    pub targets: Vec<usize>,
    /// Index of the difference, if the headline tells all of it.
    pub tells: Option<usize>,
    /// Index of the difference; `None` if it is about several.
    pub group: Option<usize>,
}

/// Kind of a headline, the most important first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Removed, with a loss of data.
    Lost,
    /// Replaced by another object, with a loss of data.
    Replaced,
    /// Someone gets rights.
    Granted,
    /// A volume or its data are at risk.
    AtRisk,
    /// Something can be reached from more places.
    Exposed,
    /// A target is of another stage.
    Restaged,
    /// Deleted and recreated.
    Recreated,
    /// Removed.
    Removed,
    /// Pods with a looser Pod Security level.
    Looser,
    /// Less is checked or protected.
    Weaker,
    /// Clients of a definition no longer find it.
    Broken,
    /// Fewer copies, or less protection of them.
    Unavailable,
    /// Another class of quality of service, or more requests.
    Demand,
    /// Another major version of an image, or a lower one.
    Version,
    /// Pods with a tighter Pod Security level.
    Tighter,
}

impl Kind {
    /// The words between the objects and the loss.
    const fn joint(self) -> &'static str {
        match self {
            Self::Lost => ", and with it ",
            _ => ", which loses ",
        }
    }
}

/// The headlines, the most important first. Of many of one kind only some are listed, with the number of the others.
pub(super) fn headlines(review: &Review) -> Vec<Headline> {
    let mut kinds: BTreeMap<Kind, Vec<Headline>> = BTreeMap::new();
    let is_new = |(_, group): &(usize, &Group)| {
        group.targets().iter().all(|&place| review.targets[place].status == Status::Added)
    };
    let (new, others): (Vec<_>, Vec<_>) = review.groups.iter().enumerate().partition(is_new);
    let of = |(place, group)| of(review, place, group);
    let new = joined(new.into_iter().flat_map(of).collect());
    let all = others.into_iter().flat_map(of).chain(new);
    for headline in all.chain(removals(review)).chain(demands(review)).chain(restaged(review)) {
        kinds.entry(headline.kind).or_default().push(headline);
    }
    kinds.into_values().flat_map(bounded).collect()
}

/// The targets that moved to another stage.
fn restaged(review: &Review) -> impl Iterator<Item = Headline> {
    let targets = review.targets.iter().enumerate();
    targets.filter_map(|(place, target)| {
        let words = Words::new(": is ").name(&*target.name);
        Some(Headline {
            kind: Kind::Restaged,
            title: target.stage_before()?.to_owned(),
            words: words.say(" now, where nothing of it was before"),
            targets: vec![place],
            tells: None,
            group: None,
        })
    })
}

/// The requests that grow in namespaces: for each resource of a namespace the most that they grow by, and the targets.
/// Namespaces whose sums are the same share a headline.
fn demands(review: &Review) -> Vec<Headline> {
    let mut grown: BTreeMap<(&str, &str), Vec<(usize, &Growth)>> = BTreeMap::new();
    for (place, target) in review.targets.iter().enumerate() {
        for one in &target.growth {
            grown.entry((&one.namespace, one.resource)).or_default().push((place, one));
        }
    }
    let mut alike: BTreeMap<(&str, bool, [String; 2]), Demand<'_>> = BTreeMap::new();
    for ((namespace, resource), all) in grown {
        let Some(most) = all.iter().map(|(_, one)| *one).max_by_key(|one| one.percent()) else {
            continue;
        };
        let demand = alike.entry((resource, all.len() > 1, most.sums())).or_default();
        demand.percent = most.percent();
        demand.namespaces.push(namespace);
        demand.targets.extend(all.iter().map(|(place, _)| *place));
    }
    alike.into_iter().map(|(key, demand)| demand.headline(key)).collect()
}

/// Requests that grow alike.
#[derive(Default)]
struct Demand<'a> {
    percent: i128,
    namespaces: Vec<&'a str>,
    /// Indices of the targets.
    targets: BTreeSet<usize>,
}

impl Demand<'_> {
    /// The headline of a resource, whose sums grow in several targets or in one.
    fn headline(self, (resource, are_several, sums): (&str, bool, [String; 2])) -> Headline {
        let Demand { percent, namespaces, targets } = self;
        let (title, each) = match namespaces[..] {
            [only] => (format!("Namespace {only}"), ""),
            _ => (format!("{} namespaces", namespaces.len()), "each "),
        };
        let up_to = if are_several { "up to " } else { "" };
        let words = format!(": {each}requests {up_to}{percent} % more {resource}: ");
        let [before, after] = sums;
        Headline {
            kind: Kind::Demand,
            title,
            words: Words::new(words).name(before).say(" → ").name(after),
            targets: targets.into_iter().collect(),
            tells: None,
            group: None,
        }
    }
}

/// Headlines about new targets: of many of one kind in the same targets, one with their number.
fn joined(headlines: Vec<Headline>) -> Vec<Headline> {
    const FEW: usize = 3;
    let mut kinds: BTreeMap<(Kind, Vec<usize>), Vec<Headline>> = BTreeMap::new();
    for headline in headlines {
        kinds.entry((headline.kind, headline.targets.clone())).or_default().push(headline);
    }
    let join = |((kind, targets), all): ((Kind, Vec<usize>), Vec<Headline>)| {
        if all.len() <= FEW {
            return all;
        }
        let titles: Vec<&str> = all.iter().map(|headline| &*headline.title).collect();
        let shown = few(&titles, FEW);
        let more = if shown.len() < titles.len() { ", …" } else { "" };
        let words = Words::new(": ").names(shown.iter().copied()).say(more);
        let title = format!("{} new objects", all.len());
        vec![Headline { kind, title, words, targets, tells: None, group: None }]
    };
    kinds.into_iter().flat_map(join).collect()
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
        tells: None,
        group: None,
    }));
    headlines
}

/// A failure, and the targets that could not be rendered because of it.
pub(super) struct Failing<'a> {
    /// Before the change, or after it.
    pub when: &'static str,
    pub failure: &'a Failure,
    /// Indices of the targets.
    pub targets: Vec<usize>,
}

/// The failures, each once; without those that are the same before and after.
pub(super) fn failing(review: &Review) -> Vec<Failing<'_>> {
    let mut failing: Vec<Failing<'_>> = Vec::new();
    let mut places: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (target, of) in review.targets.iter().enumerate() {
        let Status::Failed(failures) = &of.status else { continue };
        if of.status.is_failed_alike() {
            continue;
        }
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
    let mut removed: BTreeMap<Vec<usize>, Vec<(usize, &Group)>> = BTreeMap::new();
    // A judgement has a headline that says more.
    let is_judged = |effect: &Effect| matches!(effect, Effect::Judged(judgement) if judgement.severity >= Severity::Warning);
    for (place, group) in review.groups.iter().enumerate() {
        let object = &group.object;
        if object.rank() == Rank::Removed && !object.effects.iter().any(is_judged) {
            removed.entry(group.targets()).or_default().push((place, group));
        }
    }
    let headline = |title: String, words: Words, targets: &[usize], group, tells| Headline {
        kind: Kind::Removed,
        title,
        words,
        targets: targets.to_vec(),
        tells,
        group,
    };
    let mut headlines = Vec::new();
    for (targets, groups) in removed {
        if groups.len() <= FEW {
            headlines.extend(groups.iter().map(|&(place, group)| {
                let tells = group.object.effects.is_empty().then_some(place);
                let words = renaming(&group.object);
                headline(review.title(group), words, &targets, Some(place), tells)
            }));
            continue;
        }
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, group) in &groups {
            *kinds.entry(&group.object.id().kind).or_default() += 1;
        }
        let kinds: Vec<String> =
            kinds.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
        let title = format!("{} objects: {}", groups.len(), kinds.join(", "));
        headlines.push(headline(title, Words::default(), &targets, None, None));
    }
    headlines
}

fn of(review: &Review, place: usize, group: &Group) -> Vec<Headline> {
    let object = &group.object;
    let is_gone = object.ids[1].is_none();
    let mut is_told = object.changes.is_empty() && object.ids[0].is_some();
    is_told &= object.carries.is_empty();
    let is_lost = object.effects.iter().any(|effect| matches!(effect, Effect::Lost(_)));
    let mut found = Vec::new();
    for effect in &object.effects {
        match effect {
            Effect::Lost(what) => {
                let kind = if is_gone { Kind::Lost } else { Kind::Replaced };
                found.push((kind, Words::new(kind.joint()).say(*what)));
            }
            Effect::Recreated(why) if !is_lost => {
                found.push((Kind::Recreated, words::reasons(object, why).behind(": ")));
            }
            // A loss is more important, and has a headline.
            Effect::Recreated(_) => {}
            Effect::Security(security) if !is_gone && security.turned() == Turned::Looser => {
                found.push((Kind::Looser, levels(security).behind(": ")));
            }
            Effect::Security(security) if !is_gone && security.turned() == Turned::Tighter => {
                found.push((Kind::Tighter, levels(security).behind(": ")));
            }
            Effect::Judged(judgement) if judgement.severity >= Severity::Warning => {
                let phrase = words::phrase(&judgement.phrase).behind(": ");
                found.push((kind_of(judgement), phrase));
            }
            Effect::Judged(_) | Effect::Restarted(_) | Effect::Image(_) | Effect::Security(_) => {
                is_told = false;
            }
        }
    }
    let renamed = renaming(object);
    let headline = |(kind, words)| Headline {
        kind,
        title: review.title(group),
        words: renamed.clone().and(words),
        targets: group.targets(),
        tells: is_told.then_some(place),
        group: Some(place),
    };
    found.into_iter().map(headline).collect()
}

/// The change of the id of an object in parentheses, to follow its title; may be empty.
fn renaming(object: &Object) -> Words {
    match words::renaming(object) {
        Some(renaming) => Words::new(" (").and(renaming).say(")"),
        None => Words::default(),
    }
}

/// The kind of a headline for a judgement.
fn kind_of(judgement: &Judgement) -> Kind {
    match judgement.rule {
        rule if *rule == differences::PRIVILEGE_GRANTED => Kind::Granted,
        rule if *rule == differences::DATA_AT_RISK => Kind::AtRisk,
        rule if *rule == differences::EXPOSURE_GREW => Kind::Exposed,
        rule if *rule == differences::DEFINITION_NARROWED => Kind::Broken,
        rule if *rule == differences::AVAILABILITY_REDUCED => Kind::Unavailable,
        rule if *rule == differences::QOS_CHANGED => Kind::Demand,
        rule if *rule == differences::IMAGE_VERSION => Kind::Version,
        rule if *rule == differences::OBJECT_REMOVED => Kind::Removed,
        _ => Kind::Weaker,
    }
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
        let review =
            Review::of(vec![TargetReview::of(&target, &Options::default())], &Options::default());
        let titles: Vec<String> = headlines(&review).into_iter().map(|of| of.title).collect();
        assert_eq!(titles.len(), 21);
        assert_eq!((&*titles[0], &*titles[20]), ("Service s0", "10 more, see below"));
    }
}
