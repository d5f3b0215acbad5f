//! `vendor`: copies the remote content that the kustomizations of a tree use into the tree, and rewrites the entries that
//! name it.
//!
//! A [`Plan`] is made from a loader that has built the targets: it knows each entry that has led to remote content, and
//! each file that was looked up there. Only these files are copied. The plan is proved before it is written: the targets
//! are built again from an [`Overlay`] of the planned files, without any remote content, and must give the same
//! [`Proof`].

mod check;
mod manifest;
mod names;
mod rewrite;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use super::proof::{Proof, Same};
pub use check::{complaints, is_empty};
pub use manifest::{MANIFEST, Manifest};
pub use write::restored;

use self::manifest::{CopiedChart, CopiedDownload, CopiedRepository, RewrittenEntry};
use self::rewrite::{Rewrite, rewrite};
use super::copies::{Spellings, checked, named};
use crate::error::{Code, Error, Result};
use crate::load::{
    Digest, Disk, FetchedFile, LeadsTo, Loader, Overlay, Reference, Remote, relative,
    without_credentials,
};

/// The tree whose remote content is copied.
#[derive(Clone, Copy)]
pub struct Tree<'a> {
    /// Its path, with links resolved.
    pub path: &'a Path,
    /// The folder of copies in it.
    pub folder: &'a str,
    /// The copies that are there.
    pub manifest: &'a Manifest,
}

/// The files to write and to remove. Paths are relative to the tree.
#[derive(Debug, Default)]
pub struct Plan {
    /// New contents.
    files: BTreeMap<String, Vec<u8>>,
    removed: BTreeSet<String>,
    manifest: Manifest,
}

impl Plan {
    /// The plan for the remote content that a loader has used.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] for names that are not safe on every system, and for kustomizations outside of the tree;
    /// [`Code::EditRefused`] for entries that cannot be rewritten.
    pub fn of(loader: &Loader, tree: Tree<'_>) -> Result<Self> {
        let (files, references) = (loader.fetched_files()?, loader.references());
        let mut planner = Planner { loader, tree, folders: BTreeMap::new() };
        planner.name_folders(&files, &references);
        let entries = planner.entries(&references)?;
        let texts = planner.texts(&entries)?;
        let mut plan = Self { manifest: tree.manifest.clone(), ..Self::default() };
        for FetchedFile { path, leads_to, file, .. } in &files {
            let content = texts.get(leads_to).map_or(file.bytes(), String::as_bytes);
            plan.copy(&planner.place(path)?, content)?;
        }
        for (path, text) in &texts {
            if loader.repository_of(path).is_none() {
                let place = named(&planner.place(path)?);
                if let Some(digest) = plan.manifest.files.get_mut(&place) {
                    *digest = Digest::of(text);
                }
                plan.files.insert(place, text.clone().into_bytes());
            }
        }
        for entry in &entries {
            let (file, was) = (named(&planner.place(&entry.file)?), entry.reference.entry.as_str());
            if entry.reference.leads_to == LeadsTo::File {
                plan.copy(&entry.place, loader.fetched_file(was)?.bytes())?;
                let (url, file) = (without_credentials(was), named(&entry.place));
                plan.manifest.downloads.insert(CopiedDownload { url, file });
            }
            let (was, is) = (without_credentials(was), entry.is.clone());
            plan.manifest.entries.insert(RewrittenEntry { file, was, is });
        }
        plan.copy_charts(&planner)?;
        plan.name_repositories(&planner);
        let mut spellings = Spellings::default();
        plan.manifest.files.keys().try_for_each(|file| spellings.add(file.as_ref()))?;
        Ok(plan)
    }

    /// Adds a copy.
    fn copy(&mut self, place: &Path, content: &[u8]) -> Result<()> {
        let place = named(place);
        if self.files.get(&place).is_some_and(|known| known != content) {
            let message = format!("two contents would be copied to `{place}`");
            return Err(
                Error::new(Code::InvalidPath, message).help("choose another folder with `--into`")
            );
        }
        self.manifest.files.insert(place.clone(), Digest::of(content));
        self.files.insert(place, content.to_vec());
        Ok(())
    }

    /// Puts charts that were pulled where the kustomizations look for them. No entry needs to be rewritten.
    fn copy_charts(&mut self, planner: &Planner<'_>) -> Result<()> {
        let Planner { loader, tree, .. } = planner;
        for used in loader.charts().into_iter().filter(|used| used.is_elsewhere) {
            let folder = planner.place(&used.place).map_err(|error| error.at(used.span))?;
            for (path, file) in &used.chart.files {
                let place = folder.join(checked(path)?);
                match place.starts_with(tree.folder) {
                    true => self.copy(&place, file.bytes())?,
                    false => drop(self.files.insert(named(&place), file.bytes().to_vec())),
                }
            }
            let (repo, folder) = (without_credentials(&used.repo), named(&folder));
            let (name, version, sha256) = (used.name, used.version, used.chart.digest());
            self.manifest.charts.retain(|it| it.folder != folder);
            self.manifest.charts.insert(CopiedChart { repo, name, version, folder, sha256 });
        }
        Ok(())
    }

    /// Lists the repositories, each with the commit that is copied now.
    fn name_repositories(&mut self, planner: &Planner<'_>) {
        for (remote, folder) in &planner.folders {
            let Remote { url, reference, commit, .. } = remote.clone();
            let url = without_credentials(&url);
            self.manifest.repositories.retain(|it| it.url != url || it.reference != reference);
            let folder = format!("{}/{folder}", planner.tree.folder);
            self.manifest.repositories.insert(CopiedRepository { url, reference, commit, folder });
        }
    }

    /// The files of the tree as they would be.
    #[must_use]
    pub fn overlay(&self, tree: Tree<'_>) -> Overlay<Disk> {
        let files = Overlay::new(Disk);
        let add = |files: Overlay<_>, (path, content): (&String, &Vec<u8>)| {
            files.file(&tree.path.join(path), content)
        };
        self.files.iter().fold(files, add)
    }

    /// Completes a plan by what the targets read with it: copies that none of them reads are not written, and, if all
    /// targets of the tree were built, removed.
    pub fn settle(&mut self, loader: &Loader, tree: Tree<'_>, is_whole: bool) {
        let needed = needed(loader, tree);
        let before = &tree.manifest.files;
        let copies: BTreeSet<String> = self.manifest.files.keys().cloned().collect();
        self.manifest
            .files
            .retain(|file, _| needed.contains(file) || !is_whole && before.contains_key(file));
        let is_gone = |file: &&String| !self.manifest.files.contains_key(*file);
        self.removed = before.keys().filter(is_gone).cloned().collect();
        let Manifest { repositories, downloads, charts, entries, files, .. } = &mut self.manifest;
        self.files.retain(|file, _| files.contains_key(file) || !copies.contains(file));
        repositories.retain(|it| {
            let start = format!("{}/", it.folder);
            files.keys().any(|file| file.starts_with(&start))
        });
        downloads.retain(|it| files.contains_key(&it.file));
        let used: BTreeSet<PathBuf> = loader.charts().into_iter().map(|used| used.place).collect();
        charts.retain(|it| !is_whole || used.contains(&tree.path.join(&it.folder)));
        entries.retain(|entry| {
            let path = tree.path.join(&entry.file);
            let text = path.to_str().and_then(|path| loader.file(path).ok());
            text.is_some_and(|file| String::from_utf8_lossy(file.bytes()).contains(&entry.is))
        });
    }

    /// The lines that tell the changes: copies, and then other files that are written. A file of a copy is told if it is
    /// replaced although its commit is the same: it was not that of the repository.
    #[must_use]
    pub fn changes(&self, tree: Tree<'_>) -> Vec<String> {
        let mut lines = tree.manifest.changes(&self.manifest);
        let before = tree.manifest;
        let same: Vec<&CopiedRepository> =
            before.repositories.intersection(&self.manifest.repositories).collect();
        let is_told = |file: &&String| match self.manifest.files.contains_key(*file) {
            true => {
                let is_of = |it: &&CopiedRepository| Path::new(*file).starts_with(&it.folder);
                before.files.contains_key(*file) && same.iter().any(is_of)
            }
            false => true,
        };
        lines.extend(self.files.keys().filter(is_told).map(|file| format!("~ {file}")));
        lines
    }
}

/// The copies that the targets of a loader have read, by their paths in the tree.
#[must_use]
pub fn needed(loader: &Loader, tree: Tree<'_>) -> BTreeSet<String> {
    let files = loader.files_below(tree.path).into_iter();
    files.filter_map(|file| Some(named(file.strip_prefix(tree.path).ok()?))).collect()
}

/// An entry, and the path that takes its place.
struct Entry<'r> {
    reference: &'r Reference,
    /// The file that it is in, with links resolved.
    file: PathBuf,
    /// The place that it leads to then, relative to the tree.
    place: PathBuf,
    is: String,
}

/// Knows where everything is copied to.
struct Planner<'a> {
    loader: &'a Loader,
    tree: Tree<'a>,
    /// The folders of repositories below that of copies.
    folders: BTreeMap<Remote, String>,
}

impl Planner<'_> {
    /// Names the folders: those that repositories have keep their names, and repositories at the same commit share one.
    fn name_folders(&mut self, files: &[FetchedFile], references: &[Reference]) {
        let directories = references.iter().filter_map(|reference| match &reference.leads_to {
            LeadsTo::Directory(path) => Some(path),
            LeadsTo::File => None,
        });
        let paths = files.iter().map(|file| &file.path).chain(directories);
        let remotes = paths.filter_map(|path| Some(self.loader.repository_of(path)?.0));
        let remotes: BTreeSet<Remote> = remotes.collect();
        // The commit in each folder.
        let mut taken = self.kept(&remotes);
        for remote in remotes {
            let url = without_credentials(&remote.url);
            let made = names::folder(&url, remote.reference.as_deref());
            let start = made.rsplit_once('@').map_or("", |(start, _)| start).to_owned() + "@";
            let shared = taken
                .iter()
                .find(|(folder, commit)| folder.starts_with(&start) && **commit == remote.commit);
            let folder = match (shared, taken.get(&made)) {
                (Some((folder, _)), _) => folder.clone(),
                (None, None) => made,
                (None, Some(_)) => format!("{made}-{}", &remote.commit[..12]),
            };
            taken.insert(folder.clone(), remote.commit.clone());
            self.folders.insert(remote, folder);
        }
    }

    /// The folders of repositories that were copied before and are not fetched now, with their commits.
    fn kept(&self, remotes: &BTreeSet<Remote>) -> BTreeMap<String, String> {
        let is_fetched = |it: &&CopiedRepository| {
            remotes.iter().any(|remote| {
                it.reference == remote.reference && it.url == without_credentials(&remote.url)
            })
        };
        let start = format!("{}/", self.tree.folder);
        let known = self.tree.manifest.repositories.iter().filter(|it| !is_fetched(it));
        known
            .filter_map(|it| Some((it.folder.strip_prefix(&start)?.to_owned(), it.commit.clone())))
            .collect()
    }

    /// The place of a path, relative to the tree: that of its copy, for a path of a repository.
    fn place(&self, path: &Path) -> Result<PathBuf> {
        if let Some((remote, below)) = self.loader.repository_of(path) {
            let folder = self.folders.get(&remote).map(String::as_str).unwrap_or_default();
            let copies = Path::new(self.tree.folder).join(folder);
            return Ok(copies.join(checked(&below)?).components().collect());
        }
        let below = path.strip_prefix(self.tree.path).map_err(|_| {
            let [path, tree] = [path, self.tree.path].map(|path| self.loader.display(path));
            let message = format!("`{path}` names remote content, and is outside of `{tree}`");
            Error::new(Code::InvalidPath, message).help("name a directory that contains both")
        })?;
        Ok(below.to_path_buf())
    }

    /// The entries to rewrite.
    fn entries<'r>(&self, references: &'r [Reference]) -> Result<Vec<Entry<'r>>> {
        let (sources, texts) = (self.loader.sources(), self.loader.texts());
        let entry = |reference: &'r Reference| {
            let Reference { directory, span, entry, leads_to, .. } = reference;
            let source = sources.source_of(*span);
            let file = source.and_then(|source| texts.get(&source.id()).cloned());
            let file = file.ok_or_else(|| {
                let entry = without_credentials(entry);
                Error::new(Code::EditRefused, format!("`{entry}` cannot be replaced here"))
                    .at(*span)
                    .help("write it as an entry of its own in kustomization.yaml")
            })?;
            let from = self.place(directory)?;
            let place = match leads_to {
                LeadsTo::Directory(path) => self.place(path)?,
                // A kustomization may read files of its own directory only.
                LeadsTo::File => {
                    from.join(self.tree.folder).join(names::download(&without_credentials(entry)))
                }
            };
            let is = named(&relative(&from, &place));
            Ok(Entry { reference, file, place, is })
        };
        let entries = references
            .iter()
            .map(|reference| entry(reference).map_err(|error: Error| error.at(reference.span)));
        entries.collect()
    }

    /// The new texts of the files with entries, by their paths with links resolved.
    fn texts(&self, entries: &[Entry<'_>]) -> Result<BTreeMap<PathBuf, String>> {
        let mut by_file: BTreeMap<&Path, Vec<Rewrite<'_>>> = BTreeMap::new();
        for Entry { reference, file, is, .. } in entries {
            let rewrite = Rewrite { span: reference.span, from: &reference.entry, to: is };
            let rewrites = by_file.entry(file).or_default();
            if rewrites.iter().any(|it| it.span == rewrite.span && it.to != rewrite.to) {
                let entry = without_credentials(&reference.entry);
                let message = format!(
                    "`{entry}` would be another path for each of two directories that use this file"
                );
                return Err(Error::new(Code::EditRefused, message).at(reference.span).help(
                    "let each directory have a kustomization of its own, instead of a link",
                ));
            }
            rewrites.push(rewrite);
        }
        let text = |(file, rewrites): (&Path, Vec<Rewrite<'_>>)| {
            let source = rewrites.first().and_then(|it| self.loader.sources().source_of(it.span));
            let source = source.ok_or_else(|| Error::new(Code::EditRefused, "found no text"))?;
            Ok((file.to_path_buf(), rewrite(&source, &rewrites)?))
        };
        by_file.into_iter().map(text).collect()
    }
}
