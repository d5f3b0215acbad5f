//! The hardening steps of a target, for comparison with those of a revision.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::run::Run;
use super::targets::beginning;
use crate::build::directories;
use crate::error::Result;
use crate::plugin::{Field, Hardening};
use crate::source::Span;

impl Run<'_> {
    /// The hardening steps of a target. It is built for this only if it, or a kustomization below it, lists
    /// transformers or validators.
    ///
    /// # Errors
    /// As [`Run::build`].
    pub fn hardening(&self, target: &str) -> Result<Vec<Arc<Hardening>>> {
        match self.has_plugins(target)? {
            true => self.build_from(target, &mut Vec::new()).map(|built| built.hardening),
            false => Ok(Vec::new()),
        }
    }

    fn has_plugins(&self, target: &str) -> Result<bool> {
        let mut pending = vec![self.session.loader().root(target)?];
        let mut known = BTreeSet::new();
        while let Some(root) = pending.pop() {
            // Errors are reported by the build.
            let Ok(read) = self.session.kustomization(&root) else { return Ok(true) };
            let kustomization = &read.kustomization;
            if !kustomization.transformers.is_empty() || !kustomization.validators.is_empty() {
                return Ok(true);
            }
            let children = directories(&root, kustomization).map(|(_, child)| child);
            pending.extend(children.filter(|child| known.insert(child.path().to_path_buf())));
        }
        Ok(false)
    }

    /// The span of the transformers or validators of a directory: their first entry, or else the beginning of the
    /// kustomization file; [`Span::NONE`] if there is no such file.
    #[must_use]
    pub fn place_of_steps(&self, directory: &Path, field: Field) -> Span {
        let root =
            directory.to_str().and_then(|directory| self.session.loader().root(directory).ok());
        let Some(root) = root else { return Span::NONE };
        let Ok(read) = self.session.kustomization(&root) else { return Span::NONE };
        let entries = match field {
            Field::Transformers => &read.kustomization.transformers,
            Field::Validators => &read.kustomization.validators,
        };
        entries.first().map_or_else(|| beginning(&root), |entry| entry.span)
    }
}
