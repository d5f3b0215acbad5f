//! The branch or the folder that rendered manifests are written to.

use std::path::{Path, PathBuf};

use super::source::Source;
use crate::cli::reading::working_directory;
use crate::{
    error::{Code, Error, Result},
    external::Environment,
    external::git::{NewCommit, Publication, Published, Repository, Tips, is_branch_name},
    hydrate::{Existing, Identity, METADATA, RECORD, Record, check_path, is_git_folder},
    limits::Budget,
    load::{
        Disk, Files as _, Kind, LARGEST_FILE, OutputFolder,
        git::{EntryKind, Id, IdHasher, ObjectKind, Reached},
        join,
    },
    text::escape,
};

/// The branch or the folder, as it was when it was read.
pub(super) enum Destination {
    Branch(Branch),
    Folder(Folder),
}

/// A branch.
pub(super) struct Branch {
    repository: Repository,
    /// The full name.
    name: String,
    tips: Tips,
    /// The tree of its commit.
    tree: Option<Id>,
    /// Start of all paths: empty, or the path of a folder with a slash.
    prefix: String,
    id_length: usize,
}

/// A folder on disk.
pub(super) struct Folder {
    path: PathBuf,
    id_length: usize,
}

/// Result of writing.
pub(super) enum Written {
    /// A commit.
    Commit(Id),
    /// Files.
    Files,
}

impl Destination {
    /// A branch of a repository, by default of that of the source.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a name that no branch can have, and for a branch that is checked out or is at the source
    /// commit.
    pub(super) fn branch(
        name: &str,
        repository: Option<&Path>,
        folder: &str,
        source: &Source,
    ) -> Result<Self> {
        let short = name.strip_prefix("refs/heads/").unwrap_or(name);
        if !is_branch_name(short) {
            let message = format!("`{}` is no name of a branch", escape::visible(name));
            return Err(Error::new(Code::InvalidArgument, message)
                .help("branches are named as in `env/prod`: `git check-ref-format --branch NAME` says if git accepts one"));
        }
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        if !folder.is_empty() {
            check_path(folder)?;
        }
        let repository = match repository {
            Some(path) => elsewhere(path)?,
            None => source.repository.clone(),
        };
        let name = format!("refs/heads/{short}");
        let tips = repository.tips(&name)?;
        if let Some(tree) = repository.checked_out(&name)? {
            let message = format!("the branch `{short}` is checked out in `{}`", tree.display());
            return Err(Error::new(Code::InvalidArgument, message).help(format!(
                "it would change under that working tree: check out another branch there, or write the files with `--output {}`",
                tree.display()
            )));
        }
        if tips.branch == Some(source.commit.id) {
            let message = format!("the branch `{short}` is at the commit that is rendered");
            return Err(Error::new(Code::InvalidArgument, message)
                .help("name a branch for rendered manifests only; a new one starts empty"));
        }
        let tree = tips.branch.map(|tip| repository.tree(tip)).transpose()?;
        let id_length = match tips.branch.or(tips.notes) {
            Some(id) => id.length(),
            None => repository.id_length()?,
        };
        Ok(Self::Branch(Branch { repository, name, tips, tree, prefix, id_length }))
    }

    /// A folder.
    ///
    /// # Errors
    /// [`Code::InvalidPath`], also for a folder in those of git: its hooks and settings are no place for files of others.
    pub(super) fn folder(output: &Path, folder: &str, source: &Source) -> Result<Self> {
        let path = join(&working_directory()?, output);
        if !folder.is_empty() {
            check_path(folder)?;
        }
        let path = if folder.is_empty() { path } else { path.join(folder) };
        refuse_repository(&path)?;
        Ok(Self::Folder(Folder { path, id_length: source.commit.id.length() }))
    }

    /// The name to show.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Branch(branch) => {
                branch.name.strip_prefix("refs/heads/").unwrap_or(&branch.name).to_owned()
            }
            Self::Folder(folder) => folder.path.display().to_string(),
        }
    }

    /// The length of ids in the record.
    pub(super) const fn id_length(&self) -> usize {
        match self {
            Self::Branch(branch) => branch.id_length,
            Self::Folder(folder) => folder.id_length,
        }
    }

    /// The record of owned files; empty if there is none.
    pub(super) fn record(&self) -> Result<Record> {
        let text = self.read(RECORD)?;
        text.map_or_else(|| Ok(Record::default()), |text| Record::parse(&text))
    }

    /// True if there is a record, even if it owns no file.
    pub(super) fn has_record(&self) -> Result<bool> {
        Ok(matches!(self.existing(RECORD)?, Existing::File(_)))
    }

    /// The content of a file; `None` if there is no file.
    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Branch(branch) => match branch.reach(path)? {
                Reached::Entry(EntryKind::File | EntryKind::Executable, id) => {
                    branch.repository.blob(id, LARGEST_FILE).map(Some)
                }
                _ => Ok(None),
            },
            Self::Folder(folder) => folder.read(path),
        }
    }

    /// The entry at a path.
    pub(super) fn existing(&self, path: &str) -> Result<Existing> {
        match self {
            Self::Branch(branch) => Ok(match branch.reach(path)? {
                Reached::Missing => Existing::Missing,
                Reached::Entry(EntryKind::File, id) => Existing::File(id),
                // An executable file has to be written again.
                Reached::Entry(EntryKind::Executable, _) => {
                    Existing::File(IdHasher::hash(branch.id_length, ObjectKind::Commit, b""))
                }
                Reached::Entry(..) => Existing::Blocked(path.to_owned()),
                Reached::Behind(path) => {
                    let below = path.strip_prefix(&branch.prefix).unwrap_or(&path);
                    Existing::Blocked(below.to_owned())
                }
            }),
            Self::Folder(folder) => folder.existing(path),
        }
    }

    /// Writes the note about a commit whose manifests are there already. False if the notes have moved.
    pub(super) fn note(&self, source: &Source, is_asked_for: bool) -> Result<bool> {
        let Self::Branch(branch) = self else { return Ok(true) };
        let note = source.commit.note();
        let known = match (branch.tips.notes, branch.tips.branch) {
            (Some(notes), Some(tip)) => branch.repository.note(notes, tip)?,
            _ => None,
        };
        let is_known = known.is_some_and(|known| known.trim_ascii() == note.trim().as_bytes());
        if !is_asked_for || is_known || branch.tips.branch.is_none() {
            return Ok(true);
        }
        Ok(branch.publish(source, None, Some(&note))? != Published::Moved)
    }

    /// Writes and removes files. `None` if the branch has moved.
    pub(super) fn write(
        &self,
        source: &Source,
        message: &str,
        remove: &[String],
        write: Vec<(String, &str)>,
        with_note: bool,
    ) -> Result<Option<Written>> {
        let branch = match self {
            Self::Branch(branch) => branch,
            Self::Folder(folder) => {
                folder.write(remove, &write)?;
                return Ok(Some(Written::Files));
            }
        };
        let whole = |path: &str| format!("{}{path}", branch.prefix);
        let remove: Vec<String> = remove.iter().map(|path| whole(path)).collect();
        let write: Vec<(String, &str)> =
            write.into_iter().map(|(path, text)| (whole(&path), text)).collect();
        let commit = NewCommit { message, remove: &remove, write: &write };
        let note = source.commit.note();
        match branch.publish(source, Some(commit), with_note.then_some(&*note))? {
            Published::Moved => Ok(None),
            Published::At(id) => Ok(Some(Written::Commit(id))),
        }
    }
}

impl Branch {
    fn reach(&self, path: &str) -> Result<Reached> {
        match self.tree {
            Some(tree) => self.repository.reach(tree, &format!("{}{path}", self.prefix)),
            None => Ok(Reached::Missing),
        }
    }

    fn publish(
        &self,
        source: &Source,
        commit: Option<NewCommit<'_>>,
        note: Option<&str>,
    ) -> Result<Published> {
        let identity = self.repository.identity()?;
        let identity = identity.and_then(|(name, mail)| Identity::new(&name, &mail));
        let Identity { name, mail } = identity.unwrap_or_else(Identity::of_krender);
        self.repository.publish(&Publication {
            branch: &self.name,
            tips: self.tips,
            commit,
            note,
            identity: (&name, &mail),
            time: &source.commit.time(),
        })
    }
}

impl Folder {
    /// The first part of a path that is not a folder, or that is a link.
    fn blocker(&self, path: &str) -> Result<Option<String>> {
        let ends = path.match_indices('/').map(|(end, _)| end);
        for above in ends.map(|end| &path[..end]) {
            match self.kind(above)? {
                Kind::Directory => {}
                Kind::Missing => return Ok(None),
                _ => return Ok(Some(above.to_owned())),
            }
        }
        Ok(None)
    }

    fn kind(&self, path: &str) -> Result<Kind> {
        Disk.kind(&self.path.join(path)).map_err(|error| self.failed(path, &error))
    }

    fn existing(&self, path: &str) -> Result<Existing> {
        if let Some(by) = self.blocker(path)? {
            return Ok(Existing::Blocked(by));
        }
        match self.kind(path)? {
            Kind::Missing => Ok(Existing::Missing),
            Kind::File => {
                let content = self.content(path)?;
                Ok(Existing::File(IdHasher::hash(self.id_length, ObjectKind::Blob, &content)))
            }
            _ => Ok(Existing::Blocked(path.to_owned())),
        }
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        match self.existing(path)? {
            Existing::File(_) => self.content(path).map(Some),
            Existing::Missing | Existing::Blocked(_) => Ok(None),
        }
    }

    fn content(&self, path: &str) -> Result<Vec<u8>> {
        let whole = Disk.canonicalize(&self.path).map(|folder| folder.join(path));
        let content = whole.and_then(|whole| Disk.read(&whole, LARGEST_FILE));
        content.map_err(|error| self.failed(path, &error))
    }

    fn failed(&self, path: &str, error: &std::io::Error) -> Error {
        let shown = self.path.join(path);
        Error::new(Code::ReadFailed, format!("cannot read `{}`: {error}", shown.display()))
    }

    /// Writes and removes files. First of all, the record gets a line for each file that is written or was: a run that is
    /// ended early leaves no file without an owner.
    fn write(&self, remove: &[String], write: &[(String, &str)]) -> Result<()> {
        let top = OutputFolder::make(&self.path)?;
        let record = write.iter().find(|(path, _)| path == RECORD);
        let mut union = match self.read(RECORD)? {
            Some(text) => Record::parse(&text)?,
            None => Record::default(),
        };
        if let Some((_, text)) = record {
            union.0.extend(Record::parse(text.as_bytes())?.0);
            top.write(RECORD.as_ref(), &[union.write()])?;
        }
        for path in remove {
            top.remove(path.as_ref())?;
        }
        let is_last = |path: &str| matches!(path, RECORD | METADATA);
        for (path, text) in write.iter().filter(|(path, _)| !is_last(path)) {
            let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
            let folder = if above.is_empty() { top.clone() } else { top.below(above.as_ref())? };
            folder.write(name.as_ref(), &[text])?;
        }
        for (name, text) in write.iter().rev().filter(|(path, _)| is_last(path)) {
            top.write(name.as_ref(), &[text])?;
        }
        Ok(())
    }
}

/// Refuses a folder that is, or is in, the folder in which git keeps a repository, under any name and through links.
///
/// # Errors
/// [`Code::InvalidPath`].
fn refuse_repository(path: &Path) -> Result<()> {
    // The folder itself may not exist yet.
    let there = path.ancestors().find(|above| Disk.canonicalize(above).is_ok());
    let led_to = there.and_then(|there| Disk.canonicalize(there).ok());
    let names = [Some(path), led_to.as_deref()].into_iter().flatten();
    let is_named = |path: &Path| {
        path.components().any(|part| part.as_os_str().to_str().is_some_and(is_git_folder))
    };
    let is_there = |path: &Path, kind: Kind| Disk.kind(path).is_ok_and(|found| found == kind);
    // Those of bare repositories, and of other working trees, have any name.
    let is_repository = |folder: &Path| {
        is_there(&folder.join("HEAD"), Kind::File)
            && (is_there(&folder.join("objects"), Kind::Directory)
                && is_there(&folder.join("refs"), Kind::Directory)
                || is_there(&folder.join("commondir"), Kind::File))
    };
    let is_within = |path: &Path| path.ancestors().any(is_repository);
    if !names.clone().any(is_named) && !led_to.as_deref().is_some_and(is_within) {
        return Ok(());
    }
    let shown = escape::visible(&path.to_string_lossy()).into_owned();
    let message = format!("`--output` cannot be `{shown}`: git keeps a repository there");
    Err(Error::new(Code::InvalidPath, message)
        .help("name a folder beside it; `--branch` writes to a branch of a repository"))
}

/// The repository of a directory, whatever repository the environment names.
fn elsewhere(path: &Path) -> Result<Repository> {
    let start = working_directory()?;
    let is_kept = |name: &std::ffi::OsStr| {
        !matches!(
            name.to_str(),
            Some(
                "GIT_DIR"
                    | "GIT_WORK_TREE"
                    | "GIT_COMMON_DIR"
                    | "GIT_OBJECT_DIRECTORY"
                    | "GIT_ALTERNATE_OBJECT_DIRECTORIES"
            )
        )
    };
    let variables = std::env::vars_os().filter(|(name, _)| is_kept(name));
    let path = join(&start, path);
    if Disk.kind(&path).is_ok_and(|kind| kind == Kind::Missing) {
        let shown = escape::visible(&path.to_string_lossy()).into_owned();
        let message = format!("there is no directory `{shown}`, which `--repo` names");
        return Err(Error::new(Code::FileNotFound, message)
            .help("make the repository first, with `git init` or `git clone`"));
    }
    Repository::of(&path, &Environment::new(variables, &start), &Budget::default())
}
