//! Hardening of the pods of whole repositories: no panics, a second run changes nothing, and the number of pods that
//! pass the level `restricted` as written, and after each class of fixes.
//!
//! The renders of about 2,700 kustomizations are expected next to the checkout, at
//! `../shared/conformance/realworld/golden`. All of them take a minute, so this test runs only with `KRENDER_CORPUS=1`:
//! `cargo test --test hardening corpus -- --nocapture` prints the numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use krender::harden::{Class, Fixes};
use krender::resource::ResMap;

use super::laws::{hardened, settings, try_read, violated, yaml};

/// The number of pods, the number of those that pass, and the number of violations of each rule.
#[derive(Default)]
struct Count {
    pods: usize,
    pass: usize,
    rules: BTreeMap<&'static str, usize>,
}

impl Count {
    fn add(&mut self, resources: &ResMap) {
        let found = violated(resources, &settings("restricted"));
        for (number, object) in resources.iter().enumerate() {
            if !KINDS.contains(&object.kind()) {
                continue;
            }
            let rules: BTreeSet<&'static str> =
                found.iter().filter(|(_, place, _)| *place == number).map(|one| one.0).collect();
            self.pods += 1;
            self.pass += usize::from(rules.is_empty());
            rules.into_iter().for_each(|rule| *self.rules.entry(rule).or_default() += 1);
        }
    }
}

/// The kinds that Pod Security looks at.
const KINDS: [&str; 9] = [
    "Pod",
    "PodTemplate",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
];

#[test]
fn corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/realworld/golden");
    let is_asked = std::env::var_os("KRENDER_CORPUS").is_some_and(|value| value == "1");
    if !is_asked || !root.is_dir() {
        println!("skipped: KRENDER_CORPUS=1 asks for it, and {} has it", root.display());
        return;
    }
    let levels = [None, Some(Class::Safe), Some(Class::Unsafe), Some(Class::Override)];
    let mut counts = levels.map(|level| (level, Count::default()));
    let mut changed = [0; 4];
    let files = files(&root);
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let Some(before) = try_read(&text) else { continue };
        for ((level, count), changed) in counts.iter_mut().zip(&mut changed) {
            let after = match level {
                None => before.clone(),
                Some(class) => {
                    let fixes = Fixes::UpTo(*class);
                    let after = hardened(&before, &settings("restricted"), fixes);
                    let again = hardened(&after, &settings("restricted"), fixes);
                    assert_eq!(yaml(&again), yaml(&after), "{}", file.display());
                    after
                }
            };
            *changed += usize::from(yaml(&after) != yaml(&before));
            count.add(&after);
        }
        for fixes in [Fixes::OfSettings, Fixes::UpTo(Class::Override)] {
            let after = hardened(&before, &settings("paranoid"), fixes);
            let again = hardened(&after, &settings("paranoid"), fixes);
            assert_eq!(yaml(&again), yaml(&after), "{}", file.display());
        }
    }
    println!("{} renders", files.len());
    for ((level, Count { pods, pass, rules }), changed) in counts.iter().zip(changed) {
        let level = level.map_or("as written", Class::as_str);
        println!("{level}: {pass} of {pods} pods pass, {changed} renders changed; left: {rules:?}");
    }
    let passing: Vec<usize> = counts.iter().map(|(_, count)| count.pass).collect();
    assert!(passing.is_sorted(), "{passing:?}");
}

fn files(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut pending) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => pending.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}
