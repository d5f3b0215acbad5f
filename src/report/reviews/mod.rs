//! Output formats of reviews.
//!
//! Text, Markdown and HTML are for people. They write a [`page`], which decides the order and the words; [`layout`] limits
//! the length of text and Markdown. Unified diffs and JSON are for other programs.

mod found;
mod headline;
pub mod html;
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
