//! KR-DIF-011: autoscalers that keep or add fewer pods, or none.

use super::scale::{field, judgement, number};
use super::{Judgement, Phrase, SCALERS, Sides};
use crate::harden::value::{below, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// Judges a `HorizontalPodAutoscaler`, or a `ScaledObject` of KEDA.
pub(super) fn autoscaler(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(before) = sides.before else { return };
    let Some(after) = sides.after else {
        if let Some(target) = sides.scaled() {
            found.extend(unscaled(sides, before, &target));
        }
        return;
    };
    found.extend(stopped(sides, before, after));
    let [least, most] = bounds(sides.kind);
    for ((key, usual), words) in [(least, "keeps fewer pods"), (most, "adds fewer pods")] {
        let [old, new] = [before, after].map(|node| number(node, key).or(usual));
        if let (Some(old), Some(new)) = (old, new)
            && new < old
        {
            let phrase = Phrase::new(words).say(format!(": {key} {old} → {new}"));
            found.push(judgement("spec", phrase));
        }
    }
}

/// The fields of an autoscaler with the least and the most number of pods, and what holds without them.
fn bounds(kind: &str) -> [(&'static str, Option<i64>); 2] {
    match kind {
        "ScaledObject" => [("minReplicaCount", Some(0)), ("maxReplicaCount", Some(100))],
        _ => [("minReplicas", Some(1)), ("maxReplicas", None)],
    }
}

/// The judgement on an autoscaler that is gone, of which another one may take the place.
fn unscaled(sides: &Sides<'_, '_>, before: &Node, target: &str) -> Option<Judgement> {
    let is_own = |scaler: &&Resource| {
        let of = field(scaler.node(), "scaleTargetRef");
        of.is_some_and(|of| {
            let kind = text(of, "kind").unwrap_or("Deployment");
            text(of, "name").is_some_and(|name| format!("{kind} {name}") == target)
        })
    };
    let next = SCALERS
        .iter()
        .find_map(|kind| sides.whole.of_kind(1, kind, sides.namespace(0)).find(is_own));
    let Some(next) = next else {
        return Some(judgement("", Phrase::new("no longer scales ").name(target)));
    };
    let pairs = bounds(sides.kind).into_iter().zip(bounds(next.kind()));
    let mut words = ["keeps fewer pods", "adds fewer pods"].into_iter().zip(pairs);
    words.find_map(|(words, ((old, was), (new, is)))| {
        let old = number(before, old).or(was)?;
        let new = number(next.node(), new).or(is)?;
        (new < old).then(|| {
            let phrase = Phrase::new("its place is taken by ").name(&label(next)).say(", which ");
            judgement("", phrase.say(format!("{words}: {old} → {new}")))
        })
    })
}

fn label(object: &Resource) -> String {
    format!("{} {}", object.kind(), object.name())
}

/// The judgements on an autoscaler that scales another workload, or adds no pods.
fn stopped(sides: &Sides<'_, '_>, before: &Node, after: &Node) -> Vec<Judgement> {
    let mut found = Vec::new();
    let target = |node: &Node| -> Option<(String, String)> {
        let target = field(node, "scaleTargetRef")?;
        let kind = text(target, "kind").unwrap_or("Deployment").to_owned();
        Some((kind, text(target, "name")?.to_owned()))
    };
    if let (Some(was), Some(is)) = (target(before), target(after))
        && was != is
        && sides.scaled().is_some_and(|still| still != format!("{} {}", is.0, is.1))
    {
        let phrase = Phrase::new("scales ").name(&format!("{} {}", is.0, is.1));
        let phrase = phrase.say(" in place of ").name(&format!("{} {}", was.0, was.1));
        found.push(judgement("spec.scaleTargetRef", phrase));
    }
    let is_fixed = |node: &Node| {
        let up = below(node, &["spec", "behavior", "scaleUp"]);
        up.and_then(|up| text(up, "selectPolicy")) == Some("Disabled")
    };
    if is_fixed(after) && !is_fixed(before) {
        let words = "no longer adds pods (scaleUp: Disabled)";
        found.push(judgement("spec.behavior.scaleUp", Phrase::new(words)));
    }
    let paused = |node: &Node| -> Option<String> {
        let annotations = below(node, &["metadata", "annotations"])?;
        let copies = text(annotations, "autoscaling.keda.sh/paused-replicas");
        let is_paused = text(annotations, "autoscaling.keda.sh/paused") == Some("true");
        match (copies, is_paused) {
            (Some(copies), _) => Some(format!("paused-replicas: {copies}")),
            (None, true) => Some("paused: true".to_owned()),
            (None, false) => None,
        }
    };
    if let Some(how) = paused(after).filter(|how| Some(how) != paused(before).as_ref()) {
        let phrase = Phrase::new("no longer scales its workload (").name(&how).say(")");
        found.push(judgement("metadata.annotations", phrase));
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    #[test]
    fn autoscalers_take_the_place_of_others() {
        let web = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: a}]}}}}\n---\n";
        let scaler = |name: &str, fields: &str| {
            format!(
                "{web}{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: {name}}}, spec: {{{fields}, scaleTargetRef: {{kind: Deployment, name: d}}}}}}\n---\n"
            )
        };
        let keda = |fields: &str| {
            format!(
                "{web}{{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {{name: s}}, spec: {{{fields}, scaleTargetRef: {{name: d}}}}}}\n---\n"
            )
        };
        let judged = |before: &str, after: &str| -> Vec<String> {
            let all = judged(before, after).into_iter();
            all.filter(|one| one.starts_with("011")).collect()
        };
        let old = scaler("s", "minReplicas: 3, maxReplicas: 9");
        let same = keda("minReplicaCount: 3, maxReplicaCount: 9");
        for (before, after) in [
            (&old, &same),
            (&same, &old),
            (&old, &scaler("other", "minReplicas: 3, maxReplicas: 9")),
        ] {
            assert_eq!(judged(before, after), [""; 0], "{before}{after}");
        }
        let label = "011 warning HorizontalPodAutoscaler s: ";
        for (fields, words) in [
            ("maxReplicaCount: 9", "keeps fewer pods: 3 → 0"),
            ("minReplicaCount: 3, maxReplicaCount: 8", "adds fewer pods: 9 → 8"),
        ] {
            let words = format!("{label}its place is taken by ScaledObject s, which {words}");
            assert_eq!(judged(&old, &keda(fields)), [words]);
        }
        assert_eq!(judged(&old, web), [format!("{label}no longer scales Deployment d")]);
    }
}
