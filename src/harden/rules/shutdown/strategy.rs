//! KR-SHD-009, 010: a rollout keeps enough pods ready.

use super::OF_SHUTDOWN;
use crate::harden::pod::Pod;
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{below, integer, present, text};
use crate::harden::violation::{Edit, Severity, Violation, plain};
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static ZERO_DOWNTIME_STRATEGY: Rule = Rule {
    id: "KR-SHD-009",
    name: "zero-downtime-strategy",
    text: text!("KR-SHD-009"),
    needs: Needs::Render(RenderCheck::Pod(strategy)),
    ..OF_SHUTDOWN
};

pub(super) static MIN_READY: Rule = Rule {
    id: "KR-SHD-010",
    name: "min-ready",
    text: text!("KR-SHD-010"),
    severity: Severity::Note,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Pod(min_ready)),
    ..OF_SHUTDOWN
};

fn strategy(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if scene.object.kind() != "Deployment" {
        return Vec::new();
    }
    let Some(strategy) = below(scene.object.node(), &["spec", "strategy"]) else {
        return Vec::new();
    };
    let Some((copies, _)) = render.acting.copies(scene.object).filter(|(min, _)| *min > 0) else {
        return Vec::new();
    };
    let at = Path::of(&["spec", "strategy"]);
    let serves = || render.acting.services().serves(scene.namespace(), pod);
    if text(strategy, "type") == Some("Recreate") {
        // A single pod may need a volume for itself.
        if copies < 2 || !serves() {
            return Vec::new();
        }
        let message = format!("all {copies} pods end before the first new one starts");
        return vec![Violation::at(at.keys(&["type"]), message)];
    }
    let key = ["rollingUpdate", "maxUnavailable"];
    let said = below(strategy, &key).and_then(|node| share(node, copies, false));
    let surge = match below(strategy, &["rollingUpdate", "maxSurge"]) {
        Some(node) => share(node, copies, true),
        None => share(&plain("25%"), copies, true),
    };
    let (Some(said), Some(surge)) = (said, surge) else { return Vec::new() };
    // The API server does not accept that no pod may be added or removed: one is removed.
    let missing = if said == 0 && surge == 0 { 1 } else { said };
    if missing < copies || !serves() {
        return Vec::new();
    }
    let message = match copies {
        1 => "the only pod may end before the new one is ready".to_owned(),
        _ => format!("all {copies} pods may end before a new one is ready"),
    };
    let path = at.clone().keys(&key);
    let mut edits = vec![Edit::Set(path.clone(), plain("0"))];
    if surge == 0 {
        edits.push(Edit::Set(at.keys(&["rollingUpdate", "maxSurge"]), plain("1")));
    }
    vec![Violation::at(path, message).overwrite(edits)]
}

/// A number or percentage of pods; `None` if it is neither.
pub(in crate::harden::rules) fn share(node: &Node, copies: i64, rounds_up: bool) -> Option<i64> {
    let Some(percent) = node.as_text()?.strip_suffix('%') else { return integer(node) };
    let parts = percent.parse::<i64>().ok()?.checked_mul(copies)?;
    Some(if rounds_up { parts.saturating_add(99).div_euclid(100) } else { parts.div_euclid(100) })
}

fn min_ready(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    const SHORT: i64 = 5;
    if scene.object.kind() != "Deployment" {
        return Vec::new();
    }
    let spec = scene.object.node().get("spec");
    if spec.and_then(|spec| integer(present(spec, "minReadySeconds")?)).unwrap_or(0) > 0 {
        return Vec::new();
    }
    let periods = pod.containers.iter().filter_map(|container| {
        let probe = present(container.node, "readinessProbe")?;
        Some(present(probe, "periodSeconds").and_then(integer).unwrap_or(10))
    });
    let Some(period) = periods.max().filter(|period| *period > SHORT) else { return Vec::new() };
    if !render.acting.services().serves(scene.namespace(), pod) {
        return Vec::new();
    }
    let message = format!(
        "a rollout goes on after one answer of a new pod, and notices {period} seconds later if that was the last one"
    );
    vec![Violation::at(Path::of(&["spec", "minReadySeconds"]), message)]
}
