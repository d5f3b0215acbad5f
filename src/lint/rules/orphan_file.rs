//! KR-KUS-003: manifests that no kustomization lists.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::layers::Layer;
use crate::lint::mentions::Mentions;
use crate::lint::scene::Scene;
use crate::load::{KUSTOMIZATION_FILES, Kind};
use crate::source::Span;
use crate::yaml::{Node, parse};

/// The API groups, or parts of them, of documents that tools read as files, or that are applied by other means.
const TOOLS: [&str; 24] = [
    "kustomize.config.k8s.io",
    "kustomize.toolkit.fluxcd.io",
    "helm.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
    "argoproj.io/v1alpha1",
    "skaffold",
    "kind.x-k8s.io",
    "kubeadm.k8s.io",
    "kubelet.config.k8s.io",
    "kubeproxy.config.k8s.io",
    "audit.k8s.io",
    "apiserver.config.k8s.io",
    "eksctl.io",
    "k3d.io",
    "kuttl.dev",
    "chainsaw.kyverno.io",
    "cli.kyverno.io",
    "backstage.io",
    "scorecard.operatorframework.io",
    "builtin",
    "kubetest",
    "config.kubernetes.io",
    "kpt.dev",
    "ctlptl.dev",
];

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let used = used(scene);
    let mentions = Mentions::new(scene.loader);
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        if layer.root.remote().is_some() || scene.layers.is_of_tests(layer) {
            continue;
        }
        let folder = mentions.folder(layer.root.path())?;
        if folder.entries.iter().any(|(path, _)| path.ends_with("Chart.yaml")) {
            continue;
        }
        for (path, kind) in &folder.entries {
            if *kind != Kind::File || !is_candidate(path) || used.contains(path) {
                continue;
            }
            let Some((place, object)) = manifest(scene, path) else { continue };
            if mentions.mentions(path) {
                continue;
            }
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            let message = format!("no kustomization lists `{name}` ({object})");
            found.push(Found::at(number, place, &["resources", name], message));
        }
    }
    Ok(found)
}

/// The files that the kustomizations of the run list, and those that its builds looked up.
fn used(scene: &Scene<'_>) -> BTreeSet<PathBuf> {
    let listed = |layer: &Layer| -> Vec<PathBuf> {
        let entries = layer.entries.iter();
        entries.filter_map(|entry| layer.root.canonical(&entry.path)).collect()
    };
    let listed = scene.layers.iter().flat_map(listed);
    let read = scene.loader.inputs().into_iter().map(|input| input.path);
    listed.chain(read).collect()
}

fn is_candidate(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let is_yaml = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    let is_values = name.contains("values") || name.contains("example") || name.contains("sample");
    is_yaml && !name.starts_with('.') && !is_values && !KUSTOMIZATION_FILES.contains(&name)
}

/// The first object of a file, and its place, if all documents of the file are objects of a cluster.
fn manifest(scene: &Scene<'_>, path: &Path) -> Option<(Span, String)> {
    let file = scene.loader.file_at(path).ok()?;
    let documents = parse::documents(file.source().ok()?).ok()?;
    let mut objects =
        documents.iter().map(|one| &one.root).filter(|root| !root.is_null()).peekable();
    let first = objects.peek()?;
    // A comment above it is one about the file.
    let place = first.entries().first().map_or(first.span(), |(key, _)| key.span());
    let told = object(first)?;
    objects.all(|root| object(root).is_some()).then_some((place, told))
}

/// The kind and the name of an object of a cluster.
fn object(root: &Node) -> Option<String> {
    let text = |path: &[&str]| root.get_path(path).and_then(Node::as_text);
    let (version, kind) = (text(&["apiVersion"])?, text(&["kind"])?);
    let name = text(&["metadata", "name"])?;
    let is_of_tool = TOOLS.iter().any(|tool| version.starts_with(tool) || version.contains(tool));
    (!is_of_tool).then(|| format!("{kind} `{name}`"))
}
