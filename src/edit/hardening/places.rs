//! Places in files: where a node of a rendered object is written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use super::delta::{Delta, What};
use crate::error::{Code, Error, Result};
use crate::load::{Disk, Files as _, KUSTOMIZATION_FILES, LARGEST_FILE, join};
use crate::source::{FileId, Source, Sources, Span};
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Kind, Node, edit};

/// A place in a file, or in a text that is embedded in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The file, with links resolved.
    pub(super) file: PathBuf,
    /// The document and the field of the file that contains the text, if it is embedded.
    pub(super) within: Option<(usize, Path)>,
    /// The document.
    pub(super) document: usize,
    /// The path in the document.
    pub(super) path: Path,
}

/// An edit of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FileEdit {
    /// The field, or the list that gets elements.
    pub(super) place: Place,
    /// The change.
    pub(super) what: What,
    /// True if the rendered object lacks the field.
    pub(super) is_new: bool,
    /// The place to show.
    pub(super) span: Span,
}

impl FileEdit {
    /// True if it removes an element of a list.
    pub(super) fn is_removed_element(&self) -> bool {
        self.what == What::Remove
            && matches!(self.place.path.steps().last(), Some(PathStep::Index(_)))
    }
}

/// Finds the places of nodes. Each text is searched once.
pub(super) struct Places<'a> {
    sources: &'a Sources,
    working_directory: &'a FilePath,
    /// The directory that files must be in or below, with links resolved.
    top: &'a FilePath,
    indices: BTreeMap<FileId, Result<Arc<Index>>>,
}

/// The nodes of a text by their spans.
#[derive(Debug)]
struct Index {
    file: PathBuf,
    within: Option<(usize, Path)>,
    nodes: BTreeMap<(u32, u32, bool), (usize, Path)>,
    /// The operations of JSON patches, by document and position.
    operations: BTreeSet<(usize, usize)>,
}

impl Index {
    /// True for the value of an operation of a JSON patch, without which the operation is none.
    fn is_operand(&self, node: &Node) -> bool {
        self.nodes.get(&key(node)).is_some_and(|(document, path)| match path.steps() {
            [PathStep::Index(index), PathStep::Key(key)] => {
                **key == *"value" && self.operations.contains(&(*document, *index))
            }
            _ => false,
        })
    }
}

/// The key of a node in an index: its span, and true for a collection (one with a single element may have the span of that).
fn key(node: &Node) -> (u32, u32, bool) {
    let span = node.span();
    (span.start(), span.end(), node.kind() != Kind::Scalar)
}

impl<'a> Places<'a> {
    pub(super) fn new(
        sources: &'a Sources,
        working_directory: &'a FilePath,
        top: &'a FilePath,
    ) -> Self {
        Self { sources, working_directory, top, indices: BTreeMap::new() }
    }

    /// The edit of a file that makes a change of an object.
    ///
    /// # Errors
    /// [`Code::EditRefused`] if no manifest or patch of this tree sets the field.
    pub(super) fn edit(&mut self, object: &Node, delta: &Delta) -> Result<FileEdit> {
        let edit = self.found(object, delta)?;
        let Place { file, within, path, .. } = &edit.place;
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if within.is_none() && KUSTOMIZATION_FILES.contains(&name) {
            let field = match path.steps().first() {
                Some(PathStep::Key(key)) => format!("`{key}` of a kustomization"),
                _ => "a kustomization".to_owned(),
            };
            let error = Error::new(Code::EditRefused, format!("the field is set by {field}"));
            return Err(error.at(edit.span).help("change that entry by hand"));
        }
        Ok(edit)
    }

    fn found(&mut self, object: &Node, delta: &Delta) -> Result<FileEdit> {
        let Delta { path, what } = delta;
        if let Some(node) = path.find(object) {
            let span = node.span();
            if let Some(place) = self.written(node)? {
                if *what == What::Remove && self.is_operand(node) {
                    let message = "the field is set by an operation of a JSON patch";
                    let error = Error::new(Code::EditRefused, message).at(span);
                    return Err(error.help("change that operation by hand"));
                }
                return Ok(FileEdit { place, what: what.clone(), is_new: false, span });
            }
        }
        let is_new = path.find(object).is_none_or(Node::is_null);
        let (Some(parent), Some(last)) = (path.parent(), path.steps().last()) else {
            return Err(nowhere());
        };
        let node = parent.find(object).ok_or_else(nowhere)?;
        let place = self.around(node)?;
        let path = place.path.clone().step(last.clone());
        let (place, what) = (Place { path, ..place }, what.clone());
        Ok(FileEdit { place, what, is_new, span: node.span() })
    }

    /// The place of a collection: that of its span, or of most of its children.
    fn around(&mut self, node: &Node) -> Result<Place> {
        if let Some(place) = self.written(node)? {
            return Ok(place);
        }
        let mut found: Vec<(Place, usize)> = Vec::new();
        let keys = node
            .entries()
            .iter()
            .map(|(key, value)| (PathStep::Key(key.shared_text().clone()), value));
        let items = node.items().iter().enumerate();
        let items = items.map(|(index, value)| (PathStep::Index(index), value));
        for (step, child) in keys.chain(items).collect::<Vec<_>>() {
            let Some(place) = self.written(child).ok().flatten() else { continue };
            if self.is_operand(child) {
                continue;
            }
            let (Some(parent), true) =
                (place.path.parent(), place.path.steps().last() == Some(&step))
            else {
                continue;
            };
            let place = Place { path: parent, ..place };
            match found.iter_mut().find(|(known, _)| *known == place) {
                Some((_, count)) => *count += 1,
                None => found.push((place, 1)),
            }
        }
        let most = found.iter().map(|(_, count)| *count).max();
        let best = found.into_iter().find(|(_, count)| Some(*count) == most);
        best.map(|(place, _)| place).ok_or_else(nowhere)
    }

    /// The place where a node is written; `None` if it has none.
    ///
    /// # Errors
    /// [`Code::EditRefused`] for a text that is no file of the tree.
    fn written(&mut self, node: &Node) -> Result<Option<Place>> {
        let Some(source) = self.sources.source_of(node.span()) else { return Ok(None) };
        let index = self.index(&source)?;
        let found = index.nodes.get(&key(node));
        Ok(found.map(|(document, path)| Place {
            file: index.file.clone(),
            within: index.within.clone(),
            document: *document,
            path: path.clone(),
        }))
    }

    /// True if a node is the value of an operation of a JSON patch.
    fn is_operand(&mut self, node: &Node) -> bool {
        let source = self.sources.source_of(node.span());
        let index = source.and_then(|source| self.index(&source).ok());
        index.is_some_and(|index| index.is_operand(node))
    }

    fn index(&mut self, source: &Arc<Source>) -> Result<Arc<Index>> {
        if let Some(known) = self.indices.get(&source.id()) {
            return known.clone();
        }
        let made = self.make_index(source).map(Arc::new);
        self.indices.insert(source.id(), made.clone());
        made
    }

    fn make_index(&mut self, source: &Arc<Source>) -> Result<Index> {
        let (file, within) = match self.sources.source_of(source.within()) {
            None => (self.file(source)?, None),
            Some(outer) => self.embedded(source, &outer)?,
        };
        let (mut nodes, mut operations) = (BTreeMap::new(), BTreeSet::new());
        for (document, root) in edit::contents(source)?.iter().enumerate() {
            let is_operation = |item: &Node| item.get("op").is_some() && item.get("path").is_some();
            let of_patch = root.items().iter().enumerate().filter(|(_, item)| is_operation(item));
            operations.extend(of_patch.map(|(index, _)| (document, index)));
            for (node, path) in walk(root) {
                nodes.entry(key(node)).or_insert((document, path));
            }
        }
        Ok(Index { file, within, nodes, operations })
    }

    /// The file of a text, which must still have this text.
    fn file(&self, source: &Source) -> Result<PathBuf> {
        let path = join(self.working_directory, FilePath::new(source.name()));
        let elsewhere = || {
            let message = format!("`{}` is no file of this tree", source.name());
            Error::new(Code::EditRefused, message).help(INSTEAD)
        };
        let path = Disk.canonicalize(&path).map_err(|_| elsewhere())?;
        let bytes = Disk.read(&path, LARGEST_FILE).map_err(|_| elsewhere())?;
        if bytes != source.text().as_bytes() {
            return Err(elsewhere());
        }
        if !path.starts_with(self.top) {
            let message = format!("`{}` is outside of the repository", source.name());
            return Err(Error::new(Code::EditRefused, message).help(INSTEAD));
        }
        Ok(path)
    }

    /// The file and the field that a text is embedded in.
    fn embedded(
        &mut self,
        source: &Source,
        outer: &Arc<Source>,
    ) -> Result<(PathBuf, Option<(usize, Path)>)> {
        let outer = self.index(outer)?;
        let span = source.within();
        let field = outer.nodes.get(&(span.start(), span.end(), false));
        match (field, &outer.within) {
            (Some((document, path)), None) => {
                Ok((outer.file.clone(), Some((*document, path.clone()))))
            }
            _ => Err(nowhere()),
        }
    }
}

/// The advice for what cannot be edited where it is written.
pub(super) const INSTEAD: &str =
    "`--as patch` or `--as component` adds a patch to the targets instead";

#[cold]
fn nowhere() -> Error {
    Error::new(Code::EditRefused, "the field is not written in a file of this tree").help(INSTEAD)
}

/// All nodes of a document, with their paths.
fn walk(root: &Node) -> Vec<(&Node, Path)> {
    let mut found = Vec::new();
    let mut pending = vec![(root, Path::default())];
    while let Some((node, path)) = pending.pop() {
        let items = node.items().iter().enumerate();
        pending.extend(items.map(|(index, item)| (item, path.clone().index(index))));
        let entries = node.entries().iter();
        pending.extend(entries.map(|(key, value)| (value, path.clone().keys(&[key.text()]))));
        found.push((node, path));
    }
    found
}
