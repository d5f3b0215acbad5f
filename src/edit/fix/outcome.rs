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
    ///
    /// # Errors
    /// [`Code::EditRefused`](crate::error::Code::EditRefused) for a value with several variables, if the output differs.
    pub fn of(fix: &Fix, load: &load::Options, build: &build::Options) -> Result<Self> {
        let rendered = |loader: &Loader| -> Result<String> {
            let run = Run::new(loader, build);
            run.expect(&["."]);
            run.build(".", &mut Vec::new())?.to_yaml()
        };
        let before = rendered(&Loader::new(Disk, load.clone()));
        let after = match rendered(&Loader::new(fix.overlay(), load.clone())) {
            Err(error) => return Ok(Self::Failed(error)),
            Ok(after) => after,
        };
        match (before, &fix.several) {
            (Ok(before), _) if before == after => Ok(Self::Same),
            (Ok(_), Some(error)) => Err(error.clone()),
            _ => Ok(Self::Different(after)),
        }
    }
}
