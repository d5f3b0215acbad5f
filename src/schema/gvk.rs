//! Group, version and kind: the type of an object.

use std::fmt;

use crate::yaml::Text;

/// The type of an object: group, version and kind. The group of core types is empty; in a selector, empty parts match
/// anything.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// `apps` in `apps/v1`; empty for the core group.
    pub group: Text,
    /// `v1` in `apps/v1`.
    pub version: Text,
    /// `Deployment`.
    pub kind: Text,
}

impl Gvk {
    /// Creates a type from its parts.
    #[must_use]
    pub fn new(group: &str, version: &str, kind: &str) -> Self {
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// The type given by the fields `apiVersion` and `kind` of an object.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Self {
        let (group, version) = Self::split_api_version(api_version);
        Self::new(group, version, kind)
    }

    /// Splits an `apiVersion` at the first slash, into group and version.
    #[must_use]
    pub fn split_api_version(api_version: &str) -> (&str, &str) {
        api_version.split_once('/').unwrap_or(("", api_version))
    }

    /// The value of the field `apiVersion`.
    #[must_use]
    pub fn api_version(&self) -> Text {
        if self.group.is_empty() {
            return self.version.clone();
        }
        format!("{}/{}", self.group, self.version).into()
    }

    /// The form in which resources store types: `Kind.version.group`, with words in brackets for empty parts.
    #[must_use]
    pub fn encoded(&self) -> String {
        let kind = or_absent(&self.kind, NO_KIND);
        let version = or_absent(&self.version, NO_VERSION);
        format!("{kind}.{version}.{}", or_absent(&self.group, NO_GROUP))
    }

    /// Parses the form of [`Gvk::encoded`]; the group may contain dots. `None` if a part is missing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let mut next =
            |absent: &str| parts.next().map(|part| if part == absent { "" } else { part });
        let (kind, version, group) = (next(NO_KIND)?, next(NO_VERSION)?, next(NO_GROUP)?);
        Some(Self::new(group, version, kind))
    }

    /// True if a selector matches this type; its empty parts match anything.
    #[must_use]
    pub fn is_selected_by(&self, selector: &Self) -> bool {
        let takes = |wanted: &Text, found: &Text| wanted.is_empty() || wanted == found;
        // The kind first, because it differs most often.
        takes(&selector.kind, &self.kind)
            && takes(&selector.group, &self.group)
            && takes(&selector.version, &self.version)
    }

    /// The sort key of field specs: kinds of [`LEGACY_FIRST`], kinds in neither list, kinds of [`LEGACY_LAST`]; then
    /// [`Gvk::legacy_text`].
    #[must_use]
    pub fn legacy_key(&self) -> (usize, String) {
        (legacy_rank(&self.kind), self.legacy_text())
    }

    /// The text that types are sorted by: `group_version_kind`, with `~G`, `~V` and `~K` for empty parts. So the core
    /// group sorts after nearly every other.
    #[must_use]
    pub fn legacy_text(&self) -> String {
        let group = or_absent(&self.group, "~G");
        let version = or_absent(&self.version, "~V");
        [group, "_", version, "_", or_absent(&self.kind, "~K")].concat()
    }
}

fn legacy_rank(kind: &str) -> usize {
    let first = LEGACY_FIRST.iter().position(|&first| first == kind);
    let last = || LEGACY_LAST.iter().position(|&last| last == kind);
    first
        .or_else(|| last().map(|place| LEGACY_FIRST.len() + 1 + place))
        .unwrap_or(LEGACY_FIRST.len())
}

/// The first kinds of the legacy order, which was meant to apply objects before those that depend on them.
pub const LEGACY_FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// The last kinds of the legacy order.
pub const LEGACY_LAST: &[&str] =
    &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

const NO_KIND: &str = "[noKind]";
const NO_VERSION: &str = "[noVer]";
const NO_GROUP: &str = "[noGrp]";

fn or_absent<'a>(part: &'a str, absent: &'a str) -> &'a str {
    if part.is_empty() { absent } else { part }
}

/// The form for messages: `apps/v1 Deployment`. Empty parts are left out.
impl fmt::Display for Gvk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let api_version = self.api_version();
        let gap = if api_version.is_empty() || self.kind.is_empty() { "" } else { " " };
        write!(formatter, "{api_version}{gap}{}", self.kind)
    }
}

impl fmt::Debug for Gvk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_written_and_read_back() {
        for (api_version, kind, written) in [
            ("v1", "ConfigMap", "ConfigMap.v1.[noGrp]"),
            ("networking.k8s.io/v1", "Ingress", "Ingress.v1.networking.k8s.io"),
            ("", "Foo", "Foo.[noVer].[noGrp]"),
            ("a/b/c", "", "[noKind].b/c.a"),
        ] {
            let gvk = Gvk::of(api_version, kind);
            assert_eq!(gvk.encoded(), written);
            assert_eq!(Gvk::parse(written), Some(gvk.clone()));
            assert_eq!(gvk.api_version(), api_version);
        }
        assert_eq!(Gvk::of("/v1", "A").api_version(), "v1");
        assert_eq!(Gvk::parse("ConfigMap.v1"), None);
    }

    #[test]
    fn an_empty_part_of_a_selector_takes_anything() {
        let found = Gvk::of("apps/v1", "Deployment");
        assert!(found.is_selected_by(&Gvk::default()));
        assert!(found.is_selected_by(&Gvk::new("", "", "Deployment")));
        assert!(!found.is_selected_by(&Gvk::new("extensions", "", "Deployment")));
        assert!(!Gvk::default().is_selected_by(&found));
    }

    #[test]
    fn the_legacy_order_puts_listed_kinds_first_and_last() {
        let mut kinds = [
            Gvk::of("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
            Gvk::of("v1", "Pod"),
            Gvk::of("apps/v1", "Deployment"),
            Gvk::of("batch/v1", "Job"),
            Gvk::of("v1", "Namespace"),
            Gvk::of("other.example/v1", "Namespace"),
        ];
        kinds.sort_by_key(Gvk::legacy_key);
        let order: Vec<String> = kinds.iter().map(Gvk::encoded).collect();
        let expected = [
            "Namespace.v1.other.example",
            "Namespace.v1.[noGrp]",
            "Deployment.v1.apps",
            "Job.v1.batch",
            "Pod.v1.[noGrp]",
            "MutatingWebhookConfiguration.v1.admissionregistration.k8s.io",
        ];
        assert_eq!(order, expected);
    }
}
