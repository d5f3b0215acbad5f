//! Errors without secrets: frames with masks, and messages in which no secret value is quoted.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Error;
use crate::source::{FileId, Secrecy, Source, Sources, Span};

/// What stands in place of a secret, however long that is.
pub const MASK: &str = "••••••";

/// Secret parts of texts, found when a text is first shown. It is made for a report, and used by it alone.
#[derive(Debug, Default)]
pub struct Shield {
    found: Mutex<BTreeMap<FileId, Arc<[Range<usize>]>>>,
}

impl Shield {
    /// The secret bytes of a text of these sources, in order, each range within one line.
    #[must_use]
    pub fn hidden(&self, source: &Source, sources: &Sources) -> Arc<[Range<usize>]> {
        let found = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ranges) = found().get(&source.id()) {
            return Arc::clone(ranges);
        }
        let mut marks = sources.secrets_in(source);
        if let Some(file) = sources.source_of(source.within()) {
            // Text that stands in another one is secret as that is.
            let (start, end) =
                (source.within().start() - file.base(), source.within().end() - file.base());
            let value = start as usize..end as usize;
            let hidden = self.hidden(&file, sources);
            if hidden.iter().any(|range| range.start < value.end && value.start < range.end) {
                marks.push((0..source.text().len(), Secrecy::Values));
            }
        }
        let ranges: Arc<[Range<usize>]> = super::hidden(source, &marks).into();
        found().insert(source.id(), Arc::clone(&ranges));
        ranges
    }

    /// An error whose words quote no secret of the texts that it points into.
    #[must_use]
    pub fn redacted<'e>(&self, error: &'e Error, sources: &Sources) -> Cow<'e, Error> {
        let spans = error.iter().flat_map(|error| {
            std::iter::once(error.span()).chain(error.notes().iter().map(|note| note.span))
        });
        let secrets = self.secrets(spans, sources);
        if secrets.is_empty() {
            return Cow::Borrowed(error);
        }
        Cow::Owned(error.reworded(&|text| without(text, &secrets)))
    }

    /// The secret lines of the texts that spans lie in, and of those around these texts, the longest first. What stands
    /// openly there too is no secret.
    fn secrets(&self, spans: impl Iterator<Item = Span>, sources: &Sources) -> Vec<String> {
        let mut texts: BTreeMap<FileId, Arc<Source>> = BTreeMap::new();
        for span in spans.chain(sources.secret_spans()) {
            let mut next = sources.source_of(span);
            while let Some(source) = next {
                next = sources.source_of(source.within());
                texts.insert(source.id(), source);
            }
        }
        let (mut secrets, mut open) = (Vec::new(), String::new());
        for source in texts.values() {
            let mut shown = 0;
            for range in self.hidden(source, sources).iter() {
                open.push_str(&source.text()[shown..range.start]);
                open.push('\n');
                shown = range.end;
                add_needles(&source.text()[range.clone()], &mut secrets);
            }
            if shown > 0 {
                open.push_str(&source.text()[shown..]);
            }
        }
        secrets.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        secrets.dedup();
        secrets.retain(|secret| !has_word(&open, secret));
        secrets
    }
}

/// Shorter text is quoted for other reasons, but for what stands in backticks alone.
const SHORTEST: usize = 4;

/// Adds a secret as it is written, without its quotes, and as the parts of a flow collection.
fn add_needles(written: &str, secrets: &mut Vec<String>) {
    let mut add = |text: &str| {
        let text = text.trim().trim_matches(['"', '\'']);
        if !text.is_empty() {
            secrets.push(text.to_owned());
            // A value that begins so is no text in YAML, and its error names what follows.
            let bare = text.trim_start_matches(['*', '&', '!', '%', '@', '`', '|', '>', '?']);
            if bare.len() < text.len() && !bare.is_empty() {
                secrets.push(bare.to_owned());
            }
            if text.contains("''") {
                secrets.push(text.replace("''", "'"));
            }
            if text.contains('\\') {
                secrets.push(text.replace("\\\"", "\"").replace("\\\\", "\\"));
            }
        }
    };
    add(written);
    if let Some((_, value)) = written.split_once(": ") {
        // A literal that is written as a field.
        add(value);
    }
    if written.starts_with(['{', '[']) {
        written
            .split([':', ',', '{', '}', '[', ']', '='])
            .filter(|part| part.trim().len() >= SHORTEST)
            .for_each(&mut add);
    }
}

/// Whether text holds a word, and no longer one around it.
fn has_word(text: &str, word: &str) -> bool {
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        !is_letter(text[..at].chars().next_back())
            && !is_letter(text[at + word.len()..].chars().next())
    })
}

/// Words without secrets, and without the beginnings of long ones, which messages cut.
fn without(text: &str, secrets: &[String]) -> String {
    /// So much of a long value is enough to know it by.
    const BEGINNING: usize = 12;
    let mut text = text.to_owned();
    for secret in secrets {
        if secret.len() < SHORTEST {
            text = text.replace(&format!("`{secret}`"), &format!("`{MASK}`"));
            continue;
        }
        text = text.replace(secret.as_str(), MASK);
        let begin = secret.floor_char_boundary(BEGINNING);
        if begin < secret.len() {
            while let Some(at) = text.find(&secret[..begin]) {
                let length = common(&text[at..], secret);
                text.replace_range(at..at + length, MASK);
            }
        }
    }
    text
}

/// How many bytes two texts begin with in common.
fn common(one: &str, other: &str) -> usize {
    one.char_indices()
        .zip(other.chars())
        .take_while(|((_, left), right)| left == right)
        .map(|((at, left), _)| at + left.len_utf8())
        .last()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn no_word_of_an_error_quotes_a_secret() {
        let sources = Sources::new();
        let text = "kind: Secret\nmetadata: {name: database}\nstringData:\n  a: hunter2\n  b: database\n  c: 'a very long secret that is cut'\n  d: no\n";
        let source = sources.add("s.yaml", text).unwrap();
        let error =
            Error::new(Code::InvalidValue, "found `hunter2` and `no`, not no, in `database`")
                .at(source.span(0, 4))
                .label("`a very long secre…`")
                .help("write `hunter2=`");
        let shield = Shield::default();
        let redacted = shield.redacted(&error, &sources);
        assert_eq!(redacted.message(), "found `••••••` and `••••••`, not no, in `database`");
        assert_eq!(
            (redacted.label_text(), &*redacted.helps()[0]),
            ("`••••••…`", "write `••••••=`")
        );
        let other = Error::new(Code::InvalidValue, "found `hunter2`");
        assert!(matches!(shield.redacted(&other, &sources), Cow::Borrowed(_)));
    }
}
