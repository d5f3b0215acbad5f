//! A kustomization as kustomize's types would write it: fields by their names, and none that are empty.

use crate::error::Result;
use crate::source::{Source, Span};
use crate::yaml::de::{self, same_name};
use crate::yaml::{Node, Scalar, Style, Tag, Value, parse, resolve_1_1};

use super::{Kustomization, advice};

/// A field of one of kustomize's types.
struct Field {
    name: &'static str,
    shape: Shape,
    presence: Presence,
}

/// The type of a field.
enum Shape {
    Text,
    Flag,
    Number,
    /// A list of texts.
    Texts,
    /// Texts by keys.
    Pairs,
    /// Any value.
    Any,
    Struct(&'static [Field]),
    /// A list of structs.
    Structs(&'static [Field]),
}

/// The condition under which a field is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// It is not empty.
    Filled,
    /// It is there. (A pointer, in Go.)
    There,
    /// Always.
    Always,
    /// Always, as a null if it is not there. (A pointer.)
    OrNull,
}

use Presence::{Always, Filled, OrNull, There};
use Shape::{Any, Flag, Number, Pairs, Struct, Structs, Text, Texts};

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, presence: Filled }
}

const fn text(name: &'static str) -> Field {
    field(name, Text)
}

const fn pointer(name: &'static str, fields: &'static [Field]) -> Field {
    Field { name, shape: Struct(fields), presence: There }
}

const fn always(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, presence: Always }
}

/// The fields, in the order of `api/types/kustomization.go`.
const KUSTOMIZATION: &[Field] = &[
    text("kind"),
    text("apiVersion"),
    pointer(
        "metadata",
        &[text("name"), text("namespace"), field("labels", Pairs), field("annotations", Pairs)],
    ),
    field("openapi", Pairs),
    text("namePrefix"),
    text("nameSuffix"),
    text("namespace"),
    field("commonLabels", Pairs),
    field(
        "labels",
        Structs(&[
            field("pairs", Pairs),
            field("includeSelectors", Flag),
            field("includeTemplates", Flag),
            field("includeVolumeClaimTemplates", Flag),
            field(
                "fields",
                Structs(&[
                    text("group"),
                    text("version"),
                    text("kind"),
                    text("path"),
                    field("create", Flag),
                ]),
            ),
        ]),
    ),
    field("commonAnnotations", Pairs),
    field("patchesStrategicMerge", Texts),
    field("patchesJson6902", Structs(PATCH)),
    field("patches", Structs(PATCH)),
    field("images", Structs(IMAGE)),
    field("imageTags", Structs(IMAGE)),
    field("replacements", Structs(REPLACEMENT)),
    field("replicas", Structs(&[text("name"), always("count", Number)])),
    field("vars", Structs(VAR)),
    pointer(
        "sortOptions",
        &[
            text("order"),
            pointer(
                "legacySortOptions",
                &[always("orderFirst", Texts), always("orderLast", Texts)],
            ),
        ],
    ),
    field("resources", Texts),
    field("components", Texts),
    field("crds", Texts),
    field("bases", Texts),
    field("configMapGenerator", Structs(GENERATOR)),
    field("secretGenerator", Structs(GENERATOR)),
    pointer("helmGlobals", &[text("chartHome"), text("configHome")]),
    field("helmCharts", Structs(CHART)),
    field("helmChartInflationGenerator", Structs(CHART_ARGS)),
    pointer("generatorOptions", OPTIONS),
    field("configurations", Texts),
    field("generators", Texts),
    field("transformers", Texts),
    field("validators", Texts),
    field("buildMetadata", Texts),
];

const PATCH: &[Field] = &[
    text("path"),
    text("patch"),
    pointer("target", SELECTOR),
    pointer("options", &[field("allowNameChange", Flag), field("allowKindChange", Flag)]),
];

const SELECTOR: &[Field] = &[
    text("group"),
    text("version"),
    text("kind"),
    text("name"),
    text("namespace"),
    text("annotationSelector"),
    text("labelSelector"),
];

const IMAGE: &[Field] =
    &[text("name"), text("newName"), text("tagSuffix"), text("newTag"), text("digest")];

const FIELD_OPTIONS: &[Field] =
    &[text("delimiter"), field("index", Number), text("encoding"), field("create", Flag)];

const REPLACEMENT: &[Field] = &[
    pointer(
        "source",
        &[
            text("group"),
            text("version"),
            text("kind"),
            text("name"),
            text("namespace"),
            text("fieldPath"),
            pointer("options", FIELD_OPTIONS),
        ],
    ),
    field(
        "targets",
        Structs(&[
            Field { name: "select", shape: Struct(SELECTOR), presence: OrNull },
            field("reject", Structs(SELECTOR)),
            field("fieldPaths", Texts),
            pointer("options", FIELD_OPTIONS),
        ]),
    ),
    Field { name: "sourceValue", shape: Text, presence: There },
    text("path"),
];

const VAR: &[Field] = &[
    always("name", Text),
    always(
        "objref",
        Struct(&[
            text("apiVersion"),
            text("group"),
            text("version"),
            text("kind"),
            always("name", Text),
            text("namespace"),
        ]),
    ),
    always("fieldref", Struct(&[text("fieldPath")])),
];

const OPTIONS: &[Field] = &[
    field("labels", Pairs),
    field("annotations", Pairs),
    field("disableNameSuffixHash", Flag),
    field("immutable", Flag),
];

/// Only Secrets have a type.
const GENERATOR: &[Field] = &[
    text("namespace"),
    text("name"),
    text("behavior"),
    field("literals", Texts),
    field("files", Texts),
    field("envs", Texts),
    text("env"),
    pointer("options", OPTIONS),
    text("type"),
];

const CHART: &[Field] = &[
    text("name"),
    text("version"),
    text("repo"),
    text("releaseName"),
    text("namespace"),
    field("additionalValuesFiles", Texts),
    text("valuesFile"),
    field("valuesInline", Any),
    text("valuesMerge"),
    field("includeCRDs", Flag),
    field("skipHooks", Flag),
    field("apiVersions", Texts),
    text("kubeVersion"),
    text("nameTemplate"),
    field("skipTests", Flag),
    field("debug", Flag),
    field("devel", Flag),
];

const CHART_ARGS: &[Field] = &[
    text("chartName"),
    text("chartVersion"),
    text("chartRepoUrl"),
    text("chartHome"),
    text("chartRepoName"),
    text("helmBin"),
    text("helmHome"),
    text("values"),
    field("valuesLocal", Any),
    text("valuesMerge"),
    text("releaseName"),
    text("releaseNamespace"),
    field("extraArgs", Texts),
];

impl Kustomization {
    /// The document of a kustomization file as kustomize's types would write it: deprecated fields stay, and fields that
    /// are empty go. Values are texts, and those of types that have other values, by YAML 1.1. (sigs.k8s.io/yaml, `Marshal`.)
    ///
    /// # Errors
    /// Those of its fields, and of reading YAML.
    pub fn canonical(source: &Source) -> Result<Node> {
        let document = parse::document(source)?;
        let root = document.map_or_else(|| Scalar::null(source.span(0, 0)).into(), |it| it.root);
        let checked: Result<Self> = de::from_node(&root);
        let error = match checked {
            Ok(_) => return fields(&root, KUSTOMIZATION),
            Err(error) => advice::explain(&root, error),
        };
        Err(parse::explain_blanks(source, error))
    }
}

fn fields(node: &Node, of: &[Field]) -> Result<Node> {
    let entries = node.as_mapping().map(de::entries).transpose()?.unwrap_or_default();
    let mut written = Vec::new();
    for Field { name, shape, presence } in of {
        let known = entries.iter().rev().find(|entry| same_name(&entry.text, name));
        let value = known.map(|entry| entry.value).filter(|value| !value.is_null());
        let Some(value) = value else {
            let absent = match presence {
                Always => absent(shape)?,
                OrNull => Scalar::null(Span::NONE).into(),
                Filled | There => continue,
            };
            written.push((Scalar::string(name, Span::NONE), absent));
            continue;
        };
        let value = shape.write(value)?;
        if *presence != Filled || !is_zero(&value) {
            written.push((Scalar::string(name, Span::NONE), value));
        }
    }
    Ok(Node::mapping(written, node.span()))
}

/// The value of a field that is always written and not there.
fn absent(shape: &Shape) -> Result<Node> {
    Ok(match shape {
        Text => Scalar::string("", Span::NONE).into(),
        Number => Scalar::parsed("0", Tag::Int, Style::Plain, Span::NONE).into(),
        Struct(of) => fields(&Node::mapping(Vec::new(), Span::NONE), of)?,
        _ => Scalar::null(Span::NONE).into(),
    })
}

fn is_zero(node: &Node) -> bool {
    node.is_empty()
        || node.as_scalar().is_some_and(|scalar| match scalar.tag() {
            Tag::Str => scalar.text().is_empty(),
            Tag::Bool => scalar.text() == "false",
            Tag::Int => scalar.text() == "0",
            _ => false,
        })
}

impl Shape {
    fn write(&self, node: &Node) -> Result<Node> {
        Ok(match self {
            Text => as_text(node),
            Flag => {
                let is_set =
                    matches!(node.as_scalar().map(resolve_1_1), Some(Ok(Value::Bool(true))));
                let text = if is_set { "true" } else { "false" };
                Scalar::parsed(text, Tag::Bool, Style::Plain, node.span()).into()
            }
            Number => {
                let number = match node.as_scalar().map(resolve_1_1) {
                    Some(Ok(Value::Int(number))) => number.to_string(),
                    _ => node.as_text().unwrap_or("0").to_owned(),
                };
                Scalar::parsed(&number, Tag::Int, Style::Plain, node.span()).into()
            }
            Texts => Node::sequence(node.items().iter().map(as_text).collect(), node.span()),
            Pairs => {
                let entries = node.as_mapping().map(de::entries).transpose()?.unwrap_or_default();
                let pair = |entry: &de::JsonEntry<'_>| {
                    (Scalar::string(&entry.text, entry.key.span()), as_text(entry.value))
                };
                Node::mapping(entries.iter().map(pair).collect(), node.span())
            }
            Any => de::from_node(node)?,
            Struct(of) => fields(node, of)?,
            Structs(of) => {
                let items = node.items().iter().map(|item| fields(item, of));
                Node::sequence(items.collect::<Result<_>>()?, node.span())
            }
        })
    }
}

/// A text; a null is an empty one.
fn as_text(node: &Node) -> Node {
    let text = if node.is_null() { "" } else { node.as_text().unwrap_or_default() };
    Scalar::string(text, node.span()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::emit;

    fn written(text: &str) -> String {
        let node = Kustomization::canonical(&Source::detached(text)).unwrap();
        let mut out = String::new();
        emit(&node, &mut out).unwrap();
        out
    }

    #[test]
    fn fields_are_those_of_kustomize() {
        for (text, expected) in [
            ("", "{}\n"),
            ("resources: []\nnamespace: ''\npatches:\n", "{}\n"),
            ("NAMEPREFIX: a\nresources: [b, 'c'] # d\n", "namePrefix: a\nresources:\n- b\n- c\n"),
            (
                "replicas: [{name: a}, {name: b, count: 0x10}]\n",
                "replicas:\n- count: 0\n  name: a\n- count: 16\n  name: b\n",
            ),
            (
                "vars: [{name: a}]\n",
                "vars:\n- fieldref: {}\n  name: a\n  objref:\n    name: \"\"\n",
            ),
            (
                "labels: [{pairs: {a: 'on'}, includeSelectors: yes, includeTemplates: no}]\n",
                "labels:\n- includeSelectors: true\n  pairs:\n    a: \"on\"\n",
            ),
            (
                "generatorOptions: {}\nhelmGlobals: {chartHome: ''}\n",
                "generatorOptions: {}\nhelmGlobals: {}\n",
            ),
            (
                "replacements: [{targets: [{fieldPaths: [a]}], sourceValue: ''}]\n",
                "replacements:\n- sourceValue: \"\"\n  targets:\n  - fieldPaths:\n    - a\n    select: null\n",
            ),
            (
                "helmCharts: [{name: a, valuesInline: {y: no, n: 1.50, s: '1', l: [~]}, includeCRDs: true}]\n",
                "helmCharts:\n- includeCRDs: true\n  name: a\n  valuesInline:\n    \"false\": 1.5\n    l:\n    - null\n    s: \"1\"\n    \"true\": false\n",
            ),
            (
                "sortOptions: {legacySortOptions: {orderFirst: []}}\n",
                "sortOptions:\n  legacySortOptions:\n    orderFirst: []\n    orderLast: null\n",
            ),
            (
                "bases: [b]\nimageTags: [{name: x, newTag: 'y'}]\n",
                "bases:\n- b\nimageTags:\n- name: x\n  newTag: \"y\"\n",
            ),
        ] {
            assert_eq!(written(text), expected, "{text}");
        }
    }

    #[test]
    fn wrong_fields_are_refused() {
        for text in ["resuorces: [a]\n", "namePrefix: 1\n", "resources: a\n"] {
            assert!(Kustomization::canonical(&Source::detached(text)).is_err(), "{text}");
        }
    }
}
