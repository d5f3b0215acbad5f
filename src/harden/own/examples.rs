//! Tests of own rules: their examples.

use std::sync::Arc;

use super::judge::{judge, selects};
use super::objects::Expressed;
use super::rule::OwnRule;
use crate::error::Result;
use crate::harden::finding::Finding;
use crate::harden::settings::Settings;
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::source::{Sources, Span};

/// The result of an example.
#[derive(Clone, Debug)]
pub struct Tested {
    /// True if the example should violate the rule.
    pub is_bad: bool,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The number of its objects.
    pub objects: usize,
    /// The number of those that a `match` of the rule selects.
    pub selected: usize,
    /// The span of the example.
    pub span: Span,
}

impl Tested {
    /// True if the rule finds a bad example, and nothing in a good one. A rule that cannot be evaluated fails, and so does an
    /// example that the rule does not look at.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        let is_own = |finding: &Finding| finding.rule.known().is_none();
        self.selected > 0
            && self.findings.iter().all(is_own)
            && self.findings.is_empty() != self.is_bad
    }
}

/// Tests the examples of a rule.
///
/// # Errors
/// Those of examples that are no manifests.
pub fn test(rule: &Arc<OwnRule>, sources: &Sources, settings: &Settings) -> Result<Vec<Tested>> {
    let mut results = Vec::new();
    for example in rule.examples() {
        let objects = example.objects.iter().cloned();
        let objects = objects.map(|node| Resource::new(node, &Schema::default()));
        let objects: ResMap = objects.collect::<Result<Vec<_>>>()?.into();
        let all = Expressed::new(&objects, sources, settings);
        let mut findings = Vec::new();
        for (place, object) in objects.iter().enumerate() {
            judge(rule, (place, object), &all, &mut findings);
        }
        let selected = objects.iter().filter(|object| selects(rule, object)).count();
        let (is_bad, span) = (example.is_bad, example.span);
        results.push(Tested { is_bad, findings, objects: objects.len(), selected, span });
    }
    Ok(results)
}
