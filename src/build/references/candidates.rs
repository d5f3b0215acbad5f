//! The resources that can be referred to by a name that they had, found by name and namespace.

use std::collections::BTreeSet;
use std::slice;
use std::sync::Arc;

use crate::resource::{DEFAULT_NAMESPACE, Index, Names, ResId, ResMap, Resource};
use crate::schema::Gvk;
use crate::source::Span;
use crate::yaml::Text;

/// The resources that had another id than the one they have now.
pub(super) struct Candidates {
    list: Vec<Candidate>,
    by_name: Index<Text, Named>,
    /// Of all resources, renamed or not: the namespace they had first, with the one of now as it counts …
    counted: BTreeSet<(Text, Text)>,
    /// … and as it is written.
    written: BTreeSet<(Text, Text)>,
    originals: BTreeSet<Text>,
}

/// A resource that may be meant by a name.
pub(super) struct Candidate {
    /// As they are before any reference follows.
    pub(super) names: Arc<Names>,
    pub(super) span: Span,
}

/// The candidates that had one name, by their places in the list: nearly always one.
struct Named {
    first: usize,
    /// All of them, if there are several.
    all: Option<Box<Sorted>>,
}

/// The candidates that had one name, in two orders; within a namespace in that of the build.
struct Sorted {
    by_namespace: Vec<usize>,
    by_original_namespace: Vec<usize>,
}

impl Named {
    /// Adds a candidate that comes after all others, unless it is there: it may have had the name twice.
    fn add(&mut self, at: usize) {
        match &mut self.all {
            None if self.first == at => {}
            None => {
                let all = vec![self.first, at];
                self.all = Some(Box::new(Sorted {
                    by_namespace: all.clone(),
                    by_original_namespace: all,
                }));
            }
            Some(all) if all.by_namespace.last() == Some(&at) => {}
            Some(all) => {
                all.by_namespace.push(at);
                all.by_original_namespace.push(at);
            }
        }
    }

    fn by_namespace(&self) -> &[usize] {
        self.all.as_ref().map_or(slice::from_ref(&self.first), |all| &all.by_namespace)
    }

    fn by_original_namespace(&self) -> &[usize] {
        self.all.as_ref().map_or(slice::from_ref(&self.first), |all| &all.by_original_namespace)
    }
}

/// From where a name is written: it decides which candidates are in sight.
pub(super) struct Viewpoint<'r> {
    /// The referrer.
    pub(super) id: &'r ResId,
    /// Other namespaces in sight, as they are written.
    pub(super) namespaces: &'r BTreeSet<Text>,
}

/// What stands for the namespace of all that is cluster-scoped.
fn cluster() -> Text {
    ResId { cluster_scoped: true, ..ResId::default() }.effective_namespace().into()
}

impl Candidates {
    pub(super) fn new(resources: &ResMap) -> Self {
        let renamed =
            resources.iter().filter(|resource| !resource.names().previous.is_empty()).count();
        let mut new = Self {
            list: Vec::with_capacity(renamed),
            by_name: Index::with_capacity_and_hasher(renamed, Default::default()),
            counted: BTreeSet::new(),
            written: BTreeSet::new(),
            originals: BTreeSet::new(),
        };
        for resource in resources {
            new.add(resource);
        }
        let list = &new.list;
        for named in new.by_name.values_mut().filter_map(|named| named.all.as_deref_mut()) {
            // Both sorts are stable: candidates of one namespace stay in the order of the build.
            named.by_namespace.sort_by_key(|&at| list[at].id().effective_namespace());
            named.by_original_namespace.sort_by_key(|&at| list[at].original());
        }
        new
    }

    fn add(&mut self, resource: &Resource) {
        let original = Text::from(resource.original_id().effective_namespace());
        let id = resource.id();
        self.counted.insert((original.clone(), id.effective_namespace().into()));
        self.written.insert((original.clone(), id.namespace.clone()));
        self.originals.insert(original);
        let names = resource.names();
        if names.previous.is_empty() {
            return;
        }
        let at = self.list.len();
        for previous in &names.previous {
            let named = self.by_name.entry(previous.name.clone());
            named.or_insert_with(|| Named { first: at, all: None }).add(at);
        }
        self.list.push(Candidate { names: Arc::clone(names), span: resource.span() });
    }

    /// The candidates in sight that had a name, in the order of the build.
    pub(super) fn named(&self, name: &str, from: &Viewpoint<'_>) -> Vec<&Candidate> {
        let Some(named) = self.by_name.get(name) else { return Vec::new() };
        let mut places = if from.id.cluster_scoped {
            named.by_namespace().to_vec()
        } else {
            let own = from.id.effective_namespace();
            let cluster = cluster();
            let others = from.namespaces.iter().map(|namespace| match namespace.as_str() {
                "" => DEFAULT_NAMESPACE,
                written => written,
            });
            let namespaces: BTreeSet<&str> = others.chain([own, &*cluster]).collect();
            let of = |namespace| {
                self.part(named.by_namespace(), namespace, |candidate| {
                    candidate.id().effective_namespace()
                })
            };
            let mut places: Vec<usize> = namespaces.into_iter().flat_map(of).copied().collect();
            places.retain(|&at| {
                let id = self.list[at].id();
                id.cluster_scoped
                    || id.shares_namespace(from.id)
                    || from.namespaces.contains(&id.namespace)
            });
            places
        };
        places.sort_unstable();
        places.into_iter().map(|at| &self.list[at]).collect()
    }

    /// Those of [`Candidates::named`] in a namespace that is written beside the name: the one that resources in sight
    /// had first, or else the one that they have now.
    pub(super) fn named_in(
        &self,
        name: &str,
        namespace: &str,
        from: &Viewpoint<'_>,
    ) -> Vec<&Candidate> {
        if namespace == &*cluster() {
            return Vec::new();
        }
        let was_one = self.was_namespace(namespace, from);
        if from.id.cluster_scoped {
            let Some(named) = self.by_name.get(name) else { return Vec::new() };
            let part = if was_one {
                self.part(named.by_original_namespace(), namespace, Candidate::original)
            } else {
                self.part(named.by_namespace(), namespace, |candidate| {
                    candidate.id().effective_namespace()
                })
            };
            return part.iter().map(|&at| &self.list[at]).collect();
        }
        let mut found = self.named(name, from);
        found.retain(|candidate| {
            let has =
                if was_one { candidate.original() } else { candidate.id().effective_namespace() };
            has == namespace
        });
        found
    }

    /// Whether any resource in sight was in a namespace first.
    fn was_namespace(&self, namespace: &str, from: &Viewpoint<'_>) -> bool {
        if from.id.cluster_scoped {
            return self.originals.contains(namespace);
        }
        let original = Text::from(namespace);
        let counted = |now: Text| self.counted.contains(&(original.clone(), now));
        counted(cluster())
            || counted(from.id.effective_namespace().into())
            || from
                .namespaces
                .iter()
                .any(|written| self.written.contains(&(original.clone(), written.clone())))
    }

    /// The part of a sorted list that has a key.
    fn part<'l>(
        &self,
        places: &'l [usize],
        key: &str,
        of: impl Fn(&Candidate) -> &str,
    ) -> &'l [usize] {
        let start = places.partition_point(|&at| of(&self.list[at]) < key);
        let length = places[start..].partition_point(|&at| of(&self.list[at]) == key);
        &places[start..][..length]
    }
}

impl Candidate {
    /// The id that it has now.
    pub(super) fn id(&self) -> &ResId {
        self.names.id()
    }

    /// The namespace that it had first, as it counts.
    fn original(&self) -> &str {
        match self.names.previous.first() {
            Some(previous) if !previous.namespace.is_empty() => &previous.namespace,
            _ => DEFAULT_NAMESPACE,
        }
    }

    /// Whether a selector takes a type that it had before.
    pub(super) fn was_of(&self, selector: &Gvk) -> bool {
        let today = &self.id().gvk;
        self.names.previous.iter().any(|previous| {
            Gvk { kind: previous.kind.clone(), ..today.clone() }.is_selected_by(selector)
        })
    }
}
