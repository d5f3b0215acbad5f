//! What a rule can look at beside the thing it judges.

use super::pod::{Container, Pod};
use super::render::Render;
use super::settings::{Placement, Settings};
use crate::resource::Resource;
use crate::yaml::Node;

/// What surrounds a thing that is judged.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// What was asked for.
    pub(super) settings: &'a Settings,
    /// Everything that is rendered together.
    pub(super) render: &'a Render<'a>,
    /// The object at hand.
    pub(super) object: &'a Resource,
    /// The pods that it makes.
    pub(super) pods: &'a [Pod<'a>],
}

impl Scene<'_> {
    /// The minor version of the Pod Security Standards that are asked for.
    pub(super) fn pod_security(self) -> u16 {
        self.settings.profile.version().minor()
    }

    /// The namespace of the object.
    pub(super) fn namespace(&self) -> &str {
        self.settings.namespace(self.object)
    }

    /// Whether the object runs the cluster itself: it is in the namespace `kube-system`, or its pods are of a
    /// `system-…-critical` priority.
    pub(super) fn is_system(&self) -> bool {
        let is_critical = |name: &str| name.starts_with("system-") && name.ends_with("-critical");
        self.namespace() == "kube-system"
            || self.pods.iter().any(|pod| {
                let class = pod.get(&["priorityClassName"]).and_then(Node::as_text);
                class.is_some_and(is_critical)
            })
    }

    /// Whether a Service leads to a container.
    pub(super) fn is_served(self, pod: &Pod<'_>, container: &Container<'_>) -> bool {
        self.render.is_served(self.namespace(), pod, container)
    }

    /// Whether what the object makes ends by itself.
    pub(super) fn is_job(self) -> bool {
        matches!(self.object.kind(), "Job" | "CronJob" | "BroadcastJob" | "JobSet")
    }

    /// Whether what the object makes is of Knative, which has only a part of what pods have.
    pub(super) fn is_knative(self) -> bool {
        self.object.gvk().group == "serving.knative.dev"
    }

    /// Where fields are written that a pod may have for all of its containers. Knative takes them in containers only.
    pub(super) fn placement(self) -> Placement {
        if self.is_knative() { Placement::Container } else { self.settings.values.placement }
    }

    /// Whether an object of this kind and name is in the same namespace, or said to be elsewhere.
    pub(super) fn has(self, kind: &str, name: &str) -> bool {
        self.render.has(kind, self.namespace(), name, self.settings)
    }
}
