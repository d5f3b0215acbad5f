//! Comparison of two renders of the same targets: the effect of a change on each object, assessed and grouped.
//!
//! The caller renders a [`Target`] on both sides. [`TargetReview::of`] pairs its objects and compares them field by
//! field; [`Review::of`] groups equal changes of many targets and sorts them by importance. `report` writes reviews.
//!
//! Only differences in the output count: the style of values in the sources does not.

use crate::text::wildcard::fits;

mod around;
mod compare;
mod containers;
mod copies;
mod equal;
mod findings;
pub mod group;
mod judge;
mod likely;
pub(crate) mod lines;
mod list;
mod mask;
mod moved;
pub(crate) mod operations;
mod pair;
mod parts;
mod path;
mod security;
mod served;
mod stages;
mod summary;
#[cfg(test)]
pub(crate) mod tests;
mod weigh;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::build::Built;
use crate::error::{Code, Error, Result};
use crate::harden::{Holds, Rule};
use crate::resource::{DEFAULT_NAMESPACE, ResMap, Resource, secret::Shield};
use crate::schema::Schema;
use crate::source::Sources;
use crate::yaml::{self, Kind, Node, Scalar, Style, Tag};
use mask::Masks;
use weigh::Whole;

pub(crate) use around::Around;
pub use compare::{Change, Consequence, What};
pub use copies::Masking;
pub use findings::{FindingChange, TurnedFinding, findings};
pub use group::{ChangedImage, Group, Review, Section};
pub(crate) use judge::moved;
pub use judge::{Effect, Image, Rank};
#[cfg(feature = "cli")]
pub(crate) use lines::unified;
pub use moved::{Single, SourceFile, moved_targets};
pub use operations::Operations;
pub use pair::{Pair, Renaming};
pub use path::{Ignore, Path, Step};
pub use security::{Cause, Security, Turned};
pub use served::{Unrendered, against};
#[cfg(feature = "cli")]
pub(crate) use stages::other_stage;
pub use summary::Summary;
pub use weigh::{Growth, Judgement, Nature, Part, Phrase};

/// Selection of fields and objects to compare, and of what a review contains.
#[derive(Debug, Default)]
pub struct Options {
    /// Fields that are not compared.
    pub ignore: Vec<Ignore>,
    /// Objects that are compared; all if it is empty.
    pub only: Vec<Only>,
    /// Masks for values of Secrets, with the values of the run. `None` shows the values.
    pub mask: Option<Masking>,
    /// States of rules: a rule of `KR-DIF` that is off judges nothing, and the severities of others are set.
    pub rules: Vec<(&'static Rule, Holds)>,
    /// True if a review keeps the renders, which unified diffs and JSON require.
    pub renders: bool,
    /// True if the groups of a review keep their objects on both sides, from which a page takes the lines around changes.
    pub around: bool,
}

/// A pattern for objects by kind and name, case-insensitive: `Deployment/web`, where `*` matches any text.
#[derive(Debug)]
pub struct Only {
    kind: String,
    name: String,
}

/// A kustomization or a rendered file, on both sides.
#[derive(Debug)]
pub struct Target {
    /// Its name: the directory.
    pub name: String,
    /// Its name before, if it moved.
    pub moved_from: Option<String>,
    /// The old side.
    pub before: Side,
    /// The new side.
    pub after: Side,
}

/// One side of a target.
#[derive(Debug)]
pub enum Side {
    /// The target does not exist.
    Absent,
    /// It could not be rendered.
    Failed(Failure),
    /// The result of the render.
    Rendered(Rendered),
}

/// The objects of one side.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The objects.
    pub resources: ResMap,
    /// The schema of the render: it states by which fields the items of lists are paired.
    pub schema: Schema,
}

impl From<Built> for Rendered {
    fn from(built: Built) -> Self {
        Self { resources: built.resources, schema: built.schema }
    }
}

/// Failure to render a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Error code.
    pub code: &'static str,
    /// Message.
    pub message: String,
    /// File and line, if there is one.
    pub place: Option<String>,
    /// Number of further failures.
    pub more: usize,
}

/// Result of comparing one target.
#[derive(Debug)]
pub struct TargetReview {
    /// Name of the target.
    pub name: String,
    /// Its name before, if it moved.
    pub moved_from: Option<String>,
    /// Outcome of the comparison.
    pub status: Status,
    /// The failure of a target before it was removed: its objects are not known.
    pub failed_before: Option<Failure>,
    /// Objects that differ, in the order of the output.
    pub objects: Vec<Object>,
    /// Pairs of objects of both sides, by index.
    pub pairs: Vec<Pair>,
    /// Findings that are new, accepted or resolved, if the caller has set them: [`mod@findings`].
    pub findings: Vec<FindingChange>,
    /// Requests of namespaces that grow.
    pub growth: Vec<Growth>,
    /// All objects before and after, if [`Options::renders`] is set; with [`Options::only`], those that are selected.
    pub renders: [Vec<Node>; 2],
    /// Pairs of the objects in `renders`.
    drawn: Vec<Pair>,
    /// The schema by which lists are paired.
    schema: Schema,
    /// The ids of all objects on both sides, if some objects are on one side only.
    ids: [moved::Ids; 2],
}

/// Outcome of comparing a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Both renders are equal.
    Same,
    /// Some objects differ.
    Changed,
    /// The target is new.
    Added,
    /// The target is gone.
    Removed,
    /// It could not be rendered before, after, or both.
    Failed([Option<Failure>; 2]),
}

impl Status {
    /// True if the target cannot be rendered after the change, and could be before, or failed in another way.
    #[must_use]
    pub fn is_newly_failed(&self) -> bool {
        matches!(self, Self::Failed([before, Some(after)]) if before.as_ref() != Some(after))
    }

    /// True if the target fails in the same way as before: the change is not the reason.
    #[must_use]
    pub fn is_failed_alike(&self) -> bool {
        matches!(self, Self::Failed([Some(before), Some(after)]) if before == after)
    }
}

/// An object that differs.
#[derive(Clone, Debug)]
pub struct Object {
    /// Ids before and after; at least one is set.
    pub ids: [Option<Identity>; 2],
    /// Name before prefixes, suffixes and hashes.
    pub stem: String,
    /// Reason for another id, if it differs.
    pub renamed: Option<Renaming>,
    /// Changed fields, except the name. Empty for an object that is new or gone.
    pub changes: Vec<Change>,
    /// Effects of the changes, the most severe first.
    pub effects: Vec<Effect>,
    /// The renamed object that this one follows, if it has no other change.
    pub folded: Option<String>,
    /// Objects that only follow the new name of this one; true if they restart.
    pub carries: Vec<(String, bool)>,
    /// The other target that has the object on the other side, if it moved there without a change.
    pub elsewhere: Option<String>,
    /// The object before and after. In a [`Review`] with masks, only an object that is new or gone has them, and with
    /// [`Options::around`] that of a group.
    pub nodes: [Option<Node>; 2],
}

impl Object {
    /// An object before and after of which no more is known yet.
    fn of(ids: [Option<Identity>; 2], stem: String, nodes: [Option<Node>; 2]) -> Self {
        Self {
            ids,
            stem,
            renamed: None,
            changes: Vec::new(),
            effects: Vec::new(),
            folded: None,
            carries: Vec::new(),
            elsewhere: None,
            nodes,
        }
    }
}

/// Id of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// Its namespace; may be empty.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl TargetReview {
    /// Compares a target. Secrets are masked in it; copies of their values in other objects are masked by
    /// [`Review::of`], when the values of all targets are known.
    #[must_use]
    pub fn of(target: &Target, options: &Options) -> Self {
        let empty = Rendered { resources: ResMap::new(), schema: Schema::built_in() };
        let sides = [&target.before, &target.after];
        for side in sides {
            if let (Some(mask), Side::Rendered(rendered)) = (&options.mask, side) {
                mask.add(&rendered.resources);
            }
        }
        let failures = sides.map(|side| match side {
            Side::Failed(failure) => Some(failure.clone()),
            Side::Absent | Side::Rendered(_) => None,
        });
        let rendered = sides.map(|side| match side {
            Side::Rendered(rendered) => Some(rendered),
            Side::Failed(_) => None,
            Side::Absent => Some(&empty),
        });
        // The new schema, unless the target was removed: lists are paired by what the new render says of them.
        let of_sides = [rendered[1], rendered[0]];
        let schema = of_sides.into_iter().flatten().find(|side| !side.resources.is_empty());
        let mut review = Self {
            name: target.name.clone(),
            moved_from: target.moved_from.clone(),
            status: Status::Failed(failures),
            failed_before: None,
            objects: Vec::new(),
            pairs: Vec::new(),
            findings: Vec::new(),
            growth: Vec::new(),
            renders: Default::default(),
            drawn: Vec::new(),
            ids: Default::default(),
            schema: schema.unwrap_or(&empty).schema.clone(),
        };
        if let (Side::Failed(failure), Side::Absent) = (&target.before, &target.after) {
            review.status = Status::Removed;
            review.failed_before = Some(failure.clone());
            return review;
        }
        let [Some(before), Some(after)] = rendered else { return review };
        review.status = match review.compare(&before.resources, &after.resources, options) {
            Err(error) => Status::Failed([
                None,
                Some(Failure::of(&error, &Sources::new(), &Shield::default())),
            ]),
            Ok(()) => match (&target.before, &target.after) {
                (Side::Absent, _) => Status::Added,
                (_, Side::Absent) => Status::Removed,
                _ if review.objects.is_empty() && review.other_stage().is_none() => Status::Same,
                _ => Status::Changed,
            },
        };
        review
    }

    /// The former name of a target that moved, if its paths name other stages: what it does is done elsewhere now.
    pub(crate) fn stage_before(&self) -> Option<&str> {
        self.other_stage().filter(|_| !matches!(self.status, Status::Failed(_)))
    }

    /// As [`Self::stage_before`], also of a target that is not rendered.
    fn other_stage(&self) -> Option<&str> {
        let is_of_another = |old: &&str| !stages::are_of_one_stage(old, &self.name);
        self.moved_from.as_deref().filter(is_of_another)
    }

    fn compare(&mut self, before: &ResMap, after: &ResMap, options: &Options) -> Result<()> {
        let schema = self.schema.clone();
        self.pairs = pair::pairs(before, after);
        let both = |pair: &Pair| {
            (
                pair.before.and_then(|place| before.get(place)),
                pair.after.and_then(|place| after.get(place)),
            )
        };
        let renames = Renames::of(self.pairs.iter().map(both));
        let masks = options.mask.as_ref().map(|mask| Masks::of([before, after], &mask.hashes));
        let is_restaged = self.other_stage().is_some();
        let seen = Seen { options, masks, schema: &schema, renames: &renames, is_restaged };
        for pair in &self.pairs {
            let (before, after) = both(pair);
            self.objects.extend(seen.object(before, after, pair.renamed)?);
        }
        if self.objects.iter().any(|object| object.ids.iter().any(Option::is_none)) {
            self.ids = [before, after].map(moved::ids);
        }
        let whole = Whole::new([before, after], &self.pairs, &renames);
        whole.weigh(&mut self.objects, &options.rules);
        self.growth = whole.growth(&self.objects);
        if is_restaged {
            weigh::weigh_restaged(&mut self.objects, after, &options.rules);
        }
        judge::fold(&mut self.objects);
        if !options.only.is_empty() {
            // Also what is not shown of the others, such as their findings.
            self.pairs.retain(|pair| seen.is_wanted(both(pair)));
        }
        if options.renders && !self.objects.is_empty() {
            self.draw(&seen, [before, after])?;
        }
        Ok(())
    }

    /// True if both targets have objects of the same ids on a side, or their paths name different stages or clusters: they
    /// stand for different clusters, such as overlays of one base. Only for targets with objects that are on one side only.
    fn is_beside(&self, other: &Self) -> bool {
        let mut ids = self.ids.iter().zip(&other.ids);
        ids.any(|(own, others)| !own.is_disjoint(others))
            || !stages::may_share_a_cluster(&self.name, &other.name)
    }

    /// Adds the objects of the pairs to the renders, in the order of these.
    fn draw(&mut self, seen: &Seen<'_>, sides: [&ResMap; 2]) -> Result<()> {
        let mut places = [BTreeMap::new(), BTreeMap::new()];
        let of_sides: [fn(&Pair) -> Option<usize>; 2] = [|pair| pair.before, |pair| pair.after];
        for (side, resources) in sides.into_iter().enumerate() {
            let wanted: BTreeSet<usize> = self.pairs.iter().filter_map(of_sides[side]).collect();
            for (number, place) in wanted.into_iter().enumerate() {
                places[side].insert(place, number);
                let node = resources.get(place).map(|resource| seen.node(resource));
                self.renders[side].extend(node.transpose()?);
            }
        }
        let place = |side: usize, place: Option<usize>| places[side].get(&place?).copied();
        let pair = |pair: &Pair| Pair {
            before: place(0, pair.before),
            after: place(1, pair.after),
            renamed: pair.renamed,
        };
        self.drawn = self.pairs.iter().map(pair).collect();
        Ok(())
    }
}

/// Context for comparing the objects of a target.
struct Seen<'a> {
    options: &'a Options,
    masks: Option<Masks<'a>>,
    schema: &'a Schema,
    renames: &'a Renames,
    /// True for a target of another stage than before: also objects without a difference are judged.
    is_restaged: bool,
}

impl Seen<'_> {
    /// True if [`Options::only`] selects an object by one of its ids.
    fn is_wanted(&self, (before, after): (Option<&Resource>, Option<&Resource>)) -> bool {
        let only = &self.options.only;
        let selects = |resource: &Resource| only.iter().any(|only| only.is_for(resource));
        only.is_empty() || before.is_some_and(selects) || after.is_some_and(selects)
    }

    /// The difference between an object before and after, if there is one.
    fn object(
        &self,
        before: Option<&Resource>,
        after: Option<&Resource>,
        renamed: Option<Renaming>,
    ) -> Result<Option<Object>> {
        if let (Some(before), Some(after)) = (before, after)
            && before.node() == after.node()
            && !self.is_restaged
        {
            return Ok(None);
        }
        let ids = [before, after].map(|resource| resource.map(Identity::of));
        if !self.is_wanted((before, after)) {
            return Ok(None);
        }
        let nodes = [before, after].map(|resource| resource.map(|resource| self.node(resource)));
        let [node_before, node_after] = nodes;
        let nodes = [node_before.transpose()?, node_after.transpose()?];
        let mut changes = Vec::new();
        if let ([Some(node_before), Some(node_after)], Some(before), Some(after)) =
            (&nodes, before, after)
        {
            let id = ids[1].as_ref().map_or(("", ""), |id| (&id.api_version, &id.kind));
            let gvk = after.gvk();
            let ordered = equal::in_order_of(node_before, node_after, &gvk.group, &gvk.kind);
            let node_after = ordered.as_ref().unwrap_or(node_after);
            changes =
                compare::compare(node_before, node_after, self.schema.of(id.0, id.1), self.renames);
            equal::remove_equal(&mut changes, before, after);
            // The id is shown above the changes. There, no namespace and `default` are the same, which they are not for
            // programs that set a namespace on what has none.
            let [namespace_before, namespace] =
                ids.each_ref().map(|id| id.as_ref().map(|id| &id.namespace));
            changes.retain(|change| match change.path.to_string().as_str() {
                "apiVersion" | "metadata.name" => false,
                "metadata.namespace" => namespace_before == namespace,
                _ => true,
            });
            if changes.is_empty() && ids[0] == ids[1] && !self.is_restaged {
                return Ok(None);
            }
        }
        let stem = before.or(after).map(pair::stem).unwrap_or_default();
        let mut object = Object { renamed, changes, ..Object::of(ids, stem, nodes) };
        judge::judge(&mut object);
        Ok(Some(object))
    }

    /// The object as printed, with masks and without ignored fields.
    fn node(&self, resource: &Resource) -> Result<Node> {
        let gvk = resource.gvk();
        let kind = self.schema.of(&gvk.api_version(), &gvk.kind);
        let mut node = path::prune(resource.node(), kind, &self.options.ignore);
        if let Some(masks) = &self.masks {
            masks.mask(&mut node, resource);
        }
        yaml::as_printed(&node)
    }
}

/// Objects that were renamed.
#[derive(Debug, Default)]
struct Renames {
    /// New names by old name, of objects whose names are unique on both sides.
    names: BTreeMap<String, String>,
    /// The objects, by both names.
    objects: BTreeMap<(String, String), String>,
}

impl Renames {
    fn of<'a>(pairs: impl Iterator<Item = (Option<&'a Resource>, Option<&'a Resource>)>) -> Self {
        let mut renames = Self::default();
        for (before, after) in pairs {
            let (Some(before), Some(after)) = (before, after) else { continue };
            if before.name() != after.name() {
                let names = (before.name().to_owned(), after.name().to_owned());
                let label = format!("{} {}", before.kind(), pair::stem(before));
                renames.objects.entry(names).or_insert(label);
            }
        }
        // Only names that are unique on both sides: the reverse comparison pairs the same items.
        let mut uses: [BTreeMap<&String, usize>; 2] = Default::default();
        for (old, new) in renames.objects.keys() {
            *uses[0].entry(old).or_default() += 1;
            *uses[1].entry(new).or_default() += 1;
        }
        let unique = |(old, new): &(&String, &String)| uses[0][old] == 1 && uses[1][new] == 1;
        let all = renames.objects.keys().map(|(old, new)| (old, new)).filter(unique);
        renames.names = all.map(|(old, new)| (old.clone(), new.clone())).collect();
        renames
    }

    fn new_name(&self, name: &str) -> Option<String> {
        self.names.get(name).cloned()
    }

    fn follows(&self, before: &str, after: &str) -> Option<String> {
        self.objects.get(&(before.to_owned(), after.to_owned())).cloned()
    }
}

impl Identity {
    fn of(resource: &Resource) -> Self {
        let namespace = resource.namespace();
        Self {
            api_version: resource.gvk().api_version().to_string(),
            kind: resource.kind().to_owned(),
            namespace: if namespace == DEFAULT_NAMESPACE { "" } else { namespace }.to_owned(),
            name: resource.name().to_owned(),
        }
    }

    /// The group of `apiVersion`.
    fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.kind)?;
        if !self.namespace.is_empty() {
            write!(formatter, "{}/", self.namespace)?;
        }
        formatter.write_str(&self.name)
    }
}

impl Object {
    /// The id after the change, or before it if the object is gone.
    #[must_use]
    pub fn id(&self) -> &Identity {
        static NOBODY: Identity = Identity {
            api_version: String::new(),
            kind: String::new(),
            namespace: String::new(),
            name: String::new(),
        };
        self.ids[1].as_ref().or(self.ids[0].as_ref()).unwrap_or(&NOBODY)
    }

    /// True if the names before and after are the same without their hashes.
    #[must_use]
    pub fn has_only_another_hash(&self) -> bool {
        let [Some(before), Some(after)] = &self.ids else { return false };
        pair::without_hash(&before.name) == pair::without_hash(&after.name)
    }

    /// Kind, and name before prefixes, suffixes and hashes.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.id().kind, self.stem)
    }
}

impl Only {
    /// Parses `KIND/NAME`; a kind alone matches any name.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for text without a kind.
    pub fn parse(text: &str) -> Result<Self> {
        let (kind, name) = text.split_once('/').unwrap_or((text, "*"));
        if kind.is_empty() || name.is_empty() {
            return Err(Error::new(Code::InvalidArgument, format!("`{text}` is no KIND/NAME"))
                .help("write for example `Deployment/web`, `Deployment` or `*/web`"));
        }
        Ok(Self { kind: kind.to_lowercase(), name: name.to_lowercase() })
    }

    /// True if the pattern is for an object.
    #[must_use]
    pub fn is_for(&self, resource: &Resource) -> bool {
        self.selects(&Identity::of(resource))
    }

    fn selects(&self, id: &Identity) -> bool {
        fits(&self.kind, &id.kind.to_lowercase()) && fits(&self.name, &id.name.to_lowercase())
    }
}

impl Failure {
    /// The failure of an error, with its place in the sources. `shield` is shared by all failures of these sources.
    #[must_use]
    pub fn of(error: &Error, sources: &Sources, shield: &Shield) -> Self {
        let error = &*shield.redacted(error, sources);
        let place = sources.locate(error.span());
        Self {
            code: error.code().as_str(),
            message: error.message().to_owned(),
            place: place
                .map(|place| format!("{}:{}:{}", place.source.name(), place.line, place.column)),
            more: error.others().len(),
        }
    }
}

impl Failure {
    /// True if both are the same failure in files below different directories.
    #[must_use]
    pub fn is_like(&self, top: &str, other: &Self, other_top: &str) -> bool {
        let below = |failure: &Self, top: &str| {
            let top = format!("{}/", top.trim_end_matches('/'));
            let place = failure
                .place
                .as_ref()
                .map(|place| place.strip_prefix(&top).unwrap_or(place).to_owned());
            (place, failure.message.replace(&top, ""))
        };
        (self.code, self.more) == (other.code, other.more)
            && below(self, top) == below(other, other_top)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(formatter, "{place}: ")?;
        }
        formatter.write_str(&self.message)?;
        match self.more {
            0 => Ok(()),
            more => write!(formatter, " (and {more} more)"),
        }
    }
}

/// A value as printed, without the newline at its end. What is below [`MOST_LEVELS`] is JSON in one line.
pub(crate) fn text_of(node: &Node) -> String {
    let mut text = String::new();
    let written = match is_deep(node) {
        true => yaml::emit(&with_levels(node, MOST_LEVELS), &mut text),
        false => yaml::emit(node, &mut text),
    };
    match written {
        Ok(()) => text.trim_end_matches('\n').to_owned(),
        // Only text that YAML cannot express, which cannot be in a render.
        Err(_) => format!("{node:?}"),
    }
}

/// True if two values are printed alike.
pub(crate) fn is_same_text(before: &Node, after: &Node) -> bool {
    // A text may have the JSON of what is deeper.
    text_of(before) == text_of(after) && (!is_deep(before) && !is_deep(after) || before == after)
}

/// The maximum number of levels of collections with lines of their own. The indentation of more of them would grow with the
/// square of their number, to 80 MB for 9,000 levels.
const MOST_LEVELS: usize = 128;

/// True if a value has more levels of collections than are printed in lines.
fn is_deep(node: &Node) -> bool {
    has_levels(node, MOST_LEVELS)
}

fn has_levels(node: &Node, levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else { return node.kind() != Kind::Scalar };
    node.items().iter().any(|item| has_levels(item, levels))
        || node.entries().iter().any(|(_, value)| has_levels(value, levels))
}

/// A value with so many levels of collections, and JSON in place of what is below.
fn with_levels(node: &Node, levels: usize) -> Node {
    if node.kind() == Kind::Scalar {
        return node.clone();
    }
    let Some(levels) = levels.checked_sub(1) else {
        let mut json = String::new();
        if yaml::to_json(node, &mut json).is_err() {
            json = format!("{node:?}");
        }
        return Scalar::parsed(&json, Tag::Str, Style::SingleQuoted, node.span()).into();
    };
    let mut node = node.clone();
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.iter_mut().for_each(|(_, value)| *value = with_levels(value, levels));
    } else if let Some(list) = node.as_sequence_mut() {
        list.items_mut().iter_mut().for_each(|item| *item = with_levels(item, levels));
    }
    node
}
