//! Label selectors as sets of conditions, and the relation of one to another.

use std::collections::{BTreeMap, BTreeSet};

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

    /// Parts of these conditions that together select the same: split by the values of the labels that others name, so that
    /// each part is within one of the others or apart from it. These alone, if there were more than `most`.
    pub(super) fn split_by<'c>(
        &self,
        others: impl IntoIterator<Item = &'c Self>,
        most: usize,
    ) -> Vec<Self> {
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for one in others.into_iter().flat_map(|other| &other.0) {
            let of_key = values.entry(&one.key).or_default();
            match &one.holds {
                Holds::In(listed) | Holds::NotIn(listed) => {
                    of_key.extend(listed.iter().map(String::as_str));
                }
                Holds::Exists | Holds::DoesNotExist | Holds::Other(_) => {}
            }
            if of_key.len() > most || values.len() > most {
                return vec![self.clone()];
            }
        }
        let mut parts = vec![self.clone()];
        for (key, values) in values {
            let known: BTreeSet<String> = values.into_iter().map(str::to_owned).collect();
            let each = known.iter().map(|value| vec![Holds::In(BTreeSet::from([value.clone()]))]);
            let rest =
                [vec![Holds::NotIn(known.clone()), Holds::Exists], vec![Holds::DoesNotExist]];
            let each: Vec<Vec<Holds>> = each.chain(rest).collect();
            if parts.len().saturating_mul(each.len()) > most.saturating_mul(4) {
                return vec![self.clone()];
            }
            let with = |part: &Self, more: &[Holds]| {
                let more = more
                    .iter()
                    .map(|holds| Condition { key: key.to_owned(), holds: holds.clone() });
                Self(part.0.iter().cloned().chain(more).collect())
            };
            let all = parts.iter().flat_map(|part| each.iter().map(|more| with(part, more)));
            parts = all.filter(|part| !part.is_contradictory()).collect();
            if parts.len() > most {
                return vec![self.clone()];
            }
        }
        parts
    }

    /// True if no labels satisfy these conditions, as far as pairs of them show it.
    fn is_contradictory(&self) -> bool {
        let excludes = |one: &Condition, other: &Condition| {
            one.key == other.key
                && match (&one.holds, &other.holds) {
                    (Holds::In(own), Holds::In(other)) => own.is_disjoint(other),
                    (Holds::In(own), Holds::NotIn(other)) => own.is_subset(other),
                    (Holds::DoesNotExist, Holds::In(_) | Holds::Exists) => true,
                    _ => false,
                }
        };
        self.0.iter().any(|one| self.0.iter().any(|other| excludes(one, other)))
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
    fn selectors_are_split_by_others() {
        let covers = |own: &str, others: &[&str]| {
            let others: Vec<Conditions> = others.iter().map(|one| conditions(one)).collect();
            let parts = conditions(own).split_by(&others, 64);
            parts.iter().all(|part| others.iter().any(|other| part.is_within(other)))
        };
        let not = |values: &str| expression("a", "NotIn", values);
        let both = expression("a", "In", "b, c");
        for (own, others, expected) in [
            ("", vec!["matchLabels: {a: b}", &*not("b")], true),
            ("", vec!["matchLabels: {a: b}", &*not("c")], false),
            ("", vec!["matchLabels: {a: b}", &*not("b, c")], false),
            ("", vec!["matchLabels: {a: b}"], false),
            (&*both, vec!["matchLabels: {a: b}", "matchLabels: {a: c}"], true),
            (&*both, vec!["matchLabels: {a: b}", "matchLabels: {a: d}"], false),
            ("matchLabels: {x: y}", vec!["matchLabels: {a: b}", &*not("b")], true),
            (
                "",
                vec![&*expression("a", "Exists", ""), &*expression("a", "DoesNotExist", "")],
                true,
            ),
            (
                "matchLabels: {a: b}",
                vec!["matchLabels: {a: b, c: d}", &*expression("c", "NotIn", "d")],
                true,
            ),
            ("", vec![], false),
        ] {
            assert_eq!(covers(own, &others), expected, "{own} {others:?}");
        }
        let many: Vec<Conditions> =
            (0..20).map(|key| conditions(&format!("matchLabels: {{k{key}: v}}"))).collect();
        assert_eq!(conditions("").split_by(&many, 64), [conditions("")]);
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
