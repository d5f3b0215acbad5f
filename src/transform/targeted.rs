//! Patches with a target, applied to every resource that the target selects.

use super::select::{Selection, unmatched};
use super::{Context, Fate, Report, Step, Tally};
use crate::config::Selector;
use crate::error::{Error, Result};
use crate::generate;
use crate::limits::Limit;
use crate::patch::{Comments, JsonPatch, Merged, merge_commented};
use crate::resource::secret::is_secret;
use crate::resource::{ResMap, Resource, Unique};
use crate::source::{Secrecy, Source, Span};
use crate::yaml::de::Spanned;
use crate::yaml::{Node, json_beginning, json_passage, parse, rewrite};

/// A patch and its target.
pub(super) struct Targeted<'c> {
    context: Context<'c>,
    patch: Selected,
    selection: Selection,
    /// The selector, if a warning is reported when it matches no resource.
    target: Option<&'c Spanned<Selector>>,
}

/// The result of a patch, without the resources themselves.
#[derive(Default)]
pub(super) struct Found {
    /// True if a resource matched.
    is_used: bool,
    /// The first error. The selection of the other resources is still tested, since its errors take precedence.
    failed: Option<Error>,
    /// The ids behind a strategic merge patch.
    ids: Unique,
}

impl Tally for Found {
    fn add(&mut self, following: Self) {
        self.is_used |= following.is_used;
        self.failed = self.failed.take().or(following.failed);
        self.ids.add_all(following.ids);
    }
}

/// A patch for the resources of a target.
pub(super) enum Selected {
    /// A strategic merge patch. Empty resources are dropped, and all ids must be unique in the end.
    Strategic(Resource),
    /// A JSON patch; if `remembers` is set, the id before the patch is stored as a previous id.
    Json { patch: JsonPatch, remembers: bool },
}

impl<'c> Targeted<'c> {
    pub(super) const fn new(
        context: &Context<'c>,
        patch: Selected,
        selection: Selection,
        target: Option<&'c Spanned<Selector>>,
    ) -> Self {
        Self { context: *context, patch, selection, target }
    }

    /// The span of the patch, or of its target.
    fn patch_span(&self) -> Span {
        match &self.patch {
            Selected::Strategic(patch) => patch.span(),
            Selected::Json { .. } => self.target.map_or(Span::NONE, |target| target.span),
        }
    }

    fn apply(&self, resource: &mut Resource) -> Result<()> {
        match &self.patch {
            Selected::Strategic(patch) => apply_settled(&self.context, patch, resource),
            Selected::Json { patch, remembers } => {
                charge(&self.context, resource, PASSED_NODE, self.patch_span())?;
                if *remembers {
                    resource.names_mut().push_previous_id();
                }
                apply_json(&self.context, patch, resource)
            }
        }
    }
}

impl Step for Targeted<'_> {
    type Tally = Found;

    fn change(&self, found: &mut Found, place: usize, resource: &mut Resource) -> Result<Fate> {
        if self.selection.takes(resource)? {
            found.is_used = true;
            if found.failed.is_none() {
                found.failed = self.apply(resource).err();
            }
        }
        let Selected::Strategic(_) = &self.patch else { return Ok(Fate::Stays) };
        if resource.node().is_empty() {
            return Ok(Fate::Goes);
        }
        found.ids.add(place, resource);
        Ok(Fate::Stays)
    }

    fn finish(&self, found: Found, resources: &ResMap, report: &mut Report<'_, '_>) -> Result<()> {
        match (found.is_used, self.target, &self.patch) {
            (true, _, Selected::Strategic(_)) => report.merged(),
            (false, Some(target), _) => report.idle(|| unmatched(target, resources)),
            _ => {}
        }
        found.failed.map_or_else(|| found.ids.check(resources), Err)
    }
}

/// The charge for applying a strategic merge patch, in addition to the size of the patch: most of the time depends on
/// the resource.
const MERGE_BYTES: usize = 1024;
/// The charge for each node of a resource that a strategic merge patch is applied to.
const MERGED_NODE: usize = 16;
/// The charge for applying a JSON patch.
const OPERATIONS_BYTES: usize = 1024;
/// The charge for each node of a resource that is passed through JSON for a JSON patch.
const PASSED_NODE: usize = 96;

/// Applies a patch to a resource that its target selects. The patch gets the type of the resource, and its labels and
/// annotations count as text, so that a null there deletes no entry. (`api/resmap/reswrangler.go`: `ApplySmPatch`.)
pub(super) fn apply_settled(
    context: &Context<'_>,
    patch: &Resource,
    resource: &mut Resource,
) -> Result<()> {
    let mut settled = patch.clone();
    settled.settle_metadata()?;
    settled.set_api_version(&resource.gvk().api_version(), patch.span(), context.schema)?;
    if resource.needs_hash && patch.allow_kind_change {
        // The kind is set again, which affects only a hash over the layout.
        settled.set_kind(patch.kind(), Span::NONE, context.schema)?;
    }
    apply(context, &settled, resource).map(drop)
}

/// Applies a patch to a resource, which keeps its name and kind unless the patch may change them, and always its
/// namespace. Returns true if the resource was deleted. (`api/resource/resource.go`: `ApplySmPatch`.)
pub(super) fn apply(
    context: &Context<'_>,
    patch: &Resource,
    resource: &mut Resource,
) -> Result<bool> {
    let schema = context.schema;
    context.root.budget().bytes(MERGE_BYTES, patch.span())?;
    patch.node().charge(context.root.budget(), patch.span())?;
    let before = resource.id().clone();
    if patch.allow_name_change || patch.allow_kind_change {
        resource.names_mut().push_previous_id();
    }
    charge(context, resource, MERGED_NODE, patch.span())?;
    let patch_node = patch.annotated()?;
    let comments = Comments::read(resource.comments().iter().chain(patch.comments()));
    let merged = resource
        .with_annotations(schema, |root| merge_commented(root, &patch_node, schema, &comments))
        .map_err(|error| guarded(context, &before.gvk.kind, error))?;
    if !patch.comments().is_empty() {
        // Nodes of the patch are now part of the resource, and so are their comments.
        let both = resource.comments().iter().chain(patch.comments());
        resource.ties_mut().comments = Some(both.cloned().collect());
    }
    if merged == Merged::Deleted || resource.node().is_empty() {
        return Ok(true);
    }
    let span = resource.span();
    if !patch.allow_kind_change {
        resource.set_kind(&before.gvk.kind, span, schema)?;
    }
    if !patch.allow_name_change {
        resource.set_name(&before.name, span)?;
    }
    resource.set_namespace(&before.namespace, span)?;
    Ok(false)
}

/// Charges `bytes` for each node of a resource, because a patch walks through all of it, and for each stored previous
/// id.
fn charge(context: &Context<'_>, resource: &Resource, bytes: usize, span: Span) -> Result<()> {
    let nodes = resource.names().previous.len() + resource.node().count_below();
    context.root.budget().spend(Limit::Bytes, (nodes * bytes) as u64, span)
}

/// Applies a JSON patch to a resource. The patch cannot change data that the build stores with the resource.
fn apply_json(context: &Context<'_>, patch: &JsonPatch, resource: &mut Resource) -> Result<()> {
    let (id, kind) = (resource.id().to_string(), resource.kind().to_owned());
    let needs_hash = resource.needs_hash;
    resource
        .with_annotations_restored(context.schema, |root| {
            context.root.budget().bytes(OPERATIONS_BYTES, patch.span())?;
            json_beginning(root)?;
            patch.apply(root, context.root.budget())?;
            json_passage(root)?;
            if needs_hash && generate::hashes_layout(root) {
                lay_out(context, root)
            } else {
                Ok(())
            }
        })
        .map_err(|error| guarded(context, &kind, error).step(format!("while patching `{id}`")))
}

/// An error in a patch for a resource of a kind. If the resource is a Secret, the values of the patch are masked.
#[cold]
fn guarded(context: &Context<'_>, kind: &str, error: Error) -> Error {
    let sources = context.root.loader().sources();
    if let Some(source) = sources.source_of(error.span()).filter(|_| is_secret(kind)) {
        sources.keep_secret(source.whole(), Secrecy::Values);
        sources.keep_secret(source.within(), Secrecy::Values);
    }
    error
}

/// Writes a document that was passed through JSON, and parses it again, since a hash over the layout depends on its
/// lines and columns.
fn lay_out(context: &Context<'_>, root: &mut Node) -> Result<()> {
    let mut text = String::new();
    rewrite(root, &Source::detached(""), &mut text)?;
    let name = "a resource after a JSON patch";
    let source = context.root.loader().sources().add(name, text)?;
    if let Some(document) = parse::documents(&source)?.into_iter().next() {
        *root = document.root;
    }
    Ok(())
}
