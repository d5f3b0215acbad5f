//! Words in the paths of targets for stages, such as `prod`, and for clusters: targets of others are for other clusters.

use std::collections::BTreeSet;

/// Words for stages; those of a line mean the same.
const STAGES: [&str; 12] = [
    "dev devel develop development",
    "test tests testing",
    "qa",
    "uat",
    "int integration",
    "stage staging stg",
    "preprod preproduction preview",
    "prod production prd live",
    "sandbox playground",
    "demo",
    "local localhost",
    "canary",
];

/// Names of folders with a folder for each cluster.
const OF_CLUSTERS: &str =
    "cluster clusters env envs environment environments overlays region regions site sites";

/// True if the paths of two targets have words for the same stages, or for none.
pub(super) fn are_of_one_stage(path: &str, other: &str) -> bool {
    stages(path) == stages(other)
}

/// True if nothing in the paths of two targets says that they are for different clusters.
pub(super) fn may_share_a_cluster(path: &str, other: &str) -> bool {
    are_of_one_stage(path, other) && clusters(path) == clusters(other)
}

/// The number of names at the ends of two paths by which they are of different stages: those from the last ones on of which
/// one names a stage. `None` if only one of them does, or both name the same.
#[cfg(any(test, feature = "cli"))]
pub(crate) fn other_stage(path: &str, other: &str) -> Option<usize> {
    let ends = path.rsplit('/').zip(other.rsplit('/'));
    let named = ends.map(|(name, other)| [name, other].map(stages)).enumerate();
    let (number, [own, others]) =
        named.into_iter().find(|(_, sides)| sides.iter().any(|side| !side.is_empty()))?;
    (!own.is_empty() && !others.is_empty() && own != others).then_some(number + 1)
}

/// The places among the stages of the words of a path.
fn stages(path: &str) -> BTreeSet<usize> {
    path.split('/').flat_map(stages_of_name).collect()
}

/// The places among the stages of the words of a name. A word after `non` or `not` is denied, such as in `non-prod`, and
/// `pre-prod` is `preprod`.
fn stages_of_name(name: &str) -> impl Iterator<Item = usize> {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let before = std::iter::once("").chain(words.clone());
    before.zip(words).filter_map(|(before, word)| {
        let follows = |one: &str| before.eq_ignore_ascii_case(one);
        if follows("non") || follows("not") {
            return None;
        }
        match follows("pre") && stage(word) == stage("prod") {
            true => stage("preprod"),
            false => stage(word),
        }
    })
}

/// The place of a word, with or without a number behind it, among the stages.
fn stage(word: &str) -> Option<usize> {
    let word = word.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_ascii_lowercase();
    STAGES.iter().position(|words| words.split(' ').any(|one| one == word))
}

/// The names of folders of clusters.
fn clusters(path: &str) -> Vec<&str> {
    let is_of_clusters = |name: &str| OF_CLUSTERS.split(' ').any(|one| one == name);
    let names = path.split('/').zip(path.split('/').skip(1));
    names.filter(|(above, _)| is_of_clusters(above)).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_paths_are_of_other_stages() {
        for (path, other, expected) in [
            ("old/dev", "new/prod", Some(1)),
            ("old/dev.yaml", "new/prod.yaml", Some(1)),
            ("old/apps/dev/web/x", "apps/prod/web/x", Some(3)),
            ("old/dev/prod", "new/test/prod", None),
            ("home/dev/x", "home/test/y", Some(2)),
            ("home/dev/x", "y", None),
            ("old/web", "new/web-prod", None),
            ("old/development", "new/dev", None),
            ("old", "new", None),
        ] {
            assert_eq!(other_stage(path, other), expected, "{path} {other}");
            assert_eq!(other_stage(other, path), expected, "{other} {path}");
        }
    }

    #[test]
    fn words_of_paths_tell_stages_and_clusters() {
        for (path, other, is_of_one_stage, is_of_one_cluster) in [
            ("dev/rbac", "prod/rbac", false, false),
            ("dev/rbac", "development/access", true, true),
            ("overlays/staging", "overlays/stg", true, false),
            ("apps/web-prod-2/x", "apps/web/prod/y", true, true),
            ("apps/web", "apps/web-prod", false, false),
            ("clusters/berlin/x", "clusters/munich/x", true, false),
            ("clusters/berlin/x", "clusters/berlin/y", true, true),
            ("apps/a", "apps/b", true, true),
            ("apps/non-prod", "apps/prod", false, false),
            ("apps/non_production/x", "apps/production/x", false, false),
            ("apps/web-NOT-live", "apps/web-live", false, false),
            ("apps/not-live", "apps/live", false, false),
            ("apps/pre-prod", "apps/prod", false, false),
            ("apps/pre-prod2", "apps/preproduction", true, true),
            ("apps/pre-prod", "apps/non-prod", false, false),
            ("apps/non-prod", "apps/nonprod", true, true),
            ("apps/non-prod/dev", "apps/dev", true, true),
            ("apps/non-prod", "apps/dev", false, false),
            ("apps/pre-dev", "apps/dev", true, true),
            ("apps/pre/prod", "apps/prod", true, true),
            ("apps/not/prod", "apps/prod", true, true),
            ("apps/non", "apps/not", true, true),
            ("products/a", "devices/a", true, true),
        ] {
            assert_eq!(are_of_one_stage(path, other), is_of_one_stage, "{path} {other}");
            assert_eq!(are_of_one_stage(other, path), is_of_one_stage, "{path} {other}");
            assert_eq!(may_share_a_cluster(path, other), is_of_one_cluster, "{path} {other}");
        }
    }
}
