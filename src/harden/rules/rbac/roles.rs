//! KR-RBAC-002, 003, 004, 005: roles name the rights that they give, and give none by which one gets others.

use crate::harden::grants::{Grant, Holder, Reason, grants};
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::violation::{Easing, Severity, Violation};
use crate::resource::Resource;
use crate::text::phrase::few;

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

fn wildcard(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let is_of_cluster = object.kind() == "ClusterRole";
    let holder = Holder::new(object, scene.namespace(), render);
    let (mut appliers, mut runners) = (None, None);
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
                let of = of_groups();
                let place = if is_of_cluster { "" } else { " in its namespace" };
                ("resources", format!("it gives all rights on all resources of {of}{place}"))
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
                return Some(grant.at("verbs", message, &holder).severity(Severity::Note));
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
        if severity == Severity::Warning && grant.list("resources").all(is_harmless) {
            let message = format!("{message}; these have nothing secret, and start nothing");
            return Some(grant.at(key, message, &holder).severity(Severity::Note));
        }
        let reason = match severity {
            Severity::Warning => holder.reason_for(&grant),
            _ => None,
        };
        let mut violation = grant.at(key, message, &holder).severity(severity).meant(reason);
        if severity != Severity::Error {
            return Some(violation);
        }
        // A pod that newly runs as one of its accounts has these rights, too.
        let runners = runners.get_or_insert_with(|| holder.runners());
        violation.values.extend(runners.iter().cloned());
        let proofs = appliers.get_or_insert_with(|| holder.is_of_appliers()).clone();
        Some(match proofs {
            Some(proofs) => {
                let told =
                    "assumed: a controller that applies whatever a repository holds needs them";
                violation.assuming(Severity::Warning, Easing::Applier, told, proofs)
            }
            None => violation,
        })
    };
    grants(object).filter_map(judge).collect()
}

/// True for resources on which all rights are harmless.
fn is_harmless(resource: &str) -> bool {
    matches!(resource, "leases" | "events")
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

fn secrets(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if object.kind() != "ClusterRole" {
        return Vec::new();
    }
    let holder = Holder::new(object, scene.namespace(), render);
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
        found.push(grant.at("resources", message, &holder));
    }
    found
}

fn pods(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    // From v1.35 on a WebSocket needs `create` too.
    let connects: &[&str] =
        if scene.facts.profile.version().minor() < 35 { &["create", "get"] } else { &["create"] };
    let holder = Holder::new(object, scene.namespace(), render);
    let mut controls = None;
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
        let work = "assumed: that is the work of this controller";
        let reason = holder.of_administrators().or_else(|| {
            let proof = controls.get_or_insert_with(|| holder.controls()).as_ref();
            proof.filter(|_| is_work).map(|proof| Reason::of_controller(proof, work))
        });
        Some(grant.at("resources", message, &holder).meant(reason))
    };
    grants(object).filter_map(&mut judge).collect()
}

fn escalate(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let holder = Holder::new(object, scene.namespace(), render);
    let (mut controls, mut makes_roles) = (None, None);
    let mut of_controller = |grant: Grant<'_>, message: &str, told: &'static str| {
        let proof = controls.get_or_insert_with(|| holder.controls()).as_ref();
        let reason = proof.map(|proof| Reason::of_controller(proof, told));
        grant.at("resources", message, &holder).severity(Severity::Warning).meant(reason)
    };
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
            let message = "it can give itself every right: it may `escalate` or `bind` any role";
            let violation = grant.at("verbs", message, &holder);
            // Who gives all verbs has not thought of these.
            let is_named = !grant.has("verbs", "*");
            let proofs = is_named
                .then(|| makes_roles.get_or_insert_with(|| holder.makes_roles()).clone())
                .flatten();
            return Some(match proofs {
                Some(proofs) => {
                    let told = "assumed: its program makes roles that hold more than it has itself";
                    violation.assuming(Severity::Warning, Easing::Role, told, proofs)
                }
                None => violation,
            });
        }
        if grant.has("verbs", "bind") && grant.grants("apiGroups", &[crate::harden::rights::GROUP])
        {
            let bound = bound(&grant);
            return bound.map(|(message, severity)| {
                grant.at("resourceNames", message, &holder).severity(severity)
            });
        }
        if grant.has("verbs", "impersonate")
            && grant.list("resources").any(|one| one == "*" || accounts.contains(&one))
            && grant.is_about_all()
        {
            let message = "it can act as other users: it may `impersonate` any of them";
            return Some(grant.at("verbs", message, &holder));
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
            return Some(of_controller(
                grant,
                message,
                "assumed: they are those of this controller",
            ));
        }
        let approves =
            of("certificates.k8s.io", &["certificatesigningrequests/approval"]) && writes();
        approves.then(|| {
            let message = "it can make certificates for other users: it approves signing requests";
            of_controller(grant, message, "assumed: that is the work of this controller")
        })
    };
    grants(object).filter_map(&mut judge).collect()
}

/// The statement about a rule that binds named roles, and its severity; `None` if their rights lead to no others.
fn bound(grant: &Grant<'_>) -> Option<(String, Severity)> {
    let names: Vec<&str> = grant.list("resourceNames").collect();
    let are_of_cluster = grant.grants("resources", &["clusterroles"]);
    if names.is_empty() || !are_of_cluster && !grant.has("resources", "roles") {
        return None;
    }
    let roles = few(&names, 3, |one| format!("`{one}`"));
    let has = |is_meant: fn(&str) -> bool| are_of_cluster && names.iter().any(|one| is_meant(one));
    Some(if has(|one| one == "cluster-admin" || one.starts_with("system:")) {
        let message = format!("it can give itself the rights of Kubernetes: it may `bind` {roles}");
        (message, Severity::Error)
    } else if has(|one| matches!(one, "admin" | "edit")) {
        let message =
            format!("it can give itself the Secrets of namespaces: it may `bind` {roles}");
        (message, Severity::Warning)
    } else {
        return None;
    })
}
