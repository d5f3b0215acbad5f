//! Objects in manifests of the tree that no kustomization has: something else applies them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use crate::load::{KUSTOMIZATION_FILES, Loader};
use crate::source::Span;

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
        let rendered: BTreeSet<_> = self.loader.texts().into_values().collect();
        let mut found = BTreeSet::new();
        for directory in self.directories {
            let (Ok(root), Ok(tree)) =
                (self.loader.root(directory), self.loader.manifests(directory))
            else {
                continue;
            };
            let folder = |file: &str| Path::new(file).parent().map(Path::to_path_buf);
            let is_kustomization = |file: &&String| {
                KUSTOMIZATION_FILES.iter().any(|name| Path::new(file).ends_with(name))
            };
            let kustomizations = tree.found.iter().filter(is_kustomization);
            let with_kustomization: BTreeSet<_> =
                kustomizations.filter_map(|file| folder(file)).collect();
            let is_plain = |file: &&String| {
                !folder(file).is_some_and(|folder| with_kustomization.contains(&folder))
                    && !rendered.contains(&root.path().join(file))
            };
            for file in tree.found.iter().filter(is_plain) {
                // A file that cannot be read defines nothing.
                if let Ok(file) = root.file(file, Span::NONE)
                    && let Ok(text) = str::from_utf8(file.bytes())
                {
                    add(text, &mut found);
                }
            }
        }
        found
    }
}

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
