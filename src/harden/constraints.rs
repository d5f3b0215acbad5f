//! Security Context Constraints of `OpenShift`: the pods that its usual ones restrict.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::once;

use super::facts::Facts;
use super::pod::Pod;
use super::rights::{is_binding, is_role, role_of};
use super::value::{below, integer, is_false, is_true, items, present, text};
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
    /// Constraints with names like those of usual ones that limit as much.
    limited: BTreeSet<String>,
}

/// The numbers of the renders that have something.
type Renders = BTreeSet<usize>;

/// The greatest number of renders with a role that a binding of another one gives.
const MANY: usize = 64;

/// Namespaces whose pods get no constraints: those that Kubernetes makes.
const FREE: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The annotation of a namespace with the users of its pods.
const OF_USERS: &str = "openshift.io/sa.scc.uid-range";

/// The group of the constraints.
const OF_CONSTRAINTS: &str = "security.openshift.io";

/// The constraints of `OpenShift` that drop capabilities, and set users other than root.
const USUAL: &str = "nonroot nonroot-v2 restricted restricted-v2 restricted-v3";

/// True for the names of such constraints that come with the platform.
fn is_usual(name: &str) -> bool {
    USUAL.split_ascii_whitespace().any(|one| one == name)
}

/// True for the name of constraints that may be made after usual ones, as long as their fields say so.
fn is_like_usual(name: &str) -> bool {
    name.starts_with("restricted") || name.starts_with("nonroot")
}

/// True for constraints that allow what the usual ones refuse. Those with names of their own say that they refuse it.
fn allows_more(name: &str, constraints: &Node) -> bool {
    const FIELDS: [&str; 6] = [
        "allowHostDirVolumePlugin",
        "allowHostIPC",
        "allowHostNetwork",
        "allowHostPID",
        "allowHostPorts",
        "allowPrivilegedContainer",
    ];
    let added = ["allowedCapabilities", "defaultAddCapabilities"].into_iter();
    let mut added = added.flat_map(|key| items(constraints.get(key)));
    FIELDS.iter().any(|field| is_true(present(constraints, field)))
        || may_be_root(constraints)
        || added.any(|one| one.as_text() != Some("NET_BIND_SERVICE"))
        || !is_usual(name) && !limits(constraints)
}

/// True if constraints let containers be root, or set that they are.
fn may_be_root(constraints: &Node) -> bool {
    let Some(user) = present(constraints, "runAsUser") else { return false };
    let is_of_root =
        |key: &str| present(user, key).is_some_and(|id| integer(id).is_none_or(|id| id <= 0));
    text(user, "type") == Some("RunAsAny") || is_of_root("uid") || is_of_root("uidRangeMin")
}

/// True if constraints refuse more rights, drop all capabilities and set the profile of the runtime.
fn limits(constraints: &Node) -> bool {
    let words = |key: &str| items(constraints.get(key)).iter().map(Node::as_text);
    let mut profiles = words("seccompProfiles").peekable();
    is_false(present(constraints, "allowPrivilegeEscalation"))
        && words("requiredDropCapabilities").any(|one| one == Some("ALL"))
        && profiles.peek().is_some()
        && profiles.all(|one| one == Some("runtime/default"))
        && below(constraints, &["runAsUser", "type"]).is_some()
}

/// True for a name of users for the pods of a namespace that has root in it: `0/10`.
fn has_root(range: &str) -> bool {
    let first = range.split(['/', '-']).next().unwrap_or_default();
    first.trim().parse::<i64>().is_ok_and(|first| first <= 0)
}

/// The group of older roles and bindings of `OpenShift`.
const OLDER: &str = "authorization.openshift.io";

/// True for a role that may give the use of constraints.
pub(super) fn may_give(object: &Resource) -> bool {
    is_role(object)
        || object.gvk().group == OLDER && matches!(object.kind(), "Role" | "ClusterRole")
}

/// The kind and the name of the role that a binding gives. Older ones say the namespace of a `Role` instead of the kind.
pub(super) fn given(object: &Resource) -> Option<(&str, &str)> {
    if is_binding(object) {
        return role_of(object);
    }
    if object.gvk().group != OLDER || !matches!(object.kind(), "RoleBinding" | "ClusterRoleBinding")
    {
        return None;
    }
    let role = present(object.node(), "roleRef")?;
    let has_namespace = text(role, "namespace").is_some_and(|of| !of.is_empty());
    let kind = if has_namespace { "Role" } else { "ClusterRole" };
    Some((kind, text(role, "name")?))
}

/// Roles of Kubernetes by the one from whose label on others they get rights: each has those before it.
const AGGREGATED: [&str; 3] = ["view", "edit", "admin"];

/// The roles of Kubernetes that get the rights of one by its labels.
pub(super) fn aggregated(role: &Resource) -> &'static [&'static str] {
    let lowest = role.labels().filter(|(_, value)| *value == "true").filter_map(|(key, _)| {
        let to = key.strip_prefix("rbac.authorization.k8s.io/aggregate-to-")?;
        AGGREGATED.iter().position(|one| *one == to)
    });
    lowest.min().and_then(|first| AGGREGATED.get(first..)).unwrap_or_default()
}

/// True if a role gets the rights of others with some labels.
pub(super) fn selects(role: &Resource, labels: &BTreeSet<(&str, &str)>) -> bool {
    let selectors = below(role.node(), &["aggregationRule", "clusterRoleSelectors"]);
    items(selectors).iter().any(|selector| {
        let wanted = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
        let mut listed = items(selector.get("matchExpressions")).iter();
        let is_there =
            |key: &str, value: &Node| labels.contains(&(key, value.as_text().unwrap_or_default()));
        let are_there = wanted.iter().all(|(key, value)| is_there(key.text(), value));
        let is_listed = |one: &Node| {
            let key = text(one, "key").unwrap_or_default();
            labels.range((key, "")..).next().is_some_and(|(first, _)| *first == key)
        };
        are_there && !labels.is_empty() && listed.all(is_listed)
    })
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
            let name = object.name();
            let Some(node) = constraints(object).filter(|_| is_like_usual(name)) else { continue };
            if allows_more(name, node) {
                found.wide.entry(name.to_owned()).or_default().insert(render);
            } else {
                found.limited.insert(name.to_owned());
            }
        }
        let roles = found.roles(objects.clone(), facts);
        for (render, object) in objects {
            if let Some((kind, name)) = given(object) {
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
                let users = object.annotations().find(|(key, _)| *key == OF_USERS);
                if level.is_some_and(|(_, level)| matches!(level, "0" | "1"))
                    || users.is_some_and(|(_, range)| has_root(range))
                {
                    found.free.entry(object.name().to_owned()).or_default().insert(render);
                }
            }
        }
        found
    }

    /// The roles that give the use of other constraints than the usual ones, by namespace and name.
    fn roles<'a>(
        &self,
        objects: impl Iterator<Item = (usize, &'a Resource)> + Clone,
        facts: &'a Facts,
    ) -> BTreeMap<(&'a str, &'a str), Renders> {
        let mut roles = BTreeMap::<(&str, &str), Renders>::new();
        let mut labels = BTreeSet::new();
        let all = objects.filter(|(_, one)| may_give(one));
        for (render, role) in all.clone() {
            if items(role.node().get("rules")).iter().any(|rule| self.gives_use(rule)) {
                let of = if role.kind() == "Role" { facts.namespace(role) } else { "" };
                let names = once(role.name()).chain(aggregated(role).iter().copied());
                for name in names {
                    roles.entry((of, name)).or_default().insert(render);
                }
                labels.extend(role.labels());
            }
        }
        for (render, role) in all.filter(|(_, role)| selects(role, &labels)) {
            roles.entry(("", role.name())).or_default().insert(render);
        }
        roles
    }

    /// True for the name of usual constraints, as far as the renders do not make others of them, or of others that limit as much.
    fn is_usual(&self, name: &str) -> bool {
        (is_usual(name) || self.limited.contains(name)) && !self.wide.contains_key(name)
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
                Some("SystemGroup") => {
                    self.groups.entry(name.to_owned()).or_default().extend(renders);
                }
                _ => self.add_user(name, renders),
            }
        }
        // Older bindings have these, too.
        let names = |key: &str| items(binding.node().get(key)).iter().filter_map(Node::as_text);
        names("userNames").for_each(|name| self.add_user(name, renders));
        for group in names("groupNames") {
            self.groups.entry(group.to_owned()).or_default().extend(renders);
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
            && required(pod).is_none_or(|name| is_usual(name) || self.limited.contains(name))
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
                || one.written_user(pod) == Some(0)
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
        let limits = ", allowPrivilegeEscalation: false, requiredDropCapabilities: [ALL], seccompProfiles: [runtime/default]";
        let usual = format!("{limits}, runAsUser: {{type: MustRunAsRange}}");
        for (fields, expected) in [
            (usual.clone(), true),
            (format!("{usual}, allowedCapabilities: [NET_BIND_SERVICE]"), true),
            (format!("{limits}, runAsUser: {{type: MustRunAsNonRoot}}"), true),
            (format!("{limits}, runAsUser: {{type: MustRunAs, uid: 1000}}"), true),
            (format!("{limits}, runAsUser: {{type: MustRunAs, uid: 0}}"), false),
            (format!("{limits}, runAsUser: {{type: MustRunAsRange, uidRangeMin: 0}}"), false),
            (format!("{limits}, runAsUser: {{type: RunAsAny}}"), false),
            (format!("{usual}, allowPrivilegedContainer: true"), false),
            (format!("{usual}, allowedCapabilities: ['*']"), false),
            (usual.replace("n: false", "n: true"), false),
            (usual.replace("runtime/default", "'*'"), false),
            (usual.replace("ALL", "KILL"), false),
            (String::new(), false),
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
        for (range, expected) in [("0/10", false), ("0-10", false), ("1000660000/10000", true)] {
            let namespace = format!(
                "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, annotations: {{{OF_USERS}: '{range}'}}}}}}"
            );
            assert_eq!(restrict(&[&shop, &namespace]), expected, "{range}");
        }
        for (name, expected) in [("restricted-priv", false), ("restricted", true)] {
            let bound = bound(&format!("'system:openshift:scc:{name}'"), account);
            assert_eq!(restrict(&[&shop, &bound]), expected, "{name}");
            let asking = shop.replace(
                "namespace: shop",
                &format!("namespace: shop, annotations: {{openshift.io/required-scc: {name}}}"),
            );
            assert_eq!(restrict(&[&asking]), expected, "{name}");
        }
    }

    #[test]
    fn older_bindings_and_aggregated_roles_give_constraints() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: a, image: a:1}]}}";
        let older = |fields: &str| {
            format!(
                "{{apiVersion: {OLDER}/v1, kind: RoleBinding, metadata: {{name: a, namespace: shop}}, \
                 roleRef: {{name: 'system:openshift:scc:privileged'}}, {fields}}}"
            )
        };
        for (fields, expected) in [
            ("subjects: [{kind: ServiceAccount, name: default, namespace: shop}]", false),
            ("subjects: [{kind: SystemGroup, name: 'system:serviceaccounts:shop'}]", false),
            ("userNames: ['system:serviceaccount:shop:default']", false),
            ("groupNames: ['system:serviceaccounts:shop']", false),
            ("userNames: ['system:serviceaccount:shop:other']", true),
        ] {
            assert_eq!(restrict(&[pod, &older(fields)]), expected, "{fields}");
        }
        let role = |labels: &str| {
            format!(
                "{{apiVersion: {GROUP}/v1, kind: ClusterRole, metadata: {{name: own, labels: {{{labels}}}}}, rules: [{{apiGroups: \
                 [{OF_CONSTRAINTS}], resources: [securitycontextconstraints], verbs: [use], resourceNames: [privileged]}}]}}"
            )
        };
        let selecting = format!(
            "{{apiVersion: {GROUP}/v1, kind: ClusterRole, metadata: {{name: all}}, \
             aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{a: b}}}}]}}}}"
        );
        for (labels, given, expected) in [
            ("rbac.authorization.k8s.io/aggregate-to-edit: 'true'", "edit", false),
            ("rbac.authorization.k8s.io/aggregate-to-edit: 'true'", "admin", false),
            ("rbac.authorization.k8s.io/aggregate-to-edit: 'true'", "view", true),
            ("rbac.authorization.k8s.io/aggregate-to-edit: 'false'", "edit", true),
            ("a: b", "all", false),
            ("a: c", "all", true),
        ] {
            let bound = format!(
                "{{apiVersion: {GROUP}/v1, kind: RoleBinding, metadata: {{name: a, namespace: shop}}, roleRef: {{kind: ClusterRole, \
                 name: {given}}}, subjects: [{{kind: ServiceAccount, name: default, namespace: shop}}]}}"
            );
            let found = restrict(&[pod, &role(labels), &selecting, &bound]);
            assert_eq!(found, expected, "{labels} {given}");
        }
    }
}
