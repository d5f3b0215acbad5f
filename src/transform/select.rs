//! Which resources a patch or a replacement is for.

use crate::config::Selector;
use crate::error::Result;
use crate::resource::{LabelSelector, Pattern, ResMap, Resource};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A selector, ready to be asked of many resources: patterns that fit all of a text, and selectors of labels and
/// annotations. An empty part takes anything.
///
/// (kustomize, `api/types/selector.go`, `api/resmap/reswrangler.go`: `Select`.)
pub(crate) struct Selection {
    group: Option<Pattern>,
    version: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    namespace: Option<Pattern>,
    labels: Option<LabelSelector>,
    annotations: Option<LabelSelector>,
}

impl Selection {
    /// Reads the parts of a selector.
    ///
    /// # Errors
    /// Those of [`Pattern::anchored`] and [`LabelSelector::parse`], at their parts.
    pub(crate) fn new(selector: &Selector) -> Result<Self> {
        Ok(Self {
            group: pattern(&selector.group)?,
            version: pattern(&selector.version)?,
            kind: pattern(&selector.kind)?,
            name: pattern(&selector.name)?,
            namespace: pattern(&selector.namespace)?,
            labels: labels(&selector.label_selector)?,
            annotations: labels(&selector.annotation_selector)?,
        })
    }

    /// Whether a resource is selected. Name and namespace may be the first ones that it had, or those of now, each on
    /// its own.
    pub(crate) fn takes(&self, resource: &Resource) -> bool {
        let fits = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
        };
        let gvk = resource.gvk();
        if !(fits(&self.kind, &gvk.kind)
            && fits(&self.group, &gvk.group)
            && fits(&self.version, &gvk.version))
        {
            return false;
        }
        let (original, current) = (resource.original_id(), resource.id());
        let named = fits(&self.name, &original.name) || fits(&self.name, &current.name);
        let placed = fits(&self.namespace, original.effective_namespace())
            || fits(&self.namespace, current.effective_namespace());
        named
            && placed
            && self
                .labels
                .as_ref()
                .is_none_or(|selector| selector.matches(|key| last(resource.labels(), key)))
            && self
                .annotations
                .as_ref()
                .is_none_or(|selector| selector.matches(|key| last(resource.annotations(), key)))
    }

    /// The places of the resources that are selected, in order.
    pub(crate) fn places(&self, resources: &ResMap) -> Vec<usize> {
        let taken = resources.iter().enumerate().filter(|(_, resource)| self.takes(resource));
        taken.map(|(place, _)| place).collect()
    }
}

fn last<'a>(
    mut entries: impl DoubleEndedIterator<Item = (&'a str, &'a str)>,
    key: &str,
) -> Option<&'a str> {
    entries.rfind(|(name, _)| *name == key).map(|(_, value)| value)
}

fn pattern(part: &Spanned<Text>) -> Result<Option<Pattern>> {
    if part.is_empty() {
        return Ok(None);
    }
    Pattern::anchored(part).map(Some).map_err(|error| error.at(part.span))
}

fn labels(part: &Spanned<Text>) -> Result<Option<LabelSelector>> {
    if part.is_empty() {
        return Ok(None);
    }
    LabelSelector::parse(part).map(Some).map_err(|error| error.at(part.span))
}
