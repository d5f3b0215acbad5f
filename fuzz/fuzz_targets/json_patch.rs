//! `cargo +nightly fuzz run json_patch fuzz/corpus/json_patch fuzz/seeds/json_patch`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::json_patch(bytes));
