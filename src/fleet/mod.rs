//! Many targets: [runs](Run) that build them together, those of a tree, what they cost, which a change affects, and results that are kept from earlier runs.

mod affected;
mod costs;
mod kept;
mod named;
mod run;
mod secrets;
mod steps;
mod targets;

pub use crate::build::IsSame;
pub use affected::{Affected, affected};
pub use costs::{costs, share};
pub use kept::{Found, Keeper, Kept};
pub use run::Run;
pub use targets::{PassedOver, Survey, Target, Why};
