//! `PatchTransformer`, `PatchStrategicMergeTransformer` and `PatchJson6902Transformer`.

use serde::Deserialize;

use super::Run;
use crate::config::{Patch, Selector};
use crate::error::{Code, Error, Result};
use crate::patch::JsonPatch;
use crate::resource::Resource;
use crate::transform::patches::{
    Loaded, apply_strategic, empty, inline_strategic, json_entry, json_work, strategic_entry,
};
use crate::transform::select::Selection;
use crate::transform::{Configured, Context, Work};
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Text};

/// What an entry of `patches` is. (kustomize, `api/internal/builtins/PatchTransformer.go`.)
pub(super) fn patch(context: &Context<'_>, node: &Node) -> Result<Run> {
    let patch: Patch = de::from_node_by(node, Rules::Lenient)?;
    let loaded = Loaded::read(context, &patch, "patch")?;
    Ok(Box::new(Entry { patch, loaded }))
}

struct Entry {
    patch: Patch,
    loaded: Loaded,
}

impl Configured for Entry {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        vec![self.loaded.clone().work(context, &self.patch)]
    }
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
    Ok(Box::new(Strategic(loaded)))
}

struct Strategic(Vec<Resource>);

impl Configured for Strategic {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let context = *context;
        vec![Work::reporting(move |resources, report| {
            apply_strategic(&context, &self.0, resources, report)
        })]
    }
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
    Ok(Box::new(Json { patch, selection }))
}

struct Json {
    patch: JsonPatch,
    selection: Selection,
}

impl Configured for Json {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        vec![json_work(context, self.patch.clone(), self.selection.clone(), None)]
    }
}
