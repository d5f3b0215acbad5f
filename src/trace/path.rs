//! Paths of fields, as they are shown, and as they are asked for.

use std::collections::BTreeMap;
use std::fmt;

use super::Chain;
use super::names::{NAMES, name_of};
use crate::text::wildcard;
use crate::yaml::path::{PathName, of_pointer, split_bracketed};
use crate::yaml::{Kind, Node, Text};

/// The path of a field in kustomize's syntax: `spec.template.spec.containers.[name=web].image`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(Vec<Segment>);

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The value of a key.
    Key(Text),
    /// An element of a list, by its index, and by the field that names it.
    Element(usize, Option<(&'static str, Text)>),
}

impl Segment {
    /// The elements of a list. One is named by a field if no other element has the same name. Linear in the number of
    /// elements.
    #[must_use]
    pub fn of_elements(list: &Node) -> Vec<Self> {
        let names: Vec<_> = list.items().iter().map(name_of).collect();
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (field, name) in names.iter().flatten() {
            *counts.entry((*field, *name)).or_default() += 1;
        }
        let element = |(index, name): (usize, &Option<(&'static str, &str)>)| {
            let is_plain = |name: &str| !name.is_empty() && !name.contains(['[', ']', '=', '*']);
            let name = name
                .filter(|(field, name)| is_plain(name) && counts.get(&(*field, *name)) == Some(&1));
            Self::Element(index, name.map(|(field, name)| (field, name.into())))
        };
        names.iter().enumerate().map(element).collect()
    }
}

impl FieldPath {
    /// The path extended by a part.
    #[must_use]
    pub fn with(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment);
        Self(segments)
    }

    /// The parts.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The key of the first part.
    #[must_use]
    pub fn top(&self) -> Option<&str> {
        match self.0.first()? {
            Segment::Key(key) => Some(key),
            Segment::Element(..) => None,
        }
    }

    /// True for a field that names its object, or its element of a list: a patch has it to say what it changes.
    #[must_use]
    pub fn is_name(&self) -> bool {
        match &*self.0 {
            [Segment::Key(key)] => matches!(key.as_str(), "apiVersion" | "kind"),
            [Segment::Key(metadata), Segment::Key(key)] if *metadata == *"metadata" => {
                matches!(key.as_str(), "name" | "namespace")
            }
            [.., Segment::Element(..), Segment::Key(key)] => NAMES.contains(&key.as_str()),
            _ => false,
        }
    }

    /// The path as a JSON pointer (RFC 6901), in the last list that has the elements.
    #[must_use]
    pub fn pointer(&self) -> String {
        let part = |segment: &Segment| match segment {
            Segment::Key(key) => format!("/{}", crate::yaml::path::to_pointer(key)),
            Segment::Element(index, _) => format!("/{index}"),
        };
        self.0.iter().map(part).collect()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            if place > 0 {
                formatter.write_str(".")?;
            }
            match segment {
                Segment::Key(key) if key.contains('.') => write!(formatter, "[{key}]")?,
                Segment::Key(key) => formatter.write_str(key)?,
                Segment::Element(_, Some((field, name))) => write!(formatter, "[{field}={name}]")?,
                Segment::Element(index, None) => write!(formatter, "{index}")?,
            }
        }
        Ok(())
    }
}

/// The fields that are asked for: a path in kustomize's syntax, or a JSON pointer.
///
/// `*` is every key or element, `-` the last element, and `*` within a key or a value of `[name=value]` any text.
#[derive(Clone, Debug)]
pub struct FieldQuery {
    text: String,
    names: Vec<String>,
    /// True for a JSON pointer, whose names are no patterns.
    is_pointer: bool,
}

impl FieldQuery {
    /// Reads a path.
    ///
    /// ```
    /// use krender::trace::FieldQuery;
    ///
    /// let query = FieldQuery::new("spec.template.spec.containers.[name=web].image");
    /// assert_eq!(query.names().len(), 6);
    /// assert_eq!(FieldQuery::new("/metadata/annotations/a.b~1c").names()[2], "a.b/c");
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Self {
        let names = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(of_pointer).collect(),
            // `containers[0]` and `containers[name=web]` are written by users of jq.
            None => split_bracketed(&text.replace('[', ".[").replace("..[", ".["))
                .into_iter()
                .filter(|name| !name.is_empty())
                .map(|name| index_in_brackets(&name).unwrap_or(name))
                .collect(),
        };
        Self { text: text.to_owned(), names, is_pointer: text.starts_with('/') }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of the path.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The fields of an object that the path selects, with their states, in the order of the document. Fields that were
    /// removed are found too.
    #[must_use]
    pub fn find<'t>(&self, root: Chain<'t>) -> Vec<(FieldPath, Chain<'t>)> {
        let mut found = vec![(FieldPath::default(), root)];
        for name in &self.names {
            found = found.iter().flat_map(|(path, chain)| self.below(name, path, chain)).collect();
        }
        found
    }

    fn below<'t>(
        &self,
        name: &str,
        path: &FieldPath,
        chain: &Chain<'t>,
    ) -> Vec<(FieldPath, Chain<'t>)> {
        let found = if self.is_pointer { exactly(name, chain) } else { below(name, chain) };
        found.into_iter().map(|(segment, chain)| (path.with(segment), chain)).collect()
    }

    /// The names that exist where the path leads no further, and the name that was asked for there.
    #[must_use]
    pub fn nearest(&self, root: &Chain<'_>) -> (String, Vec<String>) {
        let mut found = vec![(FieldPath::default(), root.clone())];
        for name in &self.names {
            let next: Vec<_> =
                found.iter().flat_map(|(path, chain)| self.below(name, path, chain)).collect();
            if next.is_empty() {
                let names = found.iter().flat_map(|(_, chain)| {
                    chain
                        .children()
                        .into_iter()
                        .map(|(segment, _)| FieldPath::default().with(segment).to_string())
                });
                return (name.clone(), names.collect());
            }
            found = next;
        }
        (String::new(), Vec::new())
    }
}

/// The index of `[0]`.
fn index_in_brackets(name: &str) -> Option<String> {
    let inner = name.strip_prefix('[')?.strip_suffix(']')?;
    inner.parse::<usize>().ok().map(|_| inner.to_owned())
}

/// The field below at a part of a JSON pointer.
fn exactly<'t>(name: &str, chain: &Chain<'t>) -> Vec<(Segment, Chain<'t>)> {
    let is_list = chain.last_value().is_some_and(|node| node.kind() == Kind::Sequence);
    match name.parse() {
        Ok(index) if is_list => at(chain, index),
        _ => at_key(name, chain),
    }
}

fn at_key<'t>(name: &str, chain: &Chain<'t>) -> Vec<(Segment, Chain<'t>)> {
    match chain.key(name) {
        found if found.states().is_empty() => Vec::new(),
        found => vec![(Segment::Key(name.into()), found)],
    }
}

/// The fields below that a name selects.
fn below<'t>(name: &str, chain: &Chain<'t>) -> Vec<(Segment, Chain<'t>)> {
    let list = chain.last_value().filter(|node| node.kind() == Kind::Sequence);
    match PathName::of(name) {
        PathName::Every => chain.children().into_iter().chain(chain.removed()).collect(),
        PathName::Element(condition) => elements(chain, condition),
        PathName::Last if list.is_some() => {
            let last = list.and_then(|list| list.items().len().checked_sub(1));
            last.map_or_else(Vec::new, |index| at(chain, index))
        }
        PathName::Index(index) if list.is_some() => {
            usize::try_from(index).map_or_else(|_| Vec::new(), |index| at(chain, index))
        }
        _ if !name.contains('*') => at_key(name, chain),
        _ => {
            let all = chain.children().into_iter().chain(chain.removed());
            let fits = |segment: &Segment| matches!(segment, Segment::Key(key) if wildcard::fits(name, key));
            all.filter(|(segment, _)| fits(segment)).collect()
        }
    }
}

/// The element at an index of the last list.
fn at<'t>(chain: &Chain<'t>, index: usize) -> Vec<(Segment, Chain<'t>)> {
    let list = chain.last_value().filter(|list| index < list.items().len());
    let segment = list.and_then(|list| Segment::of_elements(list).into_iter().nth(index));
    segment.map(|segment| (segment, chain.element(index))).into_iter().collect()
}

/// The elements that a condition selects in the last list, or else in the last list that had such elements.
fn elements<'t>(chain: &Chain<'t>, condition: &str) -> Vec<(Segment, Chain<'t>)> {
    let (field, wanted) = condition.split_once('=').unwrap_or(("", condition));
    let fits = |node: &Node| {
        let value = if field.is_empty() { Some(node) } else { node.get(field) };
        value.and_then(Node::as_text).is_some_and(|text| wildcard::fits(wanted, text))
    };
    for (place, state) in chain.states().iter().enumerate().rev() {
        let Some(list) = state.node.filter(|node| node.kind() == Kind::Sequence) else { continue };
        let until: Chain<'t> =
            chain.states()[..=place].iter().map(|state| (state.step, state.node)).collect();
        let mut segments = Segment::of_elements(list).into_iter();
        let found: Vec<_> = list
            .items()
            .iter()
            .enumerate()
            .filter_map(|(index, item)| Some((index, item, segments.next()?)))
            .filter(|(_, item, _)| fits(item))
            .map(|(index, _, segment)| {
                let older = until.element(index);
                // The step after which the element is gone.
                let gone = chain.states().get(place + 1).map(|state| (state.step, None));
                let states = older.states().iter().map(|state| (state.step, state.node));
                (segment, states.chain(gone).collect::<Chain<'t>>())
            })
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}
