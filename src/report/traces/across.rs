//! One field in many targets: each value with the targets that have it, and the layer that decides.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Field, ObjectName, Shown};
use crate::text::escape::{for_log, visible};
use crate::text::phrase::{counted, few};

/// The values of fields in many targets.
#[derive(Clone, Debug, Default)]
pub struct Across {
    /// By object, as it is named in its file, and path: the last setting with the targets that have it.
    fields: BTreeMap<(ObjectName, String), BTreeMap<Shown, Vec<String>>>,
    /// The number of targets.
    targets: usize,
    /// The targets without such a field.
    without: Vec<String>,
    /// The targets that could not be built.
    failed: Vec<String>,
}

/// The maximum number of targets that are named for a value.
const NAMED: usize = 8;

impl Across {
    /// Adds the fields of a target, each with the name that its object has in its file.
    pub fn add(&mut self, target: &str, fields: Vec<(ObjectName, Field)>) {
        self.targets += 1;
        if fields.is_empty() {
            self.without.push(target.to_owned());
        }
        for (object, field) in fields {
            let Some(last) = field.last() else { continue };
            let values = self.fields.entry((object, field.path.clone())).or_default();
            values.entry(last.clone()).or_default().push(target.to_owned());
        }
    }

    /// Adds a target that could not be built.
    pub fn add_failed(&mut self, target: &str) {
        self.failed.push(target.to_owned());
    }

    /// True if no target has such a field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The values of a field, those of most targets first.
    fn ordered(values: &BTreeMap<Shown, Vec<String>>) -> Vec<(&Shown, &Vec<String>)> {
        let mut values: Vec<_> = values.iter().collect();
        values.sort_by_key(|(_, targets)| std::cmp::Reverse(targets.len()));
        values
    }
}

/// The values as text.
#[must_use]
pub fn across_text(across: &Across) -> String {
    let mut out = String::new();
    for ((object, path), values) in &across.fields {
        let found: usize = values.values().map(Vec::len).sum();
        let title = format!(
            "{} {path}: {} in {}",
            object.title(),
            counted(values.len(), "value"),
            counted(found, "target")
        );
        let _ = writeln!(out, "{}", visible(&title));
        for (shown, targets) in Across::ordered(values) {
            let value = if shown.json.is_some() { shown.text.as_str() } else { "removed" };
            let place = shown.place.as_ref().map(|place| format!("  {place}")).unwrap_or_default();
            let count = counted(targets.len(), "target");
            let verb = if shown.json.is_some() { "set" } else { "removed" };
            let line = format!("  {value}  {count}, {verb} by {} {}{place}", shown.layer, shown.by);
            let _ = writeln!(out, "{}", visible(&line));
            let names = few(targets, NAMED, Clone::clone);
            let _ = writeln!(out, "    {}", visible(&names));
        }
    }
    if !across.without.is_empty() && !across.fields.is_empty() {
        let count = counted(across.without.len(), "target");
        let names = few(&across.without, NAMED, Clone::clone);
        let _ = writeln!(out, "{}", visible(&format!("not in {count}: {names}")));
    }
    for_log(&out).into_owned()
}

/// The values as JSON.
#[must_use]
pub fn across_json(across: &Across) -> Value {
    let fields = across.fields.iter().map(|((object, path), values)| {
        let values = Across::ordered(values).into_iter().map(|(shown, targets)| {
            let mut value = super::json::value(shown);
            value["targets"] = json!(targets);
            value
        });
        json!({
            "object": super::json::object(object),
            "path": path,
            "values": values.collect::<Vec<_>>(),
        })
    });
    let fields: Vec<Value> = fields.collect();
    json!({
        "targets": across.targets,
        "fields": fields,
        "without": across.without,
        "failed": across.failed,
    })
}
