//! KR-SEC-005: no volume mounts a directory of the node.

use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{present, text};
use crate::harden::violation::{Severity, Violation};

pub(super) static HOST_PATH_VOLUME: Rule = Rule {
    id: "KR-SEC-005",
    name: "host-path-volume",
    text: text!("KR-SEC-005"),
    severity: Severity::Error,
    score: Some(7.5),
    scope: PodSecurity::replaced("hostPathVolumes", 0, 0),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(judge)),
};

fn judge(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let of_host = pod.volumes().filter_map(|(index, volume)| {
        let host = present(volume, "hostPath")?;
        let name = text(volume, "name").unwrap_or_default();
        let path = pod.path(&["volumes"]).index(index).keys(&["hostPath"]);
        let message = format!("the volume `{name}` is a directory of the node");
        Some(Violation::at(path, message).values(text(host, "path")))
    });
    of_host.collect()
}
