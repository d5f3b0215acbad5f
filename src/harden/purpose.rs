//! The purpose of a target, as far as the configuration or its path says it.

use super::violation::Easing;
use crate::text::path;
use crate::text::wildcard::fits;

/// Last words of folders that are not for production.
const TRIALS: &str = "debug demo demos dev devel development e2e example examples fixture fixtures kind local \
    minikube playground quick-start quickstart sample samples sandbox test testdata testing tests tilt \
    tutorial tutorials";

/// Those of them whose targets are inputs of tests, which no cluster gets.
const TESTS: &str = "fixture fixtures testdata";

/// Words of folders that are for production, or that try a release as it will be.
const PRODUCTION: &str = "live prd preprod prod production stage staging";

/// The path of a target in its repository, and what its files are named after.
#[derive(Clone, Copy, Debug, Default)]
pub struct TargetPath<'a> {
    /// The path in the repository; empty if it is not known.
    pub path: &'a str,
    /// The path by which it is named, if links on it lead elsewhere; else empty.
    pub named: &'a str,
    /// The path of the working directory in the repository; empty at its top.
    pub directory: &'a str,
    /// The path of the top of the repository.
    pub top: &'a str,
}

impl TargetPath<'_> {
    /// The path in the repository of a file by its name, which is relative to the working directory, or absolute. `None` if
    /// the file is outside.
    fn of_file(self, name: &str) -> Option<String> {
        if name.starts_with('/') {
            let below = name.strip_prefix(self.top)?;
            return below.strip_prefix('/').filter(|_| !self.top.is_empty()).map(path::clean);
        }
        Some(path::join(self.directory, name)).filter(|path| !path.starts_with(".."))
    }

    /// True if a file is in a folder for production, by its name.
    pub(super) fn is_of_production(self, file: &str) -> bool {
        let path = self.of_file(file);
        let folder = path.as_deref().and_then(|path| path.rsplit_once('/'));
        folder.is_some_and(|(folder, _)| is_path_of_production(folder))
    }
}

/// The reason for which a target is not for production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial<'a> {
    /// A folder of its path.
    Folder(&'a str),
    /// A pattern of the configuration.
    Told(&'a str),
}

impl<'a> Trial<'a> {
    /// The reason for which a target is not for production, if there is one: a pattern of `told` that fits its path in the
    /// repository, or, if the configuration says nothing, a folder of it.
    pub(super) fn of(target: &'a str, told: Option<&'a [String]>) -> Option<Self> {
        let Some(told) = told else { return folder(target).map(Self::Folder) };
        let target = target.strip_prefix("./").unwrap_or(target).trim_end_matches('/');
        told.iter().find(|pattern| fits(pattern, target)).map(|pattern| Self::Told(pattern))
    }

    /// True if the target is an input of tests.
    pub(super) fn is_of_tests(self) -> bool {
        matches!(self, Self::Folder(folder) if is_of(TESTS, folder))
    }

    /// The kind of the reason.
    pub(super) const fn easing(self) -> Easing {
        match self {
            Self::Folder(_) => Easing::Trial,
            Self::Told(_) => Easing::ToldTrial,
        }
    }

    /// The statement about it, to follow a message.
    pub(super) fn told(self) -> String {
        match self {
            Self::Folder(folder) => {
                format!("assumed: a target in `{folder}` is not for production")
            }
            Self::Told(pattern) => {
                format!("the configuration says that `{pattern}` is not for production")
            }
        }
    }
}

/// The folder on the path of a target that says that the target is not for production: the last one with a known purpose, if
/// none is for production. What is archived is for no purpose. `None` if there is none, and for a path that does not begin at
/// the top of its repository.
fn folder(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return None;
    }
    if let Some(archive) = target.split('/').find(|folder| is_archive(folder)) {
        return Some(archive);
    }
    if is_path_of_production(target) {
        return None;
    }
    target.rsplit('/').find(|folder| is_of(TRIALS, folder))
}

/// True if a folder of a path is for production: by one of its words, if the last is not one for trials.
pub(super) fn is_path_of_production(path: &str) -> bool {
    path.split('/').any(|folder| says_production(folder) && !is_of(TRIALS, folder))
}

/// True if a word of a text is one for production, and not after `non` or `not`.
pub(super) fn says_production(text: &str) -> bool {
    let mut before = "";
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| {
        let is_one = PRODUCTION.split(' ').any(|one| {
            let rest = word.get(one.len()..).filter(|_| {
                word.get(..one.len()).is_some_and(|start| start.eq_ignore_ascii_case(one))
            });
            rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        });
        let is_denied = ["non", "not"].iter().any(|one| before.eq_ignore_ascii_case(one));
        before = word;
        is_one && !is_denied
    })
}

/// True for the folder of what is kept and no longer used: `archived`, `archived-tasks`, `tasks-archived`, `attic`.
fn is_archive(folder: &str) -> bool {
    let mut words = folder.split(['-', '_', '.']);
    folder == "attic" || words.next() == Some("archived") || words.next_back() == Some("archived")
}

fn is_of(words: &str, folder: &str) -> bool {
    let last = folder.rsplit(['-', '_', '.']).next().unwrap_or(folder);
    // Such as `testdata2`.
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit());
    // Such as `e2e-v1.2`.
    let is_versioned = || words.contains("e2e") && folder.starts_with("e2e-");
    words.split_ascii_whitespace().any(|word| word == last || word == folder) || is_versioned()
}

/// Words of hosts that are not for production.
const OF_TRIAL_HOSTS: &str = "dev devel development demo e2e int kind local localdev localhost minikube nip playground \
    preview qa review sandbox sslip test testing tests tilt uat";

/// True for a host that is not for production, by one of its words, apart from those of its last label.
pub(super) fn is_trial_host(host: &str) -> bool {
    let (rest, last) = host.trim_end_matches('.').rsplit_once('.').unwrap_or((host, ""));
    // These are of no one, or of the own network.
    let is_open =
        matches!(last, "" | "example" | "internal" | "invalid" | "local" | "localhost" | "test");
    let mut words =
        rest.split(['.', '-']).map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    is_open || words.any(|word| OF_TRIAL_HOSTS.split_ascii_whitespace().any(|one| one == word))
}

#[cfg(test)]
mod tests {
    use super::{TargetPath, Trial, folder, is_trial_host};

    #[test]
    fn files_of_production_are_known_from_every_directory() {
        let from = |directory, file: &str| {
            TargetPath { path: "", named: "", directory, top: "/home/prod/shop" }
                .is_of_production(file)
        };
        for (directory, file, expected) in [
            ("", "prod/base/web.yaml", true),
            ("prod", "base/web.yaml", true),
            ("prod", "../examples/web.yaml", false),
            ("prod", "../../prod/web.yaml", false),
            ("", "/home/prod/shop/prod/web.yaml", true),
            ("", "/home/prod/shop/examples/web.yaml", false),
            ("", "/home/prod/shopping/prod/web.yaml", false),
            ("", "examples/prod.yaml", false),
            ("", "prod.yaml", false),
        ] {
            assert_eq!(from(directory, file), expected, "{directory} {file}");
        }
    }

    #[test]
    fn hosts_tell_trials_by_their_words() {
        for host in [
            "shop.dev.example.com",
            "dev2-shop.example.com",
            "shop-qa.example.com",
            "shop.127.0.0.1.nip.io",
            "localhost",
            "shop.localhost",
            "shop.test",
            "shop.internal",
        ] {
            assert!(is_trial_host(host), "{host}");
        }
        for host in
            ["shop.example.com", "shop.dev", "devices.example.com", "*.shop.com", "shop.com."]
        {
            assert!(!is_trial_host(host), "{host}");
        }
    }

    #[test]
    fn the_last_folder_with_a_purpose_counts() {
        for (target, expected) in [
            ("overlays/dev", Some("dev")),
            ("manifests/dev-tilt", Some("dev-tilt")),
            ("deploy/local/secure", Some("local")),
            ("overlays/e2e-release-31.0", Some("e2e-release-31.0")),
            ("util/kustomize/testdata/web", Some("testdata")),
            ("test/overlays/production", None),
            ("clusters/eu-prod/local/staging", None),
            ("clusters/prod/dev", None),
            ("local/prod-eu", None),
            ("prod2/examples/web", None),
            ("clusters/PRD-eu/dev", None),
            ("clusters/non-prod-eu/dev", Some("dev")),
            ("clusters/non-prod/dev", Some("dev")),
            ("apps/live-demo", Some("live-demo")),
            ("products/dev", Some("dev")),
            ("apps/livekit/dev", Some("dev")),
            ("apps/dev-portal/base", None),
            ("applicationset/examples/web", Some("examples")),
            ("examples/production", None),
            ("overlays/contest", None),
            ("manifests/quick-start/base/minio", Some("quick-start")),
            ("manifests/start", None),
            ("overlays/noauth-debug", Some("noauth-debug")),
            ("apps/debug-tools/base", None),
            ("archived-tasks/scan/0.2", Some("archived-tasks")),
            ("tasks_archived/overlays/production", Some("tasks_archived")),
            ("apps/archive/base", None),
            ("apps/message-archived-by/base", None),
            ("test/e2e/testdata2/guestbook", Some("testdata2")),
            ("overlays/dev/prod1", None),
            ("overlays/e2e-1", Some("e2e-1")),
            ("overlays/123", None),
            ("/home/dev/web", None),
            (".", None),
        ] {
            assert_eq!(folder(target), expected, "{target}");
        }
    }

    #[test]
    fn examples_and_overlays_of_developers_are_no_tests() {
        let is_test = |target: &str| Trial::of(target, None).is_some_and(Trial::is_of_tests);
        assert!(["a/testdata/b", "fixtures/web"].into_iter().all(is_test));
        assert!(!["overlays/dev", "overlays/test", "examples/web", "."].into_iter().any(is_test));
    }

    #[test]
    fn a_configuration_decides_alone() {
        let told = ["overlays/qa*".to_owned()];
        assert_eq!(Trial::of("overlays/qa-1", Some(&told)), Some(Trial::Told("overlays/qa*")));
        assert_eq!(Trial::of("./overlays/qa/", Some(&told)), Some(Trial::Told("overlays/qa*")));
        assert_eq!(Trial::of("overlays/dev", Some(&told)), None);
        assert_eq!(Trial::of("a/testdata/b", Some(&[])), None);
    }
}
