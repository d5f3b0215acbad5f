//! `cargo +nightly fuzz run revision_trees fuzz/corpus/revision_trees fuzz/seeds/revision_trees`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::revision_trees(bytes));
