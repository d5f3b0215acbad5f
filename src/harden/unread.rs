//! Parts of objects that create or change pods, and that no rule can judge, or only in part.

use super::pod::{Pod, Shape};
use super::value::items;
use super::workload::{
    DEEPEST, by_form, completes, deepest, is_inert, is_of_chart, is_part, is_settled,
};
use crate::resource::Resource;
use crate::schema::Gvk;
use crate::yaml::Node;
use crate::yaml::path::{Path, PathStep};

/// The reason why pods of an object are checked only in part or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum InPart {
    /// Only a chart knows what its values mean.
    Chart,
    /// A workflow has a patch for a pod.
    Patch,
    /// The kind is not known.
    Kind,
    /// The kind is not known, and has no whole pods: patches for pods that are made elsewhere, or containers in another form.
    Form,
    /// A field has pods as text.
    Text,
    /// A field changes pods where they are created.
    Change,
    /// Components of kustomize are added where objects are applied.
    Components,
    /// A field leads to pods that are made elsewhere.
    Made,
    /// Fields are nested so deep that no pod is searched there.
    Depth,
}

/// The fields that change pods of other objects, by the group and the kind (`*` for all); `*` stands for each element of a
/// list.
const CHANGES: &[(&str, &str, &[&[&str]])] = &[
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy", &[&["spec", "mutations"]]),
    (
        "argoproj.io",
        "Application",
        &[
            &["spec", "source", "kustomize", "patches"],
            &["spec", "sources", "*", "kustomize", "patches"],
        ],
    ),
    (
        "argoproj.io",
        "ApplicationSet",
        &[
            &["spec", "template", "spec", "source", "kustomize", "patches"],
            &["spec", "template", "spec", "sources", "*", "kustomize", "patches"],
            &["spec", "templatePatch"],
        ],
    ),
    ("helm.toolkit.fluxcd.io", "HelmRelease", &[&["spec", "postRenderers"]]),
    (
        "kustomize.toolkit.fluxcd.io",
        "Kustomization",
        &[&["spec", "patches"], &["spec", "patchesStrategicMerge"], &["spec", "patchesJson6902"]],
    ),
    ("kyverno.io", "*", &[&["spec", "rules", "*", "mutate"]]),
    ("mutations.gatekeeper.sh", "*", &[&["spec"]]),
    ("policies.kyverno.io", "*", &[&["spec", "mutations"], &["spec", "generate"]]),
];

/// The lists of kustomize components that are added to what other objects render.
const COMPONENTS: &[(&str, &str, &[&[&str]])] = &[
    (
        "argoproj.io",
        "Application",
        &[
            &["spec", "source", "kustomize", "components"],
            &["spec", "sources", "*", "kustomize", "components"],
        ],
    ),
    (
        "argoproj.io",
        "ApplicationSet",
        &[
            &["spec", "template", "spec", "source", "kustomize", "components"],
            &["spec", "template", "spec", "sources", "*", "kustomize", "components"],
        ],
    ),
    ("kustomize.toolkit.fluxcd.io", "Kustomization", &[&["spec", "components"]]),
];

/// The fields that lead to pods: references to texts with manifests, and components of which a definition makes pods.
const MAKING: &[(&str, &str, &[&[&str]])] = &[
    ("addons.cluster.x-k8s.io", "ClusterResourceSet", &[&["spec", "resources"]]),
    ("core.oam.dev", "Application", &[&["spec", "components"]]),
];

/// The field of an `ApplicationSet` with a text that changes what its template makes.
const TEMPLATE_PATCH: &str = "templatePatch";

/// The values of Helm charts.
const VALUES: &[(&str, &str, &[&[&str]])] = &[
    ("addons.cluster.x-k8s.io", "HelmChartProxy", &[&["spec", "valuesTemplate"]]),
    (
        "argoproj.io",
        "Application",
        &[&["spec", "source", "helm"], &["spec", "sources", "*", "helm"]],
    ),
    (
        "argoproj.io",
        "ApplicationSet",
        &[
            &["spec", "template", "spec", "source", "helm"],
            &["spec", "template", "spec", "sources", "*", "helm"],
            &["spec", TEMPLATE_PATCH],
        ],
    ),
    ("helm.cattle.io", "*", &[&["spec", "valuesContent"], &["spec", "set"]]),
    ("helm.toolkit.fluxcd.io", "*", &[&["spec", "values"], &["spec", "valuesFrom"]]),
];

/// The fields of an object whose pods are checked only in part or not at all, with the reasons, each once. Linear in the
/// object.
pub(super) fn judged_in_part<'a>(object: &'a Resource, pods: &[Pod<'a>]) -> Vec<(Path, InPart)> {
    let mut found = Vec::new();
    let root = object.node();
    if is_of_chart(object) {
        let pod = by_form(root).first().map(|pod| pod.path(&[]));
        let is_patch = |path: &Path| matches!(path.steps().last(), Some(PathStep::Key(key)) if **key == *TEMPLATE_PATCH);
        let is_set = |path: &Path| {
            let has_values = |node: &Node| match is_patch(path) {
                true => node.as_text().is_some_and(|text| text.contains("helm")),
                false => !is_blank(node),
            };
            path.find(root).is_some_and(has_values)
        };
        let values = || fields_of(object, VALUES).find(is_set);
        found.extend(pod.or_else(values).map(|path| (path, InPart::Chart)));
    } else if let Some(pod) = pods.iter().find(|pod| pod.get(&["podSpecPatch"]).is_some()) {
        found.push((pod.path(&["podSpecPatch"]), InPart::Patch));
    } else if !is_part(object)
        && let Some(part) = pods.iter().find(|pod| pod.shape == Shape::Part)
    {
        let has_pods = !items(part.spec.get("containers")).is_empty() && !completes(part);
        found.push((part.path(&[]), if has_pods { InPart::Kind } else { InPart::Form }));
    }
    let change = fields_of(object, CHANGES).find(|path| mentions_pods(path.find(root)));
    found.extend(change.map(|path| (path, InPart::Change)));
    let added = fields_of(object, COMPONENTS).find(|path| !items(path.find(root)).is_empty());
    found.extend(added.map(|path| (path, InPart::Components)));
    let made = fields_of(object, MAKING).find(|path| !items(path.find(root)).is_empty());
    found.extend(made.map(|path| (path, InPart::Made)));
    if !is_settled(object) && found.iter().all(|(_, why)| *why != InPart::Change) {
        found.extend(pods_as_text(root).map(|path| (path, InPart::Text)));
    }
    if !is_settled(object) && !is_of_chart(object) {
        found.extend(deepest(root).map(|path| (path, InPart::Depth)));
    }
    found
}

/// The fields of an object among those of kinds.
fn fields_of<'o>(
    object: &'o Resource,
    of_kinds: &'static [(&str, &str, &[&[&str]])],
) -> impl Iterator<Item = Path> + use<'o> {
    let Gvk { group, kind, .. } = object.gvk();
    let of_kind = of_kinds
        .iter()
        .filter(|(known, kinds, _)| **known == **group && (*kinds == "*" || **kinds == **kind));
    let paths = of_kind.flat_map(|(.., paths)| paths.iter());
    paths.flat_map(|keys| elements(keys, object.node()))
}

/// True for a value that says nothing.
fn is_blank(node: &Node) -> bool {
    node.is_empty() || node.as_text().is_some_and(|text| text.trim().is_empty())
}

/// The paths that keys stand for.
fn elements(keys: &[&str], root: &Node) -> Vec<Path> {
    let mut paths = vec![Path::default()];
    for key in keys {
        paths = match *key {
            "*" => {
                let every = paths.iter().flat_map(|path| {
                    (0..items(path.find(root)).len()).map(|index| path.clone().index(index))
                });
                every.collect()
            }
            key => paths.into_iter().map(|path| path.keys(&[key])).collect(),
        };
    }
    paths
}

/// Words that only specifications of pods have, as keys, in paths of patches and in expressions.
const WORDS: [&str; 9] = [
    "ontainers",
    "ecurityContext",
    "emplate/spec",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPath",
    "serviceAccount",
    "volumes",
];

/// True if a key or a text within a node mentions a field of pods.
fn mentions_pods(node: Option<&Node>) -> bool {
    let has_word = |text: &str| WORDS.iter().any(|word| text.contains(word));
    let mut pending: Vec<(&Node, usize)> = node.map(|node| (node, 0)).into_iter().collect();
    while let Some((node, depth)) = pending.pop() {
        if node.as_text().is_some_and(has_word)
            || node.entries().iter().any(|(key, _)| has_word(key.text()))
        {
            return true;
        }
        if depth < DEEPEST {
            pending.extend(node.items().iter().map(|item| (item, depth + 1)));
            pending.extend(node.entries().iter().map(|(_, value)| (value, depth + 1)));
        }
    }
    false
}

/// The first field with a manifest of pods as text. Programs and their arguments are none.
fn pods_as_text(root: &Node) -> Option<Path> {
    let mut pending = vec![(Path::default(), root)];
    while let Some((path, node)) = pending.pop() {
        if node.as_text().is_some_and(is_manifest_of_pods) {
            return Some(path);
        }
        if path.steps().len() >= DEEPEST {
            continue;
        }
        let items = node.items().iter().enumerate().rev();
        pending.extend(items.map(|(index, item)| (path.clone().index(index), item)));
        for (key, value) in node.entries().iter().rev() {
            let is_program = matches!(key.text(), "args" | "command" | "env" | "script" | "source");
            let is_own_source = key.text() == "source" && value.as_text().is_none();
            if !is_inert(key.text()) && (!is_program || is_own_source) {
                pending.push((path.clone().keys(&[key.text()]), value));
            }
        }
    }
    None
}

/// True for YAML or JSON with a list of containers and an image.
fn is_manifest_of_pods(text: &str) -> bool {
    const SHORTEST: usize = 24;
    if text.len() < SHORTEST || !text.contains("ontainers") || !text.contains("image") {
        return false;
    }
    let key = |line: &str| {
        let line = line.trim_start().trim_start_matches(['-', ' ', '{', '"']);
        ["containers", "initContainers"].iter().any(|word| {
            let rest = line.strip_prefix(word).map(|rest| rest.trim_start_matches(['"', ' ']));
            rest.is_some_and(|rest| rest.starts_with(':'))
        })
    };
    text.lines().any(key) || text.split(['{', ',']).any(key)
}

#[cfg(test)]
mod tests {
    use super::is_manifest_of_pods;

    #[test]
    fn manifests_are_known_by_their_keys() {
        for (text, expected) in [
            ("spec:\n  containers:\n  - name: a\n    image: a:1\n", true),
            ("{\"spec\": {\"containers\": [{\"image\": \"a:1\"}]}}", true),
            ("spec: {initContainers: [{name: a, image: a:1}]}", true),
            ("the image of all containers is checked", false),
            ("containers:\n- a\n- b and many others\n", false),
        ] {
            assert_eq!(is_manifest_of_pods(text), expected, "{text}");
        }
    }
}
