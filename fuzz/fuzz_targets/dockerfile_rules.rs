//! `cargo +nightly fuzz run dockerfile_rules fuzz/corpus/dockerfile_rules fuzz/seeds/dockerfile_rules`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::dockerfile_rules(bytes));
