//! Differences as RFC 6902 operations: applied to the list of objects before, they produce the list after.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, MoveOperation, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::Value;

use crate::error::{Code, Error, Result};
use crate::schema::{Schema, Type};
use crate::yaml::{self, Form, Kind, Node};

use super::compare::is_same_scalar;
use super::list;
use super::path::DEEPEST;
use super::{Pair, TargetReview, is_same_text};

/// A JSON patch.
pub type Operations = Vec<PatchOperation>;

impl TargetReview {
    /// The operations that turn the objects before into those after, both as a list in the order of the output; empty
    /// if there is no difference. Requires [`Options::renders`](super::Options::renders).
    ///
    /// # Errors
    /// As [`yaml::write_json`], and [`Code::NestingTooDeep`] for documents that are too deep for JSON readers.
    pub fn operations(&self) -> Result<Operations> {
        let [before, after] = &self.renders;
        if before.is_empty() && after.is_empty() {
            return Ok(Vec::new());
        }
        operations(&self.drawn, &self.schema, before, after)
    }
}

/// The operations that turn one list of objects into another.
pub(super) fn operations(
    pairs: &[Pair],
    schema: &Schema,
    before: &[Node],
    after: &[Node],
) -> Result<Operations> {
    let mut writer = Writer { operations: Vec::new(), pointer: PointerBuf::new(), depth: 0 };
    let alignment: Vec<_> = pairs.iter().map(|pair| (pair.before, pair.after)).collect();
    writer.list(before, after, &alignment, &|item| {
        let text = |key: &str| item.get(key).and_then(Node::as_text).unwrap_or_default();
        schema.of(text("apiVersion"), text("kind"))
    })?;
    Ok(writer.operations)
}

/// A value as JSON.
pub(crate) fn value(node: &Node) -> Result<Value> {
    let mut text = String::new();
    yaml::write_json(node, Form::Compact, &mut text)?;
    serde_json::from_str(&text).map_err(|error| {
        Error::new(Code::NestingTooDeep, format!("a value that JSON cannot hold: {error}"))
    })
}

struct Writer {
    operations: Vec<PatchOperation>,
    pointer: PointerBuf,
    depth: usize,
}

impl Writer {
    fn node(&mut self, before: &Node, after: &Node, kind: Option<Type<'_>>) -> Result<()> {
        self.depth += 1;
        match (before.kind(), after.kind()) {
            (Kind::Mapping, Kind::Mapping) if self.depth < DEEPEST => {
                self.mapping(before, after, kind)?;
            }
            (Kind::Sequence, Kind::Sequence) if self.depth < DEEPEST => {
                let [old, new] = [before, after]
                    .map(|node| node.as_sequence().map_or(&[][..], |list| list.items()));
                let keys = kind.and_then(Type::merge_keys);
                let pairs = list::align(old, new, None, keys, &|_| None).pairs;
                self.list(old, new, &pairs, &|_| kind.and_then(Type::elements))?;
            }
            (Kind::Scalar, Kind::Scalar) if is_same_scalar(before, after) => {}
            (left, right) if left == right && is_same_text(before, after) => {}
            _ => self.operations.push(PatchOperation::Replace(ReplaceOperation {
                path: self.pointer.clone(),
                value: value(after)?,
            })),
        }
        self.depth -= 1;
        Ok(())
    }

    fn mapping(&mut self, before: &Node, after: &Node, kind: Option<Type<'_>>) -> Result<()> {
        let fields = |node: &Node| node.as_mapping().map(|mapping| mapping.entries().to_vec());
        for (key, _) in fields(before).iter().flatten() {
            if after.get(key.text()).is_none() {
                let path = self.pointer.with_trailing_token(key.text());
                self.operations.push(PatchOperation::Remove(RemoveOperation { path }));
            }
        }
        for (key, new) in fields(after).iter().flatten() {
            let path = self.pointer.with_trailing_token(key.text());
            match before.get(key.text()) {
                None => {
                    let value = value(new)?;
                    self.operations.push(PatchOperation::Add(AddOperation { path, value }));
                }
                Some(old) => {
                    self.below(path, |writer| {
                        writer.node(old, new, kind.and_then(|kind| kind.field(key.text())))
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Removes elements, the last first; moves and adds elements in order; and then changes those that stay.
    fn list<'a>(
        &mut self,
        before: &[Node],
        after: &[Node],
        pairs: &[(Option<usize>, Option<usize>)],
        kind: &dyn Fn(&Node) -> Option<Type<'a>>,
    ) -> Result<()> {
        let mut partners = vec![None; after.len()];
        let mut stays = vec![false; before.len()];
        for &(old, new) in pairs {
            if let (Some(old), Some(new)) = (old, new) {
                partners[new] = Some(old);
                stays[old] = true;
            }
        }
        for place in (0..before.len()).rev().filter(|&place| !stays[place]) {
            let path = self.pointer.with_trailing_token(place);
            self.operations.push(PatchOperation::Remove(RemoveOperation { path }));
        }
        // The current elements, by their index before. New ones are not searched again.
        let mut now: Vec<Option<usize>> =
            (0..before.len()).filter(|&old| stays[old]).map(Some).collect();
        for (place, partner) in partners.iter().enumerate() {
            let path = self.pointer.with_trailing_token(place);
            match partner {
                None => {
                    let value = value(&after[place])?;
                    self.operations.push(PatchOperation::Add(AddOperation { path, value }));
                    now.insert(place, None);
                }
                Some(_) if now[place] == *partner => {}
                Some(_) => {
                    let from = now.iter().position(|old| old == partner).unwrap_or(place);
                    let moved = now.remove(from);
                    now.insert(place, moved);
                    let from = self.pointer.with_trailing_token(from);
                    self.operations.push(PatchOperation::Move(MoveOperation { from, path }));
                }
            }
        }
        for (place, partner) in partners.iter().enumerate() {
            if let Some(old) = *partner {
                let path = self.pointer.with_trailing_token(place);
                self.below(path, |writer| {
                    writer.node(&before[old], &after[place], kind(&after[place]))
                })?;
            }
        }
        Ok(())
    }

    fn below(
        &mut self,
        path: PointerBuf,
        write: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let above = std::mem::replace(&mut self.pointer, path);
        let written = write(self);
        self.pointer = above;
        written
    }
}
