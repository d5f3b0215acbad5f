//! KR-NET-001, 002, 003: `NetworkPolicies` select pods, and leave them the traffic that they need.

use std::collections::{BTreeMap, BTreeSet};

use crate::harden::pod::{Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::selector::selects_all;
use crate::harden::value::{integer, is_true, items, present, text};
use crate::harden::views::{Joint, is_policy, pod_selector};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static NO_NETWORK_POLICY: Rule = Rule {
    id: "KR-NET-001",
    name: "no-network-policy",
    text: text!("KR-NET-001"),
    severity: Severity::Note,
    score: Some(4.0),
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Pod(unselected)),
};

pub(super) static DANGLING_NETWORK_POLICY: Rule = Rule {
    id: "KR-NET-002",
    name: "dangling-network-policy",
    text: text!("KR-NET-002"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(dangling)),
};

pub(super) static POLICY_BLOCKS_OWN_TRAFFIC: Rule = Rule {
    id: "KR-NET-003",
    name: "policy-blocks-own-traffic",
    text: text!("KR-NET-003"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(blocks)),
};

fn unselected(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let namespace = scene.namespace();
    let is_host = is_true(pod.get(&["hostNetwork"]));
    if is_host
        || pod.shape != Shape::Known
        || render.views.has_other_policies(namespace)
        || render.views.has_policy(namespace, pod)
    {
        return Vec::new();
    }
    let message =
        "no rendered NetworkPolicy selects the pod: any pod of the cluster can connect to it";
    vec![Violation::at(pod.labels_path(), message)]
}

fn dangling(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let namespace = scene.namespace();
    let has_pods = || !render.acting.pods_in(&render.pods, namespace).is_empty();
    if !is_policy(object) || !has_pods() || render.views.may_make_pods(namespace) {
        return Vec::new();
    }
    let is_void = |selector: &Node| {
        !selects_all(selector)
            && render.acting.first_selected(&render.pods, namespace, selector).is_none()
    };
    let mut found = Vec::new();
    let path = Path::of(&["spec", "podSelector"]);
    if pod_selector(object).is_some_and(is_void) {
        found.push(Violation::at(path, "it selects no pod that is rendered"));
        return found;
    }
    // The pods on the other side are often rendered elsewhere.
    if !scene.facts.is_paranoid() {
        return found;
    }
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        let rules = items(spec(object).and_then(|spec| spec.get(direction))).iter().enumerate();
        for (number, rule) in rules {
            for (place, peer) in items(rule.get(peers)).iter().enumerate() {
                let is_here = present(peer, "namespaceSelector").is_none();
                let selector = present(peer, "podSelector").filter(|_| is_here);
                if selector.is_some_and(is_void) {
                    let path = Path::of(&["spec", direction]).index(number).keys(&[peers]);
                    let path = path.index(place).keys(&["podSelector"]);
                    let message = format!(
                        "a peer of `{direction}` selects no pod that is rendered in its namespace"
                    );
                    found.push(Violation::at(path, message).severity(Severity::Note));
                }
            }
        }
    }
    found
}

fn spec(policy: &Resource) -> Option<&Node> {
    present(policy.node(), "spec")
}

/// True if a policy isolates its pods in a direction.
fn isolates(policy: &Resource, direction: &str) -> bool {
    let Some(spec) = spec(policy) else { return false };
    match items(spec.get("policyTypes")) {
        [] => direction == "ingress" || !items(spec.get(direction)).is_empty(),
        types => {
            let is_meant =
                |one: &Node| one.as_text().is_some_and(|one| one.eq_ignore_ascii_case(direction));
            types.iter().any(is_meant)
        }
    }
}

fn rules_of<'a>(policy: &'a Resource, direction: &str) -> &'a [Node] {
    items(spec(policy).and_then(|spec| spec.get(direction)))
}

fn blocks(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if !is_policy(object) {
        return Vec::new();
    }
    let namespace = scene.namespace();
    let (isolates_egress, isolates_ingress) =
        (isolates(object, "egress"), isolates(object, "ingress"));
    let asks = isolates_egress && !rules_of(object, "egress").is_empty()
        || isolates_ingress && !rules_of(object, "ingress").is_empty();
    let Some(selector) = pod_selector(object).filter(|_| asks) else { return Vec::new() };
    let Some(pod) = render.acting.first_selected(&render.pods, namespace, selector) else {
        return Vec::new();
    };
    if render.views.has_other_policies(namespace) {
        return Vec::new();
    }
    let joint = render.views.joint(pod, || {
        let policies = render.views.policies_of(namespace, pod);
        let of = |direction| policies.iter().flat_map(move |policy| rules_of(policy, direction));
        let ingress: Vec<&Node> = of("ingress").collect();
        let services = render.views.services_of(namespace, pod);
        Joint {
            admits_dns: of("egress").any(admits_dns),
            closed: closed_port(pod, &ingress, &services),
        }
    });
    let mut found = Vec::new();
    if isolates_egress && !rules_of(object, "egress").is_empty() {
        let names_pods = rules_of(object, "egress").iter().any(asks_for_pods);
        if names_pods && !joint.admits_dns {
            let message = "its pods may open connections to other pods, but cannot look up their names: no NetworkPolicy that selects them allows port 53";
            found.push(Violation::at(Path::of(&["spec", "egress"]), message));
        }
    }
    if isolates_ingress && !rules_of(object, "ingress").is_empty() {
        found.extend(joint.closed);
    }
    found
}

/// True if a rule of `egress` names pods as peers, which have names in the DNS of the cluster. The API server is reached
/// by its address.
fn asks_for_pods(rule: &Node) -> bool {
    let ports = items(rule.get("ports"));
    let is_of_api = |port: &Node| matches!(text(port, "port"), Some("443" | "6443"));
    if !ports.is_empty() && ports.iter().all(is_of_api) {
        return false;
    }
    items(rule.get("to")).iter().any(|peer| {
        present(peer, "podSelector").is_some() || present(peer, "namespaceSelector").is_some()
    })
}

/// True if a rule of `egress` allows queries to the DNS of the cluster, which is in another namespace.
fn admits_dns(rule: &Node) -> bool {
    let peers = items(rule.get("to"));
    let may_reach = peers.is_empty()
        || peers.iter().any(|peer| {
            present(peer, "ipBlock").is_some() || present(peer, "namespaceSelector").is_some()
        });
    let ports = items(rule.get("ports"));
    // Some distributions run their DNS on another port.
    let is_dns = |port: &Node| match text(port, "port") {
        None => true,
        Some(port @ ("53" | "5353" | "8053" | "1053")) => !port.is_empty(),
        Some(name) => name.contains("dns") || range_has(port, 53),
    };
    may_reach && (ports.is_empty() || ports.iter().any(is_dns))
}

/// True if the range of a port has a number.
fn range_has(port: &Node, number: i64) -> bool {
    let first = present(port, "port").and_then(integer);
    let last = present(port, "endPort").and_then(integer).or(first);
    first.is_some_and(|first| first <= number) && last.is_some_and(|last| number <= last)
}

/// The ports that Services lead to.
#[derive(Default)]
struct Targets<'a> {
    /// Their numbers, in order.
    listed: Vec<i64>,
    numbers: BTreeSet<i64>,
    names: BTreeSet<&'a str>,
}

impl<'a> Targets<'a> {
    /// Those of the containers of a pod; `None` if a name is not declared, whose port is not known. Costs as much as sorting all
    /// ports.
    fn of(pod: &Pod<'a>, services: &[&'a Node]) -> Option<Self> {
        let (mut by_name, mut by_number) = (BTreeMap::new(), BTreeMap::new());
        for port in pod.containers.iter().flat_map(|one| items(one.node.get("ports"))) {
            if let Some(name) = text(port, "name") {
                by_name.entry(name).or_insert(port);
            }
            if let Some(number) = text(port, "containerPort") {
                by_number.entry(number).or_insert(port);
            }
        }
        let mut found = Self::default();
        for port in services.iter().flat_map(|spec| items(spec.get("ports"))) {
            let target = text(port, "targetPort").or_else(|| text(port, "port"))?;
            let declared = || present(by_name.get(target)?, "containerPort").and_then(integer);
            let number = target.parse().ok().or_else(declared)?;
            if found.numbers.insert(number) {
                found.listed.push(number);
                let declared = by_number.get(&*number.to_string());
                found.names.extend(declared.and_then(|port| text(port, "name")));
            }
        }
        Some(found)
    }

    /// True if a port of a rule of `ingress` is one of them.
    fn has(&self, port: &Node) -> bool {
        let Some(told) = text(port, "port") else { return true };
        let is_same = |number: &i64| self.numbers.contains(number) && number.to_string() == told;
        let range = || {
            let first = present(port, "port").and_then(integer)?;
            let last = present(port, "endPort").and_then(integer).unwrap_or(first);
            (first <= last).then(|| self.numbers.range(first..=last).next()).flatten()
        };
        self.names.contains(told)
            || told.parse().is_ok_and(|told| is_same(&told))
            || range().is_some()
    }
}

/// The violation if Services lead to ports of a pod, and no rule of `ingress` admits any of them.
fn closed_port<'a>(pod: &Pod<'a>, rules: &[&Node], services: &[&'a Node]) -> Option<Violation> {
    /// The largest number of ports in a message.
    const MOST: usize = 5;

    let targets = Targets::of(pod, services)?;
    let admits = |rule: &&Node| {
        let ports = items(rule.get("ports"));
        ports.is_empty() || ports.iter().any(|port| targets.has(port))
    };
    if targets.listed.is_empty() || rules.iter().any(admits) {
        return None;
    }
    let mut numbers: Vec<String> = targets.listed.iter().take(MOST).map(i64::to_string).collect();
    if targets.listed.len() > MOST {
        numbers.push("another one".to_owned());
    }
    let message = format!(
        "a Service leads to port {} of its pods, and no NetworkPolicy that selects them admits it",
        numbers.join(" or ")
    );
    Some(Violation::at(Path::of(&["spec", "ingress"]), message))
}
