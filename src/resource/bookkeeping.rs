//! The bookkeeping of a build about a resource, in the form of kustomize's internal annotations.
//!
//! In krender it is kept in fields. But in kustomize the patches and functions of users can see, copy and delete these
//! annotations, and input files may contain them: so they are written into the document where they are visible, and
//! read back afterwards.

use std::sync::Arc;

use super::metadata::{self, ANNOTATIONS, METADATA};
use super::ties::Rewritten;
use super::{Behavior, Names, PreviousId, ResId, Resource};
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::{Mapping, Node, Scalar, Style, Tag, Text};

const DOMAIN: &str = "internal.config.kubernetes.io/";
const PREVIOUS_KINDS: &str = "internal.config.kubernetes.io/previousKinds";
const PREVIOUS_NAMES: &str = "internal.config.kubernetes.io/previousNames";
const PREVIOUS_NAMESPACES: &str = "internal.config.kubernetes.io/previousNamespaces";
const PREFIXES: &str = "internal.config.kubernetes.io/prefixes";
const SUFFIXES: &str = "internal.config.kubernetes.io/suffixes";
const REFERRERS: &str = "internal.config.kubernetes.io/refBy";
pub(super) const BEHAVIOR: &str = "internal.config.kubernetes.io/generatorBehavior";
pub(super) const NEEDS_HASH: &str = "internal.config.kubernetes.io/needsHashSuffix";
const ALLOW_NAME_CHANGE: &str = "internal.config.kubernetes.io/allowNameChange";
const ALLOW_KIND_CHANGE: &str = "internal.config.kubernetes.io/allowKindChange";
const HELM_GENERATED: &str = "internal.config.kubernetes.io/helm-generated";

/// True if an annotation never reaches the output, even if a user wrote it.
pub(super) fn is_internal(key: &str) -> bool {
    // Rejects nearly every key.
    key.contains("config.k") && INTERNAL.contains(&key)
}

/// True if an annotation may be bookkeeping, which is kept in fields instead of the document.
#[must_use]
pub fn is_bookkeeping(key: &str) -> bool {
    key.starts_with(DOMAIN)
}

/// True if a resource keeps the annotation in a field.
fn is_kept(key: &str) -> bool {
    is_bookkeeping(key) && INTERNAL[..KEPT].contains(&key)
}

/// The number of annotations that a resource keeps in fields, the first ones of [`INTERNAL`].
const KEPT: usize = 11;

const INTERNAL: &[&str] = &[
    PREVIOUS_KINDS,
    PREVIOUS_NAMES,
    PREVIOUS_NAMESPACES,
    PREFIXES,
    SUFFIXES,
    REFERRERS,
    BEHAVIOR,
    NEEDS_HASH,
    ALLOW_NAME_CHANGE,
    ALLOW_KIND_CHANGE,
    HELM_GENERATED,
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

pub(super) const ENABLED: &str = "enabled";
const TRUE: &str = "true";

/// The numbers of previous names, namespaces and kinds, if they differ: empty ones are not recorded, because a patch
/// removed the name, or an input has only the names.
pub(super) fn unequal(resource: &Resource) -> Option<[usize; 3]> {
    let previous = &resource.names().previous;
    if previous.len() < 2 {
        return None;
    }
    let count = |part: fn(&PreviousId) -> &Text| {
        previous.iter().filter(|previous| !part(previous).is_empty()).count()
    };
    let counts = [count(|id| &id.name), count(|id| &id.namespace), count(|id| &id.kind)];
    (counts[0] > 0 && counts != [counts[0]; 3]).then_some(counts)
}

/// True if there is bookkeeping to write: then kustomize has set an annotation.
pub(super) fn is_any(resource: &Resource) -> bool {
    resource.behavior.is_some()
        || resource.needs_hash
        || resource.allow_name_change
        || resource.allow_kind_change
        || resource.helm_generated
        || !resource.names().is_new()
        || !resource.ties().referrers.is_empty()
}

/// Writes the bookkeeping of a resource into its annotations. An empty field `annotations` becomes a mapping.
///
/// # Errors
/// [`Code::InvalidType`] if there is bookkeeping and `metadata` or its annotations are not a mapping.
pub(super) fn write(resource: &mut Resource) -> Result<()> {
    let written = texts(resource);
    if written.is_empty() {
        return Ok(());
    }
    metadata::clear_empty(&mut resource.node);
    let Some(metadata) = metadata::metadata_mut(&mut resource.node)? else {
        return Ok(());
    };
    if metadata.get(ANNOTATIONS).is_none_or(|field| field.as_scalar().is_some() || field.is_empty())
    {
        metadata.remove(ANNOTATIONS);
        metadata.insert(
            Scalar::untagged(ANNOTATIONS, Span::NONE),
            Node::mapping(Vec::new(), Span::NONE),
        );
    }
    let field = metadata.get_mut(ANNOTATIONS);
    let span = field.as_ref().map_or(Span::NONE, |field| field.span());
    let Some(annotations) = field.and_then(Node::as_mapping_mut) else {
        return Err(metadata::is_a_list(ANNOTATIONS, span));
    };
    for (key, text) in written {
        annotations
            .insert(Scalar::untagged(key, Span::NONE), Scalar::string(&text, Span::NONE).into());
    }
    Ok(())
}

/// The annotations of a document that contains bookkeeping, and their index in `metadata`.
pub(super) fn brought(root: &Node) -> Option<(usize, Scalar, Node)> {
    let entries = root.get(METADATA)?.as_mapping()?.entries();
    let place = entries.iter().position(|(key, _)| key.text() == ANNOTATIONS)?;
    let (key, annotations) = entries.get(place)?;
    let is_any = annotations.as_mapping()?.iter().any(|(key, _)| is_bookkeeping(key.text()));
    is_any.then(|| (place, key.clone(), annotations.clone()))
}

/// The annotations as kustomize has them during a build, in its order and styles, and their index in `metadata`. `None`
/// if that is not known.
///
/// Setting a flag rewrites all annotations in order; appending to a list adds it at the end.
/// (`api/resource/resource.go`: `enable`, `appendCsvAnnotation`.)
pub(super) fn in_order(resource: &Resource) -> Option<(usize, Scalar, Node)> {
    let metadata = resource.node.get(METADATA)?.as_mapping()?;
    let own = metadata.get(ANNOTATIONS).and_then(Node::as_mapping);
    let texts = texts(resource);
    let is_plain = |key: &&str| matches!(*key, BEHAVIOR | NEEDS_HASH);
    let (place, key, mut entries, known) = if let Some((place, key, before)) =
        &resource.ties().brought
    {
        let rest = before.as_mapping()?.iter().filter(|(key, _)| !is_kept(key.text()));
        let is_same = rest.eq(own.into_iter().flat_map(Mapping::iter));
        if !is_same {
            return None;
        }
        let entries = before.as_mapping()?.entries().to_vec();
        let known = texts.iter().map(|(key, _)| *key).filter(|key| before.get(key).is_some());
        (*place, key.clone(), entries, known.collect())
    } else {
        let count = own.map_or(0, Mapping::len);
        let (place, known) = match &resource.ties().rewritten {
            // A later annotation comes after the others.
            Some(Rewritten { annotations, .. }) if *annotations != count => return None,
            Some(Rewritten { place, bookkeeping, .. }) => (*place, bookkeeping.clone()),
            None if own.is_some_and(|own| own.iter().any(|(key, _)| !key.span().is_none())) => {
                return None;
            }
            None if resource.behavior.is_some() => {
                let made = metadata.iter().take_while(|(key, _)| key.span().is_none()).count();
                (made, texts.iter().map(|(key, _)| *key).filter(is_plain).collect())
            }
            None => return None,
        };
        let place = metadata.iter().position(|(key, _)| key.text() == ANNOTATIONS).unwrap_or(place);
        let mut all = metadata::Texts::new();
        for (key, value) in own.into_iter().flat_map(Mapping::iter) {
            let text = value.as_scalar()?.shared_text().clone();
            all.insert(key.shared_text().clone(), (text, Span::NONE, Span::NONE));
        }
        for (key, text) in texts.iter().filter(|(key, _)| known.contains(key)) {
            all.insert((*key).into(), (text.as_str().into(), Span::NONE, Span::NONE));
        }
        let all = metadata::mapping(all);
        let key = Scalar::untagged(ANNOTATIONS, Span::NONE);
        (place, key, all.as_mapping()?.entries().to_vec(), known)
    };
    for key in appended(resource) {
        if let Some((key, text)) =
            texts.iter().find(|(name, _)| *name == key && !known.contains(name))
        {
            let value = Scalar::parsed(text, Tag::Str, Style::SingleQuoted, Span::NONE);
            entries.push((Scalar::untagged(key, Span::NONE), value.into()));
        }
    }
    if resource.allow_name_change || resource.allow_kind_change {
        let flags = [
            (ALLOW_KIND_CHANGE, resource.allow_kind_change),
            (ALLOW_NAME_CHANGE, resource.allow_name_change),
        ];
        for (key, _) in flags.iter().filter(|(key, is_set)| *is_set && !known.contains(key)) {
            let value = Scalar::string(ENABLED, Span::NONE);
            entries.push((Scalar::untagged(key, Span::NONE), value.into()));
        }
    }
    let is_complete =
        texts.iter().all(|(key, _)| entries.iter().any(|(known, _)| known.text() == *key));
    if !is_complete {
        return None;
    }
    let mut annotations = match &resource.ties().brought {
        Some((_, _, before)) => before.clone(),
        None => Node::mapping(Vec::new(), Span::NONE),
    };
    *annotations.as_mapping_mut()?.entries_mut() = entries;
    Some((place, key, annotations))
}

/// The lists in the order in which they were started, derived from the sequence of names of the resource.
fn appended(resource: &Resource) -> Vec<&'static str> {
    let names = resource.names();
    let mut order = Vec::new();
    let all = names.previous.iter().map(|previous| &*previous.name).chain([&*names.id.name]);
    let all: Vec<&str> = all.collect();
    for (number, pair) in all.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        let is_longer = |list: &[Text], join: &dyn Fn(&str) -> String| {
            list.iter().any(|text| !text.is_empty() && join(text) == *after)
        };
        if is_longer(&names.prefixes, &|prefix| format!("{prefix}{before}")) {
            order.push(PREFIXES);
        } else if is_longer(&names.suffixes, &|suffix| format!("{before}{suffix}")) {
            order.push(SUFFIXES);
        }
        if number == 0 {
            order.extend([PREVIOUS_NAMES, PREVIOUS_NAMESPACES, PREVIOUS_KINDS]);
        }
    }
    order.extend([PREFIXES, SUFFIXES]);
    let mut known = std::collections::BTreeSet::new();
    order.retain(|key| known.insert(*key));
    order
}

/// The names of the annotations to write.
pub(super) fn keys(resource: &Resource) -> Vec<&'static str> {
    texts(resource).into_iter().map(|(key, _)| key).collect()
}

fn texts(resource: &Resource) -> Vec<(&'static str, String)> {
    let mut written = Vec::new();
    let mut flag =
        |key, is_set: bool, text: &str| is_set.then(|| written.push((key, text.to_owned())));
    flag(BEHAVIOR, resource.behavior.is_some(), resource.behavior.map_or("", Behavior::name));
    flag(NEEDS_HASH, resource.needs_hash, ENABLED);
    flag(ALLOW_NAME_CHANGE, resource.allow_name_change, ENABLED);
    flag(ALLOW_KIND_CHANGE, resource.allow_kind_change, ENABLED);
    flag(HELM_GENERATED, resource.helm_generated, TRUE);
    let mut list = |key, texts: &mut dyn Iterator<Item = &Text>| {
        let texts: Vec<&str> = texts.map(Text::as_str).collect();
        (!texts.is_empty()).then(|| written.push((key, texts.join(","))));
    };
    let names = resource.names();
    list(PREVIOUS_NAMES, &mut names.previous.iter().map(|previous| &previous.name));
    list(PREVIOUS_NAMESPACES, &mut names.previous.iter().map(|previous| &previous.namespace));
    list(PREVIOUS_KINDS, &mut names.previous.iter().map(|previous| &previous.kind));
    list(PREFIXES, &mut names.prefixes.iter());
    list(SUFFIXES, &mut names.suffixes.iter());
    let referrers = resource.ties().referrers.iter();
    let referrers: Vec<Text> = referrers.map(|names| names.id().encoded().into()).collect();
    list(REFERRERS, &mut referrers.iter());
    written
}

/// Reads the bookkeeping of a resource from its annotations into fields; missing annotations clear their fields. Values
/// without a meaning for a build stay in the document.
///
/// # Errors
/// [`Code::InvalidValue`] if the numbers of previous names, namespaces and kinds differ.
pub(super) fn read(resource: &mut Resource) -> Result<()> {
    forget(resource);
    if !metadata::entries(&resource.node, ANNOTATIONS).any(|(key, _)| key.starts_with(DOMAIN)) {
        return Ok(());
    }
    let Some(metadata) = resource.node.get_mut(METADATA).and_then(Node::as_mapping_mut) else {
        return Ok(());
    };
    let Some(annotations) = metadata.get_mut(ANNOTATIONS).and_then(Node::as_mapping_mut) else {
        return Ok(());
    };
    let split = |text: &str| Some(text.split(',').map(Text::from).collect::<Vec<_>>());
    let enabled = |text: &str| (text == ENABLED).then_some(());
    resource.behavior = take(annotations, BEHAVIOR, |text| {
        Some(Behavior::named(text)).filter(|behavior| behavior.name() == text)
    });
    resource.needs_hash = take(annotations, NEEDS_HASH, enabled).is_some();
    resource.allow_name_change = take(annotations, ALLOW_NAME_CHANGE, enabled).is_some();
    resource.allow_kind_change = take(annotations, ALLOW_KIND_CHANGE, enabled).is_some();
    resource.helm_generated =
        take(annotations, HELM_GENERATED, |text| (text == TRUE).then_some(())).is_some();
    let previous = take_previous(annotations)?;
    let prefixes = take(annotations, PREFIXES, split).unwrap_or_default();
    let suffixes = take(annotations, SUFFIXES, split).unwrap_or_default();
    let names = |id: &str| Some(Arc::new(Names::from(ResId::parse(id)?)));
    let referrers = take(annotations, REFERRERS, |text| text.split(',').map(names).collect());
    if annotations.is_empty() {
        metadata.remove(ANNOTATIONS);
    } else {
        // It was larger while it contained the bookkeeping.
        annotations.entries_mut().shrink_to_fit();
    }
    if let Some(referrers) = referrers {
        resource.ties_mut().referrers = referrers;
    }
    if !(previous.is_empty() && prefixes.is_empty() && suffixes.is_empty()) {
        let names = resource.names_mut();
        (names.previous, names.prefixes, names.suffixes) = (previous, prefixes, suffixes);
    }
    Ok(())
}

fn forget(resource: &mut Resource) {
    resource.behavior = None;
    resource.needs_hash = false;
    resource.allow_name_change = false;
    resource.allow_kind_change = false;
    resource.helm_generated = false;
    if !resource.names().is_new() {
        resource.names_mut().forget();
    }
    if !resource.ties().referrers.is_empty() {
        resource.ties_mut().referrers.clear();
    }
}

fn take_previous(annotations: &mut Mapping) -> Result<Vec<PreviousId>> {
    let split = |text: &str| Some(text.split(',').map(Text::from).collect::<Vec<_>>());
    let span = annotations.get(PREVIOUS_NAMES).map_or(Span::NONE, Node::span);
    let Some(names) = take(annotations, PREVIOUS_NAMES, split) else {
        return Ok(Vec::new());
    };
    // An absent list counts as one empty text.
    let mut next = |key| take(annotations, key, split).unwrap_or_else(|| vec![Text::default()]);
    let (namespaces, kinds) = (next(PREVIOUS_NAMESPACES), next(PREVIOUS_KINDS));
    if names.len() != namespaces.len() || names.len() != kinds.len() {
        return Err(uneven([names.len(), namespaces.len(), kinds.len()], span));
    }
    let previous = names.into_iter().zip(namespaces).zip(kinds);
    Ok(previous.map(|((name, namespace), kind)| PreviousId { name, namespace, kind }).collect())
}

/// The error for previous ids with missing parts.
#[cold]
pub(super) fn uneven([names, namespaces, kinds]: [usize; 3], span: Span) -> Error {
    let found = format!("{names} names, {namespaces} namespaces and {kinds} kinds");
    Error::new(Code::InvalidValue, format!("the annotations of a resource have {found}"))
        .at(span)
        .help("remove the annotations of `internal.config.kubernetes.io`: they are for internal use of a build")
}

/// Removes an annotation if its value has a meaning.
fn take<T>(
    annotations: &mut Mapping,
    key: &str,
    meaning: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let (_, value) = annotations.iter().rfind(|(name, _)| name.text() == key)?;
    let meaning = meaning(value.as_text().unwrap_or_default())?;
    annotations.entries_mut().retain(|(name, _)| name.text() != key);
    Some(meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::{resource, schema};

    const KNOWN: &str = "
apiVersion: v1
kind: ConfigMap
metadata:
  name: c
  annotations:
    mine: 1
    internal.config.kubernetes.io/generatorBehavior: merge
    internal.config.kubernetes.io/needsHashSuffix: enabled
    internal.config.kubernetes.io/helm-generated: 'true'
    internal.config.kubernetes.io/previousNames: a,b
    internal.config.kubernetes.io/previousNamespaces: default,x
    internal.config.kubernetes.io/previousKinds: ConfigMap,Foo
    internal.config.kubernetes.io/prefixes: p-,q-
    internal.config.kubernetes.io/suffixes: -s
    internal.config.kubernetes.io/refBy: Pod.v1.[noGrp]/web.[noNs]
";

    #[test]
    fn input_files_bring_bookkeeping_along() {
        let found = resource(KNOWN);
        assert_eq!(found.behavior, Some(Behavior::Merge));
        assert!(found.needs_hash && found.helm_generated && !found.allow_name_change);
        let ids: Vec<String> = found.names().previous_ids().map(|id| id.to_string()).collect();
        assert_eq!(ids, ["v1 ConfigMap default/a", "v1 Foo x/b"]);
        assert_eq!(found.names().prefixes[..], ["p-", "q-"]);
        assert_eq!(found.names().suffixes[..], ["-s"]);
        assert_eq!(found.ties().referrers[0].id().to_string(), "v1 Pod web");
        assert_eq!(found.annotations().collect::<Vec<_>>(), [("mine", "1")]);
    }

    #[test]
    fn a_change_sees_the_bookkeeping_and_leaves_it() {
        let mut found = resource(KNOWN);
        let before = found.node().clone();
        let seen = found.with_annotations(&schema(), |root| {
            let entries = metadata::entries(root, ANNOTATIONS);
            Ok(entries.map(|(key, value)| format!("    {key}: {value}")).collect::<Vec<_>>())
        });
        let mut known: Vec<String> =
            KNOWN.lines().skip(6).map(|line| line.replace('\'', "")).collect();
        let mut seen = seen.unwrap();
        known.sort();
        seen.sort();
        assert_eq!(seen, known);
        assert_eq!(found.names().previous.len(), 2);
        assert!(*found.node() == before);
    }

    #[test]
    fn what_a_change_removes_is_forgotten() {
        let mut found = resource(KNOWN);
        let change = |root: &mut Node| {
            let metadata = root.get_mut(METADATA).unwrap().as_mapping_mut().unwrap();
            metadata.remove(ANNOTATIONS);
            Ok(())
        };
        found.with_annotations(&schema(), change).unwrap();
        assert!(
            found.names().previous.is_empty()
                && found.names().prefixes.is_empty()
                && !found.needs_hash
        );
        assert_eq!(found.original_id().name, "c");
    }

    #[test]
    fn a_resource_without_annotations_gets_a_mapping_to_change() {
        let mut found = resource("{kind: A, metadata: {name: a, annotations: ~}}");
        found.names_mut().push_previous_id();
        let had = found.with_annotations(&schema(), |root| {
            Ok(root.get(METADATA).unwrap().get(ANNOTATIONS).unwrap().as_mapping().unwrap().len())
        });
        assert_eq!(had, Ok(3));
        assert_eq!(format!("{:?}", found.node()), "{kind: A, metadata: {name: a}}");
        assert_eq!(found.names().previous.len(), 1);
    }

    #[test]
    fn contradictions_are_refused() {
        let text = "{kind: A, metadata: {name: a, annotations: {internal.config.kubernetes.io/previousNames: 'a,b'}}}";
        let error = crate::resource::sample::read(text).unwrap_err();
        assert_eq!(error.code(), Code::InvalidValue);
        let mut found = resource("{kind: A, metadata: {name: a, annotations: [b]}}");
        found.names_mut().push_previous_id();
        let error = found.with_annotations(&schema(), |_| Ok(())).unwrap_err();
        assert_eq!(error.code(), Code::InvalidType);
    }
}
