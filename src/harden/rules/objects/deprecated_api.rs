//! KR-K8S-003: objects have a version of the API that is served.

use crate::harden::profile::{Scope, Version};
use crate::harden::rewrite::Rewrite;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::violation::{Class, Edit, Severity, Violation, plain};
use crate::resource::Resource;
use crate::schema::Api;
use crate::yaml::path::Path;

pub(super) static DEPRECATED_API: Rule = Rule {
    id: "KR-K8S-003",
    name: "deprecated-api",
    text: text!("KR-K8S-003"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(judge)),
};

fn judge(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let gvk = object.gvk();
    let Some(api) = Api::find(&gvk.group, &gvk.version, &gvk.kind) else { return Vec::new() };
    let newest = Version::LATEST.minor();
    // Without a target, an error is what no supported version serves.
    let target = scene.facts.kubernetes().unwrap_or(newest + 1 - Version::SUPPORTED);
    let latest = scene.facts.kubernetes().unwrap_or(newest);
    let severity = match () {
        () if api.is_removed(target) => Severity::Error,
        () if api.is_deprecated(latest) => Severity::Warning,
        () => return Vec::new(),
    };
    let rewrite = Rewrite::of(api, object);
    let state = match (api.removed, api.deprecated) {
        (Some(removed), _) if removed <= latest => {
            format!("is not served by Kubernetes from v1.{removed} on")
        }
        (Some(removed), _) => format!("is deprecated, and will be removed in v1.{removed}"),
        (None, Some(deprecated)) => format!("is deprecated since v1.{deprecated}"),
        (None, None) => return Vec::new(),
    };
    let version = api.api_version();
    let message = match rewrite.replacement() {
        Some(replacement) => format!("`{version}` {state}; in its place: {replacement}"),
        None => format!("`{version}` {state}, without a replacement"),
    };
    // Clusters of an older supported version do not serve it yet.
    let since = api.replaced_since.filter(|since| *since > target);
    let (message, severity) = match since {
        Some(since) => (
            format!("{message}, which Kubernetes serves from v1.{since} on"),
            if api.is_removed(latest) { severity } else { Severity::Note },
        ),
        None => (message, severity),
    };
    let path = Path::of(&["apiVersion"]);
    let violation = Violation::at(path.clone(), message).severity(severity);
    match rewrite.renamed() {
        Some(api_version) if since.is_none() => {
            vec![violation.fix(Class::Safe, vec![Edit::Set(path, plain(api_version))])]
        }
        _ => vec![violation],
    }
}
