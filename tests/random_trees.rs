//! Random trees of kustomizations, compared with `kubectl kustomize` if it is installed. `PROPTEST_CASES=2000 cargo
//! test --test random_trees` tests more of them.
#![expect(
    clippy::disallowed_methods,
    reason = "a second program is run, and its files are written"
)]

mod tree;

use std::fs;
use std::path::Path;
use std::process::Command;

use krender::build;
use krender::load::{self, Disk, Loader};
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};
use tree::Tree;

/// The version of kustomize that the trees are compared with.
const KUSTOMIZE: &str = "Kustomize Version: v5.5.";

/// The default number of trees: each costs the start of kubectl.
const TREES: u32 = 32;

#[test]
fn random_trees_render_as_kubectl_renders_them() {
    let version = Command::new("kubectl").args(["version", "--client"]).output();
    if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(KUSTOMIZE)) {
        eprintln!("skipped: there is no kubectl here with kustomize v5.5");
        return;
    }
    let cases =
        if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { TREES };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&tree::tree(), |tree| agrees(&tree));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Checks that both render the same bytes, or that both fail.
fn agrees(tree: &Tree) -> TestCaseResult {
    let folder = tempfile::tempdir().expect("a temporary folder");
    tree.write(folder.path()).expect("the tree is written");
    let target = folder.path().join(tree.target());
    let output =
        Command::new("kubectl").arg("kustomize").arg(&target).output().expect("kubectl runs");
    let theirs =
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned());
    let ours = render(&target);
    if ours.as_deref().ok() == theirs.as_deref() {
        return Ok(());
    }
    Err(TestCaseError::fail(format!(
        "krender:\n{}\nkubectl:\n{}\n{}\n",
        ours.unwrap_or_else(|message| format!("failed: {message}")),
        theirs.unwrap_or_else(|| "failed".into()),
        String::from_utf8_lossy(&output.stderr),
    )))
}

/// The output of krender for a directory, or the error.
fn render(target: &Path) -> Result<String, String> {
    let options =
        load::Options { working_directory: target.to_path_buf(), ..load::Options::default() };
    let loader = Loader::new(Disk, options);
    build::build(&loader, ".", &build::Options::default())
        .and_then(|output| output.resources.to_yaml())
        .map_err(|error| error.to_string())
}

impl Tree {
    fn write(&self, folder: &Path) -> std::io::Result<()> {
        for (path, text) in self.files() {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a file is in a folder"))?;
            fs::write(path, text)?;
        }
        Ok(())
    }
}
