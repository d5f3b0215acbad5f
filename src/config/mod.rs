//! kustomization.yaml and the configuration of transformers: what the user asks for, as types.
//!
//! A field that is absent, null or empty is the same for the reference and is one value here. What an error may have
//! to point at later is `Spanned`: every element of a list, every word that is checked or ends up in a resource.

mod default_field_specs;
mod field_specs;
mod name_references;
mod transformer_config;

pub use field_specs::{FieldSpec, FieldSpecs};
pub use name_references::{NameBackReferences, NameReferences};
pub use transformer_config::TransformerConfig;
