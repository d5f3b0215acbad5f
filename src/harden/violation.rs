//! What the condition of a rule answers: where an object violates it, in which words, and what would heal it.

use std::fmt;

use super::path::Path;
use crate::source::Span;
use crate::yaml::{Node, Scalar, Style, Tag, Text};

/// One violation of a rule.
#[derive(Clone, Debug)]
pub(super) struct Violation {
    pub(super) path: Path,
    pub(super) container: Option<(List, Text)>,
    pub(super) message: String,
    /// Another severity than that of the rule.
    pub(super) severity: Option<Severity>,
    pub(super) fix: Option<Fix>,
}

/// How bad a violation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something to know.
    Note,
    /// Something to look at.
    Warning,
    /// Something to repair.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The lists that containers stand in, in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// `initContainers`
    Init,
    /// `containers`
    App,
    /// `ephemeralContainers`
    Ephemeral,
}

impl List {
    /// The lists in order.
    pub const ALL: [Self; 3] = [Self::Init, Self::App, Self::Ephemeral];

    /// The field of the specification of a pod.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::App => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// What would heal a violation.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// How much the fix may change.
    pub class: Class,
    /// Whether it removes or changes what is there. Such fixes are carried out before all others: whether something may be
    /// added depends on them.
    pub is_overwriting: bool,
    /// What it does, in order.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// The field that it changes first; `None` if it changes none.
    pub(super) fn first_path(&self) -> Option<&Path> {
        self.edits.first().map(|edit| match edit {
            Edit::Set(path, _) | Edit::Append(path, _) | Edit::Remove(path) => path,
        })
    }
}

/// How much a fix may change for a program that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Writes only what was absent, and no program that works sees a difference.
    Safe,
    /// Writes only what was absent, and a program that works may need another setting.
    Unsafe,
    /// Changes or removes fields that are set.
    Override,
}

impl Class {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Override => "override",
        }
    }
}

/// One change of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Sets a field. Mappings on the way that are not there are made.
    Set(Path, Node),
    /// Adds an element at the end of a list, which is made if it is not there.
    Append(Path, Node),
    /// Removes a field, and the mappings around it that become empty by that.
    Remove(Path),
}

impl Violation {
    /// A violation at a field.
    pub(super) fn at(path: Path, message: impl Into<String>) -> Self {
        Self { path, container: None, message: message.into(), severity: None, fix: None }
    }

    /// The same with what would heal it.
    pub(super) fn fix(mut self, class: Class, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix { class, is_overwriting: false, edits });
        self
    }

    /// The same, healed by changes of what is there.
    pub(super) fn overwrite(mut self, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix { class: Class::Override, is_overwriting: true, edits });
        self
    }

    /// The same with another severity than that of its rule.
    pub(super) fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// The same, healed by taking the field away.
    pub(super) fn remove(self) -> Self {
        let edits = vec![Edit::Remove(self.path.clone())];
        self.overwrite(edits)
    }

    /// The same, healed by another value of the field.
    pub(super) fn replace(self, value: Node) -> Self {
        let edits = vec![Edit::Set(self.path.clone(), value)];
        self.overwrite(edits)
    }
}

/// A boolean, a number, or any other plain text to write: as if it had been read, for patches may still come.
pub(super) fn plain(text: &str) -> Node {
    Scalar::parsed(text, Tag::None, Style::Plain, Span::NONE).into()
}

/// A key to write.
pub(super) fn key(text: &str) -> Scalar {
    Scalar::parsed(text, Tag::None, Style::Plain, Span::NONE)
}

/// Text to write.
pub(super) fn string(text: &str) -> Node {
    Scalar::new_string(text, Span::NONE).into()
}

/// A list of text to write.
pub(super) fn strings(texts: &[&str]) -> Node {
    Node::sequence(texts.iter().map(|text| string(text)).collect(), Span::NONE)
}

/// A mapping to write.
pub(super) fn mapping(entries: &[(&str, Node)]) -> Node {
    let entries = entries.iter().map(|(name, value)| (key(name), value.clone())).collect();
    Node::mapping(entries, Span::NONE)
}
