//! What is judged when: some rules need everything that is rendered, with the names that it has in the end.

use super::rule::{Judge, Rule};
use crate::resource::Resource;
use crate::source::Span;

/// How far what is judged has come in its build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It is complete: every rule is asked about every object.
    #[default]
    Complete,
    /// More comes, and names change: only rules are asked that look at one object alone.
    Early,
    /// It is complete now. The other rules are asked about the objects that wait for the configuration of this place
    /// ([`Ties::awaited_by`](crate::resource::Ties::awaited_by)).
    Final(Span),
}

/// The rules that look at more than one object, by their ids or what these begin with.
const OF_RENDERS: [&str; 4] = ["KR-PRB-001", "KR-REF-", "KR-SHD-001", "KR-SHD-002"];

impl Phase {
    /// Whether a rule is asked.
    pub(super) fn asks(self, rule: &Rule) -> bool {
        let is_of_renders = || OF_RENDERS.iter().any(|start| rule.id.starts_with(start));
        match self {
            // What is accepted is looked at together with the rule that it is about.
            _ if matches!(rule.judge, Judge::Suppressions) => true,
            Self::Complete => true,
            Self::Early => !is_of_renders(),
            Self::Final(_) => is_of_renders(),
        }
    }

    /// Whether an object is looked at.
    pub(super) fn looks_at(self, object: &Resource) -> bool {
        match self {
            Self::Complete | Self::Early => true,
            Self::Final(configuration) => object.ties().awaited_by.contains(&configuration),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harden::RULES;

    #[test]
    fn each_rule_is_asked_once() {
        for rule in RULES.iter().filter(|rule| !matches!(rule.judge, Judge::Suppressions)) {
            let last = Phase::Final(Span::NONE);
            assert!(Phase::Early.asks(rule) != last.asks(rule), "{rule:?}");
        }
        for start in OF_RENDERS {
            assert!(RULES.iter().any(|rule| rule.id.starts_with(start)), "there is no {start}");
        }
    }
}
