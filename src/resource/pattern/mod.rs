//! Patterns in selectors and image names: Go's regular expressions (RE2 syntax).

mod class;
mod image;
mod translate;
mod wildcards;

#[cfg(test)]
mod tests;

use regex::RegexBuilder;

use self::wildcards::Wildcards;
use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Limit};
use crate::source::Span;

/// A compiled pattern. It says whether a text matches, in time linear in the text, and nothing more: where it
/// matches is asked nowhere, so greed has no meaning.
#[derive(Clone, Debug)]
pub struct Pattern(Matcher);

#[derive(Clone, Debug)]
enum Matcher {
    /// No metacharacters, anchored at both ends: most patterns are plain names.
    Equals(Box<str>),
    /// No metacharacters, anywhere in the text.
    Contains(Box<str>),
    /// Plain text with `.` and `.*` in it, anchored at both ends.
    Whole(Wildcards),
    /// Plain text with `.` in it, at the beginning, and a tag and a digest behind it.
    Image(Wildcards),
    Regex {
        regex: regex::Regex,
        /// Whether the earliest end of a match says all. With `\B` it does not: the crate looks inside of characters
        /// of several bytes, finds an end there, drops it, and with it a match that begins before.
        earliest: bool,
    },
}

impl Pattern {
    /// The pattern `^(?:TEXT)$`, as the fields of a selector are read. An empty text matches everything there.
    ///
    /// The text is put between these ends before it is parsed, as the reference does: `a)|(?:b` is a pattern, and
    /// means `^a` or `b$`.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`] for what Go refuses, and for what is too large to compile; [`Code::LimitExceeded`] when
    /// the budget does not allow one more.
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

    /// The pattern TEXT, which may match anywhere.
    ///
    /// # Errors
    /// As [`Pattern::anchored`].
    pub fn unanchored(text: &str, budget: &Budget) -> Result<Self> {
        if is_plain(text) {
            return Ok(Self(Matcher::Contains(text.into())));
        }
        Self::compile(text, text, budget)
    }

    /// Whether the pattern matches `subject`.
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

    /// The one text that matches, if the pattern is that text.
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
            // The bracket that it takes away is our own.
            let escapes = text.len() - text.trim_end_matches('\\').len();
            let fault =
                if escapes % 2 == 1 { "it ends in a `\\` that escapes nothing" } else { &fault };
            invalid(text, fault)
        })?;
        match build(&translated, budget)? {
            Ok(regex) => Ok(Self(Matcher::Regex {
                regex,
                earliest: !translated.contains(translate::NO_WORD_BOUNDARY),
            })),
            // The names of scripts are known over there alone. Whatever else is wrong was found before.
            Err(regex::Error::Syntax(reason)) if reason.contains("property") => {
                Err(invalid(text, "a class of characters is unknown to Unicode"))
            }
            Err(regex::Error::Syntax(_)) => Err(invalid(text, translate::TOO_DEEP)),
            Err(_) => Err(invalid(text, "it is too large")),
        }
    }
}

/// The sizes that a compiled pattern may have. The largest is the crate's own limit; Go's is wider, and no pattern of a
/// name needs it.
const SIZES: [u64; 4] = [16 << 10, 128 << 10, 1 << 20, 10 << 20];

/// Compiles a pattern within the smallest of [`SIZES`] that is enough, and charges that before.
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

/// Whether a text means itself.
fn is_plain(text: &str) -> bool {
    !text.contains(['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'])
}

#[cold]
fn invalid(text: &str, fault: &str) -> Error {
    let end = text.floor_char_boundary(160);
    let ellipsis = if end < text.len() { "…" } else { "" };
    let message = format!("`{}{ellipsis}` is no pattern: {fault}", &text[..end]);
    let error = Error::new(Code::InvalidPattern, message);
    if text.starts_with(['*', '?']) {
        return error.help("patterns are regular expressions: `.*` fits any text");
    }
    error.help("patterns have the syntax of Go (RE2): neither lookaround nor backreferences")
}
