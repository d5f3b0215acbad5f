//! Waits for changes on disk at given paths.

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

/// Reports which groups of paths may have changed.
///
/// It watches the folders of the paths, not the files, so that new files and files saved by renaming are noticed. Links
/// and folders in a path are watched as well, if they are below the top.
pub struct Watch {
    top: PathBuf,
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    /// The watched folders. Some may no longer be needed.
    folders: BTreeSet<PathBuf>,
    /// The watched paths, with links in their folders resolved, and the groups that they belong to.
    points: BTreeMap<PathBuf, BTreeSet<usize>>,
    groups: BTreeMap<usize, Vec<PathBuf>>,
}

/// Events within this time of each other count as one change, such as a single save in an editor.
const BURST: Duration = Duration::from_millis(50);
/// Maximum number of events in one change, so that an endless series of events is handled too.
const LONGEST_BURST: usize = 10_000;

impl Watch {
    /// Creates a watch without paths.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if the system cannot create another watch.
    pub fn new(top: &Path) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        let send = move |event: notify::Result<Event>| {
            // A program that reads a file all the time must not delay the end of a change.
            let counts = |event: &Event| event.need_rescan() || is_change(event.kind);
            if event.as_ref().map_or(true, counts) {
                // A receiver that is gone needs no events.
                drop(sender.send(event));
            }
        };
        let watcher = notify::recommended_watcher(send).map_err(|error| failed(top, &error))?;
        let (folders, points, groups) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { top: top.to_path_buf(), watcher, events, folders, points, groups })
    }

    /// Sets the paths of a group. Earlier events of these paths may not be reported.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if the system cannot create another watch.
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
                // Above the top, only the nearest existing folder is watched.
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

    /// Waits for an event, and then until there are no more. Returns the groups that may be affected.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if no more events can arrive.
    pub fn wait(&mut self) -> Result<BTreeSet<usize>> {
        let mut touched = BTreeSet::new();
        while touched.is_empty() {
            let event = self.events.recv().map_err(|_| {
                Error::new(Code::ReadFailed, "the system no longer reports changes")
            })?;
            self.add(event, &mut touched);
        }
        touched.extend(self.settle());
        Ok(touched)
    }

    /// Waits until there are no more events. Returns the groups that may be affected by those until then.
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
            // Events were lost: any group may be affected.
            touched.extend(self.groups.keys());
            return;
        };
        for path in &event.paths {
            if matches!(
                event.kind,
                EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(_)
            ) {
                // A folder that replaces this one is watched again.
                self.folders.retain(|folder| !folder.starts_with(path));
            }
            touched.extend(self.points.get(path).into_iter().flatten());
        }
    }
}

/// True if the event changes anything; reading does not.
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

/// True if a folder vanished before it could be watched. That is an event of its parent, which is watched.
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
