//! Fixes that were applied to rendered objects: as lines for people, and as JSON.
//!
//! Both are parts of an output: the caller escapes them, as warnings and as a line of JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::patch::{Operations, as_json};
use crate::harden::{Change, Class, Operation, Rule, by_name};
use crate::resource::ResMap;

/// The changes of a fix as phrases, one for each field, with the rule that asks for it.
#[must_use]
pub fn lines(change: &Change, resources: &ResMap) -> Vec<(&'static Rule, String)> {
    let Change { place, rule, container, class, operations } = change;
    let Some(object) = resources.get(*place) else { return Vec::new() };
    let (kind, name) = (object.kind(), object.name());
    let name = match object.namespace() {
        "" => name.to_owned(),
        namespace => format!("{namespace}/{name}"),
    };
    let container = container.as_ref().map(|name| format!(", container `{name}`"));
    let container = container.unwrap_or_default();
    let line = |operation: &Operation| {
        let (verb, path, value) = operation.parts();
        let verb = match verb {
            "add" => "adds",
            "replace" => "sets",
            _ => "removes",
        };
        let value = value.and_then(as_json).map(|json| format!(": {json}")).unwrap_or_default();
        let (field, title, class) = (by_name(path, object.node()), rule.title(), class.as_str());
        format!("hardened {kind} `{name}`{container}: {verb} `{field}{value}` ({title}, {class})")
    };
    operations.iter().map(|operation| (*rule, line(operation))).collect()
}

/// The number of changed objects, and of fixes by class; `None` without changes.
#[must_use]
pub fn count(changes: &[Change]) -> Option<String> {
    let objects: BTreeSet<usize> = changes.iter().map(|change| change.place).collect();
    let classes = [Class::Safe, Class::Unsafe, Class::Override].into_iter();
    let classes = classes.filter_map(|class| {
        let count = changes.iter().filter(|change| change.class == class).count();
        (count > 0).then(|| format!("{count} {}", class.as_str()))
    });
    let classes = classes.collect::<Vec<_>>().join(", ");
    let counted = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let fixes = counted(changes.len(), "fix", "fixes");
    let objects = counted(objects.len(), "object", "objects");
    (!changes.is_empty()).then(|| format!("hardened {objects} with {fixes}: {classes}"))
}

/// The changes of a target as JSON, with a JSON patch for each object.
#[must_use]
pub fn json(target: &str, changes: &[Change], resources: &ResMap) -> Value {
    let changes = changes.iter().filter_map(|change| change_as_json(change, resources));
    json!({"target": target, "changes": changes.collect::<Vec<_>>()})
}

fn change_as_json(change: &Change, resources: &ResMap) -> Option<Value> {
    let Change { place, rule, container, class, operations } = change;
    let id = resources.get(*place)?.id();
    Some(json!({
        "rule": rule.id,
        "name": rule.name,
        "class": class.as_str(),
        "container": container.as_deref(),
        "object": {
            "apiVersion": &*id.gvk.api_version(),
            "kind": &*id.gvk.kind,
            "namespace": &*id.namespace,
            "name": &*id.name,
        },
        "patch": Operations(operations),
    }))
}
