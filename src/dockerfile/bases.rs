//! Facts about common base images.

use std::sync::LazyLock;

use crate::resource::ImageReference;
use crate::text::wildcard::fits;

/// The user that an image runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    Root,
    /// Another user, by its name.
    Name,
    /// Another user, by its number.
    Number,
    /// A user of Windows.
    Windows,
}

/// The content of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Compilers and build tools.
    Sdk,
    /// A whole distribution.
    System,
    /// Neither.
    Slim,
}

/// The facts about an image; `None` for each that is not known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub(super) user: Option<User>,
    pub(super) content: Option<Content>,
}

/// A line of the data.
struct Entry {
    name: &'static str,
    tag: &'static str,
    facts: Facts,
}

/// Starts of names of images that are the same without them, in the order in which they are left out.
const STARTS: &str = "\
    docker.io/|index.docker.io/|registry-1.docker.io/|mirror.gcr.io/|public.ecr.aws/docker/|library/|amd64/|arm64v8/|\
    arm32v7/|arm32v6/|i386/|ppc64le/|s390x/|riscv64/";

static DATA: &str = include_str!("data/bases.txt");

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let lines = DATA.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(entry).collect()
});

fn entry(line: &'static str) -> Option<Entry> {
    let mut words = line.split_whitespace();
    let (name, tag, user, content) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let user = match user {
        "root" => Some(User::Root),
        "name" => Some(User::Name),
        "number" => Some(User::Number),
        "windows" => Some(User::Windows),
        _ => None,
    };
    let content = match content {
        "sdk" => Some(Content::Sdk),
        "system" => Some(Content::System),
        "slim" => Some(Content::Slim),
        _ => None,
    };
    Some(Entry { name, tag, facts: Facts { user, content } })
}

impl Facts {
    /// The facts about an image.
    pub(super) fn of(image: &str) -> Self {
        let ImageReference { name, tag, .. } = ImageReference::new(image);
        let name =
            STARTS.split('|').fold(name, |name, start| name.strip_prefix(start).unwrap_or(name));
        let is_meant = |entry: &&Entry| fits(entry.name, name) && fits(entry.tag, tag);
        ENTRIES.iter().find(is_meant).map(|entry| entry.facts).unwrap_or_default()
    }

    /// True if the name without a registry is that of a public image.
    pub(super) fn is_public(name: &str) -> bool {
        ENTRIES.iter().any(|entry| entry.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, DATA, ENTRIES, Facts, User};

    #[test]
    fn every_line_of_the_data_is_read() {
        let lines = DATA.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(ENTRIES.len(), lines.count());
    }

    #[test]
    fn images_are_found_by_name_and_tag() {
        let facts = |image| (Facts::of(image).user, Facts::of(image).content);
        assert_eq!(facts("docker.io/library/alpine:3.20"), (Some(User::Root), Some(Content::Slim)));
        assert_eq!(facts("node:20-alpine"), (Some(User::Root), Some(Content::Slim)));
        assert_eq!(facts("node@sha256:0"), (Some(User::Root), Some(Content::Sdk)));
        assert_eq!(facts("gcr.io/distroless/static:nonroot").0, Some(User::Number));
        assert_eq!(facts("registry.example.com/node:20"), (None, None));
    }
}
