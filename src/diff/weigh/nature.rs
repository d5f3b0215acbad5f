//! The nature of a whole review: a fact by which programs may merge it.

use super::workload::is_of_version;
use crate::diff::{Change, Effect, Object, Renaming, Review, Status, What};

/// All that a review consists of, if it is little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Names that have another hash, and what refers to them.
    Hashes,
    /// Images, and labels and annotations that state versions.
    Images,
}

impl Nature {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hashes => "hashes",
            Self::Images => "images-and-versions",
        }
    }

    /// The words for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hashes => "only hashes in names changed",
            Self::Images => "only images and versions changed",
        }
    }
}

/// Labels and annotations that state a version, or change with one.
const VERSIONS: [&str; 5] = [
    "app.kubernetes.io/version",
    "helm.sh/chart",
    "chart",
    "version",
    "tags.datadoghq.com/version",
];

impl Review {
    /// The nature of all differences. `None` if there is none, if there are others, if a target could not be rendered,
    /// or if a rule warns of a difference. Images that were pinned and are not, and older ones, are others.
    #[must_use]
    pub fn nature(&self) -> Option<Nature> {
        let is_plain = |status: &Status| matches!(status, Status::Same | Status::Changed);
        if self.groups.is_empty() || !self.targets.iter().all(|target| is_plain(&target.status)) {
            return None;
        }
        let objects = || self.targets.iter().flat_map(|target| &target.objects);
        let are_all =
            |is_meant: fn(&Change) -> bool| objects().all(|one| consists_of(one, is_meant));
        if are_all(|change| change.follows.is_some()) {
            return Some(Nature::Hashes);
        }
        are_all(is_version).then_some(Nature::Images)
    }
}

fn consists_of(object: &Object, is_meant: fn(&Change) -> bool) -> bool {
    let is_grave = |effect: &Effect| match effect {
        Effect::Lost(_) | Effect::Recreated(_) | Effect::Security(_) => true,
        Effect::Judged(judged) => judged.severity > crate::harden::Severity::Note,
        Effect::Restarted(_) | Effect::Image(_) => false,
    };
    object.ids.iter().all(Option::is_some)
        && matches!(object.renamed, None | Some(Renaming::Hash))
        && !object.effects.iter().any(is_grave)
        && object.changes.iter().all(is_meant)
}

/// True for a tag or digest of an image that is as fixed as before, and for a label or an annotation that states a version.
fn is_version(change: &Change) -> bool {
    let is_stated = || {
        let path = &change.path;
        let of_metadata = [&["metadata", "*"][..], &["spec", "template", "metadata", "*"]];
        of_metadata.iter().any(|above| path.is_below(above))
            && path.last_key().is_some_and(|key| VERSIONS.contains(&key))
            && matches!(change.what, What::Changed(..))
    };
    change.follows.is_some() || is_of_version(change) || is_stated()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::Options;
    use crate::diff::tests::review;

    #[test]
    fn a_review_of_images_is_told() {
        let deployment = |tag: &str, version: &str, replicas: u32| {
            format!(
                "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d, labels: {{app.kubernetes.io/version: '{version}'}}}}, spec: {{replicas: {replicas}, template: {{spec: {{containers: [{{name: a, image: 'web:{tag}'}}]}}}}}}}}\n---\n"
            )
        };
        let nature = |before: &str, after: &str| {
            Review::of(vec![review(before, after)], &Options::default()).nature()
        };
        let old = deployment("1.0", "1.0", 1);
        assert_eq!(nature(&old, &deployment("1.1", "1.1", 1)), Some(Nature::Images));
        assert_eq!(nature(&old, &deployment("1.1", "1.0", 2)), None);
        assert_eq!(nature(&old, &deployment("0.9", "1.0", 1)), None, "an older one");
        assert_eq!(nature(&old, &old), None);
        let pinned = deployment("1.0@sha256:0", "1.0", 1);
        assert_eq!(nature(&old, &pinned), Some(Nature::Images));
        for loose in ["1.0", "1.1", "latest", "alpine"] {
            assert_eq!(nature(&pinned, &deployment(loose, "1.0", 1)), None, "{loose}");
        }
        assert_eq!(
            nature(&old, &old.replace("'web:", "'docker.io/library/web:")),
            Some(Nature::Images)
        );
        assert_eq!(nature(&old, &old.replace("'web:", "'quay.io/web:")), None);
        let own = |image: &str| {
            format!(
                "{{apiVersion: a/v1, kind: Shop, metadata: {{name: s}}, spec: {{image: '{image}'}}}}"
            )
        };
        assert_eq!(nature(&own("a:1.0"), &own("a:1.1")), Some(Nature::Images));
        for (before, after) in
            [("a@sha256:0", "a:1"), ("a:1", "a:latest"), ("a:2", "a:1"), ("a:1", "a:2")]
        {
            assert_eq!(nature(&own(before), &own(after)), None, "{before} {after}");
        }
        let map = |hash: &str| {
            format!(
                "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c-{hash}}}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{volumes: [{{name: v, configMap: {{name: c-{hash}}}}}]}}}}"
            )
        };
        let hashes = ["gh2k456789", "gh2k4567bb"].map(map);
        let told = nature(&hashes[0], &hashes[1]);
        assert!(matches!(told, Some(Nature::Hashes) | None), "{told:?}");
    }
}
