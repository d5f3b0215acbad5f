//! `PrefixTransformer`, `SuffixTransformer`, and both in one.

use serde::Deserialize;

use super::Run;
use crate::config::FieldSpecs;
use crate::error::{Code, Error, Result};
use crate::transform::affix::{Affix, work};
use crate::transform::{self, Context};
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Text};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Configuration {
    prefix: Spanned<Text>,
    suffix: Spanned<Text>,
    field_specs: Option<FieldSpecs>,
}

/// (kustomize, `api/internal/builtins/PrefixTransformer.go`.)
pub(super) fn prefix(_: &Context<'_>, node: &Node) -> Result<Run> {
    configure(node, &[Affix::Prefix])
}

/// (kustomize, `api/internal/builtins/SuffixTransformer.go`.)
pub(super) fn suffix(_: &Context<'_>, node: &Node) -> Result<Run> {
    configure(node, &[Affix::Suffix])
}

/// Prefix, then suffix. (kustomize, `api/internal/plugins/builtinhelpers/builtins.go`: `NewMultiTransformer`.)
pub(super) fn both(_: &Context<'_>, node: &Node) -> Result<Run> {
    configure(node, &[Affix::Prefix, Affix::Suffix])
}

/// Unlike the fields of a kustomization, it does its work with empty text too: resources remember that.
fn configure(node: &Node, affixes: &'static [Affix]) -> Result<Run> {
    let Configuration { prefix, suffix, field_specs } = de::from_node_by(node, Rules::Lenient)?;
    let Some(specs) = field_specs else {
        return Err(Error::new(Code::InvalidValue, "found no `fieldSpecs`")
            .help("add `fieldSpecs: [{path: metadata/name}]`"));
    };
    Ok(Box::new(move |context, resources| {
        let works = affixes.iter().map(|&affix| {
            let text = match affix {
                Affix::Prefix => &prefix,
                Affix::Suffix => &suffix,
            };
            work(affix, text, &specs, context)
        });
        transform::run(works, resources, context.passes())
    }))
}
