//! The statement about findings whose severity is lower because of what the checked objects and their paths show.

use std::collections::BTreeMap;

use crate::harden::{Easing, Finding};
use crate::report::findings::{Judged, Remark};

/// The remark with the number of such findings, and that of each reason; `None` if there are none.
pub(in crate::cli) fn remark(judged: &[Judged]) -> Option<Remark> {
    let open = judged.iter().flat_map(|one| &one.outcome).flat_map(|checked| checked.open());
    let mut counts = BTreeMap::<Easing, usize>::new();
    for eased in open.filter_map(Finding::lowered).filter(|eased| eased.by.told().is_some()) {
        *counts.entry(eased.by).or_default() += 1;
    }
    let all = match counts.values().sum() {
        0_usize => return None,
        1 => "1 finding has a lower severity than its rule".to_owned(),
        count => format!("{count} findings have a lower severity than their rules"),
    };
    let reasons = counted(counts, |_, told| told.to_owned());
    let text = format!("{all}: {reasons}; `--keep-severities` lowers none");
    Some(Remark::note("severities", text))
}

/// Reasons with the number of findings of each, the most frequent ones first; without the number if there is only one.
pub(super) fn counted(
    counts: BTreeMap<Easing, usize>,
    told: impl Fn(Easing, &str) -> String,
) -> String {
    let with_told = |(by, count): (Easing, usize)| Some((count, told(by, by.told()?)));
    let mut reasons: Vec<(usize, String)> = counts.into_iter().filter_map(with_told).collect();
    reasons.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let is_one = reasons.len() == 1;
    let counted = |(count, told): (usize, String)| match is_one {
        true => told,
        false => format!("{count} {told}"),
    };
    reasons.into_iter().map(counted).collect::<Vec<_>>().join(", ")
}
