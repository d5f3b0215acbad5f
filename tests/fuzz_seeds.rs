//! Replays the inputs of the fuzz targets as ordinary tests: hand-written seeds and earlier findings
//! (`fuzz/seeds/TARGET/`), and inputs made from the cases in `testdata/`.
//!
//! `KRENDER_SEEDS=fuzz/corpus cargo test --test fuzz_seeds` also writes them all below that folder, for `cargo fuzz`.
#![allow(clippy::disallowed_methods, reason = "a test reads its inputs itself")]
#![allow(clippy::print_stderr, reason = "a failing test says which seed it was")]

#[path = "../fuzz/properties/mod.rs"]
mod properties;
mod seeds;

use std::path::Path;

/// A test for each target, which replays its seeds.
macro_rules! replays {
    ($($target:ident: $made:expr,)+) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target), &$made, properties::$target);
        })+

        /// Each fuzz target has a test here.
        #[test]
        fn no_target_is_left_out() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
            let targets = seeds::files_below(&folder).into_iter().map(|path| {
                path.file_stem().expect("a file has a name").to_string_lossy().into_owned()
            });
            assert_eq!(targets.collect::<Vec<_>>(), {
                let mut replayed = vec![$(stringify!($target)),+];
                replayed.sort_unstable();
                replayed
            });
        }
    };
}

replays! {
    parse_never_panics: seeds::documents(),
    emit_reparses: seeds::documents(),
    edits_are_exact: seeds::documents(),
    build_never_panics: seeds::trees(),
    kustomization_fields: seeds::kustomizations(),
    strategic_merge: seeds::patches(),
    json_patch: seeds::patches(),
    replacement_paths: seeds::replacements(),
    check_suppressions: seeds::judged(),
    diff_of_renders: seeds::pairs(),
    dockerfile_rules: seeds::dockerfiles(),
    expressions: seeds::expressions(),
    revision_trees: [],
}

fn replay(target: &str, made: &[Vec<u8>], property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let kept = seeds::files_below(&folder);
    assert!(!kept.is_empty(), "no seeds in {}", folder.display());
    let is_of_objects = target == "revision_trees";
    assert!(is_of_objects || !made.is_empty(), "no case in testdata/ makes a seed for {target}");
    for seed in kept {
        eprintln!("{}", seed.display());
        property(&std::fs::read(&seed).expect("the seed is readable"));
    }
    let written = std::env::var_os("KRENDER_SEEDS").map(|folder| Path::new(&folder).join(target));
    for (number, seed) in made.iter().enumerate() {
        if let Some(folder) = &written {
            std::fs::create_dir_all(folder).expect("the folder can be made");
            std::fs::write(folder.join(format!("testdata-{number}")), seed)
                .expect("the seed can be written");
        }
        eprintln!("{target}, seed {number} from testdata:\n{}", String::from_utf8_lossy(seed));
        property(seed);
    }
}
