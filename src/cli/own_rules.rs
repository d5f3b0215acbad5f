//! Own rules of a configuration: `krender rules --test`, and their part in `krender rules` and `krender explain`.

use std::fmt::Write;
use std::sync::Arc;

use super::configuration::{Configuration, Wanted};
use super::reading::working_directory;
use crate::error::{Code, Error, Result};
use crate::harden::{self, OwnRule, Profile, RuleRef, Settings, Tested};
use crate::load::{self, Disk, Loader};
use crate::text::escape;
use crate::text::phrase::counted;

/// A loader for a configuration alone.
///
/// # Errors
/// [`Code::ReadFailed`] if there is no working directory.
pub(super) fn loader() -> Result<Loader> {
    let working_directory = working_directory()?;
    Ok(Loader::new(Disk, load::Options { working_directory, ..load::Options::default() }))
}

/// The settings of a named configuration, or of the nearest one.
///
/// # Errors
/// Those of reading it.
pub(super) fn settings(named: Option<&str>, loader: &Loader) -> Result<Settings> {
    let directory = working_directory()?;
    let usual = Profile::default();
    let wanted = Wanted { named, near: Some(&directory), ignored: false, usual };
    let Configuration { settings, .. } = wanted.read(loader, None)?;
    Ok(settings)
}

/// The own rule with an id or a name in the nearest configuration.
///
/// # Errors
/// Those of the configuration, and [`Code::InvalidArgument`] if there is no such rule, or krender's.
pub(super) fn named(name: &str) -> Result<Arc<OwnRule>> {
    let settings = settings(None, &loader()?)?;
    match settings.known(name)? {
        RuleRef::Own(rule) => Ok(rule),
        RuleRef::Known(rule) => {
            Err(Error::new(Code::InvalidArgument, format!("`{}` is a rule of krender", rule.id)))
        }
    }
}

/// The details of a rule, as `krender explain` shows them.
pub(super) fn explained(rule: &OwnRule) -> String {
    let mut out = format!("{} {}: {}\n\n", rule.id, rule.name, rule.summary);
    let _ =
        write!(out, "Severity: {}\nProfiles: all; a rule of the configuration\n\n", rule.severity);
    let condition = rule.condition();
    for (title, text) in
        [("Why", &rule.why), ("Violated when", &condition), ("What to do", &rule.advice)]
    {
        if !text.is_empty() {
            let _ = write!(out, "{title}\n  {}\n\n", text.replace('\n', "\n  "));
        }
    }
    escape::for_log(&out).into_owned()
}

/// Tests the examples of all own rules. Returns a line for each rule.
///
/// # Errors
/// [`Code::RuleViolated`] at each example that is not as expected, or that its rule does not look at;
/// [`Code::InvalidArgument`] if there is no own rule, or none has an example.
pub(super) fn tested(settings: &Settings, loader: &Loader) -> Result<String> {
    if settings.own.is_empty() {
        let error = Error::new(Code::InvalidArgument, "the configuration has no rule to test");
        return Err(error.help("own rules stand in its field `rules`, and have `validate`"));
    }
    if settings.own.iter().all(|rule| rule.examples().is_empty()) {
        let error =
            Error::new(Code::InvalidArgument, "no rule of the configuration has an example");
        let error = error.at(settings.own[0].span());
        return Err(error.help("write manifests below `examples`, in its lists `good` and `bad`"));
    }
    let (mut out, mut errors) = (String::new(), Vec::new());
    for rule in &settings.own {
        let results = match harden::test(rule, loader.sources(), settings) {
            Ok(results) => results,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let wrong = results.iter().filter(|result| !result.is_as_expected());
        errors.extend(wrong.map(|result| unexpected(rule, result)));
        let count = |is_bad| results.iter().filter(|one| one.is_bad == is_bad).count();
        let told = match (count(false), count(true)) {
            (0, 0) => "no examples".to_owned(),
            (good, bad) => format!("{good} good and {}", counted(bad, "bad example")),
        };
        let _ = writeln!(out, "{} {}: {told}", rule.id, rule.name);
    }
    Error::all(errors).map_or(Ok(out), Err)
}

fn unexpected(rule: &OwnRule, result: &Tested) -> Error {
    let id = &rule.id;
    if result.selected == 0 {
        let (message, help) = match result.objects {
            0 => (
                format!("this example of `{id}` has no object, so that it tests nothing"),
                "write a manifest",
            ),
            _ => (
                format!(
                    "`match` of `{id}` selects no object of this example, so that it tests nothing"
                ),
                "change the example, or the selectors: kinds are written as in manifests, and names are complete",
            ),
        };
        return Error::new(Code::RuleViolated, message).at(result.span).help(help);
    }
    let first = result.findings.first();
    if let Some(finding) = first.filter(|one| one.rule.known().is_some()) {
        let error = Error::new(Code::RuleViolated, finding.message.clone()).at(finding.span);
        return error.note(result.span, "for this example").help(finding.rule.advice());
    }
    let message = match (result.is_bad, first) {
        (true, _) => format!("`{id}` finds nothing in this bad example"),
        (false, Some(finding)) => format!("`{id}` finds this good example: {}", finding.message),
        (false, None) => format!("`{id}` finds this good example"),
    };
    Error::new(Code::RuleViolated, message).at(result.span)
}
