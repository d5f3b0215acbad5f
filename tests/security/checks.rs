//! Attempts to disable checks unnoticed, or to pass without being checked.

use crate::lab::{Lab, Outcome};

/// A pod that violates two rules of the level `baseline`.
const BAD: &str = "apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  hostPID: true
  containers: [{name: c, image: x, securityContext: {privileged: true}}]
";

/// A kustomization in `k` that renders [`BAD`].
fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n").write("k/r.yaml", BAD);
    lab
}

fn check(lab: &Lab, arguments: &[&str]) -> Outcome {
    lab.krender("", &[&["check", "--profile", "baseline"], arguments].concat())
}

/// Asserts the exit code of `check` for a manifest.
#[track_caller]
fn ends(manifest: &str, expected: i32) {
    let lab = Lab::new();
    lab.write("pod.yaml", manifest);
    let outcome = check(&lab, &["pod.yaml"]);
    assert_eq!(outcome.code, expected, "{manifest}\n{}{}", outcome.stdout, outcome.stderr);
}

#[test]
fn a_suppression_in_a_scalar_is_no_comment() {
    const SAID: &str = "# krender: ignore host-pid, privileged-container -- x";
    let with = |field: &str| BAD.replace("  hostPID: true\n", field);
    ends(&with(&format!("  hostname: \"a {SAID}\"\n  hostPID: true\n")), 1);
    let flow = format!("{{hostname: 'a {SAID}', hostPID: true, containers: [{{name: c}}]}}\n");
    ends(&format!("{}spec: {flow}", BAD.split("spec:").next().unwrap_or_default()), 1);
    ends(&with(&format!("  \"hostPID\": true\n  subdomain: 'a\n    {SAID}\n    b'\n")), 1);
    let block = |style: &str| format!("  dnsPolicy: {style}\n    {SAID}\n  hostPID: true\n");
    ends(&with(&block("|-")), 1);
    ends(&with(&block(">-")), 1);
    // A plain scalar cannot contain this.
    ends(&with(&format!("  hostPID: true\n  note: a{SAID}\n")), 2);
    // Real comments still count.
    ends(&BAD.replace("spec:\n", &format!("spec: {SAID}\n")), 0);
    ends(&with(&block("| # about the policy")), 1);
}

#[test]
fn a_suppression_in_the_text_of_a_config_map_is_no_comment() {
    let text = "apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  pod.yaml: |
    # krender: ignore host-pid, privileged-container -- x
    spec:
      hostPID: true
---
";
    ends(&format!("{text}{BAD}"), 1);
}

#[test]
fn a_system_namespace_makes_no_notes_of_errors() {
    let system = "{name: p, namespace: kube-system}";
    ends(&BAD.replace("{name: p}", system), 1);
    ends(&BAD.replace("  hostPID", "  priorityClassName: system-node-critical\n  hostPID"), 1);
    let lab = lab();
    lab.write("k/r.yaml", BAD.replace("{name: p}", system));
    assert_eq!(check(&lab, &["k"]).code, 1);
    assert_eq!(check(&lab, &["--no-ignore", "k"]).code, 1);
    lab.write("k/r.yaml", BAD)
        .write("k/kustomization.yaml", "namespace: kube-system\nresources: [r.yaml]\n");
    assert_eq!(check(&lab, &["k"]).code, 1);
}

/// A configuration with a specification.
fn configuration(spec: &str) -> String {
    format!("apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec: {spec}\n")
}

/// Asserts that a configuration in the repository is applied, and mentioned in every format.
#[track_caller]
fn is_told(spec: &str, words: &str) {
    let lab = lab();
    lab.git("", &["init", "-q"]);
    lab.write(".krender.yaml", configuration(spec));
    for format in ["text", "json", "sarif", "junit", "github", "gitlab"] {
        let outcome = lab.krender("", &["check", "--format", format, "k"]);
        let stdout = outcome.stdout.replace("&quot;", "\"");
        assert!(outcome.stderr.contains(words), "{format}: {}", outcome.stderr);
        assert!(stdout.contains(words), "{format}: {stdout}");
        let overruled = lab.krender("", &["check", "--format", format, "--no-ignore", "k"]);
        assert_eq!(overruled.code, 1, "{format}");
        let overruled = lab.krender("", &["check", "--format", format, "--no-config", "k"]);
        assert_eq!(overruled.code, 1, "{format}");
    }
}

#[test]
fn rules_that_are_off_are_told_and_overruled() {
    is_told(
        "{rules: {host-pid: off, privileged-container: off}}",
        "turns off KR-SEC-001 privileged-container, KR-SEC-003 host-pid",
    );
}

#[test]
fn lower_severities_are_told_and_overruled() {
    is_told("{rules: {host-pid: {severity: note}}}", "lowers KR-SEC-003 host-pid to note");
}

#[test]
fn a_run_that_never_fails_is_told_and_overruled() {
    is_told("{failOn: never}", "lets every run pass");
}

#[test]
fn a_lower_profile_is_told_and_overruled() {
    is_told("{profile: privileged}", "sets the profile `privileged@v1.37`");
    is_told("{profile: recommended@v1.0}", "sets the profile `recommended@v1.0`");
    is_told("{profile: custom}", "sets the profile `custom@v1.37`");
}

#[test]
fn exclusions_are_told_and_overruled() {
    is_told("{exclude: [{reason: x}]}", "excludes all objects from all rules (x)");
    is_told("{exclude: [{kind: Pod, name: p}]}", "excludes kind `Pod`, name `p` from all rules");
}

#[test]
fn other_ways_to_accept_are_told_and_overruled() {
    is_told("{excludeSystem: true}", "reports as notes errors in system namespaces");
    is_told("{honorForeign: [kube-linter]}", "honors annotations of kube-linter");
    is_told("{externals: [{kind: Secret}]}", "treats as defined elsewhere: Secret `*/*`");
    is_told("{values: {shutdown: {drainSeconds: 0}}}", "sets `values.shutdown.drainSeconds` to 0");
    is_told("{platform: openshift}", "sets `platform` to openshift");
    is_told("{trials: ['*']}", "sets `trials` to `*`");
}

#[test]
fn an_object_of_openshift_is_told_and_overruled() {
    const ROUTE: &str =
        "---\napiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r}\n";
    let lab = Lab::new();
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\nspec: {containers: [{name: c, image: 'x:1'}]}\n";
    lab.write("pod.yaml", pod);
    let arguments = ["check", "--rule", "KR-SEC-021", "pod.yaml"];
    assert_eq!(lab.krender("", &arguments).code, 1);
    lab.write("pod.yaml", format!("{pod}{ROUTE}"));
    for format in ["text", "json", "sarif", "junit", "github", "gitlab"] {
        let outcome = lab.krender("", &[&arguments[..], &["--format", format]].concat());
        assert_eq!(outcome.code, 0, "{format}: {}", outcome.stdout);
        for text in [&outcome.stdout, &outcome.stderr] {
            assert!(text.contains("the platform is OpenShift: Route `r`"), "{format}: {text}");
        }
    }
    lab.write("platform.yaml", configuration("{platform: kubernetes}"));
    let overruled = lab.krender("", &[&arguments[..], &["--config", "platform.yaml"]].concat());
    assert_eq!(overruled.code, 1);
    // The Pod Security Standards know no platform.
    let overruled = lab.krender("", &["check", "--profile", "restricted", "pod.yaml"]);
    assert_eq!(overruled.code, 1);
    // What contradicts the constraints stays, and so does what they do not set.
    let privileged = "containers: [{name: c, image: 'x:1', securityContext: {privileged: true}}]";
    lab.write(
        "pod.yaml",
        format!("{}{ROUTE}", pod.replace("containers: [{name: c, image: 'x:1'}]", privileged)),
    );
    assert_eq!(lab.krender("", &["check", "--rule", "KR-SEC-001", "pod.yaml"]).code, 1);
}

#[test]
fn a_run_without_a_configuration_says_nothing_of_one() {
    let outcome = check(&lab(), &["k"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (1, ""));
}

#[test]
fn annotations_and_comments_are_overruled() {
    let lab = lab();
    let ignored = BAD.replace(
        "{name: p}",
        "{name: p, annotations: {ignore.krender.dev/KR-SEC-001: x, ignore.krender.dev/KR-SEC-003: x}}",
    );
    let commented =
        BAD.replace("spec:", "spec: # krender: ignore host-pid, privileged-container -- x");
    for text in [ignored, commented] {
        lab.write("k/r.yaml", text);
        assert_eq!(check(&lab, &["k"]).code, 0);
        assert_eq!(check(&lab, &["--no-ignore", "k"]).code, 1);
    }
}

#[test]
fn findings_that_their_own_change_accepts_count_unless_it_is_trusted() {
    let lab = repository();
    let accepted = BAD.replace(
        "{name: p}",
        "{name: q, annotations: {ignore.krender.dev/KR-SEC-001: x, ignore.krender.dev/KR-SEC-003: x}}",
    );
    let commented = BAD
        .replace("{name: p}", "{name: q}")
        .replace("spec:", "spec: # krender: ignore host-pid, privileged-container -- x");
    for text in [accepted, commented] {
        lab.write("k/r.yaml", text);
        for format in ["text", "json", "sarif", "junit", "github", "gitlab"] {
            for (flags, code, words) in [
                (&[][..], 1, "2 findings that are new since `main` count, although"),
                (&["--trust-change"], 0, "2 findings that are new since `main` are accepted"),
            ] {
                let flags = [flags, &["--git", "main", "--format", format, "k"]].concat();
                let outcome = check(&lab, &flags);
                assert_eq!(outcome.code, code, "{format}: {}", outcome.stdout);
                for text in [&outcome.stdout, &outcome.stderr] {
                    assert!(text.contains(words), "{format}: {text}");
                }
            }
        }
        lab.git("", &["add", "."]);
        lab.git("", &["commit", "-qm", "two"]);
        let outcome = check(&lab, &["--git", "main", "k"]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
        lab.git("", &["reset", "-q", "--hard", "HEAD~1"]);
    }
}

#[test]
fn a_configuration_and_a_baseline_of_a_change_do_not_count_unless_it_is_trusted() {
    let lab = repository();
    let report = check(&lab, &["--format", "json", "k"]).stdout;
    lab.git("", &["checkout", "-qb", "change"]);
    lab.write("ok/r.yaml", BAD);
    lab.write("accepted.json", report.replace("\"root\":\"k\"", "\"root\":\"ok\""));
    lab.write("off.yaml", configuration("{rules: {host-pid: off, privileged-container: off}}"));
    let baseline = ["--git", "main", "--baseline", "accepted.json", "ok"];
    let named = ["--git", "main", "--config", "off.yaml", "ok"];
    // Files that no commit has are not a part of the change.
    assert_eq!(check(&lab, &baseline).code, 0);
    assert_eq!(check(&lab, &named).code, 0);
    lab.write(".krender.yaml", configuration("{failOn: never}"));
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "two"]);
    let found = ["--git", "main", "ok"];
    for (flags, file) in
        [(&baseline[..], "accepted.json"), (&named, "off.yaml"), (&found, ".krender.yaml")]
    {
        let outcome = check(&lab, flags);
        let words = format!("`{file}` is ignored: it does not exist at `main`");
        assert!(outcome.code == 1 && outcome.stderr.contains(&words), "{}", outcome.stderr);
        assert_eq!(check(&lab, &[flags, &["--trust-change"]].concat()).code, 0, "{file}");
    }
    // Those of the base branch count.
    lab.git("", &["checkout", "-qB", "main"]);
    lab.git("", &["checkout", "-qb", "other"]);
    lab.write("k/r.yaml", BAD.replace("{name: p}", "{name: q}"));
    assert_eq!(check(&lab, &["--git", "main", "k"]).code, 0);
}

#[test]
fn what_lowers_severities_does_not_count_if_a_change_brings_it() {
    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\nspec: {containers: [{name: c, image: 'x:1', securityContext: {readOnlyRootFilesystem: true}}]}\n";
    const ROUTE: &str =
        "---\napiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r, namespace: n}\n";
    let lab = repository();
    lab.write("ok/r.yaml", format!("{POD}{ROUTE}"));
    let check = |flags: &[&str], target: &str| {
        lab.krender(
            "",
            &[&["check", "--git", "main", "--rule", "KR-SEC-021"], flags, &[target]].concat(),
        )
    };
    for format in ["text", "json", "sarif", "junit", "github", "gitlab"] {
        let outcome = check(&["--format", format], "ok");
        assert_eq!(outcome.code, 1, "{format}: {}", outcome.stdout);
        for text in [&outcome.stdout, &outcome.stderr] {
            let words = "1 finding keeps its severity, as what would lower it is new since `main`";
            assert!(text.contains(words), "{format}: {text}");
        }
    }
    assert_eq!(check(&["--trust-change"], "ok").code, 0);
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "two"]);
    lab.write("ok/r.yaml", format!("{}{ROUTE}", POD.replace("{name: p,", "{name: q,")));
    assert_eq!(check(&[], "ok").code, 0);
    assert_eq!(check(&["--keep-severities"], "ok").code, 1);
    // A target that moves below a folder for tests.
    lab.write("k/r.yaml", POD.replace("{name: p,", "{name: z,"));
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "three"]);
    std::fs::create_dir(lab.path("testdata")).unwrap();
    std::fs::rename(lab.path("k"), lab.path("testdata/k")).unwrap();
    assert_eq!(check(&[], "testdata/k").code, 1);
    assert_eq!(check(&["--trust-change"], "testdata/k").code, 0);
}

#[test]
fn annotations_forgive_nothing_in_a_hardened_build() {
    let lab = lab();
    let annotations = "annotations: {ignore.krender.dev/host-pid: x, ignore.krender.dev/KR-SEC-001: x, krender.dev/harden: 'off'}";
    lab.write("k/r.yaml", BAD.replace("{name: p}", &format!("{{name: p, {annotations}}}")));
    let build = |arguments: &[&str]| {
        let outcome =
            lab.krender("", &[&["build", "--harden=baseline"], arguments, &["k"]].concat());
        assert!(outcome.code == 0 || outcome.stdout.is_empty());
        outcome.code
    };
    assert_eq!(build(&[]), 1);
    assert_eq!(build(&["--allow-ignores"]), 0);
    lab.write("h.yaml", configuration("{allowIgnores: true}"));
    assert_eq!(build(&["--harden-config", "h.yaml"]), 0);
    let comment = "spec: # krender: ignore host-pid, privileged-container -- x";
    lab.write("k/r.yaml", BAD.replace("spec:", comment));
    assert_eq!(build(&[]), 1);
    assert_eq!(build(&["--allow-ignores"]), 0);
}

#[test]
fn annotations_forgive_nothing_before_a_validator() {
    let lab = lab();
    let validator = |spec: &str| {
        format!(
            "apiVersion: krender.dev/v1alpha1\nkind: HardeningValidator\nmetadata: {{name: v}}\nspec: {spec}\n"
        )
    };
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\nvalidators: [v.yaml]\n");
    let comment = "spec: # krender: ignore host-pid, privileged-container -- x";
    lab.write("k/r.yaml", BAD.replace("spec:", comment));
    lab.write("k/v.yaml", validator("{profile: baseline}"));
    assert_eq!(lab.krender("", &["build", "k"]).code, 1);
    lab.write("k/v.yaml", validator("{profile: baseline, allowIgnores: true}"));
    assert_eq!(lab.krender("", &["build", "k"]).code, 0);
}

/// A repository with a bad and a good target, and the check against its first commit.
fn repository() -> Lab {
    let lab = lab();
    lab.write("ok/kustomization.yaml", "resources: [r.yaml]\n");
    lab.write("ok/r.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n");
    lab.git("", &["init", "-q"]);
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "one"]);
    lab
}

/// Asserts that `check --all` passes and names the skipped targets, and that `--git` and `--every` fail.
#[track_caller]
fn is_noticed(lab: &Lab, named: &str, every: i32) {
    for format in ["text", "json", "sarif", "junit", "github", "gitlab"] {
        let outcome = check(lab, &["--all", "--format", format, "."]);
        assert_eq!(outcome.code, 0, "{}", outcome.stdout);
        for text in [&outcome.stderr, &outcome.stdout] {
            assert!(text.contains(named), "{format}: {text}");
        }
    }
    assert_eq!(check(lab, &["--every", "."]).code, every);
    let outcome = check(lab, &["--all", "--git", "main", "."]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("KR-CFG-004 target-not-judged"), "{}", outcome.stdout);
}

#[test]
fn a_target_that_another_one_includes_is_noticed() {
    let lab = repository();
    let delete = "$patch: delete\\nkind: Pod\\nmetadata: {name: p}";
    lab.write(
        "zz/kustomization.yaml",
        format!(
            "resources: [../k]\nconfigMapGenerator: [{{name: c}}]\npatches:\n- target: {{kind: Pod}}\n  patch: \"{delete}\"\n"
        ),
    );
    is_noticed(&lab, "`k` (included by `zz`)", 1);
}

#[test]
fn a_target_that_is_hidden_is_noticed() {
    let lab = repository();
    std::fs::rename(lab.path("k"), lab.path(".k")).unwrap();
    is_noticed(&lab, "`.k` (hidden)", 1);
}

#[test]
fn a_target_that_becomes_a_component_is_noticed() {
    let lab = repository();
    let component =
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [r.yaml]\n";
    lab.write("k/kustomization.yaml", component);
    is_noticed(&lab, "`k` (a component)", 0);
}

#[cfg(unix)]
#[test]
fn a_target_that_becomes_a_link_is_noticed() {
    let lab = repository();
    std::fs::rename(lab.path("k"), lab.path(".k")).unwrap();
    lab.link(".k", "k");
    is_noticed(&lab, "`k` (a link)", 1);
}

#[test]
fn a_target_that_is_removed_is_told_and_no_error() {
    let lab = repository();
    std::fs::remove_dir_all(lab.path("k")).unwrap();
    let outcome = check(&lab, &["--all", "--git", "main", "."]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stdout.contains("warning[KR-CFG-004"), "{}", outcome.stdout);
}

#[test]
fn a_configuration_is_taken_from_a_revision() {
    let lab = repository();
    let off = configuration("{rules: {host-pid: off, privileged-container: off}}");
    lab.write(".krender.yaml", &off);
    assert_eq!(check(&lab, &["k"]).code, 0);
    for format in ["text", "json", "sarif", "junit", "github", "gitlab"] {
        let outcome = check(&lab, &["--config-from", "main", "--format", format, "k"]);
        assert_eq!(outcome.code, 1);
        let words = "`.krender.yaml` is ignored: it does not exist at `main`";
        assert!(outcome.stdout.contains(words) && outcome.stderr.contains(words), "{format}");
    }
    lab.write(".krender.yaml", configuration("{profile: baseline}"));
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "two"]);
    lab.write(".krender.yaml", &off);
    let outcome = check(&lab, &["--config-from", "main", "k"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("`.krender.yaml` differs from that at `main`"));
    // A nearer configuration that exists only in the working tree.
    lab.write(".krender.yaml", configuration("{profile: baseline}"));
    lab.write("k/.krender.yaml", &off);
    let outcome = lab.krender("k", &["check", "--config-from", "main", "."]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("`.krender.yaml` is ignored"), "{}", outcome.stderr);
    let outcome = check(&lab, &["--config-from", "nowhere", "k"]);
    assert_eq!(outcome.code, 2);
}

#[test]
fn a_baseline_is_taken_from_a_revision() {
    let lab = repository();
    lab.write("accepted.json", check(&lab, &["--format", "json", "ok"]).stdout);
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "two"]);
    lab.write("accepted.json", check(&lab, &["--format", "json", "k"]).stdout);
    assert_eq!(check(&lab, &["--baseline", "accepted.json", "k"]).code, 0);
    let from = ["--baseline", "accepted.json", "--config-from", "main", "k"];
    let outcome = check(&lab, &from);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("`accepted.json` differs from that at `main`"));
}

#[test]
fn a_baseline_accepts_in_one_target_only_and_no_more_than_there_was() {
    let lab = lab();
    lab.write("accepted.json", check(&lab, &["--format", "json", "k"]).stdout);
    assert_eq!(check(&lab, &["--baseline", "accepted.json", "./k/"]).code, 0);
    lab.write("prod/kustomization.yaml", "resources: [r.yaml]\n").write("prod/r.yaml", BAD);
    assert_eq!(check(&lab, &["--baseline", "accepted.json", "k", "prod"]).code, 1);
    // The same base again, with another prefix.
    lab.write("k/one/kustomization.yaml", "namePrefix: one-\nresources: [r.yaml]\n");
    lab.write("k/one/r.yaml", BAD);
    lab.write("k/kustomization.yaml", "resources: [r.yaml, one]\n");
    assert_eq!(check(&lab, &["--baseline", "accepted.json", "k"]).code, 1);
}

#[test]
fn what_has_no_objects_does_not_pass() {
    let lab = Lab::new();
    lab.write("empty.yaml", "# nothing\n").write("null.yaml", "---\n---\n");
    for file in ["-", "empty.yaml", "null.yaml"] {
        assert_eq!(check(&lab, &[file]).code, 2, "{file}");
        assert_eq!(check(&lab, &["--allow-empty", file]).code, 0, "{file}");
    }
    // A kustomization that has lost its resources, or removes them.
    let delete = "patch: \"$patch: delete\\nkind: Pod\\nmetadata: {name: p}\"";
    let removes = format!("resources: [r.yaml]\npatches: [{{target: {{kind: Pod}}, {delete}}}]\n");
    for kustomization in ["resources: []\n", &removes] {
        lab.write("t/k/r.yaml", BAD).write("t/k/kustomization.yaml", kustomization);
        for flags in [&["t/k"][..], &["--all", "t"], &["--every", "t"]] {
            let outcome = check(&lab, flags);
            assert_eq!(outcome.code, 2, "{}", outcome.stdout);
            assert!(outcome.stderr.contains("`t/k` renders to no object"), "{}", outcome.stderr);
            assert_eq!(check(&lab, &[flags, &["--allow-empty"]].concat()).code, 0);
        }
    }
}

/// kustomize ignores content after the first document of a part, and `kubectl apply` reads each object of a JSON
/// stream.
#[test]
fn content_after_a_document_is_not_passed_over() {
    let good = BAD.replace("hostPID: true", "hostPID: false").replace("privileged: true", "");
    let json = |host: bool| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p{host}"}},"spec":{{"hostPID":{host},"containers":[{{"name":"c","image":"x:1"}}]}}}}"#
        )
    };
    for (manifest, line) in [
        (format!("{}{}", json(false), json(true)), 1),
        (format!("{}\n{}\n", json(false), json(true)), 2),
        (format!("{good}...\n{BAD}"), 8),
        (format!("# empty\n...\n{BAD}"), 2),
        (format!("{good}---\n{}\n{}\n", json(false), json(true)), 9),
    ] {
        let lab = lab();
        lab.write("pod.yaml", &manifest).write("folder/p.yaml", &manifest).write("empty.yaml", "");
        for arguments in [
            &["check", "--profile", "baseline", "pod.yaml"][..],
            &["check", "--profile", "baseline", "folder"],
            &["diff", "empty.yaml", "pod.yaml"],
        ] {
            let outcome = lab.krender("", arguments);
            assert_eq!(outcome.code, 2, "{arguments:?}:\n{manifest}\n{}", outcome.stdout);
            assert!(outcome.stderr.contains("error[malformed-yaml]"), "{}", outcome.stderr);
            assert!(outcome.stderr.contains(&format!(".yaml:{line}:")), "{}", outcome.stderr);
        }
    }
    // An end marker, comments and white space are not content.
    ends(&format!("{good}...\n\n# the end\n"), 0);
}

/// Of two equal keys, krender reads the first, and a cluster the last.
#[test]
fn keys_that_stand_twice_are_not_judged_by_the_first() {
    let twice = |field: &str, both: &str| BAD.replace(field, both);
    let spec = twice("  hostPID: true\n", "  hostPID: false\n  hostPID: true\n");
    let container = twice("privileged: true", "privileged: false, \"privileged\": true")
        .replace("hostPID: true", "hostPID: false");
    let whole = format!("{}spec: {{}}\n", BAD.replace("spec:", "spec: {containers: []}\nspec:"));
    for manifest in [spec, container, whole] {
        let lab = lab();
        lab.write("k/r.yaml", &manifest)
            .write("pod.yaml", &manifest)
            .write("folder/p.yaml", &manifest);
        for argument in ["k", "pod.yaml", "folder"] {
            let outcome = check(&lab, &[argument]);
            assert_eq!(outcome.code, 2, "{argument}:\n{manifest}\n{}", outcome.stdout);
            assert!(outcome.stderr.contains("error[duplicate-key]"), "{}", outcome.stderr);
            assert!(!outcome.stdout.contains("no findings"), "{}", outcome.stdout);
        }
    }
}

#[test]
fn workloads_of_every_kind_are_judged() {
    let object = |version: &str, kind: &str, spec: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n")
    };
    let bad = "{name: c, image: 'a:1', securityContext: {privileged: true}}";
    let template = format!("{{template: {{spec: {{containers: [{bad}]}}}}}}");
    for (version, kind, spec) in [
        ("apps.openshift.io/v1", "DeploymentConfig", template.clone()),
        ("apps.kruise.io/v1alpha1", "CloneSet", template.clone()),
        ("argoproj.io/v1alpha1", "Rollout", template.clone()),
        ("example.com/v1", "Unknown", template.clone()),
        ("example.com/v1", "Unknown", format!("{{workers: {{a: {template}}}}}")),
        (
            "kubeflow.org/v1",
            "PyTorchJob",
            format!("{{pytorchReplicaSpecs: {{Worker: {template}}}}}"),
        ),
        ("ray.io/v1", "RayCluster", format!("{{workerGroupSpecs: [{template}]}}")),
        (
            "argoproj.io/v1alpha1",
            "Workflow",
            format!("{{templates: [{{name: a, container: {bad}}}]}}"),
        ),
        (
            "argoproj.io/v1alpha1",
            "CronWorkflow",
            format!("{{workflowSpec: {{templates: [{{name: a, script: {bad}}}]}}}}"),
        ),
        ("tekton.dev/v1", "Task", format!("{{steps: [{bad}]}}")),
        ("tekton.dev/v1", "Pipeline", format!("{{tasks: [{{taskSpec: {{sidecars: [{bad}]}}}}]}}")),
        ("serving.kserve.io/v1alpha1", "ServingRuntime", format!("{{containers: [{bad}]}}")),
        ("apps.kruise.io/v1alpha1", "SidecarSet", format!("{{initContainers: [{bad}]}}")),
        ("example.com/v1", "Proxy", "{securityContext: {privileged: true}}".to_owned()),
        ("example.com/v1", "Agent", "{daemon: {hostNetwork: true}}".to_owned()),
    ] {
        ends(&object(version, kind, &spec), 1);
    }
    let inner = object("apps/v1", "Deployment", &template).replace('\n', "\n  ");
    let nested = format!(
        "apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {{name: t}}\nobjects:\n- {inner}"
    );
    ends(nested.trim_end(), 1);
}

#[test]
fn what_only_speaks_of_containers_is_no_workload() {
    let schema = "{group: example.com, names: {kind: A, plural: as}, scope: Namespaced, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {hostNetwork: {type: boolean}, containers: {type: array, default: [{name: c, image: a, securityContext: {privileged: true}}], items: {type: object}}}}}}}}]}";
    let object = |version: &str, kind: &str, spec: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n")
    };
    for (version, kind, spec) in [
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", schema),
        (
            "kyverno.io/v1",
            "ClusterPolicy",
            "{rules: [{validate: {pattern: {spec: {hostNetwork: true, containers: [{image: '*', securityContext: {privileged: true}}]}}}}]}",
        ),
        ("v1", "ConfigMap", "{containers: [{image: a, securityContext: {privileged: true}}]}"),
        (
            "operators.coreos.com/v1alpha1",
            "Subscription",
            "{relatedImages: [{name: a, image: 'a:1'}]}",
        ),
        ("v1", "PersistentVolume", "{hostPath: {path: /data}}"),
    ] {
        let lab = Lab::new();
        lab.write("object.yaml", object(version, kind, spec));
        let outcome = check(&lab, &["--fail-on", "note", "object.yaml"]);
        assert_eq!(outcome.code, 0, "{kind}: {}{}", outcome.stdout, outcome.stderr);
    }
}

/// A repository with a target `s` that lists a transformer and a validator, and one that includes it.
fn with_steps() -> Lab {
    let lab = repository();
    lab.write("s/kustomization.yaml", "resources: [r.yaml]\ntransformers: [t.yaml]\n");
    lab.write("s/r.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n");
    lab.write("s/t.yaml", step("Transformer", "t", "{profile: baseline}"));
    lab.write("v.yaml/kustomization.yaml", "resources: [v.yaml]\n");
    lab.write("v.yaml/v.yaml", step("Validator", "v", "{profile: baseline}"));
    lab.write("top/kustomization.yaml", "resources: [../s]\nvalidators: [../v.yaml]\n");
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "two"]);
    lab
}

fn step(kind: &str, name: &str, spec: &str) -> String {
    let head = "apiVersion: krender.dev/v1alpha1";
    format!("{head}\nkind: Hardening{kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

/// The changed files, and the expected message with its place.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn steps_of_hardening_that_change_are_noticed() {
    let cases: [Case; 7] = [
        (
            &[("top/kustomization.yaml", "# why\nresources: [../s]\n")],
            "the HardeningValidator `v` was listed in `top` at `main`, and is not now",
            "top/kustomization.yaml:1",
        ),
        (
            &[
                ("top/kustomization.yaml", "resources: [../s]\nvalidators:\n- o.yaml\n"),
                ("top/o.yaml", "V"),
            ],
            "the HardeningValidator `v` was listed in `top` at `main`, and is not now",
            "top/kustomization.yaml:3",
        ),
        (
            &[("s/kustomization.yaml", "resources: [r.yaml]\n")],
            "the HardeningTransformer `t` was listed in `s` at `main`, and is not now",
            "s/kustomization.yaml:1",
        ),
        (
            &[("s/t.yaml", "T")],
            "the HardeningTransformer `t` has another configuration",
            "s/t.yaml:2",
        ),
        (
            &[("v.yaml/v.yaml", "v")],
            "the HardeningValidator `v` has another configuration",
            "v.yaml/v.yaml:2",
        ),
        (
            &[
                ("top/kustomization.yaml", "resources: [../s]\n"),
                (
                    "s/kustomization.yaml",
                    "resources: [r.yaml]\ntransformers: [t.yaml]\nvalidators: [../v.yaml]\n",
                ),
            ],
            "the HardeningValidator `v` is listed in `s`, and was in `top` at `main`",
            "s/kustomization.yaml:3",
        ),
        (
            &[("v.yaml/kustomization.yaml", "resources: [v.yaml]\nnamePrefix: a-\n")],
            "the HardeningValidator `v` was listed in `top` at `main`, and is not now",
            "top/kustomization.yaml:2",
        ),
    ];
    for (files, words, place) in cases {
        let lab = with_steps();
        for flags in [&["--all", "--git", "main", "."][..], &["--config-from", "main", "top"]] {
            assert_eq!(check(&lab, &[&["--rule", "KR-CFG-006"], flags].concat()).code, 0);
        }
        for (path, text) in files {
            let text = match *text {
                "T" => step("Transformer", "t", "{profile: baseline, fix: none}"),
                "v" => step("Validator", "v", "{profile: baseline, allowIgnores: true}"),
                "V" => step("Validator", "o", "{profile: restricted}"),
                text => text.to_owned(),
            };
            lab.write(path, text);
        }
        // Violations that the new steps report are found without this rule.
        for flags in [&["--git", "main", "--all", "."][..], &["--config-from", "main", "top"]] {
            let rule = ["--rule", "KR-CFG-006"];
            let outcome = check(&lab, &[&rule, flags].concat());
            assert_eq!(outcome.code, 1, "{words}: {}{}", outcome.stdout, outcome.stderr);
            let told = outcome.stdout.contains(words) && outcome.stdout.contains(place);
            assert!(told, "{words} ({place}): {}", outcome.stdout);
        }
        assert_eq!(check(&lab, &["--rule", "KR-CFG-006", "--all", "."]).code, 0);
    }
}

#[test]
fn steps_that_are_not_known_at_the_revision_are_told() {
    let lab = with_steps();
    lab.write("s/r.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {}}\n");
    lab.git("", &["commit", "-qam", "broken"]);
    lab.write("s/r.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n");
    let outcome = check(&lab, &["--config-from", "main", "top"]);
    let words = "the hardening steps of `top` at `main` are unknown: ";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
}

#[test]
fn lost_targets_have_a_place() {
    let place = |change: &dyn Fn(&Lab)| {
        let lab = repository();
        change(&lab);
        let flags = ["--all", "--git", "main", "--rule", "KR-CFG-004", "--format", "github", "."];
        let outcome = check(&lab, &flags);
        let lines = outcome.stdout.lines().filter(|line| line.contains("title=KR-CFG-004"));
        lines.map(|line| line.split(",col").next().unwrap_or_default().to_owned()).collect()
    };
    let lines: Vec<String> = place(&|lab| {
        lab.write("zz/kustomization.yaml", "resources:\n- ../ok\n- ../k\n");
    });
    let expected = [3, 2].map(|line| format!("::error file=zz/kustomization.yaml,line={line}"));
    assert_eq!(lines, expected);
    let lines: Vec<String> = place(&|lab| {
        std::fs::rename(lab.path("k"), lab.path(".k")).unwrap();
    });
    assert_eq!(lines, ["::error file=.k/kustomization.yaml,line=1"]);
    let lines: Vec<String> = place(&|lab| {
        lab.write("k/kustomization.yaml", "# a part\nkind: Component\nresources: [r.yaml]\n");
    });
    assert_eq!(lines, ["::error file=k/kustomization.yaml,line=1"]);
}

#[test]
fn the_configuration_of_a_hardened_build_is_taken_from_a_revision() {
    let lab = repository();
    let build = |arguments: &[&str]| {
        lab.krender("", &[&["build", "k", "--harden=baseline"], arguments].concat())
    };
    let off = configuration("{rules: {host-pid: off, privileged-container: off}}");
    lab.write("h.yaml", &off).write(".krender.yaml", &off);
    assert_eq!(build(&["--harden-config", "h.yaml"]).code, 0);
    // The file does not exist in the revision.
    let outcome = build(&["--harden-config", "h.yaml", "--config-from", "main"]);
    assert_eq!((outcome.code, &*outcome.stdout), (1, ""));
    assert!(outcome.stderr.contains("it is read from `main`"), "{}", outcome.stderr);
    let outcome = build(&["--config-from", "main"]);
    let words = "`.krender.yaml` is ignored: it does not exist at `main`";
    assert!(outcome.code == 1 && outcome.stderr.contains(words), "{}", outcome.stderr);
    // It exists, and is stricter.
    lab.write("h.yaml", configuration("{failOn: error}"))
        .write(".krender.yaml", configuration("{}"));
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "two"]);
    lab.write("h.yaml", &off).write(".krender.yaml", &off);
    for (arguments, file) in
        [(&["--harden-config", "h.yaml"][..], "h.yaml"), (&[], ".krender.yaml")]
    {
        let outcome = build(&[arguments, &["--config-from", "main"]].concat());
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        for words in [
            format!("`{file}` differs from that at `main`, which is used"),
            format!("the configuration `main:{file}` is in force"),
        ] {
            assert!(outcome.stderr.contains(&words), "{words}: {}", outcome.stderr);
        }
    }
    // The base branch allows a violation that the working tree forbids.
    lab.git("", &["commit", "-qam", "three"]);
    lab.write("h.yaml", configuration("{}"));
    assert_eq!(build(&["--harden-config", "h.yaml", "--config-from", "main"]).code, 0);
    // Cached results are identified by the text of the configuration, not by the name of the revision.
    let many = |arguments: &[&str]| {
        let flags = ["build", "--all", ".", "--harden=baseline", "--config-from", "main"];
        lab.krender(
            "",
            &[&flags[..], &["--harden-config", "h.yaml", "--cache=cache"], arguments].concat(),
        )
    };
    let outcome = many(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    lab.git("", &["commit", "-qam", "four"]);
    assert_eq!(many(&[]).code, 1);
    let outcome = lab.krender("", &["build", "k", "--config-from", "main"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("--harden"), "{}", outcome.stderr);
}

#[test]
fn only_new_findings_are_shown_with_a_revision() {
    let lab = repository();
    assert_eq!(check(&lab, &["--all", "--git", "main", "."]).code, 0);
    // The same finding in another target is new.
    lab.write("ok/r.yaml", BAD);
    for arguments in [&["--all", "--git", "main", "."][..], &["--git", "main", "ok", "k"]] {
        let outcome = check(&lab, arguments);
        assert_eq!(outcome.code, 1, "{}", outcome.stdout);
        assert!(outcome.stdout.contains("ok/r.yaml:5:12"), "{}", outcome.stdout);
        assert!(!outcome.stdout.contains(" k/r.yaml:5:12"), "{}", outcome.stdout);
        assert!(outcome.stdout.contains("(2 not new)"), "{}", outcome.stdout);
    }
    // A file of manifests, and one that is not there at the revision.
    assert_eq!(check(&lab, &["--git", "main", "k/r.yaml"]).code, 0);
    lab.write("new.yaml", BAD);
    assert_eq!(check(&lab, &["--git", "main", "new.yaml"]).code, 1);
    // An acceptance that is taken away makes its finding new.
    let accepted = BAD.replace("hostPID: true", "hostPID: true # krender: ignore host-pid -- x");
    lab.write("k/r.yaml", accepted);
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "two"]);
    lab.write("k/r.yaml", BAD);
    let outcome = check(&lab, &["--git", "main", "k"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stdout);
    let told =
        outcome.stdout.contains("host-pid") && outcome.stdout.contains("1 error (1 not new)");
    assert!(told, "{}", outcome.stdout);
    // A target that cannot be rendered at the revision shows everything, with a remark.
    lab.write("k/r.yaml", "{apiVersion: v1, kind: Pod, metadata: {}}\n");
    lab.git("", &["commit", "-qam", "three"]);
    lab.write("k/r.yaml", BAD);
    let outcome = check(&lab, &["--git", "main", "k"]);
    let words = "the findings of `k` at `main` are unknown";
    assert!(outcome.code == 1 && outcome.stderr.contains(words), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("k: 2 errors in 1 object"), "{}", outcome.stdout);
}

#[test]
fn a_baseline_is_by_target_and_its_stale_entries_are_told() {
    let lab = repository();
    let report = ["--all", "--format", "json", "--fail-on", "never", "-o", "accepted.json", "."];
    assert_eq!(check(&lab, &report).code, 0);
    let accepted = ["--all", "--baseline", "accepted.json", "."];
    assert_eq!(check(&lab, &accepted).code, 0);
    // The same finding in another target.
    lab.write("ok/r.yaml", BAD);
    let outcome = check(&lab, &accepted);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("2 errors (2 ignored)"), "{}", outcome.stdout);
    lab.write("k/r.yaml", BAD.replace("  hostPID: true\n", ""));
    let outcome = check(&lab, &accepted);
    let words = "1 entry of the baseline accepts nothing any more, as the findings are gone: KR-SEC-003 of Pod `p` in `k`";
    assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    // Entries of rules that are not checked are not stale.
    let outcome = check(&lab, &[&["--rule", "host-port"], &accepted[..]].concat());
    assert!(!outcome.stdout.contains("accepts nothing"), "{}", outcome.stdout);
}

#[test]
fn bases_by_name_are_no_targets_and_are_told() {
    let lab = repository();
    std::fs::rename(lab.path("k"), lab.path("base")).unwrap();
    let outcome = check(&lab, &["--all", "."]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("`base` (a base by its name)"), "{}", outcome.stdout);
    assert_eq!(check(&lab, &["--every", "."]).code, 1);
    // The target is gone, and this is in its place.
    let outcome = check(&lab, &["--all", "--git", "main", "."]);
    assert_eq!(outcome.code, 1, "{}", outcome.stdout);
    // If there is nothing else, it is checked.
    std::fs::remove_dir_all(lab.path("ok")).unwrap();
    assert_eq!(check(&lab, &["--all", "."]).code, 1);
}

#[test]
fn the_configuration_of_lint_is_taken_from_a_revision() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "commonLabels: {a: b}\nresources: [r.yaml]\n");
    lab.write("k/r.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n");
    lab.git("", &["init", "-q"]);
    lab.git("", &["add", "."]);
    lab.git("", &["commit", "-qm", "one"]);
    lab.write(".krender.yaml", configuration("{rules: {deprecated-field: off}}"));
    let lint = |arguments: &[&str]| {
        lab.krender("", &[&["lint", "--fail-on", "note", "k"], arguments].concat()).stdout
    };
    assert!(!lint(&[]).contains("[KR-KUS-001"), "{}", lint(&[]));
    let from_main = lint(&["--config-from", "main"]);
    assert!(from_main.contains("[KR-KUS-001"), "{from_main}");
}

#[test]
fn a_configuration_to_start_with_replaces_nothing_unasked() {
    let lab = lab();
    assert_eq!(check(&lab, &["--write-config"]).code, 0);
    let first = lab.read(".krender.yaml");
    assert_eq!(check(&lab, &["k"]).code, 1);
    lab.write(".krender.yaml", "mine");
    assert_eq!(check(&lab, &["--write-config"]).code, 2);
    assert_eq!(lab.read(".krender.yaml"), "mine");
    assert_eq!(check(&lab, &["--write-config", "--overwrite"]).code, 0);
    assert_eq!(lab.read(".krender.yaml"), first);
    assert_eq!(check(&lab, &["--write-config", "--config", "own.yaml"]).code, 0);
    assert!(lab.has("own.yaml"));
}
