//! The documents that `generators`, `transformers` and `validators` list.

use crate::lint::layers::Layer;
use crate::load::Kind;
use crate::source::{Source, Span};
use crate::yaml::de::Spanned;
use crate::yaml::parse::{self, Document};
use crate::yaml::{Node, Text};

/// A document that configures a plugin.
pub(super) struct PluginDocument {
    /// The field that lists it.
    pub(super) field: &'static str,
    /// The entry.
    pub(super) entry: String,
    /// The place of the entry.
    pub(super) span: Span,
    /// The document.
    pub(super) root: Node,
    /// True if it is in a file, so that its spans are places.
    pub(super) is_in_file: bool,
}

impl PluginDocument {
    /// The text of a field.
    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        self.root.get_path(path).and_then(Node::as_text)
    }

    /// True for a document that hardens.
    pub(super) fn is_hardening(&self) -> bool {
        let is_of_krender =
            self.text(&["apiVersion"]).is_some_and(|version| version.starts_with("krender.dev/"));
        is_of_krender && self.text(&["kind"]) == Some("HardeningTransformer")
    }

    /// The place of a part of the document, or of its entry.
    pub(super) fn place(&self, path: &[&str]) -> Span {
        let span = self.root.get_path(path).map_or(Span::NONE, Node::span);
        if self.is_in_file && !span.is_none() { span } else { self.span }
    }
}

/// The documents of a kustomization, in order. Those that cannot be read are left out; the build reports them.
pub(super) fn plugin_documents(layer: &Layer) -> Vec<PluginDocument> {
    let fields = [
        ("generators", &layer.fields.generators),
        ("transformers", &layer.fields.transformers),
        ("validators", &layer.fields.validators),
    ];
    let mut found = Vec::new();
    for (field, entries) in fields {
        for entry in entries {
            let (documents, is_in_file) = documents(layer, entry);
            let roots = documents.into_iter().map(|document| document.root);
            found.extend(roots.filter(|root| root.get("kind").is_some()).map(|root| {
                PluginDocument {
                    field,
                    entry: entry.to_string(),
                    span: entry.span,
                    root,
                    is_in_file,
                }
            }));
        }
    }
    found
}

fn documents(layer: &Layer, entry: &Spanned<Text>) -> (Vec<Document>, bool) {
    match layer.root.kind_of(entry) {
        Kind::File => {
            let source = layer.root.read(entry, entry.span);
            let documents = source.and_then(|source| parse::documents(&source));
            (documents.unwrap_or_default(), true)
        }
        Kind::Directory => {
            let Ok(child) = layer.root.child(entry, entry.span) else { return Default::default() };
            let Some(child) = Layer::of(child) else { return Default::default() };
            let files = child.fields.resources.iter();
            let files = files.filter(|path| child.root.kind_of(path) == Kind::File);
            let read = |path: &Spanned<Text>| parse::documents(&*child.root.read(path, path.span)?);
            let documents = files.filter_map(|path| read(path).ok()).flatten();
            (documents.collect(), true)
        }
        _ => (parse::documents(&Source::detached(entry)).unwrap_or_default(), false),
    }
}
