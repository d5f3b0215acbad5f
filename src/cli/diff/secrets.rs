//! Values of Secrets that no target of a review has, which its objects may copy.

use super::terminal::{self, Format};
use crate::{
    diff::{Options, TargetReview},
    error::Result,
    fleet::Run,
    load::{
        Kind,
        git::{Changes, Revision},
    },
    resource::secret::Shield,
    source::{Sources, Span},
};

/// The directories whose kustomizations are searched for values of Secrets, whether their targets are rendered or not.
#[derive(Default)]
pub(in crate::cli) struct SecretPlaces {
    directories: Vec<String>,
    /// The changes between the sides; `None` if both have the same files.
    changes: Option<Changes>,
    /// The revision after the change, whose trees are read at once.
    revision: Option<Revision>,
}

impl SecretPlaces {
    /// These directories of files that both sides have.
    pub(in crate::cli) fn below(directories: &[String]) -> Self {
        Self { directories: directories.to_vec(), ..Self::default() }
    }

    /// All of a repository, on both sides of a change.
    pub(super) fn of_repository(top: &str, changes: Changes, revision: Option<Revision>) -> Self {
        Self { directories: vec![top.to_owned()], changes: Some(changes), revision }
    }

    /// Reads the texts with values, on the old side only those that are not the same on the new one.
    ///
    /// # Errors
    /// Those of [`Run::read_secrets`].
    pub(in crate::cli) fn read(&self, [before, after]: [&Run<'_>; 2]) -> Result<()> {
        for directory in &self.directories {
            if let Some(revision) = &self.revision {
                revision.read_trees(directory.as_ref())?;
            }
            // It may also be a file, a URL, or a directory that one side does not have.
            let has = |run: &Run<'_>| run.loader().kind(directory) == Kind::Directory;
            if has(after) {
                after.read_secrets(directory, None, &|files| {
                    if let Some(revision) = &self.revision {
                        revision.read_ahead(files);
                    }
                })?;
            }
            if let Some(changes) = self.changes.as_ref().filter(|_| has(before)) {
                before.read_secrets(directory, Some(changes), &|_| ())?;
            }
        }
        Ok(())
    }
}

/// Adds the secret values in the texts of a run to those of its renders, and returns a shield that masks all of them.
/// `search` reads the texts of targets that were not rendered. Warns if some values are not known.
pub(in crate::cli) fn shield(
    options: &Options,
    reviews: &[TargetReview],
    sources: &Sources,
    search: &dyn Fn() -> Result<()>,
    format: Format,
) -> Shield {
    let Some(mask) = &options.mask else { return Shield::default() };
    if !reviews.iter().any(TargetReview::shows_text) {
        return Shield::default();
    }
    let warn = |text: &str| terminal::warning(text, Span::NONE, sources, format);
    if let Err(error) = search() {
        let why = error.message();
        warn(&format!(
            "values of Secrets of targets that are not compared may be shown where others copy them: {why}"
        ));
    }
    mask.add_texts(sources);
    let finder = mask.finder();
    if finder.is_full() {
        warn(
            "there are too many values of Secrets to search for all of them: all data, and all words \
             that look like a secret, are masked",
        );
    }
    Shield::knowing(finder)
}
