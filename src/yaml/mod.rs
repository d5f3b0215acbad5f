//! YAML documents: read as kustomize reads them, changed in place, and written with the bytes that it writes.
//!
//! This layer knows nothing of Kubernetes. kustomize reads with go-yaml v3 and writes with go-yaml v2; both dialects
//! are those of libyaml. In comments, "the reference" is kustomize with the libraries that it uses.

mod analysis;
mod applied;
pub mod de;
pub mod edit;
mod emit;
mod json;
mod node;
pub mod parse;
pub mod path;
mod printed;
mod rewrite;
#[cfg(test)]
pub(crate) mod sample;
mod scalar;
mod serialize;
mod set;
pub mod share;
pub(crate) mod tight;
pub mod tokens;
mod typed;

pub use applied::as_applied;
pub use emit::{emit, emit_up_to, emit_within, push_text, through_json, written_length};
pub use json::{
    Form, TakeText, json_beginning, json_passage, not_json, push_json_string, to_json, to_json_by,
    write_json,
};
pub use node::{CollectionStyle, Kind, Mapping, Node, Scalar, Sequence, Share, Style, Tag, Text};
pub use printed::as_printed;
pub use rewrite::{
    Layout, Remarks, Shown, Written, WrittenStream, as_written, is_alias, print, rewrite, written,
};
pub use scalar::number::push_general;
pub use scalar::{Value, resolve, resolve_1_1};
pub(crate) use serialize::serialize;
pub use typed::{order_of_keys, twice};
