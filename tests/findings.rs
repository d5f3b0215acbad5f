//! Machine-readable findings conform to their formats: SARIF to its schema, `JUnit` to XML.
#![expect(clippy::disallowed_methods, reason = "the program is run as it is")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// The checked runs: findings in files, in patches, in generated objects, on standard input, and accepted ones of each
/// kind.
const RUNS: [&[&str]; 6] = [
    &[
        "--profile",
        "paranoid",
        "testdata/check/as-sarif/input/base",
        "testdata/check/as-sarif/input/overlay",
    ],
    &["--profile", "baseline", "testdata/check/suppressed/input/pods.yaml"],
    &[
        "--profile",
        "baseline",
        "--no-ignore",
        "--baseline",
        "input/accepted.json",
        "input/pods.yaml",
    ],
    &["testdata/check/patch-in-its-kustomization/input", "testdata/check/recommended/input"],
    &["-"],
    &[
        "lint",
        "--fail-on",
        "never",
        "testdata/lint/plaintext-secret/input",
        "testdata/lint/suppressed/input",
    ],
];

fn checked(form: &str, arguments: &[&str]) -> String {
    let input = std::fs::File::open("testdata/check/older-version/input/pod.yaml").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_krender"));
    let (name, arguments) = match arguments {
        ["lint", arguments @ ..] => ("lint", arguments),
        _ => ("check", arguments),
    };
    command.args([name, "--format", form]).args(arguments).env_clear();
    if arguments.contains(&"--baseline") {
        // The baseline identifies targets by their names at that time.
        command.current_dir("testdata/check/baseline-report");
    }
    let output = command.stdin(input).stderr(Stdio::inherit()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The types of values in the schema of SARIF 2.1.0, as far as krender writes them.
enum Kind {
    Text,
    /// True or false.
    Truth,
    /// A URI, with a scheme.
    Uri,
    /// A URI, or a path relative to one.
    Reference,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A whole number with a minimum.
    Number(i64),
    Object(&'static Shape),
    /// A list; the flag requires unique elements.
    List(&'static Self, bool),
    /// Any keys, with values of one kind.
    Map(&'static Self),
    /// Tags, and anything else.
    Properties,
}

/// The members that an object may have, and groups of which one member is required.
struct Shape {
    required: &'static [&'static [&'static str]],
    members: &'static [(&'static str, Kind)],
}

const LEVEL: Kind = Kind::Word(&["none", "note", "warning", "error"]);

const LOG: Shape = Shape {
    required: &[&["version"], &["runs"]],
    members: &[
        ("$schema", Kind::Uri),
        ("version", Kind::Word(&["2.1.0"])),
        ("runs", Kind::List(&Kind::Object(&RUN), false)),
    ],
};

const RUN: Shape = Shape {
    required: &[&["tool"]],
    members: &[
        ("tool", Kind::Object(&TOOL)),
        ("invocations", Kind::List(&Kind::Object(&INVOCATION), false)),
        ("columnKind", Kind::Word(&["utf16CodeUnits", "unicodeCodePoints"])),
        ("results", Kind::List(&Kind::Object(&RESULT), false)),
    ],
};

const INVOCATION: Shape = Shape {
    required: &[&["executionSuccessful"]],
    members: &[
        ("executionSuccessful", Kind::Truth),
        ("toolConfigurationNotifications", Kind::List(&Kind::Object(&NOTIFICATION), false)),
        ("toolExecutionNotifications", Kind::List(&Kind::Object(&NOTIFICATION), false)),
    ],
};

const NOTIFICATION: Shape = Shape {
    required: &[&["message"]],
    members: &[
        ("level", LEVEL),
        ("message", Kind::Object(&MESSAGE)),
        ("locations", Kind::List(&Kind::Object(&LOCATION), false)),
    ],
};

const TOOL: Shape =
    Shape { required: &[&["driver"]], members: &[("driver", Kind::Object(&COMPONENT))] };

const COMPONENT: Shape = Shape {
    required: &[&["name"]],
    members: &[
        ("name", Kind::Text),
        ("version", Kind::Text),
        ("informationUri", Kind::Uri),
        ("rules", Kind::List(&Kind::Object(&DESCRIPTOR), true)),
    ],
};

const DESCRIPTOR: Shape = Shape {
    required: &[&["id"]],
    members: &[
        ("id", Kind::Text),
        ("name", Kind::Text),
        ("shortDescription", Kind::Object(&MULTIFORMAT)),
        ("fullDescription", Kind::Object(&MULTIFORMAT)),
        ("help", Kind::Object(&MULTIFORMAT)),
        ("helpUri", Kind::Uri),
        ("defaultConfiguration", Kind::Object(&CONFIGURATION)),
        ("properties", Kind::Properties),
    ],
};

const MULTIFORMAT: Shape =
    Shape { required: &[&["text"]], members: &[("text", Kind::Text), ("markdown", Kind::Text)] };

const CONFIGURATION: Shape = Shape { required: &[], members: &[("level", LEVEL)] };

const MESSAGE: Shape = Shape {
    required: &[&["text", "id"]],
    members: &[("text", Kind::Text), ("markdown", Kind::Text), ("id", Kind::Text)],
};

const RESULT: Shape = Shape {
    required: &[&["message"]],
    members: &[
        ("ruleId", Kind::Text),
        ("ruleIndex", Kind::Number(-1)),
        ("level", LEVEL),
        ("message", Kind::Object(&MESSAGE)),
        ("locations", Kind::List(&Kind::Object(&LOCATION), false)),
        ("relatedLocations", Kind::List(&Kind::Object(&LOCATION), true)),
        ("partialFingerprints", Kind::Map(&Kind::Text)),
        ("baselineState", Kind::Word(&["new", "unchanged", "updated", "absent"])),
        ("suppressions", Kind::List(&Kind::Object(&SUPPRESSION), true)),
    ],
};

const LOCATION: Shape = Shape {
    required: &[],
    members: &[
        ("id", Kind::Number(-1)),
        ("message", Kind::Object(&MESSAGE)),
        ("physicalLocation", Kind::Object(&PHYSICAL)),
        ("logicalLocations", Kind::List(&Kind::Object(&LOGICAL), true)),
    ],
};

const PHYSICAL: Shape = Shape {
    required: &[&["address", "artifactLocation"]],
    members: &[("artifactLocation", Kind::Object(&ARTIFACT)), ("region", Kind::Object(&REGION))],
};

const ARTIFACT: Shape = Shape { required: &[], members: &[("uri", Kind::Reference)] };

const REGION: Shape = Shape {
    required: &[],
    members: &[
        ("startLine", Kind::Number(1)),
        ("startColumn", Kind::Number(1)),
        ("endLine", Kind::Number(1)),
        ("endColumn", Kind::Number(1)),
    ],
};

const LOGICAL: Shape = Shape {
    required: &[],
    members: &[("name", Kind::Text), ("fullyQualifiedName", Kind::Text), ("kind", Kind::Text)],
};

const SUPPRESSION: Shape = Shape {
    required: &[&["kind"]],
    members: &[
        ("kind", Kind::Word(&["inSource", "external"])),
        ("status", Kind::Word(&["accepted", "underReview", "rejected"])),
        ("justification", Kind::Text),
    ],
};

/// The first error in a value, with its path.
fn wrong(value: &Value, kind: &Kind, place: &str) -> Option<String> {
    let complain = |what: &str| Some(format!("{place}: {what}: {value}"));
    match kind {
        Kind::Text if value.is_string() => None,
        Kind::Truth if value.is_boolean() => None,
        Kind::Truth => complain("not true or false"),
        Kind::Text => complain("no text"),
        Kind::Word(words) => match value.as_str() {
            Some(word) if words.contains(&word) => None,
            _ => complain("not one of its words"),
        },
        Kind::Uri | Kind::Reference => match is_uri(value.as_str().unwrap_or(" "), kind) {
            true => None,
            false => complain("no URI"),
        },
        Kind::Number(least) => match value.as_i64() {
            Some(number) if number >= *least => None,
            _ => complain("not such a number"),
        },
        Kind::List(of, unique) => {
            let Some(items) = value.as_array() else { return complain("no list") };
            let twice = |index: usize| items[..index].contains(&items[index]);
            if *unique && (0..items.len()).any(twice) {
                return complain("has something twice");
            }
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| wrong(item, of, &format!("{place}/{index}")))
        }
        Kind::Map(of) => {
            let Some(entries) = value.as_object() else { return complain("no object") };
            entries.iter().find_map(|(key, value)| wrong(value, of, &format!("{place}/{key}")))
        }
        Kind::Properties => match value.get("tags") {
            None if value.is_object() => None,
            Some(tags) => wrong(tags, &Kind::List(&Kind::Text, true), &format!("{place}/tags")),
            None => complain("no object"),
        },
        Kind::Object(shape) => {
            let Some(entries) = value.as_object() else { return complain("no object") };
            let lacks = |group: &&&[&str]| !group.iter().any(|name| entries.contains_key(*name));
            if let Some(group) = shape.required.iter().find(lacks) {
                return complain(&format!("has none of {group:?}"));
            }
            entries.iter().find_map(|(name, value)| {
                let member = shape.members.iter().find(|(member, _)| member == name);
                let Some((_, kind)) = member else { return complain(&format!("has {name}")) };
                wrong(value, kind, &format!("{place}/{name}"))
            })
        }
    }
}

/// True if a text is a URI, or a relative reference (RFC 3986).
fn is_uri(text: &str, kind: &Kind) -> bool {
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let is_escape =
        |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    let has_scheme = text.split_once("://").is_some();
    // A colon in the first segment would end a scheme.
    let is_relative = !text.split('/').next().unwrap_or_default().contains(':');
    text.bytes().all(is_allowed)
        && text.split('%').skip(1).all(is_escape)
        && (has_scheme || matches!(kind, Kind::Reference) && is_relative)
}

#[test]
fn sarif_is_what_its_schema_asks_for() {
    let mut kinds = Vec::new();
    for run in RUNS {
        let log: Value = serde_json::from_str(&checked("sarif", run)).unwrap();
        assert_eq!(wrong(&log, &Kind::Object(&LOG), ""), None, "{run:?}");
        let rules = &log["runs"][0]["tool"]["driver"]["rules"];
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(!results.is_empty(), "{run:?}");
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let print = result["partialFingerprints"]["krender/v2"].as_str().unwrap();
            assert!(print.len() == 32 && print.bytes().all(|byte| byte.is_ascii_hexdigit()));
            for location in ["locations", "relatedLocations"].map(|name| &result[name][0]) {
                let region = &location["physicalLocation"]["region"];
                let place =
                    |line: &str, column: &str| (region[line].as_u64(), region[column].as_u64());
                assert!(place("startLine", "startColumn") <= place("endLine", "endColumn"));
            }
            kinds.extend(result["suppressions"][0]["kind"].as_str().map(str::to_owned));
        }
    }
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds, ["external", "inSource"]);
}

#[test]
fn what_the_schema_refuses_is_noticed() {
    let good: Value = serde_json::from_str(&checked("sarif", RUNS[1])).unwrap();
    let result = "/runs/0/results/0";
    let place = "locations/0/physicalLocation";
    let mistakes = [
        ("", "version", json!("2.0.0")),
        ("", "extra", json!(1)),
        ("/runs/0", "columnKind", json!("bytes")),
        ("/runs/0/tool/driver", "name", Value::Null),
        ("/runs/0/tool/driver/rules/0/properties", "tags", json!(["a", "a"])),
        ("/runs/0/tool/driver/rules/0/help", "text", json!(1)),
        (result, "level", json!("fatal")),
        (result, "message", json!({})),
        (result, "suppressions", json!([{"justification": "because"}])),
        (result, "relatedLocations", json!([{"id": 1}, {"id": 1}])),
        (&format!("{result}/{place}"), "artifactLocation", json!({"uri": "a b.yaml"})),
        (&format!("{result}/{place}"), "artifactLocation", json!({"uri": "100%.yaml"})),
        (&format!("{result}/{place}/region"), "startLine", json!(0)),
    ];
    for (object, member, value) in mistakes {
        let mut bad = good.clone();
        bad.pointer_mut(object).unwrap()[member] = value.clone();
        assert!(wrong(&bad, &Kind::Object(&LOG), "").is_some(), "{object}/{member} {value}");
    }
}

/// The reason why a text is not XML; `None` if it consists of well-formed elements with attributes and text.
fn malformed(text: &str) -> Option<String> {
    let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    let is_text = |text: &str| {
        let references = ["&amp;", "&lt;", "&gt;", "&quot;"];
        let is_reference =
            |at: (usize, &str)| references.iter().any(|one| text[at.0..].starts_with(one));
        let is_control = |character: char| character < ' ' && !matches!(character, '\n' | '\t');
        text.match_indices('&').all(is_reference) && !text.contains(is_control)
    };
    let mut open = Vec::new();
    let mut parts = body.split('<');
    if parts.next().is_some_and(|before| !before.is_empty()) {
        return Some("text before the first element".to_owned());
    }
    for part in parts {
        let Some((tag, text)) = part.split_once('>') else { return Some(format!("<{part}")) };
        if !is_text(text) || (open.is_empty() && !tag.contains("testsuites")) {
            return Some(format!("text: {text}"));
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Some(format!("</{name}>"));
            }
            continue;
        }
        let inner = tag.strip_suffix('/').unwrap_or(tag);
        let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        let quoted: Vec<&str> = attributes.split('"').collect();
        let is_pair = |pair: &[&str]| match pair {
            [name, value] => name.trim_start().ends_with('=') && is_text(value),
            [rest] => rest.is_empty(),
            _ => false,
        };
        if !quoted.chunks(2).all(is_pair) {
            return Some(format!("<{tag}>"));
        }
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    (!open.is_empty()).then(|| format!("{open:?} stay open"))
}

#[test]
fn junit_is_xml() {
    for run in RUNS {
        let text = checked("junit", run);
        assert!(text.contains("<testcase "), "{text}");
        assert_eq!(malformed(&text), None, "{text}");
    }
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    for bad in [
        "<testsuites><a></testsuites>",
        "<testsuites>&nbsp;</testsuites>",
        "<testsuites a=\"<\"/>",
        "<testsuites a=b/>",
        "<testsuites>",
    ] {
        assert!(malformed(&format!("{head}{bad}")).is_some(), "{bad}");
    }
}

/// The elements of a Code Quality report; asserts that they have the fields that GitLab documents.
fn code_quality(text: &str) -> Vec<Value> {
    let issues: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut fingerprints = std::collections::BTreeSet::new();
    for issue in &issues {
        for name in ["description", "check_name", "fingerprint"] {
            assert!(issue[name].as_str().is_some_and(|text| !text.is_empty()), "{issue}");
        }
        let severities = ["info", "minor", "major", "critical", "blocker"];
        assert!(severities.contains(&issue["severity"].as_str().unwrap()), "{issue}");
        let path = issue["location"]["path"].as_str().unwrap();
        assert!(!path.is_empty() && !path.starts_with("./") && !path.starts_with('/'), "{issue}");
        assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() > 0, "{issue}");
        assert!(fingerprints.insert(issue["fingerprint"].to_string()), "{issue}");
    }
    issues
}

#[test]
fn reports_for_gitlab_have_the_documented_fields() {
    for run in RUNS {
        assert!(!code_quality(&checked("gitlab", run)).is_empty(), "{run:?}");
    }
}

/// A repository with a base that two overlays include, and a target that cannot be rendered.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    // Only the folder counts.
    write(".git/HEAD", "ref: refs/heads/main\n");
    write("apps/base/kustomization.yaml", "resources: [pod.yaml]\n");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  hostPID: true\n  containers: [{name: web, image: web:1}]\n";
    write("apps/base/pod.yaml", pod);
    for name in ["dev", "prod"] {
        let text = format!("namespace: {name}\nresources: [../base]\n");
        write(&format!("apps/{name}/kustomization.yaml"), &text);
    }
    write("apps/broken/kustomization.yaml", "resources: [missing.yaml]\n");
    folder
}

/// Standard output and exit code of `check --profile baseline` in a folder.
fn check_in(folder: &std::path::Path, arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_krender"));
    command
        .args(["check", "--profile", "baseline"])
        .args(arguments)
        .current_dir(folder)
        .env_clear();
    let output = command.stderr(Stdio::null()).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

#[test]
fn paths_for_programs_begin_at_the_top_of_the_repository() {
    let folder = repository();
    let top = folder.path().canonicalize().unwrap();
    let dev = top.join("apps/dev");
    let absolute = dev.to_str().unwrap();
    for format in ["sarif", "github", "gitlab", "junit"] {
        let runs = [
            check_in(&dev, &["--format", format, "."]),
            check_in(&dev, &["--format", format, absolute]),
            check_in(&top.join("apps"), &["--format", format, "dev"]),
            check_in(&top, &["--format", format, "apps/dev"]),
        ];
        for (text, code) in runs {
            assert_eq!(code, Some(1), "{format}: {text}");
            assert!(text.contains("apps/base/pod.yaml"), "{format}: {text}");
            let others = ["../base", "apps/apps", top.to_str().unwrap()];
            let is_other = |other: &&&str| text.replace(absolute, "").contains(**other);
            let other = others.iter().find(is_other);
            assert_eq!(other, None, "{format}: {text}");
        }
    }
}

#[test]
fn a_finding_of_a_base_is_one_and_failures_are_in_every_format() {
    let folder = repository();
    let apps = folder.path().join("apps");
    for format in ["concise", "full", "sarif", "github", "gitlab"] {
        let (text, code) = check_in(&apps, &["--all", "--format", format, "."]);
        assert_eq!(code, Some(1), "{format}: {text}");
        assert!(text.contains("in 2 overlays: `dev`, `prod`"), "{format}: {text}");
        assert!(text.contains("missing.yaml"), "{format}: {text}");
        // The descriptions of rules and the table name it too.
        let told = text.matches("the pod sees the processes of its node").count();
        let of_table = if matches!(format, "concise" | "full") { 2 } else { 0 };
        assert_eq!(told, 1 + of_table, "{format}: {text}");
    }
    for format in ["json", "junit"] {
        let (text, _) = check_in(&apps, &["--all", "--format", format, "."]);
        assert!(text.contains("missing.yaml"), "{format}: {text}");
    }
    let (sarif, _) = check_in(&apps, &["--all", "--format", "sarif", "."]);
    let log: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(wrong(&log, &Kind::Object(&LOG), ""), None);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let failure = results.iter().find(|result| result["ruleId"] == "target-not-checked").unwrap();
    let place = &failure["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "apps/broken/kustomization.yaml");
    let (gitlab, _) = check_in(&apps, &["--all", "--format", "gitlab", "."]);
    let issues = code_quality(&gitlab);
    let kinds: Vec<_> = issues.iter().map(|one| (&one["check_name"], &one["severity"])).collect();
    let expected = [("KR-SEC-003", "critical"), ("file-not-found", "blocker"), ("targets", "info")];
    assert_eq!(kinds.len(), expected.len(), "{gitlab}");
    for ((name, severity), wanted) in kinds.into_iter().zip(expected) {
        assert_eq!((name.as_str().unwrap(), severity.as_str().unwrap()), wanted);
    }
}

#[test]
fn exit_codes_tell_findings_from_targets_that_are_not_rendered() {
    let folder = repository();
    let apps = folder.path().join("apps");
    let code = |arguments: &[&str]| check_in(&apps, arguments).1;
    assert_eq!(code(&["--all", "."]), Some(1));
    assert_eq!(code(&["--all", "--fail-on", "never", "."]), Some(2));
    assert_eq!(code(&["--all", "--fail-on", "never", "--allow-unrendered", "."]), Some(0));
    assert_eq!(code(&["--all", "--allow-unrendered", "."]), Some(1));
    // Nothing at all was checked.
    assert_eq!(code(&["--allow-unrendered", "broken"]), Some(2));
}

#[test]
fn notes_and_warnings_are_no_failures_of_junit() {
    let folder = repository();
    let run = |more: &[&str]| {
        let rules = ["--rule", "read-only-root-fs", "--rule", "host-pid", "--format", "junit"];
        check_in(folder.path(), &[&rules, more, &["apps/dev"]].concat()).0
    };
    let (usual, strict) = (run(&[]), run(&["--fail-on", "note"]));
    let is_one = usual.contains("failures=\"1\"") && usual.matches("<failure").count() == 1;
    assert!(is_one, "{usual}");
    assert!(usual.contains("<system-out>apps/base/pod.yaml:6:"), "{usual}");
    assert_eq!(strict.matches("<failure").count(), 2, "{strict}");
}

/// Remarks are in the text and on standard error. Where both are read together, they stand there once.
#[test]
#[cfg(unix)]
fn remarks_are_not_repeated_in_an_output_that_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let run = |shared: bool| {
        let out = std::fs::File::create(&path).unwrap();
        let error = if shared { Stdio::from(out.try_clone().unwrap()) } else { Stdio::piped() };
        let arguments = [
            "check",
            "--rule",
            "KR-SEC-021",
            "testdata/check/recommended/input",
            "--fail-on",
            "never",
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_krender"));
        command.args(arguments).env_clear().stdout(out).stderr(error);
        let output = command.output().unwrap();
        let text =
            std::fs::read_to_string(&path).unwrap() + &String::from_utf8(output.stderr).unwrap();
        text.matches("only these rules are checked").count()
    };
    assert_eq!((run(true), run(false)), (1, 2));
}
