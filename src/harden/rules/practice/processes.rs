//! KR-CLN-007, 008, 009: ports and processes of pods.

use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::items;
use crate::harden::violation::{List, Severity, Violation};
use crate::yaml::Node;

pub(super) static PORT_BINDING: Rule = Rule {
    id: "KR-CLN-007",
    name: "port-binding",
    text: text!("KR-CLN-007"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Pod(port_binding)),
};

pub(super) static PROCESS_COUNT: Rule = Rule {
    id: "KR-CLN-008",
    name: "process-count",
    text: text!("KR-CLN-008"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Pod(process_count)),
};

pub(super) static ADMIN_PROCESS: Rule = Rule {
    id: "KR-CLN-009",
    name: "admin-process",
    text: text!("KR-CLN-009"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Container(admin_process)),
};

fn port_binding(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let has_port = |one: &Container<'_>| !items(one.node.get("ports")).is_empty();
    if pod.shape != Shape::Known
        || pod.containers.iter().any(has_port)
        || !render.is_behind_service(scene.namespace(), pod)
    {
        return Vec::new();
    }
    vec![
        pod.violation(
            &["containers"],
            "a Service selects the pod, and no container declares a port",
        ),
    ]
}

fn process_count(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    if pod.shape != Shape::Known || pod.containers.len() < 2 {
        return Vec::new();
    }
    let is_program = |one: &&Container<'_>| one.list == List::App && !is_helper(one.name);
    let count = pod.containers.iter().filter(is_program).count();
    if count < 2 {
        return Vec::new();
    }
    let message = format!("the pod has {count} programs; assumed: none of them is a helper");
    vec![pod.violation(&["containers"], message)]
}

/// True for names of containers that serve another one.
fn is_helper(name: &str) -> bool {
    const WORDS: &str = "adapter agent auth authproxy cloudsql collector config envoy exporter fluent fluentbit \
        fluentd gateway init istio k8s linkerd liveness logger logs metrics nginx oauth oauth2 prober probe proxy \
        rbac registrar reload reloader renew resizer provisioner attacher snapshotter sidecar sync syncer tailer \
        tls tunnel vault watcher";
    name.split(['-', '_', '.']).any(|word| WORDS.split_ascii_whitespace().any(|one| one == word))
}

fn admin_process(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    if scene.object.kind() != "Deployment"
        || pod.shape != Shape::Known
        || container.list != List::App
    {
        return Vec::new();
    }
    const WORDS: &str = "migrate db:migrate db:seed db:setup seed migrations";
    for list in ["command", "args"] {
        let texts = items(container.node.get(list)).iter().filter_map(Node::as_text).enumerate();
        for (index, text) in texts {
            let mut words = text.split_ascii_whitespace();
            let word = words.find(|word| WORDS.split_ascii_whitespace().any(|one| one == *word));
            if let Some(word) = word {
                let message = format!("runs `{word}` each time that it starts");
                let path = container.path(&[list]).index(index);
                return vec![Violation::at(path, message).of_container(container)];
            }
        }
    }
    Vec::new()
}
