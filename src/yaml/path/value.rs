//! A path that selects one field: the source of a replacement, a target of `ValueAddTransformer`, the field of a
//! variable.

use super::PathName;
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::{Kind, Node, Scalar, Style, Tag};

/// Names, positions in lists, `-` for the last element, and `[key=value]` or `[=value]` for the first element that
/// matches.
///
/// (kustomize, `kyaml/yaml/fns.go`: `PathGetter`.)
pub(crate) struct ValuePath(Vec<ValueStep>);

enum ValueStep {
    Field(String),
    Index(usize),
    Last,
    Element { key: String, value: String },
}

impl ValuePath {
    /// Parses a path.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a negative position, `*`, and brackets without `=`.
    pub(crate) fn new(path: &str) -> Result<Self> {
        Self::of_names(super::split(path, '/'))
    }

    /// The path of these names; empty names are skipped.
    ///
    /// # Errors
    /// As [`ValuePath::new`].
    pub(crate) fn of_names(names: impl IntoIterator<Item: AsRef<str>>) -> Result<Self> {
        let step = |name: &str| (!name.is_empty()).then(|| ValueStep::new(name));
        let steps = names.into_iter().filter_map(|name| step(name.as_ref().trim()));
        steps.collect::<Result<_>>().map(Self)
    }

    /// The node at the path with the position of each step; `None` if it does not exist.
    ///
    /// # Errors
    /// As [`ValuePath::find_or_make`].
    pub(crate) fn find<'n>(&self, root: &'n Node) -> Result<Option<(&'n Node, Vec<usize>)>> {
        let (mut node, mut way) = (root, Vec::new());
        for step in &self.0 {
            let Some(position) = step.position(node)? else { return Ok(None) };
            let Some(next) = node.child(position) else { return Ok(None) };
            way.push(position);
            node = next;
        }
        Ok(Some((node, way)))
    }

    /// The node at the path. Missing fields are created, and so are missing elements that are selected by a value.
    /// `None` if the path leads through a null or to a position that does not exist.
    ///
    /// # Errors
    /// [`Code::InvalidType`] for a node of another kind than the path requires.
    pub(crate) fn find_or_make<'n>(
        &self,
        root: &'n mut Node,
        span: Span,
    ) -> Result<Option<&'n mut Node>> {
        let mut node = root;
        for (number, step) in self.0.iter().enumerate() {
            let next = match step.position(node)? {
                Some(position) => node.child_mut(position),
                None => step.make(node, self.0.get(number + 1), span),
            };
            let Some(next) = next else { return Ok(None) };
            node = next;
        }
        Ok(Some(node))
    }
}

/// The position of the child that one name of a path selects: an entry of a mapping or an item of a list. `None` if
/// there is no such child.
///
/// # Errors
/// As [`ValuePath::of_names`] and [`ValuePath::find_or_make`].
pub(crate) fn position(name: &str, node: &Node) -> Result<Option<usize>> {
    ValueStep::new(name)?.position(node)
}

impl ValueStep {
    /// The position of the selected child.
    fn position(&self, node: &Node) -> Result<Option<usize>> {
        match self {
            Self::Field(name) => {
                let mapping = node.as_mapping();
                if mapping.is_none() && !node.is_null() {
                    return Err(node.wrong_kind(Kind::Mapping));
                }
                Ok(mapping.and_then(|mapping| mapping.position(name)))
            }
            Self::Index(index) => {
                let length = list(node)?.len();
                Ok(Some(*index).filter(|index| *index < length))
            }
            Self::Last => {
                match list(node)?.len() {
                    0 => Err(Error::new(Code::InvalidValue, "the list has no last element")
                        .at(node.span())),
                    length => Ok(Some(length - 1)),
                }
            }
            Self::Element { key, value } => {
                let has_it = |item: &Node| match &**key {
                    "" => item.as_text().unwrap_or_default() == value,
                    key => item
                        .get(key)
                        .is_some_and(|field| field.as_text().unwrap_or_default() == value),
                };
                Ok(list(node)?.iter().position(has_it))
            }
        }
    }

    /// Creates the missing child, if the step is a field or an element; `None` below a null.
    fn make<'n>(
        &self,
        node: &'n mut Node,
        next: Option<&Self>,
        span: Span,
    ) -> Option<&'n mut Node> {
        match self {
            Self::Field(name) => {
                let made = match next {
                    None => Scalar::parsed("", Tag::None, Style::Plain, span).into(),
                    Some(Self::Field(_) | Self::Last) => Node::mapping(Vec::new(), span),
                    Some(Self::Index(_) | Self::Element { .. }) => Node::sequence(Vec::new(), span),
                };
                let mapping = node.as_mapping_mut()?;
                mapping.insert(Scalar::untagged(name, span), made);
                mapping.get_mut(name)
            }
            Self::Element { key, value } => {
                let text = Scalar::untagged(value, span).into();
                let items = node.as_sequence_mut()?.items_mut();
                items.push(match &**key {
                    "" => text,
                    key => Node::mapping(vec![(Scalar::untagged(key, span), text)], span),
                });
                items.last_mut()
            }
            Self::Index(_) | Self::Last => None,
        }
    }

    fn new(name: &str) -> Result<Self> {
        let invalid = |message: String| Error::new(Code::InvalidValue, message);
        match PathName::of(name) {
            PathName::Key(key) => Ok(Self::Field(key.to_owned())),
            PathName::Last => Ok(Self::Last),
            PathName::Index(index) => usize::try_from(index).map(Self::Index).map_err(|_| {
                invalid(format!("found the position {index}, expected none below zero"))
            }),
            PathName::Every => Err(invalid("found `*`, expected the path of one field".to_owned())
                .help("name one element: by its position, `0`, or by a field, `[name=…]`")),
            PathName::Element(condition) => match condition.split_once('=') {
                Some((key, value)) => {
                    Ok(Self::Element { key: key.to_owned(), value: value.to_owned() })
                }
                None => Err(invalid(format!("found `{name}`, expected `[key=value]`"))),
            },
        }
    }
}

/// The items of a list; empty for a null.
fn list(node: &Node) -> Result<&[Node]> {
    match node.as_sequence() {
        Some(list) => Ok(list.items()),
        None if node.is_null() => Ok(&[]),
        None => Err(node.wrong_kind(Kind::Sequence)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse::document;

    #[track_caller]
    fn filled(text: &str, path: &str) -> String {
        let mut root =
            document(&Sources::new().add("text.yaml", text).unwrap()).unwrap().unwrap().root;
        let found = ValuePath::new(path).and_then(|path| {
            let field = path.find_or_make(&mut root, Span::NONE)?;
            field.map_or(Ok(()), |field| field.set_text("new", Tag::None, Span::NONE))
        });
        found.map_or_else(|error| error.code().to_string(), |()| format!("{root:?}"))
    }

    #[test]
    fn what_is_there_is_found() {
        assert_eq!(filled("a: {b: 1}", "a/b"), "{a: {b: new}}");
        assert_eq!(filled("a: {b/c: 1}", r" /a/ b\/c/"), "{a: {b/c: new}}");
        assert_eq!(filled("a: [x, {k: v}]", "a/0"), "{a: [new, {k: v}]}");
        assert_eq!(filled("a: [x, y]", "a/-"), "{a: [x, new]}");
        assert_eq!(filled("a: [x, {k: v, b: 1}]", "a/[k=v]/b"), "{a: [x, {k: v, b: new}]}");
        assert_eq!(filled("a: [x, y]", "a/[=y]"), "{a: [x, new]}");
        assert_eq!(filled("a: null", "a"), "{a: new}");
    }

    #[test]
    fn what_is_not_there_is_made_or_left() {
        assert_eq!(filled("{}", "a/b"), "{a: {b: new}}");
        assert_eq!(filled("{}", "a/[k=v]/b"), "{a: [{k: v, b: new}]}");
        assert_eq!(filled("{}", "a/0/b"), "{a: []}");
        assert_eq!(filled("a: null", "a/b"), "{a: null}");
        assert_eq!(filled("a: [x]", "a/1"), "{a: [x]}");
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        assert_eq!(filled("a: x", "a/b"), "invalid-type");
        assert_eq!(filled("a: {b: 1}", "a/0"), "invalid-type");
        assert_eq!(filled("a: []", "a/-"), "invalid-value");
        assert_eq!(filled("a: []", "a/*"), "invalid-value");
        assert_eq!(filled("a: []", "a/-1"), "invalid-value");
        assert_eq!(filled("a: []", "a/[k]"), "invalid-value");
    }

    #[test]
    fn a_value_is_found_with_the_way_to_it() {
        let text = "a: [x, {k: v, b: 1}, {b: 2}]";
        let root = document(&Sources::new().add("text.yaml", text).unwrap()).unwrap().unwrap().root;
        let found = |path: &str| {
            let path = ValuePath::of_names(crate::yaml::path::split_bracketed(path)).unwrap();
            path.find(&root).unwrap().map(|(node, way)| format!("{node:?} {way:?}"))
        };
        assert_eq!(found("a.[k=v].b").as_deref(), Some("1 [0, 1, 1]"));
        assert_eq!(found("a.-.b").as_deref(), Some("2 [0, 2, 0]"));
        assert_eq!(found("a.[=x]").as_deref(), Some("x [0, 0]"));
        assert_eq!(found("a.[k=w].b"), None);
    }
}
