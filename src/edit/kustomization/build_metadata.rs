//! `buildMetadata`: what a build notes on each resource.

use super::{Draft, text};
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::text::escape;
use crate::text::phrase::quoted;
use crate::yaml::de::Spanned;

/// The options.
pub const BUILD_METADATA_OPTIONS: [&str; 3] =
    ["originAnnotations", "transformerAnnotations", "managedByLabel"];

/// Options of `buildMetadata`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildMetadata(Vec<String>);

impl BuildMetadata {
    /// Reads options with commas between them.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for an unknown option.
    pub fn parse(options: &str) -> Result<Self> {
        let options: Vec<String> = options.split(',').map(str::to_owned).collect();
        match options.iter().find(|option| !BUILD_METADATA_OPTIONS.contains(&option.as_str())) {
            None => Ok(Self(options)),
            Some(option) => {
                let message = format!("invalid buildMetadata option `{}`", escape::visible(option));
                let all = quoted(BUILD_METADATA_OPTIONS).collect::<Vec<_>>().join(", ");
                Err(Error::new(Code::InvalidArgument, message)
                    .did_you_mean(option, BUILD_METADATA_OPTIONS)
                    .help(format!("the options are {all}, with commas between several")))
            }
        }
    }

    /// Adds the options.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for an option that is there already, and [`Code::EditRefused`].
    pub fn add(&self, draft: &mut Draft<'_>) -> Result<()> {
        for option in &self.0 {
            let options = &mut draft.model_mut().build_metadata;
            if let Some(found) = options.iter().find(|found| ***found == **option) {
                let message =
                    format!("buildMetadata option `{option}` already in kustomization file");
                return Err(Error::new(Code::InvalidArgument, message).at(found.span));
            }
            options.push(Spanned::new(option.as_str().into(), Span::NONE));
        }
        let path = draft.field("buildMetadata")?;
        draft.add(&path, self.0.iter().map(|option| text(option)).collect())
    }

    /// Replaces all options by these.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn set(&self, draft: &mut Draft<'_>) -> Result<()> {
        let value = |option: &String| Spanned::new(option.as_str().into(), Span::NONE);
        let path = draft.field("buildMetadata")?;
        let before = std::mem::take(&mut draft.model_mut().build_metadata);
        let is_new = |option: &&String| !before.iter().any(|old| ***old == ***option);
        let gone: Vec<usize> = (0..before.len())
            .filter(|&at| !self.0.iter().any(|option| **option == **before[at]))
            .collect();
        let new: Vec<&String> = self.0.iter().filter(is_new).collect();
        let kept = before.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        let result = kept.map(|(_, old)| old.as_str()).chain(new.iter().map(|it| it.as_str()));
        let is_same = result.eq(self.0.iter().map(String::as_str));
        draft.model_mut().build_metadata = self.0.iter().map(value).collect();
        if !is_same {
            let items = self.0.iter().map(|option| text(option));
            return draft.set(&path, &super::list(items));
        }
        let new = new.into_iter().map(|option| text(option)).collect();
        draft.add(&path, new)?;
        draft.remove_items(&path, &gone)
    }

    /// Removes the options.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn remove(&self, draft: &mut Draft<'_>) -> Result<()> {
        let is_gone = |option: &str| self.0.iter().any(|gone| gone == option);
        let options = &mut draft.model_mut().build_metadata;
        let gone = (0..options.len()).filter(|&at| is_gone(&options[at])).collect::<Vec<_>>();
        options.retain(|option| !is_gone(option));
        let path = draft.field("buildMetadata")?;
        draft.remove_items(&path, &gone)
    }
}
