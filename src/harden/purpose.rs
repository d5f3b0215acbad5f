//! The purpose of a target, as far as its path says it.

/// Last words of folders that are not for production.
const TRIALS: &str = "demo demos dev devel development e2e example examples fixture fixtures kind local \
    minikube sample samples sandbox test testdata testing tests tilt";

/// Those of them whose targets are inputs of tests, which no cluster gets.
const TESTS: &str = "fixture fixtures testdata";

/// Last words of folders that are for production, or that try a release as it will be.
const PRODUCTION: &str = "live preprod prod production stage staging";

/// The folder on the path of a target that says that the target is not for production. The last folder with a known
/// purpose counts. `None` if there is none, and for a path that does not begin in the working directory.
pub(super) fn trial(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return None;
    }
    let mut folders = target.rsplit('/');
    let known = folders.find(|folder| is_of(TRIALS, folder) || is_of(PRODUCTION, folder))?;
    is_of(TRIALS, known).then_some(known)
}

/// True if a folder that [`trial`] found has inputs of tests.
pub(super) fn is_of_tests(folder: &str) -> bool {
    is_of(TESTS, folder)
}

fn is_of(words: &str, folder: &str) -> bool {
    let last = folder.rsplit(['-', '_', '.']).next().unwrap_or(folder);
    // Such as `e2e-v1.2`.
    let is_versioned = || words.contains("e2e") && folder.starts_with("e2e-");
    words.split_ascii_whitespace().any(|word| word == last) || is_versioned()
}

#[cfg(test)]
mod tests {
    use super::{is_of_tests, trial};

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
            ("apps/dev-portal/base", None),
            ("applicationset/examples/web", Some("examples")),
            ("examples/production", None),
            ("overlays/contest", None),
            ("/home/dev/web", None),
            (".", None),
        ] {
            assert_eq!(trial(target), expected, "{target}");
        }
    }

    #[test]
    fn examples_and_overlays_of_developers_are_no_tests() {
        let is_test = |target: &str| trial(target).is_some_and(is_of_tests);
        assert!(["a/testdata/b", "fixtures/web"].into_iter().all(is_test));
        assert!(!["overlays/dev", "overlays/test", "examples/web", "."].into_iter().any(is_test));
    }
}
