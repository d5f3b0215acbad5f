//! Compiled expressions.

use super::functions::Function;
use super::functions::operators::Operator;
use super::run::At;

/// A node of an expression with its place.
pub(super) struct Code {
    pub(super) what: What,
    pub(super) at: At,
}

pub(super) enum What {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Box<str>),
    Bytes(std::sync::Arc<[u8]>),
    /// A type as a value.
    Type(&'static str),
    /// A variable of the scope, by its slot.
    Global(usize),
    /// A variable of a loop, by its slot.
    Local(usize),
    Select {
        from: Box<Code>,
        field: Box<str>,
        mode: Mode,
    },
    Index {
        from: Box<Code>,
        index: Box<Code>,
        is_optional: bool,
    },
    /// True if no part is false.
    And(Vec<Code>),
    /// True if one part is true.
    Or(Vec<Code>),
    Not(Box<Code>),
    /// False only if the part is: failures count as true.
    NotFalse(Box<Code>),
    Negative(Box<Code>),
    Choose(Box<[Code; 3]>),
    Operator(Operator, Box<[Code; 2]>),
    List(Vec<Element>),
    Map(Vec<(Code, Element)>),
    Call(&'static Function, Vec<Code>),
    Loop(Box<Loop>),
    /// Adds elements to the list in the slot of an accumulator.
    Append(usize, Vec<Element>),
    /// Adds an entry to the map in the slot of an accumulator.
    AppendEntry(usize, Box<[Code; 2]>),
    /// The first part in a slot while the second is evaluated.
    Bind(usize, Box<[Code; 2]>),
    /// `optional.optMap(name, part)`, with the value in a slot; the flag for `optFlatMap`.
    OptionalMap(usize, Box<[Code; 2]>, bool),
}

/// The kinds of selection: `a.b`, `has(a.b)`, `a.?b`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Get,
    Test,
    Optional,
}

/// An element of a list or a value of a map; an optional one without a value is left out.
pub(super) struct Element {
    pub(super) code: Code,
    pub(super) is_optional: bool,
}

/// A loop over a list or a map, which macros such as `all` are.
pub(super) struct Loop {
    pub(super) range: Code,
    /// The slot of the element, or of the key.
    pub(super) first: usize,
    /// The slot of the value, in loops with two variables; `first` is the index or the key then.
    pub(super) second: Option<usize>,
    /// The slot of the result so far.
    pub(super) so_far: usize,
    pub(super) start: Code,
    pub(super) goes_on: Code,
    pub(super) step: Code,
    pub(super) result: Code,
    /// In `all` (false) and `exists` (true), the value that decides even if other elements fail.
    pub(super) decides: Option<bool>,
}

impl Code {
    /// The field of a global variable that is selected first, in the order of the text.
    pub(super) fn field_of(&self, slot: usize) -> Option<Vec<&str>> {
        let mut node = self;
        let mut fields = Vec::new();
        while let What::Select { from, field, .. } = &node.what {
            fields.push(&**field);
            node = from;
        }
        if matches!(node.what, What::Global(found) if found == slot) && !fields.is_empty() {
            fields.reverse();
            return Some(fields);
        }
        match &node.what {
            What::Index { from, .. } => from.field_of(slot),
            What::And(parts) | What::Or(parts) | What::Call(_, parts) => first(parts, slot),
            What::Not(part) | What::NotFalse(part) | What::Negative(part) => part.field_of(slot),
            What::Choose(parts) => first(&**parts, slot),
            What::Operator(_, parts) | What::Bind(_, parts) | What::OptionalMap(_, parts, _) => {
                first(&**parts, slot)
            }
            What::Loop(one) => one.range.field_of(slot).or_else(|| one.step.field_of(slot)),
            What::List(elements) | What::Append(_, elements) => {
                elements.iter().find_map(|element| element.code.field_of(slot))
            }
            What::Map(entries) => {
                entries.iter().find_map(|(_, element)| element.code.field_of(slot))
            }
            What::AppendEntry(_, parts) => first(&**parts, slot),
            What::Null
            | What::Bool(_)
            | What::Int(_)
            | What::Uint(_)
            | What::Double(_)
            | What::Text(_)
            | What::Bytes(_)
            | What::Type(_)
            | What::Global(_)
            | What::Local(_)
            | What::Select { .. } => None,
        }
    }
}

fn first(parts: &[Code], slot: usize) -> Option<Vec<&str>> {
    parts.iter().find_map(|part| part.field_of(slot))
}
