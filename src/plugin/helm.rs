//! `helmCharts:` and `HelmChartInflationGenerator` render charts with Helm.

use super::Options;
use crate::config::{HelmChart, Kustomization};
use crate::error::{Code, Error, Result};
use crate::generate::Generated;
use crate::resource::Resource;
use crate::source::Span;

/// The kind of the generator.
pub(super) const KIND: &str = "HelmChartInflationGenerator";

/// Renders the charts of a kustomization. Charts are not supported yet: it fails for each of them. (kustomize,
/// `api/internal/builtins/HelmChartInflationGenerator.go`.)
///
/// # Errors
/// Those of [`chart`], for each chart.
pub fn charts(kustomization: &Kustomization, options: &Options) -> Result<Vec<Generated>> {
    let charts = kustomization.helm_charts.iter().enumerate().map(|(entry, given)| {
        let resources = chart(given, given.span, options)?.into_iter();
        let generated =
            |resource| Generated { generator: KIND, field: "helmCharts", entry, resource };
        Ok(resources.map(generated).collect::<Vec<_>>())
    });
    Error::collect(charts).map(|charts| charts.into_iter().flatten().collect())
}

/// Renders a chart.
///
/// # Errors
/// [`Code::PluginNotEnabled`] without the flag that allows Helm, [`Code::InvalidArgument`] without a program to run,
/// [`Code::MissingName`] and [`Code::InvalidValue`] for a wrong configuration, otherwise [`Code::NotSupportedYet`].
pub(super) fn chart(chart: &HelmChart, place: Span, options: &Options) -> Result<Vec<Resource>> {
    let HelmChart { name, values_merge, .. } = chart;
    let place = if name.span.is_none() { place } else { name.span };
    let what = match name.as_str() {
        "" => "a chart".to_owned(),
        name => format!("the chart `{name}`"),
    };
    if !options.helm.enabled && !options.enabled {
        let message =
            format!("{what} needs Helm, which is not enabled, and which krender does not run yet");
        return Err(Error::new(Code::PluginNotEnabled, message).at(place).help(RENDER_IT_FIRST));
    }
    if options.helm.command.is_empty() {
        let message = format!("{what} needs Helm, and `--helm-command` is empty");
        return Err(Error::new(Code::InvalidArgument, message)
            .at(place)
            .help("name the program: `--helm-command helm`"));
    }
    if name.is_empty() {
        return Err(Error::new(Code::MissingName, "a chart has no name")
            .at(place)
            .help("say which chart it is: `name: …`"));
    }
    if !["", MERGE, OVERRIDE, REPLACE].contains(&values_merge.as_str()) {
        let message = format!(
            "found `{values_merge}` as `valuesMerge`, expected `{MERGE}`, `{OVERRIDE}` or `{REPLACE}`"
        );
        return Err(Error::new(Code::InvalidValue, message)
            .at(values_merge.span)
            .did_you_mean(values_merge, [MERGE, OVERRIDE, REPLACE]));
    }
    let message = format!("{what} needs Helm, which krender does not run yet");
    Err(Error::new(Code::NotSupportedYet, message).at(place).help(RENDER_IT_FIRST))
}

const RENDER_IT_FIRST: &str =
    "render the chart with `helm template` into a file, and list that under `resources`";

/// The values in the file take precedence over inline values.
const MERGE: &str = "merge";
/// The inline values take precedence over those in the file.
const OVERRIDE: &str = "override";
/// Only the inline values are used.
const REPLACE: &str = "replace";
