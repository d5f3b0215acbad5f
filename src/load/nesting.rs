//! The nesting of directories with kustomizations: how deep it is, and that it has no cycles.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::is_within;
use super::{Resolved, Root};
use crate::error::{Code, Error, Result};
use crate::source::Span;

/// The longest chain of bases. It bounds the recursion of a build; real chains have up to ten.
const DEEPEST: usize = 1000;

impl Root {
    /// Refuses to enter a directory below the deepest level.
    pub(super) fn refuse_depth(&self, span: Span) -> Result<()> {
        if self.depth() < DEEPEST {
            return Ok(());
        }
        let message = format!("bases are nested more than {DEEPEST} deep");
        Err(Error::new(Code::NestingTooDeep, message).at(span))
    }

    /// Rejects a base that is, or contains, a directory being built: such a base is of no use, and could lead to
    /// cycles. Each entry that names a remote repository has a copy of its own of it.
    pub(super) fn refuse_cycle(&self, candidate: &Resolved, span: Span) -> Result<()> {
        let around = self.ancestors().position(|root| root.remote().is_some());
        let mut copy = self.ancestors().take(around.map_or(usize::MAX, |last| last + 1));
        let Some(visited) = copy.find(|root| is_within(root.path(), &candidate.path)) else {
            return Ok(());
        };
        let name = self.loader().display(&candidate.path);
        let mut chain: Vec<&str> = self
            .ancestors()
            .map(|root| root.name())
            .take_while(|&name| name != visited.name())
            .collect();
        chain.push(visited.name());
        chain.truncate(8);
        chain.reverse();
        let message = if visited.path() == candidate.path {
            format!("`{name}` includes itself")
        } else {
            format!("`{name}` contains `{}`, which is being built", visited.name())
        };
        let error = Error::new(Code::Cycle, message).at(span);
        if chain.len() == 1 && visited.path() == candidate.path {
            return Err(error
                .label("this is the directory itself")
                .help("remove the entry: a file of the directory is listed by its name"));
        }
        Err(error
            .label(format!("{} → {name}", chain.join(" → ")))
            .help("move what both need to a separate base, and list that base in both"))
    }

    /// True if directories that were entered below this one elsewhere, including this one, may be entered here too:
    /// none is, or contains, a directory being built, no entry that is being built begins with one of the `remotes`, and
    /// `height` more levels are allowed.
    pub fn admits<'p>(
        &self,
        mut directories: impl Iterator<Item = &'p Path>,
        remotes: &BTreeSet<String>,
        height: usize,
    ) -> bool {
        let Some(parent) = self.parent() else { return true };
        let refused =
            |directory: &Path| parent.ancestors().any(|above| is_within(above.path(), directory));
        let begins = |entry: &str| remotes.iter().any(|remote| entry.starts_with(&**remote));
        self.depth() + height <= DEEPEST
            && !directories.any(refused)
            && (remotes.is_empty() || !parent.ancestors().filter_map(Self::remote).any(begins))
    }
}
