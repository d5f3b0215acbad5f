//! The functions of expressions: those of CEL, and of the libraries that Kubernetes adds.

mod comparison;
mod conversions;
mod format;
mod lists;
mod network;
mod numbers;
pub(super) mod operators;
mod optionals;
mod quantities;
mod strings;
mod times;
mod versions;

use super::kinds::Library;
use super::run::{Failure, Run};
use super::value::{Items, Outcome, Value};

/// A function. Members (`text.size()`) have the value in front of the dot as their first argument.
pub(super) struct Function {
    /// The name; with its namespace, if it has one: `math.least`.
    name: &'static str,
    form: Form,
    /// The minimum and the maximum number of arguments.
    arguments: (usize, usize),
    run: for<'v, 'a> fn(&'v [Value<'a>], &Run) -> Outcome<'a>,
}

/// The forms in which a function is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `f(x)`
    Global,
    /// `x.f()`
    Member,
    /// Both.
    Both,
}

const TABLES: [&[Function]; 11] = [
    comparison::FUNCTIONS,
    conversions::FUNCTIONS,
    strings::FUNCTIONS,
    format::FUNCTIONS,
    lists::FUNCTIONS,
    numbers::FUNCTIONS,
    times::FUNCTIONS,
    optionals::FUNCTIONS,
    network::FUNCTIONS,
    quantities::FUNCTIONS,
    versions::FUNCTIONS,
];

/// The function with a name and a form.
pub(super) fn find(name: &str, is_member: bool) -> Option<&'static Function> {
    let form = if is_member { Form::Member } else { Form::Global };
    let is_meant = |function: &&'static Function| {
        function.name == name && (function.form == form || function.form == Form::Both)
    };
    TABLES.into_iter().flatten().find(is_meant)
}

/// The names of all functions of a form.
pub(super) fn names(is_member: bool) -> impl Iterator<Item = &'static str> {
    let form = if is_member { Form::Member } else { Form::Global };
    let is_meant = move |one: &&Function| one.form == form || one.form == Form::Both;
    TABLES.into_iter().flatten().filter(is_meant).map(|function| function.name)
}

/// True if functions have this namespace: `math`.
pub(super) fn is_namespace(name: &str) -> bool {
    TABLES.into_iter().flatten().any(|function| {
        function.name.split_once('.').is_some_and(|(namespace, _)| namespace == name)
    })
}

impl Function {
    /// The number of arguments in words, if it is not one of those that are allowed.
    pub(super) fn refuses(&self, count: usize) -> Option<String> {
        let (least, most) = self.arguments;
        // The value in front of the dot is counted, and not mentioned.
        let own = usize::from(self.form == Form::Member);
        let is_wrong = !(least..=most).contains(&count);
        is_wrong.then(|| match least == most {
            true => format!("{}", least.saturating_sub(own)),
            false => format!("{} to {}", least.saturating_sub(own), most.saturating_sub(own)),
        })
    }

    pub(super) fn call<'a>(&self, arguments: &[Value<'a>], run: &Run) -> Outcome<'a> {
        (self.run)(arguments, run)
    }
}

/// A member with any number of further arguments between two bounds.
const fn member(
    name: &'static str,
    more: (usize, usize),
    run: for<'v, 'a> fn(&'v [Value<'a>], &Run) -> Outcome<'a>,
) -> Function {
    Function { name, form: Form::Member, arguments: (more.0 + 1, more.1 + 1), run }
}

/// A function that is no member.
const fn global(
    name: &'static str,
    arguments: (usize, usize),
    run: for<'v, 'a> fn(&'v [Value<'a>], &Run) -> Outcome<'a>,
) -> Function {
    Function { name, form: Form::Global, arguments, run }
}

/// A function of either form.
const fn both(
    name: &'static str,
    arguments: (usize, usize),
    run: for<'v, 'a> fn(&'v [Value<'a>], &Run) -> Outcome<'a>,
) -> Function {
    Function { name, form: Form::Both, arguments, run }
}

/// The failure for arguments of other types.
#[cold]
fn unsuitable(name: &str, arguments: &[Value<'_>]) -> Box<Failure> {
    let types: Vec<&str> = arguments.iter().map(Value::type_name).collect();
    Failure::new(format!("`{name}` cannot be called with ({})", types.join(", ")))
}

/// An argument that is text.
fn text<'v>(name: &str, arguments: &'v [Value<'_>], place: usize) -> Result<&'v str, Box<Failure>> {
    let text = arguments.get(place).and_then(Value::as_text);
    text.ok_or_else(|| unsuitable(name, arguments))
}

/// An argument that is an integer.
fn int(name: &str, arguments: &[Value<'_>], place: usize) -> Result<i64, Box<Failure>> {
    match arguments.get(place) {
        Some(Value::Int(value)) => Ok(*value),
        _ => Err(unsuitable(name, arguments)),
    }
}

/// An argument that is a list.
fn items<'v, 'a>(
    name: &str,
    arguments: &'v [Value<'a>],
    place: usize,
) -> Result<Items<'v, 'a>, Box<Failure>> {
    let items = arguments.get(place).and_then(Value::items);
    items.ok_or_else(|| unsuitable(name, arguments))
}

/// The failure for text that is no value of a type. The text is not shown: it may be that of a Secret.
#[cold]
fn unreadable(expected: &str) -> Box<Failure> {
    Failure::new(format!("the value cannot be read as {expected}"))
}

impl Library {
    /// The value of an expression.
    fn value<'a>(self) -> Value<'a> {
        Value::Library(std::sync::Arc::new(self))
    }
}
