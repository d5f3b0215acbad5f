//! Rights as sets: verbs on resources, on named objects and on URLs. Sets are kept as factors; wildcards match what they
//! match in the API server. (Kubernetes, `plugin/pkg/auth/authorizer/rbac`, `pkg/apis/rbac/v1/evaluation_helpers.go`.)

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::diff::Renames;
use crate::diff::weigh::work::Work;
use crate::harden::value::items;
use crate::yaml::Node;

/// The rights that the second rules give and the first do not.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grown {
    /// These, of which there may be none.
    By(Vec<Right>),
    /// The rules are too large to be compared.
    Unknown,
}

/// Verbs on a resource or a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Right {
    pub(super) verbs: Vec<String>,
    pub(super) on: On,
}

/// The object of a right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum On {
    Resource { group: String, resource: String, is_named: bool },
    Url(String),
}

/// A rule of a role: a product of sets.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant<'a> {
    groups: BTreeSet<&'a str>,
    resources: BTreeSet<&'a str>,
    /// The names of objects; empty for all.
    names: BTreeSet<Cow<'a, str>>,
    urls: BTreeSet<&'a str>,
    verbs: BTreeSet<&'a str>,
}

impl<'a> Grant<'a> {
    fn of(rule: &'a Node) -> Self {
        let set = |key: &str| items(rule.get(key)).iter().filter_map(Node::as_text).collect();
        let mut groups: BTreeSet<&str> = set("apiGroups");
        // In the roles of OpenShift, the core group needs no name.
        if groups.is_empty() {
            groups.insert("");
        }
        let names = items(rule.get("resourceNames")).iter().filter_map(Node::as_text);
        Self {
            groups,
            resources: set("resources"),
            names: names.map(Cow::Borrowed).collect(),
            urls: set("nonResourceURLs"),
            verbs: set("verbs"),
        }
    }

    /// The rule with the new names of objects beside the old ones.
    fn renamed(mut self, renames: &Renames) -> Self {
        let new = |name: &Cow<'a, str>| renames.new_name(name).map(Cow::Owned);
        let renamed: Vec<Cow<'a, str>> = self.names.iter().filter_map(new).collect();
        self.names.extend(renamed);
        self
    }
}

/// Verbs as bits. `*` is all of them, and so those that no rule names.
type Verbs = u128;
const ALL: Verbs = Verbs::MAX;
/// The number of verbs that can be told apart: the last bit stands for all others.
const MOST_VERBS: usize = 127;

/// The numbers of verbs.
#[derive(Debug)]
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn of<'g>(grants: impl IntoIterator<Item = &'g Grant<'a>>) -> Option<Self>
    where
        'a: 'g,
    {
        let all: BTreeSet<&str> =
            grants.into_iter().flat_map(|grant| &grant.verbs).copied().collect();
        (all.len() <= MOST_VERBS).then(|| Self(all.into_iter().collect()))
    }

    fn bits(&self, verbs: &BTreeSet<&str>) -> Verbs {
        if verbs.contains("*") {
            return ALL;
        }
        let places = verbs.iter().filter_map(|verb| self.0.binary_search(verb).ok());
        places.fold(0, |bits, place| bits | 1 << place)
    }

    fn names(&self, bits: Verbs) -> Vec<String> {
        // The rest of `*` is told as `*`: it includes verbs that no rule names.
        if bits >> MOST_VERBS == 1 {
            return vec!["*".to_owned()];
        }
        let is_in = |place: &usize| bits >> place & 1 == 1;
        (0..self.0.len()).filter(is_in).map(|place| self.0[place].to_owned()).collect()
    }
}

/// The verbs that rules give on a resource: on all objects, and on named ones.
#[derive(Debug, Default)]
struct Given<'a> {
    all: Verbs,
    named: BTreeMap<Cow<'a, str>, Verbs>,
}

/// The rights of rules, by group and resource, and by URL.
#[derive(Debug, Default)]
struct Index<'a> {
    resources: BTreeMap<(&'a str, &'a str), Given<'a>>,
    urls: BTreeMap<&'a str, Verbs>,
}

impl<'a> Index<'a> {
    /// `None` if that is too much work.
    fn of<'g>(
        grants: impl IntoIterator<Item = &'g Grant<'a>>,
        words: &Words<'a>,
        work: &Work,
    ) -> Option<Self>
    where
        'a: 'g,
    {
        let mut index = Self::default();
        for grant in grants {
            let verbs = words.bits(&grant.verbs);
            for pair in pairs(grant, work) {
                let given = index.resources.entry(pair?).or_default();
                if grant.names.is_empty() {
                    given.all |= verbs;
                } else if !work.takes(grant.names.len()) {
                    return None;
                }
                for name in &grant.names {
                    *given.named.entry(name.clone()).or_default() |= verbs;
                }
            }
            for &url in &grant.urls {
                *index.urls.entry(url).or_default() |= verbs;
            }
        }
        Some(index)
    }

    /// The verbs on a resource: on all objects, or on one of this name.
    fn verbs(&self, (group, resource): (&str, &str), name: Option<&str>) -> Verbs {
        let of_subresource = resource.split_once('/').map(|(_, part)| format!("*/{part}"));
        let resources = [Some(resource), Some("*"), of_subresource.as_deref()];
        let mut verbs = 0;
        for group in [group, "*"] {
            for resource in resources.into_iter().flatten() {
                let Some(given) = self.resources.get(&(group, resource)) else { continue };
                let of_name = name.and_then(|name| given.named.get(name)).copied();
                verbs |= given.all | of_name.unwrap_or_default();
            }
        }
        verbs
    }

    /// The verbs on a URL, or on all that begin with what is before its `*`.
    fn verbs_of_url(&self, url: &str, work: &Work) -> Option<Verbs> {
        let mut verbs = self.urls.get(url).copied().unwrap_or_default();
        let stem = url.strip_suffix('*').unwrap_or(url);
        let beginnings = stem.char_indices().map(|(end, _)| &stem[..end]).chain([stem]);
        for beginning in beginnings {
            if !work.takes(1) {
                return None;
            }
            verbs |= self.urls.get(&*format!("{beginning}*")).copied().unwrap_or_default();
        }
        Some(verbs)
    }
}

/// The pairs of a group and a resource of a rule, each taken from the work; the last one is `None` if it is used up.
fn pairs<'g, 'a>(
    grant: &'g Grant<'a>,
    work: &'g Work,
) -> impl Iterator<Item = Option<(&'a str, &'a str)>> + use<'g, 'a> {
    let mut is_over = false;
    let pairs = grant
        .groups
        .iter()
        .flat_map(|&group| grant.resources.iter().map(move |&resource| (group, resource)));
    pairs.map_while(move |pair| {
        if is_over {
            return None;
        }
        is_over = !work.takes(1);
        Some((!is_over).then_some(pair))
    })
}

/// The rights of some rules, to be compared with others: reading the rules is linear, and comparing takes as long as what it
/// is compared with.
#[derive(Debug)]
pub(super) struct Held<'a> {
    grants: BTreeSet<Grant<'a>>,
    /// `None` if the rules are too large.
    index: Option<(Words<'a>, Index<'a>)>,
}

impl<'a> Held<'a> {
    /// Reads rules. `renames` has the new names of objects.
    pub(super) fn of(
        rules: impl IntoIterator<Item = &'a Node>,
        renames: &Renames,
        work: &Work,
    ) -> Self {
        let grants = rules.into_iter().map(|rule| Grant::of(rule).renamed(renames));
        let grants: BTreeSet<Grant<'_>> = grants.collect();
        let words = Words::of(&grants);
        let index = words.and_then(|words| Index::of(&grants, &words, work).map(|of| (words, of)));
        Self { grants, index }
    }
}

impl Held<'_> {
    /// True if everything is allowed on all resources.
    pub(super) fn is_everything(&self) -> bool {
        let all = self.index.as_ref().and_then(|(_, index)| index.resources.get(&("*", "*")));
        all.is_some_and(|given| given.all == ALL)
    }
}

/// The verbs that one of the rights holds, in the numbers of other words.
struct Translated<'h, 'a> {
    words: &'h Words<'a>,
    index: &'h Index<'a>,
    /// The place of each of the other words.
    places: Vec<Option<usize>>,
    known: BTreeMap<Verbs, Verbs>,
}

impl<'h, 'a> Translated<'h, 'a> {
    fn of((words, index): &'h (Words<'a>, Index<'a>), others: &Words<'_>) -> Self {
        let places = others.0.iter().map(|verb| words.0.binary_search(verb).ok()).collect();
        Self { words, index, places, known: BTreeMap::new() }
    }

    fn bits(&mut self, held: Verbs) -> Verbs {
        if matches!(held, 0 | ALL) || self.words.0.is_empty() {
            return held;
        }
        let places = &self.places;
        *self.known.entry(held).or_insert_with(|| {
            let is_held = |place: &Option<usize>| place.is_some_and(|at| held >> at & 1 == 1);
            let each = places.iter().enumerate().filter(|(_, place)| is_held(place));
            each.fold(0, |bits, (number, _)| bits | 1 << number)
        })
    }
}

/// Compares the rules of two roles. `renames` has the new names of objects.
pub(super) fn grown(before: &[&Node], after: &[&Node], renames: &Renames, work: &Work) -> Grown {
    let known = before.iter().map(|rule| Grant::of(rule).renamed(renames));
    let known: BTreeSet<Grant<'_>> = known.collect();
    // Rules that are there need not be compared.
    if after.iter().all(|rule| known.contains(&Grant::of(rule))) {
        return Grown::By(Vec::new());
    }
    beyond(&[&Held::of(before.iter().copied(), renames, work)], after, work)
}

/// The rights of rules beyond all that are held.
pub(super) fn beyond(held: &[&Held<'_>], after: &[&Node], work: &Work) -> Grown {
    let mut new: Vec<Grant<'_>> = after.iter().map(|rule| Grant::of(rule)).collect();
    new.retain(|grant| !held.iter().any(|one| one.grants.contains(grant)));
    if new.is_empty() {
        return Grown::By(Vec::new());
    }
    compare(held, &new, work).map_or(Grown::Unknown, Grown::By)
}

fn compare(held: &[&Held<'_>], new: &[Grant<'_>], work: &Work) -> Option<Vec<Right>> {
    let words = Words::of(new)?;
    let indices: Option<Vec<_>> = held.iter().map(|one| one.index.as_ref()).collect();
    let mut indices: Vec<Translated<'_, '_>> =
        indices?.into_iter().map(|one| Translated::of(one, &words)).collect();
    let mut resources: BTreeMap<(&str, &str, bool), Verbs> = BTreeMap::new();
    let mut urls: BTreeMap<&str, Verbs> = BTreeMap::new();
    for grant in new {
        let verbs = words.bits(&grant.verbs);
        for pair in pairs(grant, work) {
            let pair = pair?;
            let mut missing = |name: Option<&str>| {
                let each = indices.iter_mut().map(|one| one.bits(one.index.verbs(pair, name)));
                verbs & !each.fold(0, |all, bits| all | bits)
            };
            let is_named = !grant.names.is_empty();
            let missing = match is_named {
                false => missing(None),
                true if !work.takes(grant.names.len()) => return None,
                true => grant.names.iter().fold(0, |all, name| all | missing(Some(name))),
            };
            if missing != 0 {
                *resources.entry((pair.0, pair.1, is_named)).or_default() |= missing;
            }
        }
        for &url in &grant.urls {
            let mut had = 0;
            for one in &mut indices {
                had |= one.bits(one.index.verbs_of_url(url, work)?);
            }
            if verbs & !had != 0 {
                *urls.entry(url).or_default() |= verbs & !had;
            }
        }
    }
    let of_resources = resources.into_iter().map(|((group, resource, is_named), missing)| {
        let (group, resource) = (group.to_owned(), resource.to_owned());
        Right { verbs: words.names(missing), on: On::Resource { group, resource, is_named } }
    });
    let of_urls = urls
        .into_iter()
        .map(|(url, missing)| Right { verbs: words.names(missing), on: On::Url(url.to_owned()) });
    Some(of_resources.chain(of_urls).collect())
}
