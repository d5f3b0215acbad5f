//! Controllers that apply whatever a repository holds, and so have all rights.

use super::scene::Render;
use super::value::{items, text};
use super::violation::Proof;
use crate::resource::Resource;

/// The names of the `ServiceAccounts` that Flux makes.
const OF_FLUX: [&str; 2] = ["helm-controller", "kustomize-controller"];

/// The end of those that Argo CD and its operators make.
const OF_ARGO: &str = "argocd-application-controller";

/// The evidence that all of some `ServiceAccounts` are those of such controllers; `None` if one is not, or if there are none.
pub(super) fn applied_by(accounts: Vec<(&str, &str)>, render: &Render<'_>) -> Option<Vec<Proof>> {
    let proofs = accounts.into_iter().map(|(namespace, name)| {
        let is_called =
            OF_FLUX.contains(&name) || name == OF_ARGO || name.ends_with(&format!("-{OF_ARGO}"));
        let is_applier = is_called || render.is_applier(namespace, name);
        is_applier.then(|| Proof::Program(format!("{namespace} {name}")))
    });
    proofs.collect::<Option<Vec<Proof>>>().filter(|proofs| !proofs.is_empty())
}

/// The evidence that all subjects of a binding are `ServiceAccounts` of such controllers.
pub(super) fn appliers(binding: &Resource, render: &Render<'_>) -> Option<Vec<Proof>> {
    let mut accounts = Vec::new();
    for subject in items(binding.node().get("subjects")) {
        let is_account = text(subject, "kind") == Some("ServiceAccount");
        let of = text(subject, "namespace").unwrap_or(binding.namespace());
        accounts.push((of, text(subject, "name").filter(|_| is_account)?));
    }
    applied_by(accounts, render)
}
