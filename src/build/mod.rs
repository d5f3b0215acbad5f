//! From a directory to the resources that it renders to.
//!
//! On every level, from the innermost base outwards: resources → configurations, crds → generators → components →
//! builtin transformers in the fixed order → `transformers:` → `validators:` → vars collected ([`accumulate`]). Then,
//! at the top only: hash suffixes → name references → vars → local-config dropped → order → managed-by label.

mod account;
mod accumulate;
mod affected;
mod bases;
mod by_type;
mod configurations;
mod costs;
mod ending;
mod kept;
mod named;
mod order;
mod provenance;
mod references;
mod routes;
mod run;
mod steps;
mod targets;
#[cfg(test)]
mod tests;
mod vars;

use crate::config::Warning;
use crate::error::Result;
use crate::load::Loader;
use crate::parallel::Threads;
use crate::plugin;
use crate::resource::ResMap;

pub use affected::affected;
pub use costs::{costs, share};
pub use kept::{Found, Keeper, Kept};
pub use order::{Order, Reorder};
pub use run::{Built, Run};
pub use targets::{PassedOver, Survey, Target, Why};

/// How a target is built.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The order asked for on the command line.
    pub reorder: Option<Reorder>,
    /// What plugins may do.
    pub plugins: plugin::Options,
    /// Every resource gets a label that says who made it, as with `buildMetadata: [managedByLabel]`.
    pub managed_by_label: bool,
    /// Whether warnings also tell of what changes nothing: patches without a target, images that no container uses.
    pub strict: bool,
    /// The threads that it may use. The result does not depend on them.
    pub threads: Threads,
}

/// What a target renders to.
#[derive(Debug)]
pub struct Output {
    /// The resources as they are printed.
    pub resources: ResMap,
    /// What there is to say about the kustomization files, each thing once.
    pub warnings: Vec<Warning>,
}

/// Renders the kustomization in a directory. Cost: linear in the number of resources, and a sort.
///
/// # Errors
/// Whatever is wrong with its kustomization files, and those of its bases, and with their resources: several failures
/// at once, as far as they have nothing to do with each other.
pub fn build(loader: &Loader, target: &str, options: &Options) -> Result<Output> {
    let mut warnings = Vec::new();
    let resources = build_and_warn(loader, target, options, &mut warnings)?;
    Ok(Output { resources, warnings })
}

/// Renders as [`build()`] does, and adds to the warnings those that came up, also where the build fails.
///
/// # Errors
/// As [`build()`].
pub fn build_and_warn(
    loader: &Loader,
    target: &str,
    options: &Options,
    warnings: &mut Vec<Warning>,
) -> Result<ResMap> {
    let run = Run::new(loader, options);
    run.expect(&[target]);
    run.build(target, warnings)
}
