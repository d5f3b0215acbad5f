//! Combinations of fields that the API server or the kubelet refuses, although each field alone is valid.

use std::collections::BTreeSet;

use serde_yaml::Value;

/// The refused combinations in some documents, each with its path.
pub(crate) fn combinations(documents: &[Value]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (place, document) in documents.iter().enumerate() {
        for template in [
            &["spec", "jobTemplate", "spec", "template"][..],
            &["spec", "template"],
            &["template"],
            &[],
        ] {
            let spec = at(document, template).map(|template| &template["spec"]);
            if let Some(spec) = spec.filter(|spec| spec["containers"].is_sequence()) {
                of_pod(spec, &mut |what| found.extend([format!("{place}: {what}")]));
            }
        }
    }
    found
}

fn at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

/// Fields that only Linux supports.
const LINUX: [&str; 12] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "runAsUser",
    "runAsGroup",
    "fsGroup",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "sysctls",
];

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

fn of_pod(spec: &Value, refuse: &mut dyn FnMut(String)) {
    let grace = spec["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    let windows = runs_on_windows(spec);
    let own_users = spec["hostUsers"].as_bool() == Some(false);
    for host in ["hostNetwork", "hostPID", "hostIPC"] {
        let is_set = spec[host].as_bool() == Some(true);
        if is_set && own_users {
            refuse(format!("hostUsers: false and {host}"));
        }
        if is_set && windows && host != "hostNetwork" {
            refuse(format!("windows and {host}"));
        }
    }
    let volumes = items(&spec["volumes"]);
    for (index, volume) in volumes.iter().enumerate() {
        let name = volume["name"].as_str().unwrap_or_default();
        if name.is_empty()
            || name.len() > 63
            || volumes[..index].iter().any(|one| one["name"] == name)
        {
            refuse(format!("the name of the volume {index}: `{name}`"));
        }
    }
    of_context("pod", &spec["securityContext"], windows, refuse);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in items(&spec[list]).iter().enumerate() {
            let place = format!("{list}/{index}");
            let context = &container["securityContext"];
            of_context(&place, context, windows, refuse);
            let effective = |key: &str| match &context[key] {
                Value::Null => &spec["securityContext"][key],
                value => value,
            };
            if *effective("runAsNonRoot") == true && *effective("runAsUser") == 0 {
                refuse(format!("{place}: runAsNonRoot and runAsUser: 0"));
            }
            let runs = list == "containers"
                || list == "initContainers" && container["restartPolicy"] == "Always";
            of_container(&place, container, (runs, list == "ephemeralContainers", grace), refuse);
            of_resources(&place, &container["resources"], &spec["resources"], refuse);
        }
    }
}

fn of_context(place: &str, context: &Value, windows: bool, refuse: &mut dyn FnMut(String)) {
    for field in LINUX.iter().filter(|field| windows && !context[**field].is_null()) {
        refuse(format!("{place}: windows and {field}"));
    }
    let adds_admin = items(&context["capabilities"]["add"])
        .iter()
        .any(|name| *name == "SYS_ADMIN" || *name == "CAP_SYS_ADMIN");
    if context["allowPrivilegeEscalation"] == false && (context["privileged"] == true || adds_admin)
    {
        refuse(format!("{place}: allowPrivilegeEscalation: false and all of root's powers"));
    }
}

fn of_container(
    place: &str,
    container: &Value,
    (runs, is_ephemeral, grace): (bool, bool, i64),
    refuse: &mut dyn FnMut(String),
) {
    for probe in PROBES {
        let value = &container[probe];
        if !value.is_null() && !runs {
            refuse(format!("{place}: {probe}"));
        }
        if probe == "readinessProbe" {
            if !value["terminationGracePeriodSeconds"].is_null() {
                refuse(format!("{place}: terminationGracePeriodSeconds of {probe}"));
            }
        } else if value["successThreshold"].as_i64().is_some_and(|count| count != 1) {
            refuse(format!("{place}: successThreshold of {probe}"));
        }
    }
    if !container["lifecycle"].is_null() && !runs {
        refuse(format!("{place}: lifecycle"));
    }
    for field in ["ports", "resources"] {
        if is_ephemeral && !container[field].is_null() {
            refuse(format!("{place}: {field}"));
        }
    }
    let seconds = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_i64();
    if seconds.is_some_and(|seconds| seconds <= 0 || seconds > grace) {
        // A sleep that exceeds any grace period is one refusal, whatever the period is.
        refuse(format!("{place}: preStop sleeps {seconds:?}"));
    }
    let handlers = container["lifecycle"]["preStop"].as_mapping();
    if handlers.is_some_and(|handlers| handlers.values().filter(|one| !one.is_null()).count() > 1) {
        refuse(format!("{place}: preStop does several things"));
    }
    let mounts = items(&container["volumeMounts"]);
    for (index, mount) in mounts.iter().enumerate() {
        if mounts[..index].iter().any(|one| one["mountPath"] == mount["mountPath"]) {
            refuse(format!("{place}: the mountPath of {index}"));
        }
    }
    for port in items(&container["ports"]) {
        if port["name"].as_str().is_some_and(|name| name.len() > 15) {
            refuse(format!("{place}: the name of a port"));
        }
    }
}

fn of_resources(place: &str, own: &Value, of_pod: &Value, refuse: &mut dyn FnMut(String)) {
    for name in ["cpu", "memory"] {
        let [request, limit] = ["requests", "limits"].map(|field| quantity(&own[field][name]));
        let most = quantity(&of_pod["limits"][name]);
        if let (Some(request), Some(limit)) = (request, limit.or(most))
            && request > limit
        {
            refuse(format!("{place}: requests {request} of {name}, of at most {limit}"));
        }
        if let (Some(limit), Some(most)) = (limit, most)
            && limit > most
        {
            refuse(format!("{place}: may use {limit} of {name}, and the pod {most}"));
        }
    }
}

/// A quantity in thousandths, of the forms that occur in these tests.
fn quantity(value: &Value) -> Option<i128> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let units = [("Gi", 1000 << 30), ("Mi", 1000 << 20), ("m", 1), ("", 1000)];
    let (number, unit) = units
        .iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?.to_owned(), *unit)))?;
    Some(number.parse::<i128>().unwrap() * unit)
}

/// True if a pod runs on Windows, by its `os` or by its node selection.
fn runs_on_windows(spec: &Value) -> bool {
    let required =
        &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    spec["os"]["name"] == "windows"
        || spec["nodeSelector"]["kubernetes.io/os"] == "windows"
        || required["nodeSelectorTerms"][0]["matchExpressions"][0]["values"][0] == "windows"
}

fn items(value: &Value) -> &[Value] {
    value.as_sequence().map(Vec::as_slice).unwrap_or_default()
}
