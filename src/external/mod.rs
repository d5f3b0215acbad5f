//! Programs that krender starts: the only module that starts processes.
//!
//! A [`Program`] gets no standard input unless it is asked questions, only the environment that it is given, and
//! limited time. Its standard error becomes part of an error: it is never written to the terminal directly.

mod environment;
pub mod git;
mod guard;
pub mod helm;
pub mod kubectl;
mod memory;
mod program;
mod user;

pub use environment::Environment;
pub use guard::{GUARD, guard};
pub use program::{Outcome, Program, end_programs};
pub use user::user_and_group;
