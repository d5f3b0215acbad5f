//! Label selectors as sets of conditions, and the relation of one to another.

use std::collections::BTreeSet;

use super::canonical;
use crate::harden::selector::labels;
use crate::harden::value::{items, present, text};
use crate::yaml::Node;

/// The conditions of a label selector. Without any, it selects all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Conditions(BTreeSet<Condition>);

/// A condition on the value of a label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Condition {
    key: String,
    holds: Holds,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Exists,
    DoesNotExist,
    /// A condition of an unknown operator, by its meaning as text.
    Other(String),
}

impl Holds {
    /// True if all values that satisfy this condition satisfy the other one.
    fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::In(own), Self::In(other)) => own.is_subset(other),
            (Self::In(own), Self::NotIn(other)) => own.is_disjoint(other),
            (Self::In(_), Self::Exists) | (Self::DoesNotExist, Self::NotIn(_)) => true,
            (Self::NotIn(own), Self::NotIn(other)) => other.is_subset(own),
            _ => self == other,
        }
    }
}

impl Conditions {
    pub(super) fn of(selector: &Node) -> Self {
        let of_labels = labels(present(selector, "matchLabels")).map(|(key, value)| Condition {
            key: key.to_owned(),
            holds: Holds::In(BTreeSet::from([value.to_owned()])),
        });
        let of_expression = |one: &Node| {
            let values = || items(one.get("values")).iter().filter_map(Node::as_text);
            let values = || values().map(str::to_owned).collect();
            Condition {
                key: text(one, "key").unwrap_or_default().to_owned(),
                holds: match text(one, "operator") {
                    Some("In") => Holds::In(values()),
                    Some("NotIn") => Holds::NotIn(values()),
                    Some("Exists") => Holds::Exists,
                    Some("DoesNotExist") => Holds::DoesNotExist,
                    _ => Holds::Other(canonical(one)),
                },
            }
        };
        let expressions = items(present(selector, "matchExpressions")).iter().map(of_expression);
        Self(of_labels.chain(expressions).collect())
    }

    /// The condition that a label has a value.
    pub(super) fn with(key: &str, value: &str) -> Self {
        let holds = Holds::In(BTreeSet::from([value.to_owned()]));
        Self(BTreeSet::from([Condition { key: key.to_owned(), holds }]))
    }

    /// Those of a selector that may be missing: then there are none.
    pub(super) fn of_optional(selector: Option<&Node>) -> Self {
        selector.map(Self::of).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of comparisons that [`is_within`](Self::is_within) takes, about.
    pub(super) fn len(&self) -> usize {
        let values = |one: &Condition| match &one.holds {
            Holds::In(values) | Holds::NotIn(values) => values.len(),
            Holds::Exists | Holds::DoesNotExist | Holds::Other(_) => 1,
        };
        self.0.iter().map(values).sum()
    }

    /// Conditions of one value each, which together select the same. These alone, if there were more than `most` of them.
    pub(super) fn single(&self, most: usize) -> Vec<Self> {
        let mut parts = vec![Self::default()];
        for condition in &self.0 {
            let each: Vec<Condition> = match &condition.holds {
                Holds::In(values) if !values.is_empty() => {
                    let one = |value: &String| BTreeSet::from([value.clone()]);
                    let with = |value| Condition {
                        key: condition.key.clone(),
                        holds: Holds::In(one(value)),
                    };
                    values.iter().map(with).collect()
                }
                _ => vec![condition.clone()],
            };
            if parts.len().saturating_mul(each.len()) > most {
                return vec![self.clone()];
            }
            let with = |part: &Self, one: &Condition| {
                let mut part = part.clone();
                part.0.insert(one.clone());
                part
            };
            parts = parts.iter().flat_map(|part| each.iter().map(|one| with(part, one))).collect();
        }
        parts
    }

    /// True if all labels that satisfy these conditions satisfy the others, as far as single conditions show it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        other.0.iter().all(|wanted| self.implies(wanted))
    }

    fn implies(&self, wanted: &Condition) -> bool {
        let first = Condition { key: wanted.key.clone(), holds: Holds::In(BTreeSet::new()) };
        let of_key = self.0.range(first..).take_while(|one| one.key == wanted.key);
        of_key.into_iter().any(|one| one.holds.implies(&wanted.holds))
    }

    /// The conditions that the others do not imply, for people.
    pub(super) fn beyond(&self, other: &Self) -> Vec<String> {
        self.0.iter().filter(|one| !other.implies(one)).map(Condition::told).collect()
    }

    /// The conditions for people.
    pub(super) fn told(&self) -> Vec<String> {
        self.0.iter().map(Condition::told).collect()
    }
}

impl Condition {
    fn told(&self) -> String {
        let key = &self.key;
        let list = |values: &BTreeSet<String>| {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            values.join("|")
        };
        match &self.holds {
            Holds::In(values) => format!("{key}={}", list(values)),
            Holds::NotIn(values) => format!("{key}!={}", list(values)),
            Holds::Exists => key.clone(),
            Holds::DoesNotExist => format!("!{key}"),
            Holds::Other(text) => text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    fn conditions(selector: &str) -> Conditions {
        let text = format!("{{apiVersion: v1, kind: A, metadata: {{name: a}}, s: {{{selector}}}}}");
        Conditions::of(resource(&text).node().get("s").unwrap())
    }

    fn expression(key: &str, operator: &str, values: &str) -> String {
        format!("matchExpressions: [{{key: {key}, operator: {operator}, values: [{values}]}}]")
    }

    #[test]
    fn selectors_are_within_others() {
        let one = "matchLabels: {a: b}";
        for (own, other) in [
            (one.to_owned(), String::new()),
            ("matchLabels: {a: b, c: d}".to_owned(), one.to_owned()),
            (one.to_owned(), expression("a", "In", "c, b")),
            (one.to_owned(), expression("a", "Exists", "")),
            (one.to_owned(), expression("a", "NotIn", "c")),
            (expression("a", "In", "b"), one.to_owned()),
            (expression("a", "NotIn", "b, c"), expression("a", "NotIn", "c")),
            (expression("a", "DoesNotExist", ""), expression("a", "NotIn", "c")),
        ] {
            let (own, other) = (conditions(&own), conditions(&other));
            assert!(own.is_within(&other), "{own:?} {other:?}");
            assert!(own == other || !other.is_within(&own), "{own:?} {other:?}");
        }
        let [of_b, of_c] = [one, "matchLabels: {a: c}"].map(conditions);
        assert!(!of_b.is_within(&of_c) && !of_c.is_within(&of_b));
        let told = conditions(&expression("a", "NotIn", "c, b"));
        assert_eq!((told.told(), told.beyond(&of_c)), (vec!["a!=b|c".to_owned()], told.told()));
    }
}
