//! Security Context Constraints of `OpenShift`: the pods that its usual ones restrict.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::pod::Pod;
use super::rights::{is_binding, is_role, role_of};
use super::value::{below, is_true, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The rights to use constraints other than the usual ones, in one or several renders. Building it is linear.
#[derive(Default)]
pub(super) struct Constraints {
    /// The `ServiceAccounts` with such rights, by namespace and name with a colon between them.
    accounts: BTreeMap<String, Renders>,
    /// Groups of accounts.
    groups: BTreeMap<String, Renders>,
    /// Namespaces whose pods get no constraints.
    free: BTreeMap<String, Renders>,
    /// Constraints with the names of usual ones that allow more.
    wide: BTreeMap<String, Renders>,
}

/// The numbers of the renders that have something.
type Renders = BTreeSet<usize>;

/// The greatest number of renders with a role that a binding of another one gives.
const MANY: usize = 64;

/// Namespaces whose pods get no constraints: those that Kubernetes makes.
const FREE: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The group of the constraints.
const OF_CONSTRAINTS: &str = "security.openshift.io";

/// True for constraints that drop all capabilities, and set a profile and users.
fn is_usual(name: &str) -> bool {
    name.starts_with("restricted") || name.starts_with("nonroot")
}

/// True for constraints that allow what the usual ones refuse.
fn allows_more(constraints: &Node) -> bool {
    const FIELDS: [&str; 6] = [
        "allowHostDirVolumePlugin",
        "allowHostIPC",
        "allowHostNetwork",
        "allowHostPID",
        "allowHostPorts",
        "allowPrivilegedContainer",
    ];
    let user = below(constraints, &["runAsUser", "type"]).and_then(Node::as_text);
    let added = ["allowedCapabilities", "defaultAddCapabilities"].into_iter();
    let mut added = added.flat_map(|key| items(constraints.get(key)));
    FIELDS.iter().any(|field| is_true(present(constraints, field)))
        || user == Some("RunAsAny")
        || added.any(|one| one.as_text() != Some("NET_BIND_SERVICE"))
}

/// The constraints of an object.
fn constraints(object: &Resource) -> Option<&Node> {
    let group = &*object.gvk().group;
    let is_one = object.kind() == "SecurityContextConstraints"
        && (group.is_empty() || *group == *OF_CONSTRAINTS);
    is_one.then(|| object.node())
}

impl Constraints {
    /// Reads the constraints, roles, bindings and namespaces of renders, each object with the number of its render.
    pub(super) fn new<'a>(
        objects: impl Iterator<Item = (usize, &'a Resource)> + Clone,
        facts: &'a Facts,
    ) -> Self {
        let mut found = Self::default();
        for (render, object) in objects.clone() {
            if is_usual(object.name()) && constraints(object).is_some_and(allows_more) {
                found.wide.entry(object.name().to_owned()).or_default().insert(render);
            }
        }
        let mut roles = BTreeMap::<(&str, &str), Renders>::new();
        for (render, role) in objects.clone().filter(|(_, one)| is_role(one)) {
            if items(role.node().get("rules")).iter().any(|rule| found.gives_use(rule)) {
                let of = if role.kind() == "Role" { facts.namespace(role) } else { "" };
                roles.entry((of, role.name())).or_default().insert(render);
            }
        }
        for (render, object) in objects {
            if is_binding(object) {
                let Some((kind, name)) = role_of(object) else { continue };
                let namespace = facts.namespace(object);
                let of = if kind == "Role" { namespace } else { "" };
                let built_in = name.strip_prefix("system:openshift:scc:");
                let is_wide = kind == "ClusterRole" && name == "cluster-admin"
                    || built_in.is_some_and(|name| !found.is_usual(name));
                let mut renders = Renders::from([render]);
                match roles.get(&(of, name)) {
                    _ if is_wide => {}
                    None => continue,
                    Some(own) if own.contains(&render) => {}
                    Some(others) => renders.extend(others.iter().take(MANY)),
                }
                found.add_subjects(object, namespace, &renders);
            } else if let Some(node) = constraints(object) {
                if found.is_usual(object.name()) {
                    continue;
                }
                let renders = Renders::from([render]);
                let names = |key: &str| items(node.get(key)).iter().filter_map(Node::as_text);
                names("users").for_each(|name| found.add_user(name, &renders));
                for group in names("groups") {
                    found.groups.entry(group.to_owned()).or_default().insert(render);
                }
            } else if object.kind() == "Namespace" && object.gvk().group.is_empty() {
                let level = object.labels().find(|(key, _)| *key == "openshift.io/run-level");
                if level.is_some_and(|(_, level)| matches!(level, "0" | "1")) {
                    found.free.entry(object.name().to_owned()).or_default().insert(render);
                }
            }
        }
        found
    }

    /// True for the name of usual constraints, as far as the renders do not make others of them.
    fn is_usual(&self, name: &str) -> bool {
        is_usual(name) && !self.wide.contains_key(name)
    }

    /// True for a rule of a role that gives the use of other constraints than the usual ones.
    fn gives_use(&self, rule: &Node) -> bool {
        let has = |key: &str, names: [&str; 2]| {
            let mut words = items(rule.get(key)).iter().filter_map(Node::as_text);
            words.any(|word| names.contains(&word))
        };
        let names = items(rule.get("resourceNames")).iter().filter_map(Node::as_text);
        let mut names = names.peekable();
        has("verbs", ["use", "*"])
            && has("resources", ["securitycontextconstraints", "*"])
            && has("apiGroups", [OF_CONSTRAINTS, "*"])
            && (names.peek().is_none() || names.any(|name| !self.is_usual(name)))
    }

    fn add_subjects(&mut self, binding: &Resource, namespace: &str, renders: &Renders) {
        for subject in items(binding.node().get("subjects")) {
            let Some(name) = text(subject, "name") else { continue };
            match text(subject, "kind") {
                Some("ServiceAccount") => {
                    let of = text(subject, "namespace").unwrap_or(namespace);
                    self.add_account((of, name), renders);
                }
                Some("Group") => self.groups.entry(name.to_owned()).or_default().extend(renders),
                _ => self.add_user(name, renders),
            }
        }
    }

    fn add_user(&mut self, name: &str, renders: &Renders) {
        let account = name.strip_prefix("system:serviceaccount:");
        if let Some(account) = account.and_then(|one| one.split_once(':')) {
            self.add_account(account, renders);
        }
    }

    fn add_account(&mut self, (namespace, name): (&str, &str), renders: &Renders) {
        self.accounts.entry(format!("{namespace}:{name}")).or_default().extend(renders);
    }

    /// True if the usual constraints admit a pod of an object: it asks for no more than they allow, and its account may
    /// use no others in these renders.
    pub(super) fn restrict(&self, object: &Resource, facts: &Facts, pod: &Pod<'_>) -> bool {
        // An object without a namespace may be applied to any.
        !FREE.contains(&object.namespace())
            && required(pod).is_none_or(is_usual)
            && !asks_for_more(pod)
            && self.with_others(object, facts, pod).next().is_none()
    }

    /// The numbers of the renders by which other constraints may admit a pod of an object.
    pub(super) fn with_others<'b>(
        &'b self,
        object: &'b Resource,
        facts: &'b Facts,
        pod: &Pod<'b>,
    ) -> impl Iterator<Item = usize> + use<'b> {
        let (namespace, account) = (facts.namespace(object), pod.account());
        let group = format!("system:serviceaccounts:{namespace}");
        let groups = ["system:authenticated", "system:serviceaccounts", &group];
        let groups = groups.map(|group| self.groups.get(group));
        [
            self.accounts.get(&format!("{namespace}:{account}")),
            self.free.get(namespace),
            required(pod).and_then(|name| self.wide.get(name)),
        ]
        .into_iter()
        .chain(groups)
        .flatten()
        .flatten()
        .copied()
    }
}

/// The constraints that a pod asks for by name.
fn required<'a>(pod: &Pod<'a>) -> Option<&'a str> {
    pod.annotation("openshift.io/required-scc")
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
    use crate::resource::ResMap;
    use crate::resource::sample::resource;

    /// True if the usual constraints restrict the pod of the first of some objects.
    fn restrict(texts: &[&str]) -> bool {
        let objects: ResMap = texts.iter().map(|text| resource(text)).collect::<Vec<_>>().into();
        let facts = Facts::default();
        let first = objects.get(0).unwrap();
        let pods = pods(first, &facts);
        let all = objects.iter().map(|object| (0, object));
        Constraints::new(all, &facts).restrict(first, &facts, &pods[0])
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
        for (fields, expected) in [
            ("", true),
            (", allowedCapabilities: [NET_BIND_SERVICE], runAsUser: {type: MustRunAsRange}", true),
            (", allowPrivilegedContainer: true", false),
            (", allowedCapabilities: ['*']", false),
            (", runAsUser: {type: RunAsAny}", false),
        ] {
            let constraints = format!(
                "{{apiVersion: {OF_CONSTRAINTS}/v1, kind: SecurityContextConstraints, metadata: {{name: restricted-own}}, \
                 users: ['system:serviceaccount:shop:default']{fields}}}"
            );
            assert_eq!(restrict(&[&shop, &constraints]), expected, "{fields}");
            let constraints = constraints.replace(":default", ":other");
            let bound = bound("'system:openshift:scc:restricted-own'", account);
            assert_eq!(restrict(&[&shop, &constraints, &bound]), expected, "{fields}");
        }
        let free = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {openshift.io/run-level: '0'}}}";
        assert!(!restrict(&[&shop, free]));
    }
}
