//! The objects that a policy matches.

use std::collections::BTreeMap;

use crate::harden::facts::Facts;
use crate::harden::value::{below, items, present, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::{Mapping, Node};

/// The parts of a render that matching needs.
pub(super) struct Cluster<'a> {
    facts: &'a Facts,
    /// Namespaces by name.
    namespaces: BTreeMap<&'a str, &'a Resource>,
    /// The names of resources that definitions in the render give to their kinds.
    plurals: BTreeMap<(&'a str, &'a str), &'a str>,
}

/// The answer to a question that may depend on the cluster.
pub(super) enum Matches {
    Yes,
    No,
    /// It depends on the cluster; the text says on what.
    Unknown(String),
}

impl Matches {
    const fn of(matches: bool) -> Self {
        if matches { Self::Yes } else { Self::No }
    }

    /// Yes if both are; no if one is.
    fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => other(),
            Self::No => Self::No,
            Self::Unknown(why) => match other() {
                Self::No => Self::No,
                Self::Yes | Self::Unknown(_) => Self::Unknown(why),
            },
        }
    }
}

impl<'a> Cluster<'a> {
    pub(super) fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        let mut cluster = Self { facts, namespaces: BTreeMap::new(), plurals: BTreeMap::new() };
        for object in objects {
            let group = &*object.gvk().group;
            if group.is_empty() && object.kind() == "Namespace" {
                cluster.namespaces.insert(object.name(), object);
            }
            if object.kind() == "CustomResourceDefinition"
                && let Some(names) = below(object.node(), &["spec", "names"])
                && let Some(group) =
                    present(object.node(), "spec").and_then(|spec| text(spec, "group"))
                && let (Some(kind), Some(plural)) = (text(names, "kind"), text(names, "plural"))
            {
                cluster.plurals.insert((group, kind), plural);
            }
        }
        cluster
    }

    /// The namespace of an object; empty for those of the cluster.
    pub(super) fn namespace<'o>(&self, object: &'o Resource) -> &'o str
    where
        'a: 'o,
    {
        if object.id().cluster_scoped { "" } else { self.facts.namespace(object) }
    }

    /// A namespace of the render.
    pub(super) fn namespace_object(&self, name: &str) -> Option<&'a Resource> {
        self.namespaces.get(name).copied()
    }

    /// The name of the resource of a kind: `deployments`.
    pub(super) fn plural(&self, group: &str, kind: &str) -> String {
        if let Some(plural) = self.plurals.get(&(group, kind)) {
            return (*plural).to_owned();
        }
        let name = kind.to_lowercase();
        let is_vowel = |letter: char| "aeiou".contains(letter);
        match name.strip_suffix('y') {
            _ if name == "endpoints" => name,
            Some(stem) if !stem.ends_with(is_vowel) => format!("{stem}ies"),
            _ if ["s", "x", "ch", "sh"].iter().any(|end| name.ends_with(end)) => name + "es",
            _ => name + "s",
        }
    }

    /// True if the `matchConstraints` of a policy, or the `matchResources` of a binding, match an object that is
    /// created.
    pub(super) fn matches(
        &self,
        constraints: &Node,
        object: &Resource,
        is_binding: bool,
    ) -> Matches {
        let rules = items(constraints.get("resourceRules"));
        let is_exact = text(constraints, "matchPolicy") == Some("Exact");
        let any = |rules: &[Node]| {
            let all = rules.iter().map(|rule| self.rule_matches(rule, is_exact, object));
            all.fold(Matches::No, |found, one| match (found, one) {
                (Matches::Yes, _) | (_, Matches::Yes) => Matches::Yes,
                (unknown @ Matches::Unknown(_), _) | (_, unknown @ Matches::Unknown(_)) => unknown,
                (Matches::No, Matches::No) => Matches::No,
            })
        };
        // A binding without rules matches whatever its policy does.
        let included = if rules.is_empty() { Matches::of(is_binding) } else { any(rules) };
        let excluded = any(items(constraints.get("excludeResourceRules")));
        let included = included.and(|| match excluded {
            Matches::Yes => Matches::No,
            Matches::No => Matches::Yes,
            Matches::Unknown(why) => Matches::Unknown(why),
        });
        included
            .and(|| {
                let selector = present(constraints, "objectSelector");
                let labels = below(object.node(), &["metadata", "labels"]);
                Matches::of(selector.is_none_or(|one| selects(one, &|key| label(labels, key))))
            })
            .and(|| self.namespace_matches(present(constraints, "namespaceSelector"), object))
    }

    fn namespace_matches(&self, selector: Option<&Node>, object: &Resource) -> Matches {
        let Some(selector) = selector.filter(|selector| !selector.entries().is_empty()) else {
            return Matches::Yes;
        };
        let is_namespace = object.gvk().group.is_empty() && object.kind() == "Namespace";
        if object.id().cluster_scoped && !is_namespace {
            return Matches::Yes;
        }
        let name = if is_namespace { object.name() } else { self.namespace(object) };
        let known = if is_namespace { Some(object) } else { self.namespace_object(name) };
        let labels = known.and_then(|known| below(known.node(), &["metadata", "labels"]));
        let matches = selects(selector, &|key| match key {
            // The API server sets this label.
            "kubernetes.io/metadata.name" => Some(name),
            key => label(labels, key),
        });
        let only_by_name = keys(selector).all(|key| key == "kubernetes.io/metadata.name");
        match known.is_some() || only_by_name {
            true => Matches::of(matches),
            false => Matches::Unknown(format!("the namespace `{name}` is not in the render")),
        }
    }

    fn rule_matches(&self, rule: &Node, is_exact: bool, object: &Resource) -> Matches {
        let gvk = object.gvk();
        let has = |field: &str, value: &str| {
            let all = items(rule.get(field)).iter().filter_map(Node::as_text);
            all.into_iter().any(|one| one == "*" || one == value)
        };
        let plural = self.plural(&gvk.group, &gvk.kind);
        let mut resources = items(rule.get("resources")).iter().filter_map(Node::as_text);
        let is_resource = resources.any(|one| {
            let (resource, part) = one.split_once('/').unwrap_or((one, ""));
            matches!(part, "" | "*") && (resource == "*" || resource == plural)
        });
        let names = items(rule.get("resourceNames"));
        let is_named =
            names.is_empty() || names.iter().any(|name| name.as_text() == Some(object.name()));
        let is_in_scope = match text(rule, "scope") {
            Some("Namespaced") => !object.id().cluster_scoped,
            Some("Cluster") => object.id().cluster_scoped,
            _ => true,
        };
        let is_meant =
            has("apiGroups", &gvk.group) && has("operations", "CREATE") && is_resource && is_named;
        match is_meant && is_in_scope {
            false => Matches::No,
            true if has("apiVersions", &gvk.version) => Matches::Yes,
            true if is_exact => Matches::No,
            true => Matches::Unknown(format!(
                "it is about another version than `{}`, to which a cluster converts objects",
                gvk.api_version()
            )),
        }
    }
}

fn label<'n>(labels: Option<&'n Node>, key: &str) -> Option<&'n str> {
    labels?.get(key)?.as_text()
}

/// The labels that a selector looks at.
fn keys(selector: &Node) -> impl Iterator<Item = &str> {
    let equal = selector.get("matchLabels").and_then(Node::as_mapping).map(Mapping::entries);
    let equal = equal.unwrap_or_default().iter().map(|(key, _)| key.text());
    let expressions = items(selector.get("matchExpressions")).iter();
    equal.chain(expressions.filter_map(|one| text(one, "key")))
}

/// True if a selector of labels selects an object with these labels.
pub(super) fn selects<'l>(selector: &Node, label: &dyn Fn(&str) -> Option<&'l str>) -> bool {
    let equal = selector.get("matchLabels").and_then(Node::as_mapping).map(Mapping::entries);
    let mut equal = equal.unwrap_or_default().iter();
    let mut expressions = items(selector.get("matchExpressions")).iter();
    equal.all(|(key, value)| label(key.text()) == value.as_text())
        && expressions.all(|expression| {
            let found = text(expression, "key").and_then(label);
            let values = items(expression.get("values"));
            let is_among = found
                .is_some_and(|found| values.iter().any(|value| value.as_text() == Some(found)));
            match text(expression, "operator") {
                Some("In") => is_among,
                Some("NotIn") => !is_among,
                Some("Exists") => found.is_some(),
                Some("DoesNotExist") => found.is_none(),
                _ => false,
            }
        })
}
