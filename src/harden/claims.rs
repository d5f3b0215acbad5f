//! Folders of nodes that pods get by a `PersistentVolumeClaim`.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::pod::Pod;
use super::value::{below, is_true, items, present, text};
use crate::resource::{Quantity, ResMap, Resource};
use crate::yaml::Node;
use crate::yaml::path::Path;

/// The volumes and claims of a render.
#[derive(Default)]
pub(super) struct Claims<'a> {
    volumes: BTreeMap<&'a str, &'a Resource>,
    /// The volumes that name their claim, by its namespace and its name.
    of_claims: BTreeMap<(&'a str, &'a str), &'a Resource>,
    /// The others, by their class.
    of_classes: BTreeMap<&'a str, Vec<&'a Resource>>,
    /// The specifications of claims, by namespace and name.
    claims: BTreeMap<(&'a str, &'a str), &'a Node>,
}

/// A folder of a node that a volume of a pod leads to.
pub(super) struct Claimed<'a> {
    /// The name of the volume in the pod.
    pub(super) name: &'a str,
    /// The place of what claims it.
    pub(super) path: Path,
    /// The path of the node, as it is written.
    pub(super) host: &'a str,
    /// The name of the `PersistentVolume`.
    pub(super) volume: &'a str,
    /// True if it is made for volumes: of the kind `local`.
    pub(super) is_local: bool,
    /// True if all containers only read it.
    pub(super) is_read: bool,
    /// True if the render tells that the claim gets this volume.
    pub(super) is_certain: bool,
}

impl<'a> Claims<'a> {
    /// The volumes and claims of a render. Linear.
    pub(super) fn of(objects: &'a ResMap, facts: &'a Facts) -> Self {
        let mut found = Self::default();
        let is_core = |one: &&Resource| one.gvk().group.is_empty();
        for object in objects.iter().filter(is_core) {
            let Some(spec) = present(object.node(), "spec") else { continue };
            match object.kind() {
                "PersistentVolume" => {
                    found.volumes.insert(object.name(), object);
                    if let Some(claim) = claim_of(object) {
                        found.of_claims.insert(claim, object);
                    } else {
                        let class = text(spec, "storageClassName").unwrap_or_default();
                        found.of_classes.entry(class).or_default().push(object);
                    }
                }
                "PersistentVolumeClaim" => {
                    found.claims.insert((facts.namespace(object), object.name()), spec);
                }
                _ => {}
            }
        }
        found
    }

    /// True if there are no volumes.
    pub(super) fn is_empty(&self) -> bool {
        self.volumes.is_empty()
    }

    /// The folders of nodes that a pod of an object in a namespace gets by claims. Linear in its volumes and those of its `StatefulSet`.
    pub(super) fn folders<'b>(
        &'b self,
        pod: &Pod<'b>,
        object: &'b Resource,
        namespace: &str,
    ) -> Vec<Claimed<'b>> {
        let mut found = Vec::new();
        let mut add = |name, path, is_read, volume: Option<(&'b Resource, bool)>| {
            let Some((volume, is_certain)) = volume else { return };
            let Some((host, is_local)) = folder(volume) else { return };
            let volume = volume.name();
            found.push(Claimed { name, path, host, volume, is_local, is_read, is_certain });
        };
        for (index, volume) in pod.volumes() {
            let Some(name) = text(volume, "name") else { continue };
            let path = |keys: &[&str]| pod.path(&["volumes"]).index(index).keys(keys);
            if let Some(claim) = present(volume, "persistentVolumeClaim") {
                let Some(of) = text(claim, "claimName") else { continue };
                let path = path(&["persistentVolumeClaim", "claimName"]);
                add(name, path, is_true(present(claim, "readOnly")), self.of_claim(namespace, of));
            } else if let Some(spec) = below(volume, &OF_TEMPLATES) {
                add(name, path(&OF_TEMPLATES), false, self.by_specification(None, spec));
            }
        }
        if object.kind() == "StatefulSet" {
            let templates = items(below(object.node(), &["spec", "volumeClaimTemplates"]));
            for (index, template) in templates.iter().enumerate() {
                let name = below(template, &["metadata", "name"]).and_then(Node::as_text);
                let Some((name, spec)) = name.zip(present(template, "spec")) else { continue };
                let path = Path::of(&["spec", "volumeClaimTemplates"]).index(index);
                let volume = self
                    .of_copies(namespace, &format!("{name}-{}-", object.name()))
                    .map(|volume| (volume, true))
                    .or_else(|| self.by_specification(None, spec));
                add(name, path.keys(&["spec"]), false, volume);
            }
        }
        found
    }

    /// The volume of a claim, and true if it is certain.
    fn of_claim(&self, namespace: &str, claim: &str) -> Option<(&'a Resource, bool)> {
        let key = (namespace, claim);
        let named = self.of_claims.get(&key).map(|volume| (*volume, true));
        named.or_else(|| self.by_specification(Some(key), self.claims.get(&key)?))
    }

    /// The volume of a claim for a copy of a `StatefulSet`, by what its name begins with.
    fn of_copies(&self, namespace: &str, start: &str) -> Option<&'a Resource> {
        let is_number = |rest: &str| rest.bytes().all(|one| one.is_ascii_digit());
        let claims = self.of_claims.range((namespace, start)..).take(MANY);
        let mut claims =
            claims.take_while(|((of, name), _)| *of == namespace && name.starts_with(start));
        claims.find(|((_, name), _)| is_number(&name[start.len()..])).map(|(_, volume)| *volume)
    }

    /// The volume that a claim names, or the only one of its class if it fits.
    fn by_specification(
        &self,
        own: Option<(&str, &str)>,
        spec: &Node,
    ) -> Option<(&'a Resource, bool)> {
        if let Some(name) = text(spec, "volumeName").filter(|name| !name.is_empty()) {
            let volume = *self.volumes.get(name)?;
            return claim_of(volume)
                .is_none_or(|claim| Some(claim) == own)
                .then_some((volume, true));
        }
        // Without a class it may get that of the cluster.
        let class = text(spec, "storageClassName");
        let [volume] = self.of_classes.get(class.unwrap_or_default())?[..] else { return None };
        fits(volume, spec).then_some((volume, class.is_some()))
    }
}

/// The greatest number of labels, and of claims of copies, that are compared. With more, a volume is taken for one that fits.
const MANY: usize = 64;

/// The fields of a volume that is claimed for the time of the pod.
const OF_TEMPLATES: [&str; 3] = ["ephemeral", "volumeClaimTemplate", "spec"];

/// The namespace and the name of the claim that a volume is for.
fn claim_of(volume: &Resource) -> Option<(&str, &str)> {
    let claim = below(volume.node(), &["spec", "claimRef"])?;
    text(claim, "namespace").zip(text(claim, "name"))
}

/// The path of the node that a volume leads to, and true if it is of the kind `local`.
fn folder(volume: &Resource) -> Option<(&str, bool)> {
    let spec = present(volume.node(), "spec")?;
    let path = |key: &str| text(present(spec, key)?, "path");
    path("hostPath").map(|host| (host, false)).or_else(|| Some((path("local")?, true)))
}

/// True if a volume has what a claim asks for.
fn fits(volume: &Resource, claim: &Node) -> bool {
    let Some(spec) = present(volume.node(), "spec") else { return false };
    let modes =
        |node| items(present(node, "accessModes")).iter().take(MANY).filter_map(Node::as_text);
    let own: BTreeSet<&str> = modes(spec).collect();
    let mode = |node| text(node, "volumeMode").unwrap_or("Filesystem").to_owned();
    let size =
        |node, keys: &[&str]| below(node, keys).and_then(Node::as_text).and_then(Quantity::parse);
    let asked = size(claim, &["resources", "requests", "storage"]);
    let labels = below(claim, &["selector", "matchLabels"]).map(Node::entries).unwrap_or_default();
    let are_many = labels.len() > MANY || volume.labels().nth(MANY).is_some();
    let has = |key: &str, value: Option<&str>| {
        volume.labels().any(|(own, of)| own == key && Some(of) == value)
    };
    modes(claim).all(|one| own.contains(one))
        && mode(spec) == mode(claim)
        && asked.is_none_or(|asked| {
            size(spec, &["capacity", "storage"]).is_some_and(|own| own >= asked)
        })
        && (are_many || labels.iter().all(|(key, value)| has(key.text(), value.as_text())))
}
