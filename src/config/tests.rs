use super::*;
use crate::source::Sources;
use crate::yaml::sample;

fn read(text: &str) -> Result<(Kustomization, Vec<Warning>), String> {
    let sources = Sources::new();
    let source = sources.add("kustomization.yaml", text).unwrap();
    Kustomization::read(&source).map_err(|error| sample::drawn(&error, &sources))
}

#[track_caller]
fn kustomization(text: &str) -> Kustomization {
    read(text).unwrap().0
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    assert_eq!(read(text).map(|_| "read").unwrap_err(), expected, "\n{text}");
}

fn texts(list: &[Spanned<Text>]) -> Vec<&str> {
    list.iter().map(|text| text.as_str()).collect()
}

fn pairs(pairs: &Pairs) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}

/// A kustomization with every field and sub-field once.
const EVERYTHING: &str = r#"
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
metadata:
  name: all
  namespace: of
  labels: {it: is}
  annotations: {for: show}
openapi: {path: schema.json}
namePrefix: before-
nameSuffix: -after
namespace: here
commonLabels: {common: label}
labels:
- pairs: {one: label}
  includeSelectors: true
  includeTemplates: true
  includeVolumeClaimTemplates: true
  fields:
  - {group: g.example, version: v1, kind: Thing, path: spec/labels, create: true}
commonAnnotations: {common: annotation}
patchesStrategicMerge: [merge.yaml]
patchesJson6902:
- path: json.yaml
  target: {group: apps, version: v1, kind: Deployment, name: web}
patches:
- path: patch.yaml
- patch: |-
    - {op: remove, path: /spec}
  target:
    group: g
    version: v
    kind: k
    name: m
    namespace: ns
    labelSelector: a=b
    annotationSelector: c=d
  options: {allowNameChange: true, allowKindChange: true}
images:
- {name: nginx, newName: web, newTag: '1', tagSuffix: -x, digest: 'sha256:0'}
imageTags:
- {name: old, newTag: '2'}
replacements:
- path: replacements.yaml
- source:
    group: g
    version: v
    kind: k
    name: m
    namespace: ns
    fieldPath: spec.a
    options: {delimiter: '/', index: 1, encoding: none, create: true}
  targets:
  - select: {kind: Pod}
    reject: [{name: other}]
    fieldPaths: [spec.b]
    options: {index: -1}
- sourceValue: ''
replicas:
- {name: web, count: 3}
vars:
- name: HOST
  objref: {apiVersion: apps/v1, kind: Deployment, name: web, namespace: ns}
  fieldref: {fieldPath: spec.host}
- name: NAME
  objref: {group: g, version: v, kind: K, name: m}
sortOptions:
  order: legacy
  legacySortOptions: {orderFirst: [Namespace], orderLast: [Pod]}
resources: [web.yaml]
components: [../component]
crds: [crd.json]
bases: [../base]
configMapGenerator:
- name: config
  namespace: ns
  behavior: merge
  literals: [a=b]
  files: [c.txt]
  envs: [d.env]
  env: e.env
  options: {labels: {l: m}, annotations: {o: p}, disableNameSuffixHash: true, immutable: true}
secretGenerator:
- name: secret
  env: f.env
  type: example.com/secret
helmGlobals: {chartHome: home, configHome: config}
helmCharts:
- name: chart
  version: '1'
  repo: https://example.com
  releaseName: release
  namespace: ns
  additionalValuesFiles: [more.yaml]
  valuesFile: values.yaml
  valuesInline: {y: [1, 2.5, text, ~, yes]}
  valuesMerge: merge
  includeCRDs: true
  skipHooks: true
  apiVersions: [v1]
  kubeVersion: '1.30'
  nameTemplate: '{{ .Name }}'
  skipTests: true
  debug: true
  devel: true
helmChartInflationGenerator:
- chartName: older
  chartVersion: '2'
  chartRepoUrl: https://old.example.com
  chartHome: oldhome
  chartRepoName: ignored
  helmBin: ignored
  helmHome: ignored
  values: old.yaml
  valuesLocal: {a: b}
  valuesMerge: replace
  releaseName: oldrelease
  releaseNamespace: ignored
  extraArgs: [ignored]
generatorOptions: {labels: {all: some}}
configurations: [config.yaml]
generators: [generator.yaml]
transformers: [transformer.yaml]
validators: [validator.yaml]
buildMetadata: [originAnnotations]
"#;

/// The tables of [`Kustomization::canonical`] have every field.
#[test]
fn what_is_written_again_is_read_as_the_same() {
    let source = Sources::new().add("kustomization.yaml", EVERYTHING).unwrap();
    let node = Kustomization::canonical(&source).unwrap();
    let mut text = String::new();
    crate::yaml::emit(&node, &mut text).unwrap();
    let model = |text: &str| {
        let kustomization = kustomization(text);
        format!("{:?}", Kustomization { places: Places::default(), ..kustomization })
    };
    // Spans differ, and are written with their words.
    let without_spans = |text: &str| {
        let mut parts = text.split("Span {");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |all, part| all + part.split_once('}').map_or(part, |(_, rest)| rest))
    };
    assert_eq!(without_spans(&model(&text)), without_spans(&model(EVERYTHING)));
}

#[test]
fn type_and_metadata_are_read() {
    let all = kustomization(EVERYTHING);
    assert_eq!(
        format!("{} {}", all.kind, all.api_version),
        "Kustomization kustomize.config.k8s.io/v1beta1"
    );
    let ObjectMeta { name, namespace, labels, annotations } = all.metadata.unwrap();
    assert_eq!(format!("{name} {namespace}"), "all of");
    assert_eq!((pairs(&labels).as_str(), pairs(&annotations).as_str()), ("it=is", "for=show"));
    assert_eq!(pairs(&all.openapi), "path=schema.json");
}

#[test]
fn names_labels_and_annotations_are_read() {
    let all = kustomization(EVERYTHING);
    assert_eq!(
        format!("{} {} {}", all.name_prefix, all.name_suffix, all.namespace),
        "before- -after here"
    );
    assert_eq!(pairs(&all.common_labels), "common=label");
    assert_eq!(pairs(&all.common_annotations), "common=annotation");
    let Label {
        pairs: labels,
        include_selectors,
        include_templates,
        include_volume_claim_templates,
        fields,
    } = &all.labels[0].value;
    assert_eq!(pairs(labels), "one=label");
    assert!(*include_selectors && *include_templates && *include_volume_claim_templates);
    let FieldSpec { gvk, path, create } = &fields.iter().next().unwrap().value;
    assert_eq!(format!("{gvk} {path} {create}"), "g.example/v1 Thing spec/labels true");
}

#[test]
fn patches_are_read() {
    let all = kustomization(EVERYTHING);
    assert_eq!(texts(&all.patches_strategic_merge), ["merge.yaml"]);
    let target = all.patches_json6902[0].target.as_deref();
    assert_eq!(target.map(selector).unwrap(), "apps v1 Deployment web   ");
    assert_eq!((all.patches[0].path.as_str(), &all.patches[0].target), ("patch.yaml", &None));
    let Patch { path, patch, target, options } = &all.patches[1].value;
    assert_eq!((path.as_str(), patch.as_str()), ("", "- {op: remove, path: /spec}"));
    assert_eq!(target.as_deref().map(selector).unwrap(), "g v k m ns c=d a=b");
    assert_eq!(*options, Some(PatchArgs { allow_name_change: true, allow_kind_change: true }));
}

#[test]
fn images_and_replicas_are_read() {
    let all = kustomization(EVERYTHING);
    let Image { name, new_name, tag_suffix, new_tag, digest } = &all.images[0].value;
    assert_eq!(
        format!("{name} {new_name} {tag_suffix} {new_tag} {digest}"),
        "nginx web -x 1 sha256:0"
    );
    assert_eq!((all.images.len(), all.images[1].name.as_str()), (2, "old"));
    assert!(all.image_tags.is_empty());
    let Replica { name, count } = &all.replicas[0].value;
    assert_eq!(format!("{name} {count}"), "web 3");
}

#[test]
fn variables_and_order_are_read() {
    let all = kustomization(EVERYTHING);
    let [first, second] = &all.vars[..] else { panic!() };
    assert_eq!(format!("{} {}", first.name, first.objref.gvk()), "HOST apps/v1 Deployment");
    assert_eq!(format!("{} {}", first.objref.name, first.objref.namespace), "web ns");
    assert_eq!(first.field_path(), "spec.host");
    assert_eq!(second.objref.gvk().to_string(), "g/v K");
    assert_eq!(second.field_path(), "metadata.name");
    let SortOptions { order, legacy_sort_options } = all.sort_options.unwrap().value;
    let LegacySortOptions { order_first, order_last } = legacy_sort_options.unwrap().value;
    assert_eq!(order.as_str(), "legacy");
    assert_eq!((texts(&order_first), texts(&order_last)), (vec!["Namespace"], vec!["Pod"]));
}

#[test]
fn lists_of_paths_are_read() {
    let all = kustomization(EVERYTHING);
    assert_eq!(texts(&all.resources), ["web.yaml", "../base"]);
    assert!(all.bases.is_empty());
    assert_eq!(texts(&all.components), ["../component"]);
    assert_eq!(texts(&all.crds), ["crd.json"]);
    assert_eq!(texts(&all.configurations), ["config.yaml"]);
    assert_eq!(texts(&all.generators), ["generator.yaml"]);
    assert_eq!(texts(&all.transformers), ["transformer.yaml"]);
    assert_eq!(texts(&all.validators), ["validator.yaml"]);
    assert_eq!(texts(&all.build_metadata), ["originAnnotations"]);
}

fn selector(selector: &Selector) -> String {
    let Selector { group, version, kind, name, namespace, annotation_selector, label_selector } =
        selector;
    format!("{group} {version} {kind} {name} {namespace} {annotation_selector} {label_selector}")
}

#[test]
fn replacements_are_read() {
    let replacements = kustomization(EVERYTHING).replacements;
    assert_eq!(replacements[0].path.as_str(), "replacements.yaml");
    assert_eq!(replacements[0].source_value, None);
    let source = replacements[1].source.as_ref().unwrap();
    let SourceSelector { group, version, kind, name, namespace, field_path, options } =
        &source.value;
    assert_eq!(
        format!("{group} {version} {kind} {name} {namespace} {field_path}"),
        "g v k m ns spec.a"
    );
    let options = options.as_ref().unwrap();
    assert_eq!((options.delimiter.as_str(), *options.index, options.create), ("/", 1, true));
    let target = &replacements[1].targets.as_ref().unwrap()[0];
    assert_eq!(target.select.as_ref().unwrap().kind.as_str(), "Pod");
    assert_eq!(target.reject[0].name.as_str(), "other");
    assert_eq!(texts(&target.field_paths), ["spec.b"]);
    assert_eq!(*target.options.as_ref().unwrap().index, -1);
    assert_eq!(replacements[2].source_value.as_ref().unwrap().as_str(), "");
}

#[test]
fn generators_are_read() {
    let all = kustomization(EVERYTHING);
    let GeneratorArgs { namespace, name, behavior, literals, files, envs, env, options } =
        &all.config_map_generator[0].value;
    let secret = &all.secret_generator[0];
    assert_eq!(format!("{name} {namespace} {behavior}"), "config ns merge");
    assert_eq!((texts(literals), texts(files)), (vec!["a=b"], vec!["c.txt"]));
    assert_eq!((texts(envs), env.as_str()), (vec!["d.env", "e.env"], ""));
    let GeneratorOptions { labels, annotations, disable_name_suffix_hash, immutable } =
        options.as_ref().unwrap();
    assert_eq!((pairs(labels), pairs(annotations)), ("l=m".into(), "o=p".into()));
    assert!(*disable_name_suffix_hash && *immutable);
    assert_eq!(
        (secret.args.name.as_str(), secret.secret_type.as_str()),
        ("secret", "example.com/secret")
    );
    assert_eq!(texts(&secret.args.envs), ["f.env"]);
    assert_eq!(pairs(&all.generator_options.unwrap().labels), "all=some");
}

#[test]
fn helm_charts_are_read() {
    let all = kustomization(EVERYTHING);
    let HelmGlobals { chart_home, config_home } = all.helm_globals.unwrap();
    assert_eq!(format!("{chart_home} {config_home}"), "home config");
    assert!(all.helm_chart_inflation_generator.is_empty());
    let charts = all.helm_charts;
    let HelmChart {
        name,
        version,
        repo,
        release_name,
        namespace,
        additional_values_files,
        values_file,
        values_inline,
        values_merge,
        include_crds,
        skip_hooks,
        api_versions,
        kube_version,
        name_template,
        skip_tests,
        debug,
        devel,
    } = &charts[0].value;
    assert_eq!(
        format!("{name} {version} {repo} {release_name} {namespace}"),
        "chart 1 https://example.com release ns"
    );
    assert_eq!(texts(additional_values_files), ["more.yaml"]);
    assert_eq!(format!("{values_file} {values_merge}"), "values.yaml merge");
    assert_eq!(
        format!("{:?}", values_inline.as_ref().unwrap()),
        r#"{!!Str "true": [!!Int "1", !!Float "2.5", !!Str "text", !!Null "null", !!Bool "true"]}"#
    );
    assert_eq!(format!("{kube_version} {name_template}"), "1.30 {{ .Name }}");
    assert_eq!(texts(api_versions), ["v1"]);
    assert!(*include_crds && *skip_hooks && *skip_tests && *debug && *devel);
    let old = &charts[1];
    assert_eq!(
        format!("{} {} {} {}", old.name, old.version, old.repo, old.release_name),
        "older 2 https://old.example.com oldrelease"
    );
    assert_eq!(format!("{} {}", old.values_file, old.values_merge), "old.yaml replace");
    assert!(old.values_inline.is_some() && old.namespace.is_empty());
}

#[test]
fn kind_and_version_have_defaults_that_depend_on_each_other() {
    for (text, kind, version) in [
        ("resources: []", "Kustomization", "kustomize.config.k8s.io/v1beta1"),
        ("{kind: '', resources: []}", "Kustomization", "kustomize.config.k8s.io/v1beta1"),
        ("{kind: Component, resources: []}", "Component", "kustomize.config.k8s.io/v1alpha1"),
        ("{KIND: Component, resources: []}", "Component", "kustomize.config.k8s.io/v1alpha1"),
    ] {
        let kustomization = kustomization(text);
        assert_eq!(
            (kustomization.kind.as_str(), kustomization.api_version.as_str()),
            (kind, version),
            "{text}"
        );
        assert_eq!(kustomization.is_component(), kind == "Component");
    }
}

#[test]
fn other_kinds_and_versions_are_refused() {
    refused(
        "kind: Kustomisation\nresources: []",
        "1:7 invalid-value: found the kind `Kustomisation`, expected `Kustomization` or `Component` (did you mean `Kustomization`?)",
    );
    refused(
        "apiVersion: kustomize.config.k8s.io/v1\nresources: []",
        "1:13 invalid-value: found the version `kustomize.config.k8s.io/v1`, \
         expected `kustomize.config.k8s.io/v1beta1` for a Kustomization \
         (write `apiVersion: kustomize.config.k8s.io/v1beta1`, or leave it out)",
    );
    refused(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Component\nresources: []",
        "1:13 invalid-value: found the version `kustomize.config.k8s.io/v1beta1`, \
         expected `kustomize.config.k8s.io/v1alpha1` for a Component \
         (write `apiVersion: kustomize.config.k8s.io/v1alpha1`, or leave it out)",
    );
    refused(
        "kind: Pod\napiVersion: v1\nresources: []",
        "1:7 invalid-value: found the object `v1 Pod`, expected a `Kustomization` or `Component` \
         (give this file another name, and list it under `resources` of a kustomization if it is to be rendered)",
    );
}

#[test]
fn a_file_that_says_nothing_is_refused() {
    for text in [
        "",
        "# nothing\n",
        "---\n---\nresources: [a]\n",
        "null",
        "{}",
        "kind: Pod",
        "{kind: Component, apiVersion: x}",
        "{namePrefix: '', resources: , images: ~}",
        "{bases: [], imageTags: [], helmChartInflationGenerator: []}",
    ] {
        let error = read(text).unwrap_err();
        assert!(
            error.contains(" kustomization-empty: the kustomization file sets no field"),
            "{text}: {error}"
        );
    }
    for text in [
        "resources: []",
        "commonLabels: {}",
        "metadata: {}",
        "helmGlobals: {}",
        "bases: [a]",
        "openapi: {}",
        "{bases: [], vars: []}",
    ] {
        assert!(read(text).is_ok(), "{text}");
    }
}

#[test]
fn a_list_or_text_is_no_kustomization() {
    refused(
        "- a",
        "1:1 invalid-type: found a list, expected a mapping (write the name of a field before the list: `resources:`)",
    );
    refused(
        "words",
        "1:1 invalid-type: found the text `words`, expected a mapping (is a colon missing? A field begins with its name: `words:`)",
    );
}

#[test]
fn deprecated_fields_give_warnings_in_the_order_of_the_reference() {
    let warnings = |text: &str| -> Vec<(u32, String)> {
        let warnings = read(text).unwrap().1;
        warnings
            .into_iter()
            .map(|warning| (warning.failure.span().start(), warning.text.unwrap_or_default()))
            .collect()
    };
    let expected = [
        (0, "bases", "resources"),
        (11, "commonLabels", "labels"),
        (29, "imageTags", "images"),
        (44, "patchesJson6902", "patches"),
        (65, "patchesStrategicMerge", "patches"),
        (92, "vars", "replacements"),
    ]
    .map(|(place, field, successor)| {
        let is_vars = field == "vars";
        let run = if is_vars { "[EXPERIMENTAL] Run" } else { "Run" };
        let text = format!(
            "# Warning: '{field}' is deprecated. Please use '{successor}' instead. {run} 'kustomize edit fix' to update \
             your Kustomization automatically."
        );
        (place, text)
    });
    assert_eq!(
        warnings(
            "Bases: [a]\ncommonLabels: {}\n\nimageTags: []\n\npatchesJson6902: []\n\npatchesStrategicMerge: []\n\nvars: []"
        ),
        expected
    );
    assert_eq!(warnings("{vars: [], bases: [a]}").len(), 2);
    assert_eq!(warnings("{resources: [], vars: ~, bases: ~, configMapGenerator: [{env: a}]}"), []);
}

#[test]
fn helm_charts_of_old_say_what_holds_for_all() {
    let globals = |text: &str| {
        let globals = kustomization(text).helm_globals?;
        Some(format!("{} {}", globals.chart_home, globals.config_home))
    };
    let old = "helmChartInflationGenerator: [{chartHome: a, helmHome: b}, {chartHome: c}, {chartName: d}]";
    assert_eq!(globals(old).as_deref(), Some("c b"));
    assert_eq!(globals(&format!("{old}\nhelmGlobals: {{}}")).as_deref(), Some(" "));
    assert_eq!(globals("helmChartInflationGenerator: [{chartName: a}]"), None);
}

#[test]
fn what_is_wrong_with_fields_is_named() {
    for (text, expected) in [
        ("resorces: []", "1:1 unknown-field: unknown field `resorces` (did you mean `resources`?)"),
        (
            "images:\n- {name: a, newtga: b}",
            "2:13 unknown-field: unknown field `newtga` (did you mean `newTag`?)",
        ),
        (
            "configMapGenerator: [{name: a, type: Opaque}]",
            "1:32 unknown-field: unknown field `type` (the fields here are `namespace`, `name`, `behavior`, \
             `literals`, `files`, `envs`, `env`, `options`)",
        ),
        (
            "namespace: n",
            "1:12 invalid-type: found the boolean `n`, expected text (put it in quotes: `\"n\"`)",
        ),
        (
            "images: [{name: a, newTag: 1.20}]",
            "1:28 invalid-type: found the number `1.20`, expected text (put it in quotes: `\"1.20\"`)",
        ),
        (
            "commonLabels: {a: 1}\ncommonAnnotations: {b: true}",
            "1:19 invalid-type: found the number `1`, expected text (put it in quotes: `\"1\"`)\n\
             2:24 invalid-type: found the boolean `true`, expected text (put it in quotes: `\"true\"`)",
        ),
        (
            "replicas: [{name: a, count: '3'}]",
            "1:29 invalid-type: found the text `3`, expected a whole number (take the quotes away: `3`)",
        ),
        (
            "resources: a.yaml",
            "1:12 invalid-type: found the text `a.yaml`, expected a list (write `resources: [a.yaml]`)",
        ),
        (
            "patchesStrategicMerge: [{kind: a}]",
            "1:25 invalid-type: found a mapping, expected text (to write a document in place, make it a block of text: `- |-`)",
        ),
        (
            "helmCharts: [{valuesInline: [a]}]",
            "1:29 invalid-type: found a list, expected a mapping (write `key: value`, without `- `)",
        ),
        (
            "openapi: {version: 1}",
            "1:20 invalid-type: found the number `1`, expected text (put it in quotes: `\"1\"`)",
        ),
    ] {
        refused(text, expected);
    }
}

#[test]
fn places_are_kept() {
    let text = "resources:\n- web.yaml\nimages: [{name: nginx}]\n";
    let kustomization = kustomization(text);
    let at = |span: crate::source::Span| &text[span.start() as usize..span.end() as usize];
    assert_eq!(at(kustomization.resources[0].span), "web.yaml");
    assert_eq!(at(kustomization.images[0].span), "{name: nginx}");
    assert_eq!(at(kustomization.images[0].name.span), "nginx");
    assert_eq!(at(kustomization.places.of_field("images").unwrap()), "images");
}

#[test]
fn no_text_is_made_of_numbers_in_what_speaks_of_a_type() {
    let read = |text: &str| {
        let source = Sources::new().add("configuration.yaml", text).unwrap();
        TransformerConfig::read(&source).map_err(|error| error.code())
    };
    assert!(read("namePrefix: [{path: 5}]").is_ok());
    for text in
        ["namePrefix: [{path: a, kind: 5}]", "nameReference: [{kind: true, fieldSpecs: []}]"]
    {
        assert_eq!(read(text).unwrap_err(), crate::error::Code::InvalidType, "{text}");
    }
}
