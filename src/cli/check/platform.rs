//! The statement about findings that are notes because the platform seems to be `OpenShift`.

use super::known::{Known, of_openshift};
use crate::harden::{Easing, Severity};
use crate::report::findings::{Judged, Remark};
use crate::resource::Resource;

/// The remark with the number of such findings, and the first object that says so; `None` if there are none, or if the
/// configuration says so: then the lowerings have it. A warning if a target has no such object at the revision with which
/// the findings are compared, or is not there.
pub(super) fn remark(judged: &[Judged], known: Option<&Known>) -> Option<Remark> {
    type Said<'a> = (&'a String, &'a Resource, Option<&'a str>);
    let (mut count, mut others) = (0, 0);
    let mut first: Option<Said<'_>> = None;
    for one in judged {
        let findings = one.outcome.iter().flat_map(|checked| checked.open());
        count += findings
            .filter(|one| one.lowered().is_some_and(|eased| eased.by == Easing::Platform))
            .count();
        let Some(object) = of_openshift(one) else { continue };
        let since = known.and_then(|known| known.revision_before_openshift(&one.target));
        let said = (&one.target, object, since);
        others += usize::from(first.is_some());
        // New ones come first.
        if first.is_none_or(|(.., known)| since.is_some() && known.is_none()) {
            first = Some(said);
        }
    }
    let (target, object, since) = first.filter(|_| count > 0)?;
    let findings =
        if count == 1 { "1 finding is a note" } else { &format!("{count} findings are notes") };
    let (kind, name) = (object.kind(), object.name());
    let new = since.map(|revision| format!(" (none at `{revision}`)")).unwrap_or_default();
    let more = match others {
        0 => String::new(),
        1 => ", and those of 1 more target".to_owned(),
        others => format!(", and those of {others} more targets"),
    };
    let text = format!(
        "{findings}, as objects say that the platform is OpenShift: {kind} `{name}` of `{target}`{new}{more}; `platform` in the configuration decides"
    );
    let severity = if since.is_some() { Severity::Warning } else { Severity::Note };
    Some(Remark { severity, topic: "platform", text })
}
