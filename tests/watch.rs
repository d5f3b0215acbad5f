//! `krender build --watch`: a process that reacts to saved files.
#![expect(clippy::disallowed_methods, reason = "the program is run, and files are changed")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// A base with an overlay, and a separate target.
const SITE: [(&str, &str); 5] = [
    ("site/base/kustomization.yaml", "resources: [pod.yaml]\n"),
    ("site/base/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: first}}\n"),
    ("site/prod/kustomization.yaml", "resources: [../base]\nnamePrefix: prod-\n"),
    ("site/lone/kustomization.yaml", "configMapGenerator: [{name: c, files: [text]}]\n"),
    ("site/lone/text", "one\n"),
];

/// The maximum time to wait, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Watching {
    folder: tempfile::TempDir,
    child: Child,
    /// The lines of standard output and standard error, as they come.
    lines: Receiver<String>,
}

impl Watching {
    /// Starts the process, and waits until everything was rendered once.
    fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        SITE.iter().for_each(|(path, text)| write(folder.path(), path, text));
        let mut child = Command::new(env!("CARGO_BIN_EXE_krender"))
            .args(["build", "--watch"])
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    // The receiver is gone when the test is over.
                    drop(sender.send(line));
                }
            });
        }
        let mut watching = Self { folder, child, lines };
        watching.wait_for("watching: ");
        watching
    }

    fn write(&self, path: &str, text: &str) {
        write(self.folder.path(), path, text);
    }

    /// Saves a file as editors do: a new file replaces the old one.
    fn save(&self, path: &str, text: &str) {
        let new = format!("{path}.swp");
        self.write(&new, text);
        fs::rename(self.path(&new), self.path(path)).unwrap();
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    /// Waits for a line that begins with a text, and returns the lines before it.
    #[track_caller]
    fn wait_for(&mut self, beginning: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.starts_with(beginning) => return before,
                Ok(line) => before.push(line),
                Err(error) => panic!("no line `{beginning}`, {error}: {before:#?}"),
            }
        }
    }

    /// Waits until a target was rendered, and returns the targets rendered before.
    #[track_caller]
    fn wait_for_target(&mut self, target: &str) -> Vec<String> {
        let mut before = self.wait_for(&format!("rendered `{target}` in "));
        before.retain(|line| line.starts_with("rendered "));
        before
    }

    /// Waits until a file has a text.
    #[track_caller]
    fn wait_for_text(&mut self, file: &str, text: &str) {
        while !fs::read_to_string(self.path(file)).unwrap().contains(text) {
            self.wait_for("rendered ");
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn pod(name: &str) -> String {
    format!("{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}}}\n")
}

#[test]
fn what_is_saved_is_rendered_and_only_that() {
    let mut watching = Watching::new(&["--all", "site", "-o", "out"]);
    watching.save("site/base/pod.yaml", &pod("second"));
    assert_eq!(watching.wait_for_target("site/prod"), [""; 0]);
    watching.wait_for_text("out/prod.yaml", "name: prod-second");
    watching.save("site/base/pod.yaml", &pod("third"));
    watching.wait_for_target("site/prod");
    watching.wait_for_text("out/prod.yaml", "name: prod-third");
    // No change, or none in a file that is read.
    watching.save("site/base/pod.yaml", &pod("third"));
    watching.write("site/base/unused.yaml", "");
    watching.write("site/lone/text", "two\n");
    assert_eq!(watching.wait_for_target("site/lone"), [""; 0]);
    watching.wait_for_text("out/lone.yaml", "two");
}

#[test]
fn many_saves_come_to_what_the_last_one_says() {
    let mut watching = Watching::new(&["site/prod", "-o", "out.yaml"]);
    for number in 0..50 {
        watching.write("site/base/pod.yaml", &pod(&format!("pod-{number}")));
    }
    watching.wait_for_text("out.yaml", "name: prod-pod-49\n");
}

#[test]
fn what_is_broken_is_told_and_rendered_when_it_is_mended() {
    let mut watching = Watching::new(&["site/prod", "site/lone", "-o", "out"]);
    watching.write("site/base/pod.yaml", "{apiVersion: v1\n");
    watching.wait_for("error[malformed-yaml]");
    let before = fs::read_to_string(watching.path("out/site/prod.yaml")).unwrap();
    assert!(before.contains("prod-first"), "what was rendered stays: {before}");
    watching.write("site/base/pod.yaml", &pod("mended"));
    watching.wait_for_target("site/prod");
    watching.wait_for_text("out/site/prod.yaml", "prod-mended");
    // A missing file in a missing folder.
    watching.write("site/base/kustomization.yaml", "resources: [pod.yaml, new/more.yaml]\n");
    watching.wait_for("error[file-not-found]");
    watching.write("site/base/new/more.yaml", &pod("more"));
    watching.wait_for_target("site/prod");
    watching.wait_for_text("out/site/prod.yaml", "prod-more");
    // A whole folder is removed, and restored.
    fs::rename(watching.path("site/base"), watching.path("elsewhere")).unwrap();
    watching.wait_for("error[file-not-found]");
    fs::rename(watching.path("elsewhere"), watching.path("site/base")).unwrap();
    watching.wait_for_target("site/prod");
    watching.write("site/base/new/more.yaml", &pod("again"));
    watching.wait_for_text("out/site/prod.yaml", "prod-again");
    // A file appears that makes a target invalid.
    watching.write("site/lone/Kustomization", "");
    watching.wait_for("error[kustomization-ambiguous]");
    fs::remove_file(watching.path("site/lone/Kustomization")).unwrap();
    assert_eq!(watching.wait_for_target("site/lone"), [""; 0]);
}

#[test]
fn what_is_printed_is_one_stream() {
    let mut watching = Watching::new(&["site/prod"]);
    watching.save("site/base/pod.yaml", &pod("second"));
    let mut before = watching.wait_for("  name: prod-second");
    // Standard error is read independently.
    before.retain(|line| !line.starts_with("rendered "));
    assert_eq!(before, ["---", "apiVersion: v1", "kind: Pod", "metadata:"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_wherever_they_are() {
    use std::os::unix::fs::symlink;

    let mut watching = Watching::new(&["site/prod", "-o", "out.yaml"]);
    watching.write("other/kustomization.yaml", "resources: [pod.yaml]\n");
    watching.write("other/pod.yaml", &pod("other"));
    symlink("../other", watching.path("site/link")).unwrap();
    watching.write("site/prod/kustomization.yaml", "resources: [../link]\n");
    watching.wait_for_text("out.yaml", "name: other");
    watching.write("other/pod.yaml", &pod("changed"));
    watching.wait_for_text("out.yaml", "name: changed");
    symlink("base", watching.path("site/new")).unwrap();
    fs::rename(watching.path("site/new"), watching.path("site/link")).unwrap();
    watching.wait_for_text("out.yaml", "name: first");
}
