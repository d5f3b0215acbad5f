//! Field paths of field specs: they select nodes of a document, and create missing ones.
//!
//! (kustomize, `api/filters/fieldspec/fieldspec.go`.)

use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::{Kind, Node, Scalar, Sequence, Style, Tag, Text, path};

/// The path of a field spec: keys separated by slashes, `\/` for a slash in a key, `[]` after the key of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    name: Text,
    list: bool,
    names_a_field: bool,
}

impl Key {
    /// Reads a key as it is written in a path, `[]` included.
    fn new(text: &str) -> Self {
        let (name, list) = text.strip_suffix("[]").map_or((text, false), |name| (name, true));
        Self { name: name.into(), list, names_a_field: names_a_field(name) }
    }
}

/// True if a key can name a field. An index, `-`, `*` and a selector in brackets cannot. (kyaml, `PathGetter`.)
fn names_a_field(key: &str) -> bool {
    let digits = key.strip_prefix(['+', '-']).unwrap_or(key);
    let is_index = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_element = key.starts_with('[') && key.ends_with(']');
    !is_index && !is_element && !matches!(key, "" | "-" | "*")
}

/// The node that is created for a missing field, if the field spec has `create`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// None: a missing field stays missing.
    Never,
    /// An empty scalar; a null in its place gets the tag.
    Scalar(Tag),
    /// An empty mapping.
    Mapping,
}

impl FieldPath {
    /// Splits a path.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let mut keys = Vec::with_capacity(1 + path.bytes().filter(|&byte| byte == b'/').count());
        keys.extend(path::split(path, '/').map(|key| Key::new(&key)));
        Self { keys }
    }

    /// True if a document has a node at the path, or one that blocks it. If false, and no field is to be created, the
    /// document need not be visited.
    #[must_use]
    pub fn leads_somewhere(&self, document: &Node) -> bool {
        leads_somewhere(&self.keys, document)
    }

    /// Calls `set` on every node at the path; lists on the path are visited element by element. A missing field is
    /// created first as `create` specifies, with the `span` of the cause. Returns the number of fields created.
    ///
    /// A document without the field is not copied.
    ///
    /// # Errors
    /// [`Code::InvalidType`] if a scalar blocks the path, and those of `set`.
    pub fn visit(
        &self,
        document: &mut Node,
        create: Create,
        span: Span,
        set: &mut dyn FnMut(&mut Node) -> Result<()>,
    ) -> Result<usize> {
        if create == Create::Never && !leads_somewhere(&self.keys, document) {
            return Ok(0);
        }
        let mut visit = Visit { create, span, set, made: 0 };
        visit.node(&self.keys, document)?;
        Ok(visit.made)
    }
}

/// A visit of the nodes at a path.
struct Visit<'s> {
    create: Create,
    span: Span,
    set: &'s mut dyn FnMut(&mut Node) -> Result<()>,
    /// The number of fields created.
    made: usize,
}

impl Visit<'_> {
    fn node(&mut self, keys: &[Key], node: &mut Node) -> Result<()> {
        let Some((key, rest)) = keys.split_first() else { return (self.set)(node) };
        if node.is_null() {
            return Ok(());
        }
        match node.kind() {
            Kind::Scalar => {
                let message = "found a single value, expected a mapping or a list";
                Err(Error::new(Code::InvalidType, message).at(node.span()))
            }
            Kind::Sequence => {
                if self.create == Create::Never && !leads_somewhere(keys, node) {
                    return Ok(());
                }
                let items = node.as_sequence_mut().map(Sequence::items_mut);
                items.into_iter().flatten().try_for_each(|item| self.node(keys, item))
            }
            Kind::Mapping if !key.names_a_field => Err(self.no_key(key, node)),
            Kind::Mapping => match self.field(node, key, rest.is_empty()) {
                Some(field) => self.node(rest, field),
                None => Ok(()),
            },
        }
    }

    /// The field of a mapping, created if it is missing and should be. A null is replaced by the node that would be
    /// created.
    fn field<'n>(&mut self, node: &'n mut Node, key: &Key, last: bool) -> Option<&'n mut Node> {
        let create = if key.list { Create::Never } else { self.create };
        let found = node.as_mapping()?.position(&key.name);
        let is_null = found.and_then(|at| node.child(at)).is_some_and(Node::is_null);
        if found.is_none() && create == Create::Never {
            return None;
        }
        if found.is_none() || is_null && (create != Create::Never || key.list) {
            let made = self.make(create, last, found.is_some());
            self.made += usize::from(found.is_none());
            let mapping = node.as_mapping_mut()?;
            mapping.insert(Scalar::untagged(&key.name, self.span), made);
            return mapping.get_mut(&key.name);
        }
        node.child_mut(found?)
    }

    /// The node for a field that is created, or that replaces a null.
    fn make(&self, create: Create, last: bool, replaces: bool) -> Node {
        match create {
            Create::Never => Node::sequence(Vec::new(), self.span),
            Create::Scalar(tag) if last && replaces && tag != Tag::None => {
                Scalar::parsed("", tag, Style::Plain, self.span).into()
            }
            Create::Scalar(_) if last => Scalar::untagged("", self.span).into(),
            Create::Scalar(_) | Create::Mapping => Node::mapping(Vec::new(), self.span),
        }
    }

    #[cold]
    fn no_key(&self, key: &Key, node: &Node) -> Error {
        let message = match &*key.name {
            "" => "found an empty key in the path of a field spec".to_owned(),
            name => format!("found `{name}` in the path of a field spec, expected a key"),
        };
        Error::new(Code::InvalidValue, message)
            .at(self.span)
            .note(node.span(), "a mapping here")
            .help("a path leads into lists by itself, through all of their elements")
    }
}

/// True if the path selects a node or is blocked. Checked before a document is copied to change it.
fn leads_somewhere(keys: &[Key], node: &Node) -> bool {
    let Some((key, rest)) = keys.split_first() else { return true };
    match node.kind() {
        // A scalar that blocks the path is an error, which the visit reports.
        Kind::Scalar => !node.is_null(),
        Kind::Sequence => node
            .as_sequence()
            .is_some_and(|list| list.items().iter().any(|item| leads_somewhere(keys, item))),
        // A key that cannot name a field is an error, too.
        Kind::Mapping if !key.names_a_field => true,
        Kind::Mapping => {
            node.get(&key.name).is_some_and(|field| field.is_null() || leads_somewhere(rest, field))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse::document;

    fn visited(text: &str, path: &str, create: Create) -> String {
        let mut root =
            document(&Sources::new().add("text.yaml", text).unwrap()).unwrap().unwrap().root;
        let set = &mut |node: &mut Node| match create {
            Create::Mapping => node.set_field("k", "v", Tag::Str, Span::NONE),
            _ => node.set_text("new", Tag::None, Span::NONE),
        };
        match FieldPath::new(path).visit(&mut root, create, Span::NONE, set) {
            Ok(_) => format!("{root:?}"),
            Err(error) => error.code().to_string(),
        }
    }

    #[test]
    fn fields_that_are_there() {
        assert_eq!(visited("a: {b: 1}", "a/b", Create::Never), "{a: {b: new}}");
        assert_eq!(visited("a: {b: 1}", "/a/b", Create::Never), "{a: {b: new}}");
        assert_eq!(visited("a: {b: 1}", "a/c", Create::Never), "{a: {b: 1}}");
        assert_eq!(visited("a: [{b: 1}, {c: 2}]", "a/b", Create::Never), "{a: [{b: new}, {c: 2}]}");
        assert_eq!(
            visited("a: [{b: 1}, {c: 2}]", "a[]/b", Create::Never),
            "{a: [{b: new}, {c: 2}]}"
        );
        assert_eq!(visited("a: {b/c: 1}", r"a/b\/c", Create::Never), "{a: {b/c: new}}");
        assert_eq!(visited("a: text", "a/b", Create::Never), "invalid-type");
        assert_eq!(visited("a: null", "a/b", Create::Never), "{a: null}");
        for key in ["0", "-1", "-", "*", "[k=v]", ""] {
            assert_eq!(visited("a: {}", &format!("a/{key}"), Create::Never), "invalid-value");
            assert_eq!(visited("a: {}", &format!("b/{key}"), Create::Never), "{a: {}}");
        }
        assert_eq!(visited("a: null", "a[]/b", Create::Never), "{a: []}");
    }

    #[test]
    fn fields_that_are_made() {
        assert_eq!(visited("{}", "a/b", Create::Scalar(Tag::Str)), "{a: {b: new}}");
        assert_eq!(visited("{a: null}", "a/b", Create::Scalar(Tag::Str)), "{a: {b: new}}");
        assert_eq!(visited("{}", "a/b", Create::Mapping), r#"{a: {b: {k: !!Str "v"}}}"#);
        assert_eq!(
            visited("{a: [{}, {}]}", "a/b", Create::Mapping),
            r#"{a: [{b: {k: !!Str "v"}}, {b: {k: !!Str "v"}}]}"#
        );
        assert_eq!(visited("{}", "a[]/b", Create::Mapping), "{}");
    }
}
