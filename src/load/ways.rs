//! Links on the way of a path: each may change where it leads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::Files as _;
use super::listings::Listing;
use super::{Input, Kind, Loader, NESTED, Resolved, Root};
use crate::error::Result;

impl Loader {
    /// The paths that decide where an absolute, clean path leads, if links are on the way: each link, and the path with its
    /// target in its place. Empty without links.
    #[must_use]
    pub fn ways(&self, path: &Path) -> Vec<PathBuf> {
        let place = self.place(path);
        if place.is_ok_and(|place| place.path == path && place.kind != Kind::Missing) {
            return Vec::new();
        }
        let parent = path.parent().map(|parent| self.directory(parent, NESTED));
        let is_link = || matches!(self.0.files.kind(path), Ok(Kind::Link));
        if matches!(parent, Some(Ok(Some(parent))) if Some(&*parent) == path.parent()) && !is_link()
        {
            return Vec::new();
        }
        self.0.files.ways(path)
    }

    /// The paths that were looked up, together with the links that lead from them and their targets, sorted.
    pub(super) fn with_links(
        &self,
        places: impl IntoIterator<Item = (PathBuf, Result<Arc<Resolved>>)>,
    ) -> Vec<Input> {
        let mut inputs = Vec::new();
        for (path, place) in places {
            let kind = place.as_ref().map_or(Kind::Missing, |place| place.kind);
            inputs.extend(self.ways(&path).into_iter().map(|path| Input { path, kind }));
            if let Ok(place) = place
                && place.path != path
            {
                inputs.push(Input { path: place.path.clone(), kind });
            }
            inputs.push(Input { path, kind });
        }
        inputs.sort_by(|left, right| left.path.cmp(&right.path));
        inputs.dedup_by(|left, right| left.path == right.path);
        inputs
    }
}

/// The entries of a directory, by which paths in it may lead through links. Nothing is known of one that was not listed.
pub struct Leads(Option<Listing>);

impl Root {
    /// The entries of this directory.
    #[must_use]
    pub fn leads(&self) -> Leads {
        Leads(self.loader().0.files.listed(self.path()))
    }
}

impl Leads {
    /// False if certainly no link is on the way of a word, taken as a path: it may lead somewhere only if its first segment
    /// is in the directory, and is a link or has others below it.
    #[must_use]
    pub fn may_be_behind(&self, word: &str) -> bool {
        match word.split_once('/') {
            Some((".." | ".", _)) => true,
            Some((first, _)) => !first.is_empty() && self.may_have(first, Kind::Missing),
            None if matches!(word, ".." | ".") => true,
            None => self.may_have(word, Kind::File),
        }
    }

    /// False if the directory has no entry of a name, or one of this kind.
    fn may_have(&self, name: &str, other_than: Kind) -> bool {
        let kind = self.0.as_ref().and_then(|listing| listing.kind(name.as_ref()));
        kind.is_none_or(|kind| kind != Kind::Missing && kind != other_than)
    }
}
