//! Builds of generated trees from memory: what one resource costs, and whether the cost stays linear.

mod tree;

use divan::counter::ItemsCount;
use krender::build;
use krender::error::Result;
use krender::load::{self, Loader, Memory};

fn main() {
    divan::main();
}

const SIZES: [usize; 3] = [10, 1_000, 10_000];

fn memory(resources: usize) -> Memory {
    let add =
        |memory: Memory, (path, text): (String, String)| memory.file(format!("/tree/{path}"), text);
    tree::files(resources).into_iter().fold(Memory::new(), add)
}

/// Reads, builds and prints one of the two kustomizations of a tree.
fn render(memory: Memory, target: &str) -> Result<String> {
    let loader = Loader::new(memory, load::Options::default());
    build::build(&loader, target, &build::Options::default())?.resources.to_yaml()
}

#[divan::bench(args = SIZES)]
fn base(bencher: divan::Bencher<'_, '_>, resources: usize) {
    measure(bencher, resources, resources, "/tree/base");
}

#[divan::bench(args = SIZES)]
fn overlay(bencher: divan::Bencher<'_, '_>, resources: usize) {
    measure(bencher, resources, resources + resources / 8, "/tree/overlay");
}

fn measure(bencher: divan::Bencher<'_, '_>, resources: usize, rendered: usize, target: &str) {
    let files = memory(resources);
    bencher
        .counter(ItemsCount::new(rendered))
        .with_inputs(|| files.clone())
        .bench_local_values(|files| render(files, target).expect("a generated tree renders"));
}
