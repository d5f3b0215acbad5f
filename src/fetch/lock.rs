//! `kustomization.lock`: the commits and the contents that remote entries stood for when it was written.

use std::collections::btree_map;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::load::git::Id;
use crate::load::{
    Digest, LOCK_FILE, LeadsTo, Loader, Reference, RepoSpec, is_remote, relative,
    without_credentials,
};
use crate::source::{FileId, Span};
use crate::text::phrase::few;

/// The commits of repositories and the digests of files. URLs have no credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The commits, by URL and reference; `None` is the default branch.
    repositories: BTreeMap<(String, Option<String>), Entry<String>>,
    /// The SHA-256 digests, by URL.
    files: BTreeMap<String, Entry<Digest>>,
    /// The digests of the files of charts, by repository, name and version; the version is empty for the latest one.
    charts: BTreeMap<(String, String, String), Entry<Digest>>,
}

/// An entry of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry<T> {
    value: T,
    /// The files that name it. They have no line numbers, which would change with every edit above them.
    named_in: BTreeSet<String>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    charts: Vec<WrittenChart>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRepository {
    url: String,
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    commit: String,
    #[serde(rename = "namedIn", default, skip_serializing_if = "BTreeSet::is_empty")]
    named_in: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    url: String,
    sha256: Digest,
    #[serde(rename = "namedIn", default, skip_serializing_if = "BTreeSet::is_empty")]
    named_in: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenChart {
    repo: String,
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version: String,
    sha256: Digest,
    #[serde(rename = "namedIn", default, skip_serializing_if = "BTreeSet::is_empty")]
    named_in: BTreeSet<String>,
}

#[cold]
fn listed_twice(url: &str) -> Error {
    Error::new(Code::InvalidValue, format!("`{LOCK_FILE}` lists `{url}` twice"))
        .help("keep one of the entries, or run `krender lock` to write the file again")
}

/// The version of the form.
const VERSION: u32 = 1;

/// The advice for content that is not that of the lock.
const UPDATE: &str = "if that is intended, run `krender lock --update`: it shows the changes and writes the file again";

impl Lock {
    /// Reads the text of a lock.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] if it is not one.
    pub fn parse(text: &str) -> Result<Self> {
        let written: Written = serde_json::from_str(text).map_err(|error| {
            // Its content is not shown: it may be any file.
            let (line, column) = (error.line(), error.column());
            let message = format!("`{LOCK_FILE}` is not a lock: see line {line}, column {column}");
            Error::new(Code::InvalidValue, message)
                .help("remove it, and run `krender lock` to write it again")
        })?;
        if written.version != VERSION {
            let message =
                format!("`{LOCK_FILE}` has the version {}, not {VERSION}", written.version);
            return Err(Error::new(Code::InvalidValue, message));
        }
        let (mut repositories, mut files) = (BTreeMap::new(), BTreeMap::new());
        for WrittenRepository { url, reference, commit, named_in } in written.repositories {
            if Id::parse(commit.as_bytes()).is_none() {
                let message = format!("`{LOCK_FILE}` has `{commit}` as the commit of `{url}`");
                return Err(Error::new(Code::InvalidValue, message).help("give the full id"));
            }
            match repositories.entry((url, reference)) {
                btree_map::Entry::Occupied(entry) => return Err(listed_twice(&entry.key().0)),
                btree_map::Entry::Vacant(entry) => {
                    entry.insert(Entry { value: commit, named_in });
                }
            }
        }
        for WrittenFile { url, sha256, named_in } in written.files {
            match files.entry(url) {
                btree_map::Entry::Occupied(entry) => return Err(listed_twice(entry.key())),
                btree_map::Entry::Vacant(entry) => {
                    entry.insert(Entry { value: sha256, named_in });
                }
            }
        }
        let mut charts = BTreeMap::new();
        for WrittenChart { repo, name, version, sha256, named_in } in written.charts {
            match charts.entry((repo, name, version)) {
                btree_map::Entry::Occupied(entry) => return Err(listed_twice(&entry.key().1)),
                btree_map::Entry::Vacant(entry) => {
                    entry.insert(Entry { value: sha256, named_in });
                }
            }
        }
        Ok(Self { repositories, files, charts })
    }

    /// The text of the lock.
    #[must_use]
    pub fn to_json(&self) -> String {
        let repositories = self.repositories.iter().map(|((url, reference), entry)| {
            let (url, reference) = (url.clone(), reference.clone());
            let Entry { value: commit, named_in } = entry.clone();
            WrittenRepository { url, reference, commit, named_in }
        });
        let files = self.files.iter().map(|(url, entry)| {
            let Entry { value: sha256, named_in } = entry.clone();
            WrittenFile { url: url.clone(), sha256, named_in }
        });
        let charts = self.charts.iter().map(|((repo, name, version), entry)| {
            let (repo, name, version) = (repo.clone(), name.clone(), version.clone());
            let Entry { value: sha256, named_in } = entry.clone();
            WrittenChart { repo, name, version, sha256, named_in }
        });
        let written = Written {
            version: VERSION,
            repositories: repositories.collect(),
            files: files.collect(),
            charts: charts.collect(),
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
            let entry = Entry { value: commit.to_owned(), named_in: BTreeSet::new() };
            ((url.to_owned(), reference.map(str::to_owned)), entry)
        });
        Self { repositories: repositories.collect(), ..Self::default() }
    }

    /// The remote content that a loader has used. The files that name it are relative to a folder, that of the lock.
    #[must_use]
    pub fn of(loader: &Loader, folder: &Path) -> Self {
        let named = Named::of(loader, folder);
        let repositories = loader.remotes().into_iter().map(|remote| {
            let key = (without_credentials(&remote.url), remote.reference.clone());
            let named_in = named.repositories.get(&key).cloned().unwrap_or_default();
            (key, Entry { value: remote.commit.clone(), named_in })
        });
        let repositories: BTreeMap<_, _> = repositories.collect();
        let names: BTreeSet<&String> = repositories.keys().map(|(url, _)| url).collect();
        // The page of a repository was asked for as a file, and is none.
        let is_page = |url: &str| {
            RepoSpec::parse(url).is_ok_and(|spec| names.contains(&without_credentials(&spec.url())))
        };
        let files = loader.remote_files().into_iter().filter(|(url, _)| !is_page(url));
        let files = files.map(|(url, value)| {
            let url = without_credentials(&url);
            let named_in = named.files.get(&url).cloned().unwrap_or_default();
            (url, Entry { value, named_in })
        });
        let files = files.collect();
        let mut charts = BTreeMap::<_, Entry<Digest>>::new();
        for used in loader.charts() {
            let name = named_file(loader, folder, &loader.texts(), used.span);
            let (value, named_in) = (used.chart.digest(), BTreeSet::new());
            let key = (without_credentials(&used.repo), used.name, used.version);
            let entry = charts.entry(key).or_insert(Entry { value, named_in });
            entry.named_in.extend(name);
        }
        Self { repositories, files, charts }
    }

    /// The remote content that the kustomizations of some directories name.
    #[must_use]
    pub fn of_directories<'d>(
        loader: &Loader,
        directories: impl IntoIterator<Item = &'d Path>,
    ) -> Self {
        let mut lock = Self::default();
        let named_in = BTreeSet::new;
        for reference in directories.into_iter().flat_map(|it| loader.references_of(it)) {
            let url = without_credentials(&reference.entry);
            match &reference.leads_to {
                LeadsTo::Directory(path) => {
                    let Some((remote, _)) = loader.repository_of(path) else { continue };
                    let key = (without_credentials(&remote.url), remote.reference);
                    let entry = Entry { value: remote.commit, named_in: named_in() };
                    lock.repositories.insert(key, entry);
                }
                LeadsTo::File => {
                    let Ok(file) = loader.fetched_file(&reference.entry) else { continue };
                    let entry = Entry { value: file.digest(), named_in: named_in() };
                    lock.files.insert(url, entry);
                }
            }
        }
        lock
    }

    /// A lock without the entries whose URLs contain one of these texts; without all entries if there are no texts.
    #[must_use]
    pub fn without(&self, names: &[String]) -> Self {
        let stays =
            |url: &str| !names.is_empty() && !names.iter().any(|name| url.contains(&**name));
        let mut lock = self.clone();
        lock.repositories.retain(|(url, _), _| stays(url));
        lock.files.retain(|url, _| stays(url));
        lock.charts.retain(|(repo, ..), _| stays(repo));
        lock
    }

    /// The differences to a later lock, one a line: `+` for a new entry, `-` for one that is gone, `~` for one that has
    /// moved, each with the files that name it.
    #[must_use]
    pub fn changes(&self, later: &Self) -> Vec<String> {
        let (before, after) = (self.all(), later.all());
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let change = |name: &String| match (before.get(name), after.get(name)) {
            (None, Some(new)) => Some(format!("+ {name} {}{}", new.value, places(new))),
            (Some(old), None) => Some(format!("- {name} {}{}", old.value, places(old))),
            (Some(old), Some(new)) if old.value != new.value => {
                Some(format!("~ {name} {} → {}{}", old.value, new.value, places(new)))
            }
            _ => None,
        };
        names.into_iter().filter_map(change).collect()
    }

    /// The names of entries of this lock that are in the other one with another commit or content, sorted.
    #[must_use]
    pub fn moved_since(&self, other: &Self) -> Vec<String> {
        let (before, after) = (other.all(), self.all());
        let is_moved = |(name, entry): &(&String, &Entry<String>)| {
            before.get(*name).is_some_and(|old| old.value != entry.value)
        };
        after.iter().filter(is_moved).map(|(name, _)| name.clone()).collect()
    }

    /// All entries, by URL and reference.
    fn all(&self) -> BTreeMap<String, Entry<String>> {
        let repositories = self.repositories.iter().map(|((url, reference), entry)| {
            let reference = reference.as_ref().map(|it| format!("@{it}")).unwrap_or_default();
            (format!("{url}{reference}"), entry.clone())
        });
        let files = self.files.iter().map(|(url, Entry { value, named_in })| {
            (url.clone(), Entry { value: value.to_string(), named_in: named_in.clone() })
        });
        let charts = self.charts.iter().map(|((repo, name, version), entry)| {
            let version = if version.is_empty() { "" } else { &format!("@{version}") };
            let Entry { value, named_in } = entry;
            let (value, named_in) = (value.to_string(), named_in.clone());
            (format!("{repo}/{name}{version}"), Entry { value, named_in })
        });
        repositories.chain(files).chain(charts).collect()
    }

    /// The digest of the files of a chart, if it is in the lock.
    pub(super) fn chart(&self, repo: &str, name: &str, version: &str) -> Option<Digest> {
        let key = (without_credentials(repo), name.to_owned(), version.to_owned());
        self.charts.get(&key).map(|entry| entry.value)
    }

    /// Refuses a chart with other files than those of the lock.
    ///
    /// # Errors
    /// [`Code::FetchRefused`].
    pub(super) fn admit_chart(
        &self,
        repo: &str,
        name: &str,
        version: &str,
        digest: &Digest,
    ) -> Result<()> {
        match self.chart(repo, name, version) {
            None => Err(unlocked(&format!("{}/{name}", without_credentials(repo)))),
            Some(known) if known == *digest => Ok(()),
            Some(_) => Err(moved(repo, name)),
        }
    }

    /// The entry for a repository at the commit of the lock; `None` if it is not in the lock.
    pub(super) fn pinned(&self, spec: &RepoSpec) -> Option<RepoSpec> {
        let key = (without_credentials(&spec.url()), spec.reference.clone());
        let entry = self.repositories.get(&key)?;
        let is_commit = |reference: &String| Id::parse(reference.as_bytes()).is_some();
        if spec.reference.as_ref().is_some_and(is_commit) {
            // It is that commit, whatever the lock has: the lock may come from others, and the URL was read by people.
            return Some(spec.clone());
        }
        Some(RepoSpec { reference: Some(entry.value.clone()), ..spec.clone() })
    }

    /// Refuses a repository that is at another commit than that of the lock.
    ///
    /// # Errors
    /// [`Code::FetchRefused`].
    pub(super) fn admit_commit(&self, spec: &RepoSpec, commit: &str) -> Result<()> {
        let key = (without_credentials(&spec.url()), spec.reference.clone());
        match self.repositories.get(&key) {
            Some(entry) if entry.value != commit => {
                let (name, other) = (spec.reference.as_deref().unwrap_or("HEAD"), &entry.value);
                let message = format!(
                    "`{}` has the commit {commit} as `{name}`, and {other} in `{LOCK_FILE}`",
                    key.0
                );
                Err(Error::new(Code::FetchRefused, message).help(UPDATE))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a file that is not in the lock.
    ///
    /// # Errors
    /// [`Code::FetchRefused`].
    pub(super) fn expect(&self, url: &str) -> Result<()> {
        match self.files.contains_key(&without_credentials(url)) {
            true => Ok(()),
            false => Err(unlocked(url)),
        }
    }

    /// Refuses the content of a file that is not that of the lock.
    ///
    /// # Errors
    /// [`Code::FetchRefused`].
    pub(super) fn admit(&self, url: &str, content: &[u8]) -> Result<()> {
        let message = match self.files.get(&without_credentials(url)) {
            None => return Err(unlocked(url)),
            Some(entry) if entry.value == Digest::of(content) => return Ok(()),
            Some(_) => format!("`{url}` has changed since `{LOCK_FILE}` was written"),
        };
        Err(Error::new(Code::FetchRefused, message).help(UPDATE))
    }
}

/// The files that name remote content, relative to a folder.
#[derive(Default)]
struct Named {
    repositories: BTreeMap<(String, Option<String>), BTreeSet<String>>,
    files: BTreeMap<String, BTreeSet<String>>,
}

impl Named {
    fn of(loader: &Loader, folder: &Path) -> Self {
        let (texts, mut named) = (loader.texts(), Self::default());
        for Reference { span, entry, leads_to, .. } in loader.references() {
            let Some(name) = named_file(loader, folder, &texts, span) else { continue };
            let all = match leads_to {
                LeadsTo::File => named.files.entry(without_credentials(&entry)).or_default(),
                // A link within a repository names no other one.
                LeadsTo::Directory(path) => match loader.repository_of(&path) {
                    Some((remote, _)) if is_remote(&entry) => {
                        let key = (without_credentials(&remote.url), remote.reference);
                        named.repositories.entry(key).or_default()
                    }
                    _ => continue,
                },
            };
            all.insert(name);
        }
        named
    }
}

/// The file that a span is in, relative to a folder. A remote kustomization is named by URL, reference and path.
fn named_file(
    loader: &Loader,
    folder: &Path,
    texts: &BTreeMap<FileId, PathBuf>,
    span: Span,
) -> Option<String> {
    let source = loader.sources().source_of(span)?;
    Some(match texts.get(&source.id()) {
        Some(path) if loader.repository_of(path).is_none() => {
            relative(folder, path).to_string_lossy().replace('\\', "/")
        }
        _ => without_credentials(source.name()),
    })
}

/// The error for a chart with other files than those of the lock.
#[cold]
pub(super) fn moved(repo: &str, name: &str) -> Error {
    let repo = without_credentials(repo);
    let message = format!("the chart `{name}` of `{repo}` has other files than in `{LOCK_FILE}`");
    Error::new(Code::FetchRefused, message).help(UPDATE)
}

/// The files that name an entry, as the end of a line.
fn places<T>(entry: &Entry<T>) -> String {
    let names: Vec<&String> = entry.named_in.iter().collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(" ({})", few(&names, 3, |name| (*name).clone())),
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
      "commit": "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1",
      "namedIn": [
        "a/kustomization.yaml",
        "b/kustomization.yaml"
      ]
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
        // Any file may be there: none of it is shown.
        for text in ["pass: secret", "\"secret\"", r#"{"secret": 1}"#, r#"{"version": "secret"}"#] {
            let error = Lock::parse(text).unwrap_err();
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
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
            "~ https://host/a@v1 c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1 → c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2 (a/kustomization.yaml, b/kustomization.yaml)"
        );
        assert!(changes[1].starts_with("- https://host/f.yaml"));
        assert!(changes[2].starts_with("+ https://host/g.yaml"));
        assert!(before.changes(&before).is_empty());
        assert_eq!(after.moved_since(&before), ["https://host/a@v1"]);
        assert_eq!(before.without(&[]), Lock::default());
        assert_eq!(before.without(&["f.yaml".to_owned()]).repositories.len(), 2);
    }
}
