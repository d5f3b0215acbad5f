//! KR-K8S-020: numbers are in the range that the API server accepts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::harden::pod::Shape;
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::uses::has_placeholder;
use crate::harden::value::integer;
use crate::harden::violation::{Severity, Violation};
use crate::resource::{Quantity, Resource};
use crate::text::phrase::shortened;
use crate::yaml::path::{Path, PathStep, Trail};
use crate::yaml::{Mapping, Node};

pub(super) static NUMBER_RANGE: Rule = Rule {
    id: "KR-K8S-020",
    name: "number-range",
    text: text!("KR-K8S-020"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(number_range)),
};

/// The ranges by the place where they hold: a group and a kind, or `pod` and `container` without a kind.
static RANGES: LazyLock<BTreeMap<&str, BTreeMap<&str, Fields>>> = LazyLock::new(|| {
    let mut all = BTreeMap::<&str, BTreeMap<&str, Fields>>::new();
    for line in include_str!("../../data/ranges.txt").lines().filter(|line| !line.starts_with('#'))
    {
        let Some((place, field, range)) = Range::read(line) else { continue };
        let (group, kind) = place.split_once('/').unwrap_or((place, ""));
        let mut fields = all.entry(group).or_default().entry(kind).or_default();
        for name in field.split('.') {
            fields = fields.below.entry(name).or_default();
        }
        fields.range = Some(range);
    }
    all
});

/// The ranges of a field and of those below it.
#[derive(Default)]
struct Fields {
    range: Option<Range>,
    below: BTreeMap<&'static str, Self>,
}

/// A range of a number.
struct Range {
    least: i64,
    /// `None` for any.
    most: Option<i64>,
    kind: Kind,
    /// True if it must be more than the least.
    is_open: bool,
    /// The objects that the API server refuses for it, if it takes the object itself.
    refused: Option<&'static str>,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Integer,
    /// Or a percentage up to 100.
    Share,
    Quantity,
}

impl Range {
    /// The place, the field and the range of a line of the table.
    fn read(line: &'static str) -> Option<(&'static str, &'static str, Self)> {
        let mut words = line.split(' ');
        let (place, field) = (words.next()?, words.next()?);
        let (least, most) = (words.next()?, words.next()?);
        let refused = words.next();
        let (kind, least) = match (least.strip_prefix('q'), most) {
            (Some(least), _) => (Kind::Quantity, least),
            (None, "%") => (Kind::Share, least),
            (None, _) => (Kind::Integer, least),
        };
        let is_open = least.ends_with('+');
        let range = Self {
            least: least.trim_end_matches('+').parse().ok()?,
            most: match most {
                "-" | "%" => None,
                most => Some(most.parse().ok()?),
            },
            kind,
            is_open,
            refused,
        };
        Some((place, field, range))
    }

    /// True for a value that the API server accepts, and for one that is no number: others judge those.
    fn has(&self, node: &Node, text: &str) -> bool {
        if self.kind == Kind::Quantity {
            let least = Quantity::ONE.times(self.least);
            // The API server gets `0x10` and `1_000` as numbers.
            let value = integer(node)
                .map_or_else(|| Quantity::parse(text), |number| Some(Quantity::ONE.times(number)));
            return match value {
                Some(value) => value > least || value == least && !self.is_open,
                // The API server takes one that is too large for the greatest one.
                None => Quantity::is_written_as_one(text) && !text.starts_with('-'),
            };
        }
        if let Some(share) = text.strip_suffix('%') {
            let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            return match share.strip_prefix('-') {
                Some(rest) => !is_number(rest),
                None => {
                    self.kind != Kind::Share || share.parse().is_ok_and(|share: u64| share <= 100)
                }
            };
        }
        integer(node)
            .is_none_or(|value| value >= self.least && self.most.is_none_or(|most| value <= most))
    }

    /// The values that it has, to follow a verb.
    fn told(&self) -> String {
        let least = self.least;
        match self.most {
            Some(most) => format!("{least} to {most}"),
            None if self.is_open => format!("more than {least}"),
            None if self.kind == Kind::Share => format!("{least} or more, and up to 100%"),
            None => format!("{least} or more"),
        }
    }
}

/// A value out of its range.
struct Outside<'a> {
    /// The path of the field from where the search began.
    below: Path,
    text: &'a str,
    range: &'static Range,
}

impl Outside<'_> {
    fn message(&self) -> String {
        let (field, text) = (self.field(), shortened(self.text, 40));
        if self.is_no_quantity() {
            return format!(
                "has `{field}: {text}`, which is no quantity, as `500m` and `10Gi` are"
            );
        }
        let told = self.range.told();
        match self.range.refused {
            Some(refused) => format!(
                "has `{field}: {text}`, for which the API server refuses {refused}: it accepts {told}"
            ),
            None => format!("has `{field}: {text}`; the API server accepts {told}"),
        }
    }

    /// True for a text for which the API server refuses the object itself: it cannot read it.
    fn is_no_quantity(&self) -> bool {
        self.range.kind == Kind::Quantity && !Quantity::is_written_as_one(self.text)
    }

    /// The name of the field below the object or the element of a list that has it, without the specification around it.
    fn field(&self) -> String {
        let of_element = self.below.steps().rsplit(|step| matches!(step, PathStep::Index(_)));
        let keys = of_element.into_iter().next().unwrap_or_default().iter();
        let keys = keys.filter_map(|step| match step {
            PathStep::Key(key) => Some(shortened(key, 80)),
            PathStep::Index(_) => None,
        });
        let mut keys: Vec<_> = keys.collect();
        if keys.len() > 1 && keys[0] == "spec" {
            keys.remove(0);
        }
        keys.join(".")
    }

    /// True for a port that Knative fills in: its webhook takes 0 for the port of the container.
    fn is_filled_in(&self) -> bool {
        let is_port = |step: &PathStep| matches!(step, PathStep::Key(key) if matches!(&**key, "port" | "containerPort"));
        self.text == "0" && self.below.steps().last().is_some_and(is_port)
    }

    fn graded(&self, violation: Violation) -> Violation {
        match self.range.refused {
            Some("pods") if !self.is_no_quantity() => violation.severity(Severity::Warning),
            _ => violation,
        }
    }
}

fn number_range(object: &Resource, scene: Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let group = match &*object.gvk().group {
        "" => "core",
        group => group,
    };
    if let Some(fields) = ranges(group, object.kind()) {
        for one in outside(object.node(), fields) {
            let message = format!("it {}", one.message());
            found.push(one.graded(Violation::at(one.below.clone(), message)));
        }
    }
    for pod in scene.pods.iter().filter(|pod| pod.shape == Shape::Known) {
        if let Some(fields) = ranges("pod", "") {
            let outside = outside(pod.spec, fields).into_iter();
            found.extend(outside.map(|one| {
                let message = format!("the pod {}", one.message());
                Violation::at(pod.path(&[]).join(one.below), message)
            }));
        }
        let Some(fields) = ranges("container", "") else { continue };
        for container in &pod.containers {
            let outside = outside(container.node, fields).into_iter();
            let outside = outside.filter(|one| !(scene.is_knative() && one.is_filled_in()));
            found.extend(outside.map(|one| {
                let message = one.message();
                let path = container.path(&[]).join(one.below);
                Violation::at(path, message).of_container(container)
            }));
        }
    }
    found
}

fn ranges(group: &str, kind: &str) -> Option<&'static Fields> {
    RANGES.get(group)?.get(kind)
}

/// The values below a node that are out of their ranges. Linear in the node.
fn outside<'a>(node: &'a Node, fields: &'static Fields) -> Vec<Outside<'a>> {
    let mut found = Vec::new();
    look(node, fields, None, &mut found);
    found
}

fn look<'a>(
    node: &'a Node,
    fields: &'static Fields,
    trail: Option<&Trail<'_>>,
    found: &mut Vec<Outside<'a>>,
) {
    if let Some(range) = &fields.range
        && let Some(text) = node.as_text().filter(|_| !node.is_null())
        && !has_placeholder(text)
        && !range.has(node, text)
    {
        found.push(Outside { below: Trail::path(trail), text, range });
    }
    for (key, fields) in &fields.below {
        if *key != "*" {
            if let Some(value) = node.get(key) {
                look(value, fields, Some(&Trail::key(trail, key)), found);
            }
            continue;
        }
        for (index, item) in node.items().iter().enumerate() {
            look(item, fields, Some(&Trail::index(trail, index)), found);
        }
        for (key, value) in node.as_mapping().map(Mapping::entries).unwrap_or_default() {
            look(value, fields, Some(&Trail::key(trail, key.text())), found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_table_is_read() {
        let text = include_str!("../../data/ranges.txt");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.iter().all(|line| Range::read(line).is_some()));
        let mut sorted = lines.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), lines.len(), "each field once");
    }
}
