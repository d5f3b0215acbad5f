//! Builds of different targets on several threads give the same results as separate builds: with one loader, and in one
//! run.

mod tree;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use krender::build;
use krender::config::Warning;
use krender::error::Error;
use krender::fleet;
use krender::load::{self, Files, Kind, Loader, Memory};
use krender::parallel::{Threads, in_order};
use krender::resource::ResMap;
use proptest::prelude::*;
use tree::Tree;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn threads_get_what_one_gets(tree in tree::tree()) {
        let alone: Vec<Rendered> =
            tree.folders().iter().map(|folder| render(&loader(tree.files()), folder)).collect();
        // Every target occurs twice, so that two threads need the same base at the same time.
        let shared = loader(tree.files());
        let together: Vec<Rendered> = std::thread::scope(|scope| {
            let threads: Vec<_> = tree
                .folders()
                .into_iter()
                .chain(tree.folders())
                .map(|folder| scope.spawn({ let shared = &shared; move || render(shared, &folder) }))
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("it returns")).collect()
        });
        prop_assert_eq!(together, [alone.clone(), alone].concat());
    }

    #[test]
    fn bases_accumulated_ahead_change_nothing(tree in tree::tree(), asking in any::<u8>()) {
        let tree = Asking { tree, mask: asking };
        let options = options(3);
        // Bases are accumulated ahead once threads were started, which otherwise takes a large target.
        in_order(3, &options.threads, |number| number, |_, _| ControlFlow::Continue(()));
        let files = || {
            let mut files = tree.files();
            let all = tree.tree.folders().join(", ../");
            files.insert("all/kustomization.yaml".to_owned(), format!("resources: [../{all}]\n"));
            let one = "resources: [../all]\nnamePrefix: one-\n".to_owned();
            files.insert("one/kustomization.yaml".to_owned(), one);
            loader(files)
        };
        for target in tree.tree.folders().into_iter().chain(["all".into(), "one".into()]) {
            let mut warnings = Vec::new();
            let built = build::build_and_warn(&files(), &target, &options, &mut warnings);
            prop_assert_eq!(outcome(built, &warnings), render(&files(), &target), "{}", target);
        }
    }

    #[test]
    fn a_run_gives_what_its_targets_give_alone(tree in tree::tree(), asking in any::<u8>()) {
        // `buildMetadata` decides whether the path to a base is recorded.
        let tree = Asking { tree, mask: asking };
        // Each is a base of the later ones, and a target itself; and it is listed again after its bases are dropped
        // from the store.
        let folders: Vec<String> = [tree.tree.folders(), tree.tree.folders()].concat();
        let alone: Vec<Rendered> =
            folders.iter().map(|folder| render(&tree.loader(), folder)).collect();
        for jobs in [1, 2, 5] {
            prop_assert_eq!(&alone, &run(&tree.loader(), &folders, jobs), "{} jobs", jobs);
        }
    }
}

/// A tree in which some kustomizations have `buildMetadata`.
#[derive(Debug)]
struct Asking {
    tree: Tree,
    mask: u8,
}

impl Asking {
    fn loader(&self) -> Loader {
        loader(self.files())
    }

    fn files(&self) -> BTreeMap<String, String> {
        let metadata = "buildMetadata: [originAnnotations, transformerAnnotations]\n";
        let mut files = self.tree.files();
        for (number, folder) in self.tree.folders().iter().enumerate() {
            if let Some(text) = files.get_mut(&format!("{folder}/kustomization.yaml"))
                && self.mask & (1 << number) != 0
            {
                text.push_str(metadata);
            }
        }
        files
    }
}

/// Two paths to one base, from two targets with `buildMetadata` and one without: a shared base must not contain the
/// path of another target.
#[test]
fn origins_are_told_from_each_target() {
    let metadata = "buildMetadata: [originAnnotations]\n";
    let pod = |name: &str| format!("{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}}}\n");
    let files = [
        ("base/kustomization.yaml", "resources: [pod.yaml, ../deep]\n".to_owned()),
        ("base/pod.yaml", pod("web")),
        (
            "deep/kustomization.yaml",
            "configMapGenerator: [{name: c, literals: [a=b]}]\n".to_owned(),
        ),
        ("near/kustomization.yaml", format!("resources: [../base]\n{metadata}")),
        ("far/a/b/kustomization.yaml", format!("resources: [../../../base]\n{metadata}")),
        ("silent/kustomization.yaml", "resources: [../base]\n".to_owned()),
        ("through/kustomization.yaml", format!("resources: [../far/a/b]\n{metadata}")),
    ];
    let files = BTreeMap::from(files.map(|(path, text)| (path.to_owned(), text)));
    let targets = ["near", "silent", "far/a/b", "through", "near", "base"].map(str::to_owned);
    let alone: Vec<Rendered> =
        targets.iter().map(|target| render(&loader(files.clone()), target)).collect();
    let path = |number: usize, path: &str| {
        alone[number].0.as_ref().is_ok_and(|yaml| yaml.contains(&format!("path: {path}\n")))
    };
    assert!(path(0, "../base/pod.yaml") && path(2, "../../../base/pod.yaml"), "{alone:?}");
    assert!(path(3, "../base/pod.yaml") && !path(1, "../base/pod.yaml"), "{alone:?}");
    for jobs in [1, 2, 5] {
        assert_eq!(run(&loader(files.clone()), &targets, jobs), alone, "{jobs} jobs");
    }
}

/// Files that count how often each is read.
struct Counting {
    files: Memory,
    reads: Arc<Mutex<BTreeMap<PathBuf, usize>>>,
}

impl Files for Counting {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.files.kind(path)
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        self.files.target(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.files.canonicalize(path)
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        *self.reads.lock().expect("nobody panics").entry(path.to_path_buf()).or_default() += 1;
        self.files.read(path, most)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        self.files.list(path)
    }
}

#[test]
fn a_file_is_read_once_however_many_targets_name_it() {
    let mut files = Memory::new()
        .file("base/kustomization.yaml", "resources: [pod.yaml]\n")
        .file("base/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: web}}\n")
        .file("part/kustomization.yaml", "kind: Component\npatches: [{path: patch.yaml}]\n")
        .file(
            "part/patch.yaml",
            "{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {a: b}}}\n",
        );
    for number in 0..40 {
        let text = format!("resources: [../base]\ncomponents: [../part]\nnamePrefix: p{number}-\n");
        files = files.file(format!("overlay-{number}/kustomization.yaml"), text);
    }
    let reads = Arc::new(Mutex::default());
    let counting = Counting { files, reads: Arc::clone(&reads) };
    let loader = Loader::new(counting, load::Options::default());
    let options = options(4);
    let targets = fleet::Run::new(&loader, &options).targets("/").expect("they are found");
    let names: Vec<String> = targets.into_iter().map(|target| target.directory).collect();
    assert!(run(&loader, &names, 4).iter().all(|(rendered, _)| rendered.is_ok()));
    let reads = reads.lock().expect("nobody panics");
    assert_eq!(reads.len(), 44);
    assert!(reads.values().all(|count| *count == 1), "{reads:?}");
}

/// The targets in one run.
fn run(loader: &Loader, targets: &[String], jobs: usize) -> Vec<Rendered> {
    let options = options(jobs);
    let run = fleet::Run::new(loader, &options);
    run.expect(targets);
    let mut rendered = Vec::new();
    let work = |number: usize| {
        let mut warnings = Vec::new();
        outcome(run.build(&targets[number], &mut warnings), &warnings)
    };
    in_order(targets.len(), &options.threads, work, |_, one| {
        rendered.push(one);
        ControlFlow::Continue(())
    });
    rendered
}

/// Options for a number of threads.
fn options(jobs: usize) -> build::Options {
    let threads = Threads::new(NonZeroUsize::new(jobs).expect("not 0"));
    build::Options { threads, ..build::Options::default() }
}

/// The output of a target, or the codes and messages of its errors; and its warnings.
type Rendered = (Result<String, Vec<String>>, Vec<String>);

fn loader(files: BTreeMap<String, String>) -> Loader {
    let memory =
        files.into_iter().fold(Memory::new(), |memory, (path, text)| memory.file(path, text));
    Loader::new(memory, load::Options::default())
}

fn render(loader: &Loader, target: &str) -> Rendered {
    let mut warnings = Vec::new();
    let options = build::Options::default();
    outcome(build::build_and_warn(loader, target, &options, &mut warnings), &warnings)
}

fn outcome(built: Result<ResMap, Error>, warnings: &[Warning]) -> Rendered {
    let yaml = built.and_then(|resources| resources.to_yaml()).map_err(|error| {
        error.iter().map(|one| format!("{}: {}", one.code(), one.message())).collect()
    });
    let said = |warning: &Warning| format!("{:?}: {}", warning.text, warning.failure.message());
    (yaml, warnings.iter().map(said).collect())
}
