//! Settings: the values of a field one after the other, each with the step that set it.

use super::{Chain, Trace};
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
#[must_use]
pub fn settings<'t>(trace: &'t Trace, chain: &Chain<'t>, sources: &Sources) -> Vec<Setting<'t>> {
    let mut before: Option<&Node> = None;
    let mut settings: Vec<Setting<'t>> = Vec::with_capacity(chain.states().len());
    for state in chain.states() {
        let asked = trace.step(state.step).map_or(Span::NONE, |step| step.span);
        let span = match state.node {
            Some(node) => span_of(node, before).filter(|span| sources.source_of(*span).is_some()),
            None => None,
        };
        let follows = before.zip(state.node).and_then(|(before, now)| {
            renamed(trace, state.step, before.as_text()?, now.as_text()?)
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

/// The object whose change of name a reference followed in a step.
fn renamed(trace: &Trace, step: usize, before: &str, now: &str) -> Option<ResId> {
    use super::Asker;
    if trace.step(step)?.asked != Asker::End("name references") {
        return None;
    }
    let is_it = |ids: &[super::Version]| {
        let last = ids.last().is_some_and(|version| *version.id.name == *now);
        last && ids.iter().any(|version| *version.id.name == *before)
    };
    let history = trace.histories.iter().find(|history| is_it(&history.versions))?;
    history.versions.last().map(|version| version.id.clone())
}
