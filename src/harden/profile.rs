//! Profiles: sets of rules at a version of Kubernetes.

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Error, nearest};

/// A set of rules, at a version of the Pod Security Standards: `restricted@v1.30`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The set.
    pub set: Set,
    /// The version; `None` for the newest known one.
    pub version: Option<Version>,
}

/// The sets of rules. Each contains those before it, except for checks that stricter ones replace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// Only the rules that a configuration names.
    Custom,
    /// No rules.
    Privileged,
    /// The level `baseline` of the Pod Security Standards.
    Baseline,
    /// The level `restricted` of the Pod Security Standards.
    Restricted,
    /// `restricted`, and rules for reliable operation.
    #[default]
    Recommended,
    /// All rules.
    Paranoid,
}

impl Set {
    /// The sets in order.
    pub const ALL: [Self; 6] = [
        Self::Privileged,
        Self::Baseline,
        Self::Restricted,
        Self::Recommended,
        Self::Paranoid,
        Self::Custom,
    ];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
            Self::Recommended => "recommended",
            Self::Paranoid => "paranoid",
        }
    }
}

/// The profiles that a rule belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// As defined by the Pod Security Standards.
    PodSecurity(PodSecurity),
    /// `recommended` and `paranoid`.
    Recommended,
    /// `paranoid` only.
    Paranoid,
    /// Every profile: the rule is about the check itself.
    Always,
    /// No profile: only a configuration or a flag that names the rule.
    Named,
}

/// A check of the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodSecurity {
    /// The id of the check.
    pub check: &'static str,
    /// The lowest level that has it.
    pub level: Level,
    /// The minor version of Kubernetes 1 that introduced it.
    pub since: u16,
    /// The minor version in which the level `restricted` replaced it by a stricter check.
    pub replaced: Option<u16>,
}

/// A level of the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Forbids settings that ordinary programs do not need.
    Baseline,
    /// Requires hardened pods.
    Restricted,
}

impl Level {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl PodSecurity {
    /// A check of the level `baseline`, which is also in `restricted`.
    pub(super) const fn baseline(check: &'static str, since: u16) -> Scope {
        Scope::PodSecurity(Self { check, level: Level::Baseline, since, replaced: None })
    }

    /// A check of the level `baseline` that `restricted` replaces by a stricter one from a version on.
    pub(super) const fn replaced(check: &'static str, since: u16, replaced: u16) -> Scope {
        let replaced = Some(replaced);
        Scope::PodSecurity(Self { check, level: Level::Baseline, since, replaced })
    }

    /// A check of the level `restricted`.
    pub(super) const fn restricted(check: &'static str, since: u16) -> Scope {
        Scope::PodSecurity(Self { check, level: Level::Restricted, since, replaced: None })
    }

    /// True if a level includes it at a minor version.
    pub(super) fn is_in(&self, level: Level, minor: u16) -> bool {
        let is_replaced = self.replaced.is_some_and(|replaced| minor >= replaced);
        self.since <= minor
            && self.level <= level
            && !(is_replaced && self.level == Level::Baseline && level == Level::Restricted)
    }
}

/// A version of the Pod Security Standards, which is one of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u16);

impl Version {
    /// The newest known version.
    pub const LATEST: Self = Self(37);

    /// The number of minor versions of Kubernetes that its project supports at a time.
    pub(super) const SUPPORTED: u16 = 3;

    /// The number after `1.`.
    #[must_use]
    pub const fn minor(self) -> u16 {
        self.0
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::LATEST
    }
}

impl Profile {
    /// The version of the Pod Security Standards in use: the newest known one in place of newer ones.
    #[must_use]
    pub fn version(self) -> Version {
        self.version.unwrap_or(Version::LATEST).min(Version::LATEST)
    }

    /// The version that the profile names, if it is newer than all known ones.
    #[must_use]
    pub fn unknown_version(self) -> Option<Version> {
        self.version.filter(|version| *version > Version::LATEST)
    }

    /// True if rules of a scope are in this profile.
    #[must_use]
    pub fn has(self, scope: &Scope) -> bool {
        match scope {
            Scope::PodSecurity(check) => {
                let level = match self.set {
                    Set::Custom | Set::Privileged => return false,
                    Set::Baseline => Level::Baseline,
                    Set::Restricted | Set::Recommended | Set::Paranoid => Level::Restricted,
                };
                check.is_in(level, self.version().minor())
            }
            Scope::Recommended => self.set >= Set::Recommended,
            Scope::Paranoid => self.set >= Set::Paranoid,
            Scope::Always => true,
            Scope::Named => false,
        }
    }
}

/// Parses `restricted`, `restricted@latest` and `restricted@v1.30`.
impl FromStr for Profile {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, version) = text.split_once('@').unwrap_or((text, "latest"));
        let Some(set) = Set::ALL.into_iter().find(|set| set.as_str() == name) else {
            let names = Set::ALL.map(Set::as_str);
            let error = Error::new(Code::InvalidArgument, format!("there is no profile `{name}`"));
            return Err(match nearest(name, names) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("profiles are {}", names.join(", "))),
            });
        };
        let version = if version == "latest" { None } else { Some(version.parse()?) };
        Ok(Self { set, version })
    }
}

/// Parses `latest`, `v1.30` and `1.30`, also versions after [`Version::LATEST`].
impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "latest" {
            return Ok(Self::LATEST);
        }
        Ok(Self(minor(text)?))
    }
}

/// The minor version of a version of Kubernetes: `v1.30` or `1.30`.
///
/// # Errors
/// [`Code::InvalidArgument`] for any other text.
pub(super) fn minor(text: &str) -> Result<u16, Error> {
    let minor = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.");
    let digits = minor.filter(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|minor| minor.parse().ok()).ok_or_else(|| {
        let message = format!("`{text}` is no version of Kubernetes");
        let help = format!("write `latest`, or one from `v1.0` to `{}`", Version::LATEST);
        Error::new(Code::InvalidArgument, message).help(help)
    })
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "v1.{}", self.0)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.set.as_str(), self.version())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_with_their_versions() {
        let read = |text: &str| text.parse::<Profile>().map(|profile| profile.to_string());
        assert_eq!(read("baseline").unwrap(), "baseline@v1.37");
        assert_eq!(read("restricted@latest").unwrap(), "restricted@v1.37");
        assert_eq!(read("restricted@v1.8").unwrap(), "restricted@v1.8");
        // The newest known version is used.
        assert_eq!(read("paranoid@1.99").unwrap(), "paranoid@v1.37");
        assert_eq!(
            "paranoid@1.99".parse::<Profile>().unwrap().unknown_version().unwrap().minor(),
            99
        );
        assert_eq!(read("restrictd").unwrap_err().helps(), ["did you mean `restricted`?"]);
        assert_eq!(read("restricted@v2.0").unwrap_err().code(), Code::InvalidArgument);
    }
}
