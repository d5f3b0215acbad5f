//! Resources that no manifest holds: a kustomization says what they are made of.

mod config_map;
mod env;
mod hash;
mod object;
mod secret;
mod sources;

use crate::config::Kustomization;
use crate::error::{Error, Result};
use crate::load::Root;
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;

pub use hash::hash;

/// Generates what a kustomization asks for, and adds it to its resources or changes them, as each behavior says.
/// Linear in the size of what is generated.
///
/// # Errors
/// What is wrong with each generator; if nothing is, that of each result that does not fit the resources:
/// [`ResMap::absorb`].
pub fn generate(context: &Context<'_>, resources: &mut ResMap) -> Result<()> {
    let mut generated = Vec::new();
    let mut errors = Vec::new();
    for (_, generator) in GENERATORS {
        match generator(context) {
            Ok(resources) => generated.extend(resources),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        // One that was not generated would be missed by those that are to change it.
        errors.extend(generated.into_iter().filter_map(|new| resources.absorb(new).err()));
    }
    Error::all(errors).map_or(Ok(()), Err)
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
