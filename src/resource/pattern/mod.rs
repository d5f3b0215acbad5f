//! Patterns in selectors and image names: Go's regular expressions (RE2 syntax).

mod class;
mod image;
mod translate;
mod wildcards;

#[cfg(test)]
mod tests;

use std::ops::Range;

use regex::RegexBuilder;

use self::wildcards::{Wildcards, is_plain};
use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Limit};
use crate::source::Span;
use crate::text::phrase::shortened;

/// A compiled pattern. A text is compared in time linear in it.
#[derive(Clone, Debug)]
pub struct Pattern(Matcher);

#[derive(Clone, Debug)]
enum Matcher {
    /// Text without metacharacters, anchored at both ends: most patterns are plain names.
    Equals(Box<str>),
    /// Text without metacharacters, anywhere in the subject.
    Contains(Box<str>),
    /// Text with `.` and `.*`, anchored at both ends.
    Whole(Wildcards),
    /// Text with `.`, anchored at the beginning and followed by an optional tag and digest.
    Image(Wildcards),
    Regex {
        regex: regex::Regex,
        /// True if the earliest end of a match is sufficient. It is not with `\B`: the crate then finds an end inside a
        /// multi-byte character, drops it, and with it a match that begins earlier.
        earliest: bool,
    },
}

impl Pattern {
    /// Compiles the pattern `^(?:TEXT)$`, as for the fields of a selector. An empty text matches everything.
    ///
    /// As in kustomize, the text is inserted before parsing: `a)|(?:b` is a valid pattern, and means `^a` or `b$`.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`] for patterns that Go rejects or that are too large to compile; [`Code::LimitExceeded`]
    /// if the budget does not allow another one.
    pub fn anchored(text: &str, budget: &Budget) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self(Matcher::Contains(Box::default())));
        }
        if is_plain(text) {
            return Ok(Self(Matcher::Equals(text.into())));
        }
        if let Some(wildcards) = Wildcards::new(text) {
            return Ok(Self(Matcher::Whole(wildcards)));
        }
        Self::compile(&format!("^(?:{text})$"), text, budget)
    }

    /// Compiles the pattern TEXT, which may match anywhere.
    ///
    /// # Errors
    /// As [`Pattern::anchored`].
    pub fn unanchored(text: &str, budget: &Budget) -> Result<Self> {
        if is_plain(text) {
            return Ok(Self(Matcher::Contains(text.into())));
        }
        Self::compile(text, text, budget)
    }

    /// True if the pattern matches `subject`.
    #[must_use]
    pub fn matches(&self, subject: &str) -> bool {
        match &self.0 {
            Matcher::Equals(text) => **text == *subject,
            Matcher::Contains(text) => subject.contains(&**text),
            Matcher::Whole(wildcards) => wildcards.match_whole(subject),
            Matcher::Image(name) => {
                name.match_beginning(subject).is_some_and(image::is_tag_and_digest)
            }
            Matcher::Regex { regex, earliest: true } => regex.is_match(subject),
            Matcher::Regex { regex, earliest: false } => regex.find(subject).is_some(),
        }
    }

    /// The place of the first match at or after a byte of `subject`. The flag `U` has no effect on its length.
    #[must_use]
    pub fn find_at(&self, subject: &str, start: usize) -> Option<Range<usize>> {
        match &self.0 {
            Matcher::Regex { regex, .. } => Some(regex.find_at(subject, start)?.range()),
            Matcher::Contains(text) => {
                let found = start + subject.get(start..)?.find(&**text)?;
                Some(found..found + text.len())
            }
            Matcher::Equals(_) | Matcher::Whole(_) | Matcher::Image(_) => {
                (start == 0 && self.matches(subject)).then_some(0..subject.len())
            }
        }
    }

    /// The text of a pattern that matches exactly this text.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match &self.0 {
            Matcher::Equals(text) => Some(text),
            Matcher::Contains(_)
            | Matcher::Whole(_)
            | Matcher::Image(_)
            | Matcher::Regex { .. } => None,
        }
    }

    fn compile(whole: &str, text: &str, budget: &Budget) -> Result<Self> {
        let translated = translate::translate(whole).map_err(|fault| {
            // It would escape the bracket that we add.
            let escapes = text.len() - text.trim_end_matches('\\').len();
            let fault = if escapes % 2 == 1 {
                "it ends with a `\\` that escapes no character"
            } else {
                &fault
            };
            invalid(text, fault)
        })?;
        match build(&translated, budget)? {
            Ok(regex) => Ok(Self(Matcher::Regex {
                regex,
                earliest: !translated.contains(translate::NO_WORD_BOUNDARY),
            })),
            Err(regex::Error::Syntax(_)) => Err(invalid(text, translate::TOO_DEEP)),
            Err(_) => Err(invalid(text, class::TOO_LARGE)),
        }
    }
}

/// Size limits for a compiled pattern. The largest is the default of the crate; Go's limit is wider, but patterns of
/// names do not need it.
const SIZES: [u64; 4] = [16 << 10, 128 << 10, 1 << 20, 10 << 20];

/// Compiles a pattern with the smallest of [`SIZES`] that suffices, after charging it to the budget.
fn build(
    translated: &str,
    budget: &Budget,
) -> Result<std::result::Result<regex::Regex, regex::Error>> {
    let mut charged = 0;
    let mut built = Err(regex::Error::CompiledTooBig(0));
    for size in SIZES {
        budget.spend(Limit::Patterns, size - charged, Span::NONE)?;
        charged = size;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        built = RegexBuilder::new(translated).size_limit(size).build();
        if !matches!(built, Err(regex::Error::CompiledTooBig(_))) {
            break;
        }
    }
    Ok(built)
}

#[cold]
fn invalid(text: &str, fault: &str) -> Error {
    let message = format!("`{}` is not a valid pattern: {fault}", shortened(text, 160));
    let error = Error::new(Code::InvalidPattern, message);
    if text.starts_with(['*', '?']) {
        return error.help("patterns are regular expressions: `.*` fits any text");
    }
    error.help("patterns have the syntax of Go (RE2): neither lookaround nor backreferences")
}
