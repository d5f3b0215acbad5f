//! YAML alone: text to tree, tree to text, and both, compared with the event stream of saphyr-parser.
//!
//! Generated trees are always measured, the real manifests of `../shared/bench` only if they are present.

mod real;
mod tree;

use divan::counter::BytesCount;
use krender::source::{Source, Sources};
use krender::yaml::{self, parse};
use std::sync::Arc;

fn main() {
    divan::main();
}

/// Files of one kind, as input for the parser.
struct Corpus {
    sources: Vec<Arc<Source>>,
    bytes: usize,
}

/// The names of the corpora that are present.
fn corpora() -> Vec<&'static str> {
    ["generated", "kubeflow-example", "argo-workflows"]
        .into_iter()
        .filter(|name| *name == "generated" || !real::files(name).is_empty())
        .collect()
}

fn corpus(name: &str) -> Corpus {
    let files = if name == "generated" { tree::files(1_000, &[]) } else { real::files(name) };
    let store = Sources::new();
    let sources: Vec<_> = files
        .into_iter()
        .map(|(path, text)| store.add(path, text).expect("the text is UTF-8"))
        .collect();
    let bytes = sources.iter().map(|source| source.text().len()).sum();
    Corpus { sources, bytes }
}

fn parse_all(corpus: &Corpus) -> Vec<parse::Document> {
    // Some files of real trees are templates, not YAML.
    corpus.sources.iter().filter_map(|source| parse::documents(source).ok()).flatten().collect()
}

fn emit_all(documents: &[parse::Document]) -> String {
    let mut text = String::new();
    for document in documents {
        // A document that cannot be written adds no text.
        drop(yaml::emit(&document.root, &mut text));
    }
    text
}

#[divan::bench(args = corpora())]
fn text_to_tokens(bencher: divan::Bencher<'_, '_>, name: &str) {
    let corpus = corpus(name);
    bencher.counter(BytesCount::new(corpus.bytes)).bench_local(|| {
        let tokens = corpus.sources.iter().filter_map(|source| parse::tokens(source).ok());
        tokens.map(|tokens| tokens.list().len()).sum::<usize>()
    });
}

#[divan::bench(args = corpora())]
fn text_to_tree(bencher: divan::Bencher<'_, '_>, name: &str) {
    let corpus = corpus(name);
    bencher.counter(BytesCount::new(corpus.bytes)).bench_local(|| parse_all(&corpus));
}

#[divan::bench(args = corpora())]
fn tree_to_text(bencher: divan::Bencher<'_, '_>, name: &str) {
    let corpus = corpus(name);
    let documents = parse_all(&corpus);
    bencher.counter(BytesCount::new(corpus.bytes)).bench_local(|| emit_all(&documents));
}

#[divan::bench(args = corpora())]
fn text_to_text(bencher: divan::Bencher<'_, '_>, name: &str) {
    let corpus = corpus(name);
    bencher.counter(BytesCount::new(corpus.bytes)).bench_local(|| emit_all(&parse_all(&corpus)));
}

#[divan::bench(args = corpora())]
fn saphyr_events(bencher: divan::Bencher<'_, '_>, name: &str) {
    let corpus = corpus(name);
    bencher.counter(BytesCount::new(corpus.bytes)).bench_local(|| {
        corpus.sources.iter().map(|source| real::saphyr_events(source.text())).sum::<usize>()
    });
}
