//! KR-SHD-001, 002, 003, 006: pods have enough time to shut down.

use super::OF_SHUTDOWN;
use crate::harden::facts::Facts;
use crate::harden::images::store;
use crate::harden::pod::{Container, Pod};
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::traffic::AssumedPort;
use crate::harden::value::{below, integer, items, present, text};
use crate::harden::violation::{Class, Edit, Severity, Violation, plain};
use crate::resource::ImageReference;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static NO_PRESTOP: Rule = Rule {
    id: "KR-SHD-001",
    name: "no-prestop",
    text: text!("KR-SHD-001"),
    needs: Needs::Render(RenderCheck::Container(no_prestop)),
    ..OF_SHUTDOWN
};

pub(super) static BUDGET: Rule = Rule {
    id: "KR-SHD-002",
    name: "budget",
    text: text!("KR-SHD-002"),
    severity: Severity::Error,
    // It runs after KR-SHD-001, which adds a `preStop`: its seconds count.
    needs: Needs::Render(RenderCheck::Pod(budget)),
    ..OF_SHUTDOWN
};

pub(super) static PRESTOP_EXCEEDS_GRACE: Rule = Rule {
    id: "KR-SHD-003",
    name: "prestop-exceeds-grace",
    text: text!("KR-SHD-003"),
    severity: Severity::Error,
    fix_order: 0,
    needs: Needs::Object(Check::Container(exceeds_grace)),
    ..OF_SHUTDOWN
};

pub(super) static PRESTOP_SHORTER_THAN_PROPAGATION: Rule = Rule {
    id: "KR-SHD-006",
    name: "prestop-shorter-than-propagation",
    text: text!("KR-SHD-006"),
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Container(shorter)),
    ..OF_SHUTDOWN
};

/// The first minor version of Kubernetes in which `preStop` may sleep without a feature gate.
const SLEEP_SINCE: u16 = 30;

/// The assumed seconds for a `preStop` of unknown duration.
const ASSUMED: i64 = 5;

/// The seconds that `preStop` takes, if they are known.
pub(super) fn seconds_of(container: &Container<'_>) -> Option<i64> {
    let hook = below(container.node, &["lifecycle", "preStop"])?;
    if let Some(sleep) = present(hook, "sleep") {
        return present(sleep, "seconds").and_then(integer);
    }
    let command = items(present(hook, "exec")?.get("command"));
    let words: Vec<&str> = command.iter().filter_map(Node::as_text).collect();
    match words[..] {
        ["sleep" | "/bin/sleep" | "/usr/bin/sleep", time] => seconds(time),
        ["sh" | "/bin/sh" | "bash" | "/bin/bash", "-c", script] => {
            let mut words = script.split([' ', ';', '&', '\n']).filter(|word| !word.is_empty());
            // A `sleep` in the background ends at once.
            let first = script.split([';', '\n']).next().unwrap_or_default();
            let waits = !first.replace("&&", "").contains('&');
            (words.next() == Some("sleep") && waits).then(|| seconds(words.next()?)).flatten()
        }
        _ => None,
    }
}

/// The seconds of a duration such as `60`, `60s` or `1m`.
fn seconds(time: &str) -> Option<i64> {
    match time.strip_suffix('m') {
        Some(minutes) => minutes.parse::<i64>().ok()?.checked_mul(60),
        None => time.strip_suffix('s').unwrap_or(time).parse().ok(),
    }
}

/// The seconds that `preStop` takes.
fn pre_stop(container: &Container<'_>) -> i64 {
    let hook = below(container.node, &["lifecycle", "preStop"]);
    hook.map_or(0, |_| seconds_of(container).unwrap_or(ASSUMED))
}

/// The seconds that the program needs after its signal, if an annotation sets them.
fn said_drain(pod: &Pod<'_>, facts: &Facts) -> Option<i64> {
    let said = pod.annotation("krender.dev/drain-seconds").and_then(|text| text.parse().ok());
    said.filter(|_| !facts.ignores_suppressions)
}

/// The seconds that the program needs after its signal.
fn drain(pod: &Pod<'_>, facts: &Facts) -> i64 {
    said_drain(pod, facts).unwrap_or(facts.values.drain_seconds)
}

fn no_prestop(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let spec = scene.object.node().get("spec");
    let strategy = spec.and_then(|spec| below(spec, &["strategy"]));
    let rolls = match scene.object.kind() {
        "Deployment" => strategy.and_then(|one| text(one, "type")) != Some("Recreate"),
        "StatefulSet" | "Rollout" => true,
        _ => false,
    };
    let has_hook = below(container.node, &["lifecycle", "preStop"]).is_some();
    let handles = pod.annotation("krender.dev/handles-sigterm-drain") == Some("true")
        && !scene.facts.ignores_suppressions;
    let has_no_copy = render.acting.copies(scene.object).is_some_and(|(_, most)| most == 0);
    if !rolls
        || has_no_copy
        || has_hook
        || handles
        || !container.is_running()
        || !render.acting.services().has_traffic(scene.namespace(), pod, container)
    {
        return Vec::new();
    }
    let message = "may end while requests of a Service still arrive: it has no `preStop`";
    let violation = |assumed: String| {
        let message = format!("{message}; {assumed}");
        container.violation(&["lifecycle", "preStop"], message).severity(Severity::Note)
    };
    let is_single = || {
        let is_alone = scene.object.kind() == "StatefulSet" || store(container.image()).is_some();
        is_alone && render.acting.copies(scene.object).is_some_and(|(_, most)| most <= 1)
    };
    let assumed = render.acting.services().assumed_port_of_single(scene.namespace(), pod);
    let violation = if is_single() {
        // The next pod is made when this one has ended, or has other data.
        violation(match scene.object.kind() {
            "StatefulSet" => "no other pod takes these, as it is the only one".to_owned(),
            // In a rollout, the next pod comes before this one ends.
            _ => "while its node is drained no other pod takes these, as it is the only one"
                .to_owned(),
        })
    } else if let Some(name) = draining(container.image()) {
        violation(format!(
            "assumed: `{name}` answers open requests before it ends, as it is made to"
        ))
    } else if let Some(AssumedPort { number, .. }) = assumed.filter(|port| !port.is_told) {
        violation(format!("assumed: it listens on the port `{number}`, which it does not declare"))
    } else if let Some(minor) =
        render.acting.services().minor_of_container(scene.namespace(), pod, container)
    {
        violation(minor.told().to_owned())
    } else {
        container.violation(&["lifecycle", "preStop"], message)
    };
    let values = &scene.facts.values;
    let total = [values.pre_stop_seconds, drain(pod, scene.facts), values.margin_seconds];
    if scene.facts.kubernetes().is_none_or(|minor| minor < SLEEP_SINCE)
        || total.into_iter().fold(0, i64::saturating_add) > pod.grace()
    {
        return vec![violation];
    }
    let path = violation.path.clone().keys(&["sleep", "seconds"]);
    let edits = vec![Edit::Set(path, plain(&values.pre_stop_seconds.to_string()))];
    vec![violation.fix(Class::Safe, edits)]
}

/// The name of the program of an image that drains by itself after its signal: the proxy of Istio waits five seconds, unless
/// it is configured otherwise.
fn draining(image: &str) -> Option<&'static str> {
    let name = ImageReference::new(image).name;
    (name.rsplit('/').next() == Some("proxyv2") && name.contains("istio")).then_some("proxyv2")
}

fn budget(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let values = &scene.facts.values;
    let running = pod.containers.iter().filter(|container| container.is_running());
    let Some(before) = running.clone().map(pre_stop).max() else { return Vec::new() };
    let said = said_drain(pod, scene.facts);
    let (drain, margin) = (said.unwrap_or(values.drain_seconds), values.margin_seconds);
    let grace = pod.grace();
    let total = before.saturating_add(drain).saturating_add(margin);
    // Without an annotation, only pods that get requests have something to drain. KR-SHD-003 and 004 report the rest.
    let is_assumed = said.is_none();
    let ends_at_once = grace <= 1 || before >= grace;
    let has_nothing_to_drain = || {
        ends_at_once
            || scene.is_job()
            || scene.object.kind() == "DaemonSet"
            || !render.acting.services().serves(scene.namespace(), pod)
    };
    if total <= grace || is_assumed && has_nothing_to_drain() {
        return Vec::new();
    }
    let key = "terminationGracePeriodSeconds";
    // The author decided on this time, and nothing shows that it is too short.
    let is_decided = is_assumed && before == 0 && pod.get(&[key]).is_some();
    if is_decided && !scene.facts.is_paranoid() {
        return Vec::new();
    }
    let are_known = running.clone().all(|one| pre_stop(one) == 0 || seconds_of(one).is_some());
    let severity = match said {
        Some(drain) if are_known && before.saturating_add(drain) > grace => Severity::Error,
        None if is_decided => Severity::Note,
        // Only the spare time is missing, after a drain that is assumed.
        None if before.saturating_add(drain) <= grace => Severity::Note,
        _ => Severity::Warning,
    };
    let (has, of_drain) = if is_assumed { ("may have", "assumed drain") } else { ("has", "drain") };
    let of_hook = if are_known { "preStop" } else { "assumed preStop" };
    let message = format!(
        "the pod {has} too little time to end: {before} ({of_hook}) + {drain} ({of_drain}) + {margin} (margin) = {total} > {grace}"
    );
    let violation = pod.violation(&[key], message).severity(severity);
    if scene.is_knative() {
        return vec![violation];
    }
    let class = if pod.get(&[key]).is_some() { Class::Override } else { Class::Unsafe };
    let path: Path = violation.path.clone();
    vec![violation.fix(class, vec![Edit::Set(path, plain(&total.to_string()))])]
}

fn exceeds_grace(container: &Container<'_>, pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let grace = pod.grace();
    let Some(before) = seconds_of(container).filter(|before| *before >= grace) else {
        return Vec::new();
    };
    let message = format!("has a `preStop` of {before} seconds, and {grace} to end");
    vec![container.violation(&["lifecycle", "preStop"], message)]
}

fn shorter(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let least = scene.facts.values.endpoint_propagation_seconds;
    let before = seconds_of(container).filter(|before| *before > 0 && *before < least);
    let Some(before) = before.filter(|_| container.is_running()) else { return Vec::new() };
    if !render.acting.services().has_traffic(scene.namespace(), pod, container) {
        return Vec::new();
    }
    let message = format!(
        "ends {before} seconds after its pod is deleted, while requests of a Service still arrive: {least} seconds are assumed until all nodes know"
    );
    vec![container.violation(&["lifecycle", "preStop"], message)]
}
