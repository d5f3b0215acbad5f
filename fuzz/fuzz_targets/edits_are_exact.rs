//! `cargo +nightly fuzz run edits_are_exact fuzz/corpus/edits_are_exact fuzz/seeds/edits_are_exact`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::edits_are_exact(bytes));
