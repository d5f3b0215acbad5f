//! How many times faster the parser is than saphyr-parser's event stream, over the real manifests of `../shared/bench`.
//!
//! Both read the same files in turns, within one run, so that whatever else the machine does meets both alike. The
//! ratio is the median over the pairs. `cargo bench --bench ratio`
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![allow(clippy::print_stdout, reason = "the numbers are the product")]

mod real;
mod tree;

use std::hint::black_box;
use std::time::{Duration, Instant};

use krender::source::Sources;
use krender::yaml::parse;

const PAIRS: usize = 15;

fn main() {
    println!(
        "{:<18} {:>8} {:>12} {:>12} {:>8}",
        "input", "MB", "krender MB/s", "saphyr MB/s", "ratio"
    );
    for name in ["generated", "argo-workflows", "kubeflow-example"] {
        let files = if name == "generated" { tree::files(10_000, &[]) } else { real::files(name) };
        if files.is_empty() {
            println!("{name:<18} absent");
            continue;
        }
        compare(name, files);
    }
}

fn compare(name: &str, files: Vec<(String, String)>) {
    let store = Sources::new();
    let sources: Vec<_> = files
        .into_iter()
        .map(|(path, text)| store.add(path, text).expect("the text is UTF-8"))
        .collect();
    let megabytes = sources.iter().map(|source| source.text().len()).sum::<usize>() as f64 / 1e6;
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let mut ratios = Vec::new();
    for _ in 0..PAIRS {
        let our =
            time(|| sources.iter().for_each(|source| drop(black_box(parse::documents(source)))));
        let their = time(|| {
            for source in &sources {
                black_box(real::saphyr_events(source.text()));
            }
        });
        ours.push(megabytes / our.as_secs_f64());
        theirs.push(megabytes / their.as_secs_f64());
        ratios.push(their.as_secs_f64() / our.as_secs_f64());
    }
    let [ours, theirs, ratio] = [ours, theirs, ratios].map(median);
    println!("{name:<18} {megabytes:>8.1} {ours:>12.0} {theirs:>12.0} {ratio:>8.2}");
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
