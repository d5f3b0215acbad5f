//! Annotations that keep what is behind a load balancer within a network.

use crate::harden::value::text;
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

/// True for an annotation by which a load balancer is kept within a network.
pub(super) fn is_known(key: &str) -> bool {
    INTERNAL.iter().any(|(known, _)| *known == key)
}

/// True if annotations keep a load balancer within a network.
pub(super) fn keep_internal(annotations: &Node) -> bool {
    INTERNAL.iter().any(|(key, values)| {
        let value = text(annotations, key);
        value.is_some_and(|value| values.iter().any(|one| one.eq_ignore_ascii_case(value)))
    })
}
