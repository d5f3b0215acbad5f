//! From the documents of a file to resources: lists are taken apart, and what is no resource is an error.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Resource;
use super::resource::first_key;
use crate::error::{Code, Error, Result};
use crate::schema::Schema;
use crate::source::Source;
use crate::yaml::parse::{Comment, Document};
use crate::yaml::{Kind, Node, Scalar, Style, Tag, Value, json_passage, resolve};

/// The resources of a file, in its order; the items of a list follow after everything else.
///
/// Documents without content are left out. Nothing is copied: the resources share the documents. Only the items of lists are
/// walked through a second time.
///
/// # Errors
/// [`Code::MissingKind`], [`Code::MissingName`] and [`Code::NotAResource`] for documents that are no resources (all of them at
/// once), [`Code::InvalidType`] for a list whose items are none.
pub fn resources(
    source: &Source,
    documents: &[Document],
    schema: &Schema,
) -> Result<Vec<Resource>> {
    let roots = documents.iter().map(|document| document.root.clone());
    let roots = if is_one_chunk(source.text()) {
        roots.flat_map(unwrap).collect()
    } else {
        roots.collect()
    };
    let roots = inline_lists(valid(roots)?)?;
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

/// The items of a `List` or a `ResourceList`, as they are written; any other document is itself.
fn unwrap(root: Node) -> Vec<Node> {
    let is_list = matches!(text_of(&root, "kind"), "List" | "ResourceList");
    if !is_list || (root.get("items").is_none() && root.get("functionConfig").is_none()) {
        return vec![root];
    }
    match root.get("items") {
        Some(items) if items.kind() == Kind::Sequence => {
            items.as_sequence().map_or(Vec::new(), |items| items.items().to_vec())
        }
        // The reference takes the keys and values of a mapping for items, none of which is a resource.
        Some(items) if !items.is_empty() && items.kind() == Kind::Mapping => vec![items.clone()],
        _ => Vec::new(),
    }
}

/// Drops what is empty, and refuses what is no resource.
fn valid(roots: Vec<Node>) -> Result<Vec<Node>> {
    let roots: Vec<Node> = roots.into_iter().filter(|root| !root.is_empty()).collect();
    match Error::all(roots.iter().filter_map(|root| validate(root).err())) {
        Some(errors) => Err(errors),
        None => Ok(roots),
    }
}

/// Checks what every resource must have: a kind, and a name unless it is a list.
///
/// # Errors
/// [`Code::MissingKind`], [`Code::MissingName`], and [`Code::NotAResource`] for what has none of the fields of a resource.
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
fn text_of<'a>(node: &'a Node, key: &str) -> &'a str {
    let scalar = node.get(key).and_then(Node::as_scalar).filter(|scalar| !scalar.is_null());
    scalar.map_or("", Scalar::text)
}

/// Replaces every object of a kind that ends in `List` and has items by its items, which come after everything else.
///
/// The reference decodes such a list to values and each item back from JSON: numbers take the form they have there, times
/// become strings, styles are those of JSON.
fn inline_lists(roots: Vec<Node>) -> Result<Vec<Node>> {
    if !roots.iter().any(is_list) {
        return Ok(roots);
    }
    let mut inlined = Vec::new();
    let mut pending: VecDeque<(Node, bool)> = roots.into_iter().map(|root| (root, false)).collect();
    while let Some((mut root, is_json)) = pending.pop_front() {
        if !is_list(&root) {
            inlined.push(root);
            continue;
        }
        if !is_json {
            json_passage(&mut root)?;
            quote(&mut root);
        }
        for item in items(&root)? {
            pending.extend(valid(unwrap(item.clone()))?.into_iter().map(|item| (item, true)));
        }
    }
    Ok(inlined)
}

fn is_list(root: &Node) -> bool {
    // Read as it is written: a null is its word.
    let kind = root.get("kind").and_then(Node::as_text).unwrap_or_default();
    kind.ends_with("List") && root.get("items").is_some()
}

fn items(root: &Node) -> Result<&[Node]> {
    match root.get("items") {
        Some(items) if !items.is_null() => items.as_sequence().map(crate::yaml::Sequence::items).ok_or_else(|| {
            let kind = text_of(root, "kind");
            Error::new(Code::InvalidType, format!("`items` of a `{kind}` is {}", items.kind()))
                .at(items.span())
                .label("expected a list of resources")
                .help("a resource whose kind ends in `List` and that has `items` is taken for a list of resources")
        }),
        _ => Ok(&[]),
    }
}

/// Gives strings the quotes that they have in JSON: an edit of their text leaves them strings then.
fn quote(root: &mut Node) {
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        match node.kind() {
            Kind::Sequence => {
                pending
                    .extend(node.as_sequence_mut().into_iter().flat_map(|list| list.items_mut()));
            }
            Kind::Mapping => {
                pending.extend(
                    node.as_mapping_mut()
                        .into_iter()
                        .flat_map(|mapping| mapping.iter_mut().map(|(_, value)| value)),
                );
            }
            Kind::Scalar => {
                let quoted = node.as_scalar().and_then(|scalar| match resolve(scalar) {
                    Ok(Value::Str(text)) => {
                        Some(Scalar::parsed(&text, Tag::None, Style::DoubleQuoted, scalar.span()))
                    }
                    _ => None,
                });
                if let Some(quoted) = quoted {
                    *node = quoted.into();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::read;

    #[track_caller]
    fn names(text: &str) -> Vec<String> {
        let resources = read(text).unwrap();
        resources
            .iter()
            .map(|resource| format!("{}/{}", resource.kind(), resource.name()))
            .collect()
    }

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
    fn a_list_that_is_the_whole_file_is_unwrapped() {
        let text = "kind: List\nitems:\n- {kind: A, metadata: {name: 2001-01-01}}\n- null\n- {}\n";
        let read = read(text).unwrap();
        assert_eq!(format!("{:?}", read[0].node()), "{kind: A, metadata: {name: 2001-01-01}}");
        assert_eq!(read.len(), 1);
        assert_eq!(names("kind: List\nitems: text\n"), Vec::<String>::new());
        assert_eq!(names("kind: ResourceList\nfunctionConfig: {}\n"), Vec::<String>::new());
        assert_eq!(names("kind: List\nmetadata: {}\n"), ["List/"]);
    }

    #[test]
    fn items_of_other_lists_come_last() {
        let text = "
kind: AList
items:
- {kind: A, metadata: {name: a1}}
- {kind: List, items: [{kind: A, metadata: {name: a2}}, {kind: BList, items: [{kind: B, metadata: {name: b}}]}]}
---
kind: C
metadata: {name: c}
---
kind: DList
items: ~
---
kind: List
items: [{kind: E, metadata: {name: e}}]
";
        assert_eq!(names(text), ["C/c", "A/a1", "A/a2", "E/e", "B/b"]);
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
        assert_eq!(codes("kind: List\nitems: {kind: A}\n"), [Code::MissingName]);
        assert_eq!(codes("kind: AList\nitems: {a: b}\n"), [Code::InvalidType]);
        assert_eq!(codes("kind: AList\nitems: [text]\n"), [Code::NotAResource]);
    }
}
