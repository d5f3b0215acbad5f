//! RFC 6902 (JSON Patch): add, remove, replace, move, copy, test.
//!
//! Patches are read and applied as leniently as in kustomize (evanphx/json-patch v4, `patch.go`): a missing value is
//! null, text before the first slash of a path is ignored, unknown escapes stay, unknown members are ignored, indices
//! may be negative, and an unknown operation fails only when it is reached.

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::source::Span;
use crate::text::phrase::shortened;
use crate::yaml::de::form;
use crate::yaml::{
    Form, Kind, Mapping, Node, Scalar, Style, Value, path, resolve, twice, write_json,
};

/// A list of operations, in order.
#[derive(Clone, Debug)]
pub struct JsonPatch {
    operations: Vec<Operation>,
    span: Span,
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
    /// Reads a patch from its document, whose values have their types already.
    ///
    /// # Errors
    /// [`Code::InvalidPatch`] for anything but a list of mappings.
    pub fn read(document: &Node) -> Result<Self> {
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
        Ok(Self { operations, span: document.span() })
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

    /// Applies all operations in order. After an error the document is partly patched.
    ///
    /// Costs the length of each path and of the collection that it changes, and the size of what is added or copied. What
    /// is copied, and what moves up when an entry is removed, is charged to the budget.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`], [`Code::PatchPathNotFound`], [`Code::PatchTestFailed`], [`Code::InvalidPatch`], each at
    /// its operation.
    pub fn apply(&self, document: &mut Node, budget: &Budget) -> Result<()> {
        self.operations.iter().try_for_each(|operation| operation.apply(document, budget))
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

    fn apply(&self, document: &mut Node, budget: &Budget) -> Result<()> {
        if matches!(self.name.as_str(), "add" | "replace") {
            self.value.charge(budget, self.span)?;
        }
        match self.name.as_str() {
            "add" => self.path()?.add(document, self.value.clone(), budget).map_err(with_parents),
            "remove" => {
                let removed = self.path()?.remove(document, budget).map_err(|error| {
                    with_help(error, "use a path that exists, or remove the operation")
                })?;
                check_discarded(&removed)
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
                self.path()?.add(document, value, budget).map_err(with_parents)
            }
            "test" => self.test(document),
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

    fn test(&self, document: &Node) -> Result<()> {
        let path = self.path()?;
        let found = match path.text.is_empty() {
            true => Some(document),
            false => path.get(document).map_err(as_it_is_there)?,
        };
        let equal = match found {
            Some(found) => same_value(found, &self.value),
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
        let error = failed(format!("found {found} at `{}`, expected {expected}", path.text));
        Err(noted(error, place, "the current value")
            .help("correct the patch, or the resource that it expects"))
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
            Some((first, value)) => match mapping.get_entry(last) {
                Some((second, _)) => Err(twice(&first, second)),
                None => Ok(value),
            },
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
            return check_discarded(&std::mem::replace(document, value));
        }
        let (last, container) = self.container(document)?;
        match container.as_sequence().map(|sequence| sequence.items().len()) {
            Some(length) => {
                let index = self.index(last, length, container)?;
                if let Some(sequence) = container.as_sequence_mut() {
                    let discarded = std::mem::replace(&mut sequence.items_mut()[index], value);
                    check_discarded(&discarded)?;
                }
            }
            // A missing key is added, as in kustomize.
            None => {
                if let Some(discarded) = container.get(last) {
                    check_discarded(discarded)?;
                }
                set(container, last, value, self.span);
            }
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

/// Checks values that a patch removes from a document: kustomize has converted all of it to JSON before.
///
/// # Errors
/// As [`write_json`].
fn check_discarded(node: &Node) -> Result<()> {
    match node.as_scalar() {
        Some(scalar) if scalar.style() != Style::Plain => Ok(()),
        _ => write_json(node, Form::Compact, &mut String::new()),
    }
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

/// True if two values are equal as JSON: the order of keys and styles are ignored.
fn same_value(left: &Node, right: &Node) -> bool {
    let mut pending = vec![(left, right)];
    while let Some((left, right)) = pending.pop() {
        match (left.kind(), right.kind()) {
            (Kind::Scalar, Kind::Scalar) => {
                let (Some(left), Some(right)) = (left.as_scalar(), right.as_scalar()) else {
                    return false;
                };
                match (resolve(left), resolve(right)) {
                    (Ok(left), Ok(right)) if left == right => {}
                    _ => return false,
                }
            }
            (Kind::Sequence, Kind::Sequence) => {
                let (Some(left), Some(right)) = (left.as_sequence(), right.as_sequence()) else {
                    return false;
                };
                if left.items().len() != right.items().len() {
                    return false;
                }
                pending.extend(left.items().iter().zip(right.items()));
            }
            (Kind::Mapping, Kind::Mapping) => {
                let (Some(left), Some(right)) = (left.as_mapping(), right.as_mapping()) else {
                    return false;
                };
                if left.len() != right.len() {
                    return false;
                }
                let others: BTreeMap<&str, &Node> =
                    right.iter().map(|(key, value)| (key.text(), value)).collect();
                for (key, value) in left.iter() {
                    let Some(other) = others.get(key.text()) else { return false };
                    pending.push((value, other));
                }
            }
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse::document;

    fn apply(base: &str, patch: &str) -> String {
        let sources = Sources::new();
        let read = |name: &str, text: &str| {
            document(&sources.add(name, text).unwrap()).unwrap().unwrap().root
        };
        let mut base = read("base.yaml", base);
        match JsonPatch::read(&read("patch.yaml", patch))
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
