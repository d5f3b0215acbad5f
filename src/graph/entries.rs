//! The entries of a kustomization, in the order of a build, each with its effect.

use std::collections::BTreeMap;

use super::count::{Counting, Part, Record};
use super::difference::Effect;
use super::entry::{Entry, LeadsTo};
use crate::config::{GeneratorArgs, Kustomization, Pairs, Patch, Replacement, Selector};
use crate::load::{Kind, Root, is_remote};
use crate::resource::Behavior;
use crate::source::Span;
use crate::text::phrase;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// The entries of a kustomization, each with the kustomization that it lists. `counting` has the effects of its parts.
pub(super) fn of(
    kustomization: &Kustomization,
    root: &Root,
    counting: Option<&Counting>,
) -> Vec<(Entry, Option<Root>)> {
    let records = counting.map_or(&[][..], |counting| &counting.records);
    let read = counting.map(|counting| by_source(root, &counting.read));
    let (used, found) = (vec![false; records.len()], Vec::new());
    let mut list = List { root, records, used, read, found };
    list.inputs(kustomization);
    list.transformers(kustomization);
    list.plugins(kustomization);
    list.found
}

struct List<'a> {
    root: &'a Root,
    records: &'a [Record],
    /// The records that were given to an entry.
    used: Vec<bool>,
    /// The number of resources that were read from each file, by its name.
    read: Option<BTreeMap<String, usize>>,
    found: Vec<(Entry, Option<Root>)>,
}

impl List<'_> {
    fn inputs(&mut self, kustomization: &Kustomization) {
        let Kustomization {
            openapi,
            resources,
            crds,
            configurations,
            generators,
            config_map_generator,
            secret_generator,
            helm_charts,
            components,
            ..
        } = kustomization;
        if let Some(path) = openapi.get("path") {
            self.paths("openapi", std::slice::from_ref(path));
        }
        self.paths("resources", resources);
        self.paths("configurations", configurations);
        self.paths("crds", crds);
        let maps = config_map_generator.iter().map(|entry| (&**entry, entry.span));
        self.generators("configMapGenerator", maps);
        let secrets = secret_generator.iter().map(|entry| (&entry.args, entry.span));
        self.generators("secretGenerator", secrets);
        let charts = helm_charts.iter().map(|chart| {
            let name = format!("{} {}", *chart.name, *chart.version);
            (name.trim().to_owned(), chart.span)
        });
        let first = self.found.len();
        self.settings("helmCharts", charts);
        for (entry, _) in
            self.found.iter_mut().skip(first).filter(|(entry, _)| entry.index.is_some())
        {
            entry.leads_to = LeadsTo::Chart;
        }
        self.paths("generators", generators);
        self.paths("components", components);
    }

    /// The builtin transformers, in their order.
    fn transformers(&mut self, kustomization: &Kustomization) {
        let Kustomization {
            patches_strategic_merge,
            patches,
            patches_json6902,
            namespace,
            name_prefix,
            name_suffix,
            labels,
            common_labels,
            common_annotations,
            replicas,
            images,
            replacements,
            ..
        } = kustomization;
        self.paths("patchesStrategicMerge", patches_strategic_merge);
        self.patches("patches", patches);
        self.text("namespace", namespace);
        self.text("namePrefix", name_prefix);
        self.text("nameSuffix", name_suffix);
        let pairs = labels.iter().map(|label| (keys(&label.pairs), label.span));
        self.settings("labels", pairs);
        self.pairs("commonLabels", common_labels);
        self.pairs("commonAnnotations", common_annotations);
        self.patches("patchesJson6902", patches_json6902);
        let counts = replicas.iter().map(|entry| (entry.name.to_string(), entry.span));
        self.settings("replicas", counts);
        let names = images.iter().map(|entry| (entry.name.to_string(), entry.span));
        self.settings("images", names);
        self.settings("replacements", replacements.iter().map(|entry| (source(entry), entry.span)));
    }

    /// Plugins, and what has no place of its own.
    fn plugins(&mut self, kustomization: &Kustomization) {
        let Kustomization { transformers, validators, vars, .. } = kustomization;
        self.paths("transformers", transformers);
        let records = self.records;
        for (number, record) in records.iter().enumerate() {
            let is_shown = record.part != Part::Field || !record.effect.is_none();
            if self.used[number] || !is_shown || record.leads_to.is_some() {
                continue;
            }
            let (index, name) = match &record.part {
                Part::Field => (None, String::new()),
                Part::Entry(number) => (Some(*number), String::new()),
                Part::Document(name) => (None, name.clone()),
            };
            let Record { field, span, effect, .. } = record;
            self.found.push((
                Entry {
                    field: field.clone(),
                    index,
                    name,
                    span: *span,
                    leads_to: LeadsTo::Setting,
                    effect: Some(*effect),
                },
                None,
            ));
        }
        self.paths("validators", validators);
        self.settings("vars", vars.iter().map(|entry| (entry.name.to_string(), entry.span)));
    }

    /// A field of paths, or of inline texts.
    fn paths(&mut self, field: &'static str, paths: &[Spanned<Text>]) {
        self.whole_field(field, paths.len());
        for (number, path) in paths.iter().enumerate() {
            let index = (field != "openapi").then_some(number);
            let name = if path.contains('\n') { "inline" } else { path.as_str() };
            self.add(field, index, name.to_owned(), path.span);
            let Some((entry, child)) = self.found.last_mut() else { continue };
            if matches!(field, "generators" | "transformers" | "validators") && child.is_some() {
                // Its resources are configurations.
                entry.effect = None;
            }
            if child.is_some() || path.contains('\n') {
                continue;
            }
            if field == "resources"
                && let Some(read) = &self.read
            {
                let name = self.root.canonical(path).map(|file| self.root.loader().display(&file));
                let added =
                    name.and_then(|name| read.get(&name)).or_else(|| read.get(path.as_str()));
                let added = added.copied().unwrap_or_default();
                entry.effect = Some(Effect { added, ..Effect::default() });
            }
            entry.leads_to = match self.root.kind_of(path) {
                Kind::File => LeadsTo::File,
                Kind::Directory => {
                    *child = self.root.child(path, path.span).ok();
                    LeadsTo::Missing
                }
                // A text that is no path may be a patch on one line.
                _ if entry.effect.is_some() => LeadsTo::File,
                _ if is_remote(path) => LeadsTo::Remote,
                _ => LeadsTo::Missing,
            };
        }
    }

    fn generators<'e>(
        &mut self,
        field: &'static str,
        entries: impl ExactSizeIterator<Item = (&'e GeneratorArgs, Span)>,
    ) {
        for (number, (arguments, span)) in entries.enumerate() {
            self.add(field, Some(number), arguments.name.to_string(), span);
            let is_merged =
                matches!(Behavior::named(&arguments.behavior), Behavior::Merge | Behavior::Replace);
            if let Some((Entry { effect: Some(effect), .. }, _)) = self.found.last_mut()
                && is_merged
            {
                effect.merged = std::mem::take(&mut effect.added);
            }
        }
    }

    fn patches(&mut self, field: &'static str, patches: &[Spanned<Patch>]) {
        self.whole_field(field, patches.len());
        for (number, patch) in patches.iter().enumerate() {
            let target = patch.target.as_ref().map(|target| selected(target)).unwrap_or_default();
            let name = match (patch.path.is_empty(), target.is_empty()) {
                (true, true) => "inline".to_owned(),
                (true, false) => format!("inline for {target}"),
                (false, _) => patch.path.to_string(),
            };
            self.add(field, Some(number), name, patch.span);
            if let Some((entry, _)) = self.found.last_mut()
                && !patch.path.is_empty()
            {
                entry.leads_to = LeadsTo::File;
            }
        }
    }

    fn settings(
        &mut self,
        field: &'static str,
        entries: impl ExactSizeIterator<Item = (String, Span)>,
    ) {
        self.whole_field(field, entries.len());
        for (number, (name, span)) in entries.enumerate() {
            self.add(field, Some(number), name, span);
        }
    }

    fn text(&mut self, field: &'static str, text: &Spanned<Text>) {
        if !text.is_empty() {
            self.add(field, None, text.to_string(), text.span);
        }
    }

    fn pairs(&mut self, field: &'static str, pairs: &Pairs) {
        if let Some(first) = pairs.values().next() {
            self.add(field, None, keys(pairs), first.span);
        }
    }

    /// Adds a field whose entries were applied together, with their common effect.
    fn whole_field(&mut self, field: &'static str, entries: usize) {
        let of_field =
            |record: &&Record| record.field == field && record.part == Part::Field && entries > 1;
        if self.records.iter().filter(of_field).count() == 1 {
            self.add(field, None, String::new(), Span::NONE);
        }
    }

    fn add(&mut self, field: &'static str, index: Option<usize>, name: String, span: Span) {
        let fits = |record: &Record| match record.leads_to {
            Some(_) => record.span == span && !span.is_none(),
            None if record.field != field => false,
            None => match (&record.part, index) {
                (Part::Entry(number), Some(index)) => *number == index,
                (Part::Field, None) => true,
                (Part::Field, Some(_)) => record.span.is_none() || record.span == span,
                _ => false,
            },
        };
        let unused = |(number, record): &(usize, &Record)| !self.used[*number] && fits(record);
        let record = self.records.iter().enumerate().find(unused);
        if let Some((number, _)) = record {
            self.used[number] = true;
        }
        let record = record.map(|(_, record)| record);
        let child = record.and_then(|record| record.leads_to.clone());
        let effect = record.map(|record| record.effect);
        let field = field.to_owned();
        let entry = Entry { field, index, name, span, leads_to: LeadsTo::Setting, effect };
        self.found.push((entry, child));
    }
}

/// The number of resources of each file.
fn by_source(root: &Root, resources: &[Span]) -> BTreeMap<String, usize> {
    let mut read = BTreeMap::new();
    for span in resources {
        if let Some(source) = root.loader().sources().source_of(*span) {
            *read.entry(source.name().to_owned()).or_default() += 1;
        }
    }
    read
}

fn keys(pairs: &Pairs) -> String {
    let keys: Vec<&str> = pairs.keys().map(Text::as_str).collect();
    phrase::few(&keys, 3, |key| (*key).to_owned())
}

/// The kind and name of a selector, or its selectors.
fn selected(selector: &Selector) -> String {
    let Selector { kind, name, namespace, label_selector, annotation_selector, .. } = selector;
    let parts = [kind, name, namespace, label_selector, annotation_selector];
    let parts: Vec<&str> =
        parts.iter().map(|part| part.as_str()).filter(|part| !part.is_empty()).take(2).collect();
    parts.join(" ")
}

/// The file, or the source of a replacement.
fn source(replacement: &Replacement) -> String {
    let Replacement { path, source, .. } = replacement;
    match source {
        _ if !path.is_empty() => path.to_string(),
        Some(source) => {
            let parts = [&source.kind, &source.name, &source.field_path];
            let parts = parts.iter().map(|part| part.as_str()).filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join(" ")
        }
        None => "a value".to_owned(),
    }
}
