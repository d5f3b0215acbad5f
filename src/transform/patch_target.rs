//! Errors for a patch that does not select exactly one resource. They point at the wrong part of the id.

use crate::error::{Code, Error, nearest};
use crate::resource::{ResId, ResMap, Resource};
use crate::yaml::Node;

/// The error for a patch whose target does not exist. If there is a similar resource, the error shows whether name,
/// kind, version or namespace differs.
#[cold]
pub(super) fn not_found(patch: &Resource, resources: &ResMap) -> Error {
    let id = patch.original_id();
    let error = Error::new(Code::PatchTargetNotFound, "the patch matches no resource");
    let known: Vec<(&Resource, ResId)> = resources
        .iter()
        .filter(|resource| !resource.node().is_empty())
        .flat_map(|resource| {
            [resource.id().clone(), resource.original_id()].map(|id| (resource, id))
        })
        .collect();
    let named = || known.iter().filter(|(_, other)| other.name == id.name);
    let same_kind = || known.iter().filter(|(_, other)| other.gvk.kind == id.gvk.kind);
    if let Some((resource, other)) = named().find(|(_, other)| other.gvk == id.gvk) {
        return wrong_namespace(error, patch, &id, resource, other);
    }
    if let Some((resource, other)) = named().find(|(_, other)| other.gvk.kind == id.gvk.kind) {
        let version = |id: &ResId| id.gvk.api_version();
        return error
            .at(field(patch, &["apiVersion"]))
            .at(patch.span())
            .label(format!("no `{id}` in this build"))
            .note(resource.span(), format!("this one is of `{}`", version(other)))
            .help(format!("write `apiVersion: {}`", version(other)));
    }
    let error = error.label(format!("no `{id}` in this build"));
    if let Some(near) = nearest(&id.name, same_kind().map(|(_, other)| &*other.name)) {
        return error.at(patch.span()).help(format!("did you mean `{near}`?")).help(
            "group, version, kind, name and namespace must be those of the resource, as it is now or was before",
        );
    }
    let names: Vec<&str> = same_kind().map(|(_, other)| &*other.name).collect();
    if !names.is_empty() {
        let kind = &id.gvk.kind;
        return error
            .at(patch.span())
            .help(format!("of kind `{kind}` there is only {}", first_five(names)));
    }
    let mut kinds: Vec<&str> = named().map(|(_, other)| &*other.gvk.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if let [kind] = kinds[..] {
        return error
            .at(field(patch, &["kind"]))
            .at(patch.span())
            .help(format!("`{}` is a {kind} here", &*id.name));
    }
    match nearest(&id.gvk.kind, known.iter().map(|(_, other)| &*other.gvk.kind)) {
        Some(near) => error
            .at(field(patch, &["kind"]))
            .at(patch.span())
            .help(format!("did you mean `{near}`?")),
        None => error
            .at(patch.span())
            .help("list the file of the resource, or its base, under `resources`"),
    }
}

/// The first five names in order, and the number of the others.
fn first_five(mut names: Vec<&str>) -> String {
    names.sort_unstable();
    names.dedup();
    let mut shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    if let Some(rest) = names.len().checked_sub(5).filter(|&rest| rest > 0) {
        shown.push(format!("{rest} more"));
    }
    shown.join(", ")
}

fn wrong_namespace(
    error: Error,
    patch: &Resource,
    id: &ResId,
    resource: &Resource,
    other: &ResId,
) -> Error {
    let error = error
        .at(field(patch, &["metadata", "namespace"]))
        .at(patch.span())
        .label(format!("no `{id}` in this build"));
    if other.namespace.is_empty() {
        return error
            .note(resource.span(), "this one has no namespace")
            .help("remove the namespace from the patch");
    }
    error
        .note(resource.span(), format!("this one is in the namespace `{}`", &*other.namespace))
        .help(format!("write `namespace: {}` under `metadata`", &*other.namespace))
}

/// The error for a patch that matches several resources.
#[cold]
pub(super) fn ambiguous(patch: &Resource, places: &[usize], resources: &ResMap) -> Error {
    let id = patch.original_id();
    let message = format!("the patch matches {} resources that are or were `{id}`", places.len());
    let found: Vec<&Resource> =
        places.iter().take(4).filter_map(|&place| resources.get(place)).collect();
    let error = found
        .iter()
        .fold(Error::new(Code::PatchTargetAmbiguous, message), |error, resource| {
            error.note(resource.span(), format!("`{}` is one", resource.id()))
        })
        .at(patch.span());
    let distinct = |part: fn(&Resource) -> &str| {
        found.iter().all(|one| found.iter().filter(|other| part(one) == part(other)).count() == 1)
    };
    if distinct(|resource| resource.name()) {
        return error.help("call the resource by the name that it has now");
    }
    error.help("name the namespace in the patch")
}

/// The span of a field of the patch.
fn field(patch: &Resource, path: &[&str]) -> crate::source::Span {
    path.iter()
        .try_fold(patch.node(), |node, key| node.get(key))
        .map_or(crate::source::Span::NONE, Node::span)
}
