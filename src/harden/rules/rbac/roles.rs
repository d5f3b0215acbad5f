//! KR-RBAC-002, 003, 004, 005: roles name the rights that they give, and give none by which one gets others.

use crate::harden::objects::is_custom;
use crate::harden::profile::Scope;
use crate::harden::rights::is_role;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{items, present};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::text::phrase::few;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static WILDCARD: Rule = Rule {
    id: "KR-RBAC-002",
    name: "wildcard",
    text: text!("KR-RBAC-002"),
    severity: Severity::Error,
    score: Some(8.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(wildcard)),
};

pub(super) static SECRET_ACCESS: Rule = Rule {
    id: "KR-RBAC-003",
    name: "secret-access",
    text: text!("KR-RBAC-003"),
    severity: Severity::Warning,
    score: Some(7.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(secrets)),
};

pub(super) static POD_EXEC_OR_CREATE: Rule = Rule {
    id: "KR-RBAC-004",
    name: "pod-exec-or-create",
    text: text!("KR-RBAC-004"),
    severity: Severity::Warning,
    score: Some(6.5),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(pods)),
};

pub(super) static ESCALATE: Rule = Rule {
    id: "KR-RBAC-005",
    name: "escalate",
    text: text!("KR-RBAC-005"),
    severity: Severity::Error,
    score: Some(8.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(escalate)),
};

/// A rule of a role.
struct Grant<'a> {
    node: &'a Node,
    path: Path,
}

impl<'a> Grant<'a> {
    fn list(&self, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        items(self.node.get(key)).iter().filter_map(Node::as_text)
    }

    fn has(&self, key: &str, value: &str) -> bool {
        self.list(key).any(|one| one == value)
    }

    /// True if a list has one of these values, or a `*`.
    fn grants(&self, key: &str, values: &[&str]) -> bool {
        self.list(key).any(|one| one == "*" || values.contains(&one))
    }

    /// True if it is about all objects, not about named ones.
    fn is_about_all(&self) -> bool {
        items(self.node.get("resourceNames")).is_empty()
    }

    fn at(&self, key: &str, message: impl Into<String>) -> Violation {
        Violation::at(self.path.clone().keys(&[key]), message).values(self.values())
    }

    /// All that it gives: one that gives more is another one.
    fn values(&self) -> Vec<String> {
        let keys = ["apiGroups", "resources", "verbs", "nonResourceURLs", "resourceNames"];
        let of = |key| self.list(key).map(move |one| format!("{key} {one}"));
        let all = self.is_about_all().then(|| "all names".to_owned());
        keys.into_iter().flat_map(of).chain(all).collect()
    }
}

/// The rules of a role; none for other objects, and for roles of Kubernetes itself.
fn grants(object: &Resource) -> impl Iterator<Item = Grant<'_>> {
    let name = object.name();
    let is_meant = is_role(object) && !name.starts_with("system:") && name != "cluster-admin";
    let rules = present(object.node(), "rules").filter(|_| is_meant);
    let rules = items(rules).iter().enumerate();
    rules.map(|(index, node)| Grant { node, path: Path::of(&["rules"]).index(index) })
}

fn wildcard(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let is_of_cluster = object.kind() == "ClusterRole";
    let holder = Holder::new(object, scene, render);
    let judge = |grant: Grant<'_>| {
        let [verbs, resources, groups] =
            ["verbs", "resources", "apiGroups"].map(|key| grant.has(key, "*"));
        let is_core = groups || grant.has("apiGroups", "");
        let told = |key: &str| {
            let all: Vec<&str> = grant.list(key).collect();
            let is_in_force = |one: &&str| is_of_cluster || !OF_CLUSTER.contains(one);
            let in_force: Vec<&str> = all.iter().copied().filter(is_in_force).collect();
            let words = if in_force.is_empty() { all } else { in_force };
            few(&words, 3, |one| format!("`{one}`"))
        };
        let of_groups = || {
            let groups: Vec<&str> = grant.list("apiGroups").collect();
            few(&groups, 3, |group| match *group {
                "" => "the core group".to_owned(),
                "*" => "all groups".to_owned(),
                group => format!("`{group}`"),
            })
        };
        let (key, message) = match (resources, verbs, groups) {
            (true, true, _) => {
                ("resources", format!("it gives all rights on all resources of {}", of_groups()))
            }
            (true, false, _) => (
                "resources",
                format!(
                    "it is about all resources of {}, and those that are added later: `*` in `resources`",
                    of_groups()
                ),
            ),
            (false, true, _) if grant.list("resources").next().is_none() => {
                let message = format!(
                    "it gives all rights on {}, paths of the API server that are no objects (`nonResourceURLs`)",
                    told("nonResourceURLs")
                );
                return Some(grant.at("verbs", message).severity(Severity::Note));
            }
            (false, true, _) => (
                "verbs",
                format!(
                    "it gives all rights on {}, and those that are added later",
                    told("resources")
                ),
            ),
            (false, false, true) => (
                "apiGroups",
                format!("it is about {} of all groups: `*` in `apiGroups`", told("resources")),
            ),
            (false, false, false) => return None,
        };
        // Nothing is changed, and the core group has the Secrets.
        let only_reads =
            || grant.list("verbs").all(|verb| ["get", "list", "watch"].contains(&verb));
        let severity = match resources {
            // All Secrets of the cluster, or everything in a namespace.
            true if verbs && (groups || is_core && is_of_cluster) => Severity::Error,
            true if !is_core && only_reads() => Severity::Note,
            _ => Severity::Warning,
        };
        let why = match severity {
            Severity::Warning => holder.reason_for(&grant),
            _ => None,
        };
        Some(match why {
            Some(why) => grant.at(key, format!("{message}; {why}")).severity(Severity::Note),
            None => grant.at(key, message).severity(severity),
        })
    };
    grants(object).filter_map(judge).collect()
}

/// Resources without a namespace, on which a Role gives no rights.
const OF_CLUSTER: [&str; 7] = [
    "clusterrolebindings",
    "clusterroles",
    "customresourcedefinitions",
    "namespaces",
    "nodes",
    "persistentvolumes",
    "storageclasses",
];

/// Words in the names of roles of controllers.
const CONTROLLERS: [&str; 3] = ["controller", "manager", "operator"];

/// The start of labels by which a role becomes a part of others.
const AGGREGATED: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// The statement about a role that is for administrators.
const OF_ADMINISTRATORS: &str = "assumed: it is for administrators, as its name says";

/// The length of the longest valid name.
const LONGEST: usize = 253;

/// The holder of a role, as far as its name, its rules and the bindings of the render say who that is.
struct Holder<'a, 'b> {
    role: &'b Resource,
    render: &'b Render<'a>,
    /// True if a binding gives the role to people.
    is_of_people: bool,
    /// True if a binding gives the role to accounts of programs.
    is_of_accounts: bool,
}

impl<'a, 'b> Holder<'a, 'b> {
    fn new(role: &'b Resource, scene: Scene<'_>, render: &'b Render<'a>) -> Self {
        let (rights, namespace) = (render.views.rights(), scene.namespace());
        let is_of_people = rights.is_of_people(role.kind(), namespace, role.name());
        let is_of_accounts = rights.is_of_accounts(role.kind(), namespace, role.name());
        Self { role, render, is_of_people, is_of_accounts }
    }

    /// True if the name of the role has one of these words.
    fn is_called(&self, words: &[&str]) -> bool {
        let name = self.role.name();
        name.len() <= LONGEST && name.split(['-', '_', '.', ':']).any(|word| words.contains(&word))
    }

    /// The reason for which a wildcard is right, or harmless.
    fn reason_for(&self, grant: &Grant<'_>) -> Option<&'static str> {
        let is_harmless = |one: &str| matches!(one, "leases" | "events");
        if grant.list("resources").all(is_harmless) {
            return Some("these have nothing secret, and start nothing");
        }
        if self.is_of_administrators() {
            return Some(OF_ADMINISTRATORS);
        }
        if self.role.kind() == "Role" && self.is_of_people && !self.is_of_accounts {
            return Some("assumed: these users are the administrators of the namespace");
        }
        let groups: Vec<&str> = grant.list("apiGroups").collect();
        if self.is_of_people || groups.is_empty() || !groups.iter().all(|one| is_custom(one)) {
            return None;
        }
        let names_all = !grant.has("resources", "*");
        let is_of_cluster =
            || self.render.views.rights().bound_in_cluster(self.role.name()).is_some();
        let is_aggregated = || self.role.labels().any(|(key, _)| key.starts_with(AGGREGATED));
        if groups.iter().all(|group| self.is_own(group)) {
            Some("assumed: these kinds are its own, which it manages")
        } else if self.is_called(&CONTROLLERS) {
            Some("assumed: these are the kinds of this controller")
        } else if names_all && self.role.kind() == "Role" {
            Some("these are custom resources of one namespace")
        } else if names_all && !is_of_cluster() {
            Some("assumed: it is bound in namespaces, whose custom resources these are")
        } else {
            is_aggregated().then_some("it extends a role of Kubernetes by the kinds of a program")
        }
    }

    /// True for a role of administrators by its name, if no binding gives it to an account of a program.
    fn is_of_administrators(&self) -> bool {
        let words = ["admin", "admins", "administrator", "administrators"];
        !self.is_of_accounts && self.is_called(&words)
    }

    /// True for a group that the renders define, or that the role is named after.
    fn is_own(&self, group: &str) -> bool {
        let (first, _) = group.split_once('.').unwrap_or_default();
        self.render.defines_group(group) || self.is_called(&[first])
    }

    /// True if the role is that of a controller: by its name, or as it completes custom resources, and no binding gives it
    /// to people.
    fn is_controller(&self) -> bool {
        let completes = || {
            grants(self.role).any(|grant| {
                let is_part = |one: &str| one.ends_with("/status") || one.ends_with("/finalizers");
                grant.list("apiGroups").any(is_custom) && grant.list("resources").any(is_part)
            })
        };
        !self.is_of_people && (self.is_called(&CONTROLLERS) || completes())
    }
}

fn secrets(object: &Resource, _: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if object.kind() != "ClusterRole" {
        return Vec::new();
    }
    let mut found = Vec::new();
    for grant in grants(object) {
        let is_read = grant.grants("verbs", &["get", "list", "watch"]);
        let is_core = grant.grants("apiGroups", &[""]);
        if !is_read || !is_core || !grant.has("resources", "secrets") || !grant.is_about_all() {
            continue;
        }
        // Bound in a namespace, it is about the Secrets of this namespace.
        let Some(binding) = render.views.rights().bound_in_cluster(object.name()) else { break };
        let message = format!(
            "it reads the Secrets of all namespaces: the ClusterRoleBinding `{}` gives it for the whole cluster",
            binding.name()
        );
        found.push(grant.at("resources", message));
    }
    found
}

fn pods(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    // From v1.35 on a WebSocket needs `create` too.
    let connects: &[&str] =
        if scene.facts.profile.version().minor() < 35 { &["create", "get"] } else { &["create"] };
    let holder = Holder::new(object, scene, render);
    let mut is_controller = None;
    let mut judge = |grant: Grant<'_>| {
        if !grant.grants("apiGroups", &[""]) {
            return None;
        }
        let opens = |resource: &str, verbs: &[&str]| {
            grant.has("resources", resource) && grant.grants("verbs", verbs)
        };
        let (is_work, message) = if grant.has("resources", "pods")
            && grant.grants("verbs", &["create"])
            && grant.is_about_all()
        {
            (true, "it creates pods, which can mount each Secret of their namespace")
        } else if ["pods/exec", "pods/*"].iter().any(|one| opens(one, connects)) {
            (true, "it runs commands in the containers of others")
        } else if opens("pods/attach", connects) {
            (
                true,
                "it reads the output of the processes in the containers of others, and writes to their input",
            )
        } else if opens("nodes/proxy", &["create", "get"]) {
            (false, "it reaches the kubelet of each node, past the audit log and admission")
        } else {
            return None;
        };
        if holder.is_of_administrators() {
            let message = format!("{message}; {OF_ADMINISTRATORS}");
            return Some(grant.at("resources", message).severity(Severity::Note));
        }
        Some(if is_work && *is_controller.get_or_insert_with(|| holder.is_controller()) {
            let message = format!("{message}; assumed: that is the work of this controller");
            grant.at("resources", message).severity(Severity::Note)
        } else {
            grant.at("resources", message)
        })
    };
    grants(object).filter_map(&mut judge).collect()
}

fn escalate(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let holder = Holder::new(object, scene, render);
    let mut is_controller = None;
    let mut judge = |grant: Grant<'_>| {
        let of = |group: &str, resources: &[&str]| {
            grant.grants("apiGroups", &[group])
                && grant.list("resources").any(|one| resources.contains(&one))
                && grant.is_about_all()
        };
        let writes = || grant.grants("verbs", &["create", "update", "patch"]);
        let is_of_roles = of(crate::harden::rights::GROUP, &["roles", "clusterroles"]);
        let accounts = ["users", "groups", "serviceaccounts", "userextras", "uids"];
        if is_of_roles && grant.grants("verbs", &["escalate", "bind"]) {
            return Some(grant.at(
                "verbs",
                "it can give itself every right: it may `escalate` or `bind` any role",
            ));
        }
        if grant.has("verbs", "impersonate")
            && grant.list("resources").any(|one| one == "*" || accounts.contains(&one))
            && grant.is_about_all()
        {
            return Some(
                grant.at("verbs", "it can act as other users: it may `impersonate` any of them"),
            );
        }
        let hooks = ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"];
        if of("admissionregistration.k8s.io", &hooks) && writes() {
            let message = match of("admissionregistration.k8s.io", &hooks[1..]) {
                true => {
                    "it can read and change each request to the API server: it writes configurations of webhooks"
                }
                false => {
                    "it can read and refuse each request to the API server: it writes configurations of validating webhooks"
                }
            };
            return Some(match *is_controller.get_or_insert_with(|| holder.is_controller()) {
                true => {
                    let message = format!("{message}; assumed: they are those of this controller");
                    grant.at("resources", message).severity(Severity::Note)
                }
                false => grant.at("resources", message).severity(Severity::Warning),
            });
        }
        let approves =
            of("certificates.k8s.io", &["certificatesigningrequests/approval"]) && writes();
        approves.then(|| {
            let message = "it can make certificates for other users: it approves signing requests";
            match *is_controller.get_or_insert_with(|| holder.is_controller()) {
                true => {
                    let message =
                        format!("{message}; assumed: that is the work of this controller");
                    grant.at("resources", message).severity(Severity::Note)
                }
                false => grant.at("resources", message).severity(Severity::Warning),
            }
        })
    };
    grants(object).filter_map(&mut judge).collect()
}
