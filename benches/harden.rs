//! Checks and hardening of generated trees from memory: the cost per pod for a profile, and a check that it stays
//! linear. Each pod has a Service and a ConfigMap, as in real repositories.

mod tree;

use divan::Bencher;
use divan::counter::ItemsCount;
use krender::build;
use krender::harden::{Class, Fixes, Profile, Settings, check, harden};
use krender::load::{self, Loader, Memory};
use krender::resource::ResMap;
use krender::schema::Schema;

fn main() {
    divan::main();
}

const PODS: [usize; 3] = [10, 1_000, 10_000];

/// The render of a tree with a number of pods, and its loader.
fn rendered(pods: usize) -> (ResMap, Loader) {
    let add =
        |memory: Memory, (path, text): (String, String)| memory.file(format!("/tree/{path}"), text);
    let memory = tree::files(3 * pods, &[]).into_iter().fold(Memory::new(), add);
    let loader = Loader::new(memory, load::Options::default());
    let output = build::build(&loader, "/tree/base", &build::Options::default());
    (output.expect("a generated tree renders").resources, loader)
}

fn settings(profile: &str) -> Settings {
    Settings::of(profile.parse::<Profile>().expect("a profile"))
}

#[divan::bench(args = PODS)]
fn check_restricted(bencher: Bencher<'_, '_>, pods: usize) {
    measure_check(bencher, pods, "restricted");
}

#[divan::bench(args = PODS)]
fn check_recommended(bencher: Bencher<'_, '_>, pods: usize) {
    measure_check(bencher, pods, "recommended");
}

fn measure_check(bencher: Bencher<'_, '_>, pods: usize, profile: &str) {
    let ((resources, loader), settings) = (rendered(pods), settings(profile));
    bencher
        .counter(ItemsCount::new(pods))
        .bench_local(|| check(&resources, loader.sources(), &settings));
}

#[divan::bench(args = PODS)]
fn harden_all(bencher: Bencher<'_, '_>, pods: usize) {
    let ((resources, loader), settings) = (rendered(pods), settings("paranoid"));
    bencher.counter(ItemsCount::new(pods)).with_inputs(|| resources.clone()).bench_local_values(
        |mut resources| {
            let fixes = Fixes::UpTo(Class::Override);
            harden(&mut resources, loader.sources(), &Schema::built_in(), &settings, fixes)
                .expect("it hardens")
        },
    );
}
