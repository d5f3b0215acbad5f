//! Strategic merge: a patch changes a resource field by field, and lists by the merge keys of the schema.
//!
//! Kustomize walks resource and patch together, in place (kyaml, `yaml/walk` and `yaml/merge2`). This has side effects:
//! fields that the patch does not name are walked as well, and a part of the patch that is new to the resource is
//! merged with itself. [`Walk`] names these cases. Open mappings and lists are kept on an explicit stack, so that depth
//! does not use the thread's stack.

mod directive;
mod irregular;
mod list;
mod mapping;
mod settled;
mod style;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use crate::error::{Code, Error, Result};
use crate::schema::{Inline, Schema, Type};
use crate::source::Span;
use crate::yaml::de::form;
use crate::yaml::parse::Comment;
use crate::yaml::{Kind, Node, Scalar};

use directive::Directive;
use irregular::Irregular;
use list::Regular;
use mapping::MappingFrame;

/// The result of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// The resource was changed in place.
    Kept,
    /// The patch has `$patch: delete` for the whole resource.
    Deleted,
}

/// Merges a patch into a resource. After an error the resource is lost.
///
/// Obeys `$patch` directives; a null deletes. Lists merge by the keys that the schema has for the kind of the resource
/// or else of the patch (also inside a document, wherever a mapping has `apiVersion` and `kind`), and are replaced
/// without keys. Lists whose elements have all keys, with distinct values, take linear time plus sorting. Of other
/// lists only short ones are accepted, because kustomize's results for them are surprising.
///
/// # Errors
/// [`Code::PatchConflict`] if resource and patch have different kinds of nodes, [`Code::InvalidPatch`] for an unknown
/// directive, [`Code::InvalidKey`] for an empty key, [`Code::TooLarge`] for a long list with irregular keys, and the
/// errors of [`Schema::check`].
pub fn merge(resource: &mut Node, patch: &Node, schema: &Schema) -> Result<Merged> {
    merge_commented(resource, patch, schema, &Comments::default())
}

/// Merges a patch into a resource like [`merge`], where comments of both may be schemas.
///
/// # Errors
/// As [`merge`].
pub fn merge_commented(
    resource: &mut Node,
    patch: &Node,
    schema: &Schema,
    comments: &Comments,
) -> Result<Merged> {
    schema.check()?;
    // Kustomize merges in place, and discards what a patch with `$patch: replace` at its top puts there.
    let replaced = patch.get(directive::KEY).and_then(Node::as_text) == Some("replace");
    let before = replaced.then(|| resource.clone());
    let taken = std::mem::replace(resource, nothing());
    let merger = Merger { schema, comments, grow: Grow::Front, irregular: &Cell::new(0) };
    match merger.run(Walk::Both(taken, patch.clone()))? {
        Some(node) => {
            *resource = before.unwrap_or(node);
            Ok(Merged::Kept)
        }
        None => Ok(Merged::Deleted),
    }
}

/// Merges Helm values, as kustomize does for those of a chart: like [`merge`], but new elements of a list go to its
/// end. Returns the result; `None` if it is empty.
///
/// # Errors
/// As [`merge`].
pub fn merge_values(values: Node, over: &Node, schema: &Schema) -> Result<Option<Node>> {
    schema.check()?;
    let comments = &Comments::default();
    let merger = Merger { schema, comments, grow: Grow::End, irregular: &Cell::new(0) };
    merger.run(Walk::Both(values, over.clone()))
}

/// Comments that act as schemas of the keys and values that they belong to.
#[derive(Default)]
pub struct Comments(Vec<(Span, Inline)>);

impl Comments {
    /// Selects the comments that are schemas.
    pub fn read<'c>(comments: impl IntoIterator<Item = &'c Comment>) -> Self {
        let schema = |comment: &Comment| Some((comment.node, Inline::read(&comment.text)?));
        let mut schemas: Vec<(Span, Inline)> = comments.into_iter().filter_map(schema).collect();
        schemas.sort_by_key(|(span, _)| *span);
        Self(schemas)
    }

    fn of(&self, span: Span) -> Option<&Inline> {
        let found = self.0.get(self.0.partition_point(|(place, _)| *place < span))?;
        (found.0 == span).then_some(&found.1)
    }
}

/// The position of new elements in a list that is merged by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grow {
    /// At the front, and elements that the patch names move there with them.
    Front,
    /// At the end.
    End,
}

/// A placeholder for a node that was moved out.
fn nothing() -> Node {
    Scalar::null(Span::NONE).into()
}

/// The list with other elements.
fn with_items(mut node: Node, items: Vec<Node>) -> Node {
    if let Some(list) = node.as_sequence_mut() {
        *list.items_mut() = items;
    }
    node
}

/// A node to walk: the cases of kustomize's pair of nodes.
enum Walk {
    /// A part of the resource that the patch does not name.
    Keep(Node),
    /// A part of the resource, and its counterpart in the patch.
    Both(Node, Node),
    /// A part of the patch that the resource does not have; kustomize merges it with itself.
    Add(Node),
    /// A part within an added part, merged with itself as well.
    Again(Node),
}

/// The origin of the result of a walk. It determines the style of a field's key and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListPlace {
    /// The node of the resource, possibly changed.
    Here,
    /// The node of the patch, unchanged.
    Patch,
    /// A newly built list.
    New,
}

/// The result of a walk; `None` if the node is removed.
type Walked = Option<(Node, ListPlace)>;

/// The next step of a walk: its result, or a collection whose parts are walked first.
enum MergeStep<'a> {
    Done(Walked),
    Open(Frame<'a>),
}

/// A collection whose parts are being walked.
enum Frame<'a> {
    Mapping(Box<MappingFrame<'a>>),
    List(Box<Regular<'a>>),
    Irregular(Box<Irregular<'a>>),
}

/// The context of a merge.
#[derive(Clone, Copy)]
struct Merger<'a> {
    schema: &'a Schema,
    comments: &'a Comments,
    grow: Grow,
    /// The work spent on irregular lists so far.
    irregular: &'a Cell<usize>,
}

impl<'a> Merger<'a> {
    fn run(self, walk: Walk) -> Result<Option<Node>> {
        let mut open: Vec<Frame<'a>> = Vec::new();
        let mut step = self.enter(walk, None, false)?;
        loop {
            match step {
                MergeStep::Open(frame) => open.push(frame),
                MergeStep::Done(walked) => match open.last_mut() {
                    None => return Ok(walked.map(|(node, _)| node)),
                    Some(Frame::Mapping(frame)) => frame.accept(walked),
                    Some(Frame::List(frame)) => frame.accept(walked),
                    Some(Frame::Irregular(frame)) => frame.accept(walked)?,
                },
            }
            let next = match open.last_mut() {
                None => None,
                Some(Frame::Mapping(frame)) => frame.next(),
                Some(Frame::List(frame)) => frame.next(),
                Some(Frame::Irregular(frame)) => frame.next()?,
            };
            step = match next {
                Some((walk, kind, searched)) => self.enter(walk, kind, searched)?,
                None => match open.pop() {
                    None => return Ok(None),
                    Some(Frame::Mapping(frame)) => MergeStep::Done(frame.finish()),
                    Some(Frame::List(frame)) => MergeStep::Done(frame.finish()),
                    Some(Frame::Irregular(frame)) => MergeStep::Done(frame.finish()?),
                },
            };
        }
    }

    /// Begins to walk a node. `searched` is true if it is known that the part does not stay as it is.
    fn enter(self, walk: Walk, kind: Option<Type<'a>>, searched: bool) -> Result<MergeStep<'a>> {
        match walk {
            Walk::Keep(node) if !searched && self.is_settled(&node, kind, false) => {
                Ok(MergeStep::Done(Some((node, ListPlace::Here))))
            }
            Walk::Keep(node) => self.keep(node, kind),
            Walk::Both(old, new) => self.both(old, new, kind),
            Walk::Add(mut node) => match node.kind() {
                // An unknown directive is not an error here: it is copied like other fields.
                Kind::Mapping => match directive::take_from_mapping(&mut node) {
                    Ok(Directive::Delete) => Ok(MergeStep::Done(None)),
                    Ok(Directive::Merge | Directive::Replace) | Err(_) => {
                        self.add(node, ListPlace::Patch, kind, false)
                    }
                },
                Kind::Scalar | Kind::Sequence => self.add(node, ListPlace::Patch, kind, false),
            },
            Walk::Again(mut node) => {
                let kind = self.type_of(&[&node], kind);
                let directive = match node.kind() {
                    Kind::Mapping => directive::take_from_mapping(&mut node)?,
                    Kind::Sequence if merges(kind) => directive::take_from_list(&mut node)?,
                    Kind::Scalar | Kind::Sequence => Directive::Merge,
                };
                match directive {
                    Directive::Delete => Ok(MergeStep::Done(None)),
                    Directive::Merge | Directive::Replace => {
                        self.add(node, ListPlace::Here, kind, true)
                    }
                }
            }
        }
    }

    /// Walks a part of the resource that the patch does not name.
    fn keep(self, node: Node, kind: Option<Type<'a>>) -> Result<MergeStep<'a>> {
        let kind = self.type_of(&[&node], kind);
        match (node.kind(), kind.and_then(Type::merge_keys)) {
            (Kind::Mapping, _) => self.open_mapping(node, None, false, ListPlace::Here, kind),
            (Kind::Sequence, Some(keys)) => self.open_list(node, None, keys, kind),
            // An explicit null stays; an empty value is removed.
            (Kind::Scalar, _) if node.is_null() && node.as_text() == Some("") => {
                Ok(MergeStep::Done(None))
            }
            (Kind::Scalar | Kind::Sequence, _) => {
                Ok(MergeStep::Done(Some((node, ListPlace::Here))))
            }
        }
    }

    /// Walks a part of the resource and its counterpart in the patch.
    fn both(self, mut old: Node, mut new: Node, kind: Option<Type<'a>>) -> Result<MergeStep<'a>> {
        if new.is_null() {
            return Ok(MergeStep::Done(None));
        }
        if old.is_null() {
            return self.enter(Walk::Add(new), kind, false);
        }
        if old.kind() != new.kind() {
            return Err(conflict(&old, &new));
        }
        let kind = self.type_of(&[&old, &new], kind);
        style::take_style(&mut old, &new);
        let keys = kind.and_then(Type::merge_keys);
        let directive = match (old.kind(), keys) {
            (Kind::Mapping, _) => directive::take_from_mapping(&mut new)?,
            (Kind::Sequence, Some(_)) => directive::take_from_list(&mut new)?,
            (Kind::Scalar | Kind::Sequence, _) => {
                return Ok(MergeStep::Done(Some((new, ListPlace::Patch))));
            }
        };
        match (directive, keys) {
            (Directive::Delete, _) => Ok(MergeStep::Done(None)),
            (Directive::Replace, _) => self.add(new, ListPlace::Patch, kind, false),
            (Directive::Merge, Some(keys)) if old.kind() == Kind::Sequence => {
                self.open_list(old, Some(new), keys, kind)
            }
            (Directive::Merge, _) => {
                self.open_mapping(old, Some(new), false, ListPlace::Here, kind)
            }
        }
    }

    /// Walks a part of the patch that is new to the resource; its directive was removed before.
    fn add(
        self,
        node: Node,
        place: ListPlace,
        kind: Option<Type<'a>>,
        searched: bool,
    ) -> Result<MergeStep<'a>> {
        if node.is_null() {
            return Ok(MergeStep::Done(None));
        }
        let kind = self.type_of(&[&node], kind);
        match (node.kind(), kind.and_then(Type::merge_keys)) {
            (Kind::Mapping, _) if searched || !self.is_settled(&node, kind, true) => {
                self.open_mapping(node, None, true, place, kind)
            }
            (Kind::Sequence, Some(keys)) => self.open_list_again(node, place, keys, kind),
            _ => Ok(MergeStep::Done(Some((node, place)))),
        }
    }

    /// The type of nodes: that of a comment, or the one known from their position, or that of the first node with a
    /// kind.
    fn type_of(self, nodes: &[&Node], known: Option<Type<'a>>) -> Option<Type<'a>> {
        let commented = nodes.iter().find_map(|node| self.comment(node.span()));
        commented.or(known).or_else(|| {
            nodes.iter().find_map(|node| {
                let word =
                    |name| node.get(name).and_then(Node::as_scalar).filter(|word| !word.is_null());
                self.schema.of(word("apiVersion")?.text(), word("kind")?.text())
            })
        })
    }

    /// The type in the comment of a key or value.
    fn comment(self, span: Span) -> Option<Type<'a>> {
        Some(self.comments.of(span)?.of(self.schema))
    }

    /// The type of a field, given its keys in resource and patch.
    fn type_of_field(self, kind: Option<Type<'a>>, keys: &[&Scalar]) -> Option<Type<'a>> {
        let commented = keys.iter().find_map(|key| self.comment(key.span()));
        commented.or_else(|| kind?.field(keys.first()?.text()))
    }
}

/// True if lists of a type are merged.
fn merges(kind: Option<Type<'_>>) -> bool {
    kind.and_then(Type::merge_keys).is_some()
}

fn conflict(old: &Node, new: &Node) -> Error {
    Error::new(
        Code::PatchConflict,
        format!("found {} in the patch, expected {} as in the resource", form(new), form(old)),
    )
    .at(new.span())
    .label(format!("{} in the patch", form(new)))
    .note(old.span(), format!("{} in the resource", form(old)))
    .help(match (old.kind(), new.kind()) {
        (Kind::Sequence, _) => "begin each element of the list with `- `, also a single one",
        (Kind::Mapping, Kind::Sequence) => "write `key: value` on the lines below, without `- `",
        (Kind::Mapping, _) => "write fields below: `key: value`, indented more than this key",
        (Kind::Scalar, _) => "write a single value after the key",
    })
    .help("to change the type of the field, delete it with null in one patch and set it in another")
}
