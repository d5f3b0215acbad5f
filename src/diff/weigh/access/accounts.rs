//! Workloads that run as another `ServiceAccount`, which has more rights.

use super::bindings::{Held, held};
use super::rights::Subject;
use super::roles::told;
use super::sets::{Grown, grown};
use crate::diff::weigh::workload::{account_of, pods};
use crate::diff::weigh::{Judgement, Phrase, Sides};

/// Judges the rights of a workload on both sides whose pods run as another `ServiceAccount`.
pub(in crate::diff::weigh) fn runs_as(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    for [before, after] in pods(sides) {
        let (old, new) = (account_of(before.spec), account_of(after.spec));
        if old == new || sides.renames().follows(old, new).is_some() {
            continue;
        }
        let subject = |side: usize, name: &str| -> Subject {
            ("ServiceAccount".to_owned(), sides.namespace(side).to_owned(), name.to_owned())
        };
        // What the new account gains by this change is told of its roles and bindings.
        let of =
            |name: &str, side: usize| held(sides, 1, &[subject(side, name)], sides.namespace(1));
        let (Held::Rules(old), Held::Rules(new)) = (of(old, 0), of(new, 1)) else { continue };
        let grown = grown(&old, &new, sides.renames(), &sides.whole.work);
        if matches!(&grown, Grown::By(rights) if rights.is_empty()) {
            continue;
        }
        let Some(judged) = told(&grown, None) else { continue };
        let phrase = Phrase::new("runs as the ServiceAccount ").name(account_of(after.spec));
        let phrase = phrase.say(", and ").and(judged.phrase);
        found.push(Judgement { phrase, ..judged }.at("spec.serviceAccountName".to_owned()));
    }
}
