//! The objects of one or several renders, with indices for references between them. Building the indices is linear.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::OnceLock;

use super::accounts::{Accounts, Runners};
use super::constraints::Constraints;
use super::facts::Facts;
use super::groups::is_custom;
use super::mentions::Mentions;
use super::platform::is_of_openshift;
use super::pod::Pod;
use super::postings::{Posting, candidates};
use super::producers::{Producer, built_in, images};
use super::selector::{has_all, labels};
use super::takeovers::Takeovers;
use super::uses::{has_placeholder, uses};
use super::value::{below, present, text};
use super::workload::pods;
use crate::resource::{ImageReference, ResMap, Resource};
use crate::text::wildcard::fits;
use crate::yaml::Node;

/// A label: its key and its value.
pub(super) type Label<'a> = (&'a str, &'a str);

/// The objects of one render, or of several, with indices.
pub struct Objects<'a> {
    facts: &'a Facts,
    all: Vec<Known<'a>>,
    labelled: Vec<Labelled<'a>>,
    /// By kind, namespace and name: indices of `all`.
    by_name: BTreeMap<(&'a str, &'a str, &'a str), Vec<usize>>,
    /// Names that controllers give, by kind; those with an exact name in a set.
    made: BTreeMap<&'a str, Made>,
    producers: BTreeMap<&'a str, Vec<&'a Producer>>,
    /// The pods, by namespace and each of their labels: indices of `labelled`.
    pods: BTreeMap<(&'a str, Label<'a>), Posting>,
    /// The Services, by each of their own labels: indices of `all`.
    services: BTreeMap<Label<'a>, Posting>,
    /// The names of custom resources, by namespace, and their groups.
    custom: BTreeSet<(&'a str, &'a str)>,
    groups: BTreeSet<&'a str>,
    /// The groups of the kinds that the objects define.
    defined: BTreeSet<&'a str>,
    /// Of several renders: by kind and name, in any namespace, indices of `all`.
    anywhere: BTreeMap<KindAndName<'a>, Vec<usize>>,
    /// Of several renders: by kind and name, the renders with an object that refers to it, and the namespaces of those.
    wanted: BTreeMap<KindAndName<'a>, BTreeSet<(usize, &'a str)>>,
    /// By kind and name, with a tab between them.
    lacked: OnceLock<BTreeMap<String, Lacked>>,
    /// Of several renders: their number, and that of those with an object that only `OpenShift` accepts.
    renders: usize,
    of_openshift: usize,
    defines: Option<&'a Defines<'a>>,
    for_production: Option<&'a IsForProduction<'a>>,
    /// The names of images whose values an entry of a kustomization sets.
    versioned: OnceLock<BTreeSet<String>>,
    /// The pods by their accounts.
    accounts: OnceLock<Accounts>,
    takeovers: OnceLock<Takeovers>,
    mentions: OnceLock<Mentions>,
    constraints: OnceLock<Constraints>,
}

type KindAndName<'a> = (&'a str, &'a str);

/// True if a file that no render has read defines an object of a kind with a name.
pub type Defines<'a> = dyn Fn(&str, &str) -> bool + Sync + 'a;

/// True if the path of a target in its repository is one that objects for production name.
pub type IsForProduction<'a> = dyn Fn(&str) -> bool + Sync + 'a;

/// A name that renders refer to, and that none of them has.
#[derive(Clone, Copy)]
pub(super) struct Lacked {
    /// The number of the first render that refers to it.
    pub(super) first: usize,
    /// The number of renders that refer to it.
    pub(super) count: usize,
}

/// An object, and the number of its render.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The number of its render.
    pub(super) render: usize,
    /// The object.
    pub(super) object: &'a Resource,
}

/// The labels of a pod.
#[derive(Clone, Copy)]
pub(super) struct Labelled<'a> {
    /// The number of its render.
    pub(super) render: usize,
    /// The index of its object, and its own index among the pods of that.
    pub(super) place: (usize, usize),
    /// The labels.
    pub(super) labels: &'a Node,
}

/// Names that controllers give to objects of a kind.
#[derive(Default)]
struct Made {
    /// By namespace (`*` for any) and name, with a tab between them: the number of the render.
    exact: BTreeMap<String, usize>,
    /// By namespace (`*` for any): patterns, with the number of the render.
    patterns: BTreeMap<String, Vec<(String, usize)>>,
}

impl<'a> Objects<'a> {
    /// Indices without an object.
    #[must_use]
    pub fn new(facts: &'a Facts) -> Self {
        let mut producers = BTreeMap::<&str, Vec<&Producer>>::new();
        for one in built_in().iter().chain(&facts.producers) {
            producers.entry(&one.kind).or_default().push(one);
        }
        let mut objects = Self {
            facts,
            all: Vec::new(),
            labelled: Vec::new(),
            by_name: BTreeMap::new(),
            made: BTreeMap::new(),
            producers,
            pods: BTreeMap::new(),
            services: BTreeMap::new(),
            custom: BTreeSet::new(),
            groups: BTreeSet::new(),
            defined: BTreeSet::new(),
            anywhere: BTreeMap::new(),
            wanted: BTreeMap::new(),
            lacked: OnceLock::new(),
            renders: 0,
            of_openshift: 0,
            defines: None,
            for_production: None,
            versioned: OnceLock::new(),
            accounts: OnceLock::new(),
            takeovers: OnceLock::new(),
            mentions: OnceLock::new(),
            constraints: OnceLock::new(),
        };
        for one in built_in().iter().chain(&facts.producers).filter(|one| one.is_everywhere()) {
            objects.make(&one.makes, "*", &one.name, usize::MAX);
        }
        objects
    }

    /// Sets the test for objects in files that no render reads: something else applies those.
    pub fn set_defines(&mut self, defines: &'a Defines<'a>) {
        self.defines = Some(defines);
    }

    /// Sets the test for targets that Argo CD or Flux apply for production.
    pub fn set_for_production(&mut self, is_one: &'a IsForProduction<'a>) {
        self.for_production = Some(is_one);
    }

    /// True if Argo CD or Flux apply the target with a path for production.
    pub(super) fn is_for_production(&self, target: &str) -> bool {
        self.for_production.is_some_and(|is_one| is_one(target))
    }

    /// Adds the objects of a render.
    pub fn add(&mut self, render: usize, resources: &'a ResMap) {
        self.renders += 1;
        self.of_openshift += usize::from(resources.iter().any(is_of_openshift));
        for (place, object) in resources.iter().enumerate() {
            let pods = pods(object, self.facts);
            let known = self.all.len();
            self.anywhere.entry((object.kind(), object.name())).or_default().push(known);
            let namespace = self.facts.namespace(object);
            uses(object, &pods, &mut |one| {
                if !one.optional && !has_placeholder(one.name) {
                    let name = (one.kind, one.name);
                    self.wanted.entry(name).or_default().insert((render, namespace));
                }
            });
            self.add_object(render, place, object, &pods);
        }
    }

    /// True if a third of several renders, and at least three of them, have objects that only `OpenShift` accepts.
    pub(super) const fn are_of_openshift(&self) -> bool {
        self.of_openshift >= 3 && self.of_openshift.saturating_mul(3) >= self.renders
    }

    /// The objects of a kind with a name, in any namespace, of several renders.
    pub(super) fn anywhere<'b>(
        &'b self,
        kind: &'b str,
        name: &'b str,
    ) -> impl Iterator<Item = Known<'a>> + use<'a, 'b> {
        let found = self.anywhere.get(&(kind, name)).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|number| self.all.get(*number).copied())
    }

    /// The names of the images of all pods whose values are entries of a kustomization, as `is_entry` says. Computed once.
    pub(super) fn versioned(&self, is_entry: &dyn Fn(&Node) -> bool) -> &BTreeSet<String> {
        self.versioned.get_or_init(|| {
            let pods = self.all.iter().flat_map(|known| pods(known.object, self.facts));
            let containers = pods.flat_map(|pod| pod.containers);
            let images = containers.filter_map(|one| one.node.get("image"));
            let entries = images.filter(|image| is_entry(image)).filter_map(Node::as_text);
            entries.map(|image| ImageReference::new(image).name.to_owned()).collect()
        })
    }

    /// The pods that run as a `ServiceAccount`. All pods are looked at once.
    pub(super) fn runners(&self, namespace: &str, account: &str) -> Runners {
        self.accounts().runners(namespace, account)
    }

    fn accounts(&self) -> &Accounts {
        let objects = self.all.iter().map(|known| known.object);
        self.accounts.get_or_init(|| Accounts::of(objects, self.facts))
    }

    /// True if others can take over a `ServiceAccount` of a controller that applies what repositories hold, or use it: by rights, or
    /// as something names it that is no pod. All objects are looked at once.
    pub(super) fn is_taken(&self, namespace: &str, account: &str) -> bool {
        let objects = || self.all.iter().map(|known| known.object);
        let takeovers = || Takeovers::of(objects(), self.accounts());
        self.takeovers.get_or_init(takeovers).take(namespace, account)
            || self.mentions.get_or_init(|| Mentions::of(objects())).has(account)
    }

    /// The Security Context Constraints of all renders, which are looked at once.
    pub(super) fn constraints(&self) -> &Constraints {
        let all = || self.all.iter().map(|known| (known.render, known.object));
        self.constraints.get_or_init(|| Constraints::new(all(), self.facts))
    }

    /// True if a file that no render reads defines an object.
    pub(super) fn is_in_file(&self, kind: &str, name: &str) -> bool {
        self.defines.is_some_and(|defines| defines(kind, name))
    }

    /// The renders that refer to an object; `None` if one of them has it in some namespace.
    pub(super) fn lacked(&self, kind: &str, name: &str) -> Option<Lacked> {
        let lacked = self.lacked.get_or_init(|| self.find_lacked());
        lacked.get(&format!("{kind}\t{name}")).copied()
    }

    fn find_lacked(&self) -> BTreeMap<String, Lacked> {
        let lacked = |(&(kind, name), users): (&KindAndName<'a>, &BTreeSet<(usize, &str)>)| {
            let is_known = |(_, namespace): &(usize, &str)| {
                self.facts.is_external(kind, namespace, name)
                    || !self.makers(kind, namespace, name).is_empty()
            };
            if self.anywhere.contains_key(&(kind, name)) || users.iter().any(is_known) {
                return None;
            }
            let renders: BTreeSet<usize> = users.iter().map(|(render, _)| *render).collect();
            let lacked = Lacked { first: *renders.first()?, count: renders.len() };
            Some((format!("{kind}\t{name}"), lacked))
        };
        self.wanted.iter().filter_map(lacked).collect()
    }

    /// Adds an object with its pods.
    pub(super) fn add_object(
        &mut self,
        render: usize,
        place: usize,
        object: &'a Resource,
        pods: &[Pod<'a>],
    ) {
        let facts = self.facts;
        let namespace = facts.namespace(object);
        let known = Known { render, object };
        let number = self.all.len();
        self.all.push(known);
        self.by_name.entry((object.kind(), namespace, object.name())).or_default().push(number);
        let group = &*object.gvk().group;
        if is_custom(group) && !makes_no_pods(object.kind()) {
            self.custom.insert((namespace, object.name()));
            self.groups.insert(group);
        }
        if object.kind() == "CustomResourceDefinition" {
            let spec = present(object.node(), "spec");
            self.defined.extend(spec.and_then(|spec| text(spec, "group")));
        }
        self.add_made(render, object, namespace);
        if is_service(object) {
            for label in object.labels() {
                self.services.entry(label).or_default().push(number);
            }
        }
        for (number, pod) in pods.iter().enumerate() {
            let Some(node) = pod.labels() else { continue };
            for label in labels(Some(node)) {
                self.pods.entry((namespace, label)).or_default().push(self.labelled.len());
            }
            self.labelled.push(Labelled { render, place: (place, number), labels: node });
        }
    }

    fn add_made(&mut self, render: usize, object: &'a Resource, namespace: &'a str) {
        let producers = mem::take(&mut self.producers);
        let images = LazyCell::new(|| images(object));
        for producer in
            [object.kind(), "*"].iter().filter_map(|kind| producers.get(*kind)).flatten()
        {
            for (of, name) in producer.names(object, || images.as_slice()) {
                // An object without a namespace may be applied to any.
                let own = if object.namespace().is_empty() { "*" } else { namespace };
                self.make(&producer.makes, of.as_deref().unwrap_or(own), &name, render);
            }
        }
        self.producers = producers;
    }

    fn make(&mut self, kind: &'a str, namespace: &str, name: &str, render: usize) {
        let made = self.made.entry(kind).or_default();
        if name.contains('*') {
            let patterns = made.patterns.entry(namespace.to_owned()).or_default();
            patterns.push((name.to_owned(), render));
        } else {
            made.exact.insert(format!("{namespace}\t{name}"), render);
        }
    }

    /// The objects of a kind with a name, in a namespace.
    pub(super) fn named<'b>(
        &'b self,
        kind: &'b str,
        namespace: &'b str,
        name: &'b str,
    ) -> impl Iterator<Item = Known<'a>> + use<'a, 'b> {
        let found = self.by_name.get(&(kind, namespace, name)).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|number| self.all.get(*number).copied())
    }

    /// The renders in which a controller makes an object.
    pub(super) fn makers(&self, kind: &str, namespace: &str, name: &str) -> Vec<usize> {
        let Some(made) = self.made.get(kind) else { return Vec::new() };
        let mut found = Vec::new();
        for namespace in [namespace, "*"] {
            found.extend(made.exact.get(&format!("{namespace}\t{name}")));
            let patterns = made.patterns.get(namespace).map_or(&[][..], Vec::as_slice);
            let fitting = patterns.iter().filter(|(pattern, _)| fits(pattern, name));
            found.extend(fitting.map(|(_, render)| render));
        }
        found
    }

    /// The pods that have all labels of a selector, as [`candidates`] finds them. None for an empty selector.
    pub(super) fn pods<'b>(
        &'b self,
        namespace: &'b str,
        selector: &'b Node,
    ) -> impl Iterator<Item = Labelled<'a>> + use<'a, 'b> {
        let with = |label| self.pods.get(&(namespace, label)).map(|one| vec![one]);
        let with: Option<Vec<Vec<&Posting>>> = labels(Some(selector)).map(with).collect();
        let found = candidates(with.unwrap_or_default(), Vec::new(), self.labelled.len());
        let found = found.filter_map(|number| self.labelled.get(number).copied());
        found.filter(move |one| has_all(selector, Some(one.labels)))
    }

    /// The Services with all labels of a mapping, as [`candidates`] finds them. None for an empty mapping.
    pub(super) fn services<'b>(
        &'b self,
        wanted: &'b Node,
    ) -> impl Iterator<Item = Known<'a>> + use<'a, 'b> {
        let with = |label| self.services.get(&label).map(|one| vec![one]);
        let with: Option<Vec<Vec<&Posting>>> = labels(Some(wanted)).map(with).collect();
        let found = candidates(with.unwrap_or_default(), Vec::new(), self.all.len());
        let found = found.filter_map(|number| self.all.get(number).copied());
        found.filter(move |one| {
            let own = below(one.object.node(), &["metadata", "labels"]);
            has_all(wanted, own)
        })
    }

    /// True if a `CustomResourceDefinition` defines a kind of a group.
    pub(super) fn defines_group(&self, group: &str) -> bool {
        self.defined.contains(group)
    }

    /// The groups of which `CustomResourceDefinitions` define kinds.
    pub(super) fn defined_groups(&self) -> impl Iterator<Item = &'a str> {
        self.defined.iter().copied()
    }

    /// True if a selector names pods of a custom resource: a value is the name of one, or the domain of a key is that of
    /// a group, or the value of a common label begins with the name of the program of a group (`tekton-chains`).
    pub(super) fn may_be_made(&self, namespace: &str, selector: &Node) -> bool {
        labels(Some(selector)).any(|(key, value)| {
            self.custom.contains(&(namespace, value))
                || key.split_once('/').is_some_and(|(domain, _)| self.has_group_of(domain))
                || key.starts_with("app.kubernetes.io/") && self.has_group_named(value)
        })
    }

    /// True if the domain of a group (`tekton` of `operator.tekton.dev`) is the text, or its beginning before a hyphen.
    fn has_group_named(&self, text: &str) -> bool {
        let is_own = |group: &&str| {
            let name = group.rsplit('.').nth(1).unwrap_or_default();
            let rest = text.strip_prefix(name).filter(|_| !matches!(name, "" | "k8s" | "x-k8s"));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.groups.iter().any(is_own)
    }

    fn has_group_of(&self, domain: &str) -> bool {
        !domain.ends_with("kubernetes.io")
            && self.groups.iter().any(|group| group.ends_with(domain) || domain.ends_with(group))
    }
}

/// True for well-known kinds of custom resources for which no pods are made.
fn makes_no_pods(kind: &str) -> bool {
    const KINDS: &str = "AppProject Application ApplicationSet AuthorizationPolicy BackendPolicy BackendTLSPolicy Bundle \
        Certificate CiliumNetworkPolicy ClusterIssuer ClusterPolicy ClusterSecretStore ConfigMap ConsoleLink \
        CustomResourceDefinition DestinationRule EnvoyFilter ExternalSecret GRPCRoute GitRepository Gateway \
        GrafanaDashboard GrafanaDatasource HTTPProxy HTTPRoute HealthCheckPolicy HelmRepository ImagePolicy \
        ImageRepository ImageStream IngressRoute Issuer Kustomization Middleware OCIRepository PeerAuthentication \
        PodMonitor Policy Probe Project PrometheusRule ReferenceGrant RequestAuthentication Role RoleBinding Route \
        ScaledObject SealedSecret SecretProviderClass SecretStore SecurityContextConstraints ServiceEntry \
        ServiceMonitor Sidecar TargetGroupBinding VPA VerticalPodAutoscaler VirtualService VaultStaticSecret";
    KINDS.split_ascii_whitespace().any(|one| one == kind)
}

/// True for a Service of the core group.
pub(super) fn is_service(object: &Resource) -> bool {
    object.kind() == "Service" && object.gvk().group.is_empty()
}

/// The specification of a Service of the core group.
pub(super) fn service(object: &Resource) -> Option<&Node> {
    is_service(object).then(|| present(object.node(), "spec")).flatten()
}
