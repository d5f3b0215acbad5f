//! `PatchTransformer`, `PatchStrategicMergeTransformer` and `PatchJson6902Transformer`.

use serde::Deserialize;

use super::Run;
use crate::config::{Patch, Selector};
use crate::error::{Code, Error, Result};
use crate::transform::patches::{
    Loaded, apply_strategic, empty, inline_strategic, json_entry, json_work, strategic_entry,
};
use crate::transform::{self, Context};
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Text};

/// What an entry of `patches` is. (kustomize, `api/internal/builtins/PatchTransformer.go`.)
pub(super) fn patch(context: &Context<'_>, node: &Node) -> Result<Run> {
    let patch: Patch = de::from_node_by(node, Rules::Lenient)?;
    let loaded = Loaded::read(context, &patch, "patch")?;
    Ok(Box::new(move |context, resources| {
        let work = loaded.clone().work(context, &patch);
        transform::run([work], resources, context.passes())
    }))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StrategicMerge {
    paths: Vec<Spanned<Text>>,
    patches: Spanned<Text>,
}

/// What `patchesStrategicMerge` is: `paths` holds its entries, and `patches` more of them.
///
/// (kustomize, `api/internal/builtins/PatchStrategicMergeTransformer.go`.)
pub(super) fn strategic_merge(context: &Context<'_>, node: &Node) -> Result<Run> {
    let StrategicMerge { paths, patches } = de::from_node_by(node, Rules::Lenient)?;
    if paths.is_empty() && patches.is_empty() {
        return Err(Error::new(Code::InvalidPatch, "found neither `paths` nor `patches`").help(
            "name the files of the patches with `paths`, or write them under `patches: |-`",
        ));
    }
    let mut loaded = Vec::new();
    for path in &paths {
        loaded.extend(strategic_entry(context, path).map_err(|error| error.at(path.span))?);
    }
    if !patches.is_empty() {
        loaded.extend(inline_strategic(context, &patches, "patches")?);
    }
    if loaded.is_empty() {
        return Err(empty(node.span()));
    }
    Ok(Box::new(move |context, resources| apply_strategic(context, &loaded, resources)))
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Json6902 {
    target: Option<Spanned<Selector>>,
    path: Spanned<Text>,
    json_op: Spanned<Text>,
}

/// What an entry of `patchesJson6902` is. (kustomize, `api/internal/builtins/PatchJson6902Transformer.go`.)
pub(super) fn json6902(context: &Context<'_>, node: &Node) -> Result<Run> {
    let Json6902 { target, path, json_op } = de::from_node_by(node, Rules::Lenient)?;
    if path.is_empty() && json_op.is_empty() {
        return Err(Error::new(Code::InvalidPatch, "found neither `path` nor `jsonOp`")
            .help("name the file of the patch with `path`, or write it under `jsonOp: |-`"));
    }
    if !path.is_empty() && !json_op.is_empty() {
        return Err(Error::new(Code::InvalidPatch, "found both `path` and `jsonOp`")
            .at(json_op.span)
            .note(path.span, "the path")
            .help("keep one of them"));
    }
    let entry = Patch { target, path, patch: json_op, options: None };
    let (patch, selection) = json_entry(context, &entry)?;
    Ok(Box::new(move |context, resources| {
        let work = json_work(context, patch.clone(), selection.clone(), None);
        transform::run([work], resources, context.passes())
    }))
}
