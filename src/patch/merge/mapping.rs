//! Merging of mappings: the fields of resource and patch are walked in the order of their names.

use crate::error::{Code, Error, Result};
use crate::schema::Type;
use crate::yaml::{CollectionStyle, Mapping, Node, Scalar, Style, Tag};

use super::style::{Written, quoted, set_collection_style, wants_quotes, write_as};
use super::{Frame, ListPlace, MergeStep, Merger, Walk, Walked, nothing};

/// A mapping whose fields are being walked.
pub(super) struct MappingFrame<'a> {
    merger: Merger<'a>,
    node: Node,
    patch: Option<Node>,
    /// True if it is new to the resource, and merged with itself.
    again: bool,
    place: ListPlace,
    kind: Option<Type<'a>>,
    fields: std::vec::IntoIter<MergedField>,
    /// The current field, and the style of its value.
    current: (MergedField, Option<Written>),
    /// Indices of the entries to remove at the end.
    gone: Vec<usize>,
}

/// A field name with the indices of its entries in the mapping and in the patch.
#[derive(Clone, Copy, Default)]
struct MergedField {
    here: Option<usize>,
    patch: Option<usize>,
}

impl<'a> Merger<'a> {
    /// Opens a mapping of the resource together with that of the patch, or a new mapping.
    pub(super) fn open_mapping(
        self,
        node: Node,
        patch: Option<Node>,
        again: bool,
        place: ListPlace,
        kind: Option<Type<'a>>,
    ) -> Result<MergeStep<'a>> {
        let fields = fields(node.as_mapping(), patch.as_ref().and_then(Node::as_mapping))?;
        Ok(MergeStep::Open(Frame::Mapping(Box::new(MappingFrame {
            merger: self,
            node,
            patch,
            again,
            place,
            kind,
            fields: fields.into_iter(),
            current: (MergedField::default(), None),
            gone: Vec::new(),
        }))))
    }
}

impl<'a> MappingFrame<'a> {
    /// The next field that must be walked.
    pub(super) fn next(&mut self) -> Option<(Walk, Option<Type<'a>>, bool)> {
        while let Some(field) = self.fields.next() {
            self.current = (field, None);
            if let Some(walk) = self.walk(field) {
                let here = field.here.and_then(|place| entry(&self.node, place));
                let patch = field.patch.and_then(|place| entry(self.patch.as_ref()?, place));
                let keys = match (here, patch) {
                    (Some((here, _)), Some((patch, _))) => &[here, patch][..],
                    (Some((key, _)), None) | (None, Some((key, _))) => &[key],
                    (None, None) => &[],
                };
                let kind = self.merger.type_of_field(self.kind, keys);
                return Some((walk, kind, self.patch.is_none()));
            }
        }
        None
    }

    fn walk(&mut self, field: MergedField) -> Option<Walk> {
        let patch =
            field.patch.and_then(|place| Some(entry(self.patch.as_ref()?, place)?.1.clone()));
        let Some(place) = field.here else { return patch.map(Walk::Add) };
        let (_, here) = entry(&self.node, place)?;
        match (patch, here.as_scalar()) {
            (Some(patch), _) => {
                self.current.1 = Some(Written::of(here, Some(&patch)));
                Some(Walk::Both(self.take(place)?, patch))
            }
            (None, Some(scalar)) => {
                // An explicit null of the resource stays; an empty value is removed.
                if scalar.is_null() && (self.again || scalar.text().is_empty()) {
                    self.gone.push(place);
                } else if wants_quotes(scalar) {
                    let quoted = quoted(scalar, here.share());
                    self.put(place, quoted);
                }
                None
            }
            (None, None) if self.again => self.take(place).map(Walk::Again),
            (None, None) => self.take(place).map(Walk::Keep),
        }
    }

    /// Takes the result of a walked field.
    pub(super) fn accept(&mut self, walked: Walked) {
        let (field, written) = self.current;
        match (walked, field.here) {
            (Some((node, ListPlace::Here)), Some(place)) => self.put(place, node),
            (Some((node, ListPlace::Patch | ListPlace::New)), Some(place)) => {
                let node = match written {
                    Some(written) => write_as(node, written),
                    None => node,
                };
                self.put(place, node);
            }
            (Some((node, place)), None) => self.append(field, node, place),
            (None, Some(place)) => self.gone.push(place),
            (None, None) => {}
        }
    }

    /// Returns the mapping without the removed fields.
    pub(super) fn finish(mut self) -> Walked {
        if !self.gone.is_empty() {
            self.gone.sort_unstable();
            if let Some(mapping) = self.node.as_mapping_mut() {
                let (mut place, mut gone) = (0, self.gone.iter().peekable());
                mapping.entries_mut().retain(|_| {
                    place += 1;
                    gone.next_if_eq(&&(place - 1)).is_none()
                });
            }
        }
        Some((self.node, self.place))
    }

    fn take(&mut self, place: usize) -> Option<Node> {
        let value = self.node.as_mapping_mut()?.value_at_mut(place)?;
        Some(std::mem::replace(value, nothing()))
    }

    fn put(&mut self, place: usize, node: Node) {
        if let Some(value) =
            self.node.as_mapping_mut().and_then(|mapping| mapping.value_at_mut(place))
        {
            *value = node;
        }
    }

    /// Adds a field. Its key loses its tag, and keeps its quotes only if the value is exactly as in the patch.
    fn append(&mut self, field: MergedField, mut node: Node, place: ListPlace) {
        let patch = self.patch.as_ref().and_then(Node::as_mapping);
        let Some((key, _)) =
            patch.zip(field.patch).and_then(|(patch, place)| patch.entries().get(place))
        else {
            return;
        };
        let style = match place {
            ListPlace::Patch | ListPlace::Here => key.style(),
            ListPlace::New => Style::Plain,
        };
        if place == ListPlace::New {
            set_collection_style(&mut node, CollectionStyle::Block);
        }
        if let Some(scalar) = node.as_scalar().filter(|scalar| wants_quotes(scalar)) {
            node = quoted(scalar, node.share());
        }
        let key = Scalar::parsed(key.text(), Tag::None, style, key.span());
        if let Some(mapping) = self.node.as_mapping_mut() {
            mapping.push(key, node);
        }
    }
}

fn entry(node: &Node, place: usize) -> Option<&(Scalar, Node)> {
    node.as_mapping()?.entries().get(place)
}

/// The names of two mappings, sorted by bytes; of duplicate names the first counts.
fn fields(here: Option<&Mapping>, patch: Option<&Mapping>) -> Result<Vec<MergedField>> {
    let (here, patch) = (names(here)?, names(patch)?);
    let mut fields = Vec::with_capacity(here.len().max(patch.len()));
    let (mut here, mut patch) = (here.into_iter().peekable(), patch.into_iter().peekable());
    loop {
        let order = match (here.peek(), patch.peek()) {
            (Some((left, _)), Some((right, _))) => left.cmp(right),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return Ok(fields),
        };
        let here = if order.is_le() { here.next() } else { None };
        let patch = if order.is_ge() { patch.next() } else { None };
        fields.push(MergedField {
            here: here.map(|(_, place)| place),
            patch: patch.map(|(_, place)| place),
        });
    }
}

fn names(mapping: Option<&Mapping>) -> Result<Vec<(&str, usize)>> {
    let entries = mapping.map(Mapping::entries).unwrap_or_default();
    if let Some((key, _)) = entries.iter().find(|(key, _)| key.text().is_empty()) {
        // Kustomize takes a setter without a name for a scalar setter.
        return Err(Error::new(
            Code::InvalidKey,
            "a patch cannot be merged into a mapping with an empty key",
        )
        .at(key.span())
        .label("empty key"));
    }
    let mut names: Vec<(&str, usize)> =
        entries.iter().enumerate().map(|(place, (key, _))| (key.text(), place)).collect();
    names.sort_unstable();
    names.dedup_by_key(|(name, _)| *name);
    Ok(names)
}
