//! `cargo +nightly fuzz run kustomization_fields fuzz/corpus/kustomization_fields fuzz/seeds/kustomization_fields`

#![no_main]

#[allow(dead_code, reason = "each target looks at one property")]
#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::kustomization_fields(bytes));
