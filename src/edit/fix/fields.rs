//! Deprecated fields that only `fix` moves to their successors: patches and labels.

use std::path::Path;

use crate::config::{Label, Patch};
use crate::edit::kustomization::Draft;
use crate::error::{Code, Error, Result};
use crate::load;
use crate::source::Span;
use crate::text::escape;
use crate::yaml::de::Spanned;
use crate::yaml::edit::Wrapper;
use crate::yaml::{Node, Scalar};

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
