//! The graph of kustomizations: what each one lists, what each entry adds and changes, and the files that none of them
//! reads.
//!
//! A target is built with an observer that counts (`Counts`); the [`Graph`] is then read from the kustomization files,
//! and each entry gets its count. A target that cannot be built is drawn without counts.

mod count;
mod difference;
mod entries;
mod entry;
mod model;
mod unused;

pub use count::{Counted, count};
pub use difference::Effect;
pub use entry::{Entry, LeadsTo};
pub use model::{Graph, Layer, Target};
pub use unused::unused;
