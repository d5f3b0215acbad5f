//! The fields of kustomizations.

use proptest::prelude::*;

use super::Field;
use super::objects::{NAMES, kind, name};

/// All fields, each at most once in a kustomization.
pub(super) fn all() -> Vec<BoxedStrategy<Field>> {
    vec![
        affix("namePrefix", &["pre-", "a.", "on"]),
        affix("nameSuffix", &["-post", "-1", "s"]),
        affix("namespace", &["team", "prod", "default"]),
        pairs("commonLabels"),
        pairs("commonAnnotations"),
        labels(),
        images(),
        replicas(),
        patches(),
        generator("configMapGenerator"),
        generator("secretGenerator"),
        generator_options(),
        vars(),
        replacements(),
        sort_options(),
    ]
}

fn field(text: String) -> Field {
    Field { text, files: Vec::new() }
}

fn affix(name: &'static str, values: &'static [&'static str]) -> BoxedStrategy<Field> {
    prop::sample::select(values).prop_map(move |value| field(format!("{name}: {value}\n"))).boxed()
}

/// Text as the value of a label or annotation.
fn value() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["plain", "'on'", "\"1\"", "''", "a.b-c", "\"true\"", "\"0x1\""])
}

/// A mapping of labels.
fn mapping() -> impl Strategy<Value = String> {
    let keys = prop::sample::select(vec!["app", "tier", "example.com/part", "on"]);
    prop::collection::btree_map(keys, value(), 1..3).prop_map(|pairs| {
        let pairs: Vec<String> =
            pairs.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        format!("{{{}}}", pairs.join(", "))
    })
}

fn pairs(name: &'static str) -> BoxedStrategy<Field> {
    mapping().prop_map(move |mapping| field(format!("{name}: {mapping}\n"))).boxed()
}

fn labels() -> BoxedStrategy<Field> {
    let label = (mapping(), any::<bool>(), any::<bool>()).prop_map(|(pairs, selectors, templates)| {
        format!("- pairs: {pairs}\n  includeSelectors: {selectors}\n  includeTemplates: {templates}\n")
    });
    several("labels", label)
}

/// A field that is a list of blocks.
fn several(
    name: &'static str,
    block: impl Strategy<Value = String> + 'static,
) -> BoxedStrategy<Field> {
    prop::collection::vec(block, 1..3)
        .prop_map(move |blocks| field(format!("{name}:\n{}", blocks.concat())))
        .boxed()
}

fn images() -> BoxedStrategy<Field> {
    let names = prop::sample::select(vec![
        "nginx",
        "registry.example.com:5000/team/side",
        "ng.*",
        "absent",
    ]);
    let change = prop::sample::select(vec![
        "newTag: \"2.0\"",
        "newName: mirror.example.com/other",
        "digest: sha256:bbbb",
        "newName: other\n  newTag: v1",
        "tagSuffix: -slim",
    ]);
    several(
        "images",
        (names, change).prop_map(|(name, change)| format!("- name: {name}\n  {change}\n")),
    )
}

fn replicas() -> BoxedStrategy<Field> {
    several(
        "replicas",
        (name(), 0..9_u8)
            .prop_map(|(name, count)| format!("- name: \"{name}\"\n  count: {count}\n")),
    )
}

/// The target of a patch.
fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        kind().prop_map(|kind| format!("{{kind: {kind}}}")),
        name().prop_map(|name| format!("{{name: \"{name}\"}}")),
        Just("{labelSelector: app=web}".to_owned()),
        Just("{group: apps}".to_owned()),
        Just("{name: w.*|a.*}".to_owned()),
        Just("{namespace: team}".to_owned()),
    ]
}

fn patches() -> BoxedStrategy<Field> {
    let patch = prop_oneof![merge_patch(), json_patch()];
    let block = (patch, target())
        .prop_map(|(patch, target)| format!("- target: {target}\n  patch: |-\n{patch}\n"));
    several("patches", block)
}

fn merge_patch() -> impl Strategy<Value = String> {
    let changes = prop::sample::select(vec![
        ("annotations: {note: \"yes\", number: \"7\"}", ""),
        ("labels: {tier: null, new: x}", ""),
        ("", "spec: {replicas: 5}"),
        (
            "",
            "spec: {template: {spec: {containers: [{name: main, image: other:1}, {name: added, image: new}]}}}",
        ),
        ("", "spec: {template: {spec: {containers: [{name: side, $patch: delete}]}}}"),
        ("", "spec: {template: {spec: {volumes: [{name: claim, $patch: replace, emptyDir: {}}]}}}"),
        (
            "",
            "spec: {template: {spec: {containers: [{name: main, env: [{name: NAME, value: \"on\"}]}]}}}",
        ),
        ("", "data: {key: changed, more: \"1\"}"),
        ("", "spec: {list: [{name: c}], ref: ~}"),
        ("", "$patch: delete"),
    ]);
    (changes, kind(), name()).prop_map(|((metadata, rest), kind, name)| {
        format!("    {{apiVersion: v1, kind: {kind}, metadata: {{name: \"{name}\", {metadata}}}, {rest}}}")
    })
}

fn json_patch() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "    - {op: add, path: /metadata/labels, value: {a: b}}",
        "    - {op: add, path: /metadata/annotations/note, value: text}",
        "    - {op: replace, path: /spec/replicas, value: 7}",
        "    - {op: remove, path: /spec}",
        "    - {op: add, path: /spec/template/spec/containers/-, value: {name: last, image: nginx}}",
        "    - {op: replace, path: /metadata/name, value: renamed}",
        "    - {op: add, path: /numbers, value: [1, 1.0, 1e20, 12345678901234567890, yes, 'yes']}",
        "    - {op: copy, from: /metadata/name, path: /copy}\n    - {op: test, path: /copy, value: web}",
    ])
    .prop_map(str::to_owned)
}

fn generator(name: &'static str) -> BoxedStrategy<Field> {
    let behavior = prop::sample::select(vec![
        "",
        "  behavior: merge\n",
        "  behavior: replace\n",
        "  behavior: create\n",
    ]);
    let options = prop::sample::select(vec![
        "",
        "  options: {disableNameSuffixHash: true}\n",
        "  options: {labels: {made: \"yes\"}, annotations: {note: '1'}}\n",
        "  options: {immutable: true}\n",
    ]);
    let literals = prop::sample::select(vec![
        "  literals: [key=value]\n",
        "  literals: [key=changed, \"quoted='on'\", number=1]\n",
        "  envs: [settings.env]\n",
        "  files: [text.txt]\n",
        "  files: [renamed=text.txt]\n  literals: [\"lines=a\\nb\"]\n",
    ]);
    let names = prop_oneof![
        3 => prop::sample::select(&NAMES[..]),
        1 => Just("made"),
    ];
    (names, behavior, options, literals)
        .prop_map(move |(object, behavior, options, literals)| Field {
            text: format!("{name}:\n- name: \"{object}\"\n{behavior}{options}{literals}"),
            files: vec![
                ("settings.env".into(), "A=1\n# comment\n\nB=two words\nC=\"quoted\"\n".into()),
                ("text.txt".into(), "first line\n  second: line\n".into()),
            ],
        })
        .boxed()
}

fn generator_options() -> BoxedStrategy<Field> {
    prop::sample::select(vec![
        "generatorOptions: {disableNameSuffixHash: true}\n",
        "generatorOptions: {labels: {generated: \"on\"}}\n",
        "generatorOptions: {annotations: {by: hand}, immutable: true}\n",
    ])
    .prop_map(|text| field(text.to_owned()))
    .boxed()
}

fn vars() -> BoxedStrategy<Field> {
    let path = prop::sample::select(vec![
        "",
        "  fieldref: {fieldpath: metadata.namespace}\n",
        "  fieldref: {fieldpath: data.key}\n",
    ]);
    (kind(), name(), path)
        .prop_map(|(kind, name, path)| {
            let version = match kind {
                "Deployment" | "StatefulSet" => "apps/v1",
                "Widget" => "example.com/v1",
                _ => "v1",
            };
            field(format!(
                "vars:\n- name: NAME\n  objref: {{apiVersion: {version}, kind: {kind}, name: \"{name}\"}}\n{path}"
            ))
        })
        .boxed()
}

fn replacements() -> BoxedStrategy<Field> {
    let source = (
        kind(),
        name(),
        prop::sample::select(vec!["metadata.name", "spec.replicas", "data.key", "metadata.labels"]),
    );
    let path = prop::sample::select(vec![
        "metadata.annotations.copied",
        "spec.template.spec.containers.[name=main].image",
        "spec.template.spec.containers.*.env.[name=NAME].value",
        "spec.replicas",
        "metadata.name",
        "data.key",
    ]);
    let options = prop::sample::select(vec![
        "",
        "    options: {create: true}\n",
        "    options: {delimiter: ':', index: 1}\n",
    ]);
    (source, kind(), path, options)
        .prop_map(|((kind, name, from), target, path, options)| {
            field(format!(
                "replacements:\n- source: {{kind: {kind}, name: \"{name}\", fieldPath: {from}}}\n  targets:\n  \
                 - select: {{kind: {target}}}\n    fieldPaths: [\"{path}\"]\n{options}"
            ))
        })
        .boxed()
}

fn sort_options() -> BoxedStrategy<Field> {
    prop::sample::select(vec![
        "sortOptions: {order: fifo}\n",
        "sortOptions: {order: legacy}\n",
        "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Widget, Service], orderLast: [Namespace]}}\n",
    ])
    .prop_map(|text| field(text.to_owned()))
    .boxed()
}
