//! `PrefixTransformer`, `SuffixTransformer`, and both in one.

use serde::Deserialize;

use super::Run;
use crate::config::FieldSpecs;
use crate::error::{Code, Error, Result};
use crate::transform::affix::{Affix, work};
use crate::transform::{Configured, Context, Work};
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Text};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document {
    prefix: Spanned<Text>,
    suffix: Spanned<Text>,
    field_specs: Option<FieldSpecs>,
}

/// The affixes that a document adds, in order.
struct Affixes {
    affixes: Vec<(Affix, Spanned<Text>)>,
    specs: FieldSpecs,
}

/// (kustomize, `api/internal/builtins/PrefixTransformer.go`.)
pub(super) fn prefix(_: &Context<'_>, node: &Node) -> Result<Run> {
    configure(node, |document| vec![(Affix::Prefix, document.prefix)])
}

/// (kustomize, `api/internal/builtins/SuffixTransformer.go`.)
pub(super) fn suffix(_: &Context<'_>, node: &Node) -> Result<Run> {
    configure(node, |document| vec![(Affix::Suffix, document.suffix)])
}

/// Prefix, then suffix. (kustomize, `api/internal/plugins/builtinhelpers/builtins.go`: `NewMultiTransformer`.)
pub(super) fn both(_: &Context<'_>, node: &Node) -> Result<Run> {
    configure(node, |document| {
        vec![(Affix::Prefix, document.prefix), (Affix::Suffix, document.suffix)]
    })
}

fn configure(node: &Node, affixes: fn(Document) -> Vec<(Affix, Spanned<Text>)>) -> Result<Run> {
    let mut document: Document = de::from_node_by(node, Rules::Lenient)?;
    let Some(specs) = document.field_specs.take() else {
        return Err(Error::new(Code::InvalidValue, "found no `fieldSpecs`")
            .help("add `fieldSpecs: [{path: metadata/name}]`"));
    };
    Ok(Box::new(Affixes { affixes: affixes(document), specs }))
}

/// Unlike the fields of a kustomization, it does its work with empty text too: resources remember that.
impl Configured for Affixes {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let work =
            |(affix, text): &'c (Affix, Spanned<Text>)| work(*affix, text, &self.specs, context);
        self.affixes.iter().map(work).collect()
    }
}
