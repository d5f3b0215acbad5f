//! Semantic versions.

use std::cmp::Ordering;

/// A semantic version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub(in crate::expression) numbers: [u64; 3],
    before: Vec<Identifier>,
}

/// An identifier of a pre-release; numbers are lower than text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Text(String),
}

impl Version {
    /// Parses a version. If that is lenient, a `v` in front, missing parts and leading zeros are accepted.
    pub(in crate::expression) fn parse(text: &str, is_lenient: bool) -> Option<Self> {
        let text = if is_lenient { text.strip_prefix('v').unwrap_or(text) } else { text };
        let (text, build) = text.split_once('+').map_or((text, None), |(a, b)| (a, Some(b)));
        let (core, before) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
        let number = |part: &str| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let is_plain = part == "0" || !part.starts_with('0') || is_lenient;
            (is_number && is_plain).then(|| part.parse().ok())?
        };
        let parts: Option<Vec<u64>> = core.split('.').map(number).collect();
        let numbers = match parts?[..] {
            [major, minor, patch] => [major, minor, patch],
            [major, minor] if is_lenient => [major, minor, 0],
            [major] if is_lenient => [major, 0, 0],
            _ => return None,
        };
        let is_identifier = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !build.is_none_or(|build| build.split('.').all(is_identifier)) {
            return None;
        }
        let identifier = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) {
            true => number(part).map(Identifier::Number),
            false => is_identifier(part).then(|| Identifier::Text(part.to_owned())),
        };
        let before = match before {
            Some(before) => {
                let parts = before.split('.');
                parts.map(|part| is_identifier(part).then(|| identifier(part))?).collect()
            }
            None => Some(Vec::new()),
        };
        Some(Self { numbers, before: before? })
    }

    /// The order of two versions.
    pub(in crate::expression) fn order(&self, other: &Self) -> Ordering {
        // A version without a pre-release follows those with one.
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then_with(|| match (self.before.is_empty(), other.before.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.before.cmp(&other.before),
        })
    }
}
