//! Life cycles of the versions of Kubernetes' API: deprecation, removal and replacement.
//!
//! The table is `data/apis.txt`, whose first lines state its sources and its format. It is parsed on first use.

use std::sync::LazyLock;

use super::Gvk;

const TEXT: &str = include_str!("data/apis.txt");

/// A version of a kind that is deprecated, or that is not served any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    kind: &'static str,
    group: &'static str,
    version: &'static str,
    api_version: &'static str,
    /// The minor version of Kubernetes 1 that deprecated it.
    pub deprecated: Option<u16>,
    /// The first minor version that does not serve it.
    pub removed: Option<u16>,
    /// The `apiVersion` and the kind in its place.
    pub replacement: Option<(&'static str, &'static str)>,
    /// The first minor version that serves the replacement; `None` if all that deprecate this one do.
    pub replaced_since: Option<u16>,
    /// The meaning of its fields in the replacement.
    pub fields: Fields,
}

/// The fields of an object in the replacement of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// They stay as they are.
    Same,
    /// They stay as they are if this field is set and not empty.
    SameWith {
        /// Path of the field, with dots.
        field: &'static str,
        /// Meaning of its absence.
        otherwise: &'static str,
    },
    /// Some have other names, places or defaults.
    Moved(&'static str),
}

static APIS: LazyLock<Vec<Api>> = LazyLock::new(|| {
    let mut apis: Vec<Api> = TEXT.lines().filter_map(Api::parse).collect();
    apis.sort_unstable_by_key(|api| (api.kind, api.group, api.version));
    apis
});

impl Api {
    /// The life cycle of a version of a kind; `None` if it is neither deprecated nor removed, or unknown. Logarithmic in
    /// the size of the table.
    #[must_use]
    pub fn find(group: &str, version: &str, kind: &str) -> Option<&'static Self> {
        // Stable versions are not in the table, apart from a few of the core group.
        let is_stable = version.bytes().skip(1).all(|byte| byte.is_ascii_digit());
        if is_stable && !group.is_empty() {
            return None;
        }
        let order = |api: &Self| (api.kind, api.group, api.version).cmp(&(kind, group, version));
        let place = APIS.binary_search_by(order).ok()?;
        APIS.get(place)
    }

    /// All of them, by their kinds.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &APIS
    }

    /// The value of `apiVersion`.
    #[must_use]
    pub const fn api_version(&self) -> &'static str {
        self.api_version
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// True if a version of Kubernetes does not serve it.
    #[must_use]
    pub fn is_removed(&self, minor: u16) -> bool {
        self.removed.is_some_and(|removed| removed <= minor)
    }

    /// True if it is deprecated in a version of Kubernetes, or not served any more.
    #[must_use]
    pub fn is_deprecated(&self, minor: u16) -> bool {
        self.is_removed(minor) || self.deprecated.is_some_and(|deprecated| deprecated <= minor)
    }

    fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.splitn(6, ' ');
        let api_version = words.next().filter(|word| !word.starts_with('#'))?;
        let kind = words.next()?;
        let mut minor = || words.next().and_then(|word| word.parse().ok());
        let (deprecated, removed) = (minor(), minor());
        let word = words.next()?;
        let (word, since) = word.split_once('@').unwrap_or((word, ""));
        let replaced_since = since.parse().ok();
        let replacement = Some(word).filter(|word| *word != "-").map(|word| {
            let last = word.rsplit_once('/');
            last.filter(|(_, last)| last.starts_with(char::is_uppercase)).unwrap_or((word, kind))
        });
        let fields = words.next()?;
        let fields = match (fields.strip_prefix("moved: "), fields.strip_prefix("same with ")) {
            (Some(words), _) => Fields::Moved(words),
            (_, Some(rest)) => {
                let (field, otherwise) = rest.split_once("; ")?;
                Fields::SameWith { field, otherwise }
            }
            (None, None) => Fields::Same,
        };
        let (group, version) = Gvk::split_api_version(api_version);
        Some(Self {
            kind,
            group,
            version,
            api_version,
            deprecated,
            removed,
            replacement,
            replaced_since,
            fields,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_found() {
        let lines = TEXT.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(Api::all().len(), lines);
        for api in Api::all() {
            let (group, version) = Gvk::split_api_version(api.api_version());
            assert_eq!(Api::find(group, version, api.kind()), Some(api), "{api:?}");
            assert!(api.deprecated.or(api.removed).is_some(), "{api:?}");
            assert!(api.deprecated < api.removed || api.removed.is_none(), "{api:?}");
            if let Some((api_version, kind)) = api.replacement {
                let (group, version) = Gvk::split_api_version(api_version);
                assert_eq!(Api::find(group, version, kind), None, "{api:?}");
            }
        }
    }

    #[test]
    fn versions_that_are_served_are_not_in_the_table() {
        assert_eq!(Api::find("apps", "v1", "Deployment"), None);
        assert_eq!(Api::find("", "v1", "Pod"), None);
        let ingress = Api::find("extensions", "v1beta1", "Ingress").unwrap();
        assert!(ingress.is_removed(22) && !ingress.is_removed(21) && ingress.is_deprecated(14));
        let endpoints = Api::find("", "v1", "Endpoints").unwrap();
        assert_eq!(endpoints.replacement, Some(("discovery.k8s.io/v1", "EndpointSlice")));
    }
}
