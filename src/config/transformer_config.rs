//! Field specs of the builtin transformers: the defaults, and those of configuration files.

use std::sync::Arc;

use serde::Deserialize;

use super::default_field_specs as defaults;
use super::{FieldSpecs, NameReferences, advice};
use crate::error::Result;
use crate::source::Source;
use crate::yaml::de::{self, Rules};
use crate::yaml::{Node, parse};

/// The fields that each builtin transformer changes. A configuration file (`configurations:`) has the same form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TransformerConfig {
    /// Fields that get the name prefix.
    pub name_prefix: FieldSpecs,
    /// Fields that get the name suffix.
    pub name_suffix: FieldSpecs,
    /// Fields that get the namespace.
    pub namespace: FieldSpecs,
    /// Fields that get labels that also apply to selectors.
    pub common_labels: FieldSpecs,
    /// Fields that get any label.
    pub labels: FieldSpecs,
    /// Fields that get labels that also apply to templates.
    pub template_labels: FieldSpecs,
    /// Fields that get labels that also apply to volume claim templates.
    pub volume_claim_template_labels: FieldSpecs,
    /// Fields that get annotations.
    pub common_annotations: FieldSpecs,
    /// Fields that hold names of other objects.
    pub name_reference: NameReferences,
    /// Fields in which variables are replaced.
    pub var_reference: FieldSpecs,
    /// Fields that hold images.
    pub images: FieldSpecs,
    /// Fields that hold a number of replicas.
    pub replicas: FieldSpecs,
}

impl TransformerConfig {
    /// The default configuration. Takes no time: it is static, sorted data.
    #[must_use]
    pub fn defaults() -> Self {
        Self {
            name_prefix: FieldSpecs::of_program(defaults::NAME_PREFIX),
            name_suffix: FieldSpecs::of_program(defaults::NAME_SUFFIX),
            namespace: FieldSpecs::of_program(defaults::NAMESPACE),
            common_labels: FieldSpecs::of_program(defaults::COMMON_LABELS),
            labels: FieldSpecs::default(),
            template_labels: FieldSpecs::of_program(defaults::TEMPLATE_LABELS),
            volume_claim_template_labels: FieldSpecs::of_program(
                defaults::VOLUME_CLAIM_TEMPLATE_LABELS,
            ),
            common_annotations: FieldSpecs::of_program(defaults::COMMON_ANNOTATIONS),
            name_reference: NameReferences::of_program(defaults::NAME_REFERENCE),
            var_reference: FieldSpecs::of_program(defaults::VAR_REFERENCE),
            images: FieldSpecs::of_program(defaults::IMAGES),
            replicas: FieldSpecs::of_program(defaults::REPLICAS),
        }
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
        let Self {
            name_prefix,
            name_suffix,
            namespace,
            common_labels,
            labels,
            template_labels,
            volume_claim_template_labels,
            common_annotations,
            name_reference,
            var_reference,
            images,
            replicas,
        } = self;
        let within = |section: &str| format!("while merging `{section}`");
        for (section, specs, others) in [
            ("namePrefix", name_prefix, &other.name_prefix),
            ("nameSuffix", name_suffix, &other.name_suffix),
            ("namespace", namespace, &other.namespace),
            ("commonAnnotations", common_annotations, &other.common_annotations),
            ("commonLabels", common_labels, &other.common_labels),
            ("labels", labels, &other.labels),
            ("templateLabels", template_labels, &other.template_labels),
            (
                "volumeClaimTemplateLabels",
                volume_claim_template_labels,
                &other.volume_claim_template_labels,
            ),
            ("varReference", var_reference, &other.var_reference),
            ("images", images, &other.images),
            ("replicas", replicas, &other.replicas),
        ] {
            let before = specs.iter().len();
            specs.merge(others).map_err(|error| error.step(within(section)))?;
            if specs.iter().len() != before {
                specs.sort();
            }
        }
        let before = name_reference.iter().len();
        let merged = name_reference.merge(&other.name_reference);
        merged.map_err(|error| error.step(within("nameReference")))?;
        if name_reference.iter().len() != before {
            name_reference.sort();
        }
        Ok(())
    }

    /// The merge of both by [`TransformerConfig::merge`]. Takes no time if they are the same, which is nearly always
    /// so: most kustomizations have no configuration of their own.
    ///
    /// # Errors
    /// As [`TransformerConfig::merge`].
    pub fn merged(self: &Arc<Self>, other: &Arc<Self>) -> Result<Arc<Self>> {
        if Arc::ptr_eq(self, other) {
            return Ok(Arc::clone(self));
        }
        let mut merged = Self::clone(self);
        merged.merge(other)?;
        Ok(Arc::new(merged))
    }

    fn sort(&mut self) {
        let Self {
            name_prefix,
            name_suffix,
            namespace,
            common_labels,
            labels,
            template_labels,
            volume_claim_template_labels,
            common_annotations,
            name_reference,
            var_reference,
            images,
            replicas,
        } = self;
        for specs in [
            name_prefix,
            name_suffix,
            namespace,
            common_labels,
            labels,
            template_labels,
            volume_claim_template_labels,
            common_annotations,
            var_reference,
            images,
            replicas,
        ] {
            specs.sort();
        }
        name_reference.sort();
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

    #[test]
    fn the_defaults_are_complete() {
        let config = TransformerConfig::defaults();
        let counts = [
            &config.name_prefix,
            &config.name_suffix,
            &config.namespace,
            &config.common_labels,
            &config.labels,
            &config.template_labels,
            &config.volume_claim_template_labels,
            &config.common_annotations,
            &config.var_reference,
            &config.images,
            &config.replicas,
        ]
        .map(|specs| specs.iter().len());
        assert_eq!(counts, [1, 1, 3, 32, 0, 9, 1, 9, 72, 6, 4]);
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
        let specs = |specs: &FieldSpecs| specs.iter().map(|spec| spec.value.clone()).collect();
        let references = config.name_reference.iter().map(|known| NameBackReferences {
            gvk: known.gvk.clone(),
            referrers: specs(&known.referrers),
        });
        TransformerConfig {
            name_prefix: specs(&config.name_prefix),
            name_suffix: specs(&config.name_suffix),
            namespace: specs(&config.namespace),
            common_labels: specs(&config.common_labels),
            labels: specs(&config.labels),
            template_labels: specs(&config.template_labels),
            volume_claim_template_labels: specs(&config.volume_claim_template_labels),
            common_annotations: specs(&config.common_annotations),
            name_reference: references.collect(),
            var_reference: specs(&config.var_reference),
            images: specs(&config.images),
            replicas: specs(&config.replicas),
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
        assert_eq!(defaults.merged(&defaults), Ok(Arc::clone(&defaults)));
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
        assert_eq!(paths(&config.name_prefix), ["Foo spec/second", " metadata/name"]);
        let referrers = |kind: &str| {
            let known = config.name_reference.iter().find(|known| known.gvk.kind == kind).unwrap();
            paths(&known.referrers)
        };
        assert_eq!(referrers("Foo"), ["Bar spec/foo/name"]);
        assert_eq!(referrers("ConfigMap")[52], "Bar spec/config");
        assert_eq!(config.labels.iter().len(), 1);
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
