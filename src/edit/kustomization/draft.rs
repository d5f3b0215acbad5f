//! A kustomization file while it is being edited.

use std::ops::Range;
use std::sync::Arc;

use super::{deprecated, list, mapping, text};
use crate::config::Kustomization;
use crate::error::{Code, Error, Result};
use crate::source::{Source, Sources};
use crate::yaml::edit::{self, Change, TextEdit, Wrapper};
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Node, Scalar, de, order_of_keys};

/// A kustomization file while it is being edited.
///
/// Each step changes the text, which is read again and must have the intended content. Besides, a change describes its
/// result by the [model](Draft::model), as kustomize does, and [`Draft::check`] compares the two.
#[derive(Clone)]
pub struct Draft<'s> {
    sources: &'s Sources,
    /// The text so far. Every text has the name of the file, so that errors show the place.
    source: Arc<Source>,
    /// Its content, with aliases and merge keys as they are written. Null for a file without content.
    root: Node,
    /// The fields that the text is meant to have.
    model: Kustomization,
    notes: Vec<String>,
}

impl<'s> Draft<'s> {
    /// Reads a kustomization file, moves the values of deprecated fields as kustomize's `edit` does, and adds a missing
    /// version and kind.
    ///
    /// # Errors
    /// Those of reading the fields, and [`Code::EditRefused`].
    pub fn read(sources: &'s Sources, name: &str, bytes: &[u8]) -> Result<Self> {
        let source = sources.add_file(name, bytes)?;
        if source.is_utf16() {
            return Err(Error::new(Code::EditRefused, "found a file in UTF-16, expected UTF-8")
                .at(source.span(0, 0))
                .help("convert the file to UTF-8"));
        }
        let fields = Kustomization::fields(&source)?;
        let root = root(&source)?;
        let mut model = fields.clone();
        model.move_deprecated();
        let mut draft = Self { sources, source, root, model, notes: Vec::new() };
        deprecated::rewrite(&mut draft, &fields)?;
        for (field, value, before) in [
            ("apiVersion", draft.model.api_version.clone(), &fields.api_version),
            ("kind", draft.model.kind.clone(), &fields.kind),
        ] {
            if before.is_empty() {
                draft.set_text(field, &value)?;
            }
        }
        Ok(draft)
    }

    /// The fields that the text is meant to have.
    #[must_use]
    pub const fn model(&self) -> &Kustomization {
        &self.model
    }

    /// The fields that the text is meant to have, for a change of them.
    pub const fn model_mut(&mut self) -> &mut Kustomization {
        &mut self.model
    }

    /// The text so far.
    #[must_use]
    pub fn text(&self) -> &str {
        self.source.text()
    }

    /// The messages so far, for people and for scripts that look for them.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Adds a message.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The path of a field, with its name as it is written.
    ///
    /// # Errors
    /// [`Code::EditRefused`] if the field is written twice.
    pub fn field(&self, name: &str) -> Result<Path> {
        Ok(Path::of(&[self.key_in(&self.root, name)?.unwrap_or(name)]))
    }

    /// The key of a mapping that names a field, in any case.
    fn key_in<'n>(&self, mapping: &'n Node, name: &str) -> Result<Option<&'n str>> {
        let mut keys = mapping.entries().iter().map(|(key, _)| key);
        let mut keys = keys.by_ref().filter(|key| de::same_name(key.text(), name));
        let first = keys.next();
        match keys.next() {
            Some(second) => {
                Err(Error::new(Code::EditRefused, format!("`{name}` is written twice"))
                    .at(second.span())
                    .help("join the two fields first"))
            }
            None => Ok(first.map(|key| key.text())),
        }
    }

    /// The path of a key of the mapping at a path, with its name as it is written.
    ///
    /// # Errors
    /// As [`Draft::field`].
    pub fn below(&self, path: &Path, name: &str) -> Result<Path> {
        let key = match path.find(&self.root) {
            Some(mapping) => self.key_in(mapping, name)?,
            None => None,
        };
        Ok(path.clone().keys(&[key.unwrap_or(name)]))
    }

    /// The node at a path; an alias is a node of its own.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&Node> {
        path.find(&self.root)
    }

    /// Makes a change.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn change(&mut self, change: &Change<'_>) -> Result<()> {
        let edited = edit::edit(&self.source, 0, change)?;
        self.renew(edited.text().to_owned())
    }

    fn renew(&mut self, text: String) -> Result<()> {
        self.source = self.sources.add_utf8(self.source.name(), text)?;
        self.root = root(&self.source)?;
        Ok(())
    }

    /// Sets a field that is text. An empty text removes it, as it does in kustomize.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn set_text(&mut self, name: &str, value: &str) -> Result<()> {
        let path = self.field(name)?;
        match value {
            "" => self.remove(&path),
            value => self.set(&path, &text(value)),
        }
    }

    /// Sets the value at a path. A missing entry is added where kustomize writes it: below all fields if it is one,
    /// otherwise in the order of the keys if the mapping has that order.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn set(&mut self, path: &Path, value: &Node) -> Result<()> {
        if self.get(path).is_some() {
            return self.change(&Change::Set { path: path.steps(), value });
        }
        let (Some(parent), Some(PathStep::Key(key))) = (path.parent(), path.steps().last()) else {
            return Err(Error::new(Code::EditRefused, "no element at this place of a list"));
        };
        let mapping = self.get(&parent);
        if mapping.is_none() && !parent.steps().is_empty() {
            return self.set(&parent, &self::mapping([(key, Some(value.clone()))]));
        }
        let at = mapping.filter(|_| !parent.steps().is_empty()).map(|it| sorted_place(it, key));
        self.change(&Change::InsertEntry { path: parent.steps(), at, key, value })
    }

    /// Adds elements at the end of the list at a path. A missing list is added as by [`Draft::set`].
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn add(&mut self, path: &Path, items: Vec<Node>) -> Result<()> {
        let length = self.get(path).map_or(0, |list| list.items().len());
        self.insert(path, length, items)
    }

    /// Adds elements to the list at a path.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn insert(&mut self, path: &Path, at: usize, items: Vec<Node>) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        if self.get(path).is_none() {
            return self.set(path, &list(items));
        }
        self.change(&Change::InsertItems { path: path.steps(), at: Some(at), values: &items })
    }

    /// Removes elements of the list at a path; without elements, the list itself.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn remove_items(&mut self, path: &Path, items: &[usize]) -> Result<()> {
        match self.get(path).map(|list| list.items().len()) {
            _ if items.is_empty() => Ok(()),
            Some(length) if length == items.len() => self.remove(path),
            _ => {
                let text = edit::remove_items(&self.source, 0, path.steps(), items)?;
                self.renew(text)
            }
        }
    }

    /// Removes the node at a path. A field that would be empty then is removed as a whole, as kustomize leaves it out.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn remove(&mut self, path: &Path) -> Result<()> {
        if self.get(path).is_none() {
            return Ok(());
        }
        let parent = path.parent().filter(|parent| !parent.steps().is_empty());
        let around = parent.as_ref().and_then(|parent| self.get(parent));
        match (parent.as_ref(), around.map_or(0, |it| it.items().len() + it.entries().len())) {
            (Some(parent), 1) => self.remove(parent),
            _ => self.change(&Change::Remove { path: path.steps() }),
        }
    }

    /// Moves all elements of a list to the end of another one, and removes the entry of the first list.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn move_items(&mut self, from: &Path, to: &Path) -> Result<()> {
        let edited = edit::move_items(&self.source, 0, from.steps(), to.steps())?;
        self.renew(edited.text().to_owned())
    }

    /// Moves the elements of a field to the end of another one, which takes its place if it is empty.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn move_list(&mut self, from: &str, to: &str) -> Result<()> {
        let (old, new) = (self.field(from)?, self.field(to)?);
        let Some(items) = self.get(&old).map(|list| list.items().len()) else { return Ok(()) };
        if items == 0 {
            return self.remove(&old);
        }
        if self.get(&new).is_some_and(|list| list.items().is_empty() && list.is_empty()) {
            self.remove(&new)?;
        }
        if self.get(&new).is_none() {
            return self.rename(&old, to);
        }
        self.move_items(&old, &new)
    }

    /// Puts nodes into new mappings.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn wrap(&mut self, nodes: &[(Path, Wrapper<'_>)]) -> Result<()> {
        if nodes.is_empty() {
            return Ok(());
        }
        let edited = edit::wrap(&self.source, 0, nodes)?;
        self.renew(edited.text().to_owned())
    }

    /// Spells the names of fields as they are documented: kustomize reads them in any case, other programs do not. Names in
    /// nodes that an alias refers to stay.
    ///
    /// # Errors
    /// Those of reading the text.
    pub fn spell_names(&mut self) -> Result<()> {
        let names = Kustomization::other_spellings(&self.source)?;
        let mut found = Vec::new();
        let mut pending = vec![(Path::default(), &self.root)];
        while let Some((path, node)) = pending.pop() {
            let items = node.items().iter().enumerate();
            pending.extend(items.map(|(index, item)| (path.clone().index(index), item)));
            for (key, value) in node.entries() {
                let path = path.clone().keys(&[key.text()]);
                // A field in two spellings is left to the user.
                if let Some(name) = names.get(&key.span()).filter(|name| node.get(name).is_none()) {
                    found.push((path.clone(), *name));
                }
                pending.push((path, value));
            }
        }
        // From the inside, so that the paths stay valid.
        found.sort_by_key(|(path, _)| std::cmp::Reverse(path.steps().len()));
        found.iter().try_for_each(|(path, name)| match self.rename(path, name) {
            Err(error) if error.code() == Code::EditRefused => Ok(()),
            renamed => renamed,
        })
    }

    /// Replaces what `find` finds in a text, in the scalar at a path.
    ///
    /// # Errors
    /// [`Code::EditRefused`], for example if it is written in another form there.
    pub fn replace_text(
        &mut self,
        path: &Path,
        find: impl Fn(&str) -> Vec<Range<usize>>,
        new: &str,
    ) -> Result<()> {
        let Some(scalar) = self.get(path).and_then(Node::as_scalar) else {
            return Err(Error::new(Code::EditRefused, "no text at this place"));
        };
        let (span, mut expected) = (scalar.span(), scalar.text().to_owned());
        for found in find(&expected).into_iter().rev() {
            expected.replace_range(found, new);
        }
        let start = (span.start() - self.source.base()) as usize;
        let written = self.source.text().get(start..start + span.length() as usize);
        let found = find(written.unwrap_or_default()).into_iter();
        let edits = found.map(|found| TextEdit {
            span: self.source.span(start + found.start, start + found.end),
            text: new.to_owned(),
        });
        let text = edit::apply(&self.source, &edits.collect::<Vec<_>>())?;
        self.renew(text)?;
        match self.get(path).and_then(Node::as_text) == Some(&*expected) {
            true => Ok(()),
            false => {
                let message = "the changed text would be read as another one than is meant";
                Err(Error::new(Code::EditRefused, message).at(span))
            }
        }
    }

    /// The comments of an entry or element, without those above it.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn comments(&self, path: &Path) -> Result<Vec<String>> {
        edit::comments(&self.source, 0, path.steps())
    }

    /// Puts comments above an entry or element.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn comment_above(&mut self, path: &Path, comments: &[String]) -> Result<()> {
        if comments.is_empty() {
            return Ok(());
        }
        let edited = edit::comment_above(&self.source, 0, path.steps(), comments)?;
        self.renew(edited.text().to_owned())
    }

    /// Gives an entry another key.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn rename(&mut self, path: &Path, key: &str) -> Result<()> {
        self.change(&Change::Rename { path: path.steps(), key })
    }

    /// Checks that kustomize reads the text as it is meant. The order of `images` and `replicas` does not count: kustomize
    /// sorts them with every change of one.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn check(&self) -> Result<()> {
        let found = Kustomization::fields(&self.source).map_err(|error| {
            let message =
                format!("kustomize could not read the file any more: {}", error.message());
            Error::new(Code::EditRefused, message).at(error.span())
        })?;
        if comparable(found) == comparable(self.model.clone()) {
            return Ok(());
        }
        let message = "kustomize would read the changed file in another way than it is meant";
        Err(Error::new(Code::EditRefused, message)
            .at(self.source.span(0, 0))
            .help("write out aliases and merge keys, leave one document in the file, or change it by hand"))
    }
}

/// Fields in a form in which equal content is equal.
fn comparable(mut fields: Kustomization) -> Kustomization {
    fields.images.sort_by(|left, right| left.name.cmp(&right.name));
    fields.replicas.sort_by(|left, right| left.name.cmp(&right.name));
    for chart in &mut fields.helm_charts {
        // Nodes have spans. The edits of the text have been compared with them.
        chart.value.values_inline = None;
    }
    fields
}

/// The content of the first document; null if there is none.
fn root(source: &Source) -> Result<Node> {
    let null = || Scalar::null(source.span(0, 0)).into();
    Ok(edit::content(source, 0)?.unwrap_or_else(null))
}

/// The position of a new key: in order if the keys are, otherwise at the end.
fn sorted_place(mapping: &Node, key: &str) -> usize {
    let keys: Vec<&str> = mapping.entries().iter().map(|(key, _)| key.text()).collect();
    match keys.is_sorted_by(|left, right| order_of_keys(left, right).is_lt()) {
        true => keys.partition_point(|before| order_of_keys(before, key).is_lt()),
        false => keys.len(),
    }
}
