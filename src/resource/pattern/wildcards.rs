//! Patterns of text with `.` and `.*`, the most frequent after plain text. Compiling a regular expression for one takes
//! longer than building a small target.

/// A pattern whose only metacharacters are `.` and `.*`, without line feeds.
#[derive(Clone, Debug)]
pub(super) struct Wildcards(Box<str>);

impl Wildcards {
    /// The pattern TEXT; `None` if it has other metacharacters.
    pub(super) fn new(text: &str) -> Option<Self> {
        let is_simple = text.split(".*").flat_map(|part| part.split('.')).all(is_plain);
        (is_simple && !text.contains('\n')).then(|| Self(text.into()))
    }

    /// True if the pattern matches a whole text. Takes at most the product of both lengths.
    pub(super) fn match_whole(&self, subject: &str) -> bool {
        // No wildcard matches a line feed.
        if subject.contains('\n') {
            return false;
        }
        let (mut pattern, mut rest) = (&*self.0, subject);
        // The rest of the pattern after the last `.*`, and the position in the subject to retry it. Earlier `.*`
        // matched as little as possible, which is never wrong.
        let mut retry: Option<(&str, &str)> = None;
        loop {
            if let Some(behind) = pattern.strip_prefix(".*") {
                retry = Some((behind, rest));
                pattern = behind;
            } else if pattern.is_empty() && rest.is_empty() {
                return true;
            } else if let Some(both) = step(pattern, rest) {
                (pattern, rest) = both;
            } else {
                let Some((behind, tried)) = retry else { return false };
                let mut characters = tried.chars();
                if characters.next().is_none() {
                    return false;
                }
                (pattern, rest) = (behind, characters.as_str());
                retry = Some((pattern, rest));
            }
        }
    }

    /// True if there is no `.*`, so that all matches have the same length.
    pub(super) fn has_one_length(&self) -> bool {
        !self.0.contains(".*")
    }

    /// The rest of a text after the match at its beginning, for a pattern that [has one length](Self::has_one_length).
    pub(super) fn match_beginning<'s>(&self, subject: &'s str) -> Option<&'s str> {
        let (mut pattern, mut rest) = (&*self.0, subject);
        while !pattern.is_empty() {
            (pattern, rest) = step(pattern, rest)?;
        }
        Some(rest)
    }
}

/// The rests of pattern and text after one character of each, if these match.
fn step<'p, 's>(pattern: &'p str, subject: &'s str) -> Option<(&'p str, &'s str)> {
    let (mut wanted, mut found) = (pattern.chars(), subject.chars());
    let (want, find) = (wanted.next()?, found.next()?);
    let fits = want == find || (want == '.' && find != '\n');
    fits.then_some((wanted.as_str(), found.as_str()))
}

/// True if a text has no metacharacters.
pub(super) fn is_plain(text: &str) -> bool {
    !text.contains(['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'])
}
