//! Environments, as the names of directories tell them.

use std::path::Path;

/// An environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// For developers.
    Development,
    /// For tests.
    Test,
    /// A rehearsal of production.
    Staging,
    /// Production.
    Production,
}

/// The words for an environment in names of directories.
const WORDS: [(Stage, &[&str]); 4] = [
    (Stage::Development, &["dev", "develop", "development", "sandbox"]),
    (Stage::Test, &["test", "testing", "qa"]),
    (Stage::Staging, &["stage", "staging", "stg", "uat", "preprod", "preproduction"]),
    (Stage::Production, &["prod", "production", "prd", "live"]),
];

impl Stage {
    /// The environment of a directory, and the directory above the name that tells it. `None` if no name of the path has
    /// such a word, or if there are words of several environments: `non-prod` and `pre-prod` are not production.
    pub(super) fn of(directory: &Path) -> Option<(Self, &Path)> {
        let mut found = None;
        for directory in directory.ancestors() {
            let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let lower = name.to_ascii_lowercase();
            for word in lower.split(['-', '_', '.']) {
                if ["non", "no", "nonprod", "pre"].contains(&word) {
                    return None;
                }
                let stage = WORDS.iter().find(|(_, words)| words.contains(&word));
                match (stage, found) {
                    (Some((stage, _)), Some((known, _))) if *stage != known => return None,
                    (Some((stage, _)), _) => found = Some((*stage, directory.parent()?)),
                    (None, _) => {}
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_environment_count() {
        for (directory, expected) in [
            ("overlays/prod", Some((Stage::Production, "overlays"))),
            ("overlays/prod-eu", Some((Stage::Production, "overlays"))),
            ("overlays/prod/eu", Some((Stage::Production, "overlays"))),
            ("prod/eu/live", Some((Stage::Production, ""))),
            ("dev/prod", None),
            ("overlays/non-prod", None),
            ("prod/pre-prod", None),
            ("dev-test", None),
            ("product/base", None),
            ("Staging_west", Some((Stage::Staging, ""))),
        ] {
            let expected = expected.map(|(stage, above)| (stage, Path::new(above)));
            assert_eq!(Stage::of(directory.as_ref()), expected, "{directory}");
        }
    }
}
