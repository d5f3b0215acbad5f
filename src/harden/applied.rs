//! The folders that Argo CD and Flux apply, as their objects name them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::once;

use super::purpose::{is_path_of_production, says_production};
use super::value::text;
use super::workload::is_settled;
use crate::resource::Resource;
use crate::text::path;
use crate::text::wildcard::fits;
use crate::yaml::Node;

/// The objects that name folders to apply, by the folder that has them.
#[derive(Default)]
pub struct Applied {
    objects: BTreeMap<String, Vec<Applying>>,
    /// Those in the texts of files that renders have read, which count where a render has failed.
    read: BTreeMap<String, Vec<Applying>>,
    /// The texts of kustomizations.
    kustomizations: BTreeMap<String, String>,
    /// The folders of kustomizations that cannot be rendered.
    failed: BTreeSet<String>,
    /// The paths of links, and the folders to which they lead.
    links: BTreeMap<String, String>,
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
    /// Adds an object in a folder, if it names folders to apply, or has such objects in it. Linear.
    pub fn add(&mut self, folder: &str, object: &Resource) {
        if applies(&object.gvk().group, object.kind()) {
            self.add_node(folder, object.node());
        } else if object.kind() == "ConfigMap" {
            let data = object.node().get("data").map(Node::entries).unwrap_or_default();
            let texts = data.iter().filter_map(|(_, value)| value.as_text());
            texts.for_each(|text| self.add_text(folder, text));
        } else if !is_settled(object) {
            let mut pending = vec![object.node()];
            while let Some(node) = pending.pop() {
                if is_applying(node) {
                    self.add_node(folder, node);
                } else {
                    pending.extend(node.items());
                    pending.extend(node.entries().iter().map(|(_, value)| value));
                }
            }
        }
    }

    fn add_node(&mut self, folder: &str, node: &Node) {
        let values = node.walk().flat_map(|node| {
            let listed = node.items().iter().map(|item| ("", item));
            let named = node.entries().iter().map(|(key, value)| (key.text(), value));
            named.chain(listed)
        });
        let own: Vec<(&str, &str)> =
            values.filter_map(|(key, value)| Some((key, value.as_text()?))).collect();
        // Patches, elements and values of charts are texts with fields of their own.
        let texts = own.iter().map(|(_, text)| *text).filter(|text| has_fields(text));
        let texts: Vec<Cow<'_, str>> = texts.map(unescaped).collect();
        let inner = texts.iter().flat_map(|text| fields(text));
        if let Some(one) = applying(own.iter().copied().chain(inner)) {
            self.objects.entry(folder.to_owned()).or_default().push(one);
        }
    }

    /// Adds the objects in the text of a file in a folder. It is not parsed: it may be the template of a chart. Linear.
    pub fn add_text(&mut self, folder: &str, text: &str) {
        add_texts(&mut self.objects, folder, text);
    }

    /// Adds the objects in the text of a file that a render has read. They count if a kustomization that leads to the file
    /// cannot be rendered.
    pub fn add_text_of_render(&mut self, folder: &str, text: &str) {
        add_texts(&mut self.read, folder, text);
    }

    /// Adds the text of a kustomization, to know what it includes if it cannot be rendered.
    pub fn add_kustomization(&mut self, folder: &str, text: &str) {
        // It may have patches.
        self.add_text_of_render(folder, text);
        let known = self.kustomizations.entry(folder.to_owned()).or_default();
        known.push('\n');
        known.push_str(text);
    }

    /// Adds a kustomization that cannot be rendered. The texts of what it includes count.
    pub fn add_failed(&mut self, folder: &str) {
        self.failed.insert(folder.to_owned());
    }

    /// Adds the text of a kustomization that is no target, such as one in a hidden folder: for production are the folders that it
    /// includes if it is itself.
    pub fn add_unjudged(&mut self, folder: &str, text: &str) {
        self.add_text(folder, text);
        let folders: Vec<String> = included(folder, text).collect();
        let one = Applying { is_of_production: false, folders };
        self.objects.entry(folder.to_owned()).or_default().push(one);
    }

    /// Adds a link to a folder.
    pub fn add_link(&mut self, link: &str, folder: &str) {
        self.links.insert(link.to_owned(), folder.to_owned());
    }

    /// The folders that objects for production name, and those that objects in these name. Linear.
    #[must_use]
    pub fn for_production(mut self) -> ForProduction {
        self.take_read();
        let Self { objects: mut left, read: _, mut kustomizations, mut failed, links } = self;
        let mut found = ForProduction::default();
        let is_of_production = |(link, _): &(&String, &String)| is_path_of_production(link);
        let of_links = links.iter().filter(is_of_production).map(|(_, folder)| folder.clone());
        let (mut pending, mut including) = (of_links.collect::<Vec<_>>(), Vec::new());
        let mut links_left = links.clone();
        for (folder, objects) in &mut left {
            let is_all = is_path_of_production(folder);
            let (of_production, others) =
                objects.drain(..).partition(|one| is_all || one.is_of_production);
            *objects = others;
            pending.extend(Vec::into_iter(of_production).flat_map(|one| one.folders));
            if is_all && failed.remove(folder) {
                including.extend(kustomizations.remove_entry(folder));
            }
        }
        loop {
            // What cannot be rendered has the objects of what it includes.
            while let Some((folder, text)) = including.pop() {
                for other in included(&folder, &text) {
                    let objects = left.remove(&other).unwrap_or_default();
                    pending.extend(objects.into_iter().flat_map(|one| one.folders));
                    including.extend(kustomizations.remove_entry(&other));
                }
            }
            let Some(folder) = pending.pop() else { break };
            let is_new = found.add(&folder);
            if is_new {
                pending.extend(behind(&links, &folder));
                let inner = within(&links_left, &folder).into_iter();
                pending.extend(inner.filter_map(|link| links_left.remove(&link)));
            }
            for one in is_new.then(|| within(&left, &folder)).into_iter().flatten() {
                let objects = left.remove(&one).unwrap_or_default();
                pending.extend(objects.into_iter().flat_map(|one| one.folders));
                if failed.remove(&one) {
                    including.extend(kustomizations.remove_entry(&one));
                }
            }
        }
        found
    }

    /// Counts the texts of what kustomizations include that cannot be rendered.
    fn take_read(&mut self) {
        let Self { objects, read, kustomizations, failed, links: _ } = self;
        let mut pending: Vec<String> = failed.iter().cloned().collect();
        let mut known = failed.clone();
        while let Some(folder) = pending.pop() {
            let found = objects.entry(folder.clone()).or_default();
            found.extend(read.remove(&folder).into_iter().flatten());
            let Some(text) = kustomizations.get(&folder) else { continue };
            for other in included(&folder, text) {
                let is_there = read.contains_key(&other) || kustomizations.contains_key(&other);
                if is_there && !known.contains(&other) {
                    known.insert(other.clone());
                    pending.push(other);
                }
            }
        }
    }
}

/// The folder to which a path leads by the last link on it.
fn behind(links: &BTreeMap<String, String>, path: &str) -> Option<String> {
    let ends = path.rmatch_indices('/').map(|(end, _)| end);
    once(path.len()).chain(ends).find_map(|end| {
        let (link, rest) = path.split_at_checked(end)?;
        links.get(link).map(|folder| path::join(folder, rest))
    })
}

/// The paths in a map at and below a folder, or that fit a pattern.
fn within<T>(left: &BTreeMap<String, T>, folder: &str) -> Vec<String> {
    if folder.contains('*') {
        return left.keys().filter(|one| fits(folder, one)).cloned().collect();
    }
    let below = left.range(folder.to_owned()..).map(|(one, _)| one);
    let below = below.take_while(|one| one.starts_with(folder));
    below.filter(|one| is_at_or_below(one, folder)).cloned().collect()
}

fn add_texts(objects: &mut BTreeMap<String, Vec<Applying>>, folder: &str, text: &str) {
    for document in text.split("\n---") {
        if GROUPS.iter().any(|group| document.contains(group))
            && let Some(one) = applying(fields(&unescaped(document)))
        {
            objects.entry(folder.to_owned()).or_default().push(one);
        }
    }
}

/// The greatest number of paths, and of components, that are combined in an object.
const MOST: usize = 16;

/// The folders that fields name; `None` if they name none.
fn applying<'t>(fields: impl Iterator<Item = (&'t str, &'t str)>) -> Option<Applying> {
    let mut found = Applying { is_of_production: false, folders: Vec::new() };
    let (mut paths, mut components) = (Vec::new(), Vec::new());
    let (mut is_of_top, mut is_deep) = (false, false);
    for (key, value) in fields {
        is_of_top |= key == "path" && is_top(value);
        is_deep |= key == "recurse" && value == "true";
        found.is_of_production |= OF_PLACES.contains(&key) && says_production(value);
        // A generator of an ApplicationSet may give the path by another name.
        let may_be_path = key == "path" || value.contains('/') && !value.contains(':');
        if may_be_path && value.starts_with("../") && components.len() < MOST {
            components.push(value);
        } else if key == "path" && paths.len() < MOST {
            paths.push(value);
        }
        found.folders.extend(may_be_path.then(|| pattern(value)).flatten());
    }
    if is_of_top && is_deep {
        found.folders.push("*".to_owned());
    }
    // Components are relative to the path.
    for path in paths {
        let joined = components.iter().map(|one| format!("{path}/{one}"));
        found.folders.extend(joined.filter_map(|one| pattern(&one)));
    }
    (!found.folders.is_empty()).then_some(found)
}

/// True for the path of the top of a repository: `.`, `./`.
fn is_top(path: &str) -> bool {
    path.starts_with(['.', '/'])
        && matches!(&*path::clean(path.trim_start_matches('/')), "" | "." | "/")
}

/// The folders that the text of a kustomization in a folder may include, and those of files.
fn included(folder: &str, text: &str) -> impl Iterator<Item = String> {
    let is_one = |value: &&str| !value.is_empty() && value.len() <= LONGEST && !value.contains(':');
    fields(text).map(|(_, value)| value).filter(is_one).map(move |value| {
        let found = path::join(folder, value);
        let is_file = [".yaml", ".yml", ".json"].iter().any(|end| found.ends_with(end));
        match found.rsplit_once('/') {
            Some((folder, _)) if is_file => folder.to_owned(),
            None if is_file => ".".to_owned(),
            _ => found,
        }
    })
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

/// The groups of such kinds.
const GROUPS: [&str; 5] = [
    "apps.open-cluster-management.io",
    "argoproj.io",
    "configsync.gke.io",
    "fleet.cattle.io",
    "toolkit.fluxcd.io",
];

/// True for a kind whose objects name folders of repositories to apply.
fn applies(group: &str, kind: &str) -> bool {
    match group {
        "apps.open-cluster-management.io" => kind == "Subscription",
        "argoproj.io" => matches!(kind, "Application" | "ApplicationSet"),
        "configsync.gke.io" => matches!(kind, "RepoSync" | "RootSync"),
        "fleet.cattle.io" => kind == "GitRepo",
        "kustomize.toolkit.fluxcd.io" | "helm.toolkit.fluxcd.io" => {
            matches!(kind, "Kustomization" | "HelmRelease")
        }
        _ => false,
    }
}

/// True for such an object within another one.
fn is_applying(node: &Node) -> bool {
    let of = text(node, "apiVersion").and_then(|version| version.split_once('/'));
    of.zip(text(node, "kind")).is_some_and(|((group, _), kind)| applies(group, kind))
}

/// True for a text that may have fields in it: YAML or JSON.
fn has_fields(text: &str) -> bool {
    text.contains(['\n', '{', '[']) || text.contains(": ")
}

/// A text without the escapes of the quotes around it and in it, and with `*` for what is filled in later: what is between
/// `{{` and `}}`, or `${` and `}`. Linear.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') && !text.contains("{{") && !text.contains("${") {
        return Cow::Borrowed(text);
    }
    let mut found = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some((one, length)) = filled_in(rest).or_else(|| escaped(rest)) {
            found.push(one);
            rest = rest.get(length..).unwrap_or_default();
        } else {
            found.push(letter);
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
    }
    Cow::Owned(found)
}

/// The greatest length of what is filled in later.
const FILLED: usize = 256;

/// The sign for what is filled in later at the start of a text, and its length.
fn filled_in(text: &str) -> Option<(char, usize)> {
    let end = [("{{", "}}"), ("${", "}")].into_iter().find_map(|(start, end)| {
        let inner = text.strip_prefix(start)?;
        let bounded = inner.get(..inner.floor_char_boundary(FILLED)).unwrap_or(inner);
        let line = bounded.lines().next().unwrap_or_default();
        Some(start.len() + line.find(end)? + end.len())
    });
    end.map(|end| ('*', end))
}

/// The letter that an escape at the start of a text stands for, and the length of the escape.
fn escaped(text: &str) -> Option<(char, usize)> {
    let mut letters = text.strip_prefix('\\')?.chars();
    let digits = match letters.next()? {
        'n' => return Some(('\n', 2)),
        '"' => return Some(('"', 2)),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let number = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
    Some((char::from_u32(number)?, 2 + digits))
}

/// The longest path that is looked at.
const LONGEST: usize = 1024;

/// A path with `*` for what is filled in later.
fn starred(text: &str) -> String {
    let mut found = String::new();
    let mut rest = text;
    loop {
        let starts = [("{{", "}}"), ("${", "}")].into_iter();
        let places = starts.filter_map(|(start, end)| Some((rest.find(start)?, start, end)));
        let Some((at, start, end)) = places.min() else { break };
        found += rest.get(..at).unwrap_or_default();
        found.push('*');
        let inner = rest.get(at + start.len()..).unwrap_or_default();
        rest = inner.split_once(end).map_or("", |(_, after)| after);
    }
    found + rest
}

/// A path as a pattern: what is filled in later is `*`. `None` for the top of a repository, for what may be any folder, and for a
/// path that leaves the repository.
fn pattern(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    // JSON may escape it.
    let text = text.replace("\\/", "/");
    let text = text.trim().trim_start_matches('/');
    let found = path::clean(&starred(text));
    let is_any = found.trim_matches(['*', '/', '.']).is_empty();
    (!is_any && !found.starts_with("..")).then_some(found)
}

/// The keys of a text with the values on their lines, and the elements of lists, in block style or on one line; also of a text in
/// quotes that is a value.
fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let parts = parts.flat_map(|line| line.split([',', '{', '}', '[', ']']));
    parts.flat_map(|part| {
        let (key, value) = field(part);
        let inner = value.contains(": ").then(|| field(value));
        once((key, value)).chain(inner)
    })
}

fn field(part: &str) -> (&str, &str) {
    let part = part.trim_start_matches([' ', '-', '\t']);
    let (key, value) = quoted_key(part).or_else(|| part.split_once(": ")).unwrap_or(("", part));
    let is_around = |letter: char| letter.is_whitespace() || letter == '"' || letter == '\'';
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    let value = without_properties(value.trim());
    (key.trim_matches(is_around), value.trim_matches(|one| one == '}' || is_around(one)))
}

/// A key in quotes with its value, between which JSON has no space.
fn quoted_key(part: &str) -> Option<(&str, &str)> {
    let quote = ['"', '\''].into_iter().find(|quote| part.starts_with(*quote))?;
    let (key, rest) = part.get(1..)?.split_once(quote)?;
    Some((key, rest.trim_start().strip_prefix(':')?))
}

/// A value without its anchor and its tag; empty for an alias.
fn without_properties(mut value: &str) -> &str {
    while value.starts_with(['&', '!']) {
        value = value.split_once([' ', '\t']).map_or("", |(_, rest)| rest.trim_start());
    }
    let is_alias = value.starts_with('*') && !value.contains('/');
    if is_alias { "" } else { value }
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
        let top = application("all", "'./'");
        let deep = top.replace("'./'", "'./', directory: {recurse: true}");
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
            (vec![("clusters/prod", &*deep)], "examples/web", true),
            (vec![("clusters/prod", &*deep.replace("'./'", "."))], "examples/web", true),
            (vec![("clusters/prod", &*deep.replace("true", "false"))], "examples/web", false),
            (vec![("clusters/prod", &*top)], "examples/web", false),
            (vec![("clusters/dev", &*deep)], "examples/web", false),
            (
                vec![("clusters/dev", &*deep.replace("project: a", "project: prod"))],
                "examples/web",
                true,
            ),
            (vec![("clusters/prod", &*deep.replace("'./'", "'{{path}}'"))], "examples/web", false),
            (vec![("clusters/prod", &*deep), ("examples/apps", &*plain)], "local/any", true),
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
    fn texts_within_objects_name_folders() {
        let set = |spec: &str| {
            format!(
                "{{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, metadata: {{name: a}}, spec: {spec}}}"
            )
        };
        let app = application("a", "examples/web");
        let within = |kind: &str| {
            format!("{{apiVersion: {kind}, metadata: {{name: b}}, spec: {{a: [{app}]}}}}")
        };
        for object in [
            set(r#"{templatePatch: "spec:\n  source:\n    path: examples/web\n"}"#),
            set("{templatePatch: 'spec: {source: {path: examples/web}}'}"),
            set(r#"{generators: [{list: {elementsYaml: "- dir: examples/web"}}]}"#),
            set(r#"{generators: [{list: {elementsYaml: '[{"dir":"examples\/web"}]'}}]}"#),
            set(r#"{templatePatch: '{{- if .a }}{"path":"{\"path\":\"examples/web\"}"}{{ end }}'}"#),
            set("{templatePatch: 'path: examples/{{.name}}'}"),
            set("{generators: [{list: {elements: [{d: examples}]}}], template: {spec: {source: {path: '{{d}}/web'}}}}"),
            "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: a}, spec: {path: './examples/${app}'}}".to_owned(),
            "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: a}, spec: {path: ./apps/shop, components: ['../../examples/web']}}".to_owned(),
            "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {source: {path: apps/shop, kustomize: {components: [../../examples/web]}}}}".to_owned(),
            r#"{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {source: {path: "examples\x2Fweb"}}}"#.to_owned(),
            r#"{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a"}, "spec": {"source": {"path": "examples\u002fweb"}}}"#.to_owned(),
            within("fluxcd.controlplane.io/v1, kind: ResourceSet"),
            within("example.com/v1, kind: Any"),
            format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: b}}, data: {{a: '{}'}}}}", app.replace('\'', "\"")),
            "{apiVersion: fleet.cattle.io/v1alpha1, kind: GitRepo, metadata: {name: a}, spec: {paths: [examples/web]}}".to_owned(),
            "{apiVersion: configsync.gke.io/v1beta1, kind: RootSync, metadata: {name: a}, spec: {git: {dir: examples/web}}}".to_owned(),
        ] {
            for (folder, expected) in [("clusters/prod", true), ("clusters/dev", false)] {
                let (mut of_object, mut of_text) = (Applied::default(), Applied::default());
                of_object.add(folder, &resource(&object));
                of_text.add_text(folder, &object);
                assert_eq!(of_object.for_production().has("examples/web"), expected, "{object}");
                assert_eq!(of_text.for_production().has("examples/web"), expected, "{object}");
            }
        }
        for object in [
            set("{templatePatch: 'a: examples/other'}"),
            within("apps/v1, kind: Deployment"),
            "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: a}, spec: {path: ./apps/shop, components: ['../examples/web']}}".to_owned(),
        ] {
            let mut found = Applied::default();
            found.add("clusters/prod", &resource(&object));
            assert!(!found.for_production().has("examples/web"), "{object}");
        }
    }

    #[test]
    fn links_lead_to_folders_for_production() {
        let links = [
            ("clusters/prod/web", "examples/web"),
            ("clusters/dev/all", "examples/all"),
            ("apps", "demos"),
        ];
        for (path, expected) in [
            ("", ["examples/web"].as_slice()),
            ("clusters/dev/all", &["examples/web", "examples/all"]),
            ("clusters/dev/all/one", &["examples/web", "examples/all/one"]),
            ("clusters/dev", &["examples/web", "examples/all"]),
            ("clusters/*/*", &["examples/web", "examples/all"]),
            ("apps/*", &["examples/web", "demos/shop"]),
            ("apps/shop", &["examples/web", "demos/shop"]),
            ("clusters/development", &["examples/web"]),
        ] {
            let mut found = Applied::default();
            links.iter().for_each(|(link, folder)| found.add_link(link, folder));
            found.add("prod", &resource(&application("a", path)));
            let found = found.for_production();
            for folder in ["examples/web", "examples/all", "examples/all/one", "demos/shop"] {
                let is_one = expected.iter().any(|one| is_at_or_below(folder, one));
                assert_eq!(found.has(folder), is_one, "{path} {folder}");
            }
        }
    }

    #[test]
    fn kustomizations_that_are_no_targets_include_for_production() {
        for (folder, expected) in [(".gitops/prod", true), (".gitops/dev", false), (".app", false)]
        {
            let mut found = Applied::default();
            found.add_unjudged(folder, "resources:\n- ../../examples/web\n");
            assert_eq!(found.for_production().has("examples/web"), expected, "{folder}");
        }
        let mut found = Applied::default();
        found.add_unjudged(".gitops/all", "resources: [../../examples/web]");
        found.add("prod", &resource(&application("a", ".gitops/all")));
        assert!(found.for_production().has("examples/web"));
    }

    #[test]
    fn texts_in_every_style_are_read() {
        let mut found = Applied::default();
        let text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    \"path\": 'examples/web' # here\n";
        found.add_text("prod", text);
        found.add_text("prod", &text.replace("argoproj.io", "example.com").replace("web", "other"));
        let found = found.for_production();
        assert!(found.has("examples/web") && !found.has("examples/other"));
        for field in [
            r#"{"kind":"Application","path":"examples/web","a":"b"}"#,
            r#"{"kind":"Application","path":"examples\/web"}"#,
            "path: &p examples/web",
            "path: &p !!str 'examples/web'",
            "'path' : examples/web",
            "path:\n  examples/web",
        ] {
            let mut found = Applied::default();
            found.add_text("prod", &format!("# argoproj.io\n{field}\n"));
            assert!(found.for_production().has("examples/web"), "{field}");
        }
        let mut found = Applied::default();
        found.add_text("prod", "# argoproj.io\npath: *web\n");
        assert!(!found.for_production().has("examples/web"));
    }

    #[test]
    fn texts_count_where_a_render_has_failed() {
        let app =
            |path: &str| format!("apiVersion: argoproj.io/v1alpha1\nspec: {{path: {path}}}\n");
        for (failed, expected) in [
            (&["clusters/prod"][..], ["own", "base", "deep", "file"].as_slice()),
            (&["clusters/dev"], &[]),
            (&["dev", "clusters/dev"], &[]),
            (&[], &[]),
        ] {
            let mut found = Applied::default();
            for (folder, text) in [
                ("clusters/prod", "resources: [../base, app.yaml, '../more/app.yaml']"),
                ("clusters/dev", "resources:\n- ../base\n"),
                ("clusters/base", "resources:\n- ../deep # more\n- ../base\n"),
                ("clusters/deep", "resources: [app.yaml]"),
            ] {
                found.add_kustomization(folder, text);
            }
            for (folder, path) in [
                ("clusters/prod", "own"),
                ("clusters/base", "base"),
                ("clusters/deep", "deep"),
                ("clusters/more", "file"),
                ("clusters/other", "other"),
            ] {
                found.add_text_of_render(folder, &app(&format!("examples/{path}")));
            }
            failed.iter().for_each(|folder| found.add_failed(folder));
            let found = found.for_production();
            for path in ["own", "base", "deep", "file", "other"] {
                let is_one = found.has(&format!("examples/{path}"));
                assert_eq!(is_one, expected.contains(&path), "{failed:?} {path}");
            }
        }
    }

    #[test]
    fn what_is_applied_for_production_and_cannot_be_rendered_leads_on() {
        let app =
            |path: &str| format!("apiVersion: argoproj.io/v1alpha1\nspec: {{path: {path}}}\n");
        let mut found = Applied::default();
        found.add_text("clusters/prod", &app("apps"));
        found.add_kustomization("apps/all", "resources: [../../shared]");
        found.add_text_of_render("shared", &app("examples/web"));
        found.add_failed("apps/all");
        assert!(found.for_production().has("examples/web"));
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
