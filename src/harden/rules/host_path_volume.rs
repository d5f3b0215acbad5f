//! KR-SEC-005: no volume mounts a directory of the node.

use crate::harden::foreign::Tool;
use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::value::{present, text};
use crate::harden::violation::{Severity, Violation};

pub(super) static HOST_PATH_VOLUME: Rule = Rule {
    id: "KR-SEC-005",
    name: "host-path-volume",
    topic: Topic::Security,
    severity: Severity::Error,
    score: Some(7.5),
    scope: PodSecurity::replaced("hostPathVolumes", 0, 0),
    summary: "No volume is a directory of the node (`hostPath`).",
    why: "A pod that can write files of its node can take over the node, and one that can read them finds its credentials.",
    condition: "A volume has `hostPath`.",
    fixes: &[],
    fix_order: 0,
    advice: "use an `emptyDir` for scratch space, and a PersistentVolumeClaim for data",
    example: example!("host-path-volume"),
    elsewhere: &[
        (Tool::Polaris, &["hostPathSet"]),
        (Tool::Trivy, &["KSV-0023"]),
        (Tool::Kubescape, &["C-0048"]),
    ],
    needs: Needs::Object(Check::Pod(judge)),
};

fn judge(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let of_host = pod.volumes().filter_map(|(index, volume)| {
        present(volume, "hostPath")?;
        let name = text(volume, "name").unwrap_or_default();
        let path = pod.path(&["volumes"]).index(index).keys(&["hostPath"]);
        Some(Violation::at(path, format!("the volume `{name}` is a directory of the node")))
    });
    of_host.collect()
}
