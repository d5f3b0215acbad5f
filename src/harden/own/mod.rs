//! Own rules: rules of a configuration, whose conditions are expressions in CEL.

mod examples;
mod judge;
mod objects;
mod read;
mod rule;

pub use examples::{Tested, test};
pub(super) use judge::{judge, without_values};
pub(super) use objects::Expressed;
pub(super) use read::{Words, read};
pub use rule::{OwnExample, OwnRule};
