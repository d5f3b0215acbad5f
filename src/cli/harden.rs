//! `krender build --harden`: what is rendered is hardened, and then held against the rules.

use clap::{Args, ValueEnum};

use super::check::read_settings;
use super::findings::Operations;
use super::report::{self, Format};
use crate::error::{Error, Result};
use crate::harden::{self, Change, Class, Date, Finding, Fixes, Profile, Set, Settings, Version};
use crate::load::{self, Loader};
use crate::resource::ResMap;
use crate::source::{Sources, Span};
use crate::text::escape;
use serde_json::{Value, json};

/// How what is rendered is hardened.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Hardening")]
pub(super) struct Hardening {
    /// Harden what is rendered, and fail if it violates the rules of the profile then [default profile: that of the
    /// configuration, else restricted]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "")]
    #[arg(value_name = "PROFILE[@VERSION]", value_parser = asked)]
    harden: Option<Asked>,

    /// How much hardening may change [default: as the configuration says, else as the profile has it]
    #[arg(long, value_name = "LEVEL", requires = "harden")]
    fix_level: Option<Level>,

    /// A configuration of hardening: `apiVersion: krender.dev/v1alpha1`, `kind: Hardening` or `HardeningTransformer`
    #[arg(long, value_name = "FILE", requires = "harden")]
    harden_config: Option<String>,

    /// Write what hardening changed to a file, as JSON, instead of to standard error
    #[arg(long, value_name = "FILE", requires = "harden")]
    harden_report: Option<String>,
}

/// The profile that `--harden` names, if it names one.
#[derive(Clone, Copy, Debug)]
struct Asked(Option<Profile>);

fn asked(text: &str) -> Result<Asked> {
    Ok(Asked(if text.is_empty() { None } else { Some(text.parse()?) }))
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

/// What to do with what is rendered.
pub(super) struct Work {
    settings: Settings,
    /// Nothing where nothing is to be changed.
    fixes: Option<Fixes>,
}

/// What became of one target.
pub(super) struct Done {
    changes: Vec<Change>,
    /// What is left to repair.
    failures: Option<Error>,
}

impl Hardening {
    /// What is asked for; nothing where nobody asks for hardening.
    ///
    /// # Errors
    /// Those of the configuration.
    pub(super) fn work(&self, loader: &Loader, today: Option<Date>) -> Result<Option<Work>> {
        let Some(Asked(profile)) = self.harden else { return Ok(None) };
        let usual = Profile { set: Set::Restricted, version: Version::LATEST };
        let settings = read_settings(self.harden_config.as_deref(), usual, loader)?;
        let profile = profile.unwrap_or(settings.profile);
        let fixes = match self.fix_level {
            None => Some(Fixes::OfProfile),
            Some(Level::None) => None,
            Some(Level::Safe) => Some(Fixes::UpTo(Class::Safe)),
            Some(Level::Unsafe) => Some(Fixes::UpTo(Class::Unsafe)),
            Some(Level::Override) => Some(Fixes::UpTo(Class::Override)),
        };
        Ok(Some(Work { settings: Settings { profile, today, ..settings }, fixes }))
    }

    /// Whether anything is hardened.
    pub(super) const fn is_asked_for(&self) -> bool {
        self.harden.is_some()
    }

    /// The file that says how.
    pub(super) fn configuration(&self) -> Option<&str> {
        self.harden_config.as_deref()
    }

    /// Whether a report is asked for.
    pub(super) const fn wants_report(&self) -> bool {
        self.harden_report.is_some()
    }

    /// Writes the report on all targets, if it is asked for.
    ///
    /// # Errors
    /// [`Code::WriteFailed`](crate::error::Code::WriteFailed).
    pub(super) fn report(&self, targets: &[Value]) -> Result<()> {
        let Some(path) = &self.harden_report else { return Ok(()) };
        load::clean_up_on_signals();
        let report = escape::json_line(&json!({"version": 1, "targets": targets}));
        load::write(path.as_ref(), &[report])
    }
}

impl Work {
    /// Whether what comes of it depends on the day.
    pub(super) fn depends_on_day(&self) -> bool {
        self.settings.depends_on_day()
    }

    /// Hardens what was rendered.
    ///
    /// # Errors
    /// Those of [`harden::harden`].
    pub(super) fn run(&self, resources: &mut ResMap, sources: &Sources) -> Result<Done> {
        let Self { settings, fixes } = self;
        let changes = match fixes {
            Some(fixes) => harden::harden(resources, sources, settings, *fixes)?,
            None => Vec::new(),
        };
        let left = harden::check(resources, sources, settings).into_iter();
        let is_failure =
            |one: &Finding| one.suppressed.is_none() && settings.fail_on.counts(one.severity);
        let failures = Error::all(left.filter(is_failure).map(|finding| failure(&finding)));
        if settings.strips_annotations {
            harden::strip(resources, settings)?;
        }
        Ok(Done { changes, failures })
    }
}

impl Done {
    /// Says what was changed, a line for each change.
    pub(super) fn tell(&self, resources: &ResMap, sources: &Sources, format: Format) {
        // What fails says more than what was changed on the way.
        let changes = if self.failures.is_some() { &[][..] } else { &self.changes };
        for Change { place, rule, class, .. } in changes {
            let Some(object) = resources.get(*place) else { continue };
            let (kind, name) = (object.kind(), object.name());
            let text = format!("hardened {kind} `{name}`: {} ({})", rule.title(), class.as_str());
            report::warning(&text, Span::NONE, sources, format);
        }
    }

    /// What was changed, for programs.
    pub(super) fn as_json(&self, target: &str, resources: &ResMap) -> Value {
        let changes = self.changes.iter().filter_map(|change| change_as_json(change, resources));
        json!({"target": target, "changes": changes.collect::<Vec<_>>()})
    }

    /// Nothing, or what is left to repair.
    ///
    /// # Errors
    /// [`Code::RuleViolated`](crate::error::Code::RuleViolated) for each finding that is a failure.
    pub(super) fn outcome(self) -> Result<()> {
        self.failures.map_or(Ok(()), Err)
    }
}

fn failure(finding: &Finding) -> Error {
    let error = finding.failure();
    match &finding.fix {
        Some(fix) => error.help(format!("`--fix-level {}` does so", fix.class.as_str())),
        None => error,
    }
}

fn change_as_json(change: &Change, resources: &ResMap) -> Option<Value> {
    let Change { place, rule, class, operations } = change;
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
}
