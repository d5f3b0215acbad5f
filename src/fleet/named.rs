//! The paths in a kustomization, found without building it: files, bases, and every text that may be a path.
//!
//! This is fast, but finds more than a build reads: ordinary text may look like a path.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use crate::load::{Kind, Root, join};
use crate::source::Span;
use crate::yaml::{Node, parse};

/// A path in a kustomization. Paths are absolute and clean, except for words.
pub(super) enum Named<'a> {
    /// A word, which may be a path relative to the directory.
    Word(&'a str),
    /// A file.
    File(&'a Path),
    /// A directory with a kustomization.
    Kustomization { path: &'a Path, root: Root },
    /// A directory without a kustomization, or a missing path.
    Other(&'a Path),
    /// Charts: folders of files that are not listed individually.
    Charts,
}

/// Calls `tell` for each path in the kustomization of a directory.
pub(super) fn named(root: &Root, tell: &mut dyn FnMut(Named<'_>)) {
    let documents = root.kustomization_file().and_then(|source| parse::documents(&source));
    let mut look = Look { root, tell };
    for document in documents.iter().flatten() {
        look.kustomization(&document.root);
    }
}

/// The lists of a kustomization whose entries may be configurations with further paths.
const CONFIGURATIONS: [&str; 4] = ["generators", "transformers", "validators", "configurations"];
/// Other fields with paths of files or directories.
const PATHS: [&str; 8] =
    ["path", "files", "envs", "env", "file", "valuesFile", "additionalValuesFiles", "chartHome"];

/// Characters of JSON and of lists around a word.
const AROUND: [char; 7] = ['"', '\'', ',', '[', ']', '{', '}'];
/// The directory that is being read, and the receiver of its paths.
struct Look<'a> {
    root: &'a Root,
    tell: &'a mut dyn FnMut(Named<'_>),
}

impl Look<'_> {
    /// Reports the entries of all lists as paths, and every other text.
    fn kustomization(&mut self, document: &Node) {
        for (key, value) in document.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
            if matches!(key.text(), "helmCharts" | "helmChartInflationGenerator" | "helmGlobals") {
                (self.tell)(Named::Charts);
            }
            let is_path = PATHS.contains(&key.text());
            let Some(list) = value.as_sequence() else {
                self.node(value, is_path);
                continue;
            };
            let is_configuration = CONFIGURATIONS.contains(&key.text());
            for item in list.items() {
                let Some(text) = item.as_text() else {
                    self.node(item, is_path);
                    continue;
                };
                self.path(text);
                let is_more = |character: char| {
                    character == '=' || character.is_whitespace() || AROUND.contains(&character)
                };
                if text.contains(is_more) {
                    self.text(text, is_path);
                }
                if is_configuration {
                    self.configuration(text);
                }
            }
        }
    }

    /// Reports every text in a document, even if it is not a path.
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

    /// Reports a text: a path, `name=path`, or an embedded document with paths.
    fn text(&mut self, text: &str, is_path: bool) {
        for word in text.split_whitespace() {
            let word = word.trim_matches(AROUND);
            for path in
                [Some(word), word.split_once('=').map(|(_, path)| path)].into_iter().flatten()
            {
                if !path.is_empty() {
                    (self.tell)(Named::Word(path));
                }
            }
        }
        if is_path && !text.contains('\n') {
            let path = text.split_once('=').map_or(text, |(_, path)| path);
            self.path(path);
        }
    }

    /// Reports a path: a file, a directory with a kustomization, or a directory of files.
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
            Kind::File | Kind::Link | Kind::Special => Named::File(whole),
            Kind::Missing => Named::Other(whole),
        });
    }

    /// Reports the paths in a configuration file, or in the files of a directory with configurations and its own directories:
    /// they are relative to the directory that is being read.
    fn configuration(&mut self, path: &str) {
        let mut pending = vec![(self.root.clone(), path.to_owned())];
        let mut visited = BTreeSet::new();
        while let Some((root, path)) = pending.pop() {
            let documents = match root.kind_of(&path) {
                Kind::File => root
                    .file(&path, Span::NONE)
                    .and_then(|file| file.documents(root.budget()).map(Cow::into_owned)),
                Kind::Directory => {
                    let Ok(below) = root.child(&path, Span::NONE) else { continue };
                    if !visited.insert(below.path().to_path_buf()) {
                        continue;
                    }
                    let source = below.kustomization_file();
                    let documents = source.and_then(|source| parse::documents(&source));
                    for document in documents.iter().flatten() {
                        let lists =
                            document.root.entries().iter().flat_map(|(_, list)| list.items());
                        let listed = lists.filter_map(Node::as_text).map(str::to_owned);
                        pending.extend(listed.map(|path| (below.clone(), path)));
                    }
                    documents
                }
                Kind::Link | Kind::Special | Kind::Missing => continue,
            };
            for document in documents.iter().flatten() {
                self.node(&document.root, false);
            }
        }
    }
}
