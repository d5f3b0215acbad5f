//! What is asked for: a profile, and the facts and values that rules go by.

use super::profile::Profile;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The rules that hold, and the version of the Pod Security Standards.
    pub profile: Profile,
    /// Kinds beyond the known ones that make pods.
    pub pod_paths: Vec<PodPath>,
    /// Images that run as a numeric user other than root: patterns in which `*` stands for any text.
    pub non_root_images: Vec<String>,
    /// The user that replaces root.
    pub run_as_user: i64,
}

/// Where a kind that is not built in has its pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodPath {
    /// The group of the kind.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The keys that lead to what has the fields `metadata` and `spec` of the pod; `*` stands for each element of a
    /// list.
    pub path: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            pod_paths: Vec::new(),
            non_root_images: Vec::new(),
            run_as_user: 10001,
        }
    }
}

impl Settings {
    /// What a profile asks for, everything else as it is without being said.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        Self { profile, ..Self::default() }
    }

    /// Whether an image is known to run as a numeric user other than root.
    pub(super) fn runs_as_non_root(&self, image: &str) -> bool {
        self.non_root_images.iter().any(|pattern| fits(pattern, image))
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(found) = rest.find(part) else { return false };
        rest = &rest[found + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("gcr.io/distroless/*:nonroot*", "gcr.io/distroless/static:nonroot-amd64", true),
            ("gcr.io/distroless/*:nonroot*", "gcr.io/distroless/static:latest", false),
            ("ghcr.io/acme/*", "ghcr.io/acme/web/api:1", true),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
