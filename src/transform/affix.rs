//! `namePrefix:` and `nameSuffix:` put text before and after all names.

use super::fields::Fields;
use super::{Context, Create};
use crate::config::FieldSpecs;
use crate::error::Result;
use crate::resource::ResMap;
use crate::schema::Schema;
use crate::yaml::de::Spanned;
use crate::yaml::{Tag, Text};

/// Puts the prefix before every name. Linear.
///
/// (kustomize, `api/internal/builtins/PrefixTransformer.go`.)
///
/// # Errors
/// [`Code::InvalidType`](crate::error::Code::InvalidType) where a field is no text.
pub(super) fn prefix(context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
    let prefix = &context.kustomization.name_prefix;
    if prefix.is_empty() {
        return Ok(());
    }
    transform(Affix::Prefix, prefix, &context.configuration.name_prefix, resources, context.schema)
}

/// Puts the suffix after every name. Linear.
///
/// (kustomize, `api/internal/builtins/SuffixTransformer.go`.)
///
/// # Errors
/// As [`prefix`].
pub(super) fn suffix(context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
    let suffix = &context.kustomization.name_suffix;
    if suffix.is_empty() {
        return Ok(());
    }
    transform(Affix::Suffix, suffix, &context.configuration.name_suffix, resources, context.schema)
}

/// Which end of a name changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affix {
    /// The beginning.
    Prefix,
    /// The end.
    Suffix,
}

/// Adds text to names. Even an empty one is remembered, as the reference does it for plugins.
pub(crate) fn transform(
    affix: Affix,
    text: &Spanned<Text>,
    specs: &FieldSpecs,
    resources: &mut ResMap,
    schema: &Schema,
) -> Result<()> {
    for resource in resources.iter_mut() {
        let original = resource.original_id().gvk;
        if keeps_its_name(&original.group, &original.kind) {
            continue;
        }
        for spec in specs.iter().filter(|spec| original.is_selected_by(&spec.gvk)) {
            if *spec.path == *"metadata/name" {
                let names = resource.names_mut();
                let affixes = match affix {
                    Affix::Prefix => &mut names.prefixes,
                    Affix::Suffix => &mut names.suffixes,
                };
                *affixes = affixes.iter().chain([&text.value]).cloned().collect();
                if !text.is_empty() {
                    names.push_previous_id();
                }
            }
            Fields::new([&spec.value], Create::Scalar(Tag::Str)).visit(
                resource,
                schema,
                text.span,
                &mut |field| {
                    let old = field.as_text().unwrap_or_default();
                    let new = match affix {
                        Affix::Prefix => format!("{}{old}", text.as_str()),
                        Affix::Suffix => format!("{old}{}", text.as_str()),
                    };
                    field.set_text(&new, Tag::None, text.span)
                },
            )?;
        }
    }
    Ok(())
}

/// The kinds whose names mean something beyond the build.
fn keeps_its_name(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        (_, "CustomResourceDefinition" | "Namespace") | ("apiregistration.k8s.io", "APIService")
    )
}
