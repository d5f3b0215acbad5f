//! Commits to a branch without a working tree: `git fast-import` writes the objects, `git update-ref` moves the branch from
//! the commit that was read to the new one, or not at all.
//!
//! The index and the working tree of the user are not touched, and no hook is run. Objects are written before references:
//! a run that ends early leaves objects that `git gc` removes.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::{LARGEST_NAMED, Repository, unknown};
use crate::error::{Code, Error, Result};
use crate::load::git::{EntryKind, Id, Object, ObjectKind, Reached};
use crate::text::escape;

/// The reference of the notes about source commits.
pub const NOTES: &str = "refs/notes/hydrator.metadata";

/// The commits that a branch and the notes are at; `None` if they do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tips {
    /// The commit of the branch.
    pub branch: Option<Id>,
    /// The commit of the notes.
    pub notes: Option<Id>,
}

/// A change of a branch and its notes. Both are changed together.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'p> {
    /// The full name of the branch.
    pub branch: &'p str,
    /// The commits that both were at when they were read.
    pub tips: Tips,
    /// The commit to add to the branch, if any.
    pub commit: Option<NewCommit<'p>>,
    /// The note about the new commit, or else about that of the branch.
    pub note: Option<&'p str>,
    /// The name and the mail address of the author and committer.
    pub identity: (&'p str, &'p str),
    /// The time of the commits: seconds since 1970, and the difference from UTC.
    pub time: &'p str,
}

/// A commit: what it changes in the tree before it.
#[derive(Clone, Copy, Debug)]
pub struct NewCommit<'p> {
    /// The message.
    pub message: &'p str,
    /// The files to remove.
    pub remove: &'p [String],
    /// The files to write, with their contents.
    pub write: &'p [(String, &'p str)],
}

/// Result of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// The branch or the notes have another commit than was read; neither was changed.
    Moved,
    /// The commit that the branch is at.
    At(Id),
}

/// Start of the full names of branches.
const HEADS: &str = "refs/heads/";

/// Pause before another try if a reference is locked by another process.
const LOCKED: Duration = Duration::from_millis(50);

impl Repository {
    /// The commit with a name, and its object.
    ///
    /// # Errors
    /// [`Code::FileNotFound`] if the name is unknown, [`Code::ReadFailed`] if git fails.
    pub fn commit(&self, name: &str) -> Result<(Id, Vec<u8>)> {
        let is_name = !name.is_empty() && !name.contains(char::is_control);
        let found = match is_name {
            true => self.0.batch.named(format!("{name}^{{commit}}"), LARGEST_NAMED)?,
            false => None,
        };
        match found {
            Some((id, Object::Read { kind: ObjectKind::Commit, content })) => Ok((id, content)),
            _ => Err(unknown::revision(self, name)),
        }
    }

    /// The commits of a branch, by its full name, and of the notes.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a branch that is a symbolic reference, or that is above or below another one: git keeps
    /// them as files and folders. [`Code::ReadFailed`] if git fails.
    pub fn tips(&self, branch: &str) -> Result<Tips> {
        let form = "--format=%(refname)%00%(objectname)%00%(symref)";
        let below = branch.strip_prefix(HEADS).unwrap_or(branch);
        let start = branch.len() - below.len();
        let ends = below.match_indices('/').map(|(end, _)| start + end);
        let above: Vec<&str> = ends.map(|end| &branch[..end]).collect();
        // Branches below those above are listed, too, but there are few.
        let list = self.run(&[&["for-each-ref", form, branch, NOTES], &*above].concat())?;
        let list = String::from_utf8_lossy(&list);
        let mut tips = Tips { branch: None, notes: None };
        for line in list.lines() {
            let mut parts = line.split('\0');
            let (name, id) = (parts.next(), parts.next().and_then(|id| Id::parse(id.as_bytes())));
            let is_symbolic = parts.next().is_some_and(|symref| !symref.is_empty());
            match name {
                Some(name) if name == branch && is_symbolic => {
                    let message = format!("the branch `{branch}` is a symbolic reference");
                    return Err(Error::new(Code::InvalidArgument, message)
                        .help("name the branch that it refers to"));
                }
                Some(name) if name == branch => tips.branch = id,
                Some(NOTES) => tips.notes = id,
                Some(name) if above.contains(&name) => {
                    return Err(beside(below, name, "above"));
                }
                Some(name) if name.strip_prefix(branch).is_some_and(|it| it.starts_with('/')) => {
                    return Err(beside(below, name, "below"));
                }
                _ => {}
            }
        }
        Ok(tips)
    }

    /// The working tree that a branch is checked out in, if there is one.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if git fails.
    pub fn checked_out(&self, branch: &str) -> Result<Option<PathBuf>> {
        let list = self.run(&["worktree", "list", "--porcelain"])?;
        let list = String::from_utf8_lossy(&list);
        let mut tree = None;
        for line in list.lines() {
            if let Some(path) = line.strip_prefix("worktree ") {
                tree = Some(PathBuf::from(path));
            } else if line.strip_prefix("branch ") == Some(branch) {
                return Ok(tree);
            }
        }
        Ok(None)
    }

    /// The length in bytes of the ids of this repository.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if git fails.
    pub fn id_length(&self) -> Result<usize> {
        let form = self.run(&["rev-parse", "--show-object-format=storage"])?;
        Ok(if form.starts_with(b"sha256") { 32 } else { 20 })
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] for objects that are missing or damaged.
    pub fn tree(&self, commit: Id) -> Result<Id> {
        Ok(self.revision(&commit.to_string())?.root())
    }

    /// The entry at a path below a tree.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] for objects that are missing or damaged.
    pub fn reach(&self, tree: Id, path: &str) -> Result<Reached> {
        self.0.trees.reach(tree, path)
    }

    /// The content of a file of at most `largest` bytes.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if there is no such object, and [`Code::TooLarge`].
    pub fn blob(&self, id: Id, largest: u64) -> Result<Vec<u8>> {
        self.0.trees.blob(id, largest)
    }

    /// The note about a commit, if there is one.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] for objects that are missing or damaged.
    pub fn note(&self, notes: Id, commit: Id) -> Result<Option<Vec<u8>>> {
        const LARGEST: u64 = 1 << 16;
        let (mut tree, digits) = (self.tree(notes)?, commit.to_string());
        let mut rest = &*digits;
        // Many notes are in directories with names of two digits.
        loop {
            if let Reached::Entry(EntryKind::File, id) = self.reach(tree, rest)? {
                return self.blob(id, LARGEST).map(Some);
            }
            let Some((start, end)) = rest.split_at_checked(2) else { return Ok(None) };
            let Reached::Entry(EntryKind::Tree, id) = self.reach(tree, start)? else {
                return Ok(None);
            };
            (tree, rest) = (id, end);
        }
    }

    /// The name and the mail address for commits: those in the environment, or else in the settings of git.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if git cannot be started.
    pub fn identity(&self) -> Result<Option<(String, String)>> {
        let settings = self.settings()?;
        let text = |variable: &str, setting: &str| {
            let variable = self.0.environment.get(variable).and_then(|text| text.to_str());
            let settings = settings.iter().rev().find(|(name, _)| name == setting);
            variable.map(str::to_owned).or_else(|| settings.map(|(_, value)| value.clone()))
        };
        let name = text("GIT_COMMITTER_NAME", "user.name");
        Ok(name.zip(text("GIT_COMMITTER_EMAIL", "user.email")))
    }

    /// The URL of the remote repository `origin`, as it is set.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if git cannot be started.
    pub fn origin(&self) -> Result<Option<String>> {
        let settings = self.settings()?.into_iter();
        Ok(settings.filter(|(name, _)| name == "remote.origin.url").map(|(_, value)| value).next())
    }

    fn settings(&self) -> Result<Vec<(String, String)>> {
        let pattern = r"^(user\.(name|email)|remote\.origin\.url)$";
        // It fails if none is set.
        let list = self.0.git.run(&["config", "--null", "--get-regexp", pattern])?.output;
        let list = String::from_utf8_lossy(&list);
        let pairs = list.split_terminator('\0').filter_map(|entry| entry.split_once('\n'));
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Changes a branch and its notes, unless one of them has moved.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] if git refuses, [`Code::ReadFailed`] if it cannot be started.
    pub fn publish(&self, publication: &Publication<'_>) -> Result<Published> {
        let (name, mail) = publication.identity;
        let git = ["GIT_AUTHOR", "GIT_COMMITTER"].iter().fold(self.0.git.clone(), |git, who| {
            git.variable(format!("{who}_NAME"), name).variable(format!("{who}_EMAIL"), mail)
        });
        // References are named after the process: several runs may write at the same time.
        let process = std::process::id();
        let [commit, notes] =
            ["branch", "notes"].map(|which| format!("refs/krender/hydrate/{process}/{which}"));
        let input = publication.stream(&commit, &notes);
        let words = [
            "-c",
            "core.ignoreCase=false",
            "fast-import",
            "--quiet",
            "--done",
            "--force",
            "--date-format=raw",
        ];
        let outcome = git.run_with(&words, input)?;
        if !outcome.is_success {
            return Err(refused(&outcome.said));
        }
        let made = Id::parse(outcome.output.trim_ascii());
        let Some(at) = made.or(publication.tips.branch) else {
            return Err(refused("it did not name the commit that it made"));
        };
        let zero = "0".repeat(at.length() * 2);
        let old = |tip: Option<Id>| tip.map_or(zero.clone(), |tip| tip.to_string());
        let mut input = String::new();
        if made.is_some() {
            let Publication { branch, tips, .. } = publication;
            // Writing to a `String` cannot fail.
            let before = old(tips.branch);
            let _ = write!(input, "update {branch}\0{at}\0{before}\0delete {commit}\0\0");
        }
        if publication.note.is_some() {
            let Some(id) = self.tip(&notes)? else {
                return Err(refused("it did not make the note"));
            };
            let before = old(publication.tips.notes);
            let _ = write!(input, "update {NOTES}\0{id}\0{before}\0delete {notes}\0\0");
        }
        let words = ["update-ref", "-m", "krender hydrate", "--stdin", "-z"];
        let outcome = git.run_with(&words, input.into_bytes())?;
        if outcome.is_success {
            return Ok(Published::At(at));
        }
        // What was made is of no use; it may be gone already.
        let input = format!("delete {commit}\0\0delete {notes}\0\0");
        drop(git.run_with(&["update-ref", "--stdin", "-z"], input.into_bytes()));
        if self.tips(publication.branch)? != publication.tips {
            return Ok(Published::Moved);
        }
        if outcome.said.contains(".lock'") {
            thread::sleep(LOCKED);
            return Ok(Published::Moved);
        }
        Err(refused(&outcome.said))
    }

    /// The commit of a reference.
    fn tip(&self, reference: &str) -> Result<Option<Id>> {
        self.resolve(reference, ObjectKind::Commit)
    }
}

impl Publication<'_> {
    /// The commands for `git fast-import`, which makes the commits at these references.
    fn stream(&self, commit: &str, notes: &str) -> Vec<u8> {
        let mut stream = String::new();
        let head =
            |stream: &mut String, reference: &str, message: &str, from: Option<Id>, mark: &str| {
                let (name, mail) = self.identity;
                let signed = format!("{name} <{mail}> {}\n", self.time);
                stream.extend(["reset ", reference, "\n\ncommit ", reference, "\n", mark]);
                stream.extend(["author ", &signed, "committer ", &signed]);
                data(stream, message);
                if let Some(from) = from {
                    stream.extend(["from ", &from.to_string(), "\n"]);
                }
            };
        let mut about = self.tips.branch.map(|tip| tip.to_string());
        if let Some(NewCommit { message, remove, write }) = self.commit {
            head(&mut stream, commit, message, self.tips.branch, "mark :1\n");
            for path in remove {
                stream.extend(["D ", &quoted(path), "\n"]);
            }
            for (path, content) in write {
                stream.extend(["M 100644 inline ", &quoted(path), "\n"]);
                data(&mut stream, content);
            }
            stream += "\nget-mark :1\n";
            about = Some(":1".to_owned());
        }
        if let Some((note, about)) = self.note.zip(about) {
            head(&mut stream, notes, "Notes added by krender hydrate\n", self.tips.notes, "");
            stream.extend(["N inline ", &about, "\n"]);
            data(&mut stream, note);
            stream.push('\n');
        }
        stream += "done\n";
        stream.into_bytes()
    }
}

/// Appends text with its length.
fn data(stream: &mut String, text: &str) {
    stream.extend(["data ", &text.len().to_string(), "\n", text, "\n"]);
}

/// A path for `git fast-import`.
fn quoted(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 2);
    out.push('"');
    for character in path.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

#[cold]
fn refused(said: &str) -> Error {
    let said = unknown::complaints(said).join("; ");
    Error::new(Code::WriteFailed, format!("git could not write the commit: {said}"))
}

/// The error for a branch that another one excludes.
#[cold]
fn beside(branch: &str, other: &str, place: &str) -> Error {
    let [branch, other] = [branch, other.strip_prefix(HEADS).unwrap_or(other)].map(escape::visible);
    let message =
        format!("there cannot be a branch `{branch}`, since the branch `{other}` is {place} it");
    Error::new(Code::InvalidArgument, message).help(format!(
        "git keeps branches as files in folders: choose another name, such as `{}`, or rename `{other}`",
        branch.replace('/', "-") + if place == "below" { "-rendered" } else { "" }
    ))
}

/// True for the short name of a branch by the rules of `git check-ref-format --branch`.
#[must_use]
pub fn is_branch_name(name: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let is_forbidden = |letter: char| {
        letter.is_ascii_control()
            || matches!(letter, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\')
    };
    !name.starts_with('-')
        && !matches!(name, "@" | "HEAD")
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains(is_forbidden)
        && name.split('/').all(is_part)
}
