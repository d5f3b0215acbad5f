//! The pods that run as each `ServiceAccount`.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use sha2::{Digest, Sha256};

use super::facts::Facts;
use super::pod::{Container, Pod};
use super::programs::{Role, role};
use super::value::{below, text};
use super::workload::pods;
use crate::resource::{ImageReference, Resource};
use crate::text::hex;

/// The pods that run as a `ServiceAccount`.
#[derive(Clone, Debug, Default)]
pub(super) struct Runners {
    /// True if one of them has another image than those of controllers that apply what a repository holds.
    pub(super) has_others: bool,
    /// A digest of each with its images, without their versions, or one of all if there are many.
    pub(super) digests: BTreeSet<String>,
}

/// The greatest number of pods of an account that are told one by one: each binding that gives it a role has all of them.
const MANY: usize = 16;

impl Runners {
    /// True if there is no such pod.
    pub(super) fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    fn add(&mut self, digest: String, is_applier: bool) {
        self.has_others |= !is_applier;
        self.digests.insert(digest);
    }

    /// These pods and others.
    pub(super) fn and(mut self, others: Option<&Self>) -> Self {
        if let Some(others) = others {
            self.has_others |= others.has_others;
            self.digests.extend(others.digests.iter().cloned());
        }
        self
    }

    fn bounded(mut self) -> Self {
        if self.digests.len() > MANY {
            let mut all = Sha256::new();
            self.digests.iter().for_each(|one| all.update(one));
            self.digests = BTreeSet::from([hex(&all.finalize())]);
        }
        self
    }
}

/// The pods by the name of their account, and by its namespace.
#[derive(Default)]
pub(super) struct Accounts {
    by_namespace: BTreeMap<(String, String), Runners>,
    anywhere: BTreeMap<String, Runners>,
}

impl Accounts {
    /// The accounts of the pods of objects. Linear in their size.
    pub(super) fn of<'a>(objects: impl Iterator<Item = &'a Resource>, facts: &Facts) -> Self {
        let mut found = Self::default();
        for object in objects {
            let pods = pods(object, facts);
            let of_run = of_run(object);
            for pod in &pods {
                found.add(object, of_run.unwrap_or_else(|| pod.account()), Some(pod));
            }
            if let Some(account) = of_run.filter(|_| pods.is_empty()) {
                found.add(object, account, None);
            }
        }
        let bound = |all: &mut Runners| *all = mem::take(all).bounded();
        found.by_namespace.values_mut().for_each(bound);
        found.anywhere.values_mut().for_each(bound);
        found
    }

    fn add(&mut self, object: &Resource, account: &str, pod: Option<&Pod<'_>>) {
        let containers = pod.map(|pod| &pod.containers[..]).unwrap_or_default();
        let is_applier = !containers.is_empty() && containers.iter().all(applies);
        let digest = digest(object, containers);
        let namespace = object.namespace().to_owned();
        let of = self.by_namespace.entry((namespace, account.to_owned())).or_default();
        of.add(digest.clone(), is_applier);
        self.anywhere.entry(account.to_owned()).or_default().add(digest, is_applier);
    }

    /// The pods that run as an account. A pod without a namespace may be applied to any, and a binding without one names
    /// the account of any.
    pub(super) fn runners(&self, namespace: &str, account: &str) -> Runners {
        if namespace.is_empty() {
            return self.anywhere.get(account).cloned().unwrap_or_default();
        }
        let known = |of: &str| self.by_namespace.get(&(of.to_owned(), account.to_owned()));
        Runners::default().and(known(namespace)).and(known(""))
    }
}

fn applies(container: &Container<'_>) -> bool {
    role(container.image()) == Some(Role::Applier)
}

/// The account of the pods that a run of Tekton makes, whose steps may be elsewhere.
fn of_run(object: &Resource) -> Option<&str> {
    let spec = below(object.node(), &["spec"]).filter(|_| object.gvk().group == "tekton.dev")?;
    let of_template = || text(spec.get("taskRunTemplate")?, "serviceAccountName");
    let account = text(spec, "serviceAccountName").or_else(of_template)?;
    Some(account).filter(|account| !account.is_empty())
}

fn digest(object: &Resource, containers: &[Container<'_>]) -> String {
    let (group, namespace) = (&*object.gvk().group, object.namespace());
    let name = &object.original_id().name;
    let mut images: Vec<&str> =
        containers.iter().map(|one| ImageReference::new(one.image()).name).collect();
    images.sort_unstable();
    let parts = [group, object.kind(), namespace, name].into_iter().chain(images);
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    hex(&digest.finalize())
}
