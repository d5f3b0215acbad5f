//! `kustomization.lock`: the commits and the contents that remote entries stood for when it was written.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::load::git::Id;
use crate::load::{Digest, Loader, RepoSpec, without_credentials};

/// The name of the file.
pub const LOCK_FILE: &str = "kustomization.lock";

/// The commits of repositories and the digests of files. URLs have no credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The commits, by URL and reference; `None` is the default branch.
    repositories: BTreeMap<(String, Option<String>), String>,
    /// The SHA-256 digests, by URL.
    files: BTreeMap<String, Digest>,
}

/// The form of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    #[serde(default)]
    repositories: Vec<WrittenRepository>,
    #[serde(default)]
    files: Vec<WrittenFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRepository {
    url: String,
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    commit: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    url: String,
    sha256: Digest,
}

#[cold]
fn listed_twice(url: &str) -> Error {
    Error::new(Code::InvalidValue, format!("`{LOCK_FILE}` lists `{url}` twice"))
        .help("keep one of the entries, or run `krender lock` to write the file again")
}

/// The version of the form.
const VERSION: u32 = 1;

impl Lock {
    /// Reads the text of a lock.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] if it is not one.
    pub fn parse(text: &str) -> Result<Self> {
        let written: Written = serde_json::from_str(text).map_err(|error| {
            let message = format!("`{LOCK_FILE}` is not a lock: {error}");
            Error::new(Code::InvalidValue, message).help("run `krender lock` to write it again")
        })?;
        if written.version != VERSION {
            let message =
                format!("`{LOCK_FILE}` has the version {}, not {VERSION}", written.version);
            return Err(Error::new(Code::InvalidValue, message));
        }
        let (mut repositories, mut files) = (BTreeMap::new(), BTreeMap::new());
        for WrittenRepository { url, reference, commit } in written.repositories {
            if Id::parse(commit.as_bytes()).is_none() {
                let message = format!("`{LOCK_FILE}` has `{commit}` as the commit of `{url}`");
                return Err(Error::new(Code::InvalidValue, message).help("give the full id"));
            }
            match repositories.entry((url, reference)) {
                Entry::Occupied(entry) => return Err(listed_twice(&entry.key().0)),
                Entry::Vacant(entry) => drop(entry.insert(commit)),
            }
        }
        for WrittenFile { url, sha256 } in written.files {
            match files.entry(url) {
                Entry::Occupied(entry) => return Err(listed_twice(entry.key())),
                Entry::Vacant(entry) => drop(entry.insert(sha256)),
            }
        }
        Ok(Self { repositories, files })
    }

    /// The text of the lock.
    #[must_use]
    pub fn to_json(&self) -> String {
        let repositories = self.repositories.iter().map(|((url, reference), commit)| {
            let (url, reference, commit) = (url.clone(), reference.clone(), commit.clone());
            WrittenRepository { url, reference, commit }
        });
        let files = self
            .files
            .iter()
            .map(|(url, sha256)| WrittenFile { url: url.clone(), sha256: *sha256 });
        let written = Written {
            version: VERSION,
            repositories: repositories.collect(),
            files: files.collect(),
        };
        let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
        text.push('\n');
        text
    }

    /// A lock of repositories: URL, reference and commit of each.
    #[must_use]
    pub fn of_commits<'c>(
        commits: impl IntoIterator<Item = (&'c str, Option<&'c str>, &'c str)>,
    ) -> Self {
        let repositories = commits.into_iter().map(|(url, reference, commit)| {
            ((url.to_owned(), reference.map(str::to_owned)), commit.to_owned())
        });
        Self { repositories: repositories.collect(), files: BTreeMap::new() }
    }

    /// The remote content that a loader has used.
    #[must_use]
    pub fn of(loader: &Loader) -> Self {
        let repositories = loader.remotes().into_iter().map(|remote| {
            ((without_credentials(&remote.url), remote.reference.clone()), remote.commit.clone())
        });
        let repositories: BTreeMap<_, _> = repositories.collect();
        let names: BTreeSet<&String> = repositories.keys().map(|(url, _)| url).collect();
        // The page of a repository was asked for as a file, and is none.
        let is_page = |url: &str| {
            RepoSpec::parse(url).is_ok_and(|spec| names.contains(&without_credentials(&spec.url())))
        };
        let files = loader.remote_files().into_iter().filter(|(url, _)| !is_page(url));
        let files = files.map(|(url, digest)| (without_credentials(&url), digest)).collect();
        Self { repositories, files }
    }

    /// A lock without the entries whose URLs contain one of these texts; without all entries if there are no texts.
    #[must_use]
    pub fn without(&self, names: &[String]) -> Self {
        let stays =
            |url: &str| !names.is_empty() && !names.iter().any(|name| url.contains(&**name));
        let mut lock = self.clone();
        lock.repositories.retain(|(url, _), _| stays(url));
        lock.files.retain(|url, _| stays(url));
        lock
    }

    /// The differences to a later lock, one a line: `+` for a new entry, `-` for one that is gone, `~` for one that has
    /// moved.
    #[must_use]
    pub fn changes(&self, later: &Self) -> Vec<String> {
        let all = |lock: &Self| -> BTreeMap<String, String> {
            let repositories = lock.repositories.iter().map(|((url, reference), commit)| {
                let reference = reference.as_ref().map(|it| format!("@{it}")).unwrap_or_default();
                (format!("{url}{reference}"), commit.clone())
            });
            let files = lock.files.iter().map(|(url, digest)| (url.clone(), digest.to_string()));
            repositories.chain(files).collect()
        };
        let (before, after) = (all(self), all(later));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let change = |name: &String| match (before.get(name), after.get(name)) {
            (None, Some(new)) => Some(format!("+ {name} {new}")),
            (Some(old), None) => Some(format!("- {name} {old}")),
            (Some(old), Some(new)) if old != new => Some(format!("~ {name} {old} → {new}")),
            _ => None,
        };
        names.into_iter().filter_map(change).collect()
    }

    /// The entry for a repository at the commit of the lock; `None` if it is not in the lock.
    pub(super) fn pinned(&self, spec: &RepoSpec) -> Option<RepoSpec> {
        let key = (without_credentials(&spec.url()), spec.reference.clone());
        let commit = self.repositories.get(&key)?;
        Some(RepoSpec { reference: Some(commit.clone()), ..spec.clone() })
    }

    /// Refuses the content of a file that is not that of the lock.
    ///
    /// # Errors
    /// [`Code::FetchRefused`].
    pub(super) fn admit(&self, url: &str, content: &[u8]) -> Result<()> {
        let message = match self.files.get(&without_credentials(url)) {
            None => return Err(unlocked(url)),
            Some(digest) if *digest == Digest::of(content) => return Ok(()),
            Some(_) => format!("`{url}` has changed since `{LOCK_FILE}` was written"),
        };
        Err(Error::new(Code::FetchRefused, message).help(
            "if that is intended, run `krender lock --update`: it shows the changes and writes the file again",
        ))
    }
}

/// The error for an entry that is not in the lock.
#[cold]
pub(super) fn unlocked(name: &str) -> Error {
    Error::new(Code::FetchRefused, format!("`{name}` is not in `{LOCK_FILE}`"))
        .help("`krender lock` adds what is new")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{
  "version": 1,
  "repositories": [
    {
      "url": "https://host/a",
      "commit": "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
    },
    {
      "url": "https://host/a",
      "ref": "v1",
      "commit": "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"
    }
  ],
  "files": [
    {
      "url": "https://host/f.yaml",
      "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    }
  ]
}
"#;

    #[test]
    fn a_lock_has_full_commits_and_no_entry_twice() {
        let short = TEXT.replace(&"c1".repeat(20), "main");
        let twice = TEXT.replace("\"ref\": \"v1\",\n", "");
        for text in [short, twice] {
            assert_eq!(Lock::parse(&text).unwrap_err().code(), Code::InvalidValue, "{text}");
        }
    }

    #[test]
    fn a_lock_is_written_as_it_is_read() {
        assert_eq!(Lock::parse(TEXT).unwrap().to_json(), TEXT);
        for text in ["", "{}", "[]", r#"{"version": 2}"#, r#"{"version": 1, "x": 1}"#] {
            assert_eq!(Lock::parse(text).unwrap_err().code(), Code::InvalidValue, "{text}");
        }
    }

    #[test]
    fn entries_are_found_by_url_and_reference() {
        let lock = Lock::parse(TEXT).unwrap();
        let commit = |entry: &str| lock.pinned(&RepoSpec::parse(entry).unwrap())?.reference;
        assert_eq!(
            commit("https://host/a//x?ref=v1").as_deref(),
            Some("c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1")
        );
        assert_eq!(
            commit("https://user:key@host/a//x").as_deref(),
            Some("c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0")
        );
        assert_eq!(commit("https://host/a//x?ref=v2"), None);
        assert_eq!(commit("https://host/b//x?ref=v1"), None);
        assert!(lock.admit("https://user:key@host/f.yaml", b"abc").is_ok());
        assert!(lock.admit("https://host/f.yaml", b"abd").is_err());
        assert!(lock.admit("https://host/g.yaml", b"abc").is_err());
    }

    #[test]
    fn changes_are_listed() {
        let before = Lock::parse(TEXT).unwrap();
        let after = Lock::parse(
            &TEXT
                .replace(
                    "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1",
                    "c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2",
                )
                .replace("f.yaml", "g.yaml"),
        )
        .unwrap();
        let changes = before.changes(&after);
        assert_eq!(changes.len(), 3);
        assert_eq!(
            changes[0],
            "~ https://host/a@v1 c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1 → c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2"
        );
        assert!(changes[1].starts_with("- https://host/f.yaml"));
        assert!(changes[2].starts_with("+ https://host/g.yaml"));
        assert!(before.changes(&before).is_empty());
        assert_eq!(before.without(&[]), Lock::default());
        assert_eq!(before.without(&["f.yaml".to_owned()]).repositories.len(), 2);
    }
}
