//! A temporary folder for one attack, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A temporary folder, removed when dropped, which is also the home directory of programs started in it.
pub(crate) struct Lab(tempfile::TempDir);

/// The output of a program, and its exit code.
pub(crate) struct Outcome {
    /// The exit code; -1 after a signal.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Lab {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A path in the folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Writes a file, with the folders that it is in.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// The content of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Makes a symbolic link.
    #[cfg(unix)]
    pub(crate) fn link(&self, target: &str, path: &str) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    /// True if a file or link exists at a path.
    pub(crate) fn has(&self, path: &str) -> bool {
        fs::symlink_metadata(self.path(path)).is_ok()
    }

    /// Runs krender in a folder of the lab.
    pub(crate) fn krender(&self, folder: &str, arguments: &[&str]) -> Outcome {
        self.run(Path::new(env!("CARGO_BIN_EXE_krender")), folder, arguments)
    }

    /// Runs git in a folder of the lab, which must succeed.
    pub(crate) fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let settings = [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
            "-c",
            "init.defaultBranch=main",
        ];
        let outcome = self.run(Path::new("git"), folder, &[&settings, arguments].concat());
        assert_eq!(outcome.code, 0, "git {arguments:?}: {}", outcome.stderr);
        outcome.stdout
    }

    fn run(&self, program: &Path, folder: &str, arguments: &[&str]) -> Outcome {
        let output: Output = Command::new(program)
            .args(arguments)
            .current_dir(self.path(folder))
            .env("HOME", self.0.path())
            .env("XDG_CACHE_HOME", self.path(".cache"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The program reads, renders and prints in a lab.
#[test]
fn a_lab_runs_the_program() {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", "resources: [r.yaml]\n");
    lab.write("k/r.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n");
    let outcome = lab.krender("k", &["build"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert!(outcome.stdout.contains("name: c"));
    lab.link("r.yaml", "k/link.yaml");
    assert!(lab.has("k/link.yaml") && lab.read("k/link.yaml").contains("ConfigMap"));
    assert!(lab.git("k", &["--version"]).starts_with("git version"));
}
