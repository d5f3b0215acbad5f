//! Properties of edits of kustomizations: random files with comments everywhere × random edits.
//!
//! Every comment stays, except for those of removed entries; every other line stays as it is, in the same order; and an
//! independent reader finds the intended content.
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use std::fmt::Write as _;

use krender::edit::fix::move_fields;
use krender::edit::kustomization::{
    BuildMetadata, Draft, PairField, PatchEntry, PathField, add_labels_without_selector,
};
use krender::edit::kustomization::{GeneratorEntry, GeneratorField, SetImages, SetReplicas};
use krender::error::Result;
use krender::load::{Loader, Memory, Options};
use krender::source::Sources;
use proptest::prelude::*;
use serde_yaml::{Mapping, Value};

/// A source of choices, made of random bytes. Without bytes the first choice is made.
struct Dice(std::vec::IntoIter<u8>);

impl Dice {
    fn of(&mut self, sides: usize) -> usize {
        usize::from(self.0.next().unwrap_or_default()) % sides
    }

    fn is(&mut self) -> bool {
        self.of(2) == 1
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.of(from.len())]
    }
}

/// A file that is being written. Each comment has a number of its own.
struct Writer<'d> {
    dice: &'d mut Dice,
    text: String,
    comments: usize,
    /// The columns by which dashes and keys are indented.
    dashes: usize,
    step: usize,
}

const NAMES: [&str; 8] = ["web", "api", "db", "a.yaml", "b.yaml", "sub/c.yaml", "1", "n"];
const VALUES: [&str; 14] = [
    "x",
    "1",
    "true",
    "n",
    "a: b",
    "#x",
    "- x",
    "é",
    "two words",
    "it's",
    "\"q\"",
    "0x10",
    "~",
    "{x}",
];

impl Writer<'_> {
    /// Comments and blank lines of their own at a column.
    fn comments(&mut self, column: usize) {
        for _ in 0..self.dice.of(3) {
            match self.dice.of(4) {
                0 => self.text.push('\n'),
                _ => {
                    self.comments += 1;
                    let number = self.comments;
                    let _ = writeln!(self.text, "{}# c{number}.", " ".repeat(column));
                }
            }
        }
    }

    /// The end of a line, with a comment or without.
    fn end(&mut self) {
        if self.dice.is() {
            self.comments += 1;
            let blanks = " ".repeat(1 + self.dice.of(3));
            let _ = write!(self.text, "{blanks}# c{}.", self.comments);
        }
        self.text.push('\n');
    }

    /// A string in quotes of some kind.
    fn string(&mut self, text: &str) -> String {
        let is_plain = text.chars().all(|c| c.is_ascii_alphabetic() || "./-".contains(c))
            && !["n", "true"].contains(&text);
        match self.dice.of(3) {
            0 if is_plain => text.to_owned(),
            1 => format!("'{}'", text.replace('\'', "''")),
            _ => format!("{text:?}"),
        }
    }

    /// A list of strings, or a mapping of strings if there are keys, in a block or in flow style. True for a block.
    fn field(&mut self, name: &str, items: &[(Option<String>, String)]) -> bool {
        self.comments(0);
        let _ = write!(self.text, "{name}:");
        let written: Vec<String> = items
            .iter()
            .map(|(key, value)| {
                let value = self.string(value);
                key.as_ref().map_or(value.clone(), |key| format!("{key}: {value}"))
            })
            .collect();
        let is_mapping = items.iter().any(|(key, _)| key.is_some());
        if self.dice.of(3) == 0 {
            let (open, close) = if is_mapping { ('{', '}') } else { ('[', ']') };
            let _ = write!(self.text, " {open}{}{close}", written.join(", "));
            self.end();
            return false;
        }
        self.end();
        let column = if is_mapping { self.step } else { self.dashes };
        for item in written {
            self.comments(column);
            let dash = if is_mapping { "" } else { "- " };
            let _ = write!(self.text, "{}{dash}{item}", " ".repeat(column));
            self.end();
        }
        true
    }

    /// A list of mappings with a `name`.
    fn entries(&mut self, name: &str, entries: &[Vec<(&str, String)>]) {
        self.comments(0);
        let _ = write!(self.text, "{name}:");
        self.end();
        for entry in entries {
            self.comments(self.dashes);
            for (at, (key, value)) in entry.iter().enumerate() {
                let column = self.dashes + 2;
                if at > 0 {
                    self.comments(column);
                }
                let lead = " ".repeat(self.dashes) + if at == 0 { "- " } else { "  " };
                let value = if *key == "count" { value.clone() } else { self.string(value) };
                let _ = write!(self.text, "{lead}{key}: {value}");
                self.end();
            }
        }
    }
}

/// Some names, each once.
fn some(dice: &mut Dice, from: &[&str]) -> Vec<String> {
    let names: Vec<String> =
        from.iter().filter(|_| dice.is()).map(|name| (*name).to_owned()).collect();
    if names.is_empty() { vec![from[0].to_owned()] } else { names }
}

/// A random kustomization.
fn file(dice: &mut Dice) -> String {
    let (dashes, step) = (2 * dice.of(3), 2 + 2 * dice.of(2));
    let mut writer = Writer { dice, text: String::new(), comments: 0, dashes, step };
    let mut fields = [
        "apiVersion",
        "kind",
        "resources",
        "bases",
        "components",
        "namespace",
        "namePrefix",
        "commonLabels",
        "commonAnnotations",
        "images",
        "replicas",
        "buildMetadata",
        "patches",
        "configMapGenerator",
        "labels",
        "patchesJson6902",
        "patchesStrategicMerge",
    ];
    for at in 0..fields.len() {
        let other = writer.dice.of(fields.len());
        fields.swap(at, other);
    }
    for field in fields {
        if writer.dice.of(3) == 0 {
            continue;
        }
        match field {
            "apiVersion" => writer.scalar(field, "kustomize.config.k8s.io/v1beta1"),
            "kind" => writer.scalar(field, "Kustomization"),
            "namespace" | "namePrefix" => {
                let value = writer.dice.pick(&VALUES);
                writer.scalar(field, value);
            }
            "resources" | "bases" | "components" => {
                let items = some(writer.dice, &NAMES[3..]);
                let items: Vec<_> = items.into_iter().map(|it| (None, it)).collect();
                _ = writer.field(field, &items);
            }
            "buildMetadata" => _ = writer.field(field, &[(None, "originAnnotations".to_owned())]),
            "commonLabels" | "commonAnnotations" => {
                let keys = some(writer.dice, &["a", "b", "c", "x/y"]);
                let pairs = keys.into_iter().map(|key| {
                    let value = writer.dice.pick(&VALUES);
                    (Some(key), value.to_owned())
                });
                let pairs: Vec<_> = pairs.collect();
                _ = writer.field(field, &pairs);
            }
            "images" => {
                let names = some(writer.dice, &NAMES[..3]);
                let mut entries = Vec::new();
                for name in names {
                    let mut entry = vec![("name", name)];
                    for key in ["newName", "newTag", "digest", "tagSuffix"] {
                        if writer.dice.is() {
                            let value = writer.dice.pick(&["v1", "1", "x/y"]).to_owned();
                            let at = writer.dice.of(entry.len() + 1);
                            entry.insert(at, (key, value));
                        }
                    }
                    entries.push(entry);
                }
                writer.entries(field, &entries);
            }
            "replicas" => {
                let names = some(writer.dice, &NAMES[..3]);
                let entries: Vec<_> = names
                    .into_iter()
                    .map(|name| match writer.dice.is() {
                        true => vec![("name", name), ("count", "3".to_owned())],
                        false => vec![("count", "3".to_owned()), ("name", name)],
                    })
                    .collect();
                writer.entries(field, &entries);
            }
            "configMapGenerator" => writer.generators(),
            "labels" => {
                writer.comments(0);
                writer.text.push_str("labels:");
                writer.end();
                writer.comments(dashes);
                let (lead, key) = (" ".repeat(dashes), writer.dice.pick(&["a", "c"]));
                let _ = write!(writer.text, "{lead}- pairs:");
                writer.end();
                writer.comments(dashes + 2 + step);
                let _ = write!(writer.text, "{lead}{}{key}: x", " ".repeat(2 + step));
                writer.end();
            }
            "patchesStrategicMerge" => {
                let items = some(writer.dice, &NAMES[3..6]);
                let items: Vec<_> = items.into_iter().map(|it| (None, it)).collect();
                if writer.field(field, &items) {
                    writer.comments(dashes);
                    let lead = " ".repeat(dashes);
                    let chomping = writer.dice.pick(&["|-", "|", "|+", ">", "|2"]);
                    let _ = write!(writer.text, "{lead}- {chomping}");
                    writer.end();
                    let _ = writeln!(writer.text, "{lead}  # in a text\n\n{lead}  kind: X");
                }
            }
            _ => {
                let paths = some(writer.dice, &NAMES[3..6]);
                let entries: Vec<_> = paths.into_iter().map(|path| vec![("path", path)]).collect();
                writer.entries(field, &entries);
                if writer.dice.is() {
                    writer.comments(dashes);
                    let lead = " ".repeat(dashes);
                    let chomping = writer.dice.pick(&["|-", "|", "|+", ">"]);
                    let _ = write!(writer.text, "{lead}- patch: {chomping}");
                    writer.end();
                    let _ = writeln!(writer.text, "{lead}    # in a text\n\n{lead}    kind: X");
                    if writer.dice.is() {
                        let _ = write!(writer.text, "{lead}  target: {{kind: X}}");
                        writer.end();
                    }
                }
            }
        }
    }
    writer.comments(0);
    let mut text = writer.text;
    if dice.of(4) == 0 {
        text = text.trim_end_matches('\n').to_owned();
    }
    if dice.of(4) == 0 {
        text = text.replace('\n', "\r\n");
    }
    if dice.of(8) == 0 { format!("\u{feff}{text}") } else { text }
}

impl Writer<'_> {
    /// ConfigMaps with literals, and some with `env`, which edits rename.
    fn generators(&mut self) {
        self.comments(0);
        self.text.push_str("configMapGenerator:");
        self.end();
        for name in some(self.dice, &NAMES[..3]) {
            self.comments(self.dashes);
            let lead = " ".repeat(self.dashes + 2);
            let _ = write!(self.text, "{}- name: {name}", " ".repeat(self.dashes));
            self.end();
            if self.dice.is() {
                self.comments(self.dashes + 2);
                let _ = write!(self.text, "{lead}{}: e.env", self.dice.pick(&["env", "behavior"]));
                self.end();
            }
            if self.dice.is() {
                self.comments(self.dashes + 2);
                let _ = write!(self.text, "{lead}literals:");
                let is_flow = self.dice.is();
                if is_flow {
                    self.text.push_str(" [\"k=1\"]");
                }
                self.end();
                if !is_flow {
                    let column = self.dashes + 2 + self.dashes;
                    self.comments(column);
                    let _ = write!(self.text, "{}- k=1", " ".repeat(column));
                    self.end();
                }
            }
        }
    }

    fn scalar(&mut self, name: &str, value: &str) {
        self.comments(0);
        let value = self.string(value);
        let _ = write!(self.text, "{name}: {value}");
        self.end();
    }
}

/// An edit.
#[derive(Debug)]
enum Edit {
    Text(&'static str, String),
    Add(PathField, Vec<String>),
    Remove(PathField, String),
    Pair(PairField, String, String),
    Unpair(PairField, String),
    Image(String, [String; 3]),
    Replicas(String, i64),
    Metadata(String),
    Patch(String),
    Unpatch(String),
    Literal(String, String),
    Ungenerate(String),
    Label(String, String),
}

const PATHS: [PathField; 2] = [PathField::Resources, PathField::Components];

fn edit(dice: &mut Dice) -> Edit {
    let value = |dice: &mut Dice| dice.pick(&VALUES).to_owned();
    match dice.of(13) {
        0 => Edit::Text(["namespace", "namePrefix"][dice.of(2)], value(dice)),
        1 => {
            let (field, new) = (PATHS[dice.of(2)], [value(dice), dice.pick(&NAMES).to_owned()]);
            Edit::Add(field, new[..1 + dice.of(2)].to_vec())
        }
        2 => Edit::Remove(PATHS[dice.of(2)], dice.pick(&NAMES[3..]).to_owned()),
        3 => {
            Edit::Pair(pair_field(dice), dice.pick(&["a", "b", "bb", "z"]).to_owned(), value(dice))
        }
        4 => Edit::Unpair(pair_field(dice), dice.pick(&["a", "b", "c"]).to_owned()),
        5 => {
            let value = |dice: &mut Dice| dice.pick(&["", "*", "v2", "2"]).to_owned();
            Edit::Image(dice.pick(&NAMES[..4]).to_owned(), [value(dice), value(dice), value(dice)])
        }
        6 => Edit::Replicas(dice.pick(&NAMES[..4]).to_owned(), dice.of(5) as i64),
        7 => Edit::Metadata("managedByLabel".to_owned()),
        8 => Edit::Patch(value(dice)),
        9 => Edit::Literal(dice.pick(&NAMES[..4]).to_owned(), format!("new={}", value(dice))),
        10 => Edit::Ungenerate(dice.pick(&NAMES[..3]).to_owned()),
        11 => Edit::Label(dice.pick(&["a", "b", "z"]).to_owned(), value(dice)),
        _ => Edit::Unpatch(dice.pick(&NAMES[3..6]).to_owned()),
    }
}

fn pair_field(dice: &mut Dice) -> PairField {
    if dice.is() { PairField::Labels } else { PairField::Annotations }
}

impl Edit {
    fn apply(&self, draft: &mut Draft<'_>) -> Result<()> {
        match self {
            Self::Text(field, value) => {
                match *field {
                    "namespace" => draft.model_mut().namespace.value = value.as_str().into(),
                    _ => draft.model_mut().name_prefix.value = value.as_str().into(),
                }
                draft.set_text(field, value)
            }
            Self::Add(field, paths) => field.add(draft, paths.iter().map(String::as_str)),
            Self::Remove(field, path) => {
                field.remove(draft, std::slice::from_ref(path)).map(|_| ())
            }
            Self::Pair(field, key, value) => {
                let pairs = [(key.clone(), value.clone())].into();
                field.add(draft, &pairs, true)
            }
            Self::Unpair(field, key) => field.remove(draft, &[key], true),
            Self::Image(..) => SetImages::parse(&[self.image()])?.apply(draft),
            Self::Replicas(name, count) => {
                SetReplicas::parse(&[format!("{name}={count}")])?.apply(draft)
            }
            Self::Metadata(option) => BuildMetadata::parse(option)?.set(draft),
            Self::Patch(path) => patch(path).add(draft).map(|_| ()),
            Self::Unpatch(path) => patch(path).remove(draft).map(|_| ()),
            Self::Literal(name, literal) => {
                let files = Memory::new().file("e.env", "");
                let root = Loader::new(files, Options::default()).root(".")?;
                let literals = vec![literal.clone()];
                let entry = GeneratorEntry { name: name.clone(), literals, ..Default::default() };
                GeneratorField::ConfigMaps.add(draft, &root, &entry)
            }
            // One that is missing is an error: the file stays as it is.
            Self::Ungenerate(name) => {
                drop(GeneratorField::ConfigMaps.remove(draft, &[name], ""));
                Ok(())
            }
            Self::Label(key, value) => {
                let pairs = [(key.clone(), value.clone())].into();
                add_labels_without_selector(draft, &pairs, false, true)
            }
        }
    }

    fn image(&self) -> String {
        let Self::Image(name, [new_name, tag, digest]) = self else { panic!("{self:?}") };
        let tag = if tag.is_empty() { String::new() } else { format!(":{tag}") };
        let digest = if digest.is_empty() { String::new() } else { format!("@{digest}") };
        format!("{name}={new_name}{tag}{digest}")
    }

    /// The field that it changes.
    fn field(&self) -> &'static str {
        match self {
            Self::Text(field, _) => field,
            Self::Add(PathField::Resources, _) | Self::Remove(PathField::Resources, _) => {
                "resources"
            }
            Self::Add(..) | Self::Remove(..) => "components",
            Self::Pair(PairField::Labels, ..) | Self::Unpair(PairField::Labels, _) => {
                "commonLabels"
            }
            Self::Pair(..) | Self::Unpair(..) => "commonAnnotations",
            Self::Image(..) => "images",
            Self::Replicas(..) => "replicas",
            Self::Metadata(_) => "buildMetadata",
            Self::Patch(_) | Self::Unpatch(_) => "patches",
            Self::Literal(..) | Self::Ungenerate(_) => "configMapGenerator",
            Self::Label(..) => "labels",
        }
    }

    /// True if it removes entries, whose comments go with them.
    fn removes(&self) -> bool {
        matches!(
            self,
            Self::Remove(..)
                | Self::Unpair(..)
                | Self::Image(..)
                | Self::Metadata(_)
                | Self::Unpatch(_)
                | Self::Ungenerate(_)
        )
    }

    /// Makes the same change of values.
    fn change(&self, root: &mut Mapping) {
        let value = |text: &str| Value::from(text);
        let list = |root: &Mapping, field: &str| -> Vec<Value> {
            root.get(field).and_then(Value::as_sequence).cloned().unwrap_or_default()
        };
        match self {
            Self::Text(field, text) => drop(root.insert(value(field), value(text))),
            Self::Add(_, paths) => {
                let mut items = list(root, self.field());
                for path in paths {
                    if !items.contains(&value(path)) {
                        items.push(value(path));
                    }
                }
                root.insert(value(self.field()), items.into());
            }
            Self::Remove(_, path) => {
                let mut items = list(root, self.field());
                items.retain(|item| *item != value(path));
                root.insert(value(self.field()), items.into());
            }
            Self::Pair(_, key, text) => {
                let entry = root.entry(value(self.field())).or_insert(Mapping::new().into());
                entry.as_mapping_mut().unwrap().insert(value(key), value(text));
            }
            Self::Unpair(_, key) => {
                let pairs = root.get_mut(self.field()).and_then(Value::as_mapping_mut);
                drop(pairs.map(|pairs| pairs.remove(key.as_str())));
            }
            Self::Image(name, new) => {
                let mut images = list(root, "images");
                let at = images.iter().position(|image| image["name"] == value(name));
                let old = at.map(|at| images.remove(at)).unwrap_or(Mapping::new().into());
                let mut image = Mapping::new();
                image.insert(value("name"), value(name));
                for (key, new) in ["newName", "newTag", "digest"].into_iter().zip(new) {
                    let new = match new.as_str() {
                        "*" => old.get(key).and_then(Value::as_str).unwrap_or_default(),
                        new => new,
                    };
                    if !new.is_empty() {
                        image.insert(value(key), value(new));
                    }
                }
                images.push(image.into());
                root.insert(value("images"), images.into());
            }
            Self::Replicas(name, count) => {
                let mut all = list(root, "replicas");
                all.retain(|entry| entry["name"] != value(name));
                let mut entry = Mapping::new();
                entry.insert(value("name"), value(name));
                entry.insert(value("count"), Value::from(*count));
                all.push(entry.into());
                root.insert(value("replicas"), all.into());
            }
            Self::Metadata(option) => {
                root.insert(value("buildMetadata"), vec![value(option)].into());
            }
            Self::Literal(name, literal) => {
                let mut all = list(root, "configMapGenerator");
                if !all.iter().any(|entry| entry["name"] == value(name)) {
                    all.push(Mapping::from_iter([(value("name"), value(name))]).into());
                }
                let found = all.iter_mut().find(|entry| entry["name"] == value(name)).unwrap();
                let entry = found.as_mapping_mut().unwrap();
                let mut literals = list(entry, "literals");
                literals.push(value(literal));
                entry.insert(value("literals"), literals.into());
                root.insert(value("configMapGenerator"), all.into());
            }
            Self::Ungenerate(name) => {
                let mut all = list(root, "configMapGenerator");
                all.retain(|entry| entry["name"] != value(name));
                root.insert(value("configMapGenerator"), all.into());
            }
            Self::Label(key, text) => {
                let mut labels = list(root, "labels");
                if labels.is_empty() {
                    labels
                        .push(Mapping::from_iter([(value("pairs"), Mapping::new().into())]).into());
                }
                let pairs = labels[0]["pairs"].as_mapping_mut().unwrap();
                pairs.insert(value(key), value(text));
                root.insert(value("labels"), labels.into());
            }
            Self::Patch(path) | Self::Unpatch(path) => {
                let mut entry = Mapping::new();
                entry.insert(value("path"), value(path));
                let mut all = list(root, "patches");
                match self {
                    Self::Patch(_) if all.contains(&entry.clone().into()) => {}
                    Self::Patch(_) => all.push(entry.into()),
                    _ => all.retain(|found| *found != Value::from(entry.clone())),
                }
                root.insert(value("patches"), all.into());
            }
        }
    }
}

fn patch(path: &str) -> PatchEntry {
    PatchEntry { path: path.to_owned(), ..PatchEntry::default() }
}

/// The content of a file. Lists that kustomize sorts are sorted, and empty fields are left out.
fn content(text: &str) -> Mapping {
    match serde_yaml::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Mapping(root)) => root,
        Ok(Value::Null) => Mapping::new(),
        other => panic!("{other:?}: {text}"),
    }
}

fn comparable(mut root: Mapping) -> Mapping {
    for field in ["images", "replicas"] {
        if let Some(Value::Sequence(items)) = root.get_mut(field) {
            items.sort_by_key(|item| item["name"].as_str().unwrap().to_owned());
        }
    }
    let is_empty = |value: &Value| {
        value.is_null()
            || value.as_sequence().is_some_and(Vec::is_empty)
            || value.as_mapping().is_some_and(Mapping::is_empty)
    };
    root.retain(|_, value| !is_empty(value));
    root
}

/// The part that is the same for every edit: deprecated fields move, and the type is added.
fn settle(root: &mut Mapping) {
    if let Some(Value::Sequence(bases)) = root.remove("bases") {
        let resources = root.entry("resources".into()).or_insert(Value::Sequence(Vec::new()));
        resources.as_sequence_mut().unwrap().extend(bases);
    }
    let generators = root.get_mut("configMapGenerator").and_then(Value::as_sequence_mut);
    for entry in generators.into_iter().flatten() {
        let entry = entry.as_mapping_mut().unwrap();
        if let Some(env) = entry.remove("env") {
            entry.insert("envs".into(), Value::Sequence(vec![env]));
        }
    }
    for (key, value) in
        [("apiVersion", "kustomize.config.k8s.io/v1beta1"), ("kind", "Kustomization")]
    {
        root.entry(key.into()).or_insert(value.into());
    }
}

/// The part of a fix that moves patches and labels. False if labels are in both fields.
fn fix(root: &mut Mapping) -> bool {
    let add = |field: &str, entries: Vec<Value>, root: &mut Mapping| {
        if !entries.is_empty() {
            let list = root.entry(field.into()).or_insert(Value::Sequence(Vec::new()));
            list.as_sequence_mut().unwrap().extend(entries);
        }
    };
    let take = |field: &str, root: &mut Mapping| match root.remove(field) {
        Some(Value::Sequence(items)) => items,
        _ => Vec::new(),
    };
    let entry =
        |key: &str, value: Value| Value::Mapping([(key.into(), value)].into_iter().collect());
    let json = take("patchesJson6902", root);
    add("patches", json, root);
    let merges = take("patchesStrategicMerge", root).into_iter().map(|text| {
        let is_patch = text.as_str().unwrap().contains(':');
        entry(if is_patch { "patch" } else { "path" }, text)
    });
    add("patches", merges.collect(), root);
    let Some(Value::Mapping(pairs)) = root.remove("commonLabels") else { return true };
    let known = root.get("labels").map(|labels| labels[0]["pairs"].clone());
    if known.is_some_and(|known| pairs.keys().any(|key| known.get(key).is_some())) {
        return false;
    }
    let mut label = entry("includeSelectors", true.into());
    label.as_mapping_mut().unwrap().insert("pairs".into(), Value::Mapping(pairs));
    add("labels", vec![label], root);
    true
}

/// Fields that a fix moves, and those that it moves them to.
const MOVED: [&str; 7] = [
    "bases",
    "resources",
    "patchesJson6902",
    "patchesStrategicMerge",
    "patches",
    "commonLabels",
    "labels",
];

fn check_fix(before: &str) {
    let sources = Sources::new();
    let told = |what: &str| format!("{what}\n--- before\n{before}");
    let mut draft = Draft::read(&sources, "kustomization.yaml", before.as_bytes()).unwrap();
    let mut expected = content(before);
    settle(&mut expected);
    let moved = move_fields(&mut draft, std::path::Path::new("/no/such/directory"));
    if !fix(&mut expected) {
        assert!(moved.is_err(), "{}", told("labels in both fields"));
        return;
    }
    moved.unwrap_or_else(|error| panic!("{}", told(&format!("{error:?}"))));
    let after = draft.text();
    let told = |what: &str| format!("{}\n--- after\n{after}", told(what));
    draft.check().unwrap_or_else(|error| panic!("{}", told(error.message())));
    assert_eq!(comparable(content(after)), comparable(expected), "{}", told("content"));
    let kept: Vec<&str> = after.trim_start_matches('\u{feff}').lines().collect();
    let mut at = 0;
    for (field, line) in with_fields(before.trim_start_matches('\u{feff}')) {
        if let Some(start) = line.find("# c") {
            let comment = line[start..].trim_end();
            assert_eq!(after.matches(comment).count(), 1, "{}", told(comment));
        }
        // The last text may get another chomping indicator, and comments above a field that moves go along.
        let is_touched = MOVED.contains(&field) || line.contains("env:") || line.is_empty();
        if !is_touched && !line.starts_with('#') {
            match kept.iter().skip(at).position(|found| *found == line) {
                Some(found) => at += found + 1,
                None => panic!("{}", told(&format!("line {line:?}"))),
            }
        }
    }
}

fn check(before: &str, edit: &Edit) {
    let sources = Sources::new();
    let told = |what: &str| format!("{what}\n{edit:?}\n--- before\n{before}");
    let mut draft = Draft::read(&sources, "kustomization.yaml", before.as_bytes())
        .unwrap_or_else(|error| panic!("{}", told(&format!("{error:?}"))));
    edit.apply(&mut draft).unwrap_or_else(|error| panic!("{}", told(&format!("{error:?}"))));
    draft
        .check()
        .unwrap_or_else(|error| panic!("{}\n--- after\n{}", told("check"), error.message()));
    let after = draft.text();
    let told = |what: &str| format!("{}\n--- after\n{after}", told(what));

    let mut expected = content(before);
    settle(&mut expected);
    edit.change(&mut expected);
    assert_eq!(comparable(content(after)), comparable(expected), "{}", told("content"));

    assert_eq!(before.starts_with('\u{feff}'), after.starts_with('\u{feff}'), "{}", told("mark"));
    let ends = |text: &str| (text.contains("\r\n"), text.replace("\r\n", "").contains('\n'));
    // One line of `resources` may be all that is left of two lines with one line end.
    if before.contains('\n') && (before.ends_with('\n') || !before.contains("bases:")) {
        assert_eq!(ends(before), ends(after), "{}", told("line ends"));
    }
    let unmarked = |text| str::trim_start_matches(text, '\u{feff}');
    lines_stay(unmarked(before), unmarked(after), edit, &told);
}

/// Lines of other fields stay, in their order; comments stay anywhere.
fn lines_stay(before: &str, after: &str, edit: &Edit, told: &dyn Fn(&str) -> String) {
    let kept: Vec<&str> = after.lines().collect();
    let mut at = 0;
    for (field, line) in with_fields(before) {
        let is_moving = field == "bases" && before.contains("bases:");
        if let Some(start) = line.find("# c") {
            let comment = line[start..].trim_end();
            let count = after.matches(comment).count();
            // Comments of `bases` may have come to stand above the removed field.
            let may_go = edit.removes() && (field == edit.field() || is_moving);
            assert!(count == 1 || count == 0 && may_go, "{}", told(comment));
        }
        // A text at the end of the file that ends without a line end still does.
        let is_text = line.contains("patch: ") || field == "patchesStrategicMerge";
        let is_chomped = is_text && !before.ends_with('\n');
        let is_touched = field == edit.field()
            || field == "resources"
            || is_moving
            || is_chomped
            || line.contains("env:");
        if is_touched || line.is_empty() {
            continue;
        }
        match kept.iter().skip(at).position(|found| *found == line) {
            Some(found) => at += found + 1,
            None => panic!("{}", told(&format!("line {line:?}"))),
        }
    }
}

/// The lines with the fields that they belong to: comments above a field are its own.
fn with_fields(text: &str) -> Vec<(&str, &str)> {
    let mut lines: Vec<(&str, &str)> = Vec::new();
    for line in text.lines() {
        let is_field = line.starts_with(|first: char| first.is_ascii_alphabetic());
        let field = line.split(':').next().filter(|_| is_field);
        let field = field.unwrap_or_else(|| lines.last().map_or("", |(field, _)| field));
        lines.push((field, line));
    }
    // Comments in the first column may belong to the next field.
    let mut next = "";
    for (field, line) in lines.iter_mut().rev() {
        if line.starts_with('#') || line.is_empty() {
            if !next.is_empty() {
                *field = next;
            }
        } else {
            let is_field = line.starts_with(|it: char| it.is_ascii_alphabetic());
            next = if is_field { field } else { "" };
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn edits_change_what_they_are_meant_to(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut dice = Dice(bytes.into_iter());
        let edit = edit(&mut dice);
        let text = file(&mut dice);
        check(&text, &edit);
    }

    #[test]
    fn a_fix_keeps_every_comment(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check_fix(&file(&mut Dice(bytes.into_iter())));
    }

    /// An edit of any file is made as it is meant, or refused.
    #[test]
    fn broken_files_are_edited_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        breaks in proptest::collection::vec((any::<u16>(), 0..BREAKS.len()), 1..6),
    ) {
        let mut dice = Dice(bytes.into_iter());
        let edit = edit(&mut dice);
        let mut text = file(&mut dice);
        for (at, part) in breaks {
            let mut at = usize::from(at) % (text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            match BREAKS[part] {
                "" => drop(text.pop()),
                part => text.insert_str(at, part),
            }
        }
        let sources = Sources::new();
        if let Ok(mut draft) = Draft::read(&sources, "kustomization.yaml", text.as_bytes())
            && edit.apply(&mut draft).is_ok()
            && draft.check().is_ok()
        {
            let read = Draft::read(&sources, "kustomization.yaml", draft.text().as_bytes());
            let again = read.unwrap_or_else(|error| panic!("{error:?}\n{text}\n{}", draft.text()));
            assert_eq!(again.text(), draft.text(), "nothing is left to settle: {text}");
        }
    }
}

/// Parts that break a file, or change what it means. The empty one removes the last character.
const BREAKS: [&str; 22] = [
    "", "\n", " ", "\t", "#", ": ", "- ", "'", "\"", "[", "]", "{", "}", ",", "&a ", "*a",
    "<<: *a\n", "---\n", "...\n", "|\n", "!!str ", "\r\n",
];
