//! Lists of paths: resources, components, and configurations of plugins.

use super::{Draft, text};
use crate::error::{Code, Error, Result};
use crate::load::Pattern;
use crate::source::Span;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A field that lists paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathField {
    /// `resources`.
    Resources,
    /// `components`.
    Components,
    /// `configurations`.
    Configurations,
    /// `generators`.
    Generators,
    /// `transformers`.
    Transformers,
}

impl PathField {
    /// The name of one of its entries.
    #[must_use]
    pub const fn entry(self) -> &'static str {
        match self {
            Self::Resources => "resource",
            Self::Components => "component",
            Self::Configurations => "configuration",
            Self::Generators => "generator",
            Self::Transformers => "transformer",
        }
    }

    /// The name of the field.
    const fn field(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Components => "components",
            Self::Configurations => "configurations",
            Self::Generators => "generators",
            Self::Transformers => "transformers",
        }
    }

    fn of<'d>(self, draft: &'d mut Draft<'_>) -> &'d mut Vec<Spanned<Text>> {
        let model = draft.model_mut();
        match self {
            Self::Resources => &mut model.resources,
            Self::Components => &mut model.components,
            Self::Configurations => &mut model.configurations,
            Self::Generators => &mut model.generators,
            Self::Transformers => &mut model.transformers,
        }
    }

    /// Adds paths. Those that are there already are left out, with a message.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn add<'p>(
        self,
        draft: &mut Draft<'_>,
        paths: impl IntoIterator<Item = &'p str>,
    ) -> Result<()> {
        let mut known = self.known(draft);
        let mut new = Vec::new();
        for path in paths {
            match known.insert(path.to_owned()) {
                true => new.push(path),
                false => {
                    draft.note(format!("{} {path} already in kustomization file", self.entry()));
                }
            }
        }
        self.append(draft, &new)
    }

    /// Adds bases, which must not be there already.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for one that is, and [`Code::EditRefused`].
    pub fn add_bases(draft: &mut Draft<'_>, paths: &[&str]) -> Result<()> {
        let mut known = Self::Resources.known(draft);
        for path in paths {
            if !known.insert((*path).to_owned()) {
                let message = format!("base `{path}` already in kustomization file");
                let span = draft.model().resources.iter().find(|it| ***it == **path);
                let span = span.map_or(Span::NONE, |found| found.span);
                return Err(Error::new(Code::InvalidArgument, message).at(span));
            }
        }
        Self::Resources.append(draft, paths)
    }

    fn known(self, draft: &mut Draft<'_>) -> std::collections::BTreeSet<String> {
        self.of(draft).iter().map(|path| path.to_string()).collect()
    }

    fn append(self, draft: &mut Draft<'_>, paths: &[&str]) -> Result<()> {
        let new = paths.iter().map(|path| Spanned::new((*path).into(), Span::NONE));
        self.of(draft).extend(new);
        let field = draft.field(self.field())?;
        draft.add(&field, paths.iter().map(|path| text(path)).collect())
    }

    /// Removes the paths that match one of the patterns. False if there are none: then kustomize does not write the file.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a wrong pattern, and [`Code::EditRefused`].
    pub fn remove(self, draft: &mut Draft<'_>, patterns: &[String]) -> Result<bool> {
        let mut removed = Vec::new();
        for pattern in patterns {
            let matcher = Pattern::new(pattern)?;
            let before = removed.len();
            let paths = self.of(draft).iter().enumerate();
            removed.extend(paths.filter(|(_, path)| matcher.fits(path)).map(|(at, _)| at));
            if removed.len() == before {
                let (entry, field) = (self.entry(), self.field());
                draft.note(format!("{entry} {pattern} doesn't exist in `{field}`"));
            }
        }
        removed.sort_unstable();
        removed.dedup();
        let field = draft.field(self.field())?;
        draft.remove_items(&field, &removed)?;
        let mut at = 0..;
        self.of(draft).retain(|_| at.next().is_none_or(|at| removed.binary_search(&at).is_err()));
        Ok(!removed.is_empty())
    }
}
