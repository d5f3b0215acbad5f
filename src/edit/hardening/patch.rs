//! Changes of an object as a patch of kustomize.

use super::delta::{Delta, What};
use crate::resource::{DEFAULT_NAMESPACE, ResId, ResMap, Resource};
use crate::schema::{Schema, Type};
use crate::source::Span;
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Node, Scalar};

/// A patch of one object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ObjectPatch {
    /// A strategic merge patch, which names its object.
    Strategic(Node),
    /// A JSON patch, with the selector of its object: for kinds whose lists kustomize cannot merge.
    Json {
        /// The entry `target` of the patch.
        target: Node,
        /// The operations.
        operations: Node,
    },
}

/// The patch that makes changes of an object. The object is named as it is known where its target applies patches.
/// `None` if no name of it is its own.
pub(super) fn patch(
    object: &Resource,
    deltas: &[Delta],
    objects: &ResMap,
    schema: &Schema,
) -> Option<ObjectPatch> {
    let id = name(object, objects)?;
    let strategic = Strategic::of(object, schema).filter_map(deltas);
    Some(match strategic {
        Some(fields) => ObjectPatch::Strategic(named(object, &id, &fields)),
        None => ObjectPatch::Json { target: target(&id), operations: operations(deltas) },
    })
}

/// The first id that an object has had and no other object: where the patch is applied, later ones may not be there yet.
fn name(object: &Resource, objects: &ResMap) -> Option<ResId> {
    let ids = object.names().previous_ids().chain([object.id().clone()]);
    let is_own = |id: &ResId| objects.places_ever(id).nth(1).is_none();
    ids.into_iter().find(is_own)
}

/// The namespace to write; `None` for that of objects without one.
fn namespace(id: &ResId) -> Option<&str> {
    Some(&*id.namespace)
        .filter(|namespace| !namespace.is_empty() && *namespace != DEFAULT_NAMESPACE)
}

fn named(object: &Resource, id: &ResId, fields: &Node) -> Node {
    let mut metadata = vec![entry("name", text(&id.name))];
    metadata.extend(namespace(id).map(|namespace| entry("namespace", text(namespace))));
    let own = fields.get("metadata").map(Node::entries).unwrap_or_default();
    metadata.extend(own.iter().cloned());
    let mut root = vec![
        entry("apiVersion", text(&object.gvk().api_version())),
        entry("kind", text(&id.gvk.kind)),
        entry("metadata", mapping(metadata)),
    ];
    root.extend(fields.entries().iter().filter(|(key, _)| key.text() != "metadata").cloned());
    mapping(root)
}

/// The selector of an object, for a JSON patch. Names are regular expressions there.
fn target(id: &ResId) -> Node {
    let gvk = &id.gvk;
    let fields = [
        ("group", &*gvk.group),
        ("version", &*gvk.version),
        ("kind", &*gvk.kind),
        ("name", &*id.name),
        ("namespace", namespace(id).unwrap_or_default()),
    ];
    let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
    mapping(fields.map(|(key, value)| entry(key, text(&value.replace('.', "\\.")))).collect())
}

/// A strategic merge patch while it is made.
struct Strategic<'a> {
    object: &'a Node,
    root: Option<Type<'a>>,
    fields: Node,
}

impl<'a> Strategic<'a> {
    fn of(object: &'a Resource, schema: &'a Schema) -> Self {
        let root = schema.of(&object.gvk().api_version(), object.kind());
        Self { object: object.node(), root, fields: mapping(Vec::new()) }
    }

    /// The fields of the patch; `None` if such a patch cannot make the changes.
    fn filter_map(mut self, deltas: &[Delta]) -> Option<Node> {
        deltas.iter().try_for_each(|delta| self.add(delta))?;
        Some(self.fields)
    }

    fn add(&mut self, Delta { path, what }: &Delta) -> Option<()> {
        let mut here = Some(self.root?);
        let mut object = Some(self.object);
        let mut fields = &mut self.fields;
        let (last, way) = path.steps().split_last()?;
        for step in way {
            let kind = here;
            (object, here) = (object.and_then(|node| step.down(node)), below(kind, step));
            fields = match step {
                PathStep::Key(key) => child(fields, key)?,
                PathStep::Index(_) => element(fields, kind?, object?)?,
            };
        }
        let list = || below(here, last).and_then(Type::merge_keys);
        let old = object.and_then(|node| last.down(node));
        match (last, what) {
            (PathStep::Key(key), What::Set(value)) => {
                let is_merged = old.is_some_and(|old| match old.as_scalar() {
                    Some(scalar) => value.as_scalar().is_none() && !scalar.is_null(),
                    None => value.as_sequence().is_none() || list().is_some(),
                });
                if is_merged {
                    // The patch would not replace the old value as a whole.
                    return None;
                }
                insert(fields, key, value.clone())
            }
            (PathStep::Key(key), What::Append(values)) => {
                let mut items = values.clone();
                if list().is_none() {
                    let old = old.map_or(&[][..], Node::items);
                    items = old.iter().cloned().chain(items).collect();
                }
                let list = child_list(fields, key)?;
                list.extend(items);
                Some(())
            }
            (PathStep::Key(key), What::Remove) => {
                insert(fields, key, Scalar::null(Span::NONE).into())
            }
            (PathStep::Index(_), What::Remove) => {
                let removed = element(fields, here?, old?)?;
                insert(removed, "$patch", text("delete"))
            }
            (PathStep::Index(_), What::Set(_) | What::Append(_)) => None,
        }
    }
}

/// The type of a child.
fn below<'a>(kind: Option<Type<'a>>, step: &PathStep) -> Option<Type<'a>> {
    match step {
        PathStep::Key(key) => kind?.field(key),
        PathStep::Index(_) => kind?.elements(),
    }
}

/// The mapping at a key, or a list if it is one; made if it is missing.
fn child<'n>(fields: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    let fields = fields.as_mapping_mut()?;
    if fields.get(name).is_none() {
        let (key, value) = entry(name, mapping(Vec::new()));
        fields.insert(key, value);
    }
    fields.get_mut(name)
}

/// The elements of the list at a key, which is made if it is missing.
fn child_list<'n>(fields: &'n mut Node, name: &str) -> Option<&'n mut Vec<Node>> {
    let list = child(fields, name)?;
    as_list(list)
}

/// The elements of a list. A new mapping becomes a list.
fn as_list(node: &mut Node) -> Option<&mut Vec<Node>> {
    if node.as_mapping().is_some_and(|mapping| mapping.is_empty()) {
        *node = Node::sequence(Vec::new(), Span::NONE);
    }
    Some(node.as_sequence_mut()?.items_mut())
}

/// The element of a patch for an element of a list, by the merge keys of the list; made if it is missing.
fn element<'n>(list: &'n mut Node, kind: Type<'_>, object: &Node) -> Option<&'n mut Node> {
    let keys: Vec<&str> = kind.merge_keys()?.iter().collect();
    let first = object.get(keys.first()?)?;
    let others = keys.iter().skip(1).filter_map(|key| Some((*key, object.get(key)?.clone())));
    let mut identity = vec![entry(keys.first()?, first.clone())];
    identity.extend(others.map(|(key, value)| entry(key, value)));
    let items = as_list(list)?;
    let is_it = |item: &Node| {
        identity.iter().all(|(key, value)| item.get(key.text()).is_some_and(|one| one == value))
    };
    let place = items.iter().position(is_it).unwrap_or_else(|| {
        items.push(mapping(identity));
        items.len() - 1
    });
    items.get_mut(place)
}

fn insert(fields: &mut Node, name: &str, value: Node) -> Option<()> {
    let (key, value) = entry(name, value);
    fields.as_mapping_mut()?.insert(key, value);
    Some(())
}

/// The operations of a JSON patch (RFC 6902).
fn operations(deltas: &[Delta]) -> Node {
    let operation = |op: &str, path: String, value: Option<&Node>| {
        let mut fields = vec![entry("op", text(op)), entry("path", text(&path))];
        fields.extend(value.map(|value| entry("value", value.clone())));
        mapping(fields)
    };
    let mut operations = Vec::new();
    for Delta { path, what } in deltas {
        match what {
            What::Set(value) => operations.push(operation("add", path.pointer(), Some(value))),
            What::Append(values) => {
                let end = Path::keys(path.clone(), &["-"]).pointer();
                operations
                    .extend(values.iter().map(|value| operation("add", end.clone(), Some(value))));
            }
            What::Remove => operations.push(operation("remove", path.pointer(), None)),
        }
    }
    Node::sequence(operations, Span::NONE)
}

fn text(text: &str) -> Node {
    Scalar::string(text, Span::NONE).into()
}

fn entry(key: &str, value: Node) -> (Scalar, Node) {
    (Scalar::string(key, Span::NONE), value)
}

fn mapping(entries: Vec<(Scalar, Node)>) -> Node {
    Node::mapping(entries, Span::NONE)
}
