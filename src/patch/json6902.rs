//! RFC 6902 (JSON Patch): add, remove, replace, move, copy, test.
//!
//! Patches are read and applied as leniently as in kustomize (evanphx/json-patch v4, `patch.go`): a missing value is
//! null, text before the first slash of a path is ignored, unknown escapes stay, unknown members are ignored, indices
//! may be negative, and an unknown operation fails only when it is reached.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::source::{Source, Span};
use crate::text::phrase::shortened;
use crate::yaml::de::form;
use crate::yaml::{Form, Kind, Mapping, Node, Scalar, Value, path, resolve, write_json};

/// A list of operations, in order.
#[derive(Clone, Debug)]
pub struct JsonPatch {
    operations: Vec<Operation>,
    span: Span,
    /// The text of the patch, if that is JSON: the reference compares values as they are written there.
    text: Option<Written>,
}

/// A text, and its place in the sources.
#[derive(Clone, Debug)]
struct Written {
    text: Arc<str>,
    base: usize,
}

#[derive(Clone, Debug)]
struct Operation {
    name: String,
    span: Span,
    path: Option<Pointer>,
    from: Option<Pointer>,
    /// The value; null if absent.
    value: Node,
}

impl JsonPatch {
    /// Reads a patch from its document, whose values have their types already. `json` is its text, if that is JSON.
    ///
    /// # Errors
    /// [`Code::InvalidPatch`] for anything but a list of mappings.
    pub fn read(document: &Node, json: Option<&Source>) -> Result<Self> {
        let Some(list) = document.as_sequence() else {
            return Err(Error::new(
                Code::InvalidPatch,
                format!("found {}, expected a list of operations", form(document)),
            )
            .at(document.span())
            .help(
                "a JSON patch is a list: `- op: replace`, `  path: /spec/replicas`, `  value: 3`",
            ));
        };
        let operations = list.items().iter().map(Operation::read).collect::<Result<_>>()?;
        let text =
            json.map(|source| Written { text: source.text().into(), base: source.base() as usize });
        Ok(Self { operations, span: document.span(), text })
    }

    /// The span of the patch.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// True if the patch has no operations.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Applies all operations in order to a document that was converted to JSON
    /// ([`json_beginning`](crate::yaml::json_beginning)). After an error the document is partly patched.
    ///
    /// Costs the length of each path and of the collection that it changes, and the size of what is added or copied. What
    /// is copied, and what moves up when an entry is removed, is charged to the budget.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`], [`Code::PatchPathNotFound`], [`Code::PatchTestFailed`], [`Code::InvalidPatch`], each at
    /// its operation.
    pub fn apply(&self, document: &mut Node, budget: &Budget) -> Result<()> {
        let text = self.text.as_ref();
        self.operations.iter().try_for_each(|operation| operation.apply(document, text, budget))
    }
}

/// The bytes that each entry of a mapping is charged from which another one is removed: it is looked at, and moves up.
const MOVED: usize = 4;

/// The number of items of a list that are charged one byte when an operation moves them.
const ITEMS_MOVED: usize = 8;

impl Operation {
    fn read(node: &Node) -> Result<Self> {
        // A null is an operation without members, and fails only when it is reached.
        let none = Mapping::default();
        let Some(members) = node.as_mapping().or_else(|| node.is_null().then_some(&none)) else {
            return Err(Error::new(
                Code::InvalidPatch,
                format!("found {}, expected an operation", form(node)),
            )
            .at(node.span())
            .help("an operation is a mapping with `op`, `path` and usually `value`"));
        };
        let name = members.get("op").and_then(Node::as_scalar);
        Ok(Self {
            name: name.map_or_else(String::new, |name| name.text().to_owned()),
            span: name.map_or(node.span(), Scalar::span),
            path: Pointer::read(members, "path"),
            from: Pointer::read(members, "from"),
            value: members
                .get("value")
                .cloned()
                .unwrap_or_else(|| Scalar::null(node.span()).into()),
        })
    }

    fn apply(&self, document: &mut Node, text: Option<&Written>, budget: &Budget) -> Result<()> {
        if matches!(self.name.as_str(), "add" | "replace") {
            self.value.charge(budget, self.span)?;
        }
        match self.name.as_str() {
            "add" => self.path()?.add(document, self.value.clone(), budget).map_err(with_parents),
            "remove" => {
                let removed = self.path()?.remove(document, budget);
                removed.map(drop).map_err(|error| {
                    with_help(error, "use a path that exists, or remove the operation")
                })
            }
            "replace" => self.path()?.replace(document, self.value.clone()).map_err(with_parents),
            "move" => {
                let value = self.from()?.remove(document, budget).map_err(as_it_is_there)?;
                self.path()?.add(document, value, budget).map_err(with_parents)
            }
            "copy" => {
                let value = self.from()?.get(document).map_err(as_it_is_there)?.cloned();
                let value = value.unwrap_or_else(|| Scalar::null(self.span).into());
                value.charge(budget, self.span)?;
                self.path()?.add(document, apart(value), budget).map_err(with_parents)
            }
            "test" => self.test(document, text),
            other => Err(Error::new(Code::InvalidPatch, format!("found the operation `{other}`"))
                .at(self.span)
                .did_you_mean(other, ["add", "remove", "replace", "move", "copy", "test"])
                .help("the operations are add, remove, replace, move, copy and test")),
        }
    }

    fn path(&self) -> Result<&Pointer> {
        self.path.as_ref().ok_or_else(|| self.missing("path"))
    }

    fn from(&self) -> Result<&Pointer> {
        self.from.as_ref().ok_or_else(|| self.missing("from"))
    }

    fn missing(&self, member: &str) -> Error {
        Error::new(Code::InvalidPatch, format!("the operation `{}` has no `{member}`", self.name))
            .at(self.span)
            .help(format!("add `{member}: /…`"))
    }

    fn test(&self, document: &Node, text: Option<&Written>) -> Result<()> {
        let path = self.path()?;
        let found = match path.text.is_empty() {
            true => Some(document),
            false => path.get(document).map_err(as_it_is_there)?,
        };
        let equal = match found {
            Some(found) => same_json(found, &self.value, text)?,
            None => self.value.is_null(),
        };
        if equal {
            return Ok(());
        }
        let failed = |what: String| {
            let message = format!("test failed: {what}");
            Error::new(Code::PatchTestFailed, message).at(path.span)
        };
        if is_confidential(document, &path.text) {
            return Err(failed(format!("another value is at `{}`", path.text)).help(
                "values of Secrets are not shown; correct the patch, or the Secret that it expects",
            ));
        }
        let place = found.map_or(Span::NONE, Node::span);
        let found = found.map_or_else(|| "nothing".to_owned(), shown);
        let expected = shown(&self.value);
        let error = failed(match found == expected {
            true => format!("{found} at `{}` is written in another way in JSON", path.text),
            false => format!("found {found} at `{}`, expected {expected}", path.text),
        });
        Err(noted(error, place, "the current value").help(match found == expected {
            true => "write the patch in YAML: kustomize compares the letters of a JSON patch with the JSON that it \
                     makes of the resource, where `<` is `\\u003c` and `1.0` is `1`",
            false => "correct the patch, or the resource that it expects",
        }))
    }
}

/// True if the path points to a value of a Secret.
fn is_confidential(document: &Node, path: &str) -> bool {
    document.get("kind").and_then(Node::as_text).is_some_and(|kind| kind == "Secret")
        && ["/data", "/stringData"].iter().any(|field| path.starts_with(field))
}

/// A short form of a value for messages: `"text"`, a number as written, the kind of a collection.
fn shown(node: &Node) -> String {
    let Some(scalar) = node.as_scalar() else { return node.kind().to_string() };
    let text = shortened(scalar.text(), 60);
    match resolve(scalar) {
        Ok(Value::Str(_)) => format!("`{text:?}`"),
        Ok(Value::Null) => "null".to_owned(),
        _ => format!("`{text}`"),
    }
}

/// Adds a second span, unless the value was set by an earlier operation and has none.
fn noted(error: Error, place: Span, label: impl Into<String>) -> Error {
    if place.is_none() { error } else { error.note(place, label) }
}

fn with_parents(error: Error) -> Error {
    with_help(error, "create the missing parent first with a separate `add` operation")
}

fn as_it_is_there(error: Error) -> Error {
    with_help(error, "use a path that exists")
}

/// Adds advice for a path that does not exist, unless there is advice already.
fn with_help(error: Error, help: &str) -> Error {
    let is_path = error.code() == Code::PatchPathNotFound && error.helps().is_empty();
    if is_path { error.help(help) } else { error }
}

/// A JSON pointer (RFC 6901): the keys and indices of a path.
#[derive(Clone, Debug)]
struct Pointer {
    text: String,
    span: Span,
    /// The keys without escapes; empty if the text has no slash.
    keys: Vec<String>,
}

impl Pointer {
    fn read(members: &Mapping, name: &str) -> Option<Self> {
        let scalar = members.get(name)?.as_scalar()?;
        let keys = scalar.text().split('/').skip(1).map(path::of_pointer).collect();
        Some(Self { text: scalar.text().to_owned(), span: scalar.span(), keys })
    }

    /// The value; `None` if the last key is missing in a mapping.
    fn get<'a>(&self, document: &'a Node) -> Result<Option<&'a Node>> {
        let (last, way) = self.keys.split_last().ok_or_else(|| self.leads_nowhere(document))?;
        let mut container = document;
        for key in way {
            container = child(container, key).ok_or_else(|| self.leads_nowhere(document))?;
        }
        match container.as_sequence() {
            Some(sequence) => {
                let index = self.index(last, sequence.items().len(), container)?;
                Ok(sequence.items().get(index))
            }
            None if container.kind() == Kind::Scalar => Err(self.leads_nowhere(document)),
            None => Ok(container.get(last)),
        }
    }

    fn add(&self, document: &mut Node, value: Node, budget: &Budget) -> Result<()> {
        let (last, container) = self.container(document)?;
        match container.as_sequence().map(|sequence| sequence.items().len()) {
            Some(length) => {
                let index =
                    if last == "-" { length } else { self.index(last, length + 1, container)? };
                budget.bytes((length - index) / ITEMS_MOVED, self.span)?;
                if let Some(sequence) = container.as_sequence_mut() {
                    sequence.items_mut().insert(index, value);
                }
            }
            None => set(container, last, value, self.span),
        }
        Ok(())
    }

    fn remove(&self, document: &mut Node, budget: &Budget) -> Result<Node> {
        let (last, container) = self.container(document)?;
        if let Some(length) = container.as_sequence().map(|sequence| sequence.items().len()) {
            let index = self.index(last, length, container)?;
            budget.bytes((length - index) / ITEMS_MOVED, self.span)?;
            if let Some(sequence) = container.as_sequence_mut() {
                return Ok(sequence.items_mut().remove(index));
            }
        }
        let Some(mapping) = container.as_mapping_mut() else {
            return Err(self.leads_nowhere(document));
        };
        budget.bytes(mapping.len() * MOVED, self.span)?;
        match mapping.remove(last) {
            Some((_, value)) => Ok(value),
            None => Err(self.leads_nowhere(document)),
        }
    }

    fn replace(&self, document: &mut Node, value: Node) -> Result<()> {
        if self.text.is_empty() {
            if value.kind() == Kind::Scalar {
                return Err(Error::new(
                    Code::InvalidPatch,
                    "found a single value to replace the whole document with",
                )
                .at(value.span())
                .help("give the fields to replace: `path: /spec/replicas`"));
            }
            *document = value;
            return Ok(());
        }
        let (last, container) = self.container(document)?;
        match container.as_sequence().map(|sequence| sequence.items().len()) {
            Some(length) => {
                let index = self.index(last, length, container)?;
                if let Some(sequence) = container.as_sequence_mut() {
                    sequence.items_mut()[index] = value;
                }
            }
            // A missing key is added, as in kustomize.
            None => set(container, last, value, self.span),
        }
        Ok(())
    }

    /// The collection that contains the value, and the last key.
    fn container<'a>(&self, document: &'a mut Node) -> Result<(&str, &'a mut Node)> {
        let Some((last, way)) = self.keys.split_last() else {
            return Err(self.leads_nowhere(document));
        };
        // Looked up before making it mutable: a path that does not exist must not copy shared nodes.
        let found = way.iter().try_fold(&*document, |container, key| child(container, key));
        if found.is_none_or(|container| container.kind() == Kind::Scalar) {
            return Err(self.leads_nowhere(document));
        }
        let mut container = document;
        for key in way {
            let next = match container.kind() {
                Kind::Sequence => container.as_sequence_mut().and_then(|sequence| {
                    let index = position(key, sequence.items().len())?;
                    sequence.items_mut().get_mut(index)
                }),
                Kind::Mapping | Kind::Scalar => container.get_mut(key),
            };
            container = next.ok_or_else(|| {
                Error::new(Code::PatchPathNotFound, "the path does not exist").at(self.span)
            })?;
        }
        Ok((last, container))
    }

    /// The index that a key refers to in a list; must be below `length`.
    fn index(&self, key: &str, length: usize, list: &Node) -> Result<usize> {
        position(key, length).ok_or_else(|| self.no_index(key, length, list))
    }

    #[cold]
    fn no_index(&self, key: &str, length: usize, list: &Node) -> Error {
        if !self.text.starts_with('/') {
            return self.no_pointer();
        }
        let elements = list.as_sequence().map_or(0, |sequence| sequence.items().len());
        let is_number = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
        let error = if is_number || atoi(key).is_some() {
            let elements = match elements {
                0 => "it is empty".to_owned(),
                1 => "it has 1 element".to_owned(),
                elements => format!("it has {elements} elements"),
            };
            let message = format!("the list at `{}` has no index `{key}`", self.parent(1));
            Error::new(Code::PatchPathNotFound, message).label(elements)
        } else {
            let message = format!("found the key `{key}` for the list at `{}`", self.parent(1));
            Error::new(Code::PatchPathNotFound, message).label("expected an index")
        };
        let error = noted(error.at(self.span), list.span(), "the list");
        match (length > elements, elements) {
            (true, _) => error.help("count from 0, or append with `-`"),
            (false, 0) => error.help("add an element first: `op: add` with `-` as the index"),
            (false, _) => error.help(format!("count from 0: the last one is {}", elements - 1)),
        }
    }

    /// The path without its last `levels` keys.
    fn parent(&self, levels: usize) -> String {
        let end = self.text.rmatch_indices('/').nth(levels - 1).map_or(0, |(slash, _)| slash);
        if end == 0 { "/".to_owned() } else { self.text[..end].to_owned() }
    }

    #[cold]
    fn leads_nowhere(&self, document: &Node) -> Error {
        let error = Error::new(
            Code::PatchPathNotFound,
            format!("`{}` does not exist in this resource", self.text),
        )
        .at(self.span);
        if !self.text.starts_with('/') {
            return self.no_pointer();
        }
        let mut container = document;
        for (level, key) in self.keys.iter().enumerate() {
            if let Some(next) = child(container, key) {
                container = next;
                continue;
            }
            let place = self.parent(self.keys.len() - level);
            let here = match (level, container.as_sequence().map(|list| list.items().len())) {
                (0, _) => "the resource".to_owned(),
                (_, Some(1)) => "this list has one element".to_owned(),
                (_, Some(length)) => format!("this list has {length} elements"),
                (_, None) => format!("`{place}`"),
            };
            let error = match container.kind() {
                Kind::Scalar => error.label(format!("`{place}` is a scalar")),
                Kind::Sequence => error.label(format!("no element `{key}` in `{place}`")),
                Kind::Mapping => error.label(format!("no `{key}` in `{place}`")),
            };
            let error = noted(error, container.span(), here);
            let known = || {
                let mapping = container.as_mapping().into_iter();
                mapping.flat_map(|mapping| mapping.iter().map(|(key, _)| key.text()))
            };
            let rest = self.keys[level..].join("/");
            // A domain as key is the beginning of a label or annotation.
            let is_cut = key.contains('.') && container.kind() == Kind::Mapping;
            if rest.len() > key.len() && (is_cut || known().any(|key| key == rest)) {
                let whole =
                    format!("{}/{}", self.parent(self.keys.len() - level), rest.replace('/', "~1"));
                return error.help(format!("a slash inside a key is written `~1`: `{whole}`"));
            }
            return match self.with_slashes() {
                Some(path) => {
                    error.help(format!("an element of a list is addressed by its index: `{path}`"))
                }
                None => error.did_you_mean(key, known()),
            };
        }
        error
    }

    /// The error for a path that does not begin with a slash: kustomize drops its first key.
    fn no_pointer(&self) -> Error {
        let error = Error::new(
            Code::PatchPathNotFound,
            format!("the path `{}` does not begin with `/`", self.text),
        )
        .at(self.span);
        match self.text.as_str() {
            "" => error.help("name the field: `/spec/replicas`"),
            text => error.help(format!(
                "write `{}`",
                self.with_slashes().unwrap_or_else(|| format!("/{text}"))
            )),
        }
    }

    /// The pointer for a path with dots or brackets: `spec.ports[0].port` is `/spec/ports/0/port`.
    fn with_slashes(&self) -> Option<String> {
        let has_index = self.text.contains('[') && self.text.contains(']');
        let is_dotted = !self.text.contains('/') && self.text.contains('.');
        if !has_index && !is_dotted {
            return None;
        }
        let text = self.text.replace('[', "/").replace(']', "");
        let text = if is_dotted { text.replace('.', "/") } else { text };
        Some(format!("/{}", text.trim_start_matches('/').replace("//", "/")))
    }
}

/// The same value as a collection of its own, by which a trace tells a copy from its original.
fn apart(mut value: Node) -> Node {
    match value.kind() {
        Kind::Mapping => drop(value.as_mapping_mut()),
        Kind::Sequence => drop(value.as_sequence_mut()),
        Kind::Scalar => {}
    }
    value
}

fn set(container: &mut Node, key: &str, value: Node, span: Span) {
    if let Some(mapping) = container.as_mapping_mut() {
        mapping.insert(Scalar::string(key, span), value);
    }
}

fn child<'a>(container: &'a Node, key: &str) -> Option<&'a Node> {
    match container.as_sequence() {
        Some(sequence) => sequence.items().get(position(key, sequence.items().len())?),
        None => container.get(key),
    }
}

/// The position of an index; a negative one counts from the end.
fn position(key: &str, length: usize) -> Option<usize> {
    let index = atoi(key)?;
    let index = if index < 0 { index.checked_add_unsigned(length)? } else { index };
    usize::try_from(index).ok().filter(|&index| index < length)
}

/// Go's `strconv.Atoi`: a sign and digits, so `01` is an index too.
fn atoi(text: &str) -> Option<isize> {
    text.parse().ok()
}

impl Written {
    /// A scalar as it is written; `None` for one that has no place here.
    fn of(&self, scalar: &Scalar) -> Option<&str> {
        let start = (scalar.span().start() as usize).checked_sub(self.base)?;
        let range: Range<usize> = start..start + scalar.span().length() as usize;
        self.text.get(range).filter(|text| !text.is_empty())
    }
}

/// True if two values are equal for the reference, which compares scalars by their JSON text: that of a patch in JSON
/// is as it is written. The order of keys is ignored.
///
/// # Errors
/// As [`write_json`].
fn same_json(left: &Node, right: &Node, written: Option<&Written>) -> Result<bool> {
    let mut pending = vec![(left, right)];
    while let Some((left, right)) = pending.pop() {
        match (left.kind(), right.kind()) {
            (Kind::Scalar, Kind::Scalar) => {
                let as_written = right.as_scalar().filter(|scalar| !scalar.is_null());
                let as_written = as_written.and_then(|scalar| written?.of(scalar));
                if as_written.is_none()
                    && let Some([Ok(Value::Str(left)), Ok(Value::Str(right))]) = left
                        .as_scalar()
                        .zip(right.as_scalar())
                        .map(|(left, right)| [resolve(left), resolve(right)])
                {
                    // Aliases make many long texts of one: they are not written for each.
                    if left != right {
                        return Ok(false);
                    }
                    continue;
                }
                let [mut found, mut expected] = [String::new(), String::new()];
                write_json(left, Form::Compact, &mut found)?;
                write_json(right, Form::Compact, &mut expected)?;
                if found != as_written.unwrap_or(&expected) {
                    return Ok(false);
                }
            }
            (Kind::Sequence, Kind::Sequence) => {
                let (Some(left), Some(right)) = (left.as_sequence(), right.as_sequence()) else {
                    return Ok(false);
                };
                if left.items().len() != right.items().len() {
                    return Ok(false);
                }
                pending.extend(left.items().iter().zip(right.items()));
            }
            (Kind::Mapping, Kind::Mapping) => {
                let (Some(left), Some(right)) = (left.as_mapping(), right.as_mapping()) else {
                    return Ok(false);
                };
                if left.len() != right.len() {
                    return Ok(false);
                }
                let others: BTreeMap<&str, &Node> =
                    right.iter().map(|(key, value)| (key.text(), value)).collect();
                for (key, value) in left.iter() {
                    let Some(other) = others.get(key.text()) else { return Ok(false) };
                    pending.push((value, other));
                }
            }
            _ => return Ok(false),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse::document;
    use crate::yaml::{de, emit, json_beginning, json_passage};

    fn apply(base: &str, patch: &str) -> String {
        let sources = Sources::new();
        let read = |name: &str, text: &str| {
            document(&sources.add(name, text).unwrap()).unwrap().unwrap().root
        };
        let mut base = read("base.yaml", base);
        match JsonPatch::read(&read("patch.yaml", patch), None)
            .and_then(|patch| patch.apply(&mut base, &Budget::default()))
        {
            Ok(()) => format!("{base:?}"),
            Err(error) => format!("{}: {} [{}]", error.code(), error.message(), error.label_text()),
        }
    }

    #[track_caller]
    fn check(table: &[(&str, &str)]) {
        for (patch, expected) in table {
            assert_eq!(apply("{a: {b: 1}, l: [x, y]}", patch), *expected, "for {patch}");
        }
    }

    #[test]
    fn each_operation() {
        check(&[
            ("[{op: add, path: /a/c, value: 2}]", r#"{a: {b: 1, !!Str "c": 2}, l: [x, y]}"#),
            ("[{op: add, path: /l/1, value: z}]", "{a: {b: 1}, l: [x, z, y]}"),
            ("[{op: remove, path: /a/b}]", "{a: {}, l: [x, y]}"),
            ("[{op: replace, path: /a, value: 3}]", "{a: 3, l: [x, y]}"),
            ("[{op: move, from: /a/b, path: /l/-}]", "{a: {}, l: [x, y, 1]}"),
            ("[{op: copy, from: /l/0, path: /a/b}]", "{a: {b: x}, l: [x, y]}"),
            ("[{op: test, path: /l, value: [x, y]}, {op: remove, path: /a}]", "{l: [x, y]}"),
        ]);
    }

    #[test]
    fn what_the_reference_lets_pass() {
        check(&[
            (
                "[{op: replace, path: /a/new}]",
                r#"{a: {b: 1, !!Str "new": !!Null "null"}, l: [x, y]}"#,
            ),
            ("[{op: remove, path: ignored/a}]", "{l: [x, y]}"),
            ("[{op: add, path: /l/-1, value: z}]", "{a: {b: 1}, l: [x, y, z]}"),
            ("[{op: remove, path: /l/-1}]", "{a: {b: 1}, l: [x]}"),
            ("[{op: remove, path: /l/01}]", "{a: {b: 1}, l: [x]}"),
            ("[{op: test, path: /none}]", "{a: {b: 1}, l: [x, y]}"),
            (
                "[{op: add, path: /a~1b~0c~2, value: 1}]",
                r#"{a: {b: 1}, l: [x, y], !!Str "a/b~c~2": 1}"#,
            ),
            ("[{op: replace, path: '', value: {x: 1}}]", "{x: 1}"),
        ]);
    }

    /// The printed document after a patch in the text of a file of its own, or the code of the error.
    fn patched(base: &str, text: &str) -> String {
        let sources = Sources::new();
        let mut base = document(&sources.add("base.yaml", base).unwrap()).unwrap().unwrap().root;
        let source = sources.add("patch", text).unwrap();
        let list = document(&source).unwrap().unwrap().root;
        let json = text.starts_with('[').then_some(&*source);
        let printed = de::from_node::<Node>(&list).and_then(|list| {
            json_beginning(&mut base)?;
            JsonPatch::read(&list, json)?.apply(&mut base, &Budget::default())?;
            json_passage(&mut base)?;
            let mut out = String::new();
            emit(&base, &mut out).map(|()| out)
        });
        printed.unwrap_or_else(|error| error.code().to_string())
    }

    /// The reference converts a document to JSON before it patches it.
    #[test]
    fn values_are_those_of_the_place_that_they_come_from() {
        for (base, patch, expected) in [
            (
                "f: {k: , j: 1}",
                "- {op: copy, from: /f/k, path: /b}",
                "b: \"\"\nf:\n  j: 1\n  k: \"\"\n",
            ),
            (
                "f: {j: 1}\nk:",
                "- {op: copy, from: /k, path: /f/b}",
                "f:\n  b: null\n  j: 1\nk: null\n",
            ),
            (
                "f: {k: 2001-12-14t21:59:43.10-05:00}",
                "- {op: move, from: /f/k, path: /b}",
                "b: \"2001-12-14t21:59:43.10-05:00\"\nf: {}\n",
            ),
            (
                "f: {j: 1}\nk: 2001-12-14 21:59:43",
                "- {op: copy, from: /k, path: /f/b}",
                "f:\n  b: \"2001-12-14T21:59:43Z\"\n  j: 1\nk: \"2001-12-14T21:59:43Z\"\n",
            ),
            (
                "a: -0.0\nb: 1234567",
                "- {op: copy, from: /b, path: /c}",
                "a: 0\nb: 1234567\nc: 1234567\n",
            ),
            ("a: 1\nb: \"\\tx\\ny\"", "- {op: remove, path: /b}", "a: 1\n"),
            ("a: 1\nb: |2\n  \tx\n  y\n", "- {op: remove, path: /b}", "unrepresentable-value"),
            ("a: 1\nb: \"\\tx\\ny\"", "- {op: remove, path: /a}", "unrepresentable-value"),
            ("a: [.nan]", "- {op: replace, path: /a, value: 1}", "unrepresentable-value"),
            ("a: !!int b", "- {op: add, path: /a, value: 1}", "invalid-value"),
            ("a: {1: b}", "- {op: remove, path: /a/1}", "invalid-key"),
            (
                "a: 1",
                "- {op: add, path: /b, value: {\"<<\": c}}\n- {op: remove, path: /b}",
                "a: 1\n",
            ),
            ("a: true", "- {op: copy, from: /a/0, path: /b}", "patch-path-not-found"),
            ("a: true", "- {op: test, path: /a/0}", "patch-path-not-found"),
        ] {
            assert_eq!(patched(base, patch), expected, "{patch} in\n{base}");
        }
    }

    /// The reference compares the JSON of scalars, which in a patch in JSON is as it is written.
    #[test]
    fn a_test_compares_json() {
        for (base, value, as_yaml, as_json) in [
            ("v: 1e3", "1000", true, true),
            ("v: 1e3", "1e3", true, false),
            ("v: 1", "1.0", true, false),
            ("v: 1.0", "1", true, true),
            ("v: 12345678901234567", "12345678901234567", true, true),
            ("v: 12345678901234567", "12345678901234568", false, false),
            ("v: 2001-01-01", "\"2001-01-01T00:00:00Z\"", true, true),
            ("v: '<'", "\"<\"", true, false),
            ("v: '<'", "\"\\u003c\"", true, true),
            ("v: {a: 1, b: [x, 2.0]}", "{\"b\": [\"x\", 2], \"a\": 1}", true, true),
            ("v: {a: , b: 1}", "{\"a\": \"\", \"b\": 1}", true, true),
            ("v: {a: , b: 1}", "{\"a\": null, \"b\": 1}", false, false),
            ("v: 1", "\"1\"", false, false),
            ("v: 1", "[1]", false, false),
        ] {
            let yaml = format!("- op: test\n  path: /v\n  value: {value}\n");
            let json = format!("[{{\"op\": \"test\", \"path\": \"/v\", \"value\": {value}}}]");
            for (patch, passes) in [(yaml, as_yaml), (json, as_json)] {
                let failed = patched(base, &patch) == "patch-test-failed";
                assert_eq!(!failed, passes, "{patch} for {base}");
            }
        }
    }

    #[test]
    fn what_is_refused() {
        check(&[
            (
                "[{op: add, path: /c/d, value: 1}]",
                "patch-path-not-found: `/c/d` does not exist in this resource [no `c` in `/`]",
            ),
            (
                "[{op: remove, path: /a/x}]",
                "patch-path-not-found: `/a/x` does not exist in this resource [no `x` in `/a`]",
            ),
            (
                "[{op: remove, path: /l/2}]",
                "patch-path-not-found: the list at `/l` has no index `2` [it has 2 elements]",
            ),
            (
                "[{op: add, path: /l/x}]",
                "patch-path-not-found: found the key `x` for the list at `/l` [expected an index]",
            ),
            (
                "[{op: test, path: /a/b, value: 2}]",
                "patch-test-failed: test failed: found `1` at `/a/b`, expected `2` []",
            ),
            ("[{op: replce, path: /a}]", "invalid-patch: found the operation `replce` []"),
            ("[{path: /a}]", "invalid-patch: found the operation `` []"),
            ("[null]", "invalid-patch: found the operation `` []"),
            ("[{op: add}]", "invalid-patch: the operation `add` has no `path` []"),
            ("{op: add}", "invalid-patch: found a mapping, expected a list of operations []"),
        ]);
    }
}
