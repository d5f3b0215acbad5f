//! Which targets may render to something else after some files changed, found without rendering any.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::load::{KUSTOMIZATION_FILES, Kind, Loader, Root, join};
use crate::source::Span;
use crate::yaml::{Node, parse};

/// For each target whether one of the changed files may be among those that it is built from, its bases included. It
/// says yes where it cannot know. The paths of files are absolute; what is there now is what `loader` reads.
///
/// A kustomization names what it reads: every text in it that is a path counts. Linear in the kustomization files of the
/// targets and their bases, each of which is read once.
#[must_use]
pub fn affected(loader: &Loader, targets: &[String], changed: &BTreeSet<PathBuf>) -> Vec<bool> {
    let mut search = Search { changed, found: BTreeMap::new() };
    let roots: Vec<Option<Root>> = targets.iter().map(|target| loader.root(target).ok()).collect();
    let mut pending: Vec<Root> = roots.iter().flatten().cloned().collect();
    while let Some(root) = pending.pop() {
        if !search.found.contains_key(root.path()) {
            let directory = search.look(&root);
            pending.extend(directory.1);
            search.found.insert(root.path().to_path_buf(), directory.0);
        }
    }
    let affected = search.spread();
    // What is no directory now was one, or is going to be told of.
    roots
        .iter()
        .map(|root| root.as_ref().is_none_or(|root| affected.contains(root.path())))
        .collect()
}

struct Search<'a> {
    changed: &'a BTreeSet<PathBuf>,
    found: BTreeMap<PathBuf, Directory>,
}

/// What is known of a directory with a kustomization.
struct Directory {
    is_changed: bool,
    names: Vec<PathBuf>,
}

/// The lists of a kustomization whose entries may be configurations that name files themselves.
const CONFIGURATIONS: [&str; 4] = ["generators", "transformers", "validators", "configurations"];
/// Other fields that name files or directories.
const PATHS: [&str; 8] =
    ["path", "files", "envs", "env", "file", "valuesFile", "additionalValuesFiles", "chartHome"];

impl Search<'_> {
    /// Reads the kustomization of a directory, and says which others it names.
    fn look(&self, root: &Root) -> (Directory, Vec<Root>) {
        let mut look = Look { search: self, root, is_changed: false, below: Vec::new() };
        // Also those that are not there any more, or take the place of another.
        for name in KUSTOMIZATION_FILES {
            let led_to = root.canonical(name);
            look.is_changed |= self.is_changed(&root.path().join(name));
            look.is_changed |= led_to.is_some_and(|path| self.is_changed(&path));
        }
        let documents = root.kustomization_file().and_then(|source| parse::documents(&source));
        for document in documents.iter().flatten() {
            look.kustomization(&document.root);
        }
        let Look { is_changed, below, .. } = look;
        let names = below.iter().map(|root| root.path().to_path_buf()).collect();
        (Directory { is_changed, names }, below)
    }

    /// Whether a path changed, or something below what is no directory now.
    fn is_changed(&self, path: &Path) -> bool {
        self.changed.contains(path)
    }

    fn has_changes_below(&self, path: &Path) -> bool {
        let next = self.changed.range(path.to_path_buf()..).next();
        next.is_some_and(|next| next.starts_with(path))
    }

    /// The directories that changed, or name some that did.
    fn spread(&self) -> BTreeSet<&Path> {
        let mut named_by: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
        for (path, directory) in &self.found {
            for name in &directory.names {
                named_by.entry(name).or_default().push(path);
            }
        }
        let changed = self.found.iter().filter(|(_, directory)| directory.is_changed);
        let mut pending: Vec<&Path> = changed.map(|(path, _)| path.as_path()).collect();
        let mut affected = BTreeSet::new();
        while let Some(path) = pending.pop() {
            if affected.insert(path) {
                pending.extend(named_by.get(path).into_iter().flatten());
            }
        }
        affected
    }
}

/// A directory that is being looked at.
struct Look<'a> {
    search: &'a Search<'a>,
    root: &'a Root,
    is_changed: bool,
    below: Vec<Root>,
}

impl Look<'_> {
    fn kustomization(&mut self, document: &Node) {
        for (key, value) in document.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
            if matches!(key.text(), "helmCharts" | "helmChartInflationGenerator" | "helmGlobals") {
                // Charts are folders of files, which nothing names one by one.
                self.is_changed |= self.search.has_changes_below(self.root.path());
            }
            let is_configuration = CONFIGURATIONS.contains(&key.text());
            for item in value.as_sequence().into_iter().flat_map(|list| list.items()) {
                if let Some(text) = item.as_text() {
                    self.path(text);
                    if is_configuration {
                        self.configuration(text);
                    }
                }
            }
            self.node(value, PATHS.contains(&key.text()));
        }
    }

    /// Every text in a document, whether or not it is a path.
    fn node(&mut self, root: &Node, is_path: bool) {
        let mut pending = vec![(root, is_path)];
        while let Some((node, is_path)) = pending.pop() {
            if let Some(text) = node.as_text() {
                self.text(text, is_path);
            }
            let items = node.as_sequence().into_iter().flat_map(|list| list.items());
            pending.extend(items.map(|item| (item, is_path)));
            let entries = node.as_mapping().into_iter().flat_map(|mapping| mapping.iter());
            pending.extend(entries.map(|(key, value)| (value, PATHS.contains(&key.text()))));
        }
    }

    /// A text: a path, `name=path`, or a document of its own in which there may be some.
    fn text(&mut self, text: &str, is_path: bool) {
        for word in text.split_whitespace() {
            let word = word.trim_matches(['"', '\'', ',', '[', ']', '{', '}']);
            for path in
                [Some(word), word.split_once('=').map(|(_, path)| path)].into_iter().flatten()
            {
                let whole = join(self.root.path(), Path::new(path));
                self.is_changed |= !path.is_empty() && self.search.is_changed(&whole);
            }
        }
        if is_path && !text.contains('\n') {
            let path = text.split_once('=').map_or(text, |(_, path)| path);
            self.path(path);
        }
    }

    /// A path: a file, a directory that is a kustomization, or a directory of files.
    fn path(&mut self, path: &str) {
        if path.is_empty() || path.contains('\n') {
            return;
        }
        let whole = join(self.root.path(), Path::new(path));
        self.is_changed |= self.search.is_changed(&whole);
        match self.root.kind_of(path) {
            Kind::Directory => match self.root.child(path, Span::NONE) {
                // Links on the way to it may have led elsewhere.
                Ok(child) => {
                    let has_moved = whole.ancestors().any(|path| self.search.is_changed(path));
                    self.is_changed |= has_moved;
                    self.below.push(child);
                }
                Err(_) => self.is_changed |= self.search.has_changes_below(&whole),
            },
            Kind::File | Kind::Link | Kind::Special => {
                let file = self.root.canonical(path);
                self.is_changed |= file.is_some_and(|file| self.search.is_changed(&file));
                self.is_changed |= whole.ancestors().any(|path| self.search.is_changed(path));
            }
            Kind::Missing => self.is_changed |= self.search.has_changes_below(&whole),
        }
    }

    /// A file that may name others.
    fn configuration(&mut self, path: &str) {
        if self.root.kind_of(path) != Kind::File {
            return;
        }
        let documents =
            self.root.file(path, Span::NONE).and_then(|file| file.documents().map(<[_]>::to_vec));
        for document in documents.iter().flatten() {
            self.node(&document.root, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::loader;
    use super::*;

    const TREE: &str = "\
== base/kustomization.yaml
resources: [pod.yaml]
configMapGenerator: [{name: a, files: [key=data/a.txt, data/b.txt], envs: [c.env]}]
== base/pod.yaml
== base/data/a.txt
== part/kustomization.yaml
kind: Component
patches: [{path: ../base/../part/patch.yaml}]
== one/kustomization.yaml
resources: [../base]
components: [../part]
== two/kustomization.yaml
resources: [../base, ../gone]
transformers: [plugin.yaml]
openapi: {path: schema.json}
== two/plugin.yaml
kind: PatchTransformer
path: inner.yaml
== three/kustomization.yaml
resources: [x.yaml]
generators:
- |-
  kind: ConfigMapGenerator
  files: [inline.txt]
";

    #[track_caller]
    fn found(changed: &str) -> String {
        let targets = ["one", "two", "three"].map(str::to_owned);
        let changed = BTreeSet::from([PathBuf::from(format!("/{changed}"))]);
        let affected = affected(&loader(TREE), &targets, &changed);
        let names = targets.iter().zip(affected).filter(|(_, is_affected)| *is_affected);
        names.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_change_reaches_what_is_built_from_it() {
        for file in ["pod.yaml", "data/a.txt", "data/b.txt", "c.env", "kustomization.yml"] {
            assert_eq!(found(&format!("base/{file}")), "one two", "{file}");
        }
        assert_eq!(found("part/patch.yaml"), "one");
        assert_eq!(found("two/inner.yaml"), "two", "named by a configuration");
        assert_eq!(found("two/schema.json"), "two");
        assert_eq!(found("gone/kustomization.yaml"), "two", "a base that was there before");
        assert_eq!(found("three/inline.txt"), "three");
        for file in ["base/other.yaml", "README.md", "three/y.yaml"] {
            assert_eq!(found(file), "", "{file}");
        }
    }
}
