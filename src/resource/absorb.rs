//! Adding generated resources to others: as new ones, replacing one, or merged into one.

use super::metadata::{self, ANNOTATIONS, LABELS, Texts};
use super::{Behavior, Index, ResId, ResMap, Resource};
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::{Mapping, Node, Scalar};

/// Adds generated resources to others, one after the other. Entries merged into a resource are written once, at the
/// end: linear in the size of the generated resources, plus sorting.
#[derive(Debug)]
pub struct Absorber<'m> {
    resources: &'m mut ResMap,
    /// The entries of merged fields, by index of their resource; the fields are missing in the resource meanwhile.
    merged: Index<usize, [Texts; MERGED.len()]>,
}

/// The fields whose entries are merged, in the order in which they are written.
const MERGED: [&str; 2] = ["data", "binaryData"];

impl<'m> Absorber<'m> {
    /// Creates an absorber for these resources.
    pub fn new(resources: &'m mut ResMap) -> Self {
        Self { resources, merged: Index::default() }
    }

    /// Adds a resource, or replaces or merges into the one with the same current or previous id, depending on its
    /// behavior. An existing resource keeps its position, name and bookkeeping. Returns the position.
    ///
    /// # Errors
    /// [`Code::DuplicateId`] if there is such a resource and the behavior is `create`;
    /// [`Code::GeneratorTargetNotFound`] if there is none and the behavior needs one;
    /// [`Code::GeneratorTargetAmbiguous`] if there are several.
    pub fn absorb(&mut self, mut resource: Resource) -> Result<usize> {
        let known = &*self.resources;
        let is_there =
            |place: &usize| known.get(*place).is_some_and(|found| !found.node().is_empty());
        let places: Vec<usize> = known.places_ever(resource.id()).filter(is_there).collect();
        let behavior = resource.behavior.unwrap_or(Behavior::Unspecified);
        let wants_one = matches!(behavior, Behavior::Merge | Behavior::Replace);
        let (place, old) = match places[..] {
            [] if wants_one => return Err(not_found(&resource, behavior, known)),
            [] => return self.resources.append(resource).map(|()| self.resources.len() - 1),
            [place] => match known.get(place) {
                Some(old) if wants_one => (place, old),
                Some(old) => return Err(taken(old, &resource)),
                None => return Ok(place),
            },
            _ => {
                let found = places.iter().filter_map(|&place| known.get(place));
                return Err(ambiguous(&resource, found));
            }
        };
        if resource.gvk() != old.gvk() || known.places(old.id()).count() != 1 {
            return Err(not_found(&resource, behavior, known)
                .note(old.span(), "this one has another type by now"));
        }
        resource.inherit(old)?;
        match behavior {
            Behavior::Merge => {
                let merged = self.merged.entry(place).or_insert_with(|| old.data());
                merged.iter_mut().zip(resource.take_data()).for_each(|(old, new)| old.extend(new));
                MERGED
                    .iter()
                    .zip(&*merged)
                    .try_for_each(|(field, texts)| refuse_empty(field, texts))?;
                if let Some(origin) = old.origin()? {
                    resource.set_origin(&origin)?;
                }
            }
            Behavior::Replace | Behavior::Create | Behavior::Unspecified => {
                self.merged.swap_remove(&place);
            }
        }
        self.resources.change(place, |place| *place = resource);
        Ok(place)
    }

    /// Writes the merged fields.
    pub fn finish(self) {
        for (place, merged) in self.merged {
            self.resources.change(place, |resource| resource.put_data(merged));
        }
    }
}

impl Resource {
    /// Takes name, namespace and bookkeeping from the resource that this one replaces, and labels and annotations that
    /// it does not have itself.
    fn inherit(&mut self, old: &Self) -> Result<()> {
        for field in [LABELS, ANNOTATIONS] {
            let mut texts = metadata::take(&mut old.node.clone(), field)?;
            texts.extend(metadata::take(&mut self.node, field)?);
            metadata::put(&mut self.node, field, texts)?;
        }
        self.set_name(old.name(), old.span())?;
        self.set_namespace(old.namespace(), old.span())?;
        self.names_mut().remember(old.names());
        let ties = self.ties_mut();
        ties.variables.clone_from(&old.ties().variables);
        ties.referrers.clone_from(&old.ties().referrers);
        ties.mark = old.ties().mark;
        self.behavior = old.behavior;
        // If either disables the hash, there is none.
        self.needs_hash &= old.needs_hash;
        self.allow_name_change = old.allow_name_change;
        self.allow_kind_change = old.allow_kind_change;
        self.helm_generated = old.helm_generated;
        Ok(())
    }

    /// The entries of the mergeable fields. All values are strings.
    fn data(&self) -> [Texts; MERGED.len()] {
        MERGED.map(|field| data(self.node.get(field)))
    }

    /// Takes the entries of the mergeable fields out of the resource.
    fn take_data(&mut self) -> [Texts; MERGED.len()] {
        let taken = self.data();
        if let Some(root) = self.node.as_mapping_mut() {
            MERGED.iter().for_each(|field| drop(root.remove(field)));
        }
        taken
    }

    /// Writes entries into their fields; an empty field is omitted.
    fn put_data(&mut self, fields: [Texts; MERGED.len()]) {
        let Some(root) = self.node.as_mapping_mut() else {
            return;
        };
        for (field, texts) in MERGED.into_iter().zip(fields) {
            if !texts.is_empty() {
                root.insert(Scalar::untagged(field, Span::NONE), metadata::mapping(texts));
            }
        }
    }
}

/// Rejects an entry without a key.
fn refuse_empty(field: &str, texts: &Texts) -> Result<()> {
    let Some((_, key, value)) = texts.get("") else { return Ok(()) };
    let place = if key.is_none() { value } else { key };
    Err(Error::new(Code::InvalidKey, format!("found an empty key in `{field}`"))
        .at(*place)
        .help("give the entry a name, or remove it"))
}

/// The entries of a field; of duplicate keys the first counts. A null is an empty text, as key and as value. (kyaml,
/// `GetDataMap`.)
fn data(field: Option<&Node>) -> Texts {
    let entries = field.and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter);
    let text = |scalar: Option<&Scalar>| {
        scalar.filter(|scalar| !scalar.is_null()).map(Scalar::shared_text).cloned()
    };
    let mut texts = Texts::new();
    for (key, value) in entries.rev() {
        let text_of_value = text(value.as_scalar()).unwrap_or_default();
        texts
            .insert(text(Some(key)).unwrap_or_default(), (text_of_value, key.span(), value.span()));
    }
    texts
}

#[cold]
fn not_found(resource: &Resource, behavior: Behavior, known: &ResMap) -> Error {
    let (behavior, name) = (behavior.name(), resource.name());
    let message = format!("no resource has the id `{}`", resource.id());
    let error = Error::new(Code::GeneratorTargetNotFound, message)
        .at(resource.span())
        .label(format!("no resource to {behavior}"));
    let ids = || {
        let now_and_before = |known: &Resource| [known.id().clone(), known.original_id()];
        known.iter().flat_map(now_and_before).filter(|id| id.gvk == resource.id().gvk)
    };
    let namespace = ids().find(|id| *id.name == *name && id.namespace != resource.id().namespace);
    if let Some(ResId { namespace, .. }) = namespace {
        return error.help(match namespace.as_str() {
            "" => "the resource with this name has no namespace: remove `namespace` from the generator".to_owned(),
            namespace => format!("the resource with this name is in the namespace `{namespace}`: set it in the generator"),
        });
    }
    let names: Vec<_> = ids().map(|id| id.name).collect();
    error.did_you_mean(name, names.iter().map(|name| name.as_str())).help(format!(
        "`behavior: {behavior}` changes a resource of a base: remove it to create a new one"
    ))
}

fn taken(old: &Resource, resource: &Resource) -> Error {
    Error::new(
        Code::DuplicateId,
        format!("there is a resource with the id `{}` already", resource.id()),
    )
    .at(resource.span())
    .label("this one comes second")
    .note(old.span(), "the first one")
    .help("set `behavior` to `merge` or `replace`, or choose another name")
}

fn ambiguous<'a>(resource: &Resource, found: impl Iterator<Item = &'a Resource>) -> Error {
    let message = format!("several resources have, or had, the id `{}`", resource.id());
    let error = Error::new(Code::GeneratorTargetAmbiguous, message).at(resource.span());
    found
        .fold(error, |error, found| error.note(found.span(), format!("`{}` is one", found.id())))
        .help("set the namespace of the intended one in the generator, or generate in its base")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::{read, resource};

    fn generated(behavior: Behavior, text: &str) -> Resource {
        let mut resource = resource(text);
        (resource.behavior, resource.needs_hash) = (Some(behavior), true);
        resource
    }

    fn absorb(map: &mut ResMap, resource: Resource) -> Result<()> {
        let mut absorber = Absorber::new(map);
        let absorbed = absorber.absorb(resource);
        absorber.finish();
        absorbed.map(|_| ())
    }

    fn base() -> ResMap {
        let text = "
kind: ConfigMap
metadata:
  name: p-c
  labels: {a: 1, b: 2}
  annotations:
    internal.config.kubernetes.io/previousNames: c
    internal.config.kubernetes.io/previousNamespaces: default
    internal.config.kubernetes.io/previousKinds: ConfigMap
immutable: true
data: {x: 1, y: 2}
";
        read(text).unwrap().into()
    }

    const INCOMING: &str =
        "{kind: ConfigMap, metadata: {name: c, labels: {b: 3}}, data: {y: ~, z: 5}}";

    #[track_caller]
    fn absorbed(behavior: Behavior) -> String {
        let mut map = base();
        absorb(&mut map, generated(behavior, INCOMING)).unwrap();
        assert_eq!((map.len(), map.places_ever(resource(INCOMING).id()).count()), (1, 1));
        let found = map.get(0).unwrap();
        assert!(!found.needs_hash);
        format!("{:?}", found.node())
    }

    #[test]
    fn merged_data_is_united_and_the_rest_is_new() {
        let expected = "{kind: ConfigMap, metadata: {name: p-c, labels: {a: !!Str \"1\", b: !!Str \"3\"}}, \
                        data: {x: !!Str \"1\", y: !!Str \"\", z: !!Str \"5\"}}";
        assert_eq!(absorbed(Behavior::Merge), expected);
    }

    #[test]
    fn replaced_data_is_new() {
        assert!(absorbed(Behavior::Replace).ends_with("data: {y: ~, z: 5}}"));
    }

    #[test]
    fn the_behavior_must_fit() {
        let code = |map: &mut ResMap, resource| absorb(map, resource).unwrap_err().code();
        assert_eq!(code(&mut base(), generated(Behavior::Create, INCOMING)), Code::DuplicateId);
        let other = generated(Behavior::Merge, "{kind: Secret, metadata: {name: c}}");
        assert_eq!(code(&mut base(), other), Code::GeneratorTargetNotFound);
        let mut map = base();
        map.append(resource("{kind: ConfigMap, metadata: {name: c}}")).unwrap();
        assert_eq!(
            code(&mut map, generated(Behavior::Merge, INCOMING)),
            Code::GeneratorTargetAmbiguous
        );
        let mut map = base();
        let other = generated(Behavior::Unspecified, "{kind: Secret, metadata: {name: c}}");
        absorb(&mut map, other).unwrap();
        assert_eq!(map.len(), 2);
    }

    /// Merging several resources at once gives the same result as merging them one by one.
    #[test]
    fn merges_together_are_merges_apart() {
        let texts = [
            (Behavior::Merge, "{kind: ConfigMap, metadata: {name: c}, data: {z: 1, a: 2}}"),
            (Behavior::Merge, "{kind: ConfigMap, metadata: {name: c}, binaryData: {b: eA==}}"),
            (
                Behavior::Replace,
                "{kind: ConfigMap, metadata: {name: c}, data: {r: 0x10}, immutable: true}",
            ),
            (Behavior::Merge, "{kind: ConfigMap, metadata: {name: c, labels: {l: m}}}"),
            (
                Behavior::Merge,
                "{kind: ConfigMap, metadata: {name: c}, binaryData: {b: eQ==}, data: {r: on}}",
            ),
        ];
        for count in 1..=texts.len() {
            let (mut together, mut apart) = (base(), base());
            let mut absorber = Absorber::new(&mut together);
            for (behavior, text) in &texts[..count] {
                absorber.absorb(generated(*behavior, text)).unwrap();
                absorb(&mut apart, generated(*behavior, text)).unwrap();
            }
            absorber.finish();
            let shown = |map: &ResMap| format!("{:?}", map.get(0).unwrap().node());
            assert_eq!(shown(&together), shown(&apart), "{count}");
        }
    }
}
