//! Checks the rules of the Pod Security Standards with the fixtures of the Kubernetes admission tests.
//!
//! The fixtures are expected next to the checkout, at `../shared/conformance/pod-security`. Without them the tests are
//! skipped, and fail if `CI=true`.
#![expect(clippy::disallowed_methods, reason = "the fixtures are read as they are")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]
#![expect(clippy::print_stdout, reason = "who skips says so")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use krender::harden::{PodPath, Profile, Scope, Settings, check};
use krender::resource::{self, ResMap};
use krender::schema::Schema;
use krender::source::Sources;
use krender::yaml::parse;

/// Checks of the level `baseline` with the checks of `restricted` that replace them.
const REPLACED: &[(&str, &str)] = &[
    ("capabilities_baseline", "capabilities_restricted"),
    ("hostpathvolumes", "restrictedvolumes"),
    ("procmount", "procmount_restricted"),
    ("seccompprofile_baseline", "seccompprofile_restricted"),
];

#[test]
fn every_fixture_is_judged_as_kubernetes_judges_it() {
    let Some(folder) = unpacked() else { return };
    let fixtures = fixtures(folder.path());
    assert_eq!(fixtures.len(), 4537, "fixtures are missing");
    let mut wrong = Vec::new();
    for fixture in &fixtures {
        let text = fs::read_to_string(folder.path().join(fixture)).unwrap();
        for (kind, text) in wrapped(&text) {
            if let Err(complaint) = judge(fixture, &text) {
                wrong.push(format!("{} as {kind}: {complaint}", fixture.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} verdicts differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

/// The first version in which a pod violates a rule, or no longer does.
enum Gate {
    From(u16),
    Until(u16),
}

/// A level, a rule, the specification of a pod, and the versions in which the pod violates the rule.
const GATES: &[(&str, &str, &str, Gate)] = &[
    (
        "restricted",
        "KR-SEC-007",
        "containers: [{securityContext: {capabilities: {add: [A]}}}]",
        Gate::Until(22),
    ),
    (
        "baseline",
        "KR-SEC-009",
        "securityContext: {seLinuxOptions: {type: container_engine_t}}",
        Gate::Until(31),
    ),
    (
        "baseline",
        "KR-SEC-010",
        "hostUsers: false, containers: [{securityContext: {procMount: Unmasked}}]",
        Gate::Until(35),
    ),
    (
        "baseline",
        "KR-SEC-011",
        "securityContext: {seccompProfile: {type: Unconfined}}",
        Gate::From(19),
    ),
    ("restricted", "KR-SEC-011", "metadata", Gate::Until(19)),
    (
        "baseline",
        "KR-SEC-012",
        "securityContext: {sysctls: [{name: net.ipv4.ip_local_reserved_ports}]}",
        Gate::Until(27),
    ),
    (
        "baseline",
        "KR-SEC-012",
        "securityContext: {sysctls: [{name: net.ipv4.tcp_keepalive_time}]}",
        Gate::Until(29),
    ),
    (
        "baseline",
        "KR-SEC-012",
        "securityContext: {sysctls: [{name: net.ipv4.tcp_rmem}]}",
        Gate::Until(32),
    ),
    (
        "baseline",
        "KR-SEC-012",
        "securityContext: {sysctls: [{name: net.ipv4.tcp_notsent_lowat}]}",
        Gate::Until(37),
    ),
    (
        "baseline",
        "KR-SEC-014",
        "containers: [{livenessProbe: {httpGet: {host: a}}}]",
        Gate::From(34),
    ),
    ("restricted", "KR-SEC-021", "containers: [{name: a}]", Gate::From(8)),
    ("restricted", "KR-SEC-021", "os: {name: windows}, containers: [{name: a}]", Gate::Until(25)),
    ("restricted", "KR-SEC-022", "hostUsers: false, containers: [{name: a}]", Gate::Until(35)),
    ("restricted", "KR-SEC-023", "securityContext: {runAsUser: 0}", Gate::From(23)),
    (
        "restricted",
        "KR-SEC-023",
        "hostUsers: false, securityContext: {runAsUser: 0}",
        Gate::Until(35),
    ),
    ("restricted", "KR-SEC-024", "containers: [{name: a}]", Gate::From(19)),
    ("restricted", "KR-SEC-024", "os: {name: windows}, containers: [{name: a}]", Gate::Until(25)),
    ("restricted", "KR-SEC-025", "containers: [{name: a}]", Gate::From(22)),
    ("restricted", "KR-SEC-025", "os: {name: windows}, containers: [{name: a}]", Gate::Until(25)),
    (
        "restricted",
        "KR-SEC-026",
        "hostUsers: false, containers: [{securityContext: {procMount: Unmasked}}]",
        Gate::From(35),
    ),
];

#[test]
fn checks_come_and_go_with_their_versions() {
    for (level, rule, spec, gate) in GATES {
        let annotation = "{seccomp.security.alpha.kubernetes.io/pod: unconfined}";
        let text = match *spec {
            "metadata" => format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, annotations: {annotation}}}\nspec: {{containers: []}}\n"
            ),
            spec => format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{{spec}}}\n"),
        };
        let is_violated = |minor: u16| {
            let profile = format!("{level}@v1.{minor}").parse::<Profile>().unwrap();
            let findings = check(&read(&text), &Sources::new(), &Settings::of(profile));
            findings.iter().any(|finding| finding.rule.id() == *rule)
        };
        let (at, expected) = match gate {
            Gate::From(minor) => (*minor, [false, true]),
            Gate::Until(minor) => (*minor, [true, false]),
        };
        assert_eq!([at - 1, at].map(is_violated), expected, "{level} {rule} v1.{at}: {spec}");
    }
}

/// Compares the verdict on a fixture with the expected one, given by its path: `<level>/<version>/<pass or
/// fail>/<check><number>.yaml`.
fn judge(fixture: &Path, text: &str) -> Result<(), String> {
    let parts: Vec<&str> = fixture.iter().map(|part| part.to_str().unwrap()).collect();
    let [level, version, expected, file] = parts[..] else { panic!("{}", fixture.display()) };
    let mut settings = Settings::of(format!("{level}@{version}").parse::<Profile>().unwrap());
    settings.facts.pod_paths.push(PodPath {
        group: "example.com".to_owned(),
        kind: "Fleet".to_owned(),
        path: ["ships", "*", "crew"].map(str::to_owned).to_vec(),
    });
    let findings = check(&read(text), &Sources::new(), &settings);
    let failed: Vec<String> = findings
        .iter()
        .map(|finding| match finding.rule.scope() {
            Scope::PodSecurity(check) => check.check.to_lowercase(),
            scope => panic!("{scope:?} is no check of Pod Security"),
        })
        .collect();
    match expected {
        "pass" if failed.is_empty() => Ok(()),
        "pass" => Err(format!("fails {failed:?}")),
        _ => {
            let name =
                file.trim_end_matches(".yaml").trim_end_matches(|c: char| c.is_ascii_digit());
            let stricter = REPLACED.iter().find(|(check, _)| *check == name);
            let is_named = |check: &String| {
                check == name || stricter.is_some_and(|(_, stricter)| check == stricter)
            };
            match failed.iter().any(is_named) {
                true => Ok(()),
                false => Err(format!("fails {failed:?}")),
            }
        }
    }
}

/// The pod, and workloads with the same pod as their template.
fn wrapped(pod: &str) -> Vec<(&'static str, String)> {
    let body = pod.split_once("kind: Pod\n").map(|(_, body)| body).unwrap();
    let indented = |by: usize| -> String {
        let indent = " ".repeat(by);
        body.lines().map(|line| format!("{indent}{line}\n")).collect()
    };
    let object = |api: &str, kind: &str, rest: &str| {
        format!("apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: wrapped\n{rest}")
    };
    let template = format!("spec:\n  template:\n{}", indented(4));
    let job = format!("spec:\n  jobTemplate:\n    spec:\n      template:\n{}", indented(8));
    vec![
        ("Pod", pod.to_owned()),
        ("Deployment", object("apps/v1", "Deployment", &template)),
        ("Job", object("batch/v1", "Job", &template)),
        ("CronJob", object("batch/v1", "CronJob", &job)),
        ("PodTemplate", object("v1", "PodTemplate", &format!("template:\n{}", indented(2)))),
        ("Fleet", object("example.com/v1", "Fleet", &format!("ships:\n- crew:\n{}", indented(4)))),
    ]
}

fn read(text: &str) -> ResMap {
    let sources = Sources::new();
    let source = sources.add("fixture.yaml", text).unwrap();
    let documents = parse::documents(&source).unwrap();
    resource::read(&source, &documents, &Schema::default()).unwrap().into()
}

/// The fixtures of all versions in a temporary folder; `None` if they are not present.
fn unpacked() -> Option<tempfile::TempDir> {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/conformance/pod-security/all-versions.tar.gz");
    if !archive.is_file() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{}", archive.display());
        println!("skipped: there is no {}", archive.display());
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let status =
        Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(folder.path()).status().unwrap();
    assert!(status.success());
    Some(folder)
}

/// The paths of all fixtures, in order.
fn fixtures(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}
