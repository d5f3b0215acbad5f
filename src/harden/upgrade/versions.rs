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

/// Adds the effect of a version that Kubernetes does not have, of a kind that it has in other versions. Alpha versions come and
/// go: they are not known.
pub(super) fn of_unknown_api(upgrade: Upgrade, object: &Resource, effects: &mut Vec<Effect>) {
    let Gvk { group, version, kind } = object.gvk();
    let written = object.gvk().api_version();
    if version.contains("alpha")
        || Api::find(group, version, kind).is_some()
        || Schema::newest().of(&written, kind).is_some()
    {
        return;
    }
    let to = upgrade.to.minor();
    let is_served = |one: &&str| {
        let (group, version) = Gvk::split_api_version(one);
        Api::find(group, version, kind).is_none_or(|api| !api.is_removed(to))
    };
    let known = Schema::newest_versions(group, kind);
    let served: Vec<&str> = known.into_iter().filter(is_served).collect();
    // Stable versions come before others.
    let best = served.iter().min_by_key(|one| (one.contains("beta"), Reverse(**one)));
    let Some(best) = best else { return };
    effects.push(Effect {
        kind: EffectKind::Unknown,
        severity: Severity::Warning,
        since: None,
        object: object.id().clone(),
        container: None,
        field: "/apiVersion".to_owned(),
        span: Path::of(&["apiVersion"]).span(object.node()),
        message: format!(
            "no version of Kubernetes that krender knows serves {kind} of `{written}`; {} serves it of {}",
            upgrade.to,
            listed(quoted(&served), "and")
        ),
        rewrite: Some(Rewrite {
            old: (written.to_string(), kind.to_string()),
            new: Some(((*best).to_owned(), kind.to_string())),
            moves: String::new(),
        }),
        source: "",
    });
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
