//! Secrets in what makes them: the entries of `secretGenerator`, and documents of the kind `SecretGenerator`.
//!
//! Values are put in every place of a generator by mistake, so only what has the form of a name or a path stays open.

use super::marks::Marks;
use crate::yaml::{Mapping, Node, Sequence};

/// Marks what is secret in the value of `secretGenerator`, whatever form it has.
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

/// Marks what is secret in a document of the kind `SecretGenerator`.
pub(super) fn document(root: &Node, marks: &mut Marks<'_>) {
    for (key, value) in root.as_mapping().into_iter().flat_map(Mapping::iter) {
        if !matches!(key.text(), "apiVersion" | "kind" | "metadata") {
            part(key.text(), value, marks);
        }
    }
}

/// Marks what is secret in a field of a generator. Names of fields match in any case.
fn part(key: &str, value: &Node, marks: &mut Marks<'_>) {
    match &*key.to_ascii_lowercase() {
        "name" | "namespace" | "behavior" | "type" | "env" | "envs" => each(value, marks, is_word),
        "files" => files(value, marks),
        "literals" => marks.literals(value),
        "options" => options(value, marks),
        _ => marks.values(value),
    }
}

/// Marks the elements of a list, or its only one, unless they are open.
fn each(list: &Node, marks: &mut Marks<'_>, is_open: fn(&str) -> bool) {
    let items = list.as_sequence().map_or(std::slice::from_ref(list), Sequence::items);
    for item in items.iter().filter(|item| !item.as_text().is_some_and(is_open)) {
        marks.literal(item);
    }
}

/// Marks what is no path in `files`: a value may stand behind a key as it does in `literals`.
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

/// Marks what is no option. Labels and annotations of a Secret are as open as those of other objects.
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

/// Whether text is no `key=value`: a name, or the path of a file of variables.
fn is_word(text: &str) -> bool {
    !text.contains('=')
}

/// Whether text has the form of a path, with a directory or an extension, and not that of a value.
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

    /// The value of a field `a`, in which what is secret is replaced.
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
