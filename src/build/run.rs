//! A run: builds of any number of targets with one loader, and their shared state.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard};

use super::Options;
use super::account::{Account, Metadata};
use super::accumulate::{self, Accumulator};
use super::bases::{Base, Bases};
use super::ending::step;
use super::{ending, order, references};
use crate::config::{Kustomization, Section, TransformerConfig, Warning};
use crate::error::{Error, Result};
use crate::generate;
use crate::limits::Limit;
use crate::load::{Kind, Loader, Root};
use crate::parallel::{Threads, in_order};
use crate::plugin::{self, Hardening};
use crate::resource::ResMap;
use crate::schema::Schema;
use crate::sync::{lock, unpoisoned};
use crate::transform::{self, BUILTINS, Builtin, Change, Observer, Work};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// Builds any number of targets, on any number of threads. Shared work is done once: a kustomization file is read once,
/// and a base of several targets is accumulated once.
///
/// The result of a target does not depend on the others.
pub struct Run<'a> {
    loader: &'a Loader,
    options: &'a Options,
    builtins: &'static [Builtin],
    defaults: Arc<TransformerConfig>,
    /// By the bytes of the paths, which are compared faster than their components.
    kustomizations: Mutex<BTreeMap<OsString, Arc<Read>>>,
    bases: Bases,
}

/// A target that was rendered.
#[derive(Debug)]
pub struct Built {
    /// The rendered resources.
    pub resources: ResMap,
    /// The schema in force at the end: the built-in one, or that of `openapi`.
    pub schema: Schema,
    /// The directories that it was built from. It depends only on what their kustomizations have [looked
    /// at](Loader::notes).
    pub directories: BTreeSet<OsString>,
    /// False if the result depends on today's date (exclusions with `until`).
    pub lasts: bool,
    /// Its hardening steps, in the order in which they ran.
    pub hardening: Vec<Arc<Hardening>>,
}

/// A kustomization file that was read.
pub(crate) struct Read {
    pub(crate) kustomization: Arc<Kustomization>,
    pub(super) warnings: Vec<Warning>,
    /// The charge for a visit.
    bytes: u64,
}

/// The charge for a byte of a kustomization file: its entries become structures that are larger than the text.
const ENTRY_BYTES: u64 = 8;

impl<'a> Run<'a> {
    /// A run without any builds.
    #[must_use]
    pub fn new(loader: &'a Loader, options: &'a Options) -> Self {
        Self::with_builtins(loader, options, BUILTINS)
    }

    /// A run with another table of builtin transformers.
    pub(super) fn with_builtins(
        loader: &'a Loader,
        options: &'a Options,
        builtins: &'static [Builtin],
    ) -> Self {
        Self {
            loader,
            options,
            builtins,
            defaults: Arc::new(TransformerConfig::defaults()),
            kustomizations: Mutex::default(),
            bases: Bases::new(loader.limits().get(Limit::Bytes)),
        }
    }

    /// Announces the targets of the run, without duplicates: a base of several targets is kept from its first use to
    /// its last. Reads the kustomization files of the targets.
    pub fn expect(&self, targets: &[impl AsRef<str> + Sync]) {
        let (demanded, files) = (Mutex::default(), Mutex::default());
        // The files of a single target are read ahead; of many targets, each is built by one thread.
        let is_one = targets.len() == 1 && self.options.threads.are_several();
        let files = is_one.then_some(&files);
        let work = |number: usize| self.count(targets[number].as_ref(), &demanded, files);
        // Errors are reported when the target is built.
        let threads = self.options.threads.for_small(targets.len());
        in_order(targets.len(), &threads, work, |_, _| ControlFlow::Continue(()));
        self.bases.expect(unpoisoned(demanded.into_inner()));
        if let Some(files) = files {
            self.loader.read_ahead(&lock(files), &self.options.threads);
        }
    }

    /// Renders a target. Warnings are added to `warnings` even if the build fails.
    ///
    /// # Errors
    /// As [`build()`](super::build()).
    pub fn build(&self, target: &str, warnings: &mut Vec<Warning>) -> Result<ResMap> {
        self.build_from(target, warnings).map(|built| built.resources)
    }

    /// Renders as [`Run::build`] does. The result states what it depends on.
    ///
    /// # Errors
    /// As [`build()`](super::build()).
    pub fn build_from(&self, target: &str, warnings: &mut Vec<Warning>) -> Result<Built> {
        let (threads, before) = (&self.options.threads, warnings.len());
        let built = self.render(target, warnings, None, threads);
        match built {
            // The charge that exceeds the limit depends on the order of the threads.
            Err(error) if threads.have_started() && error.iter().any(Error::is_spent) => {
                warnings.truncate(before);
                self.render(target, warnings, None, &Threads::default())
            }
            built => built,
        }
    }

    /// Renders as [`Run::build_from`] does, and reports each change of resources to an observer. Every base is
    /// accumulated as often as it is listed, so that no change is missed.
    ///
    /// # Errors
    /// As [`build()`](super::build()), and those of the observer.
    pub fn build_observed(
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
        let options = self.options;
        let root = self.loader.root(target)?;
        let read = self.kustomization(&root)?;
        let kustomization = &*read.kustomization;
        warnings.extend_from_slice(&read.warnings);
        let order = order::choose(kustomization, options.reorder, warnings)?;
        let metadata = Metadata::of(kustomization, options.managed_by_label);
        let (accumulator, schema, directories) = accumulate::target(
            self,
            root.clone(),
            Arc::clone(&read.kustomization),
            warnings,
            observer.as_deref_mut(),
            threads,
        )?;
        let Accumulator { mut resources, configuration, variables, hardening } = accumulator;
        let (sources, budget) = (self.loader.sources(), root.budget());
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
        resources.charge_to(budget);
        let lasts = !hardening.iter().any(|hardening| hardening.depends_on_day());
        Ok(Built { resources, schema, directories, lasts, hardening })
    }

    /// The loader.
    pub(crate) const fn loader(&self) -> &'a Loader {
        self.loader
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &'a Options {
        self.options
    }

    /// The builtin transformers.
    pub(super) const fn builtins(&self) -> &'static [Builtin] {
        self.builtins
    }

    /// The store of accumulated bases.
    pub(super) const fn bases(&self) -> &Bases {
        &self.bases
    }

    /// The default field specs, sorted: the first configuration of an accumulator.
    pub(super) const fn defaults(&self) -> &Arc<TransformerConfig> {
        &self.defaults
    }

    /// The kustomization of a directory.
    ///
    /// # Errors
    /// Those of [`Root::kustomization_file`] and [`Kustomization::read`].
    pub(crate) fn kustomization(&self, root: &Root) -> Result<Arc<Read>> {
        if let Some(read) = self.kustomizations().get(root.path().as_os_str()) {
            root.budget().spend(Limit::Bytes, read.bytes, root.span())?;
            return Ok(Arc::clone(read));
        }
        // Two threads may both read it: the result is the same, and no thread waits.
        let source = root.kustomization_file()?;
        let bytes = source.text().len() as u64 * ENTRY_BYTES;
        root.budget().spend(Limit::Bytes, bytes, root.span())?;
        let (kustomization, warnings) = Kustomization::read(&source)?;
        let read = Arc::new(Read { kustomization: Arc::new(kustomization), warnings, bytes });
        self.kustomizations().insert(root.path().into(), Arc::clone(&read));
        Ok(read)
    }

    fn kustomizations(&self) -> MutexGuard<'_, BTreeMap<OsString, Arc<Read>>> {
        lock(&self.kustomizations)
    }

    /// Counts the uses of each base by a target: a stored base uses its own bases only once. Adds the files that it
    /// lists to `files`.
    fn count(
        &self,
        target: &str,
        demanded: &Mutex<BTreeMap<Base, usize>>,
        files: Option<&Mutex<Vec<(Root, Text)>>>,
    ) -> Result<()> {
        let root = self.loader.root(target)?;
        let read = self.kustomization(&root)?;
        let account = Account::top(&read.kustomization, &root)?;
        let mut pending = vec![(root, read, account)];
        while let Some((root, read, account)) = pending.pop() {
            for (path, kind) in entries(&root, &read.kustomization) {
                if let (Some(files), Kind::File) = (files, kind) {
                    lock(files).push((root.clone(), path.value.clone()));
                }
                let Some(child) = child(&root, path, kind) else { continue };
                let below = account.as_ref().map(|account| account.below(path, &child));
                let Ok(account) = below.transpose() else { continue };
                let is_first = {
                    let mut demanded = lock(demanded);
                    let uses = demanded.entry(Base::new(&child, account.as_ref())).or_default();
                    *uses += 1;
                    *uses == 1
                };
                if is_first && let Ok(read) = self.kustomization(&child) {
                    pending.push((child, read, account));
                }
            }
        }
        Ok(())
    }
}

/// The directories that a kustomization lists, with their entries.
pub(crate) fn directories<'k>(
    root: &Root,
    kustomization: &'k Kustomization,
) -> impl Iterator<Item = (&'k str, Root)> {
    let child =
        |(path, kind): (&'k Spanned<Text>, Kind)| Some((path.as_str(), child(root, path, kind)?));
    entries(root, kustomization).filter_map(child)
}

/// The entries of a kustomization that are paths, each with the kind of what is there.
fn entries<'k>(
    root: &Root,
    kustomization: &'k Kustomization,
) -> impl Iterator<Item = (&'k Spanned<Text>, Kind)> {
    let Kustomization { resources, components, generators, transformers, validators, .. } =
        kustomization;
    let all = [resources, components, generators, transformers, validators].into_iter().flatten();
    // An entry with several lines is an inline configuration.
    all.filter(|path| !path.contains('\n')).map(|path| (path, root.kind_of(path)))
}

/// The directory of an entry, if it is one.
fn child(root: &Root, path: &Spanned<Text>, kind: Kind) -> Option<Root> {
    (kind == Kind::Directory).then(|| root.child(path, path.span).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::tests::loader;
    use super::*;
    use crate::error::Code;
    use crate::limits::Limits;
    use crate::load::{self, Memory};

    fn names(run: &Run<'_>, target: &str) -> Result<String> {
        let resources = run.build(target, &mut Vec::new())?;
        Ok(resources.iter().map(|resource| resource.name()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_defaults_are_settled() {
        let (loader, options) = (loader(""), Options::default());
        let run = Run::new(&loader, &options);
        assert_eq!(accumulate::settled(run.defaults()).unwrap(), *run.defaults());
    }

    #[test]
    fn a_shared_base_is_dropped_after_its_last_use() {
        let loader = loader(
            "\
== a/kustomization.yaml
resources: [../base]
namePrefix: a-
== b/kustomization.yaml
resources: [../base]
namePrefix: b-
== base/kustomization.yaml
bases: [../deep]
nameSuffix: -x
== deep/kustomization.yaml
resources: [pod.yaml]
== deep/pod.yaml
{apiVersion: v1, kind: Pod, metadata: {name: pod}}
",
        );
        let options = Options::default();
        let run = Run::new(&loader, &options);
        run.expect(&["a", "b"]);
        assert_eq!(names(&run, "a").unwrap(), "a-pod-x");
        assert_eq!(run.bases().kept(), 1, "`deep` has no other use");
        let mut warnings = Vec::new();
        let resources = run.build("b", &mut warnings).unwrap();
        assert_eq!(resources.iter().next().unwrap().name(), "b-pod-x");
        assert_eq!(warnings.len(), 1, "what there is to say of a base is said of each target");
        assert_eq!(run.bases().kept(), 0);
        // More than was expected.
        assert_eq!(names(&run, "a").unwrap(), "a-pod-x");
        assert_eq!(names(&run, "b").unwrap(), "b-pod-x");
    }

    /// Targets `a` and `b` of the base `one`, `c` and `d` of the base `two`.
    fn pairs(limits: Limits) -> Loader {
        let mut files = Memory::new();
        for (target, base) in [("a", "one"), ("b", "one"), ("c", "two"), ("d", "two")] {
            files = files
                .file(format!("{target}/kustomization.yaml"), format!("resources: [../{base}]"))
                .file(format!("{base}/kustomization.yaml"), "resources: [pod.yaml]")
                .file(
                    format!("{base}/pod.yaml"),
                    "{apiVersion: v1, kind: Pod, metadata: {name: p}}",
                );
        }
        Loader::new(files, load::Options { limits, ..load::Options::default() })
    }

    #[test]
    fn bases_are_kept_as_far_as_the_limit_allows() {
        let options = Options::default();
        let loader = pairs(Limits::default());
        let run = Run::new(&loader, &options);
        let spent = run.build("a", &mut Vec::new()).unwrap().budget().spent(Limit::Bytes);
        let loader = pairs(Limits::default().with(Limit::Bytes, spent));
        let run = Run::new(&loader, &options);
        run.expect(&["a", "b", "c", "d"]);
        for (target, kept) in [("a", 1), ("c", 1), ("d", 1), ("b", 0)] {
            let resources = run.build(target, &mut Vec::new()).unwrap();
            assert_eq!(resources.budget().spent(Limit::Bytes), spent, "{target}");
            assert_eq!(run.bases().kept(), kept, "{target}");
        }
    }

    #[test]
    fn a_circle_is_found_behind_a_base_that_others_use() {
        // `shared` lists `top/inner`, which contains `top/inner/target`: for the latter this is a cycle.
        let loader = loader(
            "\
== other/kustomization.yaml
resources: [../shared]
== last/kustomization.yaml
resources: [../shared]
== shared/kustomization.yaml
resources: [../top/inner]
== top/inner/kustomization.yaml
resources: [pod.yaml]
== top/inner/pod.yaml
{apiVersion: v1, kind: Pod, metadata: {name: pod}}
== top/inner/target/kustomization.yaml
resources: [../../../shared]
",
        );
        let options = Options::default();
        let run = Run::new(&loader, &options);
        run.expect(&["other", "top/inner/target", "last"]);
        assert_eq!(names(&run, "other").unwrap(), "pod");
        assert_eq!(names(&run, "top/inner/target").unwrap_err().code(), Code::Cycle);
        assert_eq!(names(&run, "last").unwrap(), "pod");
    }

    #[test]
    fn what_a_schema_may_change_is_not_shared() {
        const SCHEMA: &str = "\
definitions:
  Widget:
    x-kubernetes-group-version-kind: [{group: example.com, version: v1, kind: Widget}]
    properties:
      parts:
        type: array
        x-kubernetes-patch-merge-key: name
        x-kubernetes-patch-strategy: merge
        items: {type: object}
";
        let overlay = "resources: [../base]\n";
        let widget = |parts: &str| {
            format!(
                "{{apiVersion: example.com/v1, kind: Widget, metadata: {{name: w}}, parts: [{parts}]}}"
            )
        };
        let files = Memory::new()
            .file("plain/kustomization.yaml", overlay)
            .file("own/kustomization.yaml", format!("{overlay}openapi: {{path: schema.yaml}}\n"))
            .file("own/schema.yaml", SCHEMA)
            .file("again/kustomization.yaml", overlay)
            .file("base/kustomization.yaml", "resources: [w.yaml]\npatches: [{path: patch.yaml}]\n")
            .file("base/w.yaml", widget("{name: a}"))
            .file("base/patch.yaml", widget("{name: b}"));
        let loader = Loader::new(files, load::Options::default());
        let options = Options::default();
        let run = Run::new(&loader, &options);
        let targets = ["plain", "own", "again"];
        run.expect(&targets);
        let parts = targets.map(|target| {
            let yaml = run.build(target, &mut Vec::new()).unwrap().to_yaml().unwrap();
            yaml.matches("- name: ").count()
        });
        assert_eq!(parts, [1, 2, 1], "a list is replaced unless the schema says how it merges");
    }
}
