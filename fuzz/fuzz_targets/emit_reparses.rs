//! `cargo +nightly fuzz run emit_reparses fuzz/corpus/emit_reparses fuzz/seeds/yaml`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::emit_reparses(bytes));
