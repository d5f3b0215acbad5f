//! `replicas:` changes the number of replicas of workloads.

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// The number of replicas of a workload.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Replica {
    /// Name of the workload.
    pub name: Spanned<Text>,
    /// Number of replicas.
    pub count: Spanned<i64>,
}
