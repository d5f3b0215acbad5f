//! `sortOptions:`

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// The order of the output.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SortOptions {
    /// `legacy` or `fifo`. Checked when it is used: the reference ignores this field in all but the kustomization that
    /// is built.
    pub order: Spanned<Text>,
    /// The order of kinds, for `legacy` only.
    pub legacy_sort_options: Option<Spanned<LegacySortOptions>>,
}

/// The order of kinds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LegacySortOptions {
    /// The kinds that come first.
    pub order_first: Vec<Spanned<Text>>,
    /// The kinds that come last.
    pub order_last: Vec<Spanned<Text>>,
}
