//! The pods that run as each `ServiceAccount`, or get a token of it.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::ptr::from_ref;

use sha2::{Digest, Sha256};

use super::facts::Facts;
use super::pod::{Container, Pod, Shape};
use super::programs::{Role, accompanies, applies, role};
use super::started::{deciding, keeps};
use super::value::{below, items, present, text};
use super::workload::{is_inert, is_of, is_of_chart, is_settled, pods};
use crate::resource::{ImageReference, Resource};
use crate::text::hex;
use crate::yaml::Node;

/// The pods that run as a `ServiceAccount`, or get a token of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Runners {
    /// True if one of them runs something else than a controller that applies what a repository holds.
    pub(super) has_others: bool,
    /// True if one of them is no part of such a controller either.
    pub(super) has_strangers: bool,
    /// A digest of each with its images, without their versions, and what they start, or one of all if there are many.
    pub(super) digests: BTreeSet<String>,
}

/// The greatest number of pods of an account that are told one by one: each binding that gives it a role has all of them.
const MANY: usize = 16;

impl Runners {
    /// True if there is no such pod.
    pub(super) fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    fn add(&mut self, digest: String, part: Part) {
        self.has_others |= part != Part::Applier;
        self.has_strangers |= part == Part::None;
        self.digests.insert(digest);
    }

    /// These pods and others.
    pub(super) fn and(mut self, others: Option<&Self>) -> Self {
        if let Some(others) = others {
            self.has_others |= others.has_others;
            self.has_strangers |= others.has_strangers;
            self.digests.extend(others.digests.iter().cloned());
        }
        self
    }

    fn bounded(mut self) -> Self {
        if self.digests.len() > MANY {
            let mut all = Sha256::new();
            self.digests.iter().for_each(|one| all.update(one));
            self.digests = BTreeSet::from([hex(&all.finalize())]);
        }
        self
    }
}

/// The pods by the name of their account, or of another object that they use, and by its namespace.
#[derive(Default)]
struct ByName {
    by_namespace: BTreeMap<(String, String), Runners>,
    anywhere: BTreeMap<String, Runners>,
}

/// The part of a controller that applies what a repository holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Applier,
    Companion,
    None,
}

impl Part {
    /// The part that some containers are together.
    fn of(containers: &[Container<'_>]) -> Self {
        match containers {
            [] => Self::None,
            all if all.iter().all(applies) => Self::Applier,
            all if all.iter().all(accompanies) => Self::Companion,
            _ => Self::None,
        }
    }
}

impl ByName {
    /// Adds a pod of an object, or what runs for it without one that is known.
    fn add(&mut self, object: &Resource, name: &str, pod: Option<&Pod<'_>>) {
        let containers = pod.map(|pod| &pod.containers[..]).unwrap_or_default();
        let is_whole = pod.is_some_and(|pod| pod.shape != Shape::Part);
        let part = if is_whole { Part::of(containers) } else { Part::None };
        self.add_in(object.namespace(), name, digest(object, containers), part);
    }

    /// Adds what runs for an object as an account of a namespace.
    fn add_in(&mut self, namespace: &str, name: &str, digest: String, part: Part) {
        let of = self.by_namespace.entry((namespace.to_owned(), name.to_owned())).or_default();
        of.add(digest.clone(), part);
        self.anywhere.entry(name.to_owned()).or_default().add(digest, part);
    }

    /// Those with a name. A pod without a namespace may be applied to any, and what names something without one means that
    /// of any.
    fn with(&self, namespace: &str, name: &str) -> Runners {
        if namespace.is_empty() {
            return self.anywhere.get(name).cloned().unwrap_or_default();
        }
        let known = |of: &str| self.by_namespace.get(&(of.to_owned(), name.to_owned()));
        Runners::default().and(known(namespace)).and(known(""))
    }

    fn bound(&mut self) {
        let bound = |all: &mut Runners| *all = mem::take(all).bounded();
        self.by_namespace.values_mut().for_each(bound);
        self.anywhere.values_mut().for_each(bound);
    }
}

/// The pods by their accounts: those that run as them, and those that get their tokens.
pub(super) struct Accounts(ByName);

impl Accounts {
    /// The accounts of the pods of objects. Linear in their size.
    pub(super) fn of<'a>(
        objects: impl Iterator<Item = &'a Resource> + Clone,
        facts: &Facts,
    ) -> Self {
        let (mut found, mut readers) = (ByName::default(), ByName::default());
        let tokens: BTreeSet<Token<'_>> = objects.clone().filter_map(Token::of).collect();
        let names: BTreeSet<&str> = tokens.iter().map(|token| token.secret).collect();
        for object in objects {
            let pods = pods(object, facts);
            let of_run = of_run(object);
            for pod in &pods {
                found.add(object, of_run.unwrap_or_else(|| pod.account()), Some(pod));
            }
            for (namespace, account) in named(object, &pods) {
                let namespace = namespace.unwrap_or(object.namespace());
                found.add_in(namespace, account, digest(object, &[]), Part::None);
            }
            for account in of_instance(object) {
                found.add(object, &account, None);
            }
            for secret in secrets(object, &names) {
                pods.iter().for_each(|pod| readers.add(object, secret, Some(pod)));
                if pods.is_empty() {
                    readers.add(object, secret, None);
                }
            }
        }
        found.bound();
        readers.bound();
        for Token { namespace, secret, account } in tokens {
            let of_token = readers.with(namespace, secret);
            let of = (namespace.to_owned(), account.to_owned());
            for all in [
                found.by_namespace.entry(of).or_default(),
                found.anywhere.entry(account.to_owned()).or_default(),
            ] {
                *all = mem::take(all).and(Some(&of_token)).bounded();
            }
        }
        Self(found)
    }

    /// The pods that run as an account, or get a token of it.
    pub(super) fn runners(&self, namespace: &str, account: &str) -> Runners {
        self.0.with(namespace, account)
    }
}

/// The account of the pods that a run of Tekton makes, whose steps may be elsewhere.
fn of_run(object: &Resource) -> Option<&str> {
    let spec = below(object.node(), &["spec"]).filter(|_| object.gvk().group == "tekton.dev")?;
    let of_template = || text(spec.get("taskRunTemplate")?, "serviceAccountName");
    let account = text(spec, "serviceAccountName").or_else(of_template)?;
    Some(account).filter(|account| !account.is_empty())
}

/// A Secret with a token of a `ServiceAccount`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Token<'a> {
    namespace: &'a str,
    secret: &'a str,
    account: &'a str,
}

/// The annotation by which such a Secret names the account.
const OF_TOKENS: &str = "kubernetes.io/service-account.name";

impl<'a> Token<'a> {
    /// The token in a Secret, or in one that is made from an object.
    fn of(object: &'a Resource) -> Option<Self> {
        let node = object.node();
        let own = object.name();
        let (made, secret) = match (&*object.gvk().group, object.kind()) {
            ("", "Secret") => (node, own),
            ("bitnami.com", "SealedSecret") => (below(node, &["spec", "template"])?, own),
            ("external-secrets.io", "ExternalSecret") => {
                let target = below(node, &["spec", "target"])?;
                (present(target, "template")?, text(target, "name").unwrap_or(own))
            }
            ("external-secrets.io", "ClusterExternalSecret") => {
                let spec = below(node, &["spec"])?;
                let target = below(spec, &["externalSecretSpec", "target"])?;
                let name = text(target, "name").or_else(|| text(spec, "externalSecretName"));
                (present(target, "template")?, name.unwrap_or(own))
            }
            _ => return None,
        };
        if text(made, "type") != Some("kubernetes.io/service-account-token") {
            return None;
        }
        let account = text(below(made, &["metadata", "annotations"])?, OF_TOKENS)?;
        Some(Self { namespace: object.namespace(), secret, account })
    }
}

/// The Secrets with some names that an object reads or mounts: it names them in a field of Secrets. Linear in the object.
fn secrets<'n>(object: &Resource, names: &BTreeSet<&'n str>) -> BTreeSet<&'n str> {
    let mut found = BTreeSet::new();
    let is_holder = matches!(object.kind(), "Secret" | "ServiceAccount");
    if names.is_empty() || is_holder {
        return found;
    }
    let mut pending = vec![(object.node(), false)];
    while let Some((node, is_of_secret)) = pending.pop() {
        if is_of_secret && let Some(name) = node.as_text() {
            found.extend(names.get(name));
        }
        pending.extend(node.items().iter().map(|item| (item, is_of_secret)));
        for (key, value) in node.entries() {
            let key = key.text();
            if !is_inert(key) && key != "imagePullSecrets" {
                pending.push((value, is_of_secret || key.contains("ecret") || is_credentials(key)));
            }
        }
    }
    found
}

/// True for another field that selects a key of a Secret, such as in a `ServiceMonitor`.
fn is_credentials(key: &str) -> bool {
    key == "credentials" || key == "tokenRef"
}

/// The accounts that the operator of Argo CD makes for an instance, if it runs something else as them than its own images.
fn of_instance(object: &Resource) -> Vec<String> {
    if object.gvk().group != "argoproj.io" || object.kind() != "ArgoCD" {
        return Vec::new();
    }
    let Some(spec) = present(object.node(), "spec") else { return Vec::new() };
    let is_other = |image: &str| role(image) != Some(Role::Applier);
    let has_image = text(spec, "image").is_some_and(|image| !image.is_empty() && is_other(image));
    let names = [("controller", "application"), ("server", "server")].into_iter();
    let changed = names.filter(|(part, _)| {
        let part = present(spec, part);
        let has = |key: &str| part.is_some_and(|part| !items(part.get(key)).is_empty());
        has_image
            || has("sidecarContainers")
            || has("initContainers")
            || part.is_some_and(|part| !keeps(part))
    });
    let name = object.name();
    let account = |part: &str| match part {
        "application" => format!("{name}-argocd-application-controller"),
        _ => format!("{name}-argocd-{part}"),
    };
    changed.map(|(_, part)| account(part)).collect()
}

/// Groups and kinds (`*` for all) of objects that name accounts whose rights they use, limit or describe, and run no pods as
/// them.
const WITHOUT_PODS: &[(&str, &str)] = &[
    ("argoproj.io", "AppProject"),
    ("cilium.io", "*"),
    ("crd.projectcalico.org", "*"),
    ("eks.aws.crossplane.io", "PodIdentityAssociation"),
    ("eks.aws.m.upbound.io", "PodIdentityAssociation"),
    ("eks.aws.upbound.io", "PodIdentityAssociation"),
    ("eks.services.k8s.aws", "PodIdentityAssociation"),
    ("flowcontrol.apiserver.k8s.io", "*"),
    ("iam.cnrm.cloud.google.com", "*"),
    ("operators.coreos.com", "ClusterServiceVersion"),
    ("projectcalico.org", "*"),
    ("security.istio.io", "*"),
    ("security.openshift.io", "*"),
    ("spire.spiffe.io", "*"),
];

/// True for an object that names accounts for another purpose than to run pods as them. Flux applies as the account that its
/// objects name.
pub(super) fn only_tells(object: &Resource) -> bool {
    let (group, kind) = (&*object.gvk().group, object.kind());
    is_settled(object) || group.ends_with(".fluxcd.io") || is_of(WITHOUT_PODS, group, kind)
}

/// An account by its namespace, if that is told, and its name.
type Named<'a> = (Option<&'a str>, &'a str);

/// The accounts that an object names outside of its known pods, for pods that its controller makes: those of a Workflow whose
/// templates are elsewhere, or of a Prometheus. A namespace beside the name, or before it, may be that of the account.
/// Linear in the object.
fn named<'a>(object: &'a Resource, pods: &[Pod<'a>]) -> BTreeSet<Named<'a>> {
    let mut found = BTreeSet::new();
    if only_tells(object) || is_of_chart(object) {
        return found;
    }
    let (group, kind) = (&*object.gvk().group, object.kind());
    if group == "postgresql.cnpg.io" && matches!(kind, "Cluster" | "Pooler") {
        // Its operator makes it.
        found.insert((None, object.name()));
    }
    let known: BTreeSet<*const Node> = pods.iter().map(|pod| from_ref(pod.spec)).collect();
    let mut pending = vec![object.node()];
    while let Some(node) = pending.pop() {
        if !known.contains(&from_ref(node)) {
            let beside = text(node, "namespace");
            accounts(node, &mut |namespace, name| {
                found.insert((None, name));
                found.extend(namespace.or(beside).map(|of| (Some(of), name)));
            });
        }
        pending.extend(node.items());
        let values = node.entries().iter().filter(|(key, _)| !is_inert(key.text()));
        pending.extend(values.map(|(_, value)| value));
    }
    found
}

/// Calls `found` for each account that fields of a mapping name, with its namespace if that is told there: by a value, by the name
/// of what it refers to or makes, in a list of these, or as the value of a parameter.
fn accounts<'a>(node: &'a Node, found: &mut dyn FnMut(Option<&'a str>, &'a str)) {
    let mut add = |value: &'a Node| {
        let made = || text(present(value, "metadata")?, "name");
        match value.as_text() {
            Some(name) => {
                let name = name.strip_prefix("system:serviceaccount:").unwrap_or(name);
                let (namespace, name) = match name.split_once(['/', ':']) {
                    Some((namespace, name)) => (Some(namespace), name),
                    None => (None, name),
                };
                if !name.is_empty() {
                    found(namespace, name);
                }
            }
            None => {
                if let Some(name) = text(value, "name").or_else(made) {
                    found(text(value, "namespace"), name);
                }
            }
        }
    };
    for (_, value) in node.entries().iter().filter(|(key, _)| is_of_account(key.text())) {
        add(value);
        value.items().iter().for_each(&mut add);
    }
    let mut named = ["name", "key"].iter().filter_map(|key| text(node, key));
    if let Some(value) = node.get("value").filter(|_| named.any(is_of_account)) {
        add(value);
    }
}

/// The word in the names of fields for accounts, without its first letter.
const ACCOUNT: &[u8] = b"erviceaccount";

/// True for the name of a field for an account, or for what one is made of: `serviceAccountName`, `worker_service_account`.
pub(super) fn is_of_account(key: &str) -> bool {
    let key = key.as_bytes();
    if key.len() < ACCOUNT.len() {
        return matches!(key, b"sa" | b"saName");
    }
    let letters = |start: &[u8]| {
        let mut own = start.iter().filter(|one| !matches!(one, b'-' | b'_'));
        ACCOUNT.iter().all(|one| own.next().is_some_and(|own| own.eq_ignore_ascii_case(one)))
    };
    let mut starts = key.windows(ACCOUNT.len()).enumerate();
    starts.any(|(at, start)| matches!(start.first(), Some(b'e' | b'E')) && letters(&key[at..]))
}

fn digest(object: &Resource, containers: &[Container<'_>]) -> String {
    let (group, namespace) = (&*object.gvk().group, object.namespace());
    let name = &object.original_id().name;
    let mut images: Vec<&str> =
        containers.iter().map(|one| ImageReference::new(one.image()).name).collect();
    images.sort_unstable();
    let parts = [group, object.kind(), namespace, name].into_iter().chain(images);
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    // What the containers start, in any order.
    let mut started: Vec<String> = containers
        .iter()
        .map(|container| {
            let mut all = Sha256::new();
            deciding(container, |part| {
                all.update(part);
                all.update([0]);
            });
            hex(&all.finalize())
        })
        .collect();
    started.sort_unstable();
    started.iter().for_each(|one| digest.update(one));
    hex(&digest.finalize())
}
