//! KR-DIF-001: the token of a `ServiceAccount` that its pods mount again.

use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::differences::POSTURE_LOOSENED;
use crate::harden::value::{is_false, present};
use crate::harden::{Severity, pod_templates};

use super::protection::account_of;

/// Judges a `ServiceAccount` that is there on both sides.
pub(in crate::diff::weigh) fn account(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    const FIELD: &str = "automountServiceAccountToken";
    let keeps_out = |node| is_false(present(node, FIELD));
    if !keeps_out(before) || keeps_out(after) {
        return;
    }
    let Some(id) = &sides.object.ids[1] else { return };
    let mut users = Vec::new();
    for object in sides.whole.workloads_in(1, sides.namespace(1)) {
        let is_meant = |spec| account_of(spec) == id.name && present(spec, FIELD).is_none();
        if pod_templates(object).iter().any(|pod| is_meant(pod.spec)) {
            users.push(format!("{} {}", object.kind(), object.name()));
        }
    }
    let phrase =
        Phrase::new("no longer has automountServiceAccountToken: false: its token is mounted");
    let phrase = match users.is_empty() {
        true => phrase,
        false => phrase.say(", by ").few(users.iter().map(String::as_str)),
    };
    let judgement = Judgement::new(&POSTURE_LOOSENED, FIELD, phrase);
    found.push(judgement.with_severity(Severity::Warning));
}
