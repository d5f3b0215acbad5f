//! `cargo +nightly fuzz run replacement_paths fuzz/corpus/replacement_paths fuzz/seeds/replacement_paths`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::replacement_paths(bytes));
