//! Output formats of the graph of kustomizations.
//!
//! Text draws trees, one for each target; a kustomization that was drawn before is referred to. JSON has everything.
//! Graphviz and Mermaid get the same [`drawing`]. HTML is a page with the output, and the layer that set each line.

mod drawing;
mod json;
mod page;
mod text;
mod words;

pub use drawing::{dot, mermaid};
pub use json::json;
pub use page::html;
pub use text::text;
