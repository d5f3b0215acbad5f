//! Location of the configuration of checks: the nearest `.krender.yaml`, a named file, or a file of a git revision,
//! which a pull request cannot change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::reading::{repository, top_of};
use crate::error::{Code, Error, Result};
use crate::harden::{Kind as ConfigurationKind, Profile, Settings, told};
use crate::limits::Budget;
use crate::load::{self, Digest, File, Kind, Loader};
use crate::report::findings::Remark;
use crate::source::Sources;
use crate::text::path;
use crate::yaml::parse;

/// Name of the configuration file that is found without a flag.
pub(super) const CONFIGURATION: &str = ".krender.yaml";

/// Flags for the configuration.
#[derive(Args)]
pub(super) struct ConfigurationFlags {
    /// Configuration file: `apiVersion: krender.dev/v1alpha1`, `kind: Hardening`
    /// [default: the nearest `.krender.yaml` between the working directory and the top of the repository]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<String>,

    /// Ignore the configuration
    #[arg(long)]
    pub(super) no_config: bool,
}

impl ConfigurationFlags {
    /// The configuration that the flags ask for, searched from a directory.
    pub(super) fn wanted<'a>(&'a self, directory: &'a Path, usual: Profile) -> Wanted<'a> {
        let named = self.config.as_deref();
        Wanted { named, near: Some(directory), ignored: self.no_config, usual }
    }
}

/// A revision to read configuration and baseline from (`--config-from`), or to compare targets with.
pub(super) struct Base {
    /// Name of the revision, as given.
    pub(super) name: String,
    /// Loader of its files.
    pub(super) loader: Loader,
    /// Loader of the files of `HEAD`, for the revision of `check --git`: what `HEAD` has and the revision has not is brought
    /// by the change. `None` if the revision is asked for.
    pub(super) head: Option<Loader>,
}

impl Base {
    /// Opens a revision in the repository of a directory; `REV...` is the merge base with `REV`. Files are also found
    /// through links, among `paths`, that lead into the repository. Its texts are added to the sources of `loader`.
    ///
    /// # Errors
    /// Those of finding the repository and the revision.
    pub(super) fn open(
        name: &str,
        directory: &Path,
        paths: &[&str],
        budget: &Budget,
        loader: &Loader,
    ) -> Result<Self> {
        let repository = repository(directory, budget)?;
        let found = match name.strip_suffix("...") {
            Some(other) => repository.merge_base(other, "HEAD")?,
            None => name.to_owned(),
        };
        let paths: Vec<PathBuf> =
            paths.iter().map(|path| load::join(directory, path.as_ref())).collect();
        let links = repository.links_to(&paths);
        let loader = loader.beside(repository.revision(&found)?.with_links(links));
        Ok(Self { name: name.to_owned(), loader, head: None })
    }

    /// Reads a file of the revision. With the revision of `--git`, a file that no commit has is read from the working tree;
    /// `None` if the change brings it.
    ///
    /// # Errors
    /// Those of [`Loader::file`].
    pub(super) fn file_before_change(&self, path: &str, tree: &Loader) -> Result<Option<File>> {
        if self.is_of_no_commit(path) {
            return file(tree, path).map(Some);
        }
        if self.head.is_some() && self.loader.kind(path) != Kind::File {
            return Ok(None);
        }
        self.file(path).map(Some)
    }

    /// True for a file that neither the revision of `--git` nor `HEAD` has.
    fn is_of_no_commit(&self, path: &str) -> bool {
        let is_in = |loader: &Loader| loader.kind(path) == Kind::File;
        self.head.as_ref().is_some_and(|head| !is_in(head) && !is_in(&self.loader))
    }

    /// Reads a file of the revision. Its name shows the revision.
    ///
    /// # Errors
    /// Those of [`Loader::file`].
    pub(super) fn file(&self, path: &str) -> Result<File> {
        let file = self.loader.file(path).map_err(|error| {
            error.help(format!("it is read from `{}`, as `--config-from` says", self.name))
        })?;
        self.loader.text(&format!("{}:{path}", self.name), file.bytes().to_vec())
    }

    /// A remark if the working tree has another version of a file that is read from the revision.
    pub(super) fn change(
        &self,
        topic: &'static str,
        path: &str,
        loader: &Loader,
    ) -> Option<Remark> {
        let [old, new] = [self.loader.file(path).ok(), file(loader, path).ok()];
        let how = match (&old, &new) {
            (Some(old), Some(new)) if old.bytes() == new.bytes() => return None,
            (None, None) => return None,
            (None, Some(_)) if self.is_of_no_commit(path) => return None,
            (Some(_), Some(_)) => "differs from that at",
            (Some(_), None) => "is missing, but exists at",
            (None, Some(_)) => "is ignored: it does not exist at",
        };
        let other = self.head.as_ref().map_or("", |_| "; `--trust-change` uses that of the change");
        let text = format!("`{path}` {how} `{}`, which is used{other}", self.name);
        Some(Remark::warning(topic, text))
    }
}

/// A configuration that was read, with remarks about it.
pub(super) struct Configuration {
    pub(super) settings: Settings,
    /// Name of the file, with its revision; `None` without a configuration.
    pub(super) file: Option<String>,
    /// Digest of its text.
    pub(super) digest: Option<Digest>,
    pub(super) remarks: Vec<Remark>,
}

/// The configuration that the flags ask for.
pub(super) struct Wanted<'a> {
    /// Named file.
    pub(super) named: Option<&'a str>,
    /// Directory to start searching for `.krender.yaml` if no file is named; `None` for no search.
    pub(super) near: Option<&'a Path>,
    /// True if the configuration is ignored.
    pub(super) ignored: bool,
    /// Profile without a configuration.
    pub(super) usual: Profile,
}

impl Wanted<'_> {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Those of reading the file, and of [`Settings::read`].
    pub(super) fn read(&self, loader: &Loader, base: Option<&Base>) -> Result<Configuration> {
        let named = self.named.map(str::to_owned);
        let in_tree = || named.clone().or_else(|| nearest(self.near?));
        let in_base = |base: &Base| named.clone().or_else(|| nearest_in(base, self.near?));
        let path = base.map_or_else(in_tree, in_base);
        let mut remarks = Vec::new();
        if let Some(base) = base {
            let paths = [in_tree(), path.clone()];
            let mut paths: Vec<String> = paths.into_iter().flatten().collect();
            paths.dedup();
            let changes = paths.iter().filter_map(|path| base.change(TOPIC, path, loader));
            remarks.extend(changes);
        }
        if self.ignored
            && let Some(path) = &path
        {
            remarks.push(Remark::note(TOPIC, format!("the configuration `{path}` is ignored")));
        }
        let found = match (path.filter(|_| !self.ignored), base) {
            (None, _) => None,
            (Some(path), Some(base)) => {
                base.file_before_change(&path, loader)?.map(|text| (path, text))
            }
            (Some(path), None) => Some((path.clone(), file(loader, &path)?)),
        };
        let Some((path, text)) = found else {
            let settings = Settings { limits: loader.limits(), ..Settings::of(self.usual) };
            return Ok(Configuration { settings, file: None, digest: None, remarks });
        };
        let budget = Budget::new(loader.limits());
        let mut settings = settings(&text, self.usual, Some(loader.sources()), &budget)?;
        settings.limits = loader.limits();
        if self.named.is_none()
            && let Some(near) = self.near
        {
            settings.facts.trials = settings.facts.trials.map(|trials| below(trials, &path, near));
        }
        let (file, digest) = (Some(text.name().to_owned()), Some(text.digest()));
        Ok(Configuration { settings, file, digest, remarks })
    }
}

/// A remark if a profile names a version of the Pod Security Standards that is newer than all known ones.
pub(super) fn newer(profile: Profile) -> Option<Remark> {
    let version = profile.unknown_version()?;
    let text = format!(
        "the Pod Security Standards of `{version}` are not known yet: `{profile}` is used, the newest known version"
    );
    Some(Remark::warning(TOPIC, text))
}

/// Topic of remarks about configurations.
pub(super) const TOPIC: &str = "configuration";

impl Configuration {
    /// Adds remarks about the configuration in force: its name, and what it disables or lowers.
    pub(super) fn tell(&mut self, lowerings: &[crate::harden::Lowering]) {
        let Some(file) = &self.file else { return };
        let remark = match told(lowerings) {
            text if text.is_empty() => {
                Remark::note(TOPIC, format!("the configuration `{file}` is in force"))
            }
            text => Remark::warning(TOPIC, format!("the configuration `{file}` {text}")),
        };
        self.remarks.push(remark);
    }
}

/// Reads a file by its path from the working directory. A link must resolve to a file in or below its directory.
///
/// # Errors
/// Those of [`Loader::file`].
pub(super) fn file(loader: &Loader, path: &str) -> Result<File> {
    loader.file(path)
}

fn settings(
    file: &File,
    usual: Profile,
    sources: Option<&Sources>,
    budget: &Budget,
) -> Result<Settings> {
    let path = file.name();
    let source = Arc::clone(file.source()?);
    let document = parse::document(&source)?
        .ok_or_else(|| Error::new(Code::InvalidValue, format!("`{path}` is empty")))?;
    Settings::read_within(&document.root, &ConfigurationKind::ALL, usual, sources, budget)
        .map_err(|error| error.step(format!("while reading `{path}`")))
}

/// The nearest configuration: in a directory or one of its parents, up to the top of the repository. Outside of a
/// repository only the directory itself is searched: its parents may belong to another user.
fn nearest(directory: &Path) -> Option<String> {
    let top = top_of(directory).unwrap_or(directory);
    let found = directory
        .ancestors()
        .take_while(|ancestor| ancestor.starts_with(top))
        .position(|ancestor| load::is_file(&ancestor.join(CONFIGURATION)));
    found.map(|height| "../".repeat(height) + CONFIGURATION)
}

/// Patterns of targets as paths in the repository: in a configuration that was found, they begin in its folder.
fn below(patterns: Vec<String>, path: &str, directory: &Path) -> Vec<String> {
    let file = load::join(directory, path.as_ref());
    let top = top_of(directory).unwrap_or(directory);
    let folder = file.parent().and_then(|folder| folder.strip_prefix(top).ok());
    let folder = folder.map(Path::to_string_lossy).unwrap_or_default();
    patterns.into_iter().map(|pattern| path::join(&folder, &pattern)).collect()
}

/// The nearest configuration in a revision.
fn nearest_in(base: &Base, directory: &Path) -> Option<String> {
    // Paths above the top of the repository do not exist in a revision.
    let path = |height: usize| "../".repeat(height) + CONFIGURATION;
    let heights = 0..directory.components().count();
    heights.map(path).find(|path| base.loader.kind(path) == Kind::File)
}
