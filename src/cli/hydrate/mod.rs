//! `krender hydrate`: renders a commit, and writes the manifests to a branch or a folder.

mod destination;
mod preview;
mod render;
mod source;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::diff::{NOT_DONE, ReviewForm};
use super::harden::Hardening;
use super::reading::{Jobs, Reading};
use super::select::{self, Select};
use super::terminal::{self, Format};
use crate::{
    error::{Code, Error, Result},
    hydrate::{Existing, Hydrated, METADATA, Plan, RECORD},
    load,
    source::{Sources, Span},
    text::{escape, phrase},
};

/// Examples at the end of the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  krender hydrate --all . --branch env/prod --include '**/prod'
  krender hydrate overlays/prod --branch environment/production-next --dry-run
  krender hydrate --all . --per object --output ../rendered";

/// Write rendered manifests to a branch or a folder
///
/// Renders a commit, by default HEAD, and commits the manifests to a branch: there, people review and controllers apply what
/// clusters get. Nothing is checked out; index and working tree stay as they are, and no hook is run. If the manifests are the same
/// as before, no commit is made. If a target cannot be rendered, nothing is written.
///
/// krender owns the files that it writes, and removes those that are not rendered any more. Other files stay, and are never
/// replaced without `--adopt`. Prints the id of the new commit.
///
/// Exit codes: 0 if it is done, with or without a commit; 2 if it is not. With `--dry-run`: 0 if there would be no commit, 1 if
/// there would be one, 2 if a target could not be rendered.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Hydrate {
    /// Directories with kustomization files; with `--all`, directories to search
    #[arg(value_name = "DIR", default_value = ".")]
    directories: Vec<String>,

    /// Render every kustomization at or below DIR that is not included by another one there
    #[arg(long)]
    all: bool,

    /// Go on if there is no kustomization any more, not even DIR: the files of the last targets are removed. Without it, a run
    /// without a target fails
    #[arg(long, requires = "all")]
    allow_empty: bool,

    #[command(flatten)]
    select: Select,

    /// Branch to commit to. It is made if there is none, and must not be checked out in a working tree
    #[arg(long, value_name = "NAME", conflicts_with = "output")]
    branch: Option<String>,

    /// Folder to write to instead, such as the working tree of another clone
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Repository on this machine that has the branch, if it is not that of DIR
    #[arg(long, value_name = "DIR", requires = "branch")]
    repo: Option<PathBuf>,

    /// Folder in the branch or in the output for all files: what is beside it belongs to others
    #[arg(long, value_name = "FOLDER", default_value = "", hide_default_value = true)]
    path: String,

    /// Commit to render. By default HEAD, if targets have no changes that are not committed
    #[arg(long, value_name = "REV")]
    source: Option<String>,

    /// Files: `manifest.yaml` for each target, in a folder with its path; or a file per object in this folder
    #[arg(long, value_name = "PART", default_value = "target")]
    per: Per,

    /// Replace files of others that are where files have to be written
    #[arg(long)]
    adopt: bool,

    /// Handling of Secrets that are rendered with values: all who can read the branch can read them
    #[arg(long, value_name = "CHOICE", default_value = "warn")]
    secrets: Secrets,

    /// URL of the source repository in `hydrator.metadata` and in the commit; by default that of the remote `origin`. It is
    /// published without credentials and query. Empty: none
    #[arg(long, value_name = "URL")]
    repo_url: Option<String>,

    /// Do not write the note about the commit in `refs/notes/hydrator.metadata`
    #[arg(long)]
    no_note: bool,

    /// Print the differences to what is there, as `krender diff` does, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// With `--dry-run`: format of the differences
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "dry_run")]
    format: ReviewForm,

    #[command(flatten)]
    hardening: Hardening,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

/// The content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Per {
    /// One object
    Object,
    /// All objects of a target
    Target,
}

/// Handling of Secrets with values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Secrets {
    /// Write them, and warn
    Warn,
    /// Write them
    Write,
    /// Fail
    Refuse,
}

/// Number of tries, if others move the branch at the same time.
const TRIES: usize = 10;

impl Hydrate {
    /// Writes, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        super::clean_up_on_signals();
        let sources: &Arc<Sources> = super::until_exit(Arc::default());
        match self.hydrate(sources, format) {
            Ok(exit) => exit,
            Err(error) => {
                terminal::errors(&error, sources, format);
                ExitCode::from(NOT_DONE)
            }
        }
    }

    fn hydrate(&self, sources: &Arc<Sources>, format: Format) -> Result<ExitCode> {
        self.check()?;
        let threads = self.jobs.threads();
        let source: &source::Source = super::until_exit(self.find_source(sources, &threads)?);
        if let Some(work) = &source.hardening {
            work.tell(source.loader.sources(), format);
        }
        let mut is_told = false;
        for _ in 0..TRIES {
            let destination = self.destination(source)?;
            let record = destination.record()?;
            if source.targets.is_empty() && record.0.is_empty() && !destination.has_record()? {
                // Not even with `--allow-empty`: there is nothing to write or to remove.
                return Err(select::no_kustomization(&self.directories));
            }
            if self.all {
                source.check_patterns(&self.directories, &record)?;
            }
            let rendered = render::all(source, &destination, &threads, self.per);
            if !is_told || rendered.has_failures() {
                rendered.tell(source.loader.sources(), format);
            }
            if rendered.has_failures() {
                return Ok(ExitCode::from(NOT_DONE));
            }
            render::again(source, &rendered, &self.reading, self.per)?;
            let files: Vec<Hydrated> = rendered.files().collect();
            let existing = |path: &str| destination.existing(path);
            let covers = |target: &str| source.covers(target);
            let mut plan = Plan::of(&files, &record, &covers, &existing, self.adopt)?;
            for own in [RECORD, METADATA] {
                if let Existing::Blocked(by) = destination.existing(own)? {
                    plan.irreplaceable.push(by);
                }
            }
            let is_foreign = record.0.is_empty() && !destination.has_record()?;
            let is_in_the_way = is_foreign && destination.read(METADATA)?.is_some();
            self.refuse_blocked(&plan, is_in_the_way && !self.adopt)?;
            if !is_told {
                self.hardening.report(&rendered.hardened())?;
                self.tell_secrets(&rendered, format)?;
                tell_replaced(&plan, format);
                is_told = true;
            }
            if self.dry_run {
                return preview::show(
                    source,
                    &destination,
                    (&record, &plan, &files),
                    &threads,
                    (self.format, format),
                );
            }
            if self.write(source, &destination, &rendered, &plan, format)? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        let branch = self.branch.as_deref().unwrap_or_default();
        let message =
            format!("the branch `{}` was moved by others {TRIES} times", escape::visible(branch));
        Err(Error::new(Code::WriteFailed, message).help("run the command again"))
    }

    /// Refuses to write if files of others are in the way.
    fn refuse_blocked(&self, plan: &Plan, is_metadata_blocked: bool) -> Result<()> {
        let few =
            |paths: &[&str]| phrase::few(paths, 3, |path| format!("`{}`", escape::visible(path)));
        let failed = |message: String| Error::new(Code::WriteFailed, message);
        let closed: Vec<&str> = plan.irreplaceable.iter().map(String::as_str).collect();
        if !closed.is_empty() {
            let message =
                format!("{} would be replaced, and only plain files ever are", few(&closed));
            return Err(failed(message).help(
                "remove a link, a submodule, or a file where a folder must be yourself; or choose another folder with `--path`",
            ));
        }
        let mut blocked: Vec<&str> = plan.blocked.iter().map(String::as_str).collect();
        blocked.extend(is_metadata_blocked.then_some(METADATA));
        if blocked.is_empty() {
            return Ok(());
        }
        let message =
            format!("{} would be replaced, and krender has not written that", few(&blocked));
        Err(failed(message).help(
            "choose another folder with `--path`, or add `--adopt` to replace files of others",
        ))
    }

    /// Warns of Secrets with values, or refuses them.
    fn tell_secrets(&self, rendered: &render::AllRendered, format: Format) -> Result<()> {
        let secrets = rendered.secrets();
        if secrets.is_empty() || self.secrets == Secrets::Write {
            return Ok(());
        }
        let few = phrase::few(&secrets, 3, |name| format!("`{}`", escape::visible(name)));
        let what = format!("Secrets are rendered with their values: {few}");
        match self.secrets {
            Secrets::Refuse => Err(Error::new(Code::InvalidValue, what).help(
                "encrypt them, or let the cluster fetch them (SealedSecret, ExternalSecret, SOPS)",
            )),
            Secrets::Warn | Secrets::Write => {
                let text = format!(
                    "{what}; all who can read the output can read them (`--secrets write` accepts that)"
                );
                terminal::warning(&text, Span::NONE, &Sources::new(), format);
                Ok(())
            }
        }
    }

    /// Writes what has changed. False if the branch has moved in the meantime.
    fn write(
        &self,
        source: &source::Source,
        destination: &destination::Destination,
        rendered: &render::AllRendered,
        plan: &Plan,
        format: Format,
    ) -> Result<bool> {
        let name = escape::visible(&destination.name()).into_owned();
        let told = |text: String| {
            if format == Format::Human {
                terminal::plain(&text);
            }
        };
        let short = source.commit.short();
        if !plan.has_changes() && destination.read(METADATA)?.is_some() {
            if !destination.note(source, !self.no_note)? {
                return Ok(false);
            }
            told(format!("{name} has the manifests of {short} already\n"));
            return Ok(true);
        }
        let url = source.url.as_deref();
        let mut files = rendered.texts(plan);
        let record = plan.record.write();
        let metadata = source.commit.metadata(url, &source.command);
        files.push((RECORD.to_owned(), &record));
        files.push((METADATA.to_owned(), &metadata));
        let message = source.commit.message(url);
        let Some(commit) =
            destination.write(source, &message, &plan.remove, files, !self.no_note)?
        else {
            return Ok(false);
        };
        let [written, removed] = [plan.write.len(), plan.remove.len()];
        told(format!(
            "{name}: {} written, {removed} removed, from {short}\n",
            phrase::counted(written, "file")
        ));
        match commit {
            destination::Written::Commit(id) => super::print(&format!("{id}\n"))?,
            destination::Written::Files => {}
        }
        Ok(true)
    }

    /// The branch or folder as it is now.
    fn destination(&self, source: &source::Source) -> Result<destination::Destination> {
        let folder = self.path.trim_end_matches('/');
        match (&self.branch, &self.output) {
            (Some(branch), _) => {
                destination::Destination::branch(branch, self.repo.as_deref(), folder, source)
            }
            (None, Some(output)) => destination::Destination::folder(output, folder, source),
            (None, None) => Err(no_destination()),
        }
    }

    /// Refuses arguments for which no commit need be read.
    fn check(&self) -> Result<()> {
        if self.branch.is_none() && self.output.is_none() {
            return Err(no_destination());
        }
        if let Some(below) = self.path.strip_prefix('/') {
            let below = escape::visible(below.trim_matches('/')).into_owned();
            let path = escape::visible(&self.path);
            let message = format!(
                "`--path` cannot be `{path}`: it is a folder of the branch or of the output"
            );
            let error = Error::new(Code::InvalidArgument, message);
            return Err(match (below.is_empty(), self.branch.is_some()) {
                (true, _) => error.help("leave `--path` out for its top"),
                (false, true) => error.help(format!("did you mean `--path {below}`?")),
                (false, false) => error.help(format!(
                    "did you mean `--path {below}`? A folder of this machine is named by `--output`"
                )),
            });
        }
        Ok(())
    }

    fn find_source(
        &self,
        sources: &Arc<Sources>,
        threads: &crate::Threads,
    ) -> Result<source::Source> {
        let options = self.reading.load_options(super::reading::working_directory()?);
        let options = load::Options { sources: Arc::clone(sources), ..options };
        let asked = source::Asked {
            directories: &self.directories,
            all: self.all,
            allow_empty: self.allow_empty,
            select: &self.select,
            revision: self.source.as_deref(),
            url: self.repo_url.as_deref(),
            per_object: self.per == Per::Object,
            hardening: &self.hardening,
        };
        source::Source::find(&asked, &options, &self.reading, threads)
    }
}

/// The error if neither a branch nor a folder is named.
#[cold]
fn no_destination() -> Error {
    Error::new(Code::InvalidArgument, "`--branch` or `--output` is needed").help(
        "name the branch to commit to, such as `--branch env/prod`, or the folder to write to, such as `--output ../rendered`",
    )
}

/// Warns of files that were changed by others, and of files of others that are replaced.
fn tell_replaced(plan: &Plan, format: Format) {
    let few =
        |paths: &[String]| phrase::few(paths, 3, |path| format!("`{}`", escape::visible(path)));
    for (paths, what) in [
        (&plan.edited, "changed by others since krender wrote it: the change is lost"),
        (&plan.adopted, "not written by krender so far: the rendered file takes its place"),
    ] {
        if !paths.is_empty() {
            let text = format!("{}: {what}", few(paths));
            terminal::warning(&text, Span::NONE, &Sources::new(), format);
        }
    }
}
