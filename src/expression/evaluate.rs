//! Evaluation of compiled expressions.

use std::sync::Arc;

use super::code::{Code, Element, Loop, Mode, What};
use super::functions::operators::{self, Operator};
use super::run::{At, Failure, Run};
use super::value::{Entries, Key, Outcome, Value};

/// The values of variables.
pub trait Scope<'a> {
    /// The value of the variable with a slot.
    ///
    /// # Errors
    /// The failure of the expression that defines it.
    fn variable(&self, slot: usize) -> Outcome<'a>;
}

pub(super) fn evaluate<'a>(code: &'a Code, scope: &dyn Scope<'a>, run: &Run) -> Outcome<'a> {
    Evaluation { scope, run, locals: Vec::new() }.value(code)
}

/// The state of an evaluation.
struct Evaluation<'s, 'a> {
    scope: &'s dyn Scope<'a>,
    run: &'s Run,
    /// The variables of the loops around the current node, by slot.
    locals: Vec<Value<'a>>,
}

type Truth = Result<bool, Box<Failure>>;

impl<'a> Evaluation<'_, 'a> {
    /// The value of a node.
    fn value(&mut self, code: &'a Code) -> Outcome<'a> {
        let run = self.run;
        run.deeper(|| self.value_of(code)).map_err(|failure| placed(failure, code.at))
    }

    fn value_of(&mut self, code: &'a Code) -> Outcome<'a> {
        match &code.what {
            What::Null => Ok(Value::Null),
            What::Bool(value) => Ok(Value::Bool(*value)),
            What::Int(value) => Ok(Value::Int(*value)),
            What::Uint(value) => Ok(Value::Uint(*value)),
            What::Double(value) => Ok(Value::Double(*value)),
            What::Text(text) => Ok(Value::borrowed(text)),
            What::Bytes(bytes) => Ok(Value::Bytes(Arc::clone(bytes))),
            What::Type(name) => Ok(Value::Type(name)),
            What::Global(slot) => self.scope.variable(*slot),
            What::Local(slot) => Ok(self.local(*slot)),
            What::Select { from, field, mode } => self.select(from, field, *mode),
            What::Index { from, index, is_optional } => self.index(from, index, *is_optional),
            What::And(parts) => self.all(parts, false).map(Value::Bool),
            What::Or(parts) => self.all(parts, true).map(Value::Bool),
            What::Not(part) => self.truth(part).map(|value| Value::Bool(!value)),
            What::NotFalse(part) => match self.truth(part) {
                Err(failure) if failure.is_spent => Err(failure),
                value => Ok(Value::Bool(value.unwrap_or(true))),
            },
            What::Negative(part) => self.value(part).and_then(|value| operators::negative(&value)),
            What::Choose(parts) => self.choose(parts),
            What::Operator(operator, parts) => self.operator(*operator, parts),
            What::List(elements) => self.list(elements),
            What::Map(entries) => self.map(entries),
            What::Call(function, arguments) => {
                let values =
                    arguments.iter().map(|one| self.value(one)).collect::<Result<Vec<_>, _>>();
                values.and_then(|values| function.call(&values, self.run))
            }
            What::Loop(one) => self.run_loop(one),
            What::Append(slot, elements) => self.append(*slot, elements),
            What::AppendEntry(slot, parts) => self.append_entry(*slot, parts),
            What::Bind(slot, parts) => {
                let [bound, body] = &**parts;
                let bound = self.value(bound)?;
                self.set(*slot, bound);
                self.value(body)
            }
            What::OptionalMap(slot, parts, is_flat) => self.optional_map(*slot, parts, *is_flat),
        }
    }

    fn local(&self, slot: usize) -> Value<'a> {
        self.locals.get(slot).cloned().unwrap_or(Value::Null)
    }

    fn set(&mut self, slot: usize, value: Value<'a>) {
        if self.locals.len() <= slot {
            self.locals.resize(slot + 1, Value::Null);
        }
        self.locals[slot] = value;
    }

    fn truth(&mut self, code: &'a Code) -> Truth {
        match self.value(code)? {
            Value::Bool(value) => Ok(value),
            other => Err(placed(not_bool(&other), code.at)),
        }
    }

    /// The conjunction of parts, or the disjunction if `decides`. A part that decides hides the failures of others.
    fn all(&mut self, parts: &'a [Code], decides: bool) -> Truth {
        let mut failed = None;
        for part in parts {
            match self.truth(part) {
                Ok(value) if value == decides => return Ok(decides),
                Ok(_) => {}
                Err(failure) if failure.is_spent => return Err(failure),
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        failed.map_or(Ok(!decides), Err)
    }

    fn choose(&mut self, parts: &'a [Code; 3]) -> Outcome<'a> {
        let [condition, then, otherwise] = parts;
        let part = if self.truth(condition)? { then } else { otherwise };
        self.value(part)
    }

    fn select(&mut self, from: &'a Code, field: &'a str, mode: Mode) -> Outcome<'a> {
        let value = self.value(from)?;
        let (value, is_optional) = match value {
            Value::Optional(None) if mode == Mode::Test => return Ok(Value::Bool(false)),
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(value)) => (Value::clone(&value), true),
            value => (value, mode == Mode::Optional),
        };
        let found = value.field(field)?;
        match mode {
            Mode::Test => Ok(Value::Bool(found.is_some())),
            Mode::Get | Mode::Optional if is_optional => Ok(Value::Optional(found.map(Arc::new))),
            Mode::Get | Mode::Optional => found.ok_or_else(|| Failure::absent(field)),
        }
    }

    fn index(&mut self, from: &'a Code, index: &'a Code, is_optional: bool) -> Outcome<'a> {
        let (value, is_optional) = match self.value(from)? {
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(value)) => (Value::clone(&value), true),
            value => (value, is_optional),
        };
        let index = self.value(index)?;
        let found = value.at(&index)?;
        if is_optional {
            return Ok(Value::Optional(found.map(Arc::new)));
        }
        found.ok_or_else(|| match (&index, value.len()) {
            (Value::Text(key), _) => Failure::absent(key.as_str()),
            (_, Some(length)) => {
                Failure::new(format!("the index is outside of a list of {length} elements"))
            }
            _ => Failure::new("there is no such element"),
        })
    }

    fn operator(&mut self, operator: Operator, parts: &'a [Code; 2]) -> Outcome<'a> {
        let left = self.value(&parts[0])?;
        let right = self.value(&parts[1])?;
        operators::operate(operator, &left, &right, self.run)
    }

    /// The value of an element; `None` if it is optional and absent.
    fn element(&mut self, element: &'a Element) -> Result<Option<Value<'a>>, Box<Failure>> {
        let value = self.value(&element.code)?;
        self.run.make(size_of::<Value<'_>>())?;
        match value {
            Value::Optional(value) if element.is_optional => {
                Ok(value.map(|value| Value::clone(&value)))
            }
            value => Ok(Some(value)),
        }
    }

    fn list(&mut self, elements: &'a [Element]) -> Outcome<'a> {
        let mut list = Vec::with_capacity(elements.len());
        for element in elements {
            list.extend(self.element(element)?);
        }
        Ok(Value::list(list))
    }

    fn map(&mut self, entries: &'a [(Code, Element)]) -> Outcome<'a> {
        let mut map = Entries::new();
        for (key, element) in entries {
            let key = Key::of(&self.value(key)?)?;
            if let Some(value) = self.element(element)?
                && map.insert(key, value).is_some()
            {
                return Err(Failure::new("a map has the same key twice"));
            }
        }
        Ok(Value::Map(Arc::new(map)))
    }

    fn run_loop(&mut self, one: &'a Loop) -> Outcome<'a> {
        let range = self.value(&one.range)?;
        let start = self.value(&one.start)?;
        self.set(one.so_far, start);
        let mut failed = None;
        if let Some(items) = range.items() {
            for (place, item) in items.enumerate() {
                let place = Value::Int(i64::try_from(place).unwrap_or(i64::MAX));
                if !self.turn(one, place, item, &mut failed)? {
                    break;
                }
            }
        } else if let Some(pairs) = range.pairs() {
            self.run.make(pairs.len() * 2 * size_of::<Value<'_>>())?;
            for (key, value) in pairs {
                let (first, other) = match one.second {
                    Some(_) => (key, value),
                    None => (value, key),
                };
                if !self.turn(one, first, other, &mut failed)? {
                    break;
                }
            }
        } else {
            let found = range.type_name();
            return Err(Failure::new(format!("a value of type {found} has no elements")));
        }
        let result = self.value(&one.result)?;
        match failed {
            Some(failure) if !is_decided(&result, one.decides) => Err(failure),
            _ => Ok(result),
        }
    }

    /// One turn of a loop: `item` is the element, or with two variables the value of `place`. False if it was the last.
    fn turn(
        &mut self,
        one: &'a Loop,
        place: Value<'a>,
        item: Value<'a>,
        failed: &mut Option<Box<Failure>>,
    ) -> Truth {
        self.run.step(1)?;
        if !self.truth(&one.goes_on)? {
            return Ok(false);
        }
        match one.second {
            Some(second) => {
                self.set(one.first, place);
                self.set(second, item);
            }
            None => self.set(one.first, item),
        }
        match self.value(&one.step) {
            Ok(value) => self.set(one.so_far, value),
            Err(failure) if failure.is_spent || one.decides.is_none() => return Err(failure),
            Err(failure) => *failed = failed.take().or(Some(failure)),
        }
        Ok(true)
    }

    /// Adds to the list of an accumulator without a copy of it.
    fn append(&mut self, slot: usize, elements: &'a [Element]) -> Outcome<'a> {
        let mut added = Vec::with_capacity(elements.len());
        for element in elements {
            added.extend(self.element(element)?);
        }
        let mut list = std::mem::replace(&mut self.locals[slot], Value::Null);
        match &mut list {
            Value::List(items) => Arc::make_mut(items).append(&mut added),
            _ => return Err(Failure::new("a list is expected")),
        }
        Ok(list)
    }

    fn append_entry(&mut self, slot: usize, parts: &'a [Code; 2]) -> Outcome<'a> {
        let key = Key::of(&self.value(&parts[0])?)?;
        let value = self.value(&parts[1])?;
        self.run.make(2 * size_of::<Value<'_>>())?;
        let mut map = std::mem::replace(&mut self.locals[slot], Value::Null);
        match &mut map {
            Value::Map(entries) => {
                if Arc::make_mut(entries).insert(key, value).is_some() {
                    return Err(Failure::new("a map has the same key twice"));
                }
            }
            _ => return Err(Failure::new("a map is expected")),
        }
        Ok(map)
    }

    fn optional_map(&mut self, slot: usize, parts: &'a [Code; 2], is_flat: bool) -> Outcome<'a> {
        match self.value(&parts[0])? {
            Value::Optional(None) => Ok(Value::Optional(None)),
            Value::Optional(Some(value)) => {
                self.set(slot, Value::clone(&value));
                let value = self.value(&parts[1])?;
                match value {
                    Value::Optional(_) if is_flat => Ok(value),
                    _ if is_flat => Err(Failure::new("`optFlatMap` needs an optional value")),
                    _ => Ok(Value::Optional(Some(Arc::new(value)))),
                }
            }
            other => {
                let found = other.type_name();
                Err(Failure::new(format!("an optional value is expected, not one of type {found}")))
            }
        }
    }
}

fn is_decided(result: &Value<'_>, decides: Option<bool>) -> bool {
    matches!((result, decides), (Value::Bool(value), Some(decides)) if *value == decides)
}

fn not_bool(value: &Value<'_>) -> Box<Failure> {
    Failure::new(format!("a boolean is expected, and found a value of type {}", value.type_name()))
}

/// The failure with a place, if it has none yet: that of the innermost node.
fn placed(mut failure: Box<Failure>, at: At) -> Box<Failure> {
    if failure.at == At::default() {
        failure.at = at;
    }
    failure
}
