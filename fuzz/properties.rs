//! What has to hold for any bytes. The fuzz targets look for counterexamples; `tests/fuzz_seeds.rs` replays the seeds.

use krender::build;
use krender::load::{self, Loader, Memory};
use krender::source::Sources;
use krender::yaml::{self, parse};

/// Reading ends in documents or in an error.
pub(crate) fn parse_never_panics(bytes: &[u8]) {
    let sources = Sources::new();
    if let Ok(source) = sources.add("input.yaml", bytes) {
        drop(parse::documents(&source));
        drop(parse::document(&source));
    }
}

/// What is written reads as the same: written again, it has the same bytes.
pub(crate) fn emit_reparses(bytes: &[u8]) {
    let sources = Sources::new();
    let Ok(source) = sources.add("input.yaml", bytes) else { return };
    for document in parse::documents(&source).unwrap_or_default() {
        let mut first = String::new();
        if yaml::emit(&document.root, &mut first).is_err() {
            assert!(first.is_empty(), "a failure leaves text behind: {first:?}");
            continue;
        }
        let written = sources.add("output.yaml", first.as_str()).expect("what is written is text");
        let again = parse::documents(&written);
        assert!(again.is_ok(), "not read back: {again:?}\n{first}");
        let mut second = String::new();
        for document in again.unwrap_or_default() {
            yaml::emit(&document.root, &mut second)
                .expect("what was written once is written again");
        }
        assert_eq!(first, second);
    }
}

/// A build of any files ends in resources or in an error.
///
/// The bytes are an archive: a line `-- PATH --` stands before the content of each file, and what comes before the
/// first such line is kustomization.yaml.
pub(crate) fn build_never_panics(bytes: &[u8]) {
    let loader = Loader::new(files(bytes), load::Options::default());
    if let Ok(output) = build::build(&loader, "/", &build::Options::default()) {
        drop(output.resources.to_yaml());
    }
}

fn files(archive: &[u8]) -> Memory {
    let mut memory = Memory::new();
    let (mut path, mut content) = ("kustomization.yaml".to_owned(), Vec::new());
    for line in archive.split_inclusive(|&byte| byte == b'\n') {
        let name = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.trim_end().strip_prefix("-- ")?.strip_suffix(" --"));
        match name {
            Some(name) => {
                memory = memory.file(&path, std::mem::take(&mut content));
                path = name.to_owned();
            }
            None => content.extend_from_slice(line),
        }
    }
    memory.file(path, content)
}
