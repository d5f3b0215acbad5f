//! The path of a field as `ValueAddTransformer` follows it: what is not there is made on the way.

use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::{Kind, Mapping, Node, Scalar, Sequence, Style, Tag};

/// Names with slashes between them (`\/` for a slash in a name), positions in lists, `-` for the last element, and
/// `[key=value]` or `[=value]` for the element that has it.
///
/// (kustomize, `kyaml/yaml/fns.go`: `PathGetter`.)
pub(super) struct ValuePath(Vec<Step>);

enum Step {
    Field(String),
    Index(usize),
    Last,
    Element { key: String, value: String },
}

impl ValuePath {
    /// Reads a path.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a negative position, `*`, and brackets without `=`.
    pub(super) fn new(path: &str) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        for part in path.split('/') {
            match names.last_mut() {
                Some(last) if last.ends_with('\\') => {
                    last.pop();
                    last.push('/');
                    last.push_str(part);
                }
                _ => names.push(part.to_owned()),
            }
        }
        let names = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        names.map(Step::new).collect::<Result<_>>().map(Self)
    }

    /// The node at the path. Fields are made where they are absent, and so are elements that are asked for by a value.
    /// Nothing where the way leads through a null or to a position that is not there.
    ///
    /// # Errors
    /// [`Code::InvalidType`] where something else stands than the path says.
    pub(super) fn find_or_make<'n>(
        &self,
        root: &'n mut Node,
        span: Span,
    ) -> Result<Option<&'n mut Node>> {
        let mut node = root;
        for (number, step) in self.0.iter().enumerate() {
            let next = match step {
                Step::Field(name) => field(node, name, self.0.get(number + 1), span)?,
                Step::Index(index) => list(node)?.items_mut().get_mut(*index),
                Step::Last => {
                    let place = node.span();
                    let last = list(node)?.items_mut().last_mut();
                    Some(last.ok_or_else(|| {
                        Error::new(Code::InvalidValue, "the list has no last element").at(place)
                    })?)
                }
                Step::Element { key, value } => element(node, key, value, span)?,
            };
            let Some(next) = next else { return Ok(None) };
            node = next;
        }
        Ok(Some(node))
    }
}

impl Step {
    fn new(name: &str) -> Result<Self> {
        let invalid = |message: String| Err(Error::new(Code::InvalidValue, message));
        if let Ok(index) = name.parse::<i64>() {
            return match usize::try_from(index) {
                Ok(index) => Ok(Self::Index(index)),
                Err(_) => invalid(format!("found the position {index}, expected none below zero")),
            };
        }
        match name {
            "-" => Ok(Self::Last),
            "*" => invalid("found `*`, expected the path of one field".to_owned()),
            _ => match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                None => Ok(Self::Field(name.to_owned())),
                Some(element) => match element.split_once('=') {
                    Some((key, value)) => {
                        Ok(Self::Element { key: key.to_owned(), value: value.to_owned() })
                    }
                    None => invalid(format!("found `{name}`, expected `[key=value]`")),
                },
            },
        }
    }
}

fn list(node: &mut Node) -> Result<&mut Sequence> {
    let error = node.wrong_kind(Kind::Sequence);
    node.as_sequence_mut().ok_or(error)
}

fn field<'n>(
    node: &'n mut Node,
    name: &str,
    next: Option<&Step>,
    span: Span,
) -> Result<Option<&'n mut Node>> {
    if node.is_null() {
        return Ok(None);
    }
    let error = node.wrong_kind(Kind::Mapping);
    let mapping: &mut Mapping = node.as_mapping_mut().ok_or(error)?;
    if mapping.get(name).is_none() {
        let made = match next {
            None => Scalar::parsed("", Tag::None, Style::Plain, span).into(),
            Some(Step::Field(_) | Step::Last) => Node::mapping(Vec::new(), span),
            Some(Step::Index(_) | Step::Element { .. }) => Node::sequence(Vec::new(), span),
        };
        mapping.insert(Scalar::untagged(name, span), made);
    }
    Ok(mapping.get_mut(name))
}

fn element<'n>(
    node: &'n mut Node,
    key: &str,
    value: &str,
    span: Span,
) -> Result<Option<&'n mut Node>> {
    if node.is_null() {
        return Ok(None);
    }
    let items = list(node)?.items_mut();
    let has_it = |item: &Node| {
        let found = if key.is_empty() { Some(item) } else { item.get(key) };
        found.and_then(Node::as_text) == Some(value)
    };
    let place = items.iter().position(has_it).unwrap_or(items.len());
    if place == items.len() {
        let text = Scalar::untagged(value, span).into();
        items.push(match key {
            "" => text,
            _ => Node::mapping(vec![(Scalar::untagged(key, span), text)], span),
        });
    }
    Ok(items.get_mut(place))
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
}
