//! KR-RBAC-001, 006, 007: bindings give roles that exist to accounts that exist, and no one else.

use std::cell::LazyCell;

use crate::harden::appliers::{appliers, runners};
use crate::harden::grants::gives_secrets;
use crate::harden::profile::Scope;
use crate::harden::rights::{ADMIN, is_binding, is_of_people, is_role, role_of, told};
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{items, text};
use crate::harden::violation::{Easing, Proof, Severity, Violation};
use crate::resource::{DEFAULT_NAMESPACE, Resource};
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static CLUSTER_ADMIN_BINDING: Rule = Rule {
    id: "KR-RBAC-001",
    name: "cluster-admin-binding",
    text: text!("KR-RBAC-001"),
    severity: Severity::Error,
    score: Some(8.5),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(cluster_admin)),
};

pub(super) static ANONYMOUS: Rule = Rule {
    id: "KR-RBAC-006",
    name: "anonymous",
    text: text!("KR-RBAC-006"),
    severity: Severity::Error,
    score: Some(9.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(anonymous)),
};

pub(super) static UNRESOLVED_BINDING: Rule = Rule {
    id: "KR-RBAC-007",
    name: "unresolved-binding",
    text: text!("KR-RBAC-007"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(unresolved)),
};

/// True for bindings that Kubernetes makes.
fn is_own(binding: &Resource) -> bool {
    binding.name().starts_with("system:") || binding.name() == "cluster-admin"
}

fn cluster_admin(object: &Resource, _: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let is_meant = is_binding(object) && !is_own(object);
    if !is_meant || role_of(object) != Some(ADMIN) {
        return Vec::new();
    }
    let message = match object.kind() {
        "RoleBinding" => "it gives all rights in its namespace: the role is `cluster-admin`",
        _ => "it gives all rights in the cluster: the role is `cluster-admin`",
    };
    let path = Path::of(&["roleRef", "name"]);
    // KR-RBAC-006 is about the groups of Kubernetes.
    let is_person = |subject: &Node| {
        is_of_people(subject)
            && !text(subject, "name").is_some_and(|name| name.starts_with("system:"))
    };
    let subjects = items(object.node().get("subjects"));
    let values: Vec<String> = subjects.iter().map(told).collect();
    // A pod that newly runs as one of them has these rights, too.
    let runners = runners(object, render);
    let violation = Violation::at(path, message).values(values.iter().cloned().chain(runners));
    if let Some(programs) = appliers(object, render) {
        let told =
            "assumed: a controller that applies whatever a repository holds needs all rights";
        let proofs = values.into_iter().map(Proof::Subject).chain(programs).collect();
        return vec![violation.assuming(Severity::Warning, Easing::Applier, told, proofs)];
    }
    if subjects.is_empty() || !subjects.iter().all(is_person) {
        return vec![violation];
    }
    let told = "assumed: these users are its administrators";
    let proofs = values.into_iter().map(Proof::Subject).collect();
    vec![violation.assuming(Severity::Note, Easing::People, told, proofs)]
}

fn anonymous(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if !is_binding(object) || is_own(object) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let is_of_cluster = object.kind() == "ClusterRoleBinding";
    let gives_secrets = LazyCell::new(|| gives_secrets(object, scene.namespace(), render));
    for (index, subject) in items(object.node().get("subjects")).iter().enumerate() {
        let Some(name) = text(subject, "name") else { continue };
        let (told, severity) = match name {
            "system:anonymous" | "system:unauthenticated" => {
                ("everyone who reaches the API server", Severity::Error)
            }
            "system:masters" => ("a group whose members no rule can stop", Severity::Error),
            "system:authenticated" if *gives_secrets => (
                match is_of_cluster {
                    true => {
                        "everyone who can log in, and every pod, reads the Secrets of all namespaces"
                    }
                    false => {
                        "everyone who can log in, and every pod, reads the Secrets of its namespace"
                    }
                },
                Severity::Error,
            ),
            // In one namespace it is the usual way to publish something.
            "system:authenticated" if is_of_cluster => {
                ("everyone who can log in, and every pod", Severity::Warning)
            }
            _ => continue,
        };
        let path = Path::of(&["subjects"]).index(index).keys(&["name"]);
        let message = format!("it gives rights to `{name}`: {told}");
        found.push(Violation::at(path, message).severity(severity));
    }
    found
}

/// True for Roles that Kubernetes makes.
fn is_given((namespace, name): (&str, &str)) -> bool {
    let is_of_system =
        namespace == "kube-system" && name == "extension-apiserver-authentication-reader";
    is_of_system || name.starts_with("system:")
}

fn unresolved(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let namespace = scene.namespace();
    if is_role(object) {
        let is_used = render.views.rights().is_used(object.kind(), namespace, object.name());
        // A ClusterRole may be made for people who bind it, or for another role that collects it.
        if object.kind() == "ClusterRole" || is_used || !scene.facts.is_paranoid() {
            return Vec::new();
        }
        let message = "no rendered binding gives this Role to anyone";
        return vec![
            Violation::at(Path::of(&["metadata", "name"]), message).severity(Severity::Note),
        ];
    }
    if !is_binding(object) || is_own(object) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(("Role", name)) = role_of(object)
        && object.kind() == "RoleBinding"
        && !is_given((namespace, name))
        && !render.has("Role", namespace, name, scene.object)
    {
        let message = format!("its Role `{name}` is not rendered in the namespace `{namespace}`");
        found.push(Violation::at(Path::of(&["roleRef", "name"]), message));
    }
    for (index, subject) in items(object.node().get("subjects")).iter().enumerate() {
        let Some(name) = text(subject, "name") else { continue };
        if text(subject, "kind") != Some("ServiceAccount") {
            continue;
        }
        let path = Path::of(&["subjects"]).index(index);
        let Some(of) = text(subject, "namespace").filter(|of| !of.is_empty()) else {
            if object.kind() == "ClusterRoleBinding" {
                // A base without a namespace: kustomize adds it to both.
                let is_loose = |account: &Resource| account.namespace().is_empty();
                let account = render.named("ServiceAccount", DEFAULT_NAMESPACE, name);
                let (told, severity) = match account.is_some_and(is_loose) {
                    true => ("nor has it where it is rendered", Severity::Note),
                    // Roles alone are a part of something, which has the account and gives both a namespace.
                    false if !render.has_pods && account.is_none() => (
                        "which the API server refuses; assumed: no kustomization with the ServiceAccount includes this one",
                        Severity::Note,
                    ),
                    false => ("which the API server refuses", Severity::Error),
                };
                let message = format!("the ServiceAccount `{name}` has no namespace, {told}");
                found.push(Violation::at(path.keys(&["namespace"]), message).severity(severity));
            }
            continue;
        };
        // Other namespaces may be rendered elsewhere.
        let is_known = name == "default" || !render.views.rights().has_accounts(of);
        if !is_known && !render.has("ServiceAccount", of, name, scene.object) {
            let message =
                format!("the ServiceAccount `{name}` is not rendered in the namespace `{of}`");
            found.push(Violation::at(path.keys(&["name"]), message));
        }
    }
    found
}
