//! Several threads that build different targets from one loader get what each target gives alone.

mod tree;

use krender::build;
use krender::load::{self, Loader, Memory};
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
}

/// What a target renders to, or the codes and messages of what is wrong with it.
type Rendered = Result<String, Vec<String>>;

fn loader(tree: &Tree) -> Loader {
    let files = tree.files().into_iter();
    let memory = files.fold(Memory::new(), |memory, (path, text)| memory.file(path, text));
    Loader::new(memory, load::Options::default())
}

fn render(loader: &Loader, target: &str) -> Rendered {
    build::build(loader, target, &build::Options::default())
        .and_then(|output| output.resources.to_yaml())
        .map_err(|error| {
            error.iter().map(|one| format!("{}: {}", one.code(), one.message())).collect()
        })
}
