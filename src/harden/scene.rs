//! The context of a rule: the object, and the whole render.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::once;

use super::accounts::Runners;
use super::acting::Acting;
use super::bundles::{Bundles, is_source};
use super::facts::{Facts, Placement};
use super::objects::{Objects, is_service, service};
use super::platform::{Platform, is_of_openshift};
use super::pod::{Pod, selects_windows};
use super::postings::{Posting, candidates};
use super::purpose::{TargetPath, Trial, is_path_of_production};
use super::selector::{Labels, Selectors, has_all, labels};
use super::unread::{InPart, judged_in_part};
use super::uses::{has_placeholder, uses};
use super::value::{below, items, present};
use super::views::Views;
use super::workload::pods;
use crate::load::KUSTOMIZATION_FILES;
use crate::resource::{CLUSTER, DEFAULT_NAMESPACE, ResMap, Resource};
use crate::schema::Api;
use crate::source::{Sources, Span};
use crate::yaml::Node;
use crate::yaml::path::Path;

/// The context of a check: facts, object and pods.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// Facts about the cluster and about images, and values for conditions and fixes.
    pub(super) facts: &'a Facts,
    /// The object.
    pub(super) object: &'a Resource,
    /// The pods that it creates.
    pub(super) pods: &'a [Pod<'a>],
}

impl Scene<'_> {
    /// The minor version of the Pod Security Standards in use.
    pub(super) fn pod_security(self) -> u16 {
        self.facts.profile.version().minor()
    }

    /// The namespace of the object.
    pub(super) fn namespace(&self) -> &str {
        self.facts.namespace(self.object)
    }

    /// True for a system object: it is in the namespace `kube-system`, or its pods have a `system-…-critical` priority.
    pub(super) fn is_system(&self) -> bool {
        let is_critical = |name: &str| name.starts_with("system-") && name.ends_with("-critical");
        self.namespace() == "kube-system"
            || self.pods.iter().any(|pod| {
                let class = pod.get(&["priorityClassName"]).and_then(Node::as_text);
                class.is_some_and(is_critical)
            })
    }

    /// The group and the kind of the object that makes a pod: the nearest one around it.
    pub(super) fn maker<'s>(&'s self, pod: &'s Pod<'_>) -> (&'s str, &'s str) {
        pod.within.unwrap_or_else(|| (&*self.object.gvk().group, self.object.kind()))
    }

    /// True if the pods of the object end by themselves.
    pub(super) fn is_job(self) -> bool {
        ends((&self.object.gvk().group, self.object.kind()))
    }

    /// True if a pod ends by itself.
    pub(super) fn ends(&self, pod: &Pod<'_>) -> bool {
        ends(self.maker(pod))
    }

    /// True for a pod without a controller whose containers are not started again when they end well.
    pub(super) fn is_pod_that_ends(&self, pod: &Pod<'_>) -> bool {
        let policy = pod.get(&["restartPolicy"]).and_then(Node::as_text);
        self.maker(pod) == ("", "Pod") && matches!(policy, Some("Never" | "OnFailure"))
    }

    /// True for a pod of a kubebuilder project that another kustomization completes: its account is not in the render, and
    /// nothing can run in its namespace `system`.
    pub(super) fn is_part(self, render: &Render<'_>, pod: &Pod<'_>) -> bool {
        let namespace = self.namespace();
        namespace == "system" && render.is_part_with(namespace, pod)
    }

    /// True for an object of Knative, which supports only some fields of pods.
    pub(super) fn is_knative(self) -> bool {
        self.object.gvk().group == "serving.knative.dev"
    }

    /// The place of fields that a pod can set for all of its containers. Knative accepts them only in containers.
    pub(super) fn placement(self) -> Placement {
        if self.is_knative() { Placement::Container } else { self.facts.values.placement }
    }
}

/// True for kinds whose pods end by themselves. Other groups may have kinds of these names.
fn ends((group, kind): (&str, &str)) -> bool {
    let groups = ["batch", "batch.volcano.sh", "apps.kruise.io", "jobset.x-k8s.io"];
    matches!(kind, "Job" | "CronJob" | "BroadcastJob" | "JobSet") && groups.contains(&group)
}

/// The objects of a render with indices, and those of the other renders of a run.
pub(super) struct Render<'a> {
    /// The pods of each object, in the order of the objects.
    pub(super) pods: Vec<Vec<Pod<'a>>>,
    /// The objects.
    pub(super) objects: &'a ResMap,
    facts: &'a Facts,
    /// The configuration that objects with findings wait for; `None` if all have them.
    awaited: Option<Span>,
    /// True if the render has pods. One without them is a part of something.
    pub(super) has_pods: bool,
    /// True if the render has Services. One without them is a part of something.
    pub(super) has_services: bool,
    /// True if the render installs an operator, whose objects are not rendered.
    pub(super) has_operator: bool,
    /// The Deployments that bundles of the Operator Lifecycle Manager install.
    pub(super) bundles: Bundles<'a>,
    /// The reason for which the target is not for production, if there is one.
    pub(super) trial: Option<Trial<'a>>,
    target: TargetPath<'a>,
    /// The reasons for which the platform is `OpenShift`.
    pub(super) platform: OpenShift,
    /// The sources of the values.
    sources: Option<&'a Sources>,
    own: Objects<'a>,
    /// The number of the render, and the objects of all renders.
    others: Option<(usize, &'a Objects<'a>)>,
    /// The selectors of Services.
    services: OnceCell<Selectors<'a, ()>>,
    /// The objects that act on workloads.
    pub(super) acting: Acting<'a>,
    /// Indices that only some rules use.
    pub(super) views: Views<'a>,
    missing: OnceCell<BTreeMap<UsedName<'a>, Missing<'a>>>,
    generated: OnceCell<Generated<'a>>,
    in_part: OnceCell<BTreeMap<PartOf<'a>, (&'a Resource, usize)>>,
    kinds: OnceCell<BTreeSet<(&'a str, &'a str)>>,
    loose: OnceCell<Loose<'a>>,
}

type Label<'a> = (&'a str, &'a str);

/// The labels of pods, each with true if the pod has no namespace, and their numbers by each label.
#[derive(Default)]
struct Loose<'a> {
    all: Vec<(&'a Node, bool)>,
    with: BTreeMap<Label<'a>, Posting>,
}

/// The group and the kind of objects whose pods are judged only in part, and the reason.
type PartOf<'a> = (&'a str, &'a str, InPart);

/// The kind, the namespace and the name of an object.
type UsedName<'a> = (&'a str, &'a str, &'a str);

/// An object that does not exist: the first object that refers to it, and the number of objects that do.
#[derive(Clone, Copy)]
pub(super) struct Missing<'a> {
    /// The first object that refers to it.
    pub(super) first: &'a Resource,
    /// The number of objects that refer to it.
    pub(super) users: usize,
    /// The number of other renders that refer to it, if there are several and none has it.
    pub(super) elsewhere: Option<usize>,
}

/// The generated objects whose names have a hash.
#[derive(Default)]
pub(super) struct Generated<'a> {
    /// By the name without the hash.
    pub(super) by_name: BTreeMap<&'a str, &'a Resource>,
    /// The names with the hash.
    pub(super) names: BTreeSet<&'a str>,
    /// The names with the hash that a text of an object has.
    pub(super) mentioned: BTreeSet<&'a str>,
    /// The names of those of which another object has a value: `replacements` may have copied it.
    pub(super) copied: BTreeSet<&'a str>,
}

/// The reasons for which the platform is `OpenShift`.
#[derive(Clone, Copy, Default)]
pub(super) struct OpenShift {
    /// True if the configuration says so.
    pub(super) is_told: bool,
    /// True if objects of the render say so, or those of many other renders.
    pub(super) is_seen: bool,
}

/// The place at which something exists.
#[derive(Clone, Copy)]
pub(super) enum Existing<'a> {
    /// In the same render.
    Here(&'a Resource),
    /// In another render, made by a controller, or configured as existing.
    Elsewhere,
}

impl<'a> Render<'a> {
    /// Builds the indices.
    pub(super) fn new(objects: &'a ResMap, facts: &'a Facts) -> Self {
        Self::among(objects, facts, None, None)
    }

    /// Builds the indices of a render that is one of several: `others` has its number, and the objects of all. Only objects that wait
    /// for the configuration `awaited`, if there is one, are judged.
    pub(super) fn among(
        objects: &'a ResMap,
        facts: &'a Facts,
        awaited: Option<Span>,
        others: Option<(usize, &'a Objects<'a>)>,
    ) -> Self {
        let mut render = Self {
            pods: Vec::with_capacity(objects.len()),
            objects,
            facts,
            awaited,
            has_pods: false,
            has_services: false,
            has_operator: false,
            bundles: Bundles::default(),
            trial: None,
            target: TargetPath::default(),
            platform: OpenShift::default(),
            sources: None,
            own: Objects::new(facts),
            others,
            services: OnceCell::new(),
            acting: Acting::new(objects, facts),
            views: Views::new(objects, facts),
            missing: OnceCell::new(),
            generated: OnceCell::new(),
            in_part: OnceCell::new(),
            kinds: OnceCell::new(),
            loose: OnceCell::new(),
        };
        for (place, object) in objects.iter().enumerate() {
            render.add(place, object);
        }
        render.bind_to_windows();
        render.platform.is_seen |= others.is_some_and(|(_, all)| all.are_of_openshift());
        match facts.platform {
            Some(Platform::Kubernetes) => render.platform = OpenShift::default(),
            Some(Platform::OpenShift) => render.platform.is_told = true,
            None => {}
        }
        render
    }

    /// Tells the pods whose `RuntimeClass` in the render selects nodes of Windows.
    fn bind_to_windows(&self) {
        let is_one = |object: &&Resource| {
            object.kind() == "RuntimeClass"
                && object.gvk().group == "node.k8s.io"
                && selects_windows(below(object.node(), &["scheduling", "nodeSelector"]))
        };
        let classes: BTreeSet<&str> =
            self.objects.iter().filter(is_one).map(Resource::name).collect();
        if classes.is_empty() {
            return;
        }
        let class = |pod: &Pod<'a>| pod.get(&["runtimeClassName"]).and_then(Node::as_text);
        let pods = self.pods.iter().flatten();
        pods.filter(|pod| class(pod).is_some_and(|class| classes.contains(class)))
            .for_each(Pod::bind_to_windows);
    }

    /// The same render, of the target with a path, whose values have their places in these sources.
    pub(super) fn of_target(mut self, target: TargetPath<'a>, sources: &'a Sources) -> Self {
        let is_applied = |trial: &Trial<'_>| {
            // The configuration knows better.
            matches!(trial, Trial::Folder(_))
                && (is_path_of_production(target.named)
                    || self.others.is_some_and(|(_, all)| all.is_for_production(target.path)))
        };
        let trial = Trial::of(target.path, self.facts.trials.as_deref());
        self.trial = trial.filter(|trial| !is_applied(trial));
        self.bundles.is_source = self.facts.trials.is_none() && is_source(target.path);
        self.target = target;
        self.sources = Some(sources);
        self
    }

    /// The reason for which an object is not for production. What a target takes from a folder for production is.
    pub(super) fn trial_of(&self, object: &Resource) -> Option<Trial<'a>> {
        let trial = self.trial?;
        let is_of_production = || {
            let kind = object.node().entries().iter().find(|(key, _)| key.text() == "kind");
            let (source, _) = self.sources?.written(kind?.0.span())?;
            Some(self.target.is_of_production(source.name()))
        };
        match trial {
            Trial::Folder(_) if is_of_production() == Some(true) => None,
            trial => Some(trial),
        }
    }

    /// The pods of the run that run as a `ServiceAccount`.
    pub(super) fn runners(&self, namespace: &str, account: &str) -> Runners {
        let others = self.others.map(|(_, all)| all.runners(namespace, account));
        self.own.runners(namespace, account).and(others.as_ref())
    }

    /// True if others can take over or use a `ServiceAccount` of a controller that applies what repositories hold, as far as the
    /// objects of the run tell.
    pub(super) fn is_taken(&self, namespace: &str, account: &str) -> bool {
        self.others.map_or(&self.own, |(_, all)| all).is_taken(namespace, account)
    }

    /// True if the usual Security Context Constraints restrict a pod of an object, as far as the renders of the run give its
    /// account no others. A render that has the object too is a variant of this one, and decides nothing for it.
    pub(super) fn is_restricted(&self, object: &Resource, pod: &Pod<'_>) -> bool {
        if !(self.platform.is_told || self.platform.is_seen)
            || !self.views.constraints().restrict(object, self.facts, pod)
        {
            return false;
        }
        let Some((own, all)) = self.others else { return true };
        let constraints = all.constraints();
        let renders = constraints.with_others(object, self.facts, pod);
        let mut renders = renders.filter(|one| *one != own);
        let Some(first) = renders.next() else { return true };
        let namesakes = all.named(object.kind(), self.facts.namespace(object), object.name());
        let variants: BTreeSet<usize> = namesakes.map(|known| known.render).collect();
        once(first).chain(renders).all(|render| variants.contains(&render))
    }

    /// True if a namespace enforces the level `restricted`, so that a pod which violates it is refused.
    pub(super) fn enforces_restricted(&self, namespace: &str) -> bool {
        self.named("Namespace", CLUSTER, namespace).is_some_and(|one| {
            one.labels().any(|label| label == ("pod-security.kubernetes.io/enforce", "restricted"))
        })
    }

    /// True if an entry of a kustomization set a value.
    pub(super) fn is_set_by_kustomization(&self, value: &Node) -> bool {
        let place = self.sources.and_then(|sources| sources.locate(value.span()));
        place.is_some_and(|place| {
            let name = place.source.name();
            KUSTOMIZATION_FILES.contains(&name.rsplit('/').next().unwrap_or(name))
        })
    }

    fn add(&mut self, place: usize, object: &'a Resource) {
        let pods = pods(object, self.facts);
        self.has_pods |= !pods.is_empty();
        self.has_services |= is_service(object);
        self.has_operator |=
            object.kind() == "Subscription" && object.gvk().group == "operators.coreos.com";
        self.bundles.add(object);
        self.platform.is_seen |= is_of_openshift(object);
        self.own.add_object(0, place, object, &pods);
        self.pods.push(pods);
    }

    /// The object of a kind with a name in the same render.
    pub(super) fn named(&self, kind: &str, namespace: &str, name: &str) -> Option<&'a Resource> {
        self.own.named(kind, namespace, name).next().map(|known| known.object)
    }

    /// The objects of a kind with a name, in this render and in the others.
    pub(super) fn named_in_any<'b>(
        &'b self,
        kind: &'b str,
        namespace: &'b str,
        name: &'b str,
    ) -> impl Iterator<Item = &'a Resource> + use<'a, 'b> {
        let others =
            self.others.into_iter().flat_map(move |(_, all)| all.named(kind, namespace, name));
        self.own.named(kind, namespace, name).chain(others).map(|known| known.object)
    }

    /// True if the render has an object of a kind in a namespace.
    pub(super) fn has_kind(&self, kind: &str, namespace: &str) -> bool {
        let all = || self.objects.iter().map(|one| (one.kind(), self.facts.namespace(one)));
        self.kinds.get_or_init(|| all().collect()).contains(&(kind, namespace))
    }

    /// True if the `ServiceAccount` of a pod is made outside of this render, as all of its namespace are: the render is a part
    /// of something.
    pub(super) fn is_part_with(&self, namespace: &str, pod: &Pod<'_>) -> bool {
        let name = pod.get(&["serviceAccountName"]).and_then(Node::as_text).unwrap_or("default");
        // An object without a namespace may be applied to any.
        let mut namespaces = [namespace, DEFAULT_NAMESPACE].into_iter();
        let is_here = |namespace| self.named("ServiceAccount", namespace, name).is_some();
        !matches!(name, "" | "default")
            && !self.has_kind("ServiceAccount", namespace)
            && !namespaces.any(is_here)
    }

    /// True if a Service selects a pod as soon as a namespace is set for both: exactly one of them has one now.
    pub(super) fn selects_later(&self, service: &Resource, selector: &Node) -> bool {
        let loose = self.loose.get_or_init(|| {
            let mut loose = Loose::default();
            for (object, pods) in self.objects.iter().zip(&self.pods) {
                let is_loose = object.namespace().is_empty();
                for node in pods.iter().filter_map(Pod::labels) {
                    for label in labels(Some(node)) {
                        loose.with.entry(label).or_default().push(loose.all.len());
                    }
                    loose.all.push((node, is_loose));
                }
            }
            loose
        });
        let is_loose = service.namespace().is_empty();
        let with = |label| loose.with.get(&label).map(|one| vec![one]);
        let with: Option<Vec<Vec<&Posting>>> = labels(Some(selector)).map(with).collect();
        let found = candidates(with.unwrap_or_default(), Vec::new(), loose.all.len());
        let mut found = found.filter_map(|number| loose.all.get(number));
        found.any(|(labels, of_pod)| *of_pod != is_loose && has_all(selector, Some(labels)))
    }

    /// True if an object exists in the render, or is known to exist elsewhere.
    pub(super) fn has(&self, kind: &str, namespace: &str, name: &str, user: &Resource) -> bool {
        self.find(kind, namespace, name, user).is_some()
    }

    /// The place of an object that `user` refers to; `None` if it is not known to exist. Objects of another render count,
    /// unless that renders `user` too: then it is another variant of this render, which is applied in place of it.
    pub(super) fn find(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        user: &Resource,
    ) -> Option<Existing<'a>> {
        if let Some(object) = self.named(kind, namespace, name) {
            return Some(Existing::Here(object));
        }
        // An object without a namespace may be applied to any.
        let is_loose = |object: &Resource| object.namespace().is_empty();
        if self.named(kind, DEFAULT_NAMESPACE, name).is_some_and(is_loose) {
            return Some(Existing::Elsewhere);
        }
        let is_known = !self.own.makers(kind, namespace, name).is_empty()
            || self.facts.is_external(kind, namespace, name)
            || self.others.is_some_and(|(_, all)| {
                let named = all.named(kind, namespace, name).map(|known| known.render);
                let renders = named.chain(all.makers(kind, namespace, name));
                self.is_beside(renders, user)
            });
        is_known.then_some(Existing::Elsewhere)
    }

    /// True if this render, or another one, defines kinds of a group.
    pub(super) fn defines_group(&self, group: &str) -> bool {
        self.own.defines_group(group)
            || self.others.is_some_and(|(_, all)| all.defines_group(group))
    }

    /// The groups of which this render, or another one, defines kinds.
    pub(super) fn defined_groups(&self) -> impl Iterator<Item = &'a str> {
        let others = self.others.into_iter().flat_map(|(_, all)| all.defined_groups());
        self.own.defined_groups().chain(others)
    }

    /// True if a class of the cluster exists here or in another render, or is configured as existing.
    pub(super) fn has_class(&self, kind: &str, name: &str, user: &Resource) -> bool {
        // Custom classes such as `GatewayClass` are not known to be outside of namespaces.
        let scopes = [CLUSTER, DEFAULT_NAMESPACE, self.facts.namespace(user)];
        scopes.iter().any(|scope| self.find(kind, scope, name, user).is_some())
    }

    /// True if one of these renders is another one, and no variant of this one.
    fn is_beside(&self, renders: impl Iterator<Item = usize>, user: &Resource) -> bool {
        let Some((own, all)) = self.others else { return false };
        let namespace = self.facts.namespace(user);
        let is_variant = |render: usize| {
            all.named(user.kind(), namespace, user.name()).any(|known| known.render == render)
        };
        renders.into_iter().any(|render| render != own && !is_variant(render))
    }

    /// True if a pod has all labels of a selector, in this render or in another one.
    pub(super) fn selects_pod(&self, namespace: &str, selector: &Node, user: &Resource) -> bool {
        self.selected(namespace, selector).next().is_some()
            || self.others.is_some_and(|(_, all)| {
                let renders = all.pods(namespace, selector).map(|pod| pod.render);
                self.is_beside(renders, user)
            })
    }

    /// The pods of this render with all labels of a selector, each with the index of its object.
    pub(super) fn selected<'b>(
        &'b self,
        namespace: &'b str,
        selector: &'b Node,
    ) -> impl Iterator<Item = (usize, &'b Pod<'a>)> + use<'a, 'b> {
        self.own.pods(namespace, selector).filter_map(|one| {
            let (place, number) = one.place;
            Some((place, self.pods.get(place)?.get(number)?))
        })
    }

    /// True if custom resources of the same render may have pods with the labels of a selector.
    pub(super) fn may_be_made(&self, namespace: &str, selector: &Node) -> bool {
        self.own.may_be_made(namespace, selector)
    }

    /// The Services with all of some labels, in this render and in the others.
    pub(super) fn services_with<'b>(
        &'b self,
        wanted: &'b Node,
    ) -> impl Iterator<Item = &'a Resource> + use<'a, 'b> {
        let others = self.others.into_iter().flat_map(|(_, all)| all.services(wanted));
        self.own.services(wanted).chain(others).map(|known| known.object)
    }

    /// The objects that are referred to and not known to exist.
    pub(super) fn missing<'b>(
        &'b self,
        kind: &'b str,
        namespace: &'b str,
        name: &'b str,
    ) -> Option<Missing<'b>> {
        self.missing.get_or_init(|| self.find_missing()).get(&(kind, namespace, name)).copied()
    }

    fn find_missing(&self) -> BTreeMap<UsedName<'a>, Missing<'a>> {
        let mut missing: BTreeMap<UsedName<'a>, Missing<'a>> = BTreeMap::new();
        for (object, pods) in self.judged() {
            let namespace = self.facts.namespace(object);
            let mut own = BTreeSet::new();
            uses(object, pods, &mut |one| {
                let is_missing = !one.optional
                    && !has_placeholder(one.name)
                    && !own.contains(&(one.kind, one.name))
                    && self.find(one.kind, namespace, one.name, object).is_none();
                if is_missing {
                    own.insert((one.kind, one.name));
                }
            });
            for (kind, name) in own {
                let new = || Missing { first: object, users: 0, elsewhere: None };
                missing.entry((kind, namespace, name)).or_insert_with(new).users += 1;
            }
        }
        if !missing.is_empty() {
            let mut mentioned = self.words_of_programs();
            mentioned.extend(self.secrets_in_configuration(&missing));
            missing.retain(|(kind, _, name), missing| {
                !mentioned.contains(name) && self.is_lost(kind, name, missing)
            });
        }
        missing
    }

    /// The objects that are judged, with their pods.
    fn judged(&self) -> impl Iterator<Item = (&'a Resource, &Vec<Pod<'a>>)> {
        let is_judged = |object: &Resource| {
            self.awaited.is_none_or(|span| object.ties().awaited_by.contains(&span))
        };
        self.objects.iter().zip(&self.pods).filter(move |(object, _)| is_judged(object))
    }

    /// The number of other objects of the kind of an object whose pods are judged in part for the same reason; `None` if
    /// the object is not the first of them.
    pub(super) fn others_in_part(&self, object: &Resource, why: InPart) -> Option<usize> {
        let found = self.in_part.get_or_init(|| {
            let mut found = BTreeMap::new();
            for (object, pods) in self.judged() {
                for (_, why) in judged_in_part(object, pods) {
                    let kind = (&*object.gvk().group, object.kind(), why);
                    found.entry(kind).or_insert((object, 0)).1 += 1;
                }
            }
            found
        });
        let (first, number) = found.get(&(&*object.gvk().group, object.kind(), why))?;
        (first.id() == object.id()).then(|| number.saturating_sub(1))
    }

    /// True if an object that is not known to exist is to be reported for this render.
    fn is_lost(&self, kind: &str, name: &str, missing: &mut Missing<'a>) -> bool {
        let Some((own, all)) = self.others else { return true };
        if all.is_in_file(kind, name)
            || kind == "ServiceAccount" && self.is_part_of(all, own, name, missing.first)
        {
            return false;
        }
        // What many renders lack and none has is made by other means. It is reported once.
        let Some(lacked) = all.lacked(kind, name).filter(|lacked| lacked.count >= SEVERAL) else {
            return true;
        };
        missing.elsewhere = Some(lacked.count - 1);
        lacked.first == own
    }

    /// True if another render has an account of this name, and this one is a part of something: its workloads are of one
    /// kind, or another render has the user of the account too.
    fn is_part_of(&self, all: &Objects<'a>, own: usize, account: &str, user: &Resource) -> bool {
        let is_elsewhere =
            |kind: &str, name: &str| all.anywhere(kind, name).any(|known| known.render != own);
        let has_one_kind = || {
            let workloads =
                self.objects.iter().zip(&self.pods).filter(|(_, pods)| !pods.is_empty());
            workloads.map(|(object, _)| object).all(|object| object.kind() == user.kind())
        };
        is_elsewhere("ServiceAccount", account)
            && (is_elsewhere(user.kind(), user.name()) || has_one_kind())
    }

    /// The version of an API that Kubernetes serves, in which another render has the same object.
    pub(super) fn newer_elsewhere(&self, object: &Resource) -> Option<String> {
        let (own, all) = self.others?;
        let gvk = object.gvk();
        let namesakes = all.anywhere(object.kind(), object.name()).take(MANY);
        let mut newer =
            namesakes.map(|known| (known.render, known.object.gvk())).filter(|(render, other)| {
                let api = Api::find(&other.group, &other.version, &other.kind);
                *render != own
                    && other.group == gvk.group
                    && other.version != gvk.version
                    && api.is_none_or(|api| api.removed.is_none())
            });
        newer.next().map(|(_, other)| other.api_version().to_string())
    }

    /// True if the render has a pod in a namespace.
    pub(super) fn has_pods_in(&self, namespace: &str) -> bool {
        !self.acting.pods_in(&self.pods, namespace).is_empty()
    }

    /// True if an entry of a kustomization sets the version of an image of an object in another render. One that renders the
    /// object too is a variant of this one, and decides nothing for it.
    pub(super) fn is_versioned_elsewhere(&self, image: &str, user: &Resource) -> bool {
        let Some((own, all)) = self.others else { return false };
        let mut namesakes = all.anywhere(user.kind(), user.name());
        !namesakes.any(|known| known.render != own)
            && all.versioned(&|value| self.is_set_by_kustomization(value)).contains(image)
    }

    /// The names of images whose versions an entry of a kustomization sets in any render of the run.
    pub(super) fn versioned(&self) -> BTreeSet<String> {
        let all = self.others.map(|(_, all)| all);
        let versioned = all.map(|all| all.versioned(&|value| self.is_set_by_kustomization(value)));
        versioned.cloned().unwrap_or_default()
    }

    /// True if another render has an object with a text at a path that is this one with a hash.
    pub(super) fn has_hash_elsewhere(&self, object: &Resource, path: &Path, text: &str) -> bool {
        let Some((own, all)) = self.others else { return false };
        let mut others =
            all.anywhere(object.kind(), object.name()).filter(|known| known.render != own);
        others.any(|known| {
            let there = path.find(known.object.node()).and_then(Node::as_text);
            let hash = there.and_then(|there| there.strip_prefix(text)?.strip_prefix('-'));
            hash.is_some_and(is_hash)
        })
    }

    /// The words of commands, arguments and variables of all containers: a program that gets the name of an object may
    /// make it.
    fn words_of_programs(&self) -> BTreeSet<&'a str> {
        let containers = self.pods.iter().flatten().flat_map(|pod| &pod.containers);
        let texts = containers.flat_map(|container| {
            let lists =
                ["command", "args"].into_iter().flat_map(|key| items(container.node.get(key)));
            let values = items(container.node.get("env")).iter().filter_map(|one| one.get("value"));
            lists.chain(values).filter_map(Node::as_text)
        });
        let words = texts.flat_map(|text| text.split(is_end_of_word));
        words.filter(|word| !word.is_empty()).collect()
    }

    /// The missing Secrets that a ConfigMap mentions: a script or a program with this configuration may make them.
    fn secrets_in_configuration(
        &self,
        missing: &BTreeMap<UsedName<'a>, Missing<'a>>,
    ) -> Vec<&'a str> {
        let secrets = missing.keys().filter(|(kind, ..)| *kind == "Secret");
        let secrets: BTreeSet<&str> = secrets.map(|(_, _, name)| *name).collect();
        if secrets.is_empty() {
            return Vec::new();
        }
        let maps = self.objects.iter().filter(|object| object.kind() == "ConfigMap");
        let data = maps.filter_map(|object| present(object.node(), "data"));
        let texts = data.flat_map(Node::entries).filter_map(|(_, value)| value.as_text());
        let words = texts.flat_map(|text| text.split(is_end_of_word));
        words.filter_map(|word| secrets.get(word).copied()).collect()
    }

    /// The generated objects whose names have a hash.
    pub(super) fn generated(&self) -> &Generated<'a> {
        self.generated.get_or_init(|| self.find_generated())
    }

    fn find_generated(&self) -> Generated<'a> {
        let mut generated = Generated::default();
        for object in self.objects {
            if let Some(name) = without_hash(object) {
                generated.by_name.insert(name, object);
                generated.names.insert(object.name());
            }
        }
        let names = &generated.names;
        if names.is_empty() {
            return generated;
        }
        let own = self.objects.iter().filter(|object| names.contains(object.name()));
        let values: BTreeMap<&str, &str> = own
            .flat_map(|object| {
                let data = object.node().get("data").map(Node::entries).unwrap_or_default();
                let texts = data.iter().filter_map(|(_, value)| value.as_text());
                texts.filter(|text| text.len() >= TELLING).map(|text| (text, object.name()))
            })
            .collect();
        for object in self.objects {
            let own = names.contains(object.name()).then(|| object.name());
            if own.is_none() && !values.is_empty() {
                let texts = object.node().walk().filter_map(Node::as_text);
                generated.copied.extend(texts.filter_map(|text| values.get(text)));
            }
            let parts = object.node().walk().filter_map(Node::as_text).flat_map(|text| {
                text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.')
            });
            let found = parts.filter(|part| Some(*part) != own && names.contains(part));
            generated.mentioned.extend(found);
        }
        generated
    }

    /// True if a Service selects a pod.
    pub(super) fn is_behind_service(&self, namespace: &str, pod: &Pod<'_>) -> bool {
        let services = self.services.get_or_init(|| {
            let of = |object: &'a Resource| {
                let selector = present(service(object)?, "selector")?;
                Some((self.facts.namespace(object), selector, ()))
            };
            Selectors::of_labels(self.objects.iter().filter_map(of))
        });
        !services.is_empty() && services.any(namespace, &Labels::of(pod.labels()))
    }
}

/// True for characters that names of objects do not have.
fn is_end_of_word(c: char) -> bool {
    !c.is_ascii_alphanumeric() && c != '-' && c != '.'
}

/// The length from which on the same value in two objects is no accident.
const TELLING: usize = 6;

/// The greatest number of objects of other renders that one object is compared with.
const MANY: usize = 64;

/// The least number of renders that lack an object for one summary of them.
const SEVERAL: usize = 3;

/// The number of characters of the hash in a name, without the hyphen before it.
const HASH: usize = 10;

/// The name of a generated object without the hash; `None` if it has none. The hash is recognised by its characters, so
/// that renders of kustomize can be checked too.
fn without_hash(object: &Resource) -> Option<&str> {
    let (name, hash) = object.name().rsplit_once('-')?;
    (is_hash(hash) && matches!(object.kind(), "ConfigMap" | "Secret")).then_some(name)
}

/// True for the hash of a generated name.
fn is_hash(text: &str) -> bool {
    text.len() == HASH && text.bytes().all(|byte| b"2456789bcdfghkmt".contains(&byte))
}
