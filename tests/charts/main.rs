//! Helm charts: the calls of Helm, what is rendered again and what is not, and what a stranger's kustomization cannot do.
//!
//! A script takes the place of Helm and writes down its calls. With `KRENDER_HELM`, the path of a real Helm, that renders a
//! chart as well; without it these tests are skipped, and say so.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the program is run, and files are made")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Prints the arguments into `calls`, and answers as Helm does. `SLOW` is a time to wait before each answer.
const STAND_IN: &str = r#"#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd -P)
line=; for argument in "$@"; do line="$line[$argument]"; done
printf '%s\n' "$line" | sed -e "s#$here#TOP#g" -e 's#TOP/tmp/[^]/]*#TEMPORARY#g' >> "$here/calls"
[ "$1" = version ] || sleep "${SLOW:-0}"
case "$1" in
version) echo "${VERSION:-v3.99.1+gabc}" ;;
pull)
    while [ $# -gt 0 ]; do
        case "$1" in --untardir) into=$2; shift ;; --repo | --version) shift ;; -*) ;; *) name=$1 ;; esac
        shift
    done
    name=${name##*/}
    mkdir -p "$into/$name-1.tgz" "$into/$name/templates"
    echo 'a: {{ .Values.a }}' > "$into/$name/templates/a.yaml"
    sleep "${SLOW:-0}"
    echo 'a: 1' > "$into/$name/values.yaml"
    echo "name: $name" > "$into/$name/Chart.yaml" ;;
template)
    [ -z "$FAIL" ] || { printf 'Error: execution error at (a.yaml): \033[31ma is missing\n' >&2; exit 1; }
    printf -- '---\n# Source: mini/templates/a.yaml\n{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}' "$2"
    [ -z "$VARIES" ] || printf ', data: {a: "%s"}' "$(wc -l < "$here/calls")"
    echo '}' ;;
esac
"#;

/// A folder with the stand-in as `bin/helm`.
struct Tree(tempfile::TempDir);

impl Tree {
    fn with(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        tree.add(&[("bin/helm", STAND_IN), ("home/.keep", ""), ("tmp/.keep", "")]);
        tree.add(files);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(tree.path("bin/helm"), mode).unwrap();
        tree
    }

    /// A kustomization in `app` with the chart `mini`, and these fields of it.
    fn with_chart(fields: &str) -> Self {
        let kustomization = format!("helmCharts:\n- {{name: mini, {fields}}}\n");
        Self::with(&[
            ("app/kustomization.yaml", &*kustomization),
            ("app/charts/mini/Chart.yaml", "name: mini\n"),
            ("app/charts/mini/values.yaml", "a: 1\n"),
            ("app/charts/mini/templates/a.yaml", "a: {{ .Values.a }}\n"),
        ])
    }

    fn add(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(path)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_krender"));
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        command.args(arguments).current_dir(self.path("")).env_clear();
        command.env("PATH", path).env("HOME", self.path("home")).env("TMPDIR", self.path("tmp"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The calls of Helm so far, which are forgotten.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        drop(fs::remove_file(self.path("calls")));
        calls.lines().map(str::to_owned).collect()
    }

    /// The names in a folder, except for that which keeps it.
    fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.retain(|name| name != ".keep");
        names.sort();
        names
    }
}

#[track_caller]
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn complained(output: &Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr.clone()).unwrap()
}

const BUILD: &[&str] = &["build", "--enable-helm", "app"];

#[test]
fn helm_gets_all_settings() {
    let tree = Tree::with_chart(
        "releaseName: r, namespace: shop, kubeVersion: 1.30.0, apiVersions: [a/v1, b/v1], includeCRDs: true, \
         skipTests: true, skipHooks: true, debug: true, devel: true, additionalValuesFiles: [more.yaml]",
    );
    tree.add(&[("app/more.yaml", "b: 2\n")]);
    printed(&tree.run(BUILD));
    let expected = "[template][r][TOP/app/charts/mini][--namespace][shop][-f][TEMPORARY/mini-kustomize-values.yaml]\
                    [-f][TOP/app/more.yaml][--api-versions][a/v1][--api-versions][b/v1][--kube-version][1.30.0]\
                    [--include-crds][--skip-tests][--no-hooks][--debug][--devel]";
    assert_eq!(tree.calls(), ["[version][--short]", expected]);
    assert!(tree.names("tmp").is_empty());
}

#[test]
fn nothing_runs_without_a_flag() {
    let tree = Tree::with_chart("releaseName: r");
    let error = complained(&tree.run(&["build", "app"]));
    assert!(error.contains("error[plugin-not-enabled]") && error.contains("--enable-helm"));
    for arguments in [
        &["build", "--enable-exec", "app"][..],
        &["check", "app"],
        &["lint", "app"],
        &["build", "--helm-command", "bin/helm", "app"],
    ] {
        tree.run(arguments);
    }
    assert!(tree.calls().is_empty());
}

#[test]
fn a_chart_is_rendered_once_for_each_distinct_input() {
    let tree = Tree::with(&[
        ("chart/mini/Chart.yaml", "name: mini\n"),
        ("chart/mini/values.yaml", "a: 1\n"),
        ("chart/mini/templates/a.yaml", "a: {{ .Values.a }}\n"),
    ]);
    for number in 0..40 {
        // Four distinct inputs.
        let text = format!(
            "helmGlobals: {{chartHome: ../../chart}}\nnamePrefix: p{number}-\nhelmCharts:\n\
             - {{name: mini, releaseName: r, valuesFile: v.yaml, valuesInline: {{a: {}}}}}\n",
            number % 4
        );
        tree.add(&[
            (&format!("o/{number}/kustomization.yaml"), &text),
            (&format!("o/{number}/v.yaml"), "b: 1\n"),
        ]);
    }
    let build = ["build", "--enable-helm", "--all", "o"];
    let (cold, calls) = (printed(&tree.run(&build)), tree.calls());
    let count = |kind: &str, calls: &[String]| {
        calls.iter().filter(|call| call.starts_with(&format!("[{kind}]"))).count()
    };
    assert_eq!(count("template", &calls), 4);
    assert!(count("version", &calls) <= 5, "{calls:?}");
    assert_eq!(printed(&tree.run(&build)), cold);
    assert_eq!(tree.calls(), ["[version][--short]"]);
    // Another Helm, other values, another chart.
    printed(&tree.command(&build).env("VERSION", "v4.1.0").output().unwrap());
    assert_eq!(count("template", &tree.calls()), 4);
    tree.add(&[("o/0/v.yaml", "b: 2\n")]);
    printed(&tree.run(&build));
    assert_eq!(count("template", &tree.calls()), 1);
    tree.add(&[("chart/mini/templates/b.yaml", "b: 1\n")]);
    printed(&tree.run(&build));
    assert_eq!(count("template", &tree.calls()), 5);
    printed(&tree.run(&["build", "--enable-helm", "--no-cache", "--all", "o"]));
    assert_eq!(count("template", &tree.calls()), 5);
}

#[test]
fn charts_that_vary_are_not_kept() {
    let tree = Tree::with_chart("releaseName: r");
    tree.add(&[
        ("app/charts/mini/templates/b.yaml", "{{/* now */}}\npassword: {{ randAlphaNum 8 }}\n"),
        ("two/kustomization.yaml", "resources: [../one, ../other]\n"),
        ("one/kustomization.yaml", "resources: [../app]\nnamePrefix: one-\n"),
        ("other/kustomization.yaml", "resources: [../app]\nnamePrefix: other-\n"),
    ]);
    let build = || {
        let mut command = tree.command(&["build", "--enable-helm", "two"]);
        printed(&command.env("VARIES", "1").output().unwrap())
    };
    let text = build();
    let values: Vec<&str> = text.lines().filter(|line| line.starts_with("  a: ")).collect();
    assert!(values.len() == 2 && values[0] != values[1], "{text}");
    assert_ne!(build(), text);
    assert!(tree.names("home/.cache/krender/charts/values").is_empty());
}

#[test]
fn charts_that_vary_are_found() {
    let tree = Tree::with_chart("releaseName: r");
    let build = ["build", "--enable-helm", "--verify-helm", "app"];
    printed(&tree.run(&build));
    let error = complained(&tree.command(&build).env("VARIES", "1").output().unwrap());
    assert!(error.contains("does not print the same each time"), "{error}");
    assert!(error.contains("mini/templates/a.yaml"), "{error}");
}

#[test]
fn errors_of_helm_say_where_and_what_to_do() {
    let tree = Tree::with_chart("releaseName: r");
    let error = complained(&tree.command(BUILD).env("FAIL", "1").output().unwrap());
    for part in [
        "error[helm-failed]: `helm template r app/charts/mini -f VALUES` failed (exit code 1)",
        "\\u{1b}[31ma is missing",
        "app/kustomization.yaml:2:10",
        "help: set the value under `valuesInline`",
    ] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
    let error = complained(&tree.command(BUILD).env("VERSION", "v2.17.0").output().unwrap());
    assert!(error.contains("is Helm 2.17.0, expected 3 or 4"), "{error}");
}

#[test]
fn builds_at_the_same_time_pull_a_chart_once() {
    let tree = Tree::with(&[(
        "app/kustomization.yaml",
        "helmCharts:\n- {name: far, releaseName: r, repo: 'https://charts.example.com', version: 1.0.0}\n",
    )]);
    let start = || tree.command(BUILD).env("SLOW", "0.2").spawn().unwrap();
    let builds: Vec<Child> = (0..6).map(|_| start()).collect();
    let outputs: Vec<String> =
        builds.into_iter().map(|build| printed(&build.wait_with_output().unwrap())).collect();
    assert!(outputs.windows(2).all(|pair| pair[0] == pair[1]));
    let pulls = tree.calls().into_iter().filter(|call| call.starts_with("[pull]")).count();
    assert_eq!(pulls, 1);
    assert_eq!(tree.names("app/charts"), ["far-1.0.0"]);
    assert!(tree.path("app/charts/far-1.0.0/far/Chart.yaml").exists());
    assert!(tree.names("tmp").is_empty());
}

#[test]
fn one_pull_serves_all_targets_of_a_run() {
    let chart =
        "helmCharts:\n- {name: far, releaseName: r, repo: 'oci://host/charts/', version: 1.0.0}\n";
    let tree = Tree::with(&[
        ("o/a/kustomization.yaml", chart),
        ("o/b/kustomization.yaml", chart),
        ("o/c/kustomization.yaml", chart),
    ]);
    printed(&tree.run(&["build", "--enable-helm", "--all", "o"]));
    let pulls: Vec<String> =
        tree.calls().into_iter().filter(|call| call.starts_with("[pull]")).collect();
    assert_eq!(pulls.len(), 1);
    assert!(pulls[0].ends_with("[oci://host/charts/far][--version][1.0.0]"), "{pulls:?}");
    for target in ["a", "b", "c"] {
        assert!(tree.path(&format!("o/{target}/charts/far-1.0.0/far/Chart.yaml")).exists());
        assert_eq!(tree.names(&format!("o/{target}/charts")), ["far-1.0.0"]);
    }
}

#[test]
fn a_part_of_a_chart_is_not_used() {
    for is_killed in [false, true] {
        let tree = Tree::with(&[("app/kustomization.yaml", FAR), ("app/charts/other/a", "")]);
        let mut first = tree.command(BUILD).env("SLOW", "1").spawn().unwrap();
        let chart = tree.path("app/charts/far-1.0.0/far");
        let start = Instant::now();
        while !chart.exists() && start.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(10));
        }
        assert!(!chart.join("Chart.yaml").exists());
        if is_killed {
            // No signal handler runs: the next build removes what is left.
            first.kill().unwrap();
        }
        printed(&tree.run(BUILD));
        assert!(chart.join("Chart.yaml").exists());
        assert_eq!(first.wait().unwrap().success(), !is_killed);
        assert_eq!(pulls(&tree), 1 + usize::from(is_killed));
        assert_eq!(tree.names("app/charts/far-1.0.0"), ["far", "far-1.tgz"]);
    }
}

/// The processes whose working directory is in a folder, or that run a program of it.
fn processes(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(&*folder.to_string_lossy()) {
            found.push(line);
        }
    }
    found
}

#[test]
fn an_interrupted_build_leaves_nothing() {
    for (number, wait) in [30, 120, 250, 400, 550, 700].into_iter().enumerate() {
        let tree = Tree::with(&[(
            "app/kustomization.yaml",
            "helmCharts:\n- {name: far, releaseName: r, repo: 'https://charts.example.com'}\n",
        )]);
        let mut build = tree.command(BUILD).env("SLOW", "0.2").spawn().unwrap();
        thread::sleep(Duration::from_millis(wait));
        let signal = ["TERM", "INT", "HUP"][number % 3];
        let id = build.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().is_ok());
        let output = build.wait().unwrap();
        let start = Instant::now();
        while !processes(&tree.path("")).is_empty() && start.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(processes(&tree.path("")), [""; 0], "{wait} ms");
        assert_eq!(tree.names("tmp"), [""; 0], "{wait} ms");
        let chart = tree.path("app/charts/far");
        assert!(!chart.exists() || chart.join("Chart.yaml").exists(), "{wait} ms: {output}");
        // The next build is whole.
        printed(&tree.run(BUILD));
        assert!(chart.join("Chart.yaml").exists());
    }
}

#[test]
fn strangers_cannot_pass_options_or_paths() {
    for (fields, code) in [
        ("releaseName: '--post-renderer=/bin/sh'", "invalid-value"),
        ("releaseName: r, namespace: '--post-renderer=/bin/sh'", "invalid-value"),
        ("releaseName: r, kubeVersion: '--post-renderer=/bin/sh'", "invalid-value"),
        ("releaseName: r, apiVersions: ['--post-renderer=/bin/sh']", "invalid-value"),
        ("version: ../../x, repo: 'https://charts.example.com'", "invalid-value"),
        ("nameTemplate: 'r{{ env \"TOKEN\" }}'", "plugin-not-enabled"),
        ("valuesFile: ../secret.yaml", "outside-root"),
        ("valuesFile: /etc/hostname", "outside-root"),
        ("additionalValuesFiles: [../secret.yaml]", "outside-root"),
    ] {
        let tree = Tree::with_chart(fields);
        tree.add(&[("secret.yaml", "a: secret\n")]);
        let error = complained(&tree.run(BUILD));
        assert!(error.contains(&format!("error[{code}]")), "{fields}: {error}");
        assert!(!tree.calls().iter().any(|call| call.starts_with("[template]")), "{fields}");
    }
    for name in ["--output-dir=/x", "..", "../mini", "a/b", "'a,b'", "'a\"b'", "\"a\\nb\""] {
        let kustomization = format!(
            "helmCharts:\n- {{name: {name}, releaseName: r, repo: 'https://charts.example.com'}}\n"
        );
        let tree = Tree::with(&[("app/kustomization.yaml", &*kustomization)]);
        let error = complained(&tree.run(BUILD));
        assert!(error.contains("error[invalid-value]"), "{name}: {error}");
        assert!(tree.calls().is_empty(), "{name}");
    }
}

#[test]
fn links_in_charts_do_not_lead_out() {
    let tree = Tree::with_chart("releaseName: r");
    tree.add(&[("secret", "token"), ("app/shared/b.yaml", "b: 1\n")]);
    symlink("../../../shared/b.yaml", tree.path("app/charts/mini/templates/b.yaml")).unwrap();
    printed(&tree.run(BUILD));
    symlink(tree.path("secret"), tree.path("app/charts/mini/token")).unwrap();
    tree.calls();
    let error = complained(&tree.run(BUILD));
    assert!(
        error.contains("error[outside-root]") && error.contains("charts/mini/token"),
        "{error}"
    );
    assert_eq!(tree.calls(), ["[version][--short]"]);
    let all = ["build", "--enable-helm", "--load-restrictor", "LoadRestrictionsNone", "app"];
    printed(&tree.run(&all));
    // Helm refuses such a chart: a kept result must not hide that.
    symlink("nowhere", tree.path("app/charts/mini/dangling")).unwrap();
    let error = complained(&tree.run(&all));
    assert!(error.contains("`app/charts/mini/dangling` in the chart leads nowhere"), "{error}");
    fs::remove_file(tree.path("app/charts/mini/dangling")).unwrap();
    symlink(".", tree.path("app/charts/mini/again")).unwrap();
    assert!(complained(&tree.run(BUILD)).contains("error[cycle]"));
}

#[test]
fn a_name_is_one_file_to_helm() {
    let tree = Tree::with_chart("releaseName: r, additionalValuesFiles: ['x,/etc/hostname']");
    tree.add(&[("app/x,/etc/hostname", "b: 2\n")]);
    printed(&tree.run(BUILD));
    let call = tree.calls().pop().unwrap();
    assert!(call.ends_with("[-f][TEMPORARY/additional-0.yaml]"), "{call}");
}

#[test]
fn programs_in_a_configuration_home_need_a_flag() {
    let tree = Tree::with_chart("releaseName: r");
    let kustomization = fs::read_to_string(tree.path("app/kustomization.yaml")).unwrap();
    tree.add(&[
        ("app/kustomization.yaml", &format!("helmGlobals: {{configHome: home}}\n{kustomization}")),
        ("home/.data/plugins/evil/plugin.yaml", "name: evil\n"),
    ]);
    let error = complained(&tree.run(BUILD));
    assert!(error.contains("error[plugin-not-enabled]"), "{error}");
    assert!(tree.calls().is_empty());
    printed(&tree.run(&["build", "--enable-alpha-plugins", "app"]));
}

#[test]
fn untrusted_charts_stay_in_their_directory() {
    let tree = Tree::with(&[
        (
            "app/kustomization.yaml",
            "helmGlobals: {chartHome: ../charts}\nhelmCharts:\n- {name: mini, releaseName: r, valuesFile: v.yaml}\n",
        ),
        ("app/v.yaml", "a: 1\n"),
        ("charts/mini/Chart.yaml", "name: mini\n"),
        (
            "far/kustomization.yaml",
            "helmCharts:\n- {name: far, releaseName: r, repo: 'http://169.254.169.254/charts'}\n",
        ),
    ]);
    printed(&tree.run(BUILD));
    let untrusted = ["build", "--enable-helm", "--untrusted"];
    let error = complained(&tree.run(&[&untrusted[..], &["app"]].concat()));
    assert!(error.contains("error[outside-root]"), "{error}");
    tree.calls();
    for more in [&["far"][..], &["--allow-host", "charts.example.com", "far"]] {
        let error = complained(&tree.run(&[&untrusted[..], more].concat()));
        assert!(error.contains("error[fetch-refused]"), "{error}");
    }
    assert!(!tree.calls().iter().any(|call| call.starts_with("[pull]")));
}

#[test]
fn a_chart_outside_of_the_directory_is_not_pulled_there() {
    let tree = Tree::with(&[
        (
            "app/kustomization.yaml",
            "helmGlobals: {chartHome: ../charts}\nhelmCharts:\n\
             - {name: far, releaseName: r, valuesFile: v.yaml, repo: 'https://charts.example.com'}\n",
        ),
        ("app/v.yaml", "a: 1\n"),
    ]);
    printed(&tree.run(BUILD));
    assert!(!tree.path("charts").exists());
    assert_eq!(tree.names("tmp"), [""; 0]);
}

#[test]
fn logins_apply_on_request() {
    let tree = Tree::with_chart("releaseName: r");
    let script =
        format!("{STAND_IN}echo \"$HELM_CONFIG_HOME $HELM_DATA_HOME\" > \"$here/homes\"\n");
    tree.add(&[("bin/helm", &script)]);
    let homes = |flags: &[&str]| {
        printed(&tree.run(&[&["build", "--enable-helm", "--no-cache", "app"], flags].concat()));
        let mut homes = fs::read_to_string(tree.path("homes")).unwrap();
        homes = homes.replace(&*tree.path("").to_string_lossy(), "TOP/");
        homes.trim().to_owned()
    };
    assert!(homes(&[]).starts_with("TOP/tmp/"));
    assert!(homes(&["--helm-config-home"]).starts_with("TOP/home/.config/helm TOP/tmp/"));
    assert!(homes(&["--helm-config-home=mine"]).starts_with("TOP/mine TOP/tmp/"));
}

const FAR: &str = "helmCharts:\n- {name: far, releaseName: r, repo: 'https://charts.example.com', version: 1.0.0}\n";

fn pulls(tree: &Tree) -> usize {
    tree.calls().iter().filter(|call| call.starts_with("[pull]")).count()
}

#[test]
fn a_lock_has_the_files_of_charts() {
    let tree = Tree::with(&[("app/kustomization.yaml", FAR)]);
    let lock = ["lock", "--enable-helm", "app"];
    let added = printed(&tree.run(&lock));
    assert!(added.starts_with("+ https://charts.example.com/far@1.0.0 "), "{added}");
    assert!(added.ends_with("(app/kustomization.yaml)\n"), "{added}");
    let text = fs::read_to_string(tree.path("kustomization.lock")).unwrap();
    assert!(text.contains("\"charts\"") && text.contains("\"version\": \"1.0.0\""), "{text}");
    assert_eq!(printed(&tree.run(&lock)), "");
    assert_eq!(pulls(&tree), 1);
    // The chart of the lock comes from the cache.
    let locked = ["build", "--enable-helm", "--locked", "app"];
    fs::remove_dir_all(tree.path("app/charts")).unwrap();
    let text = printed(&tree.run(&locked));
    assert_eq!(pulls(&tree), 0);
    assert_eq!(tree.names("app/charts"), ["far-1.0.0"]);
    assert_eq!(tree.names("app/charts/far-1.0.0"), ["far"]);
    // Another one is refused: in the tree, and pulled.
    tree.add(&[("app/charts/far-1.0.0/far/values.yaml", "a: 2\n")]);
    let error = complained(&tree.run(&locked));
    assert!(error.contains("error[fetch-refused]") && error.contains("has other files"), "{error}");
    fs::remove_dir_all(tree.path("app/charts")).unwrap();
    fs::remove_dir_all(tree.path("home/.cache")).unwrap();
    tree.add(&[("bin/helm", &STAND_IN.replace("a: 1", "a: 3"))]);
    assert!(complained(&tree.run(&locked)).contains("has other files"));
    assert!(!tree.path("app/charts/far-1.0.0").exists());
    tree.add(&[("bin/helm", STAND_IN)]);
    assert_eq!(printed(&tree.run(&locked)), text);
    // What is not in the lock is not pulled.
    tree.add(&[("app/kustomization.yaml", &FAR.replace("1.0.0", "1.1.0"))]);
    tree.calls();
    assert!(complained(&tree.run(&locked)).contains("is not in `kustomization.lock`"));
    assert_eq!(pulls(&tree), 0);
}

#[test]
fn charts_are_taken_from_the_cache_without_network() {
    let tree = Tree::with(&[("app/kustomization.yaml", FAR)]);
    let offline = ["build", "--enable-helm", "--offline", "app"];
    assert!(complained(&tree.run(&offline)).contains("error[fetch-refused]"));
    let text = printed(&tree.run(BUILD));
    fs::remove_dir_all(tree.path("app/charts")).unwrap();
    tree.calls();
    assert_eq!(printed(&tree.run(&offline)), text);
    assert_eq!(pulls(&tree), 0);
}

#[test]
fn charts_are_vendored_where_they_are_looked_for() {
    let tree = Tree::with(&[("site/app/kustomization.yaml", FAR)]);
    let vendor = ["vendor", "--enable-helm", "site"];
    let error = complained(&tree.run(&[&vendor[..], &["--check"]].concat()));
    assert!(error.contains("`krender vendor` copies it into the tree"), "{error}");
    assert_eq!(pulls(&tree), 0);
    let added = printed(&tree.run(&vendor));
    assert!(added.starts_with("+ https://charts.example.com/far@1.0.0 "), "{added}");
    assert_eq!(pulls(&tree), 1);
    let chart = "site/app/charts/far-1.0.0/far";
    assert_eq!(tree.names(chart), ["Chart.yaml", "templates", "values.yaml"]);
    assert_eq!(fs::read_to_string(tree.path("site/app/kustomization.yaml")).unwrap(), FAR);
    printed(&tree.run(&[&vendor[..], &["--check"]].concat()));
    assert_eq!(printed(&tree.run(&vendor)), "");
    printed(&tree.run(&["build", "--enable-helm", "--offline", "site/app"]));
    assert_eq!(pulls(&tree), 0);
    tree.add(&[(&format!("{chart}/values.yaml"), "a: 2\n")]);
    let error = complained(&tree.run(&[&vendor[..], &["--check"]].concat()));
    assert!(error.contains("was changed since it was copied"), "{error}");
}

#[test]
fn charts_are_localized() {
    let tree = Tree::with_chart("releaseName: r");
    let error = complained(&tree.run(&["localize", "app", "copy"]));
    assert!(error.contains("--enable-helm") && !tree.path("copy").exists(), "{error}");
    printed(&tree.run(&["localize", "--enable-helm", "app", "copy"]));
    assert_eq!(tree.names("copy/charts/mini"), ["Chart.yaml", "templates", "values.yaml"]);
    symlink("values.yaml", tree.path("app/charts/mini/same.yaml")).unwrap();
    let output = tree.run(&["localize", "--no-verify", "app", "other"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("`app/charts/mini/same.yaml`"), "{told}");
}

#[test]
fn charts_are_inputs() {
    let tree = Tree::with_chart("releaseName: r");
    let inputs = printed(&tree.run(&["inputs", "--enable-helm", "app"]));
    assert!(inputs.contains("app/charts/mini/templates/a.yaml\n"), "{inputs}");
}

#[test]
fn a_real_helm_renders_a_chart() {
    let Some(helm) = std::env::var_os("KRENDER_HELM") else {
        println!("skipped: KRENDER_HELM names no Helm");
        return;
    };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts/data");
    let tree = Tree::with(&[]);
    fs::remove_file(tree.path("bin/helm")).unwrap();
    symlink(helm, tree.path("bin/helm")).unwrap();
    let copied = Command::new("cp").arg("-R").arg(&source).arg(tree.path("charts")).status();
    assert!(copied.unwrap().success());
    let expected = fs::read_to_string(source.join("expected.yaml")).unwrap();
    let build = ["build", "--enable-helm", "--verify-helm", "charts/overlay"];
    assert_eq!(printed(&tree.run(&build)), expected);
    // From the cache.
    assert_eq!(printed(&tree.run(&["build", "--enable-helm", "charts/overlay"])), expected);
    let mut text = String::new();
    writeln!(text, "resources: [../overlay]").unwrap();
    tree.add(&[("charts/again/kustomization.yaml", &text)]);
    assert_eq!(printed(&tree.run(&["build", "--enable-helm", "charts/again"])), expected);
}
