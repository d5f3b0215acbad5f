//! KR-DIF-001 and KR-DIF-008: labels and annotations by which controllers leave out a namespace or a pod.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::workload::pods;
use super::{Judgement, Phrase, Sides};
use crate::harden::differences::{ADMISSION_LOOSENED, POSTURE_LOOSENED};
use crate::harden::value::{below, present, text};
use crate::harden::{PodTemplate, Rule, Severity};
use crate::yaml::Node;

/// The objects that have marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Namespace,
    Pod,
}

/// A mark: a label or an annotation with some values.
#[derive(Debug)]
struct Mark {
    group: &'static str,
    of: Of,
    /// The field of `metadata`.
    place: &'static str,
    key: &'static str,
    /// True if the mark protects; false if it leaves out.
    is_needed: bool,
    values: Vec<&'static str>,
    severity: Severity,
    words: &'static str,
}

static MARKS: LazyLock<Vec<Mark>> = LazyLock::new(|| {
    let lines = include_str!("marks.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(Mark::read).collect()
});

/// The state of a group of marks in an object.
struct State<'a> {
    /// The mark that decides, and its value.
    decides: Option<(&'static Mark, &'a str)>,
}

impl Mark {
    fn read(line: &'static str) -> Option<Self> {
        let columns: Vec<&str> = line.split('\t').collect();
        let [group, of, place, key, change, values, severity, words] = columns[..] else {
            return None;
        };
        Some(Self {
            group,
            of: if of == "pod" { Of::Pod } else { Of::Namespace },
            place,
            key,
            is_needed: change == "needs",
            values: values.split(',').collect(),
            severity: if severity == "error" { Severity::Error } else { Severity::Warning },
            words,
        })
    }

    /// The value in the metadata of an object, if it is one of the mark.
    fn value<'a>(&self, metadata: Option<&'a Node>) -> Option<&'a str> {
        let value = text(present(metadata?, self.place)?, self.key)?;
        let is_meant = self.values.iter().any(|one| match *one {
            // An annotation without a value says nothing.
            "*" => !value.is_empty() || self.place == "labels",
            one => one.eq_ignore_ascii_case(value),
        });
        is_meant.then_some(value)
    }
}

/// The marks of a group for a kind of objects.
fn marks_of(of: Of, group: &str) -> impl Iterator<Item = &'static Mark> {
    MARKS.iter().filter(move |mark| mark.of == of && mark.group == group)
}

impl<'a> State<'a> {
    fn of(of: Of, group: &str, metadata: Option<&'a Node>) -> Self {
        let decides = marks_of(of, group).find_map(|mark| Some((mark, mark.value(metadata)?)));
        Self { decides }
    }

    fn is_protected(&self) -> bool {
        self.decides.is_some_and(|(mark, _)| mark.is_needed)
    }

    fn is_left_out(&self) -> bool {
        self.decides.is_some_and(|(mark, _)| !mark.is_needed)
    }

    /// The parts of the value that leaves out.
    fn parts(&self) -> BTreeSet<&'a str> {
        let value = self.decides.filter(|(mark, _)| !mark.is_needed).map_or("", |(_, value)| value);
        value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
    }
}

/// True for the keys of marks.
pub(super) fn is_known(key: &str) -> bool {
    MARKS.iter().any(|mark| mark.key == key)
}

/// Judges the marks of a Namespace.
pub(super) fn of_namespace(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let metadata = [before, after].map(|node| present(node, "metadata"));
    let path = "metadata";
    let judged = |group: &str, old: &State<'_>, _: &State<'_>| {
        // Where a mark protects, one that leaves out says no more than that there is none.
        old.is_protected() || !marks_of(Of::Namespace, group).any(|mark| mark.is_needed)
    };
    compare(Of::Namespace, metadata, judged, |mark, phrase| {
        found.push(judgement(&ADMISSION_LOOSENED, path, mark, phrase));
    });
}

/// Judges the marks of pods.
pub(super) fn of_pods(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    moved(sides, found);
    if !sides.touches(&["labels", "annotations"]) {
        return;
    }
    for [before, after] in &pods(sides) {
        let metadata = [before.metadata, after.metadata];
        let judged = |group: &str, old: &State<'_>, new: &State<'_>| {
            if !marks_of(Of::Namespace, group).any(|mark| mark.is_needed) {
                return true;
            }
            match (namespaced(sides, group), old.is_protected(), new.is_left_out()) {
                // The namespace says for all of its pods what this one said itself.
                (Some(is_protected), true, false) => !is_protected,
                (Some(is_protected), false, _) => is_protected,
                _ => true,
            }
        };
        compare(Of::Pod, metadata, judged, |mark, phrase| {
            found.push(judgement(&POSTURE_LOOSENED, "spec", mark, phrase));
        });
    }
}

/// True if the namespace of an object protects its pods by a group of marks; `None` if it is not in the render.
fn namespaced(sides: &Sides<'_, '_>, group: &str) -> Option<bool> {
    let metadata = metadata_of_namespace(sides, 1)?;
    Some(State::of(Of::Namespace, group, Some(metadata)).is_protected())
}

/// The metadata of the namespace of an object on a side, if the render has it.
fn metadata_of_namespace<'a>(sides: &Sides<'_, 'a>, side: usize) -> Option<&'a Node> {
    let mut all = sides.whole.all_of_kind(side, "Namespace");
    let own = all.find(|one| one.name() == sides.namespace(side))?;
    below(own.node(), &["metadata"])
}

/// Judges a workload that moves to a namespace which does not protect its pods as the former one did.
fn moved(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    if sides.before.is_none() || sides.after.is_none() || sides.namespace(0) == sides.namespace(1) {
        return;
    }
    let Some(from) = metadata_of_namespace(sides, 0) else { return };
    let to = metadata_of_namespace(sides, 1);
    let groups: BTreeSet<&str> =
        MARKS.iter().filter(|mark| mark.is_needed).map(|mark| mark.group).collect();
    for group in groups {
        let old = State::of(Of::Namespace, group, Some(from));
        let Some((mark, _)) = old.decides.filter(|(mark, _)| mark.is_needed) else { continue };
        let is_protected = State::of(Of::Namespace, group, to).is_protected();
        // Pods that were left out, or that say themselves what the namespace said.
        let has_left = |[before, after]: &[PodTemplate<'_>; 2]| {
            !State::of(Of::Pod, group, before.metadata).is_left_out()
                && State::of(Of::Pod, group, after.metadata).decides.is_none()
        };
        if is_protected || !pods(sides).iter().any(has_left) {
            continue;
        }
        let phrase = Phrase::new("moves to namespace ").name(sides.namespace(1));
        let phrase = match to {
            Some(_) => phrase.say(format!(": {} (no {})", mark.words, mark.key)),
            // Its object may be in another target.
            None => phrase
                .say(format!(", of which it is not known if it has {} as ", mark.key))
                .name(sides.namespace(0)),
        };
        found.push(judgement(&POSTURE_LOOSENED, "metadata.namespace", mark, phrase));
    }
}

/// Tells the groups of marks by which an object is protected less, as far as they are to be judged.
fn compare(
    of: Of,
    metadata: [Option<&Node>; 2],
    is_judged: impl Fn(&str, &State<'_>, &State<'_>) -> bool,
    mut tell: impl FnMut(&'static Mark, Phrase),
) {
    if ["labels", "annotations"].iter().all(|place| {
        let [old, new] = metadata.map(|node| node.and_then(|node| present(node, place)));
        old == new
    }) {
        return;
    }
    let groups: BTreeSet<&str> =
        MARKS.iter().filter(|mark| mark.of == of).map(|mark| mark.group).collect();
    for group in groups {
        let [old, new] = metadata.map(|metadata| State::of(of, group, metadata));
        let is_lost = old.is_protected() && !new.is_protected();
        let (known, now) = (old.parts(), new.parts());
        let gained: Vec<&str> = now.difference(&known).copied().collect();
        let is_out = new.is_left_out() && (old.decides.is_none() || !gained.is_empty());
        if !(is_lost || is_out) || !is_judged(group, &old, &new) {
            continue;
        }
        match (new.decides, old.decides) {
            (Some((mark, value)), _) => {
                let phrase = Phrase::new(mark.words);
                let phrase = match mark.values[..] {
                    ["*"] if !gained.is_empty() && mark.key.ends_with('s') => {
                        phrase.say(" ").few(gained).say(format!(" ({})", mark.key))
                    }
                    _ => phrase.say(format!(" ({}: ", mark.key)).name(value).say(")"),
                };
                tell(mark, phrase);
            }
            (None, Some((mark, _))) => {
                tell(mark, Phrase::new(mark.words).say(format!(" (no {})", mark.key)));
            }
            (None, None) => {}
        }
    }
}

fn judgement(
    rule: &'static Rule,
    path: &'static str,
    mark: &'static Mark,
    phrase: Phrase,
) -> Judgement {
    Judgement::new(rule, path, phrase).with_severity(mark.severity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::weigh::tests::{judged, told};

    #[test]
    fn each_line_is_a_mark() {
        let lines = include_str!("marks.txt").lines().filter(|line| !line.starts_with('#'));
        assert_eq!(MARKS.len(), lines.count());
        for mark in MARKS.iter() {
            assert!(["labels", "annotations"].contains(&mark.place), "{mark:?}");
        }
    }

    fn namespace(labels: &str, annotations: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{{labels}}}, annotations: {{{annotations}}}}}}}\n---\n"
        )
    }

    fn deployment(labels: &str, annotations: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d, namespace: shop}}, spec: {{template: {{metadata: {{labels: {{{labels}}}, annotations: {{{annotations}}}}}, spec: {{hostPID: true}}}}}}}}\n---\n"
        )
    }

    #[test]
    fn namespaces_are_left_out() {
        let label = "Namespace shop: ";
        let proxy = "its new pods get no proxy of Istio, which checks their traffic";
        let of = |labels: &str| namespace(labels, "");
        for (before, after, words) in [
            (
                of("istio-injection: enabled"),
                of(""),
                format!("warning {label}{proxy} (no istio-injection)"),
            ),
            (
                of("istio.io/rev: stable"),
                of("istio.io/rev: stable, istio-injection: disabled"),
                format!("warning {label}{proxy} (istio-injection: disabled)"),
            ),
            (
                namespace("", "linkerd.io/inject: enabled"),
                of(""),
                format!(
                    "warning {label}its new pods get no proxy of Linkerd, which checks their traffic (no linkerd.io/inject)"
                ),
            ),
            (
                of(""),
                of("admission.gatekeeper.sh/ignore: x"),
                format!(
                    "error {label}Gatekeeper no longer checks its objects (admission.gatekeeper.sh/ignore: x)"
                ),
            ),
            (
                of("policy.sigstore.dev/include: 'true'"),
                of("policy.sigstore.dev/include: 'false'"),
                format!(
                    "error {label}the signatures of its images are no longer checked (no policy.sigstore.dev/include)"
                ),
            ),
        ] {
            told(&before, &after, &[&*format!("008 {words}")]);
        }
        for (before, after) in [
            ("istio-injection: enabled", "istio.io/rev: stable"),
            ("istio.io/rev: old", "istio.io/rev: new"),
            ("istio-injection: enabled", "istio.io/dataplane-mode: ambient"),
            ("", "istio-injection: disabled"),
        ] {
            told(&of(before), &of(after), &[]);
        }
    }

    #[test]
    fn pods_move_to_a_namespace_outside_of_the_mesh() {
        let mesh = namespace("istio-injection: enabled", "linkerd.io/inject: enabled");
        let open = namespace("", "").replace("shop", "open");
        let pods = |labels: &str| deployment(labels, "linkerd.io/inject: disabled");
        let moved = |labels: &str| pods(labels).replace("namespace: shop", "namespace: open");
        let label = "001 warning Deployment d: moves to namespace open";
        let words = format!(
            "{label}: its new pods get no proxy of Istio, which checks their traffic (no istio-injection)"
        );
        let with = |spaces: &str, pods: String| format!("{spaces}{pods}");
        let both = format!("{mesh}{open}");
        told(&with(&both, pods("")), &with(&both, moved("")), &[&*words]);
        let unknown =
            format!("{label}, of which it is not known if it has istio-injection as shop");
        assert_eq!(judged(&with(&mesh, pods("")), &with(&mesh, moved(""))), [unknown]);
        // They have a proxy anyway, had none, or get one there.
        let own = "sidecar.istio.io/inject: 'true'";
        told(&with(&both, pods(own)), &with(&both, moved(own)), &[]);
        let off = "sidecar.istio.io/inject: 'false'";
        told(&with(&both, pods(off)), &with(&both, moved(off)), &[]);
        let meshed = format!("{mesh}{}", mesh.replace("shop", "open"));
        told(&with(&meshed, pods("")), &with(&meshed, moved("")), &[]);
    }

    #[test]
    fn pods_are_left_out() {
        let mesh = namespace("istio-injection: enabled", "");
        let plain = namespace("", "");
        let off = deployment("sidecar.istio.io/inject: 'false'", "");
        let noted = deployment("", "sidecar.istio.io/inject: 'false'");
        let on = deployment("sidecar.istio.io/inject: 'true'", "");
        let none = deployment("", "");
        let label = "001 warning Deployment d: ";
        let words = format!(
            "{label}has no proxy of Istio, which checks its traffic (sidecar.istio.io/inject: false)"
        );
        for after in [&off, &noted] {
            told(&none, after, &[&*words]);
            told(&format!("{mesh}{none}"), &format!("{mesh}{after}"), &[&*words]);
            told(&format!("{plain}{none}"), &format!("{plain}{after}"), &[]);
        }
        told(&off, &noted, &[]);
        told(&format!("{mesh}{on}"), &format!("{mesh}{none}"), &[]);
        assert_eq!(judged(&format!("{plain}{on}"), &format!("{plain}{none}")).len(), 1);
        let ports = |ports: &str| {
            deployment("", &format!("traffic.sidecar.istio.io/excludeInboundPorts: '{ports}'"))
        };
        let words =
            format!("{label}its proxy of Istio does not see incoming traffic of the ports ");
        told(
            &ports("1"),
            &ports("1, 80,90"),
            &[&*format!("{words}80, 90 (traffic.sidecar.istio.io/excludeInboundPorts)")],
        );
        told(&none, &ports(""), &[]);
    }
}
