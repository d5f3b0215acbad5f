//! Kustomization files with another content: another object, or no object at all.

use crate::config::kustomization::{COMPONENT, KUSTOMIZATION};
use crate::error::{Code, Error, nearest};
use crate::yaml::de::shown;
use crate::yaml::{Node, Scalar};

/// The API group of kustomize's kinds.
const GROUP: &str = "kustomize.config.k8s.io/";

/// Tools whose files or objects have the same names as kustomize's, by API group: name of the tool, path of the field
/// that names a directory to build, and its file name.
const OWNERS: [(&str, &str, &[&str]); 5] = [
    ("kustomize.toolkit.fluxcd.io", "Flux", &["spec", "path"]),
    ("helm.toolkit.fluxcd.io", "Flux", &[]),
    ("source.toolkit.fluxcd.io", "Flux", &[]),
    ("argoproj.io", "Argo CD", &["spec", "source", "path"]),
    ("skaffold", "Skaffold", &[]),
];

/// True if an unknown kind is meant to be `Component`.
pub(in crate::config) fn expects_component(kind: &str) -> bool {
    nearest(kind, [KUSTOMIZATION, COMPONENT]) == Some(COMPONENT)
}

/// The error for a file that holds another object than a kustomization. `None` if it may be a kustomization.
pub(super) fn refuse(root: &Node) -> Option<Error> {
    let field =
        |name: &str| root.get(name).and_then(Node::as_scalar).filter(|text| !text.is_null());
    let (version, kind) = (field("apiVersion"), field("kind"));
    let is_ours =
        version.is_none_or(|version| is_empty(version) || version.text().starts_with(GROUP));
    let is_near = |kind: &Scalar| {
        let known = [KUSTOMIZATION, COMPONENT];
        is_empty(kind) || known.contains(&kind.text()) || nearest(kind.text(), known).is_some()
    };
    match (kind, version) {
        (Some(kind), _) if !is_near(kind) => Some(another_object(root, kind, version)),
        (Some(kind), Some(version)) if !is_ours && owner(version).is_some() => {
            Some(another_object(root, kind, Some(version)))
        }
        _ => None,
    }
}

fn is_empty(scalar: &Scalar) -> bool {
    scalar.text().is_empty()
}

/// The row of `OWNERS` for an API version.
fn owner(
    version: &Scalar,
) -> Option<&'static (&'static str, &'static str, &'static [&'static str])> {
    let group = version.text().split_once('/').map_or("", |(group, _)| group);
    OWNERS.iter().find(|(owned, ..)| *owned == group)
}

fn another_object(root: &Node, kind: &Scalar, version: Option<&Scalar>) -> Error {
    let whose = version.and_then(owner);
    let (object, ours) = match (whose, version) {
        (Some((_, owner, _)), _) => (format!("{owner}'s `{}`", kind.text()), "kustomize's"),
        (None, Some(version)) => (format!("the object `{} {}`", version.text(), kind.text()), "a"),
        (None, None) => (format!("the kind `{}`", kind.text()), "a"),
    };
    let message = format!("found {object}, expected {ours} `{KUSTOMIZATION}` or `{COMPONENT}`");
    // Flux's kind has the same name as kustomize's.
    let place = version.filter(|_| kind.text() == KUSTOMIZATION).unwrap_or(kind);
    let error = Error::new(Code::InvalidValue, message).at(place.span()).help(
        "give this file another name, and list it under `resources` of a kustomization if it is to be rendered",
    );
    let path = whose.and_then(|(.., path)| path.iter().try_fold(root, |node, key| node.get(key)));
    match (whose, path.and_then(Node::as_text)) {
        (Some((_, owner, fields)), Some(path)) if !path.is_empty() => error.help(format!(
            "to see what {owner} applies, build the directory that its `{}` names: `{path}`",
            fields.join(".")
        )),
        _ => error,
    }
}

/// The error for a file without any field of a kustomization. `unknown` are the errors about unknown top-level fields.
/// `None` if a field is known or misspelt, or if there are fewer than two.
pub(super) fn without_fields(root: &Node, unknown: &[&Error]) -> Option<Error> {
    /// Maximum number of fields that the message names.
    const NAMED: usize = 4;
    let mapping = root.as_mapping()?;
    let near = unknown
        .iter()
        .filter(|error| error.helps().iter().any(|help| help.starts_with("did you mean")));
    if unknown.len() < 2 || unknown.len() < mapping.len() || near.count() > unknown.len() / 4 {
        return None;
    }
    let names = mapping.iter().take(NAMED).map(|(key, _)| format!("`{}`", shown(key.text())));
    let mut names: Vec<String> = names.collect();
    if mapping.len() > NAMED {
        names.push("…".to_owned());
    }
    let message = format!("found no field of a kustomization, only {}", names.join(", "));
    let error = Error::new(Code::UnknownField, message).at(unknown.first()?.span());
    Some(
        error.help(
            "a kustomization lists its files under `resources`: is this another kind of file?",
        ),
    )
}
