//! Objects in manifests of the tree that no kustomization has: something else applies them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::targets::is_kustomization;
use crate::load::{KUSTOMIZATION_FILES, Kind, Loader, Root};
use crate::report::findings::Remark;
use crate::source::Span;
use crate::text::phrase::few;

/// The objects in manifests at and below directories. They are read when the first one is asked for.
pub(super) struct Plain<'a> {
    loader: &'a Loader,
    directories: &'a [String],
    found: OnceLock<BTreeSet<(&'static str, String)>>,
}

/// Kinds of objects, and those that they stand for.
const KINDS: [(&str, &str); 7] = [
    ("ConfigMap", "ConfigMap"),
    ("ExternalSecret", "Secret"),
    ("PersistentVolumeClaim", "PersistentVolumeClaim"),
    ("SealedSecret", "Secret"),
    ("Secret", "Secret"),
    ("SecretProviderClass", "SecretProviderClass"),
    ("ServiceAccount", "ServiceAccount"),
];

impl<'a> Plain<'a> {
    /// The manifests of some directories.
    pub(super) const fn new(loader: &'a Loader, directories: &'a [String]) -> Self {
        Self { loader, directories, found: OnceLock::new() }
    }

    /// True if a manifest defines an object.
    pub(super) fn defines(&self, kind: &str, name: &str) -> bool {
        let found = self.found.get_or_init(|| self.read());
        let kind = KINDS.into_iter().map(|(_, of)| of).find(|one| *one == kind);
        kind.is_some_and(|kind| found.contains(&(kind, name.to_owned())))
    }

    fn read(&self) -> BTreeSet<(&'static str, String)> {
        let mut found = BTreeSet::new();
        let is_plain = |role| role == Role::Plain;
        self.read_each(is_plain, |_, _, text| add(text, &mut found));
        found
    }

    /// Calls `found` with the role, the folder and the text of each file whose role is wanted.
    pub(super) fn read_each(
        &self,
        is_wanted: impl Fn(Role) -> bool,
        mut found: impl FnMut(Role, &str, &str),
    ) {
        let rendered: BTreeSet<_> = self.loader.texts().into_values().collect();
        for directory in self.directories {
            let (Ok(root), Ok(tree)) =
                (self.loader.root(directory), self.loader.manifests_of_any_case(directory))
            else {
                continue;
            };
            let folder = |file: &str| Path::new(file).parent().map(Path::to_path_buf);
            let is_kustomization =
                |file: &str| KUSTOMIZATION_FILES.iter().any(|name| Path::new(file).ends_with(name));
            let kustomizations = tree.found.iter().filter(|file| is_kustomization(file));
            let with_kustomization: BTreeSet<_> =
                kustomizations.filter_map(|file| folder(file)).collect();
            let role = |file: &str| {
                let is_beside =
                    || folder(file).is_some_and(|folder| with_kustomization.contains(&folder));
                match () {
                    () if is_kustomization(file) => Role::Kustomization,
                    () if rendered.contains(&root.path().join(file)) => Role::Read,
                    () if is_beside() || !is_of_kubectl(file) => Role::Beside,
                    () => Role::Plain,
                }
            };
            for file in &tree.found {
                let role = role(file);
                if !is_wanted(role) {
                    continue;
                }
                let folder = folder(file).unwrap_or_default();
                let folder = folder.to_string_lossy();
                // A file that cannot be read defines nothing.
                if let Ok(file) = root.file(file, Span::NONE)
                    && let Ok(text) = str::from_utf8(file.bytes())
                {
                    found(role, &format!("{directory}/{folder}"), text);
                }
            }
        }
    }
}

/// An entry of a tree that the search for manifests passes over.
pub(super) enum Apart<'t> {
    /// A link, and the folder that it leads to, or that of the manifest to which it leads.
    Link { link: &'t str, to: &'t str },
    /// A manifest or a kustomization in a hidden folder.
    Hidden { folder: &'t str, text: &'t str, is_kustomization: bool },
}

impl Plain<'_> {
    /// Calls `found` for each link, and each manifest in a hidden folder, except for that of git. Linear in the number of entries.
    pub(super) fn read_apart(&self, mut found: impl FnMut(Apart<'_>)) {
        for directory in self.directories {
            let Ok(root) = self.loader.root(directory) else { continue };
            let named = |below: &Path| format!("{directory}/{}", below.to_string_lossy());
            // What cannot be listed ends the search: that for kustomizations has reported it.
            let visited = self.loader.visit(root.path(), |below, kind| {
                if kind == Kind::Link {
                    self.follow(&root, below, &named, &mut found);
                    return Ok(true);
                }
                let name = below.file_name().unwrap_or_default();
                if kind == Kind::File
                    && is_of_manifest(below)
                    && hidden_folder(below, kind).is_some()
                    && let Some(file) =
                        below.to_str().and_then(|name| root.file(name, Span::NONE).ok())
                    && let Ok(text) = str::from_utf8(file.bytes())
                {
                    let is_kustomization = KUSTOMIZATION_FILES.iter().any(|one| name == *one);
                    let folder = named(below.parent().unwrap_or(below));
                    found(Apart::Hidden { folder: &folder, text, is_kustomization });
                }
                Ok(name != ".git")
            });
            drop(visited);
        }
    }

    /// Calls `found` for a link to a folder, and for one in a folder without a kustomization to a manifest.
    fn follow(
        &self,
        root: &Root,
        below: &Path,
        named: &dyn Fn(&Path) -> String,
        found: &mut impl FnMut(Apart<'_>),
    ) {
        let link = named(below);
        match self.loader.kind(&link) {
            Kind::Directory => {
                if let Ok(to) = self.loader.root(&link) {
                    found(Apart::Link { link: &link, to: &to.path().to_string_lossy() });
                }
            }
            Kind::File if is_of_manifest(below) => {
                let folder = below.parent().unwrap_or(below);
                let is_apart = !is_kustomization(self.loader, &named(folder));
                let read = below.to_str().and_then(|name| root.file(name, Span::NONE).ok());
                if let Some(file) = read.filter(|_| is_apart)
                    && is_manifest(&String::from_utf8_lossy(file.bytes()))
                    && let Some((to, _)) = file.name().rsplit_once('/')
                {
                    found(Apart::Link { link: &link, to });
                }
            }
            _ => {}
        }
    }
}

/// True for the name of a manifest, in any case.
fn is_of_manifest(file: &Path) -> bool {
    let ending = file.extension().and_then(|text| text.to_str()).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|one| ending.eq_ignore_ascii_case(one))
        || KUSTOMIZATION_FILES.iter().any(|name| file.ends_with(name))
}

/// The relation of a file to the renders of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A manifest in a folder without a kustomization, which no render has read.
    Plain,
    /// Another one that no render has read: one beside a kustomization, or one whose name kubectl does not read.
    Beside,
    /// A file that a render has read.
    Read,
    /// A kustomization.
    Kustomization,
}

/// True for the name of a file that kubectl takes for a manifest.
fn is_of_kubectl(file: &str) -> bool {
    let ending = Path::new(file).extension().and_then(|text| text.to_str());
    matches!(ending, Some("yaml" | "yml" | "json"))
}

/// Hidden folders with manifests in a folder of manifests, and manifests whose names end in capitals, each with the reason why
/// it is not read. Linear in the number of files.
pub(super) fn passed_over(loader: &Loader, directory: &str) -> Vec<(String, String)> {
    let mut found = BTreeMap::new();
    let Ok(root) = loader.root(directory) else { return Vec::new() };
    // What cannot be listed ends the search: reading the folder has reported it.
    let visited = loader.visit(root.path(), |below, kind| {
        let hidden = hidden_folder(below, kind);
        if below.ends_with(".git") || hidden.as_ref().is_some_and(|one| found.contains_key(one)) {
            return Ok(false);
        }
        let ending = below.extension().and_then(|text| text.to_str()).unwrap_or_default();
        let is_lower = ["yaml", "yml", "json"].contains(&ending);
        let is_meant = ["yaml", "yml", "json"].iter().any(|one| ending.eq_ignore_ascii_case(one));
        if kind != Kind::File || !is_meant || is_lower && hidden.is_none() {
            return Ok(true);
        }
        let read = below.to_str().and_then(|name| root.file(name, Span::NONE).ok());
        if read.is_some_and(|file| is_manifest(&String::from_utf8_lossy(file.bytes()))) {
            let why = match hidden {
                Some(_) => "hidden".to_owned(),
                None => format!("its name ends in `.{ending}`, which kubectl does not read"),
            };
            found.insert(hidden.unwrap_or_else(|| below.to_path_buf()), why);
        }
        Ok(true)
    });
    drop(visited);
    let named = |(path, why): (PathBuf, String)| {
        let below = path.to_string_lossy().into_owned();
        let directory = directory.trim_end_matches('/');
        (if directory == "." { below } else { format!("{directory}/{below}") }, why)
    };
    found.into_iter().map(named).collect()
}

/// The path up to the first hidden folder.
fn hidden_folder(below: &Path, kind: Kind) -> Option<PathBuf> {
    let folder = if kind == Kind::Directory { below } else { below.parent()? };
    let mut path = PathBuf::new();
    for name in folder {
        path.push(name);
        if name.as_encoded_bytes().starts_with(b".") {
            return Some(path);
        }
    }
    None
}

/// True if a text has the fields of an object. It is not parsed: workflows and settings of other tools lack them.
fn is_manifest(text: &str) -> bool {
    let has = |key: &str| {
        let quoted = format!("\"{key}\"");
        let begins = |line: &str| {
            let line = line.trim_start_matches(['\u{feff}', '-', ' ', '{', '\t']);
            let rest = line.strip_prefix(&*quoted).or_else(|| line.strip_prefix(key));
            rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
        };
        text.split(['\n', ',', '{']).any(begins)
    };
    has("apiVersion") && has("kind")
}

/// A remark about the manifests that are passed over.
pub(super) fn told(passed_over: &[(String, String)]) -> Option<Remark> {
    if passed_over.is_empty() {
        return None;
    }
    let names = few(passed_over, MOST, |(name, why)| format!("`{name}` ({why})"));
    Some(Remark::note("targets", format!("manifests are not judged: {names}")))
}

/// Maximum number of names in a remark.
const MOST: usize = 3;

/// Adds the kinds and names of the objects in a text, in block style. The text is not parsed: it may be the template of a
/// chart.
fn add(text: &str, found: &mut BTreeSet<(&'static str, String)>) {
    for document in text.split("\n---") {
        let (mut kind, mut name) = (None, None);
        let (mut is_metadata, mut indent) = (false, None);
        for line in document.lines() {
            let inner = line.trim_start_matches(' ');
            if inner.is_empty() || inner.starts_with('#') {
                continue;
            }
            let depth = line.len() - inner.len();
            if depth == 0 {
                is_metadata = value(inner, "metadata:").is_some();
                indent = None;
                kind = kind.or_else(|| value(inner, "kind:"));
            } else if is_metadata && *indent.get_or_insert(depth) == depth {
                name = name.or_else(|| value(inner, "name:"));
            }
        }
        let kind = KINDS.into_iter().find(|(one, _)| kind == Some(*one));
        if let (Some((_, kind)), Some(name)) = (kind, name) {
            found.insert((kind, name.to_owned()));
        }
    }
}

/// The value behind a key, without quotes and comment.
fn value<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let value = line.strip_prefix(key)?;
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    Some(value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_metadata() {
        let text = "kind: Secret # of web\nmetadata:\n  labels:\n    name: no\n  name: \"web\"\n---\n\
            metadata:\n    name: settings\nkind: ConfigMap\ndata:\n  name: no\n---\nkind: Pod\nmetadata:\n  name: a\n";
        let mut found = BTreeSet::new();
        add(text, &mut found);
        let names: Vec<_> = found.iter().map(|(kind, name)| (*kind, &**name)).collect();
        assert_eq!(names, [("ConfigMap", "settings"), ("Secret", "web")]);
    }
}
