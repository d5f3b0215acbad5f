//! Properties of builds. Each tests one feature with a fixed kustomization, so that most inputs reach the feature.

use krender::build::{self, Options};
use krender::error::Error;
use krender::load::{self, Loader, Memory};
use krender::resource::ResMap;

use super::archive;

/// Objects for kustomizations that list `objects.yaml`.
const OBJECTS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: web}, annotations: {note: plain}}
data:
  plain: text
  embedded.yaml: |
    # a comment
    a: [1, {b: two}]
    c: |-
      lines
  embedded.json: '{\"a\": [1, {\"b\": \"two\"}]}'
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1.0@sha256:0000
        args: [--port=$(PORT), $(NAME)]
        envFrom: [{configMapRef: {name: settings}}]
      - {name: side.car, image: nginx}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}, {port: 81}]}
";

/// A build of any files gives resources or an error.
///
/// The bytes are an archive; its first file is kustomization.yaml.
pub(crate) fn build_never_panics(bytes: &[u8]) {
    drop(render(archive::files(bytes, "kustomization.yaml")));
}

/// A strategic merge patch gives resources or an error, and its output is stable.
///
/// The bytes are an archive of the resources and, as `patch.yaml`, the patch.
pub(crate) fn strategic_merge(bytes: &[u8]) {
    patched(bytes, "resources: [objects.yaml]\npatches: [{path: patch.yaml}]\n");
}

/// A JSON patch gives resources or an error, and its output is stable.
///
/// The bytes are an archive of the resources and, as `patch.yaml`, the patch.
pub(crate) fn json_patch(bytes: &[u8]) {
    let kustomization =
        "resources: [objects.yaml]\npatches: [{path: patch.yaml, target: {name: .*}}]\n";
    patched(bytes, kustomization);
}

fn patched(bytes: &[u8], kustomization: &str) {
    let files = archive::files(bytes, "objects.yaml");
    stable(render(files.file("kustomization.yaml", kustomization)));
}

/// Replacements give resources or an error.
///
/// The bytes are a file for `replacements[].path`: one replacement or a list of them.
pub(crate) fn replacement_paths(bytes: &[u8]) {
    let files = Memory::new()
        .file("kustomization.yaml", "resources: [objects.yaml]\nreplacements: [{path: r.yaml}]\n")
        .file("objects.yaml", OBJECTS)
        .file("r.yaml", bytes);
    stable(render(files));
}

/// Any kustomization with fixed files gives resources or an error.
pub(crate) fn kustomization_fields(bytes: &[u8]) {
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n\
        labels: [{pairs: {tier: front}, includeSelectors: true}]\n";
    let patch = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort}\n";
    let files = Memory::new()
        .file("kustomization.yaml", bytes)
        .file("objects.yaml", OBJECTS)
        .file("patch.yaml", patch)
        .file("file.env", "A=1\n# comment\nB=two words\n")
        .file("base/kustomization.yaml", "resources: [../objects.yaml]\nnameSuffix: -base\n")
        .file("base/own/kustomization.yaml", "resources: [objects.yaml]\n")
        .file("base/own/objects.yaml", OBJECTS)
        .file("component/kustomization.yaml", component);
    drop(render(files));
}

/// Asserts that rendered output renders to itself.
fn stable(rendered: Result<ResMap, Error>) {
    let Ok(text) = rendered.and_then(|resources| resources.to_yaml()) else { return };
    let files = Memory::new()
        .file("kustomization.yaml", "resources: [rendered.yaml]\n")
        .file("rendered.yaml", text.clone());
    match render(files).and_then(|resources| resources.to_yaml()) {
        Ok(again) => assert_eq!(text, again),
        // A patch may remove the kind or name of an object: it is printed, and is not a resource any more.
        Err(error) => assert!(!error.code().as_str().contains("yaml"), "{error:?}\n{text}"),
    }
}

/// Renders the kustomization at the top of some files, and writes it out.
pub(crate) fn render(files: Memory) -> Result<ResMap, Error> {
    let loader = Loader::new(files, load::Options::default());
    let output = build::build(&loader, "/", &Options::default())?;
    drop(output.resources.to_yaml());
    Ok(output.resources)
}
