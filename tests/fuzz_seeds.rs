//! Replays the seeds of the fuzz targets as ordinary tests.
#![allow(clippy::disallowed_methods, reason = "a test reads its inputs itself")]
#![allow(clippy::print_stderr, reason = "a failing test says which seed it was")]

#[path = "../fuzz/properties.rs"]
mod properties;

use std::path::Path;

#[test]
fn parse_never_panics() {
    replay("yaml", properties::parse_never_panics);
}

#[test]
fn emit_reparses() {
    replay("yaml", properties::emit_reparses);
}

#[test]
fn build_never_panics() {
    replay("build", properties::build_never_panics);
}

#[test]
fn revision_trees() {
    replay("git", properties::revision_trees);
}

fn replay(folder: &str, property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder of seeds is there");
    let mut seeds: Vec<_> =
        entries.map(|entry| entry.expect("the entry is readable").path()).collect();
    seeds.sort_unstable();
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    for seed in seeds {
        eprintln!("{}", seed.display());
        property(&std::fs::read(&seed).expect("the seed is readable"));
    }
}
