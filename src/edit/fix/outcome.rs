//! The builds before and after a fix.

use super::Fix;
use crate::build;
use crate::error::{Error, Result};
use crate::fleet::Run;
use crate::load::{self, Disk, Loader};

/// The comparison of the builds before and after a fix.
#[derive(Debug)]
pub enum Outcome {
    /// The output is the same.
    Same,
    /// The output differs: that of the fixed kustomization. Before, the build may have failed.
    Different(String),
    /// The fixed kustomization cannot be built.
    Failed(Error),
}

impl Outcome {
    /// Builds the kustomization in the working directory from the files on disk, and from those of a fix.
    #[must_use]
    pub fn of(fix: &Fix, load: &load::Options, build: &build::Options) -> Self {
        let rendered = |loader: &Loader| -> Result<String> {
            let run = Run::new(loader, build);
            run.expect(&["."]);
            run.build(".", &mut Vec::new())?.to_yaml()
        };
        let before = rendered(&Loader::new(Disk, load.clone()));
        match rendered(&Loader::new(fix.overlay(), load.clone())) {
            Err(error) => Self::Failed(error),
            Ok(after) if before.is_ok_and(|before| before == after) => Self::Same,
            Ok(after) => Self::Different(after),
        }
    }
}
