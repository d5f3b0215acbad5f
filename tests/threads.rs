//! Several threads that build different targets get what each target gives alone: from one loader, and in one run.

mod tree;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use krender::build;
use krender::config::Warning;
use krender::error::Error;
use krender::load::{self, Loader, Memory};
use krender::resource::ResMap;
use proptest::prelude::*;
use tree::Tree;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn threads_get_what_one_gets(tree in tree::tree()) {
        let alone: Vec<Rendered> =
            tree.folders().iter().map(|folder| render(&loader(&tree), folder)).collect();
        // Every target twice, so that two threads ask for the same thing at the same time, too.
        let shared = loader(&tree);
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
    fn a_run_gives_what_its_targets_give_alone(tree in tree::tree()) {
        // Each is a base of those behind it, and a target itself; and it comes back when its bases are gone.
        let folders: Vec<String> = [tree.folders(), tree.folders()].concat();
        let alone: Vec<Rendered> =
            folders.iter().map(|folder| render(&loader(&tree), folder)).collect();
        for jobs in [1, 2, 5] {
            prop_assert_eq!(&alone, &run(&loader(&tree), &folders, jobs), "{} jobs", jobs);
        }
    }
}

/// The targets in one run.
fn run(loader: &Loader, targets: &[String], jobs: usize) -> Vec<Rendered> {
    let options = build::Options::default();
    let run = build::Run::new(loader, &options);
    let jobs = NonZeroUsize::new(jobs).expect("not 0");
    run.expect(targets, jobs);
    let mut rendered = Vec::new();
    let work = |number: usize| {
        let mut warnings = Vec::new();
        outcome(run.build(&targets[number], &mut warnings), &warnings)
    };
    build::in_order(targets.len(), jobs, work, |_, one| {
        rendered.push(one);
        ControlFlow::Continue(())
    });
    rendered
}

/// What a target renders to, or the codes and messages of what is wrong with it; and what there is to say of it.
type Rendered = (Result<String, Vec<String>>, Vec<String>);

fn loader(tree: &Tree) -> Loader {
    let files = tree.files().into_iter();
    let memory = files.fold(Memory::new(), |memory, (path, text)| memory.file(path, text));
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
