//! KR-KUS-010: copies of a patch in several overlays.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Patch;
use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::layers::Layer;
use crate::lint::scene::Scene;
use crate::source::{Source, Span};
use crate::text::phrase::few;
use crate::yaml::de::Spanned;
use crate::yaml::{Text, parse, to_json};

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut copies: BTreeMap<String, BTreeMap<usize, (Span, String)>> = BTreeMap::new();
    // Components are variants of a part by design.
    for (number, layer) in scene.layers.numbered().filter(|(_, one)| !one.fields.is_component()) {
        for (text, span, name) in patches(layer) {
            copies.entry(text).or_default().entry(number).or_insert((span, name));
        }
    }
    let mut found: BTreeMap<usize, (Found, BTreeSet<usize>, usize)> = BTreeMap::new();
    for copies in copies.into_values().filter(|copies| copies.len() > 1) {
        let numbers: Vec<usize> = copies.keys().copied().collect();
        let numbers = apart(scene, &numbers);
        let [first, others @ ..] = &*numbers else { continue };
        let Some((span, name)) = copies.get(first).filter(|_| !others.is_empty()) else { continue };
        let one = || {
            let one = Found::at(*first, *span, &["patches", name], String::new());
            (one, BTreeSet::new(), 0)
        };
        // Several patches of one kustomization with copies elsewhere are one cause.
        let (_, all, count) = found.entry(*first).or_insert_with(one);
        all.extend(others);
        *count += 1;
    }
    let told = |(mut one, others, count): (Found, BTreeSet<usize>, usize)| {
        let others = scene.layers.names(others);
        let others = few(&others, 2, |name| format!("`{name}`"));
        one.message = match count {
            1 => format!("the patch has a copy in {others}"),
            count => {
                format!("{count} patches, of which this is the first, have copies in {others}")
            }
        };
        one
    };
    Ok(found.into_values().map(told).collect())
}

/// The kustomizations that share a base, and of which none includes another.
fn apart(scene: &Scene<'_>, numbers: &[usize]) -> Vec<usize> {
    let bases = |number: &usize| (*number, scene.layers.bases_below(*number));
    let below: BTreeMap<usize, BTreeSet<usize>> = numbers.iter().map(bases).collect();
    let Some(first) = numbers.first() else { return Vec::new() };
    let shares = |number: &usize| {
        number == first
            || !below[first].contains(number)
                && !below[number].contains(first)
                && below[first].intersection(&below[number]).next().is_some()
    };
    numbers.iter().copied().filter(shares).collect()
}

/// The patches of a kustomization: content and target as a text to compare, the place, and the text that identifies it.
fn patches(layer: &Layer) -> Vec<(String, Span, String)> {
    let mut found = Vec::new();
    for entry in layer.fields.patches.iter().chain(&layer.fields.patches_json6902) {
        let Patch { path, patch, target, options: _ } = &entry.value;
        let Some(text) = content(layer, path, patch) else { continue };
        let target = target.as_ref().map(|target| {
            let parts = [&target.group, &target.version, &target.kind, &target.name];
            let more = [&target.namespace, &target.label_selector, &target.annotation_selector];
            let parts = parts.into_iter().chain(more).map(|part| part.as_str());
            parts.collect::<Vec<_>>().join("\n")
        });
        let name = if path.is_empty() { patch } else { path };
        found.push((
            format!("{}\n{text}", target.unwrap_or_default()),
            entry.span,
            name.to_string(),
        ));
    }
    for entry in &layer.fields.patches_strategic_merge {
        if let Some(text) = content(layer, entry, entry) {
            found.push((format!("\n{text}"), entry.span, entry.to_string()));
        }
    }
    found
}

/// The documents of a patch as JSON: of the file, if there is one.
fn content(layer: &Layer, path: &Spanned<Text>, patch: &Spanned<Text>) -> Option<String> {
    let documents = match layer.root.kind_of(path) {
        crate::load::Kind::File => parse::documents(&*layer.root.read(path, path.span).ok()?),
        _ => parse::documents(&Source::detached(patch)),
    };
    let mut text = String::new();
    for document in documents.ok()? {
        to_json(&document.root, &mut text).ok()?;
        text.push('\n');
    }
    (text.len() > 2).then_some(text)
}
