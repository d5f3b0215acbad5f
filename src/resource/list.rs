//! Expands objects that are lists of resources.

use std::collections::{BTreeSet, VecDeque};

use super::valid::{text_of, valid};
use crate::error::{Code, Error, Result};
use crate::yaml::de::form;
use crate::yaml::{
    CollectionStyle, Form, Kind, Mapping, Node, Scalar, Sequence, Style, Tag, Value, resolve,
    write_json,
};

/// The items of a `List` or a `ResourceList`, unchanged; any other document is returned as is.
///
/// # Errors
/// [`Code::NotAResource`] if the items are a mapping.
pub(super) fn unwrap(root: Node) -> Result<Vec<Node>> {
    if !is_wrapper(&root) {
        return Ok(vec![root]);
    }
    Ok(match root.get("items") {
        Some(items) if items.kind() == Kind::Sequence => {
            items.as_sequence().map_or(Vec::new(), |items| items.items().to_vec())
        }
        // Kustomize treats the keys and values of a mapping as items, and non-empty keys are not resources.
        Some(items) => match items.as_mapping() {
            Some(entries) if entries.iter().any(|(key, _)| !Node::from(key.clone()).is_empty()) => {
                return Err(no_list(&root, items, Code::NotAResource));
            }
            Some(entries) => entries.iter().map(|(_, value)| value.clone()).collect(),
            None => Vec::new(),
        },
        None => Vec::new(),
    })
}

/// True for a `List` or a `ResourceList` with items or a function's configuration.
pub(super) fn is_wrapper(root: &Node) -> bool {
    matches!(text_of(root, "kind"), "List" | "ResourceList")
        && (root.get("items").is_some() || root.get("functionConfig").is_some())
}

/// Replaces every object of a kind that ends in `List` and has items by its items, which come after everything else.
///
/// Kustomize decodes such a list, and each item again from JSON: strings become quoted, times become strings, and
/// numbers are formatted by Go, which matters where they are read as text.
///
/// # Errors
/// [`Code::InvalidType`] if the items are not a list, [`Code::DuplicateKey`] and [`Code::InvalidKey`] for nodes that
/// JSON cannot represent, and those of items that are not resources.
pub(super) fn inline(roots: Vec<Node>) -> Result<Vec<Node>> {
    if !roots.iter().any(is_list) {
        return Ok(roots);
    }
    let mut inlined = Vec::new();
    let mut pending: VecDeque<(Node, bool)> = roots.into_iter().map(|root| (root, false)).collect();
    while let Some((mut root, is_json)) = pending.pop_front() {
        if !is_list(&root) {
            inlined.push(root);
            continue;
        }
        if !is_json {
            root.as_mapping().map_or(Ok(()), check_unique)?;
            root.get_mut("items").map_or(Ok(()), pass_through_json)?;
        }
        for item in items(&root)? {
            pending.extend(valid(unwrap(item.clone())?)?.into_iter().map(|item| (item, true)));
        }
    }
    Ok(inlined)
}

fn is_list(root: &Node) -> bool {
    // Taken as written: a null is its word.
    let kind = root.get("kind").and_then(Node::as_text).unwrap_or_default();
    kind.ends_with("List") && root.get("items").is_some()
}

fn items(root: &Node) -> Result<&[Node]> {
    let Some(items) = root.get("items").filter(|items| !items.is_null()) else {
        return Ok(&[]);
    };
    let list = items.as_sequence().map(Sequence::items);
    list.ok_or_else(|| no_list(root, items, Code::InvalidType))
}

#[cold]
fn no_list(root: &Node, items: &Node, code: Code) -> Error {
    let kind = text_of(root, "kind");
    let message =
        format!("found {} under `items` of a `{kind}`, expected a list of resources", form(items));
    let error = Error::new(code, message).at(items.span());
    let error = match items.kind() {
        Kind::Mapping => error.help("begin each resource with `- `"),
        Kind::Scalar | Kind::Sequence => error,
    };
    error.help(
        "an object that has `items` and a kind that ends in `List` counts as a list of resources",
    )
}

/// Gives a tree the styles that it would have in JSON, so that strings stay strings when edited.
fn pass_through_json(root: &mut Node) -> Result<()> {
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        match node.kind() {
            Kind::Scalar => {
                if let Some(written) = node.as_scalar().map(in_json).transpose()?.flatten() {
                    *node = written.into();
                }
            }
            Kind::Sequence => {
                if let Some(sequence) = node.as_sequence_mut() {
                    sequence.set_style(CollectionStyle::Flow);
                    pending.extend(sequence.items_mut());
                }
            }
            Kind::Mapping => {
                if let Some(mapping) = node.as_mapping_mut() {
                    check_unique(mapping)?;
                    mapping.set_style(CollectionStyle::Flow);
                    for (key, value) in mapping.entries_mut() {
                        *key = key_in_json(key)?;
                        pending.push(value);
                    }
                }
            }
        }
    }
    Ok(())
}

/// A string in double quotes, or a null as `null`, because an empty value is an empty string in a flow collection;
/// `None` if JSON makes no relevant change.
fn in_json(scalar: &Scalar) -> Result<Option<Scalar>> {
    let quoted = |text: &str| Scalar::parsed(text, Tag::None, Style::DoubleQuoted, scalar.span());
    let plain = |text: &str| {
        let is_same = scalar.text() == text && scalar.tag() == Tag::None;
        (!is_same).then(|| Scalar::parsed(text, Tag::None, Style::Plain, scalar.span()))
    };
    Ok(match resolve(scalar)? {
        Value::Str(text) => Some(quoted(&text)),
        Value::Timestamp(text) => Some(quoted(&text)),
        Value::Null => Some(Scalar::parsed("null", Tag::None, Style::Plain, scalar.span())),
        Value::Bool(bool) => plain(if bool { "true" } else { "false" }),
        Value::Int(number) => plain(&number.to_string()),
        Value::Uint(number) => plain(&number.to_string()),
        Value::Float(_) => {
            let mut text = String::new();
            write_json(&scalar.clone().into(), Form::Compact, &mut text)?;
            plain(&text)
        }
    })
}

fn check_unique(mapping: &Mapping) -> Result<()> {
    let mut seen = BTreeSet::new();
    match mapping.iter().find(|(key, _)| !seen.insert(key.text())) {
        Some((key, _)) => {
            Err(Error::new(Code::DuplicateKey, format!("the key `{}` is given twice", key.text()))
                .at(key.span())
                .help("remove one of the two"))
        }
        None => Ok(()),
    }
}

fn key_in_json(key: &Scalar) -> Result<Scalar> {
    if let Value::Str(text) = resolve(key)? {
        return Ok(Scalar::parsed(&text, Tag::None, Style::DoubleQuoted, key.span()));
    }
    Err(Error::new(Code::InvalidKey, format!("the key `{}` is not a string", key.text()))
        .at(key.span())
        .help("put it in quotes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::{names, read};

    #[track_caller]
    fn code(text: &str) -> Code {
        read(text).unwrap_err().code()
    }

    #[test]
    fn a_list_that_is_the_whole_file_is_unwrapped() {
        let text = "kind: List\nitems:\n- {kind: A, metadata: {name: 2001-01-01}}\n- null\n- {}\n";
        let read = read(text).unwrap();
        assert_eq!(format!("{:?}", read[0].node()), "{kind: A, metadata: {name: 2001-01-01}}");
        assert_eq!(read.len(), 1);
        assert_eq!(names("kind: List\nitems: text\n"), Vec::<String>::new());
        assert_eq!(names("kind: ResourceList\nfunctionConfig: {}\n"), Vec::<String>::new());
        assert_eq!(names("kind: List\nmetadata: {}\n"), ["List/"]);
    }

    #[test]
    fn items_of_other_lists_come_last() {
        let text = "
kind: AList
items:
- {kind: A, metadata: {name: a1}}
- {kind: List, items: [{kind: A, metadata: {name: a2}}, {kind: BList, items: [{kind: B, metadata: {name: b}}]}]}
---
kind: C
metadata: {name: c}
---
kind: DList
items: ~
---
kind: List
items: [{kind: E, metadata: {name: e}}]
";
        assert_eq!(names(text), ["C/c", "A/a1", "A/a2", "E/e", "B/b"]);
    }

    #[test]
    fn items_of_other_lists_are_written_as_in_json() {
        let item = "{kind: A, metadata: {name: 'a'}, x: [b, 1.0, 2001-01-01, true, ~], y: }";
        let read = read(&format!("kind: AList\nitems: [{item}]\n")).unwrap();
        let expected = "{\"kind\": \"A\", \"metadata\": {\"name\": \"a\"}, \
                        \"x\": [\"b\", 1, \"2001-01-01T00:00:00Z\", true, null], \"y\": null}";
        assert_eq!(format!("{:?}", read[0].node()), expected);
    }

    #[test]
    fn lists_of_something_else_are_refused() {
        assert_eq!(code("kind: List\nitems: {kind: A, metadata: {name: a}}\n"), Code::NotAResource);
        assert_eq!(code("kind: AList\nitems: {a: b}\n"), Code::InvalidType);
        assert_eq!(code("kind: AList\nitems: [text]\n"), Code::NotAResource);
        assert_eq!(code("kind: AList\nitems: []\nitems: []\n"), Code::DuplicateKey);
        assert_eq!(
            code("kind: AList\nitems: [{kind: A, 1: 2, metadata: {name: a}}]\n"),
            Code::InvalidKey
        );
    }

    #[test]
    fn deep_lists_need_little_stack() {
        let body = || {
            let text = "kind: AList\nitems: ".to_owned()
                + &"[{kind: BList, items: ".repeat(4000)
                + "[]"
                + &"}]".repeat(4000);
            assert_eq!(names(&text), Vec::<String>::new());
        };
        std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
    }
}
