//! The images of all targets, with the places that set them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::sheet::{Chart, Form, Sheet, Table, Tone, numbers, words};
use super::summary::{Summarized, Summary, rendered};
use super::told::{location, object, place, title};
use crate::harden::{self, Facts, PathStep};
use crate::resource::{ImageReference, ResId, ResMap};
use crate::source::{Sources, Span};
use crate::trace::{Chain, FieldPath, Segment, Trace, settings};
use crate::yaml::path::Path;

/// A use of an image.
#[derive(Clone, Debug)]
pub struct Use {
    reference: String,
    object: ResId,
    /// The container, or the volume.
    user: String,
    /// The directory of the kustomization that set it; empty for manifests.
    layer: String,
    /// The part of the kustomization that set it, such as `images[0]`; empty for manifests.
    by: String,
    span: Span,
}

/// The images of a target with a trace.
#[must_use]
pub fn of_trace(trace: &Trace, facts: &Facts, sources: &Sources) -> Vec<Use> {
    let used = harden::images(&trace.resources, facts).into_iter().filter_map(|image| {
        let resource = trace.resources.get(image.place)?;
        let mut used = Use {
            reference: image.reference,
            object: resource.id().clone(),
            user: image.user,
            layer: String::new(),
            by: String::new(),
            span: image.path.span(resource.node()),
        };
        if let Some(history) = trace.history(resource) {
            let (path, chain) = field(&image.path, Chain::of(history));
            let settings = settings(trace, &path, &chain, sources);
            if let Some((setting, step)) =
                settings.first().and_then(|setting| Some((setting, trace.step(setting.step)?)))
            {
                used.layer.clone_from(&step.layer);
                used.by = step.by(None);
                used.span = setting.span;
            }
        }
        Some(used)
    });
    used.collect()
}

/// The field of a path, with its states.
fn field<'t>(path: &Path, mut chain: Chain<'t>) -> (FieldPath, Chain<'t>) {
    let mut field = FieldPath::default();
    for step in path.steps() {
        let segment = match step {
            PathStep::Key(key) => {
                chain = chain.key(key);
                Segment::Key((**key).into())
            }
            PathStep::Index(index) => {
                chain = chain.element(*index);
                Segment::Element(*index, None)
            }
        };
        field = field.with(segment);
    }
    (field, chain)
}

/// The images of manifests.
#[must_use]
pub fn of_manifests(objects: &ResMap, facts: &Facts) -> Vec<Use> {
    let used = harden::images(objects, facts).into_iter().filter_map(|image| {
        let resource = objects.get(image.place)?;
        Some(Use {
            reference: image.reference,
            object: resource.id().clone(),
            user: image.user,
            layer: String::new(),
            by: String::new(),
            span: image.path.span(resource.node()),
        })
    });
    used.collect()
}

/// The certainty of a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pin {
    Digest,
    Tag,
    Floating,
}

impl Pin {
    fn of(reference: &ImageReference<'_>) -> Self {
        match (reference.digest, reference.tag) {
            ("", "" | "latest") => Self::Floating,
            ("", _) => Self::Tag,
            _ => Self::Digest,
        }
    }
}

const PINS: [(Pin, &str, Tone); 3] = [
    (Pin::Digest, "digest", Tone::Good),
    (Pin::Tag, "tag", Tone::Middle),
    (Pin::Floating, "latest or no tag", Tone::Bad),
];

/// Uses of a reference that one place set.
#[derive(Default)]
struct Group<'a> {
    targets: BTreeSet<&'a str>,
    containers: usize,
}

/// Summarizes the images of all targets.
#[must_use]
pub fn images(targets: &[Summarized<Vec<Use>>], sources: &Sources) -> Summary {
    let mut groups: BTreeMap<(&str, String, String), Group<'_>> = BTreeMap::new();
    let mut versions: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    let (mut parts, mut documents) = (Vec::new(), Vec::new());
    for (target, uses) in rendered(targets) {
        let mut counts = [0_u64; PINS.len()];
        for used in uses {
            let reference = ImageReference::new(&used.reference);
            for (count, (pin, ..)) in counts.iter_mut().zip(PINS) {
                *count += u64::from(Pin::of(&reference) == pin);
            }
            let by = match (&*used.layer, &*used.by) {
                ("", _) => String::new(),
                (layer, by) => format!("{by} of {layer}"),
            };
            let key = (&*used.reference, place(used.span, sources), by);
            let group = groups.entry(key).or_default();
            group.targets.insert(target);
            group.containers += 1;
            let version = used.reference.get(reference.name.len()..).unwrap_or_default();
            versions.entry(reference.name).or_default().entry(version).or_default().insert(target);
        }
        parts.push((target.to_owned(), counts.to_vec()));
        let uses = uses.iter().map(|used| document(used, sources)).collect::<Vec<_>>();
        documents.push(json!({ "target": target, "images": uses }));
    }
    let mut sheet = Sheet { name: "images", title: "Images", ..Sheet::default() };
    let several = versions.values().filter(|versions| versions.len() > 1).count();
    sheet.figures = vec![
        (versions.len().to_string(), "images".to_owned()),
        (several.to_string(), "with several versions".to_owned()),
    ];
    for (place, (_, words, _)) in PINS.iter().enumerate() {
        let sum: u64 = parts.iter().filter_map(|(_, counts)| counts.get(place)).sum();
        sheet.figures.push((sum.to_string(), format!("by {words}").replace("by latest", "latest")));
    }
    sheet.charts.push(Chart {
        title: "Containers by the form of their image".to_owned(),
        form: Form::Parts {
            series: PINS.map(|(_, words, tone)| (words, tone)).to_vec(),
            rows: parts,
        },
    });
    let columns = vec![
        words("image"),
        words("tag"),
        words("digest"),
        numbers("targets"),
        numbers("containers"),
        words("place"),
        words("set by"),
    ];
    let rows = groups.into_iter().map(|((reference, place, by), group)| {
        let ImageReference { name, tag, digest } = ImageReference::new(reference);
        let counts = [group.targets.len(), group.containers].map(|count| count.to_string());
        let words = [name, tag, digest].map(str::to_owned);
        words.into_iter().chain(counts).chain([place, by]).collect()
    });
    sheet.tables.push(Table { columns, rows: rows.collect(), ..Table::default() });
    sheet.tables.push(differing(versions));
    Summary::new(sheet, documents.into(), targets)
}

/// The images that targets have in several versions.
fn differing(versions: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>>) -> Table {
    let several = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    let rows = several.flat_map(|(name, versions)| {
        versions.into_iter().map(move |(version, targets)| {
            let targets: Vec<&str> = targets.into_iter().collect();
            let named = crate::text::phrase::few(&targets, 3, |target| (*target).to_owned());
            let version = if version.is_empty() { "no version" } else { version };
            vec![name.to_owned(), version.to_owned(), targets.len().to_string(), named]
        })
    });
    Table {
        title: "Images with several versions".to_owned(),
        columns: vec![words("image"), words("version"), numbers("targets"), words("in")],
        rows: rows.collect(),
        ..Table::default()
    }
}

fn document(used: &Use, sources: &Sources) -> Value {
    let ImageReference { name, tag, digest } = ImageReference::new(&used.reference);
    json!({
        "image": used.reference,
        "name": name,
        "tag": tag,
        "digest": digest,
        "object": object(&used.object),
        "title": title(&used.object),
        "container": used.user,
        "layer": used.layer,
        "setBy": used.by,
        "location": location(used.span, sources),
    })
}
