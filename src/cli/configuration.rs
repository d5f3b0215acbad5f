//! Where configurations of checks come from: the nearest `.krender.yaml`, a file that is named, or a revision that a
//! change cannot touch.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::findings::Remark;
use super::reading::repository;
use crate::error::{Code, Error, Result};
use crate::harden::{Kind as ConfigurationKind, Profile, Settings, told};
use crate::limits::Budget;
use crate::load::git::Revision;
use crate::load::{self, Digest, File, Kind, Loader};
use crate::yaml::parse;

/// The file with the configuration that need not be named.
const CONFIGURATION: &str = ".krender.yaml";

/// A revision from which configuration and baseline are read (`--config-from`), or with which targets are compared.
pub(super) struct Base {
    /// The revision as it was named.
    pub(super) name: String,
    /// Its files.
    pub(super) loader: Loader,
}

impl Base {
    /// The revision of this name in the repository of a directory; `REV...` is where the branch left `REV`. Its files are
    /// also found through the links by which `paths` lead into the repository.
    ///
    /// # Errors
    /// Those of finding the repository and the revision.
    pub(super) fn open(
        name: &str,
        directory: &Path,
        paths: &[&str],
        budget: &Budget,
        loader: impl FnOnce(Revision) -> Result<Loader>,
    ) -> Result<Self> {
        let repository = repository(directory, budget)?;
        let found = match name.strip_suffix("...") {
            Some(other) => repository.merge_base(other, "HEAD")?,
            None => name.to_owned(),
        };
        let paths: Vec<PathBuf> =
            paths.iter().map(|path| load::join(directory, path.as_ref())).collect();
        let links = repository.links_to(&paths);
        let loader = loader(repository.revision(&found)?.with_links(links))?;
        Ok(Self { name: name.to_owned(), loader })
    }

    /// A file of the revision, as one of the texts of another loader.
    ///
    /// # Errors
    /// Those of [`Loader::file`].
    pub(super) fn file(&self, path: &str, loader: &Loader) -> Result<File> {
        let file = self.loader.file(path).map_err(|error| {
            error.help(format!("it is read from `{}`, as `--config-from` says", self.name))
        })?;
        loader.text(&format!("{}:{path}", self.name), file.bytes().to_vec())
    }

    /// What there is to say of a file that is read from the revision: whether the working tree has another one.
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
            (Some(_), Some(_)) => "differs from that of",
            (Some(_), None) => "is missing, and is there in",
            (None, Some(_)) => "is not heeded: it is not there in",
        };
        Some(Remark::warning(topic, format!("`{path}` {how} `{}`, by which is judged", self.name)))
    }
}

/// A configuration that was read, and what there is to say of it.
pub(super) struct Configuration {
    pub(super) settings: Settings,
    /// The file, with the revision that it is from; `None` without one.
    pub(super) file: Option<String>,
    /// The digest of its text.
    pub(super) digest: Option<Digest>,
    pub(super) remarks: Vec<Remark>,
}

/// Which configuration is asked for.
pub(super) struct Wanted<'a> {
    /// The file that is named.
    pub(super) named: Option<&'a str>,
    /// Where to look for `.krender.yaml` if none is named; `None` to look nowhere.
    pub(super) near: Option<&'a Path>,
    /// Whether none is heeded.
    pub(super) ignored: bool,
    /// The profile without one.
    pub(super) usual: Profile,
}

impl Wanted<'_> {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Those of reading it, and of [`Settings::read`].
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
        let Some(path) = path.filter(|_| !self.ignored) else {
            if self.ignored
                && let Some(path) = base.map_or_else(in_tree, in_base)
            {
                remarks
                    .push(Remark::note(TOPIC, format!("the configuration `{path}` is not heeded")));
            }
            let settings = Settings::of(self.usual);
            return Ok(Configuration { settings, file: None, digest: None, remarks });
        };
        let text = match base {
            Some(base) => base.file(&path, loader)?,
            None => file(loader, &path)?,
        };
        let settings = settings(&text, self.usual, &Budget::new(loader.limits()))?;
        let (file, digest) = (Some(text.name().to_owned()), Some(text.digest()));
        Ok(Configuration { settings, file, digest, remarks })
    }
}

/// The topic of remarks about configurations.
pub(super) const TOPIC: &str = "configuration";

impl Configuration {
    /// Adds what is said of the configuration in force: which it is, and what it switches off or lowers.
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

/// A file by its path from the working directory. What a link leads to counts only if it is in the same directory or below.
///
/// # Errors
/// Those of [`Loader::file`].
pub(super) fn file(loader: &Loader, path: &str) -> Result<File> {
    loader.file(path)
}

fn settings(file: &File, usual: Profile, budget: &Budget) -> Result<Settings> {
    let path = file.name();
    let source = Arc::clone(file.source()?);
    let document = parse::document(&source)?
        .ok_or_else(|| Error::new(Code::InvalidValue, format!("`{path}` is empty")))?;
    Settings::read_within(&document.root, &ConfigurationKind::ALL, usual, budget)
        .map_err(|error| error.step(format!("while reading `{path}`")))
}

/// The configuration of a directory or of the nearest one around it, up to the top of the repository. Outside of a
/// repository only the directory itself is looked at: what lies above it may belong to another user.
fn nearest(directory: &Path) -> Option<String> {
    let is_top = |directory: &&Path| {
        let git = directory.join(".git");
        load::is_directory(&git) || load::is_file(&git)
    };
    let top = directory.ancestors().position(|ancestor| is_top(&ancestor)).unwrap_or(0);
    let found = directory
        .ancestors()
        .take(top + 1)
        .position(|ancestor| load::is_file(&ancestor.join(CONFIGURATION)));
    found.map(|height| "../".repeat(height) + CONFIGURATION)
}

/// The same in a revision.
fn nearest_in(base: &Base, directory: &Path) -> Option<String> {
    // Above the top of its repository a revision has no files.
    let path = |height: usize| "../".repeat(height) + CONFIGURATION;
    let heights = 0..directory.components().count();
    heights.map(path).find(|path| base.loader.kind(path) == Kind::File)
}
