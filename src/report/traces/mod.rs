//! Traces: each value that a field had, with the step that set it. As text for people, and as JSON.

mod across;
mod annotate;
mod json;
mod text;

pub use across::{Across, across_json, across_text};
pub use annotate::{Annotated, annotate};
pub use json::json;
pub use text::{object, overview, text};

use crate::resource::secret::{MASK, embeds_secret, is_secret};
use crate::resource::{ResId, Resource};
use crate::source::Sources;
use crate::text::phrase::shortened;
use crate::trace::{Chain, FieldPath, FoundObject, Setting, Trace, settings};
use crate::yaml::{self, Form, Node, Scalar, Style, Tag, Value, write_json};

/// A field with all the values that it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The object, by its last id.
    pub object: ObjectName,
    /// The path in kustomize's syntax; empty for the object itself.
    pub path: String,
    /// The path as a JSON pointer.
    pub pointer: String,
    /// The values, newest first. The first one is rendered, unless the field or its object was removed.
    pub values: Vec<Shown>,
}

/// The name of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// `apiVersion`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; may be empty.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// True if it is in the output.
    pub is_rendered: bool,
}

/// A value of a field, with the step that set it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// The value as one line of JSON; `None` if the step removed the field. Values of Secrets are masked.
    pub json: Option<String>,
    /// The value as one line for people.
    pub text: String,
    /// The directory of the kustomization that set it.
    pub layer: String,
    /// The part of the kustomization that set it: `patches[0]`, `namePrefix`, `content hash`.
    pub by: String,
    /// The kind of the builtin, such as `ImageTagTransformer`; empty for files.
    pub builtin: String,
    /// File, line and column of the value, or of the part of the kustomization.
    pub place: Option<ShownPlace>,
}

/// A position in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShownPlace {
    /// The file, relative to the working directory.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl std::fmt::Display for ShownPlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl ObjectName {
    /// The name of an object with this id.
    #[must_use]
    pub fn of(id: &ResId, is_rendered: bool) -> Self {
        Self {
            api_version: id.gvk.api_version().to_string(),
            kind: id.gvk.kind.as_str().to_owned(),
            namespace: id.namespace.as_str().to_owned(),
            name: id.name.as_str().to_owned(),
            is_rendered,
        }
    }

    /// `Kind/name`, with the namespace if there is one.
    fn title(&self) -> String {
        let Self { kind, namespace, name, .. } = self;
        match namespace.as_str() {
            "" => format!("{kind}/{name}"),
            namespace => format!("{kind}/{name} in {namespace}"),
        }
    }
}

impl Field {
    /// A field of an object with the values that it had.
    #[must_use]
    pub fn of(
        trace: &Trace,
        object: FoundObject<'_>,
        path: &FieldPath,
        chain: &Chain<'_>,
        sources: &Sources,
    ) -> Self {
        let id = object.history.id();
        let values = settings(trace, path, chain, sources);
        let shown = |setting: &Setting<'_>| shown(trace, &id, path, setting, sources);
        let values: Vec<Shown> = values.iter().map(shown).collect();
        let object = ObjectName::of(&id, object.is_rendered);
        Self { object, path: path.to_string(), pointer: path.pointer(), values }
    }

    /// The value that is rendered, or the removal.
    #[must_use]
    pub fn last(&self) -> Option<&Shown> {
        self.values.first()
    }
}

fn shown(
    trace: &Trace,
    id: &ResId,
    path: &FieldPath,
    setting: &Setting<'_>,
    sources: &Sources,
) -> Shown {
    let step = trace.step(setting.step);
    let is_hidden = hides(&id.gvk.kind, path);
    let by = step.map(|step| step.by(setting.follows.as_ref())).unwrap_or_default();
    let place = sources.locate(setting.span).map(|place| ShownPlace {
        file: place.source.name().to_owned(),
        line: place.line,
        column: place.column,
    });
    Shown {
        json: setting.value.map(|value| as_json(value, is_hidden)),
        text: setting.value.map(|value| as_text(value, is_hidden)).unwrap_or_default(),
        layer: step.map(|step| step.layer.clone()).unwrap_or_default(),
        by,
        builtin: step.map(|step| step.builtin.clone()).unwrap_or_default(),
        place,
    }
}

/// True if the values of a field are secret.
fn hides(kind: &str, path: &FieldPath) -> bool {
    is_secret(kind) && matches!(path.top(), None | Some("data" | "stringData"))
}

/// The longest value that is shown whole to people, in characters.
const LONGEST: usize = 60;

/// A value as one line of JSON.
fn as_json(value: &Node, is_hidden: bool) -> String {
    let mut json = String::new();
    let is_secret = is_hidden || value.walk().any(|node| node.as_text().is_some_and(embeds_secret));
    match is_secret || write_json(value, Form::Compact, &mut json).is_err() {
        true if is_secret => serde_json::json!(MASK).to_string(),
        true => serde_json::json!(value.as_text().unwrap_or_default()).to_string(),
        false => json,
    }
}

/// A value as one line for people: as YAML if that is one word, else as JSON, and shortened.
#[must_use]
pub fn as_text(value: &Node, is_hidden: bool) -> String {
    if is_hidden || value.walk().any(|node| node.as_text().is_some_and(embeds_secret)) {
        return MASK.to_owned();
    }
    match value.as_scalar() {
        Some(scalar) if is_plain(scalar) => shortened(scalar.text(), LONGEST).into_owned(),
        Some(scalar) if matches!(yaml::resolve(scalar), Ok(Value::Str(_))) => {
            let text = shortened(scalar.text(), LONGEST);
            serde_json::json!(&*text).to_string()
        }
        _ => {
            // For people, these characters need no escapes.
            let json = as_json(value, false);
            let json = json.replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&");
            shortened(&json, LONGEST).into_owned()
        }
    }
}

/// True if the text of a scalar means the same without quotes.
fn is_plain(scalar: &Scalar) -> bool {
    let text = scalar.text();
    let is_one_line = !text.is_empty() && !text.contains(char::is_control) && text.trim() == text;
    let is_string = matches!(yaml::resolve(scalar), Ok(Value::Str(_)));
    let plain = Scalar::parsed(text, Tag::None, Style::Plain, scalar.span());
    let reads_as_string = matches!(yaml::resolve(&plain), Ok(Value::Str(_)));
    is_one_line && is_string == reads_as_string && !text.starts_with(['"', '\'', '{', '[', '#'])
}

/// The fields of a rendered object with the layer that set each, for the overview.
#[must_use]
pub fn counts_by_layer(
    trace: &Trace,
    resource: &Resource,
    sources: &Sources,
) -> Vec<(String, usize)> {
    let Some(history) = trace.history(resource) else { return Vec::new() };
    let mut counts: Vec<(String, usize)> = Vec::new();
    for leaf in crate::trace::leaves(FieldPath::default(), Chain::of(history), false) {
        let settings = settings(trace, &leaf.path, &leaf.chain, sources);
        let last = settings.first().and_then(|setting| trace.step(setting.step));
        let Some(step) = last else { continue };
        match counts.iter_mut().find(|(layer, _)| *layer == step.layer) {
            Some((_, count)) => *count += 1,
            None => counts.push((step.layer.clone(), 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
