//! Services: types, external addresses, allowed sources and ports.

use std::collections::{BTreeMap, BTreeSet};

use super::internal::keep_internal;
use super::{judgement, leads, widened};
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::selector::labels;
use crate::harden::value::{below, items, present, text};
use crate::harden::{pod_templates, template};
use crate::resource::Resource;
use crate::yaml::Node;

/// Reach of a Service, the narrowest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Cluster,
    Nodes,
    Internal,
    Balancer,
}

impl Reach {
    fn of(service: Option<&Node>) -> Self {
        let Some(service) = service else { return Self::Cluster };
        match below(service, &["spec"]).and_then(|spec| text(spec, "type")) {
            Some("NodePort") => Self::Nodes,
            Some("LoadBalancer") if is_internal(service) => Self::Internal,
            Some("LoadBalancer") => Self::Balancer,
            _ => Self::Cluster,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Cluster => "within the cluster",
            Self::Nodes => "through a port of each node (NodePort)",
            Self::Internal => "through an internal load balancer",
            Self::Balancer => "through a load balancer",
        }
    }
}

fn is_internal(service: &Node) -> bool {
    below(service, &["metadata", "annotations"]).is_some_and(keep_internal)
}

/// Judges a Service.
pub(in crate::diff::weigh) fn service(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let (old, new) = (Reach::of(sides.before), Reach::of(Some(after)));
    let takes_place = || {
        let (opened, addresses) = (targets(after), below(after, &["spec", "externalIPs"]));
        !opened.is_empty()
            && items(addresses).is_empty()
            && opened.is_subset(&left(sides, after, new))
    };
    if new > old && !takes_place() {
        let path = if old == Reach::Internal { "metadata.annotations" } else { "spec.type" };
        let phrase = match old {
            Reach::Internal => Phrase::new("its load balancer is no longer internal"),
            _ => Phrase::new("becomes reachable ").say(new.words()),
        };
        found.push(judgement(path, phrase));
    }
    let list = |side: Option<&'_ Node>, key: &str| -> BTreeSet<String> {
        let list = side.and_then(|side| below(side, &["spec", key]));
        items(list).iter().filter_map(Node::as_text).map(str::to_owned).collect()
    };
    let lists = |key: &str| (list(sides.before, key), list(Some(after), key));
    let (known, addresses) = lists("externalIPs");
    let gained: Vec<&str> = addresses.difference(&known).map(String::as_str).collect();
    if !gained.is_empty() {
        let phrase = Phrase::new("becomes reachable at ").few(gained);
        found.push(judgement("spec.externalIPs", phrase));
    }
    // A load balancer that is new has no sources and ports of before.
    if old >= Reach::Internal && new >= Reach::Internal {
        let [known, sources] = [sides.before, Some(after)].map(sources);
        let path = "spec.loadBalancerSourceRanges";
        found.extend(widened(&known, &sources, path, "connections"));
    }
    if old > Reach::Cluster && new > Reach::Cluster {
        let (known, open) = (ports(sides.before), ports(Some(after)));
        let mut more: Vec<&(String, String)> = open.difference(&known).collect();
        if !more.is_empty() {
            let left = left(sides, after, new);
            more.retain(|(port, protocol)| {
                let list = items(below(after, &["spec", "ports"])).iter();
                let start = format!("{port} {protocol} ");
                let own = list.map(target).filter(|one| one.starts_with(&start));
                !own.into_iter().all(|one| left.contains(&one))
            });
        }
        let gained: Vec<String> =
            more.iter().map(|(port, protocol)| format!("{port}/{protocol}")).collect();
        if !gained.is_empty() {
            let phrase = Phrase::new("opens port ").few(gained.iter().map(String::as_str));
            found.push(judgement("spec.ports", phrase));
        }
    }
}

/// Judges the pods and ports behind a Service that is reachable from outside on both sides.
pub(in crate::diff::weigh) fn behind(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let is_exposed = |side: usize, node: &Node| {
        let name = sides.object.ids.get(side).and_then(Option::as_ref).map_or("", |id| &*id.name);
        Reach::of(Some(node)) > Reach::Cluster
            || !items(below(node, &["spec", "externalIPs"])).is_empty()
            || leads::is_led_to(sides.whole, side, sides.namespace(side), name)
    };
    if !is_exposed(0, before) || !is_exposed(1, after) {
        return;
    }
    let external = |node| below(node, &["spec"]).and_then(|spec| text(spec, "externalName"));
    if let Some(new) = external(after).filter(|new| Some(*new) != external(before)) {
        let phrase = Phrase::new("leads to the host ").name(new);
        found.push(judgement("spec.externalName", phrase));
        return;
    }
    let (Some(old), Some(new)) = (selector_of(before), selector_of(after)) else { return };
    found.extend(other_pods(sides, old, new));
    found.extend(other_ports(sides, [before, after], new));
}

fn names(services: Vec<&Resource>) -> BTreeSet<String> {
    services.into_iter().map(|one| one.name().to_owned()).collect()
}

/// The labels by which a Service selects pods, if it selects any.
fn selector_of(service: &Node) -> Option<&Node> {
    below(service, &["spec", "selector"]).filter(|selector| !selector.is_empty())
}

/// The judgement on pods that a Service leads to, and that it did not lead to before. New pods count if the former ones are
/// still there.
fn other_pods(sides: &Sides<'_, '_>, old: &Node, new: &Node) -> Option<Judgement> {
    if canonical(old) == canonical(new) {
        return None;
    }
    let whole = sides.whole;
    let places = whole.served(0, sides.namespace(0), old);
    let kept: BTreeSet<usize> = whole.successors(&places).collect();
    let served = whole.served(1, sides.namespace(1), new);
    let path = "spec.selector";
    if whole.has_no_searches() {
        let words = "is not judged: the workloads of its namespace are too many to be compared";
        return Some(judgement(path, Phrase::new(words)));
    }
    if served.is_empty() {
        // Pods of other renders: fewer of the same are no others.
        let is_narrower = labels(Some(old)).all(|(key, value)| text(new, key) == Some(value));
        let is_unknown = kept.is_empty() && !is_narrower;
        let conditions: Vec<String> =
            labels(Some(new)).map(|(key, value)| format!("{key}={value}")).collect();
        let phrase = Phrase::new("leads to other pods, those with ");
        let phrase = phrase.few(conditions.iter().map(String::as_str));
        return is_unknown.then(|| judgement(path, phrase));
    }
    let stays: BTreeSet<usize> = whole.all_successors().values().copied().collect();
    let is_told = |place: &&usize| stays.contains(place) || !kept.is_empty();
    let gained: Vec<String> = served
        .difference(&kept)
        .filter(is_told)
        .filter_map(|place| whole.renders[1].get(*place))
        .map(|one| format!("{} {}", one.kind(), one.name()))
        .collect();
    let phrase = || Phrase::new("leads to the pods of ").few(gained.iter().map(String::as_str));
    (!gained.is_empty()).then(|| judgement(path, phrase()))
}

/// The judgements on ports of pods that a Service leads to in place of others. A port that the pods have moved to is the
/// same.
fn other_ports(sides: &Sides<'_, '_>, nodes: [&Node; 2], selector: &Node) -> Option<Judgement> {
    let targets = |service: &'_ Node| -> BTreeMap<(String, String), String> {
        let target = |port: &Node| {
            let number = text(port, "port")?;
            let target = text(port, "targetPort").unwrap_or(number).to_owned();
            Some(((number.to_owned(), text(port, "protocol").unwrap_or("TCP").to_owned()), target))
        };
        items(below(service, &["spec", "ports"])).iter().filter_map(target).collect()
    };
    let [old, new] = nodes.map(targets);
    let both = old.iter().filter_map(|(port, was)| Some((port, was, new.get(port)?)));
    let mut changed = both.filter(|(_, was, is)| was != is).peekable();
    changed.peek()?;
    let declared = |side: usize| -> BTreeMap<String, String> {
        let places = sides.whole.served(side, sides.namespace(side), selector);
        let objects = places.iter().filter_map(|place| sides.whole.renders[side].get(*place));
        let mut all = BTreeMap::new();
        for object in objects {
            for pod in pod_templates(object) {
                for (.., container) in &pod.containers {
                    for port in items(present(container, "ports")) {
                        let number = text(port, "containerPort").unwrap_or_default().to_owned();
                        let name = text(port, "name").unwrap_or_default().to_owned();
                        all.insert(number.clone(), number.clone());
                        all.insert(name, number);
                    }
                }
            }
        }
        all
    };
    let [before, after] = [0, 1].map(declared);
    let is_other = |was: &String, is: &String| {
        let (old, new) = (before.get(was).unwrap_or(was), after.get(is).unwrap_or(is));
        // The pods no longer listen there, and did not listen at the new port.
        let has_moved = before.contains_key(was)
            && !after.contains_key(old)
            && after.contains_key(new)
            && !before.contains_key(new);
        old != new && !has_moved
    };
    let told: Vec<String> = changed
        .filter(|(_, was, is)| is_other(was, is))
        .map(|((port, _), was, is)| format!("{is} in place of {was} by port {port}"))
        .collect();
    let phrase = || Phrase::new("leads to the port ").few(told.iter().map(String::as_str));
    (!told.is_empty()).then(|| judgement("spec.ports", phrase()))
}

/// Judges a workload whose pods a Service that is reachable from outside selects by their other labels.
pub(in crate::diff::weigh) fn joined(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let labels = |side: usize, node| {
        let id = sides.object.ids.get(side)?.as_ref()?;
        let pod = below(node, template(id.group(), &id.kind)?)?;
        below(pod, &["metadata", "labels"])
    };
    let (was, is) = (labels(0, before), labels(1, after));
    let namespace = sides.namespace(1);
    if was.map(canonical) == is.map(canonical) || namespace != sides.namespace(0) {
        return;
    }
    let whole = sides.whole;
    let was_selecting = names(whole.services_of(1, namespace, was));
    let known: BTreeMap<&str, &Resource> = whole
        .services_of(0, namespace, is)
        .into_iter()
        .map(|service| (service.name(), service))
        .collect();
    let selecting = whole.services_of(1, namespace, is).into_iter().filter(|service| {
        let name = service.name();
        // A Service that selects otherwise than before is told itself.
        let is_like = || {
            let both = [known.get(name).copied(), Some(*service)];
            let both = both.map(|one| one.and_then(|one| selector_of(one.node())).map(canonical));
            both[0] == both[1]
        };
        let is_exposed = || {
            Reach::of(Some(service.node())) > Reach::Cluster
                || leads::is_led_to(whole, 1, namespace, name)
        };
        !was_selecting.contains(name) && is_like() && is_exposed()
    });
    let names: Vec<&str> = selecting.map(Resource::name).collect();
    if whole.work.is_over() || whole.has_no_searches() {
        let words = "is not judged: the Services of its namespace are too many to be compared";
        found.push(judgement("", Phrase::new(words)));
    } else if !names.is_empty() {
        let phrase = Phrase::new("is now selected by the Service ").few(names);
        let phrase = phrase.say(", which is reachable from outside");
        found.push(judgement("spec.template.metadata.labels", phrase));
    }
}

/// The ports at which Services that are no longer reachable so led to the same pods, for the same addresses, each with that
/// of the pods.
fn left(sides: &Sides<'_, '_>, after: &Node, reach: Reach) -> BTreeSet<String> {
    let Some(own) = selector_of(after).map(canonical) else { return BTreeSet::new() };
    let reaches = |one: &Resource| {
        Reach::of(Some(one.node())) >= reach
            && selector_of(one.node()).map(canonical).as_ref() == Some(&own)
    };
    let (opened, name) = (targets(after), sides.object.id().name.as_str());
    let stays = |name: &str| {
        let mut now = sides.whole.of_kind(1, "Service", sides.namespace(1));
        now.any(|one| {
            one.name() == name && reaches(one) && !targets(one.node()).is_disjoint(&opened)
        })
    };
    let is_left = |one: &&Resource| {
        let ranges = || widened(&sources(Some(one.node())), &sources(Some(after)), "", "");
        reaches(one) && ranges().is_none() && (one.name() == name || !stays(one.name()))
    };
    let old = sides.whole.of_kind(0, "Service", sides.namespace(1));
    old.filter(is_left).flat_map(|one| targets(one.node())).collect()
}

/// The ports of a Service, each with that of the pods.
fn targets(service: &Node) -> BTreeSet<String> {
    items(below(service, &["spec", "ports"])).iter().map(target).collect()
}

/// A port of a Service, and that of the pods.
fn target(port: &Node) -> String {
    let of = |key: &str| text(port, key);
    let number = of("port").unwrap_or_default();
    let target = of("targetPort").unwrap_or(number);
    format!("{number} {} {target}", of("protocol").unwrap_or("TCP"))
}

/// The addresses that a load balancer accepts: those of the field, or of the annotation. (Kubernetes,
/// `service/helpers`, `GetLoadBalancerSourceRanges`.)
fn sources(service: Option<&Node>) -> Vec<String> {
    let Some(service) = service else { return Vec::new() };
    let field = items(below(service, &["spec", "loadBalancerSourceRanges"]));
    if !field.is_empty() {
        return field.iter().filter_map(Node::as_text).map(str::to_owned).collect();
    }
    let annotations = below(service, &["metadata", "annotations"]);
    let key = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let written = annotations.and_then(|annotations| text(annotations, key)).unwrap_or_default();
    let all = written.split(',').map(str::trim).filter(|one| !one.is_empty());
    all.map(str::to_owned).collect()
}

fn ports(service: Option<&Node>) -> BTreeSet<(String, String)> {
    let ports = service.and_then(|service| below(service, &["spec", "ports"]));
    let port = |node: &Node| {
        Some((text(node, "port")?.to_owned(), text(node, "protocol").unwrap_or("TCP").to_owned()))
    };
    items(ports).iter().filter_map(port).collect()
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn service(annotations: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: web, annotations: {{{annotations}}}}}, spec: {{{spec}}}}}"
        )
    }

    #[test]
    fn services_take_the_place_of_others() {
        let with = |name: &str, ports: &str, more: &str| {
            let spec = format!("type: LoadBalancer, selector: {{app: a}}, ports: [{ports}]{more}");
            service("", &spec).replace("name: web", &format!("name: {name}")) + "\n---\n"
        };
        let (http, https) = ("{port: 80}", "{port: 443, targetPort: 80}");
        let both = with("web", &format!("{http}, {https}"), "");
        let apart = with("web", http, "") + &with("front", https, "");
        told(&both, &apart, &[]);
        told(&with("web", http, ""), &with("front", http, ""), &[]);
        let label = "007 warning Service front: becomes reachable through a load balancer";
        let ranges = ", loadBalancerSourceRanges: [10.0.0.0/8]";
        for (before, after) in [
            (with("web", http, ""), with("front", https, "")),
            (with("web", http, ranges), with("front", http, "")),
            (with("web", http, ""), with("front", http, "").replace("app: a", "app: b")),
            (with("web", http, ""), with("web", http, "") + &with("front", http, "")),
        ] {
            assert_eq!(judged(&before, &after), [label], "{before}{after}");
        }
    }

    #[test]
    fn services_become_reachable() {
        let plain = service("", "ports: [{port: 80}]");
        let balancer = |more: &str| service("", &format!("type: LoadBalancer{more}"));
        let internal =
            service("networking.gke.io/load-balancer-type: Internal", "type: LoadBalancer");
        let label = "007 warning Service web: ";
        let node = service("", "type: NodePort, ports: [{port: 80}]");
        for (before, after, words) in [
            (&plain, &node, "becomes reachable through a port of each node (NodePort)"),
            (
                &node,
                &balancer(", ports: [{port: 80}]"),
                "becomes reachable through a load balancer",
            ),
            (&plain, &internal, "becomes reachable through an internal load balancer"),
            (&internal, &balancer(""), "its load balancer is no longer internal"),
            (
                &balancer(", loadBalancerSourceRanges: [10.0.0.0/8]"),
                &balancer(""),
                "accepts connections from everywhere",
            ),
            (
                &balancer(", loadBalancerSourceRanges: [10.0.0.0/8]"),
                &balancer(", loadBalancerSourceRanges: [10.0.0.0/7]"),
                "accepts connections from 10.0.0.0/7",
            ),
            (
                &service(
                    "service.beta.kubernetes.io/load-balancer-source-ranges: '10.0.0.0/8, 192.0.2.0/24'",
                    "type: LoadBalancer",
                ),
                &balancer(""),
                "accepts connections from everywhere",
            ),
            (
                &balancer(", ports: [{port: 80}]"),
                &balancer(", ports: [{port: 80, protocol: TCP}, {port: 53, protocol: UDP}]"),
                "opens port 53/UDP",
            ),
            (
                &plain,
                &service("", "ports: [{port: 80}], externalIPs: [192.0.2.1]"),
                "becomes reachable at 192.0.2.1",
            ),
        ] {
            told(before, after, &[&*format!("{label}{words}")]);
        }
        told(&plain, &service("", "ports: [{port: 80}, {port: 81}]"), &[]);
        told(&balancer(", loadBalancerSourceRanges: [0.0.0.0/0]"), &balancer(""), &[]);
        told(
            &balancer(", loadBalancerSourceRanges: [10.0.0.0/8]"),
            &service(
                "service.beta.kubernetes.io/load-balancer-source-ranges: 10.0.0.0/8",
                "type: LoadBalancer",
            ),
            &[],
        );
    }

    fn deployment(name: &str, labels: &str, port: u16) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{hostPID: true, containers: [{{name: {name}, ports: [{{name: http, containerPort: {port}}}]}}]}}}}}}}}\n---\n"
        )
    }

    #[test]
    fn exposed_services_lead_to_other_pods() {
        let of = |spec: &str| format!("{}\n---\n", service("", spec));
        let pods = deployment("web", "app: web", 8080) + &deployment("admin", "app: admin", 9090);
        let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}}\n---\n";
        let label = "007 warning Service web: leads to the ";
        let forms = [(String::new(), "type: LoadBalancer, "), (ingress.to_owned(), "")];
        for (more, of_type) in forms {
            let with = |selector: &str, target: &str| {
                let ports = format!("ports: [{{port: 80{target}}}]");
                format!(
                    "{more}{pods}{}",
                    of(&format!("{of_type}selector: {{{selector}}}, {ports}"))
                )
            };
            assert_eq!(
                judged(&with("app: web", ""), &with("app: admin", "")),
                [format!("{label}pods of Deployment admin")]
            );
            let (named, numbered) = (", targetPort: http", ", targetPort: 8080");
            told(&with("app: web", named), &with("app: web", numbered), &[]);
            assert_eq!(
                judged(&with("app: web", numbered), &with("app: web", ", targetPort: 9000")),
                [format!("{label}port 9000 in place of 8080 by port 80")]
            );
        }
        let inner = |selector: &str| format!("{pods}{}", of(&format!("selector: {{{selector}}}")));
        assert_eq!(judged(&inner("app: web"), &inner("app: admin")), [""; 0], "not exposed");
        let exposed = |selector: &str| of(&format!("type: LoadBalancer, selector: {{{selector}}}"));
        assert_eq!(
            judged(&exposed("app: web"), &exposed("app: admin")),
            ["007 warning Service web: leads to other pods, those with app=admin"]
        );
        assert_eq!(judged(&exposed("app: web"), &exposed("app: web, zone: x")), [""; 0]);
        let moved = |port: u16| {
            let target = format!(
                "type: LoadBalancer, selector: {{app: web}}, ports: [{{port: 80, targetPort: {port}}}]"
            );
            deployment("web", "app: web", port) + &of(&target)
        };
        assert_eq!(judged(&moved(8080), &moved(9000)), [""; 0], "the pods listen there");
        let labelled = |labels: &str| deployment("admin", labels, 1) + &exposed("app: web");
        assert_eq!(
            judged(&labelled("app: admin"), &labelled("app: web")),
            [
                "007 warning Deployment admin: is now selected by the Service web, which is reachable from outside",
            ],
        );
    }
}
