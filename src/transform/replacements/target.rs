//! The targets of a replacement: resources and fields that get the value.

use std::sync::Arc;

use super::embedded_target;
use super::index::Index;
use super::source::{DEFAULT_FIELD, Origin, no_text};
use super::target_path::{FoundField, TargetPath};
use crate::config::{FieldOptions, TargetSelector};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{ResMap, Resource};
use crate::source::Span;
use crate::transform::select::Selection;
use crate::transform::{Context, is_shared};
use crate::yaml::{Node, share};

/// The resources and fields that one entry of `targets` selects.
pub(super) struct ReplacementTarget<'a> {
    selection: Selection,
    rejections: Vec<Selection>,
    paths: Vec<TargetPath>,
    options: Option<&'a FieldOptions>,
}

impl<'a> ReplacementTarget<'a> {
    pub(super) fn new(target: &'a TargetSelector, budget: &Budget) -> Result<Self> {
        let Some(select) = &target.select else {
            return Err(Error::new(Code::InvalidValue, "found a target without `select`").help(
                "say under `select` which resources to change: `select: {kind: Deployment}`",
            ));
        };
        let rejections = target.reject.iter().map(|reject| Selection::new(reject, budget));
        let mut paths: Vec<TargetPath> = target
            .field_paths
            .iter()
            .map(|path| TargetPath::new(path, path.span, budget))
            .collect();
        if paths.is_empty() {
            paths.push(TargetPath::new(DEFAULT_FIELD, select.span, budget));
        }
        Ok(Self {
            selection: Selection::new(select, budget)?,
            rejections: rejections.collect::<Result<_>>()?,
            paths,
            options: target.options.as_ref(),
        })
    }

    /// Sets the fields of the selected resources, one after the other. Returns true if a resource was selected.
    pub(super) fn set(
        &self,
        origin: &mut Origin,
        context: &Context<'_>,
        resources: &mut ResMap,
        index: &mut Index,
    ) -> Result<bool> {
        let places: Vec<usize> = if self.asks_for_metadata() {
            // An invalid label selector must fail on any resource, whatever its name.
            (0..resources.len()).collect()
        } else {
            let (name, kind) = (self.selection.literal_name(), self.selection.literal_kind());
            index.places(name, kind).into_owned()
        };
        let mut has_set = false;
        let span = self.paths.first().map_or(Span::NONE, TargetPath::span);
        let rejections = places.len().saturating_mul(self.rejections.len());
        context.root.budget().bytes(rejections, span)?;
        for place in places {
            if !resources.get(place).map_or(Ok(false), |resource| self.takes(resource))? {
                continue;
            }
            has_set = true;
            let changed = resources.change(place, |resource| {
                let before = Arc::clone(resource.names());
                for path in &self.paths {
                    self.set_path(path, place, resource, origin, context)?;
                }
                Ok(!Arc::ptr_eq(resource.names(), &before) && resource.id() != before.id())
            });
            if changed.unwrap_or(Ok(false))?
                && let Some(resource) = resources.get(place)
            {
                index.add(place, resource);
            }
        }
        Ok(has_set)
    }

    fn asks_for_metadata(&self) -> bool {
        [&self.selection].into_iter().chain(&self.rejections).any(Selection::asks_for_metadata)
    }

    fn takes(&self, resource: &Resource) -> Result<bool> {
        if !self.selection.takes_metadata(resource)? {
            return Ok(false);
        }
        for rejection in &self.rejections {
            if rejection.asks_for_metadata() && rejection.takes_metadata(resource)?
                || rejection.asks_for_ids() && rejection.takes_an_id(resource)
            {
                return Ok(false);
            }
        }
        Ok(self.selection.takes_an_id(resource))
    }

    fn set_path(
        &self,
        path: &TargetPath,
        place: usize,
        resource: &mut Resource,
        origin: &mut Origin,
        context: &Context<'_>,
    ) -> Result<()> {
        let (schema, budget) = (context.schema, context.root.budget());
        let sees_annotations = path.reaches_annotations() || origin.is_in_annotations(place);
        let names = Arc::clone(resource.names());
        let is_source = origin.is_in(place);
        let copy = |root: &mut Node| self.copy(path, root, is_source, origin, budget);
        let copied = if sees_annotations {
            resource.with_annotations(schema, copy)
        } else {
            resource.edit(schema, copy)
        };
        let shared = copied.map_err(|error| {
            let target = format!("the target `{}`", names.id());
            error.at(path.span()).note(resource.span(), target)
        })?;
        if shared {
            resource.settle_shares();
        }
        Ok(())
    }

    /// Sets the fields at a path of one document. Returns true if one of them shares its value with other places.
    fn copy(
        &self,
        path: &TargetPath,
        root: &mut Node,
        is_source: bool,
        origin: &mut Origin,
        budget: &Budget,
    ) -> Result<bool> {
        let create = self.options.is_some_and(|options| options.create);
        let create = create.then(|| origin.value().kind());
        origin.value().charge(budget, path.span())?;
        let set = |target: &mut Node, value: &Node| {
            set_field(self.options, target, value, path.span(), budget)
        };
        let mut set_now = |target: &mut Node| set(target, origin.value());
        if let Some(way) = embedded_target::set(path, root, create, &mut set_now, budget)? {
            if is_source {
                origin.refresh(root, &way);
            }
            return Ok(root.at_mut(&way).is_some_and(|text| is_shared(text)));
        }
        let mut shared = false;
        let places = path.find(root, create)?;
        if is_source {
            origin.refresh(root, &[]);
        }
        for found in places {
            origin.value().charge(budget, path.span())?;
            match found {
                FoundField::At(way) => {
                    if let Some(target) = root.at_mut(&way) {
                        set(target, origin.value())?;
                        shared |= is_shared(target);
                    }
                    if is_source {
                        origin.refresh(root, &way);
                    }
                }
                // The field is in a copy of a document that is not written back, as in the reference.
                FoundField::Lost(mut node) => set(&mut node, origin.value())?,
            }
        }
        Ok(shared)
    }
}

/// Sets a field, or one part of it, to a value. A scalar keeps its type and style.
fn set_field(
    options: Option<&FieldOptions>,
    target: &mut Node,
    value: &Node,
    span: Span,
    budget: &Budget,
) -> Result<()> {
    let part = options.filter(|options| !options.delimiter.is_empty());
    let Some(old) = target.as_scalar() else {
        if let Some(options) = part {
            return Err(no_text(target, options.delimiter.span));
        }
        let mut copy = value.clone();
        share::forget(&mut copy);
        *target = copy;
        return Ok(());
    };
    let given = if part.is_some() && value.is_null() { None } else { value.as_text() };
    let given = given.unwrap_or_default();
    if part.is_some() {
        // The whole text is split and joined for one part.
        budget.text(2 * old.text().len(), span)?;
    }
    let joined = part.map(|options| joined(old.text(), options, given));
    let text = joined.as_deref().unwrap_or(given);
    if let Some(new) = target.with_text(text, span) {
        *target = new;
    }
    Ok(())
}

/// A text with one part replaced, or with a part added at one of its ends.
fn joined(text: &str, options: &FieldOptions, part: &str) -> String {
    let delimiter = options.delimiter.as_str();
    let mut parts: Vec<&str> = text.split(delimiter).collect();
    match usize::try_from(options.index.value) {
        Err(_) => parts.insert(0, part),
        Ok(index) => match parts.get_mut(index) {
            Some(place) => *place = part,
            None => parts.push(part),
        },
    }
    parts.join(delimiter)
}
