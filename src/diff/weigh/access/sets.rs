//! Rights as sets: verbs on resources, on named objects and on URLs. Sets are kept as factors; wildcards match what they
//! match in the API server. (Kubernetes, `plugin/pkg/auth/authorizer/rbac`, `pkg/apis/rbac/v1/evaluation_helpers.go`.)

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
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Grant<'a> {
    groups: BTreeSet<&'a str>,
    resources: BTreeSet<&'a str>,
    /// The names of objects; empty for all.
    names: BTreeSet<&'a str>,
    urls: BTreeSet<&'a str>,
    verbs: BTreeSet<&'a str>,
}

impl<'a> Grant<'a> {
    fn of(rule: &'a Node) -> Self {
        let set = |key: &str| items(rule.get(key)).iter().filter_map(Node::as_text).collect();
        Self {
            groups: set("apiGroups"),
            resources: set("resources"),
            names: set("resourceNames"),
            urls: set("nonResourceURLs"),
            verbs: set("verbs"),
        }
    }
}

/// Verbs as bits. `*` is all of them, and so those that no rule names.
type Verbs = u128;
const ALL: Verbs = Verbs::MAX;
/// The number of verbs that can be told apart: the last bit stands for all others.
const MOST_VERBS: usize = 127;

/// The numbers of verbs.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn of(grants: &[Grant<'a>]) -> Option<Self> {
        let all: BTreeSet<&str> = grants.iter().flat_map(|grant| &grant.verbs).copied().collect();
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
#[derive(Default)]
struct Given<'a> {
    all: Verbs,
    named: BTreeMap<&'a str, Verbs>,
}

/// The rights of rules, by group and resource, and by URL.
#[derive(Default)]
struct Index<'a> {
    resources: BTreeMap<(&'a str, &'a str), Given<'a>>,
    urls: BTreeMap<&'a str, Verbs>,
}

impl<'a> Index<'a> {
    /// `None` if that is too much work.
    fn of(grants: &[Grant<'a>], words: &Words<'a>, work: &Work) -> Option<Self> {
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
                for &name in &grant.names {
                    *given.named.entry(name).or_default() |= verbs;
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

/// Compares the rules of two roles. `renames` has the new names of objects.
pub(super) fn grown(before: &[Node], after: &[Node], renames: &Renames, work: &Work) -> Grown {
    let mut old: Vec<Grant<'_>> = before.iter().map(Grant::of).collect();
    let new_names: BTreeMap<&str, String> = old
        .iter()
        .flat_map(|grant| &grant.names)
        .filter_map(|name| Some((*name, renames.new_name(name)?)))
        .collect();
    for grant in &mut old {
        let renamed: Vec<&str> =
            grant.names.iter().filter_map(|name| new_names.get(name).map(String::as_str)).collect();
        grant.names.extend(renamed);
    }
    let mut new: Vec<Grant<'_>> = after.iter().map(Grant::of).collect();
    let known: BTreeSet<&Grant<'_>> = old.iter().collect();
    new.retain(|grant| !known.contains(grant));
    if new.is_empty() {
        return Grown::By(Vec::new());
    }
    compare(&old, &new, work).map_or(Grown::Unknown, Grown::By)
}

fn compare(old: &[Grant<'_>], new: &[Grant<'_>], work: &Work) -> Option<Vec<Right>> {
    let (old_words, new_words) = (Words::of(old)?, Words::of(new)?);
    let all: BTreeSet<&str> = old_words.0.into_iter().chain(new_words.0).collect();
    let words = (all.len() <= MOST_VERBS).then(|| Words(all.into_iter().collect()))?;
    let index = Index::of(old, &words, work)?;
    let mut resources: BTreeMap<(&str, &str, bool), Verbs> = BTreeMap::new();
    let mut urls: BTreeMap<&str, Verbs> = BTreeMap::new();
    for grant in new {
        let verbs = words.bits(&grant.verbs);
        for pair in pairs(grant, work) {
            let pair = pair?;
            let missing = |name| verbs & !index.verbs(pair, name);
            let is_named = !grant.names.is_empty();
            let missing = match is_named {
                false => missing(None),
                true if !work.takes(grant.names.len()) => return None,
                true => grant.names.iter().fold(0, |all, &name| all | missing(Some(name))),
            };
            if missing != 0 {
                *resources.entry((pair.0, pair.1, is_named)).or_default() |= missing;
            }
        }
        for &url in &grant.urls {
            let missing = verbs & !index.verbs_of_url(url, work)?;
            if missing != 0 {
                *urls.entry(url).or_default() |= missing;
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
