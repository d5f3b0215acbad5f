//! Addresses, networks and URLs.

use std::fmt;
use std::net::IpAddr;

/// An address as Kubernetes reads it: without a zone, and not an IPv4 address within IPv6.
pub(in crate::expression) fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok()?;
    match address {
        IpAddr::V6(long) if long.to_ipv4_mapped().is_some() => None,
        address => Some(address),
    }
}

/// An address with the length of the prefix that all addresses of the network have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub(in crate::expression) address: IpAddr,
    pub(in crate::expression) length: u8,
}

impl Network {
    /// Reads an address, a slash and a length.
    pub(in crate::expression) fn parse(text: &str) -> Option<Self> {
        let (text, length) = text.split_once('/')?;
        let address = address(text)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let is_plain = length == "0" || !length.starts_with(['0', '+']);
        let length: u8 = length.parse().ok().filter(|length| *length <= most && is_plain)?;
        Some(Self { address, length })
    }

    /// The bits of an address that the prefix has.
    fn prefix(address: IpAddr, length: u8) -> u128 {
        match address {
            IpAddr::V4(address) => {
                let shift = 32_u32.saturating_sub(u32::from(length));
                u128::from(u32::from(address).checked_shr(shift).unwrap_or(0))
            }
            IpAddr::V6(address) => {
                let shift = 128_u32.saturating_sub(u32::from(length));
                u128::from(address).checked_shr(shift).unwrap_or(0)
            }
        }
    }

    /// True if it has an address.
    pub(in crate::expression) fn has(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && Self::prefix(self.address, self.length) == Self::prefix(address, self.length)
    }

    /// The network with the first of its addresses.
    pub(in crate::expression) fn masked(self) -> Self {
        let prefix = Self::prefix(self.address, self.length);
        let address = match self.address {
            IpAddr::V4(_) => {
                let shift = 32 - u32::from(self.length);
                let bits = (u64::try_from(prefix).unwrap_or_default() << shift) as u32;
                IpAddr::V4(bits.into())
            }
            IpAddr::V6(_) => {
                let shift = 128 - u32::from(self.length);
                IpAddr::V6(prefix.checked_shl(shift).unwrap_or(0).into())
            }
        };
        Self { address, length: self.length }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.length)
    }
}

/// A URL as Go's `url.ParseRequestURI` reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub(in crate::expression) scheme: String,
    pub(in crate::expression) host: String,
    pub(in crate::expression) path: String,
    pub(in crate::expression) query: String,
}

impl Url {
    /// Reads an absolute URL, or an absolute path.
    pub(in crate::expression) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return None;
        }
        let (rest, query) = text.split_once('?').unwrap_or((text, ""));
        let (scheme, rest) = match rest.split_once(':') {
            Some((scheme, rest)) if !rest.is_empty() && is_scheme(scheme) => (scheme, rest),
            _ => ("", rest),
        };
        // Neither a relative path nor an opaque URL is accepted.
        let (host, path) = match rest.strip_prefix("//") {
            Some(rest) if !scheme.is_empty() => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            _ if rest.starts_with('/') => ("", rest),
            _ => return None,
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let port = host.rsplit_once(']').map_or(host, |(_, port)| port).split_once(':');
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        if port.is_some_and(|(_, port)| !is_port(port)) || !escapes_are_whole(path) {
            return None;
        }
        Some(Self {
            scheme: scheme.to_ascii_lowercase(),
            host: host.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
        })
    }

    /// The host without its port.
    pub(in crate::expression) fn hostname(&self) -> &str {
        match self.host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.host.split(':').next().unwrap_or_default(),
        }
    }

    /// The port; empty if there is none.
    pub(in crate::expression) fn port(&self) -> &str {
        let behind = self.host.rsplit_once(']').map_or(&*self.host, |(_, port)| port);
        behind.split_once(':').map_or("", |(_, port)| port)
    }
}

fn is_scheme(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.starts_with(|letter: char| letter.is_ascii_alphabetic()) && text.bytes().all(is_letter)
}

/// True if two hexadecimal digits follow each `%`.
fn escapes_are_whole(text: &str) -> bool {
    let digits = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    text.split('%').skip(1).all(digits)
}
