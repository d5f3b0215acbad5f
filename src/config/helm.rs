//! `helmGlobals:`, `helmCharts:` and the deprecated `helmChartInflationGenerator:`.

use serde::Deserialize;

use crate::yaml::de::{self, Spanned};
use crate::yaml::{Node, Text};

/// What holds for all charts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HelmGlobals {
    /// The folder that has a folder for each chart; `charts` if it is empty.
    pub chart_home: Spanned<Text>,
    /// What Helm gets as `HELM_CONFIG_HOME`; a temporary folder if it is empty.
    pub config_home: Spanned<Text>,
}

/// A chart to render.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HelmChart {
    /// The name of the chart.
    pub name: Spanned<Text>,
    /// The version to pull.
    pub version: Spanned<Text>,
    /// Where to pull it from.
    pub repo: Spanned<Text>,
    /// The name of the release; generated if it is empty.
    pub release_name: Spanned<Text>,
    /// The namespace of the release.
    pub namespace: Spanned<Text>,
    /// Files with values, beside the one of the next field or of the chart.
    pub additional_values_files: Vec<Spanned<Text>>,
    /// The file with values in place of the chart's own.
    pub values_file: Spanned<Text>,
    /// Values written in place: a mapping, typed by YAML 1.1.
    #[serde(deserialize_with = "de::mapping")]
    pub values_inline: Option<Node>,
    /// How the values written in place go together with the file: `override` (also if it is empty), `merge` or `replace`.
    pub values_merge: Spanned<Text>,
    /// Renders the CRDs of the chart too.
    #[serde(rename = "includeCRDs")]
    pub include_crds: bool,
    /// Leaves out hooks.
    pub skip_hooks: bool,
    /// What the chart finds in `.Capabilities.APIVersions`.
    pub api_versions: Vec<Spanned<Text>>,
    /// What the chart finds in `.Capabilities.KubeVersion`.
    pub kube_version: Spanned<Text>,
    /// A template for the name of the release.
    pub name_template: Spanned<Text>,
    /// Leaves out tests.
    pub skip_tests: bool,
    /// Makes Helm talk.
    pub debug: bool,
    /// Versions under development may be pulled too.
    pub devel: bool,
}

/// A chart to render, as it was written before `helmCharts`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HelmChartArgs {
    /// [`HelmChart::name`].
    pub chart_name: Spanned<Text>,
    /// [`HelmChart::version`].
    pub chart_version: Spanned<Text>,
    /// [`HelmChart::repo`].
    pub chart_repo_url: Spanned<Text>,
    /// [`HelmGlobals::chart_home`].
    pub chart_home: Spanned<Text>,
    /// Ignored, as in the reference.
    pub chart_repo_name: Spanned<Text>,
    /// Ignored, as in the reference.
    pub helm_bin: Spanned<Text>,
    /// [`HelmGlobals::config_home`].
    pub helm_home: Spanned<Text>,
    /// [`HelmChart::values_file`].
    pub values: Spanned<Text>,
    /// [`HelmChart::values_inline`].
    #[serde(deserialize_with = "de::mapping")]
    pub values_local: Option<Node>,
    /// [`HelmChart::values_merge`].
    pub values_merge: Spanned<Text>,
    /// [`HelmChart::release_name`].
    pub release_name: Spanned<Text>,
    /// Ignored, as in the reference.
    pub release_namespace: Spanned<Text>,
    /// Ignored, as in the reference.
    pub extra_args: Vec<Spanned<Text>>,
}

impl HelmChartArgs {
    /// Takes out what holds for all charts: of several entries the last one that says something counts.
    pub(super) fn globals(charts: &[Spanned<Self>]) -> Option<HelmGlobals> {
        let last = |text: fn(&Self) -> &Spanned<Text>| {
            charts.iter().rev().map(|chart| text(chart)).find(|text| !text.is_empty()).cloned()
        };
        let chart_home = last(|chart| &chart.chart_home);
        let config_home = last(|chart| &chart.helm_home);
        if chart_home.is_none() && config_home.is_none() {
            return None;
        }
        Some(HelmGlobals {
            chart_home: chart_home.unwrap_or_default(),
            config_home: config_home.unwrap_or_default(),
        })
    }

    /// The chart in its new form.
    pub(super) fn into_chart(self) -> HelmChart {
        HelmChart {
            name: self.chart_name,
            version: self.chart_version,
            repo: self.chart_repo_url,
            values_file: self.values,
            values_inline: self.values_local,
            values_merge: self.values_merge,
            release_name: self.release_name,
            ..HelmChart::default()
        }
    }
}
