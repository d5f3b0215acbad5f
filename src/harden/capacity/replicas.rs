//! The number of pods of a workload.

use std::collections::BTreeMap;

use crate::harden::facts::Facts;
use crate::harden::value::{below, integer, is_true, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// The number of pods of a workload. Pods that a rolling update adds for a time are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copies {
    /// The smallest number.
    pub least: u64,
    /// The largest number.
    pub most: u64,
    /// The field or object that states it.
    pub counted: Counted,
}

/// The field or object that states the number of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// `replicas`, or one pod.
    Replicas,
    /// An autoscaler of the render.
    Scaled,
    /// The nodes of the cluster: an agent.
    Nodes,
    /// `parallelism`: a job, while it runs.
    Runs,
}

impl Counted {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replicas => "replicas",
            Self::Scaled => "scaled",
            Self::Nodes => "nodes",
            Self::Runs => "runs",
        }
    }
}

/// The autoscalers of a render, by namespace, kind and name of the workload: the numbers of pods between which they scale.
pub(super) struct Scalers<'a>(BTreeMap<(&'a str, &'a str, &'a str), (u64, u64)>);

fn number(node: Option<&Node>) -> Option<u64> {
    node.and_then(integer).and_then(|number| u64::try_from(number).ok())
}

impl<'a> Scalers<'a> {
    /// Those of Kubernetes (`HorizontalPodAutoscaler`) and of KEDA (`ScaledObject`).
    pub(super) fn of(objects: &'a ResMap, facts: &'a Facts) -> Self {
        let mut scalers = BTreeMap::new();
        for object in objects {
            let field = |name: &str| number(below(object.node(), &["spec", name]));
            let bounds = match (&*object.gvk().group, object.kind()) {
                ("autoscaling", "HorizontalPodAutoscaler") => {
                    field("maxReplicas").map(|most| (field("minReplicas").unwrap_or(1), most))
                }
                ("keda.sh", "ScaledObject") => {
                    let least = field("minReplicaCount").unwrap_or(0);
                    Some((least, field("maxReplicaCount").unwrap_or(100)))
                }
                _ => None,
            };
            let target = below(object.node(), &["spec", "scaleTargetRef"]);
            if let (Some((least, most)), Some(target)) = (bounds, target)
                && let Some(name) = text(target, "name")
            {
                let kind = text(target, "kind").unwrap_or("Deployment");
                let key = (facts.namespace(object), kind, name);
                scalers.insert(key, (least, most.max(least)));
            }
        }
        Self(scalers)
    }

    /// The number of pods of a workload.
    pub(super) fn copies(&self, object: &Resource, namespace: &str, nodes: u64) -> Copies {
        let field = |keys: &[&str]| below(object.node(), keys);
        let fixed = |count, counted| Copies { least: count, most: count, counted };
        let runs = |spec: &[&str]| {
            let of_spec = |name: &str| number(field(&[spec, &[name]].concat()));
            let together = of_spec("parallelism").unwrap_or(1);
            together.min(of_spec("completions").unwrap_or(together).max(1))
        };
        match object.kind() {
            "DaemonSet" => fixed(nodes, Counted::Nodes),
            "Job" | "CronJob" if is_true(field(&["spec", "suspend"])) => fixed(0, Counted::Runs),
            "Job" => fixed(runs(&["spec"]), Counted::Runs),
            "CronJob" => fixed(runs(&["spec", "jobTemplate", "spec"]), Counted::Runs),
            kind => {
                let scaled = self.0.get(&(namespace, kind, object.name()));
                let written = number(field(&["spec", "replicas"]));
                match scaled {
                    // An autoscaler leaves a workload alone that is scaled to none.
                    Some((least, most)) if written != Some(0) => {
                        Copies { least: *least, most: *most, counted: Counted::Scaled }
                    }
                    _ => fixed(written.unwrap_or(1), Counted::Replicas),
                }
            }
        }
    }
}
