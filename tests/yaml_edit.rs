//! Properties of edits in YAML text: tokens cover every byte, and a change keeps every byte outside of its edits and
//! gives the requested document.
//!
//! Documents × styles of collections × line ends × operations: each change is applied, parsed again, and compared with
//! the same change of the values in `serde_yaml`.
#![expect(clippy::panic, reason = "this is a test")]

mod yaml;

use krender::error::Code;
use krender::source::{Source, Sources, Span};
use krender::yaml::edit::{Change, Edited, edit, edit_all, edit_apart, rounds};
use krender::yaml::path::PathStep;
use krender::yaml::tokens::{Outline, TokenKind};
use krender::yaml::{CollectionStyle, Mapping, Node, Scalar, Style, as_written, parse, rewrite};
use proptest::prelude::*;
use serde_yaml::Value;
use std::sync::Arc;
use yaml::{mutation, value};

fn source(text: &str) -> Option<Arc<Source>> {
    Sources::new().add("input.yaml", text).ok()
}

/// Tokens are contiguous, and put together are the text.
fn tokens_cover(source: &Source) {
    let Ok(tokens) = parse::tokens(source) else {
        assert!(parse::documents(source).is_err(), "tokens are refused, documents are not");
        return;
    };
    let mut end = 0;
    for token in tokens.list() {
        assert_eq!(token.start(), end, "a gap, or two tokens on one byte: {:?}", source.text());
        assert!(token.end() > end, "an empty token");
        end = token.end();
    }
    assert_eq!(end, source.text().len());
    let documents = parse::documents(source).expect("tokens are read by the same reader");
    assert_eq!(documents.len(), tokens.documents().len());
    let has = |kind| tokens.list().iter().any(|token| token.kind() == kind);
    let is_plain = !has(TokenKind::Alias) && !source.text().contains("<<");
    for (document, outline) in documents.iter().zip(tokens.documents()) {
        let mut nodes = Vec::new();
        scalars(&document.root, &mut nodes);
        let pieces: Vec<(String, Span)> = outline
            .pieces()
            .iter()
            .filter_map(|piece| piece.scalar())
            .map(|scalar| (scalar.text().to_owned(), scalar.span()))
            .collect();
        // A key that is a collection appears as empty text.
        let is_complex = nodes.iter().any(|(text, span)| text.is_empty() && span.length() > 2);
        if is_plain && !is_complex {
            // A comment after the last text may lengthen it.
            let texts = |list: &[(String, Span)]| -> Vec<(String, Span)> {
                list.iter().map(|(text, span)| (text.trim_end().to_owned(), *span)).collect()
            };
            assert_eq!(texts(&nodes), texts(&pieces), "{:?}", source.text());
        }
    }
    let comments: Vec<Span> = tokens
        .list()
        .iter()
        .filter(|token| token.kind() == TokenKind::Comment)
        .map(|token| source.span(token.start(), token.end()))
        .collect();
    let noted = parse::comments(source);
    assert!(noted.iter().all(|comment| comments.contains(comment)), "{:?}", source.text());
}

/// Keys and other scalars in the order of the text.
fn scalars(root: &Node, out: &mut Vec<(String, Span)>) {
    let mut pending = vec![(None, root)];
    while let Some((key, node)) = pending.pop() {
        let both = key.into_iter().chain(node.as_scalar());
        out.extend(both.map(|scalar: &Scalar| (scalar.text().to_owned(), scalar.span())));
        let items = node.as_sequence().map_or(&[][..], |list| list.items());
        pending.extend(items.iter().rev().map(|item| (None, item)));
        let entries = node.as_mapping().map_or(&[][..], Mapping::entries);
        pending.extend(entries.iter().rev().map(|(key, value)| (Some(key), value)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens_cover_any_indicators(text in "[a0~ \n\r\t:?#&*!|>'\"%{}\\[\\],<.-]{0,80}") {
        source(&text).iter().for_each(|source| tokens_cover(source));
    }

    #[test]
    fn tokens_cover_any_mutated_text(text in mutation::text()) {
        source(&text).iter().for_each(|source| tokens_cover(source));
    }

    #[test]
    fn any_text_is_written_again_or_refused(text in mutation::text()) {
        if let Some(source) = source(&text)
            && let Ok(Some(root)) = as_written(&source)
        {
            let mut out = String::new();
            rewrite(&root, &source, &mut out).expect("what was read is written");
        }
    }

    #[test]
    fn any_value_is_set_and_inserted(new in value::mapping(), number in 0..DOCUMENTS.len()) {
        let new = value::node(&new);
        let source = source(DOCUMENTS[number]).expect("it is text");
        let root = parse::documents(&source).expect("it is YAML")[0].root.clone();
        for path in paths(&root) {
            for operation in [Operation::Set(new.clone()), Operation::Insert(None, new.clone())] {
                check(&source, &root, &path, &operation);
            }
        }
    }
}

/// Documents of all styles. The first document of each is changed.
const DOCUMENTS: &[&str] = &[
    "a: 1\n",
    "a: 1",
    "# top\n\n# about a\na: 1 # one\n# about b\nb:\n  c: x\n  d: 'y'\n# end\n",
    "a:\n    b:\n        c: \"x\"\n        d: \"y\"\n    list:\n      - p\n      - q # second\n",
    "list:\n- a\n- b\n-\n- c: 1\n  d: 2\n- - x\n  - y\nend: true\n",
    "list:\n  # about x\n  - name: x # first\n    value: 1\n  # about y\n  - # inner\n    name: y\n\n  - name: z\n",
    "a: {b: 1, c: [x, y], d: {}, e: []}\nf: []\ng: {} # none\nh:\ni: ~\nj: null # nil\n",
    "{\"a\": 1, \"b\": [\"x\", \"y\"], \"c\": {\"d\": null}}\n",
    "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    \"y\"\n  ],\n  \"c\": {}\n}\n",
    "list: [\n  a, # first\n  # about b\n  b,\n  c, # last\n]\nmap: { x: 1, y: 2 }\n",
    "a: |\n  text\n  more\n\nb: >-\n  folded\n  lines\n# about c\nc: |- # note\n  x\nd: \"q\"\n",
    "a: plain\n  goes on\nb:\n  on its own line\nc: !!str 5\nd: &x y\ne: !tag z\n",
    "? a\n: b\n? c\n: - d\n  - e\nf: 1\n",
    "a: 1\n---\nb: 2\n--- # third\nc: 3\n",
    "--- # first\na: 1\nb:\n  c: 2\n...\nrest\n",
    "- a\n- b: 1\n  c: 2\n- [x, {y: z}]\n- |\n  text\n",
    "[a, b, [c]]\n",
    "é: ü\nlist: [ö, 😀]\n日本:\n  - 語\n",
    "empty: ''\n'q': 'it''s'\n\"dq\": \"tab\\t\"\n123: number\ntrue: bool\n",
    "deep:\n  - - - a\n      - b\n    - c: d\n",
    "a:\n\n  b: 1\n\n\n  c: 2\n\nd: 3\n",
    "a: |+\n  keep\n\nb: 1\n",
    "a:\n  b: |\n    x",
    "a: >2+ # c\n    x",
    "- |-\n  x",
];

/// An operation at a path.
#[derive(Clone, Debug)]
enum Operation {
    Set(Node),
    Insert(Option<usize>, Node),
    Remove,
    Rename(String),
}

/// The steps of a path.
type Path = Vec<Result<String, usize>>;

/// The paths of all nodes of a document, in the order of the text.
fn paths(root: &Node) -> Vec<Path> {
    let mut paths = Vec::new();
    let mut pending = vec![(Path::new(), root)];
    while let Some((path, node)) = pending.pop() {
        let below = |step| path.iter().cloned().chain([step]).collect();
        for (at, item) in node.as_sequence().map_or(&[][..], |list| list.items()).iter().enumerate()
        {
            pending.push((below(Err(at)), item));
        }
        for (key, value) in node.as_mapping().map_or(&[][..], Mapping::entries) {
            pending.push((below(Ok(key.text().to_owned())), value));
        }
        paths.push(path);
    }
    paths
}

/// Makes the change, and asserts that it is made as requested, or refused.
fn check(source: &Source, root: &Node, path: &Path, operation: &Operation) -> bool {
    let steps: Vec<PathStep> = path
        .iter()
        .map(|step| match step {
            Ok(key) => PathStep::Key(key.as_str().into()),
            Err(at) => PathStep::Index(*at),
        })
        .collect();
    let node = steps.iter().try_fold(root, |node, step| step.down(node));
    let node = node.expect("the path is of this document");
    let (steps, is_null) = (&steps[..], node.is_null());
    let change = match operation {
        // A null document counts as missing.
        Operation::Set(value) if path.is_empty() && value.is_null() => return true,
        Operation::Set(value) => Change::Set { path: steps, value },
        Operation::Insert(at, value) if node.as_sequence().is_some() => {
            Change::InsertItems { path: steps, at: *at, values: std::slice::from_ref(value) }
        }
        Operation::Insert(at, value) if node.as_mapping().is_some() || is_null => {
            Change::InsertEntry { path: steps, at: *at, key: "new", value }
        }
        Operation::Insert(..) => return true,
        Operation::Remove if path.is_empty() => return true,
        Operation::Remove => Change::Remove { path: steps },
        Operation::Rename(_) if !matches!(steps.last(), Some(PathStep::Key(_))) => return true,
        Operation::Rename(key) => Change::Rename { path: steps, key },
    };
    let context = || format!("{change:?} in\n{}", source.text());
    match edit(source, 0, &change) {
        Ok(edited) => {
            bytes_stay(source, &edited);
            let mut expected = value::read(root);
            change_value(&mut expected, steps, &change);
            let new = krender_source(edited.text());
            let documents = parse::documents(&new).unwrap_or_else(|error| {
                panic!("{error:?}\n{}\n{}", context(), edited.text());
            });
            let old = parse::documents(source).expect("it is YAML");
            assert_eq!(documents.len(), old.len());
            let read: Vec<Value> =
                documents.iter().map(|document| value::read(&document.root)).collect();
            assert_eq!(read[0], expected, "{}\n{}", context(), edited.text());
            for (new, old) in read.iter().zip(&old).skip(1) {
                assert_eq!(*new, value::read(&old.root));
            }
            let comments = |source: &Source| parse::comments(source).len();
            if !matches!(change, Change::Remove { .. } | Change::Set { .. }) {
                assert_eq!(comments(&new), comments(source), "{}\n{}", context(), edited.text());
            }
            true
        }
        Err(error) => {
            assert_eq!(error.code(), Code::EditRefused, "{}", context());
            false
        }
    }
}

fn krender_source(text: &str) -> Arc<Source> {
    source(text).expect("it is text")
}

/// Asserts that every byte outside of the edits is unchanged.
fn bytes_stay(source: &Source, edited: &Edited) {
    let (old, new) = (source.text(), edited.text());
    let (mut from, mut to) = (0, 0);
    for edit in edited.edits() {
        let start = (edit.span.start() - source.base()) as usize;
        let kept = start - from;
        assert_eq!(old[from..start], new[to..to + kept]);
        assert_eq!(new[to + kept..][..edit.text.len()], edit.text);
        from = start + edit.span.length() as usize;
        to += kept + edit.text.len();
    }
    assert_eq!(old[from..], new[to..]);
}

/// Makes the same change in a value.
fn change_value(root: &mut Value, steps: &[PathStep], change: &Change<'_>) {
    let is_around = matches!(change, Change::Remove { .. } | Change::Rename { .. });
    let way = &steps[..steps.len() - usize::from(is_around)];
    let key_of = |map: &serde_yaml::Mapping, name: &str| {
        map.keys().find(|key| key_text(key) == name).cloned().expect("the key is there")
    };
    let place = way.iter().fold(root, |value, step| match (step, value) {
        (PathStep::Key(name), Value::Mapping(map)) => {
            let key = key_of(map, name);
            map.get_mut(&key).expect("the key is there")
        }
        (PathStep::Index(at), Value::Sequence(list)) => &mut list[*at],
        (step, _) => panic!("no {step:?}"),
    });
    match change {
        Change::Set { value, .. } => *place = value::read(value),
        Change::InsertEntry { at, key, value, .. } => {
            if place.is_null() {
                *place = Value::Mapping(serde_yaml::Mapping::new());
            }
            let Value::Mapping(map) = place else { panic!("no mapping") };
            let mut entries: Vec<_> = std::mem::take(map).into_iter().collect();
            let at = at.unwrap_or(entries.len());
            entries.insert(at, (Value::from(*key), value::read(value)));
            map.extend(entries);
        }
        Change::InsertItems { at, values, .. } => {
            let Value::Sequence(list) = place else { panic!("no list") };
            let at = at.unwrap_or(list.len());
            list.splice(at..at, values.iter().map(value::read));
        }
        Change::Remove { .. } => match (place, steps.last()) {
            (Value::Mapping(map), Some(PathStep::Key(name))) => {
                let key = key_of(map, name);
                map.shift_remove(&key);
            }
            (Value::Sequence(list), Some(PathStep::Index(at))) => drop(list.remove(*at)),
            _ => panic!("nothing to remove"),
        },
        Change::Rename { key, .. } => {
            let (Value::Mapping(map), Some(PathStep::Key(name))) = (place, steps.last()) else {
                panic!("no mapping")
            };
            let old = key_of(map, name);
            let renamed = std::mem::take(map).into_iter().map(|(key_before, value)| {
                if key_before == old { (Value::from(*key), value) } else { (key_before, value) }
            });
            map.extend(renamed);
        }
    }
}

fn key_text(key: &Value) -> String {
    match key {
        Value::String(text) => text.clone(),
        other => serde_yaml::to_string(other).expect("it is a scalar").trim_end().to_owned(),
    }
}

fn text(text: &str) -> Node {
    Scalar::string(text, Span::NONE).into()
}

fn plain(text: &str) -> Node {
    Scalar::parsed(text, krender::yaml::Tag::None, Style::Plain, Span::NONE).into()
}

/// Values of all forms.
fn values() -> Vec<Node> {
    let key = |name| Scalar::string(name, Span::NONE);
    let list = Node::sequence(vec![text("a"), text("b: c")], Span::NONE);
    let map = Node::mapping(
        vec![(key("k"), text("v")), (key("yes"), list.clone()), (key("e"), plain("{}"))],
        Span::NONE,
    );
    let mut flow = map.clone();
    flow.as_mapping_mut().expect("it is one").set_style(CollectionStyle::Flow);
    let nested = Node::sequence(vec![map.clone(), list.clone(), text("x\ny\n")], Span::NONE);
    vec![
        text("word"),
        text("5"),
        text("a: b #c"),
        text("it's"),
        text("[x], {y}?"),
        text(""),
        text("yes"),
        text("two\nlines"),
        text("two\nlines\n"),
        text("  indented\n\n"),
        text("\ttab\u{85}é😀\\\""),
        plain("5"),
        plain("1.5"),
        plain("true"),
        plain("null"),
        list,
        map,
        flow,
        nested,
        Node::sequence(Vec::new(), Span::NONE),
        Node::mapping(Vec::new(), Span::NONE),
    ]
}

fn operations() -> Vec<Operation> {
    let mut operations = vec![Operation::Remove];
    operations
        .extend(["renamed", "5", "a b", "it's: \"", "ü2"].map(|key| Operation::Rename(key.into())));
    for value in values() {
        operations.push(Operation::Set(value.clone()));
        operations.extend([None, Some(0), Some(1)].map(|at| Operation::Insert(at, value.clone())));
    }
    operations
}

/// True if the position of an operation exists in a node.
fn fits(node: &Node, operation: &Operation) -> bool {
    let length = node.as_sequence().map(|list| list.items().len());
    let length = length.or(node.as_mapping().map(Mapping::len)).unwrap_or_default();
    !matches!(operation, Operation::Insert(Some(at), _) if *at > length)
}

#[test]
fn each_operation_is_made_at_each_place_of_each_document() {
    let mut refused = Vec::new();
    for document in DOCUMENTS {
        let variants = [
            (*document).to_owned(),
            document.replace('\n', "\r\n"),
            format!("\u{feff}{document}"),
            format!("{document}---\nbehind: it\n"),
        ];
        for (variant, text) in variants.iter().enumerate() {
            if variant == 3 && (document.contains("...") || !document.ends_with('\n')) {
                continue;
            }
            let source = krender_source(text);
            let root = parse::documents(&source).expect("it is YAML")[0].root.clone();
            for path in paths(&root) {
                let node = path.iter().fold(&root, |node, step| match step {
                    Ok(key) => node.get(key).expect("it is there"),
                    Err(at) => &node.as_sequence().expect("it is one").items()[*at],
                });
                for operation in operations().iter().filter(|operation| fits(node, operation)) {
                    if !check(&source, &root, &path, operation) {
                        refused.push(format!("{text:?} {path:?} {operation:?}"));
                    }
                }
            }
        }
    }
    assert!(
        refused.is_empty(),
        "{} are refused:\n{}",
        refused.len(),
        refused[..refused.len().min(60)].join("\n")
    );
}

/// Pairs of changes of each document: those of one round give the text that they give one after another.
#[test]
fn changes_of_different_collections_are_made_at_once() {
    let value = Node::mapping(vec![(Scalar::string("k", Span::NONE), text("v"))], Span::NONE);
    let (mut made, mut refused) = (0, Vec::new());
    for document in DOCUMENTS {
        let source = krender_source(document);
        let root = parse::documents(&source).expect("it is YAML")[0].root.clone();
        let paths: Vec<Vec<PathStep>> = paths(&root)
            .into_iter()
            .map(|path| {
                let step = |step: Result<String, usize>| match step {
                    Ok(key) => PathStep::Key(key.as_str().into()),
                    Err(at) => PathStep::Index(at),
                };
                path.into_iter().map(step).collect()
            })
            .collect();
        let changes: Vec<(&[PathStep], Change<'_>)> = paths
            .iter()
            .flat_map(|path| {
                let node = path.iter().try_fold(&root, |node, step| step.down(node));
                let around = path.split_last().map(|(_, around)| around);
                let node = node.expect("it is there");
                let insert = if node.as_mapping().is_some() {
                    Some(Change::InsertEntry { path, at: None, key: "new", value: &value })
                } else if node.as_sequence().is_some() {
                    let values = std::slice::from_ref(&value);
                    Some(Change::InsertItems { path, at: None, values })
                } else {
                    None
                };
                let inner = [Change::Set { path, value: &value }, Change::Remove { path }];
                let inner = inner.into_iter().filter_map(move |change| Some((around?, change)));
                insert.map(|change| (&path[..], change)).into_iter().chain(inner)
            })
            .collect();
        for (first, one) in &changes {
            for (second, other) in &changes {
                let of_one_round = rounds([*first, *second]).len() == 1;
                let in_turn = edit_all(&source, 0, &[*one, *other]);
                let (true, Ok(expected)) = (of_one_round, in_turn) else { continue };
                match edit_apart(&source, 0, &[*one, *other]) {
                    Some(text) => {
                        assert_eq!(text, expected, "{one:?}, {other:?} in\n{document}");
                        made += 1;
                    }
                    None => refused.push(format!("{document:?} {one:?} {other:?}")),
                }
            }
        }
    }
    let few = refused[..refused.len().min(20)].join("\n");
    assert!(made > 20 * refused.len() && made > 500, "{made} made, {}:\n{few}", refused.len());
}

#[test]
fn the_outline_of_a_document_is_its_structure() {
    let source = krender_source("a: {b: [c: d]}\n? [e]\n: *x\n");
    assert!(parse::tokens(&source).is_err(), "the anchor is not there");
    let source = krender_source("a: &x {b: [c: d]}\n? [e]\n: *x\n");
    let tokens = parse::tokens(&source).expect("it is YAML");
    let outline: &Outline = &tokens.documents()[0];
    let children: Vec<usize> = outline.children(0).collect();
    assert_eq!(children.len(), 4);
    let written = |piece: usize| &source.text()[outline.pieces()[piece].range()];
    let parts: Vec<&str> = children.iter().map(|child| written(*child)).collect();
    assert_eq!(parts, ["a", "{b: [c: d]}", "[e]", "*x"]);
}
