//! What has to hold for any bytes. The fuzz targets look for counterexamples; `tests/fuzz_seeds.rs` replays the seeds.

use krender::source::Sources;
use krender::yaml::parse;

/// Reading ends in documents or in an error.
pub(crate) fn parse_never_panics(bytes: &[u8]) {
    let sources = Sources::new();
    if let Ok(source) = sources.add("input.yaml", bytes) {
        drop(parse::documents(&source));
        drop(parse::document(&source));
    }
}
