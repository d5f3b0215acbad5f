//! Selection of the kustomizations of a tree to check, and remarks about the others.

use std::collections::BTreeSet;

use crate::cli::configuration::Base;
use crate::cli::select::Selected;
use crate::fleet::{PassedOver, Survey, Target, Why};
use crate::harden::{Finding, Severity, TARGET_NOT_JUDGED};
use crate::load::{KUSTOMIZATION_FILES, Kind, Loader};
use crate::report::findings::{Checked, Judged, Remark};
use crate::resource::ResMap;
use crate::source::Span;
use crate::text::phrase::few;

/// The directories to check, and those that are skipped: with `every` only components, and links to directories that
/// are checked under their own names.
pub(super) fn chosen(survey: Survey, every: bool, loader: &Loader) -> (Selected, Vec<PassedOver>) {
    let Survey { targets, passed_over } = if every { survey } else { without_bases(survey) };
    let (mut names, mut refused) = (Vec::new(), Vec::new());
    for target in targets {
        match target.refused {
            None => names.push(target.directory),
            Some(error) => refused.push((target.directory, error)),
        }
    }
    if !every {
        return (Selected { targets: names, refused }, passed_over);
    }
    let real = |name: &str| loader.root(name).ok().map(|root| root.path().to_owned());
    let mut known: BTreeSet<_> = names.iter().filter_map(|name: &String| real(name)).collect();
    let mut left = Vec::new();
    for one in passed_over {
        let mut is_new = |name: &str| real(name).is_none_or(|path| known.insert(path));
        match one.why {
            Why::Component => left.push(one),
            _ if is_new(&one.target.directory) => names.push(one.target.directory),
            _ => left.push(one),
        }
    }
    names.sort();
    (Selected { targets: names, refused }, left)
}

/// Names of directories with kustomizations for others.
const BASES: [&str; 2] = ["base", "bases"];

/// A survey in which bases by name are no targets: a directory `base`, or one in a directory `bases`, which no
/// kustomization of the tree includes, is for overlays elsewhere. If there are only such targets, they stay.
pub(in crate::cli) fn without_bases(mut survey: Survey) -> Survey {
    let is_base = |target: &Target| {
        let mut names = target.below.rsplit('/');
        target.refused.is_none()
            && (names.next().is_some_and(|name| BASES.contains(&name))
                || names.next().is_some_and(|name| name == BASES[1]))
    };
    if survey.targets.iter().all(|target| is_base(target) || target.refused.is_some()) {
        return survey;
    }
    let (bases, targets) = survey.targets.into_iter().partition(is_base);
    survey.targets = targets;
    let passed_over = |target| PassedOver { target, why: Why::Base, span: Span::NONE };
    survey.passed_over.extend(Vec::into_iter(bases).map(passed_over));
    survey
}

/// Maximum number of kustomizations that a remark names.
const MOST: usize = 3;

/// A remark about the kustomizations that are passed over.
pub(super) fn told(passed_over: &[PassedOver]) -> Option<Remark> {
    if passed_over.is_empty() {
        return None;
    }
    let name = |one: &PassedOver| format!("`{}` ({})", one.target.directory, one.why);
    let names = few(passed_over, MOST, name);
    let (count, is) = match passed_over.len() {
        1 => ("1 kustomization".to_owned(), "is"),
        count => (format!("{count} kustomizations"), "are"),
    };
    let text = format!("{count} {is} not judged: {names}");
    Some(Remark::note("targets", text))
}

/// True if a directory has a kustomization file.
pub(super) fn is_kustomization(loader: &Loader, name: &str) -> bool {
    let mut files = KUSTOMIZATION_FILES.iter().map(|file| format!("{name}/{file}"));
    loader.kind(name) == Kind::Directory && files.any(|file| loader.kind(&file) != Kind::Missing)
}

/// Findings about targets of a revision that are not checked any more.
pub(super) fn lost(
    before: &[Target],
    now: &Selected,
    passed_over: &[PassedOver],
    base: &Base,
) -> Vec<Judged> {
    let refused = now.refused.iter().map(|(name, _)| name);
    let now: BTreeSet<&str> = now.targets.iter().chain(refused).map(String::as_str).collect();
    let is_new = |one: &&PassedOver| !is_kustomization(&base.loader, &one.target.directory);
    let new: Vec<&PassedOver> = passed_over.iter().filter(is_new).collect();
    let is_lost = |target: &&Target| !now.contains(target.directory.as_str());
    let finding = |target: &Target| {
        let directory = &target.directory;
        let revision = &base.name;
        let here = passed_over.iter().find(|one| one.target.directory == *directory);
        let (severity, span, how) = match (here, &*new) {
            (Some(one), _) => (Severity::Error, one.span, format!("is {} now", one.why)),
            (None, []) => (Severity::Warning, Span::NONE, "is gone".to_owned()),
            (None, [one, ..]) => {
                let text = format!("is gone, and `{}` ({}) is new", one.target.directory, one.why);
                (Severity::Error, one.span, text)
            }
        };
        let message = format!("it was judged at `{revision}`, and {how}");
        let rule = &TARGET_NOT_JUDGED;
        let finding = Finding::of_target(rule, directory, message, severity, span);
        let checked = Checked {
            resources: ResMap::new(),
            pods: 0,
            findings: vec![finding],
            evidence: Default::default(),
        };
        Judged { target: directory.clone(), file: None, outcome: Ok(checked) }
    };
    before.iter().filter(is_lost).map(finding).collect()
}
