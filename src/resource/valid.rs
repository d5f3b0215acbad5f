//! The check that documents are resources.

use super::resource::first_key;
use crate::error::{Code, Error, Result, nearest};
use crate::source::Span;
use crate::yaml::de::form;
use crate::yaml::{Kind, Node, Scalar};

/// Drops empty documents, and rejects those that are not resources.
pub(super) fn valid(roots: Vec<Node>) -> Result<Vec<Node>> {
    let roots: Vec<Node> = roots.into_iter().filter(|root| !root.is_empty()).collect();
    match Error::all(roots.iter().filter_map(|root| validate(root).err())) {
        Some(errors) => Err(errors),
        None => Ok(roots),
    }
}

/// Checks that a document has a kind, and a name unless it is a list.
///
/// # Errors
/// [`Code::MissingKind`], [`Code::MissingName`], and [`Code::NotAResource`] for documents without the fields of a
/// resource.
pub fn validate(root: &Node) -> Result<()> {
    let metadata = root.get("metadata").filter(|metadata| !metadata.is_empty());
    let kind = text_of(root, "kind");
    if kind.is_empty() {
        let is_object =
            metadata.is_some() || root.get("apiVersion").is_some_and(|version| !version.is_empty());
        return Err(if is_object { no_kind(root) } else { no_resource(root) });
    }
    if kind.ends_with("List")
        || metadata.is_some_and(|metadata| !text_of(metadata, "name").is_empty())
    {
        return Ok(());
    }
    Err(no_name(root, kind, metadata))
}

#[cold]
fn no_kind(root: &Node) -> Error {
    let error = Error::new(Code::MissingKind, "found a resource without a kind");
    let error = match near_key(root, "kind") {
        Some(key) => error.at(key.span()).help("did you mean `kind`?"),
        None => error,
    };
    error.at(first_key(root)).help("every resource needs the fields `apiVersion` and `kind`")
}

#[cold]
fn no_resource(root: &Node) -> Error {
    let error = |found: &str| {
        let message = format!("found {found}, expected a resource");
        Error::new(Code::NotAResource, message).at(first_key(root))
    };
    let manifests = "list only manifests under `resources`";
    match root.as_scalar() {
        // Git checks out a symbolic link as such a file on systems without links.
        Some(scalar) if scalar.text().contains('/') && !scalar.text().contains([' ', '\n']) => {
            error("a path").help(
                "if this is a symbolic link that git wrote as a file, set `core.symlinks` and check it out again",
            )
        }
        Some(_) => error(&form(root)).help(manifests),
        None if root.kind() == Kind::Sequence => {
            error("a list").help("write each resource as a separate document, with `---` between them")
        }
        None => error("a mapping without `apiVersion`, `kind` and `metadata`").help(manifests),
    }
}

#[cold]
fn no_name(root: &Node, kind: &str, metadata: Option<&Node>) -> Error {
    let message = format!("found a resource of kind `{kind}` without a name");
    let error = Error::new(Code::MissingName, message);
    let kustomization = text_of(root, "apiVersion").starts_with("kustomize.config.k8s.io/");
    let near = metadata.and_then(|metadata| near_key(metadata, "name"));
    let error = match (near, metadata) {
        (Some(key), _) => error.at(key.span()).help("did you mean `name`?"),
        (None, Some(metadata)) => error.at(metadata.span()),
        (None, None) => match near_key(root, "metadata") {
            Some(key) => error.at(key.span()).help("did you mean `metadata`?"),
            None => error.at(root.get("kind").map_or(Span::NONE, Node::span)),
        },
    };
    if let Some(error) = metadata.and_then(|metadata| misshapen(kind, metadata)) {
        return error;
    }
    if kustomization {
        return error.help("a kustomization is not a resource: list its directory, not the file");
    }
    match metadata.is_some_and(|metadata| metadata.get("generateName").is_some()) {
        true => error.help("`generateName` is not enough: set `metadata.name`"),
        false => error.help("set `metadata.name`"),
    }
}

/// The error for a resource whose `metadata` or name has the wrong form. `None` if the name is just missing.
#[cold]
fn misshapen(kind: &str, metadata: &Node) -> Option<Error> {
    let error = |found: String, span| {
        let message = format!("found {found} of a resource of kind `{kind}`, expected");
        (message, span)
    };
    let (message, span, help) = match (metadata.as_text(), metadata.get("name")) {
        (Some(text), _) if text.starts_with("name:") => {
            let name = text.trim_start_matches("name:").trim();
            let (message, span) = error("text as the metadata".to_owned(), metadata.span());
            (message + " a mapping", span, format!("put a space after the colon: `name: {name}`"))
        }
        (_, Some(name)) if name.kind() != Kind::Scalar => {
            let (message, span) = error(format!("{} as the name", name.kind()), name.span());
            (message + " text", span, "write `name: …`".to_owned())
        }
        (None, None) if metadata.kind() == Kind::Sequence => {
            let (message, span) = error("a list as the metadata".to_owned(), metadata.span());
            (message + " a mapping", span, "write `name: …`, without `- `".to_owned())
        }
        _ => return None,
    };
    Some(Error::new(Code::MissingName, message).at(span).help(help))
}

/// The key most similar to the expected one.
fn near_key<'a>(node: &'a Node, expected: &str) -> Option<&'a Scalar> {
    let mut keys = node.as_mapping()?.iter().map(|(key, _)| key);
    keys.find(|key| nearest(key.text(), [expected]).is_some())
}

/// The text of a field; empty if it is absent, null or not a scalar.
pub(super) fn text_of<'a>(node: &'a Node, key: &str) -> &'a str {
    let scalar = node.get(key).and_then(Node::as_scalar).filter(|scalar| !scalar.is_null());
    scalar.map_or("", Scalar::text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::read;

    #[track_caller]
    fn codes(text: &str) -> Vec<Code> {
        read(text).unwrap_err().iter().map(Error::code).collect()
    }

    #[test]
    fn what_is_no_resource_is_refused() {
        assert_eq!(codes("apiVersion: v1\nmetadata: {name: a}\n"), [Code::MissingKind]);
        assert_eq!(codes("kind: [A]\nmetadata: {name: a}\n"), [Code::MissingKind]);
        assert_eq!(codes("kind: A\nmetadata: {name: ~}\n"), [Code::MissingName]);
        assert_eq!(codes("kind: A\nmetadata: [name, a]\n"), [Code::MissingName]);
        assert_eq!(codes("kind: A\nmetadata: {generateName: a-}\n"), [Code::MissingName]);
        assert_eq!(codes("name: a\n"), [Code::NotAResource]);
        assert_eq!(codes("[{kind: A, metadata: {name: a}}]\n"), [Code::NotAResource]);
        assert_eq!(codes("text\n---\nkind: A\n"), [Code::NotAResource, Code::MissingName]);
    }
}
