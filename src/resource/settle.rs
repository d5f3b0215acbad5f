//! Effects of patches on bookkeeping, labels and annotations, as in kustomize.

use std::sync::Arc;

use super::metadata::{self, ANNOTATIONS, LABELS, METADATA};
use super::ties::Rewritten;
use super::{Resource, bookkeeping};
use crate::error::Result;
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::{Node, Scalar};

impl Resource {
    /// The document with the bookkeeping in its annotations: a merge sees a patch in this form.
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) if `metadata` or its annotations are not a mapping.
    pub fn annotated(&self) -> Result<Node> {
        let mut copy = self.clone();
        bookkeeping::write(&mut copy)?;
        Ok(copy.node)
    }

    /// Converts all labels and annotations to text, and rewrites name and namespace: kustomize does this to a patch
    /// before it patches the selected resources. (`api/resource/resource.go`: `CopyMergeMetaDataFieldsFrom`.)
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) if `metadata`, labels or annotations are not a mapping.
    pub fn settle_metadata(&mut self) -> Result<()> {
        for field in [LABELS, ANNOTATIONS] {
            let texts = metadata::take(&mut self.node, field)?;
            if texts.contains_key("") {
                // Kustomize stops here, leaves an empty mapping, and ignores its error.
                metadata::put_empty(&mut self.node, field)?;
                return Ok(());
            }
            metadata::put(&mut self.node, field, texts)?;
        }
        let (name, namespace, span) =
            (self.name().to_owned(), self.namespace().to_owned(), self.span());
        self.set_name(&name, span)?;
        self.set_namespace(&namespace, span)
    }

    /// Allows a patch to change the name or the kind of its target. Kustomize records that in the annotations of the
    /// patch, which converts all of them to text: a null there no longer deletes. (`api/resource/resource.go`:
    /// `enable`.)
    ///
    /// # Errors
    /// [`Code::InvalidType`](crate::error::Code::InvalidType) if `metadata` or its annotations are not a mapping.
    pub fn allow_changes(&mut self, of_name: bool, of_kind: bool) -> Result<()> {
        if of_name || of_kind {
            let texts = metadata::take(&mut self.node, ANNOTATIONS)?;
            metadata::put(&mut self.node, ANNOTATIONS, texts)?;
            self.allow_name_change |= of_name;
            self.allow_kind_change |= of_kind;
        }
        Ok(())
    }

    /// Changes the document like [`Resource::with_annotations`], but restores the bookkeeping, and all annotations
    /// become text: kustomize does this around a JSON patch. The result passes through JSON, so no value is shared any
    /// more.
    ///
    /// # Errors
    /// Those of [`Resource::with_annotations`].
    pub fn with_annotations_restored<T>(
        &mut self,
        schema: &Schema,
        change: impl FnOnce(&mut Node) -> Result<T>,
    ) -> Result<T> {
        // A second owner of the document would force the change to copy it.
        let node = std::mem::replace(&mut self.node, Scalar::null(Span::NONE).into());
        let before = self.clone();
        self.node = node;
        // Annotations without a meaning for a build are restored too.
        let internal = metadata::entries(&self.node, ANNOTATIONS)
            .filter(|(key, _)| bookkeeping::is_bookkeeping(key))
            .map(|(key, text)| (key.into(), (text.into(), Span::NONE, Span::NONE)));
        let internal: metadata::Texts = internal.collect();
        let result = self.with_annotations(schema, change)?;
        let mut texts = metadata::take(&mut self.node, ANNOTATIONS)?;
        texts.extend(internal);
        metadata::put(&mut self.node, ANNOTATIONS, texts)?;
        let Self { node, names, is_foreign, .. } = std::mem::replace(self, before);
        (self.node, self.is_foreign, self.shares) = (node, is_foreign, false);
        self.names_mut().id = Arc::unwrap_or_clone(names).id;
        if self.needs_hash {
            let keys = bookkeeping::keys(self);
            let metadata = self.node.get(METADATA).and_then(Node::as_mapping);
            let place = metadata.map_or(0, |metadata| {
                metadata.iter().filter(|(key, _)| key.text() != ANNOTATIONS).count()
            });
            let annotations = metadata::entries(&self.node, ANNOTATIONS).count();
            let ties = self.ties_mut();
            ties.rewritten = Some(Rewritten { place, bookkeeping: keys, annotations });
            ties.brought = None;
        }
        Ok(result)
    }

    /// The document as kustomize has it during a build, with its annotations in their order and styles. `None` if that
    /// is not known.
    #[must_use]
    pub fn in_full(&self) -> Option<Node> {
        let (place, key, annotations) = bookkeeping::in_order(self)?;
        let mut node = self.node.clone();
        let metadata = node.get_mut(METADATA)?.as_mapping_mut()?;
        match metadata.get_mut(ANNOTATIONS) {
            Some(field) => *field = annotations,
            None => {
                let place = place.min(metadata.len());
                metadata.entries_mut().insert(place, (key, annotations));
            }
        }
        Some(node)
    }
}
