//! Values: scalars, and collections that borrow a document or are made by an expression.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::kinds::Library;
use super::run::{Failure, Run};
use crate::yaml::{self, Kind, Mapping, Node};

/// The result of an evaluation.
pub type Outcome<'a> = Result<Value<'a>, Box<Failure>>;

/// A value of an expression. It borrows documents and the expression where it can.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer without a sign.
    Uint(u64),
    /// A floating-point number.
    Double(f64),
    /// Text.
    Text(Chars<'a>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A sequence or mapping of a document.
    Node(&'a Node),
    /// A list.
    List(Arc<Vec<Self>>),
    /// A map.
    Map(Arc<Entries<'a>>),
    /// A span of time, in nanoseconds.
    Duration(i64),
    /// A moment, in nanoseconds since the beginning of 1970 UTC.
    Timestamp(i128),
    /// A value that may be absent.
    Optional(Option<Arc<Self>>),
    /// A type.
    Type(&'static str),
    /// A value of a library of Kubernetes, such as a quantity.
    Library(Arc<Library>),
}

/// The entries of a map that an expression makes.
pub type Entries<'a> = BTreeMap<Key, Value<'a>>;

/// A key of a map that an expression makes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// Text.
    Text(Box<str>),
}

/// Text that is borrowed or shared.
#[derive(Clone, Debug)]
pub enum Chars<'a> {
    /// Text of a document, or of the expression.
    Borrowed(&'a str),
    /// Text that an expression makes.
    Shared(Arc<str>),
}

impl Chars<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl<'a> Value<'a> {
    /// Text that is borrowed.
    #[must_use]
    pub const fn borrowed(text: &'a str) -> Self {
        Self::Text(Chars::Borrowed(text))
    }

    /// Text that is made.
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(Chars::Shared(text.into()))
    }

    /// A list.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    /// A map with text as keys.
    #[must_use]
    pub fn map(entries: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (Key::Text(key.into()), value));
        Self::Map(Arc::new(entries.collect()))
    }

    /// The value of a node. Scalars have the types that the API server reads: `kubectl` sends them by the rules of YAML 1.1.
    #[must_use]
    pub fn of(node: &'a Node) -> Self {
        let Some(scalar) = node.as_scalar() else { return Self::Node(node) };
        match yaml::resolve_1_1(scalar) {
            Ok(yaml::Value::Null) => Self::Null,
            Ok(yaml::Value::Bool(value)) => Self::Bool(value),
            Ok(yaml::Value::Int(value)) => Self::Int(value),
            Ok(yaml::Value::Uint(value)) => Self::Uint(value),
            Ok(yaml::Value::Float(value)) => Self::Double(value),
            Ok(yaml::Value::Timestamp(text)) => Self::text(text),
            Ok(yaml::Value::Str(std::borrow::Cow::Owned(text))) => Self::text(text),
            Ok(yaml::Value::Str(std::borrow::Cow::Borrowed(_))) | Err(_) => {
                Self::borrowed(scalar.text())
            }
        }
    }

    /// The name of the type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Node(node) if node.kind() == Kind::Mapping => "map",
            Self::Node(_) | Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Library(value) => value.type_name(),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The number of elements of a list or a map.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::List(items) => Some(items.len()),
            Self::Map(entries) => Some(entries.len()),
            Self::Node(node) => Some(match node.as_mapping() {
                Some(mapping) => fields(mapping).count(),
                None => node.items().len(),
            }),
            _ => None,
        }
    }

    /// The elements of a list.
    pub(super) fn items(&self) -> Option<Items<'_, 'a>> {
        match self {
            Self::List(items) => Some(Items::Made(items.iter())),
            Self::Node(node) => node.as_sequence().map(|items| Items::Read(items.items().iter())),
            _ => None,
        }
    }

    /// The field of a map; `None` if there is none, or it is null: Kubernetes drops nulls.
    pub(super) fn field(&self, name: &str) -> Result<Option<Self>, Box<Failure>> {
        match self {
            Self::Node(node) if node.kind() == Kind::Mapping => {
                Ok(node.get(name).filter(|value| !value.is_null()).map(Self::of))
            }
            Self::Map(entries) => Ok(entries.get(&Key::Text(name.into())).cloned()),
            other => {
                let found = other.type_name();
                Err(Failure::new(format!("`{name}` is selected from a value of type {found}")))
            }
        }
    }

    /// The element of a list or a map.
    pub(super) fn at(&self, index: &Self) -> Result<Option<Self>, Box<Failure>> {
        match (self, index) {
            (Self::Map(entries), _) => Ok(entries.get(&Key::of(index)?).cloned()),
            (Self::Node(node), Self::Text(key)) if node.kind() == Kind::Mapping => {
                self.field(key.as_str())
            }
            (Self::Node(node), _) if node.kind() == Kind::Mapping => Ok(None),
            (Self::List(_) | Self::Node(_), _) => {
                let Some(index) = index.as_index() else {
                    let found = index.type_name();
                    return Err(Failure::new(format!("the index of a list is of type {found}")));
                };
                Ok(match self {
                    Self::List(items) => items.get(index).cloned(),
                    Self::Node(node) => node.items().get(index).map(Self::of),
                    _ => None,
                })
            }
            (other, _) => Err(Failure::new(format!("{} has no elements", other.type_name()))),
        }
    }

    /// A whole number as the index of a list; indices that no list has are the greatest number.
    fn as_index(&self) -> Option<usize> {
        match self {
            Self::Int(index) => Some(usize::try_from(*index).unwrap_or(usize::MAX)),
            Self::Uint(index) => Some(usize::try_from(*index).unwrap_or(usize::MAX)),
            Self::Double(index) if index.fract() == 0.0 && *index >= 0.0 => Some(*index as usize),
            Self::Double(_) => Some(usize::MAX),
            _ => None,
        }
    }

    /// True if two values are equal. Numbers of different types are compared as numbers.
    pub(super) fn equals(&self, other: &Self, run: &Run) -> Result<bool, Box<Failure>> {
        run.deeper(|| self.equals_within(other, run))
    }

    fn equals_within(&self, other: &Self, run: &Run) -> Result<bool, Box<Failure>> {
        Ok(match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Text(left), Self::Text(right)) => left.as_str() == right.as_str(),
            (Self::Bytes(left), Self::Bytes(right)) => left == right,
            (Self::Duration(left), Self::Duration(right)) => left == right,
            (Self::Timestamp(left), Self::Timestamp(right)) => left == right,
            (Self::Type(left), Self::Type(right)) => left == right,
            (Self::Library(left), Self::Library(right)) => left == right,
            (Self::Optional(left), Self::Optional(right)) => match (left, right) {
                (Some(left), Some(right)) => left.equals(right, run)?,
                (left, right) => left.is_none() && right.is_none(),
            },
            (Self::Node(left), Self::Node(right)) if std::ptr::eq(*left, *right) => true,
            _ => match (self.items(), other.items()) {
                (Some(left), Some(right)) => {
                    self.len() == other.len() && all_equal(left, right, run)?
                }
                (None, None) => match (self.type_name(), other.type_name()) {
                    ("map", "map") => self.equals_map(other, run)?,
                    _ => numbers(self, other) == Some(Ordering::Equal),
                },
                _ => false,
            },
        })
    }

    fn equals_map(&self, other: &Self, run: &Run) -> Result<bool, Box<Failure>> {
        if self.len() != other.len() {
            return Ok(false);
        }
        for (key, value) in self.pairs().unwrap_or_default() {
            match other.at(&key)? {
                Some(found) if value.equals(&found, run)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The entries of a map.
    pub(super) fn pairs(&self) -> Option<Vec<(Self, Self)>> {
        match self {
            Self::Map(entries) => {
                let entry = |(key, value): (&Key, &Self)| (key.value(), value.clone());
                Some(entries.iter().map(entry).collect())
            }
            Self::Node(node) => Some(fields(node.as_mapping()?).collect()),
            _ => None,
        }
    }

    /// The order of two values of types that have one.
    pub(super) fn order(&self, other: &Self) -> Result<Ordering, Box<Failure>> {
        let order = match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Text(left), Self::Text(right)) => Some(left.as_str().cmp(right.as_str())),
            (Self::Bytes(left), Self::Bytes(right)) => Some(left.cmp(right)),
            (Self::Duration(left), Self::Duration(right)) => Some(left.cmp(right)),
            (Self::Timestamp(left), Self::Timestamp(right)) => Some(left.cmp(right)),
            _ => numbers(self, other),
        };
        order.ok_or_else(|| {
            let [left, right] = [self.type_name(), other.type_name()];
            Failure::new(format!("{left} and {right} have no order"))
        })
    }
}

/// The fields of a mapping that are not null, with their keys.
fn fields(mapping: &Mapping) -> impl Iterator<Item = (Value<'_>, Value<'_>)> {
    let fields = mapping.entries().iter().filter(|(_, value)| !value.is_null());
    fields.map(|(key, value)| (Value::borrowed(key.text()), Value::of(value)))
}

fn all_equal<'a>(
    left: Items<'_, 'a>,
    right: Items<'_, 'a>,
    run: &Run,
) -> Result<bool, Box<Failure>> {
    for (left, right) in left.zip(right) {
        if !left.equals(&right, run)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of two numbers.
fn numbers(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right),
        (Value::Double(left), right) => left.partial_cmp(&(right.whole()? as f64)),
        (left, Value::Double(right)) => (left.whole()? as f64).partial_cmp(right),
        (left, right) => Some(left.whole()?.cmp(&right.whole()?)),
    }
}

impl Value<'_> {
    /// A whole number.
    pub(super) const fn whole(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(*value as i128),
            Self::Uint(value) => Some(*value as i128),
            _ => None,
        }
    }
}

impl Key {
    /// The key for a value.
    ///
    /// # Errors
    /// A failure for values that are no keys.
    pub(super) fn of(value: &Value<'_>) -> Result<Self, Box<Failure>> {
        match value {
            Value::Bool(value) => Ok(Self::Bool(*value)),
            Value::Int(value) => Ok(Self::Int(i128::from(*value))),
            Value::Uint(value) => Ok(Self::Int(i128::from(*value))),
            Value::Double(value) if value.fract() == 0.0 => Ok(Self::Int(*value as i128)),
            Value::Text(text) => Ok(Self::Text(text.as_str().into())),
            other => Err(Failure::new(format!("{} is no key of a map", other.type_name()))),
        }
    }

    fn value<'a>(&self) -> Value<'a> {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => match i64::try_from(*value) {
                Ok(value) => Value::Int(value),
                Err(_) => Value::Uint(u64::try_from(*value).unwrap_or_default()),
            },
            Self::Text(text) => Value::text(&**text),
        }
    }
}

/// The elements of a list.
pub(super) enum Items<'l, 'a> {
    Made(std::slice::Iter<'l, Value<'a>>),
    Read(std::slice::Iter<'a, Node>),
}

impl<'a> Iterator for Items<'_, 'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        match self {
            Self::Made(items) => items.next().cloned(),
            Self::Read(items) => items.next().map(Value::of),
        }
    }
}
