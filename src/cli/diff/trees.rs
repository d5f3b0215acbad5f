//! Targets of two paths: single targets, trees of kustomizations, and directories of rendered objects.

use std::collections::{BTreeMap, BTreeSet};

use super::{Named, TargetInput};
use crate::limits::Budget;
use crate::{
    build, diff,
    error::{Code, Error, Result},
    fleet,
    load::{KUSTOMIZATION_FILES, Kind, Loader, RepoSpec, Tree},
    parallel::Threads,
    yaml::Node,
};

/// The targets of two paths. Those of trees and directories are paired by their relative paths.
///
/// # Errors
/// [`Code::KustomizationNotFound`] if there is no target, and those of searching directories.
pub(super) fn targets(loader: &Loader, paths: [&str; 2], threads: &Threads) -> Result<Vec<Named>> {
    let [before, after] = paths;
    let form = |path: &str| PathKind::of(loader, path, threads);
    let tree = |path: &str| tree(loader, path, threads);
    let [old, new] = match (form(before)?, form(after)?) {
        (PathKind::Tree(_), PathKind::Single) | (PathKind::Single, PathKind::Tree(_))
            if paths.iter().all(|path| loader.kind(path) == Kind::Directory) =>
        {
            // One side is a kustomization that includes the directories below it.
            [tree(before)?, tree(after)?]
        }
        (PathKind::Single, new) => {
            return Ok(one(loader, paths, [TargetInput::path(before), new.whole(after)]));
        }
        (old, PathKind::Single) => {
            return Ok(one(loader, paths, [old.whole(before), TargetInput::path(after)]));
        }
        (PathKind::Tree(old), PathKind::Tree(new)) => [old, new],
        (PathKind::Tree(old), PathKind::Rendered(new)) => {
            let new = grouped(after, new, |file| beside_tree(file, &old));
            [old, new]
        }
        (PathKind::Rendered(old), PathKind::Tree(new)) => {
            let old = grouped(before, old, |file| beside_tree(file, &new));
            [old, new]
        }
        (PathKind::Rendered(old), PathKind::Rendered(new)) => {
            let whole = whole_folders(loader, [(before, &old.found), (after, &new.found)]);
            let name = |file: &str| {
                let folder = folder(file);
                if whole.contains(folder) { shown(folder) } else { file.to_owned() }
            };
            [grouped(before, old, name), grouped(after, new, name)]
        }
    };
    if old.is_empty() && new.is_empty() {
        let message = format!("there is nothing to compare in `{before}` and `{after}`");
        return Err(Error::new(Code::KustomizationNotFound, message)
            .help("name directories with kustomizations, or with files of manifests"));
    }
    let mut targets = paired(old, new);
    if are_of_other_stages(loader, paths) {
        targets.iter_mut().for_each(|target| target.are_named_from(paths));
    }
    Ok(targets)
}

/// Kind of a path.
enum PathKind {
    /// A file, standard input, a directory with a kustomization file, or one of a remote repository.
    Single,
    /// A directory with kustomizations below it: its targets, by relative path.
    Tree(Places),
    /// Any other directory: relative paths of its files of manifests, if there are any.
    Rendered(Tree<String>),
}

impl PathKind {
    fn of(loader: &Loader, path: &str, threads: &Threads) -> Result<Self> {
        let has_kustomization = || {
            let mut files = KUSTOMIZATION_FILES.iter().map(|file| format!("{path}/{file}"));
            files.any(|file| loader.kind(&file) != Kind::Missing)
        };
        let is_elsewhere = path == "-" || RepoSpec::parse(path).is_ok();
        let kind = if is_elsewhere { Kind::Special } else { loader.kind(path) };
        match kind {
            Kind::Missing => {
                let message = format!("there is no file or directory `{path}`");
                return Err(Error::new(Code::FileNotFound, message)
                    .help("paths are relative to the working directory"));
            }
            Kind::Directory if !has_kustomization() => {}
            _ => return Ok(Self::Single),
        }
        let targets = tree(loader, path, threads)?;
        if targets.is_empty() {
            return loader.manifests(path).map(Self::Rendered);
        }
        Ok(Self::Tree(targets))
    }

    /// The path as a single target.
    fn whole(self, path: &str) -> TargetInput {
        match self {
            Self::Rendered(mut tree) if !tree.refused.is_empty() => {
                TargetInput::Refused(tree.refused.swap_remove(0).1)
            }
            Self::Rendered(tree) if !tree.found.is_empty() => TargetInput::below(path, &tree.found),
            // The build reports a missing kustomization.
            _ => TargetInput::path(path),
        }
    }
}

/// The targets of a tree, by relative path.
fn tree(loader: &Loader, path: &str, threads: &Threads) -> Result<Places> {
    let options = build::Options { threads: threads.clone(), ..build::Options::default() };
    let targets = fleet::Run::new(loader, &options).targets(path)?.into_iter();
    let place = |fleet::Target { directory, below, refused }| {
        (shown(&below), refused.map_or(TargetInput::Path(directory), TargetInput::Refused))
    };
    Ok(targets.map(place).collect())
}

type Places = BTreeMap<String, TargetInput>;

/// Files of a directory grouped by target name, and those that could not be read.
fn grouped(top: &str, tree: Tree<String>, name: impl Fn(&str) -> String) -> Places {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in tree.found {
        groups.entry(name(&file)).or_default().push(file);
    }
    let groups = groups.into_iter().map(|(name, files)| (name, TargetInput::below(top, &files)));
    groups
        .chain(tree.refused.into_iter().map(|(name, error)| (name, TargetInput::Refused(error))))
        .collect()
}

/// The target that a file was rendered from, if there is one: `prod.yaml` comes from `prod`, and so does every file in
/// the directory `prod`.
fn beside_tree(file: &str, targets: &Places) -> String {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let folder = shown(folder(file));
    let known = [stem.to_owned(), folder].into_iter().find(|name| targets.contains_key(name));
    known.unwrap_or_else(|| file.to_owned())
}

/// Directories in which each file holds one object, and no two files the same one: together they are the render of one
/// target. This must be so on both sides.
fn whole_folders(loader: &Loader, sides: [(&str, &[String]); 2]) -> BTreeSet<String> {
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    let mut mixed: BTreeSet<&str> = BTreeSet::new();
    for (top, files) in sides {
        let mut ids = BTreeSet::new();
        for file in files {
            let folder = folder(file);
            folders.insert(folder);
            if mixed.contains(folder) {
                continue;
            }
            let id = only_object(loader, top, file);
            if id.is_none_or(|id| !ids.insert((folder, id))) {
                mixed.insert(folder);
            }
        }
    }
    folders.difference(&mixed).map(|&folder| folder.to_owned()).collect()
}

/// Identity of the only object in a file; `None` if there is not exactly one. Its namespace counts only if the file is
/// named after the object, as `--split` does: otherwise the same object in several namespaces would be the renders of
/// several targets.
fn only_object(loader: &Loader, top: &str, path: &str) -> Option<[String; 4]> {
    let file = loader.file_below(top, path).ok()?;
    let documents = file.documents(&Budget::new(loader.limits())).ok()?;
    let [document] = &*documents else { return None };
    let text = |node: &Node, key: &str| {
        node.get(key).and_then(Node::as_text).unwrap_or_default().to_owned()
    };
    let metadata = document.root.get("metadata")?;
    let [version, kind] = ["apiVersion", "kind"].map(|key| text(&document.root, key));
    let name = text(metadata, "name");
    let is_split = path.ends_with(&format!("_{kind}_{name}.yaml").to_lowercase());
    let namespace = if is_split { text(metadata, "namespace") } else { String::new() };
    Some([version, kind, namespace, name])
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn shown(below: &str) -> String {
    if below.is_empty() { ".".to_owned() } else { below.to_owned() }
}

fn paired(mut before: Places, after: Places) -> Vec<Named> {
    let mut names: BTreeMap<String, [Option<TargetInput>; 2]> = BTreeMap::new();
    for (name, place) in after {
        let old = before.remove(&name);
        names.insert(name, [old, Some(place)]);
    }
    names.extend(before.into_iter().map(|(name, place)| (name, [Some(place), None])));
    let named = |(name, [before, after]): (String, [Option<TargetInput>; 2])| {
        let below = if name == "." { String::new() } else { name.clone() };
        Named { name, below, former: None, before, after }
    };
    names.into_iter().map(named).collect()
}

/// A single target, with the name of the new side.
fn one(loader: &Loader, paths: [&str; 2], places: [TargetInput; 2]) -> Vec<Named> {
    let [before, after] = paths;
    let name = if after == "-" { before } else { after }.trim_end_matches('/').to_owned();
    let former =
        are_of_other_stages(loader, paths).then(|| before.trim_end_matches('/').to_owned());
    let [before, after] = places.map(Some);
    vec![Named { below: name.clone(), name, former, before, after }]
}

impl Named {
    /// Names a target with the paths below which it was and is, of other stages.
    fn are_named_from(&mut self, paths: [&str; 2]) {
        let [before, after] = paths.map(|path| match &*self.below {
            "" => path.trim_end_matches('/').to_owned(),
            below => format!("{}/{below}", path.trim_end_matches('/')),
        });
        self.former = (self.before.is_some() && self.after.is_some()).then(|| before.clone());
        self.name = if self.after.is_some() { after } else { before };
    }
}

/// True if the names at the ends of two paths are of different stages, and the second one was not there before: in the place
/// of the first one there is none of that name. Stages that one tree has beside each other are only compared.
fn are_of_other_stages(loader: &Loader, [before, after]: [&str; 2]) -> bool {
    let [old, new] = [before, after].map(|path| {
        let names = path.split('/').enumerate();
        let names = names.filter(|(place, name)| *place == 0 || !matches!(*name, "" | "."));
        names.map(|(_, name)| name).collect::<Vec<_>>()
    });
    let is_elsewhere = |path: &str| path == "-" || RepoSpec::parse(path).is_ok();
    let all = || old.iter().chain(&new);
    if all().any(|name| *name == "..") || is_elsewhere(before) || is_elsewhere(after) {
        return false;
    }
    let Some(number) = diff::other_stage(&old.join("/"), &new.join("/")) else { return false };
    let (top, end) = (&old[..old.len() - number], &new[new.len() - number..]);
    loader.kind(&[top, end].concat().join("/")) == Kind::Missing
}
