//! The properties that hold for every manifest, profile and level of fixes. Each checks the outcome of a run of
//! hardening and returns an error.
//!
//! Input and output are read by an independent YAML reader, as text.

use std::collections::{BTreeMap, BTreeSet};

use krender::harden::{self, Change, Class, Finding, Fixes, Kind, Profile, Rule, Settings};
use krender::resource::{self, ResMap};
use krender::schema::Schema;
use krender::source::Sources;
use krender::yaml::parse;
use proptest::test_runner::Config as ProptestConfig;
use serde::Deserialize;
use serde_yaml::Value;

use super::refused;

/// Profiles at versions between which checks are added and removed. The widest is used most often.
pub(crate) const PROFILES: [&str; 10] = [
    "baseline",
    "baseline@v1.18",
    "restricted",
    "restricted@v1.18",
    "restricted@v1.20",
    "restricted@v1.24",
    "recommended",
    "paranoid",
    "paranoid",
    "paranoid",
];

/// The levels of fixes.
pub(crate) const LEVELS: [Fixes; 4] = [
    Fixes::OfSettings,
    Fixes::UpTo(Class::Safe),
    Fixes::UpTo(Class::Unsafe),
    Fixes::UpTo(Class::Override),
];

/// The number of manifests: `PROPTEST_CASES`, or a small default.
pub(crate) fn config() -> ProptestConfig {
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => usual,
        None => ProptestConfig { cases: 64, ..usual },
    }
}

/// The input and the result of one hardening.
#[derive(Debug)]
pub(crate) struct Run {
    settings: Settings,
    fixes: Fixes,
    pub(crate) before: ResMap,
    pub(crate) after: ResMap,
    changes: Vec<Change>,
}

pub(crate) fn read(text: &str) -> ResMap {
    try_read(text).unwrap()
}

/// The objects in a text; `None` if it contains anything else.
pub(crate) fn try_read(text: &str) -> Option<ResMap> {
    let source = Sources::new().add("test.yaml", text).ok()?;
    let documents = parse::documents(&source).ok()?;
    Some(resource::read(&source, &documents, &Schema::default()).ok()?.into())
}

pub(crate) fn settings(profile: &str) -> Settings {
    Settings::of(profile.parse::<Profile>().unwrap())
}

/// Settings with only one rule, at a version.
pub(crate) fn only(rule: &str, version: &str) -> Settings {
    let text = format!(
        "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec: {{profile: privileged@{version}, rules: {{{rule}: {{severity: error}}}}}}\n"
    );
    let source = Sources::new().add("hardening.yaml", text).unwrap();
    let root = parse::document(&source).unwrap().unwrap().root;
    Settings::read(&root, &[Kind::Hardening], Profile::default()).unwrap()
}

pub(crate) fn hardened(resources: &ResMap, settings: &Settings, fixes: Fixes) -> ResMap {
    let mut resources = resources.clone();
    harden::harden(&mut resources, &Sources::new(), &Schema::built_in(), settings, fixes).unwrap();
    resources
}

fn found(resources: &ResMap, settings: &Settings) -> Vec<Finding> {
    harden::check(resources, &Sources::new(), settings)
}

/// The violations: rule, object, and container.
pub(crate) fn violated(
    resources: &ResMap,
    settings: &Settings,
) -> BTreeSet<(&'static str, usize, String)> {
    let name = |finding: &Finding| {
        finding.container.as_ref().map(|(_, name)| name.to_string()).unwrap_or_default()
    };
    let findings = found(resources, settings).into_iter();
    let id = |one: &Finding| one.rule.known().map_or("", |rule| rule.id);
    findings.map(|one| (id(&one), one.place, name(&one))).collect()
}

pub(crate) fn yaml(resources: &ResMap) -> String {
    resources.to_yaml().unwrap()
}

pub(crate) fn documents(text: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(text);
    documents.map(|document| Value::deserialize(document).unwrap()).collect()
}

/// The scalars of a document by their paths, and empty collections and nulls.
fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Mapping(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let key = key.as_str().unwrap_or_default().replace('/', "~1");
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Sequence(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}/{index}"), found);
            }
        }
        other => drop(found.insert(path.to_owned(), format!("{other:?}"))),
    }
}

fn all_leaves(resources: &ResMap) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (place, document) in documents(&yaml(resources)).iter().enumerate() {
        leaves(document, &place.to_string(), &mut found);
    }
    found
}

impl Run {
    pub(crate) fn new(text: &str, settings: Settings, fixes: Fixes) -> Self {
        let before = read(text);
        let mut after = before.clone();
        let changes =
            harden::harden(&mut after, &Sources::new(), &Schema::built_in(), &settings, fixes)
                .unwrap();
        Self { settings, fixes, before, after, changes }
    }

    /// A second run changes nothing (I1).
    pub(crate) fn is_idempotent(&self) -> Result<(), String> {
        let again = yaml(&hardened(&self.after, &self.settings, self.fixes));
        self.expect(again == yaml(&self.after), || format!("a second run changes it:\n{again}"))
    }

    /// A rule without a violation changes nothing in an object (I2).
    pub(crate) fn changes_only_what_is_wrong(&self) -> Result<(), String> {
        let violated = violated(&self.before, &self.settings);
        let is_violated = |change: &Change| {
            let mut places = violated.iter().map(|(rule, place, _)| (*rule, *place));
            places.any(|one| one == (change.rule.id, change.place))
        };
        let first = self.changes.iter().enumerate().find(|(number, change)| match change.follows {
            None => !is_violated(change),
            Some(cause) => {
                let before = self.changes[..*number].iter();
                let mut earlier =
                    before.filter(|one| (one.place, one.rule) == (change.place, cause));
                earlier.next().is_none() || !leads(cause, change.rule)
            }
        });
        self.expect(first.is_none(), || format!("{first:?} heals nothing"))?;
        let is_own = |change: &&Change| {
            let fields = FIELDS.iter().find(|(rule, _)| *rule == change.rule.id);
            let fields = fields.map_or(&[][..], |(_, fields)| fields);
            change.operations.iter().all(|operation| {
                let (_, path, value) = operation.parts();
                // An added field comes with the mappings around it; a removed one takes them away.
                let text = format!("{path} {value:?}");
                let is_parent = operation.parts().0 == "remove" && value.is_none();
                is_parent || fields.iter().any(|field| text.contains(field))
            })
        };
        let first = self.changes.iter().find(|change| !is_own(change));
        self.expect(first.is_none(), || format!("{first:?} is about other fields"))?;
        let is_changed = yaml(&self.before) != yaml(&self.after);
        self.expect(is_changed != self.changes.is_empty(), || "what is changed is not said".into())
    }

    /// New violations are only those to which a fix leads by its page, and are told with this fix (I3).
    pub(crate) fn makes_nothing_worse(&self) -> Result<(), String> {
        let (was, is) =
            (violated(&self.before, &self.settings), violated(&self.after, &self.settings));
        let told: BTreeSet<(&str, usize)> = self
            .changes
            .iter()
            .flat_map(|change| {
                change
                    .leaves
                    .iter()
                    .filter(|rule| leads(change.rule, rule))
                    .map(|rule| (rule.id, change.place))
            })
            .collect();
        let new: Vec<_> = is.difference(&was).collect();
        let first = new.iter().find(|(rule, place, _)| !told.contains(&(*rule, *place)));
        self.expect(first.is_none(), || format!("violated now: {first:?}"))?;
        let is_new =
            |one: &(&str, usize)| new.iter().any(|(rule, place, _)| (*rule, *place) == *one);
        let first = told.iter().find(|one| !is_new(one));
        self.expect(first.is_none(), || format!("told as violated now: {first:?}"))
    }

    /// Fields that are not overridden keep their values (I4).
    pub(crate) fn keeps_what_was_written(&self) -> Result<(), String> {
        if self.fixes == Fixes::UpTo(Class::Override) {
            return Ok(());
        }
        let (old, new) = (all_leaves(&self.before), all_leaves(&self.after));
        let is_kept = |(path, value): &(&String, &String)| {
            let is_filled = || {
                let below = format!("{path}/");
                new.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below))
            };
            let is_void = matches!(value.as_str(), "Null" | "Sequence []" | "Mapping {}");
            // The list of dropped capabilities is replaced by `ALL`, which contains it, and `serviceAccount` is moved.
            path.contains("/capabilities/drop")
                || path.ends_with("/serviceAccount")
                || new.get(*path) == Some(*value)
                || is_void && (is_filled() || *value == "Null" && new.contains_key(*path))
        };
        let lost = old.iter().find(|leaf| !is_kept(leaf));
        self.expect(lost.is_none(), || format!("{lost:?} is lost"))
    }

    /// The API server accepts what it accepted before (I5).
    pub(crate) fn stays_acceptable(&self) -> Result<(), String> {
        let refused = |resources| refused::combinations(&documents(&yaml(resources)));
        let (was, is) = (refused(&self.before), refused(&self.after));
        let new: Vec<_> = is.difference(&was).collect();
        self.expect(new.is_empty(), || format!("the API server refuses now: {new:?}"))
    }

    /// Only fields of rules change, and the order stays (I6).
    pub(crate) fn touches_only_its_fields(&self) -> Result<(), String> {
        let (old, new) = (all_leaves(&self.before), all_leaves(&self.after));
        let is_void = |value: &str| matches!(value, "Null" | "Sequence []" | "Mapping {}");
        for path in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let (was, is) = (old.get(path), new.get(path));
            if was == is || was.is_some_and(|value| is_void(value)) && is.is_none() {
                continue;
            }
            let may = match (was, is) {
                // A removal may leave an empty list element.
                (None, Some(is)) if is_void(is) => true,
                _ => may_change(path, was.is_none(), &old),
            };
            self.expect(may, || format!("{path} was {was:?} and is {is:?}"))?;
        }
        Ok(())
    }

    /// Checks all properties of one run.
    pub(crate) fn obeys_all(&self) -> Result<(), String> {
        self.is_idempotent()?;
        self.changes_only_what_is_wrong()?;
        self.makes_nothing_worse()?;
        self.keeps_what_was_written()?;
        self.stays_acceptable()?;
        self.touches_only_its_fields()
    }

    fn expect(&self, holds: bool, complaint: impl FnOnce() -> String) -> Result<(), String> {
        if holds {
            return Ok(());
        }
        let Self { settings, fixes, before, after, .. } = self;
        let (before, after) = (yaml(before), yaml(after));
        let profile = settings.facts.profile;
        Err(format!("{}\nby {profile}, {fixes:?}, of\n{before}\nis\n{after}", complaint()))
    }
}

/// True if the page of a rule names another one as an effect of its fix.
fn leads(rule: &Rule, to: &Rule) -> bool {
    rule.follow_ups().any(|(id, _)| id == to.id)
}

/// The fields that each rule writes. A rule that is not listed writes none.
const FIELDS: &[(&str, &[&str])] = &[
    ("KR-AVL-002", &["topologySpreadConstraints"]),
    ("KR-AVL-007", &["unhealthyPodEvictionPolicy"]),
    ("KR-K8S-001", &["labels"]),
    ("KR-K8S-007", &["ttlSecondsAfterFinished"]),
    ("KR-AVL-009", &[]),
    ("KR-PRB-003", &["startupProbe"]),
    ("KR-PRB-004", &["livenessProbe/failureThreshold"]),
    ("KR-PRB-011", &["startupProbe"]),
    ("KR-IMG-004", &["imagePullPolicy"]),
    ("KR-IMG-006", &["image"]),
    ("KR-RES-001", &["cpu"]),
    ("KR-RES-002", &["memory"]),
    ("KR-RES-003", &["memory"]),
    ("KR-RES-004", &["cpu"]),
    ("KR-RES-006", &["requests"]),
    ("KR-RES-012", &["limits"]),
    ("KR-SEC-001", &["privileged"]),
    ("KR-SEC-002", &[]),
    ("KR-SEC-003", &[]),
    ("KR-SEC-004", &[]),
    ("KR-SEC-006", &[]),
    ("KR-SEC-007", &["capabilities/add"]),
    ("KR-SEC-008", &[]),
    ("KR-SEC-009", &[]),
    ("KR-SEC-010", &[]),
    ("KR-SEC-011", &["seccompProfile/type", "seccomp.security.alpha.kubernetes.io"]),
    ("KR-SEC-012", &["sysctls"]),
    ("KR-SEC-013", &[]),
    ("KR-SEC-014", &[]),
    ("KR-SEC-021", &["allowPrivilegeEscalation"]),
    ("KR-SEC-022", &["runAsNonRoot"]),
    ("KR-SEC-023", &["runAsUser"]),
    ("KR-SEC-024", &["seccompProfile"]),
    ("KR-SEC-025", &["drop", "capabilities/add"]),
    ("KR-SEC-026", &[]),
    ("KR-SEC-030", &["readOnlyRootFilesystem", "volumes", "volumeMounts"]),
    ("KR-SEC-031", &["runAsUser"]),
    ("KR-SEC-032", &["runAsUser", "runAsGroup", "fsGroup"]),
    ("KR-SEC-033", &["runAsGroup", "fsGroup", "supplementalGroups"]),
    ("KR-SEC-035", &["automountServiceAccountToken"]),
    ("KR-SEC-037", &["serviceAccount"]),
    ("KR-SEC-048", &["os"]),
    ("KR-SHD-001", &["preStop"]),
    ("KR-SHD-002", &["terminationGracePeriodSeconds"]),
    ("KR-SHD-004", &["terminationGracePeriodSeconds"]),
    ("KR-SHD-009", &["maxUnavailable", "maxSurge"]),
];

/// The paths of pod templates in objects, and the fields of a pod that hardening may change.
const TEMPLATES: [&str; 4] = ["/spec/jobTemplate/spec/template", "/spec/template", "/template", ""];

/// Fields of a `securityContext`, with the fields below them.
const CONTEXT: [&str; 11] = [
    "runAsNonRoot",
    "runAsUser",
    "runAsGroup",
    "fsGroup",
    "fsGroupChangePolicy",
    "supplementalGroups",
    "seccompProfile",
    "seLinuxOptions",
    "appArmorProfile",
    "windowsOptions/hostProcess",
    "sysctls",
];

const CONTEXT_OF_CONTAINER: [&str; 5] = [
    "privileged",
    "allowPrivilegeEscalation",
    "capabilities",
    "procMount",
    "readOnlyRootFilesystem",
];

/// Other fields of a container. A `#` stands for an element of a list.
const CONTAINER: [&str; 20] = [
    "startupProbe",
    "livenessProbe/failureThreshold",
    "resources/limits/cpu",
    "ports/#/hostPort",
    "livenessProbe/httpGet/host",
    "livenessProbe/tcpSocket/host",
    "readinessProbe/httpGet/host",
    "readinessProbe/tcpSocket/host",
    "startupProbe/httpGet/host",
    "startupProbe/tcpSocket/host",
    "lifecycle/preStop/httpGet/host",
    "lifecycle/preStop/tcpSocket/host",
    "lifecycle/postStart/httpGet/host",
    "lifecycle/postStart/tcpSocket/host",
    "lifecycle/preStop/sleep/seconds",
    "resources/requests/cpu",
    "resources/requests/memory",
    "resources/limits/memory",
    "volumeMounts/#/name",
    "volumeMounts/#/mountPath",
];

const POD: [&str; 10] = [
    "hostNetwork",
    "dnsPolicy",
    "hostPID",
    "hostIPC",
    "terminationGracePeriodSeconds",
    "topologySpreadConstraints",
    "automountServiceAccountToken",
    "os",
    "serviceAccount",
    "serviceAccountName",
];

/// Fields of workloads and of `PodDisruptionBudget`s, outside of their pods.
const OBJECT: [&str; 4] = [
    "/spec/replicas",
    "/spec/strategy/rollingUpdate",
    "/spec/ttlSecondsAfterFinished",
    "/spec/unhealthyPodEvictionPolicy",
];

const ANNOTATIONS: [&str; 3] = [
    "container.apparmor.security.beta.kubernetes.io~1",
    "seccomp.security.alpha.kubernetes.io~1",
    "container.seccomp.security.alpha.kubernetes.io~1",
];

/// True if hardening may change a field. It may only append elements to lists.
fn may_change(path: &str, is_new: bool, old: &BTreeMap<String, String>) -> bool {
    let (place, path) = path.split_once('/').unwrap_or_default();
    let is = |key: &str| old.get(&format!("{place}/{key}")).map_or("", |value| value);
    let makes_pods = super::generate::KINDS.iter().any(|(version, kind)| {
        is("kind") == format!("String({kind:?})")
            && is("apiVersion") == format!("String({version:?})")
    });
    let path = format!("/{path}");
    if OBJECT.iter().any(|field| path.starts_with(field)) {
        return true;
    }
    let Some(inner) = TEMPLATES.iter().find_map(|template| path.strip_prefix(template)) else {
        return false;
    };
    if let Some(name) = inner.strip_prefix("/metadata/annotations/") {
        return makes_pods && ANNOTATIONS.iter().any(|prefix| name.starts_with(prefix));
    }
    let Some(field) = inner.strip_prefix("/spec/") else { return false };
    let below = |fields: &[&str], field: &str| {
        fields.iter().any(|known| {
            field.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let numbers = |field: &str| {
        let part = |part: &str| if part.parse::<usize>().is_ok() { "#" } else { part }.to_owned();
        field.split('/').map(part).collect::<Vec<_>>().join("/")
    };
    let of_container = |list: &str| {
        let (_, field) = field.strip_prefix(list)?.strip_prefix('/')?.split_once('/')?;
        let is_mount = field.starts_with("volumeMounts/");
        Some(match field.strip_prefix("securityContext/") {
            Some(field) => below(&CONTEXT, field) || below(&CONTEXT_OF_CONTAINER, field),
            None => (is_new || !is_mount) && below(&CONTAINER, &numbers(field)),
        })
    };
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let may = match field.strip_prefix("securityContext/") {
        Some(field) => below(&CONTEXT, field),
        None => lists
            .iter()
            .find_map(|list| of_container(list))
            .unwrap_or_else(|| below(&POD, field) || is_new && below(&["volumes"], field)),
    };
    makes_pods && may
}

/// The same manifest with the keys of every mapping in reverse order.
pub(crate) fn reversed(text: &str) -> String {
    fn reverse(value: Value) -> Value {
        match value {
            Value::Mapping(entries) => {
                let mut entries: Vec<_> = entries.into_iter().collect();
                entries.reverse();
                Value::Mapping(
                    entries.into_iter().map(|(key, value)| (key, reverse(value))).collect(),
                )
            }
            Value::Sequence(items) => items.into_iter().map(reverse).collect(),
            scalar => scalar,
        }
    }
    let documents = documents(text).into_iter();
    let texts = documents.map(|document| serde_yaml::to_string(&reverse(document)).unwrap());
    texts.collect::<Vec<_>>().join("---\n")
}
