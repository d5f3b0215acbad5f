//! Pods and templates of pods.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::facts::Placement;
use super::traffic::Traffic;
use super::value::{below, boolean, integer, is_false, is_true, items, present, text};
use super::violation::{Edit, List, Violation};
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Mapping, Node};

/// A pod or a template of pods, as the API server would store it, with the defaults that it fills in.
#[derive(Clone, Debug)]
pub(super) struct Pod<'a> {
    /// The path of its metadata.
    of_metadata: Path,
    /// The path of its specification.
    of_spec: Path,
    /// The metadata of the pod.
    pub(super) metadata: Option<&'a Node>,
    /// The specification of the pod.
    pub(super) spec: &'a Node,
    /// Defaults for fields that the specification lacks.
    pub(super) defaults: Option<&'a Node>,
    /// All containers: those of `initContainers`, `containers` and `ephemeralContainers`, in this order.
    pub(super) containers: Vec<Container<'a>>,
    /// Its completeness.
    pub(super) shape: Shape,
    /// The group and the kind of the nearest object around it, if that is within another one.
    pub(super) within: Option<(&'a str, &'a str)>,
    /// The names of its volumes, computed on first use.
    volume_names: OnceCell<BTreeSet<Box<str>>>,
    /// The number of its running containers, computed on first use.
    running: OnceCell<usize>,
    /// True if it can run only on Windows, computed on first use.
    windows: OnceCell<bool>,
    /// The positions of its annotations by their keys, computed on first use.
    annotation_places: OnceCell<BTreeMap<Box<str>, usize>>,
    /// The requests of the Services of its render, computed on first use.
    pub(super) traffic: Traffic,
}

/// The completeness of a pod, which decides which rules check it and whether fixes change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A complete pod in a kind that is known to create pods. Every rule checks it, and fixes change it.
    Known,
    /// A complete template in an unknown kind. Rules about security, images and resources check it.
    Template,
    /// A step of a pipeline: it ends by itself, and references to other objects may come from parameters. The Pod
    /// Security Standards check it, and other rules about security and images the fields that are written.
    Step,
    /// A part of a pod: missing fields may be added elsewhere. Rules about security and images check the fields that
    /// are written.
    Part,
}

/// A container of a pod.
#[derive(Clone, Debug)]
pub(super) struct Container<'a> {
    /// The node.
    pub(super) node: &'a Node,
    /// The name; empty if it has none.
    pub(super) name: &'a str,
    /// The list that contains it.
    pub(super) list: List,
    /// Its `securityContext`.
    security: Option<&'a Node>,
    path: Path,
}

impl<'a> Pod<'a> {
    /// The pod of a template with the fields `metadata` and `spec`; `None` without a `spec`.
    pub(super) fn of_template(path: Path, root: &'a Node, shape: Shape) -> Option<Self> {
        let template = path.find(root)?;
        let spec = present(template, "spec")?;
        let of_spec = path.clone().keys(&["spec"]);
        let mut containers = Vec::new();
        for list in List::ALL {
            let nodes = items(spec.get(list.field())).iter().enumerate();
            containers.extend(nodes.map(|(index, node)| {
                Container::new(node, list, of_spec.clone().keys(&[list.field()]).index(index))
            }));
        }
        // Without images it is laid over containers that a controller has.
        let is_laid = |container: &Container<'_>| present(container.node, "image").is_none();
        let is_part = shape == Shape::Template && containers.iter().any(is_laid);
        let shape = if is_part { Shape::Part } else { shape };
        let metadata = present(template, "metadata");
        let of_metadata = path.keys(&["metadata"]);
        Some(Self { of_metadata, metadata, ..Self::of_spec(of_spec, spec, containers, shape) })
    }

    /// A pod with its containers, from a specification, or a part of one, without a template.
    pub(super) fn of_spec(
        of_spec: Path,
        spec: &'a Node,
        containers: Vec<Container<'a>>,
        shape: Shape,
    ) -> Self {
        let of_metadata = of_spec.clone().keys(&["metadata"]);
        let (metadata, defaults) = (None, None);
        let (volume_names, running) = (OnceCell::new(), OnceCell::new());
        Self {
            of_metadata,
            of_spec,
            metadata,
            spec,
            defaults,
            containers,
            shape,
            within: None,
            volume_names,
            running,
            windows: OnceCell::new(),
            annotation_places: OnceCell::new(),
            traffic: Traffic::default(),
        }
    }

    /// The same pod with defaults for missing fields.
    pub(super) fn with_defaults(self, defaults: Option<&'a Node>) -> Self {
        Self { defaults, windows: OnceCell::new(), ..self }
    }

    /// The same pod of an object within another one.
    pub(super) fn within(self, within: Option<(&'a str, &'a str)>) -> Self {
        Self { within, ..self }
    }

    /// The path of a field of the specification.
    pub(super) fn path(&self, keys: &[&str]) -> Path {
        self.of_spec.below(keys)
    }

    /// The path of an annotation.
    pub(super) fn annotation_path(&self, key: &str) -> Path {
        self.of_metadata.below(&["annotations", key])
    }

    /// The path of its labels.
    pub(super) fn labels_path(&self) -> Path {
        self.of_metadata.below(&["labels"])
    }

    /// A field of the specification by its keys, or its default.
    pub(super) fn get(&self, keys: &[&str]) -> Option<&'a Node> {
        below(self.spec, keys).or_else(|| below(self.defaults?, keys))
    }

    /// A field of the pod's own `securityContext`.
    pub(super) fn security(&self, key: &str) -> Option<&'a Node> {
        self.get(&["securityContext", key])
    }

    /// The annotations of the pod, without those of its workload.
    pub(super) fn annotations(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let annotations = self.metadata.and_then(|metadata| metadata.get("annotations"));
        let entries = annotations.and_then(Node::as_mapping).map(Mapping::entries);
        let entries = entries.unwrap_or_default().iter();
        entries.filter_map(|(key, value)| Some((key.text(), value.as_text()?)))
    }

    /// The labels of the pod, without those of its workload.
    pub(super) fn labels(&self) -> Option<&'a Node> {
        present(self.metadata?, "labels")
    }

    /// The text of an annotation. Logarithmic in the number of annotations after the first call.
    pub(super) fn annotation(&self, name: &str) -> Option<&'a str> {
        let entries = self.metadata?.get("annotations")?.entries();
        let places = || {
            let keys = entries.iter().enumerate().rev();
            keys.map(|(place, (key, _))| (Box::from(key.text()), place)).collect()
        };
        let place = *self.annotation_places.get_or_init(places).get(name)?;
        entries.get(place)?.1.as_text()
    }

    /// The name of its `ServiceAccount`.
    pub(super) fn account(&self) -> &'a str {
        let fields = ["serviceAccountName", "serviceAccount"].into_iter();
        let mut named = fields.filter_map(|key| self.get(&[key])).filter_map(Node::as_text);
        named.find(|name| !name.is_empty()).unwrap_or("default")
    }

    /// The termination grace period in seconds.
    pub(super) fn grace(&self) -> i64 {
        self.get(&["terminationGracePeriodSeconds"]).and_then(integer).unwrap_or(30)
    }

    /// The volumes, each with its index.
    pub(super) fn volumes(&self) -> impl Iterator<Item = (usize, &'a Node)> {
        items(self.get(&["volumes"])).iter().enumerate()
    }

    /// True if one of its volumes has this name. Logarithmic in the number of volumes after the first call.
    pub(super) fn has_volume(&self, name: &str) -> bool {
        let names = || {
            self.volumes().filter_map(|(_, volume)| text(volume, "name")).map(Box::from).collect()
        };
        self.volume_names.get_or_init(names).contains(name)
    }

    /// The number of its running containers. The containers are counted once.
    pub(super) fn running(&self) -> usize {
        *self.running.get_or_init(|| self.containers.iter().filter(|one| one.is_running()).count())
    }

    /// True if `os` is Windows. The Pod Security Standards look only at this field.
    pub(super) fn is_windows(&self) -> bool {
        self.get(&["os"]).and_then(|os| text(os, "name")) == Some("windows")
    }

    /// True if it can run only on Windows, by `os`, by its node selection or by its `RuntimeClass`: then no Linux-only fields are
    /// added.
    pub(super) fn is_bound_to_windows(&self) -> bool {
        *self.windows.get_or_init(|| self.find_windows())
    }

    /// Tells that its `RuntimeClass` selects nodes of Windows.
    pub(super) fn bind_to_windows(&self) {
        let system = self.get(&["os"]).and_then(|os| text(os, "name"));
        if system != Some("linux") {
            // Nothing has asked before.
            let _known = self.windows.set(true);
        }
    }

    fn find_windows(&self) -> bool {
        self.is_windows() || selects_windows(self.get(&["nodeSelector"])) || self.requires_windows()
    }

    fn requires_windows(&self) -> bool {
        let required =
            ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
        let terms = items(self.get(&required).and_then(|node| node.get("nodeSelectorTerms")));
        let asks = |expression: &Node| {
            let mut values = items(expression.get("values")).iter().map(Node::as_text).peekable();
            let key = text(expression, "key").unwrap_or_default();
            match text(expression, "operator") {
                Some("In") => {
                    OF_SYSTEMS.contains(&key)
                        && values.peek().is_some()
                        && values.all(|value| value == Some("windows"))
                }
                // The kubelet sets this label on each node, and there is no third system. The older label may be missing.
                Some("NotIn") => key == OF_SYSTEMS[0] && values.any(|value| value == Some("linux")),
                _ => false,
            }
        };
        !terms.is_empty()
            && terms.iter().all(|term| items(term.get("matchExpressions")).iter().any(asks))
    }

    /// True if it has its own user namespace (`hostUsers: false`).
    pub(super) fn has_own_users(&self) -> bool {
        is_false(self.get(&["hostUsers"]))
    }

    /// The edits that set a field of `securityContext` for a container that lacks it.
    pub(super) fn set_security(
        &self,
        key: &str,
        value: &Node,
        container: &Container<'a>,
        placement: Placement,
    ) -> Vec<Edit> {
        let keys = ["securityContext", key];
        let of_pod = || Edit::Set(self.path(&keys), value.clone());
        let of_container = || Edit::Set(container.path(&keys), value.clone());
        match placement {
            Placement::Pod => vec![of_pod()],
            Placement::Container => vec![of_container()],
            // Each of the other containers that lack the field has its own violation, with its own fix.
            Placement::Both => vec![of_pod(), of_container()],
        }
    }

    /// A violation at a field of the specification.
    pub(super) fn violation(&self, keys: &[&str], message: impl Into<String>) -> Violation {
        Violation::at(self.path(keys), message)
    }

    /// A violation at a field of the pod's own `securityContext`.
    pub(super) fn violation_of_security(&self, key: &str, message: impl Into<String>) -> Violation {
        self.violation(&["securityContext", key], message)
    }
}

/// The labels of nodes with their system.
const OF_SYSTEMS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];

/// True if a selector of nodes selects those of Windows.
pub(super) fn selects_windows(selector: Option<&Node>) -> bool {
    let selects = |key: &&str| selector.and_then(|labels| text(labels, key)) == Some("windows");
    OF_SYSTEMS.iter().any(selects)
}

impl<'a> Container<'a> {
    /// A container at a path.
    pub(super) fn new(node: &'a Node, list: List, path: Path) -> Self {
        let security = present(node, "securityContext");
        Self { node, name: text(node, "name").unwrap_or_default(), list, security, path }
    }

    /// The same container with another name.
    pub(super) fn called(self, name: &'a str) -> Self {
        Self { name, ..self }
    }

    /// Its name in messages, or its position in its list if it has no name.
    pub(super) fn label(&self) -> String {
        match (self.name, self.path.steps().last()) {
            ("", Some(PathStep::Index(index))) => {
                format!("container {} of `{}`", index + 1, self.list.field())
            }
            ("", _) => "the container".to_owned(),
            (name, _) => format!("container `{name}`"),
        }
    }

    /// The path of a field.
    pub(super) fn path(&self, keys: &[&str]) -> Path {
        self.path.below(keys)
    }

    /// Its place in its list.
    pub(super) fn index(&self) -> Option<usize> {
        match self.path.steps().last() {
            Some(PathStep::Index(index)) => Some(*index),
            _ => None,
        }
    }

    /// A field of its `securityContext`.
    pub(super) fn security(&self, key: &str) -> Option<&'a Node> {
        present(self.security?, key)
    }

    /// A field of its `securityContext`, or of that of its pod.
    pub(super) fn effective(&self, pod: &Pod<'a>, key: &str) -> Option<&'a Node> {
        self.security(key).or_else(|| pod.security(key))
    }

    /// The user that it runs as, if it is set.
    pub(super) fn user(&self, pod: &Pod<'a>) -> Option<i64> {
        self.written_user(pod).filter(|_| !pod.is_bound_to_windows())
    }

    /// The user that is written for it, also where nodes of Windows have no such users.
    pub(super) fn written_user(&self, pod: &Pod<'a>) -> Option<i64> {
        self.effective(pod, "runAsUser").and_then(integer)
    }

    /// True if it certainly does not run as root: `runAsNonRoot` is true, or another user is set.
    pub(super) fn is_non_root(&self, pod: &Pod<'a>) -> bool {
        self.effective(pod, "runAsNonRoot").and_then(boolean) == Some(true)
            || self.user(pod).is_some_and(|user| user > 0)
    }

    /// True if it is privileged.
    pub(super) fn is_privileged(&self) -> bool {
        is_true(self.security("privileged"))
    }

    /// The capabilities that it adds or drops.
    pub(super) fn capabilities(&self, field: &str) -> impl Iterator<Item = &'a str> {
        let capabilities = self.security("capabilities").and_then(|node| node.get(field));
        items(capabilities).iter().filter_map(Node::as_text)
    }

    /// Its image; empty if it has none.
    pub(super) fn image(&self) -> &'a str {
        text(self.node, "image").unwrap_or_default()
    }

    /// True for a sidecar: an init container with `restartPolicy: Always`.
    pub(super) fn is_sidecar(&self) -> bool {
        self.list == List::Init && text(self.node, "restartPolicy") == Some("Always")
    }

    /// True if it runs as long as the pod.
    pub(super) fn is_running(&self) -> bool {
        self.list == List::App || self.is_sidecar()
    }

    /// A limit of a resource.
    pub(super) fn limit(&self, resource: &str) -> Option<&'a Node> {
        below(self.node, &["resources", "limits", resource])
    }

    /// A request of a resource; the default is the limit, as in the API server.
    pub(super) fn request(&self, resource: &str) -> Option<&'a Node> {
        below(self.node, &["resources", "requests", resource]).or_else(|| self.limit(resource))
    }

    /// A violation at one of its fields.
    pub(super) fn violation(&self, keys: &[&str], message: impl Into<String>) -> Violation {
        Violation::at(self.path(keys), message).of_container(self)
    }

    /// A violation at a field of its `securityContext`.
    pub(super) fn violation_of_security(&self, key: &str, message: impl Into<String>) -> Violation {
        self.violation(&["securityContext", key], message)
    }
}

impl Violation {
    /// The same violation for a container: its message then begins with the container.
    pub(super) fn of_container(mut self, container: &Container<'_>) -> Self {
        let label = container.label();
        // Exactly as long as needed: a run keeps the messages of all findings.
        let mut message = String::with_capacity(label.len() + 1 + self.message.len());
        message.push_str(&label);
        message.push(' ');
        message.push_str(&self.message);
        self.message = message;
        self.container = Some((container.list, container.name.into()));
        self
    }
}
