//! `krender build --harden`: what is rendered is hardened, and then held against the rules.

use clap::{Args, ValueEnum};

use super::check::read_settings;
use super::findings::{Operations, title};
use super::report::{self, Format};
use crate::error::{Code, Error, Result};
use crate::harden::{self, Change, Class, Finding, Fixes, Profile, Settings, Severity};
use crate::load::{self, Loader};
use crate::resource::ResMap;
use crate::source::Span;
use serde_json::{Value, json};

/// How what is rendered is hardened.
#[derive(Args, Debug)]
pub(super) struct Hardening {
    /// Harden what is rendered, and fail if it violates the rules of the profile then
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "restricted")]
    #[arg(value_name = "PROFILE[@VERSION]")]
    harden: Option<Profile>,

    /// How much hardening may change [default: as the profile has it]
    #[arg(long, value_name = "LEVEL", requires = "harden")]
    fix_level: Option<Level>,

    /// A configuration of hardening: `apiVersion: krender.dev/v1alpha1`, `kind: Hardening`
    #[arg(long, value_name = "FILE", requires = "harden")]
    harden_config: Option<String>,

    /// Write what hardening changed to a file, as JSON, instead of to standard error
    #[arg(long, value_name = "FILE", requires = "harden")]
    harden_report: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    /// Nothing is changed, only checked
    None,
    /// What no program that works notices
    Safe,
    /// What a program that works may notice, but nothing that somebody wrote
    Unsafe,
    /// What somebody wrote, too
    Override,
}

impl Hardening {
    /// Whether anything is hardened.
    pub(super) const fn is_asked_for(&self) -> bool {
        self.harden.is_some()
    }

    /// The file that says how.
    pub(super) fn configuration(&self) -> Option<&str> {
        self.harden_config.as_deref()
    }

    /// Refuses what makes no sense for many targets.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a report, which is one of one target.
    pub(super) fn allow_many(&self) -> Result<()> {
        match self.harden_report {
            None => Ok(()),
            Some(_) => Err(Error::new(
                Code::InvalidArgument,
                "`--harden-report` tells of one target, and there are many",
            )
            .help("build the targets one by one for their reports")),
        }
    }

    /// Hardens what was rendered, if that is asked for, and says what was changed.
    ///
    /// # Errors
    /// [`Code::RuleViolated`] for each error that is left, those of the configuration, and of a report that cannot be
    /// written.
    pub(super) fn apply(
        &self,
        resources: &mut ResMap,
        loader: &Loader,
        quiet: bool,
        format: Format,
    ) -> Result<()> {
        let Some(profile) = self.harden else { return Ok(()) };
        let settings =
            Settings { profile, ..read_settings(self.harden_config.as_deref(), loader)? };
        let fixes = match self.fix_level {
            None => Some(Fixes::OfProfile),
            Some(Level::None) => None,
            Some(Level::Safe) => Some(Fixes::UpTo(Class::Safe)),
            Some(Level::Unsafe) => Some(Fixes::UpTo(Class::Unsafe)),
            Some(Level::Override) => Some(Fixes::UpTo(Class::Override)),
        };
        let sources = loader.sources();
        let changes = match fixes {
            Some(fixes) => harden::harden(resources, sources, &settings, fixes)?,
            None => Vec::new(),
        };
        let left = harden::check(resources, sources, &settings).into_iter();
        let left = left.filter(|one| one.suppressed.is_none() && one.severity == Severity::Error);
        let failures = Error::all(left.map(|finding| failure(&finding)));
        match &self.harden_report {
            Some(path) => {
                load::write(
                    path.as_ref(),
                    (as_report(&changes, resources).to_string() + "\n").as_bytes(),
                )?;
            }
            // What fails says more than what was changed on the way.
            None if quiet || failures.is_some() => {}
            None => {
                for Change { place, rule, class, .. } in &changes {
                    let Some(object) = resources.get(*place) else { continue };
                    let (kind, name) = (object.kind(), object.name());
                    let text =
                        format!("hardened {kind} `{name}`: {} ({})", title(rule), class.as_str());
                    report::warning(&text, Span::NONE, sources, format);
                }
            }
        }
        failures.map_or(Ok(()), Err)
    }
}

fn failure(finding: &Finding) -> Error {
    let message = format!("{}: {}: {}", title(finding.rule), finding.subject(), finding.message);
    let error = Error::new(Code::RuleViolated, message).at(finding.span).help(finding.rule.advice);
    match &finding.fix {
        Some(fix) => error.help(format!("`--fix-level {}` does so", fix.class.as_str())),
        None => error,
    }
}

fn as_report(changes: &[Change], resources: &ResMap) -> Value {
    let change = |Change { place, rule, class, operations }: &Change| {
        let id = resources.get(*place)?.id();
        Some(json!({
            "rule": rule.id,
            "name": rule.name,
            "class": class.as_str(),
            "object": {
                "apiVersion": &*id.gvk.api_version(),
                "kind": &*id.gvk.kind,
                "namespace": &*id.namespace,
                "name": &*id.name,
            },
            "patch": Operations(operations),
        }))
    };
    json!({"version": 1, "changes": changes.iter().filter_map(change).collect::<Vec<_>>()})
}
