//! `patches`.

use super::{Draft, mapping, text};
use crate::config::{Patch, Selector};
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::text::{escape, phrase};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A patch as flags describe it; empty parts are not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchEntry {
    /// The path of a file.
    pub path: String,
    /// The patch itself.
    pub patch: String,
    /// Group of the target.
    pub group: String,
    /// Version of the target.
    pub version: String,
    /// Kind of the target.
    pub kind: String,
    /// Name of the target.
    pub name: String,
    /// Namespace of the target.
    pub namespace: String,
    /// Selector of annotations.
    pub annotation_selector: String,
    /// Selector of labels.
    pub label_selector: String,
}

impl PatchEntry {
    /// Checks that the patch is given in one form at most.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn check(&self) -> Result<()> {
        match self.path.is_empty() || self.patch.is_empty() {
            true => Ok(()),
            false => {
                let message = "`--path` cannot be used with `--patch`";
                Err(Error::new(Code::InvalidArgument, message)
                    .help("a patch is in a file, or in the kustomization file itself"))
            }
        }
    }

    fn as_patch(&self) -> Patch {
        let value = |text: &str| Spanned::new(Text::from(text), Span::NONE);
        let target = Selector {
            group: value(&self.group),
            version: value(&self.version),
            kind: value(&self.kind),
            name: value(&self.name),
            namespace: value(&self.namespace),
            annotation_selector: value(&self.annotation_selector),
            label_selector: value(&self.label_selector),
        };
        Patch {
            path: value(&self.path),
            patch: value(&self.patch),
            target: (target != Selector::default()).then(|| Spanned::new(target, Span::NONE)),
            options: None,
        }
    }

    /// A short description: the path, or the beginning of the patch.
    fn shown(&self) -> String {
        let shown = if self.path.is_empty() {
            phrase::first_line(&self.patch, 60)
        } else {
            (&self.path).into()
        };
        escape::visible(&shown).into_owned()
    }

    /// Adds the patch. False if it is there already: then kustomize does not write the file.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] without a patch, and [`Code::EditRefused`].
    pub fn add(&self, draft: &mut Draft<'_>) -> Result<bool> {
        let patch = self.as_patch();
        if draft.model().patches.iter().any(|found| **found == patch) {
            draft.note(format!("patch {} already in kustomization file", self.shown()));
            return Ok(false);
        }
        draft.model_mut().patches.push(Spanned::new(patch.clone(), Span::NONE));
        let some = |value: &str| (!value.is_empty()).then(|| text(value));
        let target = patch.target.map(|_| {
            mapping([
                ("annotationSelector", some(&self.annotation_selector)),
                ("group", some(&self.group)),
                ("kind", some(&self.kind)),
                ("labelSelector", some(&self.label_selector)),
                ("name", some(&self.name)),
                ("namespace", some(&self.namespace)),
                ("version", some(&self.version)),
            ])
        });
        let entry =
            mapping([("patch", some(&self.patch)), ("path", some(&self.path)), ("target", target)]);
        let field = draft.field("patches")?;
        draft.add(&field, vec![entry])?;
        Ok(true)
    }

    /// Removes all patches that are equal to it. False if there are none: then kustomize does not write the file.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn remove(&self, draft: &mut Draft<'_>) -> Result<bool> {
        let patch = self.as_patch();
        let patches = &draft.model().patches;
        let gone: Vec<usize> = (0..patches.len()).filter(|&at| *patches[at] == patch).collect();
        if self.path.is_empty() && self.patch.is_empty() {
            draft.note(
                "no patch is described: `--path` or `--patch` and the target name one exactly",
            );
            return Ok(false);
        }
        if gone.is_empty() {
            let near = |found: &&Spanned<Patch>| {
                !self.path.is_empty() && found.path == patch.path
                    || !self.patch.is_empty() && found.patch == patch.patch
            };
            let hint = match patches.iter().any(|found| near(&found)) {
                true => ": one like it has another target, and the target must be given exactly",
                false => "",
            };
            draft.note(format!("patch {} doesn't exist in kustomization file{hint}", self.shown()));
            return Ok(false);
        }
        draft.model_mut().patches.retain(|found| **found != patch);
        let field = draft.field("patches")?;
        draft.remove_items(&field, &gone)?;
        Ok(true)
    }
}
