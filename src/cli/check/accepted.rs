//! New findings that annotations and comments accept: a change can bring both. They count, unless the change is trusted.

use super::known::Known;
use crate::harden::Severity;
use crate::report::findings::{Judged, Remark};

/// Takes back the acceptance of such findings, unless the change is trusted. Returns a remark with their number, and the
/// first of the most severe; `None` if there are none.
pub(super) fn settle(judged: &mut [Judged], known: &Known, is_trusted: bool) -> Option<Remark> {
    let mut count = 0_usize;
    let mut first: Option<(Severity, String)> = None;
    for Judged { target, outcome, .. } in judged {
        let Ok(checked) = outcome else { continue };
        for place in known.newly_accepted(target, checked) {
            count += 1;
            let finding = &mut checked.findings[place];
            if !is_trusted {
                finding.suppressed = None;
            }
            if first.as_ref().is_none_or(|(severity, _)| finding.severity > *severity) {
                let (kind, name) = (&finding.object.gvk.kind, &finding.object.name);
                let one = format!("{} of {kind} `{name}` in `{target}`", finding.rule.id());
                first = Some((finding.severity, one));
            }
        }
    }
    let (_, one) = first?;
    let revision = known.revision();
    let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
    let text = match (count, is_trusted) {
        (1, true) => format!(
            "1 finding that is new since `{revision}` is accepted by an annotation or comment: {one}; without `--trust-change` it counts"
        ),
        (1, false) => format!(
            "1 finding that is new since `{revision}` counts, although an annotation or comment accepts it: {one}; `--trust-change` accepts it"
        ),
        (_, true) => format!(
            "{count} findings that are new since `{revision}` are accepted by annotations or comments: {one}{more}; without `--trust-change` they count"
        ),
        (_, false) => format!(
            "{count} findings that are new since `{revision}` count, although annotations or comments accept them: {one}{more}; `--trust-change` accepts them"
        ),
    };
    Some(Remark::warning("suppressions", text))
}
