//! Deprecated fields: warnings, and conversion to their successors.

use super::{HelmChartArgs, Kustomization};
use crate::error::{Code, Error};
use crate::yaml::de::{self, JsonEntry, Spanned};

/// A warning of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The line to print, in kustomize's words where it warns too; `None` if kustomize does not warn.
    pub text: Option<String>,
    /// The error that replaces the warning in strict builds, with its place.
    pub failure: Error,
}

/// Deprecated fields in the order of kustomize's warnings, with their successors and instructions. kustomize does not
/// warn of two others: `env` of generators, and `helmChartInflationGenerator`.
const FIELDS: [(&str, &str, &str); 6] = [
    ("bases", "resources", "move its entries there"),
    (
        "commonLabels",
        "labels",
        "`commonLabels: {…}` is `labels: [{pairs: {…}, includeSelectors: true}]`",
    ),
    ("imageTags", "images", "rename it: the entries stay as they are"),
    ("patchesJson6902", "patches", "move its entries there as they are"),
    (
        "patchesStrategicMerge",
        "patches",
        "`- a.yaml` is `- path: a.yaml` there, and `- |-` is `- patch: |-`",
    ),
    (
        "vars",
        "replacements",
        "each names a source and the fields that its value goes to, in place of `$(NAME)`",
    ),
];

/// The fields that [`fix`] empties.
pub(super) const MOVED: [&str; 3] = ["bases", "imageTags", "helmChartInflationGenerator"];

/// Warnings about the deprecated fields of a kustomization file. Empty fields count, null does not.
pub(super) fn warnings(entries: &[JsonEntry<'_>]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (field, successor, way) in FIELDS {
        let names = |entry: &&JsonEntry<'_>| de::same_name(&entry.text, field);
        let Some(entry) = entries.iter().filter(names).find(|entry| !entry.value.is_null()) else {
            continue;
        };
        // kustomize's words.
        let experimental = if field == "vars" { "[EXPERIMENTAL] " } else { "" };
        let text = format!(
            "# Warning: '{field}' is deprecated. Please use '{successor}' instead. \
             {experimental}Run 'kustomize edit fix' to update your Kustomization automatically."
        );
        let failure = Error::new(Code::Deprecated, format!("`{field}` is deprecated"))
            .at(entry.key.span())
            .help(format!("use `{successor}` instead: {way}"));
        warnings.push(Warning { text: Some(text), failure });
    }
    warnings
}

/// Moves the values of deprecated fields to their successors, for the fields that kustomize converts while reading. The
/// others are handled by the build.
pub(super) fn fix(kustomization: &mut Kustomization) {
    kustomization.resources.append(&mut kustomization.bases);
    kustomization.images.append(&mut kustomization.image_tags);

    let config_maps = kustomization.config_map_generator.iter_mut().map(|args| &mut args.value);
    let secrets = kustomization.secret_generator.iter_mut().map(|secret| &mut secret.value.args);
    for args in config_maps.chain(secrets) {
        if !args.env.is_empty() {
            args.envs.push(std::mem::take(&mut args.env));
        }
    }

    let charts = std::mem::take(&mut kustomization.helm_chart_inflation_generator);
    if kustomization.helm_globals.is_none() {
        kustomization.helm_globals = HelmChartArgs::globals(&charts);
    }
    let charts = charts.into_iter().map(|chart| Spanned::new(chart.value.into_chart(), chart.span));
    kustomization.helm_charts.extend(charts);
}
