//! The settings of a container that protect it, or others from it, and those that let it do more: each with the value in
//! effect, which may be that of its pod.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::harden::value::{below, integer, is_false, is_true, items, present, text};
use crate::harden::{PodTemplate, Severity};
use crate::yaml::Node;

/// A setting of a container or a pod.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// The setting without its value: another value of the same setting is as good.
    pub(super) key: Cow<'static, str>,
    /// The setting with its value.
    pub(super) title: String,
    pub(super) severity: Severity,
    /// The rules of the Pod Security Standards by which a verdict tells it.
    pub(super) rules: &'static [&'static str],
    /// True for what also a new container should have if all others have it.
    pub(super) is_of_security: bool,
}

/// Settings by their keys.
pub(super) type ByKey = BTreeMap<Cow<'static, str>, Setting>;

/// The settings of one container, or of the pod.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Those that protect.
    pub(super) protections: ByKey,
    /// Those that let it do more.
    pub(super) liberties: ByKey,
}

impl Settings {
    fn protects(
        &mut self,
        key: impl Into<Cow<'static, str>>,
        value: &str,
        rules: &'static [&'static str],
    ) {
        let setting = Setting::new(key, value, Severity::Warning, rules);
        self.protections.insert(setting.key.clone(), setting);
    }

    fn allows(
        &mut self,
        key: impl Into<Cow<'static, str>>,
        value: &str,
        rules: &'static [&'static str],
    ) {
        let setting = Setting::new(key, value, Severity::Error, rules);
        self.liberties.insert(setting.key.clone(), setting);
    }

    /// The protections that are no longer there, in place of which there is no other one.
    pub(super) fn lost_in<'a>(&'a self, after: &'a Self) -> impl Iterator<Item = &'a Setting> {
        let is_kept = move |key: &str| match key {
            // A value that allows more is told instead.
            "runAsUser" => {
                ["runAsUser", "runAsNonRoot"].iter().any(|key| after.protections.contains_key(*key))
                    || after.liberties.contains_key("runAsUser")
            }
            key if key.starts_with(DROP) => after.protections.contains_key(DROP_ALL),
            key => after.liberties.contains_key(key),
        };
        let is_lost =
            move |one: &&Setting| !after.protections.contains_key(&one.key) && !is_kept(&one.key);
        self.protections.values().filter(is_lost)
    }

    /// The liberties that there were not before.
    pub(super) fn gained_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = &'a Setting> {
        let has = |key: &str| before.liberties.contains_key(key);
        let is_known = move |one: &Setting| {
            has(&one.key)
                || one.key.starts_with(ADD) && has(ADD_ALL)
                || one.key.strip_prefix(HOST_PATH).is_some_and(|path| {
                    let above = |end: usize| format!("{HOST_PATH}{}", &path[..end]);
                    let ends = path.match_indices('/').map(|(place, _)| place);
                    has(HOST_ROOT) || ends.take(DEEPEST).any(|end| has(&above(end)))
                })
        };
        self.liberties.values().filter(move |one| !is_known(one))
    }
}

const DROP: &str = "capabilities.drop: ";
const DROP_ALL: &str = "capabilities.drop: ALL";
const ADD: &str = "capabilities.add: ";
const ADD_ALL: &str = "capabilities.add: ALL";
const HOST_PATH: &str = "hostPath: ";
const HOST_ROOT: &str = "hostPath: /";
/// The maximum number of directories above one of a node that are looked for.
const DEEPEST: usize = 64;

impl Setting {
    fn new(
        key: impl Into<Cow<'static, str>>,
        value: &str,
        severity: Severity,
        rules: &'static [&'static str],
    ) -> Self {
        let key = key.into();
        let title = if value.is_empty() { key.to_string() } else { format!("{key}: {value}") };
        Self { key, title, severity, rules, is_of_security: true }
    }
}

/// Probes and other fields that need only be there, with the severity of their loss.
const FIELDS: [(&str, &[&str], Severity); 5] = [
    ("readinessProbe", &["readinessProbe"], Severity::Warning),
    ("livenessProbe", &["livenessProbe"], Severity::Warning),
    ("startupProbe", &["startupProbe"], Severity::Note),
    ("limit of memory", &["resources", "limits", "memory"], Severity::Warning),
    ("preStop hook", &["lifecycle", "preStop"], Severity::Note),
];

/// The settings of a container, the most important first.
pub(super) fn of_container(container: &Node, name: &str, pod: &PodTemplate<'_>) -> Settings {
    let mut settings = Settings::default();
    let own = |key: &str| below(container, &["securityContext", key]);
    let effective = |key: &str| own(key).or_else(|| of_pod(pod, &["securityContext", key]));
    if is_true(own("privileged")) {
        settings.allows("privileged", "true", &["privileged-container"]);
    }
    capabilities(own("capabilities"), &mut settings);
    if is_false(own("allowPrivilegeEscalation")) {
        settings.protects("allowPrivilegeEscalation", "false", &["privilege-escalation"]);
    }
    match effective("runAsUser").and_then(integer) {
        Some(0) => settings.allows("runAsUser", "0", &["run-as-root-uid"]),
        Some(user) => settings.protects("runAsUser", &user.to_string(), &[]),
        None => {}
    }
    // Without the field, the group is usually that of root.
    if let Some(group) = effective("runAsGroup").and_then(integer).filter(|group| *group != 0) {
        settings.protects("runAsGroup", &group.to_string(), &[]);
    }
    if is_true(effective("runAsNonRoot")) {
        settings.protects("runAsNonRoot", "true", &["run-as-non-root"]);
    }
    profiles(name, effective("seccompProfile"), effective("appArmorProfile"), pod, &mut settings);
    if own("procMount").and_then(Node::as_text) == Some("Unmasked") {
        settings.allows("procMount", "Unmasked", &["proc-mount", "proc-mount-strict"]);
    }
    if is_true(own("readOnlyRootFilesystem")) {
        settings.protects("readOnlyRootFilesystem", "true", &[]);
    }
    for (title, path, severity) in FIELDS {
        let is_set = |of: &Node| below(of, path).is_some_and(|node| !node.is_empty());
        if is_set(container) || path[0] == "resources" && is_set(pod.spec) {
            let setting =
                Setting { is_of_security: false, ..Setting::new(title, "", severity, &[]) };
            settings.protections.insert(setting.key.clone(), setting);
        }
    }
    settings
}

fn capabilities(node: Option<&Node>, settings: &mut Settings) {
    let list = |field: &str| {
        let list = items(node.and_then(|node| present(node, field))).iter();
        list.filter_map(Node::as_text).collect::<Vec<_>>()
    };
    let rules = &["added-capabilities", "drop-all-capabilities"];
    for name in list("add") {
        settings.allows(format!("{ADD}{name}"), "", rules);
    }
    for name in list("drop") {
        settings.protects(format!("{DROP}{name}"), "", &["drop-all-capabilities"]);
    }
    // With all of them, each other one is dropped too.
    if settings.protections.contains_key(DROP_ALL) {
        settings.protections.retain(|key, _| key == DROP_ALL || !key.starts_with(DROP));
    }
}

/// The profiles of seccomp and `AppArmor`, of which an annotation may set the latter.
fn profiles(
    name: &str,
    seccomp: Option<&Node>,
    app_armor: Option<&Node>,
    pod: &PodTemplate<'_>,
    settings: &mut Settings,
) {
    let of = |profile: Option<&'_ Node>| -> Option<String> {
        profile.and_then(|profile| text(profile, "type")).map(str::to_owned)
    };
    let annotated = || {
        let annotations = below(pod.metadata?, &["annotations"])?;
        let value =
            text(annotations, &format!("container.apparmor.security.beta.kubernetes.io/{name}"))?;
        Some(match value {
            "unconfined" => "Unconfined".to_owned(),
            "runtime/default" => "RuntimeDefault".to_owned(),
            other => other.to_owned(),
        })
    };
    for (key, profile, rules) in [
        ("seccompProfile", of(seccomp), &["seccomp-profile", "seccomp-unconfined"][..]),
        ("appArmorProfile", of(app_armor).or_else(annotated), &["apparmor-profile"]),
    ] {
        match profile.as_deref() {
            Some("Unconfined") => settings.allows(key, "Unconfined", rules),
            // The default of AppArmor is the same without a field.
            Some("RuntimeDefault") if key == "appArmorProfile" => {}
            Some(profile) => settings.protects(key, profile, rules),
            None => {}
        }
    }
}

fn of_pod<'a>(pod: &PodTemplate<'a>, path: &[&str]) -> Option<&'a Node> {
    below(pod.spec, path).or_else(|| below(pod.defaults?, path))
}

/// The settings of a pod as a whole.
pub(super) fn of_whole_pod(pod: &PodTemplate<'_>) -> Settings {
    let mut settings = Settings::default();
    for (key, rules) in
        [("hostNetwork", &["host-network"]), ("hostPID", &["host-pid"]), ("hostIPC", &["host-ipc"])]
    {
        if is_true(of_pod(pod, &[key])) {
            settings.allows(key, "true", rules);
        }
    }
    for volume in items(of_pod(pod, &["volumes"])) {
        let path = present(volume, "hostPath").and_then(|host| text(host, "path"));
        if let Some(path) = path {
            let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
            settings.allows(format!("{HOST_PATH}{path}"), "", &["host-path-volume"]);
        }
    }
    if is_false(of_pod(pod, &["hostUsers"])) {
        settings.protects("hostUsers", "false", &[]);
    }
    if let Some(class) = of_pod(pod, &["runtimeClassName"]).and_then(Node::as_text) {
        settings.protects("runtimeClassName", class, &[]);
    }
    if is_true(of_pod(pod, &["shareProcessNamespace"])) {
        let shared = Setting::new("shareProcessNamespace", "true", Severity::Warning, &[]);
        settings.liberties.insert(shared.key.clone(), shared);
    }
    settings
}
