//! Ids of objects: type, name and namespace.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::schema::{Gvk, Schema};
use crate::yaml::Text;

/// The id of a resource. Two ids are equal if they refer to the same object of a cluster: a missing namespace is
/// `default`, and a kind known to be cluster-scoped has none.
#[derive(Clone, Default)]
pub struct ResId {
    /// The type.
    pub gvk: Gvk,
    /// The name; may be empty.
    pub name: Text,
    /// The namespace as written; may be empty.
    pub namespace: Text,
    /// True if the kind is known to be cluster-scoped.
    pub cluster_scoped: bool,
}

impl ResId {
    /// Creates an id; the schema determines the scope.
    #[must_use]
    pub fn new(gvk: Gvk, name: Text, namespace: Text, schema: &Schema) -> Self {
        let cluster_scoped = schema.is_cluster_scoped(&gvk);
        Self { gvk, name, namespace, cluster_scoped }
    }

    /// The namespace used to compare ids, and recorded for a resource that changes.
    #[must_use]
    pub fn effective_namespace(&self) -> &str {
        if self.cluster_scoped {
            CLUSTER
        } else if self.namespace.is_empty() {
            DEFAULT_NAMESPACE
        } else {
            &self.namespace
        }
    }

    /// True if both are in the same namespace, or both in none.
    #[must_use]
    pub fn shares_namespace(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// True if a selector matches this id; its empty parts match anything.
    #[must_use]
    pub fn is_selected_by(&self, selector: &Self) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty() || selector.shares_namespace(self))
            && self.gvk.is_selected_by(&selector.gvk)
    }

    /// The form in which resources store ids: `Kind.version.group/name.namespace`, with words in brackets for empty
    /// parts.
    #[must_use]
    pub fn encoded(&self) -> String {
        let or_absent = |part: &Text, absent: &'static str| match part.is_empty() {
            true => Text::from(absent),
            false => part.clone(),
        };
        let name = or_absent(&self.name, NO_NAME);
        format!("{}/{name}.{}", self.gvk.encoded(), or_absent(&self.namespace, NO_NAMESPACE))
    }

    /// Parses the form of [`ResId::encoded`]: the name may contain dots, but no slash. The scope is not encoded: the
    /// result is namespaced.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (gvk, rest) = text.split_once('/')?;
        let (name, namespace) = rest.rsplit_once('.')?;
        let present = |part: &str, absent: &str| Text::from(if part == absent { "" } else { part });
        Some(Self {
            gvk: Gvk::parse(gvk)?,
            name: present(name, NO_NAME),
            namespace: present(namespace, NO_NAMESPACE),
            cluster_scoped: false,
        })
    }

    fn parts(&self) -> (&str, &str, &Gvk) {
        (&self.name, self.effective_namespace(), &self.gvk)
    }
}

/// The namespace of resources without one.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The namespace of cluster-scoped objects. It is text, because it is recorded as a previous namespace and compared
/// with others.
pub const CLUSTER: &str = "_non_namespaceable_";

const NO_NAME: &str = "[noName]";
const NO_NAMESPACE: &str = "[noNs]";

impl PartialEq for ResId {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for ResId {}

impl Hash for ResId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

/// The form for messages: `apps/v1 Deployment shop/web`, where `shop` is the namespace. Empty parts are left out.
impl fmt::Display for ResId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.gvk)?;
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        match self.name.is_empty() {
            true => Ok(()),
            false => write!(formatter, " {}{slash}{}", self.namespace, self.name),
        }
    }
}

impl fmt::Debug for ResId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(api_version: &str, kind: &str, name: &str, namespace: &str) -> ResId {
        let gvk = Gvk::of(api_version, kind);
        ResId::new(gvk, name.into(), namespace.into(), &Schema::default())
    }

    #[test]
    fn no_namespace_is_the_default_one() {
        assert_eq!(id("v1", "ConfigMap", "a", ""), id("v1", "ConfigMap", "a", "default"));
        assert_ne!(id("v1", "ConfigMap", "a", ""), id("v1", "ConfigMap", "a", "b"));
        assert_ne!(id("v1", "ConfigMap", "a", ""), id("v2", "ConfigMap", "a", ""));
    }

    #[test]
    fn a_cluster_scoped_kind_has_no_namespace() {
        let role = "rbac.authorization.k8s.io/v1";
        assert_eq!(id(role, "ClusterRole", "a", "x"), id(role, "ClusterRole", "a", "y"));
        assert_ne!(id("v1", "Role", "a", "x"), id("v1", "Role", "a", "y"));
    }

    #[test]
    fn an_id_is_written_and_read_back() {
        for (found, written) in [
            (id("v1", "ConfigMap", "c", ""), "ConfigMap.v1.[noGrp]/c.[noNs]"),
            (id("a.b/v1", "Foo", "x.y", "n"), "Foo.v1.a.b/x.y.n"),
            (id("", "FooList", "", ""), "FooList.[noVer].[noGrp]/[noName].[noNs]"),
        ] {
            assert_eq!(found.encoded(), written);
            assert_eq!(ResId::parse(written), Some(found));
        }
        assert_eq!(ResId::parse("ConfigMap.v1.[noGrp]"), None);
    }

    #[test]
    fn people_read_it_as_they_write_it() {
        assert_eq!(
            id("apps/v1", "Deployment", "web", "shop").to_string(),
            "apps/v1 Deployment shop/web"
        );
        assert_eq!(id("v1", "ConfigMap", "a", "").to_string(), "v1 ConfigMap a");
        assert_eq!(id("", "Foo", "", "").to_string(), "Foo");
    }

    #[test]
    fn an_empty_part_of_a_selector_takes_anything() {
        let found = id("apps/v1", "Deployment", "web", "");
        assert!(found.is_selected_by(&ResId::default()));
        assert!(found.is_selected_by(&id("", "Deployment", "", "default")));
        assert!(!found.is_selected_by(&id("", "Deployment", "", "other")));
    }
}
