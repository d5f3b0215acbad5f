//! The fields that name files and directories.

use crate::error::Result;
use crate::source::Span;
use crate::yaml::{Node, Scalar};

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file.
    File,
    /// A file, with a key before it: `key=path`.
    KeyAndFile,
    /// A base or a component.
    Directory,
    /// A file with resources, or a base.
    Resource,
    /// A file with a patch, or the patch.
    Patch,
    /// A file with the configuration of plugins, or the configuration.
    Plugin,
    /// A folder of charts.
    ChartHome,
}

use Kind::{ChartHome, Directory, File, KeyAndFile, Patch, Plugin, Resource};

/// The fields of a kustomization, each with its path through mappings and lists.
pub(super) const FIELDS: &[(&[&str], Kind)] = &[
    (&["openapi", "path"], File),
    (&["bases"], Directory),
    (&["components"], Directory),
    (&["configurations"], File),
    (&["crds"], File),
    (&["resources"], Resource),
    (&["configMapGenerator", "env"], File),
    (&["configMapGenerator", "envs"], File),
    (&["configMapGenerator", "files"], KeyAndFile),
    (&["secretGenerator", "env"], File),
    (&["secretGenerator", "envs"], File),
    (&["secretGenerator", "files"], KeyAndFile),
    (&["helmChartInflationGenerator", "values"], File),
    (&["helmChartInflationGenerator", "chartHome"], ChartHome),
    (&["helmCharts", "valuesFile"], File),
    (&["helmCharts", "additionalValuesFiles"], File),
    (&["helmGlobals", "chartHome"], ChartHome),
    (&["patches", "path"], File),
    (&["patchesJson6902", "path"], File),
    (&["patchesStrategicMerge"], Patch),
    (&["replacements", "path"], File),
    (&["generators"], Plugin),
    (&["transformers"], Plugin),
    (&["validators"], Plugin),
];

/// The fields of configurations of builtin plugins, by their kinds.
pub(super) const PLUGINS: &[(&str, &[&str], Kind)] = &[
    ("ConfigMapGenerator", &["env"], File),
    ("ConfigMapGenerator", &["envs"], File),
    ("ConfigMapGenerator", &["files"], KeyAndFile),
    ("SecretGenerator", &["env"], File),
    ("SecretGenerator", &["envs"], File),
    ("SecretGenerator", &["files"], KeyAndFile),
    ("HelmChartInflationGenerator", &["valuesFile"], File),
    ("HelmChartInflationGenerator", &["additionalValuesFiles"], File),
    ("HelmChartInflationGenerator", &["chartHome"], ChartHome),
    ("PatchTransformer", &["path"], File),
    ("PatchJson6902Transformer", &["path"], File),
    ("PatchStrategicMergeTransformer", &["paths"], Patch),
    ("ReplacementTransformer", &["replacements", "path"], File),
];

/// Replaces the texts at a path, in all elements of lists on the way.
///
/// # Errors
/// Those of `change`.
pub(super) fn replace(
    node: &mut Node,
    path: &[&str],
    change: &mut dyn FnMut(&str, Span) -> Result<String>,
) -> Result<()> {
    if let Some(list) = node.as_sequence_mut() {
        return list.items_mut().iter_mut().try_for_each(|item| replace(item, path, change));
    }
    match path.split_first() {
        Some((first, rest)) => match node.get_mut(first) {
            Some(value) => replace(value, rest, change),
            None => Ok(()),
        },
        None => {
            let Some(scalar) = node.as_scalar() else { return Ok(()) };
            let (text, span) = (scalar.text(), scalar.span());
            let new = change(text, span)?;
            if new != text {
                *node = Scalar::string(&new, span).into();
            }
            Ok(())
        }
    }
}
