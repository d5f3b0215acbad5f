//! The content of a cache: what there is, whether it is whole, and its removal.

#![expect(clippy::disallowed_methods, reason = "the folder of the cache is looked at")]

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::cache::Cache;
use super::git::{is_store, recorded, used};
use crate::error::{Code, Error, Result};
use crate::external::Environment;
use crate::external::git::Bare;
use crate::limits::Cancel;
use crate::load::folder_size;

/// The maximum time to wait for a process that fetches a repository.
const TO_WAIT: Duration = Duration::from_mins(10);

/// The content of a cache.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Contents {
    /// The repositories, by URL.
    pub repositories: Vec<Repository>,
    /// The number of files over HTTP.
    pub files: usize,
    /// The size of the files over HTTP, in bytes.
    pub file_bytes: u64,
    /// The number of charts, and of results of charts.
    pub charts: usize,
    /// The size of these, in bytes.
    pub chart_bytes: u64,
}

/// A repository in a cache.
#[derive(Debug)]
#[non_exhaustive]
pub struct Repository {
    /// The URL, without credentials; empty if it is not known.
    pub url: String,
    /// The size, in bytes.
    pub bytes: u64,
    /// The time of the last use, to a day.
    pub used: Option<SystemTime>,
    /// The branches, tags and commits that were resolved, with their commits.
    pub references: Vec<(String, String)>,
    /// The name of its folder.
    name: String,
}

impl Contents {
    /// Looks at the cache in a folder.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        let git = folder.join("git");
        let mut repositories: Vec<Repository> = stores(&git)
            .into_iter()
            .map(|name| {
                let store = git.join(&name);
                let url = fs::read_to_string(store.join("url")).unwrap_or_default();
                Repository {
                    url: url.trim().to_owned(),
                    bytes: folder_size(&store).1,
                    used: used(&store),
                    references: recorded(&store),
                    name,
                }
            })
            .collect();
        repositories.sort_by(|left, right| left.url.cmp(&right.url));
        let (files, file_bytes) = folder_size(&folder.join("http/values"));
        let (charts, chart_bytes) = folder_size(&folder.join("charts/values"));
        Self { repositories, files, file_bytes, charts, chart_bytes }
    }

    /// Removes what was fetched from the cache in a folder, except for repositories that are being fetched. Returns the
    /// number of repositories that stay.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn clean(folder: &Path) -> Result<usize> {
        let git = folder.join("git");
        let mut left = 0;
        for name in stores(&git) {
            match Cache::at(&git).try_lock(&name)? {
                Some(_lock) => remove(&git.join(&name))?,
                None => left += 1,
            }
        }
        remove(&folder.join("http"))?;
        remove(&folder.join("charts"))?;
        Ok(left)
    }

    /// Checks the objects of all repositories with git, and removes repositories that are damaged: they are fetched
    /// again when they are needed. Returns the URLs of these.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], and [`Code::ReadFailed`] if git cannot be run.
    pub fn verify(&self, folder: &Path, environment: &Environment) -> Result<Vec<String>> {
        let git = folder.join("git");
        let mut damaged = Vec::new();
        for Repository { url, name, .. } in &self.repositories {
            let _lock = Cache::at(&git).lock(name, TO_WAIT, &Cancel::default())?;
            let store = git.join(name);
            let bare = Bare::open(&store, environment)?;
            bare.create(bare.algorithm())?;
            if !bare.is_whole()? {
                remove(&store)?;
                damaged.push(url.clone());
            }
        }
        Ok(damaged)
    }
}

impl Cache {
    /// Removes the repositories that were not used for the longest time, until at most `most` bytes are left. Those
    /// that are being fetched stay, and the named one.
    pub(super) fn shrink(&self, most: u64, keep: &str) {
        let mut stores: Vec<(Option<SystemTime>, String, u64)> = stores(self.folder())
            .into_iter()
            .map(|name| {
                let store = self.part(&name);
                (used(&store), name, folder_size(&store).1)
            })
            .collect();
        stores.sort_unstable();
        let mut sum: u64 = stores.iter().map(|(_, _, bytes)| bytes).sum();
        for (_, name, bytes) in stores {
            if sum <= most {
                break;
            }
            if name != keep
                && let Ok(Some(_lock)) = self.try_lock(&name)
            {
                drop(fs::remove_dir_all(self.part(&name)));
                sum -= bytes;
            }
        }
    }
}

/// The names of the repositories in a folder, sorted.
fn stores(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_store(name))
        .collect();
    names.sort_unstable();
    names
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let message = format!("cannot remove `{}`: {error}", folder.display());
            Err(Error::new(Code::WriteFailed, message))
        }
        _ => Ok(()),
    }
}
