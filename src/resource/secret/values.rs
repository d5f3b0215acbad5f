//! The values of all Secrets of a run, from which a [`Finder`] is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decoded::BACKSLASHES;
use super::finder::{Finder, Patterns, TextKind};
use super::manifest::{is_secret, is_template, makes_secrets, mentions_secret};
use super::shield::Shield;
use super::telling::says_secret;
use super::{lines, parts};
use crate::index::Index;
use crate::source::{CopiedParts, Source, Sources};
use crate::yaml::Node;

/// The number of bytes of values, above which all that looks like a secret counts as one.
const MOST_BYTES: usize = 32 << 20;

/// Values of Secrets. Each text is kept once, so that the same Secret in many targets costs a search for it.
#[derive(Debug, Default)]
pub struct SecretValues {
    texts: Index<String, Reading>,
    bytes: usize,
    copied: Vec<CopiedParts>,
}

/// Ways in which a text is read; the same text may be several values.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    is_text: bool,
    is_base64: bool,
    /// True if the key of the value says that it is secret.
    is_named: bool,
}

impl SecretValues {
    /// True for an object whose values [`SecretValues::add_object`] adds. This is cheap for others.
    #[must_use]
    pub fn are_in(kind: &str) -> bool {
        mentions_secret(kind) || is_secret(kind)
    }

    /// Adds the values of a Secret, or of an object that makes one.
    pub fn add_object(&mut self, kind: &str, node: &Node) {
        if !is_secret(kind) {
            if makes_secrets(kind) {
                self.add_templates(node);
            }
            return;
        }
        for (key, value) in node.entries() {
            match key.text() {
                "apiVersion" | "kind" | "metadata" | "type" | "immutable" => {}
                field => self.add_values(value, field == "data"),
            }
        }
    }

    /// Adds the values of Secrets in texts that were read, also of targets that are not rendered: manifests, patches,
    /// entries and files of generators. Texts without any cost a search. Of values of which builds copied parts, these are values, too.
    pub fn add_texts(&mut self, sources: &Sources) {
        self.copied.push(sources.copied_parts());
        let shield = Shield::default();
        let mut marked: BTreeMap<_, Arc<Source>> = BTreeMap::new();
        for span in sources.secret_spans() {
            marked.extend(sources.source_of(span).map(|source| (source.id(), source)));
        }
        for source in sources.all() {
            if !marked.contains_key(&source.id()) && !may_have_values(source.text()) {
                continue;
            }
            for range in shield.hidden(&source, sources).iter() {
                let (before, written) =
                    (&source.text()[..range.start], &source.text()[range.clone()]);
                let key = key_before(before);
                if !is_harmless_annotation(key, written) {
                    self.add_written(written, says_secret(key));
                }
            }
        }
    }

    /// Makes a finder for these values.
    #[must_use]
    pub fn finder(&self) -> Finder {
        /// The number of times that a part is cut again.
        const ROUNDS: usize = 4;
        let mut parts = BTreeSet::new();
        let mut finder = self.finder_with(&parts);
        for _ in 0..ROUNDS {
            let count = parts.len();
            self.add_copied(&finder, &mut parts);
            if parts.len() == count {
                break;
            }
            finder = self.finder_with(&parts);
        }
        finder
    }

    /// Adds the copied parts of values that are secret, as far as they are not found yet. Of a value with too many parts and
    /// secrets to compare each with each, all parts count as secret.
    fn add_copied<'a>(&'a self, finder: &Finder, parts: &mut BTreeSet<&'a str>) {
        const MOST_COMPARED: usize = 1 << 20;
        if finder.is_empty() {
            return;
        }
        for (value, of_value) in self.copied.iter().flat_map(|copied| &copied.of_values) {
            let found = finder.find(value, TextKind::Data);
            if found.is_empty() {
                continue;
            }
            let are_many = found.len().saturating_mul(of_value.len()) > MOST_COMPARED;
            let secrets = || found.iter().filter_map(|range| value.get(range.clone()));
            let is_secret =
                |part: &str| secrets().any(|secret| secret.contains(part) || part.contains(secret));
            let is_new = |part: &str| {
                finder.find(part, TextKind::Field) != std::slice::from_ref(&(0..part.len()))
            };
            let of_value = of_value.iter().map(String::as_str);
            parts.extend(of_value.filter(|part| (are_many || is_secret(part)) && is_new(part)));
        }
    }

    fn finder_with(&self, parts: &BTreeSet<&str>) -> Finder {
        let mut patterns = Patterns::default();
        if self.bytes > MOST_BYTES || self.copied.iter().any(|copied| copied.has_more) {
            patterns.overflow();
        }
        for (text, reading) in &self.texts {
            let bytes = if reading.is_base64 { parts::unpacked(text) } else { None };
            if reading.is_text || bytes.is_none() {
                patterns.add(text.as_bytes(), reading.is_named);
            }
            if let Some(bytes) = bytes {
                patterns.add(&bytes, reading.is_named);
            }
        }
        parts.iter().for_each(|part| patterns.add(part.as_bytes(), true));
        patterns.finder()
    }

    /// Adds all scalars below a node, which may be 10,000 levels deep.
    fn add_values(&mut self, node: &Node, is_base64: bool) {
        let mut pending = vec![(node, false)];
        while let Some((node, is_named)) = pending.pop() {
            if let Some(text) = node.as_text() {
                self.add(text, Reading { is_text: !is_base64, is_base64, is_named });
            }
            pending.extend(node.items().iter().map(|item| (item, is_named)));
            let entries = node.entries().iter();
            pending
                .extend(entries.map(|(key, value)| (value, is_named || says_secret(key.text()))));
        }
    }

    /// Adds what is below `data`, `stringData` and the text of templates anywhere in an object.
    fn add_templates(&mut self, node: &Node) {
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            pending.extend(node.items());
            for (key, value) in node.entries() {
                match key.text() {
                    "stringData" => self.add_values(value, false),
                    field if is_template(field) => self.add_values(value, false),
                    "data" if value.as_sequence().is_none() => {
                        self.add_values(value, true);
                        self.add_values(value, false);
                    }
                    _ => pending.push(value),
                }
            }
        }
    }

    /// Adds a value as it is written: with quotes and escapes, or as a flow collection.
    fn add_written(&mut self, written: &str, is_named: bool) {
        let reading = Reading { is_text: true, is_named, ..Reading::default() };
        let written = written.trim();
        if written.starts_with('#') {
            return;
        }
        if written.starts_with(['{', '[']) {
            let words = written.split([',', '{', '}', '[', ']']);
            let words = words.map(|word| word.split_once(": ").map_or(word, |(_, value)| value));
            words.for_each(|word| self.add(word.trim().trim_matches(['"', '\'']), reading));
        }
        let bare = written.trim_end_matches(',').trim_matches(['"', '\'']);
        self.add(bare, reading);
        if let Some(decoded) = BACKSLASHES.decode(bare.as_bytes())
            && let Ok(text) = String::from_utf8(decoded.text)
        {
            self.add(&text, reading);
        }
        if bare.contains("''") {
            self.add(&bare.replace("''", "'"), reading);
        }
    }

    fn add(&mut self, text: &str, reading: Reading) {
        if self.bytes > MOST_BYTES {
            return;
        }
        let Some(known) = self.texts.get_mut(text) else {
            self.bytes += text.len();
            self.texts.insert(text.to_owned(), reading);
            return;
        };
        known.is_text |= reading.is_text;
        known.is_base64 |= reading.is_base64;
        known.is_named |= reading.is_named;
    }
}

/// The key of a value, given the text before it: `key` of `{key: ` and of `- "key=`. Empty if the value begins a line.
fn key_before(text: &str) -> &str {
    // A text may have many values in one line.
    const LONGEST: usize = 256;
    let start = text.char_indices().rev().take(LONGEST).last().map_or(0, |(start, _)| start);
    let line = text[start..].rsplit('\n').next().unwrap_or_default();
    let line = line.trim_end_matches([':', '=', '"', '\'', ' ']);
    line.rsplit([' ', ',', '{', '[', '"', '\'', '=']).next().unwrap_or_default()
}

/// True if a text may declare Secrets, or generate them.
fn may_have_values(text: &str) -> bool {
    mentions_secret(text) && (text.contains("ecretGenerator") || lines::mentions_object(text))
}

/// True for an annotation of a Secret that other objects have, too, such as an option of a tool: its key has a domain, which keys
/// of data cannot have, and its value is made of words.
fn is_harmless_annotation(key: &str, value: &str) -> bool {
    let is_of_word = |byte: u8| !byte.is_ascii_digit() && !matches!(byte, b'{' | b'\n');
    key.contains('/') && !says_secret(key) && value.bytes().all(is_of_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part without the looks of a secret, and a part of a part.
    #[test]
    fn parts_that_builds_copy_are_values() {
        let mut values = SecretValues::default();
        let value = "app:summerhouse/garden:db";
        values.add(value, Reading { is_text: true, ..Reading::default() });
        let masked = |values: &SecretValues, text: &str| {
            values.finder().replaced(text, TextKind::Field, |_| "*".to_owned())
        };
        assert_eq!(masked(&values, "a summerhouse/garden"), None);
        let sources = Sources::new();
        sources.keep_part("summerhouse/garden", "garden");
        sources.keep_part(value, "summerhouse/garden");
        sources.keep_part("frontend:backend", "backend");
        values.add_texts(&sources);
        assert_eq!(masked(&values, "a summerhouse/garden").as_deref(), Some("a *"));
        assert_eq!(masked(&values, "a garden").as_deref(), Some("a *"));
        assert_eq!(masked(&values, "a backend"), None);
    }

    #[test]
    fn many_parts_of_a_value_with_many_secrets_are_all_values() {
        const MANY: usize = 2_000;
        let mut values = SecretValues::default();
        let sources = Sources::new();
        let secrets = (0..MANY).map(|number| format!("Zq{number:04}AxW7qkPv"));
        let text: String = secrets.clone().map(|secret| secret + ":begin-end,").collect();
        for secret in secrets {
            values.add(&secret, Reading { is_text: true, ..Reading::default() });
        }
        for number in 0..MANY {
            sources.keep_part(&text, &text[number..number + 30]);
        }
        sources.keep_part(&text, "begin-end");
        values.add_texts(&sources);
        let replaced =
            |text: &str| values.finder().replaced(text, TextKind::Field, |_| "*".to_owned());
        assert_eq!(replaced("a begin-end").as_deref(), Some("a *"));
        assert_eq!(replaced("a begin-ends"), None);
    }

    #[test]
    fn words_in_annotations_of_a_secret_are_no_values() {
        let sources = Sources::new();
        let text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations:\n    argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true\n    example.com/was: Zq91AxW7qkPv2mN\n    example.com/token: SomeOtherWord\nstringData:\n  a: Bq92BxW7qkPv\n";
        sources.add("secret.yaml", text).unwrap();
        let mut values = SecretValues::default();
        values.add_texts(&sources);
        let finder = values.finder();
        let is_found = |text: &str| !finder.find(text, TextKind::Field).is_empty();
        assert!(!is_found("SkipDryRunOnMissingResource=true"));
        for text in ["Zq91AxW7qkPv2mN", "SomeOtherWord", "Bq92BxW7qkPv"] {
            assert!(is_found(text), "{text}");
        }
    }

    #[test]
    fn keys_are_found_before_their_values() {
        for (text, expected) in [
            ("a: b\n  key: ", "key"),
            ("{other: x, key: \"", "key"),
            ("literals: [a=b, \"key=", "key"),
            ("  - key='", "key"),
            ("KEY=", "KEY"),
            ("key: |\n  ", ""),
            ("", ""),
        ] {
            assert_eq!(key_before(text), expected, "{text}");
        }
        assert_eq!(key_before(&"ä".repeat(300)), "ä".repeat(256));
    }
}
