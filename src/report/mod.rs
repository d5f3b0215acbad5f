//! Output formats.
//!
//! Each format is a function of its input: it prints nothing and reads no environment. Text from input passes
//! [`crate::text::escape`]; a test holds every format against every character that is escaped there.

mod embedded;
pub mod errors;
pub mod findings;
pub mod fixes;
pub mod graphs;
mod patch;
pub mod reviews;
pub mod summaries;
#[cfg(test)]
mod tests;
pub mod traces;
pub mod upgrades;
