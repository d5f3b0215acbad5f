//! `cargo +nightly fuzz run diff_of_renders fuzz/corpus/diff_of_renders fuzz/seeds/diff_of_renders`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::diff_of_renders(bytes));
