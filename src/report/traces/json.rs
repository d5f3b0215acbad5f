//! Traces as JSON.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Field, ObjectName, Shown, ShownPlace};

/// Fields with all their values, as one JSON document for a target.
#[must_use]
pub fn json(target: &str, fields: &[Field]) -> Value {
    let fields: Vec<Value> = fields.iter().map(field).collect();
    json!({"target": target, "fields": fields})
}

fn field(field: &Field) -> Value {
    let Field { object, path, pointer, values } = field;
    json!({
        "object": self::object(object),
        "path": path,
        "pointer": pointer,
        "values": values.iter().map(value).collect::<Vec<_>>(),
    })
}

pub(super) fn object(object: &ObjectName) -> Value {
    let ObjectName { api_version, kind, namespace, name, is_rendered } = object;
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "namespace": namespace,
        "name": name,
        "rendered": is_rendered,
    })
}

pub(super) fn value(shown: &Shown) -> Value {
    let Shown { json, text: _, layer, by, builtin, place } = shown;
    let place = place.as_ref().map(|ShownPlace { file, line, column }| Place {
        file,
        line: *line,
        column: *column,
    });
    let mut value = json!({"layer": layer, "by": by, "place": place});
    if !builtin.is_empty() {
        value["builtin"] = builtin.as_str().into();
    }
    match json.as_ref().and_then(|json| serde_json::from_str::<Value>(json).ok()) {
        Some(json) => value["value"] = json,
        None => value["removed"] = true.into(),
    }
    value
}

#[derive(Serialize)]
struct Place<'p> {
    file: &'p str,
    line: usize,
    column: usize,
}
