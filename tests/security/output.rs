//! Names and values that mislead a reader, a terminal, a log or a page: in every output of every command.

use super::lab::{Lab, Outcome};

/// Hostile characters that a file name may contain: escape sequences for the terminal title, clearing the screen and
/// colours, bidirectional controls, and invisible characters.
const NAME: &str = "x\u{1b}]0;p\u{7}\u{1b}[2J\u{9b}1m\u{202e}\u{2066}\u{200b}\u{3164}\u{ad}\u{7f}\u{85}\u{2028}\u{e0041}\u{fe0f}\u{115f}\u{180e}\u{2800}\u{a0}\u{fdd0}##[error]a ##vso[task.complete]b";
/// The same as YAML, with characters that no file name may contain.
const TEXT: &str = r"x\0\e]0;p\a\e[2J\u202e\u2066\u200b\u3164\xad\U000e0041\ufe0f\u115f\u180e\u2800\xa0\ufdd0\n::error::x\n  ::stop-commands::y\r::debug::z ##[error]a ##vso[task.complete]b](http://a)`|<b>";

/// A folder with two targets whose names and content are hostile, committed, and then changed.
fn hostile(name: &str) -> Lab {
    let lab = Lab::new();
    let object = |kind: &str, value: &str| {
        format!(
            r#"apiVersion: v1
kind: {kind}
metadata:
  name: "n{TEXT}"
  namespace: "n{TEXT}"
  labels: {{"l{TEXT}": "{value}{TEXT}"}}
  annotations: {{"ignore.krender.dev/KR-IMG-001": "r{TEXT}", "a{TEXT}": "{value}{TEXT}"}}
"#
        )
    };
    let text = |value: &str| {
        let pod = format!(
            r#"spec:
  hostPID: true
  nodeSelector: {{"s{TEXT}": "{value}{TEXT}"}}
  volumes: [{{name: "v{TEXT}", hostPath: {{path: "/{value}{TEXT}"}}}}, {{name: s, secret: {{secretName: "m{TEXT}"}}}}]
  securityContext: {{sysctls: [{{name: "kernel.{TEXT}", value: "1"}}], seccompProfile: {{type: "t{TEXT}"}}}}
  containers:
  - name: "c{TEXT}"
    image: "i{value}{TEXT}"
    env: [{{name: "e{TEXT}", value: "{value}{TEXT}"}}]
    ports: [{{name: "p{TEXT}", hostPort: 1, containerPort: 1}}]
    securityContext: {{privileged: true, capabilities: {{add: ["C{TEXT}"]}}, procMount: "p{TEXT}"}}
    readinessProbe: {{httpGet: {{port: "q{TEXT}", host: "h{TEXT}"}}}}
"#
        );
        let map = format!("data: {{\"k{TEXT}\": \"{value}{TEXT}\\n\"}}\n");
        let lines = format!(
            "data:\n  lines: |\n    a\n    ::error::x\n    ##[error]x\n    {value}\n    ::debug::y\n"
        );
        [
            object("Pod", value) + &pod,
            object("ConfigMap", value) + &map,
            object("\"K{TEXT}\"".replace("{TEXT}", TEXT).as_str(), value) + &map,
            object("ConfigMap", value).replace("name: \"n", "name: \"lines") + &lines,
        ]
        .join("---\n")
    };
    for folder in [format!("s/{name}"), "s/plain".to_owned()] {
        let kustomization = "resources: [\"r\\U0000202er.yaml\"]\ncommonLabels: {a: b}\n";
        lab.write(&format!("{folder}/kustomization.yaml"), kustomization);
        lab.write(&format!("{folder}/r\u{202e}r.yaml"), text("old"));
    }
    lab.write("s/unwritable/kustomization.yaml", "resources: [r.yaml]\n");
    lab.write("s/unwritable/r.yaml", text(r"\x9b2J\x84\x7f\N\L"));
    let broken = format!("s/broken{name}");
    lab.write(
        &format!("{broken}/kustomization.yaml"),
        format!("resources: [\"f{TEXT}\", r.yaml]\n\"u{TEXT}\": 1\n"),
    );
    lab.git("s", &["init", "--quiet"]);
    lab.git("s", &["add", "--all"]);
    lab.git("s", &["commit", "--quiet", "--message", "x"]);
    lab.write(&format!("s/{name}/r\u{202e}r.yaml"), text("new"));
    lab.write("s/plain/r\u{202e}r.yaml", text("newer"));
    lab
}

/// Asserts that output for people and programs contains no invisible characters, and no commands for CI logs.
fn assert_harmless(arguments: &[&str], text: &str) {
    let means_commands = arguments.contains(&"github");
    for line in text.split(['\n', '\r']) {
        let shown = line
            .chars()
            .find(|&character| krender::text::escape::is_invisible(character) && character != '\t');
        assert_eq!(shown, None, "{arguments:?}: {line:?}");
        let is_command = line.trim_start().starts_with("::");
        assert!(
            !is_command
                || means_commands
                    && (line.starts_with("::error ")
                        || line.starts_with("::warning ")
                        || line.starts_with("::notice ")),
            "{arguments:?}: {line:?}"
        );
        assert!(!line.contains("##[") && !line.contains("##vso["), "{arguments:?}: {line:?}");
    }
}

#[test]
fn every_output_of_every_command_shows_what_it_holds() {
    let lab = hostile(NAME);
    let all = ["--all", "."];
    let commands: &[&[&str]] = &[
        &["build", NAME, "-o", "/dev/null"],
        &["build", "plain", "--strict"],
        &["build", "unwritable"],
        &["check", "unwritable", "--format", "github", "--no-ignore"],
        &["diff", "plain", "unwritable", "--format", "unified"],
        &["diff", "plain", "unwritable", "--format", "json"],
        &["build", &format!("broken{NAME}")],
        &["build", "--all", ".", "--timings", "-o", "../out"],
        &["build", "--all", ".", "--timings", "--split", "-o", "../split"],
        &["build", "--harden", "plain", "-o", "/dev/null"],
        &["build", "--harden", "--fix-level", "override", "plain", "-o", "/dev/null"],
        &["build", "--harden", "--fix-level", "none", "plain", "-o", "/dev/null"],
        &["build", "--harden", "--harden-report", "/dev/stdout", "plain", "-o", "/dev/null"],
        &["check", NAME],
        &["check", NAME, "--no-ignore", "--profile", "paranoid", "--fail-on", "note"],
        &["lint", NAME],
        &["lint", "--all", ".", "--fix", "--dry-run"],
        &["affected", "--since", "HEAD"],
        &["affected", "--since", NAME],
        &["inputs", NAME],
        &["inputs", "plain", "nowhere\u{1b}[2J"],
        &["shard", "1/1"],
        &["shard", "1/1", "--include", NAME],
        &["rules"],
        &["rules", "--profile", NAME],
        &["explain", NAME],
        &["explain", "KR-IMG-001"],
        &["diff", "--git", NAME],
        &["diff", NAME, "nowhere\u{202e}"],
        &["diff", "--only", NAME, "plain", "plain"],
        &[NAME],
        &["build", "--unknown", NAME],
        &["build", "--harden-config", NAME, "--harden"],
    ];
    let with_format = |command: &[&str], formats: &[&str]| -> Vec<Vec<String>> {
        let all = formats.iter().map(|format| {
            command.iter().chain(&["--format", format]).map(|&word| word.to_owned()).collect()
        });
        all.collect()
    };
    let mut every: Vec<Vec<String>> = commands
        .iter()
        .map(|command| command.iter().map(|&word| word.to_owned()).collect())
        .collect();
    let judged = [&["check", "--no-ignore"][..], &all].concat();
    every.extend(with_format(
        &judged,
        &["concise", "full", "json", "sarif", "github", "gitlab", "junit"],
    ));
    every.extend(with_format(
        &["check", NAME],
        &["concise", "full", "json", "sarif", "github", "gitlab", "junit"],
    ));
    let linted = [&["lint"][..], &all].concat();
    every.extend(with_format(
        &linted,
        &["concise", "full", "json", "sarif", "github", "gitlab", "junit"],
    ));
    for command in [
        &["diff", "--git", "HEAD"][..],
        &["diff", "plain", NAME],
        &["diff", "plain", &format!("broken{NAME}")],
    ] {
        every.extend(with_format(command, &["text", "unified", "markdown", "json"]));
    }
    for command in [&["affected", "--since", "HEAD"][..], &["inputs", NAME], &["shard", "1/1"]] {
        every.extend(with_format(command, &["json"]));
    }
    every.extend(with_format(&["rules"], &["json", "markdown"]));
    for command in &every {
        for extra in [&[][..], &["--error-format", "json"]] {
            let arguments: Vec<&str> =
                command.iter().map(String::as_str).chain(extra.iter().copied()).collect();
            let Outcome { stdout, stderr, .. } = lab.krender("s", &arguments);
            assert!(
                !stdout.is_empty() || !stderr.is_empty() || arguments.contains(&"/dev/null"),
                "{arguments:?}"
            );
            assert_harmless(&arguments, &stdout);
            assert_harmless(&arguments, &stderr);
            is_well_formed(&arguments, &stdout);
        }
    }
}

/// Asserts that machine-readable output is well-formed.
fn is_well_formed(arguments: &[&str], text: &str) {
    if arguments.contains(&"sarif")
        || arguments.contains(&"json") && !arguments.contains(&"--error-format")
    {
        for value in serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>() {
            assert!(value.is_ok(), "{arguments:?}: {value:?}");
        }
    }
}

/// Rendered objects are data: their names are not escaped, but a comment above them is.
#[test]
fn the_render_itself_is_unchanged() {
    let lab = hostile(NAME);
    let one = lab.krender("s", &["build", "plain"]);
    assert_eq!(one.code, 0, "{}", one.stderr);
    assert!(one.stdout.contains("\n    ::error::x\n    ##[error]x\n"), "{}", one.stdout);
    let many = lab.krender("s", &["build", "plain", NAME]);
    let heading = many.stdout.lines().find(|line| line.starts_with("# x")).unwrap();
    assert_harmless(&["build"], heading);
    assert!(many.stdout.contains(&one.stdout));
}

/// Lists of lines contain no name that a reader could take for another name, or for two.
#[test]
fn a_name_with_a_new_line_is_no_two_targets() {
    for name in ["a\nprod", "::stop-commands::t", "a\u{202e}b", "x ##[error]y", "\u{feff}a"] {
        let lab = hostile(name);
        for arguments in
            [&["affected", "--since", "HEAD"][..], &["inputs", name], &["shard", "1/1"]]
        {
            let text = lab.krender("s", arguments);
            assert_eq!(text.code, 1, "{arguments:?}: {}", text.stdout);
            assert!(
                text.stderr.contains("`--null`") && !text.stdout.contains("prod\n"),
                "{}",
                text.stderr
            );
            assert_harmless(arguments, &(text.stdout + &text.stderr));
            let null = lab.krender("s", &[arguments, &["--null"]].concat());
            let names: Vec<&str> = null.stdout.split_terminator('\0').collect();
            assert!(
                null.code == 0 && names.iter().any(|one| one.starts_with(name)),
                "{names:?} {}",
                null.stderr
            );
            let both = lab.krender("s", &[arguments, &["-0", "--format", "json"]].concat());
            assert_eq!(both.code, 1, "{}", both.stdout);
        }
    }
}

/// Messages in SARIF may contain links; those of krender contain none.
#[test]
fn names_in_sarif_are_no_links() {
    let lab = Lab::new();
    lab.write(
        "p.yaml",
        "{apiVersion: v1, kind: Pod, metadata: {name: 'a[b](http://c)'}, spec: {hostPID: true}}",
    );
    let report = lab.krender(".", &["check", "p.yaml", "--format", "sarif"]).stdout;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let message = report["runs"][0]["results"][0]["message"]["text"].as_str().unwrap();
    assert!(message.contains(r"a\[b\](http://c)"), "{message}");
}

/// In Markdown for GitHub, names are code: they mention no user, contain no link, and have no markup.
#[test]
fn names_in_markdown_are_code() {
    let names = [
        "@org/team",
        "GH-1",
        "#1",
        "org/repo#1",
        "https://a.example",
        "www.a.example",
        "a@b.example",
        ":x:",
        "</summary>",
        "</details>",
        "`",
        "``",
        "~~~",
        "<!--",
        "<img src=x>",
        "[a](b)",
        "![a](b)",
        "# a",
        "---",
        "|a|",
        "**a**",
        "\\",
        "&amp;",
        "0123456789abcdef0123456789abcdef01234567",
        "<script>",
        "\t- a",
        "a\n\n# b",
        "```",
        "![",
    ];
    let lab = Lab::new();
    for (place, name) in names.iter().enumerate() {
        let text = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
        for (side, value) in [("a", "old"), ("b", "new")] {
            let folder = format!("{side}/t{place}/{}", name.replace('\n', " "));
            lab.write(&format!("{folder}/kustomization.yaml"), "resources: [r.yaml]\n");
            let object = format!(
                "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: \"{text}\"}}, spec: {{template: {{spec: {{containers: [{{name: \"{text}\", image: \"{text}:{value}\"}}]}}}}}}}}\n---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: \"c{text}\"}}, data: {{\"{text}\": \"{value}\\n{text}\\n\"}}}}\n"
            );
            lab.write(&format!("{folder}/r.yaml"), object);
        }
        lab.write(&format!("a/gone{place}/kustomization.yaml"), "resources: [r.yaml]\n");
        lab.write(
            &format!("a/gone{place}/r.yaml"),
            format!(
                "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: \"{text}\"}}}}\n"
            ),
        );
    }
    let page = lab.krender(".", &["diff", "a", "b", "--format", "markdown"]).stdout;
    let (mut open, mut fence) = (0, None);
    // The last line is for programs, and has no text of the input.
    let last = page.lines().last().unwrap_or_default();
    let summary =
        last.strip_prefix("<!-- krender-diff: ").and_then(|rest| rest.strip_suffix(" -->"));
    let summary: serde_json::Value = serde_json::from_str(summary.unwrap()).unwrap();
    assert_eq!(summary["summary"]["targets"], 58);
    for line in page.lines().filter(|line| *line != last) {
        let trimmed = line.trim_start();
        let ticks: String = trimmed.chars().take_while(|&character| character == '`').collect();
        if fence.is_some() {
            fence = fence.filter(|end: &String| trimmed != end);
            continue;
        }
        if trimmed == format!("{ticks}diff") && ticks.len() >= 3 {
            fence = Some(ticks);
            continue;
        }
        let prose = outside_code(line);
        open += prose.matches("<details").count();
        open -= prose.matches("</details>").count();
        for name in names.iter().filter(|name| {
            ![
                "</summary>",
                "</details>",
                "---",
                "**a**",
                "`",
                "``",
                "```",
                "|a|",
                "#1",
                "\\",
                "~~~",
            ]
            .contains(name)
        }) {
            assert!(!prose.contains(name), "{name:?} in {line:?}");
        }
        for part in ["@", "#1", "http", ":x:", "<img", "<script", "<!--", "~~~"] {
            assert!(!prose.contains(part), "{part:?} in {line:?}");
        }
    }
    assert_eq!((open, fence), (0, None), "{page}");
}

/// A line of Markdown without its code.
fn outside_code(line: &str) -> String {
    let mut prose = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(['`', '<']) {
        prose.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = match rest.strip_prefix("<code>") {
            Some(code) => {
                code.find("</code>").map(|end| start_of(rest, code) + end + "</code>".len())
            }
            None if rest.starts_with('<') => Some(1).inspect(|_| prose.push('<')),
            None => {
                let ticks = rest.len() - rest.trim_start_matches('`').len();
                closing(&rest[ticks..], ticks).map(|end| ticks + end)
            }
        };
        // Code spans are always closed.
        let end = end.unwrap();
        rest = &rest[end..];
    }
    prose + rest
}

fn start_of(whole: &str, rest: &str) -> usize {
    whole.len() - rest.len()
}

/// The end of the run of exactly this many backticks.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut place = 0;
    while let Some(at) = text[place..].find('`') {
        let start = place + at;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == ticks {
            return Some(start + run);
        }
        place = start + run;
    }
    None
}
