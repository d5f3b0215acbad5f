//! Fixes that were applied to rendered objects: as lines for people, and as JSON.
//!
//! Both are parts of an output: the caller escapes them, as warnings and as a line of JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::patch::{Operations, as_json};
use crate::harden::{Change, Class, Operation, Rule, by_name};
use crate::resource::{ResMap, Resource};

/// The changes of a fix as phrases, one for each field, with the rule that asks for it.
#[must_use]
pub fn lines(change: &Change, resources: &ResMap) -> Vec<(&'static Rule, String)> {
    let Change { place, rule, container, class, operations, follows, .. } = change;
    let Some(object) = resources.get(*place) else { return Vec::new() };
    let subject = subject(object);
    let follows = follows.map(|rule| format!("; follows the fix of {}", rule.id));
    let follows = follows.unwrap_or_default();
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
        format!(
            "hardened {subject}{container}: {verb} `{field}{value}` ({title}, {class}{follows})"
        )
    };
    operations.iter().map(|operation| (*rule, line(operation))).collect()
}

/// A phrase for each rule that the object violates because of a fix, with the rule.
#[must_use]
pub fn left(change: &Change, resources: &ResMap) -> Vec<(&'static Rule, String)> {
    let Some(object) = resources.get(change.place) else { return Vec::new() };
    let line = |rule: &&'static Rule| {
        let reason = change.rule.follow_ups().find(|(id, _)| *id == rule.id);
        let reason = reason.map(|(_, reason)| format!(": {reason}")).unwrap_or_default();
        let (title, cause) = (rule.title(), change.rule.title());
        (*rule, format!("{} violates {title} since the fix of {cause}{reason}", subject(object)))
    };
    change.leaves.iter().map(line).collect()
}

/// The kind, and in backticks the namespace and the name of an object.
fn subject(object: &Resource) -> String {
    match object.namespace() {
        "" => format!("{} `{}`", object.kind(), object.name()),
        namespace => format!("{} `{namespace}/{}`", object.kind(), object.name()),
    }
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
    let Change { place, rule, container, class, operations, follows, leaves } = change;
    let id = resources.get(*place)?.id();
    let mut told = json!({
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
    });
    if let Some(cause) = follows {
        told["follows"] = cause.id.into();
    }
    if !leaves.is_empty() {
        told["leaves"] = leaves.iter().map(|rule| rule.id).collect();
    }
    Some(told)
}
