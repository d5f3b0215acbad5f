//! KR-SEC-013: no container is a host process of a Windows node.

use crate::harden::pod::Pod;
use crate::harden::profile::PodSecurity;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{is_true, present};
use crate::harden::violation::{Severity, Violation};
use crate::yaml::Node;

pub(super) static WINDOWS_HOST_PROCESS: Rule = Rule {
    id: "KR-SEC-013",
    name: "windows-host-process",
    text: text!("KR-SEC-013"),
    severity: Severity::Error,
    score: Some(9.0),
    scope: PodSecurity::baseline("windowsHostProcess", 0),
    fix_order: 0,
    needs: Needs::Object(Check::Pod(judge)),
};

fn judge(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let is_host = |options: Option<&Node>| {
        is_true(options.and_then(|options| present(options, "hostProcess")))
    };
    let keys = ["securityContext", "windowsOptions", "hostProcess"];
    let mut found = Vec::new();
    if is_host(pod.security("windowsOptions")) {
        found.push(pod.violation(&keys, "the pod runs on the Windows node itself").remove());
    }
    for container in &pod.containers {
        if is_host(container.security("windowsOptions")) {
            found.push(container.violation(&keys, "runs on the Windows node itself").remove());
        }
    }
    found
}
