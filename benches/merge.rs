//! Patches on parsed resources: strategic merges of deep fields, and of lists of increasing length.

mod tree;

use divan::counter::ItemsCount;
use krender::patch;
use krender::schema::Schema;
use krender::source::Sources;
use krender::yaml::{Node, parse};

fn main() {
    divan::main();
}

/// The documents of a text.
fn documents(text: String) -> Vec<Node> {
    let source = Sources::new().add("input.yaml", text).expect("the text is UTF-8");
    let documents = parse::documents(&source).expect("the text is YAML");
    documents.into_iter().map(|document| document.root).collect()
}

fn merge_all(resources: &mut [Node], patch: &Node, schema: &Schema) {
    for resource in resources {
        patch::merge(resource, patch, schema).expect("the patch fits");
    }
}

/// The Deployments of a generated tree.
fn deployments(resources: usize) -> Vec<Node> {
    let files = tree::files(resources, &[]);
    let objects = files.into_iter().filter(|(path, _)| path.contains("objects"));
    let roots = objects.flat_map(|(_, text)| documents(text));
    roots
        .filter(|root| root.get("spec").is_some_and(|spec| spec.get("replicas").is_some()))
        .collect()
}

const LIMITS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: any
spec:
  template:
    spec:
      containers:
      - name: app
        resources:
          limits:
            memory: 512Mi
";

/// A patch of one field of one container, in each of many Deployments.
#[divan::bench]
fn one_field(bencher: divan::Bencher<'_, '_>) {
    let (resources, schema) = (deployments(3_000), Schema::built_in());
    let patch = documents(LIMITS.into()).remove(0);
    bencher
        .counter(ItemsCount::new(resources.len()))
        .with_inputs(|| resources.clone())
        .bench_local_refs(|resources| merge_all(resources, &patch, &schema));
}

/// A patch of every second variable of a container with `length` variables, and of as many new ones.
#[divan::bench(args = [10, 100, 1_000])]
fn long_list(bencher: divan::Bencher<'_, '_>, length: usize) {
    let pod = |names: &mut dyn Iterator<Item = usize>, value: &str| {
        let head = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    env:\n";
        let item = |name| format!("    - {{name: VARIABLE_{name}, value: {value}}}\n");
        documents(names.map(item).fold(head.to_owned(), |text, item| text + &item))
    };
    let resources = pod(&mut (0..length), "old");
    let patch = pod(&mut (0..2 * length).step_by(2), "new").remove(0);
    let schema = Schema::built_in();
    bencher
        .counter(ItemsCount::new(length))
        .with_inputs(|| resources.clone())
        .bench_local_refs(|resources| merge_all(resources, &patch, &schema));
}
