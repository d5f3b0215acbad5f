//! `krender lock`: writes down which commits and contents remote entries stand for.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::reading::{Jobs, Reading, working_directory};
use super::select::Select;
use super::terminal::{self, Format};
use crate::{
    error::{Code, Error, Result},
    fetch::{LOCK_FILE, Lock, LockUse},
    fleet,
    load::{self, Disk, Files as _, Kind, LARGEST_FILE, Loader},
    source::{Sources, Span},
    text::escape,
};

/// Write down the commits and contents of remote bases and files
///
/// Builds the kustomizations, and writes `kustomization.lock` in the working directory: the commit of each remote repository and
/// branch or tag, and the SHA-256 of each file over HTTP. `krender build --locked` then uses exactly these. Entries that are in
/// the file already stay as they are; those that no kustomization names any more are removed. Prints the changes, with the files that
/// name each entry.
#[derive(Args)]
pub(super) struct LockCommand {
    /// Directories with kustomization files
    #[arg(value_name = "DIR", default_value = ".")]
    directories: Vec<String>,

    /// Find all targets in the directories
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    select: Select,

    /// Write nothing, and fail if the file would change. With `--update`, also if a branch, a tag or a file has changed
    #[arg(long)]
    check: bool,

    /// Resolve entries again: those whose URLs contain NAME, or all of them
    #[arg(long, num_args = 0..=1, value_name = "NAME", default_missing_value = "")]
    update: Option<String>,

    /// File to write
    #[arg(long, value_name = "FILE", default_value = LOCK_FILE)]
    file: PathBuf,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

impl LockCommand {
    /// Locks, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        match self.start(format) {
            Ok((loader, before, kept)) => {
                super::finish(self.lock(&loader, &before, &kept), loader.sources(), format)
            }
            Err(error) => super::finish(Err(error), &Sources::new(), format),
        }
    }

    /// The loader, which uses the commits that stay, the lock that is there, and the part of it that stays.
    fn start(&self, format: Format) -> Result<(Loader, Lock, Arc<Lock>)> {
        let directory = working_directory()?;
        let path = directory.join(&self.file);
        if Disk.kind(&path).is_ok_and(|kind| kind == Kind::Link) {
            // The link may come from others, and lead to any file.
            let message = format!("`{}` is a link", self.file.display());
            return Err(Error::new(Code::InvalidArgument, message)
                .help("replace it by the file itself, or name that file with `--file`"));
        }
        let before = read(&path)?;
        let kept = match &self.update {
            None => before.clone(),
            Some(name) if name.is_empty() => Lock::default(),
            Some(name) => {
                let kept = before.without(std::slice::from_ref(name));
                if kept == before {
                    terminal::warning(&no_url(name), Span::NONE, &Sources::new(), format);
                }
                kept
            }
        };
        let kept = Arc::new(kept);
        let lock = LockUse::Preferred(Arc::clone(&kept));
        let remotes = self.reading.remote.source_with(lock, &directory);
        let options = load::Options { remotes, ..self.reading.load_options(directory) };
        Ok((Loader::new(Disk, options), before, kept))
    }

    fn lock(&self, loader: &Loader, before: &Lock, kept: &Arc<Lock>) -> Result<()> {
        let mut options = self.reading.options(self.jobs.threads());
        let lock = LockUse::Preferred(Arc::clone(kept));
        options.plugins = self.reading.plugins_with(lock, &working_directory()?);
        let run = fleet::Run::new(loader, &options);
        let selected = self.select.targets(self.all, &run, loader, &self.directories)?;
        run.expect(&selected.targets);
        let failed = selected.targets.iter().filter_map(|target| {
            let error = run.build(target, &mut Vec::new()).err()?;
            Some(error.step(format!("while building `{target}`")))
        });
        if let Some(error) = Error::all(failed) {
            return Err(error);
        }
        selected.outcome()?;
        let path = load::join(&working_directory()?, &self.file);
        let folder = path.parent().and_then(load::resolved).unwrap_or_default();
        let after = Lock::of(loader, &folder);
        let changes = before.changes(&after);
        let lines: String =
            changes.iter().flat_map(|change| [escape::visible(change), "\n".into()]).collect();
        super::print(&lines)?;
        if self.check {
            return match changes.len() {
                0 => Ok(()),
                number => {
                    let file = self.file.display();
                    let message = format!("`{file}` is not up to date: {number} changes");
                    let update = if self.update.is_some() { " --update" } else { "" };
                    let help = format!("`krender lock{update}` writes them");
                    Err(Error::new(Code::InvalidValue, message).help(help))
                }
            };
        }
        if *before != after {
            load::write(&self.file, &[after.to_json()])?;
        }
        Ok(())
    }
}

/// The text of a warning for an update of what is not there.
pub(super) fn no_url(name: &str) -> String {
    let name = escape::visible(name);
    format!("no URL in the list contains `{name}`: nothing is resolved again")
}

/// Reads a lock; an empty one if there is no file.
fn read(path: &Path) -> Result<Lock> {
    if !load::is_file(path) {
        return Ok(Lock::default());
    }
    let bytes = Disk.canonicalize(path).and_then(|path| Disk.read(&path, LARGEST_FILE));
    let bytes = bytes.map_err(|error| {
        Error::new(Code::ReadFailed, format!("cannot read `{}`: {error}", path.display()))
    })?;
    Lock::parse(&String::from_utf8_lossy(&bytes))
}
