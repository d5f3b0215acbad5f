//! Converts the documents of a file to resources.

use std::sync::Arc;

use super::valid::valid;
use super::{Resource, list};
use crate::error::{Error, Result};
use crate::schema::Schema;
use crate::source::Source;
use crate::yaml::parse::{self, Comment, Document};

/// The resources of a file, in order; the items of lists come after everything else.
///
/// Empty documents are omitted. The resources share the documents without copying; only items of lists are walked a
/// second time.
///
/// # Errors
/// Those of [`validate`](super::validate) for documents that are not resources, all of them at once;
/// [`Code::InvalidType`](crate::error::Code::InvalidType) for a list whose items are not a list.
pub fn resources(
    source: &Source,
    documents: &[Document],
    schema: &Schema,
) -> Result<Vec<Resource>> {
    let roots = documents.iter().map(|document| document.root.clone());
    let has_list = documents.iter().any(|document| list::is_wrapper(&document.root));
    let roots = if has_list && (source.is_utf16() || is_one_chunk(source.text())) {
        let (items, errors): (Vec<_>, Vec<_>) = roots.map(list::unwrap).partition(Result::is_ok);
        match Error::all(errors.into_iter().filter_map(Result::err)) {
            Some(error) => return Err(error),
            None => items.into_iter().flatten().flatten().collect(),
        }
    } else {
        roots.collect()
    };
    let roots = valid(roots).map_err(|error| parse::explain_blanks(source, error))?;
    let roots = list::inline(roots)?;
    let comments = documents.iter().flat_map(|document| document.comments.iter().cloned());
    let comments: Arc<[Comment]> = comments.collect();
    let resource = |root| {
        let mut resource = Resource::new(root, schema)?;
        if !comments.is_empty() {
            resource.ties_mut().comments = Some(Arc::clone(&comments));
        }
        Ok(resource)
    };
    roots.into_iter().map(resource).collect()
}

/// True if the text does not contain kyaml's separator: a line break followed by `---`.
fn is_one_chunk(text: &str) -> bool {
    let separator = memchr::memmem::find(text.as_bytes(), b"\n---");
    separator.is_none_or(|at| !text[at + 1..].contains('\n'))
}

#[cfg(test)]
mod tests {
    use crate::resource::sample::names;

    #[test]
    fn documents_are_resources_in_order() {
        let text = "kind: B\nmetadata: {name: b}\n---\n# none\n---\n{}\n---\nnull\n---\nkind: A\nmetadata: {name: a}\n";
        assert_eq!(names(text), ["B/b", "A/a"]);
    }
}
