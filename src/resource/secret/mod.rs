//! Finds the secret parts of a text: values of Secrets in manifests, patches, kustomizations and env files, and
//! credentials in URLs.
//!
//! Messages show source text, so this works on texts as written, even if they are not valid YAML. If in doubt, text is
//! hidden.

mod commands;
mod decoded;
mod finder;
mod formats;
mod fragments;
mod generator;
mod lines;
mod manifest;
mod marks;
mod parts;
mod pieces;
mod shield;
mod telling;
mod values;
mod vocabulary;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::source::{Secrecy, Source};
use crate::yaml::parse;

pub use finder::{Finder, TextKind};
pub use fragments::Fragments;
pub use manifest::{
    embeds_secret, is_secret, is_selector, is_template, makes_secrets, mentions_secret,
};
pub use shield::{MASK, Shield};
pub use telling::says_secret;
pub use values::SecretValues;

/// The secret bytes of a text, sorted, each range within one line. `marks` are parts known to be secret from their use.
/// A text that does not mention Secrets costs a single search.
fn hidden(source: &Source, marks: &[(Range<usize>, Secrecy)]) -> Vec<Range<usize>> {
    let text = source.text();
    let mut ranges = Vec::new();
    for (range, secrecy) in marks {
        match secrecy {
            Secrecy::Whole => ranges.push(range.clone()),
            Secrecy::Variables => lines::variables(text, range.clone(), &mut ranges),
            Secrecy::Values => lines::values(text, range.clone(), &mut ranges),
        }
    }
    lines::credentials(text, &mut ranges);
    if mentions_secret(text) {
        match parse::documents(source) {
            Ok(documents) => manifest::hide(source, &documents, &mut ranges),
            Err(_) => lines::of_malformed(text, &mut ranges),
        }
    }
    by_lines(text, ranges)
}

/// Replaces the values of Secrets in a text of manifests by `write` of them.
#[must_use]
pub fn with_values(text: &str, write: impl Fn(&str) -> String) -> String {
    let (mut out, mut shown) = (String::with_capacity(text.len()), 0);
    for range in hidden(&Source::detached(text), &[]) {
        out += &text[shown..range.start];
        out += &write(&text[range.clone()]);
        shown = range.end;
    }
    out + &text[shown..]
}

/// A text without the values of the Secrets in manifests, as they are written there, and as a program may have changed them:
/// decoded from base64, and encoded.
#[must_use]
pub fn without_values_of(text: &str, manifests: &str) -> String {
    if text.is_empty() || !mentions_secret(manifests) {
        return text.to_owned();
    }
    let ranges = hidden(&Source::detached(manifests), &[]);
    let written = ranges.into_iter().filter_map(|range| manifests.get(range));
    let mut secrets: BTreeSet<String> = BTreeSet::new();
    for secret in written {
        let bare = secret.trim_matches(['"', '\'']);
        let bytes = BASE64_STANDARD.decode(bare).ok();
        if let Some(decoded) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            let lines = decoded.lines().map(str::trim).filter(|line| line.len() >= SHORTEST);
            secrets.extend(lines.map(str::to_owned));
            secrets.insert(decoded);
        }
        if bare.len() >= SHORTEST {
            // The end depends on the bytes that follow, such as a line break.
            let encoded = BASE64_STANDARD.encode(bare);
            let whole = bare.len() / 3 * 4;
            secrets.extend(encoded.get(..whole).map(str::to_owned));
            secrets.insert(encoded);
            secrets.insert(bare.to_owned());
        }
        secrets.insert(secret.to_owned());
    }
    let mut secrets: Vec<&str> =
        secrets.iter().map(String::as_str).filter(|secret| !secret.is_empty()).collect();
    secrets.sort_by_key(|secret| Reverse(secret.len()));
    shield::without(text, &secrets)
}

/// The minimum length of a form of a value that is hidden, in bytes: shorter ones occur in other words.
const SHORTEST: usize = 4;

/// Sorts and joins ranges, and splits them into lines without surrounding white space.
fn by_lines(text: &str, mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut cut: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        let mut start = range.start.max(cut.last().map_or(0, |last| last.end));
        for line in
            text.get(start..range.end.min(text.len())).unwrap_or_default().split_inclusive('\n')
        {
            let shown = line.trim_start();
            let begin = start + line.len() - shown.len();
            let shown = shown.trim_end();
            if !shown.is_empty() {
                cut.push(begin..begin + shown.len());
            }
            start += line.len();
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::without_values_of;

    /// Programs read values of `data` decoded, and print them encoded.
    #[test]
    fn values_are_hidden_in_each_form() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  pw: aHVudGVyMmh1bnRlcjI=\nstringData:\n  m: supersecretvalue\n";
        for (said, expected) in [
            ("got hunter2hunter2!", "got ••••••!"),
            ("got aHVudGVyMmh1bnRlcjI=", "got ••••••"),
            ("got supersecretvalue", "got ••••••"),
            ("got c3VwZXJzZWNyZXR2YWx1ZQ==", "got ••••••"),
            ("nothing of it", "nothing of it"),
        ] {
            assert_eq!(without_values_of(said, secret), expected);
        }
    }
}
