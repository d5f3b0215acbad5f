//! The pods of an object as nodes, for comparing them with those of another version of the object.

use super::facts::Facts;
use super::path::by_name;
use super::pod::Pod;
use super::violation::List;
use super::workload::pods;
use crate::resource::Resource;
use crate::yaml::Node;

/// A pod, or a template of pods.
#[derive(Clone, Debug)]
pub struct PodTemplate<'a> {
    /// The path of its specification, with names of list elements in place of indices.
    pub path: String,
    /// Its metadata.
    pub metadata: Option<&'a Node>,
    /// Its specification.
    pub spec: &'a Node,
    /// Fields that hold if its specification lacks them.
    pub defaults: Option<&'a Node>,
    /// Its containers, each with its list and its name; a name may be empty.
    pub containers: Vec<(List, &'a str, &'a Node)>,
}

/// The pods that an object makes, wherever its kind defines them. Linear in the object.
#[must_use]
pub fn pod_templates(object: &Resource) -> Vec<PodTemplate<'_>> {
    pods(object, &Facts::default()).iter().map(|pod| PodTemplate::of(pod, object)).collect()
}

impl<'a> PodTemplate<'a> {
    fn of(pod: &Pod<'a>, object: &Resource) -> Self {
        Self {
            path: by_name(&pod.path(&[]), object.node()),
            metadata: pod.metadata,
            spec: pod.spec,
            defaults: pod.defaults,
            containers: pod.containers.iter().map(|one| (one.list, one.name, one.node)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    #[test]
    fn pods_are_found_in_lists_and_unknown_kinds() {
        let spec = "spec: {containers: [{name: a, image: b}]}";
        let set = format!(
            "{{apiVersion: jobset.x-k8s.io/v1, kind: JobSet, metadata: {{name: j}}, spec: {{replicatedJobs: [{{name: one, template: {{spec: {{template: {{{spec}}}}}}}}}]}}}}"
        );
        let other = format!(
            "{{apiVersion: example.org/v1, kind: Runner, metadata: {{name: r}}, spec: {{template: {{{spec}}}}}}}"
        );
        for (text, path) in [
            (set, "/spec/replicatedJobs/one/template/spec/template/spec"),
            (other, "/spec/template/spec"),
        ] {
            let object = resource(&text);
            let found = pod_templates(&object);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!((&*found[0].path, found[0].containers[0].1), (path, "a"));
        }
    }
}
