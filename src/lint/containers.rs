//! Containers of workloads.

use crate::resource::Resource;
use crate::yaml::Node;

/// The containers and init containers of a workload of Kubernetes, or of one that has its form.
pub(super) fn containers(resource: &Resource) -> impl Iterator<Item = &Node> {
    const PATHS: [&[&str]; 3] = [
        &["spec", "template", "spec"],
        &["spec", "jobTemplate", "spec", "template", "spec"],
        &["spec"],
    ];
    let spec = PATHS.iter().filter_map(|keys| resource.node().get_path(keys));
    let pods = spec.filter(|spec| spec.get("containers").is_some()).take(1);
    let lists = pods.flat_map(|spec| ["initContainers", "containers"].map(|key| spec.get(key)));
    lists.flatten().flat_map(Node::items)
}
