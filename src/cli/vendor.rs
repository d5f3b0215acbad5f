//! `krender vendor`: copies remote bases and files into the tree.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::reading::{Jobs, Reading, working_directory};
use super::select::Select;
use super::terminal::{self, Format};
use crate::{
    edit::vendor::{self, MANIFEST, Manifest, Plan, Proof, Same, Tree, complaints, needed},
    error::{Code, Error, Result},
    fetch::{Lock, LockUse},
    fleet,
    load::{
        self, Disk, Files as _, Kind, LARGEST_FILE, Loader, Overlay, Remotes, without_credentials,
    },
    parallel::in_order,
    source::{Sources, Span},
    text::{escape, phrase},
};

/// Copy remote bases and files into the tree
///
/// Builds the targets in DIR, copies the files that they read from remote repositories into its folder `vendor`, and rewrites the
/// entries of the kustomizations that name them; comments and all other bytes stay. Files over HTTP are copied into a folder
/// `vendor` beside the kustomization that names them, charts (with `--enable-helm`) to where it looks for them. Nothing is written
/// unless all targets render as before without any remote content. Prints the changes.
#[derive(Args)]
pub(super) struct Vendor {
    /// Directory to search for targets, as with `krender build --all`
    #[arg(value_name = "DIR", default_value = ".")]
    directory: String,

    #[command(flatten)]
    select: Select,

    /// Write nothing, and fail if a copy was changed or is not needed, or if a kustomization names remote content
    #[arg(long, conflicts_with_all = ["update", "dry_run"])]
    check: bool,

    /// Fetch again what was copied: repositories and files whose URLs contain NAME, or all of them. Targets share copies, so none
    /// can be left out
    #[arg(long, num_args = 0..=1, value_name = "NAME", default_missing_value = "")]
    #[arg(conflicts_with_all = ["include", "exclude"])]
    update: Option<String>,

    /// Print the changes, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Folder of the copies in DIR
    #[arg(long, value_name = "FOLDER", default_value = "vendor", value_parser = folder)]
    into: String,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

/// The targets of a run, and the options of its loaders.
struct Setting {
    /// The tree, with links resolved.
    path: PathBuf,
    manifest: Manifest,
    targets: Vec<String>,
    options: load::Options,
}

/// The content that a build may use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Files of the tree.
    Tree,
    /// Remote content, too.
    Anywhere,
}

impl Vendor {
    /// Copies, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let setting = match self.setting() {
            Ok(setting) => setting,
            Err((error, sources)) => return super::finish(Err(error), &sources, format),
        };
        let outcome = match self.check {
            true => self.verify(&setting, format),
            false => self.copy(&setting, format),
        };
        super::finish(outcome, &setting.options.sources, format)
    }

    /// Finds the targets.
    fn setting(&self) -> std::result::Result<Setting, (Error, Arc<Sources>)> {
        let options = working_directory().map(|directory| self.reading.load_options(directory));
        let options = options.map_err(|error| (error, Arc::default()))?;
        let sources = Arc::clone(&options.sources);
        self.search(options).map_err(|error| (error, sources))
    }

    /// Refuses copies that are read although each of them was to be fetched again: an entry that is not in the list leads to
    /// them, and they could be anything.
    fn refuse_unknown(&self, loader: &Loader, tree: Tree<'_>) -> Result<()> {
        if self.update.as_deref() != Some("") {
            return Ok(());
        }
        let start = format!("{}/", tree.folder);
        let mut read = needed(loader, tree);
        read.retain(|file| file.starts_with(&start) || tree.manifest.has_file(file));
        if read.is_empty() {
            return Ok(());
        }
        let read: Vec<&String> = read.iter().collect();
        let few = phrase::few(&read, 3, |file| format!("`{}`", escape::visible(file)));
        let list = format!("{start}{MANIFEST}");
        let message =
            format!("the entries in `{list}` do not lead to {few}, which kustomizations read");
        Err(Error::new(Code::InvalidValue, message)
            .help("write the URLs into those kustomizations instead of paths to copies, and run `krender vendor`"))
    }

    fn search(&self, options: load::Options) -> Result<Setting> {
        let is_name = |part: &str| !part.is_empty() && !part.starts_with('.');
        if !self.into.split('/').all(is_name) {
            let message = format!("`{}` is no folder in DIR for copies", self.into);
            return Err(Error::new(Code::InvalidArgument, message)
                .help("name a folder that is not hidden, such as `third_party/krender`"));
        }
        let loader = Loader::new(Disk, options.clone());
        let path = loader.root(&self.directory)?.path().to_path_buf();
        if loader.repository_of(&path).is_some() {
            let message = format!("`{}` is remote", without_credentials(&self.directory));
            return Err(Error::new(Code::InvalidArgument, message).help(
                "name a directory on this machine, whose kustomizations name what is remote",
            ));
        }
        let copies = path.join(&self.into);
        let manifest = read(&path, &self.into)?;
        let build = self.reading.options(self.jobs.threads());
        let run = fleet::Run::new(&loader, &build);
        let directories = std::slice::from_ref(&self.directory);
        let mut selected = self.select.targets(true, &run, &loader, directories)?;
        let is_copy = |target: &String| {
            loader.root(target).is_ok_and(|root| root.path().starts_with(&copies))
        };
        let mut targets = std::mem::take(&mut selected.targets);
        selected.outcome()?;
        targets.retain(|target| !is_copy(target));
        Ok(Setting { path, manifest, targets, options })
    }

    /// True if all targets of the tree are built.
    fn is_whole(&self) -> bool {
        self.select.include.is_empty() && self.select.exclude.is_empty()
    }

    /// Builds all targets.
    fn build(&self, loader: &Loader, targets: &[String], reach: Reach) -> Result<Vec<Proof>> {
        let mut options = self.reading.options(self.jobs.threads());
        if reach == Reach::Tree {
            options.plugins = self.reading.plugins_of_tree();
        }
        let run = fleet::Run::new(loader, &options);
        run.expect(targets);
        let work = |number: usize| {
            let target = &targets[number];
            let built = run.build(target, &mut Vec::new());
            let proof = built.and_then(|resources| Proof::of(&resources));
            proof.map_err(|error| error.step(format!("while building `{target}`")))
        };
        let mut proofs = Vec::with_capacity(targets.len());
        in_order(targets.len(), &options.threads, work, |_, proof| {
            proofs.push(proof);
            ControlFlow::Continue(())
        });
        Error::collect(proofs)
    }

    fn copy(&self, setting: &Setting, format: Format) -> Result<()> {
        let Setting { path, manifest, targets, options } = setting;
        let tree = Tree { path, folder: &self.into, manifest };
        if let Some(name) = self.update.as_ref().filter(|name| !manifest.has_url_with(name)) {
            let text = super::lock::no_url(name);
            terminal::warning(&text, Span::NONE, &options.sources, format);
        }
        let mut files = Overlay::new(Disk);
        if let Some(name) = &self.update {
            for (path, text) in vendor::restored(tree, name)? {
                files = files.file(&path, text);
            }
        }
        let remotes = match self.reading.remote.is_locked() {
            true => options.remotes.clone(),
            false => {
                let pins = Lock::of_commits(manifest.pins(self.update.as_deref()));
                let lock = LockUse::Preferred(Arc::new(pins));
                self.reading.remote.source_with(lock, &options.working_directory)
            }
        };
        let loader = Loader::new(files, load::Options { remotes, ..options.clone() });
        let before = self.build(&loader, targets, Reach::Anywhere)?;
        self.refuse_unknown(&loader, tree)?;
        let mut plan = Plan::of(&loader, tree)?;
        let own = load::Options { remotes: Remotes::default(), ..options.clone() };
        let copied = Loader::new(plan.overlay(tree), own);
        let after = self.build(&copied, targets, Reach::Tree).map_err(|error| {
            error.step("while building from the copies").help("nothing was written")
        })?;
        let moved = compare(targets, &before, &after)?;
        plan.settle(&copied, tree, self.is_whole());
        plan.admit(tree)?;
        let changes = plan.changes(tree);
        let lines: String =
            changes.iter().flat_map(|change| [escape::visible(change), "\n".into()]).collect();
        if !self.dry_run && !plan.is_done(tree) {
            super::clean_up_on_signals();
            plan.write(tree)?;
        }
        if !moved.is_empty() && !lines.is_empty() {
            let few = phrase::few(&moved, 3, |name| format!("`{name}`"));
            let text = format!("the annotations of origins in {few} name the copies from now on");
            terminal::warning(&text, Span::NONE, &options.sources, format);
        }
        super::print(&lines)
    }

    fn verify(&self, setting: &Setting, format: Format) -> Result<()> {
        let Setting { path, manifest, targets, options } = setting;
        if manifest.is_empty() {
            let folder = escape::visible(&self.into);
            let text = format!(
                "there are no copies in `{folder}`: only entries that are remote are found"
            );
            terminal::warning(&text, Span::NONE, &options.sources, format);
        }
        let tree = Tree { path, folder: &self.into, manifest };
        let own = load::Options { remotes: Remotes::default(), ..options.clone() };
        let loader = Loader::new(Disk, own);
        let built = self.build(&loader, targets, Reach::Tree);
        let mut found = needed(&loader, tree);
        if built.is_err() || !self.is_whole() {
            // It is not known what other targets need.
            found.extend(manifest.files().map(str::to_owned));
        }
        let complaints = complaints(tree, &found);
        let failed = built.err().map(|error| match error.code() {
            Code::FetchRefused => error.help("`krender vendor` copies it into the tree"),
            _ => error,
        });
        Error::all(failed.into_iter().chain(complaints)).map_or(Ok(()), Err)
    }
}

/// The name of a folder, without slashes at its end.
#[expect(clippy::unnecessary_wraps, reason = "a parser of values may fail")]
fn folder(text: &str) -> Result<String> {
    Ok(text.trim_end_matches('/').to_owned())
}

/// The targets that differ in annotations of origins.
///
/// # Errors
/// [`Code::EditRefused`] if a target differs in more.
fn compare(targets: &[String], before: &[Proof], after: &[Proof]) -> Result<Vec<String>> {
    let (mut moved, mut failed) = (Vec::new(), Vec::new());
    for ((target, before), after) in targets.iter().zip(before).zip(after) {
        match before.compare(after) {
            Same::Whole => {}
            Same::ButOrigins => moved.push(target.clone()),
            Same::No => {
                let message = format!("`{target}` would not render as before from the copies");
                failed.push(Error::new(Code::EditRefused, message).help("nothing was written"));
            }
        }
    }
    Error::all(failed).map_or(Ok(moved), Err)
}

/// Reads the list of copies in a folder; an empty one if there is no folder.
fn read(tree: &Path, into: &str) -> Result<Manifest> {
    let folder = &tree.join(into);
    let path = folder.join(MANIFEST);
    let kind = |path: &Path| Disk.kind(path).unwrap_or(Kind::Special);
    match (kind(folder), kind(&path)) {
        (Kind::Missing, _) => Ok(Manifest::default()),
        (Kind::Directory, Kind::Missing) if vendor::is_empty(tree, into) => Ok(Manifest::default()),
        (Kind::Directory, Kind::File) => {
            let bytes = Disk.read(&path, LARGEST_FILE).map_err(|error| {
                let message = format!("cannot read `{}`: {error}", path.display());
                Error::new(Code::ReadFailed, message)
            })?;
            Manifest::parse(&String::from_utf8_lossy(&bytes), into)
        }
        (found, _) => {
            let shown = escape::visible(into);
            let message = match found {
                Kind::Directory if kind(&path) != Kind::Missing => {
                    format!("`{shown}/{MANIFEST}` is not a file")
                }
                Kind::Directory => format!("`{shown}` has files, and no `{MANIFEST}`"),
                _ => format!("`{shown}` is not a folder"),
            };
            Err(Error::new(Code::InvalidArgument, message)
                .help("it belongs to another program: choose another folder with `--into`"))
        }
    }
}
