//! Bare repositories that krender makes itself: they are filled by fetching, and read by id.

#![expect(clippy::disallowed_methods, reason = "the files of the repository are written here")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::{LARGEST_NAMED, command, unknown};
use crate::error::{Code, Error, Result};
use crate::external::{Environment, Outcome, memory};
use crate::limits::{Budget, Cancel, Limit};
use crate::load::folder_size;
use crate::load::git::{Id, Object, ObjectKind, Objects};

/// A bare repository that krender made. Cloning makes another handle to it.
#[derive(Clone)]
pub struct Bare {
    folder: PathBuf,
    batch: Batch,
    environment: Environment,
}

/// A request to another repository.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The URL of the repository.
    pub url: &'r str,
    /// True if the user wrote the URL, or what he builds; false for the URL of a submodule.
    pub from_user: bool,
    /// True if redirects to other hosts are followed.
    pub follows: bool,
    /// The maximum time of all commands for it.
    pub timeout: Duration,
    /// The time at which the first command was started.
    pub since: Instant,
    /// Is charged for what comes, and for the memory of git while it runs.
    pub budget: &'r Budget,
    /// A condition that ends it.
    pub cancel: &'r Cancel,
    /// The addresses of the host, in the form of `http.curloptResolve`; empty if git looks them up.
    pub addresses: &'r [String],
}

/// The size that is charged for one command so far.
struct Meter {
    /// The folder that git writes to, and its size at the start.
    folder: PathBuf,
    start: u64,
    budget: Budget,
    charged: AtomicU64,
}

impl Meter {
    fn new(folder: &Path, budget: &Budget) -> Self {
        let (start, folder) = (folder_size(folder).1, folder.to_path_buf());
        Self { folder, start, budget: budget.clone(), charged: AtomicU64::new(0) }
    }

    /// Charges what has come so far, and the memory of a process; that of an earlier call is free again.
    fn charge(&self, process: Option<u32>) -> Result<()> {
        let come = folder_size(&self.folder).1.saturating_sub(self.start);
        let now = come + process.map_or(0, memory::held);
        let before = self.charged.swap(now, Ordering::Relaxed);
        self.budget.charge_instead(Limit::Fetched, before, now)
    }
}

/// The maximum size of a list of references, in bytes.
const LONGEST_LIST: u64 = 1 << 20;

/// The reference that is set to what was fetched.
const FETCHED: &str = "refs/krender/fetched";

/// The maximum time to check a repository.
const TO_CHECK: Duration = Duration::from_mins(30);

/// The algorithm of the ids of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdAlgorithm {
    /// 40 digits.
    Sha1,
    /// 64 digits.
    Sha256,
}

impl IdAlgorithm {
    /// The configuration of a repository.
    const fn config(self) -> &'static str {
        match self {
            Self::Sha1 => "[core]\n\tbare = true\n\trepositoryformatversion = 0\n",
            Self::Sha256 => {
                "[core]\n\tbare = true\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n"
            }
        }
    }

    /// The other algorithm.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Sha1 => Self::Sha256,
            Self::Sha256 => Self::Sha1,
        }
    }

    /// True for the ids of this algorithm.
    #[must_use]
    pub const fn makes(self, id: &Id) -> bool {
        matches!((self, id.length()), (Self::Sha1, 20) | (Self::Sha256, 32))
    }
}

/// The branch of `HEAD`, which does not exist.
const HEAD: &str = "ref: refs/heads/none\n";

impl Bare {
    /// The repository in a folder, which need not exist yet.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if there is no git.
    pub fn open(folder: &Path, environment: &Environment) -> Result<Self> {
        let git = command::own(folder, environment).map_err(|error| {
            error.help("remote bases are fetched by git: install it, or copy them into the tree")
        })?;
        let (folder, environment) = (folder.to_path_buf(), environment.clone());
        Ok(Self { folder, batch: Batch::new(git), environment })
    }

    /// The algorithm of its ids: that of its configuration, or SHA-1.
    #[must_use]
    pub fn algorithm(&self) -> IdAlgorithm {
        let config = fs::read_to_string(self.folder.join("config")).unwrap_or_default();
        match config == IdAlgorithm::Sha256.config() {
            true => IdAlgorithm::Sha256,
            false => IdAlgorithm::Sha1,
        }
    }

    /// Creates the folder, and the files that are missing or damaged.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn create(&self, algorithm: IdAlgorithm) -> Result<()> {
        let folder = &self.folder;
        let make = || -> io::Result<()> {
            fs::create_dir_all(folder.join("objects/pack"))?;
            fs::create_dir_all(folder.join("refs"))?;
            // The last one is written last.
            for (name, text) in [("config", algorithm.config()), ("HEAD", HEAD)] {
                let path = folder.join(name);
                // A part of it, if the disk was full.
                if fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
                    fs::write(&path, text)?;
                }
            }
            Ok(())
        };
        make().map_err(|error| failed(folder, &error))
    }

    /// Creates a repository in an empty folder to fetch into. If commits and tags of this one are given, the objects of
    /// this one are known there, so that only others are fetched.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn beside(&self, folder: &Path, algorithm: IdAlgorithm, known: &[Id]) -> Result<Self> {
        let beside = Self::open(folder, &self.environment)?;
        beside.create(algorithm)?;
        if known.is_empty() {
            return Ok(beside);
        }
        let write = || -> io::Result<()> {
            let mut objects = self.folder.join("objects").into_os_string();
            objects.push("\n");
            fs::create_dir_all(folder.join("objects/info"))?;
            fs::write(folder.join("objects/info/alternates"), objects.as_encoded_bytes())?;
            let refs = known.iter().map(|id| format!("{id} refs/known/{id}\n"));
            fs::write(folder.join("packed-refs"), refs.collect::<String>())?;
            match fs::copy(self.folder.join("shallow"), folder.join("shallow")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        write().map_err(|error| failed(folder, &error))?;
        Ok(beside)
    }

    /// Fetches a branch, a tag, a commit or `HEAD`, without its history if `is_shallow`.
    ///
    /// # Errors
    /// Those of [`Program::run`](crate::external::Program::run).
    pub fn fetch(
        &self,
        request: &Request<'_>,
        reference: &str,
        is_shallow: bool,
    ) -> Result<Outcome> {
        self.fetch_all(request, &[&format!("+{reference}:{FETCHED}")], is_shallow)
    }

    /// Fetches all branches and tags, with their history.
    ///
    /// # Errors
    /// Those of [`Program::run`](crate::external::Program::run).
    pub fn fetch_everything(&self, request: &Request<'_>) -> Result<Outcome> {
        self.fetch_all(
            request,
            &["+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*"],
            false,
        )
    }

    fn fetch_all(
        &self,
        request: &Request<'_>,
        specs: &[&str],
        is_shallow: bool,
    ) -> Result<Outcome> {
        let mut words = vec!["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
        words.extend(is_shallow.then_some("--depth=1"));
        words.extend(["--", request.url]);
        words.extend(specs);
        self.ask(request, &words)
    }

    /// The references of the other repository whose names end with one of some names, one a line: id, tabulator, name.
    ///
    /// # Errors
    /// Those of [`Program::run`](crate::external::Program::run).
    pub fn list<'w>(
        &self,
        request: &Request<'w>,
        names: impl Iterator<Item = &'w str>,
    ) -> Result<Outcome> {
        let words = ["ls-remote", "--quiet", "--", request.url].into_iter().chain(names);
        self.ask(request, &words.collect::<Vec<_>>())
    }

    /// Runs a command that asks the other repository. What comes is charged while it comes.
    fn ask(&self, request: &Request<'_>, words: &[&str]) -> Result<Outcome> {
        let mut git = command::fetching(&self.folder, &self.environment, request.from_user)?;
        if !request.follows {
            git = git.argument("-c").argument("http.followRedirects=false");
        }
        for addresses in request.addresses {
            git = git.argument("-c").argument(format!("http.curloptResolve={addresses}"));
        }
        let meter = Arc::new(Meter::new(&self.folder, request.budget));
        let watch = Arc::clone(&meter);
        let git = git.output_at_most(LONGEST_LIST).cancelled_by(request.cancel);
        let git = git.at_most(request.timeout.saturating_sub(request.since.elapsed()));
        let outcome = git.watched_by(move |process| watch.charge(Some(process))).run(words);
        let charged = meter.charge(None);
        let outcome = outcome?;
        charged.map(|()| outcome)
    }

    /// The id that was fetched last.
    #[must_use]
    pub fn fetched(&self) -> Option<Id> {
        let text = fs::read_to_string(self.folder.join(FETCHED)).ok()?;
        Id::parse(text.trim().as_bytes())
    }

    /// Moves the objects of a repository that was made by [`Bare::beside`] here.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn take(&self, other: &Self) -> Result<()> {
        let take = || -> io::Result<()> {
            let (from, to) = (other.folder.join("objects"), self.folder.join("objects"));
            for entry in fs::read_dir(&from)? {
                let name = entry?.file_name();
                // Servers that only have files send some objects by themselves, in folders with names of two digits.
                if name == "pack" || name.len() == 2 {
                    move_files(&from.join(&name), &to.join(&name))?;
                }
            }
            match fs::rename(other.folder.join("shallow"), self.folder.join("shallow")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        take().map_err(|error| failed(&self.folder, &error))
    }

    /// The objects, read by one git process that is started for the first of them.
    #[must_use]
    pub fn objects(&self) -> Arc<dyn Objects> {
        Arc::new(self.batch.clone())
    }

    /// The ids of the commit that an object is, or that it tags, and of the tree of the commit; `None` if there is no such
    /// commit.
    ///
    /// # Errors
    /// [`Code::ReadFailed`].
    pub fn commit(&self, id: Id) -> Result<Option<(Id, Id)>> {
        let found = self.batch.named(format!("{id}^{{commit}}"), LARGEST_NAMED)?;
        let Some((commit, Object::Read { kind: ObjectKind::Commit, content })) = found else {
            return Ok(None);
        };
        let tree = content
            .split(|&byte| byte == b'\n')
            .next()
            .and_then(|line| Id::parse(line.strip_prefix(b"tree ")?));
        Ok(tree.map(|tree| (commit, tree)))
    }

    /// True if git finds no mistake in the objects.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if git cannot be run.
    pub fn is_whole(&self) -> Result<bool> {
        let git = command::own(&self.folder, &self.environment)?.at_most(TO_CHECK);
        let outcome = git.run(&["fsck", "--full", "--no-dangling", "--no-progress"])?;
        Ok(outcome.is_success)
    }

    /// The settings in a file of the repository, such as `.gitmodules`, in its order.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if it is not a file of settings.
    pub fn settings(&self, file: Id) -> Result<Vec<(String, String)>> {
        let git = command::own(&self.folder, &self.environment)?;
        let outcome =
            git.run(&["config", "--null", "--no-includes", "--list", "--blob", &file.to_string()])?;
        if !outcome.is_success {
            return Err(unknown::reason(&outcome.said));
        }
        let text = String::from_utf8_lossy(&outcome.output);
        let entries = text.split_terminator('\0').map(|entry| {
            let (name, value) = entry.split_once('\n').unwrap_or((entry, ""));
            (name.to_owned(), value.to_owned())
        });
        Ok(entries.collect())
    }
}

/// Moves the files of a folder into another one.
fn move_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(from)? {
        names.push(entry?.file_name());
    }
    // An index makes a pack known: it comes last.
    names.sort_by_key(|name| Path::new(name).extension().is_some_and(|end| end == "idx"));
    names.iter().try_for_each(|name| fs::rename(from.join(name), to.join(name)))
}

/// The errors among the messages of git, without hints and warnings.
#[must_use]
pub fn complaints(said: &str) -> Vec<&str> {
    unknown::complaints(said)
}

/// True if git says that objects or files of a repository are damaged or missing, and not only that it cannot use them.
#[must_use]
pub fn is_damage(said: &str) -> bool {
    const WORDS: &[&str] = &[
        "corrupt",
        "inflate",
        "mismatch",
        "does not match",
        "too short to be a packfile",
        "too small",
        "is not a GIT packfile",
        "is not supported by this version of GIT",
        "wrong index",
        "non-monotonic index",
        "premature end",
        "bad object",
        "bad packed object",
        "bad tree",
        "delta base",
        "unpack",
        "unknown object type",
        "unable to find",
        "missing",
        "not a valid object",
        "object file",
        "garbage",
        "did not send all necessary objects",
    ];
    WORDS.iter().any(|words| said.contains(words))
}

#[cold]
fn failed(folder: &Path, error: &io::Error) -> Error {
    let message = format!("cannot write the cache `{}`: {error}", folder.display());
    Error::new(Code::WriteFailed, message)
}
