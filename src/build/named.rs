//! What a kustomization names, found without building it: files, bases, and every text that may be a path.
//!
//! It is quick, and more than is read: a text that is no path may look like one.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::load::{Kind, Root, join};
use crate::source::Span;
use crate::yaml::{Node, parse};

/// Something that a kustomization names. Paths are absolute and clean.
pub(super) enum Named<'a> {
    /// A word, which may be a path.
    Word(&'a Path),
    /// A file, and where links on the way to it led.
    File { path: &'a Path, leads_to: Option<PathBuf> },
    /// A directory with a kustomization.
    Kustomization { path: &'a Path, root: Root },
    /// A directory that may not be built, or nothing.
    Other(&'a Path),
    /// Charts: folders of files, which nothing names one by one.
    Charts,
}

/// Tells what the kustomization of a directory names.
pub(super) fn named(root: &Root, tell: &mut dyn FnMut(Named<'_>)) {
    let documents = root.kustomization_file().and_then(|source| parse::documents(&source));
    let mut look = Look { root, tell };
    for document in documents.iter().flatten() {
        look.kustomization(&document.root);
    }
}

/// The lists of a kustomization whose entries may be configurations that name files themselves.
const CONFIGURATIONS: [&str; 4] = ["generators", "transformers", "validators", "configurations"];
/// Other fields that name files or directories.
const PATHS: [&str; 8] =
    ["path", "files", "envs", "env", "file", "valuesFile", "additionalValuesFiles", "chartHome"];

/// A directory that is being looked at.
struct Look<'a> {
    root: &'a Root,
    tell: &'a mut dyn FnMut(Named<'_>),
}

impl Look<'_> {
    fn kustomization(&mut self, document: &Node) {
        for (key, value) in document.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
            if matches!(key.text(), "helmCharts" | "helmChartInflationGenerator" | "helmGlobals") {
                (self.tell)(Named::Charts);
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
                if !path.is_empty() {
                    (self.tell)(Named::Word(&join(self.root.path(), Path::new(path))));
                }
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
        let whole = &*join(self.root.path(), Path::new(path));
        (self.tell)(match self.root.kind_of(path) {
            Kind::Directory => match self.root.child(path, Span::NONE) {
                Ok(root) => Named::Kustomization { path: whole, root },
                Err(_) => Named::Other(whole),
            },
            Kind::File | Kind::Link | Kind::Special => {
                Named::File { path: whole, leads_to: self.root.canonical(path) }
            }
            Kind::Missing => Named::Other(whole),
        });
    }

    /// A file that may name others.
    fn configuration(&mut self, path: &str) {
        if self.root.kind_of(path) != Kind::File {
            return;
        }
        let documents = self
            .root
            .file(path, Span::NONE)
            .and_then(|file| file.documents(self.root.budget()).map(Cow::into_owned));
        for document in documents.iter().flatten() {
            self.node(&document.root, false);
        }
    }
}
