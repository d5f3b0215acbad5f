//! Waits until something changes on disk where somebody looked.

#![expect(
    clippy::disallowed_methods,
    reason = "links on the way to what is watched are resolved on disk"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::error::{Code, Error, Result};

/// Tells which groups of paths something happened to.
///
/// The folders that paths are in are watched, not the files: what is saved by renaming a new file, or is not there yet,
/// is seen like everything else. So are links and folders on the way to a path, as far as they are in the top.
pub struct Watch {
    top: PathBuf,
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    /// The folders that are watched. Some may be of no use any more.
    folders: BTreeSet<PathBuf>,
    /// Where something has to happen, links in its folder resolved, and for whom.
    points: BTreeMap<PathBuf, BTreeSet<usize>>,
    groups: BTreeMap<usize, Vec<PathBuf>>,
}

/// What is saved by one hand happens within this time of each other.
const BURST: Duration = Duration::from_millis(50);
/// What never ends is looked at after so many events.
const LONGEST_BURST: usize = 10_000;

impl Watch {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] when the system has no more room for it.
    pub fn new(top: &Path) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        // Who no longer waits needs no events.
        let send = move |event| drop(sender.send(event));
        let watcher = notify::recommended_watcher(send).map_err(|error| failed(top, &error))?;
        let (folders, points, groups) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { top: top.to_path_buf(), watcher, events, folders, points, groups })
    }

    /// Watches the paths of a group, in the place of those that it had. What happened to them before may not be told.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] when the system has no more room for it.
    pub fn look(&mut self, group: usize, paths: &[PathBuf]) -> Result<()> {
        for point in self.groups.remove(&group).into_iter().flatten() {
            if let Some(groups) = self.points.get_mut(&point) {
                groups.remove(&group);
            }
        }
        let mut known: BTreeMap<PathBuf, Option<PathBuf>> = BTreeMap::new();
        let mut points = BTreeSet::new();
        for path in paths {
            let mut is_covered = false;
            for path in path.ancestors() {
                // Beyond the top only the first folder that is there.
                let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { break };
                if is_covered && !path.starts_with(&self.top) {
                    break;
                }
                let folder = known.entry(parent.to_path_buf());
                let folder = folder.or_insert_with(|| fs::canonicalize(parent).ok());
                if let Some(folder) = folder {
                    points.insert(folder.join(name));
                    is_covered = true;
                }
            }
        }
        let folders = points.iter().filter_map(|point| point.parent());
        let new: BTreeSet<&Path> =
            folders.filter(|folder| !self.folders.contains(*folder)).collect();
        for folder in new {
            match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.folders.insert(folder.to_path_buf())),
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(failed(folder, &error)),
            }
        }
        for point in &points {
            self.points.entry(point.clone()).or_default().insert(group);
        }
        self.groups.insert(group, points.into_iter().collect());
        Ok(())
    }

    /// Waits until something happens, and then until nothing more does. Says to which groups it may have happened.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] when nothing is told any more.
    pub fn wait(&mut self) -> Result<BTreeSet<usize>> {
        let mut touched = BTreeSet::new();
        while touched.is_empty() {
            let event = self.events.recv().map_err(|_| {
                Error::new(Code::ReadFailed, "the system does not tell of changes any more")
            })?;
            self.add(event, &mut touched);
        }
        touched.extend(self.settle());
        Ok(touched)
    }

    /// Waits until nothing happens any more, and says to which groups something may have happened until then.
    pub fn settle(&mut self) -> BTreeSet<usize> {
        let mut touched = BTreeSet::new();
        for _ in 0..LONGEST_BURST {
            let Ok(event) = self.events.recv_timeout(BURST) else { break };
            self.add(event, &mut touched);
        }
        touched
    }

    fn add(&mut self, event: notify::Result<Event>, touched: &mut BTreeSet<usize>) {
        let Some(event) = event.ok().filter(|event| !event.need_rescan()) else {
            // Something was lost: it may be anything.
            touched.extend(self.groups.keys());
            return;
        };
        if !is_change(event.kind) {
            return;
        }
        for path in &event.paths {
            if matches!(
                event.kind,
                EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(_)
            ) {
                // What takes the place of a folder is watched anew.
                self.folders.retain(|folder| !folder.starts_with(path));
            }
            touched.extend(self.points.get(path).into_iter().flatten());
        }
    }
}

/// Whether something is another afterwards: to be read is no change.
const fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => matches!(access, AccessKind::Close(AccessMode::Write)),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

/// Whether a folder went away before it could be watched: that happened to a folder on the way, which is watched.
fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

#[cold]
fn failed(path: &Path, error: &notify::Error) -> Error {
    let reason = match &error.kind {
        ErrorKind::Io(error) => super::disk::reason(error),
        ErrorKind::MaxFilesWatch => "the system watches no more folders".to_owned(),
        _ => error.to_string(),
    };
    let failed =
        Error::new(Code::ReadFailed, format!("cannot watch `{}`: {reason}", path.display()));
    match cfg!(target_os = "linux") {
        true => failed.help("more are watched with `sysctl fs.inotify.max_user_watches=524288`"),
        false => failed,
    }
}
