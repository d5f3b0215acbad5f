//! The identity of values that several places of a document share.

use crate::source::Span;

/// The identity of a group of places that share one value. Most values have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    /// No share.
    pub const NONE: Self = Self(0);

    /// The share of a value that a setter adds, derived from the span that it was set from.
    #[must_use]
    pub const fn of(span: Span) -> Self {
        Self(span.start().wrapping_add(1))
    }

    /// True for [`Share::NONE`].
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}
