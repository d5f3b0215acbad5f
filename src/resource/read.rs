//! From the documents of a file to resources: lists are taken apart, and what is no resource is an error.

use std::sync::Arc;

use super::resource::first_key;
use super::{Resource, list};
use crate::error::{Code, Error, Result};
use crate::schema::Schema;
use crate::source::Source;
use crate::yaml::parse::{Comment, Document};
use crate::yaml::{Kind, Node, Scalar};

/// The resources of a file, in its order; the items of a list follow after everything else.
///
/// Documents without content are left out. Nothing is copied: the resources share the documents. Only the items of
/// lists are walked through a second time.
///
/// # Errors
/// [`Code::MissingKind`], [`Code::MissingName`] and [`Code::NotAResource`] for documents that are no resources (all
/// of them at once), [`Code::InvalidType`] for a list whose items are none.
pub fn resources(
    source: &Source,
    documents: &[Document],
    schema: &Schema,
) -> Result<Vec<Resource>> {
    let roots = documents.iter().map(|document| document.root.clone());
    let roots = if is_one_chunk(source.text()) {
        roots.flat_map(list::unwrap).collect()
    } else {
        roots.collect()
    };
    let roots = list::inline(valid(roots)?)?;
    let comments = documents.iter().flat_map(|document| document.comments.iter().cloned());
    let comments: Arc<[Comment]> = comments.collect();
    let resource = |root| {
        let mut resource = Resource::new(root, schema)?;
        resource.comments = Arc::clone(&comments);
        Ok(resource)
    };
    roots.into_iter().map(resource).collect()
}

/// Whether kyaml's separator, a line that starts with `---` after another line, never occurs.
fn is_one_chunk(text: &str) -> bool {
    text.find("\n---").is_none_or(|at| !text[at + 1..].contains('\n'))
}

/// Drops what is empty, and refuses what is no resource.
pub(super) fn valid(roots: Vec<Node>) -> Result<Vec<Node>> {
    let roots: Vec<Node> = roots.into_iter().filter(|root| !root.is_empty()).collect();
    match Error::all(roots.iter().filter_map(|root| validate(root).err())) {
        Some(errors) => Err(errors),
        None => Ok(roots),
    }
}

/// Checks what every resource must have: a kind, and a name unless it is a list.
///
/// # Errors
/// [`Code::MissingKind`], [`Code::MissingName`], and [`Code::NotAResource`] for what has none of the fields of a
/// resource.
pub fn validate(root: &Node) -> Result<()> {
    let missing = |code, message: &str| Error::new(code, message).at(first_key(root));
    let metadata = root.get("metadata").filter(|metadata| !metadata.is_empty());
    let kind = text_of(root, "kind");
    if kind.is_empty() {
        let is_object =
            metadata.is_some() || root.get("apiVersion").is_some_and(|version| !version.is_empty());
        return Err(match root.kind() {
            Kind::Mapping if is_object => missing(Code::MissingKind, "a resource without a kind")
                .help("every resource needs the fields `apiVersion` and `kind`"),
            Kind::Mapping => missing(
                Code::NotAResource,
                "not a resource: neither `apiVersion`, `kind` nor `metadata` is there",
            )
            .help("list only manifests under `resources`"),
            other => missing(Code::NotAResource, "not a resource")
                .label(format!("{other}, where a mapping was expected"))
                .help("list only manifests under `resources`"),
        });
    }
    if kind.ends_with("List")
        || metadata.is_some_and(|metadata| !text_of(metadata, "name").is_empty())
    {
        return Ok(());
    }
    let error = missing(Code::MissingName, &format!("a resource of kind `{kind}` without a name"));
    Err(match metadata.is_some_and(|metadata| metadata.get("generateName").is_some()) {
        true => error.help("`generateName` is not enough: set `metadata.name`"),
        false => error.help("set `metadata.name`"),
    })
}

/// The text of a field; empty when it is absent, null or no scalar.
pub(super) fn text_of<'a>(node: &'a Node, key: &str) -> &'a str {
    let scalar = node.get(key).and_then(Node::as_scalar).filter(|scalar| !scalar.is_null());
    scalar.map_or("", Scalar::text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::{names, read};

    #[track_caller]
    fn codes(text: &str) -> Vec<Code> {
        read(text).unwrap_err().iter().map(Error::code).collect()
    }

    #[test]
    fn documents_are_resources_in_order() {
        let text = "kind: B\nmetadata: {name: b}\n---\n# none\n---\n{}\n---\nnull\n---\nkind: A\nmetadata: {name: a}\n";
        assert_eq!(names(text), ["B/b", "A/a"]);
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
