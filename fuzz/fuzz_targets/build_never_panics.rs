//! `cargo +nightly fuzz run build_never_panics fuzz/corpus/build_never_panics fuzz/seeds/build`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::build_never_panics(bytes));
