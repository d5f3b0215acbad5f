//! Secret values in the entries of `secretGenerator`, and in documents of the kind `SecretGenerator`.
//!
//! Users put values into every field of a generator by mistake, so only text in the form of a name or a path is shown.

use super::marks::Marks;
use crate::yaml::{Mapping, Node, Sequence};

/// Marks the secret values of `secretGenerator`, whatever its form.
pub(super) fn field(field: &Node, marks: &mut Marks<'_>) {
    if let Some(list) = field.as_sequence() {
        list.items().iter().for_each(|entry| match entry.as_mapping() {
            Some(fields) => fields.iter().for_each(|(key, value)| part(key.text(), value, marks)),
            None => marks.literal(entry),
        });
    } else if let Some(fields) = field.as_mapping() {
        fields.iter().for_each(|(key, value)| part(key.text(), value, marks));
    } else {
        marks.literal(field);
    }
}

/// Marks the secret values of a document of the kind `SecretGenerator`.
pub(super) fn document(root: &Node, marks: &mut Marks<'_>) {
    for (key, value) in root.as_mapping().into_iter().flat_map(Mapping::iter) {
        if !matches!(key.text(), "apiVersion" | "kind" | "metadata") {
            part(key.text(), value, marks);
        }
    }
}

/// Marks the secret values of a field of a generator. Field names match in any case.
fn part(key: &str, value: &Node, marks: &mut Marks<'_>) {
    match &*key.to_ascii_lowercase() {
        "name" | "namespace" | "behavior" | "type" | "env" | "envs" => each(value, marks, is_word),
        "files" => files(value, marks),
        "literals" => marks.literals(value),
        "options" => options(value, marks),
        _ => marks.values(value),
    }
}

/// Marks the elements of a list, or a single value, unless `is_open` is true for them.
fn each(list: &Node, marks: &mut Marks<'_>, is_open: fn(&str) -> bool) {
    let items = list.as_sequence().map_or(std::slice::from_ref(list), Sequence::items);
    for item in items.iter().filter(|item| !item.as_text().is_some_and(is_open)) {
        marks.literal(item);
    }
}

/// Marks the elements of `files` that are not paths: a value may follow a key as in `literals`.
fn files(list: &Node, marks: &mut Marks<'_>) {
    let is_file = |text: &str| text.split_once('=').is_none_or(|(_, path)| is_path(path));
    let items = list.as_sequence().map_or(std::slice::from_ref(list), Sequence::items);
    for item in items.iter().filter(|item| item.as_mapping().is_some()) {
        let values = item.as_mapping().into_iter().flat_map(Mapping::iter).map(|(_, value)| value);
        values
            .filter(|value| !value.as_text().is_some_and(is_path))
            .for_each(|value| marks.values(value));
    }
    for item in items.iter().filter(|item| item.as_mapping().is_none()) {
        if !item.as_text().is_some_and(is_file) {
            marks.literal(item);
        }
    }
}

/// Marks unknown options. Labels and annotations of a Secret are shown like those of other objects.
fn options(options: &Node, marks: &mut Marks<'_>) {
    let Some(fields) = options.as_mapping() else { return each(options, marks, is_word) };
    for (key, value) in fields.iter() {
        match &*key.text().to_ascii_lowercase() {
            "labels" | "annotations" if value.as_mapping().is_some() => {}
            "disablenamesuffixhash" | "immutable" if value.as_text().is_some_and(is_word) => {}
            _ => marks.literals(value),
        }
    }
}

/// True if text is not a `key=value`: a name, or the path of an env file.
fn is_word(text: &str) -> bool {
    !text.contains('=')
}

/// True if text looks like a path, with a directory or an extension, and not like a value.
fn is_path(text: &str) -> bool {
    const LONGEST_EXTENSION: usize = 10;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/ ".contains(letter);
    let has_extension = |name: &str| {
        name.rsplit_once('.').is_some_and(|(_, extension)| {
            extension.len() <= LONGEST_EXTENSION && extension.contains(char::is_alphabetic)
        })
    };
    text.chars().all(is_plain) && (text.contains('/') || has_extension(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::parse;

    /// The value of a field `a` with secrets masked.
    fn masked(text: &str) -> String {
        let text = format!("a: {text}\n");
        let source = Source::detached(&text);
        let root = parse::document(&source).unwrap().unwrap().root;
        let mut ranges = Vec::new();
        field(root.get("a").unwrap(), &mut Marks { source: &source, ranges: &mut ranges });
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by_key(|range| range.start);
        let mut out = text.clone();
        ranges.into_iter().rev().for_each(|range| out.replace_range(range, "*"));
        out["a: ".len()..].trim_end().to_owned()
    }

    #[test]
    fn values_are_found_in_each_form_of_an_entry() {
        for (text, expected) in [
            ("[A=b]", "[A=*]"),
            ("b", "*"),
            ("[[A=b]]", "[[*]]"),
            ("{A: b}", "{A: *}"),
            ("[{Literals: [A=b], name: n}]", "[{Literals: [A=*], name: n}]"),
            ("[{name: [A=b], type: {A: b}}]", "[{name: [A=*], type: {A: *}}]"),
            ("[{envs: [.env, A=b, {A: b}]}]", "[{envs: [.env, A=*, {A: *}]}]"),
            (
                "[{files: [a.txt, k=a.txt, k=d/a, password]}]",
                "[{files: [a.txt, k=a.txt, k=d/a, password]}]",
            ),
            ("[{files: [A=b, [b], {A: b, B: b.txt}]}]", "[{files: [A=*, [*], {A: *, B: b.txt}]}]"),
            ("[{files: {A: b}}]", "[{files: {A: *}}]"),
            ("[{files: A=b==}]", "[{files: A=*}]"),
            (
                "[{options: {labels: {A: b}, data: [A=b]}}]",
                "[{options: {labels: {A: b}, data: [A=*]}}]",
            ),
            ("[{data: {A: b}}]", "[{data: {A: *}}]"),
            ("{A: &b c, B: !b c, C: !!str c}", "{A: * *, B: * *, C: !!str *}"),
            ("\n  A: &b\n  B: !b\n  C: c", "\n  A: *\n  B: *\n  C: *"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
