//! The objects that are asked for.

use super::{History, Trace};
use crate::error::nearest;
use crate::resource::{ResId, Resource};
use crate::text::wildcard;

/// Objects by kind, name and namespace, as `kubectl` takes them: `Deployment/web`, `deploy/web`, `deployment.apps/web`, `deploy`.
#[derive(Clone, Debug, Default)]
pub struct ObjectQuery {
    /// The text that was asked for.
    text: String,
    /// The kind in lower case; empty for every kind.
    kind: String,
    /// The group; `None` for every group.
    group: Option<String>,
    /// The name, in which `*` is any text; `None` for every name.
    name: Option<String>,
    /// The namespace; `None` for every namespace.
    namespace: Option<String>,
}

/// An object that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct FoundObject<'t> {
    /// Its states.
    pub history: &'t History,
    /// True if it is in the output.
    pub is_rendered: bool,
}

/// The short names of kinds that `kubectl` knows (`kubectl api-resources`), as one text: each pointer in a table costs the start
/// of every command a relocation.
const SHORT: &str = "\
    cj=cronjob cm=configmap crd=customresourcedefinition deploy=deployment ds=daemonset ep=endpoints \
    hpa=horizontalpodautoscaler ing=ingress netpol=networkpolicy ns=namespace pc=priorityclass \
    pdb=poddisruptionbudget po=pod pv=persistentvolume pvc=persistentvolumeclaim quota=resourcequota \
    rs=replicaset sa=serviceaccount sc=storageclass sts=statefulset svc=service";

impl ObjectQuery {
    /// Reads `KIND`, `KIND/NAME` or `KIND.GROUP/NAME`. `*` stands for any text in a name, and alone for every kind.
    ///
    /// ```
    /// use krender::trace::ObjectQuery;
    ///
    /// let query = ObjectQuery::new("deploy/web-*", Some("prod"));
    /// assert_eq!(query.to_string(), "deploy/web-*");
    /// ```
    #[must_use]
    pub fn new(text: &str, namespace: Option<&str>) -> Self {
        let (kind, name) = match text.split_once('/') {
            Some((kind, name)) => (kind, Some(name.to_owned())),
            None => (text, None),
        };
        let (kind, group) = match kind.split_once('.') {
            Some((kind, group)) => (kind, Some(without_version(group).to_owned())),
            None => (kind, None),
        };
        let kind = kind.to_ascii_lowercase();
        let short = short_names().find(|(short, _)| *short == kind);
        let short = short.map(|(_, long)| long.to_owned());
        let kind = short.unwrap_or(kind);
        let kind = if kind == "*" { String::new() } else { kind };
        Self { text: text.to_owned(), kind, group, name, namespace: namespace.map(str::to_owned) }
    }

    /// True if an object with this id is asked for.
    #[must_use]
    pub fn fits(&self, id: &ResId) -> bool {
        let name = self.name.as_deref().is_none_or(|name| wildcard::fits(name, &id.name));
        self.fits_kind(id) && name
    }

    /// True if kind, group and namespace of an id are asked for.
    #[must_use]
    pub fn fits_kind(&self, id: &ResId) -> bool {
        let kind = id.gvk.kind.to_ascii_lowercase();
        let is_plural = || {
            let stem = self.kind.strip_suffix("es").filter(|stem| *stem == kind);
            let ies = self.kind.strip_suffix("ies").is_some_and(|stem| format!("{stem}y") == kind);
            stem.is_some() || ies || self.kind.strip_suffix('s') == Some(&kind)
        };
        let is_kind = self.kind.is_empty() || self.kind == kind || is_plural();
        let group = self.group.as_deref().is_none_or(|group| *id.gvk.group == *group);
        let namespace = self.namespace.as_deref().is_none_or(|name| {
            *id.namespace == *name || !id.cluster_scoped && id.effective_namespace() == name
        });
        is_kind && group && namespace
    }

    /// The kind that was probably meant, if no object of the build has the kind that was asked for.
    #[must_use]
    pub fn kind_meant(&self, trace: &Trace) -> Option<String> {
        let anything = Self { group: None, name: None, namespace: None, ..self.clone() };
        let ids = || trace.resources.iter().map(Resource::id);
        if ids().any(|id| anything.fits_kind(id)) {
            return None;
        }
        let kinds: Vec<String> =
            ids().map(|id| id.gvk.kind.as_str().to_ascii_lowercase()).collect();
        let known = kinds.iter().map(String::as_str).chain(short_names().map(|(short, _)| short));
        nearest(&self.kind, known).map(str::to_owned)
    }

    /// The namespace that was asked for; `None` for every namespace.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The name that was asked for; `None` for every name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// The short names with the kinds in lower case.
fn short_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHORT.split(' ').filter_map(|pair| pair.split_once('='))
}

/// The group of `v1.apps`, as in `deployments.v1.apps`.
fn without_version(group: &str) -> &str {
    let is_version = |text: &str| {
        text.strip_prefix('v')
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    match group.split_once('.') {
        Some((version, group)) if is_version(version) => group,
        None if is_version(group) => "",
        _ => group,
    }
}

impl std::fmt::Display for ObjectQuery {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Trace {
    /// The objects that are asked for: rendered ones with the name, else those that had it earlier in the build, else those
    /// that a step removed. Rendered objects are in the order of the output.
    #[must_use]
    pub fn find(&self, query: &ObjectQuery) -> Vec<FoundObject<'_>> {
        let by_name: Vec<_> = self
            .rendered()
            .filter(|(resource, _)| query.fits(resource.id()))
            .map(|(_, history)| FoundObject { history, is_rendered: true })
            .collect();
        if !by_name.is_empty() {
            return by_name;
        }
        let had =
            |history: &History| history.versions.iter().any(|version| query.fits(&version.id));
        let earlier: Vec<_> = self
            .rendered()
            .filter(|(_, history)| had(history))
            .map(|(_, history)| FoundObject { history, is_rendered: true })
            .collect();
        if !earlier.is_empty() {
            return earlier;
        }
        let removed = self.removed().filter(|history| had(history));
        removed.map(|history| FoundObject { history, is_rendered: false }).collect()
    }

    /// The names of the rendered objects of a kind that is asked for, as `Kind/name`; of all kinds if there is none.
    #[must_use]
    pub fn names_near(&self, query: &ObjectQuery) -> Vec<String> {
        let ids = || self.resources.iter().map(Resource::id);
        let name = |id: &ResId| match id.namespace.as_str() {
            namespace if query.namespace.is_some() && !namespace.is_empty() => {
                format!("{}/{} in {namespace}", id.gvk.kind, id.name.as_str())
            }
            _ => format!("{}/{}", id.gvk.kind, id.name.as_str()),
        };
        let elsewhere = ObjectQuery { namespace: None, ..query.clone() };
        let named: Vec<String> = ids().filter(|id| elsewhere.fits(id)).map(name).collect();
        if !named.is_empty() {
            return named;
        }
        let near: Vec<String> = ids().filter(|id| elsewhere.fits_kind(id)).map(name).collect();
        if near.is_empty() { ids().map(name).collect() } else { near }
    }
}

impl History {
    /// The last id.
    #[must_use]
    pub fn id(&self) -> ResId {
        self.versions.last().map(|version| version.id.clone()).unwrap_or_default()
    }

    /// The first id: that of the file or generator.
    #[must_use]
    pub fn first_id(&self) -> ResId {
        self.versions.first().map(|version| version.id.clone()).unwrap_or_default()
    }
}
