//! Patterns of plain text, `.` and `.*`: most of those that are not plain text alone. Making a regular expression of one
//! takes longer than the build of a small target.

/// A pattern without any metacharacters but `.` and `.*`, and without line feeds.
#[derive(Clone, Debug)]
pub(super) struct Wildcards(Box<str>);

impl Wildcards {
    /// The pattern TEXT; nothing if there is more to it.
    pub(super) fn new(text: &str) -> Option<Self> {
        let is_simple = text.split(".*").flat_map(|part| part.split('.')).all(super::is_plain);
        (is_simple && !text.contains('\n')).then(|| Self(text.into()))
    }

    /// Whether the whole of a text matches. Takes at most the product of both lengths.
    pub(super) fn match_whole(&self, subject: &str) -> bool {
        // Neither wildcard stands for a line feed.
        if subject.contains('\n') {
            return false;
        }
        let (mut pattern, mut rest) = (&*self.0, subject);
        // What stands behind the last `.*`, and the rest of the subject where that is tried next. Those before it took
        // the least that they could, which is never wrong.
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

    /// Whether there is no `.*`, so that all matches have one length.
    pub(super) fn has_one_length(&self) -> bool {
        !self.0.contains(".*")
    }

    /// What stands behind the match at the beginning of a text, for a pattern that [has one length](Self::has_one_length).
    pub(super) fn match_beginning<'s>(&self, subject: &'s str) -> Option<&'s str> {
        let (mut pattern, mut rest) = (&*self.0, subject);
        while !pattern.is_empty() {
            (pattern, rest) = step(pattern, rest)?;
        }
        Some(rest)
    }
}

/// What is left of a pattern and a text when a character of one takes a character of the other.
fn step<'p, 's>(pattern: &'p str, subject: &'s str) -> Option<(&'p str, &'s str)> {
    let (mut wanted, mut found) = (pattern.chars(), subject.chars());
    let (want, find) = (wanted.next()?, found.next()?);
    let fits = want == find || (want == '.' && find != '\n');
    fits.then_some((wanted.as_str(), found.as_str()))
}
