//! Pulls of charts: once in a run, and one after the other in a directory.

#![expect(clippy::disallowed_methods, reason = "charts are written here, into their folders")]

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::Rendering;
use super::archive::{self, make_folder};
use crate::error::{Code, Error, Result};
use crate::fetch::door::Door;
use crate::fetch::lock::{moved, unlocked};
use crate::limits::{Budget, Cancel, Limit, cancelled};
use crate::load::{self, Disk, Loader, NewFolder, TemporaryFolder, is_directory};
use crate::source::Span;

/// A chart to pull.
#[derive(Clone, Copy, Debug)]
pub struct Pull<'a> {
    /// The name of the chart.
    pub name: &'a str,
    /// The repository or registry.
    pub repo: &'a str,
    /// The version, or a range of versions; the latest one if it is empty.
    pub version: &'a str,
    /// True if versions before a release count.
    pub devel: bool,
    /// The folder for the folder of the chart, and the directory of the kustomization that it is for; `None` for a temporary
    /// folder.
    pub into: Option<(&'a Path, &'a Path)>,
}

/// A chart that was pulled in this run.
pub(super) struct Pulled {
    /// The folder of the chart.
    chart: PathBuf,
    /// Keeps the folder until the end of the run, if it is temporary.
    _temporary: Option<TemporaryFolder>,
}

/// The time to wait for another process that pulls charts for the same kustomization.
const TO_WAIT: Duration = Duration::from_mins(10);
/// The pause between two attempts to get a lock.
const PAUSE: Duration = Duration::from_millis(20);

impl Rendering<'_> {
    /// Pulls a chart, and returns its folder. Each chart is pulled once in a run, and copied to other places that need it.
    ///
    /// # Errors
    /// [`Code::HelmFailed`], [`Code::FetchRefused`], [`Code::LimitExceeded`], [`Code::WriteFailed`], and as
    /// [`Helm::run`](crate::external::helm::Helm::run).
    pub fn pull(&self, pull: &Pull<'_>, budget: &Budget) -> Result<PathBuf> {
        let Pull { name, repo, version, devel, into } = *pull;
        let key = format!("{}\0{repo}\0{name}\0{version}\0{devel}", self.name);
        let pulled = self.session.pulled.get_or_make(key, || {
            let temporary = match into {
                Some(_) => None,
                None => Some(TemporaryFolder::create(self.temporary_parent())?),
            };
            let folder = match (into, &temporary) {
                (Some((folder, _)), _) => folder.to_path_buf(),
                (None, Some(temporary)) => temporary.path().to_path_buf(),
                (None, None) => self.temporary.path().to_path_buf(),
            };
            let held = into.map(|(_, root)| hold(root, &self.cancel)).transpose()?.flatten();
            self.get(pull, &folder, held.is_some(), budget)?;
            drop(held);
            let chart = folder.join(name);
            Ok(std::sync::Arc::new(Pulled { chart, _temporary: temporary }))
        })?;
        let Some((folder, root)) = into else { return Ok(pulled.chart.clone()) };
        let chart = folder.join(name);
        if chart != pulled.chart {
            let _held = hold(root, &self.cancel)?;
            copy(&pulled.chart, &chart)?;
        }
        Ok(chart)
    }

    /// Puts a chart into a folder: that of the lock, if it is in the cache, or else one that Helm pulls. A failure leaves no part
    /// of it. `is_alone` is true if no other process pulls charts into the folder.
    fn get(&self, pull: &Pull<'_>, folder: &Path, is_alone: bool, budget: &Budget) -> Result<()> {
        let Pull { name, repo, version, devel, .. } = *pull;
        let named = format!("{}\0{name}\0{version}\0{devel}", load::without_credentials(repo));
        let chart = folder.join(name);
        if is_alone {
            clear(&chart);
        }
        if is_directory(&chart) {
            return Ok(());
        }
        let lock = self.session.lock()?;
        let locked = lock
            .as_ref()
            .and_then(|(lock, is_strict)| Some((lock.chart(repo, name, version)?, *is_strict)));
        if let (Some((_, true)), None) = (&lock, &locked) {
            return Err(unlocked(&format!("{}/{name}", load::without_credentials(repo))));
        }
        let store = self.session.store();
        let known = match (&locked, self.session.fetch.offline) {
            (Some((digest, _)), _) => Some(*digest.as_bytes()),
            (None, true) => store.and_then(|store| archive::last_digest(store, &named)),
            (None, false) => None,
        };
        let kept = known.zip(store).and_then(|(digest, store)| archive::find(store, &digest));
        if let Some(files) = kept {
            make_folder(folder)?;
            let beside = TemporaryFolder::create(folder)?;
            let whole = beside.path().join("chart");
            archive::write(&files, &whole)?;
            return fs::rename(&whole, &chart).map_err(|error| not_written(&chart, &error));
        }
        self.admit(repo)?;
        budget.spend(Limit::Requests, 1, Span::NONE)?;
        let missing = folder.ancestors().take_while(|folder| !folder.exists());
        let missing: Vec<PathBuf> = missing.map(Path::to_path_buf).collect();
        let (unfinished, mark) = self.pull_into(pull, folder).inspect_err(|_| {
            // Those that are empty: others may have written to them meanwhile.
            missing.iter().for_each(|folder| drop(fs::remove_dir(folder)));
        })?;
        let whole = load::resolved(&chart).unwrap_or_else(|| chart.clone());
        let pulled = Loader::new(Disk, load::Options::default()).chart(&whole)?;
        if let Some((digest, true)) = locked
            && digest != pulled.digest()
        {
            return Err(moved(repo, name));
        }
        unfinished.keep();
        drop(mark);
        if let Some(store) = store {
            archive::keep(store, &named, &pulled);
        }
        Ok(())
    }

    fn temporary_parent(&self) -> &Path {
        self.temporary.path().parent().unwrap_or_else(|| Path::new("/tmp"))
    }

    /// Refuses a repository that the options of what is fetched do not allow.
    fn admit(&self, repo: &str) -> Result<()> {
        let options = &self.session.fetch;
        if options.offline {
            let message = format!("the chart is in `{}`", load::without_credentials(repo));
            return Err(Error::new(Code::FetchRefused, message)
                .help("pull it once without `--offline`, or keep it in the tree"));
        }
        let door = Door {
            untrusted: options.untrusted,
            offline: options.offline,
            hosts: options.hosts.clone(),
        };
        if options.untrusted && options.hosts.is_empty() {
            let shown = load::without_credentials(repo);
            let message = format!("the chart is in `{shown}`, which may lead Helm to any address");
            return Err(Error::new(Code::FetchRefused, message).help(
                "`--untrusted` allows charts of hosts that `--allow-host` names, whose lists are trusted",
            ));
        }
        door.admit(repo)
    }

    /// Runs `helm pull`. Returns what is removed again unless it is kept, and the mark of a chart that is being pulled.
    fn pull_into(&self, pull: &Pull<'_>, folder: &Path) -> Result<(NewFolder, NewFolder)> {
        let Pull { name, repo, version, devel, .. } = *pull;
        let chart = folder.join(name);
        let is_own = !folder.exists();
        let unfinished = NewFolder::announce(if is_own { folder } else { &chart })?;
        make_folder(folder)?;
        let mark = NewFolder::create(&mark(&chart))?;
        remove_marks(folder, name);
        let mut arguments: Vec<OsString> =
            vec!["pull".into(), "--untar".into(), "--untardir".into(), folder.into()];
        match repo.starts_with("oci://") {
            true => arguments.push(format!("{}/{name}", repo.trim_end_matches('/')).into()),
            false => arguments.extend(["--repo".into(), repo.into(), name.into()]),
        }
        if !version.is_empty() {
            arguments.extend(["--version".into(), version.into()]);
        }
        if devel {
            arguments.push("--devel".into());
        }
        let source = match repo.strip_prefix("oci://") {
            Some(_) => format!("{}/{name}", load::without_credentials(repo).trim_end_matches('/')),
            None => format!("--repo {} {name}", load::without_credentials(repo)),
        };
        let version =
            if version.is_empty() { String::new() } else { format!(" --version {version}") };
        let run = self.helm.run(&arguments, &format!("pull {source}{version}"));
        run.map_err(advised)?;
        if is_directory(&chart) {
            return Ok((unfinished, mark));
        }
        let message = format!("Helm has pulled no chart with the name `{name}`");
        Err(Error::new(Code::HelmFailed, message)
            .help("`name` is that in the chart's `Chart.yaml`"))
    }
}

/// True if the folder of a chart is there, and no process is pulling it.
#[must_use]
pub fn is_pulled(chart: &Path) -> bool {
    // In this order: the mark is there before the folder.
    is_directory(chart) && !is_directory(&mark(chart))
}

/// The mark of a chart that is being pulled.
fn mark(chart: &Path) -> PathBuf {
    let name = chart.file_name().unwrap_or_default().to_string_lossy();
    chart.with_file_name(format!(".krender-{name}.tmp"))
}

/// Removes the part of a chart that a process was pulling when it was killed. A folder that was made later stays.
fn clear(chart: &Path) {
    let mark = mark(chart);
    let modified = |path: &Path| load::stamp(path).map(|(_, at)| at);
    if let (Some(marked), Some(changed)) = (modified(&mark), modified(chart))
        && changed.saturating_sub(marked) <= TO_WAIT
    {
        drop(fs::remove_dir_all(chart));
    }
    drop(fs::remove_dir(mark));
}

/// Adds the next step to the error of a pull.
fn advised(error: Error) -> Error {
    let has = |words: &[&str]| words.iter().any(|word| error.message().contains(word));
    if has(&["401", "403", "unauthorized", "denied", "authentication"]) {
        return error
            .help("`--helm-config-home` lets Helm use your logins (`helm registry login`)");
    }
    if has(&["not found in", "no chart version found", "no chart name found", "404"]) {
        return error.help("check `name`, `version` and `repo`: `helm show chart` finds charts");
    }
    if has(&["no such host", "dial tcp", "connection refused", "timeout"]) {
        return error.help("keep the chart in the tree, and it is not pulled: `helm pull --untar`");
    }
    error
}

/// Removes the empty folders with the names of archives that Helm leaves: it does not pull a chart where one is.
fn remove_marks(folder: &Path, name: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name();
        let is_mark = found
            .to_str()
            .is_some_and(|found| found.starts_with(&format!("{name}-")) && found.ends_with(".tgz"));
        if is_mark {
            // One that is not empty stays.
            drop(fs::remove_dir(entry.path()));
        }
    }
}

/// Locks a directory against other processes and threads that pull charts for it, until the handle is closed.
fn hold(directory: &Path, cancel: &Cancel) -> Result<Option<File>> {
    // Without locks, as on some network file systems, nothing is waited for.
    let Ok(file) = File::open(directory) else { return Ok(None) };
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if cancel.is_due() => return Err(cancelled(Span::NONE)),
            Err(TryLockError::WouldBlock) if start.elapsed() > TO_WAIT => {
                let (seconds, shown) = (TO_WAIT.as_secs(), directory.display());
                let message =
                    format!("another process has pulled charts in `{shown}` for {seconds} seconds");
                return Err(Error::new(Code::TimedOut, message).help("wait for it, or end it"));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
        }
    }
}

/// Copies the folder of a chart to a place where there is none, whole or not at all.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if is_directory(to) {
        return Ok(());
    }
    let parent = to.parent().unwrap_or(to);
    make_folder(parent)?;
    let beside = TemporaryFolder::create(parent)?;
    let whole = beside.path().join("chart");
    let copied = copy_below(from, &whole).and_then(|()| fs::rename(&whole, to));
    copied.map_err(|error| not_written(to, &error))
}

#[cold]
fn not_written(chart: &Path, error: &std::io::Error) -> Error {
    let message = format!("cannot write the chart `{}`: {error}", chart.display());
    Error::new(Code::WriteFailed, message)
}

/// Copies a folder with all that is in it, except for links.
fn copy_below(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut pending = vec![(from.to_path_buf(), to.to_path_buf())];
    while let Some((from, to)) = pending.pop() {
        fs::create_dir(&to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
            if kind.is_dir() {
                pending.push((entry.path(), target));
            } else if kind.is_file() {
                fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}
