//! The commit to render, and its targets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::diff::git;
use crate::cli::harden::{Hardening, Work};
use crate::cli::patterns::{Found, Patterns};
use crate::cli::reading::{Reading, working_directory};
use crate::cli::select::{self, Select, Selected};
use crate::{
    Threads,
    build::{self, Built},
    config::Warning,
    error::{Code, Error, Result},
    external::git::Repository,
    fleet,
    hydrate::{Record, SourceCommit, check_path, public_url},
    load::{Disk, Files as _, KUSTOMIZATION_FILES, Kind, Loader, Options, git::Revision, join},
    text::{escape, phrase},
};

/// Arguments of the command line.
pub(super) struct Asked<'a> {
    pub(super) directories: &'a [String],
    pub(super) all: bool,
    /// True if there need not be a target.
    pub(super) allow_empty: bool,
    pub(super) select: &'a Select,
    /// The commit; `None` is `HEAD` without uncommitted changes.
    pub(super) revision: Option<&'a str>,
    /// The URL to publish; `None` is that of `origin`.
    pub(super) url: Option<&'a str>,
    pub(super) per_object: bool,
    pub(super) hardening: &'a Hardening,
}

/// The commit to render.
pub(super) struct Source {
    pub(super) repository: Repository,
    pub(super) commit: SourceCommit,
    pub(super) revision: Revision,
    pub(super) loader: Loader,
    pub(super) build: build::Options,
    /// Hardening, with the configuration of the commit.
    pub(super) hardening: Option<Work>,
    pub(super) targets: Vec<TargetPlace>,
    /// URL of the repository.
    pub(super) url: Option<String>,
    /// A command that renders the same.
    pub(super) command: String,
    /// The directories that are searched, by path from the top of the repository; empty without `--all`.
    trees: Vec<String>,
    /// The paths of the targets.
    known: BTreeSet<String>,
    patterns: Patterns,
    /// The targets of the commit that patterns can match.
    found: Found,
}

/// A target, and where its files go.
pub(super) struct TargetPlace {
    /// The directory as it is named for the loader.
    pub(super) directory: String,
    /// Path from the top of the repository; empty for the top.
    pub(super) path: String,
    /// Path of the folder of its files; empty for the top.
    pub(super) folder: String,
}

impl Source {
    /// Finds the commit and its targets.
    pub(super) fn find(
        asked: &Asked<'_>,
        options: &Options,
        reading: &Reading,
        threads: &Threads,
    ) -> Result<Self> {
        let repository = git::repository(asked.directories, options)?;
        let start = &options.working_directory;
        let named: Vec<PathBuf> =
            asked.directories.iter().map(|path| join(start, path.as_ref())).collect();
        let (id, content) = repository.commit(asked.revision.unwrap_or("HEAD"))?;
        let revision = repository.revision(&id.to_string())?;
        let revision = revision.with_links(repository.links_to(&named));
        let (loader, _) = git::side(revision.clone(), options, &reading.remote)?;
        let build = reading.options(threads.clone());
        let hardening = asked.hardening.work(&loader, build.plugins.today)?;
        let mut source = Self {
            commit: SourceCommit::parse(id, &content),
            url: match asked.url {
                Some("") => None,
                Some(url) => Some(public_url(url).ok_or_else(no_public_url)?),
                None => repository.origin()?.as_deref().and_then(public_url),
            },
            patterns: asked.select.patterns()?,
            found: Found::default(),
            command: String::new(),
            trees: Vec::new(),
            known: BTreeSet::new(),
            targets: Vec::new(),
            repository,
            revision,
            loader,
            build,
            hardening,
        };
        source.find_targets(asked)?;
        source.command = source.command(asked)?;
        if asked.revision.is_none() && source.repository.has_working_tree() {
            source.refuse_uncommitted(asked, options)?;
        }
        Ok(source)
    }

    /// True if a run is about a target: files of it that are not rendered go.
    pub(super) fn covers(&self, target: &str) -> bool {
        self.known.contains(target) || self.below(target).any(|below| self.patterns.selects(below))
    }

    /// The paths of a target below the directories that are searched.
    fn below<'a>(&'a self, target: &'a str) -> impl Iterator<Item = &'a str> {
        self.trees.iter().filter_map(move |tree| match target.strip_prefix(tree.as_str())? {
            below if tree.is_empty() || below.is_empty() => Some(below),
            below => below.strip_prefix('/'),
        })
    }

    /// Refuses patterns that match no target, neither of the commit nor of those whose files are there and have to go.
    ///
    /// # Errors
    /// [`Code::NothingSelected`].
    pub(super) fn check_patterns(&self, directories: &[String], record: &Record) -> Result<()> {
        let has_targets = !self.found.targets.is_empty();
        if has_targets && self.patterns.check(&self.found, directories).is_ok() {
            return Ok(());
        }
        let run = fleet::Run::new(&self.loader, &self.build);
        let mut found = match has_targets {
            true => Select::found(&run, directories)?,
            false => Found::default(),
        };
        let owned = record.0.values().flat_map(|owned| self.below(&owned.target));
        found.targets.extend(owned.map(str::to_owned).collect::<BTreeSet<String>>());
        self.patterns.check(&found, directories)
    }

    fn find_targets(&mut self, asked: &Asked<'_>) -> Result<()> {
        let root =
            |path: &&String| self.loader.root(path).map_err(|error| self.missing(path, error));
        // A directory that is gone together with its last target is empty.
        let is_gone = |path: &&String| asked.allow_empty && self.loader.kind(path) == Kind::Missing;
        let (gone, there): (Vec<&String>, Vec<&String>) =
            asked.directories.iter().partition(is_gone);
        let roots = there.iter().map(root).collect::<Result<Vec<_>>>()?;
        for root in &roots {
            self.revision.read_trees(root.path())?;
        }
        let start = working_directory()?;
        let gone =
            gone.iter().map(|path| below(&join(&start, path.as_ref()), self.repository.top()));
        let gone = gone.collect::<Result<Vec<String>>>()?;
        let run = fleet::Run::new(&self.loader, &self.build);
        let selected = match asked.all {
            true => {
                let there: Vec<String> = there.into_iter().cloned().collect();
                let found = select::unchecked(&run, &self.loader, &there, &self.patterns);
                let found =
                    match found {
                        Err(error) if error.code() == Code::KustomizationNotFound => {
                            match asked.allow_empty {
                                true => <(Selected, Found)>::default(),
                                false => return Err(error.help(
                                    "if the last target is gone, `--allow-empty` removes its files",
                                )),
                            }
                        }
                        found => found?,
                    };
                self.found = found.1;
                found.0
            }
            false => asked.select.targets(false, &run, &self.loader, asked.directories)?,
        };
        let Selected { targets, refused } = selected;
        Selected { targets: Vec::new(), refused }.outcome()?;
        let top = match &roots[..] {
            [root] if asked.all && asked.directories.len() == 1 => root.path().to_path_buf(),
            _ => self.repository.top().to_path_buf(),
        };
        let place = |directory: String| {
            let path = self.loader.root(&directory)?.path().to_path_buf();
            let relative = |top: &Path| below(&path, top);
            let (path, folder) = (relative(self.repository.top())?, relative(&top)?);
            for text in [&path, &folder].into_iter().filter(|text| !text.is_empty()) {
                check_path(text)?;
            }
            Ok(TargetPlace { directory, path, folder })
        };
        self.targets = targets.into_iter().map(place).collect::<Result<_>>()?;
        self.known = self.targets.iter().map(|target| target.path.clone()).collect();
        if asked.all {
            let trees = roots.iter().map(|root| below(root.path(), self.repository.top()));
            self.trees = trees.chain(gone.into_iter().map(Ok)).collect::<Result<_>>()?;
        }
        Ok(())
    }

    /// The error for a directory that the commit does not have, but the disk.
    #[cold]
    fn missing(&self, path: &str, error: Error) -> Error {
        let start = working_directory().unwrap_or_default();
        let on_disk = Disk.canonicalize(&join(&start, path.as_ref()));
        let Ok(on_disk) = on_disk else { return error };
        if error.code() != Code::FileNotFound || !matches!(Disk.kind(&on_disk), Ok(Kind::Directory))
        {
            return error;
        }
        let (path, top) = (escape::visible(path), self.repository.top());
        if !on_disk.starts_with(top) {
            let top = top.to_string_lossy();
            let message =
                format!("`{path}` is not in the git repository `{}`", escape::visible(&top));
            return Error::new(Code::InvalidPath, message)
                .help("targets of one run are in one repository");
        }
        let message = format!("the commit {} has no directory `{path}`", self.commit.short());
        Error::new(Code::FileNotFound, message).help(
            "what is rendered is a commit: commit the directory first, or name another commit with `--source`",
        )
    }

    /// A command that renders the same from the top of the repository.
    fn command(&self, asked: &Asked<'_>) -> Result<String> {
        let mut words = vec!["krender".to_owned(), "hydrate".to_owned()];
        words.extend(asked.all.then(|| "--all".to_owned()));
        for (flag, patterns) in
            [("--include", &asked.select.include), ("--exclude", &asked.select.exclude)]
        {
            words.extend(patterns.iter().flat_map(|pattern| [flag.to_owned(), quoted(pattern)]));
        }
        words.extend(asked.hardening.words().iter().map(|word| quoted(word)));
        words.extend(asked.per_object.then(|| "--per object".to_owned()));
        words.extend(asked.allow_empty.then(|| "--allow-empty".to_owned()));
        for directory in asked.directories {
            let path = match self.loader.root(directory) {
                Err(_) if asked.allow_empty => join(&working_directory()?, directory.as_ref()),
                root => root?.path().to_path_buf(),
            };
            let path = below(&path, self.repository.top())?;
            words.push(if path.is_empty() { ".".to_owned() } else { quoted(&path) });
        }
        Ok(words.join(" "))
    }

    /// Renders a target, and hardens it if that is asked for. `hardened` gets the changes, as in a report.
    pub(super) fn render(
        &self,
        run: &fleet::Run<'_>,
        place: &TargetPlace,
        warnings: &mut Vec<Warning>,
        hardened: &mut Option<Value>,
    ) -> Result<Built> {
        let mut built = run.build_from(&place.directory, warnings)?;
        if let Some(work) = &self.hardening {
            let done = work.run(&mut built.resources, run.loader().sources(), &built.schema)?;
            warnings.extend(done.warnings(&built.resources));
            *hardened = Some(done.as_json(&place.directory, &built.resources));
            done.outcome()?;
        }
        Ok(built)
    }

    /// Refuses targets with changes in the working tree that are not committed: their manifests would not be those of the
    /// files that the user sees.
    fn refuse_uncommitted(&self, asked: &Asked<'_>, options: &Options) -> Result<()> {
        let changes = self.repository.changed_since(&self.revision)?;
        if changes.is_empty() {
            return Ok(());
        }
        let disk = Loader::new(Disk, options.clone());
        let names: Vec<String> =
            self.targets.iter().map(|target| target.directory.clone()).collect();
        let affected = fleet::affected(&disk, &names, &changes)?.targets;
        let affected = names.iter().zip(affected).filter(|(_, is_affected)| *is_affected);
        let mut affected: BTreeSet<&str> = affected.map(|(name, _)| name.as_str()).collect();
        if asked.all {
            for directory in asked.directories {
                let path = match self.loader.root(directory) {
                    Err(_) if asked.allow_empty => {
                        join(&options.working_directory, directory.as_ref())
                    }
                    root => root?.path().to_path_buf(),
                };
                if affected.is_empty() && changes.any_named(&path, &KUSTOMIZATION_FILES)? {
                    affected.insert(directory);
                }
            }
        }
        if affected.is_empty() {
            return Ok(());
        }
        let affected: Vec<&str> = affected.into_iter().collect();
        let few = phrase::few(&affected, 3, |name| format!("`{}`", escape::visible(name)));
        let message = format!("there are changes that are not committed, which affect {few}");
        Err(Error::new(Code::InvalidArgument, message)
            .help("a commit is rendered: commit them, or leave them out with `--source HEAD`"))
    }
}

/// The error for a URL that others could not use. It may have a password, and is not shown.
#[cold]
fn no_public_url() -> Error {
    Error::new(Code::InvalidArgument, "`--repo-url` is no URL that others can use").help(
        "name it as in `https://example.com/org/repo` or `git@example.com:org/repo`; `--repo-url ''` publishes none",
    )
}

/// A path below another one, as text.
fn below(path: &Path, top: &Path) -> Result<String> {
    let shown = || escape::visible(&path.to_string_lossy()).into_owned();
    let relative = path.strip_prefix(top).map_err(|_| {
        Error::new(
            Code::InvalidPath,
            format!("`{}` is not in the git repository `{}`", shown(), top.display()),
        )
        .help("targets of one run are in one repository, and below the directories that are named")
    })?;
    relative.to_str().map(str::to_owned).ok_or_else(|| {
        Error::new(Code::InvalidPath, format!("the path `{}` is not UTF-8", shown()))
            .help("rename it")
    })
}

/// A word of a shell command.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-=@".contains(letter);
    match word.chars().all(is_plain) && !word.is_empty() {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
