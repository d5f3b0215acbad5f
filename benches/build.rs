//! Builds of generated trees from memory: the cost per resource, the cost of each feature, and a check that it stays
//! linear.

mod tree;

use divan::counter::ItemsCount;
use krender::build;
use krender::error::Result;
use krender::load::{self, Loader, Memory};
use tree::Feature;

fn main() {
    divan::main();
}

const SIZES: [usize; 3] = [10, 1_000, 10_000];

fn memory(resources: usize, features: &[Feature]) -> Memory {
    let add =
        |memory: Memory, (path, text): (String, String)| memory.file(format!("/tree/{path}"), text);
    tree::files(resources, features).into_iter().fold(Memory::new(), add)
}

/// Reads, builds and prints one of the two kustomizations of a tree.
fn render(memory: Memory, target: &str) -> Result<String> {
    let loader = Loader::new(memory, load::Options::default());
    build::build(&loader, target, &build::Options::default())?.resources.to_yaml()
}

#[divan::bench(args = SIZES)]
fn base(bencher: divan::Bencher<'_, '_>, resources: usize) {
    measure(bencher, &memory(resources, &[]), resources, "/tree/base");
}

#[divan::bench(args = SIZES)]
fn all_features(bencher: divan::Bencher<'_, '_>, resources: usize) {
    let files = memory(resources, &Feature::ALL);
    measure(bencher, &files, resources + resources / 8, "/tree/overlay");
}

/// A thousand resources with one feature. The time of `base` is included.
#[divan::bench(args = Feature::ALL.map(Feature::name))]
fn feature(bencher: divan::Bencher<'_, '_>, name: &str) {
    let alone: Vec<_> = Feature::ALL.into_iter().filter(|feature| feature.name() == name).collect();
    measure(bencher, &memory(1_000, &alone), 1_000, "/tree/overlay");
}

/// New names for all referenced objects: a prefix and a namespace for each of them, a hash for one in eight.
#[divan::bench(args = SIZES)]
fn name_references(bencher: divan::Bencher<'_, '_>, resources: usize) {
    let renaming = [Feature::Prefix, Feature::Namespace, Feature::Generators];
    let files = memory(resources, &renaming);
    measure(bencher, &files, resources + resources / 8, "/tree/overlay");
}

fn measure(bencher: divan::Bencher<'_, '_>, files: &Memory, rendered: usize, target: &str) {
    bencher
        .counter(ItemsCount::new(rendered))
        .with_inputs(|| files.clone())
        .bench_local_values(|files| render(files, target).expect("a generated tree renders"));
}
