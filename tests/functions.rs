//! Programs that are plugins, where a case of `tests/cases.rs` is not enough: an environment, signals, time and size.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test makes files and runs the program")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A folder with a kustomization, and one for temporary files.
struct Garden {
    folder: TempDir,
}

impl Garden {
    /// A kustomization with a function that is this script.
    fn with(script: &str) -> Self {
        let garden = Self { folder: tempfile::tempdir().unwrap() };
        garden.file("app/kustomization.yaml", "resources: [bed.yaml]\ntransformers: [f.yaml]\n");
        garden.file("app/bed.yaml", "apiVersion: v1\nkind: Bed\nmetadata: {name: north}\n");
        let annotation = "config.kubernetes.io/function: 'exec: {path: ./f.sh}'";
        let metadata = format!("metadata: {{name: f, annotations: {{{annotation}}}}}");
        garden.file("app/f.yaml", &format!("apiVersion: ex.org/v1\nkind: Sow\n{metadata}\n"));
        garden.program("app/f.sh", script);
        fs::create_dir(garden.path("tmp")).unwrap();
        garden
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn program(&self, path: &str, text: &str) {
        self.file(path, &format!("#!/bin/sh\n{text}"));
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_krender"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("TMPDIR", self.path("tmp")).env("HOME", self.path("home"));
        command.env_remove("KUSTOMIZE_PLUGIN_HOME").env_remove("XDG_CONFIG_HOME");
        command
    }

    fn build(&self, flags: &[&str]) -> Output {
        let arguments = ["build", "app", "--enable-alpha-plugins", "--enable-exec"];
        self.command(&[&arguments, flags].concat()).output().unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// True while a process exists that is not only waiting for its parent.
fn runs(process: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", process.trim()));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

fn wait_for(condition: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if condition() {
            return true;
        }
        sleep(Duration::from_millis(10));
    }
    false
}

/// True if this test was started with a signal ignored, as by `nohup` or in the background of a script: so do its children.
fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.unwrap_or_default() >> (signal - 1) & 1 == 1
}

#[test]
fn builds_that_are_interrupted_leave_no_process_and_no_file() {
    let signals = [("TERM", 15), ("INT", 2), ("HUP", 1), ("KILL", 9)];
    let signals = signals.into_iter().filter(|(_, number)| !is_ignored(*number));
    for (number, (signal, _)) in signals.enumerate() {
        let garden = Garden::with("sleep 60 & echo $! > child; echo $$ > own; wait\n");
        // An executable, whose configuration is in a temporary file, has the same script.
        garden.file("app/f.yaml", "apiVersion: ex.org/v1\nkind: Sow\nmetadata: {name: f}\n");
        garden.program(
            "plugins/ex.org/v1/sow/Sow",
            "sleep 60 & echo $! > child; echo $$ > own; wait\n",
        );
        let mut command = garden.command(&["build", "app", "--enable-alpha-plugins"]);
        command.env("KUSTOMIZE_PLUGIN_HOME", garden.path("plugins"));
        let mut build = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let read =
            |name: &str| fs::read_to_string(garden.path("app").join(name)).unwrap_or_default();
        assert!(wait_for(|| read("own").ends_with('\n')), "{signal}");
        sleep(Duration::from_millis(7 * number as u64));
        let sent = Command::new("kill").args(["-s", signal, &build.id().to_string()]).status();
        assert!(sent.unwrap().success());
        assert!(!build.wait().unwrap().success());
        for name in ["child", "own"] {
            assert!(wait_for(|| !runs(&read(name))), "{signal}: {name} runs on");
        }
        let left = fs::read_dir(garden.path("tmp")).unwrap().count();
        // A process that is killed cannot remove its files; the next one does.
        assert!(left == 0 || signal == "KILL", "{signal}: {left} files are left");
    }
}

#[test]
fn output_and_input_are_bounded() {
    let garden = Garden::with(
        "cat > /dev/null\nwhile :; do echo '# more and more and more and more'; done\n",
    );
    let start = Instant::now();
    let output = garden.build(&["--limit", "files=1MiB"]);
    assert!(!output.status.success() && start.elapsed() < Duration::from_secs(60));
    assert!(said(&output).contains("error[too-large]"), "{}", said(&output));
    // A function need not read its input, and may close it.
    let garden = Garden::with("exec <&-\necho 'items: []'\n");
    let lines: String = (0..20_000).map(|number| format!("  k{number}: value\n")).collect();
    garden.file(
        "app/bed.yaml",
        &format!("apiVersion: v1\nkind: Bed\nmetadata: {{name: a}}\nspec:\n{lines}"),
    );
    garden.program("app/f.sh", "exec <&-\nprintf 'kind: ResourceList\\nitems: [{kind: Bed, apiVersion: v1, metadata: {name: a}}]\\n'\n");
    let output = garden.build(&[]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn secrets_of_the_input_are_not_in_messages() {
    let garden = Garden::with("sed -n 's/.*password: /found /p' >&2\nexit 1\n");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: hunter2hunter2}\n";
    garden.file("app/bed.yaml", secret);
    let output = garden.build(&[]);
    let said = said(&output);
    assert!(!output.status.success() && said.contains("it said: found"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn executables_are_searched_in_the_folders_of_kustomize() {
    let garden = Garden::with("");
    garden.file("app/kustomization.yaml", "generators: [f.yaml]\n");
    garden.file(
        "app/f.yaml",
        "apiVersion: ex.org/v1\nkind: Sow\nmetadata: {name: f}\nargsOneLiner: a 'b c'\n",
    );
    let build = |variable: &str, folder: &str| {
        let mut command = garden.command(&["build", "app", "--enable-alpha-plugins"]);
        command.env(variable, garden.path(folder)).output().unwrap()
    };
    let missing = build("KUSTOMIZE_PLUGIN_HOME", "none");
    assert!(said(&missing).contains("error[unknown-plugin]"), "{}", said(&missing));
    let script = "printf 'kind: A\\napiVersion: v1\\nmetadata: {name: \"%s\"}\\n' \"$2-$3\"\n";
    for (variable, folder, home) in [
        ("HOME", "home", "home/kustomize/plugin"),
        ("HOME", "home", "home/.config/kustomize/plugin"),
        ("XDG_CONFIG_HOME", "conf", "conf/kustomize/plugin"),
        ("KUSTOMIZE_PLUGIN_HOME", "plug", "plug"),
    ] {
        garden.program(&format!("{home}/ex.org/v1/sow/Sow"), script);
        let output = build(variable, folder);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            text,
            "apiVersion: v1\nkind: A\nmetadata:\n  name: a-b c\n",
            "{}",
            said(&output)
        );
        fs::remove_dir_all(garden.path(home)).unwrap();
    }
    garden.file("plug/ex.org/v1/sow/Sow.so", "");
    let library = build("KUSTOMIZE_PLUGIN_HOME", "plug");
    assert!(said(&library).contains("is a Go library"), "{}", said(&library));
    assert_eq!(fs::read_dir(garden.path("tmp")).unwrap().count(), 0);
}

#[test]
fn a_container_gets_only_mounts_of_its_folder() {
    let garden = Garden::with("");
    garden.program("docker", "echo \"$*\" >> docker.log\ncat\n");
    let docker = garden.path("docker").display().to_string();
    let build = |mount: &str, flags: &[&str]| {
        let annotation =
            format!("container: {{image: water, mounts: [{{type: bind, src: {mount}, dst: /w}}]}}");
        let f = format!(
            "apiVersion: ex.org/v1\nkind: Sow\nmetadata:\n  name: f\n  annotations:\n    config.kubernetes.io/function: '{annotation}'\n"
        );
        garden.file("app/f.yaml", &f);
        let arguments = ["build", "app", "--enable-alpha-plugins", "--container-command", &docker];
        garden.command(&[&arguments, flags].concat()).output().unwrap()
    };
    fs::create_dir(garden.path("app/data")).unwrap();
    std::os::unix::fs::symlink("/etc", garden.path("app/out")).unwrap();
    for mount in ["/", "..", "data/../..", "out", "out/ssl"] {
        let output = build(mount, &[]);
        assert!(said(&output).contains("error[outside-root]"), "{mount}: {}", said(&output));
    }
    assert!(!garden.path("app/docker.log").exists());
    let output = build("data", &["--mount", "type=bind,src=/srv,dst=/s"]);
    assert!(output.status.success(), "{}", said(&output));
    let log = fs::read_to_string(garden.path("app/docker.log")).unwrap();
    let folder = fs::canonicalize(garden.path("app")).unwrap();
    let mounted = |source: &Path, target: &str| {
        format!("--mount type=bind,source={},target={target},readonly", source.display())
    };
    assert!(log.contains(&mounted(&folder.join("data"), "/w")), "{log}");
    assert!(log.contains(&mounted(Path::new("/srv"), "/s")), "{log}");
    assert!(log.contains("--network none") && log.contains("--user nobody"), "{log}");
}
