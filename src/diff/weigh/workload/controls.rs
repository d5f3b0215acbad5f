//! The settings of a container that protect it, or others from it, and those that let it do more: each with the value in
//! effect, which may be that of its pod.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::probes::can_fail;
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
    /// The probes that cannot fail, by their keys.
    idle: ByKey,
    /// The seconds that a `startupProbe` leaves a container for its start.
    starts_within: i64,
    /// The seconds before a `livenessProbe` asks for the first time.
    asked_after: i64,
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
            // The container has as much time for its start.
            "startupProbe" => after.asked_after >= self.starts_within,
            key if key.starts_with(DROP) => after.protections.contains_key(DROP_ALL),
            key => match key.split_once(LOCAL) {
                // The default of the runtime is as good as a profile of the node.
                Some((key, _)) => {
                    after.protections.contains_key(key) || after.liberties.contains_key(key)
                }
                None => after.liberties.contains_key(key),
            },
        };
        let is_lost =
            move |one: &&Setting| !after.protections.contains_key(&one.key) && !is_kept(&one.key);
        let lost = self.protections.values().filter(is_lost);
        lost.map(move |one| after.idle.get(&one.key).unwrap_or(one))
    }

    /// The liberties that there were not before.
    pub(super) fn gained_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = &'a Setting> {
        let is_known = move |one: &Setting| {
            let key = &*one.key;
            before.liberties.contains_key(key)
                || key.starts_with(ADD) && before.liberties.contains_key(ADD_ALL)
                || PATHS.iter().any(|(own, others)| {
                    let path = key.strip_prefix(own);
                    path.is_some_and(|path| others.iter().any(|of| before.has_path(of, path)))
                })
        };
        self.liberties.values().filter(move |one| !is_known(one))
    }

    /// True if a liberty holds for a path of the node, or for a directory above it.
    fn has_path(&self, of: &str, path: &str) -> bool {
        let has = |path: &str| self.liberties.contains_key(&*format!("{of}{path}"));
        let ends = path.match_indices('/').map(|(place, _)| place);
        has(path) || has("/") || ends.take(DEEPEST).any(|end| has(&path[..end]))
    }
}

/// The liberties for paths of the node, each with those that include it.
const PATHS: [(&str, &[&str]); 3] =
    [(HOST_PATH, &[HOST_PATH]), (MOUNT, &[MOUNT, WRITABLE]), (WRITABLE, &[WRITABLE])];

const DROP: &str = "capabilities.drop: ";
const DROP_ALL: &str = "capabilities.drop: ALL";
const ADD: &str = "capabilities.add: ";
const ADD_ALL: &str = "capabilities.add: ALL";
const HOST_PATH: &str = "hostPath: ";
const MOUNT: &str = "mount of hostPath: ";
const WRITABLE: &str = "writable mount of hostPath: ";
/// The end of the key of a profile that is a file of the node, before its name.
const LOCAL: &str = ": Localhost ";
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
pub(super) fn of_container(container: &Node, name: &str, around: &Around<'_>) -> Settings {
    let mut settings = Settings::default();
    let pod = around.pod;
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
    mounts(container, around, &mut settings);
    let seconds = |probe: &str, key: &str, usual: i64| {
        below(container, &[probe, key]).and_then(integer).unwrap_or(usual)
    };
    let tries = seconds("startupProbe", "failureThreshold", 3);
    settings.starts_within = tries
        .saturating_mul(seconds("startupProbe", "periodSeconds", 10))
        .saturating_add(seconds("startupProbe", "initialDelaySeconds", 0));
    settings.asked_after = seconds("livenessProbe", "initialDelaySeconds", 0);
    for (title, path, severity) in FIELDS {
        let is_set = |of: &Node| below(of, path).is_some_and(|node| !node.is_empty());
        if is_set(container) || path[0] == "resources" && is_set(pod.spec) {
            let mut setting =
                Setting { is_of_security: false, ..Setting::new(title, "", severity, &[]) };
            let is_probe = title.ends_with("Probe");
            if is_probe && !below(container, path).is_some_and(can_fail) {
                setting.title = format!("a {title} that can fail");
                settings.idle.insert(setting.key.clone(), setting);
            } else {
                settings.protections.insert(setting.key.clone(), setting);
            }
        }
    }
    settings
}

/// A pod with the paths of the node in its volumes, by their names.
pub(super) struct Around<'a> {
    pod: &'a PodTemplate<'a>,
    paths: BTreeMap<&'a str, &'a str>,
}

impl<'a> Around<'a> {
    pub(super) fn of(pod: &'a PodTemplate<'a>) -> Self {
        let path = |volume: &'a Node| Some((text(volume, "name")?, host_path(volume)?));
        let paths = items(of_pod(pod, &["volumes"])).iter().filter_map(path).collect();
        Self { pod, paths }
    }
}

/// The path of the node in a volume, without a slash at its end.
fn host_path(volume: &Node) -> Option<&str> {
    let path = text(present(volume, "hostPath")?, "path")?;
    Some(if path.len() > 1 { path.trim_end_matches('/') } else { path })
}

/// Adds the paths of the node that a container mounts, and mounts that other containers of the node see.
fn mounts(container: &Node, around: &Around<'_>, settings: &mut Settings) {
    for mount in items(present(container, "volumeMounts")) {
        if text(mount, "mountPropagation") == Some("Bidirectional") {
            settings.allows("mountPropagation", "Bidirectional", &[]);
        }
        let path = text(mount, "name").and_then(|name| around.paths.get(name));
        let Some(path) = path else { continue };
        let path = match text(mount, "subPath").filter(|below| !below.is_empty()) {
            Some(below) => format!("{}/{below}", path.trim_end_matches('/')),
            None => (*path).to_owned(),
        };
        let of = if is_true(present(mount, "readOnly")) { MOUNT } else { WRITABLE };
        settings.allows(format!("{of}{path}"), "", &["host-path-volume"]);
    }
}

/// The path of the node that a mount is of, by the key of the setting.
pub(super) fn mounted_path(key: &str) -> Option<&str> {
    [MOUNT, WRITABLE].iter().find_map(|of| key.strip_prefix(of))
}

/// The path of the node of a volume, by the key of the setting.
pub(super) fn volume_path(key: &str) -> Option<&str> {
    key.strip_prefix(HOST_PATH)
}

fn capabilities(node: Option<&Node>, settings: &mut Settings) {
    let list = |field: &str| {
        let list = items(node.and_then(|node| present(node, field))).iter();
        // Runtimes compare them without case.
        list.filter_map(Node::as_text).map(str::to_uppercase).collect::<Vec<_>>()
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
        let profile = profile?;
        Some(match text(profile, "type")? {
            "Localhost" => local(text(profile, "localhostProfile").unwrap_or_default()),
            other => other.to_owned(),
        })
    };
    let annotated = || {
        let annotations = below(pod.metadata?, &["annotations"])?;
        let value =
            text(annotations, &format!("container.apparmor.security.beta.kubernetes.io/{name}"))?;
        Some(match value {
            "unconfined" => "Unconfined".to_owned(),
            "runtime/default" => "RuntimeDefault".to_owned(),
            other => other.strip_prefix("localhost/").map_or_else(|| other.to_owned(), local),
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
            // Another file of the node is another profile.
            Some(profile) if profile.starts_with("Localhost ") => {
                settings.protects(format!("{key}: {profile}"), "", rules);
            }
            Some(profile) => settings.protects(key, profile, rules),
            None => {}
        }
    }
}

/// The words for a profile that is a file of the node.
fn local(file: &str) -> String {
    format!("Localhost {file}")
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
        if let Some(path) = host_path(volume) {
            settings.allows(format!("{HOST_PATH}{path}"), "", &["host-path-volume"]);
        }
    }
    if is_false(of_pod(pod, &["hostUsers"])) {
        settings.protects("hostUsers", "false", &[]);
    }
    if let Some(class) = of_pod(pod, &["runtimeClassName"]).and_then(Node::as_text) {
        settings.protects("runtimeClassName", class, &[]);
    }
    let context = |key: &'static str| of_pod(pod, &["securityContext", key]);
    if context("supplementalGroupsPolicy").and_then(Node::as_text) == Some("Strict") {
        settings.protects("supplementalGroupsPolicy", "Strict", &[]);
    }
    let is_root = |group: &Node| integer(group) == Some(0);
    for (is_set, key, value) in [
        (is_true(of_pod(pod, &["shareProcessNamespace"])), "shareProcessNamespace", "true"),
        (context("fsGroup").is_some_and(is_root), "fsGroup", "0"),
        (items(context("supplementalGroups")).iter().any(is_root), "supplementalGroups", "0"),
    ] {
        if is_set {
            let setting = Setting::new(key, value, Severity::Warning, &[]);
            settings.liberties.insert(setting.key.clone(), setting);
        }
    }
    settings
}
