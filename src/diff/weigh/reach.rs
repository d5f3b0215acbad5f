//! The objects that a webhook, a policy or a binding of one sees: rules, selectors and conditions, and whether they are
//! fewer than before.

use std::collections::BTreeSet;

use super::selectors::Conditions;
use super::work::Work;
use super::{Phrase, canonical};
use crate::harden::value::{items, present, text};
use crate::yaml::Node;

/// The fields of a reach: those of a webhook, or of `matchConstraints` and `matchResources` of policies.
pub(super) struct Reach<'a> {
    pub(super) scope: Option<&'a Node>,
    /// The field with the rules.
    pub(super) rules: &'static str,
    /// The object with `matchConditions`.
    pub(super) conditions: Option<&'a Node>,
}

impl<'a> Reach<'a> {
    fn field(&self, key: &str) -> Option<&'a Node> {
        self.scope.and_then(|scope| present(scope, key))
    }

    /// The phrases for what it sees no longer, to follow its name. What a field selected may be shared with others.
    pub(super) fn narrowed(
        &self,
        after: &Self,
        is_shared: &dyn Fn(&str) -> bool,
        work: &Work,
    ) -> Vec<Phrase> {
        let mut found = Vec::new();
        for (key, words) in [("namespaceSelector", "namespaces"), ("objectSelector", "objects")] {
            let [old, new] = [self, after].map(|side| Conditions::of_optional(side.field(key)));
            if !work.takes(old.len().saturating_mul(1 + new.len())) {
                found.push(Phrase::new("is not judged: its selectors are too many"));
            } else if !old.is_within(&new) && !is_shared(key) {
                let gone = new.beyond(&old);
                let phrase = Phrase::new(format!("sees only {words} with "));
                found.push(phrase.few(gone.iter().map(String::as_str)));
            }
        }
        let [old, new] = [self, after].map(|side| side.expressions());
        let more: Vec<&str> = new
            .iter()
            .filter(|(_, text)| !old.iter().any(|(_, of)| of == text))
            .map(|(name, _)| *name)
            .take(MOST)
            .collect();
        if !more.is_empty() {
            found.push(Phrase::new("sees only what meets the condition ").few(more));
        }
        let exact =
            |side: &Self| side.field("matchPolicy").and_then(Node::as_text) == Some("Exact");
        if exact(after) && !exact(self) {
            found.push(Phrase::new("sees only the versions that it names (matchPolicy: Exact)"));
        }
        found.extend(self.lost_rules(after, work));
        found
    }

    /// The names and the meanings of the conditions.
    fn expressions(&self) -> Vec<(&'a str, &'a str)> {
        let list = items(self.conditions.and_then(|node| present(node, "matchConditions")));
        let one = |node: &'a Node| {
            let expression = text(node, "expression")?;
            Some((text(node, "name").unwrap_or(expression), expression))
        };
        list.iter().take(MOST).filter_map(one).collect()
    }

    /// The phrase for operations on resources that no rule names any more.
    fn lost_rules(&self, after: &Self, work: &Work) -> Option<Phrase> {
        let read = |side: &Self, key: &str| -> Vec<Rule<'a>> {
            items(side.field(key)).iter().map(Rule::of).collect()
        };
        let (old, new) = (read(self, self.rules), read(after, after.rules));
        let excluded = |side: &Self| -> BTreeSet<String> {
            items(side.field("excludeResourceRules")).iter().map(canonical).collect()
        };
        if !excluded(after).is_subset(&excluded(self)) {
            return Some(Phrase::new("leaves out more resources (excludeResourceRules)"));
        }
        if old.is_empty() && !new.is_empty() && self.rules == "resourceRules" {
            return Some(Phrase::new("sees only the resources of its new rules"));
        }
        let mut lost: BTreeSet<String> = BTreeSet::new();
        let known: BTreeSet<String> =
            items(after.field(after.rules)).iter().map(canonical).collect();
        for (rule, node) in old.iter().zip(items(self.field(self.rules))) {
            if known.contains(&canonical(node)) {
                continue;
            }
            if !work.takes(rule.size().saturating_mul(1 + new.len())) {
                return Some(Phrase::new("is not judged: its rules are too many to be compared"));
            }
            lost.extend(rule.beyond(&new));
        }
        if lost.is_empty() {
            return None;
        }
        Some(Phrase::new("no longer sees ").few(lost.iter().map(String::as_str)))
    }
}

/// The maximum number of conditions that are compared.
const MOST: usize = 256;

/// A rule: a product of sets.
struct Rule<'a> {
    groups: BTreeSet<&'a str>,
    versions: BTreeSet<&'a str>,
    resources: BTreeSet<&'a str>,
    operations: BTreeSet<&'a str>,
    names: BTreeSet<&'a str>,
    scope: &'a str,
}

impl<'a> Rule<'a> {
    fn of(rule: &'a Node) -> Self {
        let set = |key: &str| items(present(rule, key)).iter().filter_map(Node::as_text).collect();
        Self {
            groups: set("apiGroups"),
            versions: set("apiVersions"),
            resources: set("resources"),
            operations: set("operations"),
            names: set("resourceNames"),
            scope: text(rule, "scope").unwrap_or("*"),
        }
    }

    fn size(&self) -> usize {
        let sets = [&self.groups, &self.versions, &self.resources, &self.operations];
        sets.iter().map(|set| set.len().max(1)).fold(1, usize::saturating_mul)
    }

    /// The operations on resources of this rule that no other rule has.
    fn beyond(&self, others: &[Self]) -> BTreeSet<String> {
        let mut lost = BTreeSet::new();
        for group in &self.groups {
            for version in &self.versions {
                for resource in &self.resources {
                    for operation in &self.operations {
                        let one = [*group, *version, *resource, *operation];
                        if !others.iter().any(|other| other.has(one, self)) {
                            let dot = if group.is_empty() { "" } else { "." };
                            lost.insert(format!("{operation} {resource}{dot}{group}"));
                        }
                    }
                }
            }
        }
        lost
    }

    fn has(&self, [group, version, resource, operation]: [&str; 4], of: &Self) -> bool {
        let has = |set: &BTreeSet<&str>, one: &str| set.contains("*") || set.contains(one);
        let has_resource = || {
            let (name, part) = resource.split_once('/').unwrap_or((resource, ""));
            let is_whole = part.is_empty() && self.resources.contains("*") && resource != "*/*";
            self.resources.contains(resource)
                || self.resources.contains("*/*")
                || is_whole
                || !part.is_empty()
                    && (self.resources.contains(&*format!("*/{part}"))
                        || self.resources.contains(&*format!("{name}/*")))
        };
        has(&self.groups, group)
            && has(&self.versions, version)
            && has(&self.operations, operation)
            && has_resource()
            && (self.names.is_empty() || !of.names.is_empty() && of.names.is_subset(&self.names))
            && (self.scope == "*" || self.scope == of.scope)
    }
}
