//! `cargo +nightly fuzz run strategic_merge fuzz/corpus/strategic_merge fuzz/seeds/strategic_merge`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::strategic_merge(bytes));
