//! The capacity that a render asks for: requests and limits of its workloads, and the quotas of its namespaces; and the
//! images that it names.

mod images;
mod quotas;
mod replicas;
mod workload;

use super::facts::Facts;
use crate::resource::ResMap;
pub use images::{Image, images};
pub(crate) use quotas::COUNTED;
pub use quotas::{Hard, Quota};
pub use replicas::{Copies, Counted};
pub use workload::Workload;

/// The capacity that a render asks for.
#[derive(Clone, Debug, Default)]
pub struct Capacity {
    /// The workloads, in the order of the objects.
    pub workloads: Vec<Workload>,
    /// The quotas, in the order of the objects.
    pub quotas: Vec<Quota>,
}

/// The capacity that the objects of a render ask for. Agents are counted once for each of `nodes`. Linear in the number of
/// objects.
#[must_use]
pub fn capacity(objects: &ResMap, facts: &Facts, nodes: u64) -> Capacity {
    let workloads = workload::workloads(objects, facts, nodes);
    let quotas = quotas::quotas(objects, facts, &workloads);
    Capacity { workloads, quotas }
}
