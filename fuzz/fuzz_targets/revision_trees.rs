//! `cargo fuzz run revision_trees fuzz/corpus/revision_trees fuzz/seeds/git`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::revision_trees(bytes));
