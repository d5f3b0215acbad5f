//! `replicas:`

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// How many copies of a workload run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Replica {
    /// The name of the workload.
    pub name: Spanned<Text>,
    /// The number of copies.
    pub count: Spanned<i64>,
}
