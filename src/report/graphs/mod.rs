//! Output formats of the graph of kustomizations.
//!
//! Text draws trees, one for each target; a kustomization that was drawn before is referred to. JSON has everything.
//! Graphviz and Mermaid get the same [`drawing`].

mod drawing;
mod json;
mod text;
mod words;

pub use drawing::{dot, mermaid};
pub use json::json;
pub use text::text;
