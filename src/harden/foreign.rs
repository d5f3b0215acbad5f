//! Other tools that check manifests, and their annotations for suppressions.

use serde::Deserialize;

/// A tool that checks manifests. The annotations of the first four can be honored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// `ignore-check.kube-linter.io/<check>: <reason>` and `kube-linter.io/ignore-all: <reason>`.
    KubeLinter,
    /// `kube-score/ignore: <check>,<check>`.
    KubeScore,
    /// `polaris.fairwinds.com/<check>-exempt: "true"` and `polaris.fairwinds.com/exempt: "true"`.
    Polaris,
    /// `checkov.io/skip1: <check>=<reason>`.
    Checkov,
    /// It has no such annotations; neither have the following ones.
    #[serde(skip)]
    Trivy,
    /// Named by its controls.
    #[serde(skip)]
    Kubescape,
    /// Named by its rules.
    #[serde(skip)]
    Kubesec,
    /// Named by the policies of its library.
    #[serde(skip)]
    Kyverno,
    /// Named by the rules for Dockerfiles.
    #[serde(skip)]
    Hadolint,
}

/// The checks that an annotation of a tool switches off.
pub(super) enum Checks<'a> {
    /// All checks.
    All,
    /// Checks with these names.
    Of(Vec<&'a str>),
}

impl Tool {
    /// The tools.
    pub(super) const ALL: [Self; 9] = [
        Self::KubeLinter,
        Self::KubeScore,
        Self::Polaris,
        Self::Checkov,
        Self::Trivy,
        Self::Kubescape,
        Self::Kubesec,
        Self::Kyverno,
        Self::Hadolint,
    ];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KubeLinter => "kube-linter",
            Self::KubeScore => "kube-score",
            Self::Polaris => "polaris",
            Self::Checkov => "checkov",
            Self::Trivy => "trivy",
            Self::Kubescape => "kubescape",
            Self::Kubesec => "kubesec",
            Self::Kyverno => "kyverno",
            Self::Hadolint => "hadolint",
        }
    }

    /// The checks that an annotation of this tool switches off, and the reason, if its format has one.
    pub(super) fn checks<'a>(self, key: &'a str, value: &'a str) -> (Checks<'a>, Option<&'a str>) {
        let one = |check| Checks::Of(vec![check]);
        match self {
            Self::KubeLinter if key == "kube-linter.io/ignore-all" => (Checks::All, Some(value)),
            Self::KubeLinter => match key.strip_prefix("ignore-check.kube-linter.io/") {
                Some(check) => (one(check), Some(value)),
                None => (Checks::Of(Vec::new()), None),
            },
            Self::KubeScore if key == "kube-score/ignore" => {
                (Checks::Of(value.split(',').map(str::trim).collect()), None)
            }
            Self::Polaris if value == "true" => {
                let name = key.strip_prefix("polaris.fairwinds.com/");
                match name.map(|name| (name, name.strip_suffix("-exempt"))) {
                    Some((_, Some(check))) => (one(check), None),
                    Some(("exempt", None)) => (Checks::All, None),
                    _ => (Checks::Of(Vec::new()), None),
                }
            }
            Self::Checkov if key.starts_with("checkov.io/skip") => match value.split_once('=') {
                Some((check, reason)) => (one(check.trim()), Some(reason)),
                None => (one(value.trim()), None),
            },
            Self::KubeScore
            | Self::Polaris
            | Self::Checkov
            | Self::Trivy
            | Self::Kubescape
            | Self::Kubesec
            | Self::Kyverno
            | Self::Hadolint => (Checks::Of(Vec::new()), None),
        }
    }
}
