//! Judgements: the rule, the severity, and a phrase of fixed words and names from input.

use std::borrow::Cow;
use std::fmt;

use crate::harden::{Rule, Severity};
use crate::text::phrase::shortened;

/// Something that a difference does, and that a rule warns of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The rule: one of `KR-DIF`.
    pub rule: &'static Rule,
    /// The severity.
    pub severity: Severity,
    /// The description, to follow the name of the object.
    pub phrase: Phrase,
    /// The field, from the top of the object; empty for the whole object.
    pub path: Cow<'static, str>,
}

/// A phrase. Names from input are set apart, so that formats can mark and escape them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phrase(Vec<Part>);

/// A part of a phrase.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Fixed words.
    Words(Cow<'static, str>),
    /// A name or a value from input.
    Name(String),
}

impl Judgement {
    /// A judgement with the usual severity of its rule.
    pub(super) fn new(rule: &'static Rule, path: &'static str, phrase: Phrase) -> Self {
        Self { rule, severity: rule.severity, phrase, path: Cow::Borrowed(path) }
    }

    /// The judgement with another severity.
    pub(super) const fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The judgement at a path that is known only now.
    pub(super) fn at(mut self, path: String) -> Self {
        self.path = Cow::Owned(path);
        self
    }
}

impl Phrase {
    /// A phrase that begins with fixed words.
    pub(super) fn new(words: impl Into<Cow<'static, str>>) -> Self {
        Self::default().say(words)
    }

    /// Appends fixed words.
    pub(super) fn say(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Part::Words(words.into()));
        self
    }

    /// Appends a name or a value from input. It is cut when it is shown: masks need the whole text.
    pub(super) fn name(mut self, name: &str) -> Self {
        const LONGEST: usize = 1 << 16;
        self.0.push(Part::Name(shortened(name, LONGEST).into_owned()));
        self
    }

    /// Replaces names and values from input.
    pub(in crate::diff) fn replace_names(&mut self, replace: impl Fn(&str) -> Option<String>) {
        for part in &mut self.0 {
            if let Part::Name(name) = part
                && let Some(replaced) = replace(name)
            {
                *name = replaced;
            }
        }
    }

    /// Appends the first few names, and the number of the others.
    pub(super) fn few<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.each(names, Self::name)
    }

    /// Appends the first few of some things, separated by commas, and the number of the others.
    pub(super) fn each<T>(
        self,
        things: impl IntoIterator<Item = T>,
        append: impl Fn(Self, T) -> Self,
    ) -> Self {
        self.apart(", ", things, append)
    }

    /// Appends the first few of some things with a mark between them, and the number of the others.
    pub(super) fn apart<T>(
        mut self,
        mark: &'static str,
        things: impl IntoIterator<Item = T>,
        append: impl Fn(Self, T) -> Self,
    ) -> Self {
        const FEW: usize = 4;
        let mut things = things.into_iter();
        for (place, thing) in things.by_ref().take(FEW).enumerate() {
            self = append(if place > 0 { self.say(mark) } else { self }, thing);
        }
        match things.count() {
            0 => self,
            more => self.say(format!(" and {more} more")),
        }
    }

    /// Appends another phrase.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The parts in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }
}

impl Part {
    /// The text to show: a long name is cut.
    #[must_use]
    pub fn shown(&self) -> Cow<'_, str> {
        const LONGEST: usize = 100;
        match self {
            Self::Words(text) => Cow::Borrowed(text),
            Self::Name(text) => shortened(text, LONGEST),
        }
    }
}

/// The text, without marks or escapes.
impl fmt::Display for Phrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| formatter.write_str(&part.shown()))
    }
}
