//! KR-DIF-009: volumes and claims that shrink, lead elsewhere, or whose data is deleted.

use std::collections::{BTreeMap, BTreeSet};

use super::workload::pods;
use super::{Judgement, Phrase, Sides, canonical};
use crate::harden::differences::{DATA_AT_RISK, OBJECT_REMOVED};
use crate::harden::value::{below, integer, items, present, text};
use crate::harden::{List, PodTemplate, Severity};
use crate::resource::Quantity;
use crate::yaml::Node;

pub(super) fn judgement(path: &'static str, phrase: Phrase) -> Judgement {
    Judgement::new(&DATA_AT_RISK, path, phrase)
}

/// A text of a field before and after, if it is another one.
fn turned<'a>(before: &'a Node, after: &'a Node, path: &[&str]) -> Option<[Option<&'a str>; 2]> {
    let texts = [before, after].map(|node| below(node, path).and_then(Node::as_text));
    (texts[0] != texts[1]).then_some(texts)
}

/// The judgement on an amount of storage that is smaller.
fn shrunk(before: &Node, after: &Node, field: &'static str, path: &[&str]) -> Option<Judgement> {
    let [Some(old), Some(new)] = turned(before, after, path)? else { return None };
    let is_less = Quantity::parse(new)? < Quantity::parse(old)?;
    let phrase = || Phrase::new("shrinks from ").name(old).say(" to ").name(new);
    is_less.then(|| judgement(field, phrase()))
}

/// The judgement on a reference that leads elsewhere, if it was set.
fn repointed(
    before: &Node,
    after: &Node,
    field: &'static str,
    words: &'static str,
    path: &[&str],
) -> Option<Judgement> {
    let [Some(old), new] = turned(before, after, path)? else { return None };
    let phrase = match new {
        Some(new) => Phrase::new(words).say(" ").name(new).say(" in place of ").name(old),
        None => Phrase::new("no longer ").say(words).say(" ").name(old),
    };
    Some(judgement(field, phrase))
}

/// The judgement on a policy that becomes `Delete`, or `Recycle`.
fn deleting(
    before: &Node,
    after: &Node,
    field: &'static str,
    path: &[&str],
    usual: &str,
) -> Option<Judgement> {
    let [old, new] =
        [before, after].map(|node| below(node, path).and_then(Node::as_text).unwrap_or(usual));
    let words = "deletes the data with the claim, and did not before";
    let deletes = |policy| matches!(policy, "Delete" | "Recycle");
    (deletes(new) && !deletes(old)).then(|| judgement(field, Phrase::new(words)))
}

/// Fields of volumes that are no source.
const NO_SOURCE: [&str; 9] = [
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// Judges a `PersistentVolume` on both sides.
pub(super) fn volume(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    found.extend(shrunk(before, after, "spec.capacity", &["spec", "capacity", "storage"]));
    found.extend(deleting(
        before,
        after,
        "spec.persistentVolumeReclaimPolicy",
        &["spec", "persistentVolumeReclaimPolicy"],
        "Retain",
    ));
    found.extend(classed(before, after));
    let sources = |node: &Node| -> BTreeMap<String, String> {
        let spec = present(node, "spec").map(Node::entries).unwrap_or_default();
        let sources = spec.iter().filter(|(key, _)| !NO_SOURCE.contains(&key.text()));
        sources.map(|(key, value)| (key.text().to_owned(), canonical(value))).collect()
    };
    if sources(before) != sources(after) {
        found.push(judgement("spec", Phrase::new("leads to another source")));
    }
    for (path, words) in
        [("name", "is for the claim"), ("namespace", "is for the claim of namespace")]
    {
        found.extend(repointed(before, after, "spec.claimRef", words, &["spec", "claimRef", path]));
    }
}

fn classed(before: &Node, after: &Node) -> Option<Judgement> {
    let path = ["spec", "storageClassName"];
    repointed(before, after, "spec.storageClassName", "has the storage class", &path)
}

/// Judges a `PersistentVolumeClaim` on both sides.
pub(super) fn claim(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    found.extend(of_claim(before, after));
}

fn of_claim(before: &Node, after: &Node) -> Vec<Judgement> {
    let mut found = Vec::new();
    let path = ["spec", "resources", "requests", "storage"];
    found.extend(shrunk(before, after, "spec.resources.requests", &path));
    let volume = ["spec", "volumeName"];
    found.extend(repointed(before, after, "spec.volumeName", "leads to the volume", &volume));
    found.extend(classed(before, after));
    let modes = |node: &'_ Node| -> Vec<String> {
        let modes = items(below(node, &["spec", "accessModes"]));
        modes.iter().filter_map(Node::as_text).map(str::to_owned).collect()
    };
    let (old, new) = (modes(before), modes(after));
    // A longer list than this is none of a cluster.
    let lost: Vec<&str> =
        old.iter().take(16).filter(|mode| !new.contains(mode)).map(String::as_str).collect();
    if !lost.is_empty() {
        found.push(judgement("spec.accessModes", Phrase::new("loses the access mode ").few(lost)));
    }
    found
}

/// Judges a `StorageClass`, or a `VolumeSnapshotClass`, on both sides.
pub(super) fn class(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    found.extend(deleting(before, after, "reclaimPolicy", &["reclaimPolicy"], "Delete"));
    found.extend(deleting(before, after, "deletionPolicy", &["deletionPolicy"], "Retain"));
}

/// Judges the claims of a `StatefulSet`, and its removal.
pub(super) fn stateful_set(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(before) = sides.before else { return };
    let retention = ["spec", "persistentVolumeClaimRetentionPolicy"];
    let Some(after) = sides.after else {
        let policy = below(before, &retention).and_then(|policy| text(policy, "whenDeleted"));
        let has_claims = !items(below(before, &["spec", "volumeClaimTemplates"])).is_empty();
        found.push(match (has_claims, policy) {
            (true, Some("Delete")) => judgement("", Phrase::new("its claims are deleted with it")),
            (true, _) => {
                Judgement::new(&OBJECT_REMOVED, "", Phrase::new("its claims stay, without pods"))
            }
            (false, _) => Judgement::new(&OBJECT_REMOVED, "", Phrase::new("its pods stop")),
        });
        return;
    };
    for key in ["whenDeleted", "whenScaled"] {
        let path = [retention[0], retention[1], key];
        let field = "spec.persistentVolumeClaimRetentionPolicy";
        let [old, new] = [before, after].map(|node| below(node, &path).and_then(Node::as_text));
        if new == Some("Delete") && old != Some("Delete") {
            let when = if key == "whenDeleted" { "with it" } else { "when it is scaled down" };
            found.push(judgement(field, Phrase::new(format!("its claims are deleted {when}"))));
        }
    }
    found.extend(scaled_down(sides, before, after));
    let templates = |node: &Node| -> BTreeMap<String, Node> {
        let templates = items(below(node, &["spec", "volumeClaimTemplates"])).iter();
        let name = |node: &Node| Some(text(present(node, "metadata")?, "name")?.to_owned());
        templates.filter_map(|node| Some((name(node)?, node.clone()))).collect()
    };
    let (old, new) = (templates(before), templates(after));
    for (name, before) in &old {
        let field = format!("spec.volumeClaimTemplates[{name}]");
        let template = || Phrase::new("its claim ").name(name).say(" ");
        match new.get(name) {
            None => {
                let phrase = template().say("is no longer made");
                found.push(judgement("", phrase).at(field));
            }
            Some(after) => found.extend(of_claim(before, after).into_iter().map(|mut judged| {
                judged.phrase = template().and(judged.phrase);
                judged.at(field.clone())
            })),
        }
    }
}

/// Judges the claims of a `StatefulSet` of which another workload takes the place.
pub(super) fn succeeded(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(_)) = (sides.before, sides.after) else { return };
    let [Some(old), Some(new)] = &sides.object.ids else { return };
    if old.kind != "StatefulSet" {
        return;
    }
    // A StatefulSet with the same name finds the claims of the former one, and its templates are compared.
    if new.kind == old.kind && (&old.name, sides.namespace(0)) == (&new.name, sides.namespace(1)) {
        stateful_set(sides, found);
        return;
    }
    let pods = pods(sides);
    let used: BTreeSet<&str> = pods
        .iter()
        .flat_map(|[_, after]| items(present(after.spec, "volumes")))
        .filter_map(claim_of)
        .collect();
    for template in items(below(before, &["spec", "volumeClaimTemplates"])) {
        let Some(name) = present(template, "metadata").and_then(|one| text(one, "name")) else {
            continue;
        };
        let first = format!("{name}-{}-", old.name);
        let is_own = |claim: &&str| {
            let ordinal = claim.strip_prefix(&*first);
            ordinal.is_some_and(|ordinal| ordinal.bytes().all(|one| one.is_ascii_digit()))
        };
        let mut own = used.range(&*first..).take_while(|claim| claim.starts_with(&*first));
        if own.any(is_own) && sides.namespace(0) == sides.namespace(1) {
            continue;
        }
        let phrase = Phrase::new("does not have the data of the claims ").name(name);
        let phrase = phrase.say(" of StatefulSet ").name(&old.name);
        found.push(judgement("", phrase).at(format!("spec.volumeClaimTemplates[{name}]")));
    }
}

/// The judgement on claims that are deleted with the pods that are too many. (Kubernetes, `StatefulSet` controller: pods
/// whose ordinals are out of range are removed.)
fn scaled_down(sides: &Sides<'_, '_>, before: &Node, after: &Node) -> Option<Judgement> {
    let deletes = below(after, &["spec", "persistentVolumeClaimRetentionPolicy"])
        .and_then(|policy| text(policy, "whenScaled"))
        == Some("Delete");
    let templates = items(below(before, &["spec", "volumeClaimTemplates"]));
    let replicas = |node| below(node, &["spec", "replicas"]);
    if !deletes || templates.is_empty() || replicas(after).is_none() && sides.scaler(1).is_some() {
        return None;
    }
    let range = |node| {
        let first = below(node, &["spec", "ordinals", "start"]).and_then(integer).unwrap_or(0);
        let count = replicas(node).and_then(integer).unwrap_or(1);
        [first, first.saturating_add(count.max(0))]
    };
    let ([first, end], [now_first, now_end]) = (range(before), range(after));
    let lost = match now_first >= now_end {
        true => vec![[first, end]],
        false => vec![[first, now_first.min(end)], [now_end.max(first), end]],
    };
    let lost: Vec<String> = lost
        .into_iter()
        .filter(|[first, end]| first < end)
        .map(|[first, end]| match end - first {
            1 => first.to_string(),
            _ => format!("{first} to {}", end - 1),
        })
        .collect();
    if lost.is_empty() {
        return None;
    }
    let names = templates.iter().filter_map(|one| text(present(one, "metadata")?, "name"));
    let phrase = Phrase::new("its claims ").few(names).say(" of the pods ");
    let phrase = phrase.say(lost.join(", ")).say(" are deleted (whenScaled: Delete)");
    Some(judgement("spec.replicas", phrase))
}

/// The volumes of a pod, and their places in its containers.
struct Volumes<'a> {
    by_name: BTreeMap<&'a str, &'a Node>,
    /// The names of the volumes that are mounted, by path.
    mounted: BTreeMap<&'a str, &'a str>,
    /// The claims of all volumes, and of those that are mounted.
    claims: [BTreeSet<&'a str>; 2],
}

impl<'a> Volumes<'a> {
    fn of(pod: &PodTemplate<'a>) -> Self {
        let named = |node: &'a Node| Some((text(node, "name")?, node));
        let volumes = items(present(pod.spec, "volumes")).iter();
        let by_name: BTreeMap<&str, &Node> = volumes.filter_map(named).collect();
        let mounts = |(.., container): &(List, &'a str, &'a Node)| {
            let lists =
                ["volumeMounts", "volumeDevices"].map(|list| items(present(container, list)));
            lists.into_iter().flatten()
        };
        let place = |mount: &'a Node| {
            let path = text(mount, "mountPath").or_else(|| text(mount, "devicePath"))?;
            Some((path, text(mount, "name")?))
        };
        let mounted: BTreeMap<&str, &str> =
            pod.containers.iter().flat_map(mounts).filter_map(place).collect();
        let used: BTreeSet<&str> = mounted.values().copied().collect();
        let all = by_name.values().filter_map(|volume| claim_of(volume)).collect();
        let used = by_name.iter().filter(|(name, _)| used.contains(*name));
        let used = used.filter_map(|(_, volume)| claim_of(volume)).collect();
        Self { by_name, mounted, claims: [all, used] }
    }
}

fn claim_of(volume: &Node) -> Option<&str> {
    text(present(volume, "persistentVolumeClaim")?, "claimName")
}

/// Judges the volumes of pods that were claims.
pub(super) fn mounted(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    for [before, after] in &pods(sides) {
        let (old, new) = (Volumes::of(before), Volumes::of(after));
        let mut places: BTreeMap<&str, &str> = BTreeMap::new();
        for (path, name) in &old.mounted {
            places.entry(name).or_insert(path);
        }
        for (name, volume) in &old.by_name {
            let Some(claim) = claim_of(volume) else { continue };
            let is_mounted = old.claims[1].contains(claim);
            let now = sides.renames().new_name(claim);
            let is_kept = |name: &str| new.claims[usize::from(is_mounted)].contains(name);
            if is_kept(claim) || now.as_deref().is_some_and(is_kept) {
                continue;
            }
            // The volume under the same name, or else the one at the same place.
            let at = new.by_name.get_key_value(name).or_else(|| {
                let successor = new.mounted.get(places.get(name)?)?;
                new.by_name.get_key_value(successor)
            });
            if is_mounted || at.is_some() {
                found.push(lost(name, claim, at.map(|(name, volume)| (*name, *volume))));
            }
        }
    }
}

/// The judgement on a volume that was a claim, and on what is in its place.
fn lost(name: &str, claim: &str, at: Option<(&str, &Node)>) -> Judgement {
    let path = format!("spec.volumes[{name}]");
    let judged = |phrase, severity| judgement("", phrase).with_severity(severity).at(path.clone());
    let Some((now, volume)) = at.filter(|(_, volume)| claim_of(volume) != Some(claim)) else {
        let phrase = Phrase::new("its containers no longer mount the claim ").name(claim);
        return judged(phrase, Severity::Warning);
    };
    let phrase = Phrase::new("its volume ").name(now);
    let phrase = if now == name { phrase } else { phrase.say(" (was ").name(name).say(")") };
    if let Some(other) = claim_of(volume) {
        let phrase = phrase.say(" leads to the claim ").name(other);
        return judged(phrase.say(" in place of ").name(claim), Severity::Warning);
    }
    let phrase = phrase.say(" is no longer the claim ").name(claim);
    match ["emptyDir", "ephemeral"].iter().any(|key| present(volume, key).is_some()) {
        true => judged(phrase.say(", and is lost with the pod"), Severity::Error),
        false => judged(phrase, Severity::Warning),
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn object(kind: &str, spec: &str) -> String {
        format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: v}}, spec: {{{spec}}}}}")
    }

    #[test]
    fn volumes_shrink_and_lead_elsewhere() {
        let volume = |spec: &str| object("PersistentVolume", spec);
        let label = "009 error PersistentVolume v: ";
        told(
            &volume("capacity: {storage: 10Gi}"),
            &volume("capacity: {storage: 5Gi}"),
            &[&*format!("{label}shrinks from 10Gi to 5Gi")],
        );
        told(&volume("capacity: {storage: 1Gi}"), &volume("capacity: {storage: 1024Mi}"), &[]);
        told(
            &volume("persistentVolumeReclaimPolicy: Retain"),
            &volume("persistentVolumeReclaimPolicy: Delete"),
            &[&*format!("{label}deletes the data with the claim, and did not before")],
        );
        told(
            &volume("persistentVolumeReclaimPolicy: Retain"),
            &volume("persistentVolumeReclaimPolicy: Recycle"),
            &[&*format!("{label}deletes the data with the claim, and did not before")],
        );
        let source = [volume("nfs: {server: a, path: /}"), volume("nfs: {server: b, path: /}")];
        assert_eq!(judged(&source[0], &source[1]), [format!("{label}leads to another source")]);
        let claim = |spec: &str| object("PersistentVolumeClaim", spec);
        let label = "009 error PersistentVolumeClaim v: ";
        told(
            &claim("resources: {requests: {storage: 10Gi}}"),
            &claim("resources: {requests: {storage: 5Gi}}"),
            &[&*format!("{label}shrinks from 10Gi to 5Gi")],
        );
        told(
            &claim("accessModes: [ReadWriteOnce, ReadOnlyMany]"),
            &claim("accessModes: [ReadWriteOnce]"),
            &[&*format!("{label}loses the access mode ReadOnlyMany")],
        );
        told(
            &claim("volumeName: a"),
            &claim(""),
            &[&*format!("{label}no longer leads to the volume a")],
        );
    }

    #[test]
    fn claims_of_pods_that_are_too_many_are_deleted() {
        let set = |spec: &str| {
            let more = "volumeClaimTemplates: [{metadata: {name: a}}]";
            object("StatefulSet", &format!("{spec}, {more}")).replace("v1,", "apps/v1,")
        };
        let deletes = "persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}";
        let with = |replicas: &str| set(&format!("{deletes}, {replicas}"));
        let told_of = |pods: &str| {
            format!(
                "009 error StatefulSet v: its claims a of the pods {pods} are deleted (whenScaled: Delete)"
            )
        };
        told(&with("replicas: 5"), &with("replicas: 2"), &[&*told_of("2 to 4")]);
        told(&with("replicas: 3"), &with("replicas: 2"), &[&*told_of("2")]);
        told(&set("replicas: 5"), &set("replicas: 2"), &[]);
        let first = |first: u8, count: u8| {
            with(&format!("replicas: {count}, ordinals: {{start: {first}}}"))
        };
        told(&first(0, 4), &first(1, 3), &[&*told_of("0")]);
        assert_eq!(judged(&first(0, 3), &first(1, 3)), [told_of("0")]);
    }

    #[test]
    fn sets_and_pods_lose_their_data() {
        let set = |spec: &str| object("StatefulSet", spec).replace("v1,", "apps/v1,");
        let label = "error StatefulSet v: ";
        told(
            &set(
                "volumeClaimTemplates: [{metadata: {name: a}, spec: {resources: {requests: {storage: 2Gi}}}}]",
            ),
            &set(
                "volumeClaimTemplates: [{metadata: {name: a}, spec: {resources: {requests: {storage: 1Gi}}}}]",
            ),
            &[&*format!("009 {label}its claim a shrinks from 2Gi to 1Gi")],
        );
        told(
            &set(""),
            &set("persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}"),
            &[&*format!("009 {label}its claims are deleted when it is scaled down")],
        );
        let with = |volume: &str| {
            set(&format!("template: {{spec: {{volumes: [{{name: d, {volume}}}]}}}}"))
        };
        let claimed = with("persistentVolumeClaim: {claimName: a}");
        told(
            &claimed,
            &with("emptyDir: {}"),
            &[&*format!(
                "009 {label}its volume d is no longer the claim a, and is lost with the pod"
            )],
        );
        let pod = |name: &str, volume: &str| {
            set(&format!(
                "template: {{spec: {{volumes: [{{name: {name}, {volume}}}], containers: [{{name: c, volumeMounts: [{{name: {name}, mountPath: /d}}]}}]}}}}"
            ))
        };
        let claimed = pod("d", "persistentVolumeClaim: {claimName: a}");
        told(
            &claimed,
            &pod("e", "emptyDir: {}"),
            &[&*format!(
                "009 {label}its volume e (was d) is no longer the claim a, and is lost with the pod"
            )],
        );
        told(&claimed, &pod("e", "persistentVolumeClaim: {claimName: a}"), &[]);
        let [unmounted, unused] = ["volumeMounts", "volumes"]
            .map(|list| claimed.replace(&format!("{list}: ["), &format!("{list}: [], old: [")));
        for after in [unmounted, unused] {
            told(
                &claimed,
                &after,
                &["009 warning StatefulSet v: its containers no longer mount the claim a"],
            );
        }
        assert_eq!(
            judged(&claimed, &pod("e", "persistentVolumeClaim: {claimName: b}")),
            ["009 warning StatefulSet v: its volume e (was d) leads to the claim b in place of a"]
        );
        let claimed = with("persistentVolumeClaim: {claimName: a}");
        let other = "{apiVersion: v1, kind: Pod, metadata: {name: p}}\n---\n";
        assert_eq!(
            judged(&format!("{other}{claimed}"), other),
            ["003 warning StatefulSet v: its pods stop"]
        );
    }
}
