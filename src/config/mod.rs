//! Types for kustomization.yaml and for configurations of transformers.
//!
//! An absent, null or empty field has the same value, as in kustomize. Values that a later error may refer to are
//! [`Spanned`]: elements of lists, and strings that are checked or copied to a resource.

mod advice;
mod canonical;
mod crds;
mod default_field_specs;
mod deprecated;
mod field_specs;
mod generators;
mod helm;
mod iam_policy;
mod images;
mod kustomization;
mod labels;
mod name_references;
mod patches;
mod replacements;
mod replicas;
mod selector;
mod sort;
#[cfg(test)]
mod tests;
mod transformer_config;
mod vars;

pub use advice::{explain_plugin, ignored_fields};
pub use deprecated::Warning;
pub use field_specs::{FieldSpec, FieldSpecs};
pub use generators::{GeneratorArgs, GeneratorOptions, SecretArgs};
pub use helm::{HelmChart, HelmChartArgs, HelmGlobals};
pub use iam_policy::{CloudAccount, IamPolicyArgs, KubernetesService};
pub use images::Image;
pub use kustomization::{Kustomization, ObjectMeta, Places};
pub use labels::Label;
pub use name_references::{NameBackReferences, NameReferences};
pub use patches::{Patch, PatchArgs};
pub use replacements::{FieldOptions, Replacement, SourceSelector, TargetSelector};
pub use replicas::Replica;
pub use selector::Selector;
pub use sort::{LegacySortOptions, SortOptions};
pub use transformer_config::{Section, TransformerConfig};
pub use vars::{FieldSelector, Var, VarTarget};

use std::collections::BTreeMap;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// Sorted string pairs, such as labels and annotations, each value with its place.
pub type Pairs = BTreeMap<Text, Spanned<Text>>;
