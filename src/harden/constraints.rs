//! Security Context Constraints of `OpenShift`: the pods that its usual ones restrict.

use std::collections::BTreeSet;

use super::facts::Facts;
use super::pod::Pod;
use super::rights::{is_binding, is_role, role_of};
use super::value::{is_true, items, present, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// The rights of a render to use constraints other than the usual ones. Building it is linear.
#[derive(Default)]
pub(super) struct Constraints<'a> {
    /// `ServiceAccounts`, by namespace and name.
    accounts: BTreeSet<(&'a str, &'a str)>,
    /// Groups of accounts.
    groups: BTreeSet<&'a str>,
    /// Namespaces whose pods get no constraints.
    free: BTreeSet<&'a str>,
}

/// Namespaces whose pods get no constraints: those that Kubernetes makes.
const FREE: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The group of the constraints.
const OF_CONSTRAINTS: &str = "security.openshift.io";

/// True for constraints that drop all capabilities, and set a profile and users.
fn is_usual(name: &str) -> bool {
    name.starts_with("restricted") || name.starts_with("nonroot")
}

/// True for a rule of a role that gives the use of other constraints than the usual ones.
fn gives_use(rule: &Node) -> bool {
    let has = |key: &str, names: [&str; 2]| {
        let mut words = items(rule.get(key)).iter().filter_map(Node::as_text);
        words.any(|word| names.contains(&word))
    };
    let mut names = items(rule.get("resourceNames")).iter().filter_map(Node::as_text).peekable();
    has("verbs", ["use", "*"])
        && has("resources", ["securitycontextconstraints", "*"])
        && has("apiGroups", [OF_CONSTRAINTS, "*"])
        && (names.peek().is_none() || names.any(|name| !is_usual(name)))
}

impl<'a> Constraints<'a> {
    /// Reads the constraints, roles, bindings and namespaces of a render.
    pub(super) fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        let mut found = Self::default();
        let roles = objects.iter().filter(|one| is_role(one));
        let roles = roles.filter(|one| items(one.node().get("rules")).iter().any(gives_use));
        let of = |role: &'a Resource| match role.kind() {
            "Role" => (facts.namespace(role), role.name()),
            _ => ("", role.name()),
        };
        let roles: BTreeSet<(&str, &str)> = roles.map(of).collect();
        for object in objects {
            let group = &*object.gvk().group;
            if is_binding(object) {
                let Some((kind, name)) = role_of(object) else { continue };
                let namespace = facts.namespace(object);
                let of = if kind == "Role" { namespace } else { "" };
                let built_in = name.strip_prefix("system:openshift:scc:");
                let is_wide = kind == "ClusterRole" && name == "cluster-admin"
                    || built_in.is_some_and(|name| !is_usual(name))
                    || roles.contains(&(of, name));
                if is_wide {
                    found.add_subjects(object, namespace);
                }
            } else if object.kind() == "SecurityContextConstraints"
                && (group.is_empty() || *group == *OF_CONSTRAINTS)
                && !is_usual(object.name())
            {
                let names =
                    |key: &str| items(object.node().get(key)).iter().filter_map(Node::as_text);
                names("users").for_each(|name| found.add_user(name));
                found.groups.extend(names("groups"));
            } else if object.kind() == "Namespace" && group.is_empty() {
                let level = object.labels().find(|(key, _)| *key == "openshift.io/run-level");
                if level.is_some_and(|(_, level)| matches!(level, "0" | "1")) {
                    found.free.insert(object.name());
                }
            }
        }
        found
    }

    fn add_subjects(&mut self, binding: &'a Resource, namespace: &'a str) {
        for subject in items(binding.node().get("subjects")) {
            let Some(name) = text(subject, "name") else { continue };
            match text(subject, "kind") {
                Some("ServiceAccount") => {
                    let of = text(subject, "namespace").unwrap_or(namespace);
                    self.accounts.insert((of, name));
                }
                Some("Group") => drop(self.groups.insert(name)),
                _ => self.add_user(name),
            }
        }
    }

    fn add_user(&mut self, name: &'a str) {
        let account = name.strip_prefix("system:serviceaccount:");
        self.accounts.extend(account.and_then(|one| one.split_once(':')));
    }

    /// True if the usual constraints admit a pod of an object: it asks for no more than they allow, and its account may
    /// use no others in this render.
    pub(super) fn restrict(&self, object: &Resource, facts: &Facts, pod: &Pod<'_>) -> bool {
        let namespace = facts.namespace(object);
        let account = pod.get(&["serviceAccountName"]).and_then(Node::as_text);
        let account = account.filter(|name| !name.is_empty()).unwrap_or("default");
        let is_wide = || {
            self.accounts.contains(&(namespace, account))
                || ["system:authenticated", "system:serviceaccounts"]
                    .iter()
                    .any(|group| self.groups.contains(group))
                || self.groups.contains(&*format!("system:serviceaccounts:{namespace}"))
        };
        let required = pod.annotation("openshift.io/required-scc");
        // An object without a namespace may be applied to any.
        !FREE.contains(&object.namespace())
            && !self.free.contains(namespace)
            && required.is_none_or(is_usual)
            && !asks_for_more(pod)
            && !is_wide()
    }
}

/// True if a pod asks for something that the usual constraints refuse.
fn asks_for_more(pod: &Pod<'_>) -> bool {
    let is_of_node =
        ["hostNetwork", "hostPID", "hostIPC"].iter().any(|key| is_true(pod.get(&[key])));
    is_of_node
        || pod.volumes().any(|(_, volume)| present(volume, "hostPath").is_some())
        || pod.containers.iter().any(|one| {
            let mut ports = items(one.node.get("ports")).iter();
            one.is_privileged()
                || one.user(pod) == Some(0)
                || is_true(one.security("allowPrivilegeEscalation"))
                || one.capabilities("add").any(|name| name != "NET_BIND_SERVICE")
                || ports.any(|port| present(port, "hostPort").is_some())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harden::rights::GROUP;
    use crate::harden::workload::pods;
    use crate::resource::sample::resource;

    /// True if the usual constraints restrict the pod of the first of some objects.
    fn restrict(texts: &[&str]) -> bool {
        let objects: ResMap = texts.iter().map(|text| resource(text)).collect::<Vec<_>>().into();
        let facts = Facts::default();
        let first = objects.get(0).unwrap();
        let pods = pods(first, &facts);
        Constraints::new(&objects, &facts).restrict(first, &facts, &pods[0])
    }

    #[test]
    fn a_pod_is_restricted_unless_it_asks_or_may_use_more() {
        let pod = |namespace: &str, spec: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: {namespace}}}, \
                 spec: {{{spec}containers: [{{name: a, image: a:1}}]}}}}"
            )
        };
        assert!(restrict(&[&pod("shop", "")]));
        assert!(restrict(&[&pod("shop", "securityContext: {runAsUser: 1000}, ")]));
        assert!(!restrict(&[&pod("kube-system", "")]));
        assert!(!restrict(&[&pod("shop", "hostNetwork: true, ")]));
        assert!(!restrict(&[&pod("shop", "securityContext: {runAsUser: 0}, ")]));
        assert!(!restrict(&[&pod("shop", "volumes: [{name: a, hostPath: {path: /a}}], ")]));
        let bound = |role: &str, subject: &str| {
            format!(
                "{{apiVersion: {GROUP}/v1, kind: RoleBinding, metadata: {{name: a, namespace: shop}}, \
                 roleRef: {{kind: ClusterRole, name: {role}}}, subjects: [{subject}]}}"
            )
        };
        let account = "{kind: ServiceAccount, name: default, namespace: shop}";
        let shop = pod("shop", "");
        let other = pod("shop", "serviceAccountName: web, ");
        for (pod, role, subject, expected) in [
            (&shop, "'system:openshift:scc:anyuid'", account, false),
            (&shop, "'system:openshift:scc:restricted-v2'", account, true),
            (&shop, "view", account, true),
            (&shop, "cluster-admin", account, false),
            (&other, "'system:openshift:scc:privileged'", account, true),
            (
                &other,
                "'system:openshift:scc:privileged'",
                "{kind: Group, name: 'system:serviceaccounts:shop'}",
                false,
            ),
            (
                &other,
                "'system:openshift:scc:privileged'",
                "{kind: Group, name: 'system:serviceaccounts:other'}",
                true,
            ),
        ] {
            assert_eq!(restrict(&[pod, &bound(role, subject)]), expected, "{pod} {role} {subject}");
        }
        let role = format!(
            "{{apiVersion: {GROUP}/v1, kind: ClusterRole, metadata: {{name: own}}, rules: [{{apiGroups: [{OF_CONSTRAINTS}], \
             resources: [securitycontextconstraints], verbs: [use], resourceNames: [privileged]}}]}}"
        );
        assert!(!restrict(&[&shop, &role, &bound("own", account)]));
        assert!(restrict(&[&shop, &role]));
        let constraints = format!(
            "{{apiVersion: {OF_CONSTRAINTS}/v1, kind: SecurityContextConstraints, metadata: {{name: own}}, \
             users: ['system:serviceaccount:shop:default']}}"
        );
        assert!(!restrict(&[&shop, &constraints]));
        let free = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {openshift.io/run-level: '0'}}}";
        assert!(!restrict(&[&shop, free]));
    }
}
