//! KR-SEC-043, 044, 045, 046: secrets are in Secrets, and read from files.

use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::secrecy::{is_named_secret, is_secret_value, secret_form};
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

fn in_env(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, variable) in items(container.node.get("env")).iter().enumerate() {
        let (Some(name), Some(value)) = (text(variable, "name"), text(variable, "value")) else {
            continue;
        };
        let violation =
            |message: String| container.violation(&["env"], message).below(index, "value");
        if let Some(form) = secret_form(value) {
            found.push(violation(format!("has {form} in the variable `{name}`")));
        } else if is_named_secret(name) && is_secret_value(value) {
            let message = format!("has the variable `{name}`, by its name a secret, as plain text");
            found.push(violation(message).severity(Severity::Warning));
        }
    }
    found
}

fn in_args(container: &Container<'_>, _: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for list in ["command", "args"] {
        let words = items(container.node.get(list));
        for (index, word) in words.iter().enumerate() {
            let Some(word) = word.as_text() else { continue };
            let violation = |message: String| container.violation(&[list], message).at_index(index);
            if let Some(form) = secret_form(word) {
                found.push(violation(format!("has {form} in its arguments")));
                continue;
            }
            let Some(option) = word.strip_prefix("--") else { continue };
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (
                    option,
                    words
                        .get(index + 1)
                        .and_then(Node::as_text)
                        .filter(|one| !one.starts_with('-')),
                ),
            };
            if is_named_secret(name) && value.is_some_and(is_secret_value) {
                let message =
                    format!("has the option `--{name}`, by its name a secret, as plain text");
                found.push(violation(message).severity(Severity::Warning));
            }
        }
    }
    found
}

fn in_config_map(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    if object.kind() != "ConfigMap" || !object.gvk().group.is_empty() {
        return Vec::new();
    }
    let data = object.node().get("data").and_then(Node::as_mapping).map(Mapping::entries);
    let mut found = Vec::new();
    for (key, value) in data.unwrap_or_default() {
        let (key, Some(value)) = (key.text(), value.as_text()) else { continue };
        let path = || Path::of(&["data", key]);
        if let Some(form) = secret_form(value) {
            found.push(Violation::at(path(), format!("has {form} in `{key}`")));
        } else if is_named_secret(key) && is_secret_value(value) {
            let message = format!("has `{key}`, by its name a secret, as plain text");
            found.push(Violation::at(path(), message).severity(Severity::Warning));
        }
    }
    found
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
