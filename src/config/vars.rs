//! `vars:`, which is replaced by replacements.

use serde::Deserialize;

use crate::schema::Gvk;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A variable for the value of a field: it replaces `$(NAME)`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Var {
    /// Its name.
    pub name: Spanned<Text>,
    /// The resource with the field, by the name in its file.
    pub objref: Spanned<VarTarget>,
    /// The field.
    pub fieldref: FieldSelector,
}

impl Var {
    /// The path of the field.
    #[must_use]
    pub fn field_path(&self) -> &str {
        match self.fieldref.field_path.as_str() {
            "" => "metadata.name",
            path => path,
        }
    }
}

/// The resource that a variable refers to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VarTarget {
    /// Group and version of its type in one string.
    pub api_version: Spanned<Text>,
    /// The group of its type.
    pub group: Spanned<Text>,
    /// The version of its type.
    pub version: Spanned<Text>,
    /// Its kind.
    pub kind: Spanned<Text>,
    /// Its name.
    pub name: Spanned<Text>,
    /// Its namespace.
    pub namespace: Spanned<Text>,
}

impl VarTarget {
    /// The type of the resource. Non-empty parts of `apiVersion` take precedence over `group` and `version`.
    #[must_use]
    pub fn gvk(&self) -> Gvk {
        let parts: Vec<&str> = self.api_version.split('/').collect();
        let (group, version): (&str, &str) = match parts[..] {
            [group, version] => (group, version),
            [version] if !version.is_empty() => (&self.group, version),
            _ => (&self.group, &self.version),
        };
        Gvk::new(group, version, &self.kind)
    }
}

/// The field that a variable refers to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FieldSelector {
    /// Path of the field, separated by dots.
    pub field_path: Spanned<Text>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn api_version_goes_before_group_and_version() {
        for (api_version, expected) in [
            ("", "example.com/v0 Kind"),
            ("v1", "example.com/v1 Kind"),
            ("apps/v1", "apps/v1 Kind"),
            ("a/b/c", "example.com/v0 Kind"),
        ] {
            let spanned = |text: &str| Spanned::new(Text::from(text), Span::NONE);
            let target = VarTarget {
                api_version: spanned(api_version),
                group: spanned("example.com"),
                version: spanned("v0"),
                kind: spanned("Kind"),
                ..VarTarget::default()
            };
            assert_eq!(target.gvk().to_string(), expected, "{api_version}");
        }
    }
}
