//! KR-REF: references to other objects.

mod claims;
mod classes;
mod expansion;
mod generated;
mod keys;
mod monitors;
mod objects;
mod routes;
mod services;
mod volumes;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &objects::MISSING_CONFIG,
    &keys::MISSING_KEY,
    &objects::MISSING_SERVICE_ACCOUNT,
    &claims::MISSING_PVC,
    &services::SERVICE_SELECTS_NOTHING,
    &services::SERVICE_PORT,
    &routes::INGRESS_BACKEND,
    &volumes::VOLUME_MOUNT,
    &monitors::SERVICE_MONITOR,
    &expansion::ENV_EXPANSION,
    &generated::STALE_HASH,
    &generated::UNREFERENCED_GENERATED,
    &classes::MISSING_CLASS,
];
