//! Hosts and paths that one object serves from outside, and those that are new.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::annotations::{Annotations, telling};
use super::judgement;
use crate::diff::weigh::work::Work;
use crate::diff::weigh::{Judgement, Phrase};
use crate::load::Digest;
use crate::yaml::Node;

/// Longer paths are only compared as a whole.
const LONGEST_PATH: usize = 256;

/// A path: with what is below it, or alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Served {
    Below(String),
    Only(String),
}

impl Served {
    /// A prefix without the slash at its end.
    pub(super) fn below(path: &str) -> Self {
        Self::Below(path.trim_end_matches('/').to_owned())
    }
}

/// The hosts and paths that an object serves, and its terms.
pub(super) struct Offer {
    /// The terms of all entries, as text: the class or the Gateways, and restrictions.
    pub(super) terms: Rc<str>,
    pub(super) guards: Rc<Guards>,
    pub(super) blocks: Vec<Block>,
}

/// Restrictions of an object beside its fields.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diff::weigh) struct Guards {
    pub(super) annotations: Annotations,
    /// The policies that are attached to it: their titles by their meanings.
    pub(super) policies: BTreeMap<String, String>,
}

/// Hosts that all serve the same paths. It stands for an entry of each host and path: a thousand of both are a million.
pub(super) struct Block {
    pub(super) hosts: BTreeSet<String>,
    pub(super) entries: Vec<(Served, Way)>,
}

/// The way of requests for a path.
#[derive(Clone)]
pub(super) struct Way {
    /// The backend that they are led to, and their conditions, as text.
    pub(super) leads: Rc<str>,
    pub(super) has_tls: bool,
    /// The Service and the port, if the entry leads there and says no more.
    pub(super) plain: Option<Rc<str>>,
}

/// Longer texts are compared by their hashes: many entries may have the same long one.
const LONGEST_TEXT: usize = 256;

/// A text of which only is compared if it is the same as another one.
pub(super) fn brief(text: &str) -> Rc<str> {
    match text.len() {
        0..=LONGEST_TEXT => text.into(),
        _ => Digest::of(text.as_bytes()).to_string().into(),
    }
}

impl Way {
    pub(super) fn to(leads: &Rc<str>, has_tls: bool) -> Self {
        Self { leads: Rc::clone(leads), has_tls, plain: None }
    }

    /// The way of an entry that may only lead to a Service and a port.
    pub(super) fn plain(self, place: Option<(&str, &str)>) -> Self {
        let plain = place.map(|(service, port)| brief(&format!("{service}:{port}")));
        Self { plain, ..self }
    }
}

impl Offer {
    /// An offer without entries, of an object whose annotations may restrict it.
    pub(super) fn by(terms: &str, object: &Node) -> Self {
        let guards = Guards { annotations: telling(object), policies: BTreeMap::new() };
        Self { terms: brief(terms), guards: Rc::new(guards), blocks: Vec::new() }
    }

    /// An offer without entries and restrictions.
    pub(super) fn empty() -> Self {
        Self { terms: "".into(), guards: Rc::default(), blocks: Vec::new() }
    }

    /// The offer of an object to which policies are attached.
    pub(super) fn guarded(mut self, policies: BTreeMap<String, String>) -> Self {
        let annotations = self.guards.annotations.clone();
        self.guards = Rc::new(Guards { annotations, policies });
        self
    }

    /// Adds paths that all of some hosts serve; an empty one stands for all hosts.
    pub(super) fn add<'h>(
        &mut self,
        hosts: impl IntoIterator<Item = Option<&'h str>>,
        entries: Vec<(Served, Way)>,
    ) {
        let hosts = hosts.into_iter().map(host_of).collect();
        self.blocks.push(Block { hosts, entries });
    }

    /// The hosts, each once for the paths that are listed together.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().flat_map(|block| &block.hosts).map(String::as_str)
    }

    pub(super) fn served(&self) -> Serving {
        let mut served = Serving::default();
        for Block { hosts, entries } in &self.blocks {
            served.insert(hosts, entries.iter().cloned());
        }
        served
    }
}

/// The name of a host; `*` for all.
fn host_of(written: Option<&str>) -> String {
    written.filter(|host| !host.is_empty()).unwrap_or("*").to_lowercase()
}

/// Numbers for sets of hosts that serve the same paths, and the numbers of those with a host.
#[derive(Default)]
pub(in crate::diff::weigh) struct Hosts {
    numbers: BTreeMap<BTreeSet<String>, usize>,
    by_host: BTreeMap<String, Vec<usize>>,
}

/// Steps for comparing an entry with those of others: some lookups.
pub(super) const STEPS_OF_ENTRY: usize = 4;

impl Hosts {
    /// The number of a set of hosts.
    pub(super) fn number(&mut self, hosts: &BTreeSet<String>) -> usize {
        if let Some(number) = self.numbers.get(hosts) {
            return *number;
        }
        let number = self.numbers.len();
        self.numbers.insert(hosts.clone(), number);
        for host in hosts {
            self.by_host.entry(host.clone()).or_default().push(number);
        }
        number
    }

    /// The sets with a host, with a wildcard for the labels before it, and with all hosts.
    pub(super) fn with(&self, host: &str) -> [&[usize]; 3] {
        let of = |host: &str| self.by_host.get(host).map(Vec::as_slice).unwrap_or_default();
        let wildcard = host.find('.').map(|dot| format!("*{}", &host[dot..]));
        [of(host), wildcard.map_or(&[], |wildcard| of(&wildcard)), of("*")]
    }
}

/// The hosts and paths of one object. `*` stands for all hosts.
#[derive(Default)]
pub(super) struct Serving {
    hosts: Hosts,
    paths: BTreeMap<usize, BTreeMap<Served, Vec<Way>>>,
}

impl Serving {
    pub(super) fn add(&mut self, host: Option<&str>, path: Served) {
        let way = Way { leads: "".into(), has_tls: false, plain: None };
        self.insert(&BTreeSet::from([host_of(host)]), [(path, way)]);
    }

    fn insert(
        &mut self,
        hosts: &BTreeSet<String>,
        entries: impl IntoIterator<Item = (Served, Way)>,
    ) {
        let of_hosts = self.paths.entry(self.hosts.number(hosts)).or_default();
        for (path, way) in entries {
            of_hosts.entry(path).or_default().push(way);
        }
    }

    /// True if a path is served at sets of hosts.
    fn serves(&self, sets: &[&[usize]; 3], path: &Served) -> bool {
        let of = |set: &usize| {
            nearest(|path| self.paths.get(set).is_some_and(|of| of.contains_key(path)), path)
        };
        sets.iter().any(|sets| sets.iter().any(|set| of(set).is_some()))
    }
}

/// The length of the longest path of some that is a path, or above it.
pub(super) fn nearest(contains: impl Fn(&Served) -> bool, path: &Served) -> Option<usize> {
    if contains(path) {
        return Some(usize::MAX);
    }
    let (Served::Below(text) | Served::Only(text)) = path;
    if text.len() > LONGEST_PATH {
        return None;
    }
    let text = text.trim_end_matches('/');
    let ends = text.rmatch_indices('/').map(|(end, _)| end);
    let mut ends = std::iter::once(text.len()).chain(ends);
    ends.find(|end| contains(&Served::Below(text[..*end].to_owned())))
}

/// The judgement on hosts and paths that were not served before.
pub(super) fn grown(
    old: &Serving,
    new: &Serving,
    work: &Work,
    path: &'static str,
) -> Vec<Judgement> {
    let mut gains = Gains::new(old, new, work);
    judged(&gains.told(|_, _, _| false), path, work, |phrase| phrase)
}

/// The judgements on hosts and paths that are told, and on those that were too many to be compared.
pub(super) fn judged(
    told: &[String],
    path: &'static str,
    work: &Work,
    more: impl Fn(Phrase) -> Phrase,
) -> Vec<Judgement> {
    let mut found = Vec::new();
    if !told.is_empty() {
        let phrase = Phrase::new("serves ").few(told.iter().map(String::as_str));
        found.push(judgement(path, more(phrase)));
    }
    if work.is_over() {
        let words = "is not judged: its hosts and paths are too many to be compared";
        found.push(judgement(path, Phrase::new(words)));
    }
    found
}

/// Comparison of the hosts and paths of an object with those that were served before.
pub(super) struct Gains<'s> {
    old: &'s Serving,
    new: &'s Serving,
    work: &'s Work,
    /// Results for sets of hosts on both sides: most hosts of an object serve the same.
    seen: BTreeMap<SetsOfHosts, Rc<Gained<'s>>>,
}

/// The sets of hosts that a host is in, on both sides.
type SetsOfHosts = (Vec<usize>, [Vec<usize>; 3]);

/// The paths of a host that were not served before.
struct Gained<'s> {
    paths: BTreeMap<&'s Served, Vec<&'s Way>>,
    /// True if they are all of its paths.
    are_all: bool,
}

impl<'s> Gains<'s> {
    pub(super) const fn new(old: &'s Serving, new: &'s Serving, work: &'s Work) -> Self {
        Self { old, new, work, seen: BTreeMap::new() }
    }

    /// The paths of a host that were not served before. `None` if that is too much work.
    fn of(&mut self, host: &str, sets: &[usize]) -> Option<Rc<Gained<'s>>> {
        let before = self.old.hosts.with(host);
        let number = before.iter().map(|sets| sets.len()).sum::<usize>() + sets.len();
        if !self.work.takes(number) {
            return None;
        }
        let key = (sets.to_vec(), before.map(<[usize]>::to_vec));
        if let Some(known) = self.seen.get(&key) {
            return Some(Rc::clone(known));
        }
        let (mut paths, mut are_all) = (BTreeMap::<_, Vec<_>>::new(), true);
        let own = sets.iter().filter_map(|set| self.new.paths.get(set)).flatten();
        for (path, ways) in own {
            if !self.work.takes(number) {
                return None;
            }
            match self.old.serves(&before, path) {
                true => are_all = false,
                false => paths.entry(path).or_default().extend(ways),
            }
        }
        let found = Rc::new(Gained { paths, are_all });
        self.seen.insert(key, Rc::clone(&found));
        Some(found)
    }

    /// True if a path is served that was not. False if that is too much work.
    pub(super) fn are_some(&mut self) -> bool {
        let new = self.new;
        let mut hosts = new.hosts.by_host.iter();
        hosts.any(|(host, sets)| self.of(host, sets).is_some_and(|gained| !gained.paths.is_empty()))
    }

    /// The hosts and paths that are new, but for those that are known, as far as that is not too much work.
    pub(super) fn told(
        &mut self,
        mut is_known: impl FnMut(&str, &Served, &Way) -> bool,
    ) -> Vec<String> {
        let (new, work) = (self.new, self.work);
        let mut told = Vec::new();
        for (host, sets) in &new.hosts.by_host {
            let Some(gained) = self.of(host, sets) else { break };
            let mut rest: Vec<&Served> = Vec::new();
            let mut is_new = gained.are_all && !self.old.hosts.by_host.contains_key(host);
            for (path, ways) in &gained.paths {
                if !work.takes(STEPS_OF_ENTRY.saturating_mul(ways.len())) {
                    break;
                }
                let known = ways.iter().filter(|way| is_known(host, path, way)).count();
                is_new &= known == 0;
                if known < ways.len() {
                    rest.push(path);
                }
            }
            let host = if host == "*" { "all hosts" } else { host };
            match rest.first() {
                None => {}
                // A host that is new as a whole is told without its paths.
                Some(_) if is_new => told.push(host.to_owned()),
                Some(Served::Below(path) | Served::Only(path)) => {
                    let slash = if path.is_empty() { "/" } else { "" };
                    let more = if rest.len() > 1 { ", …" } else { "" };
                    told.push(format!("{host}{path}{slash}{more}"));
                }
            }
        }
        told
    }
}
