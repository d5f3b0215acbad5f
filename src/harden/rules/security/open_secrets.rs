//! KR-SEC-043, 044, 045, 046: secrets are in Secrets, and read from files.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::secrecy::{
    is_named_secret, is_secret_value, secret_form, secret_places, set_secrets,
};
use crate::harden::value::{below, items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::yaml::path::Path;
use crate::yaml::{Mapping, Node};

pub(super) static SECRET_LITERAL_ENV: Rule = Rule {
    id: "KR-SEC-043",
    name: "secret-literal-env",
    text: text!("KR-SEC-043"),
    severity: Severity::Error,
    score: Some(8.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Container(in_env)),
};

pub(super) static SECRET_IN_ARGS: Rule = Rule {
    id: "KR-SEC-044",
    name: "secret-in-args",
    text: text!("KR-SEC-044"),
    severity: Severity::Error,
    score: Some(8.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Container(in_args)),
};

pub(super) static SECRET_IN_CONFIG_MAP: Rule = Rule {
    id: "KR-SEC-045",
    name: "secret-in-configmap",
    text: text!("KR-SEC-045"),
    severity: Severity::Error,
    score: Some(8.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(in_config_map)),
};

pub(super) static SECRET_AS_ENV: Rule = Rule {
    id: "KR-SEC-046",
    name: "secret-as-env",
    text: text!("KR-SEC-046"),
    severity: Severity::Note,
    score: Some(3.0),
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Container(as_env)),
};

/// A secret in plain text.
pub(in crate::harden) struct Open<'a> {
    /// The node whose text has it.
    pub(in crate::harden) node: &'a Node,
    /// The secret parts of the text.
    pub(in crate::harden) secrets: Vec<&'a str>,
    /// The list or the key below the container or the object, and the index in it.
    place: (&'a str, usize),
    message: String,
    /// True if its form proves it, and not only a name.
    is_certain: bool,
}

impl<'a> Open<'a> {
    /// The secrets in a text that their form proves.
    fn formed(
        node: &'a Node,
        text: &'a str,
        place: (&'a str, usize),
        message: impl Fn(&str) -> String,
    ) -> Option<Self> {
        let message = message(secret_form(text)?);
        let secrets = secret_places(text).into_iter().map(|place| &text[place]).collect();
        Some(Self { node, secrets, place, message, is_certain: true })
    }

    /// A secret by the name of the text.
    fn named(node: &'a Node, secret: &'a str, place: (&'a str, usize), message: String) -> Self {
        Self { node, secrets: vec![secret], place, message, is_certain: false }
    }

    fn graded(&self, violation: Violation) -> Violation {
        if self.is_certain { violation } else { violation.severity(Severity::Warning) }
    }
}

/// The secrets in variables of a container.
pub(in crate::harden) fn of_env(container: &Node) -> Vec<Open<'_>> {
    let mut found = Vec::new();
    for (index, variable) in items(container.get("env")).iter().enumerate() {
        let (Some(name), Some(node)) = (text(variable, "name"), variable.get("value")) else {
            continue;
        };
        let Some(value) = node.as_text() else { continue };
        let message = |form: &str| format!("has {form} in the variable `{name}`");
        if let Some(open) = Open::formed(node, value, ("env", index), message) {
            found.push(open);
        } else if is_named_secret(name) && is_secret_value(value) {
            let message = format!("has the variable `{name}`, by its name a secret, as plain text");
            found.push(Open::named(node, value.trim(), ("env", index), message));
        }
    }
    found
}

fn in_env(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let violation = |open: Open<'_>| {
        let violation = container.violation(&["env"], &*open.message);
        open.graded(violation.below(open.place.1, "value"))
    };
    of_env(container.node).into_iter().map(violation).collect()
}

/// The secrets in the command and the arguments of a container.
pub(in crate::harden) fn of_args(container: &Node) -> Vec<Open<'_>> {
    let mut found = Vec::new();
    for list in ["command", "args"] {
        let words = items(container.get(list));
        for (index, node) in words.iter().enumerate() {
            let Some(word) = node.as_text() else { continue };
            let message = |form: &str| format!("has {form} in its arguments");
            if let Some(open) = Open::formed(node, word, (list, index), message) {
                found.push(open);
                continue;
            }
            let named = |name: &str| {
                format!("has the option `--{name}`, by its name a secret, as plain text")
            };
            // The words of a script for a shell.
            for option in word.split_whitespace().filter_map(|word| word.strip_prefix("--")) {
                let Some((name, value)) = option.split_once('=') else { continue };
                let value = value.trim_matches(['"', '\'', ';']);
                if is_named_secret(name) && !value.contains('`') && is_secret_value(value) {
                    found.push(Open::named(node, value, (list, index), named(name)));
                    break;
                }
            }
            let is_value = |one: &&str| !one.starts_with('-');
            let next = words.get(index + 1);
            if let (Some(name), Some(next)) = (word.strip_prefix("--"), next)
                && let Some(value) = next.as_text().filter(is_value)
                && !name.contains(['=', ' '])
                && is_named_secret(name)
                && is_secret_value(value)
            {
                let open = Open::named(next, value.trim(), (list, index), named(name));
                found.push(open);
            }
        }
    }
    found
}

fn in_args(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let violation = |open: Open<'_>| {
        let (list, index) = open.place;
        open.graded(container.violation(&[list], &*open.message).at_index(index))
    };
    of_args(container.node).into_iter().map(violation).collect()
}

/// The secrets in the data of a ConfigMap.
pub(in crate::harden) fn of_config_map(object: &Resource) -> Vec<Open<'_>> {
    if object.kind() != "ConfigMap" || !object.gvk().group.is_empty() {
        return Vec::new();
    }
    let data = object.node().get("data").and_then(Node::as_mapping).map(Mapping::entries);
    let mut found = Vec::new();
    for (key, node) in data.unwrap_or_default() {
        let (key, Some(value)) = (key.text(), node.as_text()) else { continue };
        let message = |form: &str| format!("has {form} in `{key}`");
        if let Some(open) = Open::formed(node, value, (key, 0), message) {
            found.push(open);
        } else if is_named_secret(key) && is_secret_value(value) {
            let message = format!("has `{key}`, by its name a secret, as plain text");
            found.push(Open::named(node, value.trim(), (key, 0), message));
        } else if value.contains('\n') {
            let set: Vec<_> = set_secrets(value).collect();
            let Some((name, _)) = set.first() else { continue };
            let message = format!("sets `{name}` in `{key}`, by its name a secret, as plain text");
            let secrets = set.iter().map(|(_, place)| &value[place.clone()]).collect();
            found.push(Open { node, secrets, place: (key, 0), message, is_certain: false });
        }
    }
    found
}

fn in_config_map(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    let violation = |open: Open<'_>| {
        open.graded(Violation::at(Path::of(&["data", open.place.0]), &*open.message))
    };
    of_config_map(object).into_iter().map(violation).collect()
}

fn as_env(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, variable) in items(container.node.get("env")).iter().enumerate() {
        if let Some(secret) = below(variable, &["valueFrom", "secretKeyRef"]) {
            let name = text(secret, "name").unwrap_or_default();
            let message = format!("reads the Secret `{name}` into a variable");
            found.push(container.violation(&["env"], message).at_index(index));
        }
    }
    for (index, source) in items(container.node.get("envFrom")).iter().enumerate() {
        if let Some(secret) = present(source, "secretRef") {
            let name = text(secret, "name").unwrap_or_default();
            let message = format!("reads the Secret `{name}` into variables");
            found.push(container.violation(&["envFrom"], message).at_index(index));
        }
    }
    found
}

impl Violation {
    /// The same violation at an element of its list.
    fn at_index(mut self, index: usize) -> Self {
        self.path = self.path.index(index);
        self
    }

    /// The same violation at a field of an element of its list.
    fn below(self, index: usize, key: &str) -> Self {
        let mut violation = self.at_index(index);
        violation.path = violation.path.keys(&[key]);
        violation
    }
}
