//! The classes of quality of service.

use std::fmt;

use serde::Deserialize;

/// The class of quality of service, which decides the order of evictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Quality {
    /// No container requests or limits CPU or memory: it is evicted first.
    BestEffort,
    /// Any other pod.
    Burstable,
    /// Each container has limits of CPU and memory, and requests as much: it is evicted last.
    Guaranteed,
}

impl Quality {
    /// The classes in order.
    pub const ALL: [Self; 3] = [Self::BestEffort, Self::Burstable, Self::Guaranteed];

    /// The name, as in the status of pods.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BestEffort => "BestEffort",
            Self::Burstable => "Burstable",
            Self::Guaranteed => "Guaranteed",
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
