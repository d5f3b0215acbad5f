//! Inputs of a check: kustomizations, each checked separately, and manifests, checked together.

use std::collections::BTreeSet;
use std::mem;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;

use super::appliers::Appliers;
use super::located::{in_repository, named_in_repository, top_of_target};
use super::plain::Plain;
use super::targets::is_kustomization;
use crate::cli::rendered::{ManifestFile, is_of_manifests, manifest_files};
use crate::error::{Code, Error, Result};
use crate::fleet;
use crate::harden::{self, Evidence, Objects, Settings, TargetPath};
use crate::limits::{Budget, Limit};
use crate::load::{KUSTOMIZATION_FILES, Kind, Loader};
use crate::parallel::in_order;
use crate::report::findings::{Checked, Judged, Remark};
use crate::resource::{ResMap, Resource, secret::Shield};
use crate::source::Span;

/// Settings for judging inputs.
pub(super) struct Inputs<'a> {
    pub(super) loader: &'a Loader,
    pub(super) run: &'a fleet::Run<'a>,
    pub(super) settings: &'a Settings,
    /// The working directory.
    pub(super) directory: &'a Path,
    /// The directories whose manifests may define what targets refer to.
    pub(super) trees: &'a [String],
    /// Further targets of the trees, which tell what is applied for production. They are rendered if a purpose depends on it.
    pub(super) appliers: &'a [String],
    /// True if evidence that lowers severities is kept.
    pub(super) keeps_evidence: bool,
    /// True if an input without objects passes.
    pub(super) allow_empty: bool,
}

impl Inputs<'_> {
    /// Judges all targets: first kustomizations, in order and in parallel, with shared bases; then manifests.
    pub(super) fn judge(&self, targets: &[String]) -> (Vec<Judged>, Vec<Remark>) {
        let is_rendered = |target: &&String| is_of_manifests(self.run, target);
        let (rendered, built): (Vec<&String>, Vec<&String>) = targets.iter().partition(is_rendered);
        self.run.expect(&built);
        let mut judged = Vec::with_capacity(targets.len());
        let shield = Shield::default();
        let render = |number: usize| {
            let resources = self.run.build(built[number], &mut Vec::new());
            let resources = resources.map_err(|error| self.advised(built[number], error))?;
            if resources.is_empty() && !self.allow_empty {
                return Err(renders_nothing(built[number]));
            }
            resources.check_yaml()?;
            Ok(resources)
        };
        let mut renders: Vec<Result<ResMap>> = Vec::with_capacity(built.len());
        in_order(built.len(), &self.run.options().threads, render, |_, outcome| {
            renders.push(outcome);
            ControlFlow::Continue(())
        });
        // References may lead to objects of other targets.
        let plain = Plain::new(self.loader, self.trees);
        let defines = |kind: &str, name: &str| plain.defines(kind, name);
        let paths: Vec<String> =
            built.iter().map(|target| in_repository(target, self.directory)).collect();
        let here = in_repository(".", self.directory);
        let here = if here == "." { "" } else { &*here };
        let for_production = OnceLock::new();
        let is_for_production = |target: &str| {
            let found = for_production.get_or_init(|| {
                let appliers = Appliers {
                    paths: &paths,
                    renders: &renders,
                    more: self.appliers,
                    run: self.run,
                    plain: &plain,
                    here,
                    top: &top_of_target(".", self.directory),
                };
                appliers.for_production()
            });
            found.has(target)
        };
        let mut all = Objects::new(&self.settings.facts);
        all.set_defines(&defines);
        all.set_for_production(&is_for_production);
        for (number, resources) in renders.iter().enumerate() {
            if let Ok(resources) = resources {
                all.add(number, resources);
            }
        }
        let budget = Budget::new(self.loader.limits());
        let mut found = Vec::with_capacity(built.len());
        let work = |number: usize| {
            let resources = renders[number].as_ref().ok()?;
            let are_several = built.len() > 1 || !self.trees.is_empty();
            let others = are_several.then_some((number, &all));
            let top = top_of_target(built[number], self.directory);
            let path = &*paths[number];
            let named = named_in_repository(built[number], here, &top);
            let named = named.as_deref().filter(|named| *named != path).unwrap_or_default();
            let target = TargetPath { path, named, directory: here, top: &top };
            let (settings, sources) = (self.settings, self.loader.sources());
            let found = harden::check_among(resources, target, others, sources, settings);
            Some((found, self.evidence(resources, target, others)))
        };
        in_order(built.len(), &self.run.options().threads, work, |_, findings| {
            // A run holds all findings until they are written.
            let count = findings.as_ref().map_or(0, |(findings, _)| findings.len()) as u64;
            let is_spent = budget.spend(Limit::Findings, count, Span::NONE);
            found.push(is_spent.map(|()| findings.unwrap_or_default()));
            match found.last() {
                Some(Err(_)) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        drop(all);
        for ((target, render), findings) in built.iter().zip(renders).zip(found) {
            let checked = render.and_then(|resources| {
                let pods = harden::count_pods(&resources, self.settings);
                let (findings, evidence) = findings?;
                Ok(Checked { resources, pods, findings, evidence })
            });
            judged.push(self.judged_as(target, self.redacted(checked, &shield)));
        }
        let left = built.iter().skip(judged.len());
        let not_judged = |target: &&String| {
            let outcome = Err(budget.exceeded(Limit::Findings, Span::NONE));
            self.judged_as(target, outcome)
        };
        judged.extend(left.map(not_judged));
        let manifests = rendered.into_iter().flat_map(|target| self.manifests(target)).collect();
        let (together, remark) = self.judge_together(manifests);
        judged.extend(together);
        (judged, remark.into_iter().collect())
    }

    /// Objects of an input. If files of a directory define the same object, they are renders of several targets, and
    /// each file is an input.
    fn manifests(&self, target: &str) -> Vec<ManifestFile> {
        let files = match manifest_files(self.loader, target) {
            Ok(files) => files,
            Err(error) => return vec![(target.to_owned(), Err(error))],
        };
        if shared(&files).is_some() {
            return files;
        }
        let all: Result<Vec<Vec<Resource>>> = files.into_iter().map(|(_, read)| read).collect();
        vec![(target.to_owned(), all.map(|all| all.into_iter().flatten().collect()))]
    }

    /// Judges inputs together, so that they can refer to one another, and splits the findings by input. If two inputs
    /// define the same object, they are renders of several targets, and each is judged alone.
    fn judge_together(&self, manifests: Vec<ManifestFile>) -> (Vec<Judged>, Option<Remark>) {
        let shared = shared(&manifests);
        let remark = shared.as_ref().map(|object| {
            let text = format!("each file is checked separately: several define {object}");
            Remark::note("inputs", text)
        });
        let is_apart = shared.is_some();
        let read = manifests.iter().filter_map(|(_, read)| read.as_ref().ok()).flatten();
        let all: ResMap =
            if is_apart { ResMap::new() } else { read.cloned().collect::<Vec<_>>().into() };
        let mut found = harden::check(&all, self.loader.sources(), self.settings);
        let evidence = self.evidence(&all, TargetPath::default(), None);
        found.sort_by_key(|finding| finding.place);
        // The findings of a single input stay where they are: there may be very many.
        let (mut of_all, found) = match manifests.len() {
            1 => (found, Vec::new()),
            _ => (Vec::new(), found),
        };
        let mut found = found.into_iter().peekable();
        let mut start = 0;
        let shield = Shield::default();
        let judged = manifests.into_iter().map(|(target, read)| {
            let outcome = read.and_then(|objects| {
                let end = start + objects.len();
                if objects.is_empty() && !self.allow_empty {
                    return Err(no_objects(&target));
                }
                let resources: ResMap = objects.into();
                if is_apart {
                    return Ok(self.judged(resources));
                }
                let mut findings = mem::take(&mut of_all);
                while let Some(mut finding) = found.next_if(|finding| finding.place < end) {
                    finding.place -= start;
                    findings.push(finding);
                }
                start = end;
                let pods = harden::count_pods(&resources, self.settings);
                Ok(Checked { resources, pods, findings, evidence: evidence.clone() })
            });
            self.judged_as(&target, self.redacted(outcome, &shield))
        });
        (judged.collect(), remark)
    }

    /// The error of a target, with advice for a folder whose kustomizations are below it.
    fn advised(&self, target: &str, error: Error) -> Error {
        let has_others = || self.run.targets(target).is_ok_and(|targets| !targets.is_empty());
        let is_of_folder = error.code() == Code::KustomizationNotFound
            && !is_kustomization(self.loader, target)
            && self.loader.kind(target) == Kind::Directory;
        match is_of_folder && has_others() {
            true => error.help("`--all` checks all kustomizations at and below it"),
            false => error,
        }
    }

    /// A target with its outcome, and its kustomization file or file of manifests.
    fn judged_as(&self, target: &str, outcome: Result<Checked>) -> Judged {
        let below = target.trim_end_matches('/');
        let mut files = KUSTOMIZATION_FILES.iter().map(|name| match below {
            "." => (*name).to_owned(),
            below => format!("{below}/{name}"),
        });
        let file = match self.loader.kind(target) {
            Kind::Directory => files.find(|file| self.loader.kind(file) == Kind::File),
            Kind::File => Some(target.to_owned()),
            _ => None,
        };
        Judged { target: target.to_owned(), file, outcome }
    }

    /// Removes values of Secrets from an error message, since every output format contains it.
    fn redacted(&self, outcome: Result<Checked>, shield: &Shield) -> Result<Checked> {
        let sources = self.loader.sources();
        outcome.map_err(|error| shield.redacted(&error, sources).into_owned())
    }

    fn judged(&self, resources: ResMap) -> Checked {
        let findings = harden::check(&resources, self.loader.sources(), self.settings);
        let pods = harden::count_pods(&resources, self.settings);
        let evidence = self.evidence(&resources, TargetPath::default(), None);
        Checked { resources, pods, findings, evidence }
    }

    /// The evidence of objects that lowers severities; empty if it is not kept.
    fn evidence(
        &self,
        objects: &ResMap,
        target: TargetPath<'_>,
        others: Option<(usize, &Objects<'_>)>,
    ) -> Evidence {
        if !self.keeps_evidence {
            return Evidence::default();
        }
        Evidence::among(objects, target, others, self.loader.sources(), self.settings)
    }
}

/// A description of an object that two inputs define, if there is one.
fn shared<'a>(manifests: &'a [ManifestFile]) -> Option<String> {
    if manifests.len() < 2 {
        return None;
    }
    let mut known = BTreeSet::new();
    for (_, read) in manifests {
        let objects = read.as_ref().map(Vec::as_slice).unwrap_or_default();
        let id = |one: &'a Resource| {
            (&*one.gvk().group, one.kind(), one.id().effective_namespace(), one.name())
        };
        let ids: BTreeSet<_> = objects.iter().map(id).collect();
        if let Some((_, kind, _, name)) = ids.iter().find(|id| known.contains(*id)) {
            return Some(format!("{kind} `{name}`"));
        }
        known.extend(ids);
    }
    None
}

#[cold]
fn renders_nothing(target: &str) -> Error {
    Error::new(Code::NoObjects, format!("`{target}` renders to no object"))
        .help("its `resources` may be missing or removed by patches; `--allow-empty` accepts it")
}

#[cold]
fn no_objects(target: &str) -> Error {
    let what = if target == "-" { "standard input".to_owned() } else { format!("`{target}`") };
    Error::new(Code::NoObjects, format!("there is no object in {what}"))
        .help("the command that renders it may have failed; `--allow-empty` accepts it")
}
