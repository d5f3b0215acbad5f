//! Bundles of the Operator Lifecycle Manager: the Deployments that a `ClusterServiceVersion` installs.

use std::collections::BTreeSet;

use super::value::{below, items, text};
use crate::resource::Resource;

/// The Deployments that the bundles of a render install.
#[derive(Default)]
pub(super) struct Bundles<'a> {
    /// The names in `spec.install.spec.deployments`.
    deployments: BTreeSet<&'a str>,
    /// True if the target is the folder that `operator-sdk generate bundle` reads.
    pub(super) is_source: bool,
}

impl<'a> Bundles<'a> {
    /// Adds an object, if it is a bundle.
    pub(super) fn add(&mut self, object: &'a Resource) {
        if object.kind() != "ClusterServiceVersion" || object.gvk().group != "operators.coreos.com"
        {
            return;
        }
        let listed = below(object.node(), &["spec", "install", "spec", "deployments"]);
        self.deployments.extend(items(listed).iter().filter_map(|one| text(one, "name")));
    }

    /// True if a bundle installs an object. Those that name no Deployment, or that `operator-sdk` adds, install all of the
    /// folder that it reads.
    pub(super) fn has(&self, object: &Resource) -> bool {
        object.kind() == "Deployment"
            && (self.deployments.contains(object.name())
                || self.is_source && self.deployments.is_empty())
    }
}

/// True for the path of the folder of a kubebuilder project that `operator-sdk generate bundle` reads: `config/manifests`, or
/// one beside it such as `config/olm-manifests`.
pub(super) fn is_source(target: &str) -> bool {
    let mut folders = target.trim_end_matches('/').rsplit('/');
    let last = folders.next().and_then(|folder| folder.rsplit('-').next());
    last == Some("manifests") && folders.next() == Some("config")
}

#[cfg(test)]
mod tests {
    use super::{Bundles, is_source};
    use crate::resource::sample::resource;

    #[test]
    fn bundles_install_the_deployments_that_they_name() {
        let bundle = |spec: &str| {
            format!(
                "{{apiVersion: operators.coreos.com/v1alpha1, kind: ClusterServiceVersion, metadata: {{name: a}}, spec: {spec}}}"
            )
        };
        let named = "{install: {spec: {deployments: [{name: web}]}}}";
        let web = resource("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}");
        let other = resource("{apiVersion: apps/v1, kind: Deployment, metadata: {name: other}}");
        for (spec, is_source, expected) in [
            (named, false, [true, false]),
            (named, true, [true, false]),
            ("{}", false, [false, false]),
            ("{}", true, [true, true]),
            ("{install: {spec: {deployments: null}}}", true, [true, true]),
        ] {
            let text = bundle(spec);
            let object = resource(&text);
            let mut bundles = Bundles { is_source, ..Bundles::default() };
            bundles.add(&object);
            assert_eq!([&web, &other].map(|one| bundles.has(one)), expected, "{spec} {is_source}");
        }
        let mut without = Bundles::default();
        let other = resource(
            "{apiVersion: example.com/v1, kind: ClusterServiceVersion, metadata: {name: a}, spec: {install: {spec: {deployments: [{name: web}]}}}}",
        );
        without.add(&other);
        assert!(!without.has(&web));
    }

    #[test]
    fn the_folder_of_bundles_is_known() {
        assert!(
            ["config/manifests", "operator/config/manifests/", "config/olm-manifests"]
                .into_iter()
                .all(is_source)
        );
        assert!(
            !["my-config/manifests", "config/manifests/base", "manifests", "olm-manifests"]
                .into_iter()
                .any(is_source)
        );
    }
}
