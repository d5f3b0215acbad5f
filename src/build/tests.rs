//! Builds of small trees in memory.

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::{Options, Output, Reorder, Session, build};
use crate::error::{Code, Error, Result};
use crate::load::{self, Loader, Memory};
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;
use crate::transform::{
    Asked, BUILTINS, Builtin, Cause, Change, Configured, Context, Fate, Observer, Step, Work,
};

/// A loader for files in one text, each after a line `== path`.
pub(crate) fn loader(tree: &str) -> Loader {
    let files = tree.split("== ").skip(1).filter_map(|file| file.split_once('\n'));
    let memory = files
        .fold(Memory::new(), |memory, (path, content)| memory.file(format!("/{path}"), content));
    Loader::new(memory, load::Options::default())
}

fn built(tree: &str, options: &Options) -> Result<Output> {
    build(&loader(tree), "top", options)
}

fn unsorted() -> Options {
    Options { reorder: Some(Reorder::None), ..Options::default() }
}

#[track_caller]
fn names(tree: &str, options: &Options) -> String {
    let output = built(tree, options).unwrap();
    let names: Vec<String> = output
        .resources
        .iter()
        .map(|resource| format!("{} {}", resource.kind(), resource.name()))
        .collect();
    names.join(", ")
}

#[track_caller]
fn failure(tree: &str) -> Error {
    built(tree, &Options::default()).unwrap_err()
}

const NESTED: &str = "\
== top/kustomization.yaml
resources: [b.yaml, ../base]
bases: [other]
== top/b.yaml
kind: B
metadata: {name: b}
---
kind: Namespace
metadata: {name: n}
== top/other/kustomization.yml
resources: [c.yaml]
== top/other/c.yaml
kind: C
metadata: {name: c}
== base/Kustomization
resources: [a.yaml]
sortOptions: {order: nonsense}
== base/a.yaml
kind: A
metadata: {name: a}
";

#[test]
fn resources_come_depth_first_in_the_order_of_the_lists() {
    assert_eq!(names(NESTED, &unsorted()), "B b, Namespace n, A a, C c");
}

#[test]
fn the_output_goes_by_kind_unless_another_order_is_asked_for() {
    assert_eq!(names(NESTED, &Options::default()), "Namespace n, A a, B b, C c");
    let fifo = NESTED.replace("bases:", "sortOptions: {order: fifo}\nbases:");
    assert_eq!(names(&fifo, &Options::default()), "B b, Namespace n, A a, C c");
    let lists = "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [C], orderLast: [A]}}\nbases:";
    let listed = NESTED.replace("bases:", lists);
    assert_eq!(names(&listed, &Options::default()), "C c, B b, Namespace n, A a");
    let output = built(&listed, &unsorted()).unwrap();
    assert!(output.warnings.iter().any(|warning| {
        warning.text.as_deref().unwrap_or_default().starts_with("Warning: Sorting order")
    }));
}

#[test]
fn an_order_must_be_one() {
    for (options, help) in [
        ("{order: legcy}", "did you mean `legacy`?"),
        ("{}", "write `order: legacy` or `order: fifo`"),
        (
            "{order: fifo, legacySortOptions: {orderFirst: [A]}}",
            "remove them, or write `order: legacy`",
        ),
    ] {
        let error = failure(&NESTED.replace("bases:", &format!("sortOptions: {options}\nbases:")));
        assert_eq!((error.code(), &*error.helps()[0]), (Code::InvalidValue, help));
    }
}

#[test]
fn a_render_is_yaml_with_sorted_keys() {
    let tree = "== top/kustomization.yaml\nresources: [r.yaml]\n== top/r.yaml\nmetadata: {name: a, annotations: {x: 1}}\nkind: A\n---\nkind: BList\n";
    let yaml = built(tree, &Options::default()).unwrap().resources.to_yaml().unwrap();
    let expected = "kind: A\nmetadata:\n  annotations:\n    x: \"1\"\n  name: a\n---\nkind: BList\nmetadata: {}\n";
    assert_eq!(yaml, expected);
}

#[test]
fn local_config_is_not_printed() {
    let local = "metadata: {name: b, annotations: {config.kubernetes.io/local-config: ''}}";
    assert_eq!(
        names(&NESTED.replace("metadata: {name: b}", local), &unsorted()),
        "Namespace n, A a, C c"
    );
}

#[test]
fn two_resources_of_one_id_are_shown_with_what_brought_them_in() {
    let tree = NESTED.replace(
        "kind: C\nmetadata: {name: c}",
        "kind: A\nmetadata: {name: a, namespace: default}",
    );
    let loader = loader(&tree);
    let error = build(&loader, "top", &Options::default()).unwrap_err();
    assert_eq!(error.code(), Code::DuplicateId);
    let place = |span| {
        let place = loader.sources().locate(span).unwrap();
        format!("{}:{}", place.source.name(), place.line)
    };
    assert_eq!(place(error.span()), "top/other/c.yaml:2");
    let notes: Vec<String> = error.notes().iter().map(|note| place(note.span)).collect();
    assert_eq!(notes, ["base/a.yaml:2", "top/kustomization.yaml:2"]);
}

#[test]
fn a_file_that_is_listed_twice_is_refused() {
    let error = failure(&NESTED.replace("[b.yaml,", "[b.yaml, b.yaml,"));
    assert_eq!((error.code(), error.iter().count()), (Code::DuplicateId, 2));
}

#[test]
fn failures_of_several_files_are_shown_together() {
    let tree = NESTED
        .replace("[b.yaml,", "[no.yaml, b.yaml,")
        .replace("kind: B\n", "")
        .replace("[a.yaml]", "[neither.yaml, a.yaml]");
    let error = failure(&tree);
    let codes: Vec<Code> = error.iter().map(Error::code).collect();
    assert_eq!(codes, [Code::FileNotFound, Code::MissingKind, Code::FileNotFound]);
    let steps: Vec<&[String]> = error.iter().map(Error::steps).collect();
    assert_eq!(steps, [&[][..], &[], &["while accumulating the base `base`".to_owned()]]);
}

#[test]
fn a_component_is_no_base() {
    let error = failure(&NESTED.replace("sortOptions: {order: nonsense}", "kind: Component"));
    assert_eq!(error.code(), Code::UnexpectedComponent);
}

#[test]
fn a_chart_is_refused_until_somebody_allows_it() {
    let fields = "helmCharts: [{name: a}]\ncrds: []";
    let error = failure(&NESTED.replace("sortOptions: {order: nonsense}", fields));
    assert_eq!((error.code(), error.iter().count()), (Code::PluginNotEnabled, 1));
}

/// Kustomizations `top`, `1`, `2` and so on, each with the next one as a base, and the last one with other entries.
fn chain(length: usize, entries: &dyn Fn(&str) -> String, last: &str) -> String {
    let level = |level: usize| {
        let name = if level == 0 { "top".to_owned() } else { level.to_string() };
        let next = format!("../{}", level + 1);
        let entries = if level + 1 == length { last.to_owned() } else { entries(&next) };
        format!("== {name}/kustomization.yaml\nresources: [{entries}]\n")
    };
    let levels: String = (0..length).map(level).collect();
    levels + &format!("== {}/a.yaml\nkind: A\nmetadata: {{name: a}}\n", length - 1)
}

#[test]
fn a_long_chain_of_bases_needs_little_stack() {
    let body =
        || assert_eq!(names(&chain(1000, &str::to_owned, "a.yaml"), &Options::default()), "A a");
    std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
}

#[test]
fn shared_bases_are_not_accumulated_over_and_over() {
    let tree = chain(200, &|base| format!("{base}, {base}"), "");
    assert_eq!(names(&tree, &Options::default()), "");
}

#[test]
fn a_base_with_a_resource_cannot_be_used_twice() {
    let error = failure(&chain(200, &|base| format!("{base}, {base}"), "a.yaml"));
    assert_eq!(error.code(), Code::DuplicateId);
    assert_eq!(error.steps().len(), 198);
}

#[test]
fn the_built_in_schema_stays_beside_a_later_document_if_it_was_asked_before() {
    let merged_after = |first: &str| {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec: {containers: [{name: a, image: x}]}\n";
        let patch = "{apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {containers: [{name: a, args: [y]}]}}";
        let tree = format!(
            "== top/kustomization.yaml\nresources: [../one, ../two]\n\
             == one/kustomization.yaml\nresources: [pod.yaml]\nnamePrefix: one-\n{first}\n\
             == one/pod.yaml\n{pod}\
             == two/kustomization.yaml\nresources: [pod.yaml]\nopenapi: {{path: schema.json}}\npatches: [{{patch: '{patch}'}}]\n\
             == two/pod.yaml\n{pod}\
             == two/schema.json\n{{\"definitions\": {{}}}}\n"
        );
        let text = built(&tree, &Options::default()).unwrap().resources.to_yaml().unwrap();
        text.matches("image: x").count() == 2
    };
    let patch = |target: &str, patch: &str| {
        format!("patches: [{{target: {{kind: {target}}}, patch: '{patch}'}}]")
    };
    let merge = "{apiVersion: v1, kind: Pod, metadata: {name: pod}}";
    for (first, merged) in [
        (String::new(), false),
        (patch("Pod", merge), true),
        (patch("Job", merge), false),
        (patch("Pod", "[{\"op\": \"add\", \"path\": \"/spec/x\"}]"), false),
        ("transformers: ['{apiVersion: builtin, kind: NamespaceTransformer, metadata: {name: x}}']".to_owned(), true),
    ] {
        assert_eq!(merged_after(&first), merged, "{first}");
    }
}

const WORKLOADS: &str = "\
== base/kustomization.yaml
resources: [web.yaml]
configMapGenerator: [{name: settings, literals: [a=b]}]
== base/web.yaml
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {krender.dev/harden-reason: none}}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 28
      containers:
      - {name: web, image: web, ports: [{name: http, containerPort: 80}], envFrom: [{configMapRef: {name: settings}}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec: {template: {spec: {hostNetwork: true, containers: [{name: job, image: job}]}}}
";

/// A hardening step that runs last has the same effect as hardening the output, and does not change the hashes in names.
#[test]
fn hardening_last_is_hardening_of_the_result() {
    use crate::harden::{Fixes, Kind, Settings, harden, strip};
    for spec in [
        "{}",
        "{profile: baseline, fix: override}",
        "{profile: paranoid, fix: unsafe, rules: {KR-SEC-030: {fix: none}}}",
        "{profile: paranoid, fix: override, select: [{kind: Deployment}], stripAnnotations: true}",
        "{profile: recommended, override: [host-network], exclude: [{kind: Deployment, reason: later}]}",
    ] {
        let configuration = format!(
            "apiVersion: krender.dev/v1alpha1\nkind: HardeningTransformer\nmetadata: {{name: h}}\nspec: {spec}\n"
        );
        let top = |fields: &str| {
            format!(
                "{WORKLOADS}== top/kustomization.yaml\nnamePrefix: p-\nresources: [../base]\n{fields}"
            )
        };
        let step = top(&format!("transformers: [h.yaml]\n== top/h.yaml\n{configuration}"));
        let step = built(&step, &Options::default()).unwrap().resources.to_yaml().unwrap();
        let loader = loader(&top(&format!("== top/h.yaml\n{configuration}")));
        let mut result = build(&loader, "top", &Options::default()).unwrap().resources;
        let plain = result.to_yaml().unwrap();
        let file = loader.file("top/h.yaml").unwrap();
        let root = &file.documents(&crate::limits::Budget::default()).unwrap()[0].root;
        let usual = "restricted".parse().unwrap();
        let settings = Settings::read(root, &[Kind::Transformer], usual).unwrap();
        harden(&mut result, loader.sources(), &Schema::built_in(), &settings, Fixes::OfSettings)
            .unwrap();
        if settings.strips_annotations {
            strip(&mut result, &Schema::built_in(), &settings).unwrap();
        }
        assert_eq!(step, result.to_yaml().unwrap(), "{spec}");
        let names = |yaml: &str| {
            let lines = yaml.lines().filter(|line| line.contains("settings-"));
            lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!((names(&step).len(), names(&step)), (2, names(&plain)), "{spec}");
        assert!(step != plain || spec.contains("exclude"), "{spec}");
    }
}

#[test]
fn what_ends_on_a_day_is_not_for_later() {
    let lasts = |spec: &str| {
        let tree = format!(
            "{WORKLOADS}== top/kustomization.yaml\nresources: [../base]\nvalidators: [v.yaml]\n== top/v.yaml\napiVersion: krender.dev/v1alpha1\nkind: HardeningValidator\nmetadata: {{name: v}}\nspec: {{failOn: never, {spec}}}\n"
        );
        let (loader, options) = (loader(&tree), Options::default());
        Session::new(&loader, &options).build("top", &mut Vec::new()).unwrap().lasts
    };
    assert!(lasts("exclude: [{kind: Job, reason: later}]"));
    assert!(!lasts("exclude: [{kind: Job, reason: later, until: 2027-01-01}]"));
}

/// Records each change: the layer, the requesting field or document, and the number of remaining resources.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Observer for Recorder {
    fn before(&mut self, change: &Change<'_>, _: &mut ResMap) -> Result<()> {
        let Cause { builtin, asked, layer, .. } = change.cause;
        let asked = match asked {
            Asked::Field(field) => field.to_owned(),
            Asked::Entry(field, number) => format!("{field}[{number}]"),
            Asked::Document { name, .. } => format!("document {name}"),
            Asked::End(step) => format!("end: {step}"),
        };
        self.0.push(format!("{} {builtin} {asked}", layer.name()));
        Ok(())
    }

    fn after(&mut self, _: &Cause<'_>, resources: &mut ResMap) -> Result<()> {
        let line = self.0.pop().unwrap();
        self.0.push(format!("{line} {}", resources.len()));
        Ok(())
    }
}

fn observed(tree: &str, observer: &mut dyn Observer) -> Result<ResMap> {
    let (loader, options) = (loader(tree), Options::default());
    let session = Session::new(&loader, &options);
    session.build_observed("top", &mut Vec::new(), observer).map(|built| built.resources)
}

#[test]
fn every_change_has_a_cause() {
    let tree = "\
== base/kustomization.yaml
resources: [r.yaml]
namePrefix: p-
images: [{name: i, newTag: a}, {name: i, newTag: b}]
vars: [{name: V, objref: {apiVersion: v1, kind: Service, name: app}}]
== base/r.yaml
{apiVersion: v1, kind: Service, metadata: {name: app}}
---
{apiVersion: v1, kind: Pod, metadata: {name: app}}
== top/kustomization.yaml
resources: [../base]
labels: [{pairs: {a: b}}, {}]
patches:
- patch: '{apiVersion: v1, kind: Pod, metadata: {name: app}, $patch: delete}'
- patch: '{apiVersion: v1, kind: Service, metadata: {name: app}, spec: {}}'
- {target: {kind: Pod}, patch: '- {op: remove, path: /spec}'}
transformers:
- '{apiVersion: builtin, kind: PrefixSuffixTransformer, metadata: {name: both}, prefix: a, suffix: b, fieldSpecs: [{path: metadata/name}]}'
";
    let mut recorder = Recorder::default();
    observed(tree, &mut recorder).unwrap();
    assert_eq!(
        recorder.0,
        [
            "base PrefixTransformer namePrefix 2",
            "base ImageTagTransformer images[0] 2",
            "base ImageTagTransformer images[1] 2",
            "top PatchTransformer patches[0] 1",
            "top PatchTransformer patches[1] 1",
            "top PatchTransformer patches[2] 1",
            "top LabelTransformer labels[0] 1",
            "top LabelTransformer labels[1] 1",
            "top LabelTransformer commonLabels 1",
            "top PrefixSuffixTransformer document both 1",
            "top HashTransformer end: hash suffixes 1",
            "top  end: name references 1",
            "top  end: vars 1",
            "top  end: local-config 1",
            "top  end: bookkeeping 1",
            "top SortOrderTransformer end: order 1",
        ]
    );
}

/// A base that a session has accumulated for one target is accumulated again for an observer of the next one.
#[test]
fn an_observer_misses_no_change_of_a_shared_base() {
    let tree = "\
== base/kustomization.yaml
resources: [r.yaml]
namePrefix: p-
== base/r.yaml
{apiVersion: v1, kind: Service, metadata: {name: app}}
== top/kustomization.yaml
resources: [../base]
";
    let (loader, options) = (loader(tree), Options::default());
    let session = Session::new(&loader, &options);
    let mut recorder = Recorder::default();
    session.build("top", &mut Vec::new()).unwrap();
    session.build_observed("top", &mut Vec::new(), &mut recorder).unwrap();
    assert_eq!(recorder.0.iter().filter(|line| line.starts_with("base ")).count(), 1);
}

/// An error of an observer ends the build.
#[test]
fn an_observer_may_refuse_a_change() {
    struct Refuses;
    impl Observer for Refuses {
        fn after(&mut self, cause: &Cause<'_>, _: &mut ResMap) -> Result<()> {
            Err(cause.explain(Error::new(Code::NoEffect, "refused")))
        }
    }
    let tree = "== top/kustomization.yaml\nresources: [r.yaml]\nnamespace: new\n== top/r.yaml\nkind: A\nmetadata: {name: a}\n";
    let error = observed(tree, &mut Refuses).unwrap_err();
    assert_eq!(
        (error.message(), error.steps()),
        ("refused", &["while applying `namespace`".to_owned()][..])
    );
}

/// A builtin that exists only in the table of the test, requested by a kustomization with `metadata`, or by a document.
const PRETENDED: Builtin = Builtin {
    kind: "PretendedTransformer",
    field: "metadata",
    changes: |builtin, context| {
        let is_asked = context.kustomization.metadata.is_some();
        let cause = builtin.cause(context, Span::NONE);
        Ok(is_asked.then(|| Change::new(cause, [Work::step(Mark)])).into_iter().collect())
    },
    document: &["mark"],
    configure: |_, _| Ok(Box::new(Mark)),
};

/// A table in which the order of the fields is that of the table.
const PRETENDED_TABLE: &[Builtin] = &[BUILTINS[2], PRETENDED, BUILTINS[3]];

/// Appends a letter to the name of each resource.
struct Mark;

impl Configured for Mark {
    fn work<'c>(&'c self, _: &Context<'c>) -> Vec<Work<'c>> {
        vec![Work::step(Self)]
    }
}

impl Step for Mark {
    type Tally = ();

    fn change(&self, (): &mut (), _: usize, resource: &mut Resource) -> Result<Fate> {
        let name = format!("{}m", resource.name());
        resource.set_name(&name, Span::NONE).map(|()| Fate::Stays)
    }
}

/// A line in the table is sufficient for a builtin: fields, documents, strict builds, provenance and observers support
/// it.
#[test]
fn a_builtin_is_one_descriptor() {
    let tree = "\
== top/kustomization.yaml
resources: [r.yaml]
metadata: {name: k}
namePrefix: p-
namespace: new
buildMetadata: [transformerAnnotations]
transformers:
- '{apiVersion: builtin, kind: PretendedTransformer, metadata: {name: document}, mark: 1, marc: 2}'
== top/r.yaml
{apiVersion: v1, kind: Service, metadata: {name: app}}
";
    let (loader, options) = (loader(tree), Options { strict: true, ..Options::default() });
    let session = Session::with_builtins(&loader, &options, PRETENDED_TABLE);
    let (mut recorder, mut warnings) = (Recorder::default(), Vec::new());
    let built = session.build_observed("top", &mut warnings, &mut recorder).unwrap();
    let kinds: Vec<&str> =
        recorder.0.iter().map(|line| line.split(' ').nth(1).unwrap()).take(4).collect();
    let expected = [BUILTINS[2].kind, PRETENDED.kind, BUILTINS[3].kind, PRETENDED.kind];
    assert_eq!(kinds, expected);
    let yaml = built.resources.to_yaml().unwrap();
    assert!(yaml.contains("name: p-appmm\n"), "{yaml}");
    let noted: Vec<&str> = yaml
        .lines()
        .filter_map(|line| line.trim().strip_prefix("kind: "))
        .filter(|kind| *kind != "Service")
        .collect();
    assert_eq!(noted, expected);
    let messages: Vec<&str> = warnings.iter().map(|warning| warning.failure.message()).collect();
    assert_eq!(messages, ["`PretendedTransformer` has no field `marc`, and ignores it"]);
}

/// Patches, some of which change names, delete resources, or fail.
const PATCHES: &[&str] = &[
    "target: {kind: Deployment}\n  patch: '- {op: replace, path: /spec/replicas, value: 2}'",
    "target: {name: app}\n  patch: '- {op: replace, path: /metadata/name, value: web}'",
    "target: {kind: Service}\n  patch: '- {op: remove, path: /spec/nothing}'",
    "target: {kind: Service}\n  patch: '- {op: remove, path: /metadata}'",
    "target: {kind: Deployment}\n  patch: '{kind: Deployment, metadata: {name: any}, spec: {paused: true}}'",
    "target: {namespace: b}\n  patch: '{kind: Deployment, metadata: {name: any}, $patch: delete}'",
    "target: {kind: Deployment}\n  options: {allowNameChange: true}\n  patch: '{kind: Deployment, metadata: {name: web}}'",
    "patch: '{apiVersion: v1, kind: Service, metadata: {name: app}, spec: {clusterIP: None}}'",
    "patch: '{apiVersion: v1, kind: Service, metadata: {name: web}, $patch: delete}'",
    "target: {kind: Deployment, labelSelector: 'a in ('}\n  patch: '- {op: remove, path: /spec/replicas}'",
    "target: {kind: '('}\n  patch: '- {op: remove, path: /spec/replicas}'",
];

/// Other fields of kustomizations.
const FIELDS: &[&str] = &[
    "namespace: x",
    "namePrefix: p-",
    "nameSuffix: -s",
    "labels: [{pairs: {team: shop}, includeSelectors: true}, {pairs: {}}]",
    "commonAnnotations: {a: b}",
    "replicas: [{name: web, count: 3}, {name: app, count: 4}]",
    "images: [{name: i, newTag: '2'}, {name: unused, newTag: '2'}]",
    "buildMetadata: [managedByLabel]",
    "vars: [{name: V, objref: {apiVersion: v1, kind: Service, name: app}}]",
];

const OBJECTS: &[&str] = &[
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: app, namespace: a}, spec: {replicas: 1, template: {spec: {containers: [{image: 'i:1'}]}}}}",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: app, namespace: b}, spec: {template: {spec: {serviceAccountName: app}}}}",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a}, spec: {paused: false}}",
    "{apiVersion: v1, kind: Service, metadata: {name: app}, spec: {selector: {app: app}}}",
    "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: c}, spec: {}}",
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: app, annotations: {config.kubernetes.io/local-config: 'true'}}}",
    "{apiVersion: v1, kind: Pod, metadata: {name: app}, spec: {containers: [{image: [i]}]}}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Steps that share a pass have the same result and the same errors as steps that are each run on all resources
    /// before the next one begins. Strict builds and builds with an observer run in this way, with each entry of a
    /// field as a separate change.
    #[test]
    fn passes_are_shared_unnoticed(
        patches in subsequence(PATCHES, 0..5).prop_shuffle(),
        fields in subsequence(FIELDS, 0..FIELDS.len()),
        objects in subsequence(OBJECTS, 1..=OBJECTS.len()).prop_shuffle(),
    ) {
        let patches: String = patches.iter().map(|patch| format!("- {patch}\n")).collect();
        let tree = format!(
            "== top/kustomization.yaml\nresources: [r.yaml]\n{}\npatches:\n{patches}== top/r.yaml\n{}\n",
            fields.join("\n"),
            objects.join("\n---\n"),
        );
        let told = |output: Result<ResMap>| {
            let output = output.and_then(|resources| resources.to_yaml());
            output.map_err(|error| error.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>())
        };
        let options = |strict| Options { strict, ..Options::default() };
        let fused = told(built(&tree, &options(false)).map(|output| output.resources));
        prop_assert_eq!(&fused, &told(built(&tree, &options(true)).map(|output| output.resources)));
        prop_assert_eq!(&fused, &told(observed(&tree, &mut Recorder::default())));
    }
}
