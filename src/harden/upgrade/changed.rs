//! Fields, annotations and values that mean something else from a version on: `data/upgrades.txt`.

use std::sync::LazyLock;

use super::effect::{Effect, EffectKind, Upgrade};
use crate::harden::facts::Facts;
use crate::harden::path::by_name;
use crate::harden::pod::Pod;
use crate::harden::value::{below, items, present, text};
use crate::harden::violation::Severity;
use crate::harden::workload::pods;
use crate::resource::Resource;
use crate::schema::Gvk;
use crate::yaml::Node;
use crate::yaml::path::Path;

/// A change of the meaning of something.
struct Changed {
    since: u16,
    severity: Severity,
    condition: Condition,
    words: &'static str,
    source: &'static str,
}

/// A condition on an object.
enum Condition {
    Volume(&'static str),
    PodAnnotation(Vec<&'static str>),
    NodeLabel(&'static str),
    Toleration(&'static str),
    HostPath(Vec<&'static str>),
    Field(OfKind),
    Contains(OfKind, &'static str),
}

/// A field of the objects of a kind.
struct OfKind {
    group: &'static str,
    kind: &'static str,
    path: Vec<&'static str>,
}

static CHANGES: LazyLock<Vec<Changed>> = LazyLock::new(|| {
    let text = include_str!("../data/upgrades.txt");
    text.lines().filter(|line| !line.starts_with('#')).filter_map(Changed::parse).collect()
});

impl Changed {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let since = columns.next()?.parse().ok()?;
        let severity = match columns.next()? {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            _ => Severity::Note,
        };
        let condition = Condition::parse(columns.next()?)?;
        let (words, source) = (columns.next()?, columns.next()?);
        Some(Self { since, severity, condition, words, source })
    }
}

impl Condition {
    fn parse(text: &'static str) -> Option<Self> {
        let (name, arguments) = text.split_once(' ')?;
        let mut words = arguments.split(' ');
        let mut of_kind = || {
            let (kind, path) = (words.next()?, words.next()?);
            let (group, kind) = kind.split_once('/').unwrap_or(("", kind));
            Some(OfKind { group, kind, path: path.split('.').collect() })
        };
        Some(match name {
            "volume" => Self::Volume(arguments),
            "pod-annotation" => Self::PodAnnotation(arguments.split(' ').collect()),
            "node-label" => Self::NodeLabel(arguments),
            "toleration" => Self::Toleration(arguments),
            "host-path" => Self::HostPath(arguments.split(' ').collect()),
            "field" => Self::Field(of_kind()?),
            "contains" => Self::Contains(of_kind()?, words.next()?),
            _ => return None,
        })
    }

    /// The fields of an object that meet the condition.
    fn find(&self, object: &Resource, pods: &[Pod<'_>]) -> Vec<Path> {
        match self {
            Self::Field(of_kind) => {
                of_kind.find(object).into_iter().map(|(path, _)| path).collect()
            }
            Self::Contains(of_kind, part) => {
                let found = of_kind.find(object).into_iter();
                let has = |(_, node): &(Path, &Node)| {
                    node.as_text().is_some_and(|text| text.contains(part))
                };
                found.filter(has).map(|(path, _)| path).collect()
            }
            Self::Volume(field) if object.kind() == "PersistentVolume" => {
                let is_set = below(object.node(), &["spec", field]).is_some();
                is_set.then(|| Path::of(&["spec", field])).into_iter().collect()
            }
            _ => pods.iter().flat_map(|pod| self.find_in(pod)).collect(),
        }
    }

    fn find_in(&self, pod: &Pod<'_>) -> Vec<Path> {
        let volumes = |field: &[&str], takes: &dyn Fn(&Node) -> bool| -> Vec<Path> {
            let found = pod.volumes().filter(|(_, volume)| below(volume, field).is_some_and(takes));
            found.map(|(index, _)| pod.path(&["volumes"]).index(index).keys(field)).collect()
        };
        match self {
            Self::Volume(field) => volumes(&[field], &|_| true),
            Self::HostPath(paths) => volumes(&["hostPath", "path"], &|node| {
                node.as_text().is_some_and(|path| paths.contains(&path.trim_end_matches('/')))
            }),
            Self::PodAnnotation(starts) => {
                let begins = |key: &&str| starts.iter().any(|start| key.starts_with(start));
                let keys = pod.annotations().map(|(key, _)| key).filter(begins);
                keys.map(|key| pod.annotation_path(key)).collect()
            }
            Self::NodeLabel(label) => {
                let selector = pod.get(&["nodeSelector"]).and_then(|labels| present(labels, label));
                let selected = selector.map(|_| pod.path(&["nodeSelector", label]));
                selected.or_else(|| required(pod, label)).into_iter().collect()
            }
            Self::Toleration(key) => {
                // A toleration of the new key beside it is the advice.
                let tolerations = items(pod.get(&["tolerations"]));
                let new = key.replace("/master", "/control-plane");
                let has =
                    |key: &str| tolerations.iter().position(|one| text(one, "key") == Some(key));
                let found = has(key).filter(|_| has(&new).is_none());
                found
                    .map(|index| pod.path(&["tolerations"]).index(index).keys(&["key"]))
                    .into_iter()
                    .collect()
            }
            Self::Field(_) | Self::Contains(..) => Vec::new(),
        }
    }
}

/// The requirement of a node label in the affinity of a pod.
fn required(pod: &Pod<'_>, label: &str) -> Option<Path> {
    let keys = [
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ];
    let terms = items(pod.get(&keys)).iter().enumerate();
    let mut found = terms.flat_map(|(place, term)| {
        let expressions = items(present(term, "matchExpressions")).iter().enumerate();
        expressions.filter_map(move |(index, expression)| {
            let is_it = text(expression, "key") == Some(label);
            let path = pod.path(&keys).index(place).keys(&["matchExpressions"]).index(index);
            is_it.then(|| path.keys(&["key"]))
        })
    });
    found.next()
}

impl OfKind {
    fn find<'a>(&self, object: &'a Resource) -> Option<(Path, &'a Node)> {
        let Gvk { group, kind, .. } = object.gvk();
        if **group != *self.group || **kind != *self.kind {
            return None;
        }
        let node = below(object.node(), &self.path).filter(|node| !node.is_empty())?;
        Some((Path::of(&self.path), node))
    }
}

/// Adds the changes that an object meets.
pub(super) fn judge(upgrade: Upgrade, object: &Resource, effects: &mut Vec<Effect>) {
    let mut pods_of_object = None;
    for change in CHANGES.iter().filter(|change| upgrade.crosses(change.since)) {
        let pods = pods_of_object.get_or_insert_with(|| pods(object, &Facts::default()));
        let found = change.condition.find(object, pods);
        effects.extend(found.into_iter().map(|path| Effect {
            kind: EffectKind::Changed,
            severity: change.severity,
            since: Some(change.since),
            object: object.id().clone(),
            container: None,
            field: by_name(&path, object.node()),
            span: path.span(object.node()),
            message: change.words.to_owned(),
            rewrite: None,
            source: change.source,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let lines = include_str!("../data/upgrades.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#')).count();
        assert_eq!(CHANGES.len(), lines);
        assert!(CHANGES.is_sorted_by_key(|change| change.since));
    }
}
