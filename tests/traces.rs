//! Laws of traces, checked on real kustomizations: the last value of every field is the rendered one, and the first one stands in
//! the file that the trace names, or was made by the generator or transformer that it names.
//!
//! The kustomizations are expected next to the checkout, in `../shared/conformance/realworld`. A sample of them is checked, and
//! with `KRENDER_CORPUS=1` all.
#![expect(clippy::disallowed_methods, reason = "the kustomizations are files")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::{collections::BTreeMap, fs, path::Path};

use krender::{
    build, fleet,
    load::{self, Disk, Loader},
    report::traces::{Annotated, annotate},
    resource::Resource,
    source::{Source, Sources},
    trace::{Asker, Chain, FieldPath, History, Leaf, Trace, leaves, mark_lines, settings},
    yaml::{self, Node, parse},
};

/// Every how many roots one is checked.
const SAMPLE: usize = 9;

#[test]
fn the_trace_of_every_field_ends_at_the_output_and_begins_in_a_file() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/realworld");
    let Ok(manifest) = fs::read_to_string(corpus.join("manifest.tsv")) else {
        let message = format!("there are no real kustomizations in {}", corpus.display());
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{message}");
        eprintln!("skipped: {message}");
        return;
    };
    let step = if std::env::var_os("KRENDER_CORPUS").is_some() { 1 } else { SAMPLE };
    let mut by_repository: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in manifest.lines().skip(1).step_by(step) {
        let mut columns = line.split('\t');
        let (repository, root) = (columns.next().unwrap(), columns.next().unwrap());
        by_repository.entry(repository).or_default().push(root);
    }
    let mut counts = Counts::default();
    for (repository, roots) in by_repository {
        let options = load::Options {
            restrictor: load::Restrictor::None,
            working_directory: corpus.join("repos").join(repository).canonicalize().unwrap(),
            ..load::Options::default()
        };
        let loader = Loader::new(Disk, options);
        let default = build::Options::default();
        let run = fleet::Run::new(&loader, &default);
        for root in roots {
            let Ok(trace) = Trace::of(&run, root, &mut Vec::new()) else { continue };
            let plain = run.build(root, &mut Vec::new()).unwrap();
            assert_eq!(trace.resources.to_yaml().unwrap(), plain.to_yaml().unwrap(), "{root}");
            assert_eq!(trace.rendered().count(), plain.len(), "{root}");
            for (resource, history) in trace.rendered() {
                counts.object(&trace, resource, history, loader.sources());
            }
            counts.roots += 1;
        }
    }
    eprintln!("{counts:?}");
    assert!(counts.roots > 250 && counts.fields > 40_000, "{counts:?}");
    assert!(counts.elsewhere.is_empty(), "{:#?}", counts.elsewhere);
}

#[derive(Debug, Default)]
struct Counts {
    roots: usize,
    fields: usize,
    /// Fields whose first value stands in the place that the trace names.
    written: usize,
    /// Fields whose first value was made by a generator or transformer.
    made: usize,
    /// Fields without a place.
    elsewhere: Vec<String>,
}

impl Counts {
    fn object(&mut self, trace: &Trace, resource: &Resource, history: &History, sources: &Sources) {
        let chain = Chain::of(history);
        let root = chain.value().unwrap();
        let emitted = |node: &Node| {
            let mut text = String::new();
            yaml::emit(node, &mut text).unwrap();
            text
        };
        let text = emitted(resource.node());
        let json = |node: &Node| {
            let mut text = String::new();
            yaml::write_json(node, yaml::Form::Compact, &mut text).unwrap();
            text
        };
        assert_eq!(json(root), json(resource.node()), "{}", resource.id());
        let fields = leaves(FieldPath::default(), chain.clone(), false);
        let below = |node: &Node| node.children().next().is_some();
        assert_eq!(fields.len(), resource.node().walk().filter(|node| !below(node)).count());
        for leaf in &fields {
            self.field(trace, resource, leaf, sources);
        }
        let marked = mark_lines(&text, &chain).unwrap();
        assert_eq!(marked.iter().filter(|field| field.is_leaf).count(), fields.len(), "{text}");
        // Comments change nothing but themselves.
        for annotated in [Annotated::Objects, Annotated::Fields] {
            let with_comments = annotate(&text, history, trace, sources, annotated).unwrap();
            let document = parse::document(&Source::detached(&with_comments)).unwrap().unwrap();
            assert_eq!(emitted(&document.root), text);
            assert!(with_comments.lines().any(|line| line.contains("# ")));
        }
    }

    fn field(&mut self, trace: &Trace, resource: &Resource, leaf: &Leaf<'_>, sources: &Sources) {
        self.fields += 1;
        let path = leaf.path.pointer();
        let rendered = at(resource.node(), &path).unwrap();
        let settings = settings(trace, &leaf.path, &leaf.chain, sources);
        let last = settings.first().unwrap().value.unwrap();
        assert_eq!(last.as_text(), rendered.as_text(), "{path}");
        let first = settings.last().unwrap();
        let step = trace.step(first.step).unwrap();
        let value = first.value.unwrap();
        let text = value.as_text().unwrap_or_default();
        let is_written = sources.locate(first.span).is_some_and(|place| {
            let shown = &place.source.text()[place.range.clone()];
            let begin: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
            value.is_empty() || shown.contains(&begin)
        });
        let is_made = !step.builtin.is_empty() || !matches!(step.asked, Asker::Field("resources"));
        if is_written {
            self.written += 1;
        } else if is_made {
            self.made += 1;
        } else {
            self.elsewhere.push(format!("{} {path} {text:?} {step:?}", resource.id()));
        }
    }
}

/// The node at a JSON pointer.
fn at<'n>(root: &'n Node, pointer: &str) -> Option<&'n Node> {
    pointer.split('/').skip(1).try_fold(root, |node, part| {
        let key = yaml::path::of_pointer(part);
        match node.items() {
            [] => node.get(&key),
            items => items.get(key.parse::<usize>().ok()?),
        }
    })
}
