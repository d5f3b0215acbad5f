//! Builds one target of a session.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;

use super::account::{Account, Metadata};
use super::accumulator::Accumulator;
use super::ending::step;
use super::session::Session;
use super::{accumulate, ahead, ending, order, references, strict};
use crate::config::{Section, Warning};
use crate::error::{Error, Result};
use crate::generate;
use crate::parallel::Threads;
use crate::plugin::{self, Hardening};
use crate::resource::ResMap;
use crate::schema::Schema;
use crate::transform::{self, Change, Observer, Work};

/// A target that was rendered.
#[derive(Debug)]
pub struct Built {
    /// The rendered resources.
    pub resources: ResMap,
    /// The schema in force at the end: the built-in one, or that of `openapi`.
    pub schema: Schema,
    /// The directories that it was built from. It depends only on what their kustomizations have [looked
    /// at](crate::load::Loader::notes).
    pub directories: BTreeSet<OsString>,
    /// False if the result depends on more than these directories: on today's date (exclusions with `until`).
    pub lasts: bool,
    /// Its hardening steps, in the order in which they ran.
    pub hardening: Vec<Arc<Hardening>>,
}

impl Session<'_> {
    /// Renders a target. Warnings are added to `warnings` even if the build fails.
    ///
    /// # Errors
    /// As [`build()`](super::build()).
    pub(crate) fn build(&self, target: &str, warnings: &mut Vec<Warning>) -> Result<Built> {
        let (threads, before) = (&self.options().threads, warnings.len());
        let built = self.render(target, warnings, None, threads);
        match built {
            // The charge that exceeds the limit depends on the order of the threads.
            Err(error) if threads.have_started() && error.iter().any(Error::is_spent) => {
                warnings.truncate(before);
                self.bases().clear();
                self.render(target, warnings, None, &Threads::default())
            }
            built => built,
        }
    }

    /// Renders as [`Session::build`] does, and reports each change of resources to an observer. Every base is
    /// accumulated as often as it is listed, so that no change is missed.
    ///
    /// # Errors
    /// As [`build()`](super::build()), and those of the observer.
    pub(crate) fn build_observed(
        &self,
        target: &str,
        warnings: &mut Vec<Warning>,
        observer: &mut dyn Observer,
    ) -> Result<Built> {
        self.render(target, warnings, Some(observer), &Threads::default())
    }

    fn render(
        &self,
        target: &str,
        warnings: &mut Vec<Warning>,
        mut observer: Option<&mut (dyn Observer + '_)>,
        threads: &Threads,
    ) -> Result<Built> {
        let options = self.options();
        let root = self.loader().root(target)?;
        let read = self.kustomization(&root)?;
        let kustomization = &*read.kustomization;
        warnings.extend_from_slice(&read.warnings);
        let order = order::choose(kustomization, options.reorder, warnings)?;
        let metadata = Metadata::of(kustomization, options.managed_by_label);
        if observer.is_none() && threads.have_started() && threads.are_several() {
            let account = Account::top(kustomization, &root)?;
            ahead::accumulate(self, &root, Arc::clone(&read), account, threads);
        }
        let (accumulator, schema, way) = accumulate::target(
            self,
            root.clone(),
            Arc::clone(&read.kustomization),
            warnings,
            observer.as_deref_mut(),
            threads,
        )?;
        let Accumulator { mut resources, configuration, variables, hardening } = accumulator;
        let (sources, budget) = (self.loader().sources(), root.budget());
        let hash = Work::whole(|resources| generate::hash(resources, sources, budget));
        let hash = Change::new(step("HashTransformer", "hash suffixes", &root), [hash]);
        transform::run([hash], &mut resources, observer.as_deref_mut(), threads)?;
        let mut changes = Vec::new();
        if let Some(configuration) = &configuration {
            let specs = &configuration.name_reference;
            let work = references::update(&resources, specs, &schema, budget);
            changes.push(Change::new(step("", "name references", &root), [work]));
            let specs = configuration.specs(Section::VarReference);
            let work = variables.work(specs, &schema, budget, warnings);
            changes.extend(work.map(|work| Change::new(step("", "vars", &root), [work])));
        }
        changes.extend(ending::changes(&order, metadata, &schema, &root));
        let sort = Work::whole(|resources| {
            order::sort(resources, &order);
            Ok(())
        });
        changes.push(Change::new(step("SortOrderTransformer", "order", &root), [sort]));
        changes.extend(plugin::finish(&hardening, &root, &schema));
        transform::run(changes, &mut resources, observer, threads)?;
        if options.strict {
            warnings.extend(strict::objects(&resources));
        }
        resources.charge_to(budget);
        let lasts = !hardening.iter().any(|hardening| hardening.depends_on_day());
        // A branch may have moved.
        Ok(Built { resources, schema, directories: way.directories, lasts, hardening })
    }
}
