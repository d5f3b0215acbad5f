//! Values at a path of an object, as texts that are compared.

use std::collections::BTreeSet;

use crate::diff::weigh::canonical;
use crate::diff::weigh::exposure::addresses::Range;
use crate::diff::weigh::work::Work;
use crate::harden::value::{boolean, present};
use crate::text::wildcard::fits;
use crate::yaml::{Kind, Node};

/// A value at a path, or the values of several fields that belong together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry(pub(super) Vec<String>);

/// The first word of a rule in a list of rights of Argo CD, which has its parts between commas.
const RULE: &str = "p";

/// The cluster in which Argo CD runs has a name and an address.
const OWN_CLUSTER: (&str, &str) = ("in-cluster", "https://kubernetes.default.svc");

/// The maximum number of values that a path has in an object.
const MOST: usize = 16_384;

impl Entry {
    /// The text for people.
    pub(super) fn text(&self) -> String {
        match &self.0[..] {
            [_, mark, rule @ ..] if mark == RULE => rule.join(", "),
            parts => {
                let parts = parts.iter().filter(|part| !part.is_empty());
                parts.map(String::as_str).collect::<Vec<_>>().join("/")
            }
        }
    }

    /// The first value alone.
    pub(super) fn first(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    /// The last value alone.
    pub(super) fn last(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
    }

    /// The entry that this one refuses, if it refuses something: a value after `!`, a rule that ends with `deny`.
    pub(super) fn refused(&self) -> Option<Self> {
        let mut parts = self.0.clone();
        if let (Some(RULE), Some("deny")) = (self.0.get(1).map(String::as_str), self.last()) {
            *parts.last_mut()? = "allow".to_owned();
            return Some(Self(parts));
        }
        let part = parts.iter_mut().find(|part| part.starts_with('!'))?;
        part.remove(0);
        Some(Self(parts))
    }

    /// True if a part stands for several values: a pattern, or a range of addresses.
    pub(super) fn is_pattern(&self) -> bool {
        let is_range = |part: &str| part.contains('/') && Range::parse(part).is_some();
        self.0.iter().any(|part| part.contains('*') || part == ALL || is_range(part))
    }

    /// True if all that another entry stands for is in this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(pattern, text)| covers(pattern, text))
    }

    /// The number of steps that a comparison takes.
    pub(super) fn steps(&self) -> usize {
        1 + self.0.iter().map(String::len).sum::<usize>() / 32
    }
}

/// All capabilities.
const ALL: &str = "ALL";

/// True if a pattern, or a range of addresses, covers a text, which may be one too. A star that is not alone stands for no slash,
/// two do.
fn covers(pattern: &str, text: &str) -> bool {
    let slashes = |text: &str| text.bytes().filter(|byte| *byte == b'/').count();
    match pattern {
        "*" | "**" | ALL => true,
        _ if !pattern.contains('*') => {
            let ranges = || Some((Range::parse(pattern)?, Range::parse(text)?));
            pattern == text || ranges().is_some_and(|(range, other)| range.contains(other))
        }
        _ if pattern.contains("**") => fits(pattern, text),
        _ => !text.contains("**") && slashes(pattern) == slashes(text) && fits(pattern, text),
    }
}

/// The values at a path, as `fields.txt` describes it.
pub(super) fn entries(node: Option<&Node>, path: &str, work: &Work) -> Vec<Entry> {
    let (steps, leaf) = path.rsplit_once('/').unwrap_or(("", path));
    let mut nodes: Vec<&Node> = node.into_iter().collect();
    for step in steps.split('/').filter(|step| !step.is_empty()) {
        nodes = nodes.into_iter().flat_map(|node| below(node, step)).collect();
    }
    let mut found = Vec::new();
    for node in nodes {
        if found.len() > MOST || !work.takes(1) {
            work.refuse();
            break;
        }
        match leaf.contains(['+', '|']) {
            true => found.extend(together(node, leaf)),
            false => {
                let values = below(node, leaf).into_iter().flat_map(|value| texts(value, ""));
                found.extend(values.map(|text| Entry(parts(text))));
            }
        }
    }
    found
}

/// The values one step below a node: of a key (`~1` is a slash in it), or the elements of a list.
fn below<'a>(node: &'a Node, step: &str) -> Vec<&'a Node> {
    match step {
        "*" => node.items().iter().collect(),
        _ => present(node, &step.replace("~1", "/")).into_iter().collect(),
    }
}

/// The values of several fields that belong together: each of those of the first with each of those of the second. Without
/// one of the last field there are none.
fn together(node: &Node, leaf: &str) -> Vec<Entry> {
    let mut all = vec![Vec::new()];
    for field in leaf.split('+') {
        let values = values(node, field);
        let with = |known: &Vec<String>| {
            let known = known.clone();
            values
                .iter()
                .map(move |more| [known.clone(), more.clone()].concat())
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).take(MOST).collect();
    }
    let is_whole = |parts: &Vec<String>| parts.last().is_some_and(|part| !part.is_empty());
    all.into_iter().filter(is_whole).map(Entry).collect()
}

/// The values of a field, or of alternatives to it, of which one must be there.
fn values(node: &Node, field: &str) -> Vec<Vec<String>> {
    let Some((one, other)) = field.split_once('|') else {
        let found: Vec<Vec<String>> = texts(node, field).into_iter().map(parts).collect();
        return if found.is_empty() { vec![vec![String::new()]] } else { found };
    };
    let mut found: BTreeSet<String> = texts(node, one).into_iter().collect();
    for text in texts(node, other) {
        found.insert(if text == OWN_CLUSTER.0 { OWN_CLUSTER.1.to_owned() } else { text });
    }
    found.into_iter().map(|text| vec![text]).collect()
}

/// The texts at a path of keys with dots, through lists; empty ones count as missing.
fn texts(node: &Node, path: &str) -> Vec<String> {
    if let Some((key, rest)) = path.split_once('.') {
        let value = present(node, key).into_iter();
        return value.flat_map(|value| each(value)).flat_map(|one| texts(one, rest)).collect();
    }
    let value = if path.is_empty() { Some(node) } else { present(node, path) };
    let value = value.into_iter().flat_map(each).filter(|one| !one.is_null());
    value.map(text).filter(|text| !text.is_empty()).collect()
}

/// The elements of a list, or the value itself.
fn each(node: &Node) -> Vec<&Node> {
    match node.kind() {
        Kind::Sequence => node.items().iter().collect(),
        _ => vec![node],
    }
}

fn text(node: &Node) -> String {
    match (node.kind(), boolean(node)) {
        (_, Some(value)) => value.to_string(),
        (Kind::Scalar, None) => node.as_text().unwrap_or_default().to_owned(),
        _ if node.is_empty() => String::new(),
        _ => canonical(node),
    }
}

/// The parts of a rule, or the text.
fn parts(text: String) -> Vec<String> {
    let is_rule = text.split(',').next().is_some_and(|first| first.trim() == RULE);
    match is_rule && text.contains(',') {
        true => text.split(',').map(|part| part.trim().to_owned()).collect(),
        false => vec![text],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_others() {
        for (pattern, text, expected) in [
            ("*", "https://a/b", true),
            ("https://a/*", "https://a/b", true),
            ("https://a/*", "https://a/b/c", false),
            ("https://a/**", "https://a/b/c", true),
            ("https://a/*", "https://a/**", false),
            ("team-*", "team-*-dev", true),
            ("team-*-dev", "team-*", false),
            ("ALL", "KILL", true),
            ("KILL", "ALL", false),
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.1.0.0/16", "10.0.0.0/8", false),
            ("10.0.0.0/8", "https://10.1.2.3", false),
        ] {
            assert_eq!(covers(pattern, text), expected, "{pattern} {text}");
        }
    }
}
