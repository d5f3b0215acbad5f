//! Properties that hold for any bytes. The fuzz targets search for counterexamples; `tests/fuzz_seeds.rs` replays the
//! seeds and the stored corpora.

#![allow(unused_imports, reason = "each program looks at some of them")]

mod archive;
mod builds;
mod documents;
mod edits;
mod judgements;
mod reviews;
mod revisions;

pub(crate) use builds::{
    build_never_panics, json_patch, kustomization_fields, replacement_paths, strategic_merge,
};
pub(crate) use documents::{emit_reparses, parse_never_panics};
pub(crate) use edits::edits_are_exact;
pub(crate) use judgements::{dockerfile_rules, expressions};
pub(crate) use reviews::{check_suppressions, diff_of_renders};
pub(crate) use revisions::revision_trees;
