//! The state that the levels of a target accumulate.

use std::slice;
use std::sync::Arc;

use super::vars::Variables;
use crate::config::TransformerConfig;
use crate::error::Result;
use crate::load::Root;
use crate::plugin::{Hardening, Plugin};
use crate::resource::ResMap;

/// The accumulated result of a kustomization and everything below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Accumulator {
    /// The resources, in the order of the entries.
    pub(super) resources: ResMap,
    /// The field specs so far; `None` if no kustomization has configured any.
    pub(super) configuration: Option<Arc<TransformerConfig>>,
    /// The variables defined so far.
    pub(super) variables: Variables,
    /// The hardening that remains for the end of the build, without duplicates.
    pub(super) hardening: Vec<Arc<Hardening>>,
}

impl Accumulator {
    /// Adds field specs. The `defaults` are settled already.
    ///
    /// # Errors
    /// Those of [`TransformerConfig::merged`].
    pub(super) fn configure(
        &mut self,
        configuration: &Arc<TransformerConfig>,
        defaults: &Arc<TransformerConfig>,
        root: &Root,
    ) -> Result<()> {
        self.configuration = Some(match &self.configuration {
            Some(known) => known.merged(configuration, root.budget(), root.span())?,
            None if Arc::ptr_eq(configuration, defaults) => Arc::clone(defaults),
            None => settled(configuration)?,
        });
        Ok(())
    }

    /// Stores the hardening that plugins leave for the end of the build.
    pub(super) fn leave<'p>(&mut self, plugins: impl Iterator<Item = &'p Plugin>) {
        plugins
            .filter_map(Plugin::hardening)
            .for_each(|left| self.leave_all(slice::from_ref(left)));
    }

    fn leave_all(&mut self, left: &[Arc<Hardening>]) {
        for hardening in left {
            if !self.hardening.iter().any(|known| known.is_same(hardening)) {
                self.hardening.push(Arc::clone(hardening));
            }
        }
    }

    /// Adds the result of another kustomization.
    ///
    /// # Errors
    /// Those of [`ResMap::append_all`], of [`Accumulator::configure`] and of [`Variables::merge`].
    pub(super) fn merge(
        &mut self,
        other: Self,
        defaults: &Arc<TransformerConfig>,
        root: &Root,
    ) -> Result<()> {
        let Self { resources, configuration, variables, hardening } = other;
        self.leave_all(&hardening);
        self.resources.append_all(resources)?;
        if let Some(configuration) = configuration {
            self.configure(&configuration, defaults, root)?;
        }
        self.variables.merge(variables)
    }
}

/// The field specs of a configuration, added one by one to an empty one. A spec for fewer types then excludes a later
/// one for more: this is how `configurations` can narrow the defaults.
fn settled(configuration: &TransformerConfig) -> Result<Arc<TransformerConfig>> {
    let mut settled = TransformerConfig::default();
    settled.merge(configuration)?;
    Ok(Arc::new(settled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_settled() {
        let defaults = TransformerConfig::defaults();
        assert_eq!(*settled(&defaults).unwrap(), defaults);
    }
}
