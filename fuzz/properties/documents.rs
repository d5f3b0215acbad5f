//! Properties of reading and writing YAML.

use krender::source::Sources;
use krender::yaml::{self, parse};

/// Parsing gives documents or an error.
pub(crate) fn parse_never_panics(bytes: &[u8]) {
    let sources = Sources::new();
    if let Ok(source) = sources.add("input.yaml", bytes) {
        drop(parse::documents(&source));
        drop(parse::document(&source));
    }
}

/// Written text is parsed as the same document: written again, it has the same bytes.
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
