//! Field specs of the builtin transformers: the defaults, and those of configuration files.

use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::default_field_specs as defaults;
use super::{FieldSpecs, NameReferences, advice};
use crate::error::Result;
use crate::limits::Budget;
use crate::source::{Source, Span};
use crate::yaml::de::{self, Rules};
use crate::yaml::{Node, parse};

/// Defines [`Section`] with the names and the defaults of its sections, in the order in which the reference merges them
/// (`api/internal/plugins/builtinconfig/transformerconfig.go`, `Merge`).
macro_rules! sections {
    ($($(#[$doc:meta])* $section:ident = $name:literal, $defaults:expr;)*) => {
        /// A section of a configuration file that is a list of field specs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Section {
            $($(#[$doc])* $section,)*
        }

        impl Section {
            /// All sections.
            pub const ALL: &[Self] = &[$(Self::$section),*];

            /// Its name in a configuration file.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$section => $name,)*
                }
            }
        }

        /// The names of all sections of a configuration file.
        const NAMES: &[&str] = &[$($name,)* NAME_REFERENCE];

        /// The field specs of the program, in the order of the sections.
        const DEFAULTS: [FieldSpecs; Section::ALL.len()] =
            [$(FieldSpecs::of_program($defaults)),*];
    };
}

sections! {
    /// The fields that get a name prefix.
    NamePrefix = "namePrefix", defaults::NAME_PREFIX;
    /// The fields that get a name suffix.
    NameSuffix = "nameSuffix", defaults::NAME_SUFFIX;
    /// The fields that get the namespace.
    Namespace = "namespace", defaults::NAMESPACE;
    /// The fields that get an annotation.
    CommonAnnotations = "commonAnnotations", defaults::COMMON_ANNOTATIONS;
    /// The fields that get a label that is for selectors too.
    CommonLabels = "commonLabels", defaults::COMMON_LABELS;
    /// The fields that get any label.
    Labels = "labels", &[];
    /// The fields that get a label that is for templates too.
    TemplateLabels = "templateLabels", defaults::TEMPLATE_LABELS;
    /// The fields that get a label that is for volume claim templates too.
    VolumeClaimTemplateLabels = "volumeClaimTemplateLabels", defaults::VOLUME_CLAIM_TEMPLATE_LABELS;
    /// The fields in which variables are replaced.
    VarReference = "varReference", defaults::VAR_REFERENCE;
    /// The fields that name images.
    Images = "images", defaults::IMAGES;
    /// The fields that hold a number of copies.
    Replicas = "replicas", defaults::REPLICAS;
}

/// The number of field specs up to which a merge is not charged. The defaults have about 300.
const ORDINARY: usize = 2000;

/// Charge for a field spec that is merged and sorted, in bytes: as many as a build copies in the same time.
const MERGED: usize = 64;

const NAME_REFERENCE: &str = "nameReference";

/// The fields that each builtin transformer changes. A configuration file (`configurations:`) has the same form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransformerConfig {
    /// The field specs of each section.
    specs: [FieldSpecs; Section::ALL.len()],
    /// The fields that hold names of other objects.
    pub name_reference: NameReferences,
}

impl TransformerConfig {
    /// The default configuration. Takes no time: it is static, sorted data.
    #[must_use]
    pub const fn defaults() -> Self {
        let name_reference = NameReferences::of_program(defaults::NAME_REFERENCE);
        Self { specs: DEFAULTS, name_reference }
    }

    /// The field specs of a section.
    #[must_use]
    pub const fn specs(&self, section: Section) -> &FieldSpecs {
        &self.specs[section as usize]
    }

    /// The field specs of a section, to be changed.
    pub(super) const fn specs_mut(&mut self, section: Section) -> &mut FieldSpecs {
        &mut self.specs[section as usize]
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// As [`TransformerConfig::from_node`], and those of reading YAML.
    pub fn read(source: &Source) -> Result<Self> {
        let document = parse::document(source)?;
        document.map_or_else(|| Ok(Self::default()), |document| Self::from_node(&document.root))
    }

    /// Reads the document of a configuration file.
    ///
    /// # Errors
    /// Those of its fields: [`de::from_node_by`] with [`Rules::Strict`].
    pub fn from_node(root: &Node) -> Result<Self> {
        let read = de::from_node_by(root, Rules::Strict);
        let mut config: Self = read.map_err(|error| advice::explain_configuration(root, error))?;
        config.sort();
        Ok(config)
    }

    /// Adds field specs, and sorts by type. (`api/internal/plugins/builtinconfig/transformerconfig.go`, `Merge`.)
    ///
    /// # Errors
    /// As [`FieldSpecs::merge_one`], with the section as a step.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let within = |section: &str| format!("while merging `{section}`");
        for &section in Section::ALL {
            let specs = self.specs_mut(section);
            let default = &DEFAULTS[section as usize];
            // The result of merging them one by one: no default of a section is redundant.
            if specs.is_empty() && other.specs(section).is_one_of_program(default) {
                *specs = default.clone();
                continue;
            }
            let before = specs.iter().len();
            let merged = specs.merge(other.specs(section));
            merged.map_err(|error| error.step(within(section.name())))?;
            if specs.iter().len() != before {
                specs.sort();
            }
        }
        let before = self.name_reference.iter().len();
        let merged = self.name_reference.merge(&other.name_reference);
        merged.map_err(|error| error.step(within(NAME_REFERENCE)))?;
        if self.name_reference.iter().len() != before {
            self.name_reference.sort();
        }
        Ok(())
    }

    /// The merge of both by [`TransformerConfig::merge`]. Takes no time if they are the same, which is nearly always
    /// so: most kustomizations have no configuration of their own. Long ones are charged to the budget.
    ///
    /// # Errors
    /// As [`TransformerConfig::merge`] and [`Budget::bytes`].
    pub fn merged(
        self: &Arc<Self>,
        other: &Arc<Self>,
        budget: &Budget,
        span: Span,
    ) -> Result<Arc<Self>> {
        if Arc::ptr_eq(self, other) {
            return Ok(Arc::clone(self));
        }
        let length = (self.length() + other.length()).saturating_sub(ORDINARY);
        budget.bytes(length * MERGED, span)?;
        let mut merged = Self::clone(self);
        merged.merge(other)?;
        Ok(Arc::new(merged))
    }

    /// The number of field specs in all sections.
    fn length(&self) -> usize {
        let specs = self.specs.iter().map(|specs| specs.iter().len());
        specs.sum::<usize>() + self.name_reference.length()
    }

    fn sort(&mut self) {
        self.specs.iter_mut().for_each(FieldSpecs::sort);
        self.name_reference.sort();
    }
}

impl<'de> Deserialize<'de> for TransformerConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_struct("TransformerConfig", NAMES, Sections)
    }
}

/// Reads the sections of a configuration file.
struct Sections;

impl<'de> Visitor<'de> for Sections {
    type Value = TransformerConfig;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a mapping")
    }

    fn visit_map<M: MapAccess<'de>>(
        self,
        mut map: M,
    ) -> std::result::Result<Self::Value, M::Error> {
        let mut config = TransformerConfig::default();
        while let Some(name) = map.next_key::<String>()? {
            match Section::ALL.iter().find(|section| section.name() == name) {
                Some(&section) => *config.specs_mut(section) = map.next_value()?,
                None => config.name_reference = map.next_value()?,
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::super::NameBackReferences;
    use super::*;
    use crate::source::Sources;
    use crate::yaml::sample;

    fn read(text: &str) -> std::result::Result<TransformerConfig, String> {
        let sources = Sources::new();
        let root = sample::document(&sources, text).unwrap();
        TransformerConfig::from_node(&root).map_err(|error| sample::drawn(&error, &sources))
    }

    fn paths(specs: &FieldSpecs) -> Vec<String> {
        specs.iter().map(|spec| format!("{} {}", spec.gvk, spec.path)).collect()
    }

    /// The slow twin: defaults that are shared with an empty configuration, and merged one by one.
    #[test]
    fn the_defaults_merge_into_an_empty_configuration_as_they_are() {
        let defaults = TransformerConfig::defaults();
        let mut shared = TransformerConfig::default();
        shared.merge(&defaults).unwrap();
        let mut merged = TransformerConfig::default();
        for &section in Section::ALL {
            for spec in defaults.specs(section).iter() {
                merged.specs_mut(section).merge_one(spec).unwrap();
            }
        }
        for references in defaults.name_reference.iter() {
            merged.name_reference.merge_one(references).unwrap();
        }
        merged.sort();
        assert_eq!(shared, merged);
        assert_eq!(shared, defaults);
    }

    #[test]
    fn the_defaults_are_complete() {
        let config = TransformerConfig::defaults();
        let counts: Vec<_> = Section::ALL
            .iter()
            .map(|&section| (section.name(), config.specs(section).iter().len()))
            .collect();
        assert_eq!(
            counts,
            [
                ("namePrefix", 1),
                ("nameSuffix", 1),
                ("namespace", 3),
                ("commonAnnotations", 9),
                ("commonLabels", 32),
                ("labels", 0),
                ("templateLabels", 9),
                ("volumeClaimTemplateLabels", 1),
                ("varReference", 72),
                ("images", 6),
                ("replicas", 4),
            ]
        );
        let referrers = config.name_reference.iter();
        let counts: Vec<_> = referrers
            .map(|known| (known.gvk.kind.as_str(), known.referrers.iter().len()))
            .collect();
        assert_eq!(
            counts,
            [
                ("StorageClass", 3),
                ("ServiceAccount", 9),
                ("Role", 1),
                ("ClusterRole", 2),
                ("ConfigMap", 52),
                ("Secret", 70),
                ("Service", 8),
                ("PriorityClass", 7),
                ("PersistentVolume", 2),
                ("PersistentVolumeClaim", 7),
                ("Deployment", 1),
                ("StatefulSet", 1),
                ("ValidatingAdmissionPolicy", 1),
                ("IngressClass", 1),
                ("ReplicaSet", 1),
                ("ReplicationController", 1),
            ]
        );
    }

    /// A copy without static lists, so that no redundancy is declared.
    fn copied(config: &TransformerConfig) -> TransformerConfig {
        let specs = |specs: &FieldSpecs| -> FieldSpecs {
            specs.iter().map(|spec| spec.value.clone()).collect()
        };
        let references = config.name_reference.iter().map(|known| NameBackReferences {
            gvk: known.gvk.clone(),
            referrers: specs(&known.referrers),
        });
        TransformerConfig {
            specs: config.specs.each_ref().map(specs),
            name_reference: references.collect(),
        }
    }

    /// Compares merging of static lists with merging of copies.
    #[test]
    fn defaults_merged_with_themselves_stay_the_same() {
        let defaults = Arc::new(TransformerConfig::defaults());
        for known in [TransformerConfig::clone(&defaults), copied(&defaults)] {
            for added in [&*defaults, &copied(&defaults)] {
                let mut twice = known.clone();
                twice.merge(added).unwrap();
                assert_eq!(twice, *defaults);
                let mut once = TransformerConfig::default();
                once.merge(added).unwrap();
                assert_eq!(once, *defaults);
            }
        }
        let merged = defaults.merged(&defaults, &Budget::default(), Span::NONE);
        assert_eq!(merged, Ok(Arc::clone(&defaults)));
    }

    #[test]
    fn what_a_file_says_is_added_in_order() {
        let file = read(
            "
namePrefix:
- {path: spec/second, kind: Foo}
- {path: metadata/name}
nameReference:
- kind: Foo
  fieldSpecs:
  - {kind: Bar, path: spec/foo/name}
- kind: ConfigMap
  version: v1
  fieldSpecs:
  - {kind: Bar, path: spec/config}
Labels:
- {path: metadata/labels, create: true}
",
        )
        .unwrap();
        let mut config = TransformerConfig::defaults();
        config.merge(&file).unwrap();
        assert_eq!(paths(config.specs(Section::NamePrefix)), ["Foo spec/second", " metadata/name"]);
        let referrers = |kind: &str| {
            let known = config.name_reference.iter().find(|known| known.gvk.kind == kind).unwrap();
            paths(&known.referrers)
        };
        assert_eq!(referrers("Foo"), ["Bar spec/foo/name"]);
        assert_eq!(referrers("ConfigMap")[52], "Bar spec/config");
        assert_eq!(config.specs(Section::Labels).iter().len(), 1);
    }

    #[test]
    fn a_conflict_is_shown_with_its_place() {
        let sources = Sources::new();
        let root = sample::document(&sources, "namePrefix:\n- {path: metadata/name, create: true}");
        let file = TransformerConfig::from_node(&root.unwrap()).unwrap();
        let error = TransformerConfig::defaults().merge(&file).unwrap_err();
        assert_eq!(
            sample::drawn(&error, &sources),
            "2:3 field-spec-conflict: `create: true` for `metadata/name` contradicts an earlier field spec \
             (say `create: false` too, or leave the field spec out)"
        );
        assert_eq!(error.steps(), ["while merging `namePrefix`"]);
    }

    #[test]
    fn a_file_is_read_strictly() {
        for (text, expected) in [
            (
                "nameprefixes: []",
                "1:1 unknown-field: unknown field `nameprefixes` (did you mean `namePrefix`?)",
            ),
            (
                "images:\n- {path: a, creat: true}",
                "2:13 unknown-field: unknown field `creat` (did you mean `create`?)",
            ),
            (
                "images: []\nimages: []",
                "2:1 duplicate-key: the key `images` is there twice [1:1 here for the first time]",
            ),
            (
                "- path: a",
                "1:1 invalid-type: found a list, expected a mapping (write `key: value`, without `- `)",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), expected);
        }
        assert_eq!(read(""), Ok(TransformerConfig::default()));
    }
}
