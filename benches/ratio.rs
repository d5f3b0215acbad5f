//! The speed of krender relative to saphyr-parser (reading YAML into events), for reading, and for reading and writing;
//! and the duration of a build relative to reading its inputs and writing its output.
//!
//! Both sides alternate within one run, so that other load on the machine affects both. Each ratio is the median over
//! the pairs. Results are dropped outside of the measured time. `cargo bench --bench ratio`
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![allow(clippy::print_stdout, reason = "the numbers are the product")]

mod real;
mod tree;

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use krender::build;
use krender::fleet::Run;
use krender::load::{self, Disk, Kind, Loader, Memory};
use krender::resource::ResMap;
use krender::source::{Source, Sources};
use krender::yaml::{self, parse};
use tree::Feature;

const PAIRS: usize = 15;

fn main() {
    println!("saphyr's time for events, over krender's for:");
    println!("{:<18} {:>8} {:>12} {:>20}", "input", "MB", "parsing", "parsing and emitting");
    for name in ["generated", "argo-workflows", "kubeflow-example"] {
        match if name == "generated" { tree::files(10_000, &[]) } else { real::files(name) } {
            files if files.is_empty() => println!("{name:<18} absent"),
            files => compare_with_events(name, files),
        }
    }
    println!("\na build's time, over that for parsing its inputs and emitting its output:");
    println!("{:<18} {:>8} {:>8}", "target", "ms", "ratio");
    let add =
        |memory: Memory, (path, text): (String, String)| memory.file(format!("/tree/{path}"), text);
    let generated = tree::files(4_000, &Feature::ALL).into_iter().fold(Memory::new(), add);
    compare_build("generated", &["/tree/overlay".to_owned()], || {
        Loader::new(generated.clone(), load::Options::default())
    });
    let real = [
        (
            "argo-workflows",
            vec!["manifests/cluster-install".to_owned()],
            real::root("argo-workflows"),
        ),
        ("kubeflow-example", vec!["example".to_owned()], real::root("kubeflow-example")),
        ("infra-deployments", real::roots("infra-deployments"), real::repositories()),
    ];
    for (name, targets, working_directory) in real {
        let options = load::Options { working_directory, ..load::Options::default() };
        compare_build(name, &targets, || Loader::new(Disk, options.clone()));
    }
}

fn compare_with_events(name: &str, files: Vec<(String, String)>) {
    let store = Sources::new();
    let sources: Vec<_> = files
        .into_iter()
        .map(|(path, text)| store.add(path, text).expect("the text is UTF-8"))
        .collect();
    let megabytes = sources.iter().map(|source| source.text().len()).sum::<usize>() as f64 / 1e6;
    let events = || sources.iter().map(|source| real::saphyr_events(source.text())).sum::<usize>();
    let read = ratio(events, || parse_all(&sources));
    let written = ratio(events, || {
        let documents = parse_all(&sources);
        let mut text = String::new();
        for document in &documents {
            // A document that cannot be written adds no text.
            drop(yaml::emit(&document.root, &mut text));
        }
        (documents, text)
    });
    println!("{name:<18} {megabytes:>8.1} {read:>12.2} {written:>20.2}");
}

/// One run on one thread. Some targets of real trees cannot be built.
fn compare_build(name: &str, targets: &[String], loader: impl Fn() -> Loader) {
    let options = build::Options::default();
    let build_all = |loader: &Loader| {
        let run = Run::new(loader, &options);
        run.expect(targets);
        let build = |target: &String| run.build(target, &mut Vec::new()).ok();
        targets.iter().filter_map(build).collect::<Vec<_>>()
    };
    let first = loader();
    let outputs = build_all(&first);
    if outputs.is_empty() {
        println!("{name:<18} absent");
        return;
    }
    let files = first.inputs().into_iter().filter(|input| input.kind == Kind::File);
    let text = |path: PathBuf| first.file(path.to_str()?).ok()?.source().ok().cloned();
    let sources: Vec<_> = files.filter_map(|input| text(input.path)).collect();
    let emit_all =
        |outputs: &[ResMap]| outputs.iter().map(|output| output.to_yaml()).collect::<Vec<_>>();
    let whole = || {
        let loader = loader();
        let outputs = build_all(&loader);
        (emit_all(&outputs), outputs, loader)
    };
    let (_, milliseconds) = time(whole);
    let ratio = ratio(whole, || (parse_all(&sources), emit_all(&outputs)));
    println!("{name:<18} {:>8.0} {ratio:>8.2}", milliseconds.as_secs_f64() * 1e3);
}

/// Some files of real trees are templates, not YAML.
fn parse_all(sources: &[Arc<Source>]) -> Vec<parse::Document> {
    sources.iter().filter_map(|source| parse::documents(source).ok()).flatten().collect()
}

/// The time of one function divided by that of the other.
fn ratio<T, U>(one: impl Fn() -> T, other: impl Fn() -> U) -> f64 {
    let pair = |_| time(&one).1.as_secs_f64() / time(&other).1.as_secs_f64();
    let mut ratios: Vec<f64> = (0..PAIRS).map(pair).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios[PAIRS / 2]
}

fn time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let made = black_box(work());
    (made, start.elapsed())
}
