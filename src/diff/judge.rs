//! Effects of a difference in a cluster: losses, recreations, restarts, changes of Pod Security levels.

use crate::yaml::Node;

use super::compare::{Change, Consequence, What};
use super::pair::Renaming;
use super::security::{Security, Turned};
use super::weigh::judgement::Judgement;
use super::{Identity, Object};
use crate::harden::differences::{
    ADMISSION_LOOSENED, EXPOSURE_GREW, OBJECT_REMOVED, POSTURE_LOOSENED, PRIVILEGE_GRANTED,
    ROLLOUT, SELECTOR_CHANGED,
};
use crate::harden::{Rule, Severity, restarting};
use crate::resource::ImageReference;

/// Effect of a difference in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Removal with a loss that cannot be undone: what is lost.
    Lost(&'static str),
    /// Deletion and recreation: a phrase for each reason.
    Recreated(Vec<String>),
    /// Restart of its pods: what changes in them.
    Restarted(Vec<String>),
    /// Another image of a container.
    Image(Image),
    /// Another Pod Security verdict of its pods.
    Security(Security),
    /// Something that a rule warns of.
    Judged(Judgement),
}

/// A change of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Image {
    /// Its name, if that stays the same.
    pub name: String,
    /// Its tag and digest before; the whole reference if the name changes.
    pub before: String,
    /// Its tag and digest after; the whole reference if the name changes.
    pub after: String,
}

/// Importance of a difference, the highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Something is lost for good.
    Lost,
    /// An error by a rule: rights are given, data is at risk.
    Dangerous,
    /// An object is recreated.
    Recreated,
    /// An object is removed.
    Removed,
    /// Pods have a looser Pod Security level, or a rule warns.
    Loosened,
    /// Pods restart.
    Restarted,
    /// A field differs.
    Changed,
    /// An object is new.
    Added,
    /// An object is renamed.
    Renamed,
}

impl Effect {
    /// The place among the effects of an object.
    const fn order(&self) -> u8 {
        match self {
            Self::Lost(_) => 0,
            Self::Judged(Judgement { severity: Severity::Error, .. }) => 1,
            Self::Recreated(_) => 2,
            Self::Judged(Judgement { severity: Severity::Warning, .. }) => 3,
            Self::Security(_) => 4,
            Self::Restarted(_) => 5,
            Self::Judged(Judgement { severity: Severity::Note, .. }) => 6,
            Self::Image(_) => 7,
        }
    }

    /// The rule that is about the effect; `None` for an image, and for a verdict that is not looser.
    #[must_use]
    pub fn rule(&self) -> Option<&'static Rule> {
        match self {
            Self::Lost(_) => Some(&OBJECT_REMOVED),
            Self::Recreated(_) => Some(&SELECTOR_CHANGED),
            Self::Restarted(_) => Some(&ROLLOUT),
            Self::Security(_) => self.turns(Turned::Looser).then_some(&POSTURE_LOOSENED),
            Self::Judged(judgement) => Some(judgement.rule),
            Self::Image(_) => None,
        }
    }

    /// True if someone gets rights in the cluster.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.rule() == Some(&PRIVILEGE_GRANTED)
    }

    /// True if something can be reached from more places.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        self.rule() == Some(&EXPOSURE_GREW)
    }

    /// True if pods may do more, or less is checked.
    #[must_use]
    pub fn is_loosened(&self) -> bool {
        [Some(&POSTURE_LOOSENED), Some(&ADMISSION_LOOSENED)].contains(&self.rule())
    }

    /// True for the effects of single changes: those of a part of the changes are known. Others belong to the object
    /// as a whole.
    pub(super) const fn is_of_changes(&self) -> bool {
        matches!(self, Self::Recreated(_) | Self::Restarted(_) | Self::Image(_))
    }

    /// True for a looser Pod Security level.
    #[must_use]
    pub fn is_looser(&self) -> bool {
        self.turns(Turned::Looser)
    }

    /// True for a change of Pod Security in this direction.
    pub(super) fn turns(&self, turned: Turned) -> bool {
        matches!(self, Self::Security(security) if security.turned() == turned)
    }
}

impl Object {
    /// The importance of the difference.
    #[must_use]
    pub fn rank(&self) -> Rank {
        let of_effect = |effect: &Effect| match effect {
            Effect::Lost(_) => Some(Rank::Lost),
            Effect::Recreated(_) => Some(Rank::Recreated),
            Effect::Restarted(_) => Some(Rank::Restarted),
            Effect::Security(_) if effect.turns(Turned::Looser) => Some(Rank::Loosened),
            Effect::Judged(judgement) => match judgement.severity {
                Severity::Error => Some(Rank::Dangerous),
                Severity::Warning => Some(Rank::Loosened),
                Severity::Note => None,
            },
            Effect::Security(_) | Effect::Image(_) => None,
        };
        let own = match &self.ids {
            [Some(_), None] => Rank::Removed,
            [None, _] => Rank::Added,
            _ if self.changes.is_empty() => Rank::Renamed,
            _ => Rank::Changed,
        };
        let carried = self.carries.iter().any(|(_, restarts)| *restarts).then_some(Rank::Restarted);
        self.effects.iter().filter_map(of_effect).chain(carried).fold(own, Rank::min)
    }
}

/// Adds the consequences of each change of an object, and the effects of the difference.
pub(super) fn judge(object: &mut Object) {
    add_consequences(object);
    let [before, after] = &object.nodes;
    let mut effects = of_changes(moved(object), &object.changes);
    if let [Some(before), after] = &object.ids
        && after.as_ref().is_none_or(|after| is_another(before, after))
    {
        effects.extend(loss(&before.kind).map(Effect::Lost));
    }
    effects.extend(Security::of(before.as_ref(), after.as_ref()).map(Effect::Security));
    sort(&mut effects);
    object.effects = effects;
}

/// Sorts effects, the most severe first.
pub(super) fn sort(effects: &mut [Effect]) {
    effects.sort_by_key(Effect::order);
}

/// The effects that some changes of an object have: those of a part of them are a part of those of all. `moved` is the
/// reason for recreating the object as a whole.
pub(super) fn of_changes(moved: Option<String>, changes: &[Change]) -> Vec<Effect> {
    let (mut recreated, mut restarted) = (Vec::from_iter(moved), Vec::new());
    for change in changes {
        let (list, why) = match &change.then {
            Some(Consequence::Recreation(why)) => (&mut recreated, why),
            Some(Consequence::Restart(why)) => (&mut restarted, why),
            None => continue,
        };
        if !list.contains(why) {
            list.push(why.clone());
        }
    }
    let some = |why: Vec<String>| (!why.is_empty()).then_some(why);
    some(recreated)
        .map(Effect::Recreated)
        .into_iter()
        .chain(some(restarted).map(Effect::Restarted))
        .chain(images(changes).into_iter().map(Effect::Image))
        .collect()
}

/// Adds the consequence of each change of an object.
fn add_consequences(object: &mut Object) {
    let [Some(before), Some(after)] = &object.ids else { return };
    let template = if is_another(before, after) { None } else { template(object) };
    let is_sealed =
        object.nodes[0].as_ref().and_then(|node| node.get("immutable")).and_then(Node::as_text)
            == Some("true");
    // An object with another hash in its name is another one on purpose.
    let may_be_immutable = object.renamed != Some(Renaming::Hash);
    for change in &mut object.changes {
        let path = change.path.to_string();
        change.then = match template {
            _ if may_be_immutable && is_immutable(&before.kind, &path, is_sealed) => {
                Some(Consequence::Recreation(format!("{path} is immutable")))
            }
            Some(template) if change.path.is_below(template) => {
                Some(Consequence::Restart(reason(change)))
            }
            _ => None,
        };
    }
}

/// True if a cluster treats the ids as two objects. A changed hash in the name is intended.
fn is_another(before: &Identity, after: &Identity) -> bool {
    (&before.name, &before.namespace, before.group())
        != (&after.name, &after.namespace, after.group())
}

/// The loss that the removal of an object of a kind causes.
fn loss(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "PersistentVolumeClaim" => "the data of its volume",
        "PersistentVolume" => "the volume",
        "Namespace" => "everything in the namespace",
        "CustomResourceDefinition" => "every object of its kind",
        _ => return None,
    })
}

/// The reason for recreating an object because of its new name or namespace.
pub(crate) fn moved(object: &Object) -> Option<String> {
    let [Some(before), Some(_)] = &object.ids else { return None };
    match object.renamed? {
        Renaming::Name => Some(format!("was {}", before.name)),
        Renaming::Namespace if before.namespace.is_empty() => {
            Some("was in the default namespace".to_owned())
        }
        Renaming::Namespace => Some(format!("was in namespace {}", before.namespace)),
        // Clusters serve some kinds under two groups, in which the same field may have another name.
        Renaming::Hash | Renaming::Version | Renaming::Group => None,
    }
}

/// Immutable fields by kind: the first list, except those of the second. (Kubernetes' API reference and validation:
/// `ValidateStatefulSetUpdate` and the like.)
const IMMUTABLE: &[(&str, &[&str], &[&str])] = &[
    ("Deployment", &["spec.selector"], &[]),
    ("ReplicaSet", &["spec.selector"], &[]),
    ("DaemonSet", &["spec.selector"], &[]),
    (
        "StatefulSet",
        &["spec"],
        &[
            "spec.replicas",
            "spec.ordinals",
            "spec.template",
            "spec.updateStrategy",
            "spec.revisionHistoryLimit",
            "spec.persistentVolumeClaimRetentionPolicy",
            "spec.minReadySeconds",
        ],
    ),
    ("Job", &["spec.selector", "spec.template", "spec.completionMode"], &[]),
    (
        "Pod",
        &["spec"],
        &[
            "spec.activeDeadlineSeconds",
            "spec.terminationGracePeriodSeconds",
            "spec.tolerations",
            "spec.schedulingGates",
        ],
    ),
    ("Service", &["spec.clusterIP", "spec.clusterIPs"], &[]),
    (
        "PersistentVolumeClaim",
        &["spec"],
        &["spec.resources.requests", "spec.volumeAttributesClassName"],
    ),
    ("RoleBinding", &["roleRef"], &[]),
    ("ClusterRoleBinding", &["roleRef"], &[]),
    ("StorageClass", &["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"], &[]),
    ("IngressClass", &["spec.controller"], &[]),
    ("PriorityClass", &["value", "preemptionPolicy"], &[]),
    ("RuntimeClass", &["handler"], &[]),
    (
        "CustomResourceDefinition",
        &["spec.group", "spec.scope", "spec.names.plural", "spec.names.kind"],
        &[],
    ),
    ("Secret", &["type"], &[]),
];

fn is_immutable(kind: &str, path: &str, is_sealed: bool) -> bool {
    let is_in = |field: &&str| {
        path.strip_prefix(*field)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    if is_sealed && matches!(kind, "ConfigMap" | "Secret") {
        return ["data", "stringData", "binaryData", "immutable"].iter().any(is_in);
    }
    // Images of running pods may be changed.
    let is_image = kind == "Pod" && path.ends_with("].image");
    let row = IMMUTABLE.iter().find(|(of, ..)| *of == kind);
    !is_image
        && row.is_some_and(|(_, fixed, free)| fixed.iter().any(is_in) && !free.iter().any(is_in))
}

/// Path of the pod template whose changes restart the pods of an object.
fn template(object: &Object) -> Option<&'static [&'static str]> {
    let Identity { api_version, kind, .. } = object.id();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let template = restarting(group, kind)?;
    let after = object.nodes[1].as_ref()?;
    (!waits(after, kind)).then_some(template)
}

/// True if a changed template does not restart running pods.
fn waits(object: &Node, kind: &str) -> bool {
    let at = |path: &[&str]| path.iter().try_fold(object, |node, key| node.get(key));
    let is = |path: &[&str], text: &str| at(path).and_then(Node::as_text) == Some(text);
    // Without the field, a DeploymentConfig has the trigger `ConfigChange`.
    let has_no_trigger = || {
        let triggers = at(&["spec", "triggers"]).and_then(Node::as_sequence);
        let is_change =
            |trigger: &Node| trigger.get("type").and_then(Node::as_text) == Some("ConfigChange");
        triggers.is_some_and(|triggers| !triggers.items().iter().any(is_change))
    };
    is(&["spec", "updateStrategy", "type"], "OnDelete")
        || is(&["spec", "paused"], "true")
        || is(&["spec", "updateStrategy", "paused"], "true")
        || is(&["spec", "updateStrategy", "rollingUpdate", "paused"], "true")
        || kind == "DeploymentConfig" && has_no_trigger()
}

fn reason(change: &Change) -> String {
    if let Some(object) = &change.follows {
        return format!("new {object}");
    }
    let path = change.path.to_string();
    let path = path.trim_start_matches("spec.template").trim_start_matches('.');
    if change.path.is_below(&["spec", "template", "metadata", "*"]) {
        return path.trim_start_matches("metadata.").to_owned();
    }
    let path = path.trim_start_matches("spec").trim_start_matches('.');
    let in_container =
        ["containers[", "initContainers["].iter().find_map(|list| path.strip_prefix(*list));
    match in_container.and_then(|rest| rest.split_once("].")) {
        // The name of the field is enough: the container and the value are shown with the change.
        Some((_, field)) => field.split(['.', '[']).next().unwrap_or(field).to_owned(),
        None if path.is_empty() => "the pod template".to_owned(),
        None => path.split('.').next().unwrap_or(path).to_owned(),
    }
}

/// The changed images, each once.
fn images(changes: &[Change]) -> Vec<Image> {
    let mut images: Vec<Image> = changes.iter().filter_map(Change::image).collect();
    images.sort();
    images.dedup();
    images
}

impl Change {
    /// The images before and after, if the field is an image.
    #[must_use]
    pub fn image(&self) -> Option<Image> {
        match (self.path.last_key()?, &self.what) {
            ("image", What::Changed(before, after)) => {
                Some(Image::of(before.as_text()?, after.as_text()?))
            }
            _ => None,
        }
    }
}

impl Image {
    fn of(before: &str, after: &str) -> Self {
        let [(name, old), (other, new)] = [before, after].map(split);
        if name == other {
            return Self { name: name.to_owned(), before: old.to_owned(), after: new.to_owned() };
        }
        Self { name: String::new(), before: before.to_owned(), after: after.to_owned() }
    }
}

/// The name of an image, and what follows it: tag and digest.
fn split(image: &str) -> (&str, &str) {
    let name = ImageReference::new(image).name;
    (name, image.get(name.len() + 1..).unwrap_or("latest"))
}

/// Folds objects that only follow the new name of another object into that one.
pub(super) fn fold(objects: &mut [Object]) {
    let mut carried: Vec<(String, String, bool)> = Vec::new();
    let known: Vec<String> =
        objects.iter().filter(|object| object.renamed.is_some()).map(Object::label).collect();
    for object in objects.iter_mut() {
        let mut causes: Vec<&String> = Vec::new();
        for change in &object.changes {
            match &change.follows {
                Some(cause) if known.contains(cause) => causes.push(cause),
                _ => {
                    causes.clear();
                    break;
                }
            }
        }
        causes.sort();
        causes.dedup();
        let is_grave = object.effects.iter().any(|effect| {
            matches!(effect, Effect::Lost(_) | Effect::Recreated(_) | Effect::Judged(_))
        });
        if object.renamed.is_some() || is_grave || causes.is_empty() {
            continue;
        }
        let restarts = object.effects.iter().any(|effect| matches!(effect, Effect::Restarted(_)));
        let label = object.label();
        carried.extend(causes.iter().map(|cause| ((*cause).clone(), label.clone(), restarts)));
        object.folded = causes.first().map(|cause| (*cause).clone());
    }
    for object in objects.iter_mut().filter(|object| object.renamed.is_some()) {
        let label = object.label();
        let carries = carried.iter().filter(|(cause, ..)| *cause == label);
        object.carries = carries.map(|(_, label, restarts)| (label.clone(), *restarts)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_named_once() {
        let image = |before: &str, after: &str| {
            let image = Image::of(before, after);
            format!("{}|{}|{}", image.name, image.before, image.after)
        };
        assert_eq!(image("nginx:1", "nginx:2"), "nginx|1|2");
        assert_eq!(image("nginx", "nginx:2"), "nginx|latest|2");
        assert_eq!(image("host:80/a/b", "host:80/a/b@sha256:1"), "host:80/a/b|latest|sha256:1");
        assert_eq!(image("a:1@sha256:0", "a:2"), "a|1@sha256:0|2");
        assert_eq!(image("a:1", "b:1"), "|a:1|b:1");
    }

    #[test]
    fn some_fields_may_not_change() {
        assert!(is_immutable("Deployment", "spec.selector.matchLabels.app", false));
        assert!(!is_immutable("Deployment", "spec.selectors", false));
        assert!(is_immutable("StatefulSet", "spec.volumeClaimTemplates[0]", false));
        assert!(!is_immutable("StatefulSet", "spec.template.spec", false));
        assert!(!is_immutable("Pod", "spec.containers[a].image", false));
        assert!(is_immutable("Pod", "spec.containers[a].command", false));
        assert!(is_immutable("ConfigMap", "data.a", true));
        assert!(!is_immutable("ConfigMap", "data.a", false));
        assert!(!is_immutable("Foo", "spec", false));
    }
}
