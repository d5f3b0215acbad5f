//! `cargo +nightly fuzz run parse_never_panics fuzz/corpus/parse_never_panics fuzz/seeds/yaml`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::parse_never_panics(bytes));
