//! What holds for any YAML: no bytes make the parser panic, and no nesting exhausts a small stack.

#[path = "../fuzz/properties.rs"]
mod properties;
mod yaml;

use krender::source::Sources;
use krender::yaml::parse;
use proptest::prelude::*;
use yaml::mutation;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        properties::parse_never_panics(&bytes);
    }

    #[test]
    fn any_indicators_are_read_or_refused(text in "[a0~ \n\r\t:?#&*!|>'\"%@`{}\\[\\],<.-]{0,80}") {
        properties::parse_never_panics(text.as_bytes());
    }

    #[test]
    fn any_mutated_text_is_read_or_refused(text in mutation::text()) {
        properties::parse_never_panics(text.as_bytes());
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
            with_little_stack(move || properties::parse_never_panics(text.as_bytes()));
            let text = format!("key:\n{}x{}\n", open.repeat(depth), close.repeat(depth));
            with_little_stack(move || properties::parse_never_panics(text.as_bytes()));
        }
    }
    let staircase: String = (0..3_000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    with_little_stack(move || properties::parse_never_panics(staircase.as_bytes()));
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
