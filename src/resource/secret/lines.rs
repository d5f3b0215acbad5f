//! Finds secret values line by line, in texts that are not, or not entirely, YAML.

use std::ops::Range;

use crate::text::url::user_length;

/// Keys whose values describe an object or a patch, and are not secret.
const OPEN: &[&str] = &[
    "apiVersion",
    "kind",
    "name",
    "namespace",
    "op",
    "path",
    "from",
    "type",
    "group",
    "version",
    "behavior",
    "immutable",
];
/// Keys of mappings in which such keys count.
const AROUND: &[&str] = &[
    "metadata",
    "items",
    "labels",
    "target",
    "patches",
    "patchesJson6902",
    "secretGenerator",
    "resources",
];

/// The shortest user of a URL without a password that counts as a token. Those of GitHub have 40 characters, of GitLab 20.
const SHORTEST_TOKEN: usize = 16;

/// Adds the user and password, or the token, of each URL: `https://user:password@host`.
pub(super) fn credentials(text: &str, ranges: &mut Vec<Range<usize>>) {
    let mut start = 0;
    let find = |start: usize| memchr::memmem::find(&text.as_bytes()[start..], b"://");
    while let Some(scheme_end) = find(start).map(|at| start + at) {
        start = scheme_end + 3;
        let Some(length) = user_length(&text[start..]) else { continue };
        if length >= SHORTEST_TOKEN || text[start..start + length].contains(':') {
            ranges.push(start..start + length);
        }
    }
}

/// Adds the text after the first `=` of each line, and lines that are not `KEY=value`. Quotes around a line belong to
/// it.
pub(super) fn variables(text: &str, range: Range<usize>, ranges: &mut Vec<Range<usize>>) {
    for (start, line) in lines(text, range) {
        let body = line.trim_start_matches(['"', '\'', ' ', '\t', '\u{FEFF}']);
        let key = body.split_once('=').map(|(key, _)| key).filter(|key| is_name(key.trim_end()));
        let open = key.map_or(0, |key| key.len() + 1);
        let quote = line.trim_start().chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let closing = quote.filter(|quote| body.len() > open && body.ends_with(*quote));
        let end = line.len() - closing.map_or(0, char::len_utf8);
        ranges.push(start + line.len() - body.len() + open..start + end);
    }
}

/// True if text is a variable name, and not part of a value that contains `=`.
fn is_name(key: &str) -> bool {
    const LONGEST: usize = 48;
    !key.is_empty()
        && key.len() <= LONGEST
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Adds the values of YAML or JSON, except for those that describe an object.
pub(super) fn values(text: &str, range: Range<usize>, ranges: &mut Vec<Range<usize>>) {
    // The enclosing keys of a line, each with its indentation.
    let mut around: Vec<(usize, &str)> = Vec::new();
    // The indentation of the key whose value continues in more indented lines.
    let mut within: Option<usize> = None;
    for (start, line) in lines(text, range) {
        let mut rest = line.trim_start();
        let mut indent = line.len() - rest.len();
        if rest.is_empty() {
            continue;
        }
        if matches!(line, "---" | "...") {
            around.clear();
            within = None;
            continue;
        }
        if within.is_some_and(|key| indent > key) {
            ranges.push(start + indent..start + line.len());
            continue;
        }
        within = None;
        while let Some(item) = rest.strip_prefix("- ").or_else(|| rest.strip_prefix("? ")) {
            indent += rest.len() - item.trim_start().len();
            rest = item.trim_start();
        }
        around.retain(|(outer, _)| *outer < indent);
        // A value that should be a text.
        let is_within = around.iter().rev().skip(1).any(|(_, outer)| is_data(outer));
        let Some((key, value)) = split_key(rest).filter(|_| !is_within) else {
            if rest
                .contains(|letter: char| !letter.is_ascii_punctuation() && !letter.is_whitespace())
            {
                ranges.push(start + line.len() - rest.len()..start + line.len());
            }
            continue;
        };
        let is_open = OPEN.contains(&key) && around.iter().all(|(_, outer)| AROUND.contains(outer))
            || around.last().is_some_and(|(_, outer)| *outer == "labels");
        let is_plain =
            !value.starts_with(['|', '>', '{', '[', '*', '&', '!']) && !value.contains(" #");
        let is_nested =
            value.trim_end_matches(',').chars().all(|letter| matches!(letter, '{' | '['));
        around.push((indent, key));
        if !(is_nested || is_open && is_plain) {
            ranges.push(start + line.len() - value.len()..start + line.len());
            within = Some(indent);
        }
    }
}

fn is_data(key: &str) -> bool {
    matches!(key, "data" | "stringData")
}

/// Splits a line into a key and the text after its colon.
fn split_key(line: &str) -> Option<(&str, &str)> {
    const LONGEST: usize = 64;
    let (key, behind) = match line.strip_prefix(['"', '\'']) {
        Some(quoted) => quoted.split_once(['"', '\''])?,
        None => line.split_at(line.find(':')?),
    };
    let value = behind.trim_start().strip_prefix(':')?;
    let is_apart =
        value.is_empty() || value.starts_with([' ', '\t']) || line.starts_with(['"', '\'']);
    let is_key = key.len() <= LONGEST
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./~$()".contains(&byte));
    (is_apart && is_key).then_some((key, value.trim()))
}

/// Adds the secret values of a text that is not YAML: all of its values if it mentions a Secret, otherwise those below
/// `secretGenerator`.
pub(super) fn of_malformed(text: &str, ranges: &mut Vec<Range<usize>>) {
    const FIELD: &str = "secretGenerator";
    if mentions_object(text) {
        return values(text, 0..text.len(), ranges);
    }
    let mut section: Option<(usize, usize)> = None;
    for (start, line) in lines(text, 0..text.len()) {
        let rest = line.trim_start();
        let indent = line.len() - rest.len();
        if let Some((key, begin)) = section
            && indent <= key
            && !rest.is_empty()
            && !rest.starts_with(['-', '#', ']', '}'])
        {
            values(text, begin..start, ranges);
            section = None;
        }
        let key = rest.trim_start_matches(['"', '\'']);
        if key.get(..FIELD.len()).is_some_and(|key| key.eq_ignore_ascii_case(FIELD)) {
            section = section.or(Some((indent, start)));
        }
    }
    if let Some((_, begin)) = section {
        values(text, begin..text.len(), ranges);
    }
}

/// True if text declares a Secret, or an object that makes one: `kind: Secret`, in any form.
pub(super) fn mentions_object(text: &str) -> bool {
    /// Maximum distance in bytes between a key and its value: there may be quotes, tags and line breaks between.
    const NEAR: usize = 80;
    let is_near = |at: usize| {
        let start = at + "kind".len();
        let rest = &text[start..text.floor_char_boundary((start + NEAR).min(text.len()))];
        let rest = rest.trim_start_matches(['"', '\'', '\\']).trim_start();
        let Some(rest) = rest.strip_prefix(':') else { return false };
        let is_head = |line: &&str| line.chars().all(|letter| !letter.is_alphabetic());
        let line = rest.lines().find(|line| !is_head(line)).unwrap_or_default();
        let value = line.split([',', '}']).next().unwrap_or_default();
        value.to_ascii_lowercase().contains("secret")
    };
    let bytes = text.as_bytes();
    memchr::memmem::find(bytes, b"stringData").is_some()
        || memchr::memmem::find_iter(bytes, b"kind").any(is_near)
}

/// The lines of a part of a text, each with its offset and without its line break.
fn lines(text: &str, range: Range<usize>) -> impl Iterator<Item = (usize, &str)> {
    let mut start = range.start;
    let part = text.get(range).unwrap_or_default();
    part.split_inclusive('\n').map(move |line| {
        let place = start;
        start += line.len();
        (place, line.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn masked(text: &str, find: fn(&str, Range<usize>, &mut Vec<Range<usize>>)) -> String {
        let mut ranges = Vec::new();
        find(text, 0..text.len(), &mut ranges);
        let mut out = text.to_owned();
        for range in super::super::by_lines(text, ranges).into_iter().rev() {
            out.replace_range(range, "*");
        }
        out
    }

    #[test]
    fn urls_show_no_credentials() {
        let all =
            |text: &str, _: Range<usize>, ranges: &mut Vec<Range<usize>>| credentials(text, ranges);
        for (text, expected) in [
            ("- https://user:pass@host/a@b", "- https://*@host/a@b"),
            ("`git::https://t0ken0t0ken0t0ken@host`", "`git::https://*@host`"),
            ("ssh://git@host/a, https://user@host/a", "ssh://git@host/a, https://user@host/a"),
            ("ssh://user:p:a@b@host/a", "ssh://*@host/a"),
            ("https://git@host/a git@host:a/b://", "https://git@host/a git@host:a/b://"),
            ("https://host/?a=b@c https://", "https://host/?a=b@c https://"),
            ("'https://user:pa/s?s@host/a'", "'https://*@host/a'"),
            ("http://a:b@c\nhttp://d:ä@e", "http://*@c\nhttp://*@e"),
        ] {
            assert_eq!(masked(text, all), expected);
        }
    }

    #[test]
    fn variables_show_their_keys() {
        assert_eq!(
            masked("A=1\n# old\n B='x'\nC\n==\nMII/+a==\n", variables),
            "A=*\n*\n B=*\n*\n*\n*\n"
        );
        assert_eq!(masked("'a=b'", variables), "'a=*'");
    }

    #[test]
    fn values_show_their_keys() {
        let text = "apiVersion: v1\nkind: Secret # x\nmetadata:\n  name: a\n  labels: {a: b}\nstringData:\n  name: b\n  c: |\n    d: e\n  f: \"g\n    h\"\n---\n- op: test\n  path: /a\n  value: b\n";
        let expected = "apiVersion: v1\nkind: *\nmetadata:\n  name: a\n  labels: *\nstringData:\n  name: *\n  c: *\n    *\n  f: *\n    *\n---\n- op: test\n  path: /a\n  value: *\n";
        assert_eq!(masked(text, values), expected);
        assert_eq!(
            masked("{\n  \"kind\": \"Secret\",\n  \"data\": {\n    \"a\":\"b\"\n  }\n}", values),
            "{\n  \"kind\": \"Secret\",\n  \"data\": {\n    \"a\":*\n  }\n}"
        );
        assert_eq!(masked("hunter2\n- {a: b}\n", values), "*\n- *\n");
        assert_eq!(
            masked("stringData:\n  a:\n    b: c\n  - d: e\n  f: g\n", values),
            "stringData:\n  a:\n    *\n  - *\n  f: *\n"
        );
    }

    #[test]
    fn what_is_malformed_is_hidden_as_far_as_it_must() {
        let all = |text: &str, _: Range<usize>, ranges: &mut Vec<Range<usize>>| {
            of_malformed(text, ranges);
        };
        let text =
            "namePrefix: [\nsecretGenerator:\n- name: s\n  literals:\n  - a=b\nresources: [a\n";
        assert_eq!(
            masked(text, all),
            "namePrefix: [\nsecretGenerator:\n- name: s\n  literals:\n  - *\nresources: [a\n"
        );
        assert_eq!(masked("a: [b\nx: {kind: 'SealedSecret'}", all), "a: *\nx: *");
        assert_eq!(masked("a: [b\nsecretName: x\n", all), "a: [b\nsecretName: x\n");
    }
}
