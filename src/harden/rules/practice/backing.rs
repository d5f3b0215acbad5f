//! KR-CLN-005, 012: addresses of other services, and parts of one provider.

use std::net::Ipv4Addr;

use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{items, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::path::Path;

pub(super) static HARD_CODED_BACKING_SERVICE: Rule = Rule {
    id: "KR-CLN-005",
    name: "hard-coded-backing-service",
    text: text!("KR-CLN-005"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Container(hard_coded)),
};

pub(super) static CLOUD_LOCK_IN: Rule = Rule {
    id: "KR-CLN-012",
    name: "cloud-lock-in",
    text: text!("KR-CLN-012"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Named,
    fix_order: 0,
    needs: Needs::Object(Check::Object(cloud_lock_in)),
};

fn hard_coded(container: &Container<'_>, pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let entries = items(container.node.get("env")).iter().enumerate();
    let entries = entries.filter(|_| pod.shape == Shape::Known);
    let literal = entries.filter_map(|(index, entry)| {
        let name = text(entry, "name").unwrap_or_default();
        Some((index, name, text(entry, "value").filter(|value| is_address(value))?))
    });
    literal
        .map(|(index, name, _)| {
            let path = container.path(&["env"]).index(index).keys(&["value"]);
            let message = format!("has the address of a service in the variable `{name}`");
            Violation::at(path, message).of_container(container)
        })
        .collect()
}

/// True for a text with the name of a Service in the DNS of the cluster, or for a URL with an address of IPv4.
fn is_address(value: &str) -> bool {
    if value.contains(".svc.cluster.local") {
        return true;
    }
    let Some((_, rest)) = value.split_once("://") else { return false };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split(['/', ':', '?']).next().unwrap_or_default();
    let address = host.parse::<Ipv4Addr>();
    address.is_ok_and(|address| !address.is_loopback() && !address.is_unspecified())
}

fn cloud_lock_in(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    let annotations = object.annotations().filter(|(key, _)| is_of_provider(key));
    let mut found: Vec<Violation> = annotations
        .map(|(key, _)| {
            let path = Path::of(&["metadata", "annotations", key]);
            Violation::at(path, format!("the annotation `{key}` is one of a provider"))
        })
        .collect();
    if object.kind() == "StorageClass"
        && let Some(provisioner) = text(object.node(), "provisioner")
        && is_provisioner(provisioner)
    {
        let message = format!("the provisioner `{provisioner}` is one of a provider");
        found.push(Violation::at(Path::of(&["provisioner"]), message));
    }
    found
}

fn is_of_provider(key: &str) -> bool {
    const STARTS: &str = "alb.ingress.kubernetes.io/ appgw.ingress.kubernetes.io/ azure.workload.identity/ \
        cloud.google.com/ eks.amazonaws.com/ iam.gke.io/ ingress.gcp.kubernetes.io/ kubernetes.digitalocean.com/ \
        networking.gke.io/ service.beta.kubernetes.io/aws- service.beta.kubernetes.io/azure- \
        service.beta.kubernetes.io/do- service.kubernetes.io/ibm- service.beta.kubernetes.io/oci- \
        service.beta.kubernetes.io/alibaba";
    STARTS.split_ascii_whitespace().any(|start| key.starts_with(start))
}

fn is_provisioner(name: &str) -> bool {
    const PARTS: &str = "aws azure gke digitalocean.com oci ibm";
    PARTS.split_ascii_whitespace().any(|part| name.split(['.', '/', '-']).any(|one| one == part))
        || name.contains("digitalocean")
}
