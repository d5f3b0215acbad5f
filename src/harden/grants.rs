//! The rules of roles, and the holders of a role, as far as its name, its rules and the bindings of the render tell them.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::appliers::applied_by;
use super::groups::is_custom;
use super::rights::{GROUP, completes, is_role, role_of};
use super::scene::Render;
use super::value::{items, present};
use super::violation::{Easing, Proof, Severity, Violation};
use crate::resource::{CLUSTER, Resource};
use crate::text::hex;
use crate::yaml::Node;
use crate::yaml::path::Path;

/// A rule of a role.
pub(super) struct Grant<'a> {
    node: &'a Node,
    path: Path,
}

impl<'a> Grant<'a> {
    pub(super) fn list(&self, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        items(self.node.get(key)).iter().filter_map(Node::as_text)
    }

    pub(super) fn has(&self, key: &str, value: &str) -> bool {
        self.list(key).any(|one| one == value)
    }

    /// True if a list has one of these values, or a `*`.
    pub(super) fn grants(&self, key: &str, values: &[&str]) -> bool {
        self.list(key).any(|one| one == "*" || values.contains(&one))
    }

    /// True if it is about all objects, not about named ones.
    pub(super) fn is_about_all(&self) -> bool {
        items(self.node.get("resourceNames")).is_empty()
    }

    /// A violation by a list of it.
    pub(super) fn at(
        &self,
        key: &str,
        message: impl Into<String>,
        holder: &Holder<'_, '_>,
    ) -> Violation {
        let values = self.values().into_iter().chain(holder.subjects.iter().cloned());
        Violation::at(self.path.clone().keys(&[key]), message).values(values)
    }

    /// All that it gives: one that gives more is another one.
    fn values(&self) -> Vec<String> {
        let keys = ["apiGroups", "resources", "verbs", "nonResourceURLs", "resourceNames"];
        let of = |key| self.list(key).map(move |one| format!("{key} {one}"));
        let all = self.is_about_all().then(|| "all names".to_owned());
        keys.into_iter().flat_map(of).chain(all).collect()
    }
}

/// The roles of Kubernetes that read all Secrets. `view` reads none.
const READING: [&str; 3] = ["admin", "cluster-admin", "edit"];

/// True if a binding gives a role that reads all Secrets, of its namespace or of all: by a role of the run, or by one of
/// Kubernetes.
pub(super) fn gives_secrets(binding: &Resource, namespace: &str, render: &Render<'_>) -> bool {
    let Some((kind, name)) = role_of(binding) else { return false };
    let reads = |grant: Grant<'_>| {
        grant.grants("verbs", &["get", "list", "watch"])
            && grant.grants("apiGroups", &[""])
            && grant.grants("resources", &["secrets"])
            && grant.is_about_all()
    };
    let of = if kind == "Role" { namespace } else { CLUSTER };
    kind == "ClusterRole" && READING.contains(&name)
        || render.named_in_any(kind, of, name).take(MANY_ROLES).any(|role| grants(role).any(reads))
}

/// The greatest number of roles of one name that are looked at.
const MANY_ROLES: usize = 16;

/// The rules of a role; none for other objects, and for roles of Kubernetes itself.
pub(super) fn grants(object: &Resource) -> impl Iterator<Item = Grant<'_>> {
    rules_of(object)
        .iter()
        .enumerate()
        .map(|(index, node)| Grant { node, path: Path::of(&["rules"]).index(index) })
}

fn rules_of(object: &Resource) -> &[Node] {
    let name = object.name();
    let is_meant = is_role(object) && !name.starts_with("system:") && name != "cluster-admin";
    items(present(object.node(), "rules").filter(|_| is_meant))
}

/// The kinds of roles and bindings, as rules name them.
const KINDS: [&str; 4] = ["clusterrolebindings", "clusterroles", "rolebindings", "roles"];

/// Words in the names of roles of controllers.
const CONTROLLERS: [&str; 3] = ["controller", "manager", "operator"];

/// The start of labels by which a role becomes a part of others.
const AGGREGATED: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// The statement about a role that is for administrators.
const OF_ADMINISTRATORS: &str = "assumed: it is for administrators, as its name says";

/// The length of the longest valid name.
const LONGEST: usize = 253;

/// The greatest number of subjects that the violations of a role tell one by one.
const MANY: usize = 1 << 14;

/// The holders of a role, as far as its name, its rules and the bindings of the render say who they are.
pub(super) struct Holder<'a, 'b> {
    role: &'b Resource,
    namespace: &'b str,
    render: &'b Render<'a>,
    /// True if a binding gives the role to people.
    is_of_people: bool,
    /// True if a binding gives the role to accounts of programs.
    is_of_accounts: bool,
    /// The subjects to which bindings of the render give the role, each with the scope.
    subjects: Vec<String>,
}

/// The reason for which a right is assumed to be the purpose of a role.
pub(super) struct Reason {
    by: Easing,
    told: &'static str,
    proofs: Vec<Proof>,
}

impl Violation {
    /// The same violation, which is a note if a reason for it holds.
    pub(super) fn meant(self, reason: Option<Reason>) -> Self {
        match reason {
            Some(Reason { by, told, proofs }) => self.assuming(Severity::Note, by, told, proofs),
            None => self,
        }
    }
}

impl<'a, 'b> Holder<'a, 'b> {
    /// The holders of a role in the namespace of its scene.
    pub(super) fn new(role: &'b Resource, namespace: &'b str, render: &'b Render<'a>) -> Self {
        let rights = render.views.rights();
        let is_of_people = rights.is_of_people(role.kind(), namespace, role.name());
        let is_of_accounts = rights.is_of_accounts(role.kind(), namespace, role.name());
        let rules = rules_of(role).len();
        let mut subjects: Vec<String> = if rules == 0 {
            Vec::new()
        } else {
            rights.subjects(role.kind(), namespace, role.name())
        };
        // Each violation of the role has all of them.
        if rules.saturating_mul(subjects.len()) > MANY && subjects.len() > 1 {
            subjects = vec![hex(&Sha256::digest(subjects.join("\n")))];
        }
        Self { role, namespace, render, is_of_people, is_of_accounts, subjects }
    }

    /// All evidence for purposes of the role that is no field of it.
    pub(super) fn proofs(&self) -> Vec<Proof> {
        let words = self.words().map(|word| Proof::Words(vec![word.to_owned()]));
        let mut found: Vec<Proof> = words.collect();
        found.extend(self.completes().then_some(Proof::Completes));
        found.extend(self.is_aggregated().then_some(Proof::Label));
        found.extend(self.subjects.iter().cloned().map(Proof::Subject));
        found.extend(self.is_of_appliers().into_iter().flatten());
        found
    }

    /// The words of the name of the role.
    fn words(&self) -> impl Iterator<Item = &'b str> {
        let name = self.role.name();
        let name = if name.len() <= LONGEST { name } else { "" };
        name.split(['-', '_', '.', ':']).filter(|word| !word.is_empty())
    }

    /// The evidence that the name of the role has one of these words.
    fn called(&self, words: &[&str]) -> Option<Proof> {
        let found = self.words().filter(|word| words.contains(word));
        let found: Vec<String> = found.map(str::to_owned).collect();
        (!found.is_empty()).then_some(Proof::Words(found))
    }

    fn is_aggregated(&self) -> bool {
        self.role.labels().any(|(key, _)| key.starts_with(AGGREGATED))
    }

    /// The reason for which a wildcard is right, or harmless.
    pub(super) fn reason_for(&self, grant: &Grant<'_>) -> Option<Reason> {
        if let Some(reason) = self.of_administrators() {
            return Some(reason);
        }
        if self.role.kind() == "Role" && self.is_of_people && !self.is_of_accounts {
            return Some(Reason {
                by: Easing::People,
                told: "assumed: these users are the administrators of the namespace",
                proofs: self.subjects.iter().cloned().map(Proof::Subject).collect(),
            });
        }
        let reason = |told, proofs| Some(Reason { by: Easing::Role, told, proofs });
        let groups: Vec<&str> = grant.list("apiGroups").collect();
        if self.is_of_people || groups.is_empty() || !groups.iter().all(|one| is_custom(one)) {
            return None;
        }
        let names_all = !grant.has("resources", "*");
        let is_of_cluster =
            || self.render.views.rights().bound_in_cluster(self.role.name()).is_some();
        if let Some(proofs) = groups.iter().map(|group| self.owns(group)).collect() {
            reason("assumed: these kinds are its own, which it manages", proofs)
        } else if let Some(name) = self.called(&CONTROLLERS) {
            reason("assumed: these are the kinds of this controller", vec![name])
        } else if names_all && self.role.kind() == "Role" {
            // Its kind and its resources say so.
            reason("these are custom resources of one namespace", Vec::new())
        } else if names_all && !is_of_cluster() {
            // That nothing binds it otherwise is no evidence that a change brings.
            let told = "assumed: it is bound in namespaces, whose custom resources these are";
            reason(told, Vec::new())
        } else if self.is_aggregated() {
            let told = "it extends a role of Kubernetes by the kinds of a program";
            reason(told, vec![Proof::Label])
        } else {
            None
        }
    }

    /// The reason for a right of administrators: the name of the role, if no binding gives it to an account of a program.
    pub(super) fn of_administrators(&self) -> Option<Reason> {
        let words = ["admin", "admins", "administrator", "administrators"];
        let name = self.called(&words).filter(|_| !self.is_of_accounts)?;
        Some(Reason { by: Easing::Role, told: OF_ADMINISTRATORS, proofs: vec![name] })
    }

    /// The evidence that the renders define a group, or that the role is named after it.
    fn owns(&self, group: &str) -> Option<Proof> {
        let (first, _) = group.split_once('.').unwrap_or_default();
        if self.render.defines_group(group) {
            return Some(Proof::Group(group.to_owned()));
        }
        self.called(&[first])
    }

    /// True if the role completes custom resources.
    fn completes(&self) -> bool {
        completes(self.role)
    }

    /// The evidence that the role is that of an operator which makes roles: it completes custom resources, names the right to
    /// make roles or bindings, and bindings give it to accounts of programs only. Linear in the size of the role.
    pub(super) fn makes_roles(&self) -> Option<Vec<Proof>> {
        let makes = |grant: Grant<'_>| {
            grant.has("apiGroups", GROUP)
                && grant.list("resources").any(|one| KINDS.contains(&one))
                && ["create", "update", "patch"].iter().any(|verb| grant.has("verbs", verb))
        };
        let is_of_operator = self.is_of_accounts
            && !self.is_of_people
            && self.completes()
            && grants(self.role).any(makes);
        let subjects = self.subjects.iter().cloned().map(Proof::Subject);
        is_of_operator.then(|| subjects.chain([Proof::Completes]).collect())
    }

    /// The evidence that only controllers have the role that apply whatever a repository holds.
    pub(super) fn is_of_appliers(&self) -> Option<Vec<Proof>> {
        let rights = self.render.views.rights();
        let accounts = rights.accounts_with(self.role.kind(), self.namespace, self.role.name())?;
        // Each violation of the role has all of them.
        if rules_of(self.role).len().saturating_mul(accounts.len()) > MANY {
            return None;
        }
        let programs = applied_by(accounts, self.render)?;
        let subjects = self.subjects.iter().cloned().map(Proof::Subject);
        Some(subjects.chain(programs).collect())
    }

    /// The pods that run as the accounts which have the role, each as a text that is another one for other images.
    pub(super) fn runners(&self) -> Vec<String> {
        let rights = self.render.views.rights();
        let accounts = rights.accounts_of(self.role.kind(), self.namespace, self.role.name());
        let found = accounts.into_iter();
        let found =
            found.flat_map(|(namespace, name)| self.render.runners(namespace, name).digests);
        let found: BTreeSet<String> = found.collect();
        // Each violation of the role has all of them.
        if rules_of(self.role).len().saturating_mul(found.len()) <= MANY {
            return found.into_iter().collect();
        }
        let mut all = Sha256::new();
        found.iter().for_each(|one| all.update(one));
        vec![hex(&all.finalize())]
    }

    /// The evidence that the role is that of a controller: its name, or that it completes custom resources, if no binding
    /// gives it to people. Linear in the size of the role.
    pub(super) fn controls(&self) -> Option<Proof> {
        if self.is_of_people {
            return None;
        }
        self.completes().then_some(Proof::Completes).or_else(|| self.called(&CONTROLLERS))
    }
}

impl Reason {
    /// The reason that something is the work of a controller.
    pub(super) fn of_controller(proof: &Proof, told: &'static str) -> Self {
        Self { by: Easing::Role, told, proofs: vec![proof.clone()] }
    }
}
