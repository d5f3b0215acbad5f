//! Resources that no manifest holds: a kustomization says what they are made of.

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

/// Makes what `configMapGenerator` and `secretGenerator` ask for, each with the name of its generator. Linear in the size
/// of what is generated.
///
/// # Errors
/// What is wrong with each generator.
pub fn generate(context: &Context<'_>) -> Result<Vec<Generated>> {
    let mut generated = Vec::new();
    let mut errors = Vec::new();
    for (generator, make) in GENERATORS {
        match make(context) {
            Ok(resources) => {
                let made = |resource| Generated { generator, resource };
                generated.extend(resources.into_iter().map(made));
            }
            Err(error) => errors.push(error),
        }
    }
    Error::all(errors).map_or(Ok(generated), Err)
}

/// What a generator made.
#[derive(Debug)]
pub struct Generated {
    /// The name of the generator.
    pub generator: &'static str,
    /// What it made.
    pub resource: Resource,
}

/// What the generators of one kustomization work with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the user asks for.
    pub kustomization: &'a Kustomization,
    /// Where files are read from.
    pub root: &'a Root,
    /// What is known of kinds.
    pub schema: &'a Schema,
}

/// A generator: it makes nothing where its field says nothing.
type Generator = fn(&Context<'_>) -> Result<Vec<Resource>>;

/// The builtin generators with their names, in the order in which they run (kustomize,
/// `api/internal/target/kusttarget_configplugin.go`).
const GENERATORS: &[(&str, Generator)] =
    &[("ConfigMapGenerator", config_map::generate), ("SecretGenerator", secret::generate)];

/// Makes one of each entry of a field.
fn each<T>(entries: &[T], make: impl Fn(&T) -> Result<Resource>) -> Result<Vec<Resource>> {
    let mut made = Vec::with_capacity(entries.len());
    let mut errors = Vec::new();
    for entry in entries {
        match make(entry) {
            Ok(resource) => made.push(resource),
            Err(error) => errors.push(error),
        }
    }
    Error::all(errors).map_or(Ok(made), Err)
}
