//! YAML as a document: read as the reference reads it, changed in place, written byte for byte as it writes.
//!
//! Nothing here knows of Kubernetes. The reference reads with go-yaml v3 and writes with go-yaml v2; both dialects
//! are those of libyaml.

mod analysis;
pub mod de;
pub mod edit;
mod emit;
mod json;
mod node;
pub mod parse;
pub mod path;
mod rewrite;
#[cfg(test)]
pub(crate) mod sample;
mod scalar;
mod set;
pub mod share;
pub mod tokens;
mod typed;

pub use emit::{emit, emit_within, push_text, through_json};
pub use json::{
    Form, TakeText, json_passage, not_json, push_json_string, to_json, to_json_by, write_json,
};
pub use node::{CollectionStyle, Kind, Mapping, Node, Scalar, Sequence, Style, Tag, Text};
pub use rewrite::{Layout, Remarks, as_written, is_alias, rewrite};
pub use scalar::number::push_general;
pub use scalar::{Value, resolve, resolve_1_1};
pub use share::Share;
pub use typed::twice;
