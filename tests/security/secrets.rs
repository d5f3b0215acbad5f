//! Values of Secrets in messages and differences: no output shows one, however a build fails.

use std::fmt::Write;

use super::lab::Lab;

/// The values that no output may contain: the secret, and its base64 form.
const VALUES: [&str; 2] = ["hunter2", "aHVudGVyMg"];

const HEAD: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";

/// A build that fails, and a part of its message.
struct Failure {
    name: &'static str,
    /// The files in addition to the kustomization.
    files: Vec<(&'static str, Vec<u8>)>,
    kustomization: String,
    /// A part of the message; empty if the build may succeed.
    shows: &'static str,
}

fn failure(
    name: &'static str,
    kustomization: &str,
    shows: &'static str,
    files: &[(&'static str, &str)],
) -> Failure {
    let files = files.iter().map(|(name, text)| (*name, text.as_bytes().to_vec())).collect();
    Failure { name, files, kustomization: kustomization.to_owned(), shows }
}

/// Failures of env files, literals and files of generators.
fn of_generators() -> Vec<Failure> {
    let generator = |fields: &str| format!("secretGenerator:\n- name: s\n{fields}");
    let envs = generator("  envs: [e]\n");
    vec![
        failure(
            "key twice",
            &envs,
            "PASSWORD=••••••",
            &[("e", "PASSWORD=hunter2\nPASSWORD=hunter2\n")],
        ),
        failure(
            "key twice, spaces",
            &envs,
            "given twice",
            &[("e", "# was hunter2\n  A = hunter2\nhunter2\n  A = 'hunter2'\n")],
        ),
        failure(
            "key twice in literals",
            &generator("  literals: [a=hunter2, 'a=hunter2']\n"),
            "a=••••••",
            &[],
        ),
        failure(
            "key twice, block literals",
            &generator("  literals:\n  - a=hunter2\n  - \"a=x hunter2\"\n"),
            "given twice",
            &[],
        ),
        failure("literal without equals", &generator("  literals: ['hunter2']\n"), "no `=`", &[]),
        failure("literal with colon", &generator("  literals: ['pass: hunter2']\n"), "no `=`", &[]),
        failure("literal with empty key", &generator("  literals: ['=hunter2']\n"), "no key", &[]),
        failure(
            "literal of a wrong type",
            &generator("  literals: [{password: hunter2}]\n"),
            "literals",
            &[],
        ),
        failure(
            "literals as a text",
            &generator("  literals: password=hunter2\n"),
            "literals",
            &[],
        ),
        failure(
            "missing file beside literals",
            &generator("  literals: [a=hunter2]\n  files: [nowhere]\n"),
            "nowhere",
            &[],
        ),
        failure(
            "malformed kustomization",
            &generator("  literals: [a=hunter2\nresources: [\n"),
            "kustomization.yaml",
            &[],
        ),
        failure(
            "malformed kustomization in blocks",
            &generator("  literals:\n  - a=hunter2\n  - 'b=hunter2\n"),
            "kustomization.yaml",
            &[],
        ),
        failure(
            "unknown field beside",
            &generator("  literals: [a=hunter2]\n  literal: hunter2\n"),
            "unknown field",
            &[],
        ),
        failure(
            "generator plugin",
            "generators: [g.yaml]\n",
            "no `=`",
            &[(
                "g.yaml",
                "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: s}\nliterals: [hunter2]\n",
            )],
        ),
        failure(
            "generator inline",
            "generators:\n- |\n  apiVersion: builtin\n  kind: SecretGenerator\n  metadata: {name: s}\n  literals: [a=hunter2, a=hunter2]\n",
            "given twice",
            &[],
        ),
        failure(
            "merge with another",
            &(generator("  behavior: merge\n  literals: [a=hunter2]\n") + "resources: []\n"),
            "s",
            &[],
        ),
        Failure {
            name: "no UTF-8",
            files: vec![("e", b"PASSWORD=hunter2\xff\n".to_vec())],
            kustomization: envs.clone(),
            shows: "0xFF",
        },
        Failure {
            name: "no UTF-8 in a later line",
            files: vec![("e", b"A=hunter2\nB=\xff\xfehunter2\n".to_vec())],
            kustomization: envs,
            shows: "0xFF",
        },
    ]
}

/// Failures of manifests.
fn of_manifests() -> Vec<Failure> {
    let resource = "resources: [r.yaml]\n";
    let broken = |name, text: &str| failure(name, resource, "r.yaml", &[("r.yaml", text)]);
    let twice = format!("{HEAD}stringData: {{password: hunter2}}\n");
    vec![
        broken("malformed flow", &format!("{HEAD}stringData: {{password: hunter2, b: ]}}\n")),
        broken("malformed block", &format!("{HEAD}stringData:\n  password: hunter2\n   x: y\n")),
        broken("malformed scalar", &format!("{HEAD}stringData: {{password: hunter2, a: |2}}\n")),
        broken("tag against value", &format!("{HEAD}data: {{password: !!int hunter2}}\n")),
        broken("quotes open", &format!("{HEAD}stringData:\n  password: \"hunter2\n")),
        broken("malformed, kind below", "stringData:\n  password: hunter2\n  b: [\nkind: Secret\n"),
        broken("malformed, no kind", "stringData:\n  password: hunter2\n  b: [\n"),
        broken(
            "malformed JSON",
            "{\"kind\": \"Secret\",\n \"data\": {\"a\": \"aHVudGVyMg==\",\n \"b\": ]}}\n",
        ),
        broken(
            "malformed, kind quoted and tagged",
            "kind: !!str \"Secret\"\ndata:\n  a: aHVudGVyMg==\n  b: @\n",
        ),
        broken("malformed other document", &format!("{twice}---\na: b: c # hunter2\n")),
        broken("tab", &format!("{HEAD}stringData:\n\tpassword: hunter2\n")),
        broken(
            "unknown anchor",
            &format!("{HEAD}stringData: {{password: hunter2, b: *hunter2}}\n"),
        ),
        broken(
            "key twice",
            &format!("{HEAD}stringData: {{password: hunter2, password: hunter2}}\n"),
        ),
        broken("no name", "apiVersion: v1\nkind: Secret\nstringData: {password: hunter2}\n"),
        broken(
            "unwritable character",
            &format!("{HEAD}stringData: {{password: \"hunter2\\x9b\"}}\n"),
        ),
        broken("one id twice", &format!("{twice}---\n{twice}")),
        broken(
            "one id twice, flow",
            &format!(
                "{}\n---\n{0}\n",
                "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hunter2}}"
            ),
        ),
        broken(
            "one id twice, comments",
            &format!("{twice}# hunter2 before\n---\n# hunter2 now\n{twice}"),
        ),
        broken(
            "one id twice, list",
            "apiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {p: hunter2}}\n- *a\n",
        ),
        broken(
            "one id twice, other case and group",
            "apiVersion: core/v1\nkind: Secret\nmetadata: {name: s}\ntype: x\nmore: hunter2\n---\napiVersion: core/v1\nkind: Secret\nmetadata: {name: s}\nmore: hunter2\n",
        ),
        broken("sealed template twice", &{
            let one = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s}\nspec: {template: {data: {p: hunter2}, stringData: {q: hunter2}}}\n";
            format!("{one}---\n{one}")
        }),
        broken("external template twice", &{
            let one = "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: s}, spec: {target: {template: {data: {p: hunter2}}}}}\n";
            format!("{one}---\n{one}")
        }),
        broken("embedded in an annotation", &{
            let one = "{apiVersion: v1, kind: ConfigMap, metadata: {name: s, annotations: {applied: '{\"kind\":\"Secret\",\"data\":{\"a\":\"aHVudGVyMg==\"}}'}}}\n";
            format!("{one}---\n{one}")
        }),
        broken(
            "block scalar",
            &format!(
                "{HEAD}stringData:\n  a: |\n    user: hunter2\n    hunter2\n  a: >-\n    hunter2\n    : hunter2\n"
            ),
        ),
        failure(
            "base and overlay",
            "resources: [base]\nnameSuffix: -a\npatches: [{path: p.yaml}]\n",
            "p.yaml",
            &[
                ("base/kustomization.yaml", resource),
                ("base/r.yaml", &twice),
                (
                    "p.yaml",
                    "apiVersion: v1\nkind: Secret\nmetadata: {name: t}\nstringData: {password: hunter2}\n",
                ),
            ],
        ),
    ]
}

/// Failures of patches, replacements and variables on Secrets.
fn of_patches() -> Vec<Failure> {
    let secret =
        format!("{HEAD}stringData:\n  password: hunter2\n  n: '5'\ndata: {{a: aHVudGVyMg==}}\n");
    let with = |name, fields: &str, shows| {
        failure(
            name,
            &format!("resources: [r.yaml]\n{fields}"),
            shows,
            &[
                ("r.yaml", &secret),
                ("p.yaml", "- op: replace\n  path: /stringData/password/x\n  value: hunter2\n"),
                ("t.yaml", "- op: test\n  path: /data/a\n  value: hunter2 # hunter2\n"),
                ("j.json", "[{\"op\": \"test\", \"path\": \"/data/b\", \"value\": \"hunter2\"}]"),
                ("q.yaml", &format!("{HEAD}stringData: {{password: {{x: hunter2}}}}\n")),
                (
                    "c.yaml",
                    "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: b}}\n",
                ),
            ],
        )
    };
    vec![
        with(
            "operation below a value",
            "patches:\n- target: {kind: Secret}\n  path: p.yaml\n",
            "patches[0]",
        ),
        with(
            "operation without a kind",
            "patches:\n- target: {name: s}\n  path: t.yaml\n",
            "patches[0]",
        ),
        with(
            "operation by pattern",
            "patches:\n- target: {kind: S.*t}\n  path: t.yaml\n",
            "patches[0]",
        ),
        with(
            "operation of JSON",
            "patches:\n- target: {kind: Secret}\n  path: j.json\n",
            "patches[0]",
        ),
        with(
            "operation in place",
            "patches:\n- target: {kind: Secret}\n  patch: |-\n    - op: add\n      path: /stringData/x/y\n      value: hunter2\n",
            "patches[0]",
        ),
        with(
            "operation in place, folded",
            "patches:\n- target: {kind: Secret}\n  patch: \"- op: add\\n  path: /stringData/x/y\\n  value: hunter2 \\x20\"\n",
            "patches[0]",
        ),
        with(
            "operation in place, malformed",
            "patches:\n- target: {kind: Secret}\n  patch: '[{op: add, path: /data/x, value: hunter2}]'\n",
            "patches[0]",
        ),
        with(
            "deprecated operations",
            "patchesJson6902:\n- target: {version: v1, kind: Secret, name: s}\n  path: p.yaml\n",
            "patchesJson6902",
        ),
        with("merge of another shape", "patches:\n- path: q.yaml\n", "patches[0]"),
        with(
            "merge in place",
            "patches:\n- patch: |-\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: s}\n    stringData: {password: [hunter2]}\n",
            "patches[0]",
        ),
        with(
            "merge of no target",
            "patches:\n- patch: |-\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: other}\n    stringData: {password: hunter2}\n",
            "patches[0]",
        ),
        with(
            "merge deprecated",
            "patchesStrategicMerge:\n- |-\n  apiVersion: v1\n  kind: Secret\n  metadata: {name: other}\n  stringData: {password: hunter2}\n",
            "patchesStrategicMerge",
        ),
        with(
            "merge malformed",
            "patches:\n- patch: |-\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: s}\n    stringData: {password: hunter2\n",
            "patches[0]",
        ),
        with(
            "replacement below a value",
            "replacements:\n- source: {kind: Secret, name: s, fieldPath: stringData.password.x}\n  targets: [{select: {kind: Secret}, fieldPaths: [data.b]}]\n",
            "replacement",
        ),
        with(
            "replacement by index",
            "replacements:\n- source: {kind: Secret, name: s, fieldPath: stringData.password, options: {delimiter: 'n', index: 7}}\n  targets: [{select: {kind: Secret}, fieldPaths: [data.b]}]\n",
            "index 7",
        ),
        with(
            "replacement into a Secret",
            "resources: [r.yaml, c.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: c, fieldPath: data.a}\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.password.x]}]\n",
            "password",
        ),
        with(
            "variable",
            "vars:\n- {name: V, objref: {apiVersion: v1, kind: Secret, name: s}, fieldref: {fieldpath: stringData.password.x}}\n",
            "V",
        ),
        with(
            "transformer in place",
            "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: p}\n  target: {kind: Secret}\n  patch: '[{\"op\": \"add\", \"path\": \"/data/x/y\", \"value\": \"hunter2\"}]'\n",
            "x",
        ),
    ]
}

/// Values in wrong places: each form of `secretGenerator`, in the kustomization, in a component and, if it is the form
/// of a field, in the document of a plugin.
fn of_misplaced_values() -> Vec<Failure> {
    const FIELDS: [&str; 20] = [
        "literals: {A: hunter2}",
        "literals: [[A=hunter2]]",
        "literals: {A: &hunter2x , B: !hunter2}",
        "Literals: {A: hunter2}",
        "files: {A: hunter2}",
        "files: [A=hunter2]",
        "files: A=hunter2",
        "files: [[hunter2]]",
        "envs: [A=hunter2]",
        "envs: {A: hunter2}",
        "envs: [{A: hunter2}]",
        "env: [A=hunter2]",
        "env: A=hunter2",
        "options: A=hunter2",
        "options: {labels: [A=hunter2]}",
        "behavior: [A=hunter2]",
        "type: {A: hunter2}",
        "literals: [{A: [hunter2]}, {A: {B: hunter2}}]",
        "files: [x, {A: {B: hunter2}}]",
        "literals: {A: '*hunter2', B: 5}",
    ];
    const WHOLE: [&str; 12] = [
        "[A=hunter2]",
        "[A=hunter2, \"B=hunter2\"]",
        "[hunter2]",
        "hunter2",
        "A=hunter2",
        "|\n  A=hunter2\n  B=hunter2",
        "{A: hunter2}",
        "[[A=hunter2]]",
        "[{name: [A=hunter2]}]",
        "[{name: s, data: {A: hunter2}}]",
        "[{A: hunter2}]",
        "[{A: *hunter2}]",
    ];
    let failure = |text: String, kustomization: &str, file: &'static str| Failure {
        name: "misplaced value",
        files: vec![(file, text.into_bytes())],
        kustomization: kustomization.to_owned(),
        shows: file,
    };
    let mut failures = Vec::new();
    for whole in FIELDS
        .map(|field| format!("[{{name: s, {field}}}]"))
        .into_iter()
        .chain(WHOLE.map(str::to_owned))
    {
        let text = format!("secretGenerator: {whole}\n");
        let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
        failures.push(failure(text.clone(), "resources: [base]\n", "base/kustomization.yaml"));
        failures.push(failure(
            component.to_owned() + &text,
            "components: [part]\n",
            "part/kustomization.yaml",
        ));
    }
    for field in FIELDS {
        let head = "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: s}\n";
        // Some of these are ignored there.
        let plugin = failure(format!("{head}{field}\n"), "generators: [g.yaml]\n", "g.yaml");
        failures.push(Failure { shows: "", ..plugin });
    }
    for text in [
        "secretGenerator:\n  A: &hunter2\n",
        "secretGenerator:\n- name: s\n  literals:\n    A: !hunter2\n    B: &hunter2 hunter2\n",
        "SecretGenerator: [A=hunter2]\n",
        "secretGenerators: [{literals: [A=hunter2]}]\n",
        "secret: {A: hunter2}\n",
        "secretGenerator: [{name: s}]\nliterals: [A=hunter2]\n",
        "replacements: [{sourceValue: {a: hunter2}, targets: [{select: {kind: Secret}}]}]\n",
    ] {
        failures.push(failure(text.to_owned(), "resources: [base]\n", "base/kustomization.yaml"));
    }
    failures
}

/// Patches that do not mention Secrets, but match one.
fn of_patches_by_name() -> Vec<Failure> {
    let patches = [
        "- {op: add, value: hunter2}",
        "- {op: replace, path: '', value: hunter2}",
        "hunter2",
        "{kind: X, apiVersion: v1, metadata: {name: x}, data: {p: [hunter2]}}",
    ];
    let failure = |patch: &str| Failure {
        name: "patch by name",
        files: vec![
            ("s.yaml", format!("{HEAD}data: {{p: aHVudGVyMg==}}\n").into_bytes()),
            ("p.yaml", format!("{patch}\n").into_bytes()),
        ],
        kustomization: "resources: [s.yaml]\npatches: [{target: {name: s}, path: p.yaml}]\n"
            .to_owned(),
        shows: "p.yaml",
    };
    patches.into_iter().map(failure).collect()
}

#[test]
fn no_failure_shows_a_value_of_a_secret() {
    let all: Vec<Failure> = [of_generators(), of_manifests(), of_patches(), of_patches_by_name()]
        .into_iter()
        .flatten()
        .collect();
    hide_values(&all);
}

#[test]
fn no_failure_shows_a_value_that_is_misplaced() {
    hide_values(&of_misplaced_values());
}

/// Runs each command on each failure, and searches its output for the values.
#[track_caller]
fn hide_values(all: &[Failure]) {
    let mut faults = Vec::new();
    for Failure { name, files, kustomization, shows } in all {
        let lab = Lab::new();
        lab.write("k/kustomization.yaml", kustomization);
        for (file, text) in files {
            lab.write(&format!("k/{file}"), text);
        }
        lab.write("empty/kustomization.yaml", "resources: [c.yaml]\n");
        lab.write("empty/c.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n");
        let built = lab.krender(".", &["build", "k"]);
        if !shows.is_empty() && (built.code != 1 || !built.stderr.contains(shows)) {
            faults.push(format!("{name}: {} {}\n{}", built.code, built.stdout, built.stderr));
        }
        for arguments in [
            &["build", "k"][..],
            &["build", "k", "--error-format", "json"],
            &["build", "--all", ".", "-o", "out"],
            &["check", "k"],
            &["check", "--all", ".", "--format", "junit"],
            &["diff", "empty", "k"],
            &["diff", "k", "empty", "--format", "unified"],
            &["diff", "empty", "k", "--format", "markdown"],
            &["diff", "empty", "k", "--format", "json"],
            &["inputs", "k"],
        ] {
            let outcome = lab.krender(".", arguments);
            let text = outcome.stdout + &outcome.stderr;
            if VALUES.iter().any(|value| text.contains(value)) {
                let lines =
                    text.lines().filter(|line| VALUES.iter().any(|value| line.contains(value)));
                faults.push(format!(
                    "{name}: {arguments:?}\n{}",
                    lines.collect::<Vec<_>>().join("\n")
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), all.len(), faults.join("\n"));
}

/// A repository whose Secret differs between two revisions, with copies of the value in other places.
fn rotated(lab: &Lab) {
    for (folder, value, packed) in
        [("a", "hunter2", "aHVudGVyMg=="), ("b", "hunter3", "aHVudGVyMw==")]
    {
        lab.write(
            &format!("{folder}/kustomization.yaml"),
            r#"resources: [r.yaml, turned.yaml]
secretGenerator: [{name: g, envs: [e]}]
replacements:
- source: {kind: Secret, name: s, fieldPath: stringData.password}
  targets:
  - {select: {kind: ConfigMap, name: c}, fieldPaths: [data.copied]}
  - {select: {kind: ConfigMap, name: c}, fieldPaths: [data.url], options: {delimiter: ":", index: 2}}
  - {select: {kind: Deployment}, fieldPaths: ["spec.template.spec.containers.0.env.0.value"]}
"#,
        );
        lab.write(&format!("{folder}/e"), format!("TOKEN={value}-token\n"));
        lab.write(&format!("{folder}/r.yaml"), format!(r#"apiVersion: v1
kind: Secret
metadata: {{name: s, annotations: {{objectset.rio.cattle.io/applied: '{{"kind":"Secret","data":{{"a":"{packed}"}}}}'}}}}
stringData: {{password: {value}, list: [{value}], deep: {{a: {value}}}}}
more: {{x: {value}}}
---
apiVersion: core/v1
kind: Secret
metadata: {{name: t}}
data: {{password: {packed}}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {{name: u}}
spec: {{template: {{data: {{q: {value}}}, stringData: {{r: {value}}}, metadata: {{annotations: {{a: "{value}"}}}}}}, encryptedData: {{z: AgA{folder}}}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: u}}
spec: {{target: {{template: {{data: {{q: "x{value}"}}}}}}}}
---
apiVersion: template.openshift.io/v1
kind: Template
metadata: {{name: w}}
objects: [{{apiVersion: v1, kind: Secret, metadata: {{name: w}}, stringData: {{a: "{value}w"}}}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: c}}
data:
  copied: x
  url: "db://u:x:h"
  packed: {packed}
  plain: plain-{folder}
  manifest: |
    apiVersion: v1
    kind: Secret
    stringData:
      a: zz{value}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: d}}
spec: {{template: {{spec: {{containers: [{{name: c, image: "i:{folder}", env: [{{name: P, value: x}}], args: ["--p={value}"]}}]}}}}}}
"#));
    }
    let object = |kind: &str, name: &str, field: &str, value: &str| {
        format!(
            "---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n{field}: {{k: {value}}}\n"
        )
    };
    let before = object("ConfigMap", "turned", "data", "hunter2-was")
        + &object("Secret", "back", "stringData", "hunter2-back");
    let after = object("Secret", "turned", "stringData", "hunter3-new")
        + &object("ConfigMap", "back", "data", "hunter3-is");
    lab.write("a/turned.yaml", before).write("b/turned.yaml", after);
}

#[test]
fn no_difference_shows_a_value_of_a_secret() {
    let lab = Lab::new();
    rotated(&lab);
    let built = lab.krender(".", &["build", "b"]);
    assert!(built.code == 0 && built.stdout.contains("copied: hunter3"), "{}", built.stderr);
    for format in ["text", "unified", "markdown", "json"] {
        for (before, after) in [("a", "b"), ("b", "a"), ("a", "empty"), ("empty", "b")] {
            lab.write(
                "empty/kustomization.yaml",
                "namePrefix: a-\nconfigMapGenerator: [{name: x}]\n",
            );
            let review = lab.krender(".", &["diff", before, after, "--format", format]);
            assert_eq!(review.code, 1, "{}", review.stderr);
            for value in ["hunter", "aHVudGVy"] {
                let line = review.stdout.lines().find(|line| line.contains(value));
                assert_eq!(line, None, "{format} {before} {after}");
            }
            // Other values are shown, such as the image: in a line of its own if it changes.
            let plain = review.stdout.replace('`', "");
            let image = if after == "empty" { "i:a".to_owned() } else { format!("i:{after}") };
            let changed = format!("i: {before} → {after}");
            let row = format!("| i | {before} | {after} |");
            assert!(
                plain.contains(&image)
                    || plain.contains(&changed)
                    || plain.contains(&row)
                    || after == "empty",
                "{format} {before} {after}: {plain}"
            );
        }
    }
    let shown = lab.krender(".", &["diff", "a", "b", "--show-secrets"]).stdout;
    assert!(shown.contains("hunter2") && shown.contains("hunter3"), "{shown}");
}

/// A repository in which a target copies values of others, the first of which the change does not affect.
fn copying(lab: &Lab) {
    let config = |text: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{a: '{text}'}}\n")
    };
    lab.git(".", &["init", "-q", "-b", "main"]);
    lab.write(
        "a/kustomization.yaml",
        "secretGenerator: [{name: s, literals: [password=hunter2]}]\n",
    )
    .write("b/kustomization.yaml", "resources: [c.yaml]\n")
    .write("b/c.yaml", config("nothing"));
    let commit = || {
        lab.git(".", &["add", "."]);
        lab.git(".", &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "c"]);
    };
    commit();
    lab.write("b/c.yaml", config("db://u:hunter2@h and Basic bWU6aHVudGVyMg=="));
    commit();
    lab.write(
        "live.yaml",
        format!("{HEAD}data: {{p: aHVudGVyMg==}}\n---\n{}", config("was hunter2")),
    );
}

/// Each command that prints a review hides values of other targets, of targets that are not rendered, and of clusters.
#[test]
fn no_review_shows_a_value_of_another_target() {
    let lab = Lab::new();
    copying(&lab);
    for format in ["text", "unified", "markdown", "json", "html"] {
        for arguments in [
            &["diff", "--git", "HEAD~1..HEAD"][..],
            &["diff", "--git", "HEAD..HEAD~1"],
            &["diff", "--against-file", "live.yaml", "b", "--extra", "all"],
            &["hydrate", "--all", ".", "--output", "out", "--dry-run", "--secrets", "write"],
        ] {
            let review = lab.krender(".", &[arguments, &["--format", format]].concat());
            let text = review.stdout + &review.stderr;
            assert_eq!(review.code, 1, "{arguments:?} {text}");
            assert!(text.contains("masked-"), "{arguments:?} {format} {text}");
            for value in ["hunter2", "aHVudGVyMg", "h1bnRlcj"] {
                let line = text.lines().find(|line| line.contains(value));
                assert_eq!(line, None, "{arguments:?} {format}");
            }
        }
    }
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";

/// Values of a target that no review renders, in each form in which a kustomization has them, and their copies in a base
/// of another one: whole, within a line, and in base64.
fn beside(lab: &Lab) {
    lab.git(".", &["init", "-q", "-b", "main"]);
    lab.write("base/kustomization.yaml", "resources: [c.yaml]\n")
        .write("base/c.yaml", format!("{CONFIG}data: {{a: x}}\n"))
        .write("team/a/kustomization.yaml", "namePrefix: a-\nresources: [../../base]\n")
        .write("team/b/kustomization.yaml", "namePrefix: b-\nresources: [../../base]\n")
        .write("old/team/a/kustomization.yaml", "namePrefix: a-\nresources: [c.yaml]\n")
        .write("old/team/a/c.yaml", format!("{CONFIG}data: {{a: x}}\n"))
        .write("site/kustomization.yaml", "resources: [c.yaml]\n")
        .write("site/c.yaml", format!("{CONFIG}data: {{a: x}}\n"));
    for folder in ["other", "site/other"] {
        lab.write(
            &format!("{folder}/kustomization.yaml"),
            "secretGenerator:\n- {name: s, literals: [password=hunter2-literal]}\n\
             - {name: t, envs: [e.env], files: [key=k.bin]}\nresources: [db-secret.yaml]\n",
        )
        .write(&format!("{folder}/e.env"), "TOKEN=hunter2-env-value\n")
        .write(&format!("{folder}/k.bin"), "hunter2-file-value\n")
        .write(
            &format!("{folder}/db-secret.yaml"),
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {p: hunter2-manifest}\n",
        );
    }
    let commit = || {
        lab.git(".", &["add", "."]);
        lab.git(".", &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "c"]);
    };
    commit();
    let mut copies = format!("{CONFIG}data:\n");
    for (number, (value, packed)) in [
        ("hunter2-literal", "aHVudGVyMi1saXRlcmFs"),
        ("hunter2-env-value", "aHVudGVyMi1lbnYtdmFsdWU="),
        ("hunter2-file-value", "aHVudGVyMi1maWxlLXZhbHVl"),
        ("hunter2-manifest", "aHVudGVyMi1tYW5pZmVzdA=="),
    ]
    .into_iter()
    .enumerate()
    {
        let _ = write!(
            copies,
            "  whole{number}: {value}\n  line{number}: 'db://u:{value}@host --password={value} x'\n  packed{number}: {packed}\n"
        );
    }
    lab.write("base/c.yaml", &copies);
    commit();
    // The values go, together with the copies: only the old side has them.
    lab.git(".", &["branch", "with"]);
    lab.git(".", &["rm", "-qr", "other", "site"]);
    lab.write("base/c.yaml", CONFIG);
    commit();
    lab.git(".", &["branch", "without"]);
    lab.git(".", &["checkout", "-q", "with"]);
    lab.write("live.yaml", format!("{HEAD}---\n{copies}"));
}

#[test]
fn no_review_shows_a_value_beside_its_targets() {
    let lab = Lab::new();
    beside(&lab);
    for format in ["text", "unified", "markdown", "json", "html"] {
        for arguments in [
            &["diff", "--git", "with~1..with", "team"][..],
            &["diff", "--git", "with~1", "team/a", "team/b"],
            &["diff", "--git", "with..without", "team"],
            &["diff", "--git", "without..with", "team/a"],
            &["diff", "--git", "with~1..with", ".", "--include", "team"],
            &["diff", "--git", "with~1..with", "--exclude", "other", "--exclude", "site"],
            &["diff", "--git", "with~1..with", "--only", "ConfigMap"],
            &["diff", "old", ".", "--include", "team/a"],
            &["diff", "--against-file", "live.yaml", "site", "--extra", "all"],
            &["hydrate", "team/a", "--source", "with", "--output", "out", "--dry-run"],
        ] {
            let review = lab.krender(".", &[arguments, &["--format", format]].concat());
            let text = review.stdout + &review.stderr;
            assert_eq!(review.code, 1, "{arguments:?} {text}");
            assert!(text.contains("masked-"), "{arguments:?} {format} {text}");
            for value in ["hunter2", "aHVudGVyMi"] {
                let line = text.lines().find(|line| line.contains(value));
                assert_eq!(line, None, "{arguments:?} {format}");
            }
        }
    }
}

/// Generators that are documents are read for values, too, whether their targets are rendered or not.
#[test]
fn no_review_shows_a_value_of_a_generator_beside_its_targets() {
    for entry in ["gen.yaml", "generators"] {
        let lab = Lab::new();
        lab.git(".", &["init", "-q", "-b", "main"]);
        generators(&lab, entry, "Gen1");
        generators(&lab, entry, "Gen2");
        let built = lab.krender(".", &["build", "b"]);
        assert_eq!(built.code, 0, "{}", built.stderr);
        for format in ["text", "unified", "json"] {
            let review =
                lab.krender(".", &["diff", "--git", "HEAD~1..HEAD", "a", "--format", format]);
            let text = review.stdout + &review.stderr;
            assert_eq!(review.code, 1, "{text}");
            assert!(text.contains("masked-"), "{format} {text}");
            let line = text.lines().find(|line| line.contains("Yk5") || line.contains("Aa!!77"));
            assert_eq!(line, None, "{entry} {format}");
        }
    }
}

/// Commits a target `b` with a generator that is a document, and a target `a` that copies its values.
fn generators(lab: &Lab, entry: &str, generation: &str) {
    let value = |name: &str| format!("Yk5{name}{generation}Aa!!77");
    let [literal, env, file] = ["Literal", "Env", "File"].map(value);
    let mut copies = format!("{CONFIG}data:\n");
    for (number, inner) in [&literal, &env, &file].iter().enumerate() {
        let _ = writeln!(copies, "  k{number}: '{inner}'\n  l{number}: 'db://u:{inner}@h'");
    }
    let generator = format!(
        "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {{name: s}}\nliterals: ['q={literal}']\n\
         envs: [e.env]\nfiles: [v.txt]\n"
    );
    let configuration = if entry == "gen.yaml" { "gen.yaml" } else { "generators/one.yaml" };
    lab.write("b/kustomization.yaml", format!("generators: [{entry}]\n"))
        .write("b/e.env", format!("K={env}\n"))
        .write("b/v.txt", format!("{file}\n"))
        .write(&format!("b/{configuration}"), &generator)
        .write("a/kustomization.yaml", "resources: [c.yaml]\n")
        .write("a/c.yaml", copies);
    if entry != "gen.yaml" {
        lab.write("b/generators/kustomization.yaml", "resources: [one.yaml]\n");
    }
    lab.git(".", &["add", "."]);
    lab.git(".", &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", generation]);
}

/// Templates of objects that make Secrets may have values in their text.
#[test]
fn no_review_shows_a_template_of_a_secret() {
    let lab = Lab::new();
    let kinds = ["VaultStaticSecret", "VaultDynamicSecret", "VaultPKISecret"];
    for (folder, generation) in [("a", "Gen1"), ("b", "Gen2")] {
        let mut objects = String::new();
        for kind in kinds {
            let _ = write!(
                objects,
                "apiVersion: secrets.hashicorp.com/v1beta1\nkind: {kind}\nmetadata: {{name: v}}\nspec:\n  destination:\n    name: s\n    transformation:\n      templates:\n        url: {{name: url, text: 'password=Yk5{generation}Aa!!77'}}\n---\n"
            );
        }
        let _ = write!(
            objects,
            "apiVersion: secrets.hashicorp.com/v1beta1\nkind: SecretTransformation\nmetadata: {{name: t}}\nspec:\n  sourceTemplates:\n  - {{name: n, text: 'password=Yk5{generation}Aa!!77'}}\n---\n\
             apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: e}}\nspec:\n  target:\n    template:\n      templateFrom:\n      - {{target: Data, literal: 'password: Yk5{generation}Aa!!77'}}\n---\n\
             {CONFIG}data: {{dsn: 'db://u:Yk5{generation}Aa!!77@h'}}\n"
        );
        lab.write(&format!("{folder}/kustomization.yaml"), "resources: [all.yaml]\n")
            .write(&format!("{folder}/all.yaml"), objects);
    }
    for format in ["text", "unified", "markdown", "json", "html"] {
        let review = lab.krender(".", &["diff", "a", "b", "--format", format]);
        let text = review.stdout + &review.stderr;
        assert_eq!(review.code, 1, "{text}");
        assert!(text.contains("masked-"), "{format} {text}");
        let line = text.lines().find(|line| line.contains("Yk5") || line.contains("Aa!!77"));
        assert_eq!(line, None, "{format}");
    }
}

/// The old side of a dry run is the output: its targets that are not rendered have the old values.
#[test]
fn no_dry_run_of_a_part_shows_an_old_value_of_the_output() {
    let lab = Lab::new();
    let commit = |generation: &str| {
        let value = format!("Yk5{generation}Aa!!77");
        lab.write(
            "a/kustomization.yaml",
            format!("secretGenerator: [{{name: s, literals: [\"q={value}\"]}}]\n"),
        )
        .write("b/kustomization.yaml", "resources: [c.yaml]\n")
        .write(
            "b/c.yaml",
            format!("{CONFIG}data: {{q: \"{value}\", dsn: \"db://u:{value}@h\"}}\n"),
        );
        lab.git(".", &["add", "."]);
        lab.git(".", &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "c"]);
    };
    lab.git(".", &["init", "-q", "-b", "main"]);
    commit("Gen1");
    let places = [["--output", "out"], ["--branch", "env"]];
    for (place, per) in places.iter().zip(["target", "object"]) {
        let written =
            lab.krender(".", &[&["hydrate", "--all", ".", "--per", per][..], place].concat());
        assert_eq!(written.code, 0, "{}", written.stderr);
    }
    commit("Gen2");
    for (place, per) in places.iter().zip(["target", "object"]) {
        for part in [&["--all", ".", "--include", "b"][..], &["b"]] {
            for format in ["text", "unified", "json"] {
                let dry = ["--per", per, "--dry-run", "--format", format];
                let review = lab.krender(".", &[&["hydrate"][..], part, place, &dry].concat());
                let text = review.stdout + &review.stderr;
                assert_eq!(review.code, 1, "{part:?} {text}");
                assert!(text.contains("masked-"), "{part:?} {format} {text}");
                assert!(
                    !text.contains("Gen1") && !text.contains("Gen2"),
                    "{part:?} {format} {text}"
                );
            }
        }
    }
}

/// Without a key, masks differ between runs, so that short values cannot be guessed. With a key, they are the same.
#[test]
fn masks_cannot_be_tried() {
    let lab = Lab::new();
    rotated(&lab);
    let masks = |arguments: &[&str]| {
        let text = lab
            .krender(".", &[&["diff", "a", "b", "--format", "unified"], arguments].concat())
            .stdout;
        text.split("masked-").skip(1).map(|rest| rest[..10].to_owned()).collect::<Vec<_>>()
    };
    assert_ne!(masks(&[]), masks(&[]));
    assert_eq!(masks(&["--mask-key", "k"]), masks(&["--mask-key", "k"]));
}
