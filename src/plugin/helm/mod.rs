//! `helmCharts:` and `HelmChartInflationGenerator` render charts with Helm. (kustomize,
//! `api/internal/builtins/HelmChartInflationGenerator.go`.)

mod check;
mod command;
mod place;
mod values;

use super::{Helm, Options};
use crate::config::{HelmChart, HelmGlobals, Kustomization};
use crate::error::{Code, Error, Result};
use crate::fetch::{Rendering, Template, is_repeatable};
use crate::generate::{Context, Generated};
use crate::load::{File, Root, without_credentials};
use crate::resource::Resource;
use crate::source::Span;
use crate::text::escape;
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Text};
use command::{Command, Values};
use place::Place;

/// The kind of the generator.
pub(super) const KIND: &str = "HelmChartInflationGenerator";

/// The resources of charts, and the reach of the result.
#[derive(Debug, Default)]
pub struct Inflated {
    /// The resources, in order.
    pub resources: Vec<Generated>,
    /// True if the namespace of a kustomization above is used.
    pub takes_namespace: bool,
    /// True if a chart may print something else the next time.
    pub varies: bool,
}

/// A chart with the settings that it is rendered with.
struct Given<'a> {
    chart: HelmChart,
    globals: HelmGlobals,
    /// The span to show if a field has none.
    place: Span,
    context: &'a Context<'a>,
    options: &'a Options,
}

/// Renders the charts of a kustomization. `above` is the namespace of the nearest kustomization above that has one: charts
/// without a namespace get that of the kustomization, or else this one.
///
/// # Errors
/// [`Code::PluginNotEnabled`] without the flag that allows Helm, [`Code::InvalidArgument`] without a program to run,
/// [`Code::MissingName`] and [`Code::InvalidValue`] for a wrong configuration, [`Code::ChartNotFound`], those of reading the
/// files with values, and those of [`Rendering::pull`] and [`Rendering::template`]; for each chart.
pub fn charts(context: &Context<'_>, above: &str, options: &Options) -> Result<Inflated> {
    let Kustomization { helm_charts, helm_globals, namespace, .. } = context.kustomization;
    let mut inflated = Inflated::default();
    let mut errors = Vec::new();
    for (number, entry) in helm_charts.iter().enumerate() {
        let Helm { kube_version, api_versions, debug, .. } = &options.helm;
        let mut chart = entry.value.clone();
        if chart.namespace.is_empty() {
            inflated.takes_namespace |= namespace.is_empty();
            chart.namespace = match namespace.is_empty() {
                true => Spanned::new(above.into(), Span::NONE),
                false => namespace.clone(),
            };
        }
        if chart.kube_version.is_empty() {
            chart.kube_version.value = kube_version.as_str().into();
        }
        if chart.api_versions.is_empty() {
            chart.api_versions = unwritten(api_versions);
        }
        chart.debug |= debug;
        let globals = helm_globals.clone().unwrap_or_default();
        match (Given { chart, globals, place: entry.span, context, options }).render() {
            Ok((resources, varies)) => {
                inflated.varies |= varies;
                let resources = resources.into_iter();
                let (generator, field) = (KIND, "helmCharts");
                inflated.resources.extend(resources.map(|resource| Generated {
                    generator,
                    field,
                    entry: number,
                    resource,
                }));
            }
            Err(error) => errors.push(error),
        }
    }
    Error::all(errors).map_or(Ok(inflated), Err)
}

/// Renders the chart of a document. The second value is true if it may print something else the next time.
///
/// # Errors
/// As [`charts`].
pub(super) fn document(
    node: &Node,
    place: Span,
    context: &Context<'_>,
    options: &Options,
) -> Result<(Vec<Resource>, bool)> {
    let mut chart: HelmChart = de::from_node_by(node, Rules::Embedded)?;
    let globals: HelmGlobals = de::from_node_by(node, Rules::Embedded)?;
    let Helm { kube_version, api_versions, debug, .. } = &options.helm;
    // Fields that are written take precedence, even if they are empty.
    if node.get("kubeVersion").is_none() {
        chart.kube_version.value = kube_version.as_str().into();
    }
    if node.get("apiVersions").is_none() {
        chart.api_versions = unwritten(api_versions);
    }
    if node.get("debug").is_none() {
        chart.debug = *debug;
    }
    Given { chart, globals, place, context, options }.render()
}

/// Values of flags, in the place of those in a file.
fn unwritten(texts: &[String]) -> Vec<Spanned<Text>> {
    texts.iter().map(|text| Spanned::new(text.as_str().into(), Span::NONE)).collect()
}

impl Given<'_> {
    /// Renders the chart. The second value is true if it may print something else the next time.
    fn render(&self) -> Result<(Vec<Resource>, bool)> {
        let Context { root, schema, .. } = self.context;
        let place = self.name_or(self.place);
        check::check(self).map_err(|error| error.at(place))?;
        let render = || {
            root.stay_here()?;
            let helm = &self.options.helm;
            let home = &self.globals.config_home;
            let rendering = helm.charts.begin(&helm.command, home, root.loader().cancel())?;
            rendering.version()?;
            let found = place::find(self, &rendering)?;
            let (output, varies) = self.output(&rendering, &found)?;
            let mut resources = output.resources(root.budget(), schema).map_err(|error| {
                error.step(format!("while reading the output of {}", self.shown()))
            })?;
            for resource in &mut resources {
                resource.helm_generated = true;
            }
            Ok((resources, varies))
        };
        render().map_err(|error: Error| error.at(place))
    }

    /// The output of Helm. The second value is true if it may be another one the next time.
    fn output(&self, rendering: &Rendering<'_>, found: &Place) -> Result<(File, bool)> {
        let Context { root, schema, .. } = self.context;
        let HelmChart { name, additional_values_files, .. } = &self.chart;
        let values =
            values::values(&self.chart, || found.values_file(self), schema, root.budget())?;
        let mut files = vec![Values {
            path: rendering.write(&format!("{}-kustomize-values.yaml", name.as_str()), &values)?,
            shown: "VALUES".to_owned(),
            content: values,
        }];
        for (number, path) in additional_values_files.iter().enumerate() {
            files.push(self.additional(rendering, number, path)?);
        }
        let command = Command::new(self, found, &files);
        let texts = files.iter().map(|file| &*file.content);
        let is_repeatable = !self.chart.release_name.is_empty()
            && is_repeatable(self.chart.name_template.as_bytes())
            && texts.clone().all(is_repeatable)
            && found.is_repeatable();
        let shown_output = format!("output of {}", escape::visible(&found.shown));
        let arguments = &command.arguments;
        let shown = &command.shown;
        if !is_repeatable {
            let template = Template { arguments, shown, key: None };
            let output = rendering.template(&template).map_err(|error| self.advise(error))?;
            return Ok((root.loader().text(&shown_output, output)?, true));
        }
        let digest = found.chart.digest();
        let parts = [&digest.as_bytes()[..], command.meaning.as_bytes()];
        let key =
            rendering.key(!self.chart.namespace.is_empty(), parts.into_iter().chain(texts))?;
        let template = Template { arguments, shown, key: Some(&key) };
        let make = || rendering.template(&template).map_err(|error| self.advise(error));
        Ok((root.loader().output(&key, &shown_output, make)?, false))
    }

    /// Reads an additional file with values. Helm gets it at its own path, unless Helm would take that for several.
    fn additional(
        &self,
        rendering: &Rendering<'_>,
        number: usize,
        path: &Spanned<Text>,
    ) -> Result<Values> {
        let root = self.context.root;
        let file = root.file(path, path.span)?;
        let whole = crate::load::join(root.path(), path.as_str().as_ref());
        let is_plain = whole
            .to_str()
            .is_some_and(|path| !path.contains([',', '"']) && !path.contains(char::is_control));
        let own = match is_plain && root.is_on_disk() && !crate::load::is_http(path) {
            true => whole,
            false => rendering.write(&format!("additional-{number}.yaml"), file.bytes())?,
        };
        let shown = escape::visible(&without_credentials(path)).into_owned();
        Ok(Values { path: own, shown, content: file.bytes().to_vec() })
    }

    /// The span of the name, if it is written.
    fn name_or(&self, place: Span) -> Span {
        let name = self.chart.name.span;
        if name.is_none() { place } else { name }
    }

    /// The chart as it is called in messages.
    fn shown(&self) -> String {
        match self.chart.name.as_str() {
            "" => "a chart".to_owned(),
            name => format!("the chart `{}`", escape::visible(name)),
        }
    }

    /// Adds the next step to an error of rendering.
    fn advise(&self, error: Error) -> Error {
        if error.code() != Code::HelmFailed || !error.helps().is_empty() {
            return error;
        }
        let has = |words: &str| error.message().contains(words);
        if has("execution error at") || has("values don't meet the specifications") {
            return error
                .help("set the value under `valuesInline`, or in a file under `valuesFile`");
        }
        if has("incompatible with Kubernetes") {
            return error
                .help("name the version of the cluster: `--helm-kube-version`, or `kubeVersion`");
        }
        if has("missing in charts/ directory") {
            return error.help("`helm dependency build` in the folder of the chart gets them");
        }
        match self.chart.debug {
            true => error,
            false => error.help("`--helm-debug` makes Helm say more"),
        }
    }
}

/// The directory that the paths of a chart are relative to.
fn root_of<'g>(given: &Given<'g>) -> &'g Root {
    given.context.root
}
