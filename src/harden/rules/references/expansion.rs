//! KR-REF-010: `$(NAME)` names a variable of the container.

use std::collections::BTreeSet;

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{below, items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static ENV_EXPANSION: Rule = Rule {
    id: "KR-REF-010",
    name: "env-expansion",
    text: text!("KR-REF-010"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Container(env_expansion)),
};

fn env_expansion(
    container: &Container<'_>,
    _: &Pod<'_>,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let env = items(container.node.get("env"));
    for (index, entry) in env.iter().enumerate() {
        let Some(value) = text(entry, "value") else { continue };
        for name in variables(value) {
            let is_here = |one: &Node| text(one, "name") == Some(name);
            if env[..index].iter().any(is_here) || is_provided(name) {
                continue;
            }
            let is_later = env[index..].iter().any(is_here);
            // A variable of `envFrom` may have the name.
            if !is_later && is_from_elsewhere(container, name, scene, render) {
                continue;
            }
            let how = if is_later { "is defined only later" } else { "is not defined" };
            let path = container.path(&["env"]).index(index).keys(&["value"]);
            found.push(told(container, path, name, how));
        }
    }
    for list in ["command", "args"] {
        for (index, value) in items(container.node.get(list)).iter().enumerate() {
            for name in variables(value.as_text().unwrap_or_default()) {
                let is_here = |one: &Node| text(one, "name") == Some(name);
                if env.iter().any(is_here)
                    || is_provided(name)
                    || is_from_elsewhere(container, name, scene, render)
                {
                    continue;
                }
                let path = container.path(&[list]).index(index);
                found.push(told(container, path, name, "is not defined"));
            }
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|violation| seen.insert(violation.message.clone()));
    found
}

fn told(container: &Container<'_>, path: Path, name: &str, how: &str) -> Violation {
    let message = format!(
        "uses `$({name})`, which {how}, and stays as it is; assumed: it is meant to be a variable"
    );
    Violation::at(path, message).of_container(container)
}

/// The names in `$(NAME)` that look like variables: capital letters, digits and underscores. `$$(NAME)` is none.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find('$')?;
            let after = &rest[at + 1..];
            if let Some(escaped) = after.strip_prefix('$') {
                rest = escaped;
                continue;
            }
            let Some(inner) = after.strip_prefix('(') else {
                rest = after;
                continue;
            };
            rest = inner;
            let name = inner.split_once(')').map_or("", |(name, _)| name);
            let is_part =
                |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            let is_name = name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
                && name.bytes().all(is_part);
            if is_name {
                return Some(name);
            }
        }
    })
}

/// True for variables that the kubelet adds for Services.
fn is_provided(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || name.contains("_PORT_")
}

/// True if `envFrom` defines a variable, or may define it.
fn is_from_elsewhere(
    container: &Container<'_>,
    name: &str,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> bool {
    items(container.node.get("envFrom")).iter().any(|source| {
        let prefix = text(source, "prefix").unwrap_or_default();
        let Some(key) = name.strip_prefix(prefix) else { return false };
        [("ConfigMap", "configMapRef"), ("Secret", "secretRef")].into_iter().any(|(kind, field)| {
            let Some(of) = below(source, &[field, "name"]).and_then(Node::as_text) else {
                return false;
            };
            render.named(kind, scene.namespace(), of).is_none_or(|object| {
                let fields = ["data", "binaryData", "stringData"];
                let mut data =
                    fields.iter().filter_map(|field| present(object.node(), field)).peekable();
                data.peek().is_none() || data.any(|data| data.get(key).is_some())
            })
        })
    })
}
