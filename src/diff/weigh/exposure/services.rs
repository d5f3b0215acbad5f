//! Services: types, external addresses, allowed sources and ports.

use std::collections::BTreeSet;

use super::{judgement, widened};
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::value::{below, items, text};
use crate::yaml::Node;

/// Annotations and their values that keep a load balancer within a network. (Documentation of the controllers.)
const INTERNAL: [(&str, &[&str]); 8] = [
    ("service.beta.kubernetes.io/aws-load-balancer-internal", &["true", "0.0.0.0/0"]),
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", &["internal"]),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", &["true"]),
    ("networking.gke.io/load-balancer-type", &["internal"]),
    ("cloud.google.com/load-balancer-type", &["internal"]),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", &["true"]),
    ("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", &["private"]),
    ("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", &["intranet"]),
];

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
    let Some(annotations) = below(service, &["metadata", "annotations"]) else { return false };
    INTERNAL.iter().any(|(key, values)| {
        let value = text(annotations, key);
        value.is_some_and(|value| values.iter().any(|one| one.eq_ignore_ascii_case(value)))
    })
}

/// Judges a Service.
pub(in crate::diff::weigh) fn service(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let (old, new) = (Reach::of(sides.before), Reach::of(Some(after)));
    if new > old {
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
        let (known, new) = (ports(sides.before), ports(Some(after)));
        let gained: Vec<String> =
            new.difference(&known).map(|(port, protocol)| format!("{port}/{protocol}")).collect();
        if !gained.is_empty() {
            let phrase = Phrase::new("opens port ").few(gained.iter().map(String::as_str));
            found.push(judgement("spec.ports", phrase));
        }
    }
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
    use crate::diff::weigh::tests::told;

    fn service(annotations: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: web, annotations: {{{annotations}}}}}, spec: {{{spec}}}}}"
        )
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
}
