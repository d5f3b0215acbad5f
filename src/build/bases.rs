//! A store of accumulated bases, for kustomizations that list them again.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::account::Account;
use super::accumulator::Accumulator;
use crate::config::Warning;
use crate::limits::{Limit, Spent};
use crate::load::{FilesId, Root};
use crate::schema::BuiltIn;
use crate::sync::lock;

/// The key of an accumulated base: its files and folder, and its path from the target if origins are recorded. Bases
/// are shared only under the built-in schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Base {
    files: FilesId,
    path: OsString,
    account: Option<String>,
}

impl Base {
    pub(super) fn new(root: &Root, account: Option<&Account>) -> Self {
        let account = account.map(Account::place);
        Self { files: root.files(), path: root.path().into(), account }
    }
}

/// An accumulated base.
#[derive(Clone, Debug)]
pub(super) struct Complete {
    pub(super) accumulated: Accumulator,
    pub(super) way: Way,
    /// The work charged for it.
    pub(super) spent: Spent,
    /// The files that were read for it, if it was accumulated ahead: they are charged when it is used.
    pub(super) files: Vec<PathBuf>,
}

/// Side results of accumulating a level, which are taken over together with its resources.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// The directories that were entered.
    pub(super) directories: BTreeSet<OsString>,
    /// The entries that name remote repositories.
    pub(super) remotes: BTreeSet<String>,
    /// The length of the longest chain of directories that list each other.
    pub(super) height: usize,
    /// The warnings, without duplicates.
    pub(super) said: Vec<Warning>,
    /// The use of the built-in schema.
    pub(super) asked: BuiltIn,
    /// True if the kustomization sets a namespace.
    pub(super) has_namespace: bool,
    /// True if a chart takes the namespace of a kustomization above.
    pub(super) takes_namespace: bool,
    /// True if a generator may create other resources the next time.
    pub(super) varies: bool,
}

impl Way {
    /// True if the result cannot be reused by another kustomization that lists the base.
    pub(super) const fn is_for_one_place(&self) -> bool {
        self.takes_namespace || self.varies
    }

    /// Adds the side results of a base or a component, one level below.
    pub(super) fn pass(&mut self, below: &Self) {
        self.directories.extend(below.directories.iter().cloned());
        self.remotes.extend(below.remotes.iter().cloned());
        self.height = self.height.max(below.height + 1);
        self.asked = self.asked.max(below.asked);
        self.takes_namespace |= below.takes_namespace && !self.has_namespace;
        self.varies |= below.varies;
        below.said.iter().for_each(|warning| say(&mut self.said, warning));
    }
}

/// Adds a warning, unless it exists already.
pub(super) fn say(said: &mut Vec<Warning>, warning: &Warning) {
    let place = warning.failure.span();
    if !said.iter().any(|known| known.failure.span() == place && known == warning) {
        said.push(warning.clone());
    }
}

/// The bases of a session. Each is kept from its first use to the last one that is expected.
///
/// Threads that need a base at the same time both accumulate it: waiting would take as long, and two threads waiting
/// for each other would deadlock.
pub(super) struct Bases {
    slots: Mutex<BTreeMap<Base, Slot>>,
    /// Bytes that the kept bases were charged.
    held: AtomicU64,
    /// Maximum of `held`: a base beyond it is accumulated again by each level that uses it.
    most: u64,
}

struct Slot {
    /// The number of expected further uses.
    left: usize,
    complete: Option<Arc<Complete>>,
}

impl Bases {
    /// An empty store, which keeps bases that were charged at most this many bytes together.
    pub(super) const fn new(most: u64) -> Self {
        Self { slots: Mutex::new(BTreeMap::new()), held: AtomicU64::new(0), most }
    }

    /// Sets the expected number of uses of each base.
    pub(super) fn expect(&self, uses: BTreeMap<Base, usize>) {
        let slots = uses.into_iter().map(|(base, left)| (base, Slot { left, complete: None }));
        self.slots().extend(slots);
    }

    /// Returns an accumulated base, if it is stored, and counts the use. The last expected use removes it.
    pub(super) fn take(&self, base: &Base) -> Option<Arc<Complete>> {
        let mut slots = self.slots();
        let slot = slots.get_mut(base)?;
        // More uses than expected: any number may follow.
        slot.left = slot.left.checked_sub(1).unwrap_or(usize::MAX);
        if slot.left > 0 {
            return slot.complete.clone();
        }
        let last = slot.complete.take();
        let bytes = last.as_ref().map_or(0, |complete| complete.spent.get(Limit::Bytes));
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        last
    }

    /// Stores an accumulated base if further uses are expected.
    pub(super) fn keep(&self, base: Base, complete: impl FnOnce() -> Complete) {
        let is_wanted =
            self.slots().get(&base).is_none_or(|slot| slot.left > 0 && slot.complete.is_none());
        if !is_wanted {
            return;
        }
        let complete = Arc::new(complete());
        let bytes = complete.spent.get(Limit::Bytes);
        if self.held.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > self.most {
            self.held.fetch_sub(bytes, Ordering::Relaxed);
            return;
        }
        let slot = || Slot { left: usize::MAX, complete: None };
        let former = self.slots().entry(base).or_insert_with(slot).complete.replace(complete);
        // Another thread has stored the same base.
        let bytes = former.map_or(0, |former| former.spent.get(Limit::Bytes));
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Drops the stored bases.
    pub(super) fn clear(&self) {
        for complete in self.slots().values_mut().filter_map(|slot| slot.complete.take()) {
            self.held.fetch_sub(complete.spent.get(Limit::Bytes), Ordering::Relaxed);
        }
    }

    /// The number of stored bases.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.slots().values().filter(|slot| slot.complete.is_some()).count()
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<Base, Slot>> {
        lock(&self.slots)
    }
}
