//! The graph as one HTML page: the rendered YAML, each line with the layer that set it and the text of its source.
//!
//! Data is embedded as JSON, and the script sets it as text only.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::embedded::{Frame, json};
use super::super::traces::Field;
use super::text::text;
use crate::error::Result;
use crate::graph::Graph;
use crate::resource::Resource;
use crate::resource::secret::{MASK, Shield, with_values};
use crate::source::{Source, Sources, Span};
use crate::text::escape::visible;
use crate::trace::{Asker, Chain, FoundObject, History, Marked, Trace, mark_lines, settings};
use crate::yaml;

const FRAME: Frame = Frame {
    template: include_str!("page/page.html"),
    style: include_str!("page/page.css"),
    script: include_str!("page/page.js"),
};

/// Writes the page of a target. Values of Secrets are masked. Linear in the size of the output and of the sources.
///
/// # Errors
/// Those of writing YAML, and of [`mark_lines`].
pub fn html(target: &str, graph: &Graph, trace: &Trace, sources: &Sources) -> Result<String> {
    let mut page = Page::new(sources, trace);
    let objects = trace.rendered().map(|(resource, history)| page.object(resource, history));
    let objects = objects.collect::<Result<Vec<_>>>()?;
    let data = Data {
        target: visible(target).into_owned(),
        layers: page.layers,
        files: page.files,
        places: page.places,
        objects: with_ids(objects),
        tree: text(graph),
    };
    Ok(FRAME.filled(&[("DATA", &json(&data))]))
}

/// The data of the page.
#[derive(Serialize)]
struct Data {
    target: String,
    layers: Vec<LayerData>,
    files: Vec<FileData>,
    places: Vec<Place>,
    objects: Vec<ObjectData>,
    /// The graph as text.
    tree: String,
}

#[derive(Serialize)]
struct LayerData {
    name: String,
    /// The last part of the name.
    short: String,
}

#[derive(Serialize)]
struct FileData {
    name: String,
    text: String,
}

/// A setting: the layer, the entry that asked for it, file, line and column, and the value. -1 is no layer or no file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Place(i64, String, i64, usize, usize, String);

#[derive(Serialize)]
struct ObjectData {
    id: String,
    title: String,
    text: String,
    /// The settings of each line, newest first, by their indices.
    places: Vec<Vec<usize>>,
}

/// The parts of the page so far.
struct Page<'a> {
    sources: &'a Sources,
    trace: &'a Trace,
    shield: Shield,
    layers: Vec<LayerData>,
    layer_numbers: BTreeMap<String, i64>,
    files: Vec<FileData>,
    file_numbers: BTreeMap<String, i64>,
    places: Vec<Place>,
    place_numbers: BTreeMap<Place, usize>,
}

/// The name of the layer for the steps at the end of every build.
const END: &str = "end of the build";

impl<'a> Page<'a> {
    fn new(sources: &'a Sources, trace: &'a Trace) -> Self {
        let mut page = Self {
            sources,
            trace,
            shield: Shield::default(),
            layers: Vec::new(),
            layer_numbers: BTreeMap::new(),
            files: Vec::new(),
            file_numbers: BTreeMap::new(),
            places: Vec::new(),
            place_numbers: BTreeMap::new(),
        };
        let is_end = |asked: &Asker| matches!(asked, Asker::End(_));
        let own = trace.steps.iter().filter(|step| !is_end(&step.asked));
        own.for_each(|step| page.add_layer(&step.layer));
        if trace.steps.iter().any(|step| is_end(&step.asked)) {
            page.add_layer(END);
        }
        page.shorten();
        page
    }

    fn add_layer(&mut self, name: &str) {
        if self.layer_numbers.contains_key(name) {
            return;
        }
        self.layer_numbers.insert(name.to_owned(), number(self.layers.len()));
        let name = visible(name).into_owned();
        let short = if name == END { "end".to_owned() } else { name.clone() };
        self.layers.push(LayerData { name, short });
    }

    /// Shortens the names of layers to their last part, or to as many parts as tell them apart.
    fn shorten(&mut self) {
        let all: Vec<String> = self.layers.iter().map(|layer| layer.short.clone()).collect();
        for (number, layer) in self.layers.iter_mut().enumerate() {
            let starts = layer.name.rmatch_indices('/').map(|(place, _)| place + 1);
            let is_own = |short: &&str| {
                let ends = |(other, name): (usize, &String)| {
                    other != number
                        && name
                            .strip_suffix(*short)
                            .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
                };
                !all.iter().enumerate().any(ends)
            };
            let short = starts.filter_map(|start| layer.short.get(start..)).find(is_own);
            if let Some(short) = short.filter(|short| !short.is_empty()).map(str::to_owned) {
                layer.short = short;
            }
        }
    }

    fn object(&mut self, resource: &Resource, history: &History) -> Result<ObjectData> {
        let mut text = String::new();
        yaml::emit(resource.node(), &mut text)?;
        let marked = mark_lines(&text, &Chain::of(history))?;
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); text.lines().count()];
        for field in &marked {
            let found = self.field(history, field);
            let lines =
                if field.is_leaf { field.lines.clone() } else { field.last..field.last + 1 };
            let lines = lines.start..lines.end.min(places.len());
            for line in places.get_mut(lines).into_iter().flatten() {
                // The first field of a list element is in its line.
                if field.is_leaf || line.is_empty() {
                    line.clone_from(&found);
                }
            }
        }
        let masked = with_values(&text, |_| MASK.to_owned());
        let lines: Vec<_> = masked.lines().map(visible).collect();
        let (kind, name, namespace) = (resource.kind(), resource.name(), resource.namespace());
        let title = match namespace {
            "" => format!("{kind} {name}"),
            namespace => format!("{kind} {name} in {namespace}"),
        };
        let id = match namespace {
            "" => format!("{kind}/{name}"),
            namespace => format!("{kind}/{namespace}/{name}"),
        };
        let [id, title] = [id, title].map(|text| visible(&text).into_owned());
        Ok(ObjectData { id, title, text: lines.join("\n"), places })
    }

    /// The settings of a field, newest first. That of a field with others below it is the one that made it.
    fn field(&mut self, history: &History, field: &Marked<'_>) -> Vec<usize> {
        let Marked { path, chain, is_leaf, .. } = field;
        if !is_leaf {
            let begun = beginning(chain);
            return begun
                .map(|(step, span)| self.setting(step, None, String::new(), span))
                .into_iter()
                .collect();
        }
        let settings = settings(self.trace, path, chain, self.sources);
        let object = FoundObject { history, is_rendered: true };
        let shown = Field::of(self.trace, object, path, chain, self.sources).values;
        let pairs = settings.iter().zip(shown);
        pairs
            .map(|(setting, shown)| {
                self.setting(setting.step, Some(shown.by), shown.text, setting.span)
            })
            .collect()
    }

    /// The number of a setting. `words` tell the entry that asked for it.
    fn setting(&mut self, step: usize, words: Option<String>, value: String, span: Span) -> usize {
        let step = self.trace.step(step);
        let layer = match step.map(|step| &step.asked) {
            Some(Asker::End(_)) => END,
            _ => step.map_or("", |step| &step.layer),
        };
        let layer = self.layer_numbers.get(layer).copied().unwrap_or(-1);
        let words = words.or_else(|| step.map(|step| step.by(None))).unwrap_or_default();
        let span = if self.sources.locate(span).is_some() {
            span
        } else {
            step.map_or(Span::NONE, |step| step.span)
        };
        let (file, line, column) = self.place(span);
        let [words, value] = [words, value].map(|text| visible(&text).into_owned());
        let place = Place(layer, words, file, line, column, value);
        if let Some(known) = self.place_numbers.get(&place) {
            return *known;
        }
        let next = self.places.len();
        self.places.push(place.clone());
        self.place_numbers.insert(place, next);
        next
    }

    fn place(&mut self, span: Span) -> (i64, usize, usize) {
        let Some(place) = self.sources.locate(span) else { return (-1, 0, 0) };
        let known = self.file_numbers.get(place.source.name()).copied();
        let file = known.unwrap_or_else(|| self.add_file(&place.source));
        (file, place.line, place.column)
    }

    fn add_file(&mut self, source: &Source) -> i64 {
        let next = number(self.files.len());
        self.file_numbers.insert(source.name().to_owned(), next);
        let (mut masked, mut done) = (String::with_capacity(source.text().len()), 0);
        for range in self.shield.hidden(source, self.sources).iter() {
            masked.push_str(source.text().get(done..range.start).unwrap_or_default());
            masked.push_str(MASK);
            done = range.end;
        }
        masked.push_str(source.text().get(done..).unwrap_or_default());
        let lines: Vec<_> = masked.lines().map(visible).collect();
        let name = visible(source.name()).into_owned();
        self.files.push(FileData { name, text: lines.join("\n") });
        next
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(-1)
}

/// The step since which a field has a value, and the span that it had then.
fn beginning(chain: &Chain<'_>) -> Option<(usize, Span)> {
    let states = chain.states().iter().rev();
    let present = states.map_while(|state| state.node.map(|node| (state.step, node.span())));
    present.last()
}

/// The objects with different ids: the group of the kind is not in an id.
fn with_ids(mut objects: Vec<ObjectData>) -> Vec<ObjectData> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for object in &mut objects {
        let count = seen.entry(object.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            object.id = format!("{}/{count}", object.id);
        }
    }
    objects
}
