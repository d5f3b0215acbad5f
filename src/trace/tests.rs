//! Traces of small trees.

use super::{Chain, FieldPath, FieldQuery, ObjectQuery, Trace, leaves, mark_lines, settings};
use crate::build::Options;
use crate::build::tests::loader;
use crate::fleet::Run;
use crate::load::Loader;
use crate::yaml;

/// The trace of the target `top`, with its loader.
fn trace(tree: &str) -> (Loader, Trace) {
    let loader = loader(tree);
    let options = Options::default();
    let trace = Trace::of(&Run::new(&loader, &options), "top", &mut Vec::new()).unwrap();
    (loader, trace)
}

/// The settings of the fields that a path selects in an object: the path, then each value with the part that set it.
fn said(tree: &str, object: &str, path: &str) -> Vec<String> {
    let (loader, trace) = trace(tree);
    let found = trace.find(&ObjectQuery::new(object, None));
    let [object] = &*found else { panic!("{} objects", found.len()) };
    let fields = FieldQuery::new(path).find(Chain::of(object.history));
    let mut lines = Vec::new();
    for (path, chain) in fields {
        lines.push(path.to_string());
        for setting in settings(&trace, &path, &chain, loader.sources()) {
            let step = trace.step(setting.step).unwrap();
            let value = setting.value.map(|value| value.as_text().unwrap_or("…"));
            let place = loader.sources().locate(setting.span);
            let place = place.map_or_else(String::new, |place| format!(" line {}", place.line));
            let (value, by) = (value.unwrap_or("-"), step.by(setting.follows.as_ref()));
            lines.push(format!("  {value} {} {by}{place}", step.layer));
        }
    }
    lines
}

const TREE: &str = "\
== base/kustomization.yaml
resources: [pod.yaml]
== base/pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: x
    args: [--one, --two]
  - name: b
    image: y
== top/kustomization.yaml
resources: [../base]
patches:
- patch: |-
    apiVersion: v1
    kind: Pod
    metadata: {name: p}
    spec:
      containers:
      - {name: c, image: z}
      - {name: b, $patch: delete}
- target: {kind: Pod}
  patch: |-
    - {op: add, path: /spec/containers/1/args/0, value: --zero}
    - {op: replace, path: /metadata/name, value: p}
images: [{name: x, newTag: '1'}]
";

#[test]
fn elements_are_followed_when_they_move() {
    assert_eq!(
        said(TREE, "Pod/p", "spec.containers.*.image"),
        [
            "spec.containers.[name=c].image",
            "  z top patches[0] line 9",
            "spec.containers.[name=a].image",
            "  x:1 top images[0] line 15",
            "  x base resources line 7",
            "spec.containers.[name=b].image",
            "  - top patches[0] line 3",
            "  y base resources line 10",
        ]
    );
    assert_eq!(
        said(TREE, "Pod/p", "spec.containers.[name=a].args.*"),
        [
            "spec.containers.[name=a].args.0",
            "  --zero top patches[1] line 13",
            "spec.containers.[name=a].args.1",
            "  --one base resources line 8",
            "spec.containers.[name=a].args.2",
            "  --two base resources line 8",
        ]
    );
}

#[test]
fn removed_elements_are_found_by_name() {
    assert_eq!(
        said(TREE, "Pod/p", "spec.containers.[name=b].image"),
        [
            "spec.containers.[name=b].image",
            "  - top patches[0] line 3",
            "  y base resources line 10",
        ]
    );
}

/// A new element takes the place of another one, but not its history; a copy has none.
#[test]
fn new_elements_have_no_history() {
    let tree = "\
== top/kustomization.yaml
resources: [pod.yaml]
patches:
- target: {kind: Pod}
  patch: '[{\"op\": \"remove\", \"path\": \"/spec/containers/0\"}]'
- patch: '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: new, image: z}]}}'
- target: {kind: Pod}
  patch: '[{\"op\": \"copy\", \"from\": \"/spec/containers/1\", \"path\": \"/spec/containers/-\"}]'
== top/pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - {name: a, image: x}
  - {name: b, image: y}
";
    assert_eq!(
        said(tree, "Pod/p", "spec.containers.*.image"),
        [
            "spec.containers.[name=new].image",
            "  z top patches[1] line 5",
            "spec.containers.1.image",
            "  y top resources line 7",
            "spec.containers.2.image",
            "  y top patches[2] line 7",
            "spec.containers.[name=a].image",
            "  - top patches[0] line 3",
            "  x top resources line 6",
        ]
    );
}

/// A patch names its target and elements of lists: that changes nothing.
#[test]
fn repeated_names_are_no_settings() {
    for path in ["kind", "apiVersion", "spec.containers.[name=a].name"] {
        let lines = said(TREE, "Pod/p", path);
        assert!(lines.len() == 2 && lines[1].contains("base resources"), "{lines:?}");
    }
}

#[test]
fn objects_are_found_by_kind_group_and_earlier_names() {
    let (_, trace) = trace(
        "\
== base/kustomization.yaml
resources: [all.yaml]
namePrefix: a-
== base/all.yaml
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: one}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: two}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny}}
---
{apiVersion: v1, kind: Pod, metadata: {name: gone}}
== top/kustomization.yaml
resources: [../base]
nameSuffix: -z
patches:
- patch: '{apiVersion: v1, kind: Pod, metadata: {name: gone}, $patch: delete}'
",
    );
    let count =
        |text: &str, namespace: Option<&str>| trace.find(&ObjectQuery::new(text, namespace)).len();
    for (text, namespace, expected) in [
        ("Deployment", None, 2),
        ("deploy/web", Some("two"), 1),
        ("deployments/a-web-z", None, 2),
        ("deployment.apps/a-web", None, 2),
        ("deployment.batch/web", None, 0),
        ("networkpolicies", None, 1),
        ("netpol/d*", None, 1),
        ("*/gone", None, 1),
        ("*", None, 3),
        ("pod/a-gone", None, 1),
        ("pod/a-gone-z", None, 0),
    ] {
        assert_eq!(count(text, namespace), expected, "{text} {namespace:?}");
    }
    assert_eq!(trace.removed().count(), 1);
    assert!(trace.find(&ObjectQuery::new("Pod/gone", None)).iter().all(|found| !found.is_rendered));
}

/// Merged entries of a generated ConfigMap come from different kustomizations.
#[test]
fn generators_merge() {
    let tree = "\
== base/kustomization.yaml
configMapGenerator: [{name: m, literals: [a=1, b=2]}]
== top/kustomization.yaml
resources: [../base]
configMapGenerator: [{name: m, behavior: merge, literals: [b=3, c=4]}]
";
    assert_eq!(
        said(tree, "cm/m", "data.*"),
        [
            "data.a",
            "  1 base configMapGenerator[0] line 1",
            "data.b",
            "  3 top configMapGenerator[0] line 2",
            "  2 base configMapGenerator[0] line 1",
            "data.c",
            "  4 top configMapGenerator[0] line 2",
        ]
    );
    let name = said(tree, "cm/m", "metadata.name");
    assert!(name[1].ends_with("top content hash"), "{name:?}");
}

/// A comment stands behind the header of a block scalar, and behind the last line of other text.
#[test]
fn lines_of_long_text_are_known() {
    let long = "word ".repeat(30);
    let tree = format!(
        "\
== top/kustomization.yaml
resources: [m.yaml]
== top/m.yaml
apiVersion: v1
kind: ConfigMap
metadata: {{name: m, annotations: {{a.b/c: '{long}'}}}}
data:
  block: |
    one
    two
  empty: ''
  more: {{}}
"
    );
    let (_, trace) = trace(&tree);
    let (resource, history) = trace.rendered().next().unwrap();
    let mut text = String::new();
    yaml::emit(resource.node(), &mut text).unwrap();
    let chain = Chain::of(history);
    let marked = mark_lines(&text, &chain).unwrap();
    assert_eq!(
        marked.iter().filter(|field| field.is_leaf).count(),
        leaves(FieldPath::default(), chain, false).len()
    );
    let lines: Vec<&str> = text.lines().collect();
    let last = |path: &str| {
        let field = marked.iter().find(|field| field.path.to_string() == path).unwrap();
        lines[field.last].to_owned()
    };
    assert_eq!(last("data.block"), "  block: |");
    assert_eq!(last("data.empty"), "  empty: \"\"");
    assert!(last("metadata.annotations.[a.b/c]").ends_with("word word '"), "{text}");
}

/// States are charged to the budget of the target.
#[test]
fn states_are_charged() {
    use crate::limits::Limit;
    let patches: String = (0..50)
        .map(|number| {
            let patch = format!("{{op: add, path: /metadata/annotations/a, value: v{number}}}");
            format!("- target: {{kind: Pod}}\n  patch: '- {patch}'\n")
        })
        .collect();
    let entries: String = (0..50).map(|number| format!("k{number}: v, ")).collect();
    let tree = format!(
        "== top/kustomization.yaml\nresources: [p.yaml]\npatches:\n{patches}== top/p.yaml\n\
         {{apiVersion: v1, kind: Pod, metadata: {{name: p, annotations: {{{entries}}}}}}}\n"
    );
    let spent = |traced: bool| {
        let (loader, options) = (loader(&tree), Options::default());
        let run = Run::new(&loader, &options);
        let resources = match traced {
            true => Trace::of(&run, "top", &mut Vec::new()).unwrap().resources,
            false => run.build("top", &mut Vec::new()).unwrap(),
        };
        resources.budget().spent(Limit::Bytes)
    };
    assert!(spent(true) > spent(false) + 50 * 50 * 64, "{} {}", spent(true), spent(false));
}
