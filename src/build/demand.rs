//! The demand of targets, which is counted before they are built: how often they use each base, and their files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::account::Account;
use super::bases::Base;
use super::entries::{child, entries};
use super::session::Session;
use crate::error::Result;
use crate::load::{Kind, Root, is_remote};
use crate::sync::{lock, unpoisoned};
use crate::yaml::Text;

/// The demand of any number of targets. Several threads may count at the same time.
#[derive(Default)]
pub(crate) struct Demand {
    uses: Mutex<BTreeMap<Base, usize>>,
    /// The files that the targets list, if they are to be read ahead.
    files: Option<Mutex<Vec<(Root, Text)>>>,
    /// The entries that name content from elsewhere.
    remotes: Mutex<BTreeSet<Text>>,
}

impl Demand {
    /// The demand of a single target. Its files are read ahead if the session has several threads; of many targets,
    /// each is built by one thread.
    pub(crate) fn of_one(session: &Session<'_>, target: &str) -> Self {
        let files = session.options().threads.are_several().then(Mutex::default);
        let demand = Self { files, ..Self::default() };
        demand.count(session, target);
        demand
    }

    /// Counts the uses of each base by a target: a stored base uses its own bases only once. Reads its kustomization
    /// files, whose errors are reported when it is built.
    pub(crate) fn count(&self, session: &Session<'_>, target: &str) {
        drop(self.try_count(session, target));
    }

    fn try_count(&self, session: &Session<'_>, target: &str) -> Result<()> {
        let root = session.loader().root(target)?;
        let read = session.kustomization(&root)?;
        let account = Account::top(&read.kustomization, &root)?;
        let mut pending = vec![(root, read, account)];
        while let Some((root, read, account)) = pending.pop() {
            for (path, kind) in entries(&root, &read.kustomization) {
                if let (Some(files), Kind::File) = (&self.files, kind) {
                    lock(files).push((root.clone(), path.value.clone()));
                }
                if kind == Kind::Missing && is_remote(path) {
                    lock(&self.remotes).insert(path.value.clone());
                }
                let Some(child) = child(&root, path, kind) else { continue };
                let below = account.as_ref().map(|account| account.below(path, &child));
                let Ok(account) = below.transpose() else { continue };
                let is_first = {
                    let mut all_uses = lock(&self.uses);
                    let uses = all_uses.entry(Base::new(&child, account.as_ref())).or_default();
                    *uses += 1;
                    *uses == 1
                };
                if is_first && let Ok(read) = session.kustomization(&child) {
                    pending.push((child, read, account));
                }
            }
        }
        Ok(())
    }

    /// Prepares a session for the targets: a base is kept from its first use to its last. What comes from elsewhere is
    /// fetched, several at the same time.
    pub(crate) fn announce(self, session: &Session<'_>) {
        session.loader().fetch_ahead(&unpoisoned(self.remotes.into_inner()));
        session.bases().expect(unpoisoned(self.uses.into_inner()));
        if let Some(files) = self.files {
            session
                .loader()
                .read_ahead(&unpoisoned(files.into_inner()), &session.options().threads);
        }
    }
}
