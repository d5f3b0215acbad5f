//! KR-DIF-011: copies, disruption budgets and autoscalers.

use super::selectors::Conditions;
use super::{Identity, Judgement, Phrase, Sides, canonical};
use crate::harden::differences::AVAILABILITY_REDUCED;
use crate::harden::value::{below, integer, is_true, text};
use crate::harden::{PodTemplate, Severity, template};
use crate::yaml::Node;

fn judgement(path: &'static str, phrase: Phrase) -> Judgement {
    Judgement::new(&AVAILABILITY_REDUCED, path, phrase)
}

fn field<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    below(node, &["spec", key])
}

fn number(node: &Node, key: &str) -> Option<i64> {
    field(node, key).and_then(integer)
}

/// Kinds with `replicas`, by default one.
const SCALED: [&str; 7] = [
    "CloneSet",
    "Deployment",
    "DeploymentConfig",
    "ReplicaSet",
    "ReplicationController",
    "Rollout",
    "StatefulSet",
];

/// Judges the copies and the strategy of a workload that is there on both sides.
pub(super) fn workload(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    if is_true(field(after, "suspend")) && !is_true(field(before, "suspend")) {
        found.push(judgement("spec.suspend", Phrase::new("is suspended")));
    }
    let has_copies = |side: &Identity| SCALED.contains(&&*side.kind) || side.kind == "Pod";
    if SCALED.contains(&sides.kind) && sides.object.ids.iter().flatten().all(has_copies) {
        found.extend(copies(sides, before, after));
    }
    let stops_all = |node: &Node| {
        field(node, "strategy").and_then(|strategy| text(strategy, "type")) == Some("Recreate")
    };
    if stops_all(after) && !stops_all(before) {
        let words = "an update stops all pods before it starts new ones (Recreate)";
        found.push(judgement("spec.strategy", Phrase::new(words)));
    }
}

/// Judges the disruption budgets and the autoscaler of a workload with other labels, or another name or kind.
pub(super) fn kept(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let [Some(old), Some(new)] = &sides.object.ids else { return };
    let name = |node: &&Node| {
        let name = below(node, &["metadata", "name"]).and_then(Node::as_text);
        name.unwrap_or_default().to_owned()
    };
    let labels = |id: &Identity, node| {
        let pod = template(id.group(), &id.kind).and_then(|path| below(node, path));
        pod.and_then(|pod| below(pod, &["metadata", "labels"]))
    };
    let [was, is] = [labels(old, before), labels(new, after)];
    let is_moved = sides.namespace(0) != sides.namespace(1);
    if is_moved || was.map(canonical) != is.map(canonical) {
        let protects = |budget: &&Node| !allows_all(budget);
        let lost: Vec<String> =
            sides.budgets(0, was).iter().copied().filter(protects).map(|one| name(&one)).collect();
        if !lost.is_empty() && sides.budgets(1, is).is_empty() {
            let phrase = Phrase::new("is no longer protected by the PodDisruptionBudget ");
            found.push(judgement("", phrase.few(lost.iter().map(String::as_str))));
        }
    }
    let is_another = is_moved || (&old.kind, &old.name) != (&new.kind, &new.name);
    if is_another
        && SCALED.contains(&&*new.kind)
        && let Some(scaler) = sides.scaler(0)
        && sides.scaler(1).is_none()
    {
        let phrase = Phrase::new("is no longer scaled by the autoscaler ").name(&name(&scaler));
        found.push(judgement("", phrase));
    }
}

fn copies(sides: &Sides<'_, '_>, before: &Node, after: &Node) -> Option<Judgement> {
    let [old, new] = [before, after].map(|node| number(node, "replicas").unwrap_or(1));
    // Without the field, an autoscaler decides.
    let is_unknown = || sides.whole.renders[1].is_empty() || sides.scaler(1).is_some();
    if new >= old || field(after, "replicas").is_none() && is_unknown() {
        return None;
    }
    let phrase = |words: &str| Phrase::new(format!("{words}: {old} → {new} replicas"));
    let path = "spec.replicas";
    if new == 0 {
        return Some(judgement(path, phrase("has no pods any more")));
    }
    if let Some((budget, least)) = least_available(sides, after)
        && new <= least
        && old > least
    {
        let phrase = phrase("no pod may be evicted").say(", and the PodDisruptionBudget ");
        return Some(judgement(path, phrase.name(budget).say(format!(" demands {least}"))));
    }
    (new == 1).then(|| judgement(path, phrase("has a single copy")))
}

/// The budget of the pods of a workload after the change that demands most, with the number that it demands.
fn least_available<'a>(sides: &Sides<'_, 'a>, after: &Node) -> Option<(&'a str, i64)> {
    let path = template(sides.group, sides.kind)?;
    let labels = below(below(after, path)?, &["metadata", "labels"]);
    let budgets = sides.budgets(1, labels);
    let demanded = |budget: &'a Node| {
        let name = text(below(budget, &["metadata"])?, "name")?;
        Some((name, number(budget, "minAvailable")?))
    };
    budgets.into_iter().filter_map(demanded).max_by_key(|(_, least)| *least)
}

/// A number of pods: a count, or a percentage.
#[derive(Clone, Copy, PartialEq)]
enum Amount {
    Count(i64),
    Percent(i64),
}

impl Amount {
    fn of(budget: &Node, key: &str) -> Option<Self> {
        let node = field(budget, key)?;
        let percent = || node.as_text()?.strip_suffix('%')?.parse().ok().map(Self::Percent);
        integer(node).map(Self::Count).or_else(percent)
    }

    /// True if the first is less than the second, as far as they can be compared.
    const fn is_less(self, other: Self) -> bool {
        match (self, other) {
            (Self::Count(own), Self::Count(other)) | (Self::Percent(own), Self::Percent(other)) => {
                own < other
            }
            _ => false,
        }
    }
}

/// True if a budget lets all pods be evicted at once.
fn allows_all(budget: &Node) -> bool {
    let least = Amount::of(budget, "minAvailable");
    matches!(least, Some(Amount::Count(0) | Amount::Percent(0)))
        || matches!(Amount::of(budget, "maxUnavailable"), Some(Amount::Percent(100..)))
}

/// Judges a `PodDisruptionBudget`.
pub(super) fn budget(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(before) = sides.before else { return };
    if allows_all(before) {
        return;
    }
    let selector = field(before, "selector");
    let Some(after) = sides.after else {
        if sides.leaves_pods(selector) && !sides.whole.has_budgets(sides.namespace(0), selector) {
            found.push(judgement("", Phrase::new("no longer protects its pods from evictions")));
        }
        return;
    };
    let field_of = |key: &str, node| field(node, key).and_then(Node::as_text).unwrap_or_default();
    if allows_all(after) {
        let written = ["minAvailable", "maxUnavailable"]
            .iter()
            .find(|key| field(after, key).is_some())
            .map(|key| format!("{key} {}", field_of(key, after)));
        let phrase = Phrase::new("lets all pods be evicted at once: ");
        let phrase = phrase.name(&written.unwrap_or_default());
        found.push(judgement("spec", phrase).with_severity(Severity::Error));
        return;
    }
    let [old, new] = [before, after].map(|node| Conditions::of_optional(field(node, "selector")));
    if !old.is_within(&new)
        && !sides.whole.has_budgets(sides.namespace(0), selector)
        && sides.leaves_pods(selector)
    {
        let phrase = Phrase::new("protects only pods with ");
        let gone = new.beyond(&old);
        found.push(judgement("spec.selector", phrase.few(gone.iter().map(String::as_str))));
    }
    let both = |key: &str| [before, after].map(|node| Amount::of(node, key));
    let is_looser = |key: &str, [old, new]: [Option<Amount>; 2]| match (old, new) {
        (Some(old), Some(new)) if key == "minAvailable" => new.is_less(old),
        (Some(old), Some(new)) => old.is_less(new),
        _ => false,
    };
    for key in ["minAvailable", "maxUnavailable"] {
        if is_looser(key, both(key)) {
            let phrase = Phrase::new("lets more pods be evicted at a time: ").say(key.to_owned());
            let phrase = phrase.say(" ").name(field_of(key, before));
            found.push(judgement("spec", phrase.say(" → ").name(field_of(key, after))));
        }
    }
}

/// Judges a `HorizontalPodAutoscaler`, or a `ScaledObject` of KEDA.
pub(super) fn autoscaler(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(before) = sides.before else { return };
    let Some(after) = sides.after else {
        if let Some(target) = sides.scaled() {
            found.push(judgement("", Phrase::new("no longer scales ").name(&target)));
        }
        return;
    };
    let is_keda = sides.kind == "ScaledObject";
    let (least, most) = match is_keda {
        true => (("minReplicaCount", Some(0)), ("maxReplicaCount", Some(100))),
        false => (("minReplicas", Some(1)), ("maxReplicas", None)),
    };
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

/// Judges an agent that no longer runs on each node.
pub(super) fn agent(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let selector = |pod: &PodTemplate<'_>| {
        below(pod.spec, &["nodeSelector"]).map_or(0, |node| node.entries().len())
    };
    let pods = super::workload::pods(sides);
    if pods.iter().any(|[before, after]| selector(after) > selector(before)) {
        let phrase = Phrase::new("runs on fewer nodes, by another nodeSelector");
        found.push(
            judgement("spec.template.spec.nodeSelector", phrase).with_severity(Severity::Note),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn deployment(spec: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{{spec}, template: {{metadata: {{labels: {{app: d}}}}}}}}}}\n---\n"
        )
    }

    fn budget(spec: &str) -> String {
        format!(
            "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: b}}, spec: {{selector: {{matchLabels: {{app: d}}}}, {spec}}}}}\n---\n"
        )
    }

    #[test]
    fn workloads_have_fewer_copies() {
        let label = "011 warning Deployment d: ";
        told(
            &deployment("replicas: 3"),
            &deployment("replicas: 0"),
            &[&*format!("{label}has no pods any more: 3 → 0 replicas")],
        );
        told(
            &deployment("replicas: 3"),
            &deployment("a: b"),
            &[&*format!("{label}has a single copy: 3 → 1 replicas")],
        );
        told(&deployment("replicas: 3"), &deployment("replicas: 2"), &[]);
        let with = |replicas: &str| deployment(replicas) + &budget("minAvailable: 2");
        told(
            &with("replicas: 3"),
            &with("replicas: 2"),
            &[&*format!(
                "{label}no pod may be evicted: 3 → 2 replicas, and the PodDisruptionBudget b demands 2"
            )],
        );
        let scaler = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: s}, spec: {minReplicas: 2, maxReplicas: 9, scaleTargetRef: {kind: Deployment, name: d}}}\n---\n";
        assert_eq!(
            judged(&deployment("replicas: 3"), &format!("{}{scaler}", deployment("a: b"))),
            [""; 0]
        );
        told(
            &deployment("strategy: {type: RollingUpdate}"),
            &deployment("strategy: {type: Recreate}"),
            &[&*format!("{label}an update stops all pods before it starts new ones (Recreate)")],
        );
    }

    #[test]
    fn budgets_and_autoscalers_allow_less() {
        let running = deployment("replicas: 3");
        let label = "011 warning PodDisruptionBudget b: ";
        let with = |spec: &str| running.clone() + &budget(spec);
        told(
            &with("minAvailable: 2"),
            &running,
            &[&*format!("{label}no longer protects its pods from evictions")],
        );
        told(
            &with("minAvailable: 2"),
            &with("minAvailable: 1"),
            &[&*format!("{label}lets more pods be evicted at a time: minAvailable 2 → 1")],
        );
        told(
            &with("maxUnavailable: 10%"),
            &with("maxUnavailable: 50%"),
            &[&*format!("{label}lets more pods be evicted at a time: maxUnavailable 10% → 50%")],
        );
        told(&with("minAvailable: 50%"), &with("minAvailable: 2"), &[]);
        for all in ["maxUnavailable: 100%", "minAvailable: 0", "minAvailable: 0%"] {
            let (key, value) = all.split_once(": ").unwrap();
            let words = format!("lets all pods be evicted at once: {key} {value}");
            let expected = format!("011 error PodDisruptionBudget b: {words}");
            for before in ["maxUnavailable: 1", "minAvailable: 50%"] {
                told(&with(before), &with(all), &[&*expected]);
            }
            assert_eq!(judged(&with(all), &running), [""; 0], "it protects none");
        }
        let other = with("minAvailable: 2").replace("name: b}", "name: zz}");
        told(&with("minAvailable: 2"), &other, &[]);
        told(
            &with("minAvailable: 2"),
            &with("minAvailable: 2").replace("{app: d}}, min", "{app: d, zone: x}}, min"),
            &[&*format!("{label}protects only pods with zone=x")],
        );
        let scaler = |spec: &str| {
            format!(
                "{running}{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: s}}, spec: {{{spec}, scaleTargetRef: {{kind: Deployment, name: d}}}}}}"
            )
        };
        let label = "011 warning HorizontalPodAutoscaler s: ";
        told(
            &scaler("minReplicas: 2, maxReplicas: 9"),
            &scaler("maxReplicas: 9"),
            &[&*format!("{label}keeps fewer pods: minReplicas 2 → 1")],
        );
        told(
            &scaler("maxReplicas: 9"),
            &scaler("maxReplicas: 5"),
            &[&*format!("{label}adds fewer pods: maxReplicas 9 → 5")],
        );
        told(
            &scaler("maxReplicas: 9"),
            &running,
            &[&*format!("{label}no longer scales Deployment d")],
        );
    }

    #[test]
    fn jobs_are_suspended() {
        let job = |suspend: &str| {
            format!(
                "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: j}}, spec: {{suspend: {suspend}}}}}"
            )
        };
        told(&job("false"), &job("true"), &["011 warning CronJob j: is suspended"]);
    }
}
