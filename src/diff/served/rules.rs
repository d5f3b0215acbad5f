//! The rules of `served.txt`, as a tree of paths for a kind.

use std::collections::BTreeMap;

use crate::schema::Gvk;

const TEXT: &str = include_str!("served.txt");

/// Rules for the fields of a mapping, or for the items of a list.
#[derive(Debug, Default)]
pub(super) struct Rules {
    fields: BTreeMap<String, Self>,
    /// Work of the server on the field itself.
    pub(super) served: Option<Served>,
}

/// Work of a server on a field that a render does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// It sets the field, whatever a render says.
    Set,
    /// It fills in a value of its own.
    Any,
    /// It fills in an empty value.
    Empty,
    /// It fills in the value of another field beside it.
    Of(&'static str),
    /// It computes the value.
    Computed(&'static str),
    /// It fills in this default.
    Default(&'static str),
}

/// Places of the spec of pods, by kind. The servers of other kinds, such as custom resources, fill in nothing there.
const PODS: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("ReplicationController", "spec/template/spec"),
    ("apps/Deployment", "spec/template/spec"),
    ("apps/ReplicaSet", "spec/template/spec"),
    ("apps/StatefulSet", "spec/template/spec"),
    ("apps/DaemonSet", "spec/template/spec"),
    ("batch/Job", "spec/template/spec"),
    ("batch/CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// The rules of all kinds, as lines.
pub(super) fn lines() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(|line| {
        let (kinds, rest) = line.split_once(' ')?;
        let (path, value) = rest.split_once(' ')?;
        Some((kinds, path, value.trim_matches('"')))
    })
}

impl Rules {
    /// The rules for a kind.
    pub(super) fn of(gvk: &Gvk) -> Self {
        let kind = match gvk.group.as_str() {
            "" => gvk.kind.to_string(),
            group => format!("{group}/{}", gvk.kind),
        };
        let pod = PODS.iter().find(|(known, _)| *known == kind).map(|(_, place)| *place);
        let mut rules = Self::default();
        for (kinds, path, value) in lines() {
            let prefix = match kinds {
                "*" => Some(""),
                "pods" => pod,
                kinds => kinds.split(',').any(|known| known == kind).then_some(""),
            };
            let Some(prefix) = prefix else { continue };
            let names: Vec<&str> =
                prefix.split('/').filter(|name| !name.is_empty()).chain(path.split('/')).collect();
            rules.add(&names, Served::parse(value));
        }
        rules
    }

    fn add(&mut self, names: &[&'static str], served: Served) {
        let Some((name, rest)) = names.split_first() else {
            self.served = Some(served);
            return;
        };
        let inner = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        for name in inner.unwrap_or(name).split(',') {
            let name = name.replace("~1", "/");
            self.fields.entry(name).or_default().add(rest, served);
        }
    }

    /// The rules for a field, or with `*` for the items of a list.
    pub(super) fn at(&self, name: &str) -> Option<&Self> {
        self.fields.get(name)
    }
}

impl Served {
    fn parse(value: &'static str) -> Self {
        match value {
            "set" => Self::Set,
            "any" => Self::Any,
            "{}" => Self::Empty,
            _ => match (value.strip_prefix('='), value.strip_prefix('@')) {
                (Some(field), _) => Self::Of(field),
                (_, Some(name)) => Self::Computed(name),
                _ => Self::Default(value),
            },
        }
    }
}
