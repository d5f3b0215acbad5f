//! `patches:`, and the deprecated `patchesStrategicMerge:` and `patchesJson6902:`.

use std::sync::Arc;

use serde::Deserialize;

use super::select::Selection;
use super::targeted::{Selected, Targeted, apply, apply_settled};
use super::{Builtin, Cause, Change, Configured, Context, Report, Work, patch_target};
use crate::config::{self, PatchArgs, Selector};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::patch::JsonPatch;
use crate::resource::{self, ResMap, Resource, secret};
use crate::schema::Schema;
use crate::source::{Secrecy, Source, Span};
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Kind, Node, Text, not_json, parse};

/// `patches` and `PatchTransformer`.
pub(super) const PATCH: Builtin = Builtin {
    kind: "PatchTransformer",
    field: "patches",
    changes: patches,
    document: &["path", "patch", "target", "options"],
    configure: |context, node| {
        let patch: config::Patch = de::from_node_by(node, Rules::Lenient)?;
        let loaded = Loaded::read(context, &patch, "patch")?;
        Ok(Box::new(PatchDocument { patch, loaded }))
    },
};

/// `patchesStrategicMerge` and `PatchStrategicMergeTransformer`.
pub(super) const STRATEGIC_MERGE: Builtin = Builtin {
    kind: "PatchStrategicMergeTransformer",
    field: "patchesStrategicMerge",
    changes: strategic_merge,
    document: &["paths", "patches"],
    configure: configure_strategic_merge,
};

/// `patchesJson6902` and `PatchJson6902Transformer`.
pub(super) const JSON6902: Builtin = Builtin {
    kind: "PatchJson6902Transformer",
    field: "patchesJson6902",
    changes: json6902,
    document: &["target", "path", "jsonOp"],
    configure: configure_json6902,
};

/// Builds the changes for `patches`, in order. Strategic merge patches and JSON patches are distinguished by their
/// form. Linear in the number of resources for each entry with a target, and in the size of patched resources.
///
/// A target that selects no resource is ignored. A strategic merge patch without a target must match a resource, by any
/// id that the resource has or had. (kustomize, `api/internal/builtins/PatchTransformer.go`.)
///
/// # Errors
/// [`Code::InvalidPatch`], and those of reading files. In the work: [`Code::InvalidPatch`],
/// [`Code::PatchTargetNotFound`], [`Code::PatchTargetAmbiguous`], and those of the patch.
fn patches<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let entries = &context.kustomization.patches;
    // All are read before the first is applied, so that the errors of several are reported together.
    let read = entries.iter().enumerate().map(|(number, patch)| {
        let step = || format!("while reading `patches[{number}]`");
        Loaded::read(context, patch, &step()).map_err(|error| error.at(patch.span).step(step()))
    });
    let loaded = Error::collect(read)?;
    let mut changes = Vec::with_capacity(loaded.len());
    // Consecutive entries without a target share a change: the resources that they delete are removed after the last
    // one.
    let mut named = Vec::new();
    for (number, (entry, loaded)) in entries.iter().zip(loaded).enumerate() {
        let field = builtin.cause(context, entry.span);
        let cause = field.at_entry(number, entry.span);
        match loaded {
            Loaded::Strategic(patches) if entry.target.is_none() => {
                named.push((cause, patches));
                if context.by_entry {
                    changes.extend(by_name(context, &mut named));
                }
            }
            loaded => {
                changes.extend(by_name(context, &mut named));
                changes.push(Change::new(cause, [loaded.work(context, entry)]).named());
            }
        }
    }
    changes.extend(by_name(context, &mut named));
    Ok(changes)
}

/// Builds a change from entries of `patches` without a target. Its cause is that of the first entry; errors name the
/// entry that they come from.
fn by_name<'c>(
    context: &Context<'c>,
    entries: &mut Vec<(Cause<'c>, Vec<Resource>)>,
) -> Option<Change<'c>> {
    let (context, entries) = (*context, std::mem::take(entries));
    let first = entries.first().map(|&(cause, _)| cause);
    first.map(|first| {
        let work = Work::reporting(move |resources, report| {
            let mut removal = Removal::default();
            entries.iter().try_for_each(|(cause, patches)| {
                let mut patches = patches.iter();
                let apply = |patch| apply_by_name(&context, patch, resources, report, &mut removal);
                patches.try_for_each(apply).map_err(|error| cause.explain(error))
            })?;
            removal.finish(resources);
            Ok(())
        });
        Change::new(first, [work])
    })
}

/// True if patches deleted resources. They stay as empty documents until all are removed together.
#[derive(Default)]
struct Removal(bool);

impl Removal {
    fn finish(&mut self, resources: &mut ResMap) {
        if std::mem::take(&mut self.0) {
            resources.retain(|resource| !resource.node().is_empty());
        }
    }
}

/// Builds the change for `patchesStrategicMerge`: each entry is the patch itself or the path of a file.
///
/// (kustomize, `api/internal/builtins/PatchStrategicMergeTransformer.go`.)
///
/// # Errors
/// As [`patches`].
fn strategic_merge<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let entries = &context.kustomization.patches_strategic_merge;
    let loaded = Error::collect(entries.iter().map(|entry| {
        strategic_entry(context, entry)
            .map_err(|error| error.at(entry.span).step("while reading `patchesStrategicMerge`"))
    }))?;
    let Some(first) = entries.first() else { return Ok(Vec::new()) };
    if loaded.iter().all(Vec::is_empty) {
        return Err(empty(first.span));
    }
    let work = |(entry, patches): (&'c Spanned<Text>, Vec<Resource>)| {
        let context = *context;
        Work::reporting(move |resources, report| {
            apply_strategic(&context, &patches, resources, report)
                .map_err(|error| error.at(entry.span))
        })
    };
    let cause = builtin.cause(context, first.span);
    Ok(vec![Change::new(cause, entries.iter().zip(loaded).map(work)).named()])
}

/// Applies strategic merge patches to the resources with their ids.
fn apply_strategic(
    context: &Context<'_>,
    patches: &[Resource],
    resources: &mut ResMap,
    report: &mut Report<'_, '_>,
) -> Result<()> {
    patches.iter().try_for_each(|patch| {
        let place = named(patch, resources)?;
        let change = |resource: &mut Resource| apply_settled(context, patch, resource);
        report.merged();
        resources.change(place, change).unwrap_or(Ok(()))?;
        resources.retain(|resource| !resource.node().is_empty());
        resources.check_ids()
    })
}

/// Builds the changes for `patchesJson6902`.
///
/// (kustomize, `api/internal/builtins/PatchJson6902Transformer.go`.)
///
/// # Errors
/// As [`patches`], and [`Code::InvalidPatch`] for an entry whose target has no name.
fn json6902<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let entries = &context.kustomization.patches_json6902;
    let loaded = Error::collect(entries.iter().map(|entry| {
        json_entry(context, entry)
            .map_err(|error| error.at(entry.span).step("while reading `patchesJson6902`"))
    }))?;
    let change = |(entry, (patch, selection)): (&'c Spanned<config::Patch>, _)| {
        let cause = builtin.cause(context, entry.span);
        Change::new(cause, [json_work(context, patch, selection, entry.target.as_ref())]).named()
    };
    Ok(entries.iter().zip(loaded).map(change).collect())
}

/// Builds the work that applies a JSON patch to the selected resources. Their current ids are not stored as previous
/// ids.
fn json_work<'c>(
    context: &Context<'c>,
    patch: JsonPatch,
    selection: Selection,
    target: Option<&'c Spanned<Selector>>,
) -> Work<'c> {
    let patch = Selected::Json { patch, remembers: false };
    Work::step(Targeted::new(context, patch, selection, target))
}

/// A patch that was read, by its form.
#[derive(Clone)]
enum Loaded {
    Strategic(Vec<Resource>),
    Json(JsonPatch),
}

impl Loaded {
    /// Reads the patch of an entry; `name` labels inline text in messages.
    fn read(context: &Context<'_>, patch: &config::Patch, name: &str) -> Result<Self> {
        let source = text_of(context, patch, name)?;
        let first = match parse::document_within(&source, context.root.budget()) {
            Ok(first) => first,
            // Keys that are allowed in a resource may be errors in configuration.
            Err(error) => {
                return Self::strategic(&source, context, patch).map_err(|_| error);
            }
        };
        // An empty list has no content: strategic merge patches may follow it.
        let is_list = |root: &Node| root.kind() == Kind::Sequence && !root.is_empty();
        if let Some(list) = first.as_ref().filter(|first| is_list(&first.root)) {
            return Ok(Self::Json(json(&source, &list.root)?));
        }
        match Self::strategic(&source, context, patch) {
            // If the text is not a strategic merge patch, the reference reads it as JSON and uses only the first
            // document: if that is empty, the patch has no operations. (It requires strict JSON only after a bracket.)
            Err(error) if first.is_none() && !source.text().is_empty() && !error.is_spent() => {
                Ok(Self::Strategic(Vec::new()))
            }
            read => read,
        }
    }

    fn strategic(source: &Source, context: &Context<'_>, patch: &config::Patch) -> Result<Self> {
        let mut patches = strategic(source, context.schema, context.root.budget())?;
        if let Some(PatchArgs { allow_name_change, allow_kind_change }) = patch.options {
            for patch in &mut patches {
                patch.allow_changes(allow_name_change, allow_kind_change)?;
            }
        }
        Ok(Self::Strategic(patches))
    }

    /// Builds the work that applies the patch to its target.
    fn work<'c>(self, context: &Context<'c>, patch: &'c config::Patch) -> Work<'c> {
        let target = patch.target.as_ref();
        let selection =
            match target.map(|target| Selection::new(target, context.root.budget())).transpose() {
                Ok(selection) => selection,
                Err(error) => return Work::failed(error),
            };
        match (self, selection) {
            (Self::Strategic(patches), Some(selection)) => match patches.as_slice() {
                [] => Work::whole(|_| Ok(())),
                [patch] => {
                    let patch = Selected::Strategic(patch.clone());
                    Work::step(Targeted::new(context, patch, selection, target))
                }
                [_, second, ..] => Work::failed(
                    Error::new(Code::InvalidPatch, "found several patches for one `target`")
                        .at(second.span())
                        .label("the second one")
                        .help("give each patch an entry of its own, or leave the `target` out"),
                ),
            },
            (Self::Strategic(patches), None) => {
                let context = *context;
                Work::reporting(move |resources, report| {
                    let mut removal = Removal::default();
                    let apply =
                        |patch| apply_by_name(&context, patch, resources, report, &mut removal);
                    patches.iter().try_for_each(apply)?;
                    removal.finish(resources);
                    Ok(())
                })
            }
            (Self::Json(patch), Some(selection)) => {
                let patch = Selected::Json { patch, remembers: true };
                Work::step(Targeted::new(context, patch, selection, target))
            }
            (Self::Json(_), None) => Work::failed(
                Error::new(Code::InvalidPatch, "a JSON patch needs a `target`")
                    .help("add `target: {kind: …, name: …}` to say what it is for"),
            ),
        }
    }
}

/// The text of a patch, from its file or inline.
fn text_of(context: &Context<'_>, patch: &config::Patch, name: &str) -> Result<Arc<Source>> {
    let inline = patch.patch.trim();
    match (patch.path.is_empty(), inline.is_empty()) {
        (true, true) => Err(Error::new(Code::InvalidPatch, "found neither `path` nor `patch`")
            .help("name the file of the patch with `path`, or write it under `patch: |-`")),
        (false, false) => Err(Error::new(Code::InvalidPatch, "found both `path` and `patch`")
            .at(patch.patch.span)
            .note(patch.path.span, "the path")
            .help("keep one of them")),
        (false, true) => {
            let source = context.root.read(&patch.path, patch.path.span)?;
            keep_secret(context, patch, source.text(), source.whole());
            Ok(source)
        }
        (true, false) => {
            keep_secret(context, patch, inline, patch.patch.span);
            inline_source(context, inline, name, patch.patch.span)
        }
    }
}

/// Marks the values of a patch for Secrets as secret, so that no message shows them. If the target has no kind, or a
/// pattern, the patch may be for any object, and is treated as secret if it sets data or is a single value.
fn keep_secret(context: &Context<'_>, patch: &config::Patch, text: &str, span: Span) {
    let Some(target) = &patch.target else { return };
    let kind = target.kind.as_str();
    let is_open = !kind.bytes().all(|byte| byte.is_ascii_alphanumeric()) || kind.is_empty();
    let may_set_data = text.contains("/data") || !text.contains(':');
    if secret::mentions_secret(kind) || is_open && may_set_data {
        context.root.loader().sources().keep_secret(span, Secrecy::Values);
    }
}

/// Inline text of the kustomization file as a source of its own.
fn inline_source(context: &Context<'_>, text: &str, name: &str, span: Span) -> Result<Arc<Source>> {
    let entry = name.trim_start_matches("while reading ").trim_matches('`');
    context.root.loader().sources().add_inline(span, entry, text)
}

fn strategic(source: &Source, schema: &Schema, budget: &Budget) -> Result<Vec<Resource>> {
    let documents = parse::documents_within(source, budget)?;
    resource::read(source, &documents, schema).map_err(|error| {
        let error = Error::all(documents.iter().filter_map(|document| no_patch(&document.root)))
            .unwrap_or(error);
        parse::explain_blanks(source, error)
    })
}

/// The error for a patch that is not a resource, in the terms of patches; `None` if there is no better message.
fn no_patch(root: &Node) -> Option<Error> {
    let error = resource::validate(root).err().filter(|_| !root.is_empty())?;
    let at = |code, message: String| Error::new(code, message).at(error.span());
    let names = "a merge patch names what it changes: add `apiVersion`, `kind` and `metadata.name`";
    let is_operation = root.get("op").is_some() && root.get("path").is_some();
    Some(match (error.code(), root.kind()) {
        (Code::NotAResource, Kind::Mapping) if is_operation => {
            at(Code::InvalidPatch, "found one JSON operation, expected a list of them".to_owned())
                .help("put it in brackets, or begin it with `- `")
        }
        (Code::NotAResource, Kind::Mapping) => {
            at(Code::InvalidPatch, "found a patch without a kind and a name".to_owned()).help(names)
        }
        (Code::NotAResource, _) => {
            let message = format!("found {}, expected a patch", de::form(root));
            at(Code::InvalidPatch, message).help(
                "a patch is the part of a resource that changes, or a list of JSON operations",
            )
        }
        (Code::MissingKind, _) => {
            at(Code::MissingKind, "found a patch without a kind".to_owned()).help(names)
        }
        (Code::MissingName, _) => at(Code::MissingName, "found a patch without a name".to_owned())
            .help("set `metadata.name`; with a `target`, any name will do"),
        _ => return None,
    })
}

/// Reads a JSON patch. If the text begins with a bracket, the reference accepts only strict JSON.
fn json(source: &Source, list: &Node) -> Result<JsonPatch> {
    let text = source.text();
    let is_json = text.starts_with('[') && !source.is_utf16();
    if let Some(place) = not_json(text).filter(|_| is_json) {
        return Err(Error::new(
            Code::InvalidPatch,
            "found a patch that begins with `[` and is no JSON",
        )
        .at(source.span(place, place + text[place..].chars().next().map_or(0, char::len_utf8)))
        .label("not JSON from here on")
        .help("write keys and text in double quotes, or one `- op: …` for each operation"));
    }
    JsonPatch::read(&de::from_node::<Node>(list)?, is_json.then_some(source))
}

/// Reads an entry of `patchesStrategicMerge`: the patches themselves, or the path of their file.
fn strategic_entry(context: &Context<'_>, entry: &Spanned<Text>) -> Result<Vec<Resource>> {
    let inline = entry.contains('\n') || entry.trim_start().starts_with('{');
    if inline {
        return inline_strategic(context, entry, "patchesStrategicMerge");
    }
    let source = context.root.read(entry, entry.span)?;
    strategic(&source, context.schema, context.root.budget())
}

/// Reads strategic merge patches written inline.
fn inline_strategic(
    context: &Context<'_>,
    text: &Spanned<Text>,
    name: &str,
) -> Result<Vec<Resource>> {
    let source = inline_source(context, text, name, text.span)?;
    strategic(&source, context.schema, context.root.budget())
}

/// Reads an entry of `patchesJson6902`: its patch and its target.
fn json_entry(context: &Context<'_>, entry: &config::Patch) -> Result<(JsonPatch, Selection)> {
    let Some(target) = entry.target.as_ref().filter(|target| !target.name.is_empty()) else {
        return Err(Error::new(
            Code::InvalidPatch,
            "found a JSON patch without the name of its target",
        )
        .at(entry.target.as_ref().map_or(Span::NONE, |target| target.span))
        .help("say what it is for: `target: {version: v1, kind: Service, name: web}`"));
    };
    let source = text_of(context, entry, "patchesJson6902")?;
    let Some(document) = parse::document_within(&source, context.root.budget())? else {
        return Err(empty(source.span(0, 0)));
    };
    let patch = json(&source, &document.root)?;
    if patch.is_empty() {
        return Err(empty(document.root.span()));
    }
    Ok((patch, Selection::new(target, context.root.budget())?))
}

#[cold]
fn empty(span: Span) -> Error {
    Error::new(Code::InvalidPatch, "the patch is empty")
        .at(span)
        .help("write what it changes, or remove the entry")
}

/// The position of the resource with the id of a patch.
fn named(patch: &Resource, resources: &ResMap) -> Result<usize> {
    let id = patch.original_id();
    let present =
        |place: &usize| resources.get(*place).is_some_and(|resource| !resource.node().is_empty());
    let places: Vec<usize> = resources.places_ever(&id).filter(present).collect();
    match places[..] {
        [place] => Ok(place),
        [] => Err(patch_target::not_found(patch, resources)),
        [..] => Err(patch_target::ambiguous(patch, &places, resources)),
    }
}

/// Applies a patch to the resource with its id. A resource that it deletes is left empty.
fn apply_by_name(
    context: &Context<'_>,
    patch: &Resource,
    resources: &mut ResMap,
    report: &mut Report<'_, '_>,
    removal: &mut Removal,
) -> Result<()> {
    let place = match named(patch, resources) {
        Err(_) if removal.0 => {
            // The error must not count resources that were deleted.
            removal.finish(resources);
            named(patch, resources)?
        }
        place => place?,
    };
    report.merged();
    removal.0 |=
        resources.change(place, |resource| apply(context, patch, resource)).unwrap_or(Ok(false))?;
    Ok(())
}

struct PatchDocument {
    patch: config::Patch,
    loaded: Loaded,
}

impl Configured for PatchDocument {
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

/// Reads a document for `PatchStrategicMergeTransformer`: `paths` has entries as in `patchesStrategicMerge`, `patches`
/// has inline patches.
///
/// (kustomize, `api/internal/builtins/PatchStrategicMergeTransformer.go`.)
fn configure_strategic_merge(context: &Context<'_>, node: &Node) -> Result<Box<dyn Configured>> {
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

/// Reads a document for `PatchJson6902Transformer`, which is one entry of `patchesJson6902`. (kustomize,
/// `api/internal/builtins/PatchJson6902Transformer.go`.)
fn configure_json6902(context: &Context<'_>, node: &Node) -> Result<Box<dyn Configured>> {
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
    let entry = config::Patch { target, path, patch: json_op, options: None };
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
