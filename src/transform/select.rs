//! Selects resources for patches and replacements.

use crate::config::Selector;
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{LabelSelector, Pattern, ResMap, Resource, is_bookkeeping};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A compiled selector: patterns that match whole texts, and selectors of labels and annotations. An empty part matches
/// everything.
///
/// (kustomize, `api/types/selector.go`, `api/resmap/reswrangler.go`: `Select`.)
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    group: Option<Pattern>,
    version: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    namespace: Option<Pattern>,
    labels: Parsed,
    annotations: Parsed,
}

/// A label selector, or the error in it. The reference parses it for each resource that all other parts match, so a
/// wrong one that is never reached is no error.
type Parsed = Option<Result<LabelSelector>>;

impl Selection {
    /// Compiles the parts of a selector.
    ///
    /// # Errors
    /// Those of [`Pattern::anchored`], with the span of the part.
    pub(crate) fn new(selector: &Selector, budget: &Budget) -> Result<Self> {
        Ok(Self {
            group: pattern(&selector.group, budget)?,
            version: pattern(&selector.version, budget)?,
            kind: pattern(&selector.kind, budget)?,
            name: pattern(&selector.name, budget)?,
            namespace: pattern(&selector.namespace, budget)?,
            labels: labels(&selector.label_selector),
            annotations: labels(&selector.annotation_selector),
        })
    }

    /// True if a resource is selected. The name may be the original or the current one; so may, independently, the
    /// namespace.
    ///
    /// # Errors
    /// Those of [`Selection::takes_metadata`].
    pub(crate) fn takes(&self, resource: &Resource) -> Result<bool> {
        let gvk = resource.gvk();
        if !(fits(self.kind.as_ref(), &gvk.kind)
            && fits(self.group.as_ref(), &gvk.group)
            && fits(self.version.as_ref(), &gvk.version))
        {
            return Ok(false);
        }
        let (original, current) = (resource.original_id(), resource.id());
        let named =
            fits(self.name.as_ref(), &original.name) || fits(self.name.as_ref(), &current.name);
        let placed = fits(self.namespace.as_ref(), original.effective_namespace())
            || fits(self.namespace.as_ref(), current.effective_namespace());
        Ok(named && placed && self.takes_metadata(resource)?)
    }

    /// True if the labels and annotations of a resource match.
    ///
    /// # Errors
    /// Those of [`LabelSelector::parse`] for a selector that is reached, and those of [`Resource::annotated`] for
    /// annotations with data of the build.
    pub(crate) fn takes_metadata(&self, resource: &Resource) -> Result<bool> {
        if let Some(selector) = &self.labels {
            let selector = selector.as_ref().map_err(Error::clone)?;
            if !selector.matches(|key| last(resource.labels(), key)) {
                return Ok(false);
            }
        }
        let Some(selector) = &self.annotations else { return Ok(true) };
        let selector = selector.as_ref().map_err(Error::clone)?;
        if !selector.keys().any(is_bookkeeping) {
            return Ok(selector.matches(|key| last(resource.annotations(), key)));
        }
        let seen = resource.annotated()?;
        let annotations = seen.get("metadata").and_then(|metadata| metadata.get("annotations"));
        Ok(selector.matches(|key| annotations?.get(key)?.as_text()))
    }

    /// True if the current id or a previous one matches in all parts. Targets of replacements are selected like this.
    /// (kustomize, `api/types/replacement.go`: `TargetSelectorRegex`.)
    pub(crate) fn takes_an_id(&self, resource: &Resource) -> bool {
        let (gvk, id) = (resource.gvk(), resource.id());
        let takes = |kind: &str, name: &str, namespace: &str| {
            fits(self.kind.as_ref(), kind)
                && fits(self.name.as_ref(), name)
                && fits(self.namespace.as_ref(), namespace)
        };
        fits(self.group.as_ref(), &gvk.group)
            && fits(self.version.as_ref(), &gvk.version)
            && (takes(&gvk.kind, &id.name, &id.namespace)
                || resource
                    .names()
                    .previous
                    .iter()
                    .any(|id| takes(&id.kind, &id.name, &id.namespace)))
    }

    /// True if it selects by labels or annotations.
    pub(crate) const fn asks_for_metadata(&self) -> bool {
        self.labels.is_some() || self.annotations.is_some()
    }

    /// True if it selects by parts of ids.
    pub(crate) fn asks_for_ids(&self) -> bool {
        let parts = [&self.group, &self.version, &self.kind, &self.name, &self.namespace];
        parts.into_iter().any(Option::is_some)
    }

    /// The only name that it matches, if it is a literal.
    pub(crate) fn literal_name(&self) -> Option<&str> {
        self.name.as_ref().and_then(Pattern::as_literal)
    }

    /// The only kind that it matches, if it is a literal.
    pub(crate) fn literal_kind(&self) -> Option<&str> {
        self.kind.as_ref().and_then(Pattern::as_literal)
    }

    /// The positions of the selected resources, in order.
    ///
    /// # Errors
    /// Those of [`Selection::takes_metadata`].
    pub(crate) fn places(&self, resources: &ResMap) -> Result<Vec<usize>> {
        let mut places = Vec::new();
        for (place, resource) in resources.iter().enumerate() {
            if self.takes(resource)? {
                places.push(place);
            }
        }
        Ok(places)
    }
}

/// The warning for a selector that matches no resource, at the part that is likely to be wrong.
pub(super) fn unmatched(selector: &Spanned<Selector>, resources: &ResMap) -> Error {
    let error = Error::new(Code::NoEffect, "no resource fits the target");
    let (kind, name) = (&selector.kind, &selector.name);
    let kinds = || resources.iter().map(Resource::kind);
    let is_kind = |resource: &&Resource| kind.is_empty() || resource.kind() == kind.as_str();
    let names = || resources.iter().filter(is_kind).map(Resource::name);
    if !kind.is_empty() && kinds().all(|known| known != kind.as_str()) {
        error
            .at(kind.span)
            .label(format!("no resource of kind `{}` in this build", kind.as_str()))
            .did_you_mean(kind, kinds())
    } else if !name.is_empty() && names().all(|known| known != name.as_str()) {
        error
            .at(name.span)
            .label(format!("no such resource has the name `{}`", name.as_str()))
            .did_you_mean(name, names())
    } else {
        error.at(selector.span).label("each part has to fit: group, version, kind, name …")
    }
}

fn fits(pattern: Option<&Pattern>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.matches(text))
}

fn last<'a>(
    mut entries: impl DoubleEndedIterator<Item = (&'a str, &'a str)>,
    key: &str,
) -> Option<&'a str> {
    entries.rfind(|(name, _)| *name == key).map(|(_, value)| value)
}

fn pattern(part: &Spanned<Text>, budget: &Budget) -> Result<Option<Pattern>> {
    if part.is_empty() {
        return Ok(None);
    }
    Pattern::anchored(part, budget).map(Some).map_err(|error| error.at(part.span))
}

fn labels(part: &Spanned<Text>) -> Parsed {
    if part.is_empty() {
        return None;
    }
    Some(LabelSelector::parse(part).map_err(|error| error.at(part.span)))
}
