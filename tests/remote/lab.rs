//! A folder for one test, with what its programs need.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A folder with a home, a cache, repositories, and a `git` that writes its commands down.
pub(crate) struct Lab {
    folder: tempfile::TempDir,
    pub(crate) variables: Vec<(String, String)>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let lab = Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() };
        for name in ["home", "tmp", "bin"] {
            fs::create_dir(lab.path(name)).unwrap();
        }
        lab.write("home/.gitconfig", "[user]\nname = a\nemail = a@example.com\n[init]\ndefaultBranch = main\n[protocol \"file\"]\nallow = always\n");
        lab.program("exec git \"$@\"");
        lab
    }

    /// A lab with the repository `app`: a folder `base` with a `ConfigMap`, tagged `v1`.
    pub(crate) fn with_app() -> Self {
        let lab = Self::new();
        lab.repository("app");
        lab.write("app/base/kustomization.yaml", "resources: [cm.yaml]\n");
        lab.write("app/kustomization.yaml", "resources: [base]\n");
        lab.commit("app", "base/cm.yaml", &config_map("one"));
        lab.git("app", &["tag", "v1"]);
        lab
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Sets what the program `git` of the lab does after it has written its command down.
    pub(crate) fn program(&self, does: &str) {
        let text = format!(
            "#!/bin/sh\nfor word do case $word in -*|*=*) ;; *) break;; esac; done\necho \"$word\" >> '{}'\nPATH=${{PATH#*:}}\n{does}\n",
            self.path("calls").display()
        );
        self.write("bin/git", &text);
        fs::set_permissions(self.path("bin/git"), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn repository(&self, name: &str) {
        self.git(".", &["init", "-q", name]);
    }

    /// Writes a file and commits everything. Returns the id of the commit.
    pub(crate) fn commit(&self, repository: &str, path: &str, text: &str) -> String {
        self.write(&format!("{repository}/{path}"), text);
        self.git(repository, &["add", "-A"]);
        self.git(repository, &["commit", "-qm", "change"]);
        self.git(repository, &["rev-parse", "HEAD"]).trim().to_owned()
    }

    pub(crate) fn url(&self, repository: &str) -> String {
        format!("file://{}", self.path(repository).canonicalize().unwrap().display())
    }

    pub(crate) fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let output = self.command("git", folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn command(&self, program: &str, folder: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path(folder))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn krender(&self, arguments: &[&str]) -> Command {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = self.command(env!("CARGO_BIN_EXE_krender"), ".");
        command.args(arguments).env("PATH", path);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs krender with a limit of the size of files, in blocks of 512 bytes or 1 KiB. Writing beyond it fails, as on a full
    /// disk, or kills the program.
    pub(crate) fn limited(&self, blocks: u32, is_killed: bool, arguments: &[&str]) -> Output {
        let plain = self.krender(&[]);
        // A signal that the shell has inherited as ignored cannot be set back by it.
        let prepare = match is_killed {
            true => {
                "env --default-signal=XFSZ true 2>/dev/null && set -- env --default-signal=XFSZ \"$@\""
            }
            false => "trap '' XFSZ",
        };
        let script = format!("{prepare}; ulimit -c 0; ulimit -f {blocks}; exec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(plain.get_program()).args(arguments);
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(self.path(".")).stdin(Stdio::null()).output().unwrap()
    }

    /// Makes the file of `app` larger than small limits; it does not compress well.
    pub(crate) fn large(&self) {
        let mut number: u64 = 1;
        let mut noise = String::new();
        while noise.len() < 40_000 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            noise.extend([format!("{number:016x}")]);
        }
        let resource = config_map(&format!("one\n  noise: \"{noise}\""));
        self.commit("app", "base/cm.yaml", &resource);
    }

    /// The standard output of a build that succeeds.
    #[track_caller]
    pub(crate) fn build(&self, arguments: &[&str]) -> String {
        let output = self.krender(&[&["build"], arguments].concat()).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The standard error of a build that fails.
    #[track_caller]
    pub(crate) fn fail(&self, arguments: &[&str]) -> String {
        let output: Output = self.krender(&[&["build"], arguments].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
        text(&output.stderr)
    }

    /// The commands of git since the last call.
    pub(crate) fn all_calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        drop(fs::remove_file(self.path("calls")));
        calls.lines().map(str::to_owned).collect()
    }

    /// The commands of git since the last call, without those that only read the store.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.all_calls().into_iter();
        calls.filter(|call| call != "cat-file").collect()
    }

    /// Nothing temporary is left in the cache or in the temporary folder.
    pub(crate) fn is_tidy(&self) -> bool {
        let cache = self.path("home/.cache/krender/git");
        let left = |folder: &Path| {
            let names = fs::read_dir(folder).into_iter().flatten().flatten();
            names.filter(|entry| entry.file_name().to_string_lossy().contains(".tmp")).count()
        };
        left(&cache) == 0 && left(&self.path("tmp")) == 0
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn config_map(value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: {value}\n")
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn wait_for(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "it never happens");
        thread::sleep(Duration::from_millis(5));
    }
}
