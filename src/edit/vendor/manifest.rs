//! The list of copies, which stands beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::copies::{checked, named};
use super::names;
use crate::error::{Code, Error, Result};
use crate::load::git::Id;
use crate::load::{Digest, is_remote};
use crate::text::escape;

/// The name of the file in the folder of copies.
pub const MANIFEST: &str = "krender.json";

/// The version of the form.
const VERSION: u32 = 1;

/// The copies, their origins and the entries that name them. Paths are relative to the tree, with `/` as separator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    /// The repositories, sorted by URL and reference.
    #[serde(default)]
    pub(super) repositories: BTreeSet<CopiedRepository>,
    /// The files over HTTP, sorted by URL.
    #[serde(default)]
    pub(super) downloads: BTreeSet<CopiedDownload>,
    /// The charts that were put where kustomizations look for them, sorted by repository.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) charts: BTreeSet<CopiedChart>,
    /// The entries that were rewritten, sorted by file.
    #[serde(default)]
    pub(super) entries: BTreeSet<RewrittenEntry>,
    /// All files, with the digests of their contents.
    #[serde(default)]
    pub(super) files: BTreeMap<String, Digest>,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopiedRepository {
    pub(super) url: String,
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
    pub(super) commit: String,
    pub(super) folder: String,
}

/// A file over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopiedDownload {
    pub(super) url: String,
    pub(super) file: String,
}

/// A chart. Its files are those of the tree from then on: they are never removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopiedChart {
    pub(super) repo: String,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) version: String,
    pub(super) folder: String,
    /// The digest of the files.
    pub(super) sha256: Digest,
}

/// An entry of a kustomization that was rewritten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RewrittenEntry {
    pub(super) file: String,
    /// The entry as it was, without credentials.
    pub(super) was: String,
    /// The path that stands there now.
    pub(super) is: String,
}

impl Manifest {
    /// Reads the text of the manifest in a folder of the tree.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] if it is none, or lists what is no copy.
    pub fn parse(text: &str, folder: &str) -> Result<Self> {
        let refused = |reason: String| {
            let message = format!("`{MANIFEST}` is not a list of copies: {reason}");
            Error::new(Code::InvalidValue, message)
                .help("restore it as `krender vendor` has written it")
        };
        let manifest: Self = serde_json::from_str(text).map_err(|error| {
            refused(format!("line {}, column {}", error.line(), error.column()))
        })?;
        if manifest.version != VERSION {
            return Err(refused(format!("it has the version {}, not {VERSION}", manifest.version)));
        }
        match manifest.foreign(folder) {
            None => Ok(manifest),
            Some(text) => {
                let text = escape::visible(text);
                Err(refused(format!("it has `{text}`, which `krender vendor` does not write")))
            }
        }
    }

    /// The first text that stands for something else than copies in a folder of the tree. The manifest may come from others, and
    /// files that it lists are removed when they are not needed.
    fn foreign(&self, folder: &str) -> Option<&str> {
        let start = format!("{folder}/");
        let is_below = |path: &str| is_path(path) && path.starts_with(&start);
        let is_commit = |commit: &str| Id::parse(commit.as_bytes()).is_some();
        let repositories = self.repositories.iter().find_map(|it| match is_below(&it.folder) {
            false => Some(&*it.folder),
            true => (!is_commit(&it.commit)).then_some(&*it.commit),
        });
        let is_download = |it: &CopiedDownload| {
            let place = format!("{start}{}", names::download(&it.url));
            let before = it.file.strip_suffix(&place);
            is_path(&it.file) && before.is_some_and(|it| it.is_empty() || it.ends_with('/'))
        };
        let downloads = self.downloads.iter().find(|it| !is_download(it)).map(|it| &*it.file);
        let inner = format!("/{start}");
        let entries = self.entries.iter().find_map(|it| match is_path(&it.file) {
            false => Some(&*it.file),
            // A link within a repository leads to a place in it.
            true if it.file.starts_with(&start) => None,
            true if !is_remote(&it.was) => Some(&*it.was),
            // `vendor --update` replaces all texts of this kind in the file.
            true => (!format!("/{}", it.is).contains(&inner)).then_some(&*it.is),
        });
        let own = format!("{start}{MANIFEST}");
        let is_copy = |file: &str| match is_below(file) {
            true => file != own,
            false => self.downloads.iter().any(|it| it.file == file),
        };
        let files = self.files().find(|file| !is_copy(file));
        let charts = self.charts.iter().map(|it| &*it.folder).find(|folder| !is_path(folder));
        repositories.or(downloads).or(charts).or(entries).or(files)
    }

    /// The text of the manifest.
    #[must_use]
    pub fn to_json(&self) -> String {
        let whole = Self { version: VERSION, ..self.clone() };
        let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
        text.push('\n');
        text
    }

    /// True if there are no copies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.charts.is_empty()
    }

    /// The copied files, by their paths in the tree.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// True if the URL of a repository or a file contains a text.
    #[must_use]
    pub fn has_url_with(&self, text: &str) -> bool {
        let repositories = self.repositories.iter().map(|it| &it.url);
        repositories.chain(self.downloads.iter().map(|it| &it.url)).any(|url| url.contains(text))
    }

    /// True if a file in the tree is a copy.
    #[must_use]
    pub fn has_file(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// The repositories whose URLs do not contain a text: URL, reference and commit of each.
    pub fn pins(&self, except: Option<&str>) -> impl Iterator<Item = (&str, Option<&str>, &str)> {
        let stays = move |it: &&CopiedRepository| !except.is_some_and(|name| it.url.contains(name));
        self.repositories
            .iter()
            .filter(stays)
            .map(|it| (&*it.url, it.reference.as_deref(), &*it.commit))
    }

    /// The differences to a later manifest, one a line: `+` for a new copy, `-` for one that is gone, `~` for one of
    /// another commit or content.
    #[must_use]
    pub fn changes(&self, later: &Self) -> Vec<String> {
        let all = |manifest: &Self| -> BTreeMap<String, (String, String)> {
            let repositories = manifest.repositories.iter().map(|it| {
                let reference = it.reference.as_ref().map(|it| format!("@{it}"));
                let name = format!("{}{}", it.url, reference.unwrap_or_default());
                (name, (it.commit.clone(), it.folder.clone()))
            });
            let downloads = manifest.downloads.iter().map(|it| {
                let digest = manifest.files.get(&it.file).map(Digest::to_string);
                (it.url.clone(), (digest.unwrap_or_default(), it.file.clone()))
            });
            let charts = manifest.charts.iter().map(|it| {
                let version = if it.version.is_empty() { "" } else { &format!("@{}", it.version) };
                let name = format!("{}/{}{version} {}", it.repo, it.name, it.folder);
                (name, (it.sha256.to_string(), it.folder.clone()))
            });
            repositories.chain(downloads).chain(charts).collect()
        };
        let (before, after) = (all(self), all(later));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let change = |name: &String| match (before.get(name), after.get(name)) {
            (None, Some((id, place))) => Some(format!("+ {name} {id} {place}")),
            (Some((id, place)), None) => Some(format!("- {name} {id} {place}")),
            (Some((old, _)), Some((new, place))) if old != new => {
                Some(format!("~ {name} {old} → {new} {place}"))
            }
            _ => None,
        };
        names.into_iter().filter_map(change).collect()
    }
}

/// True for a path in the tree, as it is written here.
fn is_path(path: &str) -> bool {
    checked(Path::new(path)).is_ok() && named(Path::new(path)) == path
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "c0ffee0123456789c0ffee0123456789c0ffee01";

    fn parsed(change: (&str, &str)) -> Result<Manifest> {
        let digest = Digest::of("").to_string();
        let text = serde_json::json!({
            "version": 1,
            "repositories": [{"url": "https://host/a/b", "ref": "v1", "commit": COMMIT, "folder": "vendor/host/a/b@v1"}],
            "downloads": [{"url": "https://host/f.yaml", "file": "x/vendor/host/f.yaml"}],
            "entries": [
                {"file": "x/kustomization.yaml", "was": "https://host/f.yaml", "is": "vendor/host/f.yaml"},
                {"file": "vendor/host/a/b@v1/kustomization.yaml", "was": "../link", "is": "../base"},
            ],
            "files": {"vendor/host/a/b@v1/c.yaml": digest, "x/vendor/host/f.yaml": digest},
        });
        let text = text.to_string();
        assert!(text.contains(change.0), "{text}");
        Manifest::parse(&text.replacen(change.0, change.1, 1), "vendor")
    }

    #[test]
    fn a_list_of_copies_lists_nothing_else() {
        assert!(parsed((COMMIT, COMMIT)).is_ok());
        let file = "\"vendor/host/a/b@v1/c.yaml\"";
        for (text, other) in [
            (file, "\"../outside\""),
            (file, "\"/etc/hostname\""),
            (file, "\"own.yaml\""),
            (file, "\"x/vendor/own.yaml\""),
            (file, "\"vendor/../own.yaml\""),
            (file, "\"vendor//c.yaml\""),
            (file, "\"vendor/a\\nb\""),
            (file, "\"vendor\""),
            (file, "\"vendor/krender.json\""),
            ("x/vendor/host/f.yaml", "own.yaml"),
            ("x/vendor/host/f.yaml", "x/vendor/host/g.yaml"),
            ("x/vendor/host/f.yaml", "xvendor/host/f.yaml"),
            ("\"vendor/host/a/b@v1\"", "\"base\""),
            (COMMIT, "main"),
            ("x/kustomization.yaml", "../kustomization.yaml"),
            ("\"was\":\"https://host/f.yaml\"", "\"was\":\"../other\""),
            ("\"is\":\"vendor/host/f.yaml\"", "\"is\":\"own.yaml\""),
        ] {
            let error = parsed((text, other)).unwrap_err();
            assert_eq!(error.code(), Code::InvalidValue, "{other}");
        }
    }
}
