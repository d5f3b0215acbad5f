//! Deprecated fields that only `fix` moves to their successors: patches and labels.

use std::path::Path;

use crate::config::{Label, Patch};
use crate::edit::kustomization::Draft;
use crate::error::{Code, Error, Result};
use crate::load::{self, Disk, Kind, Loader, is_remote};
use crate::source::Span;
use crate::text::escape;
use crate::yaml::de::Spanned;
use crate::yaml::edit::Wrapper;
use crate::yaml::{Node, Scalar, Text, parse};

/// Moves patches to the end of `patches`: those of `patchesJson6902` before those of `patchesStrategicMerge`. A strategic
/// merge patch is the path of a file if there is such a file, as kustomize has it, and also if the text cannot be a patch.
pub(super) fn move_patches(draft: &mut Draft<'_>, directory: &Path) -> Result<()> {
    let model = draft.model_mut();
    let mut json = std::mem::take(&mut model.patches_json6902);
    model.patches.append(&mut json);
    draft.move_list("patchesJson6902", "patches")?;

    let model = draft.model_mut();
    let merges = std::mem::take(&mut model.patches_strategic_merge);
    let mut keys = Vec::new();
    for Spanned { value: text, span } in merges {
        let is_path = load::is_file(&directory.join(text.as_str())) || cannot_be_patch(&text);
        let empty = Spanned::default();
        let text = Spanned::new(text, span);
        let (path, patch) = if is_path { (text, empty) } else { (empty, text) };
        keys.push(if is_path { "path" } else { "patch" });
        model.patches.push(Spanned::new(Patch { path, patch, ..Patch::default() }, span));
    }
    let field = draft.field("patchesStrategicMerge")?;
    let wrapper = |key| Wrapper { before: &[], key, is_listed: false };
    let wrapped = keys.into_iter().enumerate();
    let wrapped: Vec<_> =
        wrapped.map(|(index, key)| (field.clone().index(index), wrapper(key))).collect();
    draft.wrap(&wrapped)?;
    draft.move_list("patchesStrategicMerge", "patches")
}

/// The entries of `patchesStrategicMerge` that delete several objects, each with a message: older kustomize crashes for such an
/// entry of `patches`. Files that cannot be read have none.
pub(super) fn several_deletions(draft: &Draft<'_>, options: &load::Options) -> Vec<(String, Span)> {
    let loader = Loader::new(Disk, options.clone());
    let Ok(root) = loader.root(".") else { return Vec::new() };
    let deletions = |text: &Spanned<Text>| -> Result<usize> {
        let source = match root.kind_of(text) {
            Kind::Missing if text.contains('\n') => {
                options.sources.add_inline(text.span, "patchesStrategicMerge", text)?
            }
            _ if is_remote(text) => return Ok(0),
            _ => root.read(text, text.span)?,
        };
        let documents = parse::documents(&source)?;
        let operations = documents.iter().filter_map(|document| document.root.get("$patch"));
        Ok(operations.filter(|operation| operation.as_text() == Some("delete")).count())
    };
    let entries = draft.model().patches_strategic_merge.iter();
    let entries = entries.map(|text| (text, deletions(text).unwrap_or_default()));
    let several = entries.filter(|(_, count)| *count > 1).map(|(text, count)| {
        let place = options.sources.locate(text.span).map_or_else(String::new, |place| {
            let name = escape::visible(place.source.name());
            format!("{name}:{}:{}: ", place.line, place.column)
        });
        let message = format!(
            "{place}this patch deletes {count} objects: older kustomize crashes for an entry of `patches` with several \
             `$patch: delete`; for it, write an entry for each object"
        );
        (message, text.span)
    });
    several.collect()
}

/// True for a line without the colon that a mapping in it would have.
pub(super) fn cannot_be_patch(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\n', ':'])
}

/// Moves `commonLabels` to the end of `labels`.
///
/// # Errors
/// [`Code::EditRefused`] for a label that is there, too.
pub(super) fn move_labels(draft: &mut Draft<'_>) -> Result<()> {
    let pairs = std::mem::take(&mut draft.model_mut().common_labels);
    let field = draft.field("commonLabels")?;
    if pairs.is_empty() {
        return draft.remove(&field);
    }
    let known = || draft.model().labels.iter().flat_map(|label| &label.pairs);
    for (key, value) in &pairs {
        if let Some((_, other)) = known().find(|(other, _)| *other == key) {
            let key = escape::visible(key);
            let message = format!("label name `{key}` exists in both commonLabels and labels");
            return Err(Error::new(Code::EditRefused, message)
                .at(value.span)
                .note(other.span, "the value in `labels`")
                .help("remove one of the two"));
        }
    }
    let before = [("includeSelectors", Node::from(Scalar::untagged("true", Span::NONE)))];
    let wrapper = Wrapper { before: &before, key: "pairs", is_listed: true };
    draft.wrap(&[(field, wrapper)])?;
    draft.move_list("commonLabels", "labels")?;
    let label = Label { pairs, include_selectors: true, ..Label::default() };
    draft.model_mut().labels.push(Spanned::new(label, Span::NONE));
    Ok(())
}
