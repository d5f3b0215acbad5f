//! KR-DIF-011: copies, disruption budgets and autoscalers.

use std::collections::{BTreeMap, BTreeSet};

use super::selectors::Conditions;
use super::{Identity, Judgement, Phrase, SCALERS, Sides, canonical, labelled};
use crate::harden::differences::AVAILABILITY_REDUCED;
use crate::harden::selector::labels;
use crate::harden::value::{below, integer, is_true, text};
use crate::harden::{PodTemplate, Severity, template};
use crate::resource::Resource;
use crate::yaml::Node;

pub(super) fn judgement(path: &'static str, phrase: Phrase) -> Judgement {
    Judgement::new(&AVAILABILITY_REDUCED, path, phrase)
}

pub(super) fn field<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    below(node, &["spec", key])
}

pub(super) fn number(node: &Node, key: &str) -> Option<i64> {
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
    found.extend(updated(sides, before, after));
}

/// An update that stops all pods at once.
enum StopsAll {
    Recreate,
    /// By `maxUnavailable`: the field above it, and its value.
    Rolling(&'static str, String),
}

/// The judgement on an update that stops all pods at once.
fn updated(sides: &Sides<'_, '_>, before: &Node, after: &Node) -> Option<Judgement> {
    let copies = match sides.kind {
        "DaemonSet" => None,
        _ => Some(copies_of(sides.scaler(1), after)),
    };
    let stops_all = |node: &Node| {
        let strategy = field(node, "strategy").and_then(|strategy| text(strategy, "type"));
        if strategy == Some("Recreate") {
            return Some(StopsAll::Recreate);
        }
        ["strategy", "updateStrategy"].into_iter().find_map(|key| {
            let written = below(node, &["spec", key, "rollingUpdate", "maxUnavailable"])?;
            let is_all = match Amount::read(written)? {
                Amount::Percent(percent) => percent >= 100,
                Amount::Count(count) => copies.is_some_and(|copies| count >= copies),
            };
            is_all.then(|| StopsAll::Rolling(key, written.as_text().unwrap_or_default().to_owned()))
        })
    };
    // A StatefulSet has no more pods than copies: a single one always stops before the new one starts.
    let was_alone = sides.object.ids[0].as_ref().is_some_and(|id| id.kind == "StatefulSet")
        && copies_of(sides.scaler(0), before) <= 1;
    if was_alone || stops_all(before).is_some() {
        return None;
    }
    Some(match stops_all(after)? {
        StopsAll::Recreate => {
            let words = "an update stops all pods before it starts new ones (Recreate)";
            judgement("spec.strategy", Phrase::new(words))
        }
        StopsAll::Rolling(key, most) => {
            let words = "an update may stop all pods before new ones are ready (maxUnavailable ";
            let path = if key == "strategy" { "spec.strategy" } else { "spec.updateStrategy" };
            judgement(path, Phrase::new(words).name(&most).say(")"))
        }
    })
}

/// The least number of copies of a workload, with its autoscaler.
fn copies_of(scaler: Option<&Node>, workload: &Node) -> i64 {
    let least = scaler.map(|scaler| {
        let least = number(scaler, "minReplicas").or_else(|| number(scaler, "minReplicaCount"));
        least.unwrap_or(1)
    });
    least.or_else(|| number(workload, "replicas")).unwrap_or(1)
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
    if !is_moved && was.map(canonical) != is.map(canonical) {
        found.extend(unserved(sides, was, is));
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

/// The judgement on a workload whose pods Services select no longer, by the labels of both sides.
fn unserved(sides: &Sides<'_, '_>, was: Option<&Node>, is: Option<&Node>) -> Option<Judgement> {
    let namespace = sides.namespace(1);
    let whole = sides.whole;
    let names = |services: Vec<&Resource>| -> BTreeSet<String> {
        services.into_iter().map(|one| one.name().to_owned()).collect()
    };
    let known = names(whole.services_of(0, namespace, was));
    let still = names(whole.services_of(1, namespace, is));
    let (mut left, mut has_none) = (Vec::new(), true);
    for service in whole.services_of(1, namespace, was) {
        let Some(selector) = labelled::selector_of(service) else { continue };
        if known.contains(service.name()) && !still.contains(service.name()) {
            left.push(service.name());
            has_none &= whole.served(1, namespace, selector).is_empty();
        }
    }
    if whole.has_no_searches() {
        return Some(judgement("", Phrase::new(TOO_MANY)));
    }
    if left.is_empty() {
        return None;
    }
    let phrase = Phrase::new("is no longer selected by the Service ").few(left);
    Some(match has_none {
        true => judgement("", phrase.say(", which leads to no pods any more"))
            .with_severity(Severity::Error),
        false => judgement("", phrase),
    })
}

/// The words for more objects than are compared.
const TOO_MANY: &str = "is not judged: the Services and workloads of its namespace are too many";

/// The labels by which a Service selects pods, if it selects any.
fn selector_of(service: &Node) -> Option<&Node> {
    field(service, "selector").filter(|selector| !selector.is_empty())
}

/// Judges a Service on both sides that leads to no pods any more.
pub(super) fn service(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let Some(old) = selector_of(before) else { return };
    let new = selector_of(after);
    if new.map(canonical) == Some(canonical(old)) {
        return;
    }
    let whole = sides.whole;
    let served = whole.served(0, sides.namespace(0), old);
    let Some(new) = new else {
        let is_made_by_hand = ["Endpoints", "EndpointSlice"]
            .iter()
            .any(|kind| whole.of_kind(1, kind, sides.namespace(1)).next().is_some());
        let is_name = field(after, "externalName").is_some();
        if !is_made_by_hand && !is_name {
            let phrase = Phrase::new("no longer selects pods");
            found.push(judgement("spec.selector", phrase).with_severity(Severity::Error));
        }
        return;
    };
    let is_there = whole.successors(&served).next().is_some();
    let is_left = is_there && whole.served(1, sides.namespace(1), new).is_empty();
    if whole.has_no_searches() {
        found.push(judgement("spec.selector", Phrase::new(TOO_MANY)));
    } else if is_left {
        let conditions = labels(Some(new)).map(|(key, value)| format!("{key}={value}"));
        let conditions: Vec<String> = conditions.collect();
        let phrase = Phrase::new("leads to no pods any more: none has ");
        let phrase = phrase.few(conditions.iter().map(String::as_str));
        found.push(judgement("spec.selector", phrase).with_severity(Severity::Error));
    }
}

fn copies(sides: &Sides<'_, '_>, before: &Node, after: &Node) -> Option<Judgement> {
    let [old, new] = [before, after].map(|node| number(node, "replicas").unwrap_or(1));
    if sides.scaler(0).is_none()
        && let Some(scaler) = sides.scaler(1)
    {
        return scaled_down(scaler, old);
    }
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

/// The judgement on copies that a new autoscaler may take away.
fn scaled_down(scaler: &Node, old: i64) -> Option<Judgement> {
    // Without the field, KEDA takes all.
    let usual = i64::from(text(scaler, "kind") != Some("ScaledObject"));
    let least = ["minReplicas", "minReplicaCount"].iter().find_map(|key| number(scaler, key));
    let least = least.unwrap_or(usual);
    let words = match least {
        ..=0 => "may have no pods",
        1 => "may have a single copy",
        _ => return None,
    };
    let name = below(scaler, &["metadata"]).and_then(|of| text(of, "name")).unwrap_or_default();
    let phrase = Phrase::new(format!("{words}: {old} → {least} replicas, by the autoscaler "));
    (old > least.max(1)).then(|| judgement("spec.replicas", phrase.name(name)))
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
        Self::read(field(budget, key)?)
    }

    fn read(node: &Node) -> Option<Self> {
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

/// The number of some pods that a budget lets be evicted at a time. (Kubernetes, `disruption` controller: percentages are
/// rounded up.)
fn evictable(budget: &Node, pods: i64) -> Option<i64> {
    let of = |amount| match amount {
        Amount::Count(count) => count,
        Amount::Percent(percent) => {
            i64::try_from((i128::from(pods) * i128::from(percent) + 99) / 100).unwrap_or(i64::MAX)
        }
    };
    let least = Amount::of(budget, "minAvailable").map(|amount| pods.saturating_sub(of(amount)));
    let most = || Amount::of(budget, "maxUnavailable").map(of);
    least.or_else(most).map(|number| number.clamp(0, pods))
}

/// The least number of the pods that a budget selects after the change. `None` if it is not known.
fn pods_of(sides: &Sides<'_, '_>, budget: &Node) -> Option<i64> {
    let (whole, namespace) = (sides.whole, sides.namespace(1));
    let places = whole.selected(1, namespace, Some(field(budget, "selector")?));
    let mut scalers: BTreeMap<(&str, &str), &Node> = BTreeMap::new();
    for scaler in SCALERS.iter().flat_map(|kind| whole.of_kind(1, kind, namespace)) {
        if let Some(target) = field(scaler.node(), "scaleTargetRef")
            && let Some(name) = text(target, "name")
        {
            let kind = text(target, "kind").unwrap_or("Deployment");
            scalers.insert((kind, name), scaler.node());
        }
    }
    let copies = |place: usize| {
        let object = whole.renders[1].get(place).filter(|one| SCALED.contains(&one.kind()))?;
        let scaler = scalers.get(&(object.kind(), object.name())).copied();
        Some(copies_of(scaler, object.node()))
    };
    let copies: Option<Vec<i64>> = places.into_iter().map(copies).collect();
    copies
        .filter(|all| !all.is_empty())
        .map(|all| all.iter().fold(0, |sum, one| one.saturating_add(sum)))
}

/// The field of a budget with its number, and that number, for people.
fn written(budget: &Node) -> Option<String> {
    let key =
        ["minAvailable", "maxUnavailable"].into_iter().find(|key| field(budget, key).is_some())?;
    Some(format!("{key} {}", field(budget, key)?.as_text()?))
}

/// The judgement on a budget by the number of the pods that it selects: all of them may be evicted, or more than before by
/// a number of another form.
fn by_number(sides: &Sides<'_, '_>, before: &Node, after: &Node) -> Option<Judgement> {
    let (old, new) = (written(before)?, written(after)?);
    let is_like = ["minAvailable", "maxUnavailable"].iter().any(|key| {
        let both = [before, after].map(|node| Amount::of(node, key));
        matches!(
            both,
            [Some(Amount::Count(_)), Some(Amount::Count(_))]
                | [Some(Amount::Percent(_)), Some(Amount::Percent(_))]
        )
    });
    let Some(pods) = pods_of(sides, after) else {
        let phrase = Phrase::new("lets another number of pods be evicted at a time: ").name(&old);
        let phrase = phrase.say(" → ").name(&new).say(", which is not compared");
        return (!is_like).then(|| judgement("spec", phrase));
    };
    let (was, now) = (evictable(before, pods)?, evictable(after, pods)?);
    if now == pods && was < pods && pods > 1 {
        let phrase = Phrase::new("lets all pods be evicted at once: ").name(&new);
        return Some(judgement("spec", phrase).with_severity(Severity::Error));
    }
    let phrase =
        || Phrase::new("lets more pods be evicted at a time: ").name(&old).say(" → ").name(&new);
    (now > was && !is_like).then(|| judgement("spec", phrase()))
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
        let phrase = Phrase::new("lets all pods be evicted at once: ");
        let phrase = phrase.name(&written(after).unwrap_or_default());
        found.push(judgement("spec", phrase).with_severity(Severity::Error));
        return;
    }
    let judged = by_number(sides, before, after);
    let is_all = judged.as_ref().is_some_and(|judged| judged.severity == Severity::Error);
    found.extend(judged);
    if is_all {
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
    } else if selector.is_some() && field(after, "selector").is_none() {
        found.push(judgement("spec.selector", Phrase::new("no longer selects any pods")));
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

/// Judges an agent that no longer runs on each node, or is updated on all of them at once.
pub(super) fn agent(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    if let (Some(before), Some(after)) = (sides.before, sides.after) {
        found.extend(updated(sides, before, after));
    }
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
        for (least, words) in [
            (
                "minReplicas: 1, ",
                Some("may have a single copy: 3 → 1 replicas, by the autoscaler s"),
            ),
            ("", Some("may have a single copy: 3 → 1 replicas, by the autoscaler s")),
            ("minReplicas: 2, ", None),
        ] {
            let scaler = scaler.replace("minReplicas: 2, ", least);
            let found =
                judged(&deployment("replicas: 3"), &format!("{}{scaler}", deployment("a: b")));
            let told = Vec::from_iter(words.map(|words| format!("{label}{words}")));
            assert_eq!(found, told, "{least}");
            let scaled = format!("{}{scaler}", deployment("replicas: 3"));
            assert_eq!(judged(&scaled, &format!("{}{scaler}", deployment("a: b"))), [""; 0]);
        }
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
    fn budgets_of_another_form_let_all_pods_go() {
        let running = deployment("replicas: 3");
        let label = "PodDisruptionBudget b: lets ";
        let with = |spec: &str| running.clone() + &budget(spec);
        let all = "all pods be evicted at once: maxUnavailable";
        told(
            &with("minAvailable: 2"),
            &with("maxUnavailable: 3"),
            &[&*format!("011 error {label}{all} 3")],
        );
        told(
            &with("maxUnavailable: 1"),
            &with("maxUnavailable: 67%"),
            &[&*format!("011 error {label}{all} 67%")],
        );
        let more = "more pods be evicted at a time:";
        told(
            &with("minAvailable: 2"),
            &with("maxUnavailable: 2"),
            &[&*format!("011 warning {label}{more} minAvailable 2 → maxUnavailable 2")],
        );
        told(&with("minAvailable: 2"), &with("maxUnavailable: 1"), &[]);
        told(&with("minAvailable: 67%"), &with("maxUnavailable: 0"), &[]);
        let single = |spec: &str| deployment("replicas: 1") + &budget(spec);
        told(
            &single("minAvailable: 1"),
            &single("maxUnavailable: 1"),
            &[&*format!("011 warning {label}{more} minAvailable 1 → maxUnavailable 1")],
        );
        let other = "another number of pods be evicted at a time:";
        assert_eq!(
            judged(&budget("minAvailable: 2"), &budget("maxUnavailable: 3")),
            [format!(
                "011 warning {label}{other} minAvailable 2 → maxUnavailable 3, which is not compared"
            )]
        );
        let none = with("minAvailable: 2").replace("selector: {matchLabels: {app: d}}, min", "min");
        told(
            &with("minAvailable: 2"),
            &none,
            &["011 warning PodDisruptionBudget b: no longer selects any pods"],
        );
    }

    #[test]
    fn services_lead_to_no_pods() {
        let service = |selector: &str| {
            format!(
                "{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {{selector: {{{selector}}}}}}}\n---\n"
            )
        };
        let running = deployment("replicas: 3");
        let with = |selector: &str| running.clone() + &service(selector);
        let lost = "leads to no pods any more";
        told(
            &with("app: d"),
            &with("app: e"),
            &[&*format!("011 error Service s: {lost}: none has app=e")],
        );
        told(&with("app: d"), &with(""), &["011 error Service s: no longer selects pods"]);
        told(&service("app: d"), &service("app: e"), &[]);
        let other =
            |labels: &str| running.replace("labels: {app: d}", &format!("labels: {{{labels}}}"));
        let labelled = |labels: &str| other(labels) + &service("app: d");
        let left = "011 error Deployment d: is no longer selected by the Service s, which";
        told(&labelled("app: d"), &labelled("app: e"), &[&*format!("{left} {lost}")]);
        told(&labelled("app: d"), &labelled("app: d, zone: x"), &[]);
        told(&labelled("app: d"), &(other("app: e") + &service("app: e")), &[]);
        let second = running.replace("name: d}", "name: z}");
        told(
            &(second.clone() + &labelled("app: d")),
            &(second + &labelled("app: e")),
            &["011 warning Deployment d: is no longer selected by the Service s"],
        );
    }

    #[test]
    fn updates_stop_all_pods() {
        let rolling = |most: &str| {
            deployment(&format!(
                "replicas: 3, strategy: {{rollingUpdate: {{maxUnavailable: {most}}}}}"
            ))
        };
        let words = "011 warning Deployment d: an update may stop all pods before new ones are ready (maxUnavailable ";
        for most in ["100%", "3"] {
            told(&rolling("1"), &rolling(most), &[&*format!("{words}{most})")]);
        }
        told(&rolling("1"), &rolling("2"), &[]);
        told(&rolling("25%"), &rolling("99%"), &[]);
        let agent = |most: &str| {
            rolling(most)
                .replace("kind: Deployment", "kind: DaemonSet")
                .replace("strategy:", "updateStrategy:")
        };
        told(
            &agent("1"),
            &agent("100%"),
            &[&*format!("{}100%)", words.replace("Deployment", "DaemonSet"))],
        );
        told(&agent("1"), &agent("9"), &[]);
    }

    #[test]
    fn autoscalers_stop() {
        let both =
            deployment("replicas: 3") + &deployment("replicas: 3").replace("name: d}", "name: e}");
        let scaler = |of: &str, more: &str| {
            format!(
                "{both}{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: s}}, spec: {{maxReplicas: 9, {more} scaleTargetRef: {{kind: Deployment, name: {of}}}}}}}"
            )
        };
        let label = "011 warning HorizontalPodAutoscaler s: ";
        assert_eq!(
            judged(&scaler("d", ""), &scaler("e", "")),
            [format!("{label}scales Deployment e in place of Deployment d")]
        );
        told(
            &scaler("d", ""),
            &scaler("d", "behavior: {scaleUp: {selectPolicy: Disabled}},"),
            &[&*format!("{label}no longer adds pods (scaleUp: Disabled)")],
        );
        told(
            &scaler("d", ""),
            &scaler("d", "behavior: {scaleDown: {selectPolicy: Disabled}},"),
            &[],
        );
        let keda = |annotations: &str| {
            format!(
                "{{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {{name: s, annotations: {{{annotations}}}}}, spec: {{scaleTargetRef: {{name: d}}}}}}"
            )
        };
        let label = "011 warning ScaledObject s: no longer scales its workload ";
        told(
            &keda(""),
            &keda("autoscaling.keda.sh/paused-replicas: '0'"),
            &[&*format!("{label}(paused-replicas: 0)")],
        );
        told(&keda(""), &keda("autoscaling.keda.sh/paused: 'false'"), &[]);
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
