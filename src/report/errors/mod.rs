//! Errors and warnings: for people, and for programs.

mod frame;
pub mod human;
pub mod json;

use crate::error::Error;

/// A statement about the errors beyond a number, which are not written.
fn more(error: &Error, most: usize) -> Option<String> {
    let more = error.iter().count().saturating_sub(most);
    (more > 0).then(|| format!("{more} more failures are not shown"))
}
