//! The purpose of a target, as far as its path says it.

/// Last words of folders that are not for production.
const TRIALS: &str =
    "dev devel development e2e kind local minikube sandbox test testdata testing tests tilt";

/// Last words of folders that are for production, or that try a release as it will be.
const PRODUCTION: &str = "live preprod prod production stage staging";

/// The folder on the path of a target that says that the target is not for production. The last folder with a known
/// purpose counts. `None` if there is none, and for a path that does not begin in the working directory.
pub(super) fn trial(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return None;
    }
    let is_of = |words: &str, folder: &str| {
        let last = folder.rsplit(['-', '_', '.']).next().unwrap_or(folder);
        // Such as `e2e-v1.2`.
        let is_versioned = || words.contains("e2e") && folder.starts_with("e2e-");
        words.split(' ').any(|word| word == last) || is_versioned()
    };
    let mut folders = target.rsplit('/');
    let known = folders.find(|folder| is_of(TRIALS, folder) || is_of(PRODUCTION, folder))?;
    is_of(TRIALS, known).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::trial;

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
            ("overlays/contest", None),
            ("/home/dev/web", None),
            (".", None),
        ] {
            assert_eq!(trial(target), expected, "{target}");
        }
    }
}
