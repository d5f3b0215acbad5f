//! The statement about new findings that annotations and comments accept: a change can bring both.

use super::known::Known;
use crate::harden::Finding;
use crate::report::findings::{Judged, Remark};

/// The remark with the number of such findings, and the first of the most severe; `None` if there are none.
pub(super) fn remark(judged: &[Judged], known: &Known) -> Option<Remark> {
    let mut count = 0_usize;
    let mut first: Option<(&str, &Finding)> = None;
    for Judged { target, outcome, .. } in judged {
        let Ok(checked) = outcome else { continue };
        for finding in known.newly_accepted(target, checked) {
            count += 1;
            if first.is_none_or(|(_, other)| finding.severity > other.severity) {
                first = Some((target, finding));
            }
        }
    }
    let (target, finding) = first?;
    let (rule, kind, name) = (finding.rule.id(), &finding.object.gvk.kind, &finding.object.name);
    let one = format!("{rule} of {kind} `{name}` in `{target}`");
    let revision = known.revision();
    let text = match count {
        1 => format!(
            "1 finding that is new since `{revision}` is accepted by an annotation or comment: {one}; `--no-ignore` shows it"
        ),
        _ => format!(
            "{count} findings that are new since `{revision}` are accepted by annotations or comments: {one}, and {} more; `--no-ignore` shows them",
            count - 1
        ),
    };
    Some(Remark::warning("suppressions", text))
}
