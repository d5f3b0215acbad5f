//! Which parts of a text are secret: the values of Secrets, in manifests, patches, kustomizations and files of variables.
//!
//! Messages show source text, so this looks at texts as they are written, also at those that are no YAML. What is not
//! sure to be open is hidden.

mod generator;
mod lines;
mod manifest;
mod marks;
mod shield;

use std::ops::Range;

use crate::source::{Secrecy, Source};
use crate::yaml::parse;

pub use manifest::{embeds_secret, is_secret, is_selector, makes_secrets, mentions_secret};
pub use shield::{MASK, Shield};

/// The bytes of a text that are secret, in order, each range within one line. `marks` are the parts that are known to
/// hold secrets by what they were read for. A text in which nothing mentions Secrets costs one search.
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
    if mentions_secret(text) {
        match parse::documents(source) {
            Ok(documents) => manifest::hide(source, &documents, &mut ranges),
            Err(_) => lines::of_malformed(text, &mut ranges),
        }
    }
    by_lines(text, ranges)
}

/// A text that holds manifests, in which the values of Secrets are written otherwise.
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

/// Ranges in order, joined, each cut into its lines without the white space around them.
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
