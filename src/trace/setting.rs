//! Settings: the values of a field one after the other, each with the step that set it.

use super::chain::has_value_of;
use super::{Asker, Chain, FieldPath, History, Trace};
use crate::resource::ResId;
use crate::source::{Sources, Span};
use crate::yaml::Node;

/// A value of a field, with the step that set it.
#[derive(Clone, Debug)]
pub struct Setting<'t> {
    /// The value; `None` if the step removed the field.
    pub value: Option<&'t Node>,
    /// The index of the step.
    pub step: usize,
    /// The place to show: that of the value in a file, patch or generator, or else of the part of a kustomization that asked
    /// for the step. [`Span::NONE`] for steps at the end of every build that have neither.
    pub span: Span,
    /// The object whose name the field has, if a change of that name changed the field.
    pub follows: Option<ResId>,
}

/// The values of a field, newest first: the first one counts, each other one was replaced.
///
/// A patch repeats kind and name of its target, and the names of list elements: if they stay as they were, that is no setting.
#[must_use]
pub fn settings<'t>(
    trace: &'t Trace,
    path: &FieldPath,
    chain: &Chain<'t>,
    sources: &Sources,
) -> Vec<Setting<'t>> {
    let is_name = path.is_name();
    let mut before: Option<&Node> = None;
    let mut settings: Vec<Setting<'t>> = Vec::with_capacity(chain.states().len());
    for state in chain.states() {
        let is_repeated = || {
            let pair = before.and_then(Node::as_scalar).zip(state.node.and_then(Node::as_scalar));
            pair.is_some_and(|(before, now)| has_value_of(before, now))
        };
        let is_end =
            || trace.step(state.step).is_some_and(|step| matches!(step.asked, Asker::End(_)));
        if (is_name || is_end()) && is_repeated() {
            continue;
        }
        let asked = trace.step(state.step).map_or(Span::NONE, |step| step.span);
        let span = match state.node {
            Some(node) => span_of(node, before).filter(|span| sources.source_of(*span).is_some()),
            None => None,
        };
        let follows = before.zip(state.node).and_then(|(before, now)| {
            renamed(trace, (state.step, path), before.as_text()?, now.as_text()?)
        });
        let span = span.unwrap_or(asked);
        settings.push(Setting { value: state.node, step: state.step, span, follows });
        before = state.node;
    }
    settings.reverse();
    settings
}

/// The span of a value that was written by a step. A collection keeps its span while its content changes.
fn span_of(node: &Node, before: Option<&Node>) -> Option<Span> {
    let span = node.span();
    let is_old = before.is_some_and(|before| before.span() == span);
    (!span.is_none() && !is_old).then_some(span)
}

/// The object whose change of name a reference followed in a step. Of several that had and have these names, the one whose
/// kind is a part of the path; `None` if that does not decide.
fn renamed(
    trace: &Trace,
    (step, path): (usize, &FieldPath),
    before: &str,
    now: &str,
) -> Option<ResId> {
    if trace.step(step)?.asked != Asker::End("name references") {
        return None;
    }
    let is_it = |history: &&History| {
        let versions = &history.versions;
        let last = versions.last().is_some_and(|version| *version.id.name == *now);
        last && versions.iter().any(|version| *version.id.name == *before)
    };
    let mut found: Vec<ResId> = trace.histories.iter().filter(is_it).map(History::id).collect();
    if found.len() > 1 {
        let path = path.pointer().to_ascii_lowercase();
        found.retain(|id| path.contains(&id.gvk.kind.to_ascii_lowercase()));
    }
    match &mut *found {
        [id] => Some(std::mem::take(id)),
        _ => None,
    }
}
