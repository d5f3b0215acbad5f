//! Controllers that apply whatever a repository holds, and so have all rights.

use super::scene::Render;
use super::value::{items, text};
use super::violation::Proof;
use crate::resource::Resource;
use crate::yaml::Node;

/// The names of the `ServiceAccounts` that Flux makes.
const OF_FLUX: [&str; 2] = ["helm-controller", "kustomize-controller"];

/// The end of those that Argo CD and its operators make.
const OF_ARGO: &str = "argocd-application-controller";

/// The evidence that all of some `ServiceAccounts` are those of such controllers; `None` if one is not, or if there are none. Anyone can
/// give an account their names: these count only if no pod of the run with another image runs as the account, and if
/// no one else can take it over or use it.
pub(super) fn applied_by(accounts: Vec<(&str, &str)>, render: &Render<'_>) -> Option<Vec<Proof>> {
    let mut proofs = Vec::new();
    for (namespace, name) in accounts {
        let runners = render.runners(namespace, name);
        let is_one = !runners.has_others && (!runners.is_empty() || is_called(name));
        if !is_one || render.is_taken(namespace, name) {
            return None;
        }
        proofs.push(Proof::Program(format!("{namespace} {name}")));
        proofs.extend(runners.digests.into_iter().map(Proof::Program));
    }
    (!proofs.is_empty()).then_some(proofs)
}

fn is_called(name: &str) -> bool {
    OF_FLUX.contains(&name) || name == OF_ARGO || name.ends_with(&format!("-{OF_ARGO}"))
}

/// The evidence that all subjects of a binding are `ServiceAccounts` of such controllers.
pub(super) fn appliers(binding: &Resource, render: &Render<'_>) -> Option<Vec<Proof>> {
    let subjects = items(binding.node().get("subjects"));
    let accounts = subjects.iter().map(|subject| account(subject, binding)).collect::<Option<_>>();
    applied_by(accounts?, render)
}

/// The pods that run as the subjects of a binding, each as a text that is another one for other images.
pub(super) fn runners(binding: &Resource, render: &Render<'_>) -> Vec<String> {
    let subjects = items(binding.node().get("subjects"));
    let accounts = subjects.iter().filter_map(|subject| account(subject, binding));
    accounts.flat_map(|(namespace, name)| render.runners(namespace, name).digests).collect()
}

/// The namespace and the name of a subject that is a `ServiceAccount`.
fn account<'a>(subject: &'a Node, binding: &'a Resource) -> Option<(&'a str, &'a str)> {
    let is_account = text(subject, "kind") == Some("ServiceAccount");
    let of = text(subject, "namespace").unwrap_or(binding.namespace());
    Some((of, text(subject, "name").filter(|_| is_account)?))
}
