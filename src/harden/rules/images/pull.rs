//! KR-IMG-004: nodes pull images as often as their tags need it.

use super::versions::image;
use crate::harden::facts::PullPolicy;
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::text;
use crate::harden::violation::{Severity, Violation, plain};
use crate::resource::ImageReference;

pub(super) static PULL_POLICY: Rule = Rule {
    id: "KR-IMG-004",
    name: "pull-policy",
    text: text!("KR-IMG-004"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Container(judge)),
};

const FIELD: &str = "imagePullPolicy";

fn judge(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let Some(image) = image(container, pod) else { return Vec::new() };
    let values = &scene.facts.values;
    let ImageReference { tag, digest, .. } = ImageReference::new(image);
    let is_latest = digest.is_empty() && matches!(tag, "" | "latest");
    let moves = is_latest || digest.is_empty() && values.floating_tags.iter().any(|one| one == tag);
    let usual = if is_latest { "Always" } else { "IfNotPresent" };
    let policy = text(container.node, FIELD).unwrap_or(usual);
    let message = match (values.pull_policy, policy) {
        (PullPolicy::Auto, "Always") if !moves => {
            format!("is pulled for each start, though `{image}` does not change")
        }
        (PullPolicy::Auto, other @ ("IfNotPresent" | "Never")) if moves => {
            format!("keeps an old image with `{other}` where the tag of `{image}` moves")
        }
        (PullPolicy::Always, other) if other != "Always" => {
            format!("is pulled with `{other}`, expected `Always`")
        }
        _ => return Vec::new(),
    };
    let violation = container.violation(&[FIELD], message);
    match values.pull_policy {
        PullPolicy::Auto => vec![violation],
        PullPolicy::Always => vec![violation.replace(plain("Always"))],
    }
}
