//! Removes secrets from errors: frames are masked, and messages quote no secret values.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::finder::{Finder, TextKind};
use super::lines;
use super::telling::{Telling, telling};
use crate::error::Error;
use crate::index::Index;
use crate::source::{FileId, Secrecy, Source, Sources, Span};
use crate::sync::lock;

/// The mask for a secret of any length.
pub const MASK: &str = "••••••";

/// The secret parts of texts, found when a text is first shown. Created for a report and used only by it.
#[derive(Debug, Default)]
pub struct Shield {
    found: Mutex<BTreeMap<FileId, Arc<[Range<usize>]>>>,
    needles: Mutex<BTreeMap<FileId, Arc<Needles>>>,
    /// The needles of all texts that were read for Secrets, and the number of such texts.
    everywhere: Mutex<(usize, Arc<Needles>)>,
    /// Searches for the values of all Secrets of a run.
    finder: Option<Arc<Finder>>,
}

impl Shield {
    /// A shield that also masks these values, in all texts.
    #[must_use]
    pub fn knowing(finder: Arc<Finder>) -> Self {
        Self { finder: Some(finder), ..Self::default() }
    }

    /// The secret bytes of a text of these sources, sorted, each range within one line.
    #[must_use]
    pub fn hidden(&self, source: &Source, sources: &Sources) -> Arc<[Range<usize>]> {
        let found = || lock(&self.found);
        if let Some(ranges) = found().get(&source.id()) {
            return Arc::clone(ranges);
        }
        let mut marks = sources.secrets_in(source);
        if let Some(file) = sources.source_of(source.within()) {
            // Text inside another text is secret if that is.
            let (start, end) =
                (source.within().start() - file.base(), source.within().end() - file.base());
            let value = start as usize..end as usize;
            let hidden = self.hidden(&file, sources);
            if hidden.iter().any(|range| range.start < value.end && value.start < range.end) {
                marks.push((0..source.text().len(), Secrecy::Values));
            }
        }
        let values = self.finder.iter().flat_map(|of| of.find(source.text(), TextKind::Message));
        marks.extend(values.map(|range| (range, Secrecy::Whole)));
        let ranges: Arc<[Range<usize>]> = super::hidden(source, &marks).into();
        found().insert(source.id(), Arc::clone(&ranges));
        ranges
    }

    /// An error whose words quote no secret of the texts that it points to, of those that contain these texts, and of
    /// those that were read for Secrets. A value that also occurs openly in one of them is not secret.
    ///
    /// Linear in the length of the words, however many secrets there are, once the texts have been searched.
    #[must_use]
    pub fn redacted<'e>(&self, error: &'e Error, sources: &Sources) -> Cow<'e, Error> {
        let error = self.without_needles(error, sources);
        let Some(finder) = self.finder.as_deref().filter(|finder| !finder.is_empty()) else {
            return error;
        };
        let masked = |text: &str| finder.replaced(text, TextKind::Message, |_| MASK.to_owned());
        if !words(&error).any(|text| masked(text).is_some()) {
            return error;
        }
        Cow::Owned(error.reworded(&|text| masked(text).unwrap_or_else(|| text.to_owned())))
    }

    /// An error whose words quote no secret of the texts around it.
    fn without_needles<'e>(&self, error: &'e Error, sources: &Sources) -> Cow<'e, Error> {
        let spans = error.iter().flat_map(|error| {
            std::iter::once(error.span()).chain(error.notes().iter().map(|note| note.span))
        });
        let mut known = vec![self.needles_everywhere(sources)];
        let texts = texts_at(spans, sources);
        if texts.len() > FEW_TEXTS {
            // Words are held against all at once: there are about as many words as texts.
            let mut needles = Needles::default();
            texts.values().for_each(|text| needles.add(text, &self.hidden(text, sources)));
            known.push(Arc::new(needles));
        } else {
            known.extend(texts.values().map(|text| self.needles_of(text, sources)));
        }
        known.retain(|needles| !needles.by_beginning.is_empty());
        let mut secrets = BTreeSet::new();
        for words in words(error) {
            known.iter().for_each(|needles| needles.find(words, &mut secrets));
        }
        if secrets.len() > MOST_SECRETS {
            return Cow::Owned(error.reworded(&|_| MASK.to_owned()));
        }
        secrets.retain(|secret| !known.iter().any(|needles| has_word(&needles.open, secret)));
        // Also of URLs that no text contains, such as those on the command line.
        secrets.extend(words(error).flat_map(credentials));
        if secrets.is_empty() {
            return Cow::Borrowed(error);
        }
        let mut secrets: Vec<&str> = secrets.into_iter().collect();
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        let is_word = |secret: &&str| telling(secret.as_bytes(), false) < Telling::Word;
        let (quoted, anywhere): (Vec<&str>, Vec<&str>) = secrets.into_iter().partition(is_word);
        Cow::Owned(error.reworded(&|text| {
            let text = without(&without_credentials(text), &anywhere);
            quoted.iter().fold(text, |text, secret| without_quoted(&text, secret))
        }))
    }

    fn needles_everywhere(&self, sources: &Sources) -> Arc<Needles> {
        let spans = sources.secret_spans();
        let known = || lock(&self.everywhere);
        if known().0 != spans.len() {
            let mut needles = Needles::default();
            let count = spans.len();
            for text in texts_at(spans.into_iter(), sources).values() {
                needles.add(text, &self.hidden(text, sources));
            }
            *known() = (count, Arc::new(needles));
        }
        Arc::clone(&known().1)
    }

    fn needles_of(&self, text: &Source, sources: &Sources) -> Arc<Needles> {
        let known = || lock(&self.needles);
        if let Some(needles) = known().get(&text.id()) {
            return Arc::clone(needles);
        }
        let mut needles = Needles::default();
        needles.add(text, &self.hidden(text, sources));
        let needles = Arc::new(needles);
        known().insert(text.id(), Arc::clone(&needles));
        needles
    }
}

/// The credentials of the URLs in words: `user:password` together, and the password alone.
fn credentials(words: &str) -> Vec<&str> {
    let mut ranges = Vec::new();
    lines::credentials(words, &mut ranges);
    let found = ranges.into_iter().filter_map(|range| words.get(range));
    found
        .flat_map(|user| [Some(user), user.split_once(':').map(|(_, password)| password)])
        .flatten()
        .collect()
}

/// The texts that spans are in, and the texts that contain these.
fn texts_at(spans: impl Iterator<Item = Span>, sources: &Sources) -> BTreeMap<FileId, Arc<Source>> {
    let mut texts: BTreeMap<FileId, Arc<Source>> = BTreeMap::new();
    for span in spans {
        let mut next = sources.source_of(span);
        while let Some(source) = next.filter(|source| !texts.contains_key(&source.id())) {
            next = sources.source_of(source.within());
            texts.insert(source.id(), source);
        }
    }
    texts
}

/// All texts of an error, and of its sibling errors, that are shown to people.
fn words(error: &Error) -> impl Iterator<Item = &str> {
    error.iter().flat_map(|error| {
        let notes = error.notes().iter().map(|note| note.label.as_str());
        let lists = error.steps().iter().chain(error.helps()).map(String::as_str);
        [error.message(), error.label_text()].into_iter().chain(notes).chain(lists)
    })
}

/// The secrets of texts, indexed by their first bytes.
#[derive(Debug, Default)]
struct Needles {
    /// Secrets by their first [`BEGINNING`] bytes, or all of a shorter one.
    by_beginning: Index<String, BTreeSet<String>>,
    /// The first [`SHORTEST`] bytes of each: this rejects most positions in words.
    starts: Index<[u8; SHORTEST], ()>,
    /// The texts without their secrets: the first [`MOST_OPEN`] bytes.
    open: String,
}

/// Length of the beginning that identifies a long value: messages truncate such values.
const BEGINNING: usize = 12;

/// Secrets of more texts than this are looked for together.
const FEW_TEXTS: usize = 16;

/// Words that may contain more secrets than this are hidden as a whole.
const MOST_SECRETS: usize = 1000;

/// Maximum bytes of open text that are searched for words that are not secret.
const MOST_OPEN: usize = 1 << 20;

impl Needles {
    /// Adds the secret parts of a text.
    fn add(&mut self, source: &Source, hidden: &[Range<usize>]) {
        if hidden.is_empty() {
            return;
        }
        let (mut secrets, mut shown) = (Vec::new(), 0);
        for range in hidden {
            self.add_open(&source.text()[shown..range.start]);
            shown = range.end;
            add_needles(&source.text()[range.clone()], &mut secrets);
        }
        self.add_open(&source.text()[shown..]);
        for secret in secrets {
            let beginning = &secret[..secret.floor_char_boundary(BEGINNING)];
            if let Some(start) = beginning.as_bytes().first_chunk() {
                self.starts.insert(*start, ());
            }
            self.by_beginning.entry(beginning.to_owned()).or_default().insert(secret);
        }
    }

    fn add_open(&mut self, text: &str) {
        let left = MOST_OPEN.saturating_sub(self.open.len());
        self.open.push_str(&text[..text.floor_char_boundary(left)]);
        self.open.push('\n');
    }

    /// Adds the secrets that words contain, or whose beginning they end with; short ones only if in backticks.
    fn find<'n>(&'n self, words: &str, found: &mut BTreeSet<&'n str>) {
        let mut add = |beginning: Option<&str>| {
            let secrets = beginning.and_then(|beginning| self.by_beginning.get(beginning));
            let left = (MOST_SECRETS + 1).saturating_sub(found.len());
            found.extend(secrets.into_iter().flatten().take(left).map(String::as_str));
        };
        words.split('`').filter(|word| word.len() < SHORTEST).for_each(|word| add(Some(word)));
        for (at, start) in words.as_bytes().windows(SHORTEST).enumerate() {
            if start.first_chunk().is_some_and(|start| self.starts.contains_key(start)) {
                (SHORTEST..=BEGINNING).for_each(|length| add(words.get(at..at + length)));
            }
        }
    }
}

/// Shorter secrets are likely to occur by coincidence, except as the whole text in backticks.
const SHORTEST: usize = 4;

/// Adds a secret as written, without its quotes, and as the parts of a flow collection.
fn add_needles(written: &str, secrets: &mut Vec<String>) {
    let mut add = |text: &str| {
        let text = text.trim().trim_matches(['"', '\'']);
        if !text.is_empty() {
            secrets.push(text.to_owned());
            // YAML rejects a value with such a first character, and the error quotes the rest.
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
    if written.contains(['{', '[']) {
        written
            .split([':', ',', '{', '}', '[', ']', '=', ' '])
            .filter(|part| part.trim().len() >= SHORTEST && !is_directive(part.trim()))
            .for_each(&mut add);
    }
}

/// True for the keys of merge patches that are no fields.
fn is_directive(key: &str) -> bool {
    matches!(key, "$patch" | "$retainKeys")
}

/// True if text contains a word that is not part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        !is_letter(text[..at].chars().next_back())
            && !is_letter(text[at + word.len()..].chars().next())
    })
}

/// Masks the credentials of URLs.
fn without_credentials(text: &str) -> String {
    let mut ranges = Vec::new();
    lines::credentials(text, &mut ranges);
    let mut text = text.to_owned();
    ranges.into_iter().rev().for_each(|range| text.replace_range(range, MASK));
    text
}

/// Masks a secret that may also be a word of the message: in backticks, in quotes, and where it is assigned, also if it is cut
/// there.
fn without_quoted(text: &str, secret: &str) -> String {
    let begin = &secret[..secret.floor_char_boundary(BEGINNING)];
    let (mut out, mut shown) = (String::new(), 0);
    let (mut ticks, mut counted) = (0, 0);
    for (at, _) in text.match_indices(begin).filter(|_| !begin.is_empty()) {
        ticks += text[counted..at].matches('`').count();
        counted = at;
        let length = common(&text[at..], secret);
        let (before, after) = (text[..at].chars().next_back(), text[at + length..].chars().next());
        let is_whole = length == secret.len() || after == Some('…');
        if at >= shown && is_whole && is_quoted(secret, ticks % 2 == 1, before, after) {
            out += &text[shown..at];
            out += MASK;
            shown = at + length;
        }
    }
    out + &text[shown..]
}

/// True for a word of a message, between these letters, that is most likely a value.
fn is_quoted(
    secret: &str,
    is_in_backticks: bool,
    before: Option<char>,
    after: Option<char>,
) -> bool {
    let is_quote = |letter: char| matches!(letter, '`' | '"' | '\'');
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    if secret.len() < SHORTEST {
        return before == Some('`') && after == Some('`');
    }
    let is_apart = !is_letter(before) && !is_letter(after);
    is_apart && (is_in_backticks || before == Some('='))
        || before.is_some_and(is_quote)
            && after.is_some_and(|after| is_quote(after) || after == '…')
}

/// Masks secrets in words, and the beginnings of long ones, which messages truncate.
pub(super) fn without(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        if secret.len() < SHORTEST {
            text = text.replace(&format!("`{secret}`"), &format!("`{MASK}`"));
            continue;
        }
        text = text.replace(secret, MASK);
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

/// Length of the common prefix of two texts.
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

    /// Values that are words hide no words of messages; other values are hidden wherever they stand.
    #[test]
    fn messages_keep_their_words() {
        let sources = Sources::new();
        let text = "kind: Secret\nstringData:\n  a: 'true'\n  b: quotes\n  c: {d: &Zx9Qw8eR [*Yu5Op3As], $patch: x}\n  e: frontend-of-the-shop\n";
        let source = sources.add("s.yaml", text).unwrap();
        let redacted = |words: &str| {
            let error = Error::new(Code::InvalidValue, words).at(source.span(0, 4));
            Shield::default().redacted(&error, &sources).message().to_owned()
        };
        for (words, expected) in [
            ("it is not true: put it in quotes", "it is not true: put it in quotes"),
            ("found `quotes`, a=quotes", "found `••••••`, a=••••••"),
            ("write `b: [quotes]` in quotes", "write `b: [••••••]` in quotes"),
            ("`$patch` is true", "`$patch` is true"),
            (
                "no anchor `Yu5Op3As`, did you mean Zx9Qw8eR",
                "no anchor `••••••`, did you mean ••••••",
            ),
            ("found `frontend-of-th…`, frontend", "found `••••••…`, frontend"),
            ("at https://me:frontend@host", "at https://••••••@host"),
        ] {
            assert_eq!(redacted(words), expected);
        }
    }

    #[test]
    fn words_with_very_many_secrets_are_hidden_as_a_whole() {
        let sources = Sources::new();
        let secrets: String = (0..2_000).map(|n| format!("  k{n}: samebeginning{n}\n")).collect();
        let text = format!("kind: Secret\nstringData:\n{secrets}");
        let source = sources.add("s.yaml", text).unwrap();
        let error = Error::new(Code::InvalidValue, "found `samebeginning7`").at(source.span(0, 4));
        assert_eq!(Shield::default().redacted(&error, &sources).message(), MASK);
        let other = Error::new(Code::InvalidValue, "found `samebeg`").at(source.span(0, 4));
        assert_eq!(Shield::default().redacted(&other, &sources).message(), "found `samebeg`");
    }
}
