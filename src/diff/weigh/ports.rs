//! KR-DIF-011: named ports to which Services lead, and which no pod of theirs has any more.

use std::collections::BTreeSet;

use super::scale::judgement;
use super::{Judgement, Phrase, Sides, labelled};
use crate::harden::value::{below, items, present, text};
use crate::harden::{Severity, pod_templates, template};
use crate::resource::Resource;
use crate::yaml::Node;

/// The names of the ports of the pods of an object.
fn names(object: &Resource) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for pod in pod_templates(object) {
        for (.., container) in &pod.containers {
            let ports = items(present(container, "ports")).iter();
            all.extend(ports.filter_map(|port| text(port, "name")).map(str::to_owned));
        }
    }
    all
}

/// The names of the ports to which a Service leads.
fn targets(service: &Node) -> BTreeSet<&str> {
    let ports = items(below(service, &["spec", "ports"])).iter();
    let named = |one: &&str| !one.bytes().all(|letter| letter.is_ascii_digit());
    ports.filter_map(|port| text(port, "targetPort")).filter(named).collect()
}

/// The names to which a Service leads and that none of its pods has after the change; empty if these are not in the render.
fn missing<'n>(sides: &Sides<'_, '_>, service: &'n Node) -> BTreeSet<&'n str> {
    let mut missing = targets(service);
    let selector = below(service, &["spec", "selector"]).filter(|one| !one.is_empty());
    let (Some(selector), false) = (selector, missing.is_empty()) else { return BTreeSet::new() };
    let whole = sides.whole;
    let places = whole.served(1, sides.namespace(1), selector);
    if places.is_empty() {
        return BTreeSet::new();
    }
    for object in places.into_iter().filter_map(|place| whole.renders[1].get(place)) {
        let has = names(object);
        missing.retain(|name| !has.contains(*name));
    }
    missing
}

/// Judges a Service on both sides that leads to the name of a port which none of its pods has.
pub(super) fn service(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let known = targets(before);
    if targets(after).is_subset(&known) {
        return;
    }
    let gone: Vec<&str> = missing(sides, after).difference(&known).copied().collect();
    if !gone.is_empty() {
        let phrase = Phrase::new("leads to a port that its pods do not have: ").few(gone);
        found.push(judgement("spec.ports", phrase).with_severity(Severity::Error));
    }
}

/// Judges a workload of which pods no longer have a port to which a Service leads by its name.
pub(super) fn workload(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    if !sides.touches(&["ports", "name"]) {
        return;
    }
    let Some([before, after]) = sides.resources() else { return };
    let has = names(after);
    let lost: BTreeSet<String> =
        names(before).into_iter().filter(|one| !has.contains(one)).collect();
    let path = template(&after.gvk().group, after.kind());
    let (Some(path), false) = (path, lost.is_empty()) else { return };
    let labels = below(after.node(), path).and_then(|pod| below(pod, &["metadata", "labels"]));
    let services = sides.whole.services_of(1, sides.namespace(1), labels);
    let asks = |service: &&Resource| {
        labelled::selector_of(service).is_some()
            && missing(sides, service.node()).iter().any(|name| lost.contains(*name))
    };
    let asking: Vec<&str> =
        services.iter().copied().filter(|one| asks(one)).map(Resource::name).collect();
    if !asking.is_empty() {
        let phrase = Phrase::new("no longer has the port ").few(lost.iter().map(String::as_str));
        let phrase = phrase.say(", to which leads the Service ").few(asking);
        found.push(judgement("spec.template.spec", phrase).with_severity(Severity::Error));
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn pods(port: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{metadata: {{labels: {{app: d}}}}, spec: {{containers: [{{name: a, image: a, ports: [{port}]}}]}}}}}}}}\n---\n"
        )
    }

    fn service(target: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {{selector: {{app: d}}, ports: [{{port: 80, targetPort: {target}}}]}}}}\n---\n"
        )
    }

    #[test]
    fn named_ports_of_services_are_lost() {
        let http = "{name: http, containerPort: 8080}";
        let web = "{name: web, containerPort: 8080}";
        let with = |port: &str, target: &str| pods(port) + &service(target);
        let words =
            "011 error Deployment d: no longer has the port http, to which leads the Service s";
        for port in ["", web] {
            told(&with(http, "http"), &with(port, "http"), &[words]);
        }
        let words = "011 error Service s: leads to a port that its pods do not have: web";
        told(&with(http, "http"), &with(http, "web"), &[words]);
        told(&with(http, "8080"), &with(http, "web"), &[words]);
        for (port, target) in [(web, "web"), (http, "8080"), (web, "8080"), ("", "8080")] {
            assert_eq!(
                judged(&with(http, "http"), &with(port, target)),
                [""; 0],
                "{port} {target}"
            );
        }
        // Pods of other renders may have it.
        assert_eq!(judged(&service("http"), &service("web")), [""; 0]);
        let other = pods(http).replace("name: d}", "name: e}");
        assert_eq!(judged(&(with(http, "http") + &other), &(with("", "http") + &other)), [""; 0]);
    }
}
