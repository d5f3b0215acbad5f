//! Label selectors of Kubernetes: `matchLabels` and `matchExpressions`.

use super::value::{items, present, text};
use crate::yaml::{Mapping, Node};

/// The entries of a mapping of labels.
pub(super) fn labels(node: Option<&Node>) -> impl Iterator<Item = (&str, &str)> {
    let entries = node.and_then(Node::as_mapping).map(Mapping::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.text(), value.as_text()?)))
}

/// True if labels have all those of a mapping.
pub(super) fn has_all(wanted: &Node, found: Option<&Node>) -> bool {
    labels(Some(wanted)).all(|(key, value)| found.and_then(|one| text(one, key)) == Some(value))
}

/// True if a label selector selects all labels: it has no condition.
pub(super) fn selects_all(selector: &Node) -> bool {
    let is_empty = |key| present(selector, key).is_none_or(Node::is_empty);
    is_empty("matchLabels") && is_empty("matchExpressions")
}

/// True if a label selector selects these labels.
pub(super) fn selects(selector: &Node, found: Option<&Node>) -> bool {
    present(selector, "matchLabels").is_none_or(|wanted| has_all(wanted, found))
        && items(selector.get("matchExpressions")).iter().all(|one| holds(one, found))
}

/// True if labels satisfy a requirement; also if its operator is unknown.
fn holds(requirement: &Node, found: Option<&Node>) -> bool {
    let key = text(requirement, "key").unwrap_or_default();
    let value = found.and_then(|one| text(one, key));
    let is_listed = || {
        let values = items(requirement.get("values")).iter();
        value.is_some_and(|value| values.filter_map(Node::as_text).any(|one| one == value))
    };
    match text(requirement, "operator") {
        Some("In") => is_listed(),
        Some("NotIn") => !is_listed(),
        Some("Exists") => value.is_some(),
        Some("DoesNotExist") => value.is_none(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    #[test]
    fn selectors_are_read_as_kubernetes_does() {
        let object = resource(
            "{kind: A, metadata: {name: a, labels: {app: web, tier: front, number: '1'}}}",
        );
        let found = object.node().get("metadata").and_then(|one| one.get("labels"));
        let selects = |text: &str| {
            let other = resource(&format!("{{kind: A, metadata: {{name: a}}, selector: {text}}}"));
            selects(other.node().get("selector").unwrap(), found)
        };
        for (text, expected) in [
            ("{}", true),
            ("{matchLabels: {app: web}}", true),
            ("{matchLabels: {app: web, tier: back}}", false),
            ("{matchLabels: {number: '1'}}", true),
            ("{matchExpressions: [{key: app, operator: In, values: [web, api]}]}", true),
            ("{matchExpressions: [{key: app, operator: In, values: [api]}]}", false),
            ("{matchExpressions: [{key: app, operator: NotIn, values: [api]}]}", true),
            ("{matchExpressions: [{key: other, operator: NotIn, values: [api]}]}", true),
            ("{matchExpressions: [{key: tier, operator: Exists}]}", true),
            ("{matchExpressions: [{key: tier, operator: DoesNotExist}]}", false),
            (
                "{matchLabels: {app: web}, matchExpressions: [{key: other, operator: Exists}]}",
                false,
            ),
        ] {
            assert_eq!(selects(text), expected, "{text}");
        }
    }
}
