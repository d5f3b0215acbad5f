//! KR-CLN-003: state in places that belong to one pod or one node.

use crate::harden::pod::{Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{below, integer, is_true, items, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::yaml::Node;

pub(super) static LOCAL_STATE: Rule = Rule {
    id: "KR-CLN-003",
    name: "local-state",
    text: text!("KR-CLN-003"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(local_state)),
};

fn local_state(pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.object.kind() != "Deployment" || pod.shape != Shape::Known {
        return Vec::new();
    }
    let replicas = below(scene.object.node(), &["spec", "replicas"]).and_then(integer);
    let is_several = replicas.is_some_and(|replicas| replicas > 1);
    let mut found = Vec::new();
    for (index, volume) in pod.volumes() {
        let is_of_node = present(volume, "hostPath").is_some();
        let is_of_pod = present(volume, "emptyDir").is_some();
        let Some(name) = text(volume, "name").filter(|_| is_of_node && is_several || is_of_pod)
        else {
            continue;
        };
        let mounts = pod.containers.iter().flat_map(|one| items(one.node.get("volumeMounts")));
        let mut own = mounts
            .filter(|mount| text(mount, "name") == Some(name) && !is_true(mount.get("readOnly")));
        let is_data = |mount: &Node| text(mount, "mountPath").is_some_and(is_data);
        let message = match is_of_node {
            true if own.next().is_some() => {
                format!("several pods write to the directory of their node `{name}`")
            }
            false if own.any(is_data) => format!(
                "the data in `{name}` is lost with the pod; assumed: it is more than a cache"
            ),
            _ => continue,
        };
        found.push(Violation::at(pod.path(&["volumes"]).index(index), message));
    }
    found
}

/// True for directories in which databases keep their data.
fn is_data(path: &str) -> bool {
    const DIRECTORIES: &str = "/bitnami/mariadb /bitnami/mongodb /bitnami/mysql /bitnami/postgresql /bitnami/redis \
        /data /data/db /var/lib/cassandra /var/lib/clickhouse /var/lib/couchdb /var/lib/elasticsearch /var/lib/etcd \
        /var/lib/grafana /var/lib/influxdb /var/lib/mariadb /var/lib/mongodb /var/lib/mysql /var/lib/neo4j \
        /var/lib/postgresql /var/lib/postgresql/data /var/lib/rabbitmq /var/lib/redis";
    let path = path.trim_end_matches('/');
    DIRECTORIES.split_ascii_whitespace().any(|one| one == path)
}
