//! Properties of any YAML: values survive writing and reading, by krender and by an independent reader, and no bytes
//! make the parser or the emitter panic.

#[path = "../fuzz/properties/mod.rs"]
#[allow(dead_code, reason = "the build has a test of its own")]
mod properties;
mod yaml;

use krender::limits::Budget;
use krender::source::Sources;
use krender::yaml::{Node, Scalar, Shown, as_printed, emit, parse, print, written};
use proptest::prelude::*;
use serde_yaml::Value;
use yaml::{mutation, value};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_as_the_same_values(value in value::mapping()) {
        let mut text = String::new();
        emit(&value::node(&value), &mut text).expect("it has a form in the output");
        let theirs: Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        prop_assert_eq!(&theirs, &value, "serde_yaml reads otherwise:\n{}", text);
        let source = Sources::new().add("output.yaml", text.as_str()).expect("it is text");
        let documents = parse::documents(&source).expect("it is YAML");
        let ours: Vec<Value> = documents.iter().map(|document| value::read(&document.root)).collect();
        prop_assert_eq!(&ours, &[value], "it reads otherwise:\n{}", text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        properties::emit_reparses(&bytes);
    }

    #[test]
    fn any_indicators_are_read_or_refused(text in "[a0~ \n\r\t:?#&*!|>'\"%@`{}\\[\\],<.-]{0,80}") {
        properties::emit_reparses(text.as_bytes());
    }

    #[test]
    fn any_mutated_text_is_read_or_refused(text in mutation::text()) {
        properties::emit_reparses(text.as_bytes());
    }

    #[test]
    fn a_printed_document_is_what_is_read_from_the_output(text in mutation::text()) {
        read_again(&text);
    }

    #[test]
    fn any_indicators_are_printed_as_read_from_the_output(text in "[a0~ \n:?#&*!|>'\"{}\\[\\],.-]{0,80}") {
        read_again(&text);
    }

    #[test]
    fn a_printed_mapping_is_what_is_read_from_the_output(value in value::mapping()) {
        is_as_read(&value::node(&value));
    }

    /// Except for comments in flow collections and folded text, which go-yaml v3 itself changes.
    #[test]
    fn what_is_printed_as_it_was_written_reads_as_the_same(text in mutation::text()) {
        printed_again(&text);
    }

    #[test]
    fn any_indicators_are_printed_again(text in "[a0~ \n:?#&*!|'\"{}\\[\\],.-]{0,80}") {
        printed_again(&text);
    }

    #[test]
    fn any_mutated_text_is_edited_or_not_changed(text in mutation::text()) {
        properties::edits_are_exact(text.as_bytes());
    }

    #[test]
    fn any_indicators_are_edited_or_not_changed(text in "[a0~ \n\r\t:?#&*!|>'\"%{}\\[\\],<.-]{0,80}") {
        properties::edits_are_exact(text.as_bytes());
    }
}

/// The texts and the structure of a document, without styles.
fn texts(node: &Node) -> String {
    match (node.as_text(), node.as_sequence()) {
        (Some(text), _) => format!("{text:?}"),
        (None, Some(_)) => {
            format!("[{}]", node.items().iter().map(texts).collect::<Vec<_>>().join(","))
        }
        (None, None) => {
            let entry =
                |(key, value): &(Scalar, Node)| format!("{:?}:{}", key.text(), texts(value));
            format!("{{{}}}", node.entries().iter().map(entry).collect::<Vec<_>>().join(","))
        }
    }
}

/// Compares each document of a text with what is read from its output.
fn read_again(text: &str) {
    let Ok(source) = Sources::new().add("text.yaml", text) else { return };
    for document in parse::documents(&source).iter().flatten() {
        is_as_read(&document.root);
    }
}

fn is_as_read(root: &Node) {
    let mut text = String::new();
    match emit(root, &mut text) {
        Ok(()) => {
            let source = Sources::new().add("output.yaml", text.as_str()).expect("it is text");
            let again = parse::document(&source).expect("it is YAML").expect("it is a document");
            assert_eq!(as_printed(root).expect("it can be written"), again.root, "{text}");
        }
        Err(error) => {
            let refused = as_printed(root).expect_err("it cannot be written");
            assert_eq!(refused.code(), error.code());
        }
    }
}

/// Prints the documents of a text as they are written, and reads them again.
fn printed_again(text: &str) {
    let sources = Sources::new();
    let Ok(source) = sources.add("text.yaml", text) else { return };
    let Ok(stream) = written(&source, &Budget::default()) else { return };
    let mut printed = Vec::new();
    for document in &stream.documents {
        let mut text = String::new();
        let root = document.root().expect("it is a document");
        print(root, &[document], Shown::default(), &mut text).expect("it has a root");
        printed.push(text);
    }
    let is_changed_by_go = text.contains('>') || text.contains('#') && text.contains(['{', '[']);
    if is_changed_by_go {
        return;
    }
    for (document, text) in stream.documents.iter().zip(printed) {
        let source = sources.add("printed.yaml", text.as_str()).expect("it is text");
        let again = written(&source, &Budget::default());
        let again = again.expect("it is YAML still");
        let roots: Vec<_> = again.documents.iter().filter_map(|it| it.root().map(texts)).collect();
        assert_eq!(roots, [document.root().map(texts).unwrap_or_default()], "{text}");
    }
}

#[test]
fn control_characters_have_no_form_in_the_output() {
    for character in ['\u{7f}', '\u{80}', '\u{9f}', '\u{fffe}', '\u{ffff}'] {
        let value: Value =
            Value::Mapping([("key".into(), format!("a{character}b").into())].into_iter().collect());
        let mut text = "before".to_owned();
        emit(&value::node(&value), &mut text).expect_err("go-yaml v2 does not read it back");
        assert_eq!(text, "before");
    }
}

#[test]
fn deep_nesting_needs_little_stack() {
    for (open, close) in [
        ("[", "]"),
        ("{a: ", "}"),
        ("- ", ""),
        ("? ", ""),
        ("- ? ", ""),
        ("[{a: ", "}]"),
        ("&a ", ""),
    ] {
        for depth in [10, 4_900, 9_999, 10_001, 100_000] {
            let text = format!("key: {}\n", open.repeat(depth) + &close.repeat(depth));
            with_little_stack(move || properties::emit_reparses(text.as_bytes()));
            let text = format!("key:\n{}x{}\n", open.repeat(depth), close.repeat(depth));
            with_little_stack(move || properties::emit_reparses(text.as_bytes()));
        }
    }
    let staircase: String = (0..3_000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    with_little_stack(move || properties::emit_reparses(staircase.as_bytes()));
}

#[test]
fn aliases_that_multiply_are_refused() {
    let level = |level: usize| match level.checked_sub(1) {
        None => "a0: &a0 [x]\n".to_owned(),
        Some(below) => {
            format!("a{level}: &a{level} [{}]\n", vec![format!("*a{below}"); 10].join(", "))
        }
    };
    let text: String = (0..20).map(level).collect();
    let source = Sources::new().add("aliases.yaml", text).expect("it is text");
    assert!(parse::documents(&source).is_err());
}

fn with_little_stack(work: impl FnOnce() + Send + 'static) {
    let thread =
        std::thread::Builder::new().stack_size(512 << 10).spawn(work).expect("a thread starts");
    thread.join().expect("it returns");
}
