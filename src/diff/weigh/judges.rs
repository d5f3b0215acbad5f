//! The judges of objects, by group and kind.

use super::{
    Judge, access, admission, definitions, engines, exposure, marks, mounts, namespaces, ports,
    quotas, scale, scalers, storage, unseen, workload,
};
use crate::harden::template;

/// The judges of an object, by group and kind, but for those of what can be reached.
pub(super) fn judges(group: &str, kind: &str) -> &'static [Judge] {
    match (group, kind) {
        ("rbac.authorization.k8s.io" | "authorization.openshift.io", "Role" | "ClusterRole") => {
            &[access::role]
        }
        (
            "rbac.authorization.k8s.io" | "authorization.openshift.io",
            "RoleBinding" | "ClusterRoleBinding",
        ) => &[access::binding],
        ("", "ServiceAccount") => &[workload::account, access::identity],
        ("", "ConfigMap") => &[access::mapped, exposure::set_headers],
        ("", "Secret") => &[access::token],
        ("", "Namespace") => {
            &[admission::namespace, namespaces::relabelled, marks::of_namespace, exposure::unknown]
        }
        ("", "ResourceQuota") => &[quotas::quota],
        ("", "LimitRange") => &[quotas::limit_range],
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => &[admission::webhooks],
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicy"
            | "ValidatingAdmissionPolicyBinding"
            | "MutatingAdmissionPolicy"
            | "MutatingAdmissionPolicyBinding",
        )
        | ("kyverno.io", "ClusterPolicy" | "Policy")
        | ("constraints.gatekeeper.sh", _) => &[admission::policy],
        ("kyverno.io" | "policies.kyverno.io", "PolicyException") => &[engines::exception],
        ("policies.kyverno.io", _) => &[admission::policy],
        ("templates.gatekeeper.sh", "ConstraintTemplate") => &[engines::template],
        ("config.gatekeeper.sh", "Config") => &[engines::config],
        ("apiextensions.k8s.io", "CustomResourceDefinition") => &[definitions::definition],
        ("", "PersistentVolume") => &[storage::volume],
        ("", "PersistentVolumeClaim") => &[storage::claim],
        ("storage.k8s.io", "StorageClass") | ("snapshot.storage.k8s.io", "VolumeSnapshotClass") => {
            &[storage::class]
        }
        ("policy", "PodDisruptionBudget") => &[scale::budget],
        ("autoscaling", "HorizontalPodAutoscaler") | ("keda.sh", "ScaledObject") => {
            &[scalers::autoscaler]
        }
        _ if template(group, kind).is_some() => of_workload(kind),
        ("", "Service") => &[scale::service, ports::service],
        // Other kinds may make pods too.
        _ if of_entry(group, kind).is_none() => {
            &[workload::protection, access::runs_as, workload::named]
        }
        _ => &[],
    }
}

/// The judges of what can be reached.
pub(super) fn exposures(group: &str, kind: &str) -> &'static [Judge] {
    match template(group, kind) {
        Some(_) => &[
            exposure::policed,
            exposure::released,
            exposure::admitted,
            exposure::admitting,
            exposure::host_network,
            exposure::joined,
        ],
        None => of_entry(group, kind).unwrap_or(&[exposure::attached_policy, exposure::overriding]),
    }
}

/// The judges of an object that lets traffic in, leads it, or restricts it.
fn of_entry(group: &str, kind: &str) -> Option<&'static [Judge]> {
    Some(match (group, kind) {
        ("", "Service") => &[
            exposure::service,
            exposure::behind,
            exposure::annotated,
            exposure::unknown,
            exposure::left,
        ],
        ("networking.k8s.io" | "extensions", "Ingress") => &[
            exposure::ingress,
            exposure::led,
            exposure::annotated,
            exposure::unknown,
            exposure::stripped,
        ],
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => &[exposure::network_policy],
        ("gateway.networking.k8s.io", "ReferenceGrant") => &[exposure::grant],
        ("gateway.networking.k8s.io", _) if kind.ends_with("Route") => &[
            exposure::route,
            exposure::led,
            exposure::annotated,
            exposure::unknown,
            exposure::left,
            exposure::overridden,
            exposure::answers,
            exposure::stripped,
        ],
        ("route.openshift.io", "Route") => &[
            exposure::route,
            exposure::led,
            exposure::termination,
            exposure::annotated,
            exposure::unknown,
        ],
        ("gateway.networking.k8s.io" | "networking.istio.io", "Gateway") => &[
            exposure::gateway,
            exposure::listeners,
            exposure::annotated,
            exposure::unknown,
            exposure::left,
            exposure::overridden,
        ],
        ("security.istio.io", "PeerAuthentication") => &[exposure::mutual],
        (
            "crd.projectcalico.org"
            | "projectcalico.org"
            | "security.istio.io"
            | "policy.networking.k8s.io",
            _,
        ) if kind.ends_with("Policy") || kind.ends_with("Authentication") => {
            &[exposure::other_policy]
        }
        ("policy.linkerd.io", "Server") => &[exposure::server],
        ("networking.istio.io", "DestinationRule") => &[exposure::destination_rule],
        ("cilium.io", _) if kind.ends_with("Policy") => &[exposure::cilium_policy],
        ("networking.istio.io", "VirtualService") => &[
            exposure::virtual_service,
            exposure::led,
            exposure::refused,
            exposure::answers,
            exposure::stripped,
        ],
        ("projectcontour.io", "HTTPProxy") => {
            &[exposure::http_proxy, exposure::led, exposure::answers, exposure::stripped]
        }
        ("traefik.io" | "traefik.containo.us", "Middleware" | "MiddlewareTCP") => {
            &[exposure::middleware, exposure::answers, exposure::stripped]
        }
        ("traefik.io" | "traefik.containo.us", _) if kind.starts_with("IngressRoute") => {
            &[exposure::ingress_route, exposure::led, exposure::options, exposure::stripped]
        }
        ("traefik.io" | "traefik.containo.us", "TLSOption") => &[exposure::tls_option],
        ("traefik.io" | "traefik.containo.us", "ServersTransport" | "ServersTransportTCP") => {
            &[exposure::transport]
        }
        _ => return None,
    })
}

/// True for objects that restrict others, which may be in other targets.
pub(super) fn restricts_others(group: &str, kind: &str) -> bool {
    kind == "NetworkPolicy"
        || kind == "PeerAuthentication"
        || kind.ends_with("NetworkPolicy")
        || kind.ends_with("Policy") && group.contains("gateway")
        || matches!(
            group,
            "admissionregistration.k8s.io"
                | "kuadrant.io"
                | "kyverno.io"
                | "policies.kyverno.io"
                | "constraints.gatekeeper.sh"
                | "templates.gatekeeper.sh"
        )
}

/// The judges of an object that makes pods.
fn of_workload(kind: &str) -> &'static [Judge] {
    match kind {
        "StatefulSet" => &[
            storage::stateful_set,
            storage::mounted,
            mounts::mounts,
            ports::workload,
            scale::workload,
            scale::kept,
            workload::quality,
            workload::protection,
            workload::images,
            access::runs_as,
            access::identity_of_pods,
            admission::moved,
            marks::of_pods,
            unseen::unseen,
        ],
        "DaemonSet" => &[
            storage::mounted,
            mounts::mounts,
            ports::workload,
            scale::agent,
            workload::quality,
            workload::protection,
            workload::images,
            access::runs_as,
            access::identity_of_pods,
            admission::moved,
            marks::of_pods,
            unseen::unseen,
        ],
        _ => &[
            storage::mounted,
            mounts::mounts,
            ports::workload,
            scale::workload,
            scale::kept,
            workload::quality,
            workload::protection,
            workload::images,
            access::runs_as,
            access::identity_of_pods,
            admission::moved,
            marks::of_pods,
            unseen::unseen,
        ],
    }
}
