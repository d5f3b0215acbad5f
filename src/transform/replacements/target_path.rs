//! The field paths of targets, which can select several fields and create missing ones.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::embedded;
use super::names::{blocked, reach_annotations, with_points};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::Pattern;
use crate::source::Span;
use crate::yaml::path::{PathName, split_bracketed};
use crate::yaml::{Kind, Mapping, Node, Scalar, Sequence, Tag, Text};

/// The maximum length of a path. No Kubernetes document is nearly as deep.
const MAX_NAMES: usize = 256;

/// The charge for an examined list item, in bytes.
const LOOKED_AT: usize = 128;

/// The charge for each byte of text that is matched: writing a mapping takes longer than copying it.
const WRITTEN: usize = 8;

/// The number of entries from which a mapping is searched by an index.
const LONG: usize = 64;

/// Names separated by dots (`\.` for a dot in a name, or the name in brackets), positions in lists, `*` for every item
/// of a list, and `[key=pattern]` or `[=pattern]` for the items that match.
///
/// (kustomize, `kyaml/yaml/match.go`: `PathMatcher`.)
pub(super) struct TargetPath {
    text: Text,
    span: Span,
    names: Vec<String>,
    patterns: Patterns,
}

/// The patterns of items, compiled on first use.
pub(super) struct Patterns {
    known: RefCell<BTreeMap<String, Pattern>>,
    budget: Budget,
}

impl Patterns {
    fn get(&self, text: &str) -> Result<Pattern> {
        let mut known = self.known.borrow_mut();
        if let Some(pattern) = known.get(text) {
            return Ok(pattern.clone());
        }
        let pattern = Pattern::unanchored(text, &self.budget)?;
        known.insert(text.to_owned(), pattern.clone());
        Ok(pattern)
    }
}

/// A field that a path selects.
pub(super) enum FoundField {
    /// A node of the document, by the positions on its path.
    At(Vec<usize>),
    /// A value that is not written back: in a copy of an embedded document, or below a null.
    Lost(Node),
}

impl TargetPath {
    pub(super) fn new(text: &str, span: Span, budget: &Budget) -> Self {
        let patterns = Patterns { known: RefCell::default(), budget: budget.clone() };
        Self { text: text.into(), span, names: split_bracketed(text), patterns }
    }

    pub(super) const fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    pub(super) const fn span(&self) -> Span {
        self.span
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn reaches_annotations(&self) -> bool {
        reach_annotations(&self.names)
    }

    /// The fields that the path selects, in order. If `create` is given, missing fields are created, the last of them
    /// with this kind.
    ///
    /// # Errors
    /// [`Code::ReplacementFieldNotFound`] if there is no such field, and errors about nodes that block the path.
    pub(super) fn find(&self, root: &mut Node, create: Option<Kind>) -> Result<Vec<FoundField>> {
        if self.names.len() > MAX_NAMES {
            let message = format!("found a path of more than {MAX_NAMES} names");
            return Err(Error::new(Code::TooLarge, message));
        }
        let (found, missed) = find(&self.names, root, create, self.span, &self.patterns)
            .map_err(|error| blocked(&error, &self.text, self.span))?;
        if found.is_empty() {
            let error = Error::new(
                Code::ReplacementFieldNotFound,
                format!("the target has no field `{}`", self.text),
            );
            let error = match &missed {
                Some(Missed { name, keys }) => {
                    error.did_you_mean(name, keys.iter().map(Text::as_str))
                }
                None => error,
            };
            if let Some(path) = missed.as_ref().and_then(|missed| self.with_kept_points(missed)) {
                return Err(
                    error.help(format!("a point inside of a name is written `\\.`: `{path}`"))
                );
            }
            if let Some(path) = with_points(&self.text) {
                return Err(error
                    .without_help()
                    .help(format!("names are separated by points: `{path}`")));
            }
            return Err(match create {
                None => error.help("set `options: {create: true}` to add it"),
                Some(_) => error,
            });
        }
        Ok(found)
    }
}

impl TargetPath {
    /// A corrected path in which dots inside the name of a label or an annotation are escaped. Such names contain a
    /// slash, or occur in the mapping as a whole.
    #[cold]
    fn with_kept_points(&self, missed: &Missed) -> Option<String> {
        let place = self.names.iter().position(|name| *name == missed.name)?;
        let (before, rest) = self.names.split_at(place);
        let length = (2..=rest.len()).find(|&length| {
            let name = rest[..length].join(".");
            missed.keys.iter().any(|key| key.as_str() == name)
                || length == rest.len() && rest[length - 1].contains('/')
        })?;
        let (name, rest) = rest.split_at(length);
        let name = name.iter().map(|part| part.replace('.', "\\.")).collect::<Vec<_>>().join("\\.");
        let path = before.iter().cloned().chain([name]).chain(rest.iter().cloned());
        Some(path.collect::<Vec<_>>().join("."))
    }
}

/// A name that is missing in a mapping, with the names that it has.
pub(super) struct Missed {
    name: String,
    keys: Vec<Text>,
}

/// The fields that names select. Names are parsed only when the walk reaches them, so an invalid one is an error only
/// if there is a node for it.
pub(super) fn find(
    names: &[String],
    root: &mut Node,
    create: Option<Kind>,
    span: Span,
    patterns: &Patterns,
) -> Result<(Vec<FoundField>, Option<Missed>)> {
    let mut walk = Walk {
        create,
        span,
        patterns,
        way: Vec::new(),
        lost: false,
        found: Vec::new(),
        missed: None,
    };
    walk.walk(names, root)?;
    Ok((walk.found, walk.missed))
}

struct Walk<'p> {
    create: Option<Kind>,
    span: Span,
    patterns: &'p Patterns,
    way: Vec<usize>,
    /// True below a node that is not written back.
    lost: bool,
    found: Vec<FoundField>,
    missed: Option<Missed>,
}

impl Walk<'_> {
    fn walk(&mut self, names: &[String], node: &mut Node) -> Result<()> {
        let Some((name, rest)) = names.split_first() else {
            self.found.push(if self.lost {
                FoundField::Lost(node.clone())
            } else {
                FoundField::At(self.way.clone())
            });
            return Ok(());
        };
        match PathName::of(name) {
            PathName::Index(index @ 0..) => {
                self.index(usize::try_from(index).unwrap_or(usize::MAX), rest, node)
            }
            PathName::Element(condition) => self.elements(condition, rest, node),
            PathName::Every => {
                (0..items(node)?.len()).try_for_each(|position| self.step(position, rest, node))
            }
            // Names that mean something only in other paths are keys here.
            PathName::Index(_) | PathName::Last | PathName::Key(_) => self.field(name, rest, node),
        }
    }

    /// Continues in a child.
    fn step(&mut self, position: usize, rest: &[String], node: &mut Node) -> Result<()> {
        let Some(next) = node.child_mut(position) else { return Ok(()) };
        self.way.push(position);
        let result = self.walk(rest, next);
        self.way.pop();
        result
    }

    /// Continues in a node created below a null, which itself stays a null.
    fn lose(&mut self, rest: &[String], mut made: Node) -> Result<()> {
        let before = std::mem::replace(&mut self.lost, true);
        let result = self.walk(rest, &mut made);
        self.lost = before;
        result
    }

    fn index(&mut self, index: usize, rest: &[String], node: &mut Node) -> Result<()> {
        let length = items(node)?.len();
        if length == index && self.create.is_some() {
            let made = self.made(rest);
            let Some(list) = node.as_sequence_mut() else { return self.lose(rest, made) };
            list.items_mut().push(made);
            return self.step(index, rest, node);
        }
        if length <= index {
            let error = Error::new(
                Code::ReplacementFieldNotFound,
                match length {
                    0 => format!("found the position {index} in an empty list"),
                    1 => format!("found the position {index} in a list of one"),
                    _ => format!("found the position {index} in a list of {length}"),
                },
            )
            .help("positions count from 0; `options: {create: true}` adds the one after the last");
            // A list created by this walk has the span of the path.
            let is_made = node.span() == self.span;
            return Err(if is_made { error } else { error.note(node.span(), "the list") });
        }
        self.step(index, rest, node)
    }

    fn field(&mut self, name: &str, rest: &[String], node: &mut Node) -> Result<()> {
        if is_null(node) {
            return match self.create {
                Some(_) if name.is_empty() => self.replace(rest, node),
                Some(_) => self.lose(rest, self.made(rest)),
                None => Ok(()),
            };
        }
        if name.is_empty() {
            return self.unnamed(rest, node);
        }
        let Some(mapping) = node.as_mapping() else {
            let error = node.wrong_kind(Kind::Mapping);
            return Err(match node.kind() {
                Kind::Sequence => error.help("name items: `0`, `*` or `[name=…]` before the field"),
                _ => error,
            });
        };
        // A long mapping is likely to be searched again.
        let found = match mapping.len() < LONG {
            true => mapping.position(name),
            false => node.as_mapping_mut().and_then(|mapping| mapping.position_to_change(name)),
        };
        let position = match found {
            Some(position) => position,
            None if self.create.is_none() => {
                node.as_mapping().into_iter().for_each(|mapping| self.miss(name, mapping));
                return Ok(());
            }
            None => {
                let last = node.as_mapping().map_or(0, Mapping::len);
                let (key, value) = (Scalar::untagged(name, self.span), self.made(rest));
                node.as_mapping_mut()
                    .into_iter()
                    .for_each(|mapping| mapping.push(key.clone(), value.clone()));
                last
            }
        };
        match node.child(position).and_then(Node::as_scalar) {
            Some(scalar) if !rest.is_empty() => self.inside(rest, scalar),
            _ => self.step(position, rest, node),
        }
    }

    /// Continues in an embedded document.
    fn inside(&mut self, rest: &[String], scalar: &Scalar) -> Result<()> {
        let leads_on = |root: &Node| {
            root.is_null()
                || root.as_scalar().is_none()
                || rest.first().is_some_and(String::is_empty)
        };
        let Some(root) = embedded::root_of(scalar.text()).filter(leads_on) else {
            return Err(embedded::no_document(scalar));
        };
        self.lose(rest, root).map_err(|error| embedded::inside(&error, scalar.span()))
    }

    /// Handles an empty name, which selects empty text. Other text is replaced by a new node, and the rest of the path
    /// is lost.
    fn unnamed(&mut self, rest: &[String], node: &mut Node) -> Result<()> {
        match node.as_text() {
            Some("") => self.walk(rest, node),
            Some(_) if self.create.is_none() => Ok(()),
            Some(_) => self.replace(rest, node),
            None => Err(node.wrong_kind(Kind::Scalar)),
        }
    }

    /// Replaces a scalar by a new node, and continues in a copy of it. (kyaml, `FieldSetter` without a name.)
    fn replace(&mut self, rest: &[String], node: &mut Node) -> Result<()> {
        let made = self.made(rest);
        let style = node.as_scalar().map(Scalar::style).unwrap_or_default();
        *node = match made.as_text() {
            Some(text) => Scalar::set(text, Tag::None, style, self.span).into(),
            None => made.clone(),
        };
        self.lose(rest, made)
    }

    /// Continues in the items that match. If none of them has the rest of the path, a matching item is added.
    fn elements(&mut self, element: &str, rest: &[String], node: &mut Node) -> Result<()> {
        let Some((key, value)) = element.split_once('=') else {
            return Err(Error::new(
                Code::InvalidValue,
                format!("found `[{element}]`, expected `[key=value]`"),
            )
            .help("write a name without brackets, unless it has points"));
        };
        let pattern = self.patterns.get(value)?;
        let before = self.found.len();
        self.patterns.budget.bytes(items(node)?.len() * LOOKED_AT, self.span)?;
        for position in 0..items(node)?.len() {
            self.element(position, key, &pattern, rest, node)?;
        }
        if self.create.is_none() || self.found.len() > before {
            return Ok(());
        }
        let text = Node::from(Scalar::untagged(value, self.span));
        let made = match key {
            "" => text,
            _ => Node::mapping(vec![(Scalar::untagged(key, self.span), text)], self.span),
        };
        let last = items(node)?.len();
        match node.as_sequence_mut() {
            Some(list) => {
                list.items_mut().push(made);
                self.element(last, key, &pattern, rest, node)?;
            }
            None => self.lose(if key.is_empty() { &[] } else { rest }, made)?,
        }
        if self.found.len() == before {
            return Err(Error::new(
                Code::ReplacementFieldNotFound,
                format!("an item made for `[{element}]` does not fit it"),
            )
            .help("add the item to the resource, or name it without the signs of a pattern"));
        }
        Ok(())
    }

    fn element(
        &mut self,
        position: usize,
        key: &str,
        pattern: &Pattern,
        rest: &[String],
        node: &mut Node,
    ) -> Result<()> {
        let Some(item) = node.child(position) else { return Ok(()) };
        let field = if key.is_empty() { Some(item) } else { item.get(key) };
        let Some(field) = field else { return Ok(()) };
        let written = embedded::written(field);
        self.patterns.budget.bytes(written.len() * WRITTEN, self.span)?;
        if !pattern.matches(&written) {
            return Ok(());
        }
        // The path after `[=value]` is ignored.
        self.step(position, if key.is_empty() { &[] } else { rest }, node)
    }

    /// The node that is created for a missing name, with the kind that the next name requires.
    fn made(&self, rest: &[String]) -> Node {
        let is_list =
            |name: &str| matches!(PathName::of(name), PathName::Index(0..) | PathName::Element(_));
        let kind = match rest.first() {
            Some(name) if is_list(name) => Kind::Sequence,
            Some(name) if !name.is_empty() => Kind::Mapping,
            _ => self.create.unwrap_or(Kind::Scalar),
        };
        match kind {
            Kind::Scalar => Scalar::untagged("", self.span).into(),
            Kind::Sequence => Node::sequence(Vec::new(), self.span),
            Kind::Mapping => Node::mapping(Vec::new(), self.span),
        }
    }

    fn miss(&mut self, name: &str, mapping: &Mapping) {
        /// The maximum number of keys kept for suggestions.
        const MOST: usize = 100;
        if self.missed.is_none() {
            let keys = mapping.iter().take(MOST).map(|(key, _)| key.shared_text().clone());
            self.missed = Some(Missed { name: name.to_owned(), keys: keys.collect() });
        }
    }
}

/// True if kyaml treats a node as a null.
fn is_null(node: &Node) -> bool {
    node.is_null() && !node.as_scalar().is_some_and(Scalar::is_untagged)
}

/// The items of a list; empty for a null.
fn items(node: &Node) -> Result<&[Node]> {
    match node.as_sequence().map(Sequence::items) {
        Some(items) => Ok(items),
        None if is_null(node) => Ok(&[]),
        None => Err(node.wrong_kind(Kind::Sequence)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse::document;

    fn filled(text: &str, path: &str, create: Option<Kind>) -> String {
        let mut root =
            document(&Sources::new().add("text.yaml", text).unwrap()).unwrap().unwrap().root;
        let places =
            match TargetPath::new(path, Span::NONE, &Budget::default()).find(&mut root, create) {
                Ok(places) => places,
                Err(error) => return error.code().to_string(),
            };
        for place in places {
            match place {
                FoundField::At(way) => {
                    let node = root.at_mut(&way).unwrap();
                    *node = Scalar::string("new", Span::NONE).into();
                }
                FoundField::Lost(_) => return "lost".to_owned(),
            }
        }
        format!("{root:?}").replace("!!Str \"new\"", "new")
    }

    #[test]
    fn a_path_leads_to_all_that_fits() {
        let text = "a: [{n: one, v: 1}, {n: none, v: 2}, {n: two, v: 3}]";
        let there = |path| filled(text, path, None);
        assert_eq!(there("a.*.v"), "{a: [{n: one, v: new}, {n: none, v: new}, {n: two, v: new}]}");
        assert_eq!(
            there("a.[n=one].v"),
            "{a: [{n: one, v: new}, {n: none, v: new}, {n: two, v: 3}]}"
        );
        assert_eq!(
            there("a.[n=^one$].v"),
            "{a: [{n: one, v: new}, {n: none, v: 2}, {n: two, v: 3}]}"
        );
        assert_eq!(there("a.2.v"), "{a: [{n: one, v: 1}, {n: none, v: 2}, {n: two, v: new}]}");
        assert_eq!(filled("a: {b.c/d: 1}", "a.[b.c/d]", None), "{a: {b.c/d: new}}");
        assert_eq!(filled("a: [x, y]", "a.[=y]", None), "{a: [x, new]}");
    }

    #[test]
    fn what_is_not_there_is_made_if_asked_for() {
        let made = |text: &str, path: &str| filled(text, path, Some(Kind::Scalar));
        assert_eq!(made("{}", "a.b"), "{a: {b: new}}");
        assert_eq!(made("{}", "a.0.b"), "{a: [{b: new}]}");
        assert_eq!(made("a: [x]", "a.1"), "{a: [x, new]}");
        assert_eq!(made("a: []", "a.[n=one].v"), "{a: [{n: one, v: new}]}");
        assert_eq!(made("a: [x]", "a.[=y]"), "{a: [x, new]}");
        assert_eq!(made("a: {}", "a.-"), "{a: {-: new}}");
        assert_eq!(made("a: [~]", "a.0.b"), "lost");
    }

    #[test]
    fn what_leads_nowhere_is_an_error() {
        let create = Some(Kind::Scalar);
        for (text, path, create, code) in [
            ("a: {b: 1}", "a.c", None, "replacement-field-not-found"),
            ("a: []", "a.*", None, "replacement-field-not-found"),
            ("a: []", "a.1", create, "replacement-field-not-found"),
            ("a: [x]", "a.[=b+c$]", create, "replacement-field-not-found"),
            ("a: {b: 1}", "a.*", None, "invalid-type"),
            ("a: [x]", "a.-", None, "invalid-type"),
            ("a: [x]", "a.[b]", None, "invalid-value"),
            ("a: [x]", "a.[=(]", None, "invalid-pattern"),
        ] {
            assert_eq!(filled(text, path, create), code, "{path}");
        }
    }
}
