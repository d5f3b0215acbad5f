//! `images:` changes names, tags and digests of container images.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use serde::Deserialize;

use super::fields::{charge_specs, leaves_annotations};
use super::{
    Builtin, Change, Configured, Context, Create, Fate, FieldPath, Report, Step, Tally, Work,
};
use crate::config::{FieldSpec, FieldSpecs, Image, Section};
use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Limit};
use crate::resource::{ImageReference, Pattern, ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Kind, Node, Scalar, Sequence, Tag, Text};

/// `images` and `ImageTagTransformer`.
pub(super) const IMAGES: Builtin = Builtin {
    kind: "ImageTagTransformer",
    field: "images",
    changes,
    document: &["imageTag", "fieldSpecs"],
    configure: |_, node| {
        let document: ImageDocument = de::from_node_by(node, Rules::Lenient)?;
        Ok(Box::new(document))
    },
};

/// Builds the changes for `images`: each entry is applied to the result of the one before it. Linear in the size of the
/// resources, plus the number of images times entries.
///
/// An entry is applied twice to an image that is both in a list of containers and selected by a field spec, as in the
/// reference: `tagSuffix` is added twice.
///
/// (kustomize, `api/internal/builtins/ImageTagTransformer.go`, `api/filters/imagetag`.)
///
/// # Errors
/// In the work: [`Code::InvalidType`] for an image that is not text.
fn changes<'c>(builtin: &Builtin, context: &Context<'c>) -> Result<Vec<Change<'c>>> {
    let field = builtin.cause(context, Span::NONE);
    Ok(context.changes(field, &context.kustomization.images, |images| {
        let images = images.iter().map(|image| &image.value);
        change_all(context, images, context.configuration.specs(Section::Images))
    }))
}

/// Builds the work that applies entries to all resources; `None` without entries.
fn change_all<'c>(
    context: &Context<'c>,
    images: impl IntoIterator<Item = &'c Image>,
    specs: &FieldSpecs,
) -> Option<Work<'c>> {
    let entries = images.into_iter().map(|image| ImageEntry::new(image, context.root.budget()));
    let entries: Vec<ImageEntry<'_>> = match entries.collect() {
        Ok(entries) => entries,
        Err(error) => return Some(Work::failed(error)),
    };
    let field = |spec: &Spanned<FieldSpec>| (spec.value.clone(), FieldPath::new(&spec.path));
    (!entries.is_empty()).then(|| {
        Work::step(ImageEntries {
            index: ImageIndex::of(&entries),
            budget: context.root.budget(),
            entries,
            fields: specs.iter().map(field).collect(),
            schema: context.schema,
        })
    })
}

/// A document that configures the builtin, with one image.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ImageDocument {
    image_tag: Image,
    /// Fields with images, in addition to the lists of containers.
    field_specs: FieldSpecs,
}

impl Configured for ImageDocument {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        change_all(context, [&self.image_tag], &self.field_specs).into_iter().collect()
    }
}

/// The step that changes the images of resources.
struct ImageEntries<'c> {
    entries: Vec<ImageEntry<'c>>,
    index: Option<ImageIndex>,
    budget: &'c Budget,
    /// Fields with images, in addition to the lists of containers.
    fields: Vec<(FieldSpec, FieldPath)>,
    schema: &'c Schema,
}

impl Step for ImageEntries<'_> {
    type Tally = Matched;

    fn change(&self, matched: &mut Matched, _: usize, resource: &mut Resource) -> Result<Fate> {
        if resource.kind() != "CustomResourceDefinition" {
            self.change_all(resource, matched).map_err(|error| {
                error.step(format!("while changing the images of `{}`", resource.id()))
            })?;
        }
        Ok(Fate::Stays)
    }

    fn finish(&self, matched: Matched, _: &ResMap, report: &mut Report<'_, '_>) -> Result<()> {
        for (number, ImageEntry { image, .. }) in self.entries.iter().enumerate() {
            if image.parts().iter().all(|part| part.is_empty()) {
                report.idle(|| without_change(&image.name));
            } else if !matched.0.contains(&number) {
                report.idle(|| unused(&image.name));
            }
        }
        Ok(())
    }

    fn ignores_annotations(&self) -> bool {
        self.fields.iter().all(|(spec, _)| leaves_annotations(spec))
    }
}

impl ImageEntries<'_> {
    /// Applies all entries, in order. If there are many, only those that may match an image of the resource are tried.
    fn change_all(&self, resource: &mut Resource, matched: &mut Matched) -> Result<()> {
        let containers = containers(resource.node());
        let Some(index) = &self.index else {
            let change = |place| self.change_one(place, &containers, resource, matched).map(|_| ());
            return (0..self.entries.len()).try_for_each(change);
        };
        // The first entry is always tried: it reports a malformed resource, even if it matches no image.
        let mut next = 0;
        let mut places = BTreeSet::from([0]);
        while let Some(place) = places.range(next..).next().copied() {
            let Some(entry) = self.entries.get(place) else { break };
            let images = self.images(&containers, resource)?;
            let cost = if entry.is_pattern() { PATTERN_COST } else { COST };
            let amount = cost * (1 + images.len() as u64);
            self.budget.spend(Limit::Bytes, amount, entry.image.name.span)?;
            if self.change_one(place, &containers, resource, matched)? || place == 0 {
                let images = self.images(&containers, resource)?;
                places = images.iter().flat_map(|image| index.places(image)).collect();
            }
            next = place + 1;
        }
        Ok(())
    }

    /// Applies one entry. Returns true if an image had the name.
    fn change_one(
        &self,
        place: usize,
        containers: &[ListPath],
        resource: &mut Resource,
        matched: &mut Matched,
    ) -> Result<bool> {
        let Some(entry) = self.entries.get(place) else { return Ok(false) };
        let mut fits = false;
        if !containers.is_empty() {
            resource.edit(self.schema, |root| {
                containers.iter().try_for_each(|way| change_containers(entry, root, way, &mut fits))
            })?;
        }
        self.visit(resource, entry.image.name.span, &mut |field| entry.set(field, &mut fits))?;
        if fits {
            matched.0.insert(place);
        }
        Ok(fits)
    }

    /// All images of a resource.
    fn images(&self, containers: &[ListPath], resource: &mut Resource) -> Result<Vec<Text>> {
        let mut images = Vec::new();
        let text = |node: &Node| node.as_scalar().map(Scalar::shared_text).cloned();
        for way in containers {
            let list = resource.node().at(way);
            let list = list.and_then(Node::as_sequence).map_or(&[][..], Sequence::items);
            images.extend(list.iter().filter_map(|container| text(container.get("image")?)));
        }
        self.visit(resource, Span::NONE, &mut |field| {
            images.extend(text(field));
            Ok(())
        })?;
        Ok(images)
    }

    /// Visits the fields with images, without the lists of containers.
    fn visit(
        &self,
        resource: &mut Resource,
        span: Span,
        set: &mut dyn FnMut(&mut Node) -> Result<()>,
    ) -> Result<()> {
        charge_specs((self.fields.len(), 0), self.budget, || span)?;
        for (spec, path) in &self.fields {
            if resource.gvk().is_selected_by(&spec.gvk) && path.leads_somewhere(resource.node()) {
                resource.edit(self.schema, |root| {
                    path.visit(root, Create::Never, span, set).map(drop)
                })?;
            }
        }
        Ok(())
    }
}

/// The places of the entries whose name an image has.
#[derive(Default)]
struct Matched(BTreeSet<usize>);

impl Tally for Matched {
    fn add(&mut self, following: Self) {
        self.0.extend(following.0);
    }
}

/// The charge for comparing an entry with an image, in bytes: as many as a build copies in the same time.
const COST: u64 = 16;

/// The charge for an entry whose name is a pattern, which is matched against each image.
const PATTERN_COST: u64 = 256;

/// An index of many entries, by the images that they may match.
struct ImageIndex {
    /// The positions of entries whose name is plain text, by the name.
    names: BTreeMap<String, Vec<usize>>,
    /// The positions of entries whose name contains dots, which match any character: by the length of the text after
    /// the last dot, then by that text.
    ends: BTreeMap<usize, BTreeMap<String, Vec<usize>>>,
    /// The positions of all other entries.
    patterns: Vec<usize>,
}

impl ImageIndex {
    /// An index; `None` for few entries, which are faster to try one by one.
    fn of(entries: &[ImageEntry<'_>]) -> Option<Self> {
        const MANY: usize = 16;
        if entries.len() < MANY {
            return None;
        }
        let mut index =
            Self { names: BTreeMap::new(), ends: BTreeMap::new(), patterns: Vec::new() };
        for (place, entry) in entries.iter().enumerate() {
            let name = entry.image.name.as_str();
            match name.rsplit_once('.') {
                _ if entry.pattern.is_none() => continue,
                _ if entry.is_pattern() => index.patterns.push(place),
                None => index.names.entry(name.to_owned()).or_default().push(place),
                Some((_, "")) => index.patterns.push(place),
                Some((_, end)) => {
                    let ends = index.ends.entry(end.len()).or_default();
                    ends.entry(end.to_owned()).or_default().push(place);
                }
            }
        }
        Some(index)
    }

    /// The positions of the entries that may match an image.
    fn places(&self, image: &str) -> Vec<usize> {
        /// The maximum number of separators after a name: one before a tag, two in a digest.
        const MARKS: usize = 3;
        let mut places = self.patterns.clone();
        let marks = image.match_indices([':', '@']).map(|(place, _)| place);
        let marks = marks.rev().take(MARKS);
        for end in iter::once(image.len()).chain(marks) {
            let name = &image[..end];
            places.extend(self.names.get(name).into_iter().flatten());
            for (length, ends) in &self.ends {
                let tail = end.checked_sub(*length).and_then(|start| name.get(start..));
                places.extend(tail.and_then(|tail| ends.get(tail)).into_iter().flatten());
            }
        }
        places
    }
}

/// One entry with its pattern.
struct ImageEntry<'c> {
    image: &'c Image,
    /// `None` for a name that is not a valid pattern: it matches no image.
    pattern: Option<Pattern>,
    budget: &'c Budget,
}

/// The warning for an entry with only a name.
fn without_change(name: &Spanned<Text>) -> Error {
    Error::new(Code::NoEffect, "found an entry of `images` that changes nothing")
        .at(name.span)
        .help("add `newTag`, `newName`, `tagSuffix` or `digest`")
}

/// The warning for an entry whose name no image has.
fn unused(name: &Spanned<Text>) -> Error {
    Error::new(Code::NoEffect, format!("no image has the name `{}`", name.as_str()))
        .at(name.span)
        .help("write the name as it stands in the resources, without tag and digest")
}

impl<'c> ImageEntry<'c> {
    fn new(image: &'c Image, budget: &'c Budget) -> Result<Self> {
        let pattern = match Pattern::image(&image.name, budget) {
            Err(error) if error.is_spent() => return Err(error.at(image.name.span)),
            pattern => pattern.ok(),
        };
        Ok(Self { image, pattern, budget })
    }

    /// True if the name contains pattern syntax other than dots.
    fn is_pattern(&self) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| !pattern.is_image_name())
    }

    /// Changes an image that has the name, and notes that it does.
    fn set(&self, field: &mut Node, fits: &mut bool) -> Result<()> {
        let Some(old) = field.as_text() else { return Err(field.wrong_kind(Kind::Scalar)) };
        if !self.pattern.as_ref().is_some_and(|pattern| pattern.matches(old)) {
            return Ok(());
        }
        *fits = true;
        let new = self.renamed(old);
        self.budget.text(new.len(), self.image.name.span)?;
        let image = self.image;
        let parts = image.parts();
        let span =
            parts.iter().find(|part| !part.is_empty()).map_or(image.name.span, |part| part.span);
        field.set_text(&new, Tag::None, span)
    }

    fn renamed(&self, old: &str) -> String {
        let ImageReference { name, tag, digest } = ImageReference::new(old);
        let image = self.image;
        let name = if image.new_name.is_empty() { name } else { image.new_name.as_str() };
        let (new_tag, new_digest) = (image.new_tag.as_str(), image.digest.as_str());
        let suffixed = format!("{tag}{}", image.tag_suffix.as_str());
        let (tag, digest) = match (new_tag.is_empty(), new_digest.is_empty()) {
            (false, _) => (new_tag, new_digest),
            (true, false) => ("", new_digest),
            (true, true) if !image.tag_suffix.is_empty() => (suffixed.as_str(), ""),
            (true, true) => (tag, digest),
        };
        let mut new = name.to_owned();
        for (mark, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                new.push(mark);
                new.push_str(part);
            }
        }
        new
    }
}

/// The path from the root of a document to a list of containers: positions of entries and elements.
type ListPath = Vec<usize>;

/// The lists named `containers` and `initContainers` anywhere in a document; nested ones come before those around them.
fn containers(root: &Node) -> Vec<ListPath> {
    // A list of visits in place of recursion, since documents may nest deeply. Each visit stores the index of its
    // parent.
    let mut visits: Vec<(usize, usize, &Node, bool)> = vec![(usize::MAX, 0, root, false)];
    let mut next = 0;
    while next < visits.len() {
        let (_, _, node, _) = visits[next];
        if let Some(mapping) = node.as_mapping() {
            let children =
                mapping.iter().enumerate().filter(|(_, (_, value))| value.kind() != Kind::Scalar);
            visits.extend(children.map(|(position, (key, value))| {
                let named = matches!(key.text(), "containers" | "initContainers");
                (next, position, value, named && value.kind() == Kind::Sequence)
            }));
        } else if let Some(sequence) = node.as_sequence() {
            let children =
                sequence.items().iter().enumerate().filter(|(_, item)| item.kind() != Kind::Scalar);
            visits.extend(children.map(|(position, item)| (next, position, item, false)));
        }
        next += 1;
    }
    let way = |mut visit: usize| {
        let mut way = ListPath::new();
        while visits[visit].0 != usize::MAX {
            way.push(visits[visit].1);
            visit = visits[visit].0;
        }
        way.reverse();
        way
    };
    (0..visits.len()).rev().filter(|&visit| visits[visit].3).map(way).collect()
}

fn change_containers(
    entry: &ImageEntry<'_>,
    root: &mut Node,
    way: &[usize],
    fits: &mut bool,
) -> Result<()> {
    let found = root.at(way);
    let list = found.and_then(Node::as_sequence).map_or(&[][..], Sequence::items);
    let mut wanted = false;
    for container in list {
        if container.is_null() {
            continue;
        }
        if container.kind() != Kind::Mapping {
            return Err(container.wrong_kind(Kind::Mapping));
        }
        if let Some(image) = container.get("image") {
            let Some(text) = image.as_text() else { return Err(image.wrong_kind(Kind::Scalar)) };
            wanted |= entry.pattern.as_ref().is_some_and(|pattern| pattern.matches(text));
        }
    }
    if !wanted {
        return Ok(());
    }
    let Some(node) = root.at_mut(way) else { return Ok(()) };
    let containers = node.as_sequence_mut().map(Sequence::items_mut);
    for container in containers.into_iter().flatten() {
        if let Some(image) = container.get_mut("image") {
            entry.set(image, fits)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every entry that matches an image is among those that the index returns for it.
    #[test]
    fn the_index_misses_no_entry() {
        let names = [
            "a",
            "b",
            "a/b",
            "a.b",
            "x.y/a",
            "x.z/a",
            ".",
            "..",
            "a.",
            ".b",
            "a*",
            "[ab]",
            "ü",
            "ü.b",
            "localhost:5000/a",
            "a|b",
            "",
            "A",
            "x.y/a.b",
            "b.",
        ];
        let images: Vec<Image> = names
            .iter()
            .map(|name| Image {
                name: Spanned::new((*name).into(), Span::NONE),
                ..Image::default()
            })
            .collect();
        let budget = Budget::default();
        let entries: Vec<ImageEntry<'_>> =
            images.iter().map(|image| ImageEntry::new(image, &budget).unwrap()).collect();
        let index = ImageIndex::of(&entries).unwrap();
        let mut found = 0;
        for name in [
            "a",
            "b",
            "a/b",
            "axb",
            "x.y/a",
            "xqz/a",
            "ü",
            "üxb",
            "localhost:5000/a",
            "A",
            "",
            "ab",
            "x.y/aqb",
        ] {
            for rest in ["", ":1", ":", "@sha256:0a", ":v1@sha256:0a", ":1:2", "@a", "@b:c@d:e"] {
                let image = format!("{name}{rest}");
                let tried = index.places(&image);
                for (place, entry) in entries.iter().enumerate() {
                    if entry.pattern.as_ref().is_some_and(|pattern| pattern.matches(&image)) {
                        assert!(tried.contains(&place), "{} {image}", names[place]);
                        found += 1;
                    }
                }
            }
        }
        assert!(found > 50, "{found}");
    }
}
