//! Versions of the API, and Pod Security verdicts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::effect::{Effect, EffectKind, Upgrade};
use crate::harden::facts::Facts;
use crate::harden::path::by_name;
use crate::harden::pod::{Pod, Shape};
use crate::harden::profile::{Level, Set, Version};
use crate::harden::rewrite::Rewrite;
use crate::harden::value::{below, text};
use crate::harden::verdict::{Verdict, Violated, violations};
use crate::harden::violation::Severity;
use crate::harden::workload::pods;
use crate::resource::{ResMap, Resource};
use crate::schema::{Api, Gvk, Schema};
use crate::text::phrase::{listed, quoted};
use crate::yaml::path::Path;

/// The source of facts about versions of the API.
const GUIDE: &str = "docs/reference/using-api/deprecation-guide";
/// The source of facts about Pod Security.
const STANDARDS: &str = "docs/concepts/security/pod-security-standards";

/// Adds the effect on the version of the API that an object has.
pub(super) fn of_api(upgrade: Upgrade, object: &Resource, effects: &mut Vec<Effect>) {
    let gvk = object.gvk();
    let Some(api) = Api::find(&gvk.group, &gvk.version, &gvk.kind) else { return };
    let (from, to) = (upgrade.from.minor(), upgrade.to.minor());
    if !api.is_deprecated(to) {
        return;
    }
    let (kind, severity, since, message) = match api.removed.filter(|_| api.is_removed(to)) {
        Some(removed) if removed <= from => {
            let text =
                format!("has not been served since v1.{removed}, which is before {}", upgrade.from);
            (EffectKind::Removed, Severity::Error, Some(removed), text)
        }
        Some(removed) => {
            let text = format!("is not served from v1.{removed} on");
            (EffectKind::Removed, Severity::Error, Some(removed), text)
        }
        None => {
            let since =
                api.deprecated.map(|since| format!(" since v1.{since}")).unwrap_or_default();
            let until = api.removed.map(|at| format!(", and will be removed in v1.{at}"));
            let text = format!("is deprecated{since}{}", until.unwrap_or_default());
            (EffectKind::Deprecated, Severity::Warning, api.deprecated, text)
        }
    };
    effects.push(Effect {
        kind,
        severity,
        since,
        object: object.id().clone(),
        container: None,
        field: "/apiVersion".to_owned(),
        span: Path::of(&["apiVersion"]).span(object.node()),
        message: format!("`{}` {message}", api.api_version()),
        rewrite: Some(Rewrite::of(api, object)),
        source: GUIDE,
    });
}

/// Adds the effect of a version that Kubernetes does not have, of a kind that it has in other versions or groups, and of one that
/// is none at all. Alpha versions come and go: they are not known.
pub(super) fn of_unknown_api(upgrade: Upgrade, object: &Resource, effects: &mut Vec<Effect>) {
    let Gvk { group, version, kind } = object.gvk();
    let written = object.gvk().api_version();
    let is_of_kubernetes = Schema::is_group_of_kubernetes(group);
    let known = if is_of_kubernetes { Schema::versions_of(kind) } else { Vec::new() };
    let is_malformed = !is_well_formed(group, version);
    let is_judged = is_malformed || !version.contains("alpha") && !known.is_empty();
    if !is_judged || known.contains(&&*written) {
        return;
    }
    let served = served(upgrade, &known, group, kind);
    // Stable versions come before others.
    let best = served.iter().min_by_key(|one| (one.contains("beta"), Reverse(**one)));
    let (severity, found) = match (is_malformed, &*written) {
        (true, "") => (Severity::Error, "has no `apiVersion`".to_owned()),
        (true, _) => (Severity::Error, format!("`{written}` is no `apiVersion`")),
        (false, _) => (
            Severity::Warning,
            format!("no version of Kubernetes that krender knows serves {kind} of `{written}`"),
        ),
    };
    let instead = match (known.is_empty(), served.is_empty()) {
        (true, _) => String::new(),
        (false, true) => {
            let others = listed(quoted(&known), "and");
            format!("; {} does not serve it of {others} either", upgrade.to)
        }
        (false, false) => {
            let served = listed(quoted(&served), "and");
            format!(
                "; {} serves {} of {served}",
                upgrade.to,
                if is_malformed { &**kind } else { "it" }
            )
        }
    };
    effects.push(Effect {
        kind: EffectKind::Unknown,
        severity,
        since: None,
        object: object.id().clone(),
        container: None,
        field: "/apiVersion".to_owned(),
        span: Path::of(&["apiVersion"]).span(object.node()),
        message: format!("{found}{instead}"),
        rewrite: best.map(|best| Rewrite {
            old: (written.to_string(), kind.to_string()),
            new: Some(((*best).to_owned(), kind.to_string())),
            moves: String::new(),
        }),
        source: "",
    });
}

/// The versions of a kind that Kubernetes serves after an upgrade: those of its group, or of others if that has none.
fn served<'a>(upgrade: Upgrade, known: &[&'a str], group: &str, kind: &str) -> Vec<&'a str> {
    let to = upgrade.to.minor();
    let is_served = |one: &str| {
        let (group, version) = Gvk::split_api_version(one);
        // Removals of alpha versions are not listed.
        !version.contains("alpha")
            && Api::find(group, version, kind).is_none_or(|api| !api.is_removed(to))
    };
    let all = known.iter().copied().filter(|one| is_served(one));
    let (own, others): (Vec<&str>, Vec<&str>) =
        all.partition(|one| Gvk::split_api_version(one).0 == group);
    if own.is_empty() { others } else { own }
}

/// True if an `apiVersion` may be that of any object: in a group, a version is a DNS label; without one, it is `v` and a number.
fn is_well_formed(group: &str, version: &str) -> bool {
    let is_of_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = version.starts_with(|first: char| first.is_ascii_lowercase())
        && version.bytes().all(is_of_label);
    let is_number = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    is_label && (!group.is_empty() || version.strip_prefix('v').is_some_and(is_number))
}

/// The levels that the namespaces of a render enforce.
pub(super) struct Enforced<'a>(BTreeMap<&'a str, Enforcement>);

#[derive(Clone, Copy)]
struct Enforcement {
    level: Level,
    /// The version that the namespace names; `None` for that of the cluster.
    version: Option<Version>,
}

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

impl<'a> Enforced<'a> {
    pub(super) fn of(objects: &'a ResMap) -> Self {
        let mut namespaces = BTreeMap::new();
        for object in objects {
            if object.kind() != "Namespace" || !object.gvk().group.is_empty() {
                continue;
            }
            let labels = below(object.node(), &["metadata", "labels"]);
            let label = |key: &str| labels.and_then(|labels| text(labels, key));
            let level = match label(ENFORCE) {
                Some("restricted") => Level::Restricted,
                Some("baseline") => Level::Baseline,
                _ => continue,
            };
            let version =
                label(&format!("{ENFORCE}-version")).filter(|version| *version != "latest");
            let version = version.and_then(|version| version.parse().ok());
            namespaces.insert(object.name(), Enforcement { level, version });
        }
        Self(namespaces)
    }
}

/// The level that a set of the standards stands for.
const fn satisfies(set: Set, level: Level) -> bool {
    match level {
        Level::Baseline => matches!(set, Set::Baseline | Set::Restricted),
        Level::Restricted => matches!(set, Set::Restricted),
    }
}

/// Adds the change of the Pod Security verdict of an object, if the standards judge it otherwise after the upgrade.
pub(super) fn of_pod_security(
    upgrade: Upgrade,
    object: &Resource,
    enforced: &Enforced<'_>,
    effects: &mut Vec<Effect>,
) {
    let facts = Facts::default();
    // A part of a pod satisfies no level for certain.
    let is_whole = |pod: &Pod<'_>| matches!(pod.shape, Shape::Known | Shape::Template);
    if !pods(object, &facts).iter().all(is_whole) {
        return;
    }
    let [before, after] =
        [upgrade.from, upgrade.to].map(|version| violations(object, &facts, version));
    let (Some(before), Some(after)) = (before, after) else { return };
    let verdict = |found: &[(Violated, Path)]| Verdict {
        violated: found.iter().map(|(violated, _)| violated.clone()).collect(),
    };
    let (was, is) = (verdict(&before), verdict(&after));
    if was.level() == is.level() {
        return;
    }
    let (old, new) = (was.level().as_str(), is.level().as_str());
    let enforcement = enforced.0.get(object.id().effective_namespace()).copied();
    let is_stricter = is.level() < was.level();
    // The violations that cause the change: those of the level that was or is lost.
    let (here, there) = if is_stricter { (&after, &was) } else { (&before, &is) };
    let cause = here.iter().find(|(violated, _)| {
        !satisfies(is.level().min(was.level()), violated.level)
            && !there.violated.contains(violated)
    });
    let Some((violated, path)) = cause else { return };
    let name = violated.rule.title();
    let (severity, message) = match (is_stricter, enforcement) {
        (false, _) => (
            Severity::Note,
            format!("satisfies {new} instead of {old}: {name} does not refuse it any more"),
        ),
        (true, Some(Enforcement { level, version: None }))
            if satisfies(was.level(), level) && !satisfies(is.level(), level) =>
        {
            let level = level.as_str();
            let text = format!(
                "is refused, since its namespace enforces {level}, and {name} begins to hold"
            );
            (Severity::Error, text)
        }
        (true, Some(Enforcement { version: Some(version), .. })) => {
            let text = format!(
                "satisfies {old} at {}, and {new} at {}, where {name} holds; its namespace enforces the standards of {version}",
                upgrade.from, upgrade.to
            );
            (Severity::Note, text)
        }
        (true, _) => {
            let text = format!("satisfies {new} instead of {old}: {name} begins to hold");
            (Severity::Warning, text)
        }
    };
    effects.push(Effect {
        kind: EffectKind::PodSecurity,
        severity,
        since: None,
        object: object.id().clone(),
        container: violated.container.clone(),
        field: by_name(path, object.node()),
        span: path.span(object.node()),
        message,
        rewrite: None,
        source: STANDARDS,
    });
}
