//! KR-NET: traffic into and out of pods.

mod ingress;
mod policies;
mod ports;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &policies::NO_NETWORK_POLICY,
    &policies::DANGLING_NETWORK_POLICY,
    &policies::POLICY_BLOCKS_OWN_TRAFFIC,
    &ingress::INGRESS_TLS,
    &ingress::INGRESS_UNSAFE_RULE,
    &ingress::DUPLICATE_ROUTE,
    &ports::SENSITIVE_CONTAINER_PORT,
];
