//! KR-DIF-009: data that containers no longer find where it was: other mounts of a volume, and sources that are gone.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::storage::judgement;
use super::workload::pods;
use super::{Judgement, Phrase, Renames, Sides, canonical};
use crate::diff::containers::paired;
use crate::harden::value::{below, is_true, items, present, text};
use crate::harden::{PodTemplate, Severity};
use crate::yaml::Node;

/// The data of a volume that outlives its pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Data<'a> {
    Claim(Cow<'a, str>),
    /// The claim of a template of a `StatefulSet`.
    Template(&'a str),
    /// Another source: its kind, and its meaning.
    Source(&'a str, String),
}

/// Sources of volumes with data elsewhere than on the node of a pod.
const REMOTE: [&str; 14] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "fc",
    "flexVolume",
    "gcePersistentDisk",
    "glusterfs",
    "iscsi",
    "nfs",
    "portworxVolume",
    "rbd",
    "vsphereVolume",
];

/// Drivers of `csi` whose volumes without a claim are directories of a server.
const DRIVERS: [&str; 4] =
    ["blob.csi.azure.com", "file.csi.azure.com", "nfs.csi.k8s.io", "smb.csi.k8s.io"];

impl<'a> Data<'a> {
    fn of(volume: &'a Node) -> Option<Self> {
        if let Some(claim) = present(volume, "persistentVolumeClaim") {
            return text(claim, "claimName").map(|name| Self::Claim(Cow::Borrowed(name)));
        }
        let (kind, source) = volume.entries().iter().find(|(key, source)| match key.text() {
            "csi" => text(source, "driver").is_some_and(|driver| DRIVERS.contains(&driver)),
            key => REMOTE.contains(&key),
        })?;
        let parts = source.entries().iter().filter(|(key, _)| key.text() != "readOnly");
        let mut parts: Vec<String> =
            parts.map(|(key, value)| format!("{}:{}", key.text(), canonical(value))).collect();
        parts.sort_unstable();
        Some(Self::Source(kind.text(), parts.join(",")))
    }

    /// These data after the change: a claim may be renamed.
    fn now(&self, renames: &Renames) -> [Data<'_>; 2] {
        let own = || match self {
            Self::Claim(name) => Data::Claim(Cow::Borrowed(name)),
            other => other.clone(),
        };
        let renamed = match self {
            Self::Claim(name) => renames.new_name(name).map(|name| Data::Claim(Cow::Owned(name))),
            _ => None,
        };
        [own(), renamed.unwrap_or_else(own)]
    }

    fn told(&self, phrase: Phrase) -> Phrase {
        match self {
            Self::Claim(name) => phrase.say("the claim ").name(name),
            Self::Template(name) => phrase.say("its claim ").name(name),
            Self::Source(kind, _) => phrase.say("the ").name(kind),
        }
    }
}

/// The place of a volume in a container.
struct Mount<'a> {
    volume: &'a str,
    /// The directory of the volume; empty for all of it.
    directory: &'a str,
    is_read_only: bool,
}

/// The mounts of a container by their paths.
struct Mounts<'a>(BTreeMap<&'a str, Mount<'a>>);

/// The maximum number of directories above a path that are looked for.
const DEEPEST: usize = 64;

impl<'a> Mounts<'a> {
    fn of(container: &'a Node) -> Self {
        let mount = |node: &'a Node| {
            let path = text(node, "mountPath")?.trim_end_matches('/');
            let directory = text(node, "subPath").or_else(|| text(node, "subPathExpr"));
            let directory = directory.unwrap_or_default().trim_matches('/');
            let is_read_only = is_true(present(node, "readOnly"));
            Some((path, Mount { volume: text(node, "name")?, directory, is_read_only }))
        };
        Self(items(present(container, "volumeMounts")).iter().filter_map(mount).collect())
    }

    /// The mount that a path is in, and the directory of its volume there.
    fn at(&self, path: &str) -> Option<(&Mount<'a>, String)> {
        let ends = path.rmatch_indices('/').map(|(place, _)| place).take(DEEPEST);
        let (end, mount) = std::iter::once(path.len())
            .chain(ends)
            .find_map(|end| Some((end, self.0.get(&path[..end])?)))?;
        let rest = path[end..].trim_start_matches('/');
        let both = [mount.directory, rest];
        let parts: Vec<&str> = both.into_iter().filter(|part| !part.is_empty()).collect();
        Some((mount, parts.join("/")))
    }
}

/// A pod with the data of its volumes.
struct Pod<'a> {
    data: BTreeMap<&'a str, Data<'a>>,
    /// The mounts of all containers.
    mounts: Vec<Mounts<'a>>,
}

impl<'a> Pod<'a> {
    fn of(pod: &PodTemplate<'a>, object: Option<&'a Node>) -> Self {
        let volumes = items(present(pod.spec, "volumes")).iter();
        let mut data: BTreeMap<&str, Data<'_>> =
            volumes.filter_map(|one| Some((text(one, "name")?, Data::of(one)?))).collect();
        let templates = object.and_then(|node| below(node, &["spec", "volumeClaimTemplates"]));
        for template in items(templates) {
            if let Some(name) = below(template, &["metadata"]).and_then(|one| text(one, "name")) {
                data.insert(name, Data::Template(name));
            }
        }
        let mounts = pod.containers.iter().map(|(.., container)| Mounts::of(container)).collect();
        Self { data, mounts }
    }

    /// The names of the volumes that are mounted so that a container may write to them.
    fn written(&self) -> BTreeSet<&'a str> {
        let all = self.mounts.iter().flat_map(|mounts| mounts.0.values());
        all.filter(|mount| !mount.is_read_only).map(|mount| mount.volume).collect()
    }

    /// The data of all volumes that are mounted.
    fn mounted(&self) -> BTreeSet<Data<'a>> {
        let all = self.mounts.iter().flat_map(|mounts| mounts.0.values());
        let names: BTreeSet<&str> = all.map(|mount| mount.volume).collect();
        names.iter().filter_map(|name| self.data.get(*name).cloned()).collect()
    }
}

/// The maximum number of containers, and of volumes, that are compared.
const MOST: usize = 512;

/// Judges pods whose data are no longer where they were.
pub(super) fn mounts(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    if !sides.touches(&["volumes", "volumeMounts", "volumeClaimTemplates"]) {
        return;
    }
    let nodes = sides.resources().map(|both| both.each_ref().map(|one| Some(one.node())));
    let [old_node, new_node] = nodes.unwrap_or([None, None]);
    let work = sides.work();
    for [before, after] in &pods(sides) {
        let (old, new) = (Pod::of(before, old_node), Pod::of(after, new_node));
        found.extend(sources(sides, [before, after], [&old, &new]));
        let kept = new.mounted();
        for pair in paired(&before.containers, &after.containers).iter().take(MOST) {
            let (Some((.., was)), Some((_, name, is))) = (pair.before, pair.after) else {
                continue;
            };
            let (was, is) = (Mounts::of(was), Mounts::of(is));
            for (path, mount) in was.0.iter().filter(|(_, mount)| !mount.is_read_only).take(MOST) {
                let Some(data) = old.data.get(mount.volume) else { continue };
                // Data that no container mounts any more are told as a whole.
                let now = data.now(sides.renames());
                let is_same = |other: &Data<'_>| now.contains(other);
                if !now.iter().any(|one| kept.contains(one)) {
                    continue;
                }
                let has = |mount: &Mount<'_>| new.data.get(mount.volume).is_some_and(is_same);
                let found_at = is.at(path).filter(|(mount, _)| has(mount));
                let phrase = Phrase::new("its container ").name(name);
                let shown = if path.is_empty() { "/" } else { path };
                let phrase = match found_at {
                    Some((_, directory)) if directory == mount.directory => continue,
                    Some((_, directory)) => {
                        let phrase = phrase.say(" has at ").name(shown).say(" ");
                        let phrase = of_directory(phrase, &directory, data).say(" in place of ");
                        of_directory(phrase, mount.directory, data)
                    }
                    None => {
                        let mut all = is.0.iter().take_while(|_| work.takes(1));
                        let moved = all.find(|(path, mount)| {
                            has(mount)
                                && was.0.get(*path).is_none_or(|of| of.volume != mount.volume)
                        });
                        match moved {
                            Some((now, _)) => data
                                .told(phrase.say(" has "))
                                .say(" at ")
                                .name(now)
                                .say(" in place of ")
                                .name(shown),
                            None => {
                                data.told(phrase.say(" no longer has ")).say(" at ").name(shown)
                            }
                        }
                    }
                };
                found.push(judgement("spec", phrase).with_severity(Severity::Warning));
            }
        }
    }
}

/// Appends data, or a directory of it.
fn of_directory(phrase: Phrase, directory: &str, data: &Data<'_>) -> Phrase {
    match directory {
        "" => data.told(phrase),
        directory => data.told(phrase.say("the directory ").name(directory).say(" of ")),
    }
}

/// The judgements on sources without a claim, and on claims of templates, that no container mounts any more.
fn sources(
    sides: &Sides<'_, '_>,
    [before, after]: [&PodTemplate<'_>; 2],
    [old, new]: [&Pod<'_>; 2],
) -> Vec<Judgement> {
    let by_name = |pod: &PodTemplate<'_>| -> BTreeMap<String, Node> {
        let volumes = items(present(pod.spec, "volumes")).iter();
        volumes.filter_map(|one| Some((text(one, "name")?.to_owned(), one.clone()))).collect()
    };
    let (was, is) = (by_name(before), by_name(after));
    let (written, kept) = (old.written(), new.mounted());
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, mount) in old.mounts.iter().flat_map(|mounts| &mounts.0) {
        places.entry(mount.volume).or_default().push(path);
    }
    let mut found = Vec::new();
    for name in written.into_iter().take(MOST) {
        let on_node = was.get(name).and_then(|volume| present(volume, "hostPath"));
        let data = match (old.data.get(name), on_node) {
            (Some(Data::Claim(_)), _) | (None, None) => continue,
            (Some(data), _) => data.clone(),
            (None, Some(_)) => Data::Source("hostPath", String::new()),
        };
        if data.now(sides.renames()).iter().any(|one| kept.contains(one)) {
            continue;
        }
        // A claim of a template that is gone is told of the template.
        if matches!(data, Data::Template(_)) && !new.data.contains_key(name) {
            continue;
        }
        // The volume under the same name, or else the one at the same place.
        let at_place = || {
            let paths = places.get(name)?.iter();
            let mut mounts =
                paths.flat_map(|path| new.mounts.iter().filter_map(|of| of.0.get(path)));
            is.get_key_value(mounts.next()?.volume)
        };
        let has_other = |(_, volume): &(&String, &Node)| Data::of(volume).as_ref() != Some(&data);
        let at = is.get_key_value(name).or_else(at_place).filter(has_other);
        found.extend(replaced((name, &data), on_node.is_some(), at));
    }
    found
}

/// The judgement on data that no container mounts any more, and on the volume in their place. Of a directory of the node
/// only its loss is told.
fn replaced(
    (name, data): (&str, &Data<'_>),
    is_on_node: bool,
    at: Option<(&String, &Node)>,
) -> Option<Judgement> {
    let is_lost = at.is_some_and(|(_, volume)| {
        ["emptyDir", "ephemeral"].iter().any(|key| present(volume, key).is_some())
    });
    if is_on_node && !is_lost {
        return None;
    }
    let phrase = Phrase::new("its volume ");
    let (phrase, severity) = match at {
        Some((now, _)) if is_lost => {
            let phrase = data.told(phrase.name(now).say(" is no longer "));
            let severity = if is_on_node { Severity::Warning } else { Severity::Error };
            (phrase.say(", and is lost with the pod"), severity)
        }
        Some((now, volume)) if matches!(data, Data::Source(..)) => {
            let phrase = phrase.name(now);
            let phrase = match (Data::of(volume), data) {
                (Some(Data::Source(new, _)), Data::Source(old, _)) if new == *old => {
                    phrase.say(" leads to another ").name(new)
                }
                (Some(new), _) => {
                    data.told(new.told(phrase.say(" leads to ")).say(" in place of "))
                }
                (None, _) => data.told(phrase.say(" is no longer ")),
            };
            (phrase, Severity::Warning)
        }
        _ => (data.told(Phrase::new("its containers no longer mount ")), Severity::Warning),
    };
    let judged = judgement("", phrase).with_severity(severity);
    Some(judged.at(format!("spec.volumes[{name}]")))
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn pod(volume: &str, mounts: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{spec: {{hostPID: true, volumes: [{{name: v, {volume}}}, {{name: tmp, emptyDir: {{}}}}], containers: [{{name: c, volumeMounts: [{mounts}]}}]}}}}}}}}"
        )
    }

    fn set(mounts: &str) -> String {
        pod("emptyDir: {}", mounts).replace("kind: Deployment", "kind: StatefulSet").replace(
            "spec: {template",
            "spec: {volumeClaimTemplates: [{metadata: {name: w}}], template",
        )
    }

    const CLAIM: &str = "persistentVolumeClaim: {claimName: a}";

    #[test]
    fn data_are_mounted_elsewhere() {
        let mount = |more: &str| format!("{{name: v, {more}}}");
        let claim = |more: &str| pod(CLAIM, &mount(more));
        let label = "009 warning Deployment d: its container c ";
        for (before, after, there, back) in [
            (
                "mountPath: /data",
                "mountPath: /data, subPath: x",
                "has at /data the directory x of the claim a in place of the claim a",
                "has at /data the claim a in place of the directory x of the claim a",
            ),
            (
                "mountPath: /data",
                "mountPath: /other",
                "has the claim a at /other in place of /data",
                "has the claim a at /data in place of /other",
            ),
        ] {
            assert_eq!(judged(&claim(before), &claim(after)), [format!("{label}{there}")]);
            assert_eq!(judged(&claim(after), &claim(before)), [format!("{label}{back}")]);
        }
        for (before, after) in [
            ("mountPath: /data", "mountPath: /data/"),
            ("mountPath: /data/db, subPath: db", "mountPath: /data"),
            ("mountPath: /data, readOnly: true", "mountPath: /other, readOnly: true"),
            ("mountPath: /data", "mountPath: /data}, {name: v, mountPath: /other"),
            ("mountPath: /data", "mountPath: /data, subPath: ''"),
        ] {
            assert_eq!(judged(&claim(before), &claim(after)), [""; 0], "{before} {after}");
        }
        let plain = |path: &str| {
            pod(CLAIM, &format!("{{name: v, mountPath: /d}}, {{name: tmp, mountPath: {path}}}"))
        };
        told(&plain("/tmp"), &plain("/var/tmp"), &[]);
        let covered =
            plain("/d").replace("mountPath: /d}, {name: tmp", "mountPath: /e}, {name: tmp");
        assert_eq!(
            judged(&plain("/tmp"), &covered),
            [format!("{label}has the claim a at /e in place of /d")]
        );
    }

    #[test]
    fn claims_of_templates_are_mounted_elsewhere() {
        let label = "StatefulSet d: its ";
        let data = set("{name: w, mountPath: /data}");
        for (after, words) in [
            (
                set("{name: w, mountPath: /other}"),
                "warning container c has its claim w at /other in place of /data",
            ),
            (
                set("{name: w, mountPath: /data, subPath: x}"),
                "warning container c has at /data the directory x of its claim w in place of its claim w",
            ),
            (
                set("{name: tmp, mountPath: /data}"),
                "error volume tmp is no longer its claim w, and is lost with the pod",
            ),
            (set(""), "warning containers no longer mount its claim w"),
        ] {
            let (severity, words) = words.split_once(' ').unwrap();
            let expected = format!("009 {severity} {label}{words}");
            assert_eq!(judged(&data, &after), [expected]);
        }
    }

    #[test]
    fn other_sources_are_gone() {
        let with =
            |volume: &str, more: &str| pod(volume, &format!("{{name: v, mountPath: /data{more}}}"));
        let nfs = |path: &str| format!("nfs: {{server: s, path: {path}}}");
        let label = "Deployment d: its volume v ";
        let lost = "and is lost with the pod";
        let empty = with("emptyDir: {}", "");
        for (volume, words) in [
            (nfs("/a"), format!("error {label}is no longer the nfs, {lost}")),
            (
                "hostPath: {path: /a}".to_owned(),
                format!("warning {label}is no longer the hostPath, {lost}"),
            ),
            (
                "csi: {driver: nfs.csi.k8s.io, volumeAttributes: {server: s}}".to_owned(),
                format!("error {label}is no longer the csi, {lost}"),
            ),
        ] {
            let all = judged(&with(&volume, ""), &empty);
            assert_eq!(all, [format!("009 {words}")]);
            assert_eq!(judged(&with(&volume, ", readOnly: true"), &empty), [""; 0], "only read");
        }
        for volume in ["csi: {driver: secrets-store.csi.k8s.io}", "configMap: {name: a}"] {
            assert_eq!(judged(&with(volume, ""), &empty), [""; 0], "{volume}");
        }
        assert_eq!(
            judged(&with(&nfs("/a"), ""), &with(&nfs("/b"), "")),
            [format!("009 warning {label}leads to another nfs")]
        );
        told(
            &with(&nfs("/a"), ""),
            &with(&format!("{}, readOnly: false}}", nfs("/a").trim_end_matches('}')), ""),
            &[],
        );
        assert_eq!(
            judged(&with(&nfs("/a"), ""), &with(CLAIM, "")),
            [format!("009 warning {label}leads to the claim a in place of the nfs")]
        );
        assert_eq!(
            judged(&with(&nfs("/a"), ""), &pod(&nfs("/a"), "")),
            ["009 warning Deployment d: its containers no longer mount the nfs"]
        );
    }
}
