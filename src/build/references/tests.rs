//! Builds of one renamed base with one or two more resources.

use super::super::tests::loader;
use super::super::{Options, Reorder, build};
use crate::error::{Code, Error, Result};

fn built(tree: &str) -> Result<String> {
    let options = Options { reorder: Some(Reorder::None), ..Options::default() };
    build(&loader(tree), "top", &options)?.resources.to_yaml()
}

/// The lines of a render that contain a text.
#[track_caller]
fn lines(tree: &str, text: &str) -> String {
    let output = built(tree).unwrap();
    let lines: Vec<&str> =
        output.lines().filter(|line| line.contains(text)).map(str::trim).collect();
    lines.join(", ")
}

#[track_caller]
fn failure(tree: &str) -> Error {
    built(tree).unwrap_err()
}

/// Resources in a kustomization with fields of its own.
fn tree(kustomization: &str, resources: &str) -> String {
    format!(
        "== top/kustomization.yaml\nresources: [r.yaml]\n{kustomization}\n== top/r.yaml\n{resources}"
    )
}

const ACCOUNT: &str =
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: account, namespace: one}}\n---\n";

#[test]
fn a_name_in_a_scalar_and_in_a_list_follows() {
    let resources = "
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}
---
apiVersion: v1
kind: Pod
metadata: {name: pod}
spec:
  volumes:
  - {name: a, configMap: {name: 'settings'}}
  - {name: b, configMap: {name: others}}
  - {name: c, configMap: ~}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: role}
rules: [{resourceNames: [settings, ~, others]}]
";
    let tree = tree("namePrefix: p-", resources);
    assert_eq!(lines(&tree, "settings"), "name: p-settings, name: p-settings, - p-settings");
    assert_eq!(lines(&tree, "others"), "name: others, - others");
}

#[test]
fn a_mapping_gets_name_and_namespace() {
    let binding = |subject: &str| {
        let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: binding, namespace: two}\n";
        tree("namespace: new", &format!("{ACCOUNT}{binding}subjects: [{subject}]\n"))
    };
    let subject = "{kind: ServiceAccount, name: account, namespace: one}";
    assert_eq!(lines(&binding(subject), "new"), "namespace: new, namespace: new, namespace: new");
    let elsewhere = "{kind: ServiceAccount, name: account, namespace: three}";
    assert_eq!(lines(&binding(elsewhere), "three"), "namespace: three");
    let absent = "{kind: ServiceAccount, name: account}";
    assert_eq!(
        lines(&binding(absent), "namespace"),
        "namespace: new, namespace: new, namespace: new"
    );
}

#[test]
fn a_binding_reaches_the_accounts_that_it_names() {
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: binding, namespace: two}\n";
    let subjects = "subjects: [{kind: ServiceAccount, name: account, namespace: one}, {kind: User, name: account}]\n";
    let tree = tree("namePrefix: p-", &format!("{ACCOUNT}{binding}{subjects}"));
    assert_eq!(lines(&tree, "p-account"), "name: p-account, name: p-account, name: p-account");
}

#[test]
fn a_role_is_told_from_a_cluster_role() {
    let resources = "
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: role}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: role}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: role}
";
    let patch = "patches: [{target: {kind: ClusterRole}, patch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"other\"}]'}]";
    assert_eq!(lines(&tree(patch, resources), "other"), "name: other, name: other");
}

/// Two bases with the same object under different prefixes, and a pod that refers to it from one of three places.
fn twins(pod_in: &str) -> String {
    let listed = |place: &str| if place == pod_in { ", pod.yaml" } else { "" };
    let base = |name: &str| {
        let entries = listed(name);
        format!(
            "== {name}/kustomization.yaml\nresources: [c.yaml{entries}]\nnamePrefix: {name}-\n== {name}/c.yaml\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}}}\n"
        )
    };
    let (one, other, entries) = (base("a"), base("b"), listed("top"));
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {volumes: [{configMap: {name: c}}]}}";
    format!(
        "== top/kustomization.yaml\nnamePrefix: t-\nresources: [../a, ../b{entries}]\n{one}{other}== {pod_in}/pod.yaml\n{pod}\n"
    )
}

#[test]
fn prefixes_tell_which_of_two_is_meant() {
    assert_eq!(lines(&twins("a"), "name: t-a-c"), "name: t-a-c, name: t-a-c");
    let error = failure(&twins("top"));
    assert_eq!((error.code(), error.notes().len()), (Code::ReferenceAmbiguous, 2));
}

#[test]
fn what_stands_in_the_way_is_an_error() {
    let pod = |spec: &str| {
        tree("", &format!("{{apiVersion: v1, kind: Pod, metadata: {{name: pod}}, spec: {spec}}}\n"))
    };
    assert_eq!(failure(&pod("{volumes: text}")).code(), Code::InvalidType);
    assert_eq!(lines(&pod("{volumes: ~}"), "volumes"), "volumes: null");
    let binding = |subjects: &str| {
        tree(
            "",
            &format!(
                "{{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: b}}, subjects: {subjects}}}\n"
            ),
        )
    };
    assert_eq!(failure(&binding("[{kind: User}]")).code(), Code::InvalidValue);
    assert_eq!(failure(&binding("[[a]]")).code(), Code::InvalidType);
    assert_eq!(
        failure(&binding("[{kind: ServiceAccount, name: a, namespace: 5}]")).code(),
        Code::InvalidType
    );
}

#[test]
fn many_resources_are_no_work_beyond_their_number() {
    let resource = |place: usize| {
        let account = format!(
            "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: account, namespace: n{place}}}}}\n---\n"
        );
        let binding = format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {{name: b{place}}}, subjects: [{{kind: ServiceAccount, name: account, namespace: n{place}}}]}}\n---\n"
        );
        account + &binding
    };
    let resources: String = (0..1000).map(resource).collect();
    let output = built(&tree("namePrefix: p-", &resources)).unwrap();
    assert_eq!(output.matches("name: p-account").count(), 2000);
}

#[test]
fn a_null_is_no_version() {
    let deployment = |version: &str| {
        tree("", &format!("apiVersion: {version}\nkind: Deployment\nmetadata: {{name: web}}\n"))
    };
    assert_eq!(lines(&deployment(""), "kind"), "kind: Deployment");
    let error = failure(&deployment("~"));
    assert_eq!(error.code(), Code::InvalidType);
}
