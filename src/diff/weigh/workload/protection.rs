//! KR-DIF-001: probes, limits and security settings that containers lose.

use std::collections::BTreeMap;

use super::Pair;
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::differences::POSTURE_LOOSENED;
use crate::harden::value::{below, is_false, is_true, present, text};
use crate::yaml::Node;

/// Something that protects a container or others from it.
struct Protection {
    title: &'static str,
    has: fn(&Node, &Node) -> bool,
    severity: Severity,
}

fn has(container: &Node, path: &[&str]) -> bool {
    below(container, path).is_some_and(|node| !node.is_empty())
}

/// The protections, each with a test of a container and the specification of its pod.
const PROTECTIONS: [Protection; 7] = [
    Protection {
        title: "readinessProbe",
        has: |container, _| has(container, &["readinessProbe"]),
        severity: Severity::Warning,
    },
    Protection {
        title: "livenessProbe",
        has: |container, _| has(container, &["livenessProbe"]),
        severity: Severity::Warning,
    },
    Protection {
        title: "startupProbe",
        has: |container, _| has(container, &["startupProbe"]),
        severity: Severity::Note,
    },
    Protection {
        title: "limit of memory",
        has: |container, pod| {
            [container, pod].iter().any(|of| has(of, &["resources", "limits", "memory"]))
        },
        severity: Severity::Warning,
    },
    Protection {
        title: "readOnlyRootFilesystem",
        has: |container, _| {
            is_true(below(container, &["securityContext", "readOnlyRootFilesystem"]))
        },
        severity: Severity::Warning,
    },
    Protection {
        title: "securityContext",
        has: |container, pod| [container, pod].iter().any(|of| has(of, &["securityContext"])),
        severity: Severity::Warning,
    },
    Protection {
        title: "preStop hook",
        has: |container, _| has(container, &["lifecycle", "preStop"]),
        severity: Severity::Note,
    },
];

/// Judges the pods of a workload that is there on both sides.
pub(in crate::diff::weigh) fn protection(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    let specs = [sides.before, sides.after].map(|node| super::pod_spec(sides, node?));
    let [Some(before), Some(after)] = specs else { return };
    let mut lost: BTreeMap<(Severity, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for Pair { name, before: old, after: new } in super::containers(before, after) {
        let is_lost = |one: &&Protection| (one.has)(old, before) && !(one.has)(new, after);
        let gone: Vec<&Protection> = PROTECTIONS.iter().filter(is_lost).collect();
        let Some(severity) = gone.iter().map(|one| one.severity).max() else { continue };
        let titles = gone.iter().map(|one| one.title).collect();
        lost.entry((severity, titles)).or_default().push(name);
    }
    for ((severity, titles), names) in lost.into_iter().rev() {
        let (phrase, one) = (Phrase::new("no longer has "), names.len() == 1);
        let phrase = phrase.few(titles).say(if one { " in container " } else { " in containers " });
        found.push(judgement(phrase.few(names)).with_severity(severity));
    }
    // The default is to mount it.
    let keeps_out = |spec: &Node| is_false(present(spec, "automountServiceAccountToken"));
    if keeps_out(before) && !keeps_out(after) {
        found.push(
            judgement(Phrase::new("mounts the token of its ServiceAccount"))
                .with_severity(Severity::Warning),
        );
    }
    let account = |spec: &'_ Node| -> String {
        let own = ["serviceAccountName", "serviceAccount"].iter().find_map(|key| text(spec, key));
        own.filter(|name| !name.is_empty()).unwrap_or("default").to_owned()
    };
    let (old, new) = (account(before), account(after));
    if new != old && new != "default" && sides.renames().follows(&old, &new).is_none() {
        let phrase = Phrase::new("runs as the ServiceAccount ").name(&new);
        found.push(judgement(phrase.say(" in place of ").name(&old)).with_severity(Severity::Note));
    }
}

fn judgement(phrase: Phrase) -> Judgement {
    Judgement::new(&POSTURE_LOOSENED, "spec", phrase)
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn deployment(pod: &str, containers: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{spec: {{{pod}containers: [{containers}]}}}}}}}}"
        )
    }

    #[test]
    fn containers_lose_protection() {
        let probe = "{httpGet: {path: /, port: 80}}";
        let with =
            |fields: &str| deployment("", &format!("{{name: a, {fields}}}, {{name: b, {fields}}}"));
        let label = "Deployment d: no longer has ";
        for (fields, expected) in [
            (
                format!("readinessProbe: {probe}"),
                format!("001 warning {label}readinessProbe in containers a, b"),
            ),
            (
                format!("startupProbe: {probe}"),
                format!("001 note {label}startupProbe in containers a, b"),
            ),
            (
                "securityContext: {readOnlyRootFilesystem: true}".to_owned(),
                format!(
                    "001 warning {label}readOnlyRootFilesystem, securityContext in containers a, b"
                ),
            ),
        ] {
            let told = judged(&with(&fields), &with(""));
            assert_eq!(told, [expected], "{fields}");
            assert_eq!(judged(&with(""), &with(&fields)), [""; 0], "{fields}");
        }
        let limit = "resources: {limits: {memory: 1Gi}}";
        let (in_pod, in_container) = (
            deployment(&format!("{limit}, "), "{name: a}"),
            deployment("", &format!("{{name: a, {limit}}}")),
        );
        assert_eq!(judged(&in_container, &in_pod), [""; 0], "the pod has it");
    }

    #[test]
    fn pods_get_tokens() {
        let closed = deployment("automountServiceAccountToken: false, ", "{name: a}");
        let open = deployment("", "{name: a}");
        told(&closed, &open, &["001 warning Deployment d: mounts the token of its ServiceAccount"]);
        let other = deployment("serviceAccountName: x, ", "{name: a}");
        told(
            &open,
            &other,
            &["001 note Deployment d: runs as the ServiceAccount x in place of default"],
        );
    }
}
