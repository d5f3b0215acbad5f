//! Values of the libraries of Kubernetes. `functions` has what can be done with them.

mod format;
pub(super) mod network;
mod version;

use std::net::IpAddr;

pub use format::Format;
pub use network::{Network, Url};
pub use version::Version;

use crate::resource::Quantity;

/// A value of a library of Kubernetes.
#[derive(Clone, Debug, PartialEq)]
pub enum Library {
    /// `quantity('1Gi')`
    Quantity(Quantity),
    /// `url('https://example.com')`
    Url(Box<Url>),
    /// `ip('10.0.0.1')`
    Address(IpAddr),
    /// `cidr('10.0.0.0/8')`
    Network(Network),
    /// `semver('1.2.3')`
    Version(Box<Version>),
    /// `format.dns1123Label()`
    Format(Format),
}

impl Library {
    pub(in crate::expression) const fn type_name(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Url(_) => "kubernetes.URL",
            Self::Address(_) => "net.IP",
            Self::Network(_) => "net.CIDR",
            Self::Version(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }

    /// The value as text, for types that have one.
    pub(in crate::expression) fn as_text(&self) -> Option<String> {
        match self {
            Self::Address(address) => Some(address.to_string()),
            Self::Network(network) => Some(network.to_string()),
            Self::Quantity(_) | Self::Url(_) | Self::Version(_) | Self::Format(_) => None,
        }
    }
}
