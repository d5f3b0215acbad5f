//! A run: builds of any number of targets with one loader.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::build::{Built, Demand, IsSame, Options, Session};
use crate::config::{Kustomization, Warning};
use crate::error::Result;
use crate::load::{Loader, Root};
use crate::parallel::in_order;
use crate::resource::ResMap;
use crate::transform::Observer;

/// Builds any number of targets, on any number of threads. Shared work is done once: a kustomization file is read once,
/// and a base of several targets is accumulated once.
///
/// The result of a target does not depend on the others.
pub struct Run<'a> {
    pub(super) session: Session<'a>,
}

impl<'a> Run<'a> {
    /// A run without any builds.
    #[must_use]
    pub fn new(loader: &'a Loader, options: &'a Options) -> Self {
        Self { session: Session::new(loader, options) }
    }

    /// The same run, which takes over what another one, of another state of the files, has read from kustomization files
    /// that are certainly the same in both. Both loaders have the same sources and options.
    #[must_use]
    pub fn beside(self, twin: &'a Self, is_same: Box<IsSame<'a>>) -> Self {
        Self { session: self.session.beside(&twin.session, is_same) }
    }

    /// Announces the targets of the run, without duplicates: a base of several targets is kept from its first use to
    /// its last. Reads the kustomization files of the targets.
    pub fn expect(&self, targets: &[impl AsRef<str> + Sync]) {
        let session = &self.session;
        if let [target] = targets {
            return Demand::of_one(session, target.as_ref()).announce(session);
        }
        let demand = Demand::default();
        let work = |number: usize| demand.count(session, targets[number].as_ref());
        let threads = session.options().threads.for_small(targets.len());
        in_order(targets.len(), &threads, work, |_, ()| ControlFlow::Continue(()));
        demand.announce(session);
    }

    /// Renders a target. Warnings are added to `warnings` even if the build fails.
    ///
    /// # Errors
    /// As [`build()`](crate::build::build()).
    pub fn build(&self, target: &str, warnings: &mut Vec<Warning>) -> Result<ResMap> {
        self.build_from(target, warnings).map(|built| built.resources)
    }

    /// Renders as [`Run::build`] does. The result states what it depends on.
    ///
    /// # Errors
    /// As [`build()`](crate::build::build()).
    pub fn build_from(&self, target: &str, warnings: &mut Vec<Warning>) -> Result<Built> {
        self.session.build(target, warnings)
    }

    /// Renders as [`Run::build_from`] does, and reports each change of resources to an observer. Every base is
    /// accumulated as often as it is listed, so that no change is missed.
    ///
    /// # Errors
    /// As [`build()`](crate::build::build()), and those of the observer.
    pub fn build_observed(
        &self,
        target: &str,
        warnings: &mut Vec<Warning>,
        observer: &mut dyn Observer,
    ) -> Result<Built> {
        self.session.build_observed(target, warnings, observer)
    }

    /// The directory of a target: [`Loader::root`].
    ///
    /// # Errors
    /// The same.
    pub fn root(&self, target: &str) -> Result<Root> {
        self.session.loader().root(target)
    }

    /// The kustomization of a directory, which is read once.
    ///
    /// # Errors
    /// Those of [`Root::kustomization_file`] and [`Kustomization::read`].
    pub fn kustomization(&self, root: &Root) -> Result<Arc<Kustomization>> {
        self.session.kustomization(root).map(|read| Arc::clone(&read.kustomization))
    }

    /// The loader.
    #[must_use]
    pub const fn loader(&self) -> &'a Loader {
        self.session.loader()
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &'a Options {
        self.session.options()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::tests::loader;
    use crate::error::{Code, Error};
    use crate::limits::{Limit, Limits};
    use crate::load::{self, Memory};

    fn names(run: &Run<'_>, target: &str) -> Result<String> {
        let resources = run.build(target, &mut Vec::new())?;
        Ok(resources.iter().map(|resource| resource.name()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_is_the_same_in_two_states_is_read_once() {
        let state = |prefix: &str| {
            loader(&format!(
                "\
== a/kustomization.yaml
resources: [../base]
namePrefix: {prefix}-
== base/kustomization.yaml
configMapGenerator: [{{name: m, options: {{disableNameSuffixHash: true}}}}]
nameSuffix: -{prefix}
"
            ))
        };
        let ([old, new], options) = ([state("old"), state("new")], Options::default());
        let twin = Run::new(&new, &options);
        assert_eq!(names(&twin, "a").unwrap(), "new-m-new");
        for (same, expected) in [("none", "old-m-old"), ("base", "old-m-new"), ("a", "new-m-old")] {
            let is_same = Box::new(move |root: &Root| root.path().ends_with(same));
            let run = Run::new(&old, &options).beside(&twin, is_same);
            assert_eq!(names(&run, "a").unwrap(), expected);
        }
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
        assert_eq!(run.session.kept_bases(), 1, "`deep` has no other use");
        let mut warnings = Vec::new();
        let resources = run.build("b", &mut warnings).unwrap();
        assert_eq!(resources.iter().next().unwrap().name(), "b-pod-x");
        assert_eq!(warnings.len(), 1, "what there is to say of a base is said of each target");
        assert_eq!(run.session.kept_bases(), 0);
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
            assert_eq!(run.session.kept_bases(), kept, "{target}");
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

    #[test]
    fn bases_may_be_mounted() {
        let base = "resources: [../fetched/app/base]\n";
        let files = Memory::new()
            .file("one/kustomization.yaml", format!("{base}namePrefix: one-\n"))
            .file("two/kustomization.yaml", format!("{base}components: [../fetched/app/part]\n"))
            .file("bad/kustomization.yaml", "resources: [../fetched/app/bad]\n")
            .file("own.yaml", "{apiVersion: v1, kind: Own, metadata: {name: own}}");
        let fetched = Memory::new()
            .file("fetched/app/base/kustomization.yaml", "resources: [pod.yaml, ../more]\n")
            .file("fetched/app/base/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: pod}}")
            .file(
                "fetched/app/more/kustomization.yaml",
                "configMapGenerator: [{name: map, files: [a.txt]}]\n\
                 generatorOptions: {disableNameSuffixHash: true}\n",
            )
            .file("fetched/app/more/a.txt", "text")
            .file("fetched/app/part/kustomization.yaml", "kind: Component\nnameSuffix: -part\n")
            .file("fetched/app/bad/kustomization.yaml", "resources: [../../../own.yaml]\n");
        let options = Options::default();
        let loader = Loader::new(files, load::Options::default());
        loader.mount("/fetched/app".as_ref(), fetched).unwrap();
        let run = Run::new(&loader, &options);
        run.expect(&["one", "two", "bad"]);
        let names = |target: &str| {
            let resources = run.build(target, &mut Vec::new())?;
            let names = resources.iter().map(|resource| resource.name().to_owned());
            Ok::<Vec<String>, Error>(names.collect())
        };
        for _ in 0..2 {
            assert_eq!(names("one").unwrap(), ["one-map", "one-pod"]);
            assert_eq!(names("two").unwrap(), ["map-part", "pod-part"]);
        }
        let error = names("bad").unwrap_err();
        assert_eq!(error.code(), Code::OutsideRoot);
        let place = loader.sources().locate(error.span()).unwrap();
        assert_eq!(place.source.name(), "fetched/app/bad/kustomization.yaml");
        let inputs = loader.inputs();
        let is_input = |path: &str| inputs.iter().any(|input| input.path.to_str() == Some(path));
        assert!(is_input("/fetched/app/more/a.txt") && !is_input("/own.yaml"));
    }
}
