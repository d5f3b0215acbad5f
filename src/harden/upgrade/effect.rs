//! The effect of an upgrade on an object.

use crate::harden::profile::Version;
use crate::harden::rewrite::Rewrite;
use crate::harden::violation::Severity;
use crate::resource::ResId;
use crate::source::Span;
use crate::yaml::Text;

/// An effect of an upgrade on an object.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The kind of effect.
    pub kind: EffectKind,
    /// An error if the API server or a node refuses the object, or an effect is lost.
    pub severity: Severity,
    /// The first minor version of Kubernetes 1 with the effect; `None` if it does not depend on one.
    pub since: Option<u16>,
    /// The object.
    pub object: ResId,
    /// The container, if it concerns one.
    pub container: Option<Text>,
    /// The field, as a JSON pointer with names in place of indices.
    pub field: String,
    /// The place that set the field.
    pub span: Span,
    /// The effect in words.
    pub message: String,
    /// The change that avoids it, if that is another version of the API.
    pub rewrite: Option<Rewrite>,
    /// The source of the fact: a change log or a page of the documentation of Kubernetes; may be empty.
    pub source: &'static str,
}

/// The kinds of effects, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectKind {
    /// The version of the API is not served any more.
    Removed,
    /// The version of the API is one that Kubernetes does not have.
    Unknown,
    /// The version of the API is deprecated.
    Deprecated,
    /// A definition of the render does not serve the version, or has deprecated it.
    Definition,
    /// The Pod Security verdict changes.
    PodSecurity,
    /// A field, an annotation or a value means something else.
    Changed,
}

impl EffectKind {
    /// The kinds in order.
    pub const ALL: [Self; 6] = [
        Self::Removed,
        Self::Unknown,
        Self::Deprecated,
        Self::Definition,
        Self::PodSecurity,
        Self::Changed,
    ];

    /// The word for it in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed-api",
            Self::Unknown => "unknown-api",
            Self::Deprecated => "deprecated-api",
            Self::Definition => "definition",
            Self::PodSecurity => "pod-security",
            Self::Changed => "changed",
        }
    }
}

/// The versions of an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The version before it.
    pub from: Version,
    /// The version after it.
    pub to: Version,
}

impl Upgrade {
    /// True if something that holds from a minor version on begins to hold with the upgrade.
    pub(super) const fn crosses(self, since: u16) -> bool {
        self.from.minor() < since && since <= self.to.minor()
    }
}
