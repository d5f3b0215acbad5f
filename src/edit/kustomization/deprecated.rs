//! Deprecated fields, which kustomize's `edit` rewrites with every change.

use super::{Draft, list, mapping, text};
use crate::config::{GeneratorArgs, HelmChartArgs, Kustomization};
use crate::error::Result;
use crate::yaml::de::Spanned;
use crate::yaml::path::Path;

/// The new names of keys in `helmChartInflationGenerator`.
const OF_CHART: [(&str, &str); 5] = [
    ("chartName", "name"),
    ("chartVersion", "version"),
    ("chartRepoUrl", "repo"),
    ("values", "valuesFile"),
    ("valuesLocal", "valuesInline"),
];

/// Keys of `helmChartInflationGenerator` that move elsewhere or have no effect.
const GONE: [&str; 6] =
    ["chartHome", "helmHome", "chartRepoName", "helmBin", "releaseNamespace", "extraArgs"];

/// Moves the values of deprecated fields to their successors.
pub(super) fn rewrite(draft: &mut Draft<'_>, fields: &Kustomization) -> Result<()> {
    draft.move_list("bases", "resources")?;
    draft.move_list("imageTags", "images")?;
    envs(draft, "configMapGenerator", fields.config_map_generator.iter().map(|it| &it.value))?;
    envs(draft, "secretGenerator", fields.secret_generator.iter().map(|it| &it.value.args))?;
    charts(draft, &fields.helm_chart_inflation_generator)?;
    if fields.helm_globals.is_none()
        && let Some(globals) = draft.model().helm_globals.clone()
    {
        let value = |value: &str| (!value.is_empty()).then(|| text(value));
        let entries = [
            ("chartHome", value(&globals.chart_home)),
            ("configHome", value(&globals.config_home)),
        ];
        let path = draft.field("helmGlobals")?;
        draft.set(&path, &mapping(entries))?;
    }
    Ok(())
}

/// Moves `env` of generators to the end of `envs`.
fn envs<'f>(
    draft: &mut Draft<'_>,
    field: &str,
    generators: impl Iterator<Item = &'f GeneratorArgs>,
) -> Result<()> {
    for (index, args) in generators.enumerate().filter(|(_, args)| !args.env.is_empty()) {
        let generator = draft.field(field)?.index(index);
        let (old, new) = (draft.below(&generator, "env")?, draft.below(&generator, "envs")?);
        if draft.get(&new).is_some() {
            draft.add(&new, vec![text(&args.env)])?;
            draft.remove(&old)?;
        } else {
            draft.set(&old, &list([text(&args.env)]))?;
            draft.rename(&old, "envs")?;
        }
    }
    Ok(())
}

fn charts(draft: &mut Draft<'_>, charts: &[Spanned<HelmChartArgs>]) -> Result<()> {
    let field = draft.field("helmChartInflationGenerator")?;
    for index in 0..charts.len() {
        let chart: Path = field.clone().index(index);
        for (old, new) in OF_CHART {
            let old = draft.below(&chart, old)?;
            if draft.get(&old).is_some() {
                draft.rename(&old, new)?;
            }
        }
        for gone in GONE {
            let gone = draft.below(&chart, gone)?;
            draft.remove(&gone)?;
        }
    }
    draft.move_list("helmChartInflationGenerator", "helmCharts")
}
