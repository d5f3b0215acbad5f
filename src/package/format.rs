//! The order of fields that people expect in manifests.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Item;
use super::meta::{Meta, annotation, field};
use crate::error::{Code, Error, Result};
use crate::yaml::Node;

/// Known fields, in their order. Others follow, sorted. A name that occurs twice has its last place. (kyaml, `order.go`.)
const FIELDS: &[&str] = &[
    // All objects.
    "name",
    "generateName",
    "namespace",
    "clusterName",
    "apiVersion",
    "kind",
    "metadata",
    "type",
    "labels",
    "annotations",
    "spec",
    "status",
    "stringData",
    "data",
    "binaryData",
    // Workloads.
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "replicas",
    "selector",
    "manualSelector",
    "template",
    "ttlSecondsAfterFinished",
    "volumeClaimTemplates",
    "service",
    "serviceName",
    "podManagementPolicy",
    "updateStrategy",
    "strategy",
    "minReadySeconds",
    "revision",
    "revisionHistoryLimit",
    "paused",
    "progressDeadlineSeconds",
    // Pods.
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "activeDeadlineSeconds",
    "dnsPolicy",
    "serviceAccountName",
    "serviceAccount",
    "automountServiceAccountToken",
    "nodeName",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "hostname",
    "subdomain",
    "schedulerName",
    "priorityClassName",
    "priority",
    "runtimeClassName",
    "enableServiceLinks",
    "nodeSelector",
    "hostAliases",
    "initContainers",
    "containers",
    "volumes",
    "securityContext",
    "imagePullSecrets",
    "affinity",
    "tolerations",
    "dnsConfig",
    "readinessGates",
    // Containers.
    "image",
    "command",
    "args",
    "workingDir",
    "ports",
    "envFrom",
    "env",
    "resources",
    "volumeMounts",
    "volumeDevices",
    "livenessProbe",
    "readinessProbe",
    "lifecycle",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "securityContext",
    "stdin",
    "stdinOnce",
    "tty",
    // Services, ports, mounts and variables.
    "clusterIP",
    "externalIPs",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "externalName",
    "externalTrafficPolicy",
    "sessionAffinity",
    "protocol",
    "port",
    "targetPort",
    "hostPort",
    "containerPort",
    "hostIP",
    "readOnly",
    "mountPath",
    "subPath",
    "subPathExpr",
    "mountPropagation",
    "value",
    "valueFrom",
    "fieldRef",
    "resourceFieldRef",
    "configMapKeyRef",
    "secretKeyRef",
    "prefix",
    "configMapRef",
    "secretRef",
];

static PLACES: LazyLock<BTreeMap<&str, usize>> =
    LazyLock::new(|| FIELDS.iter().enumerate().map(|(place, name)| (*name, place)).collect());

/// The sort key of a field: known fields come first.
pub(super) fn order(name: &str) -> (usize, &str) {
    match PLACES.get(name) {
        Some(place) => (*place, ""),
        None => (usize::MAX, name),
    }
}

/// Lists that are sorted: their paths, and the field of their elements that decides; none for lists of scalars.
const LISTS: [(&[&str], Option<&str>); 2] = [
    (&["spec", "template", "spec", "containers"], Some("name")),
    (&["webhooks", "rules", "operations"], None),
];
/// The kinds, and the versions, whose lists are sorted.
const KINDS: [&str; 7] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "ReplicaSet",
    "StatefulSet",
    "ValidatingWebhookConfiguration",
];
const VERSIONS: [&str; 8] = [
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "batch/v1",
    "batch/v1beta1",
    "extensions/v1beta1",
    "v1",
    "admissionregistration.k8s.io/v1",
];

/// Sorts the fields of a resource, and the lists whose order has no meaning. Without kind or version, and with the
/// annotation `config.kubernetes.io/formatting: none`, it stays as it is.
///
/// # Errors
/// [`Code::InvalidValue`] for another value of the annotation.
pub fn format(item: &mut Item) -> Result<()> {
    let root = &item.root;
    match annotation(root, "config.kubernetes.io/formatting") {
        None | Some("standard") => {}
        Some("none") => return Ok(()),
        Some(found) => {
            let message = format!(
                "found `{found}` in `config.kubernetes.io/formatting`, expected `standard` or `none`"
            );
            return Err(Error::new(Code::InvalidValue, message).at(root.span()));
        }
    }
    if field(root, "kind").is_none() || field(root, "apiVersion").is_none() {
        return Ok(());
    }
    let Meta { kind, api_version, .. } = Meta::of(root);
    let has_lists = KINDS.contains(&kind) && VERSIONS.contains(&api_version);
    sort(&mut item.root, has_lists);
    Ok(())
}

/// A list to be sorted below a node: the rest of its path, and the deciding field.
type Trail = (&'static [&'static str], Option<&'static str>);

fn sort(root: &mut Node, has_lists: bool) {
    let trails: Vec<Trail> = if has_lists { LISTS.to_vec() } else { Vec::new() };
    let mut pending = vec![(root, trails)];
    while let Some((node, trails)) = pending.pop() {
        if node.as_sequence().is_some() {
            if let Some(list) = node.as_sequence_mut() {
                if let Some((_, by)) = trails.iter().find(|(rest, _)| rest.is_empty()) {
                    list.items_mut().sort_by_cached_key(|item| text_of(item, *by).to_owned());
                }
                pending.extend(list.items_mut().iter_mut().map(|item| (item, trails.clone())));
            }
        } else if let Some(mapping) = node.as_mapping_mut() {
            let is_sorted = mapping.iter().is_sorted_by_key(|(key, _)| order(key.text()));
            if !is_sorted {
                mapping
                    .entries_mut()
                    .sort_by(|(left, _), (right, _)| order(left.text()).cmp(&order(right.text())));
            }
            pending.extend(mapping.iter_mut().map(|(key, value)| {
                let next = |(rest, by): &Trail| match rest.split_first() {
                    Some((first, rest)) if *first == key.text() => Some((rest, *by)),
                    _ => None,
                };
                (value, trails.iter().filter_map(next).collect())
            }));
        }
    }
}

/// The text that decides the place of an element.
fn text_of<'a>(element: &'a Node, by: Option<&str>) -> &'a str {
    let deciding = match by {
        Some(name) => field(element, name),
        None => Some(element),
    };
    deciding.and_then(Node::as_text).unwrap_or_default()
}
