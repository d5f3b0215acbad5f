//! `helmCharts:` and `HelmChartInflationGenerator` render charts with Helm.

use super::Options;
use crate::config::Kustomization;
use crate::error::{Code, Error, Result};
use crate::source::Span;

/// Renders the charts of a kustomization: none yet. (kustomize, `api/internal/builtins/HelmChartInflationGenerator.go`.)
///
/// # Errors
/// [`Code::PluginNotEnabled`], [`Code::InvalidArgument`], [`Code::MissingName`] or [`Code::NotSupportedYet`] for each.
pub fn charts(kustomization: &Kustomization, options: &Options) -> Result<()> {
    let errors = kustomization.helm_charts.iter().map(|entry| {
        let name = &entry.name;
        let place = if name.span.is_none() { entry.span } else { name.span };
        chart(name, place, options)
    });
    Error::all(errors).map_or(Ok(()), Err)
}

/// Why a chart is not rendered: [`Code::PluginNotEnabled`] if nobody allowed it, [`Code::InvalidArgument`] without a program to run,
/// [`Code::MissingName`] for a chart without a name, else [`Code::NotSupportedYet`].
pub(super) fn chart(name: &str, place: Span, options: &Options) -> Error {
    let what = if name.is_empty() { "a chart".to_owned() } else { format!("the chart `{name}`") };
    let error = if !options.helm.enabled && !options.enabled {
        Error::new(Code::PluginNotEnabled, format!("{what} needs Helm, which is not enabled"))
            .help("allow krender to run it: `--enable-helm`")
    } else if options.helm.command.is_empty() {
        Error::new(
            Code::InvalidArgument,
            format!("{what} needs Helm, and `--helm-command` is empty"),
        )
        .help("name the program: `--helm-command helm`")
    } else if name.is_empty() {
        Error::new(Code::MissingName, "a chart has no name")
            .help("say which chart it is: `name: …`")
    } else {
        Error::new(
            Code::NotSupportedYet,
            format!("{what} needs Helm, which krender does not run yet"),
        )
        .help("render the chart with `helm template` into a file, and list that under `resources`")
    };
    error.at(place)
}
