//! `sortOptions:` sets the order of the output.

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// Order of the output.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SortOptions {
    /// `legacy` or `fifo`. Checked on use: kustomize ignores this field except in the kustomization that is built.
    pub order: Spanned<Text>,
    /// Order of kinds, for `legacy` only.
    pub legacy_sort_options: Option<Spanned<LegacySortOptions>>,
}

/// Order of kinds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LegacySortOptions {
    /// Kinds that come first.
    pub order_first: Vec<Spanned<Text>>,
    /// Kinds that come last.
    pub order_last: Vec<Spanned<Text>>,
}
