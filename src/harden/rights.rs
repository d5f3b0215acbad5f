//! An index of bindings: the rights of `ServiceAccounts`, and the use of roles.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::groups::is_custom;
use super::value::{items, present, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// The group of roles and bindings.
pub(super) const GROUP: &str = "rbac.authorization.k8s.io";

/// The kind and the name of the role with all rights.
pub(super) const ADMIN: (&str, &str) = ("ClusterRole", "cluster-admin");

/// The bindings of a render. Building it is linear.
#[derive(Default)]
pub(super) struct Rights<'a> {
    /// The `ServiceAccounts` to which a binding gives a role, by namespace and name, with the first such binding.
    bound: BTreeMap<(&'a str, &'a str), &'a Resource>,
    /// The groups of `ServiceAccounts` to which a binding gives a role.
    groups: BTreeSet<&'a str>,
    /// Roles that bindings name: kind, namespace (empty for a `ClusterRole`), and name.
    used: BTreeSet<(&'a str, &'a str, &'a str)>,
    /// `ClusterRoles` that are bound for the whole cluster, with the first such binding.
    of_cluster: BTreeMap<&'a str, &'a Resource>,
    /// Roles that bindings give to users and groups of people.
    of_people: BTreeSet<(&'a str, &'a str, &'a str)>,
    /// Roles that bindings give to `ServiceAccounts`.
    of_accounts: BTreeSet<(&'a str, &'a str, &'a str)>,
    /// The subjects to which bindings give each role.
    subjects: BTreeMap<(&'a str, &'a str, &'a str), BTreeSet<Holding<'a>>>,
    /// The `ServiceAccounts`, by namespace and name, to which bindings give a role that completes custom resources.
    controllers: BTreeSet<(&'a str, &'a str)>,
    /// The `ServiceAccounts` of the render.
    accounts: BTreeMap<(&'a str, &'a str), &'a Resource>,
}

/// A subject, as a binding has it: the kind and the namespace of the binding, and those and the name of the subject.
type Holding<'a> = (&'a str, &'a str, Subject<'a>);

/// The kind, the namespace and the name of a subject.
type Subject<'a> = [&'a str; 3];

/// The kinds of bindings.
pub(super) fn is_binding(object: &Resource) -> bool {
    object.gvk().group == GROUP && matches!(object.kind(), "RoleBinding" | "ClusterRoleBinding")
}

/// True for a Role or a `ClusterRole`.
pub(super) fn is_role(object: &Resource) -> bool {
    object.gvk().group == GROUP && matches!(object.kind(), "Role" | "ClusterRole")
}

impl<'a> Rights<'a> {
    /// Reads the bindings of a render.
    pub(super) fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        let mut rights = Self::default();
        let mut completing = Vec::new();
        for object in objects {
            if is_role(object) {
                if completes(object) {
                    let of = if object.kind() == "Role" { facts.namespace(object) } else { "" };
                    completing.push((object.kind(), of, object.name()));
                }
            } else if is_binding(object) {
                rights.add(object, facts);
            } else if object.kind() == "ServiceAccount" && object.gvk().group.is_empty() {
                rights.accounts.insert((facts.namespace(object), object.name()), object);
            }
        }
        for role in completing {
            let holdings = rights.subjects.get(&role).into_iter().flatten();
            rights.controllers.extend(holdings.filter_map(account));
        }
        rights
    }

    fn add(&mut self, binding: &'a Resource, facts: &'a Facts) {
        let namespace = facts.namespace(binding);
        if let Some((kind, name)) = role_of(binding) {
            let of = if kind == "Role" { namespace } else { "" };
            self.used.insert((kind, of, name));
            if binding.kind() == "ClusterRoleBinding" {
                self.of_cluster.entry(name).or_insert(binding);
            }
        }
        for subject in items(binding.node().get("subjects")) {
            let Some(name) = text(subject, "name") else { continue };
            if let Some((kind, role)) = role_of(binding) {
                let role = (kind, if kind == "Role" { namespace } else { "" }, role);
                let of = if binding.kind() == "RoleBinding" { namespace } else { "" };
                let holding = (binding.kind(), of, parts(subject));
                self.subjects.entry(role).or_default().insert(holding);
                match is_of_people(subject) {
                    true => self.of_people.insert(role),
                    false => self.of_accounts.insert(role),
                };
            }
            match text(subject, "kind") {
                Some("ServiceAccount") => {
                    let namespace = text(subject, "namespace").unwrap_or(namespace);
                    self.bound.entry((namespace, name)).or_insert(binding);
                }
                Some("Group") => drop(self.groups.insert(name)),
                // The name of a ServiceAccount as a user.
                Some("User") => {
                    let account = name.strip_prefix("system:serviceaccount:");
                    if let Some(account) = account.and_then(|one| one.split_once(':')) {
                        self.bound.entry(account).or_insert(binding);
                    }
                }
                _ => {}
            }
        }
    }

    /// True if bindings give a `ServiceAccount` a role that completes custom resources, as controllers do.
    pub(super) fn is_controller(&self, namespace: &str, account: &str) -> bool {
        self.controllers.contains(&(namespace, account))
    }

    /// The `ServiceAccounts`, by namespace and name, to which bindings give a role; `None` if they give it to none, or to
    /// another subject, too.
    pub(super) fn accounts_with(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Vec<(&'a str, &'a str)>> {
        let of = if kind == "Role" { namespace } else { "" };
        self.subjects.get(&(kind, of, name))?.iter().map(account).collect()
    }

    /// The `ServiceAccounts`, by namespace and name, to which bindings give a role.
    pub(super) fn accounts_of(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Vec<(&'a str, &'a str)> {
        let of = if kind == "Role" { namespace } else { "" };
        self.subjects.get(&(kind, of, name)).into_iter().flatten().filter_map(account).collect()
    }

    /// The first binding that names a `ServiceAccount`.
    pub(super) fn binding_of(&self, namespace: &str, account: &str) -> Option<&'a Resource> {
        self.bound.get(&(namespace, account)).copied()
    }

    /// True if a binding of the render gives a role to a `ServiceAccount`, by its name or by a group.
    pub(super) fn has_role(&self, namespace: &str, account: &str) -> bool {
        let is_bound = |group: &&str| {
            let rest = group.strip_prefix("system:serviceaccounts");
            rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':') == Some(namespace))
        };
        self.binding_of(namespace, account).is_some() || self.groups.iter().any(is_bound)
    }

    /// True if a binding names a role.
    pub(super) fn is_used(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let of = if kind == "Role" { namespace } else { "" };
        self.used.contains(&(kind, of, name))
    }

    /// True if a binding gives a role to users or groups of people.
    pub(super) fn is_of_people(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let of = if kind == "Role" { namespace } else { "" };
        self.of_people.contains(&(kind, of, name))
    }

    /// True if a binding gives a role to `ServiceAccounts`.
    pub(super) fn is_of_accounts(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let of = if kind == "Role" { namespace } else { "" };
        self.of_accounts.contains(&(kind, of, name))
    }

    /// The subjects to which bindings give a role, each with the scope of the binding, in order and each once.
    pub(super) fn subjects(&self, kind: &str, namespace: &str, name: &str) -> Vec<String> {
        let of = if kind == "Role" { namespace } else { "" };
        let found = self.subjects.get(&(kind, of, name)).into_iter().flatten();
        found
            .map(|(kind, of, subject)| format!("{kind} {of} gives {}", subject.join(" ")))
            .collect()
    }

    /// The first binding that gives a `ClusterRole` for the whole cluster.
    pub(super) fn bound_in_cluster(&self, name: &str) -> Option<&'a Resource> {
        self.of_cluster.get(name).copied()
    }

    /// True if the render has `ServiceAccounts` of a namespace.
    pub(super) fn has_accounts(&self, namespace: &str) -> bool {
        let mut following = self.accounts.range((namespace, "")..);
        following.next().is_some_and(|((of, _), _)| *of == namespace)
    }

    /// A `ServiceAccount` of the render.
    pub(super) fn account(&self, namespace: &str, name: &str) -> Option<&'a Resource> {
        self.accounts.get(&(namespace, name)).copied()
    }
}

/// A subject as one text: its kind, its namespace and its name.
pub(super) fn told(subject: &Node) -> String {
    parts(subject).join(" ")
}

fn parts(subject: &Node) -> Subject<'_> {
    ["kind", "namespace", "name"].map(|key| text(subject, key).unwrap_or_default())
}

/// The namespace and the name of a subject that is a `ServiceAccount`.
fn account<'a>((_, own, [kind, of, name]): &Holding<'a>) -> Option<(&'a str, &'a str)> {
    let of = if of.is_empty() { *own } else { *of };
    (*kind == "ServiceAccount").then_some((of, *name))
}

/// True for a role that completes custom resources: it is about their status or their finalizers.
pub(super) fn completes(role: &Resource) -> bool {
    items(present(role.node(), "rules")).iter().any(|rule| {
        let list = |key| items(rule.get(key)).iter().filter_map(Node::as_text);
        let is_part = |one: &str| one.ends_with("/status") || one.ends_with("/finalizers");
        list("apiGroups").any(is_custom) && list("resources").any(is_part)
    })
}

/// True for a subject that stands for people: a user or a group that is no `ServiceAccount`.
pub(super) fn is_of_people(subject: &Node) -> bool {
    let name = text(subject, "name").unwrap_or_default();
    matches!(text(subject, "kind"), Some("User" | "Group"))
        && !name.starts_with("system:serviceaccount")
}

/// The kind and the name of the role of a binding.
pub(super) fn role_of(binding: &Resource) -> Option<(&str, &str)> {
    let role: &Node = present(binding.node(), "roleRef")?;
    Some((text(role, "kind")?, text(role, "name")?))
}
