//! Severities that something lowers which is new since a revision: a change can bring it together with the findings. They
//! stay as they are without it.

use std::collections::BTreeMap;

use super::known::{Known, of_openshift};
use super::lowered::counted;
use crate::harden::{Easing, Settings};
use crate::report::findings::{Judged, Remark};

/// Restores such severities. Returns a remark with their number, by reason; `None` if there are none.
pub(super) fn restore(judged: &mut [Judged], known: &Known, settings: &Settings) -> Option<Remark> {
    let mut counts = BTreeMap::<Easing, usize>::new();
    let mut of_platform = None;
    for one in judged.iter_mut() {
        let Ok(checked) = &one.outcome else { continue };
        let places = known.unproved(&one.target, checked, settings);
        let openshift = of_openshift(one)
            .map(|object| format!(" ({} `{}` of `{}`)", object.kind(), object.name(), one.target));
        let Ok(checked) = &mut one.outcome else { continue };
        for place in places {
            let Some(by) = checked.findings[place].restore() else { continue };
            *counts.entry(by).or_default() += 1;
            if by == Easing::Platform && of_platform.is_none() {
                of_platform.clone_from(&openshift);
            }
        }
    }
    let keep = match counts.values().sum() {
        0_usize => return None,
        1 => "1 finding keeps its severity, as what would lower it".to_owned(),
        count => format!("{count} findings keep their severities, as what would lower them"),
    };
    let revision = known.revision();
    let told = |by: Easing, told: &str| match (by, &of_platform) {
        (Easing::Platform, Some(object)) => format!("{told}{object}"),
        _ => told.to_owned(),
    };
    let reasons = counted(counts, told);
    let text = format!("{keep} is new since `{revision}`: {reasons}; `--trust-change` lowers");
    let them = if text.starts_with("1 ") { "it" } else { "them" };
    Some(Remark::warning("severities", format!("{text} {them}")))
}
