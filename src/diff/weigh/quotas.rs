//! KR-DIF-008: quotas and limits of namespaces that allow more.

use std::collections::{BTreeMap, BTreeSet};

use super::engines::judgement;
use super::{Judgement, Phrase, Sides, canonical, exposure};
use crate::harden::COUNTED;
use crate::harden::Severity;
use crate::harden::value::{below, items, present, text};
use crate::resource::Quantity;
use crate::yaml::Node;

/// Judges a `ResourceQuota`.
pub(super) fn quota(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(before) = sides.before else { return };
    let of_others = |namespace: &str, mut new: BTreeMap<String, Quantity>| {
        // Of several quotas for the same pods the lowest amounts hold.
        for other in sides.whole.of_kind(1, "ResourceQuota", namespace) {
            if meant(other.node()) == meant(before) {
                hard(other.node()).into_iter().for_each(|(name, most)| lower(&mut new, name, most));
            }
        }
        new
    };
    let namespace = sides.namespace(usize::from(sides.after.is_some()));
    let new = of_others(namespace, sides.after.map(hard).unwrap_or_default());
    let old = hard(before);
    let raised = raised(&old, &new);
    let Some(after) = sides.after else {
        let phrase = Phrase::new("no longer limits its namespace");
        if !raised.is_empty() {
            found.push(judgement("", phrase).with_severity(Severity::Warning));
        }
        return;
    };
    let left = sides.namespace(0);
    let leaves = || left != namespace && sides.leaves_pods(None) && exposure::stays(sides);
    if leaves() && !self::raised(&old, &of_others(left, BTreeMap::new())).is_empty() {
        let phrase = Phrase::new("no longer limits namespace ").name(left);
        found.push(judgement("metadata.namespace", phrase).with_severity(Severity::Warning));
    }
    if !raised.is_empty() {
        let phrase = Phrase::new("allows more ").few(raised);
        found.push(judgement("spec.hard", phrase).with_severity(Severity::Note));
    }
    let (old, new) = (scopes(before), scopes(after));
    let work = sides.work();
    let is_known = |scope: &Scope<'_>| {
        old.iter().any(|one| {
            work.takes(1 + one.values.len() + scope.values.len()) && one.is_within(scope)
        })
    };
    let more: Vec<&str> = new.iter().filter(|one| !is_known(one)).map(|one| one.name).collect();
    if !more.is_empty() {
        let phrase = Phrase::new("counts fewer pods, only those in the scope ").few(more);
        found.push(judgement("spec", phrase).with_severity(Severity::Warning));
    }
}

/// The names of amounts that are higher than before, or no longer limited.
fn raised<'o>(
    old: &'o BTreeMap<String, Quantity>,
    new: &BTreeMap<String, Quantity>,
) -> Vec<&'o str> {
    let is_raised = |(name, most): &(&String, &Quantity)| {
        // All pods are more than those that still run.
        let all = new.get("count/pods").filter(|_| *name == "pods");
        !new.get(*name).into_iter().chain(all).any(|now| now <= most)
    };
    old.iter().filter(is_raised).map(|(name, _)| &**name).collect()
}

/// The amounts of a quota, by the usual name of what is counted.
fn hard(quota: &Node) -> BTreeMap<String, Quantity> {
    let mut amounts = BTreeMap::new();
    for (key, value) in below(quota, &["spec", "hard"]).map(Node::entries).unwrap_or_default() {
        if let Some(most) = Quantity::of(Some(value)) {
            lower(&mut amounts, short_name(key.text()), most);
        }
    }
    amounts
}

fn lower(amounts: &mut BTreeMap<String, Quantity>, name: String, most: Quantity) {
    let known = amounts.entry(name).or_insert(most);
    *known = most.min(*known);
}

/// The shorter one of several names for the same amount. (Kubernetes documentation: "Resource Quotas".)
fn short_name(name: &str) -> String {
    const REQUESTED: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
    let of = |prefix: &str, names: &[&str]| {
        name.strip_prefix(prefix).filter(|rest| names.contains(rest))
    };
    of("requests.", &REQUESTED).or_else(|| of("count/", &COUNTED)).unwrap_or(name).to_owned()
}

/// The scopes of what a quota counts, as text.
fn meant(quota: &Node) -> String {
    let field = |key: &str| below(quota, &["spec", key]).filter(|node| !node.is_empty());
    format!("{:?}", ["scopes", "scopeSelector"].map(|key| field(key).map(canonical)))
}

/// A condition on the pods that a quota counts.
struct Scope<'a> {
    name: &'a str,
    operator: &'a str,
    values: BTreeSet<&'a str>,
}

impl Scope<'_> {
    /// True if all pods in this scope are in the other one.
    fn is_within(&self, other: &Self) -> bool {
        self.name == other.name
            && match (self.operator, other.operator) {
                ("In", "In") => self.values.is_subset(&other.values),
                ("NotIn", "NotIn") => other.values.is_subset(&self.values),
                ("In", "Exists") => true,
                (own, other) => own == other,
            }
    }
}

/// The conditions of a quota, all of which hold for what it counts.
fn scopes(quota: &Node) -> Vec<Scope<'_>> {
    let list = |path: &[&str]| below(quota, path).map(Node::items).unwrap_or_default();
    let plain = list(&["spec", "scopes"]).iter().filter_map(Node::as_text);
    let plain = plain.map(|name| Scope { name, operator: "Exists", values: BTreeSet::new() });
    let selected = list(&["spec", "scopeSelector", "matchExpressions"]).iter();
    let selected = selected.filter_map(|one| {
        let values = items(present(one, "values")).iter().filter_map(Node::as_text).collect();
        Some(Scope { name: text(one, "scopeName")?, operator: text(one, "operator")?, values })
    });
    plain.chain(selected).collect()
}

/// The bounds of a `LimitRange`: the field, the words for a looser one, and true if a looser one is higher.
const BOUNDS: [(&str, &str, bool); 3] = [
    ("max", "allows more ", true),
    ("min", "allows less ", false),
    ("maxLimitRequestRatio", "allows limits further above the requests of ", true),
];

/// Judges a `LimitRange`.
pub(super) fn limit_range(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(before) = sides.before else { return };
    let Some(after) = sides.after else {
        let phrase = Phrase::new("no longer limits the pods of its namespace");
        found.push(judgement("", phrase).with_severity(Severity::Warning));
        return;
    };
    found.extend(defaults(before, after));
    for (field, words, is_upper) in BOUNDS {
        let (old, new) = (bounds(before, field, is_upper), bounds(after, field, is_upper));
        // The resources with a looser bound, and with none, by the type of what is bounded.
        let mut looser: BTreeMap<(&str, bool), Vec<&str>> = BTreeMap::new();
        for ((of, resource), was) in &old {
            let now = new.get(&(*of, *resource));
            if now.is_none_or(|now| if is_upper { now > was } else { now < was }) {
                looser.entry((*of, now.is_none())).or_default().push(*resource);
            }
        }
        for ((of, is_gone), resources) in looser {
            let phrase = match is_gone {
                true => Phrase::new(format!("no longer has {field} of ")),
                false => Phrase::new(words),
            };
            let phrase = phrase.few(resources).say(" for each ").name(of);
            let severity = if is_gone { Severity::Warning } else { Severity::Note };
            found.push(judgement("spec.limits", phrase).with_severity(severity));
        }
    }
}

/// The judgements on limits and requests that containers without their own get no longer, or are higher.
fn defaults(before: &Node, after: &Node) -> Vec<Judgement> {
    let mut found = Vec::new();
    for (field, words) in [("default", "limit"), ("defaultRequest", "request")] {
        let (old, new) = (usual(before, field), usual(after, field));
        let most = bounds(before, "max", true);
        let mut gone = BTreeMap::<(&str, bool), Vec<&str>>::new();
        for ((of, resource), was) in &old {
            let now = new.get(&(*of, *resource));
            // A maximum that is the default is told as a maximum.
            if most.get(&(*of, *resource)) == Some(was) {
                continue;
            }
            if now.is_none_or(|now| field == "default" && now > was) {
                gone.entry((*of, now.is_none())).or_default().push(*resource);
            }
        }
        for ((of, is_gone), resources) in gone {
            let (verb, severity) = match is_gone {
                true => ("no longer sets", Severity::Warning),
                false => ("sets a higher", Severity::Note),
            };
            let phrase =
                Phrase::new(format!("{verb} {}{words} of ", if is_gone { "a " } else { "" }));
            let phrase = phrase.few(resources).say(" for each ").name(of).say(" without its own");
            found.push(judgement("spec.limits", phrase).with_severity(severity));
        }
    }
    found
}

/// The values that containers without their own get, by type and resource. Without a default the maximum is the limit, and
/// the limit is the request. (Kubernetes, `SetDefaults_LimitRangeItem`.)
fn usual<'a>(range: &'a Node, field: &str) -> BTreeMap<(&'a str, &'a str), Quantity> {
    let fields: &[&str] = match field {
        "default" => &["default", "max"],
        _ => &["defaultRequest", "default", "max"],
    };
    let mut usual = BTreeMap::new();
    for field in fields {
        let is_of_container = |(of, _): &(&str, &str)| *of == "Container";
        for (key, value) in bounds(range, field, true) {
            if is_of_container(&key) {
                usual.entry(key).or_insert(value);
            }
        }
    }
    usual
}

/// The bounds of a field by type and resource, of several the strictest.
fn bounds<'a>(
    range: &'a Node,
    field: &str,
    is_upper: bool,
) -> BTreeMap<(&'a str, &'a str), Quantity> {
    let mut bounds: BTreeMap<(&str, &str), Quantity> = BTreeMap::new();
    for limit in below(range, &["spec", "limits"]).map(Node::items).unwrap_or_default() {
        let of = text(limit, "type").unwrap_or_default();
        for (key, value) in present(limit, field).map(Node::entries).unwrap_or_default() {
            let Some(value) = Quantity::of(Some(value)) else { continue };
            let bound = bounds.entry((of, key.text())).or_insert(value);
            *bound = if is_upper { value.min(*bound) } else { value.max(*bound) };
        }
    }
    bounds
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    #[test]
    fn quotas_allow_more() {
        let quota = |hard: &str| {
            format!(
                "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: q}}, spec: {{hard: {{{hard}}}}}}}"
            )
        };
        told(
            &quota("cpu: 500m, pods: 3"),
            &quota("cpu: '1', pods: 3"),
            &["008 note ResourceQuota q: allows more cpu"],
        );
        told(&quota("cpu: '1'"), &quota("cpu: 1000m"), &[]);
        told(
            &quota("cpu: '1', pods: 3"),
            &quota("cpu: '1'"),
            &["008 note ResourceQuota q: allows more pods"],
        );
    }

    #[test]
    fn quotas_leave_their_namespaces() {
        let quota = |name: &str, namespace: &str| {
            format!(
                "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{hard: {{pods: 3}}}}}}\n---\n"
            )
        };
        let pod = |namespace: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: {namespace}}}}}\n---\n"
            )
        };
        let (here, there) = (quota("q", "shop"), quota("q", "other"));
        assert_eq!(
            judged(&(here.clone() + &pod("shop")), &(there.clone() + &pod("shop"))),
            ["008 warning ResourceQuota q: no longer limits namespace shop"]
        );
        let with = |pods: &str| [here.clone() + &pod("shop"), there.clone() + pods];
        for [before, after] in [with(&pod("other")), with(&(quota("r", "shop") + &pod("shop")))] {
            assert_eq!(judged(&before, &after), [""; 0], "{after}");
        }
    }

    #[test]
    fn quotas_have_several_names() {
        let quota = |name: &str, hard: &str| {
            format!(
                "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: {name}}}, spec: {{hard: {{{hard}}}}}}}\n---\n"
            )
        };
        let one = quota("q", "cpu: '4', memory: 8Gi, pods: 3, services: 2");
        let long =
            quota("q", "requests.cpu: '4', requests.memory: 8Gi, pods: 3, count/services: 2");
        told(&one, &long, &[]);
        let more = long.replace("requests.cpu: '4'", "requests.cpu: '5'");
        told(&one, &more, &["008 note ResourceQuota q: allows more cpu"]);
        let apart = quota("q", "cpu: '4', memory: 8Gi") + &quota("r", "count/pods: 3, services: 2");
        assert_eq!(judged(&one, &apart), [""; 0]);
        let fewer = quota("q", "cpu: '4', memory: 8Gi") + &quota("r", "count/pods: 4, services: 2");
        assert_eq!(judged(&one, &fewer), ["008 note ResourceQuota q: allows more pods"]);
        assert_eq!(
            judged(&apart, &quota("q", "cpu: '4', memory: 8Gi, count/pods: 3, services: 2")),
            [""; 0]
        );
        assert_eq!(
            judged(&apart, &quota("q", "cpu: '4', memory: 8Gi, services: 2")),
            ["008 warning ResourceQuota r: no longer limits its namespace"]
        );
        // One for other pods is no other one.
        let scoped = apart.replace(
            "count/pods: 3, services: 2}",
            "count/pods: 3, services: 2}, scopes: [BestEffort]",
        );
        assert_eq!(judged(&one, &scoped).len(), 1);
    }

    #[test]
    fn quotas_count_fewer_pods() {
        let quota = |scopes: &str| {
            format!(
                "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: q}}, spec: {{hard: {{pods: 3}}, {scopes}}}}}"
            )
        };
        let fewer = "008 warning ResourceQuota q: counts fewer pods, only those in the scope ";
        let selector = |operator: &str, values: &str| {
            quota(&format!(
                "scopeSelector: {{matchExpressions: [{{scopeName: PriorityClass, operator: {operator}, values: [{values}]}}]}}"
            ))
        };
        let best = quota("scopes: [BestEffort]");
        told(&quota(""), &best, &[&*format!("{fewer}BestEffort")]);
        told(
            &best,
            &quota("scopes: [BestEffort, Terminating]"),
            &[&*format!("{fewer}Terminating")],
        );
        let class = format!("{fewer}PriorityClass");
        for (before, after) in [
            (quota(""), selector("In", "a")),
            (selector("In", "a, b"), selector("In", "b")),
            (selector("NotIn", "a"), selector("NotIn", "b, a")),
            (selector("Exists", ""), selector("In", "a")),
        ] {
            told(&before, &after, &[&*class]);
        }
        let same = "scopeSelector: {matchExpressions: [{scopeName: BestEffort, operator: Exists}]}";
        told(&best, &quota(same), &[]);
    }

    #[test]
    fn limit_ranges_allow_more() {
        let range = |limits: &str| {
            format!(
                "{{apiVersion: v1, kind: LimitRange, metadata: {{name: l}}, spec: {{limits: [{limits}]}}}}"
            )
        };
        let both = range(
            "{type: Container, max: {cpu: '1', memory: 1Gi}, min: {cpu: 10m}, maxLimitRequestRatio: {cpu: 2}}",
        );
        let label = "LimitRange l: ";
        for (old, new, words) in [
            ("1Gi", "2Gi", "note LimitRange l: allows more memory for each Container"),
            ("cpu: '1'", "cpu: 1001m", "note LimitRange l: allows more cpu for each Container"),
            (
                "{cpu: '1', memory: 1Gi}",
                "{cpu: '2', memory: 2Gi}",
                "note LimitRange l: allows more cpu, memory for each Container",
            ),
            ("10m", "5m", "note LimitRange l: allows less cpu for each Container"),
            (
                "{cpu: 2}",
                "{cpu: 8}",
                "note LimitRange l: allows limits further above the requests of cpu for each Container",
            ),
            (
                ", memory: 1Gi",
                "",
                "warning LimitRange l: no longer has max of memory for each Container",
            ),
            ("Container", "Pod", ""),
        ] {
            let after = both.replace(old, new);
            assert_ne!(after, both);
            match words {
                "" => assert_eq!(judged(&both, &after).len(), 3, "another type"),
                words => told(&both, &after, &[&*format!("008 {words}")]),
            }
        }
        told(&both, &both.replace("'1'", "1000m"), &[]);
        let emptied = judged(&both, &range(""));
        assert_eq!(
            emptied,
            [
                format!("008 warning {label}no longer has max of cpu, memory for each Container"),
                format!("008 warning {label}no longer has min of cpu for each Container"),
                format!(
                    "008 warning {label}no longer has maxLimitRequestRatio of cpu for each Container"
                ),
            ]
        );
        // Containers without limits of their own get the maximum.
        let usual = |more: &str| range(&format!("{{type: Container, {more}}}"));
        told(
            &usual("default: {memory: 1Gi}, defaultRequest: {memory: 1Gi}"),
            &usual("a: b"),
            &[
                &*format!(
                    "008 warning {label}no longer sets a limit of memory for each Container without its own"
                ),
                &*format!(
                    "008 warning {label}no longer sets a request of memory for each Container without its own"
                ),
            ],
        );
        told(
            &usual("default: {memory: 1Gi}"),
            &usual("default: {memory: 2Gi}"),
            &[&*format!(
                "008 note {label}sets a higher limit of memory for each Container without its own"
            )],
        );
        told(
            &usual("default: {memory: 1Gi}, max: {memory: 1Gi}"),
            &usual("max: {memory: 1024Mi}"),
            &[],
        );
        // Of two items of a type the stricter one holds.
        let two = |most: &str| {
            range(&format!("{{type: Pod, max: {{cpu: 1}}}}, {{type: Pod, max: {{cpu: {most}}}}}"))
        };
        told(&two("2"), &two("3"), &[]);
    }
}
