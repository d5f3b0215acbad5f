//! A render compared with what a cluster has: leaves out what the API server and controllers add to objects.
//!
//! A field that the render does not have, and that the object in the cluster has with the value that the server fills in
//! (`served.txt`), is no difference; any other value is one.

mod rules;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Rendered;
use crate::error::Result;
use crate::resource::{Quantity, ResMap, Resource, secret::is_secret};
use crate::yaml::{Kind, Mapping, Node, Scalar, Sequence};
use rules::{Rules, Served};

/// Which objects of a cluster count that are not rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unrendered {
    /// Those with the label `app.kubernetes.io/instance` or `part-of` of a rendered object, except what controllers make.
    #[default]
    Labelled,
    /// All.
    All,
    /// None.
    None,
}

/// Labels that say what an object belongs to.
const BELONGS: &[&str] = &["app.kubernetes.io/instance", "app.kubernetes.io/part-of"];

/// Annotations and labels that servers, controllers and the tools that apply manifests add; `*` is the rest of a name.
const ADDED: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/*",
    "deprecated.daemonset.template.generation",
    "autoscaling.alpha.kubernetes.io/*",
    "pv.kubernetes.io/*",
    "volume.kubernetes.io/*",
    "volume.beta.kubernetes.io/*",
    "control-plane.alpha.kubernetes.io/leader",
    "batch.kubernetes.io/job-tracking",
    "kubernetes.io/metadata.name",
    "cloud.google.com/neg-status",
    "rbac.authorization.kubernetes.io/autoupdate",
    "argocd.argoproj.io/tracking-id",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/*",
    "helm.toolkit.fluxcd.io/*",
];

/// Kinds that controllers make for other objects, with the labels of these.
const MADE: &[&str] =
    &["Endpoints", "EndpointSlice", "Event", "ControllerRevision", "Lease", "PodMetrics"];

/// Lists and mappings, texts and flags that a server does not store if they are empty or false.
const OMITTED: &[&str] = &[
    "labels",
    "annotations",
    "nodeSelector",
    "matchLabels",
    "data",
    "binaryData",
    "stringData",
    "limits",
    "requests",
    "value",
    "namespace",
    "apiGroup",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "readOnly",
    "stdin",
    "stdinOnce",
    "tty",
    "paused",
    "publishNotReadyAddresses",
];

/// Mappings with quantities, which a server writes in another form: `1000m` as `1`.
const AMOUNTS: &[&str] = &[
    "limits",
    "requests",
    "hard",
    "capacity",
    "default",
    "defaultRequest",
    "min",
    "max",
    "maxLimitRequestRatio",
    "emptyDir",
    "resourceFieldRef",
];

/// Prepares the objects of a cluster, or of a rendered branch, and those of a render for a comparison.
///
/// Objects are paired by kind, namespace and name. A rendered object without a namespace is also the only one of its name
/// in another namespace, since `kubectl apply --namespace` puts it there. Linear.
///
/// # Errors
/// Those of [`Resource::new`].
pub fn against(
    mut live: Vec<Resource>,
    mut render: Rendered,
    unrendered: Unrendered,
) -> Result<[Rendered; 2]> {
    let mut places: BTreeMap<[String; 3], Vec<usize>> = BTreeMap::new();
    for (place, resource) in live.iter().enumerate() {
        places.entry(key(resource)).or_default().push(place);
    }
    let schema = render.schema.clone();
    let mut known: BTreeMap<[String; 2], Rules> = BTreeMap::new();
    let mut is_paired = vec![false; live.len()];
    for resource in &mut render.resources {
        let gvk = resource.gvk();
        let rules = known
            .entry([gvk.group.to_string(), gvk.kind.to_string()])
            .or_insert_with(|| Rules::of(gvk));
        let candidates = places.get(&key(resource)).map(Vec::as_slice).unwrap_or_default();
        let partner = partner(resource, candidates, &live, &is_paired);
        let Some(place) = partner else {
            resource.edit(&schema, |node| {
                plain(node, rules);
                Ok(())
            })?;
            continue;
        };
        is_paired[place] = true;
        let drops_namespace = resource.namespace().is_empty();
        let is_secret = is_secret(resource.kind());
        let other = &mut live[place];
        resource.edit(&schema, |node| {
            other.edit(&schema, |live| {
                if drops_namespace
                    && let Some(metadata) = live.get_mut("metadata").and_then(Node::as_mapping_mut)
                {
                    metadata.remove("namespace");
                }
                if is_secret {
                    [&mut *live, &mut *node].into_iter().for_each(encode);
                }
                plain(live, rules);
                plain(node, rules);
                without_added(live, node);
                settle(live, node, Some(rules), 0);
                Ok(())
            })
        })?;
    }
    let owners: BTreeSet<(&str, String)> = render
        .resources
        .iter()
        .flat_map(belongs)
        .map(|(label, value)| (label, value.to_owned()))
        .collect();
    let mut is_left = is_paired.into_iter();
    live.retain(|resource| {
        let is_paired = is_left.next().unwrap_or_default();
        is_paired || counts(resource, unrendered, &owners)
    });
    let live = Rendered { resources: ResMap::from(live), schema };
    Ok([live, render])
}

/// Group, kind and name: the version is how an object is served.
fn key(resource: &Resource) -> [String; 3] {
    let gvk = resource.gvk();
    [gvk.group.to_string(), gvk.kind.to_string(), resource.name().to_owned()]
}

/// The object of the cluster that a rendered one is.
fn partner(
    resource: &Resource,
    candidates: &[usize],
    live: &[Resource],
    is_paired: &[bool],
) -> Option<usize> {
    let is_free = |place: &&usize| !is_paired[**place];
    let shares = |place: &&usize| live[**place].id().shares_namespace(resource.id());
    let same = candidates.iter().filter(is_free).find(shares);
    let only = || match candidates {
        [only] if resource.namespace().is_empty() => Some(only).filter(is_free),
        _ => None,
    };
    same.or_else(only).copied()
}

/// Labels that say what an object belongs to.
fn belongs(resource: &Resource) -> impl Iterator<Item = (&'static str, &str)> {
    let labels = resource.labels();
    labels
        .filter_map(|(label, value)| Some((*BELONGS.iter().find(|known| **known == label)?, value)))
}

/// True if an object of the cluster counts that is not rendered.
fn counts(resource: &Resource, unrendered: Unrendered, owners: &BTreeSet<(&str, String)>) -> bool {
    let is_owned = || {
        let owners = resource.node().get_path(&["metadata", "ownerReferences"]);
        owners.is_some_and(|owners| !owners.items().is_empty())
    };
    match unrendered {
        Unrendered::All => true,
        Unrendered::None => false,
        Unrendered::Labelled => {
            !is_owned()
                && !MADE.contains(&resource.kind())
                && belongs(resource)
                    .any(|(label, value)| owners.contains(&(label, value.to_owned())))
        }
    }
}

/// Removes what a server sets, wherever it is, and nulls, which are no fields.
fn plain(node: &mut Node, rules: &Rules) {
    let Some(mapping) = node.as_mapping_mut() else { return };
    let is_set = |name: &str| rules.at(name).is_some_and(|rules| rules.served == Some(Served::Set));
    mapping.entries_mut().retain(|(key, value)| !value.is_null() && !is_set(key.text()));
    for (key, value) in mapping.iter_mut() {
        if let Some(rules) = rules.at(key.text()) {
            plain(value, rules);
        }
    }
}

/// Writes the values of `stringData` into `data`, as a server does.
fn encode(node: &mut Node) {
    let Some(secret) = node.as_mapping_mut() else { return };
    let Some((key, values)) = secret.remove("stringData") else { return };
    let span = values.span();
    if secret.get("data").and_then(Node::as_mapping).is_none() {
        secret.remove("data");
        secret.insert(Scalar::string("data", key.span()), Node::mapping(Vec::new(), span));
    }
    let Some(data) = secret.get_mut("data").and_then(Node::as_mapping_mut) else { return };
    for (key, value) in values.entries() {
        let text = BASE64_STANDARD.encode(value.as_text().unwrap_or_default());
        data.remove(key.text());
        data.insert(key.clone(), Scalar::string(&text, value.span()).into());
    }
}

/// Removes labels and annotations that others add and the render does not have.
fn without_added(live: &mut Node, node: &Node) {
    for field in ["labels", "annotations"] {
        let rendered = node.get_path(&["metadata", field]);
        let Some(metadata) = live.get_mut("metadata").and_then(Node::as_mapping_mut) else {
            return;
        };
        let Some(own) = metadata.get_mut(field).and_then(Node::as_mapping_mut) else { continue };
        let is_added = |name: &str| {
            ADDED.iter().any(|known| match known.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == *known,
            })
        };
        own.entries_mut().retain(|(key, _)| {
            let is_rendered = rendered.is_some_and(|rendered| rendered.get(key.text()).is_some());
            is_rendered || !is_added(key.text())
        });
        if own.is_empty() && rendered.is_none() {
            metadata.remove(field);
        }
    }
}

/// Depth below which nothing is left out: that of no object of a server.
const DEEPEST: usize = 100;

/// Makes both sides equal where a server makes the one of the other. `depth` is the number of nodes above.
fn settle(live: &mut Node, node: &mut Node, rules: Option<&Rules>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    if let (Some(live), Some(node)) = (live.as_mapping_mut(), node.as_mapping_mut()) {
        settle_mapping(live, node, rules, depth);
    } else if let (Some(live), Some(node)) = (live.as_sequence_mut(), node.as_sequence_mut()) {
        settle_list(live, node, rules.and_then(|rules| rules.at("*")), depth);
    }
}

fn settle_mapping(live: &mut Mapping, node: &mut Mapping, rules: Option<&Rules>, depth: usize) {
    let is_filled = |live: &Mapping, name: &str, value: &mut Node| -> bool {
        let Some(rules) = rules.and_then(|rules| rules.at(name)) else { return value.is_null() };
        if rules.served.is_some_and(|served| is_served(served, value, live)) {
            return true;
        }
        // A mapping of defaults only.
        let was_empty = value.is_empty();
        if let Some(inner) = value.as_mapping_mut() {
            settle_mapping(inner, &mut Mapping::default(), Some(rules), depth + 1);
        }
        value.is_null() || !was_empty && value.as_mapping().is_some_and(Mapping::is_empty)
    };
    let whole = live.clone();
    live.entries_mut().retain_mut(|(key, value)| {
        node.get(key.text()).is_some() || !is_filled(&whole, key.text(), value)
    });
    node.entries_mut()
        .retain(|(key, value)| live.get(key.text()).is_some() || !is_omitted(key.text(), value));
    for (key, value) in node.iter_mut() {
        let name = key.text();
        if let Some(live) = live.get_mut(name) {
            settle(live, value, rules.and_then(|rules| rules.at(name)), depth + 1);
            if AMOUNTS.contains(&name) {
                settle_amounts(live, value);
            }
        }
    }
}

/// Gives quantities that are equal the same form.
fn settle_amounts(live: &mut Node, node: &Node) {
    let Some(live) = live.as_mapping_mut() else { return };
    let amount = |node: &Node| node.as_text().and_then(Quantity::parse);
    for (key, value) in live.iter_mut() {
        if let Some(other) = node.get(key.text())
            && amount(value).is_some()
            && amount(value) == amount(other)
        {
            *value = other.clone();
        }
    }
}

/// Settles the items of lists: those of the same name, if all items have one, or else those of the same place.
fn settle_list(live: &mut Sequence, node: &mut Sequence, rules: Option<&Rules>, depth: usize) {
    let name = |item: &Node| item.get("name").and_then(Node::as_text).map(str::to_owned);
    let names: Option<BTreeMap<String, usize>> =
        live.items().iter().enumerate().map(|(place, item)| Some((name(item)?, place))).collect();
    for (place, item) in node.items_mut().iter_mut().enumerate() {
        let partner = match (&names, name(item)) {
            (Some(names), Some(name)) => names.get(&name).copied(),
            _ => Some(place),
        };
        if let Some(live) = partner.and_then(|place| live.items_mut().get_mut(place)) {
            settle(live, item, rules, depth + 1);
        }
    }
}

/// True if a server fills in this value beside these fields.
fn is_served(served: Served, value: &Node, beside: &Mapping) -> bool {
    let text = value.as_text();
    let other = |field: &str| beside.get(field).and_then(Node::as_text);
    match served {
        Served::Set | Served::Any => true,
        Served::Empty => value.is_empty(),
        Served::Of(field) => text.is_some() && text == other(field),
        Served::Default(default) => text == Some(default),
        Served::Computed("pull-policy") => {
            text == Some(pull_policy(other("image").unwrap_or_default()))
        }
        Served::Computed("list-kind") => {
            text == Some(&*format!("{}List", other("kind").unwrap_or_default()))
        }
        Served::Computed("singular") => {
            text == Some(&*other("kind").unwrap_or_default().to_lowercase())
        }
        Served::Computed("subject-group") => {
            let is_account = other("kind") == Some("ServiceAccount");
            text == Some(if is_account { "" } else { "rbac.authorization.k8s.io" })
        }
        Served::Computed("policy-types") => {
            let has_egress = beside.get("egress").is_some_and(|rules| !rules.is_empty());
            let expected = if has_egress { &["Ingress", "Egress"][..] } else { &["Ingress"] };
            value.items().iter().map(Node::as_text).eq(expected.iter().map(|kind| Some(*kind)))
        }
        Served::Computed(_) => false,
    }
}

/// The default of `imagePullPolicy`.
fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or_default();
    let is_moving =
        !name.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    if is_moving { "Always" } else { "IfNotPresent" }
}

/// True for a rendered field that a server does not store.
fn is_omitted(name: &str, value: &Node) -> bool {
    let is_false = || matches!(value.as_text(), Some("" | "false"));
    match value.kind() {
        Kind::Sequence => value.is_empty(),
        Kind::Mapping => value.is_empty() && OMITTED.contains(&name),
        Kind::Scalar => value.is_null() || is_false() && OMITTED.contains(&name),
    }
}

#[cfg(test)]
mod tests;
