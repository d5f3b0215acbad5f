//! Small inputs that would cause much work: each ends in an error that names the entry and the limit, or renders.

use std::fmt::Write as _;

use crate::lab::{Lab, Outcome};

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n";

/// Renders `k` with low limits, so that little work is done before they are reached.
fn build(lab: &Lab, limits: &[&str]) -> Outcome {
    let set = limits.iter().flat_map(|limit| ["--limit", limit]);
    lab.krender("k", &["build", "-q"].into_iter().chain(set).collect::<Vec<_>>())
}

/// Asserts that a build reaches a limit and prints nothing; `place` is the position of the error.
#[track_caller]
fn ends(lab: &Lab, limit: &str, place: &str) {
    let name = limit.split('=').next().unwrap();
    let Outcome { code, stdout, stderr } = build(lab, &[limit]);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert_eq!(stderr.matches("error[limit-exceeded]").count(), 1, "{stderr}");
    assert!(stderr.contains(place), "no `{place}` in:\n{stderr}");
    assert!(stderr.contains(&format!("`--limit {name}=")), "{stderr}");
}

/// Asserts that a build stays within its limits.
#[track_caller]
fn renders(lab: &Lab, limits: &[&str]) -> String {
    let Outcome { code, stdout, stderr } = build(lab, limits);
    assert_eq!((code, stderr.as_str()), (0, ""));
    stdout
}

/// Directories `a0`, `b0` … in pairs, where each of a pair lists both of the next one.
fn diamonds(lab: &Lab, levels: usize, kustomization: impl Fn(&str, usize) -> String, last: &str) {
    for level in 0..levels {
        for side in ["a", "b"] {
            let text = kustomization(side, level + 1);
            lab.write(&format!("{side}{level}/kustomization.yaml"), text);
        }
    }
    for side in ["a", "b"] {
        lab.write(&format!("{side}{levels}/kustomization.yaml"), last);
        lab.write(&format!("{side}{levels}/r.yaml"), MAP);
    }
}

const COMPONENT: &str = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";

#[test]
fn components_that_include_each_other_in_diamonds() {
    let lab = Lab::new();
    let component = |_: &str, next| format!("{COMPONENT}components: [../a{next}, ../b{next}]\n");
    diamonds(&lab, 40, component, &format!("{COMPONENT}commonLabels: {{a: b}}\n"));
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\ncomponents: [../a0, ../b0]\n");
    lab.write("k/r.yaml", MAP);
    ends(&lab, "directories=1000", "39/kustomization.yaml:3:");
}

#[test]
fn bases_that_double_their_resources_on_each_level() {
    let lab = Lab::new();
    let base =
        |side: &str, next| format!("namePrefix: {side}-\nresources: [../a{next}, ../b{next}]\n");
    diamonds(&lab, 26, base, "resources: [r.yaml]\nnamePrefix: x-\n");
    for side in ["a", "b"] {
        let last = format!("resources: [r.yaml]\nnamePrefix: {side}-\n");
        lab.write(&format!("{side}26/kustomization.yaml"), last);
    }
    lab.write("k/kustomization.yaml", "resources: [../a0, ../b0]\n");
    ends(&lab, "resources=1000", "kustomization.yaml:2:");
}

#[test]
fn aliases_of_a_long_text() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    let mut text = format!("{MAP}a: &a {}\nlist:\n", "x".repeat(10_000));
    for _ in 0..1000 {
        text.push_str("- *a\n");
    }
    lab.write("k/r.yaml", text);
    ends(&lab, "bytes=1MB", "r.yaml:");
    assert!(renders(&lab, &["bytes=40MB"]).len() > 10_000_000);
}

#[test]
fn indentation_of_deep_nesting() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    let text = format!("{MAP}x: {}1{}\n", "{a: ".repeat(2000), "}".repeat(2000));
    lab.write("k/r.yaml", text);
    ends(&lab, "bytes=1MB", "r.yaml:5:");
    assert!(renders(&lab, &["bytes=10MB"]).len() > 4_000_000);
}

#[test]
fn lines_of_a_text_that_is_deeply_nested() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    for text in ["a\\n".repeat(1000), "a ".repeat(1000)] {
        let text = format!("{MAP}x: {}\"{text}a\"{}\n", "[".repeat(900), "]".repeat(900));
        lab.write("k/r.yaml", text);
        ends(&lab, "bytes=1MB", "r.yaml:");
    }
}

#[test]
fn files_of_a_run() {
    let lab = Lab::new();
    let mut kustomization = "configMapGenerator:\n".to_owned();
    for number in 0..4 {
        writeln!(kustomization, "- {{name: c{number}, files: [f{number}]}}").unwrap();
        lab.write(&format!("k/f{number}"), vec![0; 300_000]);
    }
    lab.write("k/kustomization.yaml", kustomization);
    ends(&lab, "files=1MB", "f3");
}

/// A kustomization with one ConfigMap `c` in `r.yaml`, followed by other text.
fn one_map(kustomization: &str, behind: &str) -> Lab {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", format!("resources: [r.yaml]\n{kustomization}"));
    lab.write("k/r.yaml", format!("{MAP}{behind}"));
    lab
}

/// A number of ConfigMaps.
fn maps(count: usize) -> String {
    (0..count).map(|number| MAP.replace("name: c", &format!("name: c{number}")) + "---\n").collect()
}

#[test]
fn json_copies_that_double_a_value() {
    for (value, path) in [("{a: 1}", "/x/k"), ("[a]", "/x/-")] {
        let mut kustomization = "patches:\n- target: {kind: ConfigMap}\n  patch: |\n".to_owned();
        for number in 0..28 {
            let path =
                if path.ends_with('k') { format!("{path}{number}") } else { path.to_owned() };
            writeln!(kustomization, "    - {{op: copy, from: /x, path: {path}}}").unwrap();
        }
        let lab = one_map(&kustomization, &format!("x: {value}\n"));
        ends(&lab, "bytes=10MB", "kustomization.yaml:");
    }
}

#[test]
fn a_patch_that_adds_a_list_to_many_resources() {
    let patch = format!("{MAP}l:\n{}", "- abcdefghij\n".repeat(2000));
    let operations =
        format!("- op: add\n  path: /l\n  value:\n{}", "  - abcdefghij\n".repeat(2000));
    for patch in [patch, operations] {
        let lab = one_map("patches:\n- target: {kind: ConfigMap}\n  path: p.yaml\n", "");
        lab.write("k/r.yaml", maps(100)).write("k/p.yaml", patch);
        ends(&lab, "bytes=5MB", "p.yaml:");
    }
}

#[test]
fn aliases_in_a_patch() {
    let mut patch = format!("{MAP}a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..7 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(patch, "a{level}: &a{level} [{below}]").unwrap();
    }
    let lab = one_map("patches: [{path: p.yaml}]\n", "");
    lab.write("k/p.yaml", patch);
    ends(&lab, "bytes=5MB", "p.yaml:");
}

const VAR: &str = "vars: [{name: V, objref: {apiVersion: v1, kind: ConfigMap, name: c}, fieldref: {fieldpath: data.v}}]\n";

#[test]
fn a_variable_that_is_used_often() {
    let value = format!("data: {{v: {}}}\n", "x".repeat(10_000));
    let pod =
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: x, args: ";
    for arguments in [format!("['{}']", "$(V)".repeat(1000)), format!("[{}]", "$(V),".repeat(1000))]
    {
        let lab = one_map(VAR, &format!("{value}{pod}{arguments}}}]}}\n"));
        ends(&lab, "bytes=5MB", "kustomization.yaml:2:");
        assert!(renders(&lab, &["bytes=50MB"]).len() > 10_000_000);
    }
}

#[test]
fn replacements_that_copy_a_value_into_itself() {
    let mut kustomization = "replacements:\n".to_owned();
    for number in 0..40 {
        writeln!(
            kustomization,
            "- {{source: {{kind: ConfigMap, fieldPath: x}}, targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [x.k{number}], options: {{create: true}}}}]}}"
        )
        .unwrap();
    }
    let lab = one_map(&kustomization, "x: {a: &a [1, 2, 3], b: *a}\n");
    ends(&lab, "bytes=5MB", "kustomization.yaml:");
    let joined = "replacements:\n".to_owned()
        + &"- {source: {kind: ConfigMap, fieldPath: x}, targets: [{select: {kind: ConfigMap}, fieldPaths: [x], options: {delimiter: /, index: -1}}]}\n".repeat(40);
    ends(&one_map(&joined, "x: abcdefghijklmnop\n"), "bytes=5MB", "kustomization.yaml:");
}

/// An embedded flow document is written as JSON, which has no aliases.
#[test]
fn aliases_in_an_embedded_document() {
    let levels = (1..6).map(|level| {
        let above = format!("*a{},", level - 1).repeat(8);
        format!(", a{level}: &a{level} [{above}]")
    });
    let text = format!("{{a0: &a0 [{}]{}, k: v}}", "x".repeat(100), levels.collect::<String>());
    let replacement = "replacements: [{sourceValue: new, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.text.k]}]}]\n";
    let lab = one_map(replacement, &format!("data: {{text: '{text}'}}\n"));
    ends(&lab, "bytes=5MB", "kustomization.yaml:2:");
    assert!(renders(&lab, &["bytes=100MB"]).len() > 3_000_000);
}

/// The text of each item is written to compare it; mappings take longer to write than texts.
#[test]
fn values_of_items_that_paths_select() {
    let path = "\"x.[name=text].value\",".repeat(40);
    let replacement = format!(
        "replacements: [{{sourceValue: a, targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [{path}]}}]}}]\n"
    );
    let mapping = format!("{{of: [{}]}}", "1,".repeat(200));
    let items = |name: &str| {
        let others = format!("{{name: {name}, value: b}},").repeat(30);
        format!("x: [{others} {{name: text, value: b}}]\n")
    };
    ends(&one_map(&replacement, &items(&mapping)), "bytes=3MB", "kustomization.yaml:2:");
    renders(&one_map(&replacement, &items("other")), &["bytes=3MB"]);
}

#[test]
fn a_long_value_for_many_resources() {
    let long = "x".repeat(10_000);
    let fields = [
        format!("namePrefix: {long}\n"),
        format!("nameSuffix: {long}\n"),
        format!("namespace: {long}\n"),
        format!("labels: [{{pairs: {{a: {long}}}}}]\n"),
        format!("commonAnnotations: {{a: {long}}}\n"),
        format!(
            "replacements: [{{sourceValue: {long}, targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [x], options: {{create: true}}}}]}}]\n"
        ),
    ];
    for field in fields {
        let lab = one_map(&field, "");
        lab.write("k/r.yaml", maps(1000));
        ends(&lab, "bytes=5MB", "kustomization.yaml:2:");
    }
}

#[test]
fn a_long_name_that_is_referred_to_often() {
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: x, image: a, envFrom: [";
    let references = "{configMapRef: {name: c}}, ".repeat(1000);
    let kustomization = format!("namePrefix: {}\n", "x".repeat(10_000));
    ends(&one_map(&kustomization, &format!("{pod}{references}]}}]}}\n")), "bytes=5MB", "r.yaml:");
    let images = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: ["
        .to_owned()
        + &"{name: x, image: a}, ".repeat(1000);
    let kustomization = format!("images: [{{name: a, newName: {}}}]\n", "x".repeat(10_000));
    ends(&one_map(&kustomization, &format!("{images}]}}\n")), "bytes=5MB", "kustomization.yaml:2:");
}

#[test]
fn a_base_with_wide_resources_that_is_used_often() {
    let lab = Lab::new();
    let mut wide = MAP.to_owned() + "  annotations:\n";
    (0..1000).for_each(|number| writeln!(wide, "    a{number}: b").unwrap());
    lab.write("w/kustomization.yaml", "resources: [r.yaml]\n").write("w/r.yaml", wide);
    let mut kustomization = "resources:\n".to_owned();
    for number in 0..100 {
        let text = format!("namePrefix: p{number}-\nresources: [../w]\n");
        lab.write(&format!("b{number}/kustomization.yaml"), text);
        writeln!(kustomization, "- ../b{number}").unwrap();
    }
    lab.write("k/kustomization.yaml", kustomization);
    ends(&lab, "bytes=2MB", "/kustomization.yaml:2:13");
    // The charge is the same if another target has accumulated the base already.
    let kustomization = "resources: [../w]\n";
    lab.write("j/kustomization.yaml", kustomization).write("i/kustomization.yaml", kustomization);
    let limit = ["--limit", "bytes=200KB", "../i", "../j"];
    let outcome = lab.krender("k", &[&["build"], &limit[..]].concat());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    let outcome = lab.krender("k", &["build", "--limit", "bytes=60KB", "../i", "../j"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{}", outcome.stderr);
}

#[test]
fn components_with_transformers_over_many_resources() {
    let lab = Lab::new();
    let component = |side: &str, next| {
        format!("{COMPONENT}namePrefix: {side}\ncomponents: [../a{next}, ../b{next}]\n")
    };
    diamonds(&lab, 20, component, &format!("{COMPONENT}labels: [{{pairs: {{a: b}}}}]\n"));
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\ncomponents: [../a0, ../b0]\n");
    lab.write("k/r.yaml", maps(200));
    ends(&lab, "resources=10000", "kustomization.yaml:");
}

#[test]
fn one_file_for_many_generators() {
    let entries = |kind: &str, end: &str| -> String {
        let entry = |number| format!("- {{name: g{number}, {end}}}\n");
        format!("{kind}:\n") + &(0..20).map(entry).collect::<String>()
    };
    for (kind, content) in [
        ("configMapGenerator", vec![0; 100_000]),
        ("configMapGenerator", b"<".repeat(100_000)),
        ("secretGenerator", vec![0xff; 100_000]),
    ] {
        let lab = one_map(&entries(kind, "files: [f]"), "");
        lab.write("k/f", content);
        ends(&lab, "bytes=3MB", "kustomization.yaml:");
    }
    let lab = one_map(&entries("secretGenerator", "envs: [f]"), "");
    lab.write("k/f", format!("a={}", "x".repeat(100_000)));
    ends(&lab, "bytes=1MB", "kustomization.yaml:");
}

#[test]
fn the_hash_of_a_file_of_zeros() {
    let lab = one_map("configMapGenerator: [{name: g, files: [f]}]\n", "");
    lab.write("k/f", vec![0; 1_000_000]);
    // Each zero byte takes six bytes.
    ends(&lab, "bytes=7MB", "kustomization.yaml:2:");
    assert!(renders(&lab, &["bytes=11MB"]).contains("name: g-"));
}

#[test]
fn patterns_that_take_much_memory() {
    let pattern = |number| format!("(\\pL\\pN\\pS|\\w){{80}}b{number}");
    let all =
        |entry: &dyn Fn(String) -> String| -> String { (0..30).map(pattern).map(entry).collect() };
    let patches = all(&|pattern| format!("- {{target: {{name: '{pattern}'}}, patch: '[]'}}\n"));
    let rejects = all(&|pattern| format!("{{name: '{pattern}'}}, "));
    let paths = all(&|pattern| format!("'l.[a={pattern}|b]', "));
    let images = all(&|pattern| format!("- {{name: '{pattern}', newTag: a}}\n"));
    for kustomization in [
        format!("patches:\n{patches}"),
        format!("images:\n{images}"),
        format!(
            "replacements: [{{sourceValue: a, targets: [{{select: {{kind: ConfigMap}}, reject: [{rejects}]}}]}}]\n"
        ),
        format!(
            "replacements: [{{sourceValue: a, targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [{paths}], options: {{create: true}}}}]}}]\n"
        ),
    ] {
        let lab = one_map(&kustomization, "l: [{a: b}]\n");
        let outcome = build(&lab, &["patterns=20MB"]);
        assert!(outcome.code == 1 && outcome.stderr.contains("limit"), "{}", outcome.stderr);
    }
    let patterns =
        all(&|pattern| format!("  - {{name: '{pattern}', rules: [host-pid], reason: r}}\n"));
    let lab = one_map("", "");
    lab.write(
        "k/.krender.yaml",
        format!("apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec:\n  exclude:\n{patterns}"),
    );
    let outcome =
        lab.krender("k", &["check", "--config", ".krender.yaml", "--limit", "patterns=20MB"]);
    assert!(
        outcome.code == 2 && outcome.stderr.contains("`--limit patterns="),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_document_of_very_many_nodes() {
    let list = format!("[{}]", "a,".repeat(100_000));
    ends(&one_map("", &format!("l: {list}\n")), "bytes=3MB", "r.yaml:");
    ends(&one_map("", &format!("l:\n{}", "- a:\n".repeat(100_000))), "bytes=3MB", "r.yaml:");
    let lab = one_map("", "");
    lab.write("k/kustomization.yaml", format!("resources: {list}\n"));
    let outcome = build(&lab, &["bytes=1MB"]);
    assert!(outcome.stderr.contains("`--limit bytes="), "{}", outcome.stderr);
}

/// If the system has no more memory, krender ends with an ordinary error.
#[cfg(target_os = "linux")]
#[test]
fn memory_that_runs_out() {
    let lab = one_map(
        "configMapGenerator: [{name: g, files: [f], options: {disableNameSuffixHash: true}}]\n",
        "",
    );
    lab.write("k/f", vec![0; 40_000_000]).write("out/keep", "");
    lab.write("e/kustomization.yaml", "resources: [r.yaml]\n").write("e/r.yaml", MAP);
    let program = env!("CARGO_BIN_EXE_krender");
    let outcome = |arguments: &str| {
        let command = format!("ulimit -v 200000; exec {program} {arguments}");
        let output = std::process::Command::new("sh")
            .args(["-c", &command])
            .current_dir(lab.path("k"))
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), output.stdout.is_empty(), stderr)
    };
    let (code, is_silent, stderr) = outcome("build . -o ../out");
    assert_eq!((code, is_silent), (Some(1), true), "{stderr}");
    assert!(stderr.starts_with("error[out-of-memory]: "), "{stderr}");
    assert_eq!(stderr.lines().count(), 2, "{stderr}");
    assert_eq!(std::fs::read_dir(lab.path("out")).unwrap().count(), 1);
    let (code, _, stderr) =
        outcome("diff ../e . --format json --error-format json --limit bytes=10GB");
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains(r#""code":"out-of-memory""#), "{stderr}");
}

#[test]
fn fields_that_configurations_make() {
    let lab = Lab::new();
    let specs = |list: &str| {
        let paths: String =
            (0..100).map(|n| format!("- {{path: a{n}/b/c/d/e, create: true}}\n")).collect();
        format!("{list}:\n{paths}")
    };
    let objects: String = (0..100)
        .map(|n| format!("{}---\n", MAP.replace("name: c", &format!("name: c{n}"))))
        .collect();
    lab.write("k/r.yaml", objects);
    for (list, field) in [
        ("commonLabels", "commonLabels: {a: b}"),
        ("commonAnnotations", "commonAnnotations: {a: b}"),
        ("namePrefix", "namePrefix: a-"),
        ("nameSuffix", "nameSuffix: -a"),
        ("namespace", "namespace: a"),
    ] {
        lab.write("k/c.yaml", specs(list));
        let text = format!("resources: [r.yaml]\nconfigurations: [c.yaml]\n{field}\n");
        lab.write("k/kustomization.yaml", text);
        ends(&lab, "bytes=2MB", "kustomization.yaml:3:");
        assert!(renders(&lab, &["bytes=50MB"]).len() > 200_000, "{list}");
    }
}

/// Each type of objects is compared with each field spec, and each object with those of its type.
#[test]
fn field_specs_of_many_types() {
    let lab = Lab::new();
    let objects: String = (0..300)
        .map(|n| MAP.replace("ConfigMap", &format!("K{n}")).replace("v1", "a/v1") + "---\n")
        .collect();
    lab.write("k/r.yaml", objects);
    let spec =
        |n: usize, kind: &str| format!("  - {{{kind}path: a{n}/b}}\n").replace('#', &n.to_string());
    let label = "commonLabels: {a: b}";
    let prefix = "namePrefix: a-";
    let image = "images: [{name: a, newTag: b}]";
    let variable = "vars: [{name: V, objref: {kind: K1, name: c, apiVersion: a/v1}}]";
    let referrers = "nameReference:\n- kind: K\n  fieldSpecs";
    for (list, kind, field) in [
        ("commonLabels", "kind: K#, ", label),
        ("namePrefix", "kind: K#, ", prefix),
        ("images", "kind: K#, ", image),
        (referrers, "kind: K#, ", ""),
        (referrers, "", ""),
        ("varReference", "", variable),
    ] {
        let write = |count: usize| {
            let specs: String = (0..count).map(|n| spec(n, kind)).collect();
            lab.write("k/c.yaml", format!("{list}:\n{specs}"));
        };
        let text = format!("resources: [r.yaml]\nconfigurations: [c.yaml]\n{field}\n");
        lab.write("k/kustomization.yaml", text);
        write(2000);
        ends(&lab, "bytes=500KB", ".yaml:");
        write(10);
        assert_eq!(build(&lab, &["bytes=500KB"]).code, 0, "{list}");
    }
}

/// Each configuration is merged with those before.
#[test]
fn many_long_configurations() {
    let lab = Lab::new();
    let mut names = String::new();
    for file in 0..30 {
        let specs: String = (0..1000).map(|n| format!("- {{path: a{file}/b{n}}}\n")).collect();
        lab.write(&format!("k/c{file}.yaml"), format!("commonLabels:\n{specs}"));
        writeln!(names, "- c{file}.yaml").unwrap();
    }
    lab.write("k/r.yaml", MAP);
    lab.write("k/kustomization.yaml", format!("resources: [r.yaml]\nconfigurations:\n{names}"));
    ends(&lab, "bytes=15MB", "kustomization.yaml:");
    renders(&lab, &["bytes=150MB"]);
}

/// Each referrer is compared with each object that had the name.
#[test]
fn references_to_a_name_of_many_bases() {
    let lab = Lab::new();
    let mut bases = String::new();
    for base in 0..200 {
        let user = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {volumes: [{name: v, configMap: {name: c}}]}\n";
        lab.write(&format!("b{base}/r.yaml"), format!("{MAP}{user}"));
        let text = format!("namePrefix: p{base}-\nresources: [r.yaml]\n");
        lab.write(&format!("b{base}/kustomization.yaml"), text);
        writeln!(bases, "- ../b{base}").unwrap();
    }
    lab.write("k/kustomization.yaml", format!("resources:\n{bases}"));
    ends(&lab, "bytes=800KB", "r.yaml:");
    renders(&lab, &["bytes=1200KB"]);
}

/// An operation of a JSON patch in front of a list moves all items of it.
#[test]
fn operations_in_front_of_a_long_list() {
    for operation in
        [r#"{"op": "add", "path": "/x/0", "value": 1}"#, r#"{"op": "remove", "path": "/x/0"}"#]
    {
        let patch = vec![operation; 500].join(", ");
        let kustomization = format!("patches: [{{patch: '[{patch}]', target: {{name: c}}}}]\n");
        let list = |length: usize| format!("x: [{}]\n", "1,".repeat(length));
        ends(&one_map(&kustomization, &list(20_000)), "bytes=3MB", "kustomization.yaml:2:");
        renders(&one_map(&kustomization, &list(1_000)), &["bytes=3MB"]);
    }
}

/// Targets after the limit are not checked, and reported as such in every format.
#[test]
fn findings_of_many_targets() {
    let lab = Lab::new();
    lab.write("k/base/kustomization.yaml", "resources: [r.yaml]\n");
    let pod = |n| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}}}\nspec: {{hostPID: true, containers: [{{name: c, image: x}}]}}\n---\n"
        )
    };
    lab.write("k/base/r.yaml", (0..10).map(pod).collect::<String>());
    for n in 0..40 {
        let text = format!("resources: [../base]\nnamePrefix: a{n}-\n");
        lab.write(&format!("k/o{n:02}/kustomization.yaml"), text);
    }
    for format in ["text", "json", "sarif", "junit", "github"] {
        let check = ["check", "--all", ".", "--rule", "host-pid", "--format", format];
        let all = lab.krender("k", &check);
        assert_eq!(all.code, 1, "{}", all.stderr);
        assert!(!all.stderr.contains("error["), "{}", all.stderr);
        let outcome = lab.krender("k", &[&check[..], &["--limit", "findings=200"]].concat());
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert_eq!(
            outcome.stderr.matches("error[limit-exceeded]").count(),
            1,
            "{}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains("`--limit findings=400`"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("17 more"), "{}", outcome.stderr);
    }
}

/// An object that an expression cannot be evaluated for is no pass, and the others are not tried for hours.
#[test]
fn expressions_that_loop() {
    let lab = Lab::new();
    let object = |n| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n---\n");
    lab.write("k/r.yaml", (0..2_000).map(object).collect::<String>());
    let nested = format!("size({}1{}) > 0", "[1, 2, 3, 4].map(x, ".repeat(40), ")".repeat(40));
    for expression in [
        "objects.all(a, objects.all(b, objects.all(c, a != b || b != c || true)))",
        "lists.range(9000000000000000000).size() > 0",
        &nested,
    ] {
        let rule = format!("    TEAM-001:\n      validate: {expression:?}\n");
        let head = "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec:\n  rules:\n";
        lab.write("k/.krender.yaml", format!("{head}{rule}"));
        let check = ["check", "r.yaml", "--limit", "expressions=1000000", "--rule", "TEAM-001"];
        let outcome = lab.krender("k", &check);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert!(outcome.stdout.contains("KR-CFG-010"), "{}", outcome.stdout);
    }
    let deep = format!("    TEAM-001:\n      validate: {:?}\n", "1 + ".repeat(4_000) + "1 > 0");
    let head = "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec:\n  rules:\n";
    lab.write("k/.krender.yaml", format!("{head}{deep}"));
    let outcome = lab.krender("k", &["check", "r.yaml"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("levels deep"), "{}", outcome.stderr);
}

/// The documented defaults are correct.
#[test]
fn the_documented_defaults_are_those_of_the_program() {
    use krender::limits::Limit;
    let page = include_str!("../../docs/security.md");
    for limit in Limit::ALL {
        let row = format!("| `{}` | {} |", limit.name(), limit.amount(limit.default_value()));
        assert!(page.contains(&row), "no row `{row}`");
    }
}

#[test]
fn a_limit_that_makes_no_sense() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    lab.write("k/r.yaml", MAP);
    let Outcome { code, stderr, .. } = build(&lab, &["resorces=1"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("did you mean `resources`?"), "{stderr}");
    // The last of several settings of one limit counts.
    renders(&lab, &["bytes=1", "bytes=1MB"]);
    for command in ["check", "inputs", "shard", "affected"] {
        let outcome = lab.krender("k", &[command, "--limit", "byte=1"]);
        assert!(outcome.stderr.contains("did you mean `bytes`?"), "{command} {}", outcome.stderr);
    }
    let outcome = lab.krender("k", &["diff", ".", ".", "--limit", "bytes=1"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("limit-exceeded"), "{}", outcome.stderr);
}
