//! Fields by path: the way from a field spec to the nodes it names in a document.
//!
//! (kustomize, `api/filters/fieldspec/fieldspec.go`.)

use std::borrow::Cow;

use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::{Kind, Mapping, Node, Scalar, Sequence, Style, Tag, Text, path};

/// The path of a field spec: keys with slashes between them, `\/` for a slash in a key, `[]` behind the key of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    name: Text,
    list: bool,
}

impl Key {
    /// Whether it can name a field. What looks like the place of an element, or like many, cannot.
    /// (kyaml, `PathGetter`.)
    fn names_a_field(&self) -> bool {
        let digits = self.name.strip_prefix(['+', '-']).unwrap_or(&self.name);
        let is_index = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_element = self.name.starts_with('[') && self.name.ends_with(']');
        !is_index && !is_element && !matches!(&*self.name, "" | "-" | "*")
    }
}

/// What is made of a field that is not there, if the field spec says to create it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// Nothing: a field that is not there stays so.
    Never,
    /// An empty scalar; a null that is found instead gets the tag.
    Scalar(Tag),
    /// An empty mapping.
    Mapping,
}

impl FieldPath {
    /// Splits a path.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let key = |name: Cow<'_, str>| {
            let (name, list) = match name.strip_suffix("[]") {
                Some(list) => (list, true),
                None => (&*name, false),
            };
            Key { name: name.into(), list }
        };
        let mut keys = Vec::with_capacity(1 + path.bytes().filter(|&byte| byte == b'/').count());
        keys.extend(path::split(path, '/').map(key));
        Self { keys }
    }

    /// Whether a document has a node that the path names, or one that stands in its way: if not, and nothing is to be
    /// made, there is nothing to visit.
    #[must_use]
    pub fn leads_somewhere(&self, document: &Node) -> bool {
        leads_somewhere(&self.keys, document)
    }

    /// Calls `set` on every node that the path names; lists on the way are gone through element by element. A field
    /// that is not there is made first if `create` says so, with the `span` of what caused it. Returns the number of
    /// fields that were made.
    ///
    /// Copies nothing of a document that lacks the field.
    ///
    /// # Errors
    /// [`Code::InvalidType`] when a scalar stands in the way, and those of `set`.
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
        visit(&self.keys, document, create, span, set)
    }
}

fn visit(
    keys: &[Key],
    node: &mut Node,
    create: Create,
    span: Span,
    set: &mut dyn FnMut(&mut Node) -> Result<()>,
) -> Result<usize> {
    let Some((key, rest)) = keys.split_first() else { return set(node).map(|()| 0) };
    if node.is_null() {
        return Ok(0);
    }
    match node.kind() {
        Kind::Scalar => {
            Err(Error::new(Code::InvalidType, "found a single value, expected a mapping or a list")
                .at(node.span()))
        }
        Kind::Sequence => {
            if create == Create::Never && !leads_somewhere(keys, node) {
                return Ok(0);
            }
            let mut items = node.as_sequence_mut().map(Sequence::items_mut).into_iter().flatten();
            items.try_fold(0, |made, item| Ok(made + visit(keys, item, create, span, set)?))
        }
        Kind::Mapping => {
            if !key.names_a_field() {
                let message = match &*key.name {
                    "" => "found an empty key in the path of a field spec".to_owned(),
                    name => format!("found `{name}` in the path of a field spec, expected a key"),
                };
                return Err(Error::new(Code::InvalidValue, message)
                    .at(span)
                    .note(node.span(), "a mapping here")
                    .help("a path leads into lists by itself, through all of their elements"));
            }
            let create_here = if key.list { Create::Never } else { create };
            match field(node, key, rest.is_empty(), create_here, span) {
                Some((field, made)) => Ok(made + visit(rest, field, create, span, set)?),
                None => Ok(0),
            }
        }
    }
}

/// The field of a mapping, made if it is not there and should be, and how many fields were made for that: 0 or 1. A null
/// becomes what would be made.
fn field<'a>(
    node: &'a mut Node,
    key: &Key,
    last: bool,
    create: Create,
    span: Span,
) -> Option<(&'a mut Node, usize)> {
    let found = node.get(&key.name);
    if found.is_none() && create == Create::Never {
        return None;
    }
    let null = found.is_some_and(Node::is_null);
    let make = |tag: Tag| match (create, last) {
        (Create::Never, _) => Node::sequence(Vec::new(), span),
        (Create::Scalar(_), true) if tag == Tag::None => Scalar::untagged("", span).into(),
        (Create::Scalar(_), true) => Scalar::parsed("", tag, Style::Plain, span).into(),
        (Create::Scalar(_) | Create::Mapping, _) => Node::mapping(Vec::new(), span),
    };
    let mapping: &mut Mapping = node.as_mapping_mut()?;
    let is_missing = mapping.get(&key.name).is_none();
    if is_missing {
        mapping.insert(Scalar::untagged(&key.name, span), make(Tag::None));
    } else if null && (create != Create::Never || key.list) {
        let tag = if let Create::Scalar(tag) = create { tag } else { Tag::None };
        mapping.insert(Scalar::untagged(&key.name, span), make(tag));
    }
    mapping.get_mut(&key.name).map(|field| (field, usize::from(is_missing)))
}

/// Whether any node is named: looked at before anything is copied to be changed.
fn leads_somewhere(keys: &[Key], node: &Node) -> bool {
    let Some((key, rest)) = keys.split_first() else { return true };
    match node.kind() {
        // A scalar in the way is an error, which the visit finds.
        Kind::Scalar => !node.is_null(),
        Kind::Sequence => node
            .as_sequence()
            .is_some_and(|list| list.items().iter().any(|item| leads_somewhere(keys, item))),
        // So is what cannot name a field.
        Kind::Mapping if !key.names_a_field() => true,
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
