//! Sets of IP addresses: ranges in the notation of CIDR.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// A range: addresses with the same beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diff::weigh) struct Range {
    is_v6: bool,
    /// The number of bits that all addresses have in common.
    length: u8,
    /// The first address, in the upper bits.
    bits: u128,
}

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = match self.is_v6 {
            true => IpAddr::from(self.bits.to_be_bytes()),
            false => IpAddr::from(((self.bits >> 96) as u32).to_be_bytes()),
        };
        write!(formatter, "{address}/{}", self.length)
    }
}

impl Range {
    /// A range, or a single address. `None` for text that is neither.
    pub(in crate::diff::weigh) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
            None => (text.trim(), None),
        };
        let (is_v6, bits, most) = match address.parse().ok()? {
            IpAddr::V4(address) => (false, u128::from(u32::from(address)) << 96, 32),
            IpAddr::V6(address) => (true, u128::from(address), 128),
        };
        let length = length.unwrap_or(most);
        (length <= most).then(|| Self { is_v6, length, bits }.cut(length))
    }

    fn cut(self, length: u8) -> Self {
        let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
        Self { length, bits: self.bits & mask, ..self }
    }

    /// True if all addresses of the other range are in this one.
    pub(in crate::diff::weigh) fn contains(self, other: Self) -> bool {
        self.is_v6 == other.is_v6 && self.length <= other.length && other.cut(self.length) == self
    }

    /// True if both are of the same version of IP.
    pub(super) const fn is_like(self, other: Self) -> bool {
        self.is_v6 == other.is_v6
    }

    /// The first and the last address, in the upper bits, with all lower bits of the last one.
    pub(super) fn ends(self) -> (u128, u128) {
        let lower = u128::MAX.checked_shr(u32::from(self.length)).unwrap_or(0);
        (self.bits, self.bits | lower)
    }

    /// The other half of the range that is twice as long.
    fn sibling(self) -> Option<Self> {
        let bit = 1_u128.checked_shl(128 - u32::from(self.length)).filter(|_| self.length > 0)?;
        Some(Self { bits: self.bits ^ bit, ..self })
    }
}

/// Ranges, of which halves are joined; and texts that are no ranges.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    ranges: BTreeSet<Range>,
    others: BTreeSet<String>,
}

impl Ranges {
    pub(super) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut ranges = Self::default();
        for text in texts {
            match Range::parse(text) {
                Some(range) => ranges.insert(range),
                None => drop(ranges.others.insert(text.to_owned())),
            }
        }
        ranges
    }

    fn insert(&mut self, mut range: Range) {
        while let Some(sibling) = range.sibling().filter(|one| self.ranges.contains(one)) {
            self.ranges.remove(&sibling);
            range = range.cut(range.length - 1);
        }
        self.ranges.insert(range);
    }

    /// True if all addresses of a range are in one of these. At most 129 steps.
    pub(super) fn covers(&self, range: Range) -> bool {
        (0..=range.length).any(|length| self.ranges.contains(&range.cut(length)))
    }

    /// The texts whose addresses are not in these ranges.
    pub(super) fn beyond<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let is_covered = |text: &str| match Range::parse(text) {
            Some(range) => self.covers(range),
            None => self.others.contains(text),
        };
        texts.into_iter().filter(|text| !is_covered(text)).collect()
    }

    /// True if there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.others.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_others() {
        let beyond = |before: &[&str], after: &'static str| {
            !Ranges::of(before.iter().copied()).beyond([after]).is_empty()
        };
        for (before, after, is_beyond) in [
            (&["10.0.0.0/8"][..], "10.1.0.0/16", false),
            (&["10.1.0.0/16"], "10.0.0.0/8", true),
            (&["10.0.0.0/9", "10.128.0.0/9"], "10.0.0.0/8", false),
            (&["0.0.0.0/1", "128.0.0.0/1"], "0.0.0.0/0", false),
            (&["0.0.0.0/0"], "::/0", true),
            (&["::/0"], "2001:db8::1", false),
            (&["10.0.0.7"], "10.0.0.7/32", false),
            (&["corp"], "corp", false),
            (&["corp"], "other", true),
            (&["10.0.0.0/33"], "10.0.0.0/32", true),
        ] {
            assert_eq!(beyond(before, after), is_beyond, "{before:?} {after}");
        }
    }
}
