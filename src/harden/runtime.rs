//! Runtimes of programs, and the timing of probes that suits them.

use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::error::{Code, Error, nearest};
use crate::resource::ImageReference;
use crate::text::wildcard::fits;

/// The runtime of a program, which decides how long it takes to start and to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// .NET.
    Dotnet,
    /// Go.
    Go,
    /// A Java virtual machine.
    Jvm,
    /// Compiled code.
    Native,
    /// Node.js.
    Node,
    /// Python.
    Python,
    /// Ruby.
    Ruby,
    /// Rust.
    Rust,
}

/// The seconds and counts of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timing {
    /// `periodSeconds`
    pub(super) period: i64,
    /// `timeoutSeconds`; `None` for the default.
    pub(super) timeout: Option<i64>,
    /// `failureThreshold`
    pub(super) failures: i64,
}

const fn timing(period: i64, timeout: Option<i64>, failures: i64) -> Timing {
    Timing { period, timeout, failures }
}

impl Runtime {
    /// The runtimes, in the order of their names.
    pub const ALL: [Self; 8] = [
        Self::Dotnet,
        Self::Go,
        Self::Jvm,
        Self::Native,
        Self::Node,
        Self::Python,
        Self::Ruby,
        Self::Rust,
    ];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dotnet => "dotnet",
            Self::Go => "go",
            Self::Jvm => "jvm",
            Self::Native => "native",
            Self::Node => "node",
            Self::Python => "python",
            Self::Ruby => "ruby",
            Self::Rust => "rust",
        }
    }

    /// True if programs usually take more than the thirty seconds of a liveness probe to start.
    pub(super) const fn is_slow(self) -> bool {
        matches!(self, Self::Dotnet | Self::Jvm)
    }

    /// The timing of startup probes.
    pub(super) const fn startup(self) -> Timing {
        match self {
            Self::Go | Self::Native | Self::Rust => timing(1, None, 30),
            Self::Node => timing(2, None, 30),
            Self::Python | Self::Ruby => timing(2, None, 45),
            Self::Dotnet => timing(3, None, 40),
            Self::Jvm => timing(5, None, 60),
        }
    }

    /// The timing of liveness probes.
    pub(super) const fn liveness(self) -> Timing {
        match self {
            Self::Go | Self::Native | Self::Rust => timing(10, Some(2), 3),
            Self::Node | Self::Python | Self::Ruby | Self::Dotnet => timing(10, Some(3), 3),
            Self::Jvm => timing(15, Some(5), 3),
        }
    }

    /// The timing of readiness probes.
    pub(super) const fn readiness(self) -> Timing {
        match self {
            Self::Go | Self::Native | Self::Rust => timing(5, Some(2), 3),
            Self::Node | Self::Python | Self::Ruby | Self::Dotnet => timing(5, Some(3), 3),
            Self::Jvm => timing(10, Some(5), 3),
        }
    }

    /// The runtime of a program by the first word of its command; `None` if it is not known.
    pub(super) fn of_command(word: &str) -> Option<Self> {
        let name = word.rsplit('/').next().unwrap_or(word);
        KNOWN.commands.iter().find(|(known, _)| *known == name).map(|(_, runtime)| *runtime)
    }

    /// The runtime of the programs of a public image; `None` if it is not known.
    pub(super) fn of_image(image: &str) -> Option<Self> {
        let name = ImageReference::new(image).name;
        let name = match name.split_once('/') {
            Some((registry, rest)) if registry.contains(['.', ':']) => rest,
            _ => name,
        };
        let name = name.strip_prefix("library/").unwrap_or(name);
        KNOWN.images.iter().find(|(pattern, _)| fits(pattern, name)).map(|(_, runtime)| *runtime)
    }
}

impl Timing {
    /// The seconds until the kubelet gives up.
    pub(super) const fn window(self) -> i64 {
        self.period.saturating_mul(self.failures)
    }
}

impl FromStr for Runtime {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str);
            let message = format!("there is no runtime `{text}`");
            let error = Error::new(Code::InvalidValue, message);
            match nearest(text, names) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("runtimes are {}", names.join(", "))),
            }
        })
    }
}

/// The known commands and images.
struct Known {
    commands: Vec<(&'static str, Runtime)>,
    images: Vec<(&'static str, Runtime)>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let (mut commands, mut images) = (Vec::new(), Vec::new());
    for line in include_str!("data/runtimes.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let list = match words.next() {
            Some("command") => &mut commands,
            _ => &mut images,
        };
        if let Some(Ok(runtime)) = words.next().map(str::parse) {
            list.extend(words.map(|word| (word, runtime)));
        }
    }
    Known { commands, images }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete() {
        let lines = include_str!("data/runtimes.txt").lines();
        for line in lines.filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            assert!(matches!(words.next(), Some("command" | "image")), "{line}");
            assert!(words.next().unwrap().parse::<Runtime>().is_ok(), "{line}");
            assert!(words.next().is_some(), "{line}");
        }
        for (image, expected) in [
            ("eclipse-temurin:21", Some(Runtime::Jvm)),
            ("docker.io/library/python:3.13-slim", Some(Runtime::Python)),
            ("quay.io/keycloak/keycloak:26.0", Some(Runtime::Jvm)),
            ("mcr.microsoft.com/dotnet/aspnet:9.0", Some(Runtime::Dotnet)),
            ("ghcr.io/acme/python:1", None),
            ("nodes:1", None),
        ] {
            assert_eq!(Runtime::of_image(image), expected, "{image}");
        }
        assert_eq!(Runtime::of_command("/usr/bin/java"), Some(Runtime::Jvm));
        assert_eq!(Runtime::of_command("javac"), None);
    }
}
