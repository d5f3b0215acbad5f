//! Finds pods in objects: by a table of known kinds, by the settings, and by structure in all other kinds.

use std::collections::BTreeSet;

use super::facts::{Facts, PodPath};
use super::pod::{Container, Pod, Shape};
use super::value::{items, present, text};
use super::violation::List;
use crate::resource::Resource;
use crate::schema::Gvk;
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Mapping, Node};

/// A kind with the path to its pod templates.
struct Owner {
    /// The group and the kind, for all versions.
    kind: (&'static str, &'static str),
    /// The path of the template; `*` stands for each element of a list.
    template: &'static [&'static str],
    /// The effect of a changed template on running pods.
    then: Then,
}

/// The effect of a changed template on running pods.
#[derive(PartialEq, Eq)]
enum Then {
    /// The controller replaces them.
    Restart,
    /// They are not replaced, or the template cannot change.
    Stay,
}

const fn owner(
    kind: (&'static str, &'static str),
    template: &'static [&'static str],
    then: Then,
) -> Owner {
    Owner { kind, template, then }
}

/// The kinds that create pods.
const KINDS: &[Owner] = &[
    owner(("", "DeploymentConfig"), &["spec", "template"], Then::Restart),
    owner(("", "Pod"), &[], Then::Stay),
    owner(("", "PodTemplate"), &["template"], Then::Stay),
    owner(("", "ReplicationController"), &["spec", "template"], Then::Stay),
    owner(("apps", "DaemonSet"), &["spec", "template"], Then::Restart),
    owner(("apps", "Deployment"), &["spec", "template"], Then::Restart),
    owner(("apps", "ReplicaSet"), &["spec", "template"], Then::Stay),
    owner(("apps", "StatefulSet"), &["spec", "template"], Then::Restart),
    owner(("apps.kruise.io", "BroadcastJob"), &["spec", "template"], Then::Stay),
    owner(("apps.kruise.io", "CloneSet"), &["spec", "template"], Then::Restart),
    owner(("apps.kruise.io", "DaemonSet"), &["spec", "template"], Then::Restart),
    owner(("apps.kruise.io", "StatefulSet"), &["spec", "template"], Then::Restart),
    owner(("apps.openshift.io", "DeploymentConfig"), &["spec", "template"], Then::Restart),
    owner(("argoproj.io", "Rollout"), &["spec", "template"], Then::Restart),
    owner(("batch", "CronJob"), &["spec", "jobTemplate", "spec", "template"], Then::Stay),
    owner(("batch", "Job"), &["spec", "template"], Then::Stay),
    owner(("extensions", "DaemonSet"), &["spec", "template"], Then::Restart),
    owner(("extensions", "Deployment"), &["spec", "template"], Then::Restart),
    owner(("extensions", "ReplicaSet"), &["spec", "template"], Then::Stay),
    owner(("extensions", "StatefulSet"), &["spec", "template"], Then::Restart),
    owner(
        ("jobset.x-k8s.io", "JobSet"),
        &["spec", "replicatedJobs", "*", "template", "spec", "template"],
        Then::Stay,
    ),
    owner(("serving.knative.dev", "Configuration"), &["spec", "template"], Then::Restart),
    owner(("serving.knative.dev", "Service"), &["spec", "template"], Then::Restart),
    owner(("sources.knative.dev", "ContainerSource"), &["spec", "template"], Then::Restart),
];

/// The path to the template of an object whose pods are replaced when the template changes; `None` for other kinds.
#[must_use]
pub fn restarting(group: &str, kind: &str) -> Option<&'static [&'static str]> {
    let owner = KINDS.iter().find(|owner| owner.kind == (group, kind))?;
    (owner.then == Then::Restart).then_some(owner.template)
}

/// The path of the template of pods in objects of a kind; empty for a pod.
#[must_use]
pub fn template(group: &str, kind: &str) -> Option<&'static [&'static str]> {
    KINDS.iter().find(|owner| owner.kind == (group, kind)).map(|owner| owner.template)
}

/// Kinds of Argo Workflows with the path to the mapping with `templates`.
const WORKFLOWS: &[(&str, &[&str])] = &[
    ("ClusterWorkflowTemplate", &["spec"]),
    ("CronWorkflow", &["spec", "workflowSpec"]),
    ("Workflow", &["spec"]),
    ("WorkflowTemplate", &["spec"]),
];

/// The group of Kyverno's policies.
const KYVERNO: &str = "kyverno.io";

/// Groups and kinds (`*` for all) of objects that mention pods but create none: definitions, policies, and texts.
const NO_WORKLOADS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Secret"),
    ("admissionregistration.k8s.io", "*"),
    ("apiextensions.crossplane.io", "CompositeResourceDefinition"),
    ("apiextensions.k8s.io", "*"),
    ("config.gatekeeper.sh", "*"),
    ("constraints.gatekeeper.sh", "*"),
    ("expansion.gatekeeper.sh", "*"),
    ("extensions", "PodSecurityPolicy"),
    ("kustomize.config.k8s.io", "*"),
    (KYVERNO, "*"),
    ("mutations.gatekeeper.sh", "*"),
    ("policies.kyverno.io", "*"),
    ("policy", "*"),
    ("templates.gatekeeper.sh", "*"),
];

/// Kinds with values for Helm charts: only the chart defines the resulting pods.
const CHARTS: &[(&str, &str)] = &[
    ("addons.cluster.x-k8s.io", "HelmChartProxy"),
    ("argoproj.io", "Application"),
    ("argoproj.io", "ApplicationSet"),
    ("helm.cattle.io", "*"),
    ("helm.toolkit.fluxcd.io", "*"),
];

/// Kinds whose objects are parts of pods by their nature: what they lack may come from the object that runs them, or from
/// the configuration of their controller.
const PARTS: &[(&str, &str)] = &[("tekton.dev", "*")];

/// The ends of the names of kinds whose objects others complete: `ClusterTrainingRuntime`, `SandboxTemplate`.
const BLUEPRINTS: [&str; 3] = ["Class", "Runtime", "Template"];

fn is_blueprint(kind: &str) -> bool {
    // A `Template` of OpenShift has whole objects.
    BLUEPRINTS.iter().any(|end| kind.strip_suffix(end).is_some_and(|start| !start.is_empty()))
}

/// True if a table of groups and kinds (`*` for all) has a kind.
pub(super) fn is_of(table: &[(&str, &str)], group: &str, kind: &str) -> bool {
    table.iter().any(|&(known, kinds)| known == group && (kinds == "*" || kinds == kind))
}

/// The pods of an object: none, one, or several. Linear in the object.
pub(super) fn pods<'a>(object: &'a Resource, facts: &Facts) -> Vec<Pod<'a>> {
    let Gvk { group, kind, .. } = object.gvk();
    if let Some(pods) = known((group, kind), &Path::default(), object.node(), Shape::Known) {
        return pods;
    }
    let told = facts.pod_paths.iter().filter(|told| told.group == **group && told.kind == **kind);
    let mut pods: Vec<Pod<'a>> = told.flat_map(|told| told_pods(object.node(), told)).collect();
    if **group == *KYVERNO {
        pods.extend(generated(object.node()));
    }
    if is_of(NO_WORKLOADS, group, kind) || is_of(CHARTS, group, kind) {
        return pods;
    }
    let found = by_form(object.node());
    let told: BTreeSet<Path> = pods.iter().map(|pod| pod.path(&[])).collect();
    let is_new = |pod: &Pod<'_>| !told.contains(&pod.path(&[]));
    let mut found: Vec<Pod<'a>> = found.into_iter().filter(is_new).collect();
    if is_blueprint(kind) {
        found
            .iter_mut()
            .filter(|pod| pod.shape == Shape::Template)
            .for_each(|pod| pod.shape = Shape::Part);
    }
    pods.extend(found);
    pods
}

/// The number of the pods of an object.
pub(super) fn count(object: &Resource, facts: &Facts) -> usize {
    let Gvk { group, kind, .. } = object.gvk();
    match template(group, kind) {
        // Nearly all objects with pods have one template. Only its existence counts.
        Some(keys) if !keys.contains(&"*") => {
            let template = keys.iter().try_fold(object.node(), |node, key| node.get(key));
            usize::from(template.is_some_and(|template| present(template, "spec").is_some()))
        }
        _ => pods(object, facts).len(),
    }
}

/// True for an object with values for Helm charts.
pub(super) fn is_of_chart(object: &Resource) -> bool {
    let Gvk { group, kind, .. } = object.gvk();
    is_of(CHARTS, group, kind)
}

/// True for an object that is a part of pods by its nature.
pub(super) fn is_part(object: &Resource) -> bool {
    let Gvk { group, kind, .. } = object.gvk();
    is_of(PARTS, group, kind)
}

/// True for an object of a kind that creates pods and whose fields are all known, or of one that creates none.
pub(super) fn is_settled(object: &Resource) -> bool {
    let Gvk { group, kind, .. } = object.gvk();
    is_of(NO_WORKLOADS, group, kind) || KINDS.iter().any(|owner| owner.kind == (group, kind))
}

/// The pods of an object of a known kind at a path; `None` for other kinds.
fn known<'a>(
    (group, kind): (&str, &str),
    at: &Path,
    root: &'a Node,
    shape: Shape,
) -> Option<Vec<Pod<'a>>> {
    if let Some(owner) = KINDS.iter().find(|owner| owner.kind == (group, kind)) {
        let paths = paths(at.clone(), owner.template, root).into_iter();
        return Some(paths.filter_map(|path| Pod::of_template(path, root, shape)).collect());
    }
    let (_, keys) = WORKFLOWS.iter().find(|(known, _)| group == "argoproj.io" && *known == kind)?;
    Some(of_workflow(&at.clone().keys(keys), root))
}

/// The pods of an object of a known kind within another one; `None` for other kinds.
fn nested<'a>(kind: (&'a str, &'a str), at: &Path, root: &'a Node) -> Option<Vec<Pod<'a>>> {
    let pods = known(kind, at, root, Shape::Template)?;
    Some(pods.into_iter().map(|pod| pod.within(Some(kind))).collect())
}

/// The paths that result from keys after a path; `*` stands for each element of a list.
fn paths<'k>(at: Path, keys: impl IntoIterator<Item = &'k &'k str>, root: &Node) -> Vec<Path> {
    let mut paths = vec![at];
    for key in keys {
        let every = |path: Path| {
            let count = items(path.find(root)).len();
            (0..count).map(move |index| path.clone().index(index)).collect::<Vec<_>>()
        };
        paths = match *key {
            "*" => paths.into_iter().flat_map(every).collect(),
            key => paths.into_iter().map(|path| path.keys(&[key])).collect(),
        };
    }
    paths
}

/// The pods in objects that rules of a Kyverno policy generate: `generate.data`, of the kind `generate.kind`.
fn generated(root: &Node) -> Vec<Pod<'_>> {
    let rules: [&[&str]; 2] =
        [&["spec", "rules", "*", "generate"], &["spec", "rules", "*", "generate", "foreach", "*"]];
    let mut found = Vec::new();
    for path in rules.into_iter().flat_map(|keys| paths(Path::default(), keys, root)) {
        let Some(kind) = path.find(root).and_then(kind_of) else { continue };
        let at = path.keys(&["data"]);
        found.extend(nested(kind, &at, root).unwrap_or_default());
    }
    found
}

fn told_pods<'a>(root: &'a Node, told: &PodPath) -> Vec<Pod<'a>> {
    let keys: Vec<&str> = told.path.iter().map(String::as_str).collect();
    let paths = paths(Path::default(), &keys, root).into_iter();
    paths.filter_map(|path| Pod::of_template(path, root, Shape::Known)).collect()
}

/// The pods of an Argo Workflow: one for each template, with the fields of the workflow as defaults.
fn of_workflow<'a>(spec: &Path, root: &'a Node) -> Vec<Pod<'a>> {
    let inline: [&[&str]; 4] = [
        &["templates", "*"],
        &["templates", "*", "steps", "*", "*", "inline"],
        &["templates", "*", "dag", "tasks", "*", "inline"],
        &["templateDefaults"],
    ];
    let defaults = spec.find(root);
    let mut found = Vec::new();
    for path in inline.into_iter().flat_map(|keys| paths(spec.clone(), keys, root)) {
        let Some(template) = path.find(root) else { continue };
        let containers = of_workflow_template(&path, template, root);
        if !containers.is_empty() {
            let pod = Pod::of_spec(path, template, containers, Shape::Step);
            found.push(pod.with_defaults(defaults));
        }
    }
    found
}

fn of_workflow_template<'a>(path: &Path, template: &'a Node, root: &'a Node) -> Vec<Container<'a>> {
    let name = text(template, "name").unwrap_or_default();
    let mut found = Vec::new();
    for (keys, list) in [
        (&["initContainers", "*"][..], List::Init),
        (&["container"], List::App),
        (&["script"], List::App),
        (&["containerSet", "containers", "*"], List::App),
        (&["sidecars", "*"], List::App),
    ] {
        for path in paths(path.clone(), keys, root) {
            let Some(node) = path.find(root).filter(|node| node.as_mapping().is_some()) else {
                continue;
            };
            let container = Container::new(node, list, path);
            // The container of a template has no name.
            let name = if container.name.is_empty() { name } else { container.name };
            found.push(container.called(name));
        }
    }
    found
}

/// The pods of an object of an unknown kind, by structure: templates, lists of containers, fields that only pods and
/// containers have, and nested objects.
pub(super) fn by_form(root: &Node) -> Vec<Pod<'_>> {
    search(root).0
}

/// The first collection of an object of an unknown kind below which no pod is searched, because it is too deep.
pub(super) fn deepest(root: &Node) -> Option<Path> {
    search(root).1
}

/// The pods by structure, and the first collection whose own collections are not searched.
fn search(root: &Node) -> (Vec<Pod<'_>>, Option<Path>) {
    let (mut found, mut deepest) = (Vec::new(), None);
    let mut pending = vec![(Path::default(), root, None)];
    while let Some((path, node, mut within)) = pending.pop() {
        if let Some(list) = node.as_sequence().filter(|_| path.steps().len() < DEEPEST) {
            let items = list.items().iter().enumerate().rev();
            pending.extend(items.map(|(index, item)| (path.clone().index(index), item, within)));
            continue;
        }
        let Some(mapping) = node.as_mapping() else {
            if deepest.is_none() && node.items().iter().any(|item| item.as_scalar().is_none()) {
                deepest = Some(path);
            }
            continue;
        };
        let is_top = path.steps().is_empty();
        if let Some(kind) = kind_of(node).filter(|_| !is_top) {
            if let Some(pods) = nested(kind, &path, root) {
                found.extend(pods);
                continue;
            }
            if is_of(NO_WORKLOADS, kind.0, kind.1) {
                continue;
            }
            within = Some(kind);
        }
        if !is_top && is_template(&path, node) {
            let shape = if is_patch(&path, node) { Shape::Part } else { Shape::Template };
            found.extend(Pod::of_template(path, root, shape).map(|pod| pod.within(within)));
            continue;
        }
        let (pod, taken) = part(&path, node, mapping);
        found.extend(pod.map(|pod| pod.within(within)));
        let below = mapping.entries().iter().rev();
        let mut below =
            below.filter(|(key, _)| !is_inert(key.text()) && !taken.contains(key.text()));
        if path.steps().len() < DEEPEST {
            let below = below.map(|(key, value)| (path.clone().keys(&[key.text()]), value, within));
            pending.extend(below);
        } else if deepest.is_none() && below.any(|(_, value)| value.as_scalar().is_none()) {
            deepest = Some(path);
        }
    }
    (found, deepest)
}

/// The maximum depth of the search for pods: no kind has any further down.
pub(super) const DEEPEST: usize = 64;

/// True for fields whose values are not read by the kubelet.
pub(super) fn is_inert(key: &str) -> bool {
    matches!(key, "status" | "labels" | "annotations" | "openAPIV3Schema")
}

/// The group and the kind of an object within another one.
fn kind_of(node: &Node) -> Option<(&str, &str)> {
    let (version, kind) = (text(node, "apiVersion")?, text(node, "kind")?);
    Some((version.split_once('/').map_or("", |(group, _)| group), kind))
}

/// True if a mapping is a pod template: its key ends with `template`, and its `spec` has a list of containers.
fn is_template(path: &Path, node: &Node) -> bool {
    let is_called = |step: &PathStep| matches!(step, PathStep::Key(key) if key.ends_with("emplate") || key.ends_with("emplates"));
    let steps = path.steps();
    let name = steps.iter().rev().find(|step| matches!(step, PathStep::Key(_)));
    let containers = present(node, "spec").and_then(|spec| present(spec, "containers"));
    name.is_some_and(is_called)
        && items(containers).iter().any(|item| is_container("containers", item))
}

/// True if a pod template is a patch, which something merges into a template that is not rendered: a container has no
/// image, or it is below a field for patches, such as `options.deployments` of Tekton's operator.
fn is_patch(path: &Path, node: &Node) -> bool {
    let containers = present(node, "spec").map_or(&[][..], |spec| items(spec.get("containers")));
    containers.iter().any(|one| text(one, "image").is_none_or(str::is_empty))
        || is_for_patches(path)
}

/// True for a path below a field for patches.
fn is_for_patches(path: &Path) -> bool {
    const PATCHES: [&str; 5] = ["deployments", "options", "overrides", "patches", "statefulSets"];
    let is_of = |step: &PathStep| matches!(step, PathStep::Key(key) if PATCHES.contains(&&**key));
    path.steps().iter().any(is_of)
}

/// True if a part of a pod completes a pod that is made elsewhere.
pub(super) fn completes(pod: &Pod<'_>) -> bool {
    pod.containers.iter().any(|one| one.image().is_empty()) || is_for_patches(&pod.path(&[]))
}

/// A part of a pod: the containers that a mapping holds directly, or fields that only pods have; with the keys of these
/// containers.
fn part<'a>(
    path: &Path,
    node: &'a Node,
    mapping: &'a Mapping,
) -> (Option<Pod<'a>>, BTreeSet<&'a str>) {
    let (mut containers, mut taken) = (Vec::new(), BTreeSet::new());
    if has_security_of_container(node) {
        containers.push(Container::new(node, List::App, path.clone()));
    }
    for (key, value) in mapping.entries() {
        let key = key.text();
        let list = match key {
            _ if is_inert(key) => continue,
            "initContainers" => List::Init,
            "ephemeralContainers" => List::Ephemeral,
            _ => List::App,
        };
        let path = path.clone().keys(&[key]);
        if matches!(key, "container" | "script") && is_container(key, value) {
            containers.push(Container::new(value, list, path));
            taken.insert(key);
        } else if items(Some(value)).iter().any(|item| is_container(key, item)) {
            let nodes = items(Some(value)).iter().enumerate();
            let nodes = nodes.filter(|(_, node)| node.as_mapping().is_some());
            containers.extend(
                nodes.map(|(index, node)| Container::new(node, list, path.clone().index(index))),
            );
            taken.insert(key);
        }
    }
    let is_pod = ["hostNetwork", "hostPID", "hostIPC"]
        .iter()
        .any(|key| present(node, key).is_some())
        || items(node.get("volumes")).iter().any(|volume| present(volume, "hostPath").is_some())
        || present(node, "securityContext").is_some_and(|node| node.as_mapping().is_some());
    let pod = (is_pod || !containers.is_empty())
        .then(|| Pod::of_spec(path.clone(), node, containers, Shape::Part));
    (pod, taken)
}

/// True if a mapping has a `securityContext` with fields that only containers have.
fn has_security_of_container(node: &Node) -> bool {
    const FIELDS: [&str; 5] = [
        "allowPrivilegeEscalation",
        "capabilities",
        "privileged",
        "procMount",
        "readOnlyRootFilesystem",
    ];
    let context = present(node, "securityContext");
    context.is_some_and(|context| FIELDS.iter().any(|field| present(context, field).is_some()))
}

/// True if a mapping looks like a container, by its fields and the name of its list.
fn is_container(list: &str, node: &Node) -> bool {
    const FIELDS: [&str; 8] =
        ["args", "command", "env", "envFrom", "ports", "script", "volumeMounts", "workingDir"];
    let has_image = text(node, "image").is_some();
    let has_field = || FIELDS.iter().any(|field| present(node, field).is_some());
    let is_called = list.ends_with("ontainers") || matches!(list, "container" | "script");
    has_security_of_container(node)
        || has_image && (is_called || has_field())
        || is_called && text(node, "name").is_some() && has_field()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    #[test]
    fn pods_are_counted_without_a_look_into_them() {
        let pod = "{containers: [{name: a, image: b}]}";
        let objects = [
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {pod}"),
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: x}}\nspec: {{template: {{spec: {pod}}}}}"
            ),
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {template: {}}"
                .to_owned(),
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {template: {spec: ~}}"
                .to_owned(),
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: [a]".to_owned(),
            "apiVersion: v1\nkind: Service\nmetadata: {name: x}".to_owned(),
            format!(
                "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: x}}\nspec: {{jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}}}"
            ),
            format!(
                "apiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {{name: x}}\nspec: {{replicatedJobs: [{{template: {{spec: {{template: {{spec: {pod}}}}}}}}}, {{template: {{spec: {{template: {{spec: {pod}}}}}}}}}]}}"
            ),
            format!(
                "apiVersion: e.com/v1\nkind: Own\nmetadata: {{name: x}}\nspec: {{one: {{template: {{spec: {pod}}}}}, two: {{template: {{spec: {pod}}}}}}}"
            ),
        ];
        let counts = objects.each_ref().map(|text| {
            let object = resource(text);
            let facts = Facts::default();
            assert_eq!(count(&object, &facts), pods(&object, &facts).len(), "{text}");
            count(&object, &facts)
        });
        assert_eq!(counts, [1, 1, 0, 0, 0, 0, 1, 2, 2]);
    }
}
