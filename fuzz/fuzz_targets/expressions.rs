//! `cargo +nightly fuzz run expressions fuzz/corpus/expressions fuzz/seeds/expressions`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::expressions(bytes));
