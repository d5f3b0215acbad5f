//! Fields that the API server sets by default, before policies see an object.

use crate::resource::Resource;
use crate::source::Span;
use crate::yaml::{Node, Scalar, Style, Tag};

/// A pod, for kinds that make pods: the path of the specification of pods.
const PODS: &[(&str, &[&str])] = &[
    ("Pod", &["spec"]),
    ("Deployment", &["spec", "template", "spec"]),
    ("ReplicaSet", &["spec", "template", "spec"]),
    ("ReplicationController", &["spec", "template", "spec"]),
    ("StatefulSet", &["spec", "template", "spec"]),
    ("DaemonSet", &["spec", "template", "spec"]),
    ("Job", &["spec", "template", "spec"]),
    ("CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
];

/// An object as the API server has it before policies see it. Fields that it sets in built-in kinds are set, except
/// those that depend on the cluster.
pub(super) fn with_defaults(object: &Resource, namespace: &str) -> Node {
    let mut node = object.node().clone();
    if !namespace.is_empty()
        && let Some(metadata) = node.get_mut("metadata")
    {
        set(metadata, "namespace", string(namespace));
    }
    if !matches!(&*object.gvk().group, "" | "apps" | "batch") {
        return node;
    }
    let kind = object.kind();
    if let Some(spec) = node.get_mut("spec") {
        of_kind(kind, spec);
    }
    if let Some((_, path)) = PODS.iter().find(|(known, _)| *known == kind)
        && let Some(spec) = path.iter().try_fold(&mut node, |node, key| node.get_mut(key))
    {
        of_pod(spec);
    }
    node
}

fn of_kind(kind: &str, spec: &mut Node) {
    match kind {
        "Deployment" => {
            set(spec, "replicas", plain("1"));
            set(spec, "revisionHistoryLimit", plain("10"));
            set(spec, "progressDeadlineSeconds", plain("600"));
            set(spec, "strategy", map(&[("type", string("RollingUpdate"))]));
        }
        "ReplicaSet" | "ReplicationController" => set(spec, "replicas", plain("1")),
        "StatefulSet" => {
            set(spec, "replicas", plain("1"));
            set(spec, "revisionHistoryLimit", plain("10"));
            set(spec, "podManagementPolicy", string("OrderedReady"));
            set(spec, "updateStrategy", map(&[("type", string("RollingUpdate"))]));
        }
        "DaemonSet" => {
            set(spec, "revisionHistoryLimit", plain("10"));
            set(spec, "updateStrategy", map(&[("type", string("RollingUpdate"))]));
        }
        "Job" => {
            set(spec, "backoffLimit", plain("6"));
            set(spec, "suspend", plain("false"));
        }
        "CronJob" => {
            set(spec, "concurrencyPolicy", string("Allow"));
            set(spec, "suspend", plain("false"));
            set(spec, "successfulJobsHistoryLimit", plain("3"));
            set(spec, "failedJobsHistoryLimit", plain("1"));
        }
        "Service" => {
            set(spec, "type", string("ClusterIP"));
            set(spec, "sessionAffinity", string("None"));
            each(spec, "ports", |port| set(port, "protocol", string("TCP")));
        }
        _ => {}
    }
}

fn of_pod(spec: &mut Node) {
    set(spec, "restartPolicy", string("Always"));
    set(spec, "dnsPolicy", string("ClusterFirst"));
    set(spec, "schedulerName", string("default-scheduler"));
    set(spec, "terminationGracePeriodSeconds", plain("30"));
    set(spec, "securityContext", map(&[]));
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        each(spec, list, of_container);
    }
}

fn of_container(container: &mut Node) {
    set(container, "resources", map(&[]));
    set(container, "terminationMessagePath", string("/dev/termination-log"));
    set(container, "terminationMessagePolicy", string("File"));
    let image = container.get("image").and_then(Node::as_text).unwrap_or_default();
    let (image, digest) = image.split_once('@').map_or((image, false), |(name, _)| (name, true));
    let tag = image.rsplit('/').next().and_then(|name| Some(name.split_once(':')?.1));
    let is_latest = tag.map_or(!digest, |tag| tag == "latest");
    let policy = if is_latest { "Always" } else { "IfNotPresent" };
    set(container, "imagePullPolicy", string(policy));
    each(container, "ports", |port| set(port, "protocol", string("TCP")));
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(probe).filter(|probe| probe.as_mapping().is_some()) {
            for (field, value) in [
                ("timeoutSeconds", "1"),
                ("periodSeconds", "10"),
                ("successThreshold", "1"),
                ("failureThreshold", "3"),
            ] {
                set(probe, field, plain(value));
            }
        }
    }
}

/// Sets a field that is absent or null.
fn set(node: &mut Node, field: &str, value: Node) {
    if node.get(field).is_some_and(|found| !found.is_null()) {
        return;
    }
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.insert(Scalar::string(field, Span::NONE), value);
    }
}

fn each(node: &mut Node, list: &str, change: fn(&mut Node)) {
    if let Some(list) = node.get_mut(list).and_then(Node::as_sequence_mut) {
        list.items_mut().iter_mut().for_each(change);
    }
}

fn plain(text: &str) -> Node {
    Scalar::parsed(text, Tag::None, Style::Plain, Span::NONE).into()
}

fn string(text: &str) -> Node {
    Scalar::string(text, Span::NONE).into()
}

fn map(entries: &[(&str, Node)]) -> Node {
    let entries =
        entries.iter().map(|(key, value)| (Scalar::string(key, Span::NONE), value.clone()));
    Node::mapping(entries.collect(), Span::NONE)
}
