//! Findings of a run: the model, and its output formats.
//!
//! All formats are written piece by piece: ten thousand pods have a hundred thousand findings.

mod concise;
mod full;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod junit;
mod merge;
mod numbers;
mod place;
mod repository;
pub mod sarif;
pub mod text;
mod verdicts;

use crate::error::{Code, Error, Result};
use crate::harden::{Evidence, Finding, Lowering, Settings, Severity};
use crate::resource::ResMap;
use crate::source::{Sources, Span};
use place::Places;
pub use repository::Repository;

/// The findings of a run, which each format writes.
#[derive(Debug)]
pub struct Findings<'a> {
    targets: &'a [Judged],
    context: &'a Context,
    places: Places<'a>,
}

/// A target, and the outcome of its check.
#[derive(Debug)]
pub struct Judged {
    /// Name of the target, as given.
    pub target: String,
    /// The file that stands for it if a finding has no place: its kustomization file, or the file of manifests.
    pub file: Option<String>,
    /// Its findings, or the error if it could not be rendered.
    pub outcome: Result<Checked>,
}

/// The objects of a target, and the findings about them.
#[derive(Debug)]
pub struct Checked {
    /// Rendered objects, or an object for each kustomization.
    pub resources: ResMap,
    /// Number of pods and pod templates among them.
    pub pods: usize,
    /// Findings about them.
    pub findings: Vec<Finding>,
    /// Evidence that lowers severities, if it is kept.
    pub evidence: Evidence,
}

/// The things that findings are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// Rendered objects.
    #[default]
    Objects,
    /// Sources of kustomizations.
    Kustomizations,
}

/// Facts about a run that apply to all its targets.
#[derive(Debug)]
pub struct Context {
    /// The things that were checked.
    pub subject: Subject,
    /// Settings of the rules.
    pub settings: Settings,
    /// The configuration in force, with its revision if it is from one.
    pub configuration: Option<String>,
    /// Rules that the configuration and the flags disable or lower.
    pub lowerings: Vec<Lowering>,
    /// Kustomizations that are not checked, with the reason.
    pub passed_over: Vec<(String, String)>,
    /// Statements about the run as a whole.
    pub remarks: Vec<Remark>,
    /// The revision with which the findings are compared, if there is one.
    pub revision: Option<String>,
    /// The repository: paths in reports for other programs are relative to its top.
    pub repository: Repository,
}

/// A statement about the run as a whole, in addition to its findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The severity.
    pub severity: Severity,
    /// Its topic: `configuration`, `baseline`, `targets`, `inputs`, `platform`, `severities`,
    /// `suppressions`, `flags`.
    pub topic: &'static str,
    /// The statement.
    pub text: String,
}

impl<'a> Findings<'a> {
    /// The findings of targets whose texts are in `sources`.
    #[must_use]
    pub const fn new(targets: &'a [Judged], context: &'a Context, sources: &'a Sources) -> Self {
        Self { targets, context, places: Places::new(sources) }
    }

    /// The file and line of a span for other programs, or else the file of its target. Text embedded in a field of the
    /// file has no line of its own.
    fn position(&self, span: Span, target: &Judged) -> (String, usize) {
        let repository = &self.context.repository;
        if let Some(place) = self.places.of(span) {
            let line = if place.is_inline() { 1 } else { place.line };
            return (repository.path(place.file()).into_owned(), line);
        }
        let file = target.file.as_deref().unwrap_or(&target.target);
        (repository.path(file).into_owned(), 1)
    }

    /// The file of a joined finding for other programs.
    fn file_of(&self, one: &merge::Merged<'_>) -> String {
        let target = one.targets.first().and_then(|number| self.targets.get(*number));
        target.map(|target| self.position(one.finding.span, target).0).unwrap_or_default()
    }

    /// Targets that could be rendered.
    fn checked(&self) -> impl Iterator<Item = (&'a str, &'a Checked)> + use<'a> {
        self.targets.iter().filter_map(|one| Some((&*one.target, one.outcome.as_ref().ok()?)))
    }
}

impl Checked {
    /// True if they are about Dockerfiles, whatever the subject of the run.
    fn is_of_dockerfiles(&self) -> bool {
        self.resources.iter().next().is_some_and(|one| one.kind() == "Dockerfile")
    }

    /// Findings that are not suppressed.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }

    /// A hash that stays the same as long as the finding does.
    #[must_use]
    pub fn fingerprint(&self, finding: &Finding) -> String {
        let object = self.resources.get(finding.place);
        object.map(|object| finding.fingerprint(object)).unwrap_or_default()
    }

    /// Hashes of the values of a finding, by which it is compared with earlier ones.
    #[must_use]
    pub fn values(&self, finding: &Finding) -> Vec<String> {
        finding.values(self.resources.get(finding.place))
    }
}

impl Remark {
    /// A remark that is no cause for concern.
    #[must_use]
    pub const fn note(topic: &'static str, text: String) -> Self {
        Self { severity: Severity::Note, topic, text }
    }

    /// A remark that may be one.
    #[must_use]
    pub const fn warning(topic: &'static str, text: String) -> Self {
        Self { severity: Severity::Warning, topic, text }
    }
}

/// True if a target failed because a validator of its kustomization found violations of rules.
#[must_use]
pub fn are_findings(error: &Error) -> bool {
    error.iter().all(|error| error.code() == Code::RuleViolated)
}
