//! What is asked for: a profile, and the facts and values that rules go by.

use super::profile::Profile;
use super::rule::{Rule, Severity};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The rules that hold, and the version of the Pod Security Standards.
    pub profile: Profile,
    /// Kinds beyond the known ones that make pods.
    pub pod_paths: Vec<PodPath>,
    /// Images that run as a numeric user other than root: patterns in which `*` stands for any text.
    pub non_root_images: Vec<String>,
    /// Objects that other renders define.
    pub externals: Vec<External>,
    /// The minor version of the Kubernetes that is rendered for; nothing where it is that of the profile.
    pub kubernetes: Option<u16>,
    /// Rules with a severity of their own, or with none: those are off. A rule that is named here holds in every
    /// profile.
    pub severities: Vec<(&'static Rule, Option<Severity>)>,
    /// Whether findings count that somebody accepts.
    pub ignores_suppressions: bool,
    /// The values that rules go by and fixes write.
    pub values: Values,
}

/// Objects that other renders define. Names and namespaces are patterns in which `*` stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// The kind.
    pub kind: String,
    /// The namespace; any if it is empty.
    pub namespace: String,
    /// The name; any if it is empty.
    pub name: String,
}

/// The values that rules go by and fixes write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The user that replaces root.
    pub run_as_user: i64,
    /// The directories that stay writable where all else cannot be written.
    pub writable_dirs: Vec<String>,
    /// The request of CPU where there is none.
    pub cpu: String,
    /// The request of memory where there is none.
    pub memory: String,
    /// How many times its request a container may use of memory, where no limit is said.
    pub memory_limit_factor: i64,
    /// The least limit of memory.
    pub min_memory_limit: String,
    /// Tags of images that move, beside `latest`.
    pub floating_tags: Vec<String>,
    /// Seconds between the decision to end a pod and the signal to its containers.
    pub pre_stop_seconds: i64,
    /// Seconds that a program needs to end once it is told to.
    pub drain_seconds: i64,
    /// Seconds to spare.
    pub margin_seconds: i64,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            run_as_user: 10001,
            writable_dirs: vec!["/tmp".to_owned()],
            cpu: "100m".to_owned(),
            memory: "128Mi".to_owned(),
            memory_limit_factor: 2,
            min_memory_limit: "256Mi".to_owned(),
            floating_tags: Vec::new(),
            pre_stop_seconds: 5,
            drain_seconds: 20,
            margin_seconds: 5,
        }
    }
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

impl Settings {
    /// What a profile asks for, everything else as it is without being said.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        Self { profile, ..Self::default() }
    }

    /// What is said of a rule: the severity of its own, or nothing if it is off.
    fn said(&self, rule: &Rule) -> Option<Option<Severity>> {
        self.severities.iter().rev().find(|(said, _)| *said == rule).map(|(_, severity)| *severity)
    }

    /// Whether a rule holds.
    #[must_use]
    pub fn asks(&self, rule: &Rule) -> bool {
        self.said(rule).map_or_else(|| self.profile.has(rule), |severity| severity.is_some())
    }

    /// How bad a violation is.
    pub(super) fn severity(&self, rule: &Rule, usual: Severity) -> Severity {
        self.said(rule).flatten().unwrap_or(usual)
    }

    /// The minor version of the Kubernetes that is rendered for.
    pub(super) fn kubernetes(&self) -> u16 {
        self.kubernetes.unwrap_or(self.profile.version.minor())
    }

    /// Whether an object is said to be defined elsewhere.
    pub(super) fn is_external(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let any = |pattern: &str, text| pattern.is_empty() || fits(pattern, text);
        self.externals.iter().any(|external| {
            external.kind == kind
                && any(&external.namespace, namespace)
                && any(&external.name, name)
        })
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
