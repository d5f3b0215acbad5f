//! Findings with source frames. Findings in one place share the frame.

use std::collections::BTreeSet;

use super::Findings;
use super::merge::{Group, Merged, is_of_target, within};
use crate::harden::RuleRef;
use crate::report::errors::human;
use crate::resource::secret::Shield;
use crate::source::Span;

/// Facts that earlier findings have told.
#[derive(Default)]
pub(super) struct Told {
    rules: BTreeSet<RuleRef>,
    shield: Shield,
}

/// Draws the findings of a group. The reason for a rule, and the place of the object, are given once.
pub(super) fn draw(group: &Group<'_>, findings: &Findings<'_>, told: &mut Told, out: &mut String) {
    let places = &findings.places;
    let place = |one: &Merged<'_>| {
        let place = places.of(one.finding.span)?;
        Some((place.name().to_owned(), place.line))
    };
    let mut left: Vec<(&Merged<'_>, _)> =
        group.members.iter().map(|one| (one, place(one))).collect();
    let mut has_object = false;
    while let Some((_, here)) = left.first() {
        let here = here.clone();
        // Findings without a place have no frame to share.
        let (same, others) = match here {
            None => (left.drain(..1).collect(), left),
            Some(_) => left.into_iter().partition::<Vec<_>, _>(|(_, place)| *place == here),
        };
        left = others;
        for (number, (one, _)) in same.into_iter().enumerate() {
            draw_one(one, group, findings, (number == 0, !has_object), told, out);
            has_object |= number == 0;
        }
        out.push('\n');
    }
}

/// Draws a finding like a failure.
fn draw_one(
    one: &Merged<'_>,
    group: &Group<'_>,
    findings: &Findings<'_>,
    (with_frame, with_object): (bool, bool),
    told: &mut Told,
    out: &mut String,
) {
    let Findings { targets, context, places } = findings;
    let (finding, sources) = (one.finding, places.sources);
    let file = |span: Span| sources.source_of(span).map(|source| source.id());
    let mut error = finding.failure_about(&one.subject());
    if !with_frame {
        error = error.without_place();
    } else if with_object
        && file(finding.span) != file(finding.object_span)
        && !finding.object_span.is_none()
    {
        error = error.note(finding.object_span, format!("the {}", finding.object.gvk.kind));
    }
    if finding.span.is_none() {
        let name = one.targets.first().and_then(|number| targets.get(*number));
        let name = name.map(|judged| &*judged.target).unwrap_or_default();
        error = error.step(format!("in what `{name}` renders to"));
    }
    if told.rules.insert(finding.rule.clone()) && !finding.rule.why().is_empty() {
        error = error.step(finding.rule.why());
    }
    let place = places.of(finding.span);
    let file = place.as_ref().map(|place| place.name()).unwrap_or_default();
    let is_known = targets.len() == 1 || is_of_target(file, &one.targets, targets);
    if !is_known && (with_frame || one.targets.len() != group.targets.len()) {
        error = error.step(within(&one.targets, targets, context.subject));
    }
    *out += &human::finding(finding.severity, &error, sources, &told.shield);
}
