//! The named formats of Kubernetes.

use std::net::IpAddr;

/// A named format of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `dns1123Label`
    Label,
    /// `dns1123LabelPrefix`
    LabelPrefix,
    /// `dns1123Subdomain`
    Subdomain,
    /// `dns1123SubdomainPrefix`
    SubdomainPrefix,
    /// `dns1035Label`
    OldLabel,
    /// `dns1035LabelPrefix`
    OldLabelPrefix,
    /// `qualifiedName`
    QualifiedName,
    /// `labelValue`
    LabelValue,
    /// `uuid`
    Uuid,
    /// `ipv4`
    Ip4,
    /// `ipv6`
    Ip6,
}

impl Format {
    /// The format with a name.
    pub(in crate::expression) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "dns1123Label" => Self::Label,
            "dns1123LabelPrefix" => Self::LabelPrefix,
            "dns1123Subdomain" => Self::Subdomain,
            "dns1123SubdomainPrefix" => Self::SubdomainPrefix,
            "dns1035Label" => Self::OldLabel,
            "dns1035LabelPrefix" => Self::OldLabelPrefix,
            "qualifiedName" => Self::QualifiedName,
            "labelValue" => Self::LabelValue,
            "uuid" => Self::Uuid,
            "ipv4" => Self::Ip4,
            "ipv6" => Self::Ip6,
            _ => return None,
        })
    }

    /// The reason why text does not have the format.
    pub(in crate::expression) fn refusal(self, text: &str) -> Option<&'static str> {
        let prefix = text.strip_suffix('-').unwrap_or(text);
        let is_valid = match self {
            Self::Label => is_label(text),
            Self::LabelPrefix => is_label(prefix),
            Self::Subdomain => is_subdomain(text),
            Self::SubdomainPrefix => is_subdomain(prefix),
            Self::OldLabel => is_old_label(text),
            Self::OldLabelPrefix => is_old_label(prefix),
            Self::QualifiedName => match text.split_once('/') {
                Some((domain, name)) => is_subdomain(domain) && is_name(name),
                None => is_name(text),
            },
            Self::LabelValue => text.is_empty() || is_name(text),
            Self::Uuid => is_uuid(text),
            Self::Ip4 => matches!(text.parse(), Ok(IpAddr::V4(_))),
            Self::Ip6 => matches!(text.parse(), Ok(IpAddr::V6(_))),
        };
        (!is_valid).then_some(match self {
            Self::Label | Self::LabelPrefix => {
                "must have at most 63 lower-case letters, digits and `-`, and begin and end with a letter or digit"
            }
            Self::Subdomain | Self::SubdomainPrefix => {
                "must have at most 253 characters: labels of lower-case letters, digits and `-`, separated by dots"
            }
            Self::OldLabel | Self::OldLabelPrefix => {
                "must have at most 63 lower-case letters, digits and `-`, and begin with a letter"
            }
            Self::QualifiedName => "must be a name with an optional domain and a slash in front",
            Self::LabelValue => {
                "must have at most 63 letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit"
            }
            Self::Uuid => "must be a UUID",
            Self::Ip4 => "must be an IPv4 address",
            Self::Ip6 => "must be an IPv6 address",
        })
    }
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text)
}

/// A label of any length: only the whole of a subdomain is limited.
fn is_part(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty()
        && text.bytes().all(|byte| is_letter(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_part)
}

fn is_old_label(text: &str) -> bool {
    is_label(text) && text.starts_with(|letter: char| letter.is_ascii_lowercase())
}

fn is_name(text: &str) -> bool {
    let is_other = |byte: u8| matches!(byte, b'-' | b'_' | b'.');
    let ends = [text.bytes().next(), text.bytes().last()];
    text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_other(byte))
        && ends.into_iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
