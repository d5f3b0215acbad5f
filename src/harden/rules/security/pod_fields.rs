//! KR-SEC-041, 042, 047, 048, 049, 050, 051: single fields of pods.

use crate::harden::pod::Pod;
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{is_true, items, text};
use crate::harden::violation::{Class, Edit, List, Severity, Violation, mapping, string};

pub(super) static SHARE_PROCESS_NAMESPACE: Rule = Rule {
    id: "KR-SEC-041",
    name: "share-process-namespace",
    text: text!("KR-SEC-041"),
    severity: Severity::Note,
    score: Some(3.0),
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, _| {
        let is_shared = is_true(pod.get(&["shareProcessNamespace"]));
        let message = "the containers of the pod see, and can signal, the processes of each other";
        note(is_shared, pod, "shareProcessNamespace", message)
    })),
};

pub(super) static USER_NAMESPACE: Rule = Rule {
    id: "KR-SEC-042",
    name: "user-namespace",
    text: text!("KR-SEC-042"),
    severity: Severity::Note,
    score: Some(3.0),
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(user_namespace)),
};

pub(super) static HOST_ALIASES: Rule = Rule {
    id: "KR-SEC-047",
    name: "host-aliases",
    text: text!("KR-SEC-047"),
    severity: Severity::Note,
    score: Some(3.0),
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, _| {
        let has_aliases = !items(pod.get(&["hostAliases"])).is_empty();
        let message = "the pod resolves names by `hostAliases`, past the DNS of the cluster";
        note(has_aliases, pod, "hostAliases", message)
    })),
};

pub(super) static WINDOWS_OS_UNSET: Rule = Rule {
    id: "KR-SEC-048",
    name: "windows-os-unset",
    text: text!("KR-SEC-048"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 70,
    needs: Needs::Object(Check::Pod(os_unset)),
};

pub(super) static COMMITTED_EPHEMERAL: Rule = Rule {
    id: "KR-SEC-049",
    name: "committed-ephemeral",
    text: text!("KR-SEC-049"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, _| {
        let has_some = pod.containers.iter().any(|container| container.list == List::Ephemeral);
        let message =
            "the pod has ephemeral containers, which the API server accepts only for a running pod";
        note(has_some, pod, "ephemeralContainers", message)
    })),
};

pub(super) static APP_ARMOR_DEFAULT: Rule = Rule {
    id: "KR-SEC-050",
    name: "apparmor-default",
    text: text!("KR-SEC-050"),
    severity: Severity::Note,
    score: Some(2.0),
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(no_app_armor)),
};

pub(super) static HOST_NETWORK_DNS: Rule = Rule {
    id: "KR-SEC-051",
    name: "host-network-dns",
    text: text!("KR-SEC-051"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(|pod, _| {
        let policy = text(pod.spec, "dnsPolicy");
        let is_host = is_true(pod.get(&["hostNetwork"]));
        let is_set = matches!(policy, Some("ClusterFirstWithHostNet" | "None" | "Default"));
        let message = "the pod is in the network of the node, and uses the DNS of the node, not that of the cluster";
        note(is_host && !is_set, pod, "dnsPolicy", message)
    })),
};

fn note(is_violated: bool, pod: &Pod<'_>, key: &str, message: &str) -> Vec<Violation> {
    if is_violated { vec![pod.violation(&[key], message)] } else { Vec::new() }
}

const HOST: [&str; 3] = ["hostNetwork", "hostPID", "hostIPC"];

fn user_namespace(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let is_new = scene.facts.kubernetes().is_none_or(|minor| minor >= 33);
    let needs_node = HOST.iter().any(|key| is_true(pod.get(&[key])));
    let has_devices = || {
        let mut lists = pod.containers.iter().map(|one| items(one.node.get("volumeDevices")));
        lists.any(|list| !list.is_empty())
    };
    if pod.has_own_users() || !is_new || needs_node || pod.is_bound_to_windows() || has_devices() {
        return Vec::new();
    }
    let message = "the users of the pod are those of the node: `hostUsers` is not false";
    vec![pod.violation(&["hostUsers"], message)]
}

/// Fields of a `securityContext` that the API server refuses for pods of Windows.
const LINUX_ONLY: [&str; 14] = [
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "fsGroup",
    "fsGroupChangePolicy",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
    "supplementalGroups",
    "sysctls",
];

fn os_unset(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let is_set = pod.get(&["os"]).is_some_and(|os| text(os, "name").is_some());
    if is_set || !pod.is_bound_to_windows() {
        return Vec::new();
    }
    let message = "the pod runs only on Windows, and does not say so in `os`";
    let violation = pod.violation(&["os"], message);
    let is_linux_only = LINUX_ONLY.iter().any(|key| {
        pod.security(key).is_some() || pod.containers.iter().any(|one| one.security(key).is_some())
    });
    let others = ["hostPID", "hostIPC", "hostNetwork", "hostUsers", "shareProcessNamespace"];
    if is_linux_only || others.iter().any(|key| pod.get(&[key]).is_some()) {
        return vec![violation];
    }
    let edit = Edit::Set(violation.path.clone(), mapping(&[("name", string("windows"))]));
    vec![violation.fix(Class::Safe, vec![edit])]
}

fn no_app_armor(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let is_new = scene.facts.kubernetes().is_none_or(|minor| minor >= 30);
    let key = "appArmorProfile";
    let is_set = pod.security(key).is_some()
        || pod.containers.iter().any(|one| one.security(key).is_some())
        || pod.annotations().any(|(name, _)| name.starts_with("container.apparmor."));
    if !is_new || is_set || pod.is_bound_to_windows() {
        return Vec::new();
    }
    let message = "the pod names no AppArmor profile: it has the default of the runtime where nodes have AppArmor";
    vec![pod.violation_of_security(key, message)]
}
