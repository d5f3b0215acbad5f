//! `krender build --harden`: fixes violations of rules in rendered objects, and then checks them.

use clap::{Args, ValueEnum};

use super::configuration::{Base, Configuration, Wanted, newer};
use super::reading::working_directory;
use super::terminal::{self, Format};
use std::collections::BTreeSet;

use crate::config::Warning;
use crate::error::{Code, Error, Result};
use crate::harden::{
    self, Change, Class, Date, Finding, Fixes, LoweringKind, Profile, Rule, Set, Settings,
};
use crate::load::{self, Digest, Loader};
use crate::report::findings::Remark;
use crate::report::fixes;
use crate::resource::ResMap;
use crate::schema::Schema;
use crate::source::{Sources, Span};
use crate::text::escape;
use serde_json::{Value, json};

/// Flags for hardening.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Hardening")]
pub(super) struct Hardening {
    /// Fix rendered objects, and fail if they still violate the profile. Without PROFILE only fixes that cannot break a
    /// container are applied; a named profile asks for those that its Pod Security level requires, too
    /// [default profile: the configuration's, else restricted]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "")]
    #[arg(value_name = "PROFILE[@VERSION]", value_parser = asked)]
    harden: Option<Asked>,

    /// Highest level of fixes to apply [default: the configuration's, else that of a named profile, else safe]
    #[arg(long, value_name = "LEVEL", requires = "harden")]
    fix_level: Option<Level>,

    /// Configuration file: `apiVersion: krender.dev/v1alpha1`, `kind: Hardening` or `HardeningTransformer`
    #[arg(long, value_name = "FILE", requires = "harden")]
    harden_config: Option<String>,

    /// Read the configuration from a commit, branch or tag, such as the target branch of a pull request: the file of
    /// `--harden-config`, else the nearest `.krender.yaml` there; `origin/main...` is the merge base with `origin/main`
    #[arg(long, value_name = "REV", requires = "harden")]
    config_from: Option<String>,

    /// Allow suppressions by annotations and comments of objects, like `allowIgnores` in the configuration
    #[arg(long, requires = "harden")]
    allow_ignores: bool,

    /// Write the changes of hardening to a file, as JSON, instead of to standard error
    #[arg(long, value_name = "FILE", requires = "harden")]
    harden_report: Option<String>,
}

/// The profile that `--harden` names, if any.
#[derive(Clone, Copy, Debug)]
struct Asked(Option<Profile>);

fn asked(text: &str) -> Result<Asked> {
    Ok(Asked(if text.is_empty() { None } else { Some(text.parse()?) }))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    /// Change nothing, only check
    None,
    /// Fixes that cannot break a working container
    Safe,
    /// Also fixes that may break a working container; only unset fields are changed
    Unsafe,
    /// Also fixes that overwrite fields you set
    Override,
}

/// Hardening of a run: fixes and checks.
pub(super) struct Work {
    settings: Settings,
    /// Fixes to apply; `None` for checks only.
    fixes: Option<Fixes>,
    /// Digest of the configuration, if there is one.
    configuration: Option<Digest>,
    /// Remarks about the configuration.
    remarks: Vec<Remark>,
}

/// Result of hardening one target.
pub(super) struct Done {
    changes: Vec<Change>,
    /// Violations that are not fixed.
    failures: Option<Error>,
}

impl Hardening {
    /// Opens the revision of `--config-from`.
    ///
    /// # Errors
    /// Those of [`Base::open`].
    fn base(&self, loader: &Loader) -> Result<Option<Base>> {
        let Some(name) = &self.config_from else { return Ok(None) };
        let named: Vec<&str> = self.harden_config.as_deref().into_iter().collect();
        Base::open(name, &working_directory()?, &named, loader.budget(), loader).map(Some)
    }

    /// The hardening that `--harden` asks for; `None` without it. `loader` reads the working tree.
    ///
    /// # Errors
    /// Those of the configuration, and of the revision that it is read from.
    pub(super) fn work(&self, loader: &Loader, today: Option<Date>) -> Result<Option<Work>> {
        let Some(Asked(profile)) = self.harden else { return Ok(None) };
        let usual = Profile { set: Set::Restricted, version: None };
        let base = self.base(loader)?;
        let directory = working_directory()?;
        // Without a revision only a named file counts: a pull request may bring its own `.krender.yaml`.
        let near = base.is_some().then_some(&*directory);
        let asked = Wanted { named: self.harden_config.as_deref(), near, ignored: false, usual };
        let mut configuration = asked.read(loader, base.as_ref())?;
        let is_said = profile.is_none();
        configuration.settings.fixes_follow_profile |= profile.is_some();
        let profile = profile.unwrap_or(configuration.settings.facts.profile);
        configuration.settings.facts.profile = profile;
        let mut lowerings = configuration.settings.lowerings(usual);
        lowerings.retain(|one| is_said || one.kind != LoweringKind::Profile);
        lowerings.extend(configuration.settings.lowering_of_builds());
        configuration.tell(&lowerings);
        configuration.remarks.extend(newer(profile));
        let Configuration { settings, digest, remarks, .. } = configuration;
        let fixes = match self.fix_level {
            None => Some(Fixes::OfSettings),
            Some(Level::None) => None,
            Some(Level::Safe) => Some(Fixes::UpTo(Class::Safe)),
            Some(Level::Unsafe) => Some(Fixes::UpTo(Class::Unsafe)),
            Some(Level::Override) => Some(Fixes::UpTo(Class::Override)),
        };
        let allows_ignores = settings.allows_ignores || self.allow_ignores;
        let settings = Settings { today, allows_ignores, ..settings };
        Ok(Some(Work { settings, fixes, configuration: digest, remarks }))
    }

    /// The flags as words of a command line, except for the report.
    pub(super) fn words(&self) -> Vec<String> {
        let Some(Asked(profile)) = self.harden else { return Vec::new() };
        let mut words = vec![match profile {
            Some(profile) => format!("--harden={profile}"),
            None => "--harden".to_owned(),
        }];
        if let Some(level) = self.fix_level.and_then(|level| level.to_possible_value()) {
            words.extend(["--fix-level".to_owned(), level.get_name().to_owned()]);
        }
        for (flag, value) in
            [("--harden-config", &self.harden_config), ("--config-from", &self.config_from)]
        {
            words.extend(value.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
        words.extend(self.allow_ignores.then(|| "--allow-ignores".to_owned()));
        words
    }

    /// True if a flag asks for hardening.
    pub(super) const fn is_asked_for(&self) -> bool {
        self.harden.is_some()
    }

    /// The configuration file that is named by a flag.
    #[cfg(feature = "watch")]
    pub(super) fn configuration(&self) -> Option<&str> {
        self.harden_config.as_deref()
    }

    /// True if a report is requested.
    pub(super) const fn wants_report(&self) -> bool {
        self.harden_report.is_some()
    }

    /// Writes the report on all targets, if it is requested.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(super) fn report(&self, targets: &[Value]) -> Result<()> {
        let Some(path) = &self.harden_report else { return Ok(()) };
        crate::cli::clean_up_on_signals();
        let report = escape::json_line(&json!({"version": 1, "targets": targets}));
        load::write(path.as_ref(), &[report])
    }
}

impl Work {
    /// Prints remarks about the configuration in force.
    pub(super) fn tell(&self, sources: &Sources, format: Format) {
        for Remark { severity, text, .. } in &self.remarks {
            terminal::warning(&format!("{severity}: {text}"), Span::NONE, sources, format);
        }
    }

    /// The digest of the configuration, if there is one.
    pub(super) const fn configuration(&self) -> Option<Digest> {
        self.configuration
    }

    /// True if the result depends on the date.
    pub(super) fn depends_on_day(&self) -> bool {
        self.settings.depends_on_day()
    }

    /// Hardens rendered objects.
    ///
    /// # Errors
    /// Those of [`harden::harden`].
    pub(super) fn run(
        &self,
        resources: &mut ResMap,
        sources: &Sources,
        schema: &Schema,
    ) -> Result<Done> {
        let Self { settings, fixes, .. } = self;
        let changes = match fixes {
            Some(fixes) => harden::harden(resources, sources, schema, settings, *fixes)?,
            None => Vec::new(),
        };
        let left = harden::check(resources, sources, settings).into_iter();
        let left = left.filter(|finding| finding.counts_in_build(settings));
        let failures = Error::all(left.map(|finding| failure(&finding)));
        if settings.strips_annotations {
            harden::strip(resources, schema, settings)?;
        }
        Ok(Done { changes, failures })
    }
}

impl Done {
    /// Prints the changes, a line per field.
    pub(super) fn tell(&self, resources: &ResMap, sources: &Sources, format: Format) {
        for warning in self.warnings(resources) {
            terminal::warning(warning.failure.message(), Span::NONE, sources, format);
        }
    }

    /// The changes and what they lead to as warnings, each field once. Empty if rules are still violated: the error matters more.
    pub(super) fn warnings(&self, resources: &ResMap) -> Vec<Warning> {
        let changes = if self.failures.is_some() { &[][..] } else { &self.changes };
        let mut known = BTreeSet::new();
        let left = changes.iter().flat_map(|change| fixes::left(change, resources));
        let lines = changes.iter().flat_map(|change| fixes::lines(change, resources)).chain(left);
        let lines = lines.filter(|(_, line)| known.insert(line.clone()));
        let warning = |(rule, line): (&Rule, String)| Warning {
            text: Some(line.clone()),
            failure: Error::new(Code::RuleViolated, line).rule(rule.title()),
        };
        let mut told: Vec<Warning> = lines.map(warning).collect();
        told.extend(fixes::count(changes).map(|line| Warning {
            text: Some(line.clone()),
            failure: Error::new(Code::RuleViolated, line),
        }));
        told
    }

    /// The changes as JSON.
    pub(super) fn as_json(&self, target: &str, resources: &ResMap) -> Value {
        fixes::json(target, &self.changes, resources)
    }

    /// Fails if violations are left.
    ///
    /// # Errors
    /// [`Code::RuleViolated`] for each finding that counts as a failure.
    pub(super) fn outcome(self) -> Result<()> {
        self.failures.map_or(Ok(()), Err)
    }
}

fn failure(finding: &Finding) -> Error {
    let error = finding.failure_of_build();
    if finding.suppressed.is_some() {
        return error.help("`--allow-ignores` does so for this run");
    }
    match &finding.fix {
        Some(fix) => error.help(format!("`--fix-level {}` does so", fix.class.as_str())),
        None => error,
    }
}
