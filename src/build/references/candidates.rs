//! The renamed resources, indexed by previous names and by namespace.

use std::collections::BTreeSet;
use std::slice;
use std::sync::Arc;

use crate::resource::{DEFAULT_NAMESPACE, Index, Names, ResId, ResMap, Resource};
use crate::schema::Gvk;
use crate::source::Span;
use crate::yaml::Text;

/// All resources whose current id differs from an earlier one.
pub(super) struct Candidates {
    list: Vec<Candidate>,
    by_name: Index<Text, Named>,
    /// For all resources, renamed or not: the original namespace with the current effective one …
    counted: BTreeSet<(Text, Text)>,
    /// … and with the current one as written.
    written: BTreeSet<(Text, Text)>,
    originals: BTreeSet<Text>,
    /// The namespaces of the last resource: original, current, and current as written.
    last: Option<(Text, Text, Text)>,
}

/// A resource that a name may refer to.
pub(super) struct Candidate {
    /// The names before any reference is updated.
    pub(super) names: Arc<Names>,
    pub(super) span: Span,
}

/// The candidates that had one name, by their positions in the list; nearly always one.
struct Named {
    first: usize,
    /// All of them, if there are several.
    all: Option<Box<Sorted>>,
}

/// The candidates that had one name, in two orders; within a namespace in the order of the build.
struct Sorted {
    by_namespace: Vec<usize>,
    by_original_namespace: Vec<usize>,
}

impl Named {
    /// Adds a candidate after all others, unless it is the last one already: it may have had the name twice.
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

/// The referrer of a name, which decides which candidates are visible.
pub(super) struct Viewpoint<'r> {
    /// The referrer.
    pub(super) id: &'r ResId,
    /// Other visible namespaces, as written.
    pub(super) namespaces: &'r BTreeSet<Text>,
}

/// The effective namespace of cluster-scoped resources.
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
            last: None,
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
        let id = resource.id();
        self.note(
            resource.original_id().effective_namespace(),
            id.effective_namespace(),
            &id.namespace,
        );
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

    /// Records the namespaces of a resource. Most have the same as the one before them.
    fn note(&mut self, original: &str, current: &str, written: &Text) {
        let noted = self.last.as_ref().is_some_and(|(before, effective, as_written)| {
            (&**before, &**effective, as_written) == (original, current, written)
        });
        if noted {
            return;
        }
        let original = Text::from(original);
        self.counted.insert((original.clone(), current.into()));
        self.written.insert((original.clone(), written.clone()));
        self.originals.insert(original.clone());
        self.last = Some((original, current.into(), written.clone()));
    }

    /// The visible candidates that had a name, in the order of the build.
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

    /// The candidates of [`Candidates::named`] in a namespace that is written next to the name. If it was the original
    /// namespace of a visible resource, original namespaces are compared, otherwise current ones.
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

    /// True if the original namespace of any visible resource is this one.
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

    /// The part of a sorted list with a key.
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
    /// The current id.
    pub(super) fn id(&self) -> &ResId {
        self.names.id()
    }

    /// The original effective namespace.
    fn original(&self) -> &str {
        match self.names.previous.first() {
            Some(previous) if !previous.namespace.is_empty() => &previous.namespace,
            _ => DEFAULT_NAMESPACE,
        }
    }

    /// True if a selector matches a type that it had before.
    pub(super) fn was_of(&self, selector: &Gvk) -> bool {
        let today = &self.id().gvk;
        self.names.previous.iter().any(|previous| {
            Gvk { kind: previous.kind.clone(), ..today.clone() }.is_selected_by(selector)
        })
    }
}
