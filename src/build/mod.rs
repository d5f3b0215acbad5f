//! Builds: from a directory to rendered resources.
//!
//! On every level, from the innermost base outwards: resources → configurations, crds → generators → components →
//! builtin transformers in the fixed order → `transformers:` → `validators:` → vars collected ([`accumulate`];
//! kustomize, `api/internal/target/kusttarget.go`: `AccumulateTarget`). Then, at the top only: hash suffixes → name
//! references → vars → local-config dropped → order → managed-by label (`makeCustomizedResMap` there, and
//! `api/krusty/kustomizer.go`: `Run`).

mod account;
mod accumulate;
mod accumulator;
mod ahead;
mod bases;
mod by_type;
mod configurations;
mod demand;
mod ending;
mod entries;
mod files;
mod order;
mod provenance;
mod references;
mod routes;
mod session;
mod strict;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod vars;

use crate::config::Warning;
use crate::error::Result;
use crate::load::Loader;
use crate::parallel::Threads;
use crate::plugin;
use crate::resource::ResMap;

pub(crate) use demand::Demand;
pub(crate) use entries::directories;
pub use order::{Order, Reorder};
pub use session::IsSame;
pub(crate) use session::Session;
pub use target::Built;

/// The options of a build.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The order requested on the command line.
    pub reorder: Option<Reorder>,
    /// Options for plugins.
    pub plugins: plugin::Options,
    /// True if every resource gets the label `app.kubernetes.io/managed-by`, as with `buildMetadata: [managedByLabel]`.
    pub managed_by_label: bool,
    /// True if warnings also report fields without effect (patches whose target matches no resource, images that no
    /// container uses), parts of the inputs that kustomize ignores, and rendered objects that no API server accepts.
    pub strict: bool,
    /// The threads that it may use. The result does not depend on them.
    pub threads: Threads,
}

/// The result of a build.
#[derive(Debug)]
pub struct Output {
    /// The resources in the order of the output.
    pub resources: ResMap,
    /// The warnings about kustomization files, without duplicates.
    pub warnings: Vec<Warning>,
}

/// Renders the kustomization in a directory. Cost: linear in the number of resources, and a sort.
///
/// # Errors
/// All independent errors in its kustomization files, in those of its bases, and in their resources, combined.
pub fn build(loader: &Loader, target: &str, options: &Options) -> Result<Output> {
    let mut warnings = Vec::new();
    let resources = build_and_warn(loader, target, options, &mut warnings)?;
    Ok(Output { resources, warnings })
}

/// Renders as [`build()`] does. Warnings are added to `warnings` even if the build fails.
///
/// # Errors
/// As [`build()`].
pub fn build_and_warn(
    loader: &Loader,
    target: &str,
    options: &Options,
    warnings: &mut Vec<Warning>,
) -> Result<ResMap> {
    let session = Session::new(loader, options);
    Demand::of_one(&session, target).announce(&session);
    session.build(target, warnings).map(|built| built.resources)
}
