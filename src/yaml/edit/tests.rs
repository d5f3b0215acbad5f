//! Changes with the resulting text, and changes that are refused.

use super::*;
use crate::source::Sources;
use crate::yaml::path::Path;
use crate::yaml::sample::drawn;

/// Applies a change written as one line: an operation, a path with steps separated by `/`, and a value, which is YAML
/// in braces for a collection.
fn outcome(text: &str, change: &str) -> String {
    let sources = Sources::new();
    let source = sources.add("input.yaml", text).unwrap();
    let mut words = change.splitn(3, ' ');
    let (operation, path) = (words.next().unwrap(), words.next().unwrap_or_default());
    let rest = words.next().unwrap_or_default();
    let steps: Vec<PathStep> = path
        .split('/')
        .filter(|step| !step.is_empty() && *step != ".")
        .map(|step| step.parse().map_or_else(|_| PathStep::Key(step.into()), PathStep::Index))
        .collect();
    let (operation, at) = match operation.split_once('@') {
        Some((operation, at)) => (operation, at.parse().ok()),
        None => (operation, None),
    };
    let (key, new) = rest.split_once('=').unwrap_or(("", rest));
    let value = match new.starts_with(['{', '[']) {
        true => crate::yaml::sample::document(&Sources::new(), new).unwrap(),
        false => Scalar::string(&new.replace('~', "\n"), Span::NONE).into(),
    };
    let (path, value) = (&steps[..], &value);
    let change = match operation {
        "set" => Change::Set { path, value },
        "entry" => Change::InsertEntry { path, at, key, value },
        "item" => Change::InsertItems { path, at, values: std::slice::from_ref(value) },
        "remove" => Change::Remove { path },
        "rename" => Change::Rename { path, key: rest },
        _ => panic!("{operation}"),
    };
    match edit(&source, 0, &change) {
        Ok(edited) => edited.text().to_owned(),
        Err(error) => drawn(&error, &sources),
    }
}

#[track_caller]
fn check(table: &[(&str, &str, &str)]) {
    for (text, change, expected) in table {
        assert_eq!(outcome(text, change), *expected, "{change} in\n{text}");
    }
}

#[test]
fn scalars_keep_their_quotes_and_comments() {
    check(&[
        ("a: x # c\n", "set a w", "a: w # c\n"),
        ("a: 'x' # c\n", "set a it's", "a: 'it''s' # c\n"),
        ("a: \"x\"\n", "set a w", "a: \"w\"\n"),
        ("a: 1\n", "set a 2", "a: \"2\"\n"),
        ("a: # c\nb: 1\n", "set a x", "a: x # c\nb: 1\n"),
        ("a: x\n  w\nb: 1\n", "set a z", "a: z\nb: 1\n"),
        ("a: |  # c\n  x\n\nb: 1\n", "set a w~z~", "a: |  # c\n  w\n  z\n\nb: 1\n"),
        ("a: >-  # c\n  x\nb: 1\n", "set a w", "a: w  # c\nb: 1\n"),
        ("a: x # c\r\nb: 1\r\n", "set a w~z~", "a: | # c\r\n  w\r\n  z\r\nb: 1\r\n"),
        ("a: !!str 5\n", "set a x", "a: x\n"),
        ("a: &x 5\n", "set a x", "a: &x x\n"),
        ("[a, b]\n", "set 1 c,d", "[a, \"c,d\"]\n"),
    ]);
}

#[test]
fn entries_go_where_they_are_asked_for() {
    check(&[
        ("# top\na: 1\n", "entry@0 . b=x", "# top\nb: x\na: 1\n"),
        ("a: 1\n# c\nc: 1\n", "entry@1 . b=x", "a: 1\nb: x\n# c\nc: 1\n"),
        ("a: 1 # end", "entry . b=x", "a: 1 # end\nb: x"),
        ("a:\n    b: 'x'\n", "entry a c=w", "a:\n    b: 'x'\n    c: 'w'\n"),
        ("l:\n- a: 1\n  b: 2\n", "entry@0 l/0 c=w", "l:\n- c: w\n  a: 1\n  b: 2\n"),
        ("a: {} # c\nb: 1\n", "entry a k=v", "a: # c\n  k: v\nb: 1\n"),
        ("a: # c\nb: 1\n", "item a x", "a: # c\n- x\nb: 1\n"),
        ("a:\n  - x # c\nb: 1\n", "item a w", "a:\n  - x # c\n  - w\nb: 1\n"),
        ("a:\n  - x\nb: []\n", "item b w", "a:\n  - x\nb:\n  - w\n"),
        ("a: [x, w]\n", "item@0 a z", "a: [z, x, w]\n"),
        ("a: [x, w,]\n", "item a z", "a: [x, w, z,]\n"),
        ("{\"a\": [1]}\n", "item a x", "{\"a\": [1, \"x\"]}\n"),
        ("{\"a\": []}\n", "item a {b: [c]}", "{\"a\": [{\"b\": [\"c\"]}]}\n"),
        (
            "{\n  \"a\": [\n    \"x\"\n  ]\n}\n",
            "item a w",
            "{\n  \"a\": [\n    \"x\",\n    \"w\"\n  ]\n}\n",
        ),
        ("a: \"1\"\nb: \"2\"\n", "entry . c=x", "a: \"1\"\nb: \"2\"\nc: x\n"),
        ("a:\n- &x b\n- *x\n", "entry . c=w", "a:\n- &x b\n- *x\nc: w\n"),
        ("a:\n- b:\n  - &x c\n  - *x\n", "item a w", "a:\n- b:\n  - &x c\n  - *x\n- w\n"),
        ("a: b\n# c\n\n# end\n", "entry . d=x", "a: b\n# c\n\n# end\nd: x\n"),
        ("a: b\n# end", "entry . d=x", "a: b\n# end\nd: x"),
        ("a:\n- b: c\n  # of b\n# end\n", "item a x", "a:\n- b: c\n  # of b\n- x\n# end\n"),
        ("a: b\n# c\n...\n# d\n", "entry . e=x", "a: b\n# c\ne: x\n...\n# d\n"),
        ("", "entry . a=x", "a: x\n"),
        ("# c", "entry . a=x", "# c\na: x\n"),
        ("\u{feff}# c\r\n---\r\n", "entry . a=x", "\u{feff}# c\r\n---\r\na: x\r\n"),
        ("{\"a\": 1}\n", "entry . b=x", "{\"a\": 1, \"b\": \"x\"}\n"),
        ("{\n  \"a\": 1\n}\n", "entry . b=x", "{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n"),
        ("a: [\n  x # c\n]\n", "item a w", "a: [\n  x, # c\n  w\n]\n"),
        ("\u{feff}a: 1\r\n", "entry . b={c: [d]}", "\u{feff}a: 1\r\nb: {c: [d]}\r\n"),
    ]);
}

#[test]
fn what_is_removed_takes_its_own_comments_along() {
    check(&[
        ("# top\n\n# a\na: 1 # a\n# b\nb: 2\n", "remove a", "# top\n\n# b\nb: 2\n"),
        ("a: 1\nb: 2 # b", "remove b", "a: 1\n"),
        ("l:\n- # a\n  a: 1 # a\n  # b\n  b: 2\n", "remove l/0/a", "l:\n- # a\n  # b\n  b: 2\n"),
        ("l:\n- a: 1 # a\n  # b\n  b: 2\n", "remove l/0/a", "l:\n- # b\n  b: 2\n"),
        ("a: # c\n  b: 1\nc: 2\n", "remove a/b", "a: {} # c\nc: 2\n"),
        ("a:\n- b\n", "remove a/0", "a: []\n"),
        ("- a: 1\n", "remove 0/a", "- {}\n"),
        ("a: 1\n", "remove a", "{}\n"),
        ("[a, b, c]\n", "remove 1", "[a, c]\n"),
        ("[a, b]\n", "remove 1", "[a]\n"),
        ("[ a ]\n", "remove 0", "[]\n"),
        ("[\n  a, # a\n  # b\n  b # b\n]\n", "remove 1", "[\n  a # a\n]\n"),
        ("a: |+\n  x\n\nb: 1\n", "remove a", "b: 1\n"),
        ("a: |+\n  x\n# b\nb: 1\n\n\n# c\nc: 2\n", "remove b", "a: |+\n  x\n# c\nc: 2\n"),
        ("a: |+\n  x\n\nb: 1\n\nc: 2\n", "remove b", "a: |+\n  x\n\nc: 2\n"),
        ("a: |\n  x\n\nb: 1\n\nc: 2\n", "remove b", "a: |\n  x\n\n\nc: 2\n"),
        ("# top\na: 1\nb: 2\n", "remove a", "# top\nb: 2\n"),
        ("# top\n\n# a\na: 1\nb: 2\n", "remove a", "# top\n\nb: 2\n"),
    ]);
}

#[test]
fn keys_are_renamed_in_place() {
    check(&[
        ("a: 1 # c\nb: 2\n", "rename a x", "x: 1 # c\nb: 2\n"),
        ("'a' : 1\n", "rename a x", "'x' : 1\n"),
        ("? a\n: 1\n", "rename a x", "? x\n: 1\n"),
        ("{a: 1}\n", "rename a x,w", "{\"x,w\": 1}\n"),
        ("a: 1\n", "rename a 5", "\"5\": 1\n"),
    ]);
}

#[test]
fn refusals_say_why() {
    check(&[
        (
            "a: &x 1\nb: *x\n",
            "set a w",
            "1:4 edit-refused: an alias stands for this node, and would change with it \
             (write the content out in place of the alias first) [2:4 the alias]",
        ),
        (
            "a: &x {k: 1}\nb: *x\n",
            "remove a/k",
            "1:4 edit-refused: an alias stands for this node, and would change with it \
             (write the content out in place of the alias first) [2:4 the alias]",
        ),
        (
            "a: &x {k: 1}\nb: *x\n",
            "set b/k w",
            "2:4 edit-refused: found an alias, whose node stands elsewhere \
             (change the node at its anchor, or write the content out in place of the alias)",
        ),
        (
            "a: &x {k: 1}\nb:\n  <<: *x\n",
            "set b/k w",
            "3:3 edit-refused: no key `k` here (what comes from a merge key is changed at its anchor)",
        ),
        ("a: 1\n", "set b w", "1:1 edit-refused: no key `b` here"),
        ("a: 1\n", "set 0 w", "1:1 edit-refused: no list with an element 0 here"),
        (
            "a: 1\na: 2\n",
            "set a w",
            "2:1 edit-refused: the key `a` occurs twice (remove one of the two)",
        ),
        (
            "a: 1\nb: 2\n",
            "rename a b",
            "1:4 edit-refused: the mapping has the key `b` already (set its value instead)",
        ),
        (
            "[a: b]\n",
            "remove 0/a",
            "1:5 edit-refused: found `key: value` without braces in a list (remove the element of the list)",
        ),
        (
            "a: !!null text\n",
            "entry a k=w",
            "1:11 edit-refused: expected a mapping to add an entry to",
        ),
        ("- !!null 'x'\n", "item 0 w", "1:10 edit-refused: expected a list to add elements to"),
    ]);
    assert_eq!(outcome("a: !!null ~\n", "entry a k=w"), "a:\n  k: w\n");
    let plain = outcome("a: &x {k: 1}\nb:\n  <<: *x\n", "entry b k=w");
    assert_eq!(plain, "a: &x {k: 1}\nb:\n  <<: *x\n  k: w\n");
    assert_eq!(outcome("a: &x 1\nb: *x\n", "set b w"), "a: &x 1\nb: w\n");
}

#[test]
fn changes_follow_each_other() {
    let source = Sources::new().add("input.yaml", "a: 1\nb: 2\n").unwrap();
    let path = [PathStep::Key("a".into())];
    let value = Scalar::string("x", Span::NONE).into();
    let changes = [
        Change::Rename { path: &path, key: "c" },
        Change::InsertEntry { path: &[], at: Some(0), key: "a", value: &value },
        Change::Remove { path: &[PathStep::Key("b".into())] },
    ];
    assert_eq!(edit_all(&source, 0, &changes).unwrap(), "a: x\nc: 1\n");
}

#[test]
fn elements_are_removed_together() {
    for (text, items, expected) in [
        ("a:\n- b # b\n# c\n- c\n- d\n- e\n", &[0, 1, 3][..], "a:\n- d\n"),
        ("a: [b, c, d, e]\n", &[0, 1, 3][..], "a: [d]\n"),
        ("a: [b, c, d, e]\n", &[2, 3][..], "a: [b, c]\n"),
        ("a:\n- b\n- c\n", &[0, 1][..], "a: []\n"),
    ] {
        let source = Sources::new().add("input.yaml", text).unwrap();
        let list = [PathStep::Key("a".into())];
        assert_eq!(remove_items(&source, 0, &list, items).unwrap(), expected, "{text}");
    }
}

#[test]
fn elements_move_with_their_comments() {
    for (text, expected) in [
        (
            "# a\na: # old\n# b\n- b # c\n- |\n  d\n# e\nx:\n  - y\n",
            Some("# a\n# e\nx:\n  - y\n  # old\n  # b\n  - b # c\n  - |\n    d\n"),
        ),
        (
            "x:\n- y # y\n# z\na:\n    # b\n    -   c: 1\n        d: 2\n    # e\n",
            Some("x:\n- y # y\n# z\n# b\n-   c: 1\n    d: 2\n# e\n"),
        ),
        ("a:\r\n- b\r\nx:\r\n- y\r\n", Some("x:\r\n- y\r\n- b\r\n")),
        ("# a\na: [b] # old\nx:\n- y\n", Some("# a\n# old\nx:\n- y\n- b\n")),
        ("a: # old\n# b\n- b # c\nx: [y]\n", Some("# old\n# b\n# c\nx: [y, b]\n")),
        ("{a: [b], x: [y]}\n", Some("{x: [y, b]}\n")),
        ("a: [b]\nx: 1\n", None),
        ("a:\n- |\n  b\nx:\n- y", Some("x:\n- y\n- |\n  b\n")),
        ("a:\n- |\n  b\nx: [y]", Some("x: [y, \"b\\n\"]")),
    ] {
        let source = Sources::new().add("input.yaml", text).unwrap();
        let path = |key: &str| [PathStep::Key(key.into())];
        let moved = move_items(&source, 0, &path("a"), &path("x"));
        assert_eq!(moved.ok().as_ref().map(Edited::text), expected, "{text}");
    }
}

#[test]
fn edits_in_disorder_are_refused() {
    let source = Sources::new().add("input.yaml", "a: 1\n").unwrap();
    let at = |start, end| TextEdit { span: source.span(start, end), text: "x".to_owned() };
    assert_eq!(apply(&source, &[at(0, 1), at(3, 4)]).unwrap(), "x: x\n");
    assert!(apply(&source, &[at(3, 4), at(0, 1)]).is_err());
    assert!(apply(&source, &[at(0, 3), at(2, 4)]).is_err());
}

/// The elements of `a` become mappings, each below the key `k`.
#[test]
fn elements_are_wrapped_with_their_text() {
    for (text, expected) in [
        ("a:\n- x # one\n- 'y' # two\n", "a:\n- k: x # one\n- k: 'y' # two\n"),
        (
            "a:\n- |- # one\n  x\n\n    y\n  \n# z\n- w\n",
            "a:\n- k: |- # one\n    x\n\n      y\n  \n# z\n- k: w\n",
        ),
        ("a:\n  -   |2+\n       x\n  \n", "a:\n  -   k: |2+\n           x\n      \n"),
        ("a:\n- &b x\n- *b\n", "a:\n- k: &b x\n- k: *b\n"),
        ("a:\n-\n  x\n- \"b\n  c\"\n", "a:\n-\n  k: x\n- k: \"b\n    c\"\n"),
        ("a: [x, 'y'] # z\n", "a: [{k: x}, {k: 'y'}] # z\n"),
        ("{\"a\": [\"x\"]}\n", "{\"a\": [{\"k\": \"x\"}]}\n"),
        ("a:\r\n- >\r\n  x\r\n  y\r\n", "a:\r\n- k: >\r\n    x\r\n    y\r\n"),
    ] {
        let source = Sources::new().add("input.yaml", text).unwrap();
        let count = parse::document(&source).unwrap().unwrap().root.get("a").unwrap().items().len();
        let wrapper = || Wrapper { before: &[], key: "k", is_listed: false };
        let wrapped: Vec<_> =
            (0..count).map(|index| (Path::of(&["a"]).index(index), wrapper())).collect();
        assert_eq!(wrap(&source, 0, &wrapped).unwrap().text(), expected, "{text}");
    }
}

/// The value of `a` becomes an element of a list, below the keys `b` and `k`.
#[test]
fn values_are_listed_with_their_comments() {
    for (text, expected) in [
        (
            "a: # x\n  # y\n  c: d # z\n  # w\ne: f\n",
            "a: # x\n- b: true\n  k:\n    # y\n    c: d # z\n    # w\ne: f\n",
        ),
        ("a: {c: d} # x\n", "a:\n- b: true\n  k: {c: d} # x\n"),
        ("a: &l # x\n    c: d\ne: *l\n", "a:\n- b: true\n  k: &l # x\n      c: d\ne: *l\n"),
        ("{\"a\": {\"c\": 1}}\n", "{\"a\": [{\"b\": true, \"k\": {\"c\": 1}}]}\n"),
        ("a: {\n  c: d,\n}\n", "a:\n- b: true\n  k: {\n    c: d,\n  }\n"),
        ("x:\n  - y\na:\r\n  c: d\r\n", "x:\n  - y\na:\r\n  - b: true\n    k:\n      c: d\r\n"),
    ] {
        let source = Sources::new().add("input.yaml", text).unwrap();
        let before = [("b", Scalar::untagged("true", Span::NONE).into())];
        let wrapper = Wrapper { before: &before, key: "k", is_listed: true };
        let wrapped = wrap(&source, 0, &[(Path::of(&["a"]), wrapper)]);
        assert_eq!(wrapped.unwrap().text(), expected, "{text}");
    }
}

#[test]
fn what_has_no_text_is_not_wrapped() {
    let source = Sources::new().add("input.yaml", "a:\n- x\n-\n").unwrap();
    let wrapper = Wrapper { before: &[], key: "k", is_listed: false };
    assert!(wrap(&source, 0, &[(Path::of(&["a"]).index(1), wrapper.clone())]).is_err());
    assert!(wrap(&source, 0, &[(Path::default(), wrapper.clone())]).is_err());
    assert!(wrap(&source, 0, &[(Path::of(&["b"]), wrapper)]).is_err());
}

#[test]
fn comments_are_put_above_the_entry_that_begins_a_line() {
    let text = "# a\nx:\n- b: {c: 1} # d\n  # e\n- {f: 2}\n";
    let source = Sources::new().add("input.yaml", text).unwrap();
    let path = Path::of(&["x"]).index(0);
    assert_eq!(comments(&source, 0, path.steps()).unwrap(), ["# d", "# e"]);
    let inner = path.keys(&["b", "c"]);
    let new = comment_above(&source, 0, inner.steps(), &["# g".to_owned()]).unwrap();
    assert_eq!(new.text(), "# a\nx:\n# g\n- b: {c: 1} # d\n  # e\n- {f: 2}\n");
}
