//! KR-RBAC: rights within the cluster.

mod bindings;
mod roles;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &bindings::CLUSTER_ADMIN_BINDING,
    &roles::WILDCARD,
    &roles::SECRET_ACCESS,
    &roles::POD_EXEC_OR_CREATE,
    &roles::ESCALATE,
    &bindings::ANONYMOUS,
    &bindings::UNRESOLVED_BINDING,
];
