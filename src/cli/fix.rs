//! `krender fix`: writes the fixes of rules into the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::configuration::{Configuration, ConfigurationFlags};
use super::findings::{self, FOUND, NOT_DONE};
use super::reading::{Jobs, Reading};
use super::select::{Select, Selected, few};
use super::terminal::{self, Format};
use crate::diff::unified;
use crate::edit::hardening::{
    Appeared, Fixed, FixedRule, Form, Hardening, Input, Left, Plan, plan, write,
};
use crate::error::{Code, Error, Result};
use crate::fleet::Run;
use crate::harden::{self, Class, Fixes, Lowering, Profile, Rule, Settings};
use crate::load::{self, Loader, join};
use crate::report::findings::Remark;
use crate::source::{Sources, Span};
use crate::text::{escape, phrase};

/// Write fixes of rules into manifests and kustomizations
///
/// Renders the kustomization in each DIR, and writes what `krender build --harden` would change into the sources: in the
/// manifest or patch that sets the field, as a patch, or as a component. Comments and everything else stay as they are. Before
/// anything is written, the edits are proved: each DIR renders to what hardening makes of it, and other kustomizations of the
/// repository that include a changed file change in nothing else. If something cannot be proved, nothing is written.
///
/// Exit codes: 0 if all fixes are made and `krender check` would pass, 1 if some were not, or what is left makes a check fail,
/// 2 if nothing could be done.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Fix {
    /// Directories with a kustomization file
    #[arg(value_name = "DIR", default_value = ".")]
    directories: Vec<String>,

    /// Fix every kustomization at or below DIR that is not included by another one there
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    select: Select,

    /// The form of the fixes
    #[arg(long = "as", value_name = "FORM", default_value = "inline")]
    form: Shape,

    /// With `--as component`: the folder of the component [default: `krender-fixes` in the directory that all DIRs have in
    /// common]
    #[arg(long, value_name = "FOLDER")]
    component: Option<PathBuf>,

    /// Highest level of fixes to make [default: the configuration's, else that of a named profile, else safe]
    #[arg(long, value_name = "LEVEL")]
    fix: Option<Level>,

    /// Profile: baseline, restricted, recommended, paranoid or custom, optionally at a version of the Pod Security Standards
    /// [default: the configuration's, else recommended]
    #[arg(long, value_name = "PROFILE[@VERSION]")]
    profile: Option<Profile>,

    /// Fix only violations of this rule, by id or name, even if it is not in the profile (may be repeated)
    #[arg(long = "rule", value_name = "RULE", value_parser = rule)]
    rules: Vec<&'static Rule>,

    #[command(flatten)]
    configuration: ConfigurationFlags,

    /// Leave out objects whose fixes cannot be proved, and fix the others
    #[arg(long)]
    keep_going: bool,

    /// Print the changes as a unified diff, and change no file
    #[arg(long, visible_alias = "diff")]
    dry_run: bool,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

/// The form of fixes.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// Edit the manifest or patch that sets the field, or that defines what lacks it
    Inline,
    /// Add a file with patches to each DIR, and list it under `patches`
    Patch,
    /// Make a component with patches, and list it under `components` of each DIR
    Component,
}

/// The strongest fixes to make.
#[derive(Clone, Copy, ValueEnum)]
enum Level {
    /// Fixes that cannot break a working container
    Safe,
    /// Also fixes that may break a working container; only unset fields are changed
    Unsafe,
    /// Also fixes that overwrite fields you set
    Override,
}

fn rule(name: &str) -> Result<&'static Rule> {
    let rule = harden::known(name)?;
    if rule.is_of_sources() {
        let message =
            format!("`{}` is about kustomizations, and not about rendered objects", rule.id);
        return Err(
            Error::new(Code::InvalidArgument, message).help("`krender lint --fix` fixes it")
        );
    }
    if rule.is_of_reviews() {
        let message = format!("`{}` is about the differences of two renders", rule.id);
        return Err(Error::new(Code::InvalidArgument, message).help("`krender diff` judges it"));
    }
    Ok(rule)
}

impl Fix {
    /// Fixes the targets, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        findings::run(&self.reading, format, |loader| self.fix(loader, format))
    }

    fn fix(&self, loader: &Loader, format: Format) -> Result<u8> {
        let load = loader.options();
        let options = self.reading.options(self.jobs.threads());
        let mut remarks = Vec::new();
        let settings = Settings {
            today: options.plugins.today,
            ..self.settings(loader, &load.working_directory, &mut remarks)?
        };
        let run = Run::new(loader, &options);
        let Selected { targets, refused } =
            self.select.targets(self.all, &run, loader, &self.directories)?;
        let fixes = match self.fix {
            None => Fixes::OfSettings,
            Some(Level::Safe) => Fixes::UpTo(Class::Safe),
            Some(Level::Unsafe) => Fixes::UpTo(Class::Unsafe),
            Some(Level::Override) => Fixes::UpTo(Class::Override),
        };
        let top = top(&run, &targets, load)?;
        let input = Input {
            run: &run,
            load,
            targets: &targets,
            others: &others(&run, &targets, &top)?,
            top: &top,
            hardening: Hardening { settings: &settings, fixes },
            form: self.form(&load.working_directory)?,
            keeps_going: self.keep_going,
        };
        super::clean_up_on_signals();
        let mut plan = plan(&input, &options)?;
        plan.failed.extend(refused);
        for Remark { severity, text, .. } in &remarks {
            terminal::warning(&format!("{severity}: {text}"), Span::NONE, loader.sources(), format);
        }
        self.carry_out(&plan, loader, format)
    }

    /// Writes or prints the changes, and what is left. Returns the exit code.
    fn carry_out(&self, plan: &Plan, loader: &Loader, format: Format) -> Result<u8> {
        let sources = loader.sources();
        for (target, error) in &plan.failed {
            let error = error.clone().step(format!("while building `{target}`"));
            terminal::errors(&error, sources, format);
        }
        if !plan.unproved.is_empty() {
            let errors = Error::all(plan.unproved.iter().cloned());
            let error = errors.map(|error| error.help("nothing was written"));
            error.iter().for_each(|error| terminal::errors(error, sources, format));
            return Ok(NOT_DONE);
        }
        if self.dry_run {
            let texts = plan.files.iter().map(|(path, new)| {
                let before = new.before.as_deref().unwrap_or_default();
                unified(&loader.display(path), before, &new.after)
            });
            terminal::print_diff(&texts.collect::<String>())?;
        } else if !write(&plan.files)? {
            let message = "another program changed a file while it was fixed";
            return Err(Error::new(Code::WriteFailed, message).help("run the command again"));
        }
        let mut lines: Vec<String> = plan.fixed.iter().map(|one| self.line(one, loader)).collect();
        lines.extend(self.closing(plan));
        match self.dry_run {
            true => lines.iter().for_each(|line| note(line, sources, format)),
            false => {
                super::print(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())?;
            }
        }
        for (object, error, targets) in &plan.refused {
            let error = error.clone().step(format!("while fixing {object} of {}", few(targets)));
            terminal::errors(&error, sources, format);
        }
        for Appeared { object, rule, cause } in &plan.appeared {
            let (title, cause) = (rule.title(), cause.title());
            let line = format!("left: {object} violates {title} since the fix of {cause}");
            note(&line, sources, format);
        }
        lines_of_left(&plan.left).iter().for_each(|line| note(line, sources, format));
        let fails = plan.left.iter().any(|left| left.fails);
        Ok(match (plan.failed.is_empty(), plan.refused.is_empty()) {
            (false, _) => NOT_DONE,
            (true, is_complete) if !is_complete || fails => FOUND,
            (true, _) => 0,
        })
    }

    /// The line for a fixed field.
    fn line(&self, fixed: &Fixed, loader: &Loader) -> String {
        /// The largest number of objects that a line names.
        const MOST: usize = 3;

        let Fixed { objects, container, field, verb, value, rules, span, file, targets } = fixed;
        let mut known = BTreeSet::new();
        let names: Vec<&String> = objects.iter().filter(|one| known.insert(*one)).collect();
        let object = phrase::few(&names, MOST, |name| (*name).clone());
        let place = match (file, loader.sources().locate(*span)) {
            (Some(path), _) => format!("{}: ", loader.display(path)),
            (None, Some(place)) => format!("{}:{}: ", place.source.name(), place.line),
            (None, None) => String::new(),
        };
        let container = container.as_ref().map(|name| format!(", container `{name}`"));
        let container = container.unwrap_or_default();
        let value = value.as_ref().map(|value| format!(": {value}")).unwrap_or_default();
        let told = |FixedRule { rule, class, follows }: &FixedRule| {
            let follows = follows.map(|rule| format!("; follows the fix of {}", rule.id));
            format!("{}, {}{}", rule.title(), class.as_str(), follows.unwrap_or_default())
        };
        let rules = rules.iter().map(told);
        let rules = rules.collect::<Vec<_>>().join("; ");
        let will = if self.dry_run { "would fix" } else { "fixed" };
        let targets = few(targets);
        let line = format!(
            "{place}{will} {object}{container}: {verb} `{field}{value}` ({rules}) in {targets}"
        );
        escape::visible(&line).into_owned()
    }

    /// The last lines: the number of files, and the other targets that change.
    fn closing(&self, plan: &Plan) -> Vec<String> {
        if plan.files.is_empty() {
            let line = if plan.refused.is_empty() { "nothing to fix" } else { "nothing was fixed" };
            return vec![line.to_owned()];
        }
        let counted = |count: usize, name: &str| match count {
            1 => format!("1 {name}"),
            count => format!("{count} {name}s"),
        };
        let will = if self.dry_run { "would change" } else { "changed" };
        let mut lines = vec![format!(
            "{will} {}, proved by {}",
            counted(plan.files.len(), "file"),
            counted(plan.targets, "render"),
        )];
        if !plan.affected.is_empty() {
            let names = escape::visible(&few(&plan.affected)).into_owned();
            lines.push(format!("the same fixes change other targets: {names}"));
        }
        lines
    }

    fn form(&self, working_directory: &Path) -> Result<Form> {
        if self.component.is_some() && self.form != Shape::Component {
            return Err(super::select::senseless("--component", "--as component")
                .help("other forms have no component"));
        }
        let folder = self.component.as_ref().map(|folder| {
            let folder = join(working_directory, folder);
            load::resolved(&folder).unwrap_or(folder)
        });
        Ok(match self.form {
            Shape::Inline => Form::Inline,
            Shape::Patch => Form::Patch,
            Shape::Component => Form::Component { folder },
        })
    }

    /// Settings of the configuration, overridden by the arguments.
    fn settings(
        &self,
        loader: &Loader,
        directory: &Path,
        told: &mut Vec<Remark>,
    ) -> Result<Settings> {
        let usual = Profile::default();
        let wanted = self.configuration.wanted(directory, usual);
        let mut configuration = wanted.read(loader, None)?;
        let settings = &mut configuration.settings;
        settings.facts.profile = self.profile.unwrap_or(settings.facts.profile);
        settings.fixes_follow_profile |= self.profile.is_some();
        settings.only = self.rules.iter().map(|rule| harden::RuleRef::Known(rule)).collect();
        let none: &[Lowering] = &[];
        configuration.tell(none);
        let Configuration { settings, mut remarks, .. } = configuration;
        told.append(&mut remarks);
        Ok(settings)
    }
}

/// Prints a line to standard error.
fn note(line: &str, sources: &Sources, format: Format) {
    terminal::warning(line, Span::NONE, sources, format);
}

/// The lines for violations that stay: one for each rule with a fix that was not asked for, and one for all others.
fn lines_of_left(left: &[Left]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut others = 0;
    for Left { rule, class, is_stuck, count, .. } in left {
        let title = rule.title();
        match class {
            Some(_) if *is_stuck => lines.push(format!(
                "left: {count} of {title}, whose fix cannot be made there: `krender check` shows where"
            )),
            Some(class) => {
                let level = class.as_str();
                let article = if *class == Class::Safe { "a" } else { "an" };
                lines.push(format!(
                    "left: {count} of {title}, with {article} {level} fix: `--fix {level}`"
                ));
            }
            None => others += count,
        }
    }
    if others > 0 {
        let findings = if others == 1 { "1 finding" } else { &format!("{others} findings") };
        lines
            .push(format!("left: {findings} without an automatic fix: `krender check` shows them"));
    }
    lines
}

/// The directory that changed files must be in or below: the repository of the targets, or else the working directory, or the
/// target if it is elsewhere.
fn top(run: &Run<'_>, targets: &[String], load: &load::Options) -> Result<PathBuf> {
    let Some(first) = targets.first() else { return Ok(load.working_directory.clone()) };
    let root = run.root(first)?;
    let is_top = |directory: &&Path| {
        let git = directory.join(".git");
        load::is_directory(&git) || load::is_file(&git)
    };
    if let Some(top) = root.path().ancestors().find(is_top) {
        return Ok(top.to_path_buf());
    }
    let here = load::resolved(&load.working_directory);
    let here = here.unwrap_or_else(|| load.working_directory.clone());
    Ok(if root.path().starts_with(&here) { here } else { root.path().to_path_buf() })
}

/// The other targets of the repository.
fn others(run: &Run<'_>, targets: &[String], top: &Path) -> Result<Vec<String>> {
    let known: Vec<PathBuf> = targets
        .iter()
        .filter_map(|target| run.root(target).ok())
        .map(|root| root.path().to_path_buf())
        .collect();
    let name = run.loader().display(top);
    let found = run.targets(&name)?.into_iter().filter(|target| target.refused.is_none());
    let others = found.map(|target| target.directory).filter(|name| {
        run.root(name).is_ok_and(|root| !known.iter().any(|path| path == root.path()))
    });
    Ok(others.collect())
}
