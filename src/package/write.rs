//! Printing resources with their comments, as kyaml does.

use std::sync::Arc;

use super::Item;
use super::annotations::{INDEX, LIST_INDENTATION, PATH, clear, clear_empty};
use super::meta::annotation;
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::text::escape;
use crate::yaml::{CollectionStyle, Node, Scalar, Shown, Written, print};

/// The style of the outermost mapping of each document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    is_set: bool,
    is_flow: bool,
    has_tag: bool,
}

impl Style {
    /// The style of kyaml's names. Names that it does not know have no effect, and neither have those for scalars, but
    /// they undo the braces of a mapping.
    #[must_use]
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut style = Self::default();
        for name in names {
            style.is_flow |= name == "FlowStyle";
            style.has_tag |= name == "TaggedStyle";
            style.is_set |= matches!(
                name,
                "FlowStyle"
                    | "TaggedStyle"
                    | "DoubleQuotedStyle"
                    | "SingleQuotedStyle"
                    | "LiteralStyle"
                    | "FoldedStyle"
            );
        }
        style
    }

    fn apply(self, node: &mut Node) {
        let style = if self.is_flow { CollectionStyle::Flow } else { CollectionStyle::Block };
        if !self.is_set {
            return;
        }
        if let Some(mapping) = node.as_mapping_mut() {
            mapping.set_style(style);
        }
    }
}

/// The form in which resources are printed.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Keeps the annotations of indices.
    pub keeps_index: bool,
    /// Keeps the annotations of paths.
    pub keeps_path: bool,
    /// The style of each document.
    pub style: Style,
    /// A list around all resources: its kind, and its version.
    pub wrapping: Option<(String, String)>,
    /// The configuration of a function, for such a list.
    pub function_config: Option<Item>,
}

/// The resources as text: a stream of documents, or a list.
///
/// # Errors
/// Those of [`print`](fn@print).
pub fn write(items: Vec<Item>, output: &Output) -> Result<String> {
    let is_json = output.wrapping.is_none() && matches!(&*items, [item] if is_json(item));
    let mut items = items;
    for Item { root, .. } in &mut items {
        if !output.keeps_index {
            [INDEX.internal, INDEX.legacy, LIST_INDENTATION]
                .iter()
                .for_each(|key| clear(root, key));
        }
        if !output.keeps_path {
            [PATH.internal, PATH.legacy].iter().for_each(|key| clear(root, key));
        }
        clear_empty(root);
        output.style.apply(root);
    }
    let mut out = String::new();
    match (&output.wrapping, &*items) {
        (None, [item]) if is_json => return json(&item.root),
        (None, items) => {
            for (number, Item { root, document, is_whole, has_comments }) in
                items.iter().enumerate()
            {
                if number > 0 {
                    out.push_str("---\n");
                }
                let shown = Shown {
                    document_comments: *is_whole,
                    comments: *has_comments,
                    root_tag: output.style.has_tag,
                };
                print(root, &[&**document], shown, &mut out)?;
            }
        }
        (Some((kind, version)), items) => list(items, kind, version, output, &mut out)?,
    }
    Ok(out)
}

/// Appends a list of all resources.
fn list(
    items: &[Item],
    kind: &str,
    version: &str,
    output: &Output,
    out: &mut String,
) -> Result<()> {
    let text = |text: &str| Scalar::untagged(text, Span::NONE);
    let roots = items.iter().map(|item| item.root.clone()).collect();
    let mut entries = vec![
        (text("apiVersion"), text(version).into()),
        (text("kind"), text(kind).into()),
        (text("items"), Node::sequence(roots, Span::NONE)),
    ];
    if let Some(config) = &output.function_config {
        entries.push((text("functionConfig"), config.root.clone()));
    }
    let mut root = Node::mapping(entries, Span::NONE);
    output.style.apply(&mut root);
    let mut read: Vec<&Item> = items.iter().chain(&output.function_config).collect();
    read.sort_by_key(|item| item.document.start());
    read.dedup_by_key(|item| item.document.start());
    let document = |item: &&Item| match item.has_comments {
        true => Arc::clone(&item.document),
        false => Arc::new(item.document.without_comments()),
    };
    let documents: Vec<Arc<Written>> = read.iter().map(document).collect();
    let documents: Vec<&Written> = documents.iter().map(Arc::as_ref).collect();
    let shown = Shown { document_comments: false, comments: true, root_tag: output.style.has_tag };
    print(&root, &documents, shown, out)
}

/// True for a resource whose file is JSON.
fn is_json(item: &Item) -> bool {
    let path =
        annotation(&item.root, PATH.internal).or_else(|| annotation(&item.root, PATH.legacy));
    path.is_some_and(|path| path.rsplit('/').next().is_some_and(|name| name.ends_with(".json")))
}

/// A resource as indented JSON, as Go writes it.
fn json(root: &Node) -> Result<String> {
    let mut text = serde_json::to_string_pretty(root).map_err(|error| {
        Error::new(Code::UnrepresentableValue, format!("it cannot be written as JSON: {error}"))
            .at(root.span())
    })?;
    text = escape::as_go_json(text);
    text.push('\n');
    Ok(text)
}
