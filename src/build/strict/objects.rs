//! Checks of rendered objects: names that the API server refuses, and Secrets without the keys of their type.

use super::warning;
use crate::config::Warning;
use crate::error::{Code, Error};
use crate::resource::{ResMap, Resource};
use crate::source::Span;
use crate::yaml::Node;

/// The warnings for rendered objects.
pub(in super::super) fn objects(resources: &ResMap) -> Vec<Warning> {
    let found = resources.iter().flat_map(|resource| {
        [name(resource), namespace(resource), keys(resource)].into_iter().flatten()
    });
    found.map(warning).collect()
}

/// The form of a name. (Kubernetes, "Object Names and IDs".)
#[derive(Clone, Copy)]
enum Form {
    /// Lower case letters, digits and `-`, at most 63.
    Label,
    /// Labels with `.` between them, at most 253 characters.
    Subdomain,
}

impl Form {
    fn admits(self, name: &str) -> bool {
        let is_label = |label: &str| {
            let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            let ends = [label.bytes().next(), label.bytes().next_back()];
            label.bytes().all(|byte| is_word(byte) || byte == b'-')
                && ends.into_iter().all(|end| end.is_some_and(is_word))
        };
        match self {
            Self::Label => name.len() <= 63 && is_label(name),
            Self::Subdomain => name.len() <= 253 && name.split('.').all(is_label),
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Label => {
                "it may have at most 63 lower case letters, digits and `-`, and begins and ends with a letter or digit"
            }
            Self::Subdomain => {
                "it may have at most 253 lower case letters, digits, `-` and `.`, and each part begins and ends with a letter or digit"
            }
        }
    }

    fn check(self, what: &str, name: &str, span: Span) -> Option<Error> {
        if self.admits(name) {
            return None;
        }
        let message = format!("the API server refuses the {what} `{name}`");
        Some(Error::new(Code::InvalidValue, message).at(span).help(self.description()))
    }
}

/// The error for the name of an object. Kinds of other groups have rules of their own.
fn name(resource: &Resource) -> Option<Error> {
    let form = match (resource.gvk().group.as_str(), resource.kind()) {
        ("rbac.authorization.k8s.io" | "certificates.k8s.io" | "apiregistration.k8s.io", _) => {
            return None;
        }
        _ if resource.is_foreign() => return None,
        ("", "Namespace" | "Service") => Form::Label,
        _ => Form::Subdomain,
    };
    form.check("name", resource.name(), span_of(resource, "name"))
}

/// The error for the namespace of an object.
fn namespace(resource: &Resource) -> Option<Error> {
    let namespace = resource.namespace();
    if namespace.is_empty() {
        return None;
    }
    Form::Label.check("namespace", namespace, span_of(resource, "namespace"))
}

/// The span of a field of the metadata.
fn span_of(resource: &Resource, field: &str) -> Span {
    let metadata = resource.node().get("metadata");
    metadata.and_then(|metadata| metadata.get(field)).map_or_else(|| resource.span(), Node::span)
}

/// The error for a Secret without the keys that its type needs. (Kubernetes, "Types of Secret".)
fn keys(resource: &Resource) -> Option<Error> {
    if resource.kind() != "Secret" || !resource.gvk().group.is_empty() {
        return None;
    }
    let node = resource.node();
    let kind = node.get("type").and_then(Node::as_scalar)?;
    let needed: &[&str] = match kind.text() {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => return None,
    };
    let has = |key: &str| {
        ["data", "stringData"]
            .iter()
            .any(|field| node.get(field).is_some_and(|it| it.get(key).is_some()))
    };
    let missing: Vec<&str> = needed.iter().copied().filter(|key| !has(key)).collect();
    if missing.is_empty() {
        return None;
    }
    let message = format!(
        "the Secret `{}` of type `{}` has no `{}`",
        resource.name(),
        kind.text(),
        missing.join("` and no `")
    );
    let place = if kind.span().is_none() { resource.span() } else { kind.span() };
    Some(
        Error::new(Code::InvalidValue, message)
            .at(place)
            .help("the API server refuses it: add the key, or choose another type"),
    )
}
