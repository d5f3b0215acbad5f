//! KR-DIF-001: probes, limits and hardening that containers and pods lose.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::controls::{
    Around, Setting, Settings, mounted_path, of_container, of_whole_pod, volume_path,
};
use crate::diff::containers::{Listed, Paired, paired};
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::diff::{Effect, Security, Turned};
use crate::harden::differences::POSTURE_LOOSENED;
use crate::harden::value::{below, is_false, items, present, text};
use crate::harden::{PodTemplate, Severity};
use crate::yaml::Node;

/// The maximum number of containers of a pod that are compared. The API server takes no more by their size.
const MOST: usize = 512;

/// Judges the pods of an object that is there on both sides.
pub(in crate::diff::weigh) fn protection(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let verdict = sides.object.effects.iter().find_map(|effect| match effect {
        Effect::Security(security) if security.turned() == Turned::Looser => Some(security),
        _ => None,
    });
    for [before, after] in super::pods(sides) {
        let whole = [&before, &after].map(of_whole_pod);
        let gained = whole[1].gained_since(&whole[0]);
        let paths = gained.filter_map(|one| volume_path(&one.key).map(str::to_owned)).collect();
        let mut turned = Changed { verdict, paths, by_words: BTreeMap::new() };
        turned.compare("", "", &whole[0], &whole[1]);
        let around = [&before, &after].map(Around::of);
        let pairs = paired(&before.containers, &after.containers);
        let usual = OnceCell::new();
        for pair in pairs.iter().take(MOST) {
            turned.add(pair, [&before, &after], &around, &usual);
        }
        turned.tell(found);
        if pairs.len() > MOST {
            let phrase = Phrase::new("is not judged: its containers are too many to be compared");
            found.push(judgement(phrase));
        }
        found.extend(token(sides, [&before, &after]));
        found.extend(account(sides, [before.spec, after.spec]));
        found.extend(runtime(sides, [before.spec, after.spec]));
    }
}

/// The words about some containers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verb {
    Gains,
    Loses,
    /// Lacks as a new container, beside others that have it.
    Lacks,
}

/// The settings that differ, with the containers in which they do; a pod as a whole has no name.
struct Changed<'a> {
    verdict: Option<&'a Security>,
    /// The paths of the node that volumes of the pod are, and were not before.
    paths: BTreeSet<String>,
    by_words: BTreeMap<(Severity, Verb, Vec<String>), Vec<String>>,
}

impl Changed<'_> {
    /// Adds the differences of a container that was there before, or of a new one.
    fn add(
        &mut self,
        pair: &Paired<'_>,
        pods: [&PodTemplate<'_>; 2],
        [before, after]: &[Around<'_>; 2],
        usual: &OnceCell<Option<Settings>>,
    ) {
        let Some(listed @ (_, name, node)) = pair.after else { return };
        let (new, label) = (of_container(node, name, after), label(pods[1], listed));
        if let Some(listed @ (_, was, node)) = pair.before {
            let old = self::label(pods[0], listed);
            let label = if was == name { label } else { format!("{label} (was {old})") };
            return self.compare(name, &label, &of_container(node, was, before), &new);
        }
        let Some(usual) = usual.get_or_init(|| usual_of(pods[0], before)) else { return };
        self.note(Verb::Lacks, name, &label, usual.lost_in(&new));
        self.note(Verb::Gains, name, &label, new.gained_since(usual));
    }

    fn compare(&mut self, name: &str, label: &str, old: &Settings, new: &Settings) {
        self.note(Verb::Gains, name, label, new.gained_since(old));
        self.note(Verb::Loses, name, label, old.lost_in(new));
    }

    fn note<'s>(
        &mut self,
        verb: Verb,
        name: &str,
        label: &str,
        settings: impl Iterator<Item = &'s Setting>,
    ) {
        let mut settings: Vec<&Setting> = settings.filter(|one| !self.tells(one, name)).collect();
        settings.sort_by_key(|one| std::cmp::Reverse(one.severity));
        let Some(severity) = settings.first().map(|one| one.severity) else { return };
        let titles = settings.into_iter().map(|one| one.title.clone()).collect();
        self.by_words.entry((severity, verb, titles)).or_default().push(label.to_owned());
    }

    /// True if a looser Pod Security level tells a setting of a container.
    fn tells(&self, setting: &Setting, name: &str) -> bool {
        // Of a new volume the mounts are no news.
        if mounted_path(&setting.key).is_some_and(|path| self.has_path(path)) {
            return true;
        }
        let causes = self.verdict.map(|verdict| &*verdict.violated).unwrap_or_default();
        causes.iter().any(|cause| {
            setting.rules.contains(&cause.rule.name)
                && (cause.containers.is_empty()
                    || cause.containers.iter().any(|one| **one == *name))
        })
    }

    /// True if a path of the node, or a directory above it, is a new volume.
    fn has_path(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(place, _)| place).take(MOST);
        self.paths.contains(path) || ends.into_iter().any(|end| self.paths.contains(&path[..end]))
    }

    fn tell(self, found: &mut Vec<Judgement>) {
        for ((severity, verb, titles), names) in self.by_words.into_iter().rev() {
            let phrase = Phrase::new(match verb {
                Verb::Gains => "now has ",
                Verb::Loses => "no longer has ",
                Verb::Lacks => "lacks ",
            });
            let phrase = phrase.few(titles.iter().map(String::as_str));
            let place = match (&*names, verb) {
                ([only], _) if only.is_empty() => "",
                ([_], Verb::Lacks) => " in the new container ",
                (_, Verb::Lacks) => " in the new containers ",
                ([_], _) => " in container ",
                _ => " in containers ",
            };
            let phrase = match place {
                "" => phrase,
                place => phrase.say(place).few(names.iter().map(String::as_str)),
            };
            found.push(judgement(phrase).with_severity(severity));
        }
    }
}

/// The name of a container, or its place in its list if it has none.
fn label(pod: &PodTemplate<'_>, (list, name, node): Listed<'_>) -> String {
    if !name.is_empty() {
        return name.to_owned();
    }
    let mut of_list = pod.containers.iter().filter(|(of, ..)| *of == list);
    let place = of_list.position(|(.., other)| std::ptr::eq(*other, node));
    format!("{}[{}]", list.field(), place.unwrap_or_default())
}

/// The settings that a new container should have: those that protected all others, and the liberties of any of them.
fn usual_of(pod: &PodTemplate<'_>, before: &Around<'_>) -> Option<Settings> {
    let mut others = pod.containers.iter().take(MOST);
    let (_, first, node) = others.next()?;
    let mut usual = of_container(node, first, before);
    usual.protections.retain(|_, one| one.is_of_security);
    for (_, other, node) in others {
        let other = of_container(node, other, before);
        usual.protections.retain(|key, _| other.protections.contains_key(key));
        usual.liberties.extend(other.liberties);
    }
    Some(usual)
}

/// The judgement on pods that mount the token of their `ServiceAccount`, and did not before.
fn token(sides: &Sides<'_, '_>, [before, after]: [&PodTemplate<'_>; 2]) -> Option<Judgement> {
    let keeps_out = |side: usize, spec: &Node| {
        let own = present(spec, "automountServiceAccountToken");
        // Without the field in both, it is mounted.
        let of_account = || {
            let account = sides.whole.account(side, sides.namespace(side), account_of(spec))?;
            present(account, "automountServiceAccountToken")
        };
        is_false(own.or_else(of_account)) && !projects_token(spec)
    };
    let is_closed = keeps_out(0, before.spec) && !keeps_out(1, after.spec);
    // The account itself is told if the pods leave it to that.
    let is_own = present(before.spec, "automountServiceAccountToken").is_some()
        || present(after.spec, "automountServiceAccountToken").is_some()
        || projects_token(after.spec)
        || account_of(before.spec) != account_of(after.spec);
    (is_closed && is_own).then(|| {
        let phrase = Phrase::new("mounts the token of its ServiceAccount ");
        judgement(phrase.name(account_of(after.spec))).with_severity(Severity::Warning)
    })
}

/// True if a volume has a token for the API server.
fn projects_token(spec: &Node) -> bool {
    let volumes = items(present(spec, "volumes")).iter();
    let sources = volumes.filter_map(|volume| below(volume, &["projected", "sources"]));
    let mut tokens =
        sources.flat_map(Node::items).filter_map(|source| present(source, "serviceAccountToken"));
    // One for another audience is of no use there.
    tokens.any(|token| text(token, "audience").is_none_or(str::is_empty))
}

/// The name of the `ServiceAccount` of a pod.
pub(in crate::diff::weigh) fn account_of(spec: &Node) -> &str {
    let own = ["serviceAccountName", "serviceAccount"].iter().find_map(|key| text(spec, key));
    own.filter(|name| !name.is_empty()).unwrap_or("default")
}

fn account(sides: &Sides<'_, '_>, [before, after]: [&Node; 2]) -> Option<Judgement> {
    let (old, new) = (account_of(before), account_of(after));
    let is_other = new != old && new != "default" && sides.renames().follows(old, new).is_none();
    // An account of its own is better than the one that all share; what the render gives to it is told as granted.
    let is_own = old == "default" && sides.whole.account(1, sides.namespace(1), new).is_some();
    (is_other && !is_own).then(|| {
        let phrase = Phrase::new("runs as the ServiceAccount ").name(new);
        judgement(phrase.say(" in place of ").name(old)).with_severity(Severity::Note)
    })
}

/// The judgement on pods of another runtime class, of which the strength is not known.
fn runtime(sides: &Sides<'_, '_>, specs: [&Node; 2]) -> Option<Judgement> {
    let [Some(old), Some(new)] = specs.map(|spec| text(spec, "runtimeClassName")) else {
        return None;
    };
    let is_other = new != old && sides.renames().follows(old, new).is_none();
    is_other.then(|| {
        let phrase = Phrase::new("has another runtimeClassName, ").name(new);
        let phrase =
            phrase.say(" in place of ").name(old).say(": what isolates it is not compared");
        judgement(phrase).with_severity(Severity::Warning)
    })
}

fn judgement(phrase: Phrase) -> Judgement {
    Judgement::new(&POSTURE_LOOSENED, "spec", phrase)
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn deployment(pod: &str, containers: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{spec: {{{pod}containers: [{containers}]}}}}}}}}\n---\n"
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
                format!("001 warning {label}readOnlyRootFilesystem: true in containers a, b"),
            ),
        ] {
            told(&with(&fields), &with(""), &[&*expected]);
        }
        let limit = "resources: {limits: {memory: 1Gi}}";
        let (in_pod, in_container) = (
            deployment(&format!("{limit}, "), "{name: a}"),
            deployment("", &format!("{{name: a, {limit}}}")),
        );
        assert_eq!(judged(&in_container, &in_pod), [""; 0], "the pod has it");
    }

    #[test]
    fn containers_without_a_name_are_told_by_their_place() {
        let with = |field: &str| {
            deployment(
                "",
                &format!("{{image: a{field}}}, {{image: b{field}}}, {{name: c, image: c{field}}}"),
            )
        };
        let probe = ", readinessProbe: {httpGet: {path: /, port: 80}}";
        let label = "001 warning Deployment d: no longer has readinessProbe in containers";
        told(&with(probe), &with(""), &[&*format!("{label} containers[0], containers[1], c")]);
        let named = with("").replace("{image: a}", "{name: a, image: a}");
        assert_eq!(
            judged(&with(probe), &named),
            [format!("{label} a (was containers[0]), containers[1], c")]
        );
        let safe = ", securityContext: {readOnlyRootFilesystem: true}";
        let new = with(safe).replace("]}}", ", {image: d}]}}");
        assert_eq!(
            judged(&with(safe), &new),
            [
                "001 warning Deployment d: lacks readOnlyRootFilesystem: true in the new container containers[3]"
            ]
        );
    }

    #[test]
    fn a_delay_of_the_liveness_probe_is_as_good_as_a_startup_probe() {
        let with = |fields: &str| deployment("", &format!("{{name: a, {fields}}}"));
        let http = "httpGet: {path: /, port: 80}";
        let startup = with(&format!(
            "livenessProbe: {{{http}}}, startupProbe: {{{http}, periodSeconds: 5, failureThreshold: 12}}"
        ));
        let delayed = |seconds: u32| {
            with(&format!("livenessProbe: {{{http}, initialDelaySeconds: {seconds}}}"))
        };
        told(&startup, &delayed(60), &[]);
        let label = "001 note Deployment d: no longer has startupProbe in container a";
        told(&startup, &delayed(59), &[label]);
        told(&startup, &with(&format!("livenessProbe: {{{http}}}")), &[label]);
    }

    /// Settings of a container, and the words for their loss in a pod that satisfies no level before or after.
    const LOST: [(&str, &str, &str); 11] = [
        (
            "allowPrivilegeEscalation: false",
            "allowPrivilegeEscalation: true",
            "no longer has allowPrivilegeEscalation: false",
        ),
        ("allowPrivilegeEscalation: false", "", "no longer has allowPrivilegeEscalation: false"),
        ("capabilities: {drop: [ALL]}", "", "no longer has capabilities.drop: ALL"),
        (
            "capabilities: {drop: [ALL]}",
            "capabilities: {drop: [NET_RAW]}",
            "no longer has capabilities.drop: ALL",
        ),
        ("runAsUser: 1000", "runAsUser: 0", "now has runAsUser: 0"),
        ("runAsUser: 1000", "", "no longer has runAsUser: 1000"),
        ("runAsNonRoot: true", "runAsNonRoot: false", "no longer has runAsNonRoot: true"),
        (
            "seccompProfile: {type: RuntimeDefault}",
            "",
            "no longer has seccompProfile: RuntimeDefault",
        ),
        ("readOnlyRootFilesystem: true", "", "no longer has readOnlyRootFilesystem: true"),
        ("runAsGroup: 1000", "runAsGroup: 0", "no longer has runAsGroup: 1000"),
        (
            "",
            "capabilities: {add: [NET_BIND_SERVICE]}",
            "now has capabilities.add: NET_BIND_SERVICE",
        ),
    ];

    #[test]
    fn each_setting_of_a_container_counts_at_any_level() {
        for (before, after, words) in LOST {
            let pod = |context: &str| {
                deployment(
                    "hostPID: true, ",
                    &format!("{{name: a, securityContext: {{{context}}}}}"),
                )
            };
            let severity = if words.starts_with("now") { "error" } else { "warning" };
            told(
                &pod(before),
                &pod(after),
                &[&*format!("001 {severity} Deployment d: {words} in container a")],
            );
        }
    }

    #[test]
    fn paths_of_the_node_are_mounted() {
        let pod = |path: &str, mounts: &str| {
            deployment(
                &format!("volumes: [{{name: v, hostPath: {{path: {path}}}}}], "),
                &format!("{{name: a, volumeMounts: [{mounts}]}}, {{name: b}}"),
            )
        };
        let mount = |more: &str| format!("{{name: v, mountPath: /m{more}}}");
        let reads = pod("/var", &mount(", readOnly: true"));
        let writes = pod("/var", &mount(""));
        let label = "001 error Deployment d: now has ";
        told(
            &reads,
            &writes,
            &[&*format!("{label}writable mount of hostPath: /var in container a")],
        );
        told(
            &pod("/var", ""),
            &reads,
            &[&*format!("{label}mount of hostPath: /var in container a")],
        );
        told(
            &pod("/var", &mount(", subPath: log")),
            &writes,
            &[&*format!("{label}writable mount of hostPath: /var in container a")],
        );
        let below = pod("/var/run", &mount(""));
        assert_eq!(
            judged(&reads, &below),
            [format!("{label}writable mount of hostPath: /var/run in container a")]
        );
        assert_eq!(judged(&writes, &below), [""; 0], "less of it");
        assert_eq!(
            judged(&pod("/etc", &mount("")), &writes),
            [format!("{label}hostPath: /var")],
            "told with the volume"
        );
        let other = writes.replace("name: v", "name: w");
        told(&writes, &other, &[]);
    }

    #[test]
    fn settings_of_a_pod_count() {
        let pod = |fields: &str| deployment(&format!("hostPID: true, {fields}"), "{name: a}");
        let context = |fields: &str| pod(&format!("securityContext: {{{fields}}}, "));
        let label = "001 warning Deployment d: ";
        for (before, after, words) in [
            (context("fsGroup: 1000"), context("fsGroup: 0"), "now has fsGroup: 0"),
            (context(""), context("supplementalGroups: [5, 0]"), "now has supplementalGroups: 0"),
            (
                context("supplementalGroupsPolicy: Strict"),
                context("supplementalGroupsPolicy: Merge"),
                "no longer has supplementalGroupsPolicy: Strict",
            ),
            (pod("runtimeClassName: gvisor, "), pod(""), "no longer has runtimeClassName: gvisor"),
            (
                context("seccompProfile: {type: RuntimeDefault}"),
                context("seccompProfile: {type: Localhost, localhostProfile: p}"),
                "no longer has seccompProfile: RuntimeDefault in container a",
            ),
            (
                context("appArmorProfile: {type: Localhost, localhostProfile: p}"),
                pod(""),
                "no longer has appArmorProfile: Localhost p in container a",
            ),
        ] {
            told(&before, &after, &[&*format!("{label}{words}")]);
        }
        let local = |name: &str| {
            context(&format!("seccompProfile: {{type: Localhost, localhostProfile: {name}}}"))
        };
        let classes = ["gvisor", "kata"].map(|class| pod(&format!("runtimeClassName: {class}, ")));
        for (old, new) in [(0, 1), (1, 0)] {
            let told = judged(&local(&old.to_string()), &local(&new.to_string()));
            let words = format!("no longer has seccompProfile: Localhost {old} in container a");
            assert_eq!(told, [format!("{label}{words}")]);
            assert_eq!(judged(&classes[old], &classes[new]).len(), 1);
        }
        let annotated = deployment("hostPID: true, ", "{name: a}").replace(
            "template: {",
            "template: {metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: localhost/p}}, ",
        );
        let field = context("appArmorProfile: {type: Localhost, localhostProfile: p}");
        told(&annotated, &field, &[]);
        told(
            &annotated,
            &pod(""),
            &[&*format!("{label}no longer has appArmorProfile: Localhost p in container a")],
        );
    }

    #[test]
    fn less_liberty_is_stronger() {
        let pod =
            |context: &str| deployment("", &format!("{{name: a, securityContext: {{{context}}}}}"));
        for context in [
            "privileged: true",
            "capabilities: {add: [SYS_ADMIN]}",
            "runAsUser: 0",
            "procMount: Unmasked",
            "seccompProfile: {type: Unconfined}",
        ] {
            assert_eq!(judged(&pod(context), &pod("")), [""; 0], "{context}");
            assert_eq!(judged(&pod(context), &deployment("", "{name: a}")), [""; 0], "{context}");
        }
        assert_eq!(
            judged(&pod("capabilities: {drop: [NET_RAW]}"), &pod("capabilities: {drop: [ALL]}")),
            [""; 0]
        );
        assert_eq!(judged(&pod("runAsUser: 1000"), &pod("runAsUser: 2000")), [""; 0]);
        assert_eq!(judged(&pod("runAsUser: 1000"), &pod("runAsNonRoot: true")), [""; 0]);
    }

    #[test]
    fn a_pod_gives_its_settings_to_its_containers() {
        let of_pod = |context: &str, own: &str| {
            deployment(
                &format!("hostPID: true, securityContext: {{{context}}}, "),
                &format!("{{name: a, securityContext: {{{own}}}}}, {{name: b}}"),
            )
        };
        let context = "runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}";
        told(
            &of_pod(context, ""),
            &of_pod("", context),
            &[
                "001 warning Deployment d: no longer has runAsNonRoot: true, seccompProfile: RuntimeDefault in container b",
            ],
        );
        told(
            &of_pod(context, ""),
            &of_pod(context, "runAsNonRoot: false"),
            &["001 warning Deployment d: no longer has runAsNonRoot: true in container a"],
        );
        let moved =
            deployment("hostPID: true, ", "{name: a, securityContext: {runAsNonRoot: true}}");
        let to_pod =
            deployment("hostPID: true, securityContext: {runAsNonRoot: true}, ", "{name: a}");
        told(&moved, &to_pod, &[]);
    }

    #[test]
    fn other_names_hide_no_loss() {
        let probe = "readinessProbe: {tcpSocket: {port: 80}}";
        let pod = |name: &str, image: &str, more: &str| {
            deployment("hostPID: true, ", &format!("{{name: {name}, image: {image}, {more}}}"))
        };
        let lost = "001 warning Deployment d: no longer has readinessProbe in container b (was a)";
        told(&pod("a", "x:1", probe), &pod("b", "x:1", ""), &[lost]);
        assert_eq!(
            judged(&pod("a", "x:1", probe), &pod("b", "y:2", ""))[0],
            lost,
            "the only one at its place"
        );
        told(&pod("a", "x:1", probe), &pod("b", "x:1", probe), &[]);
        let context = "securityContext: {runAsNonRoot: true}";
        told(
            &pod("a", "x:1", context),
            &pod("a", "x:1", &format!("{context}}}, {{name: n, image: z")),
            &["001 warning Deployment d: lacks runAsNonRoot: true in the new container n"],
        );
    }

    #[test]
    fn a_level_that_tells_a_setting_is_not_repeated() {
        let restricted = "allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}";
        let pod =
            |context: &str| deployment("", &format!("{{name: a, securityContext: {{{context}}}}}"));
        told(&pod(restricted), &pod(&restricted.replace("ALL", "KILL")), &[]);
        // A rule that the neighbour has violated before is told of the container.
        let both = |first: &str| {
            deployment("", &format!("{{name: a, securityContext: {{{first}}}}}, {{name: b}}"))
        };
        told(
            &both(restricted),
            &both(&restricted.replace("ALL", "KILL")),
            &["001 warning Deployment d: no longer has capabilities.drop: ALL in container a"],
        );
    }

    #[test]
    fn pods_see_more_of_their_node() {
        let pod = |pod: &str| deployment(&format!("hostIPC: true, {pod}"), "{name: a}");
        let mounts =
            |path: &str| pod(&format!("volumes: [{{name: v, hostPath: {{path: {path}}}}}], "));
        told(
            &mounts("/var/log"),
            &mounts("/var"),
            &["001 error Deployment d: now has hostPath: /var"],
        );
        told(
            &pod("runtimeClassName: gvisor, hostUsers: false, "),
            &pod(""),
            &["001 warning Deployment d: no longer has hostUsers: false, runtimeClassName: gvisor"],
        );
    }

    #[test]
    fn pods_of_other_kinds_are_judged() {
        let kinds = [
            "apiVersion: jobset.x-k8s.io/v1, kind: JobSet, metadata: {name: j}, spec: {replicatedJobs: [{name: one, template: {spec: {template: POD}}}]}",
            "apiVersion: example.org/v1, kind: Runner, metadata: {name: j}, spec: {template: POD}",
        ];
        for kind in kinds {
            let with = |context: &str| {
                let pod = format!(
                    "{{spec: {{hostPID: true, containers: [{{name: a, image: i, securityContext: {{{context}}}}}]}}}}"
                );
                format!("{{{}}}", kind.replace("POD", &pod))
            };
            let told = judged(&with("runAsNonRoot: true"), &with(""));
            assert!(
                told[0].ends_with("no longer has runAsNonRoot: true in container a"),
                "{told:?}"
            );
        }
    }

    #[test]
    fn pods_get_tokens() {
        let closed = deployment("automountServiceAccountToken: false, ", "{name: a}");
        let open = deployment("", "{name: a}");
        let mounts = "001 warning Deployment d: mounts the token of its ServiceAccount default";
        told(&closed, &open, &[mounts]);
        let projected = |audience: &str| {
            let source = format!("{{serviceAccountToken: {{path: t{audience}}}}}");
            let volumes = format!("volumes: [{{name: v, projected: {{sources: [{source}]}}}}], ");
            deployment(&format!("automountServiceAccountToken: false, {volumes}"), "{name: a}")
        };
        told(&closed, &projected(""), &[mounts]);
        told(&closed, &projected(", audience: vault"), &[]);
        let other = deployment("serviceAccountName: x, ", "{name: a}");
        told(
            &open,
            &other,
            &["001 note Deployment d: runs as the ServiceAccount x in place of default"],
        );
        let own = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: x}}\n---\n";
        let with = |pod: &str| format!("{own}{}", deployment(pod, "{name: a}"));
        assert_eq!(judged(&with(""), &with("serviceAccountName: x, ")), [""; 0], "its own");
        let strong = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b}, roleRef: {kind: ClusterRole, name: edit}, subjects: [{kind: ServiceAccount, name: x, namespace: default}]}\n---\n";
        let with = |pod: &str| format!("{strong}{own}{}", deployment(pod, "{name: a}"));
        let found = judged(&with(""), &with("serviceAccountName: x, "));
        assert!(found.len() == 1 && found[0].starts_with("006 error"), "{found:?}");
        let account = |field: &str| {
            format!("{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: x}}{field}}}\n---\n")
        };
        let sealed = account(", automountServiceAccountToken: false");
        told(
            &format!("{sealed}{other}"),
            &format!("{}{other}", account("")),
            &[
                "001 warning ServiceAccount x: no longer has automountServiceAccountToken: false: its token is mounted, by Deployment d",
            ],
        );
        let own =
            deployment("serviceAccountName: x, automountServiceAccountToken: false, ", "{name: a}");
        told(&format!("{sealed}{own}"), &format!("{sealed}{other}"), &[]);
        let told = judged(&format!("{sealed}{other}"), &format!("{sealed}{open}"));
        assert_eq!(told, [mounts]);
    }
}
