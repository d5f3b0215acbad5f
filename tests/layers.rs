//! Checks of the layers of `src/` and of the roles of dependencies.
//!
//! A layer uses the layers above it in [`LAYERS`], never one below, and its files form no cycles; every module of `src/`
//! is a layer; no file is longer than 800 lines; and a dependency is imported only by the module that its comment in
//! `Cargo.toml` names.
#![expect(clippy::disallowed_methods, reason = "the sources themselves are read")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::{collections::BTreeMap, fs, path::Path};

use syn::visit::{self, Visit};

/// The layers in reading order. Layers on one line use each other: an error has a span, and reading a text may fail.
const LAYERS: &[&[&str]] = &[
    &["text"],
    &["sync"],
    &["source", "error"],
    &["parallel"],
    &["limits"],
    &["index"],
    &["yaml"],
    &["schema"],
    &["resource"],
    &["config"],
    &["load"],
    &["external"],
    &["fetch"],
    &["package"],
    &["patch"],
    &["generate"],
    &["transform"],
    &["expression"],
    &["harden"],
    &["plugin"],
    &["build"],
    &["fleet"],
    &["trace"],
    &["graph"],
    &["edit"],
    &["lint"],
    &["dockerfile"],
    &["diff"],
    &["hydrate"],
    &["report"],
    &["render"],
    &["cli"],
];

/// The maximum number of lines of a file; longer ones are split by concept.
const LONGEST_FILE: usize = 800;

#[test]
fn the_sources_keep_to_the_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let complaints = complaints(&sources_below(&root.join("src")), &manifest);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Files by their path below `src/`.
type Files = BTreeMap<String, String>;

fn sources_below(root: &Path) -> Files {
    let mut files = Files::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            if path.is_dir() {
                // Folders are listed too, so that an empty one is noticed.
                files.insert(name + "/", String::new());
                pending.push(path);
            } else {
                files.insert(name, fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    files
}

/// The violations in these sources and this manifest.
fn complaints(files: &Files, manifest: &str) -> Vec<String> {
    let (roles, mut complaints) = roles(manifest);
    for (file, text) in files {
        let layer = file.split('/').next().unwrap_or_default();
        let layer = if file.contains('/') { layer } else { layer.trim_end_matches(".rs") };
        let is_root = matches!(file.as_str(), "lib.rs" | "main.rs");
        if !is_root && place(layer).is_none() {
            complaints.push(format!("src/{file} belongs to no layer"));
            continue;
        }
        let lines = text.lines().count();
        if file.ends_with(".rs") && lines > LONGEST_FILE {
            complaints.push(format!("src/{file} has {lines} lines: split it by concept"));
        }
        if !file.ends_with(".rs") {
            continue;
        }
        let paths = paths(file, text, Counted::All).unwrap_or_else(|error| {
            complaints.push(format!("src/{file} is no Rust: {error}"));
            Vec::new()
        });
        for path in paths {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            match path[..] {
                ["crate", below, ..] if !is_root && place(below) > place(layer) => {
                    complaints.push(format!(
                        "src/{file} uses {}, which is below {layer}",
                        path.join("::")
                    ));
                }
                [first, _, ..]
                    if roles.get(first).is_some_and(|module| !is_within(file, module)) =>
                {
                    let module = &roles[first];
                    complaints.push(format!(
                        "src/{file} imports {first}, which is for {module}: see Cargo.toml"
                    ));
                }
                _ => {}
            }
        }
    }
    for layer in LAYERS.iter().copied().flatten() {
        let circle = circle(files, layer);
        if !circle.is_empty() {
            complaints.push(format!("these use each other in a circle: {}", circle.join(", ")));
        }
    }
    complaints.dedup();
    complaints
}

/// The files of a layer that form cycles, and files between such cycles.
fn circle<'f>(files: &'f Files, layer: &str) -> Vec<&'f str> {
    let is_of_layer = |file: &str| {
        file.starts_with(&format!("{layer}/"))
            && file.ends_with(".rs")
            && !file.ends_with("tests.rs")
            && !file.ends_with("sample.rs")
    };
    let used = |file: &str, text: &str| -> Vec<&'f str> {
        let paths = paths(file, text, Counted::Uses).unwrap_or_default();
        let uses = paths.iter().filter(|path| path.starts_with(&["crate".into(), layer.into()]));
        let uses = uses.filter_map(|path| {
            let names = (2..=path.len()).rev().map(|length| path[1..length].join("/"));
            let mut places =
                names.flat_map(|name| [format!("{name}.rs"), format!("{name}/mod.rs")]);
            places.find_map(|place| Some(files.get_key_value(&place)?.0.as_str()))
        });
        uses.filter(|other| *other != file).collect()
    };
    let own = files.iter().filter(|(file, _)| is_of_layer(file));
    let mut uses: BTreeMap<&str, Vec<&str>> =
        own.map(|(file, text)| (file.as_str(), used(file, text))).collect();
    loop {
        let before = uses.len();
        let is_used = |file: &str| uses.values().flatten().any(|other| *other == file);
        let ends = uses.iter().filter(|(file, others)| {
            others.iter().all(|other| !uses.contains_key(other)) || !is_used(file)
        });
        let ends: Vec<&str> = ends.map(|(file, _)| *file).collect();
        uses.retain(|file, _| !ends.contains(file));
        if uses.len() == before {
            return uses.into_keys().collect();
        }
    }
}

/// The position of a layer, from the top.
fn place(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|layers| layers.contains(&layer))
}

/// True if a file is the module of a role, or within it. `src/` contains every file.
fn is_within(file: &str, module: &str) -> bool {
    let inside = file.strip_prefix(module.trim_end_matches('/'));
    module == "src/" || inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Dependencies by their import names, with the module that may import each: `name = … # module: role`.
fn roles(manifest: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut roles, mut complaints) = (BTreeMap::new(), Vec::new());
    // For all systems, and for some: `[target.'cfg(unix)'.dependencies]`.
    let manifest = format!("\n{manifest}");
    let sections = manifest.split("\n[").filter_map(|section| section.split_once("]\n"));
    let sections = sections.filter(|(name, _)| name.split('.').next_back() == Some("dependencies"));
    let lines = sections.flat_map(|(_, section)| section.lines());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let name = line.split([' ', '=']).next().unwrap_or_default();
        match line.split_once(" # ").and_then(|(_, comment)| comment.split_once(": ")) {
            Some((module, _)) => {
                roles.insert(name.replace('-', "_"), module.trim().to_owned());
            }
            None => complaints
                .push(format!("Cargo.toml: the comment behind {name} is `# module: role`")),
        }
    }
    (roles, complaints)
}

/// Every path in a file that may refer to another module, with `super` and `self` resolved: `crate::…` or
/// `dependency::…`.
fn paths(file: &str, text: &str, counted: Counted) -> syn::Result<Vec<Vec<String>>> {
    let syntax = syn::parse_file(text)?;
    let stem = file.trim_end_matches(".rs");
    let module =
        stem.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).map(str::to_owned);
    let mut reader = Reader { module: module.collect(), counted, paths: Vec::new() };
    reader.visit_file(&syntax);
    Ok(reader.paths)
}

/// The paths that count.
#[derive(Clone, Copy, PartialEq)]
enum Counted {
    All,
    /// Without those of tests, and without re-exports: the face of a folder names its files, which use it.
    Uses,
}

struct Reader {
    counted: Counted,
    /// The module being read, from the root of the crate.
    module: Vec<String>,
    paths: Vec<Vec<String>>,
}

impl Reader {
    fn add(&mut self, path: &[String]) {
        let mut absolute = Vec::new();
        let mut rest = path;
        if let Some("self" | "super") = path.first().map(String::as_str) {
            absolute.push("crate".to_owned());
            absolute.extend(self.module.iter().cloned());
            while let Some("self" | "super") = rest.first().map(String::as_str) {
                if rest[0] == "super" {
                    absolute.pop();
                }
                rest = &rest[1..];
            }
        }
        absolute.extend(rest.iter().cloned());
        self.paths.push(absolute);
    }

    fn use_tree(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Name(name) => self.add(&with(&name.ident)),
            syn::UseTree::Rename(rename) => self.add(&with(&rename.ident)),
            syn::UseTree::Glob(_) => self.add(&[before, &["*".to_owned()]].concat()),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, before);
                }
            }
        }
    }

    /// Paths in macros and attributes, which `syn` does not parse.
    fn tokens(&mut self, tokens: &str) {
        let tokens = tokens.replace(" :: ", "::");
        let is_path =
            |character: char| character.is_alphanumeric() || matches!(character, '_' | ':');
        for word in tokens.split(|character| !is_path(character)).filter(|word| word.contains("::"))
        {
            self.add(&word.split("::").map(str::to_owned).collect::<Vec<_>>());
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs[..],
            syn::Item::Use(item) => &item.attrs[..],
            syn::Item::Impl(item) => &item.attrs[..],
            syn::Item::Fn(item) => &item.attrs[..],
            _ => &[],
        };
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
        };
        if self.counted == Counted::All || !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if self.counted == Counted::All || matches!(item.vis, syn::Visibility::Inherited) {
            self.use_tree(&item.tree, &[]);
        }
    }

    /// Ignores the path in `pub(super)`.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(
            &path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>(),
        );
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(&item.tokens.to_string());
        visit::visit_macro(self, item);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.tokens(&list.tokens.to_string());
        visit::visit_meta_list(self, list);
    }
}

const MANIFEST: &str = "\
[dependencies]
# What is allowed.
clap = \"4\"   # cli/: arguments
smol_str = { version = \"0.3\", features = [] } # yaml/node.rs: short text
memchr = \"2\" # yaml/parse: lines
serde = \"1\"  # src/: shapes

[dev-dependencies]
syn = \"2\"
";

fn complaints_of(file: &str, text: &str) -> Vec<String> {
    complaints(&Files::from([(file.to_owned(), text.to_owned())]), MANIFEST)
}

#[test]
fn violations_are_found() {
    for (file, text) in [
        ("yaml/node.rs", "use crate::load::Files;"),
        ("yaml/node.rs", "use crate::{error::Error, source::{Span, Sources}, build};"),
        ("yaml/node.rs", "use super::super::config::Kustomization as Other;"),
        ("yaml/mod.rs", "use super::{cli as terminal};"),
        ("yaml.rs", "pub use crate::build::*;"),
        ("source.rs", "fn f() { let _ = crate::yaml::Node::default(); }"),
        ("source.rs", "fn f(node: &dyn super::yaml::Trait<u8>) {}"),
        ("error.rs", "mod tests { use super::super::yaml; }"),
        ("error.rs", "fn f() { println!(\"{}\", crate::cli::VERSION); }"),
        ("error.rs", "#[cfg_attr(x, derive(crate::cli::Derive))] struct S;"),
        ("error.rs", "struct S { #[serde(with = \"x\")] a: Vec<crate::resource::ResId> }"),
        ("harden/rules/root.rs", "pub(super) use crate::diff::Report;"),
        ("util.rs", ""),
        ("common/mod.rs", ""),
        ("helpers/", ""),
        ("yaml/scalar.rs", "use smol_str::SmolStr;"),
        ("yaml/parser.rs", "use memchr::memchr;"),
        ("error.rs", "#[derive(clap::Parser)] struct S;"),
        ("error.rs", "use {std::fmt, clap::{Parser, Args}};"),
        ("error.rs", "const X: &str = clap::crate_name!();"),
        ("error.rs", "fn f() -> smol_str::SmolStr { vec![smol_str::SmolStr::new(\"\")] }"),
        ("yaml/emit.rs", &"\n".repeat(801)),
        ("yaml/emit.rs", "fn {"),
    ] {
        assert!(!complaints_of(file, text).is_empty(), "nothing wrong with src/{file}: {text}");
    }
    assert_eq!(complaints(&Files::new(), "[dependencies]\nclap = \"4\"\n").len(), 1);
}

#[test]
fn circles_are_found() {
    let files = |texts: [&str; 3]| -> Files {
        let names = ["harden/rule.rs", "harden/scene.rs", "harden/rules/image.rs"];
        names.into_iter().zip(texts).map(|(name, text)| (name.into(), text.into())).collect()
    };
    let rule = "use super::scene::Scene;";
    let image = "use crate::harden::{rule::Rule, scene};";
    assert!(circle(&files([rule, "use crate::yaml::Node;", image]), "harden").is_empty());
    let scene = "use super::rules::image::IMAGE;";
    let files = files([rule, scene, image]);
    assert_eq!(
        circle(&files, "harden"),
        ["harden/rule.rs", "harden/rules/image.rs", "harden/scene.rs"]
    );
    assert_eq!(complaints(&files, "").len(), 1);
}

#[test]
fn what_is_allowed_is_allowed() {
    for (file, text) in [
        (
            "cli/mod.rs",
            "use crate::{build, error::Error, source::Sources}; use clap::Parser; mod report;",
        ),
        (
            "cli/terminal.rs",
            "use super::print; use clap::Args; #[derive(serde::Serialize)] struct S;",
        ),
        ("yaml/parse/reader.rs", "use memchr::memchr;"),
        ("source.rs", "use crate::error::Result;"),
        (
            "error.rs",
            "use crate::source::Span; mod tests { use super::*; use super::super::source; }",
        ),
        ("yaml/node.rs", "use smol_str::SmolStr; use super::scalar::Value; use self::inner::X;"),
        ("yaml/node.rs", "fn f() { let cli = 1; let build = crate::yaml::build(); clap(); }"),
        ("lib.rs", "pub mod cli; pub use crate::cli::run;"),
        ("main.rs", "fn main() { krender::cli::run() }"),
        ("schema/data/kinds.tsv", "any text"),
        ("yaml/emit.rs", &"\n".repeat(800)),
    ] {
        assert_eq!(complaints_of(file, text), [""; 0], "src/{file}: {text}");
    }
}

#[test]
fn the_library_lists_its_modules_in_reading_order() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let modules = syn::parse_file(&text).unwrap().items.into_iter().filter_map(|item| match item {
        syn::Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    let places: Vec<Option<usize>> = modules.map(|name| place(&name)).collect();
    assert!(places.is_sorted(), "src/lib.rs tells the layers in another order: {places:?}");
}
