//! References from pods, Ingresses and claims to other objects by name.

use super::pod::{Pod, Shape};
use super::value::{below, is_true, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;
use crate::yaml::path::Path;

/// A reference by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'a> {
    /// The kind of the object.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) name: &'a str,
    /// True if the pod starts without it.
    pub(super) optional: bool,
    /// The key of its data that is needed.
    pub(super) key: Option<&'a str>,
    /// The list whose elements name further keys that are needed.
    pub(super) keys: &'a [Node],
    /// The position of the pod, and of the container, that has the reference.
    pub(super) of: Option<(usize, Option<usize>)>,
    place: Place,
}

/// The place of a reference in a container, a pod or an object. Its path is made on demand.
#[derive(Clone, Copy, Debug)]
struct Place {
    list: &'static [&'static str],
    index: Option<usize>,
    keys: &'static [&'static str],
    inner: Option<(usize, &'static str)>,
    name: &'static str,
}

impl Use<'_> {
    /// Its path from the object.
    pub(super) fn path(&self, pods: &[Pod<'_>]) -> Path {
        self.path_of(pods, self.place.name)
    }

    /// The path of the key that it needs.
    pub(super) fn path_of_key(&self, pods: &[Pod<'_>]) -> Path {
        self.path_of(pods, "key")
    }

    /// The path of the key that an element of the list of keys names.
    pub(super) fn path_of_item(&self, pods: &[Pod<'_>], index: usize) -> Path {
        self.path_of(pods, "items").index(index).keys(&["key"])
    }

    fn path_of(&self, pods: &[Pod<'_>], name: &str) -> Path {
        let Place { list, index, keys, inner, .. } = self.place;
        let start = |(pod, container): (usize, Option<usize>)| {
            let pod = pods.get(pod)?;
            Some(match container.and_then(|index| pod.containers.get(index)) {
                Some(container) => container.path(list),
                None => pod.path(list),
            })
        };
        let mut path = self.of.and_then(start).unwrap_or_else(|| Path::of(list));
        if let Some(index) = index {
            path = path.index(index);
        }
        path = path.keys(keys);
        if let Some((number, key)) = inner {
            path = path.index(number).keys(&[key]);
        }
        path.keys(&[name])
    }
}

/// Calls `found` for each reference of an object. Linear in the object.
pub(super) fn uses<'a>(object: &'a Resource, pods: &[Pod<'a>], found: &mut dyn FnMut(Use<'a>)) {
    for (number, pod) in pods.iter().enumerate().filter(|(_, pod)| pod.shape == Shape::Known) {
        for (index, container) in pod.containers.iter().enumerate() {
            let of = Some((number, Some(index)));
            of_container(container.node, &mut |one: Use<'a>| found(Use { of, ..one }));
        }
        let of = Some((number, None));
        of_pod(pod, &mut |one: Use<'a>| found(Use { of, ..one }));
    }
    if object.kind() == "Ingress" {
        let entries = items(below(object.node(), &["spec", "tls"]));
        for (index, entry) in entries.iter().enumerate() {
            let place =
                Place { index: Some(index), ..Place::named(&["spec", "tls"], "secretName") };
            found_at(entry, "Secret", place, found);
        }
    }
}

impl Place {
    const fn named(list: &'static [&'static str], name: &'static str) -> Self {
        Self { list, index: None, keys: &[], inner: None, name }
    }
}

/// Calls `found` if a node has a name at the place.
fn found_at<'a>(node: &'a Node, kind: &'static str, place: Place, found: &mut dyn FnMut(Use<'a>)) {
    let Some(name) = text(node, place.name).filter(|name| !name.is_empty()) else { return };
    let optional = is_true(present(node, "optional"));
    let (key, keys) = (text(node, "key"), items(node.get("items")));
    found(Use { kind, name, optional, key, keys, of: None, place });
}

fn of_container<'a>(container: &'a Node, found: &mut dyn FnMut(Use<'a>)) {
    type Keys = &'static [&'static str];
    const LISTS: [(Keys, &str, Keys); 4] = [
        (&["env"], "ConfigMap", &["valueFrom", "configMapKeyRef"]),
        (&["env"], "Secret", &["valueFrom", "secretKeyRef"]),
        (&["envFrom"], "ConfigMap", &["configMapRef"]),
        (&["envFrom"], "Secret", &["secretRef"]),
    ];
    for (list, kind, keys) in LISTS {
        let entries = list.first().and_then(|name| container.get(name));
        for (index, entry) in items(entries).iter().enumerate() {
            let Some(node) = below(entry, keys) else { continue };
            let place = Place { index: Some(index), keys, ..Place::named(list, "name") };
            found_at(node, kind, place, found);
        }
    }
}

fn of_pod<'a>(pod: &Pod<'a>, found: &mut dyn FnMut(Use<'a>)) {
    const FIELDS: [(&str, &[&str], &str); 6] = [
        ("ConfigMap", &["configMap"], "name"),
        ("PersistentVolumeClaim", &["persistentVolumeClaim"], "claimName"),
        ("Secret", &["azureFile"], "secretName"),
        ("Secret", &["csi", "nodePublishSecretRef"], "name"),
        ("Secret", &["secret"], "secretName"),
        ("SecretProviderClass", &["csi", "volumeAttributes"], "secretProviderClass"),
    ];
    for (index, volume) in pod.volumes() {
        let place = Place { index: Some(index), ..Place::named(&["volumes"], "name") };
        for (kind, keys, name) in FIELDS {
            let Some(node) = below(volume, keys) else { continue };
            found_at(node, kind, Place { keys, name, ..place }, found);
        }
        let sources = items(below(volume, &["projected", "sources"]));
        for (number, source) in sources.iter().enumerate() {
            for (kind, field) in [("ConfigMap", "configMap"), ("Secret", "secret")] {
                let Some(node) = present(source, field) else { continue };
                let inner = Some((number, field));
                let place = Place { keys: &["projected", "sources"], inner, ..place };
                found_at(node, kind, place, found);
            }
        }
    }
    for (index, secret) in items(pod.get(&["imagePullSecrets"])).iter().enumerate() {
        let place = Place { index: Some(index), ..Place::named(&["imagePullSecrets"], "name") };
        found_at(secret, "Secret", place, &mut |one| found(Use { optional: false, ..one }));
    }
    for name in ["serviceAccountName", "serviceAccount"] {
        let place = Place::named(&[], name);
        let mut is_found = false;
        found_at(pod.spec, "ServiceAccount", place, &mut |one| {
            is_found = true;
            found(one);
        });
        if is_found {
            break;
        }
    }
}

impl Use<'_> {
    /// True for a Secret with the password of a registry: the pod starts without it if the image is public.
    pub(super) fn is_for_images(&self) -> bool {
        self.place.list == ["imagePullSecrets"]
    }
}

/// True if a text is completed after the render: it has placeholders.
pub(super) fn has_placeholder(text: &str) -> bool {
    ["${", "$(", "{{", "<path:", "<no value>"].iter().any(|mark| text.contains(mark))
}
