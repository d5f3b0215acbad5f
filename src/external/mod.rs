//! Programs that krender starts: the only place where processes begin.
//!
//! A [`Program`] is run without standard input, with the environment that it is given and no other, for a limited time,
//! and what it writes to standard error becomes part of an error: it never reaches the terminal by itself.

mod environment;
pub mod git;
mod program;

pub use environment::Environment;
pub use program::{Outcome, Program};
