//! Generators: resources that are created from the fields of a kustomization.

mod behavior;
mod config_map;
mod env;
mod hash;
mod iam_policy;
mod layout;
mod object;
mod secret;
mod sources;

use crate::config::Kustomization;
use crate::error::{Error, Result};
use crate::load::Root;
use crate::resource::Resource;
use crate::schema::Schema;

pub use behavior::explain_behavior;
pub use config_map::config_map;
pub use hash::hash;
pub use iam_policy::iam_policy;
pub use layout::hashes_layout;
pub use secret::secret;
pub use sources::read_secret_files;

/// Generates the resources of `configMapGenerator` and `secretGenerator`, each with the name of its generator. Linear
/// in the size of the result.
///
/// # Errors
/// Those of each generator.
pub fn generate(context: &Context<'_>) -> Result<Vec<Generated>> {
    let generated = GENERATORS.iter().map(|&(generator, field, make)| {
        let resources = make(context)?.into_iter().enumerate();
        let generated =
            resources.map(|(entry, resource)| Generated { generator, field, entry, resource });
        Ok(generated.collect::<Vec<_>>())
    });
    Error::collect(generated).map(|generated| generated.into_iter().flatten().collect())
}

/// A generated resource.
#[derive(Debug)]
pub struct Generated {
    /// The name of the generator.
    pub generator: &'static str,
    /// The field of the kustomization that configures it.
    pub field: &'static str,
    /// The index of its entry in that field.
    pub entry: usize,
    /// The resource.
    pub resource: Resource,
}

/// The inputs of the generators of a kustomization.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The kustomization.
    pub kustomization: &'a Kustomization,
    /// The directory that files are read from.
    pub root: &'a Root,
    /// The schema in force.
    pub schema: &'a Schema,
}

/// A generator. Returns no resources if its field is absent.
type Generator = fn(&Context<'_>) -> Result<Vec<Resource>>;

/// The builtin generators with their names and fields, in the order in which they run (kustomize,
/// `api/internal/target/kusttarget_configplugin.go`).
const GENERATORS: &[(&str, &str, Generator)] = &[
    ("ConfigMapGenerator", "configMapGenerator", config_map::generate),
    ("SecretGenerator", "secretGenerator", secret::generate),
];
