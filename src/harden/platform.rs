//! The platform of a cluster: `OpenShift`, if the configuration or the objects say so.

use serde::Deserialize;

use super::value::{below, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// The platform of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Kubernetes without Security Context Constraints.
    Kubernetes,
    /// `OpenShift`, which admits pods by Security Context Constraints.
    OpenShift,
}

/// Kinds that `OpenShift` served in the core group.
const OLD_KINDS: &str =
    "BuildConfig DeploymentConfig ImageStream Project Route SecurityContextConstraints";

/// The start of the names of its own namespaces.
const NAMESPACES: &str = "openshift-";

/// True for an object that only `OpenShift` accepts: a kind of its groups, an object in one of its own namespaces, or
/// one of these, and a subscription to its catalogs.
pub(super) fn is_of_openshift(object: &Resource) -> bool {
    let (group, kind) = (&*object.gvk().group, object.kind());
    let is_named = || {
        matches!((group, kind), ("", "Namespace") | ("project.openshift.io", "Project"))
            && object.name().starts_with(NAMESPACES)
    };
    let catalog = || {
        let spec = below(object.node(), &["spec"]).filter(|_| kind == "Subscription");
        spec.and_then(|spec: &Node| text(spec, "sourceNamespace"))
    };
    group.ends_with(".openshift.io")
        || group.is_empty() && OLD_KINDS.split(' ').any(|one| one == kind)
        || object.namespace().starts_with(NAMESPACES)
        || is_named()
        || catalog().is_some_and(|namespace| namespace.starts_with(NAMESPACES))
}

/// The first object of a render that only `OpenShift` accepts.
#[must_use]
pub fn of_openshift(objects: &ResMap) -> Option<&Resource> {
    objects.iter().find(|object| is_of_openshift(object))
}

#[cfg(test)]
mod tests {
    use super::is_of_openshift;
    use crate::resource::sample::resource;

    #[test]
    fn objects_that_only_openshift_accepts_are_known() {
        let is = |text: &str| is_of_openshift(&resource(text));
        for text in [
            "{apiVersion: route.openshift.io/v1, kind: Route, metadata: {name: a}}",
            "{apiVersion: v1, kind: DeploymentConfig, metadata: {name: a}}",
            "{apiVersion: v1, kind: Namespace, metadata: {name: openshift-pipelines}}",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: openshift-config}}",
            "{apiVersion: operators.coreos.com/v1alpha1, kind: Subscription, metadata: {name: a}, \
             spec: {sourceNamespace: openshift-marketplace}}",
        ] {
            assert!(is(text), "{text}");
        }
        for text in [
            "{apiVersion: v1, kind: Service, metadata: {name: openshift-router}}",
            "{apiVersion: v1, kind: Namespace, metadata: {name: my-openshift}}",
            "{apiVersion: openshift.io.example.com/v1, kind: Route, metadata: {name: a}}",
            "{apiVersion: openshift.io/v1, kind: Any, metadata: {name: a}}",
            "{apiVersion: operators.coreos.com/v1alpha1, kind: Subscription, metadata: {name: a}, \
             spec: {sourceNamespace: olm}}",
            "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, \
             metadata: {name: routes.route.openshift.io}}",
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}, \
             rules: [{apiGroups: [route.openshift.io], resources: [routes], verbs: [get]}]}",
        ] {
            assert!(!is(text), "{text}");
        }
    }
}
