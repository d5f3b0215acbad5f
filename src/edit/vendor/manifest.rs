//! The list of copies, which stands beside them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::load::Digest;

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
    /// Reads the text of a manifest.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] if it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |reason: String| {
            let message = format!("`{MANIFEST}` is not a list of copies: {reason}");
            Error::new(Code::InvalidValue, message)
        };
        let manifest: Self = serde_json::from_str(text).map_err(|error| {
            refused(format!("line {}, column {}", error.line(), error.column()))
        })?;
        match manifest.version {
            VERSION => Ok(manifest),
            other => Err(refused(format!("it has the version {other}, not {VERSION}"))),
        }
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
        self.files.is_empty()
    }

    /// The copied files, by their paths in the tree.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
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
            repositories.chain(downloads).collect()
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
