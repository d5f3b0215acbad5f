//! The result cache: a run with it gives the same result as one without it, whatever has changed in between.
#![expect(clippy::disallowed_methods, reason = "the program is run, and files are changed")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use krender::build;
use krender::fleet::{self, Keeper, Kept};
use krender::load::{self, Digest, Loader, Memory, Store};
use proptest::prelude::*;

type Files = BTreeMap<String, String>;

/// The output of a target and its warnings; `None` if it fails.
type Rendered = Option<(String, Vec<String>)>;

fn loader(files: &Files) -> Loader {
    let memory = files.iter().fold(Memory::new(), |memory, (path, text)| memory.file(path, text));
    Loader::new(memory, load::Options::default())
}

/// Renders all targets in one run with the cache, and returns the number of results that came from it.
fn run(files: &Files, targets: &[String], store: Option<&Store>) -> (Vec<Rendered>, usize) {
    let (loader, options) = (loader(files), build::Options::default());
    let keeper = store.map(|store| Keeper::new(&loader, store, Digest::of("")));
    let run = fleet::Run::new(&loader, &options);
    run.expect(targets);
    let mut found = 0;
    let one = |target: &String| {
        let kept = keeper.as_ref().and_then(|keeper| keeper.read(&keeper.find(target)?));
        found += usize::from(kept.is_some());
        let kept = kept.or_else(|| {
            let mut warnings = Vec::new();
            let built = run.build_from(target, &mut warnings).ok()?;
            let build::Built { resources, directories, .. } = built;
            let texts = vec![("name".to_owned(), resources.to_yaml().ok()?)];
            let kept = Kept { texts, resources: resources.len(), warnings };
            if let Some(keeper) = &keeper {
                keeper.keep(target, &directories, &kept).unwrap();
            }
            Some(kept)
        })?;
        let said = kept.warnings.iter().map(|warning| {
            let place = loader.sources().locate(warning.failure.span());
            let place = place.map(|place| format!("{}:{}", place.source.name(), place.line));
            format!("{:?} {} {place:?}", warning.text, warning.failure.message())
        });
        Some((kept.texts[0].1.clone(), said.collect()))
    };
    (targets.iter().map(one).collect(), found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_is_rendered(
        first in tree::tree(),
        second in tree::tree(),
        picked in prop::collection::vec(any::<prop::sample::Index>(), 4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), SystemTime::UNIX_EPOCH).unwrap();
        let (mut files, others) = (first.files(), second.files());
        let targets = first.folders();
        for index in picked {
            let (rendered, _) = run(&files, &targets, None);
            let succeeded = rendered.iter().flatten().count();
            prop_assert_eq!(&run(&files, &targets, Some(&store)).0, &rendered);
            prop_assert_eq!(&run(&files, &targets, Some(&store)), &(rendered, succeeded));
            // One file is added, removed, or changed.
            let names: Vec<&String> = files.keys().chain(others.keys()).collect();
            let name = names[index.index(names.len())].clone();
            match (files.contains_key(&name), others.get(&name)) {
                (_, Some(text)) => drop(files.insert(name, text.clone())),
                (_, None) => drop(files.remove(&name)),
            }
        }
    }
}

/// A base with two overlays, a target with a warning, and a broken one.
const SITE: [(&str, &str); 8] = [
    ("site/base/kustomization.yaml", "resources: [pod.yaml]\ncommonLabels: {app: shop}\n"),
    ("site/base/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: web}}\n"),
    ("site/prod/kustomization.yaml", "resources: [../base]\nnamePrefix: prod-\n"),
    ("site/test/kustomization.yaml", "resources: [../base, two.yaml]\nnamePrefix: test-\n"),
    ("site/test/two.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: two}}\n"),
    ("site/lone/kustomization.yaml", "configMapGenerator: [{name: c, files: [text]}]\n"),
    ("site/lone/text", "one\n"),
    ("site/broken/kustomization.yaml", "resources: [missing.yaml]\n"),
];

struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        SITE.iter().for_each(|(path, text)| site.write(path, text));
        site
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn krender(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_krender"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path().join("home"))
            .output()
            .unwrap()
    }

    /// Builds with and without the cache, compares both, and returns the number of cached targets.
    #[track_caller]
    fn kept(&self, arguments: &[&str]) -> usize {
        let plain = self.krender(&[&["build"], arguments].concat());
        let cached = self.krender(&[&["build", "--cache"], arguments].concat());
        assert_eq!(plain, cached, "{}", String::from_utf8_lossy(&cached.stderr));
        self.told(&[&["build", "--cache", "--quiet"], arguments].concat())
    }

    /// The number of cached targets according to the summary.
    fn told(&self, arguments: &[&str]) -> usize {
        let output = self.krender(&[arguments, &["--timings"]].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        let line = told.lines().find(|line| line.starts_with("targets ")).unwrap();
        let before = line.split_once(" from the cache").map_or("0", |(before, _)| before);
        before.rsplit([' ', '(']).next().unwrap().parse().unwrap()
    }

    fn files(&self, folder: &str) -> Vec<PathBuf> {
        let (mut files, mut pending) = (Vec::new(), vec![self.0.path().join(folder)]);
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() { pending.push(entry) } else { files.push(entry) }
            }
        }
        files
    }
}

#[test]
fn only_what_changed_is_rendered_again() {
    let site = Site::new();
    let all = ["--all", "site"];
    assert!(!site.0.path().join("home").exists());
    site.krender(&["build", "--all", "site"]);
    assert!(!site.0.path().join("home").exists(), "a plain build keeps nothing");
    assert_eq!(site.told(&["build", "--cache", "--all", "site"]), 0);
    // All except the broken one.
    assert_eq!(site.kept(&all), 3);
    let renders_again = |changed: &[(&str, &str)], count: usize| {
        changed.iter().for_each(|(path, text)| site.write(path, text));
        assert_eq!(site.told(&["build", "--cache", "--all", "site"]), 3 - count, "{changed:?}");
        assert_eq!(site.kept(&all), 3, "{changed:?}");
    };
    renders_again(&[("site/lone/text", "two\n")], 1);
    renders_again(&[("site/lone/unused", "")], 0);
    renders_again(
        &[("site/base/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: db}}\n")],
        2,
    );
    // The earlier state is still in the cache.
    renders_again(&[("site/lone/text", "one\n")], 0);
    // A second kustomization file is an error.
    site.write("site/prod/kustomization.yml", "");
    assert_eq!(site.kept(&all), 2);
}

#[test]
fn what_is_asked_for_in_another_way_is_rendered_in_that_way() {
    let site = Site::new();
    assert_eq!(site.told(&["build", "--cache", "--all", "site"]), 0);
    assert_eq!(site.told(&["build", "--cache", "site/prod", "site/test"]), 2);
    assert_eq!(site.told(&["build", "--cache", "site/prod"]), 1);
    assert_eq!(site.kept(&["site/prod"]), 1);
    for another in [
        &["--reorder", "none", "site/prod"][..],
        &["--enable-managedby-label", "site/prod"],
        &["--load-restrictor", "LoadRestrictionsNone", "site/prod"],
        &["--harden", "site/prod", "site/lone"],
    ] {
        assert_eq!(site.told(&[&["build", "--cache"], another].concat()), 0, "{another:?}");
        site.kept(another);
    }
    // Strict builds with warnings are not cached.
    assert_eq!(site.told(&["build", "--cache", "--strict", "site/prod", "site/lone"]), 0);
    assert_eq!(site.kept(&["--strict", "site/prod", "site/lone"]), 1);
}

#[test]
fn files_and_folders_get_what_is_kept() {
    let site = Site::new();
    for (options, files) in
        [(&["site/test"][..], 1), (&["--split", "--all", "site"], 4), (&["--all", "site"], 3)]
    {
        for folder in ["plain", "first", "second"] {
            let path = site.0.path().join(folder);
            drop(fs::remove_dir_all(&path));
            let is_one = options.len() == 1;
            let output = if is_one { format!("{folder}/out.yaml") } else { folder.to_owned() };
            fs::create_dir(path).unwrap();
            let cache: &[&str] = if folder == "plain" { &[] } else { &["--cache"] };
            site.krender(&[&["build", "-o", &output], options, cache].concat());
        }
        let content = |folder: &str| {
            let mut files: Vec<(PathBuf, Vec<u8>)> = site
                .files(folder)
                .into_iter()
                .map(|path| {
                    (
                        path.strip_prefix(site.0.path().join(folder)).unwrap().to_owned(),
                        fs::read(&path).unwrap(),
                    )
                })
                .collect();
            files.sort();
            files
        };
        assert_eq!(content("plain").len(), files, "{options:?}");
        assert_eq!(content("plain"), content("first"), "{options:?}");
        assert_eq!(content("plain"), content("second"), "{options:?}");
    }
}

#[test]
fn a_damaged_cache_is_none() {
    let site = Site::new();
    let all = ["build", "--cache=a/b", "--all", "site"];
    let expected = site.krender(&all);
    for damage in [&b""[..], b"[]", b"\xff\xff"] {
        let files = site.files("a/b");
        assert!(files.len() > 10);
        for (number, file) in files.iter().enumerate() {
            let whole = fs::read(file).unwrap();
            fs::write(file, damage).unwrap();
            // Testing each one alone would take long.
            if number % 4 == 0 {
                assert_eq!(site.krender(&all), expected, "{}", file.display());
                fs::write(file, whole).unwrap();
            }
        }
        assert_eq!(site.krender(&all), expected);
        assert_eq!(site.told(&all), 3, "it is mended");
    }
    fs::remove_dir_all(site.0.path().join("a/b/texts")).unwrap();
    assert_eq!(site.krender(&all), expected);
}

#[test]
fn many_at_once_get_what_one_gets() {
    let site = Site::new();
    let expected = site.krender(&["build", "--all", "site"]);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..3 {
                    assert_eq!(site.krender(&["build", "--cache", "--all", "site"]), expected);
                }
            });
        }
    });
    assert_eq!(site.told(&["build", "--cache", "--all", "site"]), 3);
}

#[test]
fn a_cache_that_cannot_be_written_is_told_and_no_failure() {
    let site = Site::new();
    assert_eq!(site.told(&["build", "--cache=kept", "site/prod"]), 0);
    // Files in place of folders prevent writing.
    fs::remove_dir_all(site.0.path().join("kept/values")).unwrap();
    for number in 0..256 {
        site.write(&format!("kept/values/{number:02x}"), "");
    }
    let plain = site.krender(&["build", "--quiet", "site/prod"]);
    assert_eq!(site.krender(&["build", "--quiet", "--cache=kept", "site/prod"]), plain);
    let told = site.krender(&["build", "--cache=kept", "site/prod"]).stderr;
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("cannot write the cache `kept`: not a directory"), "{told}");
    site.write("file", "");
    let output = site.krender(&["build", "--cache=file/below", "site/prod"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("cannot write the cache `file/below`"), "{told}");
}

#[test]
fn the_default_folder_is_that_of_the_user() {
    let site = Site::new();
    let made = |path: &str| Path::new(&site.0.path().join(path)).is_dir();
    site.krender(&["build", "--cache", "site/prod"]);
    assert!(made("home/.cache/krender"));
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(["build", "--cache", "site/prod"])
        .current_dir(site.0.path())
        .env_clear()
        .env("XDG_CACHE_HOME", site.0.path().join("xdg"))
        .output()
        .unwrap();
    assert!(output.status.success() && made("xdg/krender"));
}

#[test]
fn what_is_told_is_the_same_from_the_cache() {
    let site = Site::new();
    let head = "apiVersion: krender.dev/v1alpha1\nkind: Hardening";
    site.write(
        "h.yaml",
        &format!("{head}\nspec: {{allowIgnores: true, rules: {{host-pid: off}}}}\n"),
    );
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: 'a:1'}]}\n";
    site.write("site/h/pod.yaml", pod);
    site.write("site/h/kustomization.yaml", "resources: [pod.yaml]\ncommonLabels: {a: b}\n");
    for format in ["human", "json"] {
        let harden = ["--harden", "--fix-level", "unsafe", "--harden-config", "h.yaml"];
        let all = ["build", "--error-format", format, "--all", "site/h"];
        let plain = site.krender(&[&all[..], &harden].concat());
        let said = String::from_utf8_lossy(&plain.stderr).into_owned();
        assert!(said.contains("turns off") && said.contains("hardened Pod"), "{said}");
        for _ in 0..3 {
            let kept = site.krender(&[&all[..], &harden, &["--cache=cache"]].concat());
            assert_eq!(String::from_utf8_lossy(&kept.stderr), said);
            assert_eq!(kept.stdout, plain.stdout);
        }
    }
}
