//! Output formats of reviews.
//!
//! Text and Markdown are for people. Both write a [`page`], which decides the order and the words; [`layout`] limits its
//! length. Unified diffs and JSON are for other programs.

mod headline;
pub mod json;
mod layout;
pub mod markdown;
mod outline;
mod page;
#[cfg(test)]
mod tests;
pub mod text;
pub mod unified;
mod words;
