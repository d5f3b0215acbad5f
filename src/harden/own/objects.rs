//! The objects of a render as values of expressions.

use std::cell::OnceCell;

use crate::expression::{Names, Outcome, Run, Scope, Value};
use crate::harden::settings::Settings;
use crate::limits::Budget;
use crate::resource::{ResMap, Resource};
use crate::source::Sources;
use crate::yaml::Node;

/// The variables of own rules. The position is the slot.
pub(super) const NAMES: Names<'static> =
    Names { variables: &["object", "objects", "origin", "params"], fields: &[], lacking: &[] };

/// A render, and the account of all expressions that judge it.
pub(in crate::harden) struct Expressed<'a> {
    pub(in crate::harden) objects: &'a ResMap,
    pub(in crate::harden) sources: &'a Sources,
    pub(in crate::harden) run: Run,
    /// All objects as a list, made on first use.
    list: OnceCell<Value<'a>>,
}

impl<'a> Expressed<'a> {
    pub(in crate::harden) fn new(
        objects: &'a ResMap,
        sources: &'a Sources,
        settings: &Settings,
    ) -> Self {
        let run = Run::new(&Budget::new(settings.limits));
        Self { objects, sources, run, list: OnceCell::new() }
    }

    fn all(&self) -> Value<'a> {
        let all = || Value::list(self.objects.iter().map(|one| Value::of(one.node())).collect());
        self.list.get_or_init(all).clone()
    }

    /// The place of an object in the sources.
    fn origin(&self, object: &Resource) -> Value<'a> {
        let place = self.sources.locate(object.span());
        let (file, line) = match &place {
            Some(place) => (place.source.name(), place.line),
            None => ("", 0),
        };
        let line = Value::Int(i64::try_from(line).unwrap_or(i64::MAX));
        Value::map([("file", Value::text(file)), ("line", line)])
    }
}

/// The values of the variables for one object.
pub(super) struct Variables<'s, 'a> {
    pub(super) all: &'s Expressed<'a>,
    pub(super) object: &'a Resource,
    pub(super) parameters: Option<&'a Node>,
}

impl<'a> Scope<'a> for Variables<'_, 'a> {
    fn variable(&self, slot: usize) -> Outcome<'a> {
        Ok(match slot {
            0 => Value::of(self.object.node()),
            1 => self.all.all(),
            2 => self.all.origin(self.object),
            _ => self.parameters.map_or(Value::Null, Value::of),
        })
    }
}
