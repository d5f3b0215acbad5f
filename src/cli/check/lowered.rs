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
    // The most frequent reasons come first.
    let mut reasons: Vec<_> =
        counts.into_iter().filter_map(|(by, count)| Some((count, by.told()?))).collect();
    reasons.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let reasons: Vec<String> = match &*reasons {
        [(_, told)] => vec![(*told).to_owned()],
        reasons => reasons.iter().map(|(count, told)| format!("{count} {told}")).collect(),
    };
    let text = format!("{all}: {}; `--keep-severities` lowers none", reasons.join(", "));
    Some(Remark::note("severities", text))
}
