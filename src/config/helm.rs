//! `helmGlobals:`, `helmCharts:` and the deprecated `helmChartInflationGenerator:`.

use serde::Deserialize;

use crate::yaml::de::{self, Spanned};
use crate::yaml::{Node, Text};

/// Settings for all charts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HelmGlobals {
    /// Folder with a subfolder per chart; `charts` if it is empty.
    pub chart_home: Spanned<Text>,
    /// `HELM_CONFIG_HOME` of Helm; a temporary folder if it is empty.
    pub config_home: Spanned<Text>,
}

/// A chart to render.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HelmChart {
    /// Name of the chart.
    pub name: Spanned<Text>,
    /// Version to pull.
    pub version: Spanned<Text>,
    /// Repository to pull from.
    pub repo: Spanned<Text>,
    /// Release name; generated if it is empty.
    pub release_name: Spanned<Text>,
    /// Namespace of the release.
    pub namespace: Spanned<Text>,
    /// Further files with values.
    pub additional_values_files: Vec<Spanned<Text>>,
    /// File with values, in place of the chart's own.
    pub values_file: Spanned<Text>,
    /// Inline values: a mapping, typed by YAML 1.1.
    #[serde(deserialize_with = "de::mapping")]
    pub values_inline: Option<Node>,
    /// Precedence of inline values and the file: `override` (also if it is empty), `merge` or `replace`.
    pub values_merge: Spanned<Text>,
    /// Renders the CRDs of the chart, too.
    #[serde(rename = "includeCRDs")]
    pub include_crds: bool,
    /// Omits hooks.
    pub skip_hooks: bool,
    /// API versions in `.Capabilities.APIVersions`.
    pub api_versions: Vec<Spanned<Text>>,
    /// Kubernetes version in `.Capabilities.KubeVersion`.
    pub kube_version: Spanned<Text>,
    /// Template for the release name.
    pub name_template: Spanned<Text>,
    /// Omits tests.
    pub skip_tests: bool,
    /// Enables Helm's debug output.
    pub debug: bool,
    /// Allows pre-release versions.
    pub devel: bool,
}

/// A chart to render, in the form of `helmChartInflationGenerator`.
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
    /// Ignored, as in kustomize.
    pub chart_repo_name: Spanned<Text>,
    /// Ignored, as in kustomize.
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
    /// Ignored, as in kustomize.
    pub release_namespace: Spanned<Text>,
    /// Ignored, as in kustomize.
    pub extra_args: Vec<Spanned<Text>>,
}

impl HelmChartArgs {
    /// Extracts the settings for all charts: the last non-empty value counts.
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

    /// Converts to the new form.
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
