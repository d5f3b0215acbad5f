//! Writes a plan to the disk, whole or not at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::manifest::CopiedRepository;
use super::rewrite::{Rewrite, rewrite};
use super::{MANIFEST, Manifest, Plan, Tree};
use crate::error::{Code, Error, Result};
use crate::load::{Digest, Disk, Files as _, Kind, LARGEST_FILE, OutputFolder, RepoSpec};
use crate::source::{Source, Span};
use crate::text::escape;

impl Plan {
    /// Refuses to replace or remove files that others have made or changed. Drops files that are there already.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn admit(&mut self, tree: Tree<'_>) -> Result<()> {
        self.refuse_mixture(tree)?;
        let mut refused = Vec::new();
        let (before, copies) = (&tree.manifest.files, &self.manifest.files);
        self.files.retain(|file, content| {
            let Some(found) = found(tree.path, file) else { return true };
            let is_known = before.get(file).is_some_and(|digest| found.digest == Some(*digest));
            let is_same = found.digest == Some(Digest::of(&*content));
            if !is_same && !is_known && copies.contains_key(file) {
                refused.push((file.clone(), before.contains_key(file)));
            }
            !is_same
        });
        refused.extend(self.removed.iter().filter_map(|file| {
            let found = found(tree.path, file)?;
            (found.digest != before.get(file).copied()).then(|| (file.clone(), true))
        }));
        let errors = refused.into_iter().map(|(file, was_copied)| {
            let file = escape::visible(&file).into_owned();
            let message = match was_copied {
                true => format!("`{file}` was changed since it was copied"),
                false => format!("`{file}` is there already, and is no copy"),
            };
            Error::new(Code::WriteFailed, message).help(match was_copied {
                true => "undo the change, or remove the file to have it copied again",
                false => "remove it, or choose another folder with `--into`",
            })
        });
        Error::all(errors).map_or(Ok(()), Err)
    }

    /// Refuses to copy files of a commit into a folder where files of another commit stay.
    fn refuse_mixture(&self, tree: Tree<'_>) -> Result<()> {
        let before = &tree.manifest.repositories;
        let stays = |folder: &str| {
            let mut files = self.manifest.files.keys();
            files.any(|it| Path::new(it).starts_with(folder) && !self.files.contains_key(it))
        };
        let is_mixed = |it: &&CopiedRepository| {
            before.iter().any(|old| old.folder == it.folder && old.commit != it.commit)
                && stays(&it.folder)
        };
        let errors = self.manifest.repositories.iter().filter(is_mixed).map(|it| {
            let message = format!("`{}` would have files of two commits", it.folder);
            Error::new(Code::EditRefused, message)
                .help("`--update` brings all of them to the same commit")
        });
        Error::all(errors).map_or(Ok(()), Err)
    }

    /// True if there is nothing to write.
    #[must_use]
    pub fn is_done(&self, tree: Tree<'_>) -> bool {
        self.files.is_empty() && self.removed.is_empty() && self.manifest == *tree.manifest
    }

    /// Writes the plan. If that fails, what was written is undone.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn write(&self, tree: Tree<'_>) -> Result<()> {
        let top = OutputFolder::make(tree.path)?;
        let mut done = Vec::new();
        self.write_all(&top, tree, &mut done).inspect_err(|_| {
            for (path, old) in done.iter().rev() {
                // The first failure is the one to report.
                drop(match old {
                    Some(old) => put(&top, path, old),
                    None => top.remove(path.as_ref()),
                });
            }
        })
    }

    fn write_all<'p>(
        &'p self,
        top: &OutputFolder,
        tree: Tree<'_>,
        done: &mut Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<()> {
        let list = (format!("{}/{MANIFEST}", tree.folder), self.manifest.to_json().into_bytes());
        let is_copy = |file: &&'p String| self.manifest.files.contains_key(*file);
        let (copies, others): (Vec<_>, Vec<_>) = self.files.iter().partition(|it| is_copy(&it.0));
        // The list comes first: a run that is killed leaves no copies that the next one does not know.
        let all = [(&list.0, &list.1)].into_iter().chain(copies).chain(others);
        for (path, content) in all {
            done.push((path.clone(), content_of(tree.path, path)));
            put(top, path, content)?;
        }
        for path in &self.removed {
            done.push((path.clone(), content_of(tree.path, path)));
            top.remove(path.as_ref())?;
        }
        match self.manifest.is_empty() {
            true => top.remove(list.0.as_ref()),
            false => Ok(()),
        }
    }
}

/// A file on disk.
pub(super) struct Found {
    /// The digest of its content; `None` if it is no regular file.
    pub(super) digest: Option<Digest>,
}

/// The entry at a path of the tree; `None` if there is none.
pub(super) fn found(tree: &Path, file: &str) -> Option<Found> {
    match Disk.kind(&tree.join(file)) {
        Ok(Kind::Missing) => None,
        _ => Some(Found { digest: content_of(tree, file).map(Digest::of) }),
    }
}

fn content_of(tree: &Path, file: &str) -> Option<Vec<u8>> {
    Disk.read(&tree.join(file), LARGEST_FILE).ok()
}

fn put(top: &OutputFolder, path: &str, content: &[u8]) -> Result<()> {
    let path = Path::new(path);
    let folder = top.below(path.parent().unwrap_or(Path::new("")))?;
    folder.write(path.file_name().unwrap_or_default(), &[content])
}

/// The kustomizations of the tree with their entries as they were before they were rewritten, for repositories and files
/// whose URLs contain a text.
///
/// # Errors
/// Those of rewriting.
pub fn restored(tree: Tree<'_>, name: &str) -> Result<Vec<(PathBuf, String)>> {
    let Manifest { entries, .. } = tree.manifest;
    let mut by_file: BTreeMap<&str, Vec<Rewrite<'_>>> = BTreeMap::new();
    for entry in entries {
        let url = RepoSpec::parse(&entry.was).map(|spec| spec.url());
        if entry.was.contains(name) || url.is_ok_and(|url| url.contains(name)) {
            let rewrite = Rewrite { span: Span::NONE, from: &entry.is, to: &entry.was };
            by_file.entry(&entry.file).or_default().push(rewrite);
        }
    }
    let mut files = Vec::new();
    for (file, rewrites) in by_file {
        let Some(content) = content_of(tree.path, file) else { continue };
        let source = Source::detached(&String::from_utf8_lossy(&content));
        files.push((tree.path.join(file), rewrite(&source, &rewrites)?));
    }
    Ok(files)
}
