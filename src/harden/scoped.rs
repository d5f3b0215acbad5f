//! Parts of a configuration that hold for some containers: runtimes, default probes, and quality of service.

use std::sync::Arc;

use serde::Deserialize;

use super::quality::Quality;
use super::runtime::Runtime;
use crate::config::Selector;
use crate::error::{Error, Result};
use crate::limits::Budget;
use crate::resource::{LabelSelector, Resource};
use crate::text::wildcard::fits;
use crate::transform::select::Selection;
use crate::yaml::{Node, de};

/// Parts of a configuration that hold for some containers. Of each list, the first entry that fits counts.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The runtimes of programs.
    pub(super) runtimes: Vec<Scoped<Runtime>>,
    /// Probes for containers without them.
    pub(super) probes: Vec<Scoped<Probes>>,
    /// The quality of service that pods should have.
    pub(super) qualities: Vec<Scoped<Quality>>,
}

/// A value for the containers of some objects and images.
#[derive(Clone, Debug)]
pub(super) struct Scoped<T> {
    selection: Option<Arc<Selection>>,
    /// Patterns in which `*` matches any text; empty for all.
    images: Vec<String>,
    value: T,
}

/// The handlers of probes, with other fields of theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Probes {
    pub(super) startup: Option<Node>,
    pub(super) liveness: Option<Node>,
    pub(super) readiness: Option<Node>,
}

/// The value for a container of an object: that of the first entry that fits.
pub(super) fn first<'t, T>(
    told: &'t [Scoped<T>],
    object: &Resource,
    image: Option<&str>,
) -> Option<&'t T> {
    let found = told.iter().find(|one| {
        let fits_image = |image| one.images.iter().any(|pattern| fits(pattern, image));
        (one.images.is_empty() || image.is_some_and(fits_image))
            && one.selection.as_ref().is_none_or(|of| of.takes(object).is_ok_and(|takes| takes))
    });
    found.map(|one| &one.value)
}

/// An entry of `runtimes`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuntimeSpec {
    runtime: Runtime,
    #[serde(default)]
    select: Option<Selector>,
    #[serde(default)]
    images: Vec<String>,
}

/// The field `probes`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ProbesSpec {
    defaults: Vec<ProbeSpec>,
}

/// An entry of `probes.defaults`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ProbeSpec {
    select: Option<Selector>,
    images: Vec<String>,
    #[serde(deserialize_with = "de::mapping")]
    startup: Option<Node>,
    #[serde(deserialize_with = "de::mapping")]
    liveness: Option<Node>,
    #[serde(deserialize_with = "de::mapping")]
    readiness: Option<Node>,
}

/// An entry of `qos`.
#[derive(Deserialize)]
pub(super) struct QualitySpec {
    class: Quality,
    #[serde(default)]
    select: Option<Selector>,
}

impl Told {
    /// Reads the entries of a configuration; mistakes are added to `errors`.
    pub(super) fn read(
        runtimes: Vec<RuntimeSpec>,
        probes: ProbesSpec,
        qualities: Vec<QualitySpec>,
        budget: &Budget,
        errors: &mut Vec<Error>,
    ) -> Self {
        let mut selection = |selector: Option<Selector>| {
            let compiled = selector.map(|selector| compile(&selector, budget)).transpose();
            compiled.unwrap_or_else(|error| {
                errors.push(error);
                None
            })
        };
        let runtimes = runtimes.into_iter().map(|RuntimeSpec { runtime, select, images }| Scoped {
            selection: selection(select),
            images,
            value: runtime,
        });
        let runtimes = runtimes.collect();
        let probes = probes.defaults.into_iter().map(|one| {
            let ProbeSpec { select, images, startup, liveness, readiness } = one;
            let value = Probes { startup, liveness, readiness };
            Scoped { selection: selection(select), images, value }
        });
        let probes = probes.collect();
        let qualities = qualities.into_iter().map(|QualitySpec { class, select }| Scoped {
            selection: selection(select),
            images: Vec::new(),
            value: class,
        });
        Self { runtimes, probes, qualities: qualities.collect() }
    }
}

impl Told {
    /// True if a runtime is that of any container.
    pub(super) fn has_runtime_of_all(&self) -> bool {
        let is_of_all = |one: &Scoped<Runtime>| {
            let fits_all = |pattern: &String| pattern.chars().all(|letter| letter == '*');
            one.selection.is_none() && (one.images.is_empty() || one.images.iter().any(fits_all))
        };
        self.runtimes.iter().any(is_of_all)
    }
}

fn compile(selector: &Selector, budget: &Budget) -> Result<Arc<Selection>> {
    for text in [&selector.label_selector, &selector.annotation_selector] {
        LabelSelector::parse(text).map_err(|error| error.at(text.span))?;
    }
    Selection::new(selector, budget).map(Arc::new)
}
