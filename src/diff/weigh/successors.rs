//! Workloads in the place of removed ones: of another kind, with another name, or in another target. What they lose is
//! judged as if they were one object.
//!
//! The evidence is the name in the same namespace; then images and names of containers; then the labels of the pods,
//! by which Services find them. If several workloads may be the former one, also those that stay, a loss is told only
//! if it is one compared with each of them.

use std::collections::BTreeSet;

use super::work::Work;
use super::{Judgement, Phrase, Sides, Whole, access, admission, as_configured, canonical};
use super::{MOST_STEPS, exposure, marks, mounts, namespace_of, scale, storage, workload};
use crate::diff::{Effect, Identity, Object, Options, Renames, Security, TargetReview, Turned};
use crate::diff::{judge, pair};
use crate::harden::differences::{POSTURE_LOOSENED, PRIVILEGE_GRANTED};
use crate::harden::value::{below, text};
use crate::harden::{Holds, PodTemplate, Rule, Severity, pod_templates};
use crate::index::Index;
use crate::resource::{DEFAULT_NAMESPACE, ImageReference, ResMap, Resource};
use crate::schema::Schema;
use crate::yaml::Node;

/// The maximum number of workloads with the same evidence that a new one is compared with.
const MOST: usize = 4;
/// The maximum number of workloads with the same evidence of which the most alike are chosen.
const MOST_CHOICES: usize = 64;
/// Steps for each node of the former workloads.
const STEPS_OF_NODE: usize = 64;
/// The minimum part of containers that two workloads share, in hundredths.
const ENOUGH: usize = 50;

/// Judges the new workloads of a target that take the place of others.
pub(super) fn weigh(whole: &Whole<'_>, objects: &mut [Object], rules: &[(&'static Rule, Holds)]) {
    let is_single = |side: usize| {
        move |object: &&Object| object.ids[side].is_some() && object.ids[1 - side].is_none()
    };
    if !objects.iter().any(|object| is_single(1)(&object)) {
        return;
    }
    let gone: Vec<Former> =
        objects.iter().filter(is_single(0)).filter_map(|one| Former::of(one, None)).collect();
    if gone.is_empty() {
        return;
    }
    let mut formers = Formers::default();
    gone.into_iter().for_each(|former| formers.add(former));
    for place in whole.workloads(0).values().flatten() {
        if let Some(object) = whole.renders[0].get(*place)
            && whole.all_successors().contains_key(place)
        {
            formers.add(Former::staying(object));
        }
    }
    let work = formers.work();
    for object in objects.iter_mut().filter(|one| is_single(1)(&&**one)) {
        let Some(own) = Former::of(object, None) else { continue };
        let found = formers.found(&own, Near::Target);
        tell((whole, &work), &found, &own, object, rules);
    }
}

/// Judges the new workloads of targets that take the place of one of another target. Linear in the objects.
pub(in crate::diff) fn weigh_moved(targets: &mut [TargetReview], options: &Options) {
    let mut formers = Formers::default();
    for target in &*targets {
        for object in target.objects.iter().filter(|object| object.ids[1].is_none()) {
            if let Some(former) = Former::of(object, Some(&target.name)) {
                formers.add(former);
            }
        }
    }
    if formers.all.is_empty() {
        return;
    }
    let (empty, renames) = (ResMap::new(), Renames::default());
    let whole = Whole::new([&empty, &empty], &[], &renames);
    let work = formers.work();
    for target in targets {
        for object in target.objects.iter_mut().filter(|object| object.ids[0].is_none()) {
            let Some(own) = Former::of(object, Some(&target.name)) else { continue };
            let found = formers.found(&own, Near::Run);
            // What the target itself had is told with it.
            if !found.iter().any(|former| former.target == own.target) {
                tell((&whole, &work), &found, &own, object, &options.rules);
            }
        }
    }
}

/// A workload that may be the former one of another.
struct Former {
    id: Identity,
    namespace: String,
    stem: String,
    /// Its target, if that is another one.
    target: Option<String>,
    is_gone: bool,
    node: Node,
    /// The number of nodes in it.
    size: usize,
    containers: BTreeSet<Contained>,
    /// The names of their images, as far as these are compared.
    images: BTreeSet<String>,
    /// The labels of its pods; empty if they have none.
    labels: String,
}

/// A container: its name, and the name of its image without tag and registry.
type Contained = (String, String);

impl Former {
    /// An object that only one side has, if it makes pods.
    fn of(object: &Object, target: Option<&str>) -> Option<Self> {
        let node = object.nodes.iter().flatten().next()?;
        let resource = Resource::new(node.clone(), &Schema::built_in()).ok()?;
        let pods = pod_templates(&resource);
        if pods.is_empty() {
            return None;
        }
        let id = object.id().clone();
        let namespace = if id.namespace.is_empty() { DEFAULT_NAMESPACE } else { &id.namespace };
        let (containers, labels) = (containers(&pods), labels(&pods));
        Some(Self {
            size: node.count_below(),
            images: images(&containers),
            namespace: namespace.to_owned(),
            stem: object.stem.clone(),
            target: target.map(str::to_owned),
            is_gone: true,
            node: node.clone(),
            containers,
            labels,
            id,
        })
    }

    /// An object of a render that is on both sides.
    fn staying(object: &Resource) -> Self {
        let pods = pod_templates(object);
        let containers = containers(&pods);
        Self {
            id: Identity::of(object),
            size: object.node().count_below(),
            images: images(&containers),
            namespace: namespace_of(object).to_owned(),
            stem: pair::stem(object),
            target: None,
            is_gone: false,
            node: object.node().clone(),
            containers,
            labels: labels(&pods),
        }
    }

    /// The part of the containers that both have, in hundredths: those with the same image.
    fn alike(&self, other: &Self) -> usize {
        let most = self.images.len().max(other.images.len());
        100 * self.images.intersection(&other.images).count() / most.max(1)
    }

    /// True for a workload that ends.
    fn runs_once(&self) -> bool {
        matches!(&*self.id.kind, "Job" | "CronJob")
    }

    fn label(&self) -> String {
        format!("{} {}", self.id.kind, self.id.name)
    }
}

/// The containers that have an image.
fn containers(pods: &[PodTemplate<'_>]) -> BTreeSet<Contained> {
    let all = pods.iter().flat_map(|pod| &pod.containers);
    let named = all.filter_map(|(_, name, node)| {
        let image = ImageReference::new(text(node, "image")?).name;
        let image = image.rsplit('/').next().unwrap_or(image);
        Some(((*name).to_owned(), image.to_owned()))
    });
    named.filter(|(_, image)| !image.is_empty()).take(MOST_CONTAINERS).collect()
}

/// The maximum number of containers by which a workload is found.
const MOST_CONTAINERS: usize = 64;

fn images(containers: &BTreeSet<Contained>) -> BTreeSet<String> {
    containers.iter().map(|(_, image)| image.clone()).collect()
}

/// The meaning of the labels of the first pod.
fn labels(pods: &[PodTemplate<'_>]) -> String {
    let labels = pods.first().and_then(|pod| below(pod.metadata?, &["labels"]));
    labels.filter(|labels| !labels.is_empty()).map(canonical).unwrap_or_default()
}

/// The distance within which the evidence must hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Near {
    /// One target.
    Target,
    /// All targets of a run: without the name, all containers must be the same.
    Run,
}

/// Former workloads by what they are found by.
#[derive(Default)]
struct Formers {
    all: Vec<Former>,
    names: Index<(String, String), Vec<usize>>,
    images: Index<String, Vec<usize>>,
    labels: Index<(String, String), Vec<usize>>,
}

impl Formers {
    /// The work of comparing others with these: of several that are as large, a few times their size.
    fn work(&self) -> Work {
        let size: usize = self.all.iter().map(|former| former.size).sum();
        Work::new(size.saturating_mul(STEPS_OF_NODE).saturating_add(MOST_STEPS))
    }

    fn add(&mut self, former: Former) {
        let place = self.all.len();
        if former.is_gone {
            let name = (former.namespace.clone(), former.stem.clone());
            self.names.entry(name).or_default().push(place);
        }
        for image in &former.images {
            self.images.entry(image.clone()).or_default().push(place);
        }
        if !former.labels.is_empty() {
            let labels = (former.namespace.clone(), former.labels.clone());
            self.labels.entry(labels).or_default().push(place);
        }
        self.all.push(former);
    }

    /// The workloads of which a new one takes the place; empty if there is no evidence.
    fn found(&self, new: &Former, near: Near) -> Vec<&Former> {
        let by_name = self.names.get(&(new.namespace.clone(), new.stem.clone()));
        if let Some(places) = by_name {
            // A Job beside a Deployment of the same name is less likely the former one of a StatefulSet.
            let is_alike = |place: &usize| self.all[*place].runs_once() == new.runs_once();
            let alike: Vec<usize> = places.iter().copied().filter(is_alike).collect();
            let found = self.best(new, &alike, 0);
            return if found.is_empty() { self.best(new, places, 0) } else { found };
        }
        let places: BTreeSet<usize> = new
            .images
            .iter()
            .filter_map(|image| self.images.get(image))
            .flat_map(|places| places.iter().take(MOST_CHOICES))
            .copied()
            .collect();
        let places: Vec<usize> = match near {
            Near::Target => places.into_iter().collect(),
            Near::Run => places
                .into_iter()
                .filter(|place| {
                    let one = &self.all[*place];
                    one.containers == new.containers && one.namespace == new.namespace
                })
                .collect(),
        };
        let found = self.best(new, &places, ENOUGH);
        if !found.is_empty() || near == Near::Run || new.labels.is_empty() {
            return found;
        }
        let labels = self.labels.get(&(new.namespace.clone(), new.labels.clone()));
        self.best(new, labels.map(Vec::as_slice).unwrap_or_default(), 0)
    }

    /// Those of some workloads that are the most alike, if one of them is gone.
    fn best(&self, new: &Former, places: &[usize], least: usize) -> Vec<&Former> {
        let score = |one: &Former| {
            let is_named = one.containers.intersection(&new.containers).count();
            (one.alike(new), is_named)
        };
        let all: Vec<(&Former, (usize, usize))> = places
            .iter()
            .take(MOST_CHOICES)
            .filter_map(|place| self.all.get(*place))
            .map(|one| (one, score(one)))
            .filter(|(_, (alike, _))| *alike >= least)
            .collect();
        let most = all.iter().map(|(_, score)| *score).max();
        let best = all.iter().filter(|(_, score)| Some(*score) == most).map(|(one, _)| *one);
        let (gone, staying): (Vec<&Former>, Vec<&Former>) = best.partition(|one| one.is_gone);
        match gone.is_empty() {
            true => Vec::new(),
            false => gone.into_iter().chain(staying).take(MOST).collect(),
        }
    }
}

/// Adds the judgements on a new object that hold compared with each of its former ones.
fn tell(
    (whole, work): (&Whole<'_>, &Work),
    formers: &[&Former],
    own: &Former,
    object: &mut Object,
    rules: &[(&'static Rule, Holds)],
) {
    let mut common: Option<Vec<Judgement>> = None;
    let mut was_as_loose = true;
    for former in formers {
        let found = match work.takes(former.size.saturating_add(own.size)) {
            true => compared(whole, former, object),
            false => {
                let words = "is not judged: there is too much to be compared";
                vec![Judgement::new(&POSTURE_LOOSENED, "", Phrase::new(words))]
            }
        };
        was_as_loose &= !found.iter().any(|one| one.rule == &POSTURE_LOOSENED);
        common = Some(match common {
            None => found,
            Some(known) => {
                let holds = |one: &Judgement| {
                    found.iter().any(|other| (one.rule, &one.phrase) == (other.rule, &other.phrase))
                };
                known.into_iter().filter(holds).collect()
            }
        });
    }
    let Some(common) = common else { return };
    // Pods that were as privileged before under the same name are not new.
    let has_same_name = formers
        .iter()
        .all(|one| one.id.name == object.id().name && one.id.namespace == object.id().namespace);
    if was_as_loose && has_same_name {
        object.effects.retain(|effect| !effect.is_looser());
    }
    let gone: Vec<&&Former> = formers.iter().filter(|one| one.is_gone).collect();
    let names: Vec<String> = gone.iter().map(|one| one.label()).collect();
    let targets: BTreeSet<&str> = gone.iter().filter_map(|one| one.target.as_deref()).collect();
    let is_granted = object.effects.iter().any(Effect::is_granted);
    for judged in common {
        // What a new workload may do is told already.
        if is_granted && judged.rule == &PRIVILEGE_GRANTED {
            continue;
        }
        let phrase = Phrase::new("in place of ").few(names.iter().map(String::as_str));
        let phrase = match targets.is_empty() {
            true => phrase,
            false => phrase.say(" of the target ").few(targets.iter().copied()),
        };
        let judged = Judgement { phrase: phrase.say(": ").and(judged.phrase), ..judged };
        object.effects.extend(as_configured(judged, rules).map(Effect::Judged));
    }
    judge::sort(&mut object.effects);
}

/// The judges of what a workload may lose with its name or kind.
const JUDGES: &[super::Judge] = &[
    storage::succeeded,
    storage::mounted,
    mounts::mounts,
    marks::of_pods,
    scale::workload,
    scale::kept,
    workload::succeeded,
    workload::images,
    workload::protection,
    access::runs_as,
    admission::moved,
    exposure::policed,
    exposure::admitted,
    exposure::host_network,
];

/// The judgements on a former workload and a new one as one object.
fn compared(whole: &Whole<'_>, former: &Former, object: &Object) -> Vec<Judgement> {
    let nodes = [Some(former.node.clone()), object.nodes[1].clone()];
    let security = Security::of(nodes[0].as_ref(), nodes[1].as_ref());
    let ids = [Some(former.id.clone()), object.ids[1].clone()];
    let both = Object {
        effects: security.clone().map(Effect::Security).into_iter().collect(),
        ..Object::of(ids, object.stem.clone(), nodes)
    };
    let sides = Sides::of(&both, whole);
    let mut found: Vec<Judgement> = security.as_ref().and_then(looser).into_iter().collect();
    JUDGES.iter().for_each(|judge| judge(&sides, &mut found));
    // Notes are about the same object before and after.
    found.retain(|judged| judged.severity != Severity::Note);
    found
}

/// The judgement on a weaker level of Pod Security, or on more violations of it.
fn looser(security: &Security) -> Option<Judgement> {
    let [before, after] = [security.before?, security.after?];
    if security.turned() != Turned::Looser {
        return None;
    }
    let phrase = match after == before {
        true => Phrase::new("violates more of Pod Security"),
        false => {
            let words = format!("satisfies {} in place of {}", after.as_str(), before.as_str());
            Phrase::new(words)
        }
    };
    let rules = security.violated.iter().map(|cause| cause.rule.name);
    let phrase = match security.violated.is_empty() {
        true => phrase,
        false => phrase.say(": ").each(rules, |phrase, name| phrase.say(name)),
    };
    Some(Judgement::new(&POSTURE_LOOSENED, "spec", phrase))
}

#[cfg(test)]
mod tests {
    use crate::diff::tests::{review, target};
    use crate::diff::weigh::tests;
    use crate::diff::{Effect, Options, Review, TargetReview};

    /// The judgements on a difference, but for the removal of an object.
    fn judged(before: &str, after: &str) -> Vec<String> {
        let all = tests::judged(before, after).into_iter();
        all.filter(|one| !one.starts_with("003")).collect()
    }

    #[track_caller]
    fn told(before: &str, after: &str, expected: &[&str]) {
        assert_eq!(judged(before, after), expected);
        assert_eq!(judged(after, before), [""; 0], "the reverse");
    }

    fn pod(name: &str, more: &str, containers: &str) -> String {
        format!(
            "{{metadata: {{labels: {{app: {name}}}}}, spec: {{{more}containers: [{containers}]}}}}"
        )
    }

    fn object(kind: &str, name: &str, pod: &str) -> String {
        let (version, spec) = match kind {
            "Rollout" => ("argoproj.io/v1alpha1", format!("{{template: {pod}}}")),
            "Job" => ("batch/v1", format!("{{template: {pod}}}")),
            "CronJob" => ("batch/v1", format!("{{jobTemplate: {{spec: {{template: {pod}}}}}}}")),
            _ => ("apps/v1", format!("{{template: {pod}}}")),
        };
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, namespace: shop}}, spec: {spec}}}\n---\n"
        )
    }

    const SAFE: &str = "securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false}";
    const LOST: &str =
        "no longer has allowPrivilegeEscalation: false, runAsNonRoot: true in container web";

    fn web(context: &str) -> String {
        format!("{{name: web, image: 'shop/web:1', {context}}}")
    }

    #[test]
    fn another_kind_loses_its_hardening() {
        let kinds =
            ["Deployment", "StatefulSet", "DaemonSet", "Rollout", "Job", "CronJob", "ReplicaSet"];
        for (old, new) in kinds.iter().flat_map(|old| kinds.map(|new| (*old, new))) {
            if old == new {
                continue;
            }
            let safe = object(old, "web", &pod("web", "", &web(SAFE)));
            let weak = object(new, "web", &pod("web", "", &web("")));
            told(
                &safe,
                &weak,
                &[&*format!("001 warning {new} web: in place of {old} web: {LOST}")],
            );
            told(&safe, &object(new, "web", &pod("web", "", &web(SAFE))), &[]);
        }
    }

    #[test]
    fn levels_and_privileges_are_compared() {
        let plain = object("Deployment", "web", &pod("web", "", &web("")));
        let host = object("StatefulSet", "web", &pod("web", "hostPID: true, ", &web("")));
        let words =
            "in place of Deployment web: satisfies privileged in place of baseline: host-pid";
        told(&plain, &host, &[&*format!("001 error StatefulSet web: {words}")]);
        // As privileged as before.
        let was = host.replace("StatefulSet", "Deployment");
        let loose = |before: &str, after: &str| {
            review(before, after)
                .objects
                .iter()
                .flat_map(|one| one.effects.clone())
                .filter(Effect::is_loosened)
                .count()
        };
        assert_eq!(loose(&was, &host), 0);
        assert_eq!(loose(&plain, &host), 2, "the level, and compared with the Deployment");
    }

    #[test]
    fn workloads_are_found_by_their_containers() {
        let safe = object("Deployment", "web", &pod("web", "", &web(SAFE)));
        let weak = |name: &str, image: &str, more: &str| {
            let own = web("").replace("shop/web", image);
            object("StatefulSet", name, &pod(name, "", &format!("{own}{more}")))
        };
        let label = |name: &str| {
            format!("001 warning StatefulSet {name}: in place of Deployment web: {LOST}")
        };
        told(&safe, &weak("front", "shop/web", ""), &[&*label("front")]);
        told(&safe, &weak("front", "other.host/new/web", ""), &[&*label("front")]);
        let beside = format!(", {{name: log, image: log, {SAFE}}}");
        told(&safe, &weak("front", "shop/web", &beside), &[&*label("front")]);
        // Another one behind the same Service.
        told(&safe, &weak("front", "x", "").replace("app: front", "app: web"), &[&*label("front")]);
        // One of other containers, and one beside the old one, are new.
        told(&safe, &weak("front", "x", ""), &[]);
        told(&safe, &format!("{safe}{}", weak("front", "shop/web", "")), &[]);
        // Two take its place.
        let both = format!("{}{}", weak("a", "shop/web", ""), weak("b", "shop/web", ""));
        assert_eq!(judged(&safe, &both), [label("a"), label("b")]);
        // Beside a Job of the same name.
        let job = object("Job", "web", &pod("web", "", &web("")));
        told(&format!("{safe}{job}"), &weak("web", "shop/web", ""), &[&*label("web")]);
        // One that stays with the same image was as weak.
        let other = object("CronJob", "job", &pod("job", "", &web("")));
        told(&format!("{safe}{other}"), &format!("{other}{}", weak("front", "shop/web", "")), &[]);
    }

    #[test]
    fn workloads_move_between_targets() {
        let safe = object("Deployment", "web", &pod("web", "", &web(SAFE)));
        let weak = |name: &str| object("Deployment", name, &pod(name, "", &web("")));
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n---\n";
        let told = |old: [&str; 2], new: [&str; 2]| -> Vec<String> {
            let options = Options::default();
            let review = |place: usize| {
                let mut one = target(old[place], new[place]);
                one.name = format!("target-{place}");
                TargetReview::of(&one, &options)
            };
            let review = Review::of(vec![review(0), review(1)], &options);
            let objects = review.targets.iter().flat_map(|target| &target.objects);
            let effects = objects.flat_map(|object| &object.effects);
            let judged = effects.filter_map(|effect| match effect {
                Effect::Judged(judged) => Some(judged.phrase.to_string()),
                _ => None,
            });
            judged.collect()
        };
        let place = "in place of Deployment web of the target target-0:";
        for new in ["web", "front"] {
            let weak = map.to_owned() + &weak(new);
            let safe = map.to_owned() + &safe;
            assert_eq!(told([&safe, map], [map, &weak]), [format!("{place} {LOST}")]);
            assert_eq!(told([map, &weak], [&safe, map]), [""; 0]);
        }
        let safe = map.to_owned() + &safe;
        assert_eq!(told([&safe, map], [map, &safe]), [""; 0]);
        let other = map.to_owned() + &weak("front").replace("namespace: shop", "namespace: other");
        assert_eq!(told([&safe, map], [map, &other]), [""; 0]);
    }

    #[test]
    fn data_copies_images_and_quality_are_compared() {
        let place = "in place of Deployment web";
        let with = |kind: &str, name: &str, spec: &str, more: &str, web: &str| {
            object(kind, name, &pod("web", more, web))
                .replace("spec: {template", &format!("spec: {{{spec}template"))
        };
        let one = |web: &str| with("Deployment", "web", "replicas: 3, ", "", web);
        let other = |web: &str| with("StatefulSet", "front", "replicas: 3, ", "", web);
        let label = format!("warning StatefulSet front: {place}:");
        let web2 =
            |image: &str, more: &str| format!("{{name: web, image: 'shop/web:{image}', {more}}}");
        let version = format!("012 {label} goes back to an older version of shop/web: 2 → 1");
        assert_eq!(judged(&one(&web2("2", "")), &other(&web2("1", ""))), [version]);
        assert_eq!(judged(&one(&web2("1", "")), &other(&web2("1", ""))), [""; 0]);
        told(
            &one(&web2("1", "resources: {limits: {cpu: 1, memory: 1Gi}}")),
            &other(&web2("1", "resources: {requests: {cpu: 1}}")),
            &[
                &*format!("005 {label} its pods are evicted earlier: Guaranteed → Burstable"),
                &*format!("001 {label} no longer has limit of memory in container web"),
            ],
        );
        let set = |copies: &str| with("StatefulSet", "web", copies, "", &web2("1", ""));
        let all = |copies: &str| {
            with(
                "Deployment",
                "web",
                &format!("{copies}strategy: {{type: Recreate}}, "),
                "",
                &web2("1", ""),
            )
        };
        assert_eq!(judged(&set(""), &all("")), [""; 0], "a single pod");
        let words = "in place of StatefulSet web: an update stops all pods before it starts new ones (Recreate)";
        let found = judged(&set("replicas: 2, "), &all("replicas: 2, "));
        assert_eq!(found, [format!("011 warning Deployment web: {words}")]);
        let few = with("StatefulSet", "front", "replicas: 1, ", "", &web2("1", ""));
        let copies = format!("011 {label} has a single copy: 3 → 1 replicas");
        told(&one(&web2("1", "")), &few, &[&*copies]);
        let mount = web2("1", "volumeMounts: [{name: d, mountPath: /d}]");
        let volume = |source: &str| format!("volumes: [{{name: d, {source}}}], ");
        let claim = volume("persistentVolumeClaim: {claimName: c}");
        let lost = "its volume d is no longer the claim c, and is lost with the pod";
        told(
            &with("Deployment", "web", "", &claim, &mount),
            &with("StatefulSet", "front", "", &volume("emptyDir: {}"), &mount),
            &[&*format!("009 error StatefulSet front: {place}: {lost}")],
        );
        // Claims of a StatefulSet.
        let templates = "volumeClaimTemplates: [{metadata: {name: d}}], ";
        let set = |name: &str| with("StatefulSet", name, templates, "", &mount);
        let lost = "in place of StatefulSet web: does not have the data of the claims d of StatefulSet web";
        for (kind, name, spec, more, is_lost) in [
            ("StatefulSet", "other", templates, "", true),
            ("Deployment", "web", "", "volumes: [{name: d, emptyDir: {}}], ", true),
            (
                "Deployment",
                "web",
                "",
                "volumes: [{name: d, persistentVolumeClaim: {claimName: d-web-0}}], ",
                false,
            ),
        ] {
            let after = with(kind, name, spec, more, &mount);
            let found = judged(&set("web"), &after);
            let own = found
                .iter()
                .filter(|one| one.starts_with(&format!("009 error {kind} {name}: {lost}")));
            let is_renamed = found.is_empty() && kind == "StatefulSet";
            assert!(is_renamed || (own.count() == 1) == is_lost, "{found:?}");
        }
    }

    #[test]
    fn budgets_and_autoscalers_are_left_behind() {
        let budget = "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, minAvailable: 1}}\n---\n";
        let scaler = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: s, namespace: shop}, spec: {minReplicas: 2, maxReplicas: 9, scaleTargetRef: {kind: Deployment, name: web}}}\n---\n";
        let both = |kind: &str, label: &str| {
            object(kind, "web", &pod(label, "", &web(""))) + budget + scaler
        };
        let label = "011 warning StatefulSet web: in place of Deployment web:";
        let scaled = format!("{label} is no longer scaled by the autoscaler s");
        told(
            &both("Deployment", "web"),
            &both("StatefulSet", "front"),
            &[&*format!("{label} is no longer protected by the PodDisruptionBudget b"), &*scaled],
        );
        told(&both("Deployment", "web"), &both("StatefulSet", "web"), &[&*scaled]);
        told(
            &both("Deployment", "web"),
            &both("Deployment", "front"),
            &["011 warning Deployment web: is no longer protected by the PodDisruptionBudget b"],
        );
        told(&both("Deployment", "web"), &both("Deployment", "web"), &[]);
    }

    #[test]
    fn many_workloads_take_linear_time() {
        let all = |kind: &str, context: &str| -> String {
            let one = |number: usize| {
                object(kind, &format!("w-{number}"), &pod("web", "", &web(context)))
            };
            (0..2000).map(one).collect()
        };
        let found = judged(&all("Deployment", SAFE), &all("StatefulSet", ""));
        assert_eq!(found.len(), 2000);
    }
}
