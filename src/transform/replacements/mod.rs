//! `replacements:` copies a value from one resource to fields of others.

mod embedded;
mod embedded_target;
mod index;
mod names;
mod no_source;
mod source;
mod target;
mod target_path;

use serde::Deserialize;

use self::index::Index;
use self::source::Origin;
use self::target::ReplacementTarget;
use super::select::unmatched;
use super::{Builtin, Change, Configured, Context, Report, Work};
use crate::config::Replacement;
use crate::error::{Code, Error, Result};
use crate::resource::ResMap;
use crate::yaml::de::{self, Rules, Spanned};

/// `replacements` and `ReplacementTransformer`.
pub(super) const REPLACEMENTS: Builtin = Builtin {
    kind: "ReplacementTransformer",
    field: "replacements",
    changes,
    document: &["replacements"],
    configure: |context, node| {
        let ReplacementDocument { replacements } = de::from_node_by(node, Rules::Embedded)?;
        Ok(Box::new(ReplacementDocument { replacements: read(context, &replacements)? }))
    },
};

/// Builds the change for `replacements`. Each entry costs a look at the resources with the name or kind that its
/// selectors give literally, or at all of them, plus the size of the values that it sets.
///
/// (kustomize, `api/internal/builtins/ReplacementTransformer.go`, `api/filters/replacement/replacement.go`.)
///
/// # Errors
/// Those of [`read`], and in the work those of [`apply`].
fn changes<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let mut entries = context.kustomization.replacements.clone();
    for entry in &mut entries {
        // The reference loses an empty list when it passes the entry to its plugin.
        entry.value.targets = entry.value.targets.take().filter(|targets| !targets.is_empty());
    }
    let replacements = read(context, &entries)?;
    let Some(first) = entries.first() else { return Ok(Vec::new()) };
    let cause = builtin.cause(context, first.span);
    let context = *context;
    let work =
        Work::reporting(move |resources, report| apply(&replacements, &context, resources, report));
    Ok(vec![Change::new(cause, [work])])
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReplacementDocument {
    replacements: Vec<Spanned<Replacement>>,
}

impl Configured for ReplacementDocument {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let context = *context;
        vec![Work::reporting(move |resources, report| {
            apply(&self.replacements, &context, resources, report)
        })]
    }
}

/// The replacements of a list of entries, including those in files.
///
/// # Errors
/// Those of reading a file, and [`Code::InvalidValue`] for an entry with both a path and a replacement.
fn read(
    context: &Context<'_>,
    entries: &[Spanned<Replacement>],
) -> Result<Vec<Spanned<Replacement>>> {
    let mut replacements = Vec::new();
    for entry in entries {
        if entry.path.is_empty() {
            replacements.push(entry.clone());
            continue;
        }
        let has_targets = entry.targets.as_ref().is_some_and(|targets| !targets.is_empty());
        if entry.source.is_some() || has_targets {
            return Err(Error::new(
                Code::InvalidValue,
                "found both `path` and a replacement in one entry of `replacements`",
            )
            .at(entry.path.span)
            .label("the path")
            .help("move what stands beside `path` to an entry of its own, or into that file"));
        }
        let read = context.root.read(&entry.path, entry.path.span).and_then(|source| {
            Replacement::read(&source).map_err(|error| {
                error.at(entry.path.span).step(format!("while reading `{}`", source.name()))
            })
        });
        replacements.extend(read?);
    }
    Ok(replacements)
}

/// Applies replacements in order: each sees the results of those before it.
///
/// # Errors
/// [`Code::ReplacementSourceNotFound`], [`Code::ReplacementSourceAmbiguous`], [`Code::ReplacementFieldNotFound`],
/// [`Code::InvalidPattern`], [`Code::InvalidSelector`], [`Code::InvalidValue`] for an incomplete entry or a missing
/// part of a value, and [`Code::InvalidType`] for a node of another kind than a path requires.
fn apply(
    replacements: &[Spanned<Replacement>],
    context: &Context<'_>,
    resources: &mut ResMap,
    report: &mut Report<'_, '_>,
) -> Result<()> {
    if replacements.is_empty() {
        return Ok(());
    }
    let mut index = Index::of(resources);
    for replacement in replacements {
        let mut replace = || -> Result<()> {
            let targets = complete(replacement)?;
            let sources = context.root.loader().sources();
            let mut origin = Origin::find(replacement, resources, &index, sources)?;
            for entry in targets {
                let target = ReplacementTarget::new(entry, context.root.budget())
                    .map_err(|error| error.at(entry.span))?;
                let has_set = target.set(&mut origin, context, resources, &mut index)?;
                if let (false, Some(select)) = (has_set, &entry.select) {
                    report.idle(|| unmatched(select, resources));
                }
            }
            Ok(())
        };
        replace()
            .map_err(|error| error.at(replacement.span).step("while applying `replacements`"))?;
    }
    Ok(())
}

/// The targets of a replacement, after a check that it has a source and targets.
fn complete(replacement: &Replacement) -> Result<&[Spanned<crate::config::TargetSelector>]> {
    let incomplete = |missing: &str| {
        Error::new(Code::InvalidValue, format!("found a replacement without {missing}"))
            .help("give `source` (or `sourceValue`) and at least one entry of `targets`")
    };
    match (&replacement.source, &replacement.source_value) {
        (None, None) => return Err(incomplete("`source`")),
        (Some(source), Some(value)) => {
            return Err(Error::new(
                Code::InvalidValue,
                "found both `source` and `sourceValue` in one replacement",
            )
            .at(value.span)
            .note(source.span, "the source")
            .help("keep one of them"));
        }
        _ => {}
    }
    replacement.targets.as_deref().ok_or_else(|| incomplete("`targets`"))
}
