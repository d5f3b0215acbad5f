//! The folders that Argo CD and Flux apply, as their objects name them.

use std::collections::{BTreeMap, BTreeSet};

use super::purpose::{is_path_of_production, says_production};
use crate::resource::Resource;
use crate::text::path;
use crate::text::wildcard::fits;

/// The objects that name folders to apply, by the folder that has them.
#[derive(Default)]
pub struct Applied {
    objects: BTreeMap<String, Vec<Applying>>,
}

/// An object that names folders to apply.
struct Applying {
    /// True if its fields say that it is for production.
    is_of_production: bool,
    folders: Vec<String>,
}

/// The fields that may say which cluster something is applied to.
const OF_PLACES: [&str; 5] = ["name", "namespace", "project", "server", "targetNamespace"];

impl Applied {
    /// Adds an object in a folder, if it names folders to apply.
    pub fn add(&mut self, folder: &str, object: &Resource) {
        if !applies(&object.gvk().group, object.kind()) {
            return;
        }
        let fields = object.node().walk().flat_map(|node| {
            let listed = node.items().iter().map(|item| ("", item));
            let named = node.entries().iter().map(|(key, value)| (key.text(), value));
            named.chain(listed)
        });
        self.add_fields(folder, fields.filter_map(|(key, value)| Some((key, value.as_text()?))));
    }

    /// Adds the objects in the text of a file in a folder. It is not parsed: it may be the template of a chart. Linear.
    pub fn add_text(&mut self, folder: &str, text: &str) {
        for document in text.split("\n---") {
            let group = ["argoproj.io", "toolkit.fluxcd.io"];
            if group.iter().any(|group| document.contains(group)) {
                self.add_fields(folder, fields(document));
            }
        }
    }

    fn add_fields<'t>(&mut self, folder: &str, fields: impl Iterator<Item = (&'t str, &'t str)>) {
        let mut applying = Applying { is_of_production: false, folders: Vec::new() };
        for (key, value) in fields {
            applying.is_of_production |= OF_PLACES.contains(&key) && says_production(value);
            // A generator of an ApplicationSet may give the path by another name.
            let may_be_path = key == "path" || value.contains('/') && !value.contains(':');
            applying.folders.extend(may_be_path.then(|| pattern(value)).flatten());
        }
        if !applying.folders.is_empty() {
            self.objects.entry(folder.to_owned()).or_default().push(applying);
        }
    }

    /// The folders that objects for production name, and those that objects in these name. Linear.
    #[must_use]
    pub fn for_production(self) -> ForProduction {
        let mut found = ForProduction::default();
        let mut left = self.objects;
        let mut pending = Vec::new();
        for (folder, objects) in &mut left {
            let is_all = is_path_of_production(folder);
            let (of_production, others) =
                objects.drain(..).partition(|one| is_all || one.is_of_production);
            *objects = others;
            pending.extend(Vec::into_iter(of_production).flat_map(|one| one.folders));
        }
        while let Some(folder) = pending.pop() {
            let is_new = found.add(&folder);
            let within: Vec<String> = match (is_new, folder.contains('*')) {
                (false, _) => Vec::new(),
                (true, true) => left.keys().filter(|one| fits(&folder, one)).cloned().collect(),
                (true, false) => {
                    let below = left.range(folder.clone()..);
                    let below = below.take_while(|(one, _)| one.starts_with(&folder));
                    let is_within = |one: &&String| is_at_or_below(one, &folder);
                    below.map(|(one, _)| one).filter(is_within).cloned().collect()
                }
            };
            for one in within {
                let objects = left.remove(&one).unwrap_or_default();
                pending.extend(objects.into_iter().flat_map(|one| one.folders));
            }
        }
        found
    }
}

/// Folders that are applied for production.
#[derive(Default)]
pub struct ForProduction {
    folders: BTreeSet<String>,
    /// Folders with `*` in their names.
    patterns: BTreeSet<String>,
    /// True if there are too many patterns: any folder may be one.
    is_any: bool,
}

/// The greatest number of patterns, with each of which targets are compared.
const MANY: usize = 256;

impl ForProduction {
    /// Adds a folder; true if it is a new one.
    fn add(&mut self, folder: &str) -> bool {
        if !folder.contains('*') {
            return self.folders.insert(folder.to_owned());
        }
        self.is_any |= self.patterns.len() >= MANY;
        !self.is_any && self.patterns.insert(folder.to_owned())
    }

    /// True for the path of a target that is applied for production, or is below such a folder.
    #[must_use]
    pub fn has(&self, target: &str) -> bool {
        let ends = target.match_indices('/').map(|(end, _)| end).chain([target.len()]);
        let mut above = ends.filter_map(|end| target.get(..end));
        let has = |folder: &str| {
            self.folders.contains(folder) || self.patterns.iter().any(|one| fits(one, folder))
        };
        self.is_any || above.any(has)
    }
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// True for a kind whose objects name folders of repositories to apply.
fn applies(group: &str, kind: &str) -> bool {
    match group {
        "argoproj.io" => matches!(kind, "Application" | "ApplicationSet"),
        "kustomize.toolkit.fluxcd.io" | "helm.toolkit.fluxcd.io" => {
            matches!(kind, "Kustomization" | "HelmRelease")
        }
        _ => false,
    }
}

/// The longest path that is looked at.
const LONGEST: usize = 1024;

/// A path as a pattern: what is filled in later is `*`. `None` for the top of a repository, for what may be any folder, and for a
/// path that leaves the repository.
fn pattern(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('/');
    if text.len() > LONGEST {
        return None;
    }
    let mut found = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        found += before;
        found.push('*');
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    found += rest;
    let found = path::clean(&found);
    let is_any = found.trim_matches(['*', '/', '.']).is_empty();
    (!is_any && !found.starts_with("..")).then_some(found)
}

/// The keys of a text with the values on their lines, and the elements of lists, in block style or on one line.
fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let parts = parts.flat_map(|line| line.split([',', '{', '[', ']']));
    parts.map(|part| {
        let part = part.trim_start_matches([' ', '-', '\t']);
        let (key, value) = part.split_once(": ").unwrap_or(("", part));
        let is_around = |letter: char| letter.is_whitespace() || letter == '"' || letter == '\'';
        let value = value.split_once(" #").map_or(value, |(value, _)| value);
        (key.trim_matches(is_around), value.trim_end_matches('}').trim_matches(is_around))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    const APPLICATION: &str = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: NAME}, \
        spec: {project: a, source: {repoURL: 'https://git.example.com/a', path: PATH}}}";

    fn application(name: &str, path: &str) -> String {
        APPLICATION.replace("NAME", name).replace("PATH", path)
    }

    #[test]
    fn folders_are_applied_for_production_by_the_place_and_the_fields_of_objects() {
        let (plain, flux) = (
            application("web", "examples/web"),
            "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: a}, spec: {path: ./local/web}}",
        );
        let set = "{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, metadata: {name: a}, spec: {generators: \
            [{list: {elements: [{dir: examples/set, env: dev}]}}, {git: {directories: [{path: 'demos/*'}]}}], \
            template: {spec: {source: {path: '{{dir}}'}}}}}";
        let named = application("web-prod", "examples/web");
        let nested = application("web", "examples/apps");
        for (objects, target, expected) in [
            (vec![("clusters/prod", &*plain)], "examples/web", true),
            (vec![("clusters/prod", &*plain)], "examples/web/inner", true),
            (vec![("clusters/prod", &*plain)], "examples/website", false),
            (vec![("clusters/dev", &*plain)], "examples/web", false),
            (vec![("clusters/dev", &*named)], "examples/web", true),
            (vec![("clusters/prod", flux)], "local/web", true),
            (vec![("clusters/prod", set)], "examples/set", true),
            (vec![("clusters/prod", set)], "demos/shop", true),
            (vec![("clusters/prod", set)], "demo/shop", false),
            (vec![("prod", &*nested), ("examples/apps", &*plain)], "examples/web", true),
            (vec![("dev", &*nested), ("examples/apps", &*plain)], "examples/web", false),
        ] {
            let (mut of_objects, mut of_texts) = (Applied::default(), Applied::default());
            for (folder, text) in &objects {
                of_objects.add(folder, &resource(text));
                of_texts.add_text(folder, text);
            }
            assert_eq!(of_objects.for_production().has(target), expected, "{objects:?} {target}");
            assert_eq!(of_texts.for_production().has(target), expected, "{objects:?} {target}");
        }
    }

    #[test]
    fn texts_in_block_style_are_read() {
        let mut found = Applied::default();
        let text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    \"path\": 'examples/web' # here\n";
        found.add_text("prod", text);
        found.add_text("prod", &text.replace("argoproj.io", "example.com").replace("web", "other"));
        let found = found.for_production();
        assert!(found.has("examples/web") && !found.has("examples/other"));
    }

    #[test]
    fn too_many_patterns_may_be_any_folder() {
        let mut found = ForProduction::default();
        for number in 0..=MANY {
            found.add(&format!("a{number}/*"));
        }
        assert!(found.has("examples/web"));
    }
}
