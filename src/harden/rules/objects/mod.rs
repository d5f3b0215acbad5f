//! KR-K8S: the quality of manifests.

mod containers;
mod deprecated_api;
mod fields;
mod jobs;
mod labels;
mod names;
mod namespaces;
mod ranges;
mod services;
mod volumes;
mod yaml_traps;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &labels::RECOMMENDED_LABELS,
    &labels::SELECTOR_MISMATCH,
    &deprecated_api::DEPRECATED_API,
    &names::INVALID_NAME,
    &containers::DUPLICATE_ENV,
    &namespaces::NAKED_POD,
    &jobs::JOB_TTL,
    &jobs::CRONJOB_DEADLINE,
    &jobs::JOB_RESTART_POLICY,
    &namespaces::DEFAULT_NAMESPACE,
    &namespaces::SYSTEM_NAMESPACE,
    &containers::DUPLICATE_CONTAINER_OR_PORT,
    &services::STATEFUL_SERVICE_NAME,
    &volumes::DEPLOYMENT_WITH_RWO,
    &fields::UNKNOWN_FIELD,
    &yaml_traps::YAML_TRAP,
    &services::SERVICE_TYPE,
    &namespaces::PRIORITY_CLASS,
    &labels::REVISION_HISTORY,
    &ranges::NUMBER_RANGE,
];
