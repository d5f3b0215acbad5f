//! `cargo +nightly fuzz run check_suppressions fuzz/corpus/check_suppressions fuzz/seeds/check_suppressions`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::check_suppressions(bytes));
