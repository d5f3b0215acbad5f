//! KR-AVL: copies, and their places.

mod autoscalers;
mod copies;
mod disruption;

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule};
use crate::harden::violation::Severity;

/// The parts that most rules about availability have in common.
const OF_AVAILABILITY: Rule = Rule {
    id: "",
    name: "",
    text: "",
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Suppressions,
};

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &copies::REPLICAS,
    &copies::TOPOLOGY_SPREAD,
    &copies::SPREAD_SELECTOR,
    &disruption::PDB_MISSING,
    &disruption::PDB_BLOCKS,
    &disruption::PDB_OVERLAP,
    &disruption::PDB_UNHEALTHY_POLICY,
    &autoscalers::HPA_RANGE,
    &autoscalers::HPA_REPLICAS_CONFLICT,
    &autoscalers::HPA_TARGET,
    &autoscalers::HPA_DUPLICATE,
];
