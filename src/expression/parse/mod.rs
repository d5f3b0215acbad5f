//! The syntax of expressions: the crate `cel` parses, and its tree is compiled to [`Code`].

#[cfg(feature = "cel")]
mod macros;
#[cfg(feature = "cel")]
mod tree;

use super::code::Code;
use super::{Mistake, Names};

/// Parses and compiles an expression. Returns the slots of the variables that it uses, too.
#[cfg(feature = "cel")]
pub(super) fn parse(text: &str, names: Names<'_>) -> Result<(Code, Vec<bool>), Mistake> {
    tree::parse(text, names)
}

#[cfg(not(feature = "cel"))]
pub(super) fn parse(_: &str, _: Names<'_>) -> Result<(Code, Vec<bool>), Mistake> {
    let message = "this krender is built without the feature `cel`, and evaluates no expressions";
    Err(Mistake::new(message, 0..0).lacking())
}
